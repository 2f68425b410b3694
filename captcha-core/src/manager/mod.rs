//! Self-hosted captchas: issue, draw, verify, discard, and exchange for a pass token.

mod builder;
mod draw;
mod error;
mod issue;
mod pass_token;
mod purge;
mod verifier;
mod verify;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use builder::CaptchaManagerBuilder;
pub use error::{CaptchaError, ChallengeError};
pub use issue::Issued;
pub use pass_token::Exchange;
pub use purge::PurgeTask;
pub use verifier::{ANSWER_FIELD, ID_FIELD};
pub use verify::AnswerOutcome;

use crate::challenge::{ChallengeFactory, ChallengeId};
use crate::i18n::PromptTranslator;
use crate::metrics::MetricsSink;
use crate::rate_limit::RateLimiter;
use crate::render::Renderer;
use crate::storage::Storage;
use crate::verify::FailMode;

/// Joins a challenge factory, renderers, a storage and a rate limiter.
///
/// It is a [`Verifier`](crate::verify::Verifier) for the pass tokens it hands out and for an id
/// and an answer sent together, so a form works with and without JavaScript.
///
/// Cheap to clone; clones are one manager.
///
/// ```
/// # #[cfg(feature = "image")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use captcha_core::manager::{AnswerOutcome, CaptchaManager};
/// use captcha_core::storage::MemoryStorage;
///
/// let manager = CaptchaManager::builder(MemoryStorage::new()).build()?;
/// let issued = manager.issue("192.0.2.7").await?;
/// assert!(issued.picture().is_some_and(|picture| picture.bytes.starts_with(b"\x89PNG")));
///
/// match manager.verify(issued.id().as_str(), "no idea").await? {
///     AnswerOutcome::Right => println!("welcome"),
///     AnswerOutcome::Wrong { attempts_left } => assert_eq!(attempts_left, 2),
/// }
/// # Ok(()) }) }
/// # #[cfg(not(feature = "image"))]
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct CaptchaManager {
    inner: Arc<Inner>,
}

struct Inner {
    factory: Arc<dyn ChallengeFactory>,
    renderers: Vec<Arc<dyn Renderer>>,
    storage: Arc<dyn Storage>,
    limiter: Arc<dyn RateLimiter>,
    translator: Arc<dyn PromptTranslator>,
    metrics: Arc<dyn MetricsSink>,
    ttl: Duration,
    pass_ttl: Duration,
    max_attempts: u32,
    max_renders: u32,
    fail_mode: FailMode,
}

impl CaptchaManager {
    /// Sets up a manager on this storage.
    ///
    /// A [`MemoryStorage`](crate::storage::MemoryStorage) serves one process; nodes that share
    /// visitors have to share a storage.
    pub fn builder(storage: impl Storage + 'static) -> CaptchaManagerBuilder {
        CaptchaManagerBuilder::new(storage)
    }

    /// Forgets a challenge without an answer, for example when a visitor asks for another one.
    ///
    /// Unknown and malformed ids are nothing to forget, and no error.
    ///
    /// # Errors
    ///
    /// [`CaptchaError::Storage`].
    pub async fn discard(&self, id: &str) -> Result<(), CaptchaError> {
        if let Some(id) = ChallengeId::parse(id) {
            self.inner.storage.consume(&id.key()).await?;
        }
        Ok(())
    }

    /// For how long a challenge can be answered.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        self.inner.ttl
    }

    /// For how long a pass token can be spent.
    #[must_use]
    pub fn pass_ttl(&self) -> Duration {
        self.inner.pass_ttl
    }

    /// The renderers, in the order they were added.
    #[must_use]
    pub fn renderers(&self) -> &[Arc<dyn Renderer>] {
        &self.inner.renderers
    }
}

impl fmt::Debug for CaptchaManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaptchaManager")
            .field("ttl", &self.inner.ttl)
            .field("max_attempts", &self.inner.max_attempts)
            .finish_non_exhaustive()
    }
}
