//! What happens to challenges, for counters and alarms.

#[cfg(feature = "metrics")]
mod facade;

use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "metrics")]
pub use facade::MetricsFacade;

/// Receives every [`Event`] of a manager.
///
/// It is called in the middle of a request and must not block: count, and do anything slow
/// elsewhere. No event holds an id, an answer or an address.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use captcha_core::metrics::{Event, MetricsSink};
///
/// #[derive(Default)]
/// struct Solved(AtomicU64);
///
/// impl MetricsSink for Solved {
///     fn record(&self, event: &Event) {
///         if let Event::Verified { .. } = event {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
pub trait MetricsSink: Send + Sync {
    /// Takes note of an event.
    fn record(&self, event: &Event);
}

/// Something that happened to a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A challenge was issued.
    Issued,
    /// A right answer, which passed.
    Verified {
        /// How long the check took.
        duration: Duration,
    },
    /// A wrong answer, also the last one that is allowed.
    WrongAnswer {
        /// How long the check took.
        duration: Duration,
    },
    /// An answer to a challenge that has expired.
    Expired,
    /// A challenge was removed after its last wrong answer, or answered past it.
    TooManyAttempts,
    /// An answer to a challenge that is not there: never issued, answered, or discarded.
    NotFound,
    /// A request for a challenge was turned away by the rate limiter.
    RateLimited,
    /// Expired records were removed by a purge.
    Evicted {
        /// How many.
        records: usize,
    },
    /// The storage failed, or had no room.
    StorageError,
}

/// Takes note of nothing. The default.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoOpMetrics;

impl MetricsSink for NoOpMetrics {
    fn record(&self, _: &Event) {}
}

impl<S: MetricsSink + ?Sized> MetricsSink for Arc<S> {
    fn record(&self, event: &Event) {
        (**self).record(event);
    }
}
