//! Events of a manager.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use captcha_core::manager::{CaptchaManager, CaptchaManagerBuilder};
use captcha_core::metrics::{Event, MetricsSink};
use captcha_core::rate_limit::TokenBucketRateLimiter;
use captcha_core::storage::MemoryStorage;
use captcha_testkit::{KnownAnswer, ManualClock};

/// The names of the events since the last look.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl MetricsSink for Seen {
    fn record(&self, event: &Event) {
        let name = format!("{event:?}");
        let name = name.split(' ').next().unwrap().to_owned();
        self.0.lock().unwrap().push(name);
    }
}

impl Seen {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

fn builder(storage: MemoryStorage, seen: &Seen) -> CaptchaManagerBuilder {
    CaptchaManager::builder(storage)
        .factory(KnownAnswer("SESAME"))
        .metrics(seen.clone())
}

#[tokio::test]
async fn every_turn_of_a_challenge_is_an_event() {
    let (seen, clock) = (Seen::default(), ManualClock::new());
    let storage = MemoryStorage::builder()
        .clock(clock.clone())
        .capacity(2)
        .build();
    let limiter = TokenBucketRateLimiter::new(4, 0.001).unwrap();
    let manager = builder(storage, &seen)
        .max_attempts(2)
        .rate_limiter(limiter)
        .build()
        .unwrap();
    let id = manager
        .issue_undrawn("ada", "")
        .await
        .unwrap()
        .id()
        .to_string();
    assert_eq!(seen.take(), ["Issued"]);
    let _ = manager.verify(&id, "wrong").await;
    assert_eq!(seen.take(), ["WrongAnswer"]);
    let _ = manager.verify(&id, "sesame").await;
    assert_eq!(seen.take(), ["Verified"]);
    let _ = manager.verify(&id, "sesame").await;
    let _ = manager.verify("no id", "sesame").await;
    assert_eq!(seen.take(), ["NotFound", "NotFound"]);

    let id = manager
        .issue_undrawn("ada", "")
        .await
        .unwrap()
        .id()
        .to_string();
    let _ = manager.verify(&id, "wrong").await;
    let _ = manager.verify(&id, "wrong").await;
    assert_eq!(
        seen.take(),
        ["Issued", "WrongAnswer", "WrongAnswer", "TooManyAttempts"]
    );

    let id = manager
        .issue_undrawn("ada", "")
        .await
        .unwrap()
        .id()
        .to_string();
    clock.advance(Duration::from_secs(121));
    let _ = manager.verify(&id, "sesame").await;
    assert_eq!(seen.take(), ["Issued", "Expired"]);

    let _ = manager.issue_undrawn("ada", "").await.unwrap();
    let _ = manager.issue_undrawn("ada", "").await.unwrap_err();
    assert_eq!(seen.take(), ["Issued", "RateLimited"]);
    let _ = manager.issue_undrawn("bob", "").await.unwrap();
    let _ = manager.issue_undrawn("bob", "").await.unwrap_err();
    assert_eq!(seen.take(), ["Issued", "StorageError"], "full");
}

#[tokio::test(start_paused = true)]
async fn a_purge_task_removes_what_has_expired() {
    let (seen, clock) = (Seen::default(), ManualClock::new());
    let storage = MemoryStorage::builder().clock(clock.clone()).build();
    let manager = builder(storage.clone(), &seen).build().unwrap();
    let purge = manager.spawn_purge(Duration::from_secs(60));
    for _ in 0..2_500 {
        let _ = manager.issue_undrawn("ada", "").await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(storage.len(), 2_500, "nothing has expired");
    clock.advance(Duration::from_secs(121));
    seen.take();
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(storage.len(), 0);
    assert_eq!(seen.take(), ["Evicted"; 10], "in batches");
    // The task ends with its handle.
    let _ = manager.issue_undrawn("ada", "").await.unwrap();
    drop(purge);
    clock.advance(Duration::from_secs(121));
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(storage.len(), 1);
}

#[cfg(feature = "metrics")]
#[tokio::test]
async fn the_facade_counts_by_outcome() {
    use captcha_core::metrics::MetricsFacade;

    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).unwrap();
    let manager = CaptchaManager::builder(MemoryStorage::new())
        .factory(KnownAnswer("SESAME"))
        .metrics(MetricsFacade::new())
        .build()
        .unwrap();
    let id = manager
        .issue_undrawn("ada", "")
        .await
        .unwrap()
        .id()
        .to_string();
    let _ = manager.verify(&id, "wrong").await;
    let _ = manager.verify(&id, "sesame").await;
    let _ = manager.verify(&id, "sesame").await;
    let text = handle.render();
    for line in [
        "captcha_challenges_issued_total 1",
        "captcha_verifications_total{outcome=\"right\"} 1",
        "captcha_verifications_total{outcome=\"wrong\"} 1",
        "captcha_verifications_total{outcome=\"not_found\"} 1",
        "captcha_verification_seconds_count{outcome=\"right\"} 1",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains(&id));
}
