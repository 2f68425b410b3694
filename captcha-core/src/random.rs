//! Randomness that cannot be guessed.

use rand::rngs::{StdRng, SysRng};
use rand::{Rng, RngExt, SeedableRng};
use thiserror::Error;

/// A cryptographic random number generator (ChaCha), seeded by the operating system.
///
/// Solutions, ids and seeds all come from it. It wraps the `rand` crate so that implementors of
/// [`ChallengeFactory`](crate::challenge::ChallengeFactory) do not depend on a version of it.
pub struct SecureRng(StdRng);

/// The operating system gave no random bytes.
#[derive(Debug, Error)]
#[error("the operating system gave no random bytes")]
pub struct RandomError(#[source] rand::rngs::SysError);

impl SecureRng {
    /// A generator with a fresh seed from the operating system.
    ///
    /// # Errors
    ///
    /// [`RandomError`] when the operating system has no random bytes to give.
    pub fn from_os() -> Result<Self, RandomError> {
        StdRng::try_from_rng(&mut SysRng)
            .map(Self)
            .map_err(RandomError)
    }

    /// A generator that repeats itself for the same seed, for drawing the same picture again. The
    /// seed has to be secret.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(StdRng::from_seed(seed))
    }

    /// A uniform number from 0 up to, but not including, `bound`; 0 for a bound of 0.
    pub fn below(&mut self, bound: usize) -> usize {
        match u64::try_from(bound) {
            Ok(0) => 0,
            // The drawn number is below `bound`, so it fits.
            Ok(bound) => usize::try_from(self.0.random_range(0..bound)).unwrap_or_default(),
            Err(_) => usize::try_from(self.0.next_u64()).unwrap_or_default(),
        }
    }

    /// One of the items, each as likely as any other. `None` when there are none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }

    /// A number between two bounds, for drawing. `low` when the bounds are not ordered.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        if low < high {
            self.0.random_range(low..high)
        } else {
            low
        }
    }

    /// Random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}

impl std::fmt::Debug for SecureRng {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecureRng(..)")
    }
}
