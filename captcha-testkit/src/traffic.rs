use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use captcha_core::manager::{AnswerOutcome, CaptchaManager};
use tokio::task::JoinSet;

use crate::nodes::{ANSWER, BUSY, DEADLINE};

/// How many visitors there are at a time.
const VISITORS: usize = 24;

/// Visitors who ask two nodes for challenges and answer them, rightly and wrongly, whatever
/// happens to the server behind.
pub(crate) struct Traffic {
    visitors: JoinSet<()>,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    over: AtomicBool,
    passed: AtomicUsize,
    failed: AtomicUsize,
}

impl Traffic {
    pub(crate) fn start(nodes: &[CaptchaManager; 2]) -> Self {
        let seen = Arc::new(Seen::default());
        let mut visitors = JoinSet::new();
        for turn in 0..VISITORS {
            let (here, there) = (nodes[turn % 2].clone(), nodes[(turn + 1) % 2].clone());
            let seen = Arc::clone(&seen);
            visitors.spawn(async move {
                while !seen.over.load(Ordering::Relaxed) {
                    visit(&here, &there, &seen).await;
                    // Failures can come without a wait.
                    tokio::task::yield_now().await;
                }
            });
        }
        Self { visitors, seen }
    }

    /// Waits until more visitors have passed, so that something is on its way.
    pub(crate) async fn flows(&self) {
        let passed = self.seen.passed.load(Ordering::Relaxed);
        let more = tokio::time::timeout(Duration::from_secs(20), async {
            while self.seen.passed.load(Ordering::Relaxed) < passed + VISITORS {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        more.await.expect("visitors pass");
    }

    /// Lets the visitors finish, and panics where one saw what must not be.
    pub(crate) async fn stop(mut self) {
        self.seen.over.store(true, Ordering::Relaxed);
        while let Some(visitor) = self.visitors.join_next().await {
            visitor.unwrap();
        }
        let failed = self.seen.failed.load(Ordering::Relaxed);
        assert!(failed > 0, "nothing happened to the server");
    }
}

/// One challenge of one node: a wrong answer at the other, then two right ones at once, then one
/// more.
async fn visit(here: &CaptchaManager, there: &CaptchaManager, seen: &Seen) {
    let started = Instant::now();
    let issued = here.issue_undrawn("key", "").await;
    // One call of the storage.
    in_time(started, 1);
    let Ok(issued) = issued else {
        seen.failed.fetch_add(1, Ordering::Relaxed);
        return;
    };
    let id = issued.id().as_str();
    assert_ne!(
        there.verify(id, "wrong").await.ok(),
        Some(AnswerOutcome::Right)
    );
    let answer = async |node: &CaptchaManager| {
        let started = Instant::now();
        let outcome = node.verify(id, ANSWER).await;
        in_time(started, 2);
        match outcome {
            Ok(AnswerOutcome::Right) => 1,
            Ok(AnswerOutcome::Wrong { .. }) => panic!("it is right"),
            Err(_) => 0,
        }
    };
    let (one, other) = tokio::join!(answer(here), answer(there));
    let passed = one + other + answer(there).await;
    assert!(passed <= 1, "passed {passed} times");
    if passed == 1 {
        seen.passed.fetch_add(1, Ordering::Relaxed);
    } else {
        seen.failed.fetch_add(1, Ordering::Relaxed);
    }
}

/// So many calls of the storage, each within its deadline.
fn in_time(started: Instant, calls: u32) {
    let taken = started.elapsed();
    assert!(taken < calls * DEADLINE + BUSY, "{taken:?}");
}
