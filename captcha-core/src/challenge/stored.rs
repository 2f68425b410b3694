use std::fmt;

use serde::{Deserialize, Serialize};

use super::answer;
use super::{ChallengeSpec, Subject};
use crate::random::SecureRng;

/// A challenge as it is kept in storage and handed to renderers.
#[derive(Clone, Serialize, Deserialize)]
pub struct Challenge {
    #[serde(flatten)]
    spec: ChallengeSpec,
    seed: [u8; 32],
}

impl Challenge {
    pub(crate) fn new(spec: ChallengeSpec, rng: &mut SecureRng) -> Self {
        Self {
            spec,
            seed: rng.bytes(),
        }
    }

    /// What the visitor is told in plain text.
    #[must_use]
    pub fn prompt(&self) -> &str {
        &self.spec.prompt
    }

    /// What is to be drawn or spoken.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.spec.subject
    }

    /// The right answer, for renderers that speak it.
    #[must_use]
    pub fn solution(&self) -> &str {
        &self.spec.solution
    }

    /// Randomness for drawing: the same each time, so that the same challenge looks the same on
    /// every node and no second, different picture of it helps a machine.
    #[must_use]
    pub fn drawing_rng(&self) -> SecureRng {
        SecureRng::from_seed(self.seed)
    }

    /// Whether this answer is right, compared in constant time.
    #[must_use]
    pub(crate) fn check(&self, answer: &str) -> bool {
        answer::matches(answer, &self.spec.solution, self.spec.case_sensitive)
    }

    pub(crate) fn to_payload(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    pub(crate) fn from_payload(payload: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(payload)
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenge")
            .field("prompt", &self.spec.prompt)
            .finish_non_exhaustive()
    }
}
