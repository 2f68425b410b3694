use async_trait::async_trait;

use super::{RateLimitError, RateLimiter};

/// Lets everyone through. The default.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoOpRateLimiter;

#[async_trait]
impl RateLimiter for NoOpRateLimiter {
    async fn acquire(&self, _key: &str) -> Result<(), RateLimitError> {
        Ok(())
    }
}
