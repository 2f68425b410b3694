//! The circuit breaker on any verifier. Time is Tokio's, moved by hand.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use captcha_core::gate::{Gate, HttpHead};
use captcha_core::verify::VerifyErrorKind::{InvalidConfig, InvalidResponse, Network, Timeout};
use captcha_core::verify::{
    CircuitBreaker, FailMode, Pass, ReasonCode, Refusal, Verdict, Verifier, VerifierExt,
    VerifyError, VerifyErrorKind, VerifyRequest,
};
use tokio::sync::Semaphore;
use tokio::time::advance;

/// What the verifier behind the breaker does, until told otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Does {
    Pass,
    Refuse,
    /// Refuses without asking anybody.
    RefuseUnasked,
    Fail(VerifyErrorKind),
    /// Waits for leave, then passes.
    Wait,
}

#[derive(Clone)]
struct Told(Arc<Inner>);

struct Inner {
    does: Mutex<Does>,
    asked: AtomicUsize,
    leave: Semaphore,
    fail_mode: FailMode,
}

impl Told {
    fn new(fail_mode: FailMode, does: Does) -> Self {
        Self(Arc::new(Inner {
            does: Mutex::new(does),
            asked: AtomicUsize::new(0),
            leave: Semaphore::new(0),
            fail_mode,
        }))
    }

    fn now(&self, does: Does) {
        *self.0.does.lock().unwrap() = does;
    }

    fn asked(&self) -> usize {
        self.0.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Verifier for Told {
    async fn verify(&self, _: &VerifyRequest<'_>) -> Result<Verdict, VerifyError> {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        let does = *self.0.does.lock().unwrap();
        match does {
            Does::Pass => Ok(Verdict::Passed(Pass::new())),
            Does::Refuse => Ok(Verdict::Refused(Refusal::new(ReasonCode::InvalidToken))),
            Does::RefuseUnasked => Ok(Verdict::Refused(Refusal::unasked(ReasonCode::InvalidToken))),
            Does::Fail(kind) => Err(VerifyError::new(kind)),
            Does::Wait => {
                self.0.leave.acquire().await.unwrap().forget();
                Ok(Verdict::Passed(Pass::new()))
            }
        }
    }

    fn fail_mode(&self) -> FailMode {
        self.0.fail_mode
    }
}

const COOL_DOWN: Duration = Duration::from_secs(10);

fn breaker(told: &Told) -> CircuitBreaker<Told> {
    let builder = CircuitBreaker::builder(told.clone());
    builder.failures(3).cool_down(COOL_DOWN).build().unwrap()
}

async fn ask(breaker: &CircuitBreaker<Told>) -> Result<bool, VerifyErrorKind> {
    let outcome = breaker.verify(&VerifyRequest::token("tok")).await;
    outcome
        .map(|verdict| verdict.success())
        .map_err(|error| error.kind())
}

#[tokio::test(start_paused = true)]
async fn it_opens_after_a_run_of_failures_and_recovers() {
    let told = Told::new(FailMode::Closed, Does::Fail(Network));
    let breaker = breaker(&told);
    for _ in 0..3 {
        assert_eq!(ask(&breaker).await, Err(Network));
    }
    for _ in 0..100 {
        assert_eq!(ask(&breaker).await, Err(Network));
    }
    assert_eq!(told.asked(), 3, "nobody was asked while it is open");
    advance(COOL_DOWN - Duration::from_millis(1)).await;
    assert_eq!(ask(&breaker).await, Err(Network));
    assert_eq!(told.asked(), 3);
    // A failed probe opens it for another cool-down.
    advance(Duration::from_millis(1)).await;
    assert_eq!(ask(&breaker).await, Err(Network));
    assert_eq!(ask(&breaker).await, Err(Network));
    assert_eq!(told.asked(), 4);
    advance(COOL_DOWN).await;
    told.now(Does::Pass);
    assert_eq!(ask(&breaker).await, Ok(true));
    for _ in 0..10 {
        assert_eq!(ask(&breaker).await, Ok(true));
    }
    assert_eq!(told.asked(), 15, "closed again");
}

#[tokio::test(start_paused = true)]
async fn answers_of_any_kind_end_a_run() {
    for answer in [Does::Pass, Does::Refuse, Does::Fail(InvalidConfig)] {
        let told = Told::new(FailMode::Closed, Does::Pass);
        let breaker = breaker(&told);
        for _ in 0..20 {
            for _ in 0..2 {
                told.now(Does::Fail(InvalidResponse));
                let _ = ask(&breaker).await;
            }
            told.now(answer);
            let _ = ask(&breaker).await;
        }
        assert_eq!(told.asked(), 60, "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_probe_at_a_time() {
    let told = Told::new(FailMode::Closed, Does::Fail(Network));
    let breaker = breaker(&told);
    for _ in 0..3 {
        let _ = ask(&breaker).await;
    }
    advance(COOL_DOWN).await;
    told.now(Does::Wait);
    let probe = tokio::spawn({
        let breaker = breaker.clone();
        async move { ask(&breaker).await }
    });
    while told.asked() < 4 {
        tokio::task::yield_now().await;
    }
    for _ in 0..50 {
        assert_eq!(
            ask(&breaker).await,
            Err(Network),
            "answered at once beside the probe"
        );
    }
    assert_eq!(told.asked(), 4);
    told.0.leave.add_permits(1);
    assert_eq!(probe.await.unwrap(), Ok(true));
    told.now(Does::Pass);
    assert_eq!(ask(&breaker).await, Ok(true));
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_given_up_makes_room_for_the_next() {
    let told = Told::new(FailMode::Closed, Does::Fail(Network));
    let breaker = breaker(&told);
    for _ in 0..3 {
        let _ = ask(&breaker).await;
    }
    advance(COOL_DOWN).await;
    told.now(Does::Wait);
    let given_up = tokio::time::timeout(Duration::from_millis(1), ask(&breaker)).await;
    assert!(given_up.is_err());
    told.now(Does::Pass);
    assert_eq!(ask(&breaker).await, Ok(true));
}

/// Whoever sends requests and leaves cannot keep it open, and with it everybody unchecked.
#[tokio::test(start_paused = true)]
async fn probes_that_are_given_up_do_not_keep_it_open() {
    let told = Told::new(FailMode::Open, Does::Fail(Network));
    let breaker = breaker(&told);
    for _ in 0..3 {
        let _ = ask(&breaker).await;
    }
    advance(COOL_DOWN).await;
    for _ in 0..20 {
        told.now(Does::Wait);
        let leaving = breaker.clone();
        let leaving = tokio::spawn(async move { ask(&leaving).await });
        tokio::task::yield_now().await;
        leaving.abort();
        let _ = leaving.await;
        told.now(Does::Refuse);
        assert_eq!(ask(&breaker).await, Ok(false), "asked, and refused");
    }
    // Down again: one failure is enough.
    told.now(Does::Fail(Network));
    for _ in 0..3 {
        let _ = ask(&breaker).await;
    }
    advance(COOL_DOWN).await;
    told.now(Does::Wait);
    let _ = tokio::time::timeout(Duration::from_millis(1), ask(&breaker)).await;
    told.now(Does::Fail(Network));
    let asked = told.asked();
    for _ in 0..5 {
        assert_eq!(ask(&breaker).await, Err(Network));
    }
    assert_eq!(told.asked(), asked + 1);
}

/// A verifier that hung in the run lets nobody in while the breaker is open.
#[tokio::test(start_paused = true)]
async fn the_strictest_failure_of_a_run_decides() {
    for order in [
        [Timeout, Network, Network],
        [Network, Timeout, Network],
        [InvalidResponse, Network, Timeout],
    ] {
        let told = Told::new(FailMode::Open, Does::Pass);
        let breaker = breaker(&told);
        for kind in order {
            told.now(Does::Fail(kind));
            assert_eq!(ask(&breaker).await, Err(kind));
        }
        assert_eq!(ask(&breaker).await, Err(Timeout), "{order:?}");
        // A probe tells what is the matter now.
        for kind in [Network, Timeout] {
            advance(COOL_DOWN).await;
            told.now(Does::Fail(kind));
            assert_eq!(ask(&breaker).await, Err(kind));
            told.now(Does::Pass);
            assert_eq!(ask(&breaker).await, Err(kind), "{order:?}");
        }
        advance(COOL_DOWN).await;
        told.now(Does::Pass);
        assert_eq!(ask(&breaker).await, Ok(true));
    }
}

/// Tokens that nobody is asked about are no sign of life.
#[tokio::test(start_paused = true)]
async fn refusals_without_asking_do_not_close_it() {
    let told = Told::new(FailMode::Closed, Does::Pass);
    let breaker = breaker(&told);
    for _ in 0..3 {
        told.now(Does::RefuseUnasked);
        assert_eq!(ask(&breaker).await, Ok(false));
        told.now(Does::Fail(Network));
        assert_eq!(ask(&breaker).await, Err(Network));
    }
    let asked = told.asked();
    assert_eq!(ask(&breaker).await, Err(Network));
    assert_eq!(told.asked(), asked, "open");
}

#[tokio::test(start_paused = true)]
async fn requests_that_are_given_up_do_not_open_it() {
    let told = Told::new(FailMode::Closed, Does::Wait);
    let breaker = breaker(&told);
    for _ in 0..20 {
        let given_up = tokio::time::timeout(Duration::from_millis(1), ask(&breaker)).await;
        assert!(given_up.is_err());
    }
    assert_eq!(told.asked(), 20);
    told.now(Does::Pass);
    assert_eq!(ask(&breaker).await, Ok(true));
}

/// Through a gate: an outage stays subject to the fail mode, a hang lets nobody in.
#[tokio::test(start_paused = true)]
async fn an_open_breaker_answers_by_the_fail_mode() {
    for (kind, mode, passes) in [
        (Network, FailMode::Open, true),
        (InvalidResponse, FailMode::Open, true),
        (Network, FailMode::Closed, false),
        (Timeout, FailMode::Open, false),
        (Timeout, FailMode::Closed, false),
    ] {
        let told = Told::new(mode, Does::Fail(kind));
        let gate = Gate::new(told.clone().circuit_breaker());
        let request = http::Request::post("/").header("x-captcha-token", "tok");
        let (head, ()) = request.body(()).unwrap().into_parts();
        for _ in 0..20 {
            let outcome = gate.check(&HttpHead(&head), None).await;
            match outcome {
                Ok(pass) => assert!(passes && pass.fail_open(), "{kind:?} {mode:?}"),
                Err(rejection) => {
                    assert!(!passes, "{kind:?} {mode:?}");
                    assert_eq!(rejection.status(), 503);
                }
            }
        }
        assert_eq!(told.asked(), 5, "{kind:?} {mode:?}");
    }
}

/// A gate lets a verifier say itself that it was too slow, so that the breaker counts it.
#[tokio::test(start_paused = true)]
async fn a_slow_verifier_opens_it_before_the_gate_gives_up() {
    struct Slow;

    #[async_trait]
    impl Verifier for Slow {
        async fn verify(&self, _: &VerifyRequest<'_>) -> Result<Verdict, VerifyError> {
            tokio::time::sleep(Duration::from_secs(40)).await;
            Err(VerifyError::new(Timeout))
        }

        fn fail_mode(&self) -> FailMode {
            FailMode::Open
        }

        fn deadline(&self) -> Option<Duration> {
            Some(Duration::from_secs(40))
        }
    }

    let rule = captcha_core::verify::rules::MaxScore::new(0.5).unwrap();
    let gate = Gate::new(Box::new(Slow).rule(rule).circuit_breaker());
    let request = http::Request::post("/").header("x-captcha-token", "tok");
    let (head, ()) = request.body(()).unwrap().into_parts();
    let started = tokio::time::Instant::now();
    for _ in 0..20 {
        let rejection = gate.check(&HttpHead(&head), None).await.unwrap_err();
        assert_eq!(rejection.status(), 503);
    }
    assert_eq!(
        started.elapsed(),
        Duration::from_secs(5 * 40),
        "then at once"
    );
}

#[test]
fn numbers_that_cannot_work_are_named() {
    let told = Told::new(FailMode::Closed, Does::Pass);
    let failures = CircuitBreaker::builder(told.clone()).failures(0).build();
    assert_eq!(failures.err().unwrap().setting(), "failures");
    let cool_down = CircuitBreaker::builder(told)
        .cool_down(Duration::ZERO)
        .build();
    assert_eq!(cool_down.err().unwrap().setting(), "cool_down");
}

#[tokio::test]
async fn an_endless_cool_down_is_long_and_no_panic() {
    let told = Told::new(FailMode::Closed, Does::Fail(Network));
    let builder = CircuitBreaker::builder(told.clone()).cool_down(Duration::MAX);
    let breaker = builder.failures(1).build().unwrap();
    for _ in 0..5 {
        assert_eq!(ask(&breaker).await, Err(Network));
    }
    assert_eq!(told.asked(), 1);
}
