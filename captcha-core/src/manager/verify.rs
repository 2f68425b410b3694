use std::time::Instant;

use super::issue::corrupt;
use super::{CaptchaError, CaptchaManager, ChallengeError};
use crate::challenge::{Challenge, ChallengeId};
use crate::metrics::{Event, MetricsSink};
use crate::storage::{Counter, Lookup};

/// What an answer was worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "an outcome that nobody looks at protects nothing"]
pub enum AnswerOutcome {
    /// The answer is right, and the challenge is gone.
    Right,
    /// The answer is wrong, and the challenge can be answered again.
    Wrong {
        /// How many more answers are looked at; at least 1.
        attempts_left: u32,
    },
}

impl CaptchaManager {
    /// Checks an answer. A right one passes exactly once, on any number of nodes.
    ///
    /// # Errors
    ///
    /// [`CaptchaError::Challenge`] when the challenge is unknown, expired or out of tries (which
    /// is what the last wrong answer gets), [`CaptchaError::Storage`] when the storage fails.
    pub async fn verify(&self, id: &str, answer: &str) -> Result<AnswerOutcome, CaptchaError> {
        let started = Instant::now();
        let outcome = self.check(id, answer).await;
        let duration = started.elapsed();
        let wrong = Event::WrongAnswer { duration };
        let metrics = &self.inner.metrics;
        match &outcome {
            Ok(AnswerOutcome::Right) => metrics.record(&Event::Verified { duration }),
            Ok(AnswerOutcome::Wrong { .. }) => metrics.record(&wrong),
            Err(CaptchaError::Challenge(ChallengeError::Expired)) => {
                metrics.record(&Event::Expired);
            }
            Err(CaptchaError::Challenge(ChallengeError::TooManyAttempts)) => {
                metrics.record(&wrong);
                metrics.record(&Event::TooManyAttempts);
            }
            Err(CaptchaError::Challenge(_)) => metrics.record(&Event::NotFound),
            Err(_) => metrics.record(&Event::StorageError),
        }
        outcome
    }

    async fn check(&self, id: &str, answer: &str) -> Result<AnswerOutcome, CaptchaError> {
        let key = ChallengeId::parse(id)
            .ok_or(ChallengeError::NotFound)?
            .key();
        let storage = &self.inner.storage;
        // Counting comes first: answers sent all at once cannot outrun the limit.
        let stored = match storage.hit(&key, Counter::Answers).await? {
            Lookup::Live(stored) => stored,
            Lookup::Expired => return Err(ChallengeError::Expired.into()),
            Lookup::Absent => return Err(ChallengeError::NotFound.into()),
        };
        let attempts_left = self.inner.max_attempts.checked_sub(stored.answers);
        // An answer past the limit is not looked at, and leaves the challenge to those that are:
        // removing it here could take it from a right answer that came first.
        let attempts_left = attempts_left.ok_or(ChallengeError::TooManyAttempts)?;
        let challenge = Challenge::from_payload(&stored.payload).map_err(corrupt)?;
        if challenge.check(answer) {
            // Of several right answers only the one that removes the challenge passes.
            return if storage.consume(&key).await? {
                Ok(AnswerOutcome::Right)
            } else {
                Err(ChallengeError::NotFound.into())
            };
        }
        if attempts_left == 0 {
            storage.consume(&key).await?;
            return Err(ChallengeError::TooManyAttempts.into());
        }
        Ok(AnswerOutcome::Wrong { attempts_left })
    }
}
