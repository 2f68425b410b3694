//! Rules on what a verifier passed.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::time::Duration;

use async_trait::async_trait;
use captcha_core::clock::Clock;
use captcha_core::verify::rules::{AllowedHostnames, ExpectedAction, MaxAge, MaxScore, Rule};
use captcha_core::verify::{
    FailMode, FieldSet, Pass, ReasonCode, Refusal, Verdict, Verifier, VerifierExt, VerifyError,
    VerifyErrorKind, VerifyRequest,
};
use captcha_testkit::{ManualClock, StubVerifier};

/// Passes everybody with this pass.
struct Passes(Pass);

#[async_trait]
impl Verifier for Passes {
    async fn verify(&self, _: &VerifyRequest<'_>) -> Result<Verdict, VerifyError> {
        Ok(Verdict::Passed(self.0.clone()))
    }

    fn fail_mode(&self) -> FailMode {
        FailMode::Open
    }

    fn field_sets(&self) -> Vec<FieldSet> {
        vec![FieldSet::token("its-own-field")]
    }
}

/// `None` when the rule lets the pass through.
fn refused(rule: &impl Rule, pass: Pass) -> Option<(String, String)> {
    rule.check(&pass).err().map(|refusal| {
        (
            refusal.reason_code().to_string(),
            refusal.error().unwrap_or_default().to_owned(),
        )
    })
}

#[test]
fn a_field_that_is_missing_refuses_and_says_so() {
    let pass = Pass::new;
    let score = refused(&MaxScore::new(1.0).unwrap(), pass()).unwrap();
    assert_eq!(score.0, "score_missing");
    let hostname = refused(&AllowedHostnames::new(["a.example"]).unwrap(), pass()).unwrap();
    assert_eq!(hostname.0, "hostname_mismatch");
    let action = refused(&ExpectedAction::new("login").unwrap(), pass()).unwrap();
    assert_eq!(action.0, "action_mismatch");
    let age = refused(&MaxAge::new(Duration::from_secs(60)).unwrap(), pass()).unwrap();
    assert_eq!(age.0, "token_expired");
    for (code, text) in [score, hostname, action, age] {
        assert!(text.contains("required"), "{code}: {text}");
    }
}

#[test]
fn a_score_up_to_the_limit_passes() {
    let rule = MaxScore::new(0.6).unwrap();
    for (score, passes) in [
        (0.0, true),
        (0.6, true),
        (0.600_000_1, false),
        (1.0, false),
        (f64::NAN, false),
    ] {
        let refused = refused(&rule, Pass::new().with_score(score, score));
        assert_eq!(refused.is_none(), passes, "{score}");
    }
    for bad in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        assert_eq!(MaxScore::new(bad).unwrap_err().setting(), "max_score");
    }
}

#[test]
fn an_age_is_counted_from_the_challenge() {
    let clock = ManualClock::new();
    let now = i64::try_from(clock.now_millis() / 1000).unwrap();
    let rule = MaxAge::new(Duration::from_secs(300))
        .unwrap()
        .with_clock(clock);
    for (solved, passes) in [
        (now, true),
        (now - 300, true),
        (now - 301, false),
        (now + 60, true),
        (now + 61, false),
        (0, false),
        (i64::MAX, false),
        (i64::MIN, false),
    ] {
        let refused = refused(&rule, Pass::new().with_challenge_ts(solved));
        assert_eq!(refused.is_none(), passes, "{solved}");
    }
    // The time of the verification counts where there is no other, and not otherwise.
    assert!(refused(&rule, Pass::new().with_timestamp(now)).is_none());
    let both = Pass::new().with_timestamp(now).with_challenge_ts(now - 400);
    assert!(refused(&rule, both).is_some());
    assert_eq!(
        MaxAge::new(Duration::ZERO).unwrap_err().setting(),
        "max_age"
    );
}

#[tokio::test]
async fn rules_add_up_and_forward_the_rest() {
    let pass = Pass::new()
        .with_score(0.2, 0.2)
        .with_timestamp(7)
        .with_hostname("a.example")
        .with_action("login");
    let ruled = Passes(pass)
        .rule(MaxScore::new(0.5).unwrap())
        .rule(AllowedHostnames::new(["A.example"]).unwrap())
        .rule(|pass: &Pass| match pass.action() {
            Some("login") => Ok(()),
            _ => Err(Refusal::new(ReasonCode::ActionMismatch)),
        });
    assert_eq!(ruled.fail_mode(), FailMode::Open);
    assert_eq!(ruled.field_sets(), vec![FieldSet::token("its-own-field")]);
    let request = VerifyRequest::token("tok");
    assert!(ruled.verify(&request).await.unwrap().success());
    let verdict = ruled
        .rule(MaxScore::new(0.1).unwrap())
        .verify(&request)
        .await
        .unwrap();
    assert_eq!(verdict.reason_code(), Some(&ReasonCode::ScoreTooHigh));
    assert_eq!((verdict.score(), verdict.timestamp()), (Some(0.2), Some(7)));
}

#[tokio::test]
async fn refusals_and_errors_are_left_alone() {
    let rule = || MaxScore::new(0.0).unwrap();
    let request = VerifyRequest::token("tok");
    let refused = StubVerifier::refuses("token_expired")
        .rule(rule())
        .verify(&request)
        .await;
    assert_eq!(
        refused.unwrap().reason_code(),
        Some(&ReasonCode::TokenExpired)
    );
    let failed = StubVerifier::fails(VerifyErrorKind::Network, "gone").rule(rule());
    let error = failed.verify(&request).await.unwrap_err();
    assert_eq!(error.kind(), VerifyErrorKind::Network);
    // An answer that cannot be read is no outage where it decides about a rule.
    let unreadable = StubVerifier::fails(VerifyErrorKind::InvalidResponse, "html").rule(rule());
    let error = unreadable.verify(&request).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (VerifyErrorKind::RuleUndecided, "INVALID_RESPONSE")
    );
    assert!(std::error::Error::source(&error).is_some());
    assert!(FailMode::Open.apply(Err(error)).is_err());
}
