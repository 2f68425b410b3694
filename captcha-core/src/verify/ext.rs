use super::rules::{Rule, Ruled};
use super::{CircuitBreaker, Verifier};

/// What can be put around any verifier.
pub trait VerifierExt: Verifier + Sized {
    /// Lets only those passes through that meet a [rule](super::rules).
    #[must_use]
    fn rule<R: Rule>(self, rule: R) -> Ruled<Self, R> {
        Ruled::new(self, rule)
    }

    /// Stops asking this verifier while it keeps failing. See [`CircuitBreaker`] for the numbers
    /// and how to set others.
    #[must_use]
    fn circuit_breaker(self) -> CircuitBreaker<Self> {
        CircuitBreaker::new(self)
    }
}

impl<V: Verifier> VerifierExt for V {}
