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
use std::time::{Duration, Instant};

use async_trait::async_trait;
use captcha_core::manager::{AnswerOutcome, CaptchaManager, Exchange};
use captcha_core::rate_limit::{RateLimitError, RateLimiter, RedisTokenBucket};
use captcha_core::redis::connect;
use captcha_core::storage::{Lookup, RedisStorage, Storage, StorageErrorKind, StorageKey};
use captcha_core::verify::{Verdict, Verifier, VerifyRequest};
use captcha_testkit::KnownAnswer;
use captcha_testkit::servers::RedisServer;
use captcha_testkit::storage::StorageFixture;

const ANSWER: &str = "XK7QW";

struct Redis(RedisServer);

impl Redis {
    fn start() -> Option<Self> {
        RedisServer::start().map(Self)
    }
}

#[async_trait]
impl StorageFixture for Redis {
    async fn storage(&self) -> Arc<dyn Storage> {
        Arc::new(storage(&self.0))
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    fn forgets_by_itself(&self) -> bool {
        true
    }
}

captcha_testkit::storage_suite!(=> Redis::start());

/// A storage with a connection of its own, as another process has.
fn storage(server: &RedisServer) -> RedisStorage {
    let builder = RedisStorage::builder(connect(&server.url()).unwrap());
    builder
        .deadline(Duration::from_millis(300))
        .build()
        .unwrap()
}

fn node(server: &RedisServer) -> CaptchaManager {
    let builder = CaptchaManager::builder(storage(server));
    builder.factory(KnownAnswer(ANSWER)).build().unwrap()
}

async fn issue(node: &CaptchaManager) -> String {
    let issued = node.issue_undrawn("key", "").await.unwrap();
    issued.id().as_str().to_owned()
}

fn kind(outcome: &Result<Lookup, captcha_core::storage::StorageError>) -> StorageErrorKind {
    outcome.as_ref().unwrap_err().kind()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn atk_01_atk_05_what_one_node_issues_another_draws_and_either_passes_once() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let nodes = [node(&server), node(&server)];
    for _ in 0..20 {
        let id = issue(&nodes[0]).await;
        let answers = (0..500).map(|turn| {
            let (node, id) = (nodes[turn % 2].clone(), id.clone());
            tokio::spawn(async move { node.verify(&id, ANSWER).await })
        });
        let mut passed = 0;
        for answer in answers.collect::<Vec<_>>() {
            passed += usize::from(
                answer
                    .await
                    .unwrap()
                    .is_ok_and(|o| o == AnswerOutcome::Right),
            );
        }
        assert!(passed <= 1, "{passed}");
        // Only as many are looked at as there are tries, and one of those takes it.
        assert_eq!(passed, 1);
    }
    let id = issue(&nodes[0]).await;
    let format = captcha_core::render::Format::Png;
    let here = nodes[0].render(&id, format).await.unwrap();
    assert_eq!(here, nodes[1].render(&id, format).await.unwrap());
}

/// A pass token is in the storage before anybody is told of it.
#[tokio::test]
async fn atk_48_a_token_passes_at_once_on_another_node() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let nodes = [node(&server), node(&server)];
    for turn in 0..200 {
        let (here, there) = (&nodes[turn % 2], &nodes[(turn + 1) % 2]);
        let id = issue(here).await;
        let Exchange::Token(token) = here.exchange(&id, ANSWER).await.unwrap() else {
            panic!("the answer is right");
        };
        let request = VerifyRequest::token(token.as_str());
        let there = Verifier::verify(there, &request).await.unwrap();
        assert!(matches!(there, Verdict::Passed(_)));
        let here = Verifier::verify(here, &request).await.unwrap();
        assert!(matches!(here, Verdict::Refused(_)), "spent");
    }
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
    assert_eq!(spaces, ["shop:challenge", "shop:pass", "shop:rate"]);
    for key in keys.lines() {
        let left: i64 = server.command(&["PTTL", key]).parse().unwrap();
        assert!((1..=300_000).contains(&left), "{key}: {left}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_limiters_allow_the_rate_together() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let limiter = || RedisTokenBucket::new(connect(&server.url()).unwrap(), 20, 10.0).unwrap();
    let limiters = [limiter(), limiter()];
    let started = Instant::now();
    let mut allowed = 0;
    // At once from both, then for more than a second.
    while started.elapsed() < Duration::from_millis(1_250) {
        let calls = (0..50).map(|turn| {
            let limiter = limiters[turn % 2].clone();
            tokio::spawn(async move { limiter.acquire("ada").await.is_ok() })
        });
        for call in calls.collect::<Vec<_>>() {
            allowed += u32::from(call.await.unwrap());
        }
    }
    let most = 20 + (started.elapsed().as_secs_f64() * 10.0) as u32 + 1;
    assert!((30..=most).contains(&allowed), "{allowed} of {most}");
    assert!(
        limiters[0].acquire("bob").await.is_ok(),
        "keys are counted apart"
    );
}

#[tokio::test]
async fn the_announced_wait_is_exact() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let limiter = RedisTokenBucket::new(connect(&server.url()).unwrap(), 1, 5.0).unwrap();
    limiter.acquire("ada").await.unwrap();
    let RateLimitError::Limited { retry_after } = limiter.acquire("ada").await.unwrap_err() else {
        panic!("limited");
    };
    assert!(retry_after <= Duration::from_millis(200), "{retry_after:?}");
    assert!(retry_after > Duration::from_millis(100), "{retry_after:?}");
    tokio::time::sleep(retry_after).await;
    limiter.acquire("ada").await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_gone_is_an_outage_until_it_is_back() {
    let Some(mut server) = RedisServer::start() else {
        return;
    };
    let (storage, node) = (storage(&server), node(&server));
    let id = issue(&node).await;
    server.kill();
    for _ in 0..3 {
        let started = Instant::now();
        let outcome = storage.get(&StorageKey::for_test(1)).await;
        assert_eq!(kind(&outcome), StorageErrorKind::Unavailable);
        assert!(node.verify(&id, ANSWER).await.is_err());
        assert!(started.elapsed() < Duration::from_secs(1));
    }
    server.restart();
    tokio::time::timeout(Duration::from_secs(5), async {
        while storage.get(&StorageKey::for_test(1)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("it is used again without being told");
    assert!(
        node.verify(&id, ANSWER).await.is_err(),
        "it came back empty"
    );
    let id = issue(&node).await;
    assert_eq!(
        node.verify(&id, ANSWER).await.unwrap(),
        AnswerOutcome::Right
    );
}

#[tokio::test]
async fn a_server_that_stands_still_is_waited_for_no_longer_than_the_deadline() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let (storage, node) = (storage(&server), node(&server));
    let id = issue(&node).await;
    server.pause();
    let started = Instant::now();
    let answers = tokio::join!(node.verify(&id, ANSWER), node.verify(&id, ANSWER));
    assert!(answers.0.is_err() && answers.1.is_err());
    assert!(
        started.elapsed() < Duration::from_millis(900),
        "{:?}",
        started.elapsed()
    );
    let outcome = storage.get(&StorageKey::for_test(1)).await;
    assert_eq!(kind(&outcome), StorageErrorKind::Unavailable);
    server.resume();
    // The tries it was sent meanwhile are counted, and nothing passes twice.
    let mut passed = 0;
    for _ in 0..5 {
        passed += usize::from(
            node.verify(&id, ANSWER)
                .await
                .is_ok_and(|o| o == AnswerOutcome::Right),
        );
    }
    assert!(passed <= 1);
    let id = issue(&node).await;
    assert_eq!(
        node.verify(&id, ANSWER).await.unwrap(),
        AnswerOutcome::Right
    );
}

#[tokio::test]
async fn a_full_server_refuses_new_challenges_and_still_knows_the_old() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let node = node(&server);
    let id = issue(&node).await;
    assert_eq!(server.command(&["CONFIG", "SET", "maxmemory", "1"]), "OK");
    let put = storage(&server);
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
    let outcome = storage(&replica);
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

#[test]
fn without_a_runtime_there_is_an_error_and_no_panic() {
    let error = connect("redis://127.0.0.1/").unwrap_err();
    assert_eq!(error.setting(), "connection");
}

/// What a turn costs on the wire: commands of the client's, of which each is one way there and
/// back. Those that a script sends stay on the server.
#[tokio::test]
async fn one_round_trip_to_issue_or_to_be_wrong_and_two_to_be_right() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let node = node(&server);
    // Scripts are loaded the first time.
    let id = issue(&node).await;
    let _ = node.verify(&id, "wrong").await;
    let counted = async |turn: &str, expected: u32| {
        let stats = server.command(&["INFO", "commandstats"]);
        let calls = |command: &str| {
            let line = stats.lines().find(|line| line.starts_with(command));
            let calls = line.and_then(|line| line.split(['=', ',']).nth(1));
            calls.map_or(0, |calls| calls.parse::<u32>().unwrap())
        };
        let sent = [
            "cmdstat_eval:",
            "cmdstat_evalsha:",
            "cmdstat_del:",
            "cmdstat_script|load:",
        ];
        assert_eq!(
            sent.map(calls).iter().sum::<u32>(),
            expected,
            "{turn}: {stats}"
        );
        let _ = server.command(&["CONFIG", "RESETSTAT"]);
    };
    let _ = server.command(&["CONFIG", "RESETSTAT"]);
    let id = issue(&node).await;
    counted("issue", 1).await;
    let _ = node.verify(&id, "wrong").await.unwrap();
    counted("wrong", 1).await;
    let _ = node.verify(&id, ANSWER).await.unwrap();
    counted("right", 2).await;
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
