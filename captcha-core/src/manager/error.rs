use std::time::Duration;

use thiserror::Error;

use crate::challenge::FactoryError;
use crate::random::RandomError;
use crate::rate_limit::RateLimitError;
use crate::render::RenderError;
use crate::storage::StorageError;

/// Why the manager could not do what it was asked.
///
/// A wrong answer is not in here: it is
/// [`AnswerOutcome::Wrong`](super::AnswerOutcome::Wrong).
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CaptchaError {
    /// This one challenge cannot be used.
    #[error(transparent)]
    Challenge(#[from] ChallengeError),
    /// This key asked for too many challenges.
    #[error("rate limited")]
    RateLimited {
        /// When the next challenge can be had.
        retry_after: Duration,
    },
    /// The storage failed or is full.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No renderer for the format, or it cannot draw the challenge.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The factory made no challenge.
    #[error(transparent)]
    Factory(#[from] FactoryError),
    /// The operating system gave no randomness.
    #[error(transparent)]
    Random(#[from] RandomError),
}

/// Why one challenge cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChallengeError {
    /// Never issued, answered already, discarded, or forgotten after expiry.
    #[error("no such challenge")]
    NotFound,
    /// Its time has passed.
    #[error("the challenge has expired")]
    Expired,
    /// The last wrong answer was given; the challenge is gone.
    #[error("too many wrong answers")]
    TooManyAttempts,
    /// It was drawn as often as is allowed.
    #[error("the challenge was shown too often")]
    TooManyRenders,
}

impl From<RateLimitError> for CaptchaError {
    fn from(error: RateLimitError) -> Self {
        match error {
            RateLimitError::Limited { retry_after } => Self::RateLimited { retry_after },
            RateLimitError::Storage(error) => Self::Storage(error),
        }
    }
}
