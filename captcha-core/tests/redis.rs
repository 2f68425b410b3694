//! Storage and limiter on a real Redis server.

#![cfg(feature = "redis")]
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
use captcha_core::rate_limit::{RateLimiter, RedisTokenBucket};
use captcha_core::redis::connect;
use captcha_core::storage::{Lookup, RedisStorage, Storage, StorageErrorKind, StorageKey};
use captcha_testkit::KnownAnswer;
use captcha_testkit::nodes::SharedServer;
use captcha_testkit::rate_limit::LimiterFixture;
use captcha_testkit::servers::{Faults, RedisServer, Wire};
use captcha_testkit::storage::StorageFixture;

const ANSWER: &str = "XK7QW";
const DEADLINE: Duration = Duration::from_millis(500);
const LONG: Duration = Duration::from_secs(30);

struct Redis(RedisServer);

impl Redis {
    fn start() -> Option<Self> {
        RedisServer::start().map(Self)
    }
}

#[async_trait]
impl StorageFixture for Redis {
    async fn storage(&self) -> Arc<dyn Storage> {
        Arc::new(storage(&self.0, LONG))
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn forgets_by_itself(&self) -> bool {
        true
    }
}

captcha_testkit::storage_suite!(=> Redis::start());

#[async_trait]
impl LimiterFixture for Redis {
    async fn limiter(&self, capacity: u32, refill_rate: f64) -> Arc<dyn RateLimiter> {
        let connection = connect(&self.0.url()).unwrap();
        let builder = RedisTokenBucket::builder(connection, capacity, refill_rate);
        Arc::new(builder.deadline(LONG).build().unwrap())
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

mod limiter {
    use super::*;

    captcha_testkit::limiter_suite!(=> Redis::start());
}

#[async_trait]
impl SharedServer for Redis {
    async fn storage(&self, deadline: Duration) -> Arc<dyn Storage> {
        Arc::new(storage(&self.0, deadline))
    }

    fn server(&mut self) -> &mut dyn Faults {
        &mut self.0
    }
}

mod nodes {
    use super::*;

    captcha_testkit::nodes_suite!(Redis::start());
}

/// A storage with a connection of its own, as another process has.
fn storage(server: &RedisServer, deadline: Duration) -> RedisStorage {
    let builder = RedisStorage::builder(connect(&server.url()).unwrap());
    builder.deadline(deadline).build().unwrap()
}

fn node(server: &RedisServer) -> CaptchaManager {
    let builder = CaptchaManager::builder(storage(server, LONG));
    builder.factory(KnownAnswer(ANSWER)).build().unwrap()
}

async fn issue(node: &CaptchaManager) -> String {
    let issued = node.issue_undrawn("key", "").await.unwrap();
    issued.id().as_str().to_owned()
}

#[tokio::test]
async fn atk_35_every_key_expires_under_the_prefix() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let one = RedisStorage::builder(connect(&server.url()).unwrap());
    let one = one.prefix("shop").build().unwrap();
    let manager = CaptchaManager::builder(one)
        .factory(KnownAnswer(ANSWER))
        .build()
        .unwrap();
    let (spent, kept) = (issue(&manager).await, issue(&manager).await);
    let _ = manager.exchange(&spent, ANSWER).await.unwrap();
    let _ = manager.verify(&kept, "wrong").await.unwrap();
    let limiter = RedisTokenBucket::builder(connect(&server.url()).unwrap(), 5, 1.0);
    limiter
        .prefix("shop")
        .build()
        .unwrap()
        .acquire("ada")
        .await
        .unwrap();
    let keys = server.command(&["KEYS", "*"]);
    let mut spaces: Vec<&str> = keys
        .lines()
        .map(|key| key.rsplit_once(':').unwrap().0)
        .collect();
    spaces.sort_unstable();
    assert_eq!(
        spaces,
        ["shop:challenge", "shop:pass", "shop:rate:5/1000000"]
    );
    for key in keys.lines() {
        let left: i64 = server.command(&["PTTL", key]).parse().unwrap();
        assert!((1..=300_000).contains(&left), "{key}: {left}");
    }
}

#[tokio::test]
async fn a_full_server_refuses_new_challenges_and_still_knows_the_old() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let node = node(&server);
    let id = issue(&node).await;
    assert_eq!(server.command(&["CONFIG", "SET", "maxmemory", "1"]), "OK");
    let put = storage(&server, LONG);
    let put = put
        .put_new(&StorageKey::for_test(1), b"x", Duration::from_secs(60))
        .await;
    assert_eq!(put.unwrap_err().kind(), StorageErrorKind::Full);
    assert!(node.issue_undrawn("key", "").await.is_err());
    // Counting a try needs memory, too: no answer, but no pass either.
    assert!(node.verify(&id, "wrong").await.is_err());
    assert_eq!(server.command(&["CONFIG", "SET", "maxmemory", "0"]), "OK");
    assert_eq!(
        node.verify(&id, ANSWER).await.unwrap(),
        AnswerOutcome::Right
    );
}

#[tokio::test]
async fn a_flushed_server_knows_nothing_and_passes_nobody() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let node = node(&server);
    let id = issue(&node).await;
    assert_eq!(server.command(&["FLUSHALL"]), "OK");
    assert_eq!(server.command(&["SCRIPT", "FLUSH"]), "OK");
    assert!(node.verify(&id, ANSWER).await.is_err());
    let id = issue(&node).await;
    assert_eq!(
        node.verify(&id, ANSWER).await.unwrap(),
        AnswerOutcome::Right
    );
}

#[tokio::test]
async fn a_replica_that_may_not_be_written_is_an_outage() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let port = server.port().to_string();
    let Some(replica) = RedisServer::start_with(&["--replicaof", "127.0.0.1", &port]) else {
        return;
    };
    let outcome = storage(&replica, LONG);
    let outcome = outcome
        .put_new(&StorageKey::for_test(1), b"x", Duration::from_secs(60))
        .await;
    assert_eq!(outcome.unwrap_err().kind(), StorageErrorKind::Unavailable);
}

#[tokio::test]
async fn what_the_server_refuses_for_good_is_no_outage() {
    let Some(server) = RedisServer::start_with(&["--requirepass", "secret-of-the-server"]) else {
        return;
    };
    for password in ["", ":wrong-password@"] {
        let url = format!("redis://{password}127.0.0.1:{}/", server.port());
        let storage = RedisStorage::new(connect(&url).unwrap());
        let error = storage.get(&StorageKey::for_test(1)).await.unwrap_err();
        assert_eq!(error.kind(), StorageErrorKind::Misconfigured);
        let shown = format!("{error:?} {error} {storage:?}");
        assert!(!shown.contains("wrong-password"), "{shown}");
    }
    let url = format!("redis://:secret-of-the-server@127.0.0.1:{}/", server.port());
    let storage = RedisStorage::new(connect(&url).unwrap());
    assert_eq!(
        storage.get(&StorageKey::for_test(1)).await.unwrap(),
        Lookup::Absent
    );
}

/// A login that is refused is tried again: the server's password can be the one that was wrong.
#[tokio::test]
async fn a_refused_login_is_not_remembered() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let url = format!("redis://:the-new-one@127.0.0.1:{}/", server.port());
    let storage = RedisStorage::new(connect(&url).unwrap());
    let key = StorageKey::for_test(1);
    for _ in 0..2 {
        let error = storage.get(&key).await.unwrap_err();
        assert_eq!(error.kind(), StorageErrorKind::Misconfigured);
    }
    let set = ["CONFIG", "SET", "requirepass", "the-new-one"];
    assert_eq!(server.command(&set), "OK");
    assert_eq!(storage.get(&key).await.unwrap(), Lookup::Absent);
}

/// Redis repeats a command it does not know. The key in it can be a pass token.
#[tokio::test]
async fn atk_30_no_record_is_in_an_error() {
    let Some(server) = RedisServer::start_with(&["--rename-command", "DEL", ""]) else {
        return;
    };
    let storage = storage(&server, LONG);
    let error = storage.consume(&StorageKey::for_test(424_242)).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), StorageErrorKind::Misconfigured);
    let shown = format!("{error:?} {error:#?}");
    assert!(!shown.contains("424242"), "{shown}");
}

/// What was written while the server's clock was an hour ahead locks nobody out for that hour.
#[tokio::test]
async fn a_clock_that_was_ahead_locks_nobody_out() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let limiter = RedisTokenBucket::new(connect(&server.url()).unwrap(), 2, 10.0).unwrap();
    limiter.acquire("ada").await.unwrap();
    let key = "captcha:rate:2/100000:ada";
    let known: f64 = server.command(&["GET", key]).parse().unwrap();
    let ahead = format!("{:.3}", known + 3_600_000_000.0);
    assert_eq!(server.command(&["SET", key, &ahead]), "OK");
    assert!(limiter.acquire("ada").await.is_err(), "an empty bucket");
    tokio::time::sleep(Duration::from_millis(250)).await;
    limiter.acquire("ada").await.unwrap();
}

#[tokio::test]
async fn limiters_of_different_rates_are_apart() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let connection = connect(&server.url()).unwrap();
    let strict = RedisTokenBucket::new(connection.clone(), 1, 0.01).unwrap();
    let loose = RedisTokenBucket::new(connection, 5, 1.0).unwrap();
    strict.acquire("ada").await.unwrap();
    assert!(strict.acquire("ada").await.is_err());
    loose.acquire("ada").await.unwrap();
}

/// Counted on the wire itself. Commands that a script sends stay on the server.
#[tokio::test]
async fn one_round_trip_to_issue_or_to_be_wrong_and_two_to_be_right() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let wire = Wire::to(server.port()).await;
    let connection = connect(&format!("redis://127.0.0.1:{}/", wire.port())).unwrap();
    let builder = CaptchaManager::builder(RedisStorage::new(connection));
    let node = builder.factory(KnownAnswer(ANSWER)).build().unwrap();
    // Scripts are loaded the first time.
    let _ = node.verify(&issue(&node).await, "wrong").await;
    let _ = wire.trips();
    let id = issue(&node).await;
    assert_eq!(wire.trips(), 1, "issue");
    let _ = node.verify(&id, "wrong").await.unwrap();
    assert_eq!(wire.trips(), 1, "wrong");
    let _ = node.verify(&id, ANSWER).await.unwrap();
    assert_eq!(wire.trips(), 2, "right");
}

#[tokio::test]
async fn settings_that_cannot_work_are_named() {
    for url in ["", "http://127.0.0.1/", "redis://[", "127.0.0.1"] {
        assert_eq!(connect(url).unwrap_err().setting(), "url", "{url}");
    }
    let connection = connect("redis://127.0.0.1:1/").unwrap();
    let builder = || RedisStorage::builder(connection.clone());
    for prefix in ["", "a b", "\n", "caf\u{e9}", &"x".repeat(65)] {
        assert_eq!(
            builder().prefix(prefix).build().unwrap_err().setting(),
            "prefix"
        );
    }
    for deadline in [Duration::ZERO, Duration::from_secs(61)] {
        assert_eq!(
            builder().deadline(deadline).build().unwrap_err().setting(),
            "deadline"
        );
    }
    let limiter = |capacity, rate| RedisTokenBucket::new(connection.clone(), capacity, rate);
    assert_eq!(limiter(0, 1.0).unwrap_err().setting(), "capacity");
    assert_eq!(limiter(1, f64::NAN).unwrap_err().setting(), "refill_rate");
}

/// Three masters, each with a third of the keys.
struct Cluster {
    connection: redis::cluster_async::ClusterConnection,
    _servers: Vec<RedisServer>,
}

impl Cluster {
    async fn start() -> Option<Self> {
        let server = || RedisServer::start_with(&["--cluster-enabled", "yes"]);
        let servers: Vec<RedisServer> = [server()?, server()?, server()?].into();
        let addresses = servers
            .iter()
            .map(|server| format!("127.0.0.1:{}", server.port()));
        let made = std::process::Command::new("redis-cli")
            .args(["--cluster", "create", "--cluster-yes"])
            .args(addresses)
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stdout)
        );
        for server in &servers {
            while !server
                .command(&["CLUSTER", "INFO"])
                .contains("cluster_state:ok")
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        let urls: Vec<String> = servers.iter().map(RedisServer::url).collect();
        let client = redis::cluster::ClusterClient::new(urls).unwrap();
        Some(Self {
            connection: client.get_async_connection().await.unwrap(),
            _servers: servers,
        })
    }
}

#[async_trait]
impl StorageFixture for Cluster {
    async fn storage(&self) -> Arc<dyn Storage> {
        Arc::new(RedisStorage::new(self.connection.clone()))
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn forgets_by_itself(&self) -> bool {
        true
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cluster_is_a_storage_like_any_other() {
    use captcha_testkit::storage::*;

    let Some(cluster) = Cluster::start().await else {
        return;
    };
    keeps_what_was_put(&cluster).await;
    never_overwrites(&cluster).await;
    unknown_keys_are_absent(&cluster).await;
    hits_count_apart(&cluster).await;
    consumes_once(&cluster).await;
    atk_02_one_of_many_consumes(&cluster).await;
    atk_25_concurrent_hits_are_all_counted(&cluster).await;
    one_of_many_puts_wins(&cluster).await;
    atk_36_expired_is_not_live(&cluster).await;
    let limiter = RedisTokenBucket::new(cluster.connection.clone(), 2, 0.1).unwrap();
    for key in ["ada", "bob", "cyd", "dan"] {
        for expected in [true, true, false] {
            assert_eq!(limiter.acquire(key).await.is_ok(), expected, "{key}");
        }
    }
}

/// Behind a Sentinel: when the master is killed, or stands still, the replica takes over, and
/// storage and limiter go on without being told.
#[cfg(feature = "redis-sentinel")]
mod sentinel {
    use captcha_core::redis::SharedConnection;
    use captcha_testkit::servers::RedisSentinel;
    use redis::sentinel::{SentinelClient, SentinelServerType};

    use super::*;

    async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
        let waiting = tokio::time::timeout(Duration::from_secs(30), async {
            while !is_so().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        waiting.await.unwrap_or_else(|_| panic!("{what}"));
    }

    async fn fails_over(lose: impl FnOnce(&mut RedisServer)) {
        let Some(mut master) = RedisServer::start_with(&["--repl-diskless-sync-delay", "0"]) else {
            return;
        };
        let of = ["--replicaof", "127.0.0.1", &master.port().to_string()];
        let replica = RedisServer::start_with(&of).unwrap();
        let linked = async || {
            let state = replica.command(&["INFO", "replication"]);
            state.contains("master_link_status:up")
        };
        until("the replica follows", linked).await;
        let watch = RedisSentinel::start(&master);
        let known = async || {
            let replicas = watch.command(&["SENTINEL", "REPLICAS", "captcha"]);
            replicas.contains(&replica.port().to_string())
        };
        until("the Sentinel knows it", known).await;

        // The first one is asked in vain: its machine stands still.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let silent = format!("redis://{}/", silent.local_addr().unwrap());
        let client = SentinelClient::build(
            vec![silent, watch.url()],
            "captcha".to_owned(),
            None,
            SentinelServerType::Master,
        );
        let connection = SharedConnection::to_master(client.unwrap());
        let storage = RedisStorage::builder(connection.clone()).deadline(DEADLINE);
        let node = CaptchaManager::builder(storage.build().unwrap());
        let node = node.factory(KnownAnswer(ANSWER)).build().unwrap();
        let limiter = RedisTokenBucket::new(connection, 1, 0.01).unwrap();
        until("the master is found", async || {
            node.issue_undrawn("key", "").await.is_ok()
        })
        .await;
        let id = issue(&node).await;
        assert_eq!(
            node.verify(&id, ANSWER).await.unwrap(),
            AnswerOutcome::Right
        );
        limiter.acquire("ada").await.unwrap();

        // What has not arrived at the replica is lost with the master.
        let arrived = async || !replica.command(&["KEYS", "captcha:rate:*"]).is_empty();
        until("the replica has it all", arrived).await;
        lose(&mut master);
        assert!(node.issue_undrawn("key", "").await.is_err());
        let right = async || {
            let issued = node.issue_undrawn("key", "").await.ok()?;
            node.verify(issued.id().as_str(), ANSWER).await.ok()
        };
        until("the replica takes over", async || {
            right().await == Some(AnswerOutcome::Right)
        })
        .await;
        assert!(node.verify(&id, ANSWER).await.is_err(), "it stays spent");
        assert!(limiter.acquire("ada").await.is_err(), "it stays taken");
        let role = replica.command(&["ROLE"]);
        assert!(role.starts_with("master"), "{role}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_killed_master_is_replaced() {
        fails_over(Faults::kill).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_master_that_stands_still_is_replaced() {
        fails_over(|master| master.pause()).await;
    }
}
