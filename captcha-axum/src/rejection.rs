use std::fmt;

use axum::response::{IntoResponse, Response};
use captcha_core::gate::Rejection;

/// Why a protected extractor did not run: the gate refused, or the inner extractor did.
#[derive(Debug)]
pub enum CaptchaRejection<R> {
    /// The gate refused. Answered with the [`Rejection`]'s problem document.
    Captcha(Rejection),
    /// The captcha was passed, but the inner extractor refused. Answered as it does on its own.
    Inner(R),
}

/// The answer to a refused request, for handlers that hold a [`Rejection`].
#[must_use]
pub fn respond(rejection: Rejection) -> Response {
    rejection.into_response()
}

impl<R> From<Rejection> for CaptchaRejection<R> {
    fn from(rejection: Rejection) -> Self {
        Self::Captcha(rejection)
    }
}

impl<R: IntoResponse> IntoResponse for CaptchaRejection<R> {
    fn into_response(self) -> Response {
        match self {
            Self::Captcha(rejection) => respond(rejection),
            Self::Inner(rejection) => rejection.into_response(),
        }
    }
}

impl<R: fmt::Display> fmt::Display for CaptchaRejection<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Captcha(rejection) => rejection.fmt(f),
            Self::Inner(rejection) => rejection.fmt(f),
        }
    }
}

impl<R: std::error::Error> std::error::Error for CaptchaRejection<R> {}
