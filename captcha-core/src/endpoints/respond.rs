use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use crate::gate::Rejection;
use crate::manager::{CaptchaError, ChallengeError};
use crate::render::RenderError;
use crate::storage::StorageErrorKind;

/// Nothing here may be kept by a cache or guessed to be another type.
fn guarded(status: StatusCode, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

pub(super) fn empty(status: StatusCode) -> Response<Bytes> {
    guarded(status, Bytes::new())
}

pub(super) fn ok(body: Bytes, content_type: &'static str) -> Response<Bytes> {
    let mut response = guarded(StatusCode::OK, body);
    let content_type = HeaderValue::from_static(content_type);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    response
}

pub(super) fn json(value: &serde_json::Value) -> Response<Bytes> {
    ok(Bytes::from(value.to_string()), "application/json")
}

pub(super) fn problem(
    status: StatusCode,
    code: &'static str,
    title: &'static str,
) -> Response<Bytes> {
    Rejection::new(status, code, title)
        .into_response::<String>()
        .map(Bytes::from)
}

/// What went wrong underneath goes to the log; the client sees a fixed sentence.
pub(super) fn failure(error: &CaptchaError) -> Response<Bytes> {
    let rejection = match error {
        CaptchaError::Challenge(error) => challenge(*error),
        CaptchaError::Render(
            RenderError::NoRenderer(_)
            | RenderError::NoSuchCell(_)
            | RenderError::UnsupportedSubject,
        ) => challenge(ChallengeError::NotFound),
        CaptchaError::RateLimited { retry_after } => Rejection::rate_limited(*retry_after),
        CaptchaError::Storage(error) if error.kind() == StorageErrorKind::Full => {
            tracing::warn!("the captcha storage is full: limit the rate or raise its capacity");
            Rejection::unavailable(Duration::from_secs(5))
        }
        error => {
            let cause = error.source().map(ToString::to_string);
            tracing::error!(%error, cause, "captcha endpoint failed");
            Rejection::unavailable(Duration::from_secs(5))
        }
    };
    rejection.into_response::<String>().map(Bytes::from)
}

fn challenge(error: ChallengeError) -> Rejection {
    let (status, code, title) = match error {
        ChallengeError::NotFound => (
            StatusCode::NOT_FOUND,
            "challenge_not_found",
            "There is no such captcha.",
        ),
        ChallengeError::Expired => (
            StatusCode::GONE,
            "challenge_expired",
            "The captcha has expired.",
        ),
        ChallengeError::TooManyRenders => (
            StatusCode::GONE,
            "too_many_renders",
            "The captcha was shown too often.",
        ),
        ChallengeError::TooManyAttempts => (
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_attempts",
            "The captcha was answered wrongly too often.",
        ),
    };
    Rejection::new(status, code, title)
}
