//! Cloudflare Turnstile: what repeats a verification, and what is not sent.

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
use captcha_core::verify::{Verdict, Verifier, VerifyRequest};
use captcha_testkit::api::{Answer, ScriptedApi};
use serde_json::Value;
use support::TOKEN;

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
