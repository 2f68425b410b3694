//! What is tried again, how often, and for how long.

#![cfg(feature = "gkcaptcha")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod support;

use std::time::{Duration, Instant};

use captcha_core::verify::{Verdict, VerifyErrorKind};
use captcha_testkit::api::{Answer, ScriptedApi};
use support::{PASS, REFUSAL, ask, builder, class};

/// Asks an API with this script, with up to three retries; returns the class and the tries.
async fn tried(script: impl IntoIterator<Item = Answer>) -> (&'static str, usize) {
    let api = ScriptedApi::start(script).await;
    let client = builder(&api.url())
        .max_retries(3)
        .timeout(Duration::from_secs(1))
        .deadline(Duration::from_secs(60))
        .build()
        .unwrap();
    let outcome = ask(&client).await;
    (class(&outcome), api.heard().len())
}

fn page(status: u16) -> Answer {
    Answer::typed(status, "text/html", "<html>")
}

#[tokio::test]
async fn lost_connections_5xx_and_429_are_tried_again() {
    let ok = || Answer::json(200, PASS);
    for outage in [
        Answer::Reset,
        Answer::Half(200),
        Answer::Garbage,
        page(500),
        page(502),
        page(503),
        page(429),
        Answer::json(429, r#"{"success":false,"error":"rate_limited"}"#),
        Answer::json(500, r#"{"success":true}"#),
    ] {
        let twice = [outage.clone(), outage.clone(), ok()];
        assert_eq!(tried(twice).await, ("ok", 3), "{outage:?}");
        assert_eq!(
            tried([outage.clone()]).await,
            ("unavailable", 4),
            "{outage:?}"
        );
    }
}

#[tokio::test]
async fn timeouts_verdicts_and_mistakes_are_final() {
    for (answer, expected) in [
        (Answer::Hang, "timeout"),
        (Answer::json(200, PASS), "ok"),
        (Answer::json(200, REFUSAL), "bad_token"),
        (Answer::json(503, REFUSAL), "bad_token"),
        (page(200), "unavailable"),
        (page(408), "unavailable"),
        (page(403), "misconfigured"),
        (
            Answer::json(401, r#"{"error":"invalid_secret"}"#),
            "misconfigured",
        ),
        (
            Answer::json(500, r#"{"reasonCode":"invalid_secret"}"#),
            "misconfigured",
        ),
    ] {
        let then = Answer::json(200, PASS);
        let (class, tries) = tried([answer.clone(), then]).await;
        assert_eq!((class, tries), (expected, 1), "{answer:?}");
    }
}

#[tokio::test]
async fn no_retries_means_none() {
    let api = ScriptedApi::start([page(502)]).await;
    let client = builder(&api.url()).max_retries(0).build().unwrap();
    assert_eq!(class(&ask(&client).await), "unavailable");
    assert_eq!(api.heard().len(), 1);
}

#[tokio::test]
async fn a_short_retry_after_is_waited_for_and_a_long_one_is_not() {
    let asked = |wait: &str| page(429).header("retry-after", wait);
    let api = ScriptedApi::start([asked("1"), Answer::json(200, PASS)]).await;
    let client = builder(&api.url()).max_retries(1).build().unwrap();
    let started = Instant::now();
    assert_eq!(class(&ask(&client).await), "ok");
    assert!(started.elapsed() >= Duration::from_secs(1));
    for long in [
        "6",
        "3600",
        "99999999999999999999",
        "Fri, 01 Jan 2100 00:00:00 GMT",
        "soon",
        "-1",
        "1.5",
    ] {
        assert_eq!(
            tried([asked(long), Answer::json(200, PASS)]).await,
            ("unavailable", 1),
            "{long}"
        );
    }
    for none in ["0", "Sun, 01 Jan 2023 00:00:00 GMT"] {
        assert_eq!(
            tried([asked(none), Answer::json(200, PASS)]).await,
            ("ok", 2),
            "{none}"
        );
    }
}

#[tokio::test]
async fn one_deadline_covers_all_tries() {
    let patient = |url: &str| {
        builder(url)
            .max_retries(10)
            .retry_delay(Duration::from_secs(3600))
            .deadline(Duration::from_secs(60))
            .build()
            .unwrap()
    };
    // No time is left for another try: what is known is said at once.
    let started = Instant::now();
    let gone = patient(&ScriptedApi::gone().await);
    assert_eq!(class(&ask(&gone).await), "unavailable");
    assert!(started.elapsed() < Duration::from_secs(30));
    // The deadline cuts a try short that its own timeout would not.
    let api = ScriptedApi::start([Answer::Hang]).await;
    let hanging = builder(&api.url())
        .timeout(Duration::from_secs(3600))
        .deadline(Duration::from_millis(100))
        .build()
        .unwrap();
    let outcome = ask(&hanging).await;
    assert_eq!(outcome.map_err(|e| e.kind()), Err(VerifyErrorKind::Timeout));
}

#[tokio::test]
async fn a_refused_retry_says_that_the_token_may_have_been_used_up() {
    let used = r#"{"success":false,"error":"Already used","reasonCode":"token_already_used"}"#;
    for (first, unknown) in [
        (Answer::Reset, true),
        (Answer::Half(200), true),
        (page(502), true),
        // These were certainly not looked at.
        (page(429), false),
    ] {
        let api = ScriptedApi::start([first.clone(), Answer::json(200, used)]).await;
        let client = builder(&api.url()).max_retries(1).build().unwrap();
        let Ok(Verdict::Refused(refusal)) = ask(&client).await else {
            panic!("{first:?}");
        };
        let text = refusal.error().unwrap();
        assert!(text.starts_with("Already used"), "{text}");
        assert_eq!(
            text.contains("unknown outcome"),
            unknown,
            "{first:?}: {text}"
        );
    }
}

/// A token is used up by the first look at it. Only who has surely not looked is asked again.
#[cfg(feature = "hcaptcha")]
#[tokio::test]
async fn a_token_that_may_be_spent_is_not_sent_again() {
    let pass = || Answer::json(200, r#"{"success":true}"#);
    let later = |status: u16| page(status).header("retry-after", "0");
    let spent = [
        Answer::Reset,
        Answer::Half(200),
        page(500),
        page(502),
        page(503),
        later(502),
    ];
    let unspent = [page(429), later(429), later(503)];
    for (outages, tries) in [(&spent[..], 1), (&unspent[..], 2)] {
        for outage in outages {
            let api = ScriptedApi::start([outage.clone(), pass()]).await;
            let client = captcha_client::HCaptchaClient::builder(support::SECRET, "site-key-1")
                .api_url(api.url())
                .retry_delay(Duration::from_millis(1))
                .max_retries(3);
            let outcome = ask(&client.build().unwrap()).await;
            let expected = if tries == 1 { "unavailable" } else { "ok" };
            assert_eq!(class(&outcome), expected, "{outage:?}");
            assert_eq!(api.heard().len(), tries, "{outage:?}");
        }
    }
}

/// No connection, no token spent.
#[cfg(feature = "hcaptcha")]
#[tokio::test]
async fn a_provider_that_is_gone_is_asked_again() {
    let gone = ScriptedApi::gone().await;
    let client = captcha_client::HCaptchaClient::builder(support::SECRET, "site-key-1")
        .api_url(gone)
        .retry_delay(Duration::from_millis(200))
        .max_retries(2);
    let started = Instant::now();
    let outcome = ask(&client.build().unwrap()).await;
    assert_eq!(class(&outcome), "unavailable");
    assert!(started.elapsed() >= Duration::from_millis(400));
}
