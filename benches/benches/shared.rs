//! Storage that nodes share, on a server that runs on this machine, too: how many challenges a
//! second are issued and answered by 64 callers. With `PYTHON`, captchakit on the same server.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use captcha_core::manager::{AnswerOutcome, CaptchaManager};
use captcha_core::storage::RedisStorage;
use captcha_testkit::KnownAnswer;
use captcha_testkit::servers::RedisServer;

const ANSWER: &str = "XK7QW";
const CALLERS: usize = 64;
const TIME: Duration = Duration::from_secs(3);

fn main() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let _entered = runtime.enter();
    let connection = captcha_core::redis::connect(&server.url()).expect("a URL");
    let manager = CaptchaManager::builder(RedisStorage::new(connection))
        .factory(KnownAnswer(ANSWER))
        .build()
        .expect("a manager");
    let mut rounds: Vec<f64> = (0..5).map(|_| runtime.block_on(pairs(&manager))).collect();
    rounds.sort_by(f64::total_cmp);
    println!(
        "RedisStorage: {:.0} pairs a second, median of five rounds",
        rounds[2]
    );

    let Some(python) = std::env::var_os("PYTHON") else {
        println!("captchakit: not measured, PYTHON names no interpreter");
        return;
    };
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../scripts/bench_captchakit.py"
    );
    let run = Command::new(python).args([script, &server.url()]).output();
    let run = run.expect("an interpreter");
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let said = String::from_utf8_lossy(&run.stdout);
    let theirs: f64 = said.trim().parse().expect("a number");
    println!("captchakit 1.0.1, RedisStorage: {theirs:.0} pairs a second");
    println!("{:.1} times as many", rounds[2] / theirs);
}

/// Issues and answers from all callers at once, and counts how often a second.
async fn pairs(manager: &CaptchaManager) -> f64 {
    let done = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (manager, done) = (manager.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                while started.elapsed() < TIME {
                    let issued = manager.issue_undrawn("key", "").await.expect("room");
                    let outcome = manager.verify(issued.id().as_str(), ANSWER).await;
                    assert_eq!(outcome.expect("an answer"), AnswerOutcome::Right);
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.expect("no panic");
    }
    done.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64()
}
