use std::env;

use captcha_core::ConfigError;

/// A variable of the environment. An empty one is as good as none.
pub(crate) fn variable(name: &'static str) -> Result<Option<String>, ConfigError> {
    match env::var(name) {
        Ok(value) if value.trim().is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(ConfigError::new(name, "is not text")),
    }
}

/// A variable that has to be there.
pub(crate) fn required(name: &'static str) -> Result<String, ConfigError> {
    variable(name)?.ok_or(ConfigError::new(name, "is not set"))
}
