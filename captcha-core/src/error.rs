use std::fmt;

use thiserror::Error;

use crate::verify::{VerifyError, VerifyErrorKind};

/// A setting that cannot work, found when something is built.
///
/// ```
/// use captcha_core::ConfigError;
///
/// let error = ConfigError::new("GKCAPTCHA_SECRET_KEY", "is not set");
/// assert_eq!(error.to_string(), "GKCAPTCHA_SECRET_KEY is not set");
/// assert_eq!(error.code(), "INVALID_CONFIG");
/// ```
#[derive(Clone, PartialEq, Eq, Error)]
#[error("{setting} {problem}")]
pub struct ConfigError {
    setting: &'static str,
    problem: &'static str,
}

impl ConfigError {
    /// An error about this setting. The problem continues a sentence that starts with the
    /// setting, and holds no value: values can be secret.
    #[must_use]
    pub const fn new(setting: &'static str, problem: &'static str) -> Self {
        Self { setting, problem }
    }

    /// The setting that cannot work, as its setter or environment variable is called.
    #[must_use]
    pub const fn setting(&self) -> &'static str {
        self.setting
    }

    /// What is wrong with it, as the rest of a sentence about it.
    #[must_use]
    pub const fn problem(&self) -> &'static str {
        self.problem
    }

    /// `INVALID_CONFIG`, as the gkCAPTCHA SDKs call it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        VerifyErrorKind::InvalidConfig.code()
    }
}

/// A `main` that returns errors prints this form: it reads like the other.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ConfigError")
            .field(&self.to_string())
            .finish()
    }
}

impl From<ConfigError> for VerifyError {
    fn from(error: ConfigError) -> Self {
        Self::new(VerifyErrorKind::InvalidConfig).with_source(error)
    }
}
