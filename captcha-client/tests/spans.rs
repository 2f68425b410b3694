//! The span of each verification.

#![cfg(feature = "gkcaptcha")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use captcha_core::verify::{Verifier, VerifyRequest};
use captcha_testkit::api::{Answer, ScriptedApi};
use support::{PASS, REFUSAL, TOKEN, builder};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// The fields of all spans with the client's name.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<BTreeMap<u64, BTreeMap<String, String>>>>);

struct Into<'a>(&'a mut BTreeMap<String, String>);

impl Visit for Into<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl<S: tracing::Subscriber> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        if attributes.metadata().name() == "captcha_verify" {
            let mut spans = self.0.lock().unwrap();
            attributes.record(&mut Into(spans.entry(id.into_u64()).or_default()));
        }
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, _: Context<'_, S>) {
        if let Some(span) = self.0.lock().unwrap().get_mut(&id.into_u64()) {
            record.record(&mut Into(span));
        }
    }
}

#[tokio::test]
async fn a_verification_says_how_it_went() {
    let request = || VerifyRequest::token(TOKEN).with_client_ip("192.0.2.7".parse().ok());
    for (script, outcome, reason, tries) in [
        (vec![Answer::json(200, PASS)], "passed", None, "1"),
        (
            vec![Answer::json(200, REFUSAL)],
            "refused",
            Some("token_expired"),
            "1",
        ),
        (
            vec![Answer::json(
                200,
                r#"{"success":false,"reasonCode":"a\nb"}"#,
            )],
            "refused",
            Some("captcha_refused"),
            "1",
        ),
        (
            vec![Answer::json(401, r#"{"error":"invalid_secret"}"#)],
            "misconfigured",
            Some("INVALID_CONFIG"),
            "1",
        ),
        (
            vec![Answer::Reset, Answer::json(200, PASS)],
            "passed",
            None,
            "2",
        ),
        (
            vec![Answer::Reset],
            "unavailable",
            Some("NETWORK_ERROR"),
            "2",
        ),
        (
            vec![Answer::json(200, "")],
            "unavailable",
            Some("INVALID_RESPONSE"),
            "1",
        ),
        (vec![Answer::Hang], "timeout", Some("TIMEOUT"), "1"),
    ] {
        for trace_client_ip in [false, true] {
            let api = ScriptedApi::start(script.clone()).await;
            let client = builder(&api.url())
                .max_retries(1)
                .timeout(Duration::from_secs(1))
                .trace_client_ip(trace_client_ip)
                .build()
                .unwrap();
            let spans = Spans::default();
            let subscriber = tracing_subscriber::registry().with(spans.clone());
            let guard = tracing::subscriber::set_default(subscriber);
            let _ = client.verify(&request()).await;
            drop(guard);
            let spans = spans.0.lock().unwrap();
            assert_eq!(spans.len(), 1);
            let span = spans.values().next().unwrap();
            let field = |name: &str| span.get(name).map(|value| value.trim_matches('"'));
            assert_eq!(field("provider"), Some("gkcaptcha"));
            assert_eq!(field("outcome"), Some(outcome), "{script:?}");
            assert_eq!(field("reason_code"), reason, "{script:?}");
            assert_eq!(field("tries"), Some(tries), "{script:?}");
            assert!(field("duration_ms").unwrap().parse::<f64>().unwrap() > 0.0);
            assert_eq!(field("client_ip"), trace_client_ip.then_some("192.0.2.7"));
        }
    }
}
