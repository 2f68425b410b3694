use std::borrow::Cow;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::verify::{ReasonCode, Refusal};

/// A refused request: its status, its machine-readable code and its headers.
///
/// Everything in it is fixed per code and safe to show; causes go to `tracing` only.
/// The body is a problem document (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    status: StatusCode,
    code: Cow<'static, str>,
    title: &'static str,
    retry_after: Option<Duration>,
}

impl Rejection {
    pub(crate) const fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self {
            status,
            code: Cow::Borrowed(code),
            title,
            retry_after: None,
        }
    }

    /// 400 `missing_token`: the request carries no token that could be read.
    #[must_use]
    pub const fn missing_token() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "missing_token",
            "The captcha token is missing.",
        )
    }

    pub(super) const fn invalid_token() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_token",
            "The captcha token is not valid.",
        )
    }

    pub(super) const fn token_too_long() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "token_too_long",
            "The captcha token is too long.",
        )
    }

    pub(super) const fn duplicate_token() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "duplicate_token",
            "The captcha token was sent more than once, with different values.",
        )
    }

    /// 413 `body_too_large`: the body is larger than the gate reads.
    #[must_use]
    pub const fn body_too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            "The request body is too large.",
        )
    }

    /// 415 `unsupported_encoding`: the body's content coding is one that nothing here unpacks.
    #[must_use]
    pub const fn unsupported_encoding() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_encoding",
            "The request body's content encoding is not supported.",
        )
    }

    /// 503 `captcha_unavailable`: no verdict could be reached.
    #[must_use]
    pub const fn unavailable(retry_after: Duration) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "captcha_unavailable",
            "The captcha cannot be checked at the moment.",
        )
        .with_retry_after(retry_after)
    }

    /// 429 `rate_limited`: too many challenges were asked for.
    #[must_use]
    pub const fn rate_limited(retry_after: Duration) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            "Too many captchas were asked for.",
        )
        .with_retry_after(retry_after)
    }

    pub(super) fn refused(refusal: &Refusal) -> Self {
        let title = match refusal.reason_code() {
            ReasonCode::InvalidAnswer => "The captcha answer is wrong or no longer valid.",
            ReasonCode::TokenExpired => "The captcha has expired.",
            ReasonCode::TokenAlreadyUsed => "The captcha was used before.",
            _ => "The captcha was not solved.",
        };
        Self {
            code: refusal.reason_code().public(),
            ..Self::new(StatusCode::BAD_REQUEST, "", title)
        }
    }

    const fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The status to answer with.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The machine-readable code, for example `missing_token`.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// One English sentence for people.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        self.title
    }

    /// What `Retry-After` says, in whole seconds, rounded up and at least 1.
    #[must_use]
    pub fn retry_after_secs(&self) -> Option<u64> {
        let wait = self.retry_after?;
        let rounded_up = u64::from(wait.subsec_nanos() > 0);
        Some(wait.as_secs().saturating_add(rounded_up).max(1))
    }

    /// Whether the body is what was refused, so that there is nothing in it to go on with.
    #[must_use]
    pub fn is_of_body(&self) -> bool {
        matches!(
            self.status,
            StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNSUPPORTED_MEDIA_TYPE
        )
    }

    /// The headers to answer with.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(3);
        let problem = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, problem);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_secs() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        headers
    }

    /// The problem document to answer with: `{"type","title","status","code"}`.
    #[must_use]
    pub fn body(&self) -> String {
        serde_json::json!({
            "type": format!("urn:problem-type:captcha:{}", self.code),
            "title": self.title,
            "status": self.status.as_u16(),
            "code": self.code,
        })
        .to_string()
    }

    /// The whole answer. The rejection itself is in the response's extensions, where outer layers
    /// can count it without parsing the body.
    #[must_use]
    pub fn into_response<B: From<String>>(self) -> http::Response<B> {
        let mut response = http::Response::new(B::from(self.body()));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers();
        response.extensions_mut().insert(self);
        response
    }
}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.title)
    }
}

impl std::error::Error for Rejection {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_never_zero_and_rounds_up() {
        for (millis, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2)] {
            let rejection = Rejection::rate_limited(Duration::from_millis(millis));
            assert_eq!(rejection.retry_after_secs(), Some(seconds), "{millis} ms");
        }
    }
}
