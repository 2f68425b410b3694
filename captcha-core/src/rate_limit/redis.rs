use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use redis::Script;

use super::{RateLimitError, RateLimiter, bucket_name, check_rate};
use crate::redis::{Connection, RedisBuilder, Server, SharedConnection};

/// A bucket of permits for each key, shared by any number of nodes through Redis.
///
/// One script decides, by the clock of the server: nodes whose clocks differ allow no more than
/// one would. Keys that are not asked for disappear when their bucket is full again.
///
/// ```no_run
/// use captcha_core::rate_limit::RedisTokenBucket;
///
/// # fn main() -> Result<(), captcha_core::ConfigError> {
/// let connection = captcha_core::redis::connect("redis://127.0.0.1/")?;
/// // Ten at once, then one every two seconds.
/// let limiter = RedisTokenBucket::new(connection, 10, 0.5)?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct RedisTokenBucket<C = SharedConnection> {
    server: Server<C>,
    capacity: u32,
    /// Between two permits, in microseconds.
    interval: f64,
}

impl<C: Connection> RedisTokenBucket<C> {
    /// A limiter with this many permits in a full bucket, and this many more each second, under
    /// the prefix `captcha` and with a deadline of 2 seconds for each call.
    ///
    /// # Errors
    ///
    /// [`ConfigError`](crate::ConfigError) unless the capacity is 1 to 1,000,000 and the rate
    /// between one an hour and a million a second.
    pub fn new(connection: C, capacity: u32, refill_rate: f64) -> Result<Self, crate::ConfigError> {
        Self::builder(connection, capacity, refill_rate).build()
    }

    /// A limiter whose prefix and deadline are set, too.
    pub fn builder(connection: C, capacity: u32, refill_rate: f64) -> RedisBuilder<C, Self> {
        RedisBuilder::new(connection, move |server| {
            check_rate(capacity, refill_rate)?;
            Ok(Self {
                server,
                capacity,
                interval: 1_000_000.0 / refill_rate,
            })
        })
    }
}

/// Keeps the time at which a bucket is full again (the generic cell rate algorithm), and returns
/// how many microseconds to wait; 0 where a permit was taken. A time that is further ahead than any
/// bucket's was written while the clock was wrong: the bucket counts as empty.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local time = redis.call('TIME')
        local now = time[1] * 1000000 + time[2]
        local interval = tonumber(ARGV[2])
        local empty = now + ARGV[1] * interval
        local known = tonumber(redis.call('GET', KEYS[1]) or now)
        if known > empty then
            known = empty
            redis.call('SET', KEYS[1], string.format('%.3f', known), 'PX', math.ceil((known - now) / 1000))
        end
        local full = math.max(known, now) + interval
        local wait = full - empty
        if wait > 0 then return math.ceil(wait) end
        local left = math.ceil((full - now) / 1000)
        redis.call('SET', KEYS[1], string.format('%.3f', full), 'PX', left)
        return 0",
    )
});

#[async_trait]
impl<C: Connection> RateLimiter for RedisTokenBucket<C> {
    async fn acquire(&self, key: &str) -> Result<(), RateLimitError> {
        let name = bucket_name(self.capacity, self.interval);
        let mut script = TAKE.key(self.server.key(&format!("rate:{name}:{key}")));
        script.arg(self.capacity).arg(self.interval);
        let wait: u64 = self
            .server
            .ask(async |mut connection| script.invoke_async(&mut connection).await)
            .await?;
        match wait {
            0 => Ok(()),
            micros => Err(RateLimitError::Limited {
                retry_after: Duration::from_micros(micros),
            }),
        }
    }
}
