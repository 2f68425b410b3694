use std::convert::Infallible;

use captcha_core::verify::Pass;
use rocket::request::{FromRequest, Outcome};
use rocket::{Ignite, Request, Rocket, Sentinel};

use crate::admit::{gate_of, verify};
use crate::fairing;
use crate::rejection::{CaptchaRejection, refuse};

/// Proof that this request passed the gate, without touching the body.
///
/// It verifies the token in the request's head, once a request, so it goes with any data guard,
/// and an upload of any size can be streamed by the handler.
///
/// ```
/// # #[macro_use] extern crate rocket;
/// use captcha_rocket::Verified;
/// use rocket::Data;
///
/// #[post("/upload", data = "<body>")]
/// fn upload(verified: Verified, body: Data<'_>) -> String {
///     format!("{:?}", verified.0.score())
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone)]
pub struct Verified(pub Pass);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Verified {
    type Error = CaptchaRejection<Infallible>;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        let outcome = match gate_of(request) {
            Ok(gate) => verify(gate, request, None).await,
            Err(rejection) => Err(rejection),
        };
        match outcome {
            Ok(pass) => Outcome::Success(Self(pass)),
            Err(rejection) => Outcome::Error(refuse(request, rejection)),
        }
    }
}

impl Sentinel for Verified {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        fairing::is_missing(rocket)
    }
}
