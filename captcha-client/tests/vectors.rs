//! Every answer vector of every provider that is compiled in, through its client over a real
//! socket.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod support;

use std::collections::BTreeMap;

use captcha_client::hosted::HostedClientBuilder;
use captcha_client::{AnyClient, providers};
use captcha_core::verify::{Credential, FailMode, Verdict, Verifier, VerifyRequest};
use captcha_testkit::Vector;
use captcha_testkit::api::ScriptedApi;
use serde_json::Value;
use support::class;

/// The vectors of every provider that is compiled in.
fn vectors() -> impl Iterator<Item = Vector> {
    providers::names().into_iter().flat_map(|name| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/");
        Vector::load_all(format!("{folder}{}", name.replace('-', "_")))
    })
}

fn builder(vector: &Vector, api: &ScriptedApi) -> HostedClientBuilder<AnyClient> {
    let provider = support::provider(&vector.provider);
    let builder = AnyClient::builder_of_any(provider, vector.secret(), vector.site_key())
        .api_url(api.url())
        .max_retries(0);
    match vector.allows_test_keys() {
        true => builder.allow_test_keys(),
        false => builder,
    }
}

/// Asks without the fail mode.
async fn ask(
    vector: &Vector,
    verifier: &impl Verifier,
) -> Result<Verdict, captcha_core::verify::VerifyError> {
    let proof = vector.proof(verifier);
    let request = match &proof[..] {
        [(_, token)] => VerifyRequest::token(token),
        fields => {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.as_str(), value.into()));
            VerifyRequest::new(Credential::Fields(fields.collect()))
        }
    };
    verifier.verify(&request).await
}

#[tokio::test]
async fn every_vector_is_of_its_class() {
    let mut seen: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for vector in vectors() {
        let api = ScriptedApi::start([vector.answer.clone()]).await;
        let name = format!("{} {}", vector.provider, vector.name);
        let outcome = match builder(&vector, &api).build() {
            Ok(client) => ask(&vector, &vector.ruled(client)).await,
            Err(error) => {
                assert_eq!("misconfigured", vector.class(), "{name}: {error}");
                continue;
            }
        };
        assert_eq!(class(&outcome), vector.class(), "{name}: {outcome:?}");
        let passed = matches!(outcome, Ok(Verdict::Passed(_)));
        assert_eq!(vector.expect["success"], passed, "{name}");
        let unasked = matches!(&outcome, Ok(Verdict::Refused(refusal)) if refusal.is_unasked());
        assert!(!unasked || vector.has_foreign_token(), "{name}");
        assert_eq!(api.heard().len(), usize::from(!unasked), "{name}");
        check_details(&vector, &outcome.ok(), &name);
        let classes = seen.entry(vector.provider.clone()).or_default();
        classes.push(vector.class().to_owned());
    }
    for name in providers::names() {
        for class in ["ok", "bad_token", "misconfigured", "unavailable"] {
            assert!(
                seen[name].iter().any(|seen| seen == class),
                "{name} {class}"
            );
        }
    }
}

/// What the answer says is exposed as it says it.
fn check_details(vector: &Vector, verdict: &Option<Verdict>, name: &str) {
    let expect = &vector.expect;
    match verdict {
        Some(Verdict::Passed(pass)) => {
            assert!(!pass.fail_open(), "{name}");
            if let Some(raw) = expect["score_raw"].as_f64() {
                assert_eq!(pass.raw_score(), Some(raw), "{name}");
            }
            if let Some(hostname) = expect["hostname"].as_str() {
                let hostname = hostname.trim_start_matches("https://");
                assert_eq!(pass.hostname(), Some(hostname), "{name}");
            }
            if let Some(action) = expect["action"].as_str() {
                assert_eq!(pass.action(), Some(action), "{name}");
            }
        }
        Some(Verdict::Refused(refusal)) => {
            let spelled = |code: &Value| code.as_str().map_or(code.to_string(), str::to_owned);
            if let Some(codes) = expect["error_codes"].as_array() {
                let codes: Vec<String> = codes.iter().map(spelled).collect();
                assert_eq!(refusal.error_codes(), codes, "{name}");
                assert_eq!(refusal.reason_code().as_str(), codes[0], "{name}");
            }
        }
        None => {}
    }
}

#[tokio::test]
async fn only_outages_are_subject_to_the_fail_mode() {
    for vector in vectors().filter(|vector| !vector.has_rules()) {
        let (name, class) = (&vector.name, vector.class());
        for mode in [FailMode::Open, FailMode::Closed] {
            let api = ScriptedApi::start([vector.answer.clone()]).await;
            let Ok(client) = builder(&vector, &api).fail_mode(mode).build() else {
                continue;
            };
            let outcome = client.fail_mode().apply(ask(&vector, &client).await);
            let fail_open = matches!(&outcome, Ok(verdict) if verdict.fail_open());
            let opened = class == "unavailable" && mode == FailMode::Open;
            assert_eq!(fail_open, opened, "{} {name} {mode:?}", vector.provider);
            let verdict = matches!(class, "ok" | "bad_token");
            assert_eq!(outcome.is_ok(), verdict || opened, "{name} {mode:?}");
        }
    }
}
