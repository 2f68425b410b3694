use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::{FailMode, FieldSet, Verdict, Verifier, VerifyError, VerifyErrorKind, VerifyRequest};
use crate::ConfigError;

/// Stops asking a verifier that keeps failing, and answers in its place for a while.
///
/// After a run of failures ([`VerifyErrorKind::is_unavailable`] and timeouts) it is open: it
/// answers at once with an error of the kind last seen, so that the fail mode decides as it did
/// for the failures themselves. An outage lets visitors through or not; a verifier that hangs
/// lets nobody through. After the cool-down one request is sent as a probe: an answer closes the
/// breaker, another failure opens it for the next cool-down. A refusal is an answer, and so is
/// a misconfiguration.
///
/// A request that is given up by its caller (a visitor who disconnects, the gate's deadline)
/// counts as nothing: a verifier needs a deadline of its own, below the gate's, to be seen as
/// hanging.
///
/// Clones share their state.
///
/// ```
/// # use captcha_core::verify::Verifier;
/// use captcha_core::gate::Gate;
/// use captcha_core::verify::VerifierExt;
///
/// # fn gate(client: impl Verifier + 'static) -> Gate {
/// Gate::new(client.circuit_breaker())
/// # }
/// ```
#[derive(Clone)]
pub struct CircuitBreaker<V> {
    verifier: V,
    circuit: Arc<Circuit>,
}

/// Sets up a [`CircuitBreaker`]. Made by [`CircuitBreaker::builder`].
#[derive(Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct CircuitBreakerBuilder<V> {
    verifier: V,
    failures: u32,
    cool_down: Duration,
}

struct Circuit {
    failures: u32,
    cool_down: Duration,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
enum State {
    /// Asking, after this many failures in a row.
    Closed { run: u32 },
    /// Not asking until then.
    Open {
        until: Instant,
        kind: VerifyErrorKind,
    },
    /// Waiting for the answer to a probe.
    Probing { kind: VerifyErrorKind },
}

impl<V: Verifier> CircuitBreaker<V> {
    /// A breaker that opens after 5 failures in a row and probes every 10 seconds.
    #[must_use]
    pub fn new(verifier: V) -> Self {
        Self::builder(verifier).assemble()
    }

    /// A breaker whose numbers are set one by one.
    pub const fn builder(verifier: V) -> CircuitBreakerBuilder<V> {
        CircuitBreakerBuilder {
            verifier,
            failures: 5,
            cool_down: Duration::from_secs(10),
        }
    }
}

impl<V: Verifier> CircuitBreakerBuilder<V> {
    /// How many failures in a row open it. Default 5, at least 1.
    pub const fn failures(mut self, failures: u32) -> Self {
        self.failures = failures;
        self
    }

    /// For how long it stays open before the next probe. Default 10 seconds, longer than zero.
    pub const fn cool_down(mut self, cool_down: Duration) -> Self {
        self.cool_down = cool_down;
        self
    }

    /// Checks the settings and makes the breaker.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the setting that cannot work.
    pub fn build(self) -> Result<CircuitBreaker<V>, ConfigError> {
        if self.failures == 0 {
            return Err(ConfigError::new("failures", "must be at least 1"));
        }
        if self.cool_down.is_zero() {
            return Err(ConfigError::new("cool_down", "must be longer than zero"));
        }
        Ok(self.assemble())
    }

    fn assemble(self) -> CircuitBreaker<V> {
        CircuitBreaker {
            verifier: self.verifier,
            circuit: Arc::new(Circuit {
                failures: self.failures,
                cool_down: self.cool_down,
                state: Mutex::new(State::Closed { run: 0 }),
            }),
        }
    }
}

#[async_trait]
impl<V: Verifier> Verifier for CircuitBreaker<V> {
    async fn verify(&self, request: &VerifyRequest<'_>) -> Result<Verdict, VerifyError> {
        let permit = self.circuit.admit()?;
        let outcome = self.verifier.verify(request).await;
        let failure = outcome.as_ref().err().map(VerifyError::kind);
        permit.settle(failure.filter(|kind| is_failure(*kind)));
        outcome
    }

    fn fail_mode(&self) -> FailMode {
        self.verifier.fail_mode()
    }

    fn field_sets(&self) -> Vec<FieldSet> {
        self.verifier.field_sets()
    }
}

fn is_failure(kind: VerifyErrorKind) -> bool {
    kind.is_unavailable() || kind == VerifyErrorKind::Timeout
}

impl Circuit {
    fn admit(&self) -> Result<Permit<'_>, VerifyError> {
        let mut state = self.lock();
        let (probe, kind) = match *state {
            State::Closed { .. } => (None, None),
            State::Open { until, kind } if Instant::now() >= until => (Some(kind), None),
            State::Open { kind, .. } | State::Probing { kind } => (None, Some(kind)),
        };
        if let Some(kind) = kind {
            let cause = "not asked: it failed repeatedly a moment ago";
            return Err(VerifyError::new(kind).with_source(cause));
        }
        if let Some(kind) = probe {
            *state = State::Probing { kind };
        }
        Ok(Permit {
            circuit: self,
            probe,
        })
    }

    fn open(&self, state: &mut State, kind: VerifyErrorKind) {
        tracing::warn!(
            code = kind.code(),
            cool_down = ?self.cool_down,
            "captcha verifier keeps failing and is not asked for a while"
        );
        let until = Instant::now() + self.cool_down;
        *state = State::Open { until, kind };
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A state is written in one assignment: it is whole even after a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request that is let through.
struct Permit<'a> {
    circuit: &'a Circuit,
    probe: Option<VerifyErrorKind>,
}

impl Permit<'_> {
    fn settle(mut self, failure: Option<VerifyErrorKind>) {
        let mut state = self.circuit.lock();
        match (self.probe.take(), failure) {
            (Some(_), None) => {
                tracing::info!("captcha verifier answers again");
                *state = State::Closed { run: 0 };
            }
            (Some(_), Some(kind)) => self.circuit.open(&mut state, kind),
            (None, outcome) => {
                // Answers to requests from before it opened do not close or prolong anything.
                let State::Closed { run } = *state else {
                    return;
                };
                let run = if outcome.is_some() {
                    run.saturating_add(1)
                } else {
                    0
                };
                *state = State::Closed { run };
                if let Some(kind) = outcome.filter(|_| run >= self.circuit.failures) {
                    self.circuit.open(&mut state, kind);
                }
            }
        }
    }
}

impl Drop for Permit<'_> {
    /// A probe that was given up makes room for the next one.
    fn drop(&mut self) {
        if let Some(kind) = self.probe.take() {
            let until = Instant::now();
            *self.circuit.lock() = State::Open { until, kind };
        }
    }
}

impl<V: fmt::Debug> fmt::Debug for CircuitBreaker<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreaker")
            .field("verifier", &self.verifier)
            .field("failures", &self.circuit.failures)
            .field("cool_down", &self.circuit.cool_down)
            .finish_non_exhaustive()
    }
}

impl<V> fmt::Debug for CircuitBreakerBuilder<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreakerBuilder")
            .finish_non_exhaustive()
    }
}
