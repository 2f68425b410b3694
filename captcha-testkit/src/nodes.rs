//! The suite of what several nodes keep on one server. Run it with
//! [`nodes_suite!`](crate::nodes_suite).

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use captcha_core::manager::{AnswerOutcome, CaptchaManager, Exchange};
use captcha_core::render::Format;
use captcha_core::storage::{Storage, StorageErrorKind, StorageKey};
use captcha_core::verify::{Verdict, Verifier, VerifyRequest};

use crate::KnownAnswer;
use crate::servers::Faults;
use crate::traffic::Traffic;

/// How long a storage waits for a server to which something happens.
pub(crate) const DEADLINE: Duration = Duration::from_millis(500);

/// How long it waits for one that is only busy, on a machine that may be.
const LONG: Duration = Duration::from_secs(30);

/// What a busy machine may add.
pub(crate) const BUSY: Duration = Duration::from_secs(2);

/// The solution of every challenge.
pub(crate) const ANSWER: &str = "XK7QW";

/// A server that nodes share, and what can happen to it.
#[async_trait]
pub trait SharedServer: Send + Sync {
    /// A storage with connections of its own, as another process has, and with this deadline.
    async fn storage(&self, deadline: Duration) -> Arc<dyn Storage>;

    /// The server itself.
    fn server(&mut self) -> &mut dyn Faults;
}

/// A node on the server.
async fn node(server: &dyn SharedServer, deadline: Duration) -> CaptchaManager {
    let builder = CaptchaManager::builder(server.storage(deadline).await);
    builder.factory(KnownAnswer(ANSWER)).build().unwrap()
}

async fn two_nodes(server: &dyn SharedServer, deadline: Duration) -> [CaptchaManager; 2] {
    [node(server, deadline).await, node(server, deadline).await]
}

async fn issue(node: &CaptchaManager) -> String {
    let issued = node.issue_undrawn("key", "").await.unwrap();
    issued.id().as_str().to_owned()
}

async fn passes(node: &CaptchaManager, token: &str) -> bool {
    let verdict = Verifier::verify(node, &VerifyRequest::token(token)).await;
    matches!(verdict.unwrap(), Verdict::Passed(_))
}

async fn token(node: &CaptchaManager, id: &str) -> String {
    match node.exchange(id, ANSWER).await.unwrap() {
        Exchange::Token(token) => token.as_str().to_owned(),
        other => panic!("the answer is right: {other:?}"),
    }
}

/// What one node issues another draws, and of 500 right answers at once over both, one passes.
pub async fn atk_01_atk_02_atk_05_either_node_passes_a_challenge_once(
    server: &mut dyn SharedServer,
) {
    let nodes = two_nodes(server, LONG).await;
    for _ in 0..20 {
        let id = issue(&nodes[0]).await;
        let here = nodes[0].render(&id, Format::Png).await.unwrap();
        assert_eq!(here, nodes[1].render(&id, Format::Png).await.unwrap());
        let answers = (0..500).map(|turn| {
            let (node, id) = (nodes[turn % 2].clone(), id.clone());
            tokio::spawn(async move { node.verify(&id, ANSWER).await })
        });
        let mut passed = 0;
        for answer in answers.collect::<Vec<_>>() {
            passed += usize::from(matches!(answer.await.unwrap(), Ok(AnswerOutcome::Right)));
        }
        assert_eq!(passed, 1);
        assert!(nodes[1].verify(&id, ANSWER).await.is_err(), "it is gone");
    }
}

/// Spent tokens stay spent, however much is stored after them.
pub async fn atk_03_what_is_spent_is_not_forgotten(server: &mut dyn SharedServer) {
    let nodes = two_nodes(server, LONG).await;
    let id = issue(&nodes[0]).await;
    let token = token(&nodes[0], &id).await;
    assert!(passes(&nodes[1], &token).await);
    for turn in 0..2_000 {
        let _ = issue(&nodes[turn % 2]).await;
    }
    for node in &nodes {
        assert!(!passes(node, &token).await);
        assert!(node.verify(&id, ANSWER).await.is_err());
    }
}

/// However many guess at once at two nodes, no more are looked at than there are tries.
pub async fn atk_25_tries_are_counted_over_both_nodes(server: &mut dyn SharedServer) {
    let nodes = two_nodes(server, LONG).await;
    let id = issue(&nodes[0]).await;
    let guesses = (0..1_000).map(|turn| {
        let (node, id) = (nodes[turn % 2].clone(), id.clone());
        tokio::spawn(async move { node.verify(&id, "wrong").await })
    });
    let mut looked_at = 0;
    for guess in guesses.collect::<Vec<_>>() {
        match guess.await.unwrap() {
            Ok(AnswerOutcome::Wrong { attempts_left }) => {
                assert!(attempts_left <= 2);
                looked_at += 1;
            }
            Ok(AnswerOutcome::Right) => panic!("it is wrong"),
            Err(_) => {}
        }
    }
    // The third and last wrong one is answered as one too many.
    assert_eq!(looked_at, 2);
    for node in &nodes {
        assert!(node.verify(&id, ANSWER).await.is_err(), "out of tries");
    }
}

/// A challenge that has expired has done so for every node, by the clock of the server.
pub async fn atk_36_expired_on_one_node_is_expired_on_the_other(server: &mut dyn SharedServer) {
    let time = Duration::from_secs(3);
    let builder = CaptchaManager::builder(server.storage(LONG).await);
    let brief = builder.factory(KnownAnswer(ANSWER)).ttl(time).build();
    let brief = brief.unwrap();
    let other = node(server, LONG).await;
    let (early, late) = (issue(&brief).await, issue(&brief).await);
    let issued = Instant::now();
    assert_eq!(
        other.verify(&early, ANSWER).await.unwrap(),
        AnswerOutcome::Right
    );
    tokio::time::sleep_until((issued + time).into()).await;
    for node in [&other, &brief] {
        assert!(node.verify(&late, ANSWER).await.is_err());
    }
}

/// A pass token is in the storage before anybody is told of it.
pub async fn atk_48_a_token_passes_at_once_on_another_node(server: &mut dyn SharedServer) {
    let nodes = two_nodes(server, LONG).await;
    for turn in 0..200 {
        let (here, there) = (&nodes[turn % 2], &nodes[(turn + 1) % 2]);
        let token = token(here, &issue(here).await).await;
        assert!(passes(there, &token).await);
        assert!(!passes(here, &token).await, "spent");
    }
}

/// Without a server every call fails soon, and with it again nodes go on by themselves.
pub async fn gone_is_an_outage_until_it_is_back(server: &mut dyn SharedServer) {
    let storage = server.storage(DEADLINE).await;
    let node = node(server, DEADLINE).await;
    let id = issue(&node).await;
    server.server().kill();
    for _ in 0..3 {
        let started = Instant::now();
        let error = storage.get(&StorageKey::for_test(1)).await.unwrap_err();
        assert_eq!(error.kind(), StorageErrorKind::Unavailable);
        let waited = started.elapsed();
        assert!(waited < DEADLINE + BUSY, "{waited:?}");
        assert!(node.verify(&id, ANSWER).await.is_err());
    }
    server.server().restart();
    goes_on(&node).await;
}

/// A server that stands still is waited for no longer than the deadline.
pub async fn standing_still_is_an_outage_until_it_goes_on(server: &mut dyn SharedServer) {
    let storage = server.storage(DEADLINE).await;
    let node = node(server, DEADLINE).await;
    let id = issue(&node).await;
    server.server().pause();
    // More calls than a pool has connections.
    let started = Instant::now();
    let calls: Vec<_> = (0..30)
        .map(|_| {
            let storage = Arc::clone(&storage);
            tokio::spawn(async move { storage.get(&StorageKey::for_test(1)).await })
        })
        .collect();
    for call in calls {
        let error = call.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), StorageErrorKind::Unavailable);
    }
    let waited = started.elapsed();
    assert!(waited < DEADLINE + BUSY, "{waited:?}");
    assert!(node.verify(&id, ANSWER).await.is_err());
    server.server().resume();
    goes_on(&node).await;
    // What it was sent meanwhile may have counted, and passed nobody.
    let mut passed = 0;
    for _ in 0..3 {
        passed += usize::from(matches!(
            node.verify(&id, ANSWER).await,
            Ok(AnswerOutcome::Right)
        ));
    }
    assert!(passed <= 1, "{passed}");
}

/// Killed and started again while both nodes are busy: every request has an answer, nothing passes
/// twice, nothing wrong passes.
pub async fn killed_in_the_middle_of_traffic(server: &mut dyn SharedServer) {
    let nodes = two_nodes(server, DEADLINE).await;
    let traffic = Traffic::start(&nodes);
    for _ in 0..2 {
        traffic.flows().await;
        server.server().kill();
        tokio::time::sleep(DEADLINE).await;
        server.server().restart();
        goes_on(&nodes[0]).await;
    }
    traffic.flows().await;
    traffic.stop().await;
    goes_on(&nodes[1]).await;
}

/// The same for a server that stands still for longer than the deadline.
pub async fn paused_in_the_middle_of_traffic(server: &mut dyn SharedServer) {
    let nodes = two_nodes(server, DEADLINE).await;
    let traffic = Traffic::start(&nodes);
    for _ in 0..2 {
        traffic.flows().await;
        server.server().pause();
        tokio::time::sleep(3 * DEADLINE).await;
        server.server().resume();
        goes_on(&nodes[0]).await;
    }
    traffic.flows().await;
    traffic.stop().await;
    goes_on(&nodes[1]).await;
}

/// Waits until a challenge can be issued and answered.
async fn goes_on(node: &CaptchaManager) {
    let one = async || {
        let issued = node.issue_undrawn("key", "").await.ok()?;
        node.verify(issued.id().as_str(), ANSWER).await.ok()
    };
    let waiting = tokio::time::timeout(Duration::from_secs(20), async {
        while one().await != Some(AnswerOutcome::Right) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    waiting.await.expect("it is used again without being told");
}

/// Runs the suite on the server that this expression gives: an `Option`, `None` where it is not
/// installed.
#[macro_export]
macro_rules! nodes_suite {
    ($server:expr) => {
        $crate::nodes_suite!(@cases $server;
            atk_01_atk_02_atk_05_either_node_passes_a_challenge_once
            atk_03_what_is_spent_is_not_forgotten
            atk_25_tries_are_counted_over_both_nodes
            atk_36_expired_on_one_node_is_expired_on_the_other
            atk_48_a_token_passes_at_once_on_another_node
            gone_is_an_outage_until_it_is_back
            standing_still_is_an_outage_until_it_goes_on
            killed_in_the_middle_of_traffic
            paused_in_the_middle_of_traffic
        );
    };
    (@cases $server:expr; $($case:ident)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $case() {
            if let Some(mut server) = $server {
                $crate::nodes::$case(&mut server).await;
            }
        }
    )*};
}
