//! Asking whether a captcha was solved: the [`Verifier`] trait and everything it speaks in.
//!
//! A hosted provider's client is a [`Verifier`], and so is the self-hosted
//! [`CaptchaManager`](crate::manager::CaptchaManager). A handler protected by the
//! [`Gate`](crate::gate::Gate) does not change when the verifier behind it does.

mod breaker;
mod error;
mod ext;
mod fail_mode;
mod fallback;
mod reason;
mod request;
pub mod rules;
mod verdict;
mod verifier;

pub use breaker::{CircuitBreaker, CircuitBreakerBuilder};
pub use error::{VerifyError, VerifyErrorKind};
pub use ext::VerifierExt;
pub use fail_mode::FailMode;
pub use fallback::{Fallback, FallbackBuilder};
pub use reason::ReasonCode;
pub use request::{Credential, VerifyRequest};
pub use verdict::{Pass, Refusal, Verdict};
pub(crate) use verifier::TOKEN_FIELD;
pub use verifier::{FieldSet, Verifier};
