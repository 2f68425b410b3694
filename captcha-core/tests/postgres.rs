//! Storage and limiter on a real Postgres server.

#![cfg(feature = "postgres")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use captcha_core::manager::{AnswerOutcome, CaptchaManager};
use captcha_core::rate_limit::{PostgresTokenBucket, RateLimiter};
use captcha_core::storage::{Lookup, PostgresStorage, Put, Storage, StorageErrorKind, StorageKey};
use captcha_testkit::KnownAnswer;
use captcha_testkit::nodes::SharedServer;
use captcha_testkit::rate_limit::LimiterFixture;
use captcha_testkit::servers::{Faults, PostgresServer, Wire};
use captcha_testkit::storage::StorageFixture;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

const ANSWER: &str = "XK7QW";
const DEADLINE: Duration = Duration::from_millis(500);
/// For a machine that is busy.
const PATIENT: Duration = Duration::from_secs(30);
const LONG: Duration = Duration::from_secs(600);

struct Postgres(PostgresServer);

impl Postgres {
    fn start() -> Option<Self> {
        PostgresServer::start().map(Self)
    }

    /// One where a transaction is undone when another one beside it is in its way.
    fn serializable() -> Option<Self> {
        let settings = ["fsync=off", "default_transaction_isolation=serializable"];
        PostgresServer::start_with(&settings).map(Self)
    }
}

#[async_trait]
impl StorageFixture for Postgres {
    async fn storage(&self) -> Arc<dyn Storage> {
        Arc::new(storage(&self.0).await)
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

captcha_testkit::storage_suite!(=> Postgres::start());

mod serializable {
    use super::*;

    captcha_testkit::storage_suite!(=> Postgres::serializable());
}

#[async_trait]
impl LimiterFixture for Postgres {
    async fn limiter(&self, capacity: u32, refill_rate: f64) -> Arc<dyn RateLimiter> {
        storage(&self.0).await;
        let builder = PostgresTokenBucket::builder(pool(&self.0), capacity, refill_rate);
        Arc::new(builder.deadline(PATIENT).build().unwrap())
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

mod limiter {
    use super::*;

    captcha_testkit::limiter_suite!(=> Postgres::start());
}

#[async_trait]
impl SharedServer for Postgres {
    async fn storage(&self, deadline: Duration) -> Arc<dyn Storage> {
        storage(&self.0).await;
        let builder = PostgresStorage::builder(pool(&self.0));
        Arc::new(builder.deadline(deadline).build().unwrap())
    }

    fn server(&mut self) -> &mut dyn Faults {
        &mut self.0
    }
}

mod nodes {
    use super::*;

    captcha_testkit::nodes_suite!(Postgres::start());
}

/// A pool of its own, as another process has.
fn pool(server: &PostgresServer) -> PgPool {
    PgPool::connect_lazy(&server.url()).unwrap()
}

/// A storage with a pool of its own, in a table that is there.
async fn storage(server: &PostgresServer) -> PostgresStorage {
    let builder = PostgresStorage::builder(pool(server)).deadline(PATIENT);
    let storage = builder.build().unwrap();
    storage.create_schema().await.unwrap();
    storage
}

fn node(storage: &PostgresStorage) -> CaptchaManager {
    let builder = CaptchaManager::builder(storage.clone());
    builder.factory(KnownAnswer(ANSWER)).build().unwrap()
}

async fn issue(node: &CaptchaManager) -> String {
    let issued = node.issue_undrawn("key", "").await.unwrap();
    issued.id().as_str().to_owned()
}

async fn put(storage: &PostgresStorage, key: u64, ttl: Duration) {
    let key = StorageKey::for_test(key);
    let put = storage.put_new(&key, b"x", ttl).await.unwrap();
    assert_eq!(put, Put::Stored);
}

async fn kind(storage: &PostgresStorage) -> Option<StorageErrorKind> {
    let outcome = storage.get(&StorageKey::for_test(1)).await;
    outcome.err().map(|error| error.kind())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn any_number_of_nodes_makes_the_table_at_once() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let boots: Vec<_> = (0..20)
        .map(|_| {
            let builder = PostgresStorage::builder(pool(&server)).deadline(PATIENT);
            let storage = builder.build().unwrap();
            tokio::spawn(async move { storage.create_schema().await })
        })
        .collect();
    for boot in boots {
        boot.await.unwrap().unwrap();
    }
    let indexes = "SELECT indexname FROM pg_indexes WHERE tablename = 'captcha_records' ORDER BY 1";
    assert_eq!(
        server.sql(indexes),
        "captcha_records_expires_at\ncaptcha_records_pkey"
    );
}

/// Also for a role that may not make tables, and while somebody writes and has not finished.
#[tokio::test]
async fn a_table_that_is_there_is_left_alone() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let first = storage(&server).await;
    put(&first, 1, LONG).await;
    let _ = server.sql("CREATE ROLE site LOGIN");
    let _ = server.sql("GRANT SELECT, INSERT, UPDATE, DELETE ON captcha_records TO site");
    let mut writing = pool(&server).begin().await.unwrap();
    sqlx::query("UPDATE captcha_records SET answers = 1")
        .execute(&mut *writing)
        .await
        .unwrap();
    let url = server.url().replace("captcha@", "site@");
    let site = PostgresStorage::new(PgPool::connect_lazy(&url).unwrap());
    site.create_schema().await.unwrap();
    writing.rollback().await.unwrap();
    put(&site, 2, LONG).await;
    assert!(site.consume(&StorageKey::for_test(1)).await.unwrap());
    // A table of its own is more than it may make.
    let own = PostgresStorage::builder(PgPool::connect_lazy(&url).unwrap()).table("site_records");
    let error = own.build().unwrap().create_schema().await.unwrap_err();
    assert_eq!(error.kind(), StorageErrorKind::Misconfigured);
}

#[tokio::test]
async fn a_table_of_another_form_is_found_at_boot() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let _ = server.sql("CREATE TABLE captcha_records (key text)");
    let error = PostgresStorage::new(pool(&server)).create_schema().await;
    assert_eq!(error.unwrap_err().kind(), StorageErrorKind::Misconfigured);
}

#[tokio::test]
async fn tables_keep_records_apart() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let _ = server.sql("CREATE SCHEMA shop");
    let longest = "x".repeat(52);
    let names = [
        "captcha_records",
        "select",
        "shop.captcha_records",
        "_1",
        &longest,
    ];
    let mut storages = Vec::new();
    for name in names {
        let builder = PostgresStorage::builder(pool(&server)).table(name);
        let storage = builder.unlogged(name == "select").build().unwrap();
        storage.create_schema().await.unwrap();
        storage.create_schema().await.unwrap();
        put(&storage, 1, LONG).await;
        storages.push(storage);
    }
    for storage in &storages {
        assert!(storage.consume(&StorageKey::for_test(1)).await.unwrap());
    }
    let unlogged = "SELECT relname FROM pg_class WHERE relpersistence = 'u' AND relkind = 'r'";
    assert_eq!(server.sql(unlogged), "select");
    // What is made by hand from the printed statements is what it makes itself.
    let by_hand = PostgresStorage::builder(pool(&server)).table("by_hand");
    let by_hand = by_hand.build().unwrap();
    let _ = server.sql(&by_hand.schema());
    put(&by_hand, 1, LONG).await;
}

#[tokio::test]
async fn settings_that_cannot_work_are_named() {
    let pool = PgPool::connect_lazy("postgres://127.0.0.1:1/").unwrap();
    for table in [
        "",
        ".",
        "a.",
        ".a",
        "a.b.c",
        "1a",
        "A",
        "a b",
        "a\"b",
        "a;b",
        "a'",
        "caf\u{e9}",
        "a\0",
        &"x".repeat(53),
    ] {
        let builder = PostgresStorage::builder(pool.clone()).table(table);
        assert_eq!(builder.build().unwrap_err().setting(), "table", "{table:?}");
    }
    for deadline in [Duration::ZERO, Duration::from_secs(61)] {
        let builder = PostgresStorage::builder(pool.clone()).deadline(deadline);
        assert_eq!(builder.build().unwrap_err().setting(), "deadline");
    }
    let limiter = |capacity, rate| PostgresTokenBucket::new(pool.clone(), capacity, rate);
    assert_eq!(limiter(0, 1.0).unwrap_err().setting(), "capacity");
    assert_eq!(limiter(1, f64::NAN).unwrap_err().setting(), "refill_rate");
}

/// Statements are prepared the first time. The pool's own test of a connection, which would be one
/// more each time, can be switched off.
#[tokio::test]
async fn one_round_trip_to_issue_or_to_be_wrong_and_two_to_be_right() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    storage(&server).await;
    let wire = Wire::to(server.port()).await;
    let url = format!("postgres://captcha@127.0.0.1:{}/captcha", wire.port());
    let options = PgPoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false);
    let pool = options.connect(&url).await.unwrap();
    let node = node(&PostgresStorage::new(pool.clone()));
    // A connection that is given back is asked once whether it is in order, in the background.
    let trips = async || {
        while pool.num_idle() == 0 {
            tokio::task::yield_now().await;
        }
        wire.trips()
    };
    let id = issue(&node).await;
    let _ = node.verify(&id, "wrong").await;
    let _ = node.verify(&id, ANSWER).await;
    let _ = trips().await;
    let id = issue(&node).await;
    assert_eq!(trips().await - 1, 1, "issue");
    let _ = node.verify(&id, "wrong").await.unwrap();
    assert_eq!(trips().await - 1, 1, "wrong");
    let _ = node.verify(&id, ANSWER).await.unwrap();
    assert_eq!(trips().await - 2, 2, "right");
}

/// Sweeping finds what has expired by the index, takes no more than asked for, and waits for nobody.
#[tokio::test]
async fn atk_35_expired_rows_leave_in_batches_by_the_index() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let sweeping = pool(&server);
    let storage = PostgresStorage::new(sweeping.clone());
    storage.create_schema().await.unwrap();
    let _ = server.sql(
        "INSERT INTO captcha_records (key, payload, expires_at)
         SELECT 'test:' || n, 'x', now() + CASE WHEN n <= 1000 THEN '-1 hour' ELSE '1 hour' END::interval
         FROM generate_series(1, 50000) AS n; ANALYZE captcha_records",
    );
    // How many rows were read without an index, and how many entries of the one on expiry.
    let read = || -> (u64, u64) {
        let tables =
            "SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'captcha_records'";
        let index = "SELECT idx_tup_read FROM pg_stat_user_indexes
             WHERE indexrelname = 'captcha_records_expires_at'";
        let figure = |sql| server.sql(sql).parse().unwrap();
        (figure(tables), figure(index))
    };
    let before = read();

    // Somebody else is busy with an expired row, and with a live one.
    let other = pool(&server);
    let mut busy = other.begin().await.unwrap();
    let held = "SELECT key FROM captcha_records WHERE key IN ('test:1', 'test:2000') FOR UPDATE";
    sqlx::query(held).fetch_all(&mut *busy).await.unwrap();
    assert_eq!(storage.purge_expired(400).await.unwrap(), 400);
    assert_eq!(storage.purge_expired(400).await.unwrap(), 400);
    assert_eq!(storage.purge_expired(400).await.unwrap(), 199);
    assert_eq!(storage.purge_expired(400).await.unwrap(), 0);
    // Readers do not wait for it either.
    let live = storage.get(&StorageKey::for_test(2_000)).await.unwrap();
    assert!(matches!(live, Lookup::Live(_)));
    busy.rollback().await.unwrap();
    assert_eq!(storage.purge_expired(usize::MAX).await.unwrap(), 1);
    assert_eq!(server.sql("SELECT count(*) FROM captcha_records"), "49000");

    // That count has read the whole table, and nothing before it has. A connection tells its
    // figures when it ends.
    sweeping.close().await;
    let counted = tokio::time::timeout(Duration::from_secs(20), async {
        while read().0 == before.0 || read().1 == before.1 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    counted.await.expect("the count is counted");
    let after = read();
    assert_eq!(after.0 - before.0, 49_000);
    assert!(after.1 - before.1 < 5_000, "{before:?} {after:?}");
}

/// Two nodes sweep at once: each row leaves once, and nobody waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_nodes_sweep_at_once() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let nodes = [storage(&server).await, storage(&server).await];
    let _ = server.sql(
        "INSERT INTO captcha_records (key, payload, expires_at)
         SELECT 'test:' || n, 'x', now() - interval '1 hour' FROM generate_series(1, 5000) AS n",
    );
    let sweeps = nodes.map(|storage| {
        tokio::spawn(async move {
            let mut swept = 0;
            while let count @ 1.. = storage.purge_expired(100).await.unwrap() {
                swept += count;
            }
            swept
        })
    });
    let mut swept = 0;
    for sweep in sweeps {
        swept += sweep.await.unwrap();
    }
    assert_eq!(swept, 5_000);
}

/// A purge task empties the table, idle buckets of a limiter included.
#[tokio::test]
async fn the_purge_task_removes_what_is_over() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let storage = storage(&server).await;
    let limiter = PostgresTokenBucket::new(pool(&server), 5, 100.0).unwrap();
    limiter.acquire("ada").await.unwrap();
    put(&storage, 1, Duration::from_millis(1)).await;
    put(&storage, 2, LONG).await;
    let _task = node(&storage).spawn_purge(Duration::from_millis(20));
    let swept = tokio::time::timeout(Duration::from_secs(20), async {
        while server.sql("SELECT count(*) FROM captcha_records") != "1" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    swept.await.expect("they are removed");
}

#[tokio::test]
async fn a_dropped_table_is_no_outage_and_is_used_again_when_it_is_back() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let storage = storage(&server).await;
    let limiter = PostgresTokenBucket::new(pool(&server), 5, 1.0).unwrap();
    let node = node(&storage);
    let id = issue(&node).await;
    let _ = server.sql("DROP TABLE captcha_records");
    assert_eq!(kind(&storage).await, Some(StorageErrorKind::Misconfigured));
    assert!(node.issue_undrawn("key", "").await.is_err());
    assert!(node.verify(&id, ANSWER).await.is_err());
    assert!(limiter.acquire("ada").await.is_err());
    storage.create_schema().await.unwrap();
    assert!(
        node.verify(&id, ANSWER).await.is_err(),
        "it came back empty"
    );
    let id = issue(&node).await;
    let outcome = node.verify(&id, ANSWER).await.unwrap();
    assert_eq!(outcome, AnswerOutcome::Right);
}

#[tokio::test]
async fn a_standby_that_may_not_be_written_is_an_outage() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    storage(&server).await;
    let standby = server.standby();
    let standby = PostgresStorage::new(pool(&standby));
    assert_eq!(kind(&standby).await, None, "it can be read");
    let put = standby.put_new(&StorageKey::for_test(1), b"x", LONG).await;
    assert_eq!(put.unwrap_err().kind(), StorageErrorKind::Unavailable);
    let hit = standby.consume(&StorageKey::for_test(1)).await;
    assert_eq!(hit.unwrap_err().kind(), StorageErrorKind::Unavailable);
}

#[tokio::test]
async fn what_the_server_refuses_for_good_is_no_outage() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    storage(&server).await;
    let _ = server.sql("CREATE ROLE guest LOGIN");
    let guest = server.url().replace("captcha@", "guest@");
    let nobody = server
        .url()
        .replace("captcha@", "no-such-role:secret-of-ours@");
    let nowhere = server.url().replace("/captcha", "/no_such_database");
    for url in [guest, nobody, nowhere] {
        let storage = PostgresStorage::new(PgPool::connect_lazy(&url).unwrap());
        let error = storage.get(&StorageKey::for_test(1)).await.unwrap_err();
        assert_eq!(error.kind(), StorageErrorKind::Misconfigured, "{error:?}");
        let shown = format!("{error:?} {storage:?}");
        assert!(!shown.contains("secret-of-ours"), "{shown}");
    }
}

/// Postgres tells which row it was that broke a rule. That row can be a pass token.
#[tokio::test]
async fn atk_30_no_record_is_in_an_error() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let storage = storage(&server).await;
    let _ = server.sql("ALTER TABLE captcha_records ADD CHECK (payload <> 'solution')");
    let key = StorageKey::for_test(424_242);
    let error = storage.put_new(&key, b"solution", LONG).await.unwrap_err();
    let shown = format!("{error:?} {error:#?}");
    assert!(shown.contains("23514"), "{shown}");
    for secret in ["424242", "solution", "736f6c7574696f6e"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// A statement that waits for another one on the server is given up at the deadline, and its
/// connection some time later: left to the pool it would be waited for until the answer comes. The
/// same when nobody waits for the answer any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_without_an_answer_does_not_keep_its_place_in_the_pool() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    storage(&server).await;
    for visitor_leaves in [false, true] {
        let one = PgPoolOptions::new().max_connections(1);
        let one = one.connect(&server.url()).await.unwrap();
        let builder = PostgresStorage::builder(one).deadline(DEADLINE);
        let storage = builder.build().unwrap();
        let key = StorageKey::for_test(1);
        let _ = storage.put_new(&key, b"x", LONG).await.unwrap();
        let mut busy = pool(&server).begin().await.unwrap();
        let held = "SELECT key FROM captcha_records FOR UPDATE";
        sqlx::query(held).fetch_all(&mut *busy).await.unwrap();
        let consuming = storage.clone();
        let consuming = tokio::spawn(async move { consuming.consume(&key).await });
        if visitor_leaves {
            let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
            while server.sql(waiting) == "0" {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            consuming.abort();
        } else {
            let error = consuming.await.unwrap().unwrap_err();
            assert_eq!(error.kind(), StorageErrorKind::Unavailable);
        }
        let again = tokio::time::timeout(Duration::from_secs(20), async {
            while kind(&storage).await.is_some() {}
        });
        again.await.expect("on another connection");
        busy.rollback().await.unwrap();
    }
}

/// Whoever is refused leaves the bucket's row alone: a flood of them would queue for it.
#[tokio::test]
async fn a_refusal_writes_nothing() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    storage(&server).await;
    let limiter = PostgresTokenBucket::new(pool(&server), 1, 0.01).unwrap();
    limiter.acquire("ada").await.unwrap();
    let row = "SELECT ctid, xmin, xmax FROM captcha_records";
    let before = server.sql(row);
    for _ in 0..5 {
        assert!(limiter.acquire("ada").await.is_err());
    }
    assert_eq!(server.sql(row), before);
}

/// What was written while the server's clock was an hour ahead locks nobody out for that hour.
#[tokio::test]
async fn a_clock_that_was_ahead_locks_nobody_out() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    storage(&server).await;
    let limiter = PostgresTokenBucket::new(pool(&server), 2, 10.0).unwrap();
    limiter.acquire("ada").await.unwrap();
    let _ = server.sql("UPDATE captcha_records SET expires_at = expires_at + interval '1 hour'");
    assert!(limiter.acquire("ada").await.is_err(), "an empty bucket");
    tokio::time::sleep(Duration::from_millis(250)).await;
    limiter.acquire("ada").await.unwrap();
}

#[tokio::test]
async fn limiters_of_different_rates_are_apart() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    storage(&server).await;
    let strict = PostgresTokenBucket::new(pool(&server), 1, 0.01).unwrap();
    let loose = PostgresTokenBucket::new(pool(&server), 5, 1.0).unwrap();
    strict.acquire("ada").await.unwrap();
    assert!(strict.acquire("ada").await.is_err());
    loose.acquire("ada").await.unwrap();
}

/// All connections are somebody else's: that is an outage, too, and not a wait.
#[tokio::test]
async fn an_exhausted_pool_is_waited_for_no_longer_than_the_deadline() {
    let Some(server) = PostgresServer::start() else {
        return;
    };
    let pool = PgPoolOptions::new().max_connections(1);
    let pool = pool.connect(&server.url()).await.unwrap();
    let builder = PostgresStorage::builder(pool.clone()).deadline(DEADLINE);
    let storage = builder.build().unwrap();
    let taken = pool.acquire().await.unwrap();
    let outcome = tokio::time::timeout(3 * DEADLINE, kind(&storage)).await;
    assert_eq!(outcome.unwrap(), Some(StorageErrorKind::Unavailable));
    drop(taken);
    storage.create_schema().await.unwrap();
    assert_eq!(kind(&storage).await, None);
}
