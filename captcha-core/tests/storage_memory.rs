//! The storage suite on `MemoryStorage`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use captcha_core::storage::{MemoryStorage, Storage};
use captcha_testkit::ManualClock;
use captcha_testkit::storage::StorageFixture;

struct Memory {
    clock: ManualClock,
    shared: MemoryStorage,
}

impl Memory {
    fn new() -> Self {
        let clock = ManualClock::new();
        let shared = MemoryStorage::builder().clock(clock.clone()).build();
        Self { clock, shared }
    }
}

#[async_trait]
impl StorageFixture for Memory {
    async fn storage(&self) -> Arc<dyn Storage> {
        Arc::new(self.shared.clone())
    }

    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    async fn bounded(&self, capacity: usize) -> Option<Arc<dyn Storage>> {
        let storage = MemoryStorage::builder()
            .clock(self.clock.clone())
            .capacity(capacity);
        Some(Arc::new(storage.build()))
    }

    fn clock(&self) -> Option<ManualClock> {
        Some(self.clock.clone())
    }
}

captcha_testkit::storage_suite!(Memory::new());

/// The same suite behind a forwarding pointer, which has to keep every property.
mod forwarded {
    use super::*;

    struct Forwarded(Memory);

    #[async_trait]
    impl StorageFixture for Forwarded {
        async fn storage(&self) -> Arc<dyn Storage> {
            Arc::new(Box::new(self.0.storage().await))
        }

        async fn pass(&self, time: Duration) {
            self.0.pass(time).await;
        }

        async fn bounded(&self, capacity: usize) -> Option<Arc<dyn Storage>> {
            let storage = self.0.bounded(capacity).await?;
            Some(Arc::new(Box::new(storage)))
        }

        fn clock(&self) -> Option<ManualClock> {
            self.0.clock()
        }
    }

    captcha_testkit::storage_suite!(Forwarded(Memory::new()));
}

/// Whatever else has expired, what has expired of pass tokens makes room for pass tokens.
#[tokio::test]
async fn expired_records_of_one_space_make_room_in_it() {
    use captcha_core::manager::{CaptchaManager, Exchange};
    use captcha_testkit::KnownAnswer;

    const ANSWER: &str = "XK7QW";
    let clock = ManualClock::new();
    let storage = MemoryStorage::builder().clock(clock.clone()).capacity(40);
    let manager = CaptchaManager::builder(storage.build())
        .factory(KnownAnswer(ANSWER))
        .pass_ttl(Duration::from_secs(200))
        .build()
        .unwrap();
    let issue = async || {
        let issued = manager.issue_undrawn("key", "").await.unwrap();
        issued.id().as_str().to_owned()
    };
    let solve = async || {
        let exchanged = manager.exchange(&issue().await, ANSWER).await;
        matches!(exchanged, Ok(Exchange::Token(_)))
    };
    for _ in 0..3 {
        for _ in 0..40 {
            assert!(solve().await);
        }
        clock.advance(Duration::from_secs(60));
        for _ in 0..40 {
            issue().await;
        }
        clock.advance(Duration::from_secs(141));
        // All of both have expired, and the challenges first.
        assert!(solve().await);
        clock.advance(Duration::from_secs(1_000));
    }
}
