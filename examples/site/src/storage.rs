use std::fmt;
use std::sync::Arc;

use captcha_core::rate_limit::{RateLimiter, RedisTokenBucket, TokenBucketRateLimiter};
use captcha_core::storage::{MemoryStorage, RedisStorage, Storage};

use crate::env::{ConfigError, value};

/// Where challenges, pass tokens and rate limits are kept.
#[derive(Clone)]
pub(crate) enum Stores {
    /// In this process.
    Memory,
    /// On one Redis, for any number of nodes.
    Redis(Redis),
}

/// The connection that storage and limiter share.
type Redis = captcha_core::redis::ConnectionManager;

impl Stores {
    /// `memory`, or a URL. What is wrong with a URL is told without it: there is a password in it.
    pub(crate) fn from_env(variable: &'static str) -> Result<Self, ConfigError> {
        match value(variable)?.as_deref() {
            None | Some("memory") => Ok(Self::Memory),
            Some(url) if url.starts_with("redis://") => captcha_core::redis::connect(url)
                .map(Self::Redis)
                .map_err(|error| ConfigError::new(variable, error.problem())),
            Some(_) => Err(ConfigError::new(
                variable,
                "is neither memory nor a URL that begins with redis://",
            )),
        }
    }

    pub(crate) fn storage(&self) -> Arc<dyn Storage> {
        match self {
            Self::Memory => Arc::new(MemoryStorage::new()),
            Self::Redis(connection) => Arc::new(RedisStorage::new(connection.clone())),
        }
    }

    pub(crate) fn limiter(
        &self,
        capacity: u32,
        refill_rate: f64,
    ) -> Result<Arc<dyn RateLimiter>, captcha_core::ConfigError> {
        Ok(match self {
            Self::Memory => Arc::new(TokenBucketRateLimiter::new(capacity, refill_rate)?),
            Self::Redis(connection) => {
                let connection = connection.clone();
                Arc::new(RedisTokenBucket::new(connection, capacity, refill_rate)?)
            }
        })
    }
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "Memory",
            Self::Redis(_) => "Redis",
        })
    }
}
