//! Time, from one place.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Tells the wall time to everything that expires.
///
/// Storages with a clock of their own (a database server) ignore it, so that nodes whose clocks
/// differ still agree.
pub trait Clock: Send + Sync {
    /// Milliseconds since the Unix epoch.
    fn now_millis(&self) -> u64;
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_millis(&self) -> u64 {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
        since_epoch.map_or(0, |time| {
            u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
        })
    }
}

/// A clock that only ever moves forward, whatever happens to the wall time. It starts at 0 with
/// the clock itself, so its times mean nothing to another process.
#[derive(Debug, Clone, Copy)]
pub struct MonotonicClock(Instant);

impl MonotonicClock {
    /// A clock that starts now.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for MonotonicClock {
    fn now_millis(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now_millis(&self) -> u64 {
        (**self).now_millis()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is stored outlives the process, and so must the clock that says when it expires.
    #[test]
    fn the_system_clock_is_the_wall_time() {
        let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let shown = u128::from(SystemClock.now_millis());
        let after = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        assert!((before.as_millis()..=after.as_millis()).contains(&shown));
    }
}
