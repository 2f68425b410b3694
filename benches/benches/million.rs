//! A million live challenges in memory: what they take, and whether anyone waits for them.

use std::time::{Duration, Instant};

use captcha_core::manager::CaptchaManager;
use captcha_core::storage::MemoryStorage;
use captcha_testkit::ManualClock;

const MILLION: usize = 1_000_000;

/// How many calls are put together for a median.
const SOME: usize = 10_000;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.expect("a runtime").block_on(run());
}

async fn run() {
    let clock = ManualClock::new();
    let storage = MemoryStorage::builder()
        .capacity(MILLION)
        .clock(clock.clone())
        .build();
    let manager = CaptchaManager::builder(storage.clone()).build();
    let manager = manager.expect("a manager");
    let before = resident_bytes();
    let mut times = Vec::with_capacity(MILLION);
    issue(&manager, MILLION, &mut times).await;
    let taken = resident_bytes().saturating_sub(before);
    assert_eq!(storage.len(), MILLION);
    let (first, last) = (median(&times[..SOME]), median(&times[MILLION - SOME..]));
    println!("a million live: {} MB more resident", taken / 1_000_000);
    println!("issue: median of the first {SOME} {first:?}, of the last {SOME} {last:?}");
    report("longest issue on the way", &times);

    clock.advance(Duration::from_secs(121));
    times.clear();
    issue(&manager, MILLION, &mut times).await;
    report("longest issue while a million expired ones leave", &times);

    clock.advance(Duration::from_secs(121));
    let started = Instant::now();
    let mut calls = Vec::new();
    loop {
        let call = Instant::now();
        let purged = captcha_core::storage::Storage::purge_expired(&storage, 1_000).await;
        calls.push(call.elapsed());
        if purged.expect("memory does not fail") == 0 {
            break;
        }
    }
    println!("purge of a million: {:?}", started.elapsed());
    report("longest purge_expired(1000)", &calls);
}

async fn issue(manager: &CaptchaManager, count: usize, times: &mut Vec<Duration>) {
    for _ in 0..count {
        let started = Instant::now();
        let issued = manager.issue_undrawn("key", "").await;
        times.push(started.elapsed());
        let _ = issued.expect("room");
    }
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times[times.len() / 2]
}

fn report(name: &str, times: &[Duration]) {
    let mut times = times.to_vec();
    times.sort_unstable();
    let longest = times[times.len() - 1];
    let most = times[times.len() * 9_999 / 10_000];
    let long = times.iter().filter(|time| time.as_millis() > 0).count();
    println!("{name}: {longest:?} (99.99 %: {most:?}; {long} over a millisecond)");
}

/// Linux only; 0 elsewhere.
fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = status
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<usize>().ok());
    pages.unwrap_or_default() * 4_096
}
