//! Captchas for actix-web: an extractor, a middleware, and the routes of a self-hosted captcha.
//!
//! ```
//! use actix_web::{App, web};
//! use captcha_actix::{Captcha, Gate};
//!
//! #[derive(serde::Deserialize)]
//! struct SignUp { username: String }
//!
//! async fn register(captcha: Captcha<web::Form<SignUp>>) -> String {
//!     format!("Welcome, {}", captcha.value.username)
//! }
//!
//! # fn app() -> Result<(), Box<dyn std::error::Error>> {
//! # use captcha_core::{endpoints::Endpoints, manager::CaptchaManager, storage::MemoryStorage};
//! let manager = CaptchaManager::builder(MemoryStorage::new()).build()?;
//! let app = App::new()
//!     .app_data(Gate::new(manager.clone()))
//!     .service(captcha_actix::routes(Endpoints::new(manager)))
//!     .route("/register", web::post().to(register));
//! # drop(app); Ok(()) }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> { app() }
//! ```
//!
//! Make the manager (and its storage) once, outside the closure of `HttpServer::new`, and clone
//! it inside: every worker calls the closure.
//!
//! * [`Captcha<T>`] verifies, then runs the extractor `T` on the same bytes.
//! * [`Checked<T>`] hands over the parsed body in either case, for pages that show the form again.
//! * [`Verified`] verifies a token in the head and leaves the body alone, for streamed uploads; it
//!   also reads the pass behind a [`CaptchaMiddleware`].
//! * [`CaptchaMiddleware`] protects whole apps, scopes and resources.
//! * [`routes`] serves the endpoints of a self-hosted captcha.
//!
//! The gate comes from `app_data`, as a [`Gate`] (not in a `web::Data`), the innermost scope first.
//! actix-web looks it up only when a request comes in, so a gate that is missing shows then: the
//! request is answered 503 and an error in the log says what to add. The middleware holds its gate
//! itself.
//!
//! # Deployment caveat
//!
//! Behind a reverse proxy the gate has to
//! [trust it](captcha_core::gate::GateBuilder::trust_proxies), or every visitor is the proxy.
//!
//! # Features
//!
//! Compressed requests are searched for their token where a feature unpacks them, and answered
//! 415 where none does.
//!
//! | feature | default | unpacks |
//! |---|---|---|
//! | `decompress-gzip` | yes | `gzip`, `deflate` |
//! | `decompress-brotli` | no | `br` |
//! | `decompress-zstd` | no | `zstd` |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod admit;
mod body;
mod checked;
mod extract;
mod head;
mod middleware;
mod rejection;
mod response;
mod routes;
mod verified;

pub use captcha_core::gate::{Gate, Rejection};
pub use captcha_core::verify::Pass;
pub use checked::Checked;
pub use extract::Captcha;
pub use head::Head;
pub use middleware::{CaptchaMiddleware, CaptchaMiddlewareService};
pub use rejection::{CaptchaRejection, respond};
pub use routes::routes;
pub use verified::Verified;
