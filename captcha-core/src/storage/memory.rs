use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::{
    Counter, Lookup, Put, Space, Storage, StorageError, StorageErrorKind, StorageKey, Stored,
};
use crate::clock::{Clock, SystemClock};

/// For how long an expired record is still known as expired, in milliseconds.
const GRACE_MILLIS: u64 = 60_000;

/// How many expired records one call sweeps on the side, so that no visitor pays for an idle
/// night.
const SWEEP: usize = 64;

/// Keeps records in this process, 100,000 challenges at most unless told otherwise.
///
/// Pass tokens have a capacity of their own, of the same size: a flood of requests for challenges
/// cannot take the place of what was solved.
///
/// For one process: a second node knows nothing of them, and a restart forgets them. When it is
/// full it refuses new records; it never forgets a live one. One challenge takes about 450 bytes,
/// so the default capacity is worth about 45 MB.
///
/// Clones share their records.
#[derive(Clone)]
pub struct MemoryStorage {
    state: Arc<Mutex<State>>,
    clock: Arc<dyn Clock>,
    capacity: usize,
}

/// Sets up a [`MemoryStorage`].
#[must_use = "a builder does nothing until it is built"]
pub struct MemoryStorageBuilder {
    clock: Arc<dyn Clock>,
    capacity: usize,
}

#[derive(Default)]
struct State {
    live: HashMap<StorageKey, Record>,
    passes: usize,
    by_expiry: BTreeSet<(u64, StorageKey)>,
    expired: HashSet<StorageKey>,
    forget: VecDeque<(u64, StorageKey)>,
}

struct Record {
    stored: Stored,
    expires_at: u64,
}

impl MemoryStorage {
    /// A storage for 100,000 records on the system clock.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A storage whose capacity and clock are set.
    pub fn builder() -> MemoryStorageBuilder {
        MemoryStorageBuilder {
            clock: Arc::new(SystemClock),
            capacity: 100_000,
        }
    }

    /// How many live records it holds, including expired ones that were not swept yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().live.len()
    }

    /// Whether it holds no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// No code path panics while it holds the lock half way through a change, so a poisoned lock
    /// still guards a sound state.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state as of now, with some of the expired records swept.
    fn current(&self) -> (MutexGuard<'_, State>, u64) {
        let now = self.clock.now_millis();
        let mut state = self.lock();
        state.sweep(now, SWEEP, self.capacity);
        (state, now)
    }
}

impl Default for MemoryStorage {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for MemoryStorage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStorage")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

impl MemoryStorageBuilder {
    /// How many live challenges there may be, and how many pass tokens. At least 1.
    pub fn capacity(mut self, records: usize) -> Self {
        self.capacity = records.max(1);
        self
    }

    /// The clock that decides expiry.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Makes the storage.
    #[must_use]
    pub fn build(self) -> MemoryStorage {
        MemoryStorage {
            state: Arc::default(),
            clock: self.clock,
            capacity: self.capacity,
        }
    }
}

impl std::fmt::Debug for MemoryStorageBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStorageBuilder")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

impl State {
    /// Moves up to `limit` expired records to the list of those known as expired, and forgets
    /// what has been on that list for long enough or does not fit.
    fn sweep(&mut self, now: u64, limit: usize, capacity: usize) -> usize {
        let mut swept = 0;
        while swept < limit
            && let Some((expires_at, _)) = self.by_expiry.first()
            && *expires_at <= now
            && let Some((_, key)) = self.by_expiry.pop_first()
        {
            self.expire(key, now);
            swept += 1;
        }
        // One more than can have been added, so that the list shrinks back to its bound.
        for _ in 0..=limit {
            match self.forget.front() {
                Some((at, _)) if *at <= now || self.forget.len() > capacity => {
                    if let Some((_, key)) = self.forget.pop_front() {
                        self.expired.remove(&key);
                    }
                }
                _ => break,
            }
        }
        swept
    }

    fn expire(&mut self, key: StorageKey, now: u64) {
        self.remove(&key);
        self.forget
            .push_back((now.saturating_add(GRACE_MILLIS), key.clone()));
        self.expired.insert(key);
    }

    /// The live record of this key. One found expired is gone from here on, so that a clock that
    /// is set back does not revive it.
    fn live(&mut self, key: &StorageKey, now: u64) -> Option<&mut Record> {
        let expires_at = self.live.get(key)?.expires_at;
        if expires_at <= now {
            self.by_expiry.remove(&(expires_at, key.clone()));
            self.expire(key.clone(), now);
            return None;
        }
        self.live.get_mut(key)
    }

    fn remove(&mut self, key: &StorageKey) {
        if self.live.remove(key).is_some() && key.space() == Space::Pass {
            self.passes -= 1;
        }
    }

    /// How many live records are of the same space.
    fn count(&self, space: Space) -> usize {
        match space {
            Space::Pass => self.passes,
            Space::Challenge => self.live.len() - self.passes,
        }
    }

    fn missing(&self, key: &StorageKey) -> Lookup {
        if self.expired.contains(key) {
            Lookup::Expired
        } else {
            Lookup::Absent
        }
    }
}

#[async_trait]
impl Storage for MemoryStorage {
    async fn put_new(
        &self,
        key: &StorageKey,
        payload: &[u8],
        ttl: Duration,
    ) -> Result<Put, StorageError> {
        let (mut state, now) = self.current();
        if state.live(key, now).is_some() || state.expired.contains(key) {
            return Ok(Put::Exists);
        }
        if state.count(key.space()) >= self.capacity {
            return Err(StorageError::new(StorageErrorKind::Full));
        }
        let ttl = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
        let expires_at = now.saturating_add(ttl);
        let stored = Stored {
            payload: payload.into(),
            answers: 0,
            renders: 0,
        };
        state.by_expiry.insert((expires_at, key.clone()));
        state.passes += usize::from(key.space() == Space::Pass);
        state
            .live
            .insert(key.clone(), Record { stored, expires_at });
        Ok(Put::Stored)
    }

    async fn get(&self, key: &StorageKey) -> Result<Lookup, StorageError> {
        let (mut state, now) = self.current();
        let stored = state.live(key, now).map(|record| record.stored.clone());
        Ok(stored.map_or_else(|| state.missing(key), Lookup::Live))
    }

    async fn hit(&self, key: &StorageKey, counter: Counter) -> Result<Lookup, StorageError> {
        let (mut state, now) = self.current();
        let stored = state.live(key, now).map(|record| {
            let count = match counter {
                Counter::Answers => &mut record.stored.answers,
                Counter::Renders => &mut record.stored.renders,
            };
            *count = count.saturating_add(1);
            record.stored.clone()
        });
        Ok(stored.map_or_else(|| state.missing(key), Lookup::Live))
    }

    async fn consume(&self, key: &StorageKey) -> Result<bool, StorageError> {
        let (mut state, now) = self.current();
        let Some(expires_at) = state.live(key, now).map(|record| record.expires_at) else {
            return Ok(false);
        };
        state.remove(key);
        state.by_expiry.remove(&(expires_at, key.clone()));
        Ok(true)
    }

    async fn purge_expired(&self, limit: usize) -> Result<usize, StorageError> {
        let now = self.clock.now_millis();
        Ok(self.lock().sweep(now, limit, self.capacity))
    }
}
