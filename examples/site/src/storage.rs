use std::fmt;
use std::sync::Arc;

use captcha_core::rate_limit::{
    PostgresTokenBucket, RateLimiter, RedisTokenBucket, TokenBucketRateLimiter,
};
use captcha_core::storage::{MemoryStorage, PostgresStorage, RedisStorage, Storage, StorageError};
use sqlx::PgPool;

use crate::env::{ConfigError, value};

/// Where challenges, pass tokens and rate limits are kept.
#[derive(Clone)]
pub(crate) enum Stores {
    /// In this process.
    Memory,
    /// On one Redis, for any number of nodes.
    Redis(Redis),
    /// In one Postgres, for any number of nodes.
    Postgres(PgPool),
}

/// The connection that storage and limiter share.
type Redis = captcha_core::redis::SharedConnection;

impl Stores {
    /// `memory`, or a URL. What is wrong with a URL is told without it: there is a password in it.
    pub(crate) fn from_env(variable: &'static str) -> Result<Self, ConfigError> {
        let Some(value) = value(variable)? else {
            return Ok(Self::Memory);
        };
        match value
            .split_once("://")
            .map_or(&*value, |(scheme, _)| scheme)
        {
            "memory" => Ok(Self::Memory),
            "redis" => captcha_core::redis::connect(&value)
                .map(Self::Redis)
                .map_err(|error| ConfigError::new(variable, error.problem())),
            "postgres" | "postgresql" => PgPool::connect_lazy(&value)
                .map(Self::Postgres)
                .map_err(|_| ConfigError::new(variable, "is no Postgres URL")),
            _ => Err(ConfigError::new(
                variable,
                "is neither memory nor a URL that begins with redis:// or postgres://",
            )),
        }
    }

    /// The storage, ready for use.
    pub(crate) async fn storage(&self) -> Result<Arc<dyn Storage>, StorageError> {
        Ok(match self {
            Self::Memory => Arc::new(MemoryStorage::new()),
            Self::Redis(connection) => Arc::new(RedisStorage::new(connection.clone())),
            Self::Postgres(pool) => {
                let storage = PostgresStorage::new(pool.clone());
                storage.create_schema().await?;
                Arc::new(storage)
            }
        })
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
            Self::Postgres(pool) => {
                let pool = pool.clone();
                Arc::new(PostgresTokenBucket::new(pool, capacity, refill_rate)?)
            }
        })
    }
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "Memory",
            Self::Redis(_) => "Redis",
            Self::Postgres(_) => "Postgres",
        })
    }
}
