use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::{FailMode, FieldSet, Verdict, Verifier, VerifyError, VerifyErrorKind, VerifyRequest};
use crate::ConfigError;

/// As good as for ever, and can be added to any clock.
const LONGEST_COOL_DOWN: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Stops asking a verifier that keeps failing, and answers in its place for a while.
///
/// After a run of failures (outages and timeouts) it is open: it answers at once with an error of
/// the strictest kind in the run, so that the fail mode decides as it did for the failures
/// themselves. An outage lets visitors through or not; a verifier that also hangs lets nobody
/// through. After the cool-down one request is sent as a probe: an answer closes the breaker,
/// another failure opens it for the next cool-down, and decides about it. A refusal is an answer, and so is a
/// misconfiguration.
///
/// A request that is given up by its caller (a visitor who disconnects, the gate's deadline)
/// counts as nothing: a verifier needs a deadline of its own, below the gate's, to be seen as
/// hanging. Where that request was the probe, the breaker closes until the next failure, so that
/// nobody can keep it open.
///
/// # Deployment caveat
///
/// With [`FailMode::Open`], everybody passes while an outage keeps it open, also those whom the
/// verifier would have refused had it been asked. A run of failures has to be rare: give the
/// verifier retries.
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
    /// Asking, after this many failures in a row, of which this kind is the strictest.
    Closed {
        run: u32,
        kind: Option<VerifyErrorKind>,
    },
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

    /// For how long it stays open before the next probe. Default 10 seconds, longer than zero, at
    /// most a week.
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
                cool_down: self.cool_down.min(LONGEST_COOL_DOWN),
                state: Mutex::new(State::Closed { run: 0, kind: None }),
            }),
        }
    }
}

#[async_trait]
impl<V: Verifier> Verifier for CircuitBreaker<V> {
    async fn verify(&self, request: &VerifyRequest<'_>) -> Result<Verdict, VerifyError> {
        let permit = self.circuit.admit()?;
        let outcome = self.verifier.verify(request).await;
        match &outcome {
            // Nobody was asked, or not everybody: it says nothing about the verifier.
            Ok(Verdict::Refused(refusal)) if refusal.is_unasked() => drop(permit),
            Err(error) if error.kind() == VerifyErrorKind::OthersNotAsked => drop(permit),
            Err(error) if is_failure(error.kind()) => permit.failed(error.kind()),
            _ => permit.answered(),
        }
        outcome
    }

    fn fail_mode(&self) -> FailMode {
        self.verifier.fail_mode()
    }

    fn field_sets(&self) -> Vec<FieldSet> {
        self.verifier.field_sets()
    }

    fn deadline(&self) -> Option<Duration> {
        self.verifier.deadline()
    }
}

const fn is_failure(kind: VerifyErrorKind) -> bool {
    !matches!(kind, VerifyErrorKind::InvalidConfig)
}

/// Of two kinds of failure the one that is not subject to the fail mode.
fn strictest(kind: VerifyErrorKind, other: Option<VerifyErrorKind>) -> VerifyErrorKind {
    other
        .filter(|other| !other.is_unavailable())
        .unwrap_or(kind)
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
    /// The kind of failure that this probe follows.
    probe: Option<VerifyErrorKind>,
}

impl Permit<'_> {
    fn answered(mut self) {
        let mut state = self.circuit.lock();
        if self.probe.take().is_some() {
            tracing::info!("captcha verifier answers again");
        } else if !matches!(*state, State::Closed { .. }) {
            // A request from before it opened.
            return;
        }
        *state = State::Closed { run: 0, kind: None };
    }

    fn failed(mut self, kind: VerifyErrorKind) {
        let mut state = self.circuit.lock();
        if self.probe.take().is_some() {
            return self.circuit.open(&mut state, kind);
        }
        let State::Closed { run, kind: before } = *state else {
            return;
        };
        let (run, kind) = (run.saturating_add(1), strictest(kind, before));
        if run >= self.circuit.failures {
            self.circuit.open(&mut state, kind);
        } else {
            let kind = Some(kind);
            *state = State::Closed { run, kind };
        }
    }
}

impl Drop for Permit<'_> {
    /// A probe that ended without an outcome. Another probe could be given up, too, and while
    /// one is out everybody is answered without being checked: ask for everybody instead, until
    /// the next failure.
    fn drop(&mut self) {
        if let Some(kind) = self.probe.take() {
            *self.circuit.lock() = State::Closed {
                run: self.circuit.failures - 1,
                kind: Some(kind),
            };
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
