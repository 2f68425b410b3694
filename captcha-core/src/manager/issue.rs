use std::time::Duration;

use super::{CaptchaError, CaptchaManager};
use crate::challenge::{Challenge, ChallengeContext, ChallengeId};
use crate::metrics::{Event, MetricsSink};
use crate::random::SecureRng;
use crate::render::Rendered;
use crate::storage::{Put, StorageError, StorageErrorKind};

/// A fresh challenge, as far as the visitor may know it.
#[derive(Debug, Clone)]
#[must_use]
pub struct Issued {
    id: ChallengeId,
    prompt: String,
    locale: String,
    expires_in: Duration,
    cells: usize,
    picture: Option<Rendered>,
}

impl Issued {
    /// The challenge's public name.
    #[must_use]
    pub const fn id(&self) -> &ChallengeId {
        &self.id
    }

    /// What the visitor is told in plain text.
    #[must_use]
    pub fn prompt(&self) -> &str {
        &self.prompt
    }

    /// The locale of the prompt, for example `de`.
    #[must_use]
    pub fn locale(&self) -> &str {
        &self.locale
    }

    /// For how long it can be answered.
    #[must_use]
    pub const fn expires_in(&self) -> Duration {
        self.expires_in
    }

    /// How many cells a grid has, each of which [`render_cell`](CaptchaManager::render_cell)
    /// draws; 0 for what is no grid.
    #[must_use]
    pub const fn cells(&self) -> usize {
        self.cells
    }

    /// The picture (or sound) of the first renderer; `None` after
    /// [`issue_undrawn`](CaptchaManager::issue_undrawn).
    #[must_use]
    pub const fn picture(&self) -> Option<&Rendered> {
        self.picture.as_ref()
    }
}

impl CaptchaManager {
    /// Asks the rate limiter, makes a challenge, draws it and keeps it.
    ///
    /// `key` is whom the limiter counts, typically a client address.
    ///
    /// # Errors
    ///
    /// [`CaptchaError::RateLimited`], [`CaptchaError::Storage`] (also when full), or a challenge
    /// that cannot be made or drawn.
    pub async fn issue(&self, key: &str) -> Result<Issued, CaptchaError> {
        let (challenge, mut issued) = self.create(key, "").await?;
        if let Some(renderer) = self.inner.renderers.first() {
            issued.picture = Some(renderer.render(&challenge)?);
        }
        Ok(issued)
    }

    /// [`issue`](Self::issue) without drawing, for pages that fetch the picture by its URL.
    ///
    /// `languages` is what the visitor's `Accept-Language` says, or empty.
    ///
    /// # Errors
    ///
    /// As [`issue`](Self::issue).
    pub async fn issue_undrawn(&self, key: &str, languages: &str) -> Result<Issued, CaptchaError> {
        let (_, issued) = self.create(key, languages).await?;
        Ok(issued)
    }

    async fn create(
        &self,
        key: &str,
        languages: &str,
    ) -> Result<(Challenge, Issued), CaptchaError> {
        let created = self.create_unseen(key, languages).await;
        match &created {
            Ok(_) => self.inner.metrics.record(&Event::Issued),
            Err(CaptchaError::RateLimited { .. }) => {
                self.inner.metrics.record(&Event::RateLimited);
            }
            Err(CaptchaError::Storage(_)) => self.inner.metrics.record(&Event::StorageError),
            Err(_) => {}
        }
        created
    }

    async fn create_unseen(
        &self,
        key: &str,
        languages: &str,
    ) -> Result<(Challenge, Issued), CaptchaError> {
        let inner = &*self.inner;
        inner.limiter.acquire(key).await?;
        let locale = inner.translator.negotiate(languages);
        let context = ChallengeContext::new(locale, &*inner.translator);
        let mut rng = SecureRng::from_os()?;
        let spec = inner.factory.create(&context, &mut rng)?;
        let challenge = Challenge::new(spec, &mut rng);
        for renderer in &inner.renderers {
            renderer.check(&challenge)?;
        }
        let payload = challenge.to_payload().map_err(corrupt)?;
        let id = ChallengeId::random(&mut rng);
        let key = id.key();
        if inner.storage.put_new(&key, &payload, inner.ttl).await? == Put::Exists {
            return Err(taken().into());
        }
        let issued = Issued {
            id,
            prompt: challenge.prompt().to_owned(),
            locale: locale.to_owned(),
            expires_in: inner.ttl,
            cells: challenge.subject().cells(),
            picture: None,
        };
        Ok((challenge, issued))
    }
}

/// What went wrong, without a byte of the record.
pub(super) fn corrupt(error: postcard::Error) -> StorageError {
    StorageError::new(StorageErrorKind::Corrupt).with_source(error)
}

/// Of 132 random bits none is drawn twice; a storage that says so is not to be trusted.
pub(super) fn taken() -> StorageError {
    StorageError::new(StorageErrorKind::Corrupt).with_source("a fresh random key was taken")
}
