use std::sync::atomic::{AtomicUsize, Ordering};

use crate::storage::Space;

/// How many live records there are of each space, and how many there may be.
pub(super) struct Live {
    capacity: usize,
    challenges: AtomicUsize,
    passes: AtomicUsize,
}

impl Live {
    pub(super) const fn new(capacity: usize) -> Self {
        Self {
            capacity,
            challenges: AtomicUsize::new(0),
            passes: AtomicUsize::new(0),
        }
    }

    pub(super) const fn capacity(&self) -> usize {
        self.capacity
    }

    const fn of(&self, space: Space) -> &AtomicUsize {
        match space {
            Space::Challenge => &self.challenges,
            Space::Pass => &self.passes,
        }
    }

    /// Counts one more; `false` when there is no room.
    pub(super) fn reserve(&self, space: Space) -> bool {
        let more = |count| (count < self.capacity).then_some(count + 1);
        let counted = self
            .of(space)
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        counted.is_ok()
    }

    /// Counts one less.
    pub(super) fn release(&self, space: Space) {
        self.of(space).fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn count(&self) -> usize {
        self.challenges.load(Ordering::Relaxed) + self.passes.load(Ordering::Relaxed)
    }
}
