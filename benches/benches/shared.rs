//! Storage that nodes share, on a server that runs on this machine, too: how many challenges a
//! second are issued and answered by 64 callers. With `PYTHON`, captchakit on the same Redis.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use captcha_core::manager::{AnswerOutcome, CaptchaManager};
use captcha_core::storage::{PostgresStorage, RedisStorage, Storage};
use captcha_testkit::KnownAnswer;
use captcha_testkit::servers::{PostgresServer, RedisServer};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

const ANSWER: &str = "XK7QW";
const CALLERS: usize = 64;
const TIME: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() {
    if let Some(server) = RedisServer::start() {
        redis(&server).await;
    }
    // As it is delivered: a commit is on the disk before it is answered.
    if let Some(server) = PostgresServer::start_with(&[]) {
        postgres(&server).await;
    }
}

async fn redis(server: &RedisServer) {
    let connection = captcha_core::redis::connect(&server.url()).expect("a URL");
    let ours = pairs("RedisStorage", RedisStorage::new(connection)).await;

    let Some(theirs) = benches::captchakit(&[&server.url()]) else {
        return;
    };
    let theirs: f64 = theirs.parse().expect("a number");
    println!("captchakit 1.0.1, RedisStorage: {theirs:.0} pairs a second");
    println!("{:.1} times as many", ours / theirs);
}

async fn postgres(server: &PostgresServer) {
    let pool = PgPool::connect(&server.url()).await.expect("a server");
    // One that does not ask whether a connection is in order each time it is used.
    let untested = PgPoolOptions::new().test_before_acquire(false);
    let untested = untested.connect(&server.url()).await.expect("a server");
    for (name, table, pool, unlogged) in [
        ("PostgresStorage", "one", &pool, false),
        ("PostgresStorage, untested", "two", &untested, false),
        ("PostgresStorage, unlogged", "three", &pool, true),
        (
            "PostgresStorage, unlogged, untested",
            "four",
            &untested,
            true,
        ),
    ] {
        let builder = PostgresStorage::builder(pool.clone()).table(table);
        let storage = builder.unlogged(unlogged).build().expect("a table");
        storage.create_schema().await.expect("permission");
        pairs(name, storage).await;
    }
}

/// The median of five rounds.
async fn pairs(name: &str, storage: impl Storage + 'static) -> f64 {
    let builder = CaptchaManager::builder(storage).factory(KnownAnswer(ANSWER));
    let manager = builder.build().expect("a manager");
    let mut rounds = Vec::new();
    for _ in 0..5 {
        rounds.push(round(&manager).await);
    }
    rounds.sort_by(f64::total_cmp);
    let median = rounds[2];
    println!("{name}: {median:.0} pairs a second, median of five rounds");
    median
}

/// Issues and answers from all callers at once, and counts how often a second.
async fn round(manager: &CaptchaManager) -> f64 {
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
