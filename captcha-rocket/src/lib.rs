//! Captchas for Rocket: data guards, a request guard, a fairing, and the routes of a self-hosted
//! captcha.
//!
//! ```
//! #[macro_use] extern crate rocket;
//! use captcha_rocket::{Captcha, CaptchaFairing, Gate};
//! use rocket::form::Form;
//!
//! #[derive(FromForm)]
//! struct SignUp { username: String }
//!
//! #[post("/register", data = "<captcha>")]
//! fn register(captcha: Captcha<Form<SignUp>>) -> String {
//!     format!("Welcome, {}", captcha.value.username)
//! }
//!
//! # fn app() -> Result<rocket::Rocket<rocket::Build>, Box<dyn std::error::Error>> {
//! # use captcha_core::{endpoints::Endpoints, manager::CaptchaManager, storage::MemoryStorage};
//! let manager = CaptchaManager::builder(MemoryStorage::new()).build()?;
//! let endpoints = Endpoints::new(manager.clone());
//! let app = rocket::build()
//!     .attach(CaptchaFairing::new(Gate::new(manager)))
//!     .mount(endpoints.prefix().to_owned(), captcha_rocket::routes(endpoints))
//!     .mount("/", routes![register]);
//! # Ok(app) }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> { app().map(drop) }
//! ```
//!
//! * [`Captcha<T>`] guards a `Form` or a `Json`.
//! * [`Checked<T>`] hands over the parsed body in either case, for pages that show the form again.
//! * [`Verified`] verifies a token in the head and leaves the body alone, for streamed uploads.
//! * [`CaptchaFairing`] brings the gate and renders refusals.
//! * [`routes`] serves the endpoints of a self-hosted captcha.
//!
//! A guard without the fairing aborts the launch.
//!
//! # Refusals
//!
//! A refused guard is an *error*, never a forward: no route of lower rank runs in its place. The
//! fairing registers catchers at `/` for 400, 413, 415 and 503 that answer with the problem
//! document, unless the application has a catcher of its own for the code or a default one there;
//! those call [`rejection`] to find out what was refused.
//!
//! `Option<Captcha<…>>` and `Result<Captcha<…>, _>` as guard types make the protection optional.
//!
//! # Deployment caveat
//!
//! The client address is the socket peer, and Rocket's `ip_header` (on by default) is not
//! believed. Behind a reverse proxy the gate has to
//! [trust it](captcha_core::gate::GateBuilder::trust_proxies), or every visitor is the proxy.
//!
//! Bodies are read up to Rocket's limits (`form`, `data-form`, `json`) or the gate's, whichever is
//! lower; a multipart body without `Content-Length` up to `data-form`. Rocket does not unpack
//! compressed requests, so they are answered 415.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod admit;
mod body;
mod checked;
mod extract;
mod fairing;
mod form;
mod guarded;
mod head;
mod json;
mod observe;
mod rejection;
mod response;
mod routes;
mod verified;

pub use captcha_core::gate::{Gate, Rejection};
pub use captcha_core::verify::Pass;
pub use checked::Checked;
pub use extract::Captcha;
pub use fairing::CaptchaFairing;
pub use guarded::GuardedBody;
pub use head::Head;
pub use rejection::{CaptchaRejection, rejection, respond};
pub use routes::routes;
pub use verified::Verified;
