use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use captcha_core::rate_limit::{RateLimitError, RateLimiter};

/// A rate limiter that lets nobody through, names a wait, and remembers whom it was asked about.
/// Clones are one limiter.
#[derive(Debug, Clone)]
pub struct StubLimiter {
    retry_after: Duration,
    keys: Arc<Mutex<Vec<String>>>,
}

impl StubLimiter {
    /// A limiter that names this wait.
    #[must_use]
    pub fn new(retry_after: Duration) -> Self {
        Self {
            retry_after,
            keys: Arc::default(),
        }
    }

    /// The keys it was asked about, in order.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        self.keys.lock().unwrap().clone()
    }
}

#[async_trait]
impl RateLimiter for StubLimiter {
    async fn acquire(&self, key: &str) -> Result<(), RateLimitError> {
        self.keys.lock().unwrap().push(key.to_owned());
        Err(RateLimitError::Limited {
            retry_after: self.retry_after,
        })
    }
}
