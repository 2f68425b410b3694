use std::time::Duration;

use tokio::time::Instant;

use super::{StorageError, StorageErrorKind};
use crate::ConfigError;

/// A hundred years. Servers refuse what does not fit their clocks.
pub(crate) const CENTURY: Duration = Duration::from_secs(100 * 366 * 24 * 60 * 60);

/// How long a server may take for one call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Duration);

impl Deadline {
    /// Where nothing else was set.
    pub(crate) const DEFAULT: Self = Self(Duration::from_secs(2));

    /// What was set, or the default.
    pub(crate) fn or_default(time: Option<Duration>) -> Result<Self, ConfigError> {
        let Some(time) = time else {
            return Ok(Self::DEFAULT);
        };
        if !(Duration::from_millis(1)..=Duration::from_secs(60)).contains(&time) {
            let problem = "must be 1 millisecond to 1 minute";
            return Err(ConfigError::new("deadline", problem));
        }
        Ok(Self(time))
    }

    /// When a call that begins now has taken too long.
    pub(crate) fn starting_now(self) -> Instant {
        Instant::now() + self.0
    }

    pub(crate) const fn duration(self) -> Duration {
        self.0
    }
}

/// What a call that took too long comes to.
pub(crate) fn overdue() -> StorageError {
    StorageError::new(StorageErrorKind::Unavailable)
        .with_source("the server did not answer within the deadline")
}
