use std::collections::{BTreeSet, VecDeque};
use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;
use slab::Slab;
use smallvec::SmallVec;

use super::live::Live;
use crate::storage::{Counter, Lookup, Put, Space, StorageKey, Stored};

/// For how long an expired record is still known as expired, in milliseconds.
const GRACE_MILLIS: u64 = 60_000;

/// Some of the records, behind one lock.
pub(super) struct Shard {
    records: Slab<Record>,
    /// Where a key's record is. Each key is kept once, in the record.
    places: HashTable<u32>,
    hasher: RandomState,
    challenges: Due,
    passes: Due,
    /// Where the expired records are, in the order in which they are forgotten.
    expired: VecDeque<u32>,
    /// How many expired records are known at most.
    max_expired: usize,
}

/// The live records of one space, by when they expire.
struct Due {
    /// When a record expires, and where it is.
    places: BTreeSet<(u64, u32)>,
    /// No record expires before.
    earliest: u64,
}

impl Due {
    const fn new() -> Self {
        Self {
            places: BTreeSet::new(),
            earliest: u64::MAX,
        }
    }

    fn insert(&mut self, due: u64, place: u32) {
        self.places.insert((due, place));
        self.earliest = self.earliest.min(due);
    }

    /// Where the first record is that has expired, which is then no longer kept.
    fn pop(&mut self, now: u64) -> Option<u32> {
        if now < self.earliest {
            return None;
        }
        let (due, place) = self.places.first().copied()?;
        self.earliest = due;
        if now < due {
            return None;
        }
        self.places.pop_first();
        Some(place)
    }
}

struct Record {
    key: StorageKey,
    /// When it expires or, once it has, is forgotten.
    due: u64,
    live: bool,
    answers: u32,
    renders: u32,
    payload: Payload,
}

/// Kept in the record where it fits, which most do: a million allocations of their own take
/// more room, and long to give back.
type Payload = SmallVec<[u8; 88]>;

impl Shard {
    pub(super) const fn new(hasher: RandomState, max_expired: usize) -> Self {
        Self {
            records: Slab::new(),
            places: HashTable::new(),
            hasher,
            challenges: Due::new(),
            passes: Due::new(),
            expired: VecDeque::new(),
            max_expired,
        }
    }

    pub(super) fn insert(&mut self, hash: u64, key: &StorageKey, payload: &[u8], due: u64) -> Put {
        if self.find(hash, key).is_some() {
            return Put::Exists;
        }
        let Ok(place) = u32::try_from(self.records.vacant_key()) else {
            return Put::Exists;
        };
        if self.records.len() == self.records.capacity() {
            // By a quarter, not by twice: room that is not used is memory, too.
            self.records.reserve_exact(self.records.len() / 4 + 16);
        }
        self.records.insert(Record {
            key: key.clone(),
            due,
            live: true,
            answers: 0,
            renders: 0,
            payload: Payload::from_slice(payload),
        });
        let (records, hasher) = (&self.records, &self.hasher);
        let hash_of = |place: &u32| {
            let record = records.get(*place as usize);
            record.map_or(0, |record| hasher.hash_one(&record.key))
        };
        self.places.insert_unique(hash, place, hash_of);
        self.due_of(key.space()).insert(due, place);
        Put::Stored
    }

    /// Adds one to a counter of a live record, if any is to be counted, and returns the record as
    /// it is then.
    pub(super) fn look_up(
        &mut self,
        hash: u64,
        key: &StorageKey,
        counter: Option<Counter>,
        now: u64,
        live: &Live,
    ) -> Lookup {
        let place = self.current(hash, key, now, live);
        let Some(record) = place.and_then(|place| self.records.get_mut(place as usize)) else {
            return Lookup::Absent;
        };
        if !record.live {
            return Lookup::Expired;
        }
        match counter {
            Some(Counter::Answers) => record.answers = record.answers.saturating_add(1),
            Some(Counter::Renders) => record.renders = record.renders.saturating_add(1),
            None => {}
        }
        Lookup::Live(Stored {
            payload: record.payload.as_slice().into(),
            answers: record.answers,
            renders: record.renders,
        })
    }

    /// Removes a live record.
    pub(super) fn consume(&mut self, hash: u64, key: &StorageKey, now: u64, live: &Live) -> bool {
        let Some(place) = self.current(hash, key, now, live) else {
            return false;
        };
        let record = self.records.get(place as usize);
        let Some(record) = record.filter(|record| record.live) else {
            return false;
        };
        let due = record.due;
        self.due_of(key.space()).places.remove(&(due, place));
        self.forget(place);
        live.release(key.space());
        true
    }

    const fn due_of(&mut self, space: Space) -> &mut Due {
        match space {
            Space::Challenge => &mut self.challenges,
            Space::Pass => &mut self.passes,
        }
    }

    /// Takes up to `limit` records of each space that have expired off the live ones, and forgets
    /// some that have been known as expired for long enough. Returns how many were live.
    pub(super) fn sweep(&mut self, now: u64, limit: usize, live: &Live) -> usize {
        let mut swept = 0;
        for space in [Space::Challenge, Space::Pass] {
            for _ in 0..limit {
                let Some(place) = self.due_of(space).pop(now) else {
                    break;
                };
                self.expire(place, now, live);
                swept += 1;
            }
        }
        for _ in 0..limit {
            let oldest = self.expired.front().copied();
            let record = oldest.and_then(|place| self.records.get(place as usize));
            if record.is_none_or(|record| record.due > now) {
                break;
            }
            self.forget_oldest();
        }
        swept
    }

    fn find(&self, hash: u64, key: &StorageKey) -> Option<u32> {
        let same = |place: &u32| {
            let record = self.records.get(*place as usize);
            record.is_some_and(|record| record.key == *key)
        };
        self.places.find(hash, same).copied()
    }

    /// Where a key's record is. One found expired is so from here on, so that a clock that is set
    /// back does not revive it.
    fn current(&mut self, hash: u64, key: &StorageKey, now: u64, live: &Live) -> Option<u32> {
        let place = self.find(hash, key)?;
        let record = self.records.get(place as usize)?;
        let (due, is_live) = (record.due, record.live);
        match (due <= now, is_live) {
            (false, _) => Some(place),
            (true, true) => {
                self.due_of(key.space()).places.remove(&(due, place));
                self.expire(place, now, live);
                Some(place)
            }
            (true, false) => None,
        }
    }

    /// Keeps no more of a record than that it has expired. It is no longer among those due.
    fn expire(&mut self, place: u32, now: u64, live: &Live) {
        let Some(record) = self.records.get_mut(place as usize) else {
            return;
        };
        record.live = false;
        record.payload = Payload::new();
        record.due = now.saturating_add(GRACE_MILLIS);
        live.release(record.key.space());
        if self.expired.len() >= self.max_expired {
            self.forget_oldest();
        }
        self.expired.push_back(place);
    }

    fn forget_oldest(&mut self) {
        if let Some(place) = self.expired.pop_front() {
            self.forget(place);
        }
    }

    /// Removes a record that is neither among those due nor among the expired.
    fn forget(&mut self, place: u32) {
        let Some(record) = self.records.try_remove(place as usize) else {
            return;
        };
        let hash = self.hasher.hash_one(&record.key);
        if let Ok(entry) = self.places.find_entry(hash, |at| *at == place) {
            entry.remove();
        }
    }
}
