//! Captchas for axum: an extractor, a layer, and the routes of a self-hosted captcha.
//!
//! ```
//! use axum::{Form, Router, routing::post};
//! use captcha_axum::{Captcha, Gate};
//!
//! #[derive(serde::Deserialize)]
//! struct SignUp { username: String }
//!
//! async fn register(Captcha { value: Form(form), .. }: Captcha<Form<SignUp>>) -> String {
//!     format!("Welcome, {}", form.username)
//! }
//!
//! # fn app() -> Result<Router, Box<dyn std::error::Error>> {
//! # use captcha_core::{endpoints::Endpoints, manager::CaptchaManager, storage::MemoryStorage};
//! let manager = CaptchaManager::builder(MemoryStorage::new()).build()?;
//! let app = Router::new()
//!     .route("/register", post(register))
//!     .merge(captcha_axum::routes(Endpoints::new(manager.clone())))
//!     .with_state(Gate::new(manager));
//! # Ok(app) }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> { app().map(drop) }
//! ```
//!
//! * [`Captcha<T>`] verifies, then runs the extractor `T` on the same bytes.
//! * [`Checked<T>`] hands over the parsed body in either case, for pages that show the form again.
//! * [`Verified`] verifies a token in the head and leaves the body alone, for streamed uploads; it
//!   also reads the pass behind a [`CaptchaLayer`].
//! * [`CaptchaLayer`] protects whole routers and any other tower service.
//! * [`routes`] serves the endpoints of a self-hosted captcha.
//!
//! The gate comes from the router's state, through [`FromRef`](axum::extract::FromRef): a state
//! without a [`Gate`] does not compile.
//!
//! # Deployment caveat
//!
//! The client's address is known only when the server is started with
//! `into_make_service_with_connect_info::<SocketAddr>()`. Behind a reverse proxy the gate has to
//! [trust it](captcha_core::gate::GateBuilder::trust_proxies), or every visitor is the proxy.
//!
//! Compressed requests are refused with 415 unless tower-http's `RequestDecompressionLayer` wraps
//! the routes from outside.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod admit;
mod body;
mod checked;
mod extract;
mod head;
mod layer;
mod rejection;
mod routes;
mod verified;

pub use captcha_core::gate::{Gate, Rejection};
pub use captcha_core::verify::Pass;
pub use checked::Checked;
pub use extract::Captcha;
pub use head::Head;
pub use layer::{CaptchaLayer, CaptchaService};
pub use rejection::{CaptchaRejection, respond};
pub use routes::routes;
pub use verified::Verified;
