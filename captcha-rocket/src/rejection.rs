use std::convert::Infallible;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use captcha_core::gate::Rejection;
use rocket::http::Status;
use rocket::response::{self, Responder};
use rocket::{Request, Response};

use crate::response::convert;

/// Why a protected guard failed: the gate refused, or the inner guard did.
///
/// Rocket logs the `Debug` of a failed guard, and the errors of its own guards quote the body, so
/// it shows no more than which of the two it was.
pub enum CaptchaRejection<E> {
    /// The gate refused.
    Captcha(Rejection),
    /// The captcha was passed (or, for [`Checked`](crate::Checked), looked at), but the body could
    /// not be parsed.
    Inner(E),
}

/// The answer to a refused request, for handlers that hold a [`Rejection`].
#[must_use]
pub const fn respond(rejection: Rejection) -> CaptchaRejection<Infallible> {
    CaptchaRejection::Captcha(rejection)
}

/// Why the gate refused this request, for catchers and for fairings that count refusals.
#[must_use]
pub fn rejection(request: &Request<'_>) -> Option<Rejection> {
    let refused = request.local_cache(Refused::default);
    let refused = refused.0.lock().unwrap_or_else(PoisonError::into_inner);
    refused.clone()
}

#[derive(Default)]
struct Refused(Mutex<Option<Rejection>>);

/// Makes a guard's error and leaves a note of it for catchers and fairings.
pub(crate) fn refuse<E>(
    request: &Request<'_>,
    rejection: Rejection,
) -> (Status, CaptchaRejection<E>) {
    let refused = request.local_cache(Refused::default);
    let mut refused = refused.0.lock().unwrap_or_else(PoisonError::into_inner);
    *refused = Some(rejection.clone());
    let status = Status::new(rejection.status().as_u16());
    (status, CaptchaRejection::Captcha(rejection))
}

pub(crate) fn response(rejection: Rejection) -> Response<'static> {
    convert(rejection.into_response::<String>())
}

/// Answers with the problem document. An error of the inner guard is answered by the catcher of
/// 422 Unprocessable Entity.
impl<'r, E> Responder<'r, 'static> for CaptchaRejection<E> {
    fn respond_to(self, _request: &'r Request<'_>) -> response::Result<'static> {
        match self {
            Self::Captcha(rejection) => Ok(response(rejection)),
            Self::Inner(_) => Err(Status::UnprocessableEntity),
        }
    }
}

impl<E> fmt::Debug for CaptchaRejection<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Captcha(rejection) => write!(f, "Captcha({})", rejection.code()),
            Self::Inner(_) => f.write_str("Inner(..)"),
        }
    }
}

impl<E: fmt::Display> fmt::Display for CaptchaRejection<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Captcha(rejection) => rejection.fmt(f),
            Self::Inner(error) => error.fmt(f),
        }
    }
}

impl<E: std::error::Error> std::error::Error for CaptchaRejection<E> {}
