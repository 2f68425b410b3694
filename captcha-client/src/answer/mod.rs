//! What a provider answered, in the four classes that every provider shares.

pub(crate) mod details;
pub(crate) mod shape;
pub(crate) mod strict_json;
pub(crate) mod time;

use captcha_core::verify::{Pass, Refusal, Verdict, VerifyErrorKind};
use http::StatusCode;

/// A provider's answer.
#[derive(Debug)]
pub enum Answer {
    /// The provider vouches for the token.
    Passed(Pass),
    /// The token is no good.
    Refused(Refusal),
    /// The operator's mistake, with its cause for the log.
    Misconfigured(String),
    /// No usable verdict, with its cause for the log.
    Unavailable(VerifyErrorKind, String),
}

/// What a provider's failure code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// The visitor's token is no good.
    BadToken,
    /// The operator's settings are wrong.
    Misconfigured,
    /// The provider cannot answer now.
    Unavailable,
}

impl Answer {
    /// No verdict, for a status that says the provider cannot give one now.
    pub(crate) fn down(cause: impl Into<String>) -> Self {
        Self::Unavailable(VerifyErrorKind::Network, cause.into())
    }

    /// The class of an answer whose body says nothing that can be used.
    ///
    /// A 4xx is not an outage: a firewall's page for an odd token is one.
    pub(crate) fn unreadable(status: StatusCode, why: &str) -> Self {
        let cause = format!("HTTP {}: {why}", status.as_u16());
        if is_down(status) {
            Self::down(cause)
        } else if status.is_success() {
            Self::Unavailable(VerifyErrorKind::InvalidResponse, cause)
        } else {
            Self::Misconfigured(cause)
        }
    }

    /// A verdict, or the kind of failure with its cause.
    pub(crate) fn into_result(self) -> Result<Verdict, (VerifyErrorKind, String)> {
        match self {
            Self::Passed(pass) => Ok(Verdict::Passed(pass)),
            Self::Refused(refusal) => Ok(Verdict::Refused(refusal)),
            Self::Misconfigured(cause) => Err((VerifyErrorKind::InvalidConfig, cause)),
            Self::Unavailable(kind, cause) => Err((kind, cause)),
        }
    }
}

/// Whether a status says that the provider cannot answer now.
pub(crate) fn is_down(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
        )
}
