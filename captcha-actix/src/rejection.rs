use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use captcha_core::gate::Rejection;

use crate::response::{convert, convert_status};

/// The error of a request that the gate refused.
#[derive(Debug, Clone)]
pub struct CaptchaRejection(pub Rejection);

/// The answer to a refused request, for handlers that hold a [`Rejection`].
#[must_use]
pub fn respond(rejection: Rejection) -> HttpResponse {
    let mut response = convert(rejection.clone().into_response::<String>());
    // Outer middleware can count it without parsing the body.
    response.extensions_mut().insert(rejection);
    response
}

impl fmt::Display for CaptchaRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for CaptchaRejection {
    fn status_code(&self) -> StatusCode {
        convert_status(self.0.status())
    }

    fn error_response(&self) -> HttpResponse {
        respond(self.0.clone())
    }
}
