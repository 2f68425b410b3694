use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use captcha_core::gate::Rejection;

/// The error of a request that the gate refused.
#[derive(Debug, Clone)]
pub struct CaptchaRejection(pub Rejection);

/// The answer to a refused request, for handlers that hold a [`Rejection`].
#[must_use]
pub fn respond(rejection: Rejection) -> HttpResponse {
    let mut response = HttpResponse::build(status(&rejection));
    for (name, value) in &rejection.headers() {
        response.insert_header((name.as_str(), value.as_bytes()));
    }
    let mut response = response.body(rejection.body());
    // Outer middleware can count it without parsing the body.
    response.extensions_mut().insert(rejection);
    response
}

/// actix-web is on an older `http` crate, with a type of its own for the same status.
fn status(rejection: &Rejection) -> StatusCode {
    StatusCode::from_u16(rejection.status().as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

impl fmt::Display for CaptchaRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for CaptchaRejection {
    fn status_code(&self) -> StatusCode {
        status(&self.0)
    }

    fn error_response(&self) -> HttpResponse {
        respond(self.0.clone())
    }
}
