use std::env::{self, VarError};
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use captcha_core::manager::CaptchaManager;
use captcha_core::storage::MemoryStorage;
use captcha_core::verify::FailMode;
use thiserror::Error;

/// How a site is set up, from the environment. An empty value is the default.
///
/// | variable | default | values |
/// |---|---|---|
/// | `ADDR` | `127.0.0.1:3000` | IP address and port; port 0 picks a free one |
/// | `CAPTCHA_VERIFIER` | `self-hosted` | `self-hosted` |
/// | `CAPTCHA_STORAGE` | `memory` | `memory` |
/// | `CAPTCHA_CHALLENGE` | `text` | `text` |
/// | `CAPTCHA_FAIL_MODE` | `closed` | `open`, `closed` |
/// | `CAPTCHA_TTL_SECS` | `120` | for how long a challenge can be answered, 1 to 86400 |
/// | `CAPTCHA_MAX_ATTEMPTS` | `3` | answers that are looked at for each challenge |
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// Where to listen.
    pub addr: SocketAddr,
    /// What an outage of the storage means for visitors.
    pub fail_mode: FailMode,
    /// For how long a challenge can be answered.
    pub ttl: Duration,
    /// How many answers to one challenge are looked at.
    pub max_attempts: u32,
}

/// A variable whose value cannot be used.
#[derive(Debug, Error)]
#[error("{variable}: {problem}")]
pub struct ConfigError {
    variable: &'static str,
    problem: String,
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the first variable whose value cannot be used. A value that is not
    /// understood is never replaced by the default.
    pub fn from_env() -> Result<Self, ConfigError> {
        one_of("CAPTCHA_VERIFIER", &["self-hosted"])?;
        one_of("CAPTCHA_STORAGE", &["memory"])?;
        one_of("CAPTCHA_CHALLENGE", &["text"])?;
        let fail_mode = match one_of("CAPTCHA_FAIL_MODE", &["closed", "open"])?.as_str() {
            "open" => FailMode::Open,
            _ => FailMode::Closed,
        };
        Ok(Self {
            addr: parsed("ADDR", SocketAddr::from(([127, 0, 0, 1], 3000)))?,
            fail_mode,
            ttl: Duration::from_secs(parsed("CAPTCHA_TTL_SECS", 120)?),
            max_attempts: parsed("CAPTCHA_MAX_ATTEMPTS", 3)?,
        })
    }

    /// The manager that this configuration describes.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when a value is outside its range.
    pub fn manager(&self) -> Result<CaptchaManager, ConfigError> {
        CaptchaManager::builder(MemoryStorage::new())
            .ttl(self.ttl)
            .max_attempts(self.max_attempts)
            .fail_mode(self.fail_mode)
            .build()
            .map_err(|error| ConfigError {
                variable: match error.setting() {
                    "ttl" => "CAPTCHA_TTL_SECS",
                    "max_attempts" => "CAPTCHA_MAX_ATTEMPTS",
                    setting => setting,
                },
                problem: error.to_string(),
            })
    }
}

fn value(variable: &'static str) -> Result<Option<String>, ConfigError> {
    match env::var(variable) {
        Ok(value) if value.trim().is_empty() => Ok(None),
        Ok(value) => Ok(Some(value.trim().to_owned())),
        Err(VarError::NotPresent) => Ok(None),
        Err(error) => Err(ConfigError {
            variable,
            problem: error.to_string(),
        }),
    }
}

fn parsed<T>(variable: &'static str, default: T) -> Result<T, ConfigError>
where
    T: FromStr<Err: std::fmt::Display>,
{
    let Some(value) = value(variable)? else {
        return Ok(default);
    };
    value.parse().map_err(|error| ConfigError {
        variable,
        problem: format!("{value:?} cannot be used: {error}"),
    })
}

/// One of these words; the first is the default.
fn one_of(variable: &'static str, words: &[&str]) -> Result<String, ConfigError> {
    let default = words.first().copied().unwrap_or_default();
    let value = value(variable)?.unwrap_or_else(|| default.to_owned());
    if words.contains(&value.as_str()) {
        return Ok(value);
    }
    Err(ConfigError {
        variable,
        problem: format!("{value:?} is not one of {}", words.join(", ")),
    })
}
