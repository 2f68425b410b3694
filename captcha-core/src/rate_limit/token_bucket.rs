use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota, RateLimiter as Governor};
use lru::LruCache;

use super::{RateLimitError, RateLimiter, check_rate};
use crate::ConfigError;
use crate::clock::{Clock, MonotonicClock};

/// A bucket of permits for each key, in this process.
///
/// A key starts with a full bucket of `capacity` permits, and `refill_rate` permits a second are
/// put back. For one process: ten nodes allow ten times as much.
///
/// It remembers 100,000 keys unless told otherwise, about 15 MB. Past that it forgets the one that
/// has not asked for the longest time, whose bucket is the fullest; whoever has more keys than
/// that (addresses, networks) is not limited by counting keys anyway.
///
/// ```
/// use captcha_core::rate_limit::TokenBucketRateLimiter;
///
/// # fn main() -> Result<(), captcha_core::ConfigError> {
/// // Ten at once, then one every two seconds.
/// let limiter = TokenBucketRateLimiter::new(10, 0.5)?;
/// # Ok(()) }
/// ```
pub struct TokenBucketRateLimiter {
    governor: Governor<Box<str>, Buckets, Time, NoOpMiddleware<Nanos>>,
    buckets: Buckets,
}

/// Sets up a [`TokenBucketRateLimiter`].
#[must_use = "a builder does nothing until it is built"]
pub struct TokenBucketRateLimiterBuilder {
    capacity: u32,
    refill_rate: f64,
    max_keys: usize,
    clock: Arc<dyn Clock>,
}

impl TokenBucketRateLimiter {
    /// A limiter with this many permits in a full bucket, and this many more each second.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] unless the capacity is 1 to 1,000,000 and the rate between one an hour and
    /// a million a second.
    pub fn new(capacity: u32, refill_rate: f64) -> Result<Self, ConfigError> {
        Self::builder(capacity, refill_rate).build()
    }

    /// A limiter whose memory and clock are set, too.
    pub fn builder(capacity: u32, refill_rate: f64) -> TokenBucketRateLimiterBuilder {
        TokenBucketRateLimiterBuilder {
            capacity,
            refill_rate,
            max_keys: 100_000,
            clock: Arc::new(MonotonicClock::start()),
        }
    }

    /// How many keys it remembers.
    #[must_use]
    pub fn len(&self) -> usize {
        let buckets = self.buckets.0.lock();
        buckets.unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether it remembers no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl TokenBucketRateLimiterBuilder {
    /// How many keys are remembered. Default 100,000; at least 1.
    pub const fn max_keys(mut self, keys: usize) -> Self {
        self.max_keys = keys;
        self
    }

    /// The clock that refills the buckets. Default [`MonotonicClock`].
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Checks the settings and makes the limiter.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the setting that cannot work.
    pub fn build(self) -> Result<TokenBucketRateLimiter, ConfigError> {
        let capacity = check_rate(self.capacity, self.refill_rate)?;
        let Some(max_keys) = NonZeroUsize::new(self.max_keys) else {
            return Err(ConfigError::new("max_keys", "must be at least 1"));
        };
        let period = Duration::from_secs_f64(1.0 / self.refill_rate);
        let Some(quota) = Quota::with_period(period) else {
            return Err(ConfigError::new("refill_rate", "is too fast"));
        };
        let buckets = Buckets(Arc::new(Mutex::new(LruCache::new(max_keys))));
        let governor = Governor::new(
            quota.allow_burst(capacity),
            buckets.clone(),
            Time(self.clock),
        );
        Ok(TokenBucketRateLimiter { governor, buckets })
    }
}

#[async_trait]
impl RateLimiter for TokenBucketRateLimiter {
    async fn acquire(&self, key: &str) -> Result<(), RateLimitError> {
        let outcome = self.governor.check_key(&key.into());
        outcome.map_err(|not_until| RateLimitError::Limited {
            retry_after: not_until.wait_time_from(self.governor.clock().now()),
        })
    }
}

/// When each key's bucket will be full again, least recently asked first to go.
#[derive(Clone)]
struct Buckets(Arc<Mutex<LruCache<Box<str>, Nanos>>>);

impl StateStore for Buckets {
    type Key = Box<str>;

    fn measure_and_replace<T, F, E>(&self, key: &Box<str>, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        // One assignment under the lock: a state is whole even after a panic.
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = buckets.get(key).copied();
        let (decided, full_at) = decide(known)?;
        buckets.put(key.clone(), full_at);
        Ok(decided)
    }
}

/// Our clock, as the library reads one.
#[derive(Clone)]
struct Time(Arc<dyn Clock>);

impl governor::clock::Clock for Time {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::from(Duration::from_millis(self.0.now_millis()))
    }
}

impl fmt::Debug for TokenBucketRateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenBucketRateLimiter")
            .field("keys", &self.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for TokenBucketRateLimiterBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenBucketRateLimiterBuilder")
            .field("capacity", &self.capacity)
            .field("refill_rate", &self.refill_rate)
            .field("max_keys", &self.max_keys)
            .finish_non_exhaustive()
    }
}
