//! How often one visitor may ask for a challenge.

mod no_op;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
mod token_bucket;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

pub use no_op::NoOpRateLimiter;
#[cfg(feature = "postgres")]
pub use postgres::PostgresTokenBucket;
#[cfg(feature = "redis")]
pub use redis::RedisTokenBucket;
pub use token_bucket::{TokenBucketRateLimiter, TokenBucketRateLimiterBuilder};

use crate::ConfigError;
use crate::storage::StorageError;

/// Decides whether one more challenge may be issued to a key.
#[async_trait]
pub trait RateLimiter: Send + Sync {
    /// Takes one permit for this key, typically a client address.
    ///
    /// # Errors
    ///
    /// [`RateLimitError::Limited`] when there is none left, [`RateLimitError::Storage`] when the
    /// limiter cannot tell.
    async fn acquire(&self, key: &str) -> Result<(), RateLimitError>;
}

/// Why a permit was not given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RateLimitError {
    /// Too many permits were taken.
    #[error("rate limited")]
    Limited {
        /// When the next permit is available.
        retry_after: Duration,
    },
    /// The limiter's own storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// What the buckets of one rate are called on a server: those of another are others.
#[cfg(any(feature = "postgres", feature = "redis"))]
fn bucket_name(capacity: u32, interval_micros: f64) -> String {
    format!("{capacity}/{interval_micros:.0}")
}

/// What every bucket is held to. Returns the capacity.
fn check_rate(capacity: u32, refill_rate: f64) -> Result<NonZeroU32, ConfigError> {
    let capacity = NonZeroU32::new(capacity).filter(|permits| permits.get() <= 1_000_000);
    let Some(capacity) = capacity else {
        return Err(ConfigError::new("capacity", "must be 1 to 1,000,000"));
    };
    let slowest = 1.0 / 3600.0;
    if !(slowest..=1_000_000.0).contains(&refill_rate) {
        let problem = "must be one an hour to a million a second";
        return Err(ConfigError::new("refill_rate", problem));
    }
    Ok(capacity)
}

#[async_trait]
impl<L: RateLimiter + ?Sized> RateLimiter for Arc<L> {
    async fn acquire(&self, key: &str) -> Result<(), RateLimitError> {
        (**self).acquire(key).await
    }
}
