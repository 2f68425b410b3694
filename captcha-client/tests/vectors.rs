//! Every answer vector, through the client over a real socket.

#![cfg(feature = "gkcaptcha")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod support;

use captcha_client::VerifyOptions;
use captcha_core::verify::rules::{AllowedHostnames, MaxScore};
use captcha_core::verify::{FailMode, Verdict, Verifier, VerifierExt};
use captcha_testkit::api::ScriptedApi;
use serde_json::Value;
use support::{TOKEN, ask, builder, class, vectors};

/// The client behind the rules that the vector assumes.
fn ruled(client: captcha_client::GkCaptchaClient, given: &Value) -> Box<dyn Verifier> {
    let mut verifier: Box<dyn Verifier> = Box::new(client);
    for (setting, value) in given.as_object().into_iter().flatten() {
        verifier = match setting.as_str() {
            "expected_hostname" => {
                Box::new(verifier.rule(AllowedHostnames::new([value.as_str().unwrap()]).unwrap()))
            }
            "max_risk" => Box::new(verifier.rule(MaxScore::new(value.as_f64().unwrap()).unwrap())),
            other => panic!("a policy without a rule: {other}"),
        };
    }
    verifier
}

#[tokio::test]
async fn every_vector_is_of_its_class() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 28);
    for vector in vectors {
        let api = ScriptedApi::start([vector.answer.clone()]).await;
        let (name, expect) = (&vector.name, &vector.expect);
        let client = builder(&api.url()).build().unwrap();
        let outcome = ask(&ruled(client, &vector.given)).await;
        assert_eq!(class(&outcome), vector.class(), "{name}: {outcome:?}");
        let passed = matches!(outcome, Ok(Verdict::Passed(_)));
        assert_eq!(expect["success"], passed, "{name}");
        if let Ok(Verdict::Passed(pass)) = &outcome {
            assert!(!pass.fail_open(), "{name}");
            if let Some(score) = expect["score_raw"].as_f64() {
                assert_eq!(
                    (pass.score(), pass.raw_score()),
                    (Some(score), Some(score)),
                    "{name}"
                );
            }
            if let Some(hostname) = expect["hostname"].as_str() {
                assert_eq!(pass.hostname(), Some(hostname), "{name}");
            }
        }
        if let (Ok(Verdict::Refused(refusal)), Some(codes)) =
            (&outcome, expect["error_codes"].as_array())
        {
            assert_eq!(refusal.error_codes(), codes, "{name}");
            assert_eq!(refusal.reason_code().as_str(), codes[0], "{name}");
        }
        assert_eq!(api.heard().len(), 1, "{name}");
    }
}

#[tokio::test]
async fn only_outages_are_subject_to_the_fail_mode() {
    for vector in vectors() {
        if !vector.given.is_null() {
            continue;
        }
        let api = ScriptedApi::start([vector.answer.clone()]).await;
        let (name, class) = (&vector.name, vector.class());
        for mode in [FailMode::Open, FailMode::Closed] {
            let client = builder(&api.url()).fail_mode(mode).build().unwrap();
            let outcome = client.verify_token(TOKEN, VerifyOptions::default()).await;
            let fail_open = matches!(&outcome, Ok(verdict) if verdict.fail_open());
            let opened = class == "unavailable" && mode == FailMode::Open;
            assert_eq!(fail_open, opened, "{name} {mode:?}");
            let verdict = matches!(class, "ok" | "bad_token");
            assert_eq!(outcome.is_ok(), verdict || opened, "{name} {mode:?}");
        }
    }
}
