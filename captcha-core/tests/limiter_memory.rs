//! The limiter suite on `TokenBucketRateLimiter`.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use captcha_core::rate_limit::{RateLimiter, TokenBucketRateLimiter};
use captcha_testkit::ManualClock;
use captcha_testkit::rate_limit::LimiterFixture;
use tokio::sync::OnceCell;

#[derive(Default)]
struct Memory {
    clock: ManualClock,
    shared: OnceCell<Arc<dyn RateLimiter>>,
}

#[async_trait]
impl LimiterFixture for Memory {
    async fn limiter(&self, capacity: u32, refill_rate: f64) -> Arc<dyn RateLimiter> {
        let made = self.shared.get_or_init(async || {
            let builder = TokenBucketRateLimiter::builder(capacity, refill_rate);
            let limiter = builder.clock(self.clock.clone()).build().unwrap();
            Arc::new(limiter) as Arc<dyn RateLimiter>
        });
        Arc::clone(made.await)
    }

    async fn pass(&self, time: Duration) {
        // The clock counts whole milliseconds.
        let millis = time.as_nanos().div_ceil(1_000_000);
        self.clock
            .advance(Duration::from_millis(u64::try_from(millis).unwrap()));
    }

    fn stands_still(&self) -> bool {
        true
    }
}

captcha_testkit::limiter_suite!(Memory::default());
