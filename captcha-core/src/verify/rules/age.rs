use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Pass, Refusal, Rule};
use crate::ConfigError;
use crate::clock::{Clock, SystemClock};
use crate::verify::ReasonCode;

/// How far the provider's clock may be ahead of ours.
const SKEW_SECS: i64 = 60;

/// How long ago the captcha may have been solved.
///
/// The age is counted from [`Pass::challenge_ts`]. Where the answer only has [`Pass::timestamp`],
/// the time of the verification, it is counted from that, and tells old answers from new ones
/// rather than old captchas from new ones. A time more than a minute ahead is refused.
#[derive(Clone)]
pub struct MaxAge {
    longest_secs: i64,
    clock: Arc<dyn Clock>,
}

impl MaxAge {
    /// Passes captchas solved at most this long ago, in whole seconds.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when it is shorter than a second.
    pub fn new(longest: Duration) -> Result<Self, ConfigError> {
        if longest.as_secs() == 0 {
            return Err(ConfigError::new("max_age", "must be at least 1 second"));
        }
        Ok(Self {
            longest_secs: i64::try_from(longest.as_secs()).unwrap_or(i64::MAX),
            clock: Arc::new(SystemClock),
        })
    }

    /// Takes the time from this clock. For tests.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }
}

impl Rule for MaxAge {
    fn check(&self, pass: &Pass) -> Result<(), Refusal> {
        let refused = |text: &str| Refusal::new(ReasonCode::TokenExpired).with_error(text);
        let Some(solved) = pass.challenge_ts().or_else(|| pass.timestamp()) else {
            return Err(refused("an age is required and the answer has no time"));
        };
        let now = i64::try_from(self.clock.now_millis() / 1000).unwrap_or(i64::MAX);
        let age = now.saturating_sub(solved);
        if age > self.longest_secs {
            return Err(refused("solved too long ago"));
        }
        if age < -SKEW_SECS {
            return Err(refused("solved in the future, says the answer"));
        }
        Ok(())
    }
}

impl fmt::Debug for MaxAge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MaxAge")
            .field("longest_secs", &self.longest_secs)
            .finish_non_exhaustive()
    }
}
