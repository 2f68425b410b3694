use std::time::Duration;

use async_trait::async_trait;
use captcha_core::rate_limit::{RateLimitError, RateLimiter};

/// A rate limiter that lets nobody through and names this wait.
#[derive(Debug, Clone, Copy)]
pub struct StubLimiter(pub Duration);

#[async_trait]
impl RateLimiter for StubLimiter {
    async fn acquire(&self, _key: &str) -> Result<(), RateLimitError> {
        Err(RateLimitError::Limited {
            retry_after: self.0,
        })
    }
}
