use std::fmt;

use serde::{Deserialize, Serialize};

use super::answer;
use super::{ChallengeSpec, Subject};
use crate::random::SecureRng;

/// A challenge as it is kept in storage and handed to renderers.
#[derive(Clone, Serialize, Deserialize)]
pub struct Challenge {
    spec: ChallengeSpec,
    /// 128 random bits.
    seed: [u8; 16],
}

/// The first byte of a record, so that nodes of another version tell that they cannot read it.
const VERSION: u8 = 1;

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
        self.rng_for(0, 0)
    }

    /// Randomness for a part of the drawing that must not have numbers in common with another.
    pub(crate) fn rng_for(&self, purpose: u8, number: u8) -> SecureRng {
        let mut seed = [0; 32];
        let bytes = self.seed.into_iter().chain([purpose, number]);
        seed.iter_mut().zip(bytes).for_each(|(to, byte)| *to = byte);
        SecureRng::from_seed(seed)
    }

    /// Whether this answer is right, compared in constant time.
    #[must_use]
    pub(crate) fn check(&self, answer: &str) -> bool {
        answer::matches(answer, &self.spec.solution, self.spec.case_sensitive)
    }

    /// The record, in few bytes: the format is `postcard`'s behind a version.
    pub(crate) fn to_payload(&self) -> Result<Vec<u8>, postcard::Error> {
        let mut payload = Vec::with_capacity(128);
        payload.push(VERSION);
        postcard::to_extend(self, payload)
    }

    pub(crate) fn from_payload(payload: &[u8]) -> Result<Self, postcard::Error> {
        match payload {
            [VERSION, challenge @ ..] => match postcard::take_from_bytes(challenge)? {
                (challenge, []) => Ok(challenge),
                _ => Err(postcard::Error::DeserializeBadEncoding),
            },
            _ => Err(postcard::Error::DeserializeBadEncoding),
        }
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenge")
            .field("prompt", &self.spec.prompt)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn atk_29_drawing_has_randomness_of_its_own() {
        let mut rng = SecureRng::from_seed([3; 32]);
        let mut make = || Challenge::new(ChallengeSpec::text("", "AB34C", "AB34C"), &mut rng);
        let (one, other) = (make(), make());
        let drawn = |challenge: &Challenge| challenge.drawing_rng().bytes::<64>();
        assert_eq!(drawn(&one), drawn(&one), "drawing leaves nothing behind");
        assert_ne!(drawn(&one), drawn(&other));
        // What a picture shows of its randomness does not continue that of ids and solutions.
        let next = rng.bytes::<64>();
        assert!(drawn(&one) != next && drawn(&other) != next);
        let again = Challenge::from_payload(&one.to_payload().unwrap()).unwrap();
        assert_eq!(drawn(&one), drawn(&again), "the same on every node");
    }

    /// What nodes of this version have stored, nodes of the next have to read: change `VERSION`
    /// when this changes.
    #[test]
    fn the_format_of_a_record_is_what_it_was() {
        let hex = |challenge: ChallengeSpec| -> String {
            let challenge = Challenge {
                spec: challenge,
                seed: [7; 16],
            };
            let bytes = challenge.to_payload().unwrap();
            bytes.iter().map(|byte| format!("{byte:02x}")).collect()
        };
        let seed = "07".repeat(16);
        let text = ChallengeSpec::text("p", "AB", "A42");
        assert_eq!(
            hex(text),
            format!("01{}{}{}00{seed}", "0170", "00024142", "03413432")
        );
        let grid = ChallengeSpec::grid("q", vec!["N".into(), "x".into()], "1").case_sensitive();
        assert_eq!(
            hex(grid),
            format!("01{}{}{}01{seed}", "0171", "0102014e0178", "0131")
        );
    }

    #[test]
    fn records_of_other_versions_are_refused() {
        let mut rng = SecureRng::from_seed([3; 32]);
        let challenge = Challenge::new(ChallengeSpec::text("p", "AB34C", "AB34C"), &mut rng);
        let mut payload = challenge.to_payload().unwrap();
        assert!(payload.len() < 40, "{}", payload.len());
        for length in 0..payload.len() {
            assert!(Challenge::from_payload(&payload[..length]).is_err());
        }
        payload.push(0);
        assert!(
            Challenge::from_payload(&payload).is_err(),
            "bytes left over"
        );
        payload.pop();
        payload[0] = VERSION + 1;
        assert!(Challenge::from_payload(&payload).is_err());
    }
}
