//! Cloudflare Turnstile: every answer vector, and what the client sends.

#![cfg(feature = "turnstile")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod support;

use std::time::Duration;

use captcha_client::hosted::HostedClientBuilder;
use captcha_client::{TurnstileClient, VerifyOptions};
use captcha_core::verify::rules::{AllowedHostnames, ExpectedAction};
use captcha_core::verify::{FailMode, Verdict, Verifier, VerifierExt, VerifyRequest};
use captcha_testkit::Vector;
use captcha_testkit::api::{Answer, ScriptedApi};
use serde_json::Value;
use support::{TOKEN, ask, class};

const SECRET: &str = "0x4AAAAAAAsecret0123456789";
const SITE_KEY: &str = "0x4AAAAAAAsitekey9876543";
const PASS: &str = r#"{"success":true,"error-codes":[],"hostname":"example.com"}"#;
const INTERNAL: &str = r#"{"success":false,"error-codes":["internal-error"]}"#;

fn builder(api: &ScriptedApi) -> HostedClientBuilder<TurnstileClient> {
    TurnstileClient::builder(SECRET, SITE_KEY)
        .api_url(api.url())
        .retry_delay(Duration::from_millis(10))
        .max_retries(0)
}

fn vectors() -> Vec<Vector> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/turnstile");
    let vectors = Vector::load_all(folder);
    assert_eq!(vectors.len(), 18);
    vectors
}

/// A client set up as the vector assumes.
fn given(api: &ScriptedApi, given: &Value) -> Box<dyn Verifier> {
    let mut client = builder(api);
    if given["allow_test_keys"] == true {
        client = client.allow_test_keys();
    }
    let mut verifier: Box<dyn Verifier> = Box::new(client.build().unwrap());
    for (setting, value) in given.as_object().into_iter().flatten() {
        let text = value.as_str().unwrap_or_default();
        verifier = match setting.as_str() {
            "expected_hostname" => Box::new(verifier.rule(AllowedHostnames::new([text]).unwrap())),
            "expected_action" => Box::new(verifier.rule(ExpectedAction::new(text).unwrap())),
            "allow_test_keys" => verifier,
            other => panic!("a policy without a rule: {other}"),
        };
    }
    verifier
}

#[tokio::test]
async fn every_vector_is_of_its_class() {
    for vector in vectors() {
        let api = ScriptedApi::start([vector.answer.clone()]).await;
        let (name, expect) = (&vector.name, &vector.expect);
        let outcome = ask(&given(&api, &vector.given)).await;
        assert_eq!(class(&outcome), vector.class(), "{name}: {outcome:?}");
        if let Ok(Verdict::Passed(pass)) = &outcome {
            for (told, expected) in [
                (pass.hostname(), &expect["hostname"]),
                (pass.action(), &expect["action"]),
            ] {
                if let Some(expected) = expected.as_str() {
                    assert_eq!(told, Some(expected), "{name}");
                }
            }
        }
        if let (Ok(Verdict::Refused(refusal)), Some(codes)) =
            (&outcome, expect["error_codes"].as_array())
        {
            assert_eq!(refusal.error_codes(), codes, "{name}");
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
        let (name, class) = (&vector.name, vector.class());
        for mode in [FailMode::Open, FailMode::Closed] {
            let api = ScriptedApi::start([vector.answer.clone()]).await;
            let client = builder(&api).fail_mode(mode).build().unwrap();
            let outcome = client.verify_token(TOKEN, VerifyOptions::default()).await;
            let fail_open = matches!(&outcome, Ok(verdict) if verdict.fail_open());
            let opened = class == "unavailable" && mode == FailMode::Open;
            assert_eq!(fail_open, opened, "{name} {mode:?}");
        }
    }
}

/// A try whose outcome is unknown is repeated with the same idempotency key; another verification
/// has another.
#[tokio::test]
async fn a_retry_is_the_same_verification() {
    let answers = [
        Answer::json(200, INTERNAL),
        Answer::json(502, "{}"),
        Answer::json(200, PASS),
        Answer::json(200, PASS),
    ];
    let api = ScriptedApi::start(answers).await;
    let client = builder(&api).max_retries(2).build().unwrap();
    let options = VerifyOptions {
        client_ip: "192.0.2.7".parse().ok(),
        user_agent: None,
    };
    for _ in 0..2 {
        let verdict = client.verify_token(TOKEN, options.clone()).await.unwrap();
        assert!(matches!(verdict, Verdict::Passed(pass) if !pass.fail_open()));
    }
    let heard = api.heard();
    let sent: Vec<Value> = heard.iter().map(|heard| heard.json()).collect();
    assert_eq!(sent.len(), 4);
    let keys: Vec<&str> = sent
        .iter()
        .map(|sent| sent["idempotency_key"].as_str().unwrap())
        .collect();
    assert!(keys[0] == keys[1] && keys[1] == keys[2] && keys[2] != keys[3]);
    assert_eq!(keys[0].len(), 36);
    for (name, expected) in [
        ("secret", SECRET),
        ("response", TOKEN),
        ("remoteip", "192.0.2.7"),
    ] {
        assert_eq!(sent[0][name], expected);
    }
    assert_eq!(heard[0].target, "POST /turnstile/v0/siteverify");
}

/// What cannot be a token is refused unasked.
#[tokio::test]
async fn odd_tokens_are_not_sent() {
    let api = ScriptedApi::start([Answer::json(200, PASS)]).await;
    let client = builder(&api).build().unwrap();
    for token in ["", "<script>", &"x".repeat(2049)] {
        let outcome = client.verify(&VerifyRequest::token(token)).await.unwrap();
        assert!(matches!(outcome, Verdict::Refused(_)));
    }
    assert!(api.heard().is_empty());
    let long = "x".repeat(2048);
    let outcome = client.verify(&VerifyRequest::token(&long)).await.unwrap();
    assert!(matches!(outcome, Verdict::Passed(_)));
}

#[test]
fn atk_24_published_secrets_need_to_be_allowed() {
    let published = "1x0000000000000000000000000000000AA";
    let error = TurnstileClient::new(published, SITE_KEY).unwrap_err();
    assert_eq!(error.setting(), "secret_key");
    let allowed = TurnstileClient::builder(published, SITE_KEY).allow_test_keys();
    assert!(allowed.build().is_ok());
}

#[tokio::test]
async fn an_outage_lets_nobody_in_unless_told_otherwise() {
    let api = ScriptedApi::start([Answer::json(200, INTERNAL)]).await;
    let client = builder(&api).build().unwrap();
    assert_eq!(client.fail_mode(), FailMode::Closed);
    let outcome = client.verify_token(TOKEN, VerifyOptions::default()).await;
    assert_eq!(class(&outcome), "unavailable");
}

#[test]
fn the_widget_fills_the_field_that_is_looked_for() {
    let client = TurnstileClient::new(SECRET, SITE_KEY).unwrap();
    let widget = client.widget();
    assert_eq!(
        widget.to_string(),
        format!(
            "<script src=\"https://challenges.cloudflare.com/turnstile/v0/api.js\" async defer></script>\
             <div class=\"cf-turnstile\" data-sitekey=\"{SITE_KEY}\"></div>"
        )
    );
    assert_eq!(widget.origin(), "https://challenges.cloudflare.com");
    let shown = format!("{:?}", client.field_sets());
    assert!(shown.contains("cf-turnstile-response"), "{shown}");
    assert!(!format!("{client:?}").contains(SECRET));
}
