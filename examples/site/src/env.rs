use std::env::{self, VarError};
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

/// A variable whose value cannot be used.
#[derive(Debug, Error)]
#[error("{variable}: {problem}")]
pub struct ConfigError {
    variable: &'static str,
    problem: String,
}

impl ConfigError {
    pub(crate) fn new(variable: &'static str, problem: impl Display) -> Self {
        Self {
            variable,
            problem: problem.to_string(),
        }
    }
}

/// A variable's value without the white space around it. An empty one is as good as none.
pub(crate) fn value(variable: &'static str) -> Result<Option<String>, ConfigError> {
    match env::var(variable) {
        Ok(value) if value.trim().is_empty() => Ok(None),
        Ok(value) => Ok(Some(value.trim().to_owned())),
        Err(VarError::NotPresent) => Ok(None),
        Err(error) => Err(ConfigError::new(variable, error)),
    }
}

pub(crate) fn parsed<T>(variable: &'static str) -> Result<Option<T>, ConfigError>
where
    T: FromStr<Err: Display>,
{
    let Some(value) = value(variable)? else {
        return Ok(None);
    };
    let parsed = value
        .parse()
        .map_err(|error| ConfigError::new(variable, format!("{value:?} cannot be used: {error}")));
    parsed.map(Some)
}

pub(crate) fn millis(variable: &'static str) -> Result<Option<Duration>, ConfigError> {
    Ok(parsed(variable)?.map(Duration::from_millis))
}

pub(crate) fn seconds(variable: &'static str) -> Result<Option<Duration>, ConfigError> {
    Ok(parsed(variable)?.map(Duration::from_secs))
}

/// The thing that goes with one of these words; the first is the default.
pub(crate) fn one_of<T: Copy>(
    variable: &'static str,
    default: T,
    words: &[(&str, T)],
) -> Result<T, ConfigError> {
    let Some(value) = value(variable)? else {
        return Ok(default);
    };
    let known = words.iter().find(|(word, _)| *word == value);
    known.map(|(_, thing)| *thing).ok_or_else(|| {
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        ConfigError::new(
            variable,
            format!("{value:?} is not one of {}", words.join(", ")),
        )
    })
}
