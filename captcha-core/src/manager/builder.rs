use std::sync::Arc;
use std::time::Duration;

use super::{CaptchaManager, Inner};
use crate::ConfigError;
use crate::challenge::{ChallengeFactory, TextChallengeFactory};
use crate::i18n::{DefaultTranslator, PromptTranslator};
use crate::metrics::{MetricsSink, NoOpMetrics};
use crate::rate_limit::{NoOpRateLimiter, RateLimiter};
use crate::render::Renderer;
use crate::storage::Storage;
use crate::verify::FailMode;

/// Sets up a [`CaptchaManager`]. Made by [`CaptchaManager::builder`].
#[must_use = "a builder does nothing until it is built"]
pub struct CaptchaManagerBuilder {
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

impl CaptchaManagerBuilder {
    pub(super) fn new(storage: impl Storage + 'static) -> Self {
        Self {
            factory: Arc::new(TextChallengeFactory::new()),
            renderers: Vec::new(),
            storage: Arc::new(storage),
            limiter: Arc::new(NoOpRateLimiter),
            translator: Arc::new(DefaultTranslator::new()),
            metrics: Arc::new(NoOpMetrics),
            ttl: Duration::from_secs(120),
            pass_ttl: Duration::from_secs(300),
            max_attempts: 3,
            max_renders: 10,
            fail_mode: FailMode::Closed,
        }
    }

    /// What makes the challenges. Default [`TextChallengeFactory::new`].
    pub fn factory(mut self, factory: impl ChallengeFactory + 'static) -> Self {
        self.factory = Arc::new(factory);
        self
    }

    /// Adds a renderer; the first one draws what `issue` returns. Without any, and with the
    /// feature `image`, there is one `ImageRenderer`.
    pub fn renderer(mut self, renderer: impl Renderer + 'static) -> Self {
        self.renderers.push(Arc::new(renderer));
        self
    }

    /// How often one key may ask for a challenge. Default: as often as it likes.
    pub fn rate_limiter(mut self, limiter: impl RateLimiter + 'static) -> Self {
        self.limiter = Arc::new(limiter);
        self
    }

    /// The prompts. Default [`DefaultTranslator::new`], in six languages.
    pub fn translator(mut self, translator: impl PromptTranslator + 'static) -> Self {
        self.translator = Arc::new(translator);
        self
    }

    /// Where events are counted. Default nowhere.
    pub fn metrics(mut self, sink: impl MetricsSink + 'static) -> Self {
        self.metrics = Arc::new(sink);
        self
    }

    /// For how long a challenge can be answered. Default 120 seconds; 1 second to 1 day.
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// For how long a pass token can be spent. Default 300 seconds; 1 second to 1 day.
    pub const fn pass_ttl(mut self, ttl: Duration) -> Self {
        self.pass_ttl = ttl;
        self
    }

    /// How many answers to one challenge are looked at. Default 3, at least 1.
    pub const fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// How often one challenge is drawn. Default 10, at least 1. The cells of a grid are
    /// drawn so often each, and count for the whole.
    pub const fn max_renders(mut self, renders: u32) -> Self {
        self.max_renders = renders;
        self
    }

    /// Whether visitors pass while the storage is unavailable. Default
    /// [`FailMode::Closed`].
    pub const fn fail_mode(mut self, mode: FailMode) -> Self {
        self.fail_mode = mode;
        self
    }

    /// Checks the settings and makes the manager.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the setting that cannot work.
    pub fn build(self) -> Result<CaptchaManager, ConfigError> {
        let range = Duration::from_secs(1)..=Duration::from_secs(86_400);
        if !range.contains(&self.ttl) {
            return Err(ConfigError::new("ttl", "must be 1 second to 1 day"));
        }
        if !range.contains(&self.pass_ttl) {
            return Err(ConfigError::new("pass_ttl", "must be 1 second to 1 day"));
        }
        if self.max_attempts == 0 {
            return Err(ConfigError::new("max_attempts", "must be at least 1"));
        }
        if self.max_renders == 0 {
            return Err(ConfigError::new("max_renders", "must be at least 1"));
        }
        let renderers = if self.renderers.is_empty() {
            default_renderers()
        } else {
            self.renderers
        };
        if renderers.is_empty() {
            return Err(ConfigError::new("renderer", "is missing"));
        }
        Ok(CaptchaManager {
            inner: Arc::new(Inner {
                factory: self.factory,
                renderers,
                storage: self.storage,
                limiter: self.limiter,
                translator: self.translator,
                metrics: self.metrics,
                ttl: self.ttl,
                pass_ttl: self.pass_ttl,
                max_attempts: self.max_attempts,
                max_renders: self.max_renders,
                fail_mode: self.fail_mode,
            }),
        })
    }
}

#[cfg(feature = "image")]
fn default_renderers() -> Vec<Arc<dyn Renderer>> {
    vec![Arc::new(crate::render::ImageRenderer::new())]
}

#[cfg(not(feature = "image"))]
const fn default_renderers() -> Vec<Arc<dyn Renderer>> {
    Vec::new()
}

impl std::fmt::Debug for CaptchaManagerBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CaptchaManagerBuilder")
            .finish_non_exhaustive()
    }
}
