//! The client for code without a runtime.

#![cfg(feature = "blocking")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod support;

use std::time::Duration;

use captcha_client::{VerifyOptions, blocking};
use captcha_testkit::api::{Answer, ScriptedApi};
use support::{PASS, REFUSAL, SECRET, SITE_KEY, TOKEN};
use tokio::runtime::Runtime;

/// An API on a runtime of its own, as somebody else's process would be.
fn api(script: Vec<Answer>) -> (Runtime, ScriptedApi) {
    let runtime = Runtime::new().unwrap();
    let api = runtime.block_on(ScriptedApi::start(script));
    (runtime, api)
}

fn client(api: &ScriptedApi) -> blocking::GkCaptchaClient {
    blocking::GkCaptchaClient::builder(SECRET, SITE_KEY)
        .api_url(api.url())
        .timeout(Duration::from_secs(1))
        .retry_delay(Duration::from_millis(1))
        .build()
        .unwrap()
}

#[test]
fn it_waits_for_verdicts_and_errors() {
    let (_runtime, api) = api(vec![
        Answer::json(200, PASS),
        Answer::json(200, REFUSAL),
        Answer::typed(502, "text/html", "<html>"),
        Answer::json(200, PASS),
        Answer::Hang,
    ]);
    let client = client(&api);
    let ask = || client.verify_token(TOKEN, VerifyOptions::default());
    assert_eq!(ask().unwrap().score(), Some(0.15));
    let refused = ask().unwrap();
    assert_eq!(refused.reason_code().unwrap().as_str(), "token_expired");
    assert!(ask().unwrap().success(), "tried again");
    assert_eq!(ask().unwrap_err().code(), "TIMEOUT");
    assert_eq!(client.deadline(), Duration::from_millis(2001));
    assert!(client.widget().to_string().contains(SITE_KEY));
}

#[test]
fn it_fails_open_and_closed() {
    let runtime = Runtime::new().unwrap();
    let gone = runtime.block_on(ScriptedApi::gone());
    for closed in [false, true] {
        let client = blocking::GkCaptchaClient::builder(SECRET, SITE_KEY)
            .api_url(&gone)
            .retry_delay(Duration::from_millis(1))
            .fail_closed(closed)
            .build()
            .unwrap();
        let outcome = client.verify_token(TOKEN, VerifyOptions::default());
        match closed {
            true => assert_eq!(outcome.unwrap_err().code(), "NETWORK_ERROR"),
            false => assert!(outcome.unwrap().fail_open()),
        }
    }
}

/// Made, used and dropped on a thread that runs a runtime, of either kind.
#[test]
fn it_does_not_panic_inside_a_runtime() {
    let (_runtime, api) = api(vec![Answer::json(200, PASS)]);
    let current = tokio::runtime::Builder::new_current_thread();
    let multi = tokio::runtime::Builder::new_multi_thread();
    for mut kind in [current, multi] {
        let runtime = kind.enable_all().build().unwrap();
        runtime.block_on(async {
            let client = client(&api);
            let verdict = client
                .verify_token(TOKEN, VerifyOptions::default())
                .unwrap();
            assert!(verdict.success());
            let (clone, api) = (client.clone(), ());
            let spawned = tokio::spawn(async move {
                let () = api;
                clone
                    .verify_token(TOKEN, VerifyOptions::default())
                    .unwrap()
                    .success()
            });
            drop(client);
            assert!(spawned.await.unwrap());
        });
    }
}

#[test]
fn many_threads_share_one_client() {
    let (_runtime, api) = api(vec![Answer::json(200, PASS)]);
    let client = client(&api);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let verdict = client.verify_token(TOKEN, VerifyOptions::default());
                    assert!(verdict.unwrap().success());
                }
            });
        }
    });
    assert_eq!(api.heard().len(), 320);
    assert!(api.connections() <= 16, "{}", api.connections());
}
