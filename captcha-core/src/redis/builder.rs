use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use super::{Connection, PREFIX, Server};
use crate::ConfigError;
use crate::storage::Deadline;

/// Sets up what is kept in Redis: a [`RedisStorage`](crate::storage::RedisStorage) or a
/// [`RedisTokenBucket`](crate::rate_limit::RedisTokenBucket).
#[must_use = "a builder does nothing until it is built"]
pub struct RedisBuilder<C, T> {
    connection: C,
    prefix: String,
    deadline: Option<Duration>,
    made: Made<C, T>,
    makes: PhantomData<fn() -> T>,
}

type Made<C, T> = Box<dyn FnOnce(Server<C>) -> Result<T, ConfigError> + Send>;

impl<C: Connection, T> RedisBuilder<C, T> {
    pub(crate) fn new(
        connection: C,
        made: impl FnOnce(Server<C>) -> Result<T, ConfigError> + Send + 'static,
    ) -> Self {
        Self {
            connection,
            prefix: PREFIX.to_owned(),
            deadline: None,
            made: Box::new(made),
            makes: PhantomData,
        }
    }

    /// What every key begins with, before a colon. Default `captcha`; 1 to 64 letters, digits and
    /// `-`, `_`, `.`, `:`. Applications that share a server need one each.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long a call may take before it counts as an outage. Default 2 seconds; 1 millisecond
    /// to 1 minute.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Checks the settings. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the setting that cannot work.
    pub fn build(self) -> Result<T, ConfigError> {
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
        if !(1..=64).contains(&self.prefix.len()) || !self.prefix.chars().all(known) {
            let problem = "must be 1 to 64 letters, digits and - _ . :";
            return Err(ConfigError::new("prefix", problem));
        }
        (self.made)(Server {
            connection: self.connection,
            prefix: self.prefix.into(),
            deadline: Deadline::or_default(self.deadline)?,
        })
    }
}

impl<C, T> fmt::Debug for RedisBuilder<C, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBuilder")
            .field("prefix", &self.prefix)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
