//! The limiters. Time is moved by hand.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::sync::Arc;
use std::time::Duration;

use captcha_core::rate_limit::{
    NoOpRateLimiter, RateLimitError, RateLimiter, TokenBucketRateLimiter,
};
use captcha_testkit::ManualClock;
use proptest::prelude::*;

fn limiter(capacity: u32, rate: f64, clock: &ManualClock) -> TokenBucketRateLimiter {
    let builder = TokenBucketRateLimiter::builder(capacity, rate);
    builder.clock(clock.clone()).build().unwrap()
}

/// `None` when a permit was given, otherwise when to come back.
async fn refused(limiter: &impl RateLimiter, key: &str) -> Option<Duration> {
    match limiter.acquire(key).await {
        Ok(()) => None,
        Err(RateLimitError::Limited { retry_after }) => Some(retry_after),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_full_bucket_and_then_the_rate() {
    let clock = ManualClock::new();
    let limiter = limiter(3, 0.5, &clock);
    for _ in 0..3 {
        assert_eq!(refused(&limiter, "ada").await, None);
    }
    assert_eq!(refused(&limiter, "ada").await, Some(Duration::from_secs(2)));
    assert_eq!(refused(&limiter, "bob").await, None, "another key");
    clock.advance(Duration::from_millis(1999));
    assert_eq!(
        refused(&limiter, "ada").await,
        Some(Duration::from_millis(1))
    );
    clock.advance(Duration::from_millis(1));
    assert_eq!(refused(&limiter, "ada").await, None);
    assert!(refused(&limiter, "ada").await.is_some());
    // An idle key's bucket is full again, and not fuller.
    clock.advance(Duration::from_secs(3600));
    for _ in 0..3 {
        assert_eq!(refused(&limiter, "ada").await, None);
    }
    assert!(refused(&limiter, "ada").await.is_some());
}

#[tokio::test]
async fn a_clock_that_is_set_back_locks_nobody_out() {
    let clock = ManualClock::new();
    let limiter = limiter(2, 1.0, &clock);
    assert_eq!(refused(&limiter, "ada").await, None);
    clock.set_back(Duration::from_secs(3600));
    // The default clock cannot be set back; one of the user's own may.
    let wait = refused(&limiter, "ada").await;
    clock.advance(Duration::from_secs(3602));
    assert_eq!(refused(&limiter, "ada").await, None, "{wait:?}");
}

#[tokio::test]
async fn atk_35_memory_is_bounded_whoever_asks() {
    let clock = ManualClock::new();
    let builder = TokenBucketRateLimiter::builder(1, 1.0);
    let limiter = builder.max_keys(1000).clock(clock).build().unwrap();
    assert!(limiter.is_empty());
    for key in 0..100_000 {
        let _ = limiter.acquire(&format!("2001:db8:{key:x}::/64")).await;
    }
    assert_eq!(limiter.len(), 1000);
    // The last ones are remembered, and limited.
    assert!(
        refused(&limiter, &format!("2001:db8:{:x}::/64", 99_999))
            .await
            .is_some()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_callers_get_no_more_than_there_is() {
    let limiter = Arc::new(limiter(50, 1.0, &ManualClock::new()));
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..400 {
        let limiter = Arc::clone(&limiter);
        asking.spawn(async move { limiter.acquire("ada").await.is_ok() });
    }
    let given = asking
        .join_all()
        .await
        .into_iter()
        .filter(|given| *given)
        .count();
    assert_eq!(given, 50);
}

#[tokio::test]
async fn everybody_passes_without_a_limit() {
    for _ in 0..1000 {
        assert_eq!(refused(&NoOpRateLimiter, "ada").await, None);
    }
}

#[test]
fn settings_that_cannot_work_are_named() {
    for (capacity, rate, setting) in [
        (0, 1.0, "capacity"),
        (1_000_001, 1.0, "capacity"),
        (1, 0.0, "refill_rate"),
        (1, -1.0, "refill_rate"),
        (1, f64::NAN, "refill_rate"),
        (1, f64::INFINITY, "refill_rate"),
        (1, 1e7, "refill_rate"),
        (1, 1e-9, "refill_rate"),
    ] {
        let error = TokenBucketRateLimiter::new(capacity, rate).unwrap_err();
        assert_eq!(error.setting(), setting, "{capacity} {rate}");
    }
    let none = TokenBucketRateLimiter::builder(1, 1.0).max_keys(0).build();
    assert_eq!(none.unwrap_err().setting(), "max_keys");
    assert!(TokenBucketRateLimiter::new(1_000_000, 1.0 / 3600.0).is_ok());
}

proptest! {
    /// Refused until exactly the announced moment, and given a permit then.
    #[test]
    fn the_announced_wait_is_exact(
        capacity in 1_u32..20,
        per_minute in 1_u32..600,
        pauses in prop::collection::vec(0_u64..5_000, 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let clock = ManualClock::new();
            let limiter = limiter(capacity, f64::from(per_minute) / 60.0, &clock);
            for pause in pauses {
                clock.advance(Duration::from_millis(pause));
                let Some(wait) = refused(&limiter, "ada").await else {
                    continue;
                };
                let whole = Duration::from_millis(u64::try_from(wait.as_millis()).unwrap());
                if !whole.is_zero() && whole == wait {
                    clock.advance(whole - Duration::from_millis(1));
                    assert!(refused(&limiter, "ada").await.is_some());
                    clock.advance(Duration::from_millis(1));
                } else {
                    clock.advance(whole + Duration::from_millis(1));
                }
                assert_eq!(refused(&limiter, "ada").await, None);
            }
        });
    }
}
