//! The suite every storage passes. Run it with [`storage_suite!`](crate::storage_suite).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use captcha_core::storage::{Counter, Lookup, Put, Storage, StorageErrorKind, StorageKey};
use tokio::sync::Barrier;

use crate::ManualClock;

/// Makes storages for the suite and moves their time.
#[async_trait]
pub trait StorageFixture: Send + Sync {
    /// A storage on the fixture's servers. Two of them share their records, as two nodes do.
    async fn storage(&self) -> Arc<dyn Storage>;

    /// Lets time pass for what is stored: moves a manual clock, or waits where the storage has a
    /// clock of its own.
    async fn pass(&self, time: Duration);

    /// A storage of its own with room for this many records, where capacity can be set.
    async fn bounded(&self, capacity: usize) -> Option<Arc<dyn Storage>> {
        let _ = capacity;
        None
    }

    /// Whether the storage's server forgets expired records by itself, so that there is nothing to
    /// sweep.
    fn forgets_by_itself(&self) -> bool {
        false
    }

    /// The clock, where the storage takes one.
    fn clock(&self) -> Option<ManualClock> {
        None
    }
}

/// Long enough never to pass during a test.
const LONG: Duration = Duration::from_secs(600);
/// Short enough to wait for.
const SHORT: Duration = Duration::from_millis(1_200);

fn fresh_key() -> StorageKey {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let process = u64::from(std::process::id()) << 32;
    StorageKey::for_test(process + NEXT.fetch_add(1, Ordering::Relaxed))
}

fn counts(lookup: &Lookup) -> (u32, u32) {
    match lookup {
        Lookup::Live(stored) => (stored.answers, stored.renders),
        other => panic!("expected a live record, found {other:?}"),
    }
}

fn is_live(lookup: &Lookup) -> bool {
    matches!(lookup, Lookup::Live(_))
}

/// What was put comes back byte for byte, with counters at zero.
pub async fn keeps_what_was_put(fixture: &dyn StorageFixture) {
    let storage = fixture.storage().await;
    let every_byte: Vec<u8> = (0..=255).collect();
    for payload in [&b""[..], b"{}", &every_byte, &vec![b'x'; 64 * 1024]] {
        let key = fresh_key();
        let put = storage.put_new(&key, payload, LONG).await.unwrap();
        assert_eq!(put, Put::Stored);
        let Lookup::Live(stored) = storage.get(&key).await.unwrap() else {
            panic!("not live");
        };
        assert_eq!(&*stored.payload, payload);
        assert_eq!((stored.answers, stored.renders), (0, 0));
    }
}

/// A second record under the same key changes nothing.
pub async fn never_overwrites(fixture: &dyn StorageFixture) {
    let (one, other) = (fixture.storage().await, fixture.storage().await);
    let key = fresh_key();
    assert_eq!(
        one.put_new(&key, b"first", LONG).await.unwrap(),
        Put::Stored
    );
    let _ = one.hit(&key, Counter::Answers).await.unwrap();
    assert_eq!(
        other.put_new(&key, b"second", LONG).await.unwrap(),
        Put::Exists
    );
    let Lookup::Live(stored) = one.get(&key).await.unwrap() else {
        panic!("not live");
    };
    assert_eq!((&*stored.payload, stored.answers), (&b"first"[..], 1));
}

/// Unknown keys are an outcome, not an error.
pub async fn unknown_keys_are_absent(fixture: &dyn StorageFixture) {
    let storage = fixture.storage().await;
    let key = fresh_key();
    assert_eq!(storage.get(&key).await.unwrap(), Lookup::Absent);
    let hit = storage.hit(&key, Counter::Answers).await.unwrap();
    assert_eq!(hit, Lookup::Absent);
    assert!(!storage.consume(&key).await.unwrap());
    assert_eq!(
        storage.get(&key).await.unwrap(),
        Lookup::Absent,
        "hit made one"
    );
}

/// The two counters count apart, and a hit returns the count after it.
pub async fn hits_count_apart(fixture: &dyn StorageFixture) {
    let storage = fixture.storage().await;
    let key = fresh_key();
    let _ = storage.put_new(&key, b"x", LONG).await.unwrap();
    for (counter, expected) in [
        (Counter::Answers, (1, 0)),
        (Counter::Renders, (1, 1)),
        (Counter::Answers, (2, 1)),
    ] {
        let hit = storage.hit(&key, counter).await.unwrap();
        assert_eq!(counts(&hit), expected);
    }
    assert_eq!(counts(&storage.get(&key).await.unwrap()), (2, 1));
}

/// Only the first of two takes in a row gets the record.
pub async fn consumes_once(fixture: &dyn StorageFixture) {
    let (one, other) = (fixture.storage().await, fixture.storage().await);
    let key = fresh_key();
    let _ = one.put_new(&key, b"x", LONG).await.unwrap();
    assert!(one.consume(&key).await.unwrap());
    assert!(!other.consume(&key).await.unwrap());
    assert!(!is_live(&one.get(&key).await.unwrap()));
    assert!(!is_live(&one.hit(&key, Counter::Answers).await.unwrap()));
}

/// Of 200 callers at once, on two nodes, one consumes. Repeated for 50 records.
pub async fn atk_02_one_of_many_consumes(fixture: &dyn StorageFixture) {
    let nodes = [fixture.storage().await, fixture.storage().await];
    for _ in 0..50 {
        let key = fresh_key();
        let _ = nodes[0].put_new(&key, b"x", LONG).await.unwrap();
        let winners = all_at_once(200, |i| {
            let (node, key) = (Arc::clone(&nodes[i % 2]), key.clone());
            async move { node.consume(&key).await.unwrap() }
        });
        let winners = winners.await.into_iter().filter(|won| *won).count();
        assert_eq!(winners, 1);
    }
}

/// Hits at once are all counted, and no two see the same count.
pub async fn atk_25_concurrent_hits_are_all_counted(fixture: &dyn StorageFixture) {
    let nodes = [fixture.storage().await, fixture.storage().await];
    let key = fresh_key();
    let _ = nodes[0].put_new(&key, b"x", LONG).await.unwrap();
    let hits = all_at_once(200, |i| {
        let (node, key) = (Arc::clone(&nodes[i % 2]), key.clone());
        async move { counts(&node.hit(&key, Counter::Answers).await.unwrap()).0 }
    });
    let mut seen = hits.await;
    seen.sort_unstable();
    assert_eq!(seen, (1..=200).collect::<Vec<_>>());
}

/// Of 200 records put under one key at once, one is kept.
pub async fn one_of_many_puts_wins(fixture: &dyn StorageFixture) {
    let nodes = [fixture.storage().await, fixture.storage().await];
    let key = fresh_key();
    let puts = all_at_once(200, |i| {
        let (node, key) = (Arc::clone(&nodes[i % 2]), key.clone());
        async move { node.put_new(&key, b"x", LONG).await.unwrap() }
    });
    let stored = puts.await.into_iter().filter(|put| *put == Put::Stored);
    assert_eq!(stored.count(), 1);
}

/// Nothing treats a record as live once its time has passed, swept or not.
pub async fn atk_36_expired_is_not_live(fixture: &dyn StorageFixture) {
    let storage = fixture.storage().await;
    let [read, hit, consumed, lasting] = [(); 4].map(|()| fresh_key());
    for key in [&read, &hit, &consumed] {
        let _ = storage.put_new(key, b"x", SHORT).await.unwrap();
    }
    let _ = storage.put_new(&lasting, b"x", LONG).await.unwrap();
    assert!(is_live(&storage.get(&read).await.unwrap()));
    fixture.pass(SHORT).await;
    assert!(!storage.consume(&consumed).await.unwrap());
    assert!(!is_live(&storage.get(&read).await.unwrap()));
    assert!(!is_live(
        &storage.hit(&hit, Counter::Answers).await.unwrap()
    ));
    assert!(is_live(&storage.get(&lasting).await.unwrap()));
}

/// A record is live until the very moment it expires, and a clock set back does not revive it.
pub async fn atk_36_expiry_is_exact_and_final(fixture: &dyn StorageFixture) {
    let Some(clock) = fixture.clock() else { return };
    let storage = fixture.storage().await;
    let key = fresh_key();
    let ttl = Duration::from_secs(10);
    let _ = storage.put_new(&key, b"x", ttl).await.unwrap();
    clock.advance(ttl - Duration::from_millis(1));
    assert!(is_live(&storage.get(&key).await.unwrap()));
    clock.advance(Duration::from_millis(1));
    assert!(!is_live(&storage.get(&key).await.unwrap()));
    clock.set_back(ttl);
    assert!(!is_live(&storage.get(&key).await.unwrap()));
    assert!(!storage.consume(&key).await.unwrap());
}

/// Sweeping removes what has expired, no more than asked for, and nothing else.
pub async fn purges_only_what_expired(fixture: &dyn StorageFixture) {
    let storage = fixture.storage().await;
    let lasting = fresh_key();
    let _ = storage.put_new(&lasting, b"x", LONG).await.unwrap();
    for _ in 0..10 {
        let _ = storage.put_new(&fresh_key(), b"x", SHORT).await.unwrap();
    }
    fixture.pass(SHORT).await;
    let first = storage.purge_expired(4).await.unwrap();
    let mut swept = first;
    while let rest @ 1.. = storage.purge_expired(1_000).await.unwrap() {
        swept += rest;
    }
    if !fixture.forgets_by_itself() {
        assert!((1..=4).contains(&first), "{first}");
        assert!(swept >= 10, "{swept}");
    }
    assert!(is_live(&storage.get(&lasting).await.unwrap()));
}

/// A full storage refuses new records and forgets none of the live ones, nor revives a spent one.
pub async fn atk_03_full_storage_forgets_nothing(fixture: &dyn StorageFixture) {
    let Some(storage) = fixture.bounded(20).await else {
        return;
    };
    let keys: Vec<_> = (0..20).map(|_| fresh_key()).collect();
    for key in &keys {
        let _ = storage.put_new(key, b"x", LONG).await.unwrap();
    }
    for _ in 0..200 {
        let error = storage.put_new(&fresh_key(), b"x", LONG).await.unwrap_err();
        assert_eq!(error.kind(), StorageErrorKind::Full);
    }
    assert!(storage.consume(&keys[0]).await.unwrap());
    let _ = storage.put_new(&fresh_key(), b"x", LONG).await.unwrap();
    assert!(!storage.consume(&keys[0]).await.unwrap());
    for key in &keys[1..] {
        assert!(is_live(&storage.get(key).await.unwrap()));
    }
}

/// Records that were refused because their key was taken take no room.
pub async fn refused_records_take_no_room(fixture: &dyn StorageFixture) {
    let Some(storage) = fixture.bounded(20).await else {
        return;
    };
    let taken = fresh_key();
    let _ = storage.put_new(&taken, b"x", LONG).await.unwrap();
    for _ in 0..50 {
        let put = storage.put_new(&taken, b"x", LONG).await.unwrap();
        assert_eq!(put, Put::Exists);
    }
    for _ in 1..20 {
        let put = storage.put_new(&fresh_key(), b"x", LONG).await.unwrap();
        assert_eq!(put, Put::Stored);
    }
}

/// What has expired makes room again.
pub async fn expired_records_make_room(fixture: &dyn StorageFixture) {
    let Some(storage) = fixture.bounded(20).await else {
        return;
    };
    for round in 0..10 {
        for _ in 0..20 {
            let put = storage.put_new(&fresh_key(), b"x", SHORT).await;
            assert!(put.is_ok(), "round {round}");
        }
        fixture.pass(SHORT).await;
    }
}

/// Runs `count` tasks that start together.
async fn all_at_once<T, F>(count: usize, task: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(count));
    let tasks: Vec<_> = (0..count)
        .map(|i| {
            let (barrier, task) = (Arc::clone(&barrier), task(i));
            tokio::spawn(async move {
                barrier.wait().await;
                task.await
            })
        })
        .collect();
    let mut results = Vec::with_capacity(count);
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

/// Runs the storage suite: one test per case, on a fixture from this expression. After `=>`,
/// the expression gives an `Option`: `None` where the storage's server is not installed.
///
/// ```no_run
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use captcha_core::storage::{MemoryStorage, Storage};
/// use captcha_testkit::ManualClock;
/// use captcha_testkit::storage::StorageFixture;
///
/// struct Fixture(MemoryStorage, ManualClock);
///
/// #[async_trait::async_trait]
/// impl StorageFixture for Fixture {
///     async fn storage(&self) -> Arc<dyn Storage> {
///         Arc::new(self.0.clone())
///     }
///
///     async fn pass(&self, time: Duration) {
///         self.1.advance(time);
///     }
/// }
///
/// impl Fixture {
///     fn new() -> Self {
///         let clock = ManualClock::new();
///         Self(MemoryStorage::builder().clock(clock.clone()).build(), clock)
///     }
/// }
///
/// captcha_testkit::storage_suite!(Fixture::new());
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! storage_suite {
    (@if_installed $fixture:expr) => {
        $crate::storage_suite!(@cases $fixture;
            keeps_what_was_put
            never_overwrites
            unknown_keys_are_absent
            hits_count_apart
            consumes_once
            atk_02_one_of_many_consumes
            atk_25_concurrent_hits_are_all_counted
            one_of_many_puts_wins
            atk_36_expired_is_not_live
            atk_36_expiry_is_exact_and_final
            purges_only_what_expired
            atk_03_full_storage_forgets_nothing
            refused_records_take_no_room
            expired_records_make_room
        );
    };
    (@cases $fixture:expr; $($case:ident)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $case() {
            // Nothing where the storage's server is not installed.
            if let Some(fixture) = $fixture {
                $crate::storage::$case(&fixture).await;
            }
        }
    )*};
    (=> $fixture:expr) => {
        $crate::storage_suite!(@if_installed $fixture);
    };
    ($fixture:expr) => {
        $crate::storage_suite!(@if_installed Some($fixture));
    };
}
