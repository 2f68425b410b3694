mod live;
mod shard;

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::{Counter, Lookup, Put, Space, Storage, StorageError, StorageErrorKind, StorageKey};
use crate::clock::{Clock, SystemClock};
use live::Live;
use shard::Shard;

/// How many expired records a call sweeps on the side, so that no visitor pays for an idle night.
const SWEEP: usize = 32;

/// How many shards there are at most. With a million records each holds four thousand, so that
/// making one larger takes microseconds, and visitors rarely wait for each other.
const MAX_SHARDS: usize = 256;

/// How many records are worth a shard of their own.
const SHARD: usize = 256;

/// Keeps records in this process, 100,000 challenges at most unless told otherwise.
///
/// Pass tokens have a capacity of their own, of the same size: a flood of requests for challenges
/// cannot take the place of what was solved.
///
/// For one process: a second node knows nothing of them, and a restart forgets them. When it is
/// full it refuses new records; it never forgets a live one. A record takes about 230 bytes: the
/// default capacity is worth 23 MB of challenges, and up to 52 MB with as many pass tokens and the
/// expired ones it still knows. What it has taken it keeps, for the next flood.
///
/// Expiry follows the wall time. Where that jumps, [`MonotonicClock`](crate::clock::MonotonicClock)
/// suits a storage that ends with its process.
///
/// Clones share their records.
#[derive(Clone)]
pub struct MemoryStorage {
    shards: Arc<[Mutex<Shard>]>,
    hasher: RandomState,
    live: Arc<Live>,
    /// The shard that is swept first when there is no room.
    next: Arc<AtomicUsize>,
    clock: Arc<dyn Clock>,
}

/// Sets up a [`MemoryStorage`].
#[must_use = "a builder does nothing until it is built"]
pub struct MemoryStorageBuilder {
    clock: Arc<dyn Clock>,
    capacity: usize,
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
        self.live.count()
    }

    /// Whether it holds no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What a key's hash and its shard are.
    fn locate(&self, key: &StorageKey) -> (u64, MutexGuard<'_, Shard>) {
        let hash = self.hasher.hash_one(key);
        // The table within the shard goes by the other bits.
        let place = (hash >> 48) as usize % self.shards.len();
        let shard = self.shards.get(place).unwrap_or(self.first());
        (hash, lock(shard))
    }

    #[expect(clippy::expect_used, reason = "a builder makes at least one shard")]
    fn first(&self) -> &Mutex<Shard> {
        self.shards.first().expect("a shard")
    }

    /// Room for one more, at the expense of what has expired.
    fn make_room(&self, space: Space, now: u64) -> bool {
        if self.live.reserve(space) {
            return true;
        }
        // Not all from the same, so that callers do not wait for each other.
        let start = self.next.fetch_add(1, Ordering::Relaxed) % self.shards.len();
        let (before, from) = self.shards.split_at(start);
        for shard in from.iter().chain(before) {
            if lock(shard).sweep(now, SWEEP, &self.live) > 0 && self.live.reserve(space) {
                return true;
            }
        }
        // Another caller may have made room meanwhile.
        self.live.reserve(space)
    }
}

/// No code path panics while it holds the lock half way through a change, so a poisoned lock still
/// guards a sound state.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for MemoryStorage {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for MemoryStorage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStorage")
            .field("capacity", &self.live.capacity())
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
        let shards = (self.capacity / SHARD).clamp(1, MAX_SHARDS);
        let expired = self.capacity / shards / 4 + 1;
        let hasher = RandomState::new();
        MemoryStorage {
            shards: (0..shards)
                .map(|_| Mutex::new(Shard::new(hasher.clone(), expired)))
                .collect(),
            hasher,
            live: Arc::new(Live::new(self.capacity)),
            next: Arc::default(),
            clock: self.clock,
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

#[async_trait]
impl Storage for MemoryStorage {
    async fn put_new(
        &self,
        key: &StorageKey,
        payload: &[u8],
        ttl: Duration,
    ) -> Result<Put, StorageError> {
        let now = self.clock.now_millis();
        if !self.make_room(key.space(), now) {
            return Err(StorageError::new(StorageErrorKind::Full));
        }
        let ttl = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
        let (hash, mut shard) = self.locate(key);
        shard.sweep(now, SWEEP, &self.live);
        let put = shard.insert(hash, key, payload, now.saturating_add(ttl));
        if put == Put::Exists {
            self.live.release(key.space());
        }
        Ok(put)
    }

    async fn get(&self, key: &StorageKey) -> Result<Lookup, StorageError> {
        let now = self.clock.now_millis();
        let (hash, mut shard) = self.locate(key);
        Ok(shard.look_up(hash, key, None, now, &self.live))
    }

    async fn hit(&self, key: &StorageKey, counter: Counter) -> Result<Lookup, StorageError> {
        let now = self.clock.now_millis();
        let (hash, mut shard) = self.locate(key);
        Ok(shard.look_up(hash, key, Some(counter), now, &self.live))
    }

    async fn consume(&self, key: &StorageKey) -> Result<bool, StorageError> {
        let now = self.clock.now_millis();
        let (hash, mut shard) = self.locate(key);
        Ok(shard.consume(hash, key, now, &self.live))
    }

    async fn purge_expired(&self, limit: usize) -> Result<usize, StorageError> {
        let now = self.clock.now_millis();
        let mut swept = 0;
        for shard in &*self.shards {
            // A few at a time, so that nobody waits for long.
            while swept < limit {
                let some = SWEEP.min((limit - swept).div_ceil(2));
                match lock(shard).sweep(now, some, &self.live) {
                    0 => break,
                    some => swept += some,
                }
            }
        }
        Ok(swept)
    }
}
