//! Two providers behind one gate, and what a service's own tests have in place of a provider.

#![cfg(feature = "all-providers")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod support;

use std::time::Duration;

use captcha_client::hosted::{HostedClient, Provider};
use captcha_client::providers::{FriendlyCaptchaV2, HCaptcha, Turnstile};
use captcha_core::gate::{Gate, HttpHead, Rejection};
use captcha_core::manager::{ANSWER_FIELD, CaptchaManager, ID_FIELD};
use captcha_core::storage::MemoryStorage;
use captcha_core::verify::rules::{AllowedHostnames, ExpectedAction, MaxAge};
use captcha_core::verify::{FailMode, Fallback, Pass, Verifier, VerifierExt};
use captcha_testkit::{Behaviour, KnownAnswer, SiteverifyServer};

const SECRET: &str = "secret-0123456789abcdef";
const TURNSTILE: &str = "cf-turnstile-response";
const HCAPTCHA: &str = "h-captcha-response";

fn client<P: Provider + Default>(provider: &SiteverifyServer) -> HostedClient<P> {
    HostedClient::builder(SECRET, "site-0123456789")
        .api_url(provider.url())
        .timeout(Duration::from_secs(1))
        .max_retries(0)
        .build()
        .unwrap()
}

/// Both providers, and what asks them.
async fn pair(mode: FailMode) -> (SiteverifyServer, SiteverifyServer, Fallback) {
    let (first, second) = (
        SiteverifyServer::start().await,
        SiteverifyServer::start().await,
    );
    let verifier = Fallback::builder()
        .verifier(client::<Turnstile>(&first))
        .verifier(client::<HCaptcha>(&second))
        .fail_mode(mode)
        .build()
        .unwrap();
    (first, second, verifier)
}

/// Both, and the gate in front of them.
async fn both(mode: FailMode) -> (SiteverifyServer, SiteverifyServer, Gate) {
    let (first, second, verifier) = pair(mode).await;
    (first, second, Gate::new(verifier))
}

async fn post(gate: &Gate, fields: &[(&str, &str)]) -> Result<Pass, Rejection> {
    let mut body = form_urlencoded::Serializer::new(String::new());
    let body = bytes::Bytes::from(body.extend_pairs(fields).finish());
    let request =
        http::Request::post("/").header("content-type", "application/x-www-form-urlencoded");
    let (head, ()) = request.body(()).unwrap().into_parts();
    gate.check(&HttpHead(&head), Some(&body)).await
}

fn code(outcome: Result<Pass, Rejection>) -> (u16, String) {
    match outcome {
        Ok(pass) => (200, format!("fail_open: {}", pass.fail_open())),
        Err(rejection) => (rejection.status().as_u16(), rejection.code().to_owned()),
    }
}

fn is(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn each_token_goes_to_its_own_provider() {
    let (first, second, gate) = both(FailMode::Closed).await;
    assert_eq!(
        code(post(&gate, &[(TURNSTILE, &first.token())]).await).0,
        200
    );
    assert_eq!((first.asked(), second.asked()), (1, 0));
    assert_eq!(
        code(post(&gate, &[(HCAPTCHA, &second.token())]).await).0,
        200
    );
    assert_eq!((first.asked(), second.asked()), (1, 1));
    let swapped = post(&gate, &[(HCAPTCHA, &first.token())]).await;
    assert_eq!(code(swapped), is(400, "invalid-input-response"));
    assert_eq!(
        code(post(&gate, &[("other", "x")]).await),
        is(400, "missing_token")
    );
    assert_eq!(
        code(post(&gate, &[(TURNSTILE, "")]).await),
        is(400, "missing_token")
    );
}

#[tokio::test]
async fn an_outage_hands_over_and_a_refusal_does_not() {
    let (first, second, gate) = both(FailMode::Closed).await;
    let both = || [(TURNSTILE, first.token()), (HCAPTCHA, second.token())];
    let ask = async |fields: [(&str, String); 2]| {
        let fields = fields
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        code(post(&gate, &fields).await)
    };
    // The first can say it alone.
    assert_eq!(ask(both()).await.0, 200);
    assert_eq!((first.asked(), second.asked()), (1, 0));
    first.behave(Behaviour::Refuses);
    assert_eq!(ask(both()).await, is(400, "invalid-input-response"));
    first.behave(Behaviour::RejectsSecret);
    assert_eq!(ask(both()).await, is(503, "captcha_unavailable"));
    assert_eq!(second.asked(), 0);
    for behaviour in [Behaviour::Down, Behaviour::Slow(Duration::from_secs(5))] {
        first.behave(behaviour);
        assert_eq!(
            ask(both()).await,
            is(200, "fail_open: false"),
            "{behaviour:?}"
        );
        // Without a proof for the second, nobody else can say it.
        let alone = post(&gate, &[(TURNSTILE, &first.token())]).await;
        assert_eq!(code(alone), is(503, "captcha_unavailable"), "{behaviour:?}");
    }
    second.behave(Behaviour::Refuses);
    assert_eq!(ask(both()).await, is(400, "invalid-input-response"));
    second.behave(Behaviour::Down);
    assert_eq!(ask(both()).await, is(503, "captcha_unavailable"));
}

/// Nobody passes because one was too slow, whoever else is down.
#[tokio::test]
async fn atk_17_only_outages_of_all_fail_open() {
    let (first, second, gate) = both(FailMode::Open).await;
    let (one, two) = (first.token(), second.token());
    let fields = [(TURNSTILE, one.as_str()), (HCAPTCHA, two.as_str())];
    for (behaviours, expected) in [
        (
            [Behaviour::Down, Behaviour::Down],
            is(200, "fail_open: true"),
        ),
        (
            [Behaviour::Slow(Duration::from_secs(5)), Behaviour::Down],
            is(503, "captcha_unavailable"),
        ),
        (
            [Behaviour::Down, Behaviour::Slow(Duration::from_secs(5))],
            is(503, "captcha_unavailable"),
        ),
        (
            [Behaviour::Down, Behaviour::RejectsSecret],
            is(503, "captcha_unavailable"),
        ),
        (
            [Behaviour::Down, Behaviour::Refuses],
            is(400, "invalid-input-response"),
        ),
    ] {
        first.behave(behaviours[0]);
        second.behave(behaviours[1]);
        assert_eq!(code(post(&gate, &fields).await), expected, "{behaviours:?}");
    }
}

/// A visitor who sends nothing for the one that works does not pass because the other one is down.
#[tokio::test]
async fn atk_17_an_outage_of_one_of_two_is_none() {
    let (first, second, gate) = both(FailMode::Open).await;
    for (down, up, field) in [(&first, &second, TURNSTILE), (&second, &first, HCAPTCHA)] {
        down.behave(Behaviour::Down);
        up.behave(Behaviour::Verifies);
        let alone = post(&gate, &[(field, "x")]).await;
        assert_eq!(code(alone), is(503, "captcha_unavailable"), "{field}");
    }
}

/// A field that its widget filled with a word of its own, and a form's hidden id without an answer,
/// do not stand in the way of the other captcha, which was solved.
#[tokio::test]
async fn what_was_not_solved_is_nothing_sent() {
    let provider = SiteverifyServer::start().await;
    let pictures = CaptchaManager::builder(MemoryStorage::new());
    let pictures = pictures.factory(KnownAnswer("SESAME")).build().unwrap();
    let verifier = Fallback::builder()
        .verifier(client::<FriendlyCaptchaV2>(&provider))
        .verifier(pictures.clone())
        .verifier(client::<Turnstile>(&provider))
        .build()
        .unwrap();
    let gate = Gate::new(verifier);
    let issued = pictures.issue("ada").await.unwrap();
    let id = issued.id().to_string();
    let unsolved = [
        ("frc-captcha-response", ".ERROR"),
        (ID_FIELD, id.as_str()),
        (ANSWER_FIELD, ""),
    ];
    let solved = async |fields: &[(&str, &str)]| {
        let mut all = unsolved.to_vec();
        all.retain(|(name, _)| fields.iter().all(|(other, _)| other != name));
        all.extend(fields);
        code(post(&gate, &all).await)
    };
    assert_eq!(solved(&[(TURNSTILE, &provider.token())]).await.0, 200);
    assert_eq!(solved(&[(ANSWER_FIELD, "SESAME")]).await.0, 200);
    // Nothing of it was solved: whose answer is missing says so.
    assert_eq!(solved(&[]).await.0, 400);
    let words = [("frc-captcha-response", ".UNSTARTED")];
    assert_eq!(code(post(&gate, &words).await), is(400, "missing_token"));
}

/// A visitor who sends a token for one that is down does not close the way for the others.
#[tokio::test]
async fn a_breaker_does_not_count_those_who_were_not_asked() {
    let (first, second, verifier) = pair(FailMode::Closed).await;
    let gate = Gate::new(verifier.circuit_breaker());
    first.behave(Behaviour::Down);
    for _ in 0..10 {
        assert_eq!(code(post(&gate, &[(TURNSTILE, "x")]).await).0, 503);
    }
    assert_eq!(
        code(post(&gate, &[(HCAPTCHA, &second.token())]).await).0,
        200
    );
}

/// What the gate looks at before it hands a token over, it looks at here, too.
#[tokio::test]
async fn tokens_with_names_have_the_shape_of_tokens() {
    let (first, second, gate) = both(FailMode::Open).await;
    let long = "x".repeat(16 * 1024 + 1);
    for (token, expected) in [
        (long.as_str(), "token_too_long"),
        ("a\r\nb", "invalid_token"),
        ("caf\u{e9}", "invalid_token"),
    ] {
        for field in [TURNSTILE, HCAPTCHA] {
            assert_eq!(
                code(post(&gate, &[(field, token)]).await),
                is(400, expected)
            );
        }
    }
    let request = http::Request::post("/").header("content-type", "application/json");
    let (head, ()) = request.body(()).unwrap().into_parts();
    let body = bytes::Bytes::from(format!(r#"{{"{TURNSTILE}":5,"{HCAPTCHA}":"x"}}"#));
    let outcome = gate.check(&HttpHead(&head), Some(&body)).await;
    assert_eq!(code(outcome), is(400, "invalid_token"));
    assert_eq!(first.asked() + second.asked(), 0);
}

#[tokio::test]
async fn atk_23_a_token_that_does_not_say_whose_it_is_is_refused() {
    let (first, second, gate) = both(FailMode::Open).await;
    let request = http::Request::post("/").header("x-captcha-token", first.token());
    let (head, ()) = request.body(()).unwrap().into_parts();
    let outcome = gate.check(&HttpHead(&head), None).await;
    assert_eq!(code(outcome), is(400, "invalid_token"));
    let twice = [(TURNSTILE, "a"), (TURNSTILE, "b"), (HCAPTCHA, "c")];
    assert_eq!(code(post(&gate, &twice).await).0, 400);
    assert_eq!(first.asked() + second.asked(), 0);
}

#[tokio::test]
async fn settings_that_cannot_work_are_named() {
    let provider = SiteverifyServer::start().await;
    let one = || client::<Turnstile>(&provider);
    for builder in [
        Fallback::builder(),
        Fallback::builder().verifier(one()),
        Fallback::builder().verifier(one()).verifier(one()),
    ] {
        assert_eq!(builder.build().unwrap_err().setting(), "fallback");
    }
    let both = Fallback::builder()
        .verifier(one())
        .verifier(client::<HCaptcha>(&provider));
    let both = both.build().unwrap();
    assert_eq!(both.deadline(), Some(Duration::from_secs(2)));
    assert_eq!(both.fail_mode(), FailMode::Closed);
}

/// What a service's own tests get from the stand-in.
#[tokio::test]
async fn the_stand_in_verifies_as_a_provider_does() {
    let provider = SiteverifyServer::start().await;
    let gate = Gate::new(
        client::<Turnstile>(&provider)
            .rule(AllowedHostnames::new(["example.org"]).unwrap())
            .rule(ExpectedAction::new("sign-up").unwrap())
            .rule(MaxAge::new(Duration::from_secs(60)).unwrap()),
    );
    let token = provider.token();
    let unnamed = post(&gate, &[(TURNSTILE, &token)]).await;
    assert_eq!(code(unnamed), is(400, "hostname_mismatch"));
    provider.say("hostname", "example.org");
    provider.say("action", "sign-up");
    let token = provider.token();
    assert_eq!(code(post(&gate, &[(TURNSTILE, &token)]).await).0, 200);
    let again = post(&gate, &[(TURNSTILE, &token)]).await;
    assert_eq!(code(again), is(400, "timeout-or-duplicate"));
    let foreign = post(&gate, &[(TURNSTILE, "made-up")]).await;
    assert_eq!(code(foreign), is(400, "invalid-input-response"));
    provider.behave(Behaviour::Slow(Duration::from_millis(20)));
    let token = provider.token();
    assert_eq!(code(post(&gate, &[(TURNSTILE, &token)]).await).0, 200);
    // A question with the same idempotency key is the same question.
    provider.behave(Behaviour::Verifies);
    let (token, key) = (provider.token(), uuid::Uuid::new_v4().to_string());
    let body = format!(r#"{{"response":"{token}","idempotency_key":"{key}"}}"#);
    for _ in 0..2 {
        let http = reqwest::Client::new()
            .post(provider.url())
            .body(body.clone());
        let answer = http.send().await.unwrap().bytes().await.unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.contains(r#""success":true"#), "{answer}");
    }
    provider.behave(Behaviour::Down);
    let down = post(&gate, &[(TURNSTILE, &provider.token())]).await;
    assert_eq!(code(down), is(503, "captcha_unavailable"));
    assert_eq!(provider.asked(), 8);
}
