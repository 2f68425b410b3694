//! The self-hosted half: its invariants, and attacks on it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod support;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use captcha_core::challenge::PassToken;
use captcha_core::manager::{
    AnswerOutcome, CaptchaError, CaptchaManager, ChallengeError, Exchange,
};
use captcha_core::render::Format;
use captcha_core::storage::{MemoryStorage, StorageErrorKind};
use captcha_core::verify::{
    Credential, FailMode, ReasonCode, Verdict, Verifier, VerifyErrorKind, VerifyRequest,
};
use captcha_testkit::{KnownAnswer, ManualClock, YieldingStorage};
use support::{BrokenStorage, HoldingStorage, UnreadableStorage, captured_logs};
use tokio::sync::Barrier;

const ANSWER: &str = "XK7QW";

/// Two managers on one storage, as two nodes are.
fn nodes() -> ([CaptchaManager; 2], ManualClock) {
    let clock = ManualClock::new();
    let storage = MemoryStorage::builder().clock(clock.clone()).build();
    let node = || {
        let storage = YieldingStorage(storage.clone());
        let builder = CaptchaManager::builder(storage).factory(KnownAnswer(ANSWER));
        builder.build().unwrap()
    };
    ([node(), node()], clock)
}

async fn issue(manager: &CaptchaManager) -> String {
    let issued = manager.issue_undrawn("key", "").await.unwrap();
    issued.id().as_str().to_owned()
}

fn challenge_error<T>(outcome: Result<T, CaptchaError>) -> ChallengeError {
    match outcome {
        Err(CaptchaError::Challenge(error)) => error,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("expected an error"),
    }
}

#[tokio::test]
async fn atk_01_a_right_answer_passes_once_on_any_node() {
    let ([one, other], _) = nodes();
    let id = issue(&one).await;
    assert_eq!(
        other.verify(&id, "xk7qw").await.unwrap(),
        AnswerOutcome::Right
    );
    for node in [&one, &other] {
        let error = challenge_error(node.verify(&id, ANSWER).await);
        assert_eq!(error, ChallengeError::NotFound);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn atk_02_double_spend_race() {
    let (nodes, _) = nodes();
    let nodes = Arc::new(nodes);
    for _ in 0..500 {
        let id = issue(&nodes[0]).await;
        let barrier = Arc::new(Barrier::new(50));
        let tasks: Vec<_> = (0..50)
            .map(|i| {
                let (nodes, barrier, id) = (Arc::clone(&nodes), Arc::clone(&barrier), id.clone());
                tokio::spawn(async move {
                    barrier.wait().await;
                    matches!(
                        nodes[i % 2].verify(&id, ANSWER).await,
                        Ok(AnswerOutcome::Right)
                    )
                })
            })
            .collect();
        let mut passed = 0;
        for task in tasks {
            passed += usize::from(task.await.unwrap());
        }
        // Three tries are looked at; of those that are right, one wins.
        assert_eq!(passed, 1);
    }
}

#[tokio::test]
async fn atk_03_a_spent_challenge_stays_spent_whatever_is_issued_after_it() {
    let storage = MemoryStorage::builder().capacity(50).build();
    let builder = CaptchaManager::builder(storage).factory(KnownAnswer(ANSWER));
    let manager = builder.build().unwrap();
    let id = issue(&manager).await;
    let Exchange::Token(token) = manager.exchange(&id, ANSWER).await.unwrap() else {
        panic!("wrong");
    };
    let spend = async || {
        let verdict = manager_verify(&manager, Credential::Token(token.as_str().into())).await;
        verdict.success()
    };
    assert!(spend().await);
    let mut refused = 0;
    for _ in 0..500 {
        match manager.issue_undrawn("key", "").await {
            Ok(_) => {}
            Err(CaptchaError::Storage(error)) if error.kind() == StorageErrorKind::Full => {
                refused += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(refused, 450);
    assert!(!spend().await);
    assert_eq!(
        challenge_error(manager.verify(&id, ANSWER).await),
        ChallengeError::NotFound
    );
}

async fn manager_verify(manager: &CaptchaManager, credential: Credential<'_>) -> Verdict {
    Verifier::verify(manager, &VerifyRequest::new(credential))
        .await
        .unwrap()
}

#[tokio::test]
async fn atk_12_unknown_ids_with_empty_answers_are_refused() {
    let ([manager, _], clock) = nodes();
    let expired = issue(&manager).await;
    clock.advance(Duration::from_secs(120));
    let spent = issue(&manager).await;
    assert_eq!(
        manager.verify(&spent, ANSWER).await.unwrap(),
        AnswerOutcome::Right
    );
    let huge = "A".repeat(1024 * 1024);
    for id in [
        expired.as_str(),
        &spent,
        "",
        " ",
        "\0",
        "null",
        &huge,
        &"A".repeat(22),
    ] {
        for answer in [
            "",
            " ",
            "\0",
            "null",
            "undefined",
            "0",
            "[]",
            "{}",
            ANSWER,
            &huge,
        ] {
            assert!(
                manager.verify(id, answer).await.is_err(),
                "{id:.30} {answer:.30}"
            );
            let fields = vec![("captcha_id", id.into()), ("captcha_answer", answer.into())];
            let verdict = manager_verify(&manager, Credential::Fields(fields)).await;
            assert_eq!(verdict.reason_code(), Some(&ReasonCode::InvalidAnswer));
        }
        let verdict = manager_verify(&manager, Credential::Token(id.into())).await;
        assert_eq!(verdict.reason_code(), Some(&ReasonCode::InvalidToken));
    }
    let verdict = manager_verify(&manager, Credential::Fields(Vec::new())).await;
    assert!(!verdict.success());
}

#[tokio::test]
async fn atk_25_attempts_cannot_be_outrun() {
    let ([one, other], _) = nodes();
    let id = issue(&one).await;
    for left in [2, 1] {
        let outcome = other.verify(&id, "WRONG").await.unwrap();
        assert_eq!(
            outcome,
            AnswerOutcome::Wrong {
                attempts_left: left
            }
        );
    }
    let error = challenge_error(one.verify(&id, "WRONG").await);
    assert_eq!(error, ChallengeError::TooManyAttempts);
    for _ in 0..1_000 {
        assert_eq!(
            challenge_error(other.verify(&id, ANSWER).await),
            ChallengeError::NotFound
        );
    }
}

/// However late the challenge is removed, an answer past the limit is not looked at.
#[tokio::test]
async fn atk_25_answers_past_the_limit_are_not_looked_at() {
    const WRONG: u32 = 50;
    let storage = Arc::new(HoldingStorage::new(MemoryStorage::new(), WRONG + 1));
    let mut hits = storage.hits();
    let builder = CaptchaManager::builder(storage).factory(KnownAnswer(ANSWER));
    let manager = builder.build().unwrap();
    let id = issue(&manager).await;
    let answer = |text: &'static str| {
        let (manager, id) = (manager.clone(), id.clone());
        tokio::spawn(async move { manager.verify(&id, text).await })
    };
    let wrong: Vec<_> = (0..WRONG).map(|_| answer("WRONG")).collect();
    hits.wait_for(|hits| *hits == WRONG).await.unwrap();
    let late = answer(ANSWER).await.unwrap();
    assert_eq!(challenge_error(late), ChallengeError::TooManyAttempts);
    for task in wrong {
        assert_ne!(task.await.unwrap().ok(), Some(AnswerOutcome::Right));
    }
}

/// Of right answers that are all counted before the first one removes the challenge, one passes.
#[tokio::test]
async fn atk_02_of_right_answers_counted_together_one_passes() {
    const RIGHT: u32 = 50;
    let storage = HoldingStorage::new(MemoryStorage::new(), RIGHT);
    let builder = CaptchaManager::builder(storage).factory(KnownAnswer(ANSWER));
    let manager = builder.build().unwrap();
    let id = issue(&manager).await;
    let tasks: Vec<_> = (0..RIGHT)
        .map(|_| {
            let (manager, id) = (manager.clone(), id.clone());
            tokio::spawn(async move { manager.verify(&id, ANSWER).await })
        })
        .collect();
    let mut passed = 0;
    for task in tasks {
        passed += usize::from(matches!(task.await.unwrap(), Ok(AnswerOutcome::Right)));
    }
    assert_eq!(passed, 1);
}

#[tokio::test]
async fn atk_26_answers_do_not_add_up() {
    let manager = CaptchaManager::builder(MemoryStorage::new())
        .build()
        .unwrap();
    let mut ids = Vec::new();
    for _ in 0..1_000 {
        ids.push(issue(&manager).await);
    }
    // A thousand outstanding challenges do not make one guess any likelier for any of them.
    let mut right = 0;
    for id in &ids {
        if matches!(manager.verify(id, "ABCDE").await, Ok(AnswerOutcome::Right)) {
            right += 1;
        }
    }
    assert!(right <= 1, "{right}");
}

#[tokio::test]
async fn atk_27_pictures_and_ids_do_not_repeat() {
    const ROUNDS: usize = 1_500;
    let manager = CaptchaManager::builder(MemoryStorage::new())
        .build()
        .unwrap();
    let (mut pictures, mut ids) = (HashSet::new(), HashSet::new());
    for _ in 0..ROUNDS {
        let issued = manager.issue("key").await.unwrap();
        pictures.insert(issued.picture().unwrap().bytes.clone());
        ids.insert(issued.id().to_string());
    }
    assert_eq!((pictures.len(), ids.len()), (ROUNDS, ROUNDS));
}

#[test]
fn atk_28_there_is_one_source_of_randomness() {
    let mut files = vec![std::path::PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src"
    ))];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(
                std::fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        // Where a record lies in memory is no secret, and is drawn as for any hash table.
        let is_the_source = path.ends_with("random.rs")
            || path.components().any(|part| part.as_os_str() == "memory");
        for other in [
            "rand::",
            "fastrand",
            "SmallRng",
            "thread_rng",
            "RandomState",
        ] {
            assert!(
                is_the_source || !source.contains(other),
                "{other} in {}",
                path.display()
            );
        }
    }
}

#[tokio::test]
async fn atk_30_no_log_error_or_debug_output_holds_the_answer() {
    let (_, text) = captured_logs(async {
        let ([manager, _], clock) = nodes();
        let issued = manager.issue("key").await.unwrap();
        let id = issued.id().as_str();
        let mut text = format!("{issued:?} {manager:?}");
        text += &format!("{:?}", manager.verify(id, "WRONG").await);
        text += &format!("{:?}", manager.exchange(id, ANSWER).await);
        let id = issue(&manager).await;
        clock.advance(Duration::from_secs(200));
        text += &format!("{:?}", manager.verify(&id, ANSWER).await);
        let fields = vec![("captcha_id", id.into()), ("captcha_answer", ANSWER.into())];
        let request = VerifyRequest::new(Credential::Fields(fields));
        text += &format!(
            "{request:?} {:?}",
            Verifier::verify(&manager, &request).await
        );
        let gate = captcha_core::gate::Gate::new(manager);
        let (head, ()) = http::Request::post("/")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(())
            .unwrap()
            .into_parts();
        let body = format!("captcha_id=AAAAAAAAAAAAAAAAAAAAAA&captcha_answer={ANSWER}").into();
        text += &format!(
            "{:?}",
            gate.check(&captcha_core::gate::HttpHead(&head), Some(&body))
                .await
        );
        tracing::trace!("{text}");
    })
    .await;
    assert!(text.contains("Issued"), "the capture works: {text}");
    for spelling in [ANSWER, "xk7qw", "WQ7KX"] {
        assert!(!text.contains(spelling), "{text}");
    }
}

#[tokio::test]
async fn atk_35_memory_is_bounded_whoever_asks() {
    const CAPACITY: usize = 1_000;
    let clock = ManualClock::new();
    let storage = MemoryStorage::builder()
        .clock(clock.clone())
        .capacity(CAPACITY)
        .build();
    let manager = CaptchaManager::builder(storage.clone()).build().unwrap();
    for i in 0..100_000_u32 {
        let key = std::net::Ipv4Addr::from(i).to_string();
        let _ = manager.issue_undrawn(&key, "").await;
        if i % 500 == 0 {
            clock.advance(Duration::from_secs(20));
        }
        assert!(storage.len() <= CAPACITY);
    }
    clock.advance(Duration::from_secs(3_600));
    assert!(
        manager.issue_undrawn("key", "").await.is_ok(),
        "expired ones make room"
    );
}

#[tokio::test]
async fn atk_36_expiry_to_the_millisecond() {
    let ([manager, _], clock) = nodes();
    let (early, late) = (issue(&manager).await, issue(&manager).await);
    clock.advance(Duration::from_millis(119_999));
    assert_eq!(
        manager.verify(&early, ANSWER).await.unwrap(),
        AnswerOutcome::Right
    );
    clock.advance(Duration::from_millis(1));
    assert_eq!(
        challenge_error(manager.verify(&late, ANSWER).await),
        ChallengeError::Expired
    );
    assert_eq!(
        challenge_error(manager.render(&late, Format::Png).await),
        ChallengeError::Expired
    );
    clock.set_back(Duration::from_secs(60));
    assert!(manager.verify(&late, ANSWER).await.is_err());
    clock.advance(Duration::from_secs(600));
    assert_eq!(
        challenge_error(manager.verify(&late, ANSWER).await),
        ChallengeError::NotFound
    );
}

#[tokio::test]
async fn discarded_challenges_are_gone() {
    let ([manager, _], _) = nodes();
    let id = issue(&manager).await;
    manager.discard(&id).await.unwrap();
    manager.discard(&id).await.unwrap();
    manager.discard("no id at all").await.unwrap();
    assert_eq!(
        challenge_error(manager.verify(&id, ANSWER).await),
        ChallengeError::NotFound
    );
}

#[tokio::test]
async fn pass_tokens_expire() {
    let ([manager, other], clock) = nodes();
    let token = async || {
        let id = issue(&manager).await;
        match manager.exchange(&id, ANSWER).await.unwrap() {
            Exchange::Token(token) => token,
            Exchange::Wrong { .. } => panic!("wrong"),
        }
    };
    let spend = async |token: PassToken| {
        let credential = Credential::Token(token.as_str().to_owned().into());
        manager_verify(&other, credential).await.success()
    };
    let (early, late) = (token().await, token().await);
    clock.advance(Duration::from_millis(299_999));
    assert!(spend(early).await);
    clock.advance(Duration::from_millis(1));
    assert!(!spend(late).await);
}

#[tokio::test]
async fn a_storage_outage_is_neither_a_wrong_answer_nor_a_pass() {
    for mode in [FailMode::Closed, FailMode::Open] {
        let manager = CaptchaManager::builder(BrokenStorage)
            .fail_mode(mode)
            .build()
            .unwrap();
        assert!(matches!(
            manager.issue("key").await,
            Err(CaptchaError::Storage(_))
        ));
        let (id, token) = ("A".repeat(22), "A".repeat(32));
        assert!(matches!(
            manager.verify(&id, ANSWER).await,
            Err(CaptchaError::Storage(_))
        ));
        let fields = || {
            vec![
                ("captcha_id", id.as_str().into()),
                ("captcha_answer", ANSWER.into()),
            ]
        };
        for credential in [
            Credential::Fields(fields()),
            Credential::Token(token.as_str().into()),
        ] {
            let request = VerifyRequest::new(credential);
            let outcome = Verifier::verify(&manager, &request).await;
            assert_eq!(
                outcome.as_ref().unwrap_err().kind(),
                VerifyErrorKind::Storage
            );
            let applied = manager.fail_mode().apply(outcome);
            assert_eq!(
                applied.is_ok_and(|verdict| verdict.fail_open()),
                mode == FailMode::Open
            );
        }
        // What cannot be a credential is refused without asking the storage, outage or not.
        for credential in [
            Credential::Token("x".into()),
            Credential::Fields(Vec::new()),
        ] {
            let verdict = manager_verify(&manager, credential).await;
            assert!(!verdict.success());
        }
    }
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let builder = || CaptchaManager::builder(MemoryStorage::new());
    assert!(builder().ttl(Duration::ZERO).build().is_err());
    assert!(builder().ttl(Duration::from_secs(86_401)).build().is_err());
    assert!(
        builder()
            .pass_ttl(Duration::from_millis(999))
            .build()
            .is_err()
    );
    assert!(builder().max_attempts(0).build().is_err());
    assert!(builder().max_renders(0).build().is_err());
}

/// The visitor chooses the id, so a record that cannot be read must not open the gate to him.
#[tokio::test]
async fn atk_17_an_unreadable_record_is_no_outage() {
    let storage = UnreadableStorage(MemoryStorage::new());
    let builder = CaptchaManager::builder(storage).fail_mode(FailMode::Open);
    let manager = builder.build().unwrap();
    let id = issue(&manager).await;
    for _ in 0..5 {
        let fields = vec![
            ("captcha_id", id.as_str().into()),
            ("captcha_answer", "".into()),
        ];
        let request = VerifyRequest::new(Credential::Fields(fields));
        let outcome = Verifier::verify(&manager, &request).await;
        let applied = manager.fail_mode().apply(outcome);
        assert!(!applied.is_ok_and(|verdict| verdict.success()));
    }
}

/// Requests for challenges cannot take the room of what was solved.
#[tokio::test]
async fn a_full_storage_still_exchanges_right_answers() {
    let storage = MemoryStorage::builder().capacity(20).build();
    let builder = CaptchaManager::builder(storage).factory(KnownAnswer(ANSWER));
    let manager = builder.build().unwrap();
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.push(issue(&manager).await);
    }
    for id in ids {
        assert!(matches!(
            manager.exchange(&id, ANSWER).await,
            Ok(Exchange::Token(_))
        ));
        let _ = issue(&manager).await;
        assert!(manager.issue_undrawn("flood", "").await.is_err());
    }
}
