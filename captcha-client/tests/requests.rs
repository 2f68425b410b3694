//! What is sent to each provider: method, path, headers and body; and what is not.

#![cfg(feature = "all-providers")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod support;

use std::borrow::Cow;
use std::collections::BTreeMap;

use captcha_client::{AnyClient, providers};
use captcha_core::verify::{Credential, FieldSet, Verdict, Verifier, VerifyRequest};
use captcha_testkit::api::{Answer, Heard, ScriptedApi};
use http::header;
use serde_json::{Value, json};
use support::provider;

const SECRET: &str = "secret-0123456789abcdef";
const SITE_KEY: &str = "site-fedcba9876543210";
const LOT: &str = "4dc3cfc2cdff448cad8d13107198d473";

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// A token that the provider could have made.
fn token(name: &str) -> String {
    match name {
        "cap" => format!("{SITE_KEY}:0123:4567"),
        "prosopo" => format!("0x01{}02", hex(SITE_KEY)),
        // `{"apiKey":"site-fedcba9876543210"}`
        "altcha-sentinel" => "eyJhcGlLZXkiOiJzaXRlLWZlZGNiYTk4NzY1NDMyMTAifQ==".to_owned(),
        "recaptcha-enterprise" => "03AFcWeA5_tok-0123".to_owned(),
        "mtcaptcha" => "v1(155eb4,3b2f,MTPublic-abCDEFGH,9f1c**)".to_owned(),
        _ => "tok.0123/4567+89ab==".to_owned(),
    }
}

async fn client(name: &str, api: &ScriptedApi) -> AnyClient {
    let builder = AnyClient::builder_of_any(provider(name), SECRET, SITE_KEY);
    builder.api_url(api.url()).max_retries(0).build().unwrap()
}

/// What is heard when this is to be verified for a visitor whose address is known.
async fn heard(name: &str, credential: Credential<'_>) -> Vec<Heard> {
    let api = ScriptedApi::start([Answer::json(500, "{}")]).await;
    let request = VerifyRequest::new(credential)
        .with_client_ip("::ffff:192.0.2.7".parse().ok())
        .with_user_agent(Some("Mozilla/5.0"));
    let _ = client(name, &api).await.verify(&request).await;
    api.heard()
}

fn geetest(lot_number: &'static str, gen_time: &'static str) -> Credential<'static> {
    let fields = [
        ("lot_number", lot_number),
        ("captcha_output", "out=="),
        ("pass_token", "abc123"),
        ("gen_time", gen_time),
    ];
    Credential::Fields(
        fields
            .map(|(name, value)| (name, Cow::Borrowed(value)))
            .to_vec(),
    )
}

fn form(heard: &Heard) -> Value {
    let pairs = form_urlencoded::parse(&heard.body);
    let pairs: BTreeMap<String, String> = pairs.into_owned().collect();
    json!(pairs)
}

#[tokio::test]
async fn each_provider_is_asked_in_its_own_way() {
    let expected = [
        (
            "gkcaptcha",
            "POST /api/v1/token/verify",
            json!({ "siteKey": SITE_KEY, "secret": SECRET, "token": "T", "clientIP": "192.0.2.7", "userAgent": "Mozilla/5.0" }),
        ),
        (
            "turnstile",
            "POST /turnstile/v0/siteverify",
            json!({ "secret": SECRET, "response": "T", "remoteip": "192.0.2.7" }),
        ),
        (
            "hcaptcha",
            "POST /siteverify",
            json!({ "secret": SECRET, "sitekey": SITE_KEY, "response": "T", "remoteip": "192.0.2.7" }),
        ),
        (
            "recaptcha-v2",
            "POST /recaptcha/api/siteverify",
            json!({ "secret": SECRET, "response": "T", "remoteip": "192.0.2.7" }),
        ),
        (
            "recaptcha-v3",
            "POST /recaptcha/api/siteverify",
            json!({ "secret": SECRET, "response": "T", "remoteip": "192.0.2.7" }),
        ),
        (
            "recaptcha-enterprise",
            "POST /v1/projects/my-project/assessments",
            json!({ "event": { "token": "T", "siteKey": SITE_KEY, "userIpAddress": "192.0.2.7", "userAgent": "Mozilla/5.0" } }),
        ),
        (
            "friendlycaptcha-v1",
            "POST /api/v1/siteverify",
            json!({ "secret": SECRET, "sitekey": SITE_KEY, "solution": "T" }),
        ),
        (
            "friendlycaptcha-v2",
            "POST /api/v2/captcha/siteverify",
            json!({ "sitekey": SITE_KEY, "response": "T" }),
        ),
        (
            "cap",
            "POST /site-fedcba9876543210/siteverify",
            json!({ "secret": SECRET, "response": "T" }),
        ),
        (
            "mcaptcha",
            "POST /api/v1/pow/siteverify",
            json!({ "secret": SECRET, "key": SITE_KEY, "token": "T" }),
        ),
        (
            "prosopo",
            "POST /siteverify",
            json!({ "secret": SECRET, "token": "T", "ip": "192.0.2.7" }),
        ),
        (
            "captchafox",
            "POST /siteverify",
            json!({ "secret": SECRET, "sitekey": SITE_KEY, "response": "T", "remoteIp": "192.0.2.7" }),
        ),
        (
            "mtcaptcha",
            "GET /mtcv1/api/checktoken?privatekey=secret-0123456789abcdef&token=v1%28155eb4%2C3b2f%2CMTPublic-abCDEFGH%2C9f1c**%29",
            Value::Null,
        ),
        (
            "yandex-smartcaptcha",
            "POST /validate",
            json!({ "secret": SECRET, "token": "T", "ip": "192.0.2.7" }),
        ),
        ("private-captcha", "POST /verify", json!("T")),
        (
            "altcha-sentinel",
            "POST /v1/verify/signature",
            json!({ "secret": SECRET, "payload": "T" }),
        ),
        (
            "siteverify",
            "POST /",
            json!({ "secret": SECRET, "response": "T", "remoteip": "192.0.2.7" }),
        ),
    ];
    for (name, target, body) in &expected {
        let token = token(name);
        let heard = heard(name, Credential::Token(token.as_str().into())).await;
        assert_eq!(heard.len(), 1, "{name}: is it a token, what `token` makes?");
        assert_eq!(heard[0].target, *target, "{name}");
        let kind = heard[0].headers.get(header::CONTENT_TYPE);
        let mut said = match kind.map(|kind| kind.to_str().unwrap()) {
            Some("application/json") => heard[0].json(),
            Some("application/x-www-form-urlencoded") => form(&heard[0]),
            Some("text/plain") => json!(String::from_utf8_lossy(&heard[0].body)),
            None => Value::Null,
            other => panic!("{name}: {other:?}"),
        };
        // A new one each time.
        said.as_object_mut()
            .map(|said| said.remove("idempotency_key"));
        let body = body.to_string().replace("\"T\"", &json!(token).to_string());
        assert_eq!(said.to_string(), body, "{name}");
    }
    let asked: Vec<&str> = expected.iter().map(|(name, ..)| *name).collect();
    for name in providers::names() {
        let known = asked.contains(&name) || name == "geetest-v4";
        assert!(known, "{name} has no row in `expected`");
    }
}

#[tokio::test]
async fn forms_are_forms_and_secrets_are_where_they_belong() {
    for (name, kind) in [
        // A JSON body is not understood.
        ("hcaptcha", "application/x-www-form-urlencoded"),
        ("recaptcha-v2", "application/x-www-form-urlencoded"),
        ("yandex-smartcaptcha", "application/x-www-form-urlencoded"),
        ("captchafox", "application/x-www-form-urlencoded"),
        ("cap", "application/json"),
        ("prosopo", "application/json"),
    ] {
        let heard = heard(name, Credential::Token(token(name).into())).await;
        assert_eq!(heard[0].headers[header::CONTENT_TYPE], kind, "{name}");
    }
    for (name, header, value) in [
        ("recaptcha-enterprise", "x-goog-api-key", SECRET),
        ("friendlycaptcha-v2", "x-api-key", SECRET),
        ("private-captcha", "x-api-key", SECRET),
        ("private-captcha", "x-pc-sitekey", SITE_KEY),
        (
            "gkcaptcha",
            "authorization",
            "Bearer secret-0123456789abcdef",
        ),
    ] {
        let heard = heard(name, Credential::Token(token(name).into())).await;
        assert_eq!(heard[0].headers[header], value, "{name}");
        assert!(!heard[0].target.contains(SECRET), "{name}");
    }
}

/// The signature was computed with `openssl dgst -sha256 -hmac`.
#[tokio::test]
async fn geetest_gets_four_fields_and_a_signature() {
    let heard = heard("geetest-v4", geetest(LOT, "1772359200")).await;
    assert_eq!(
        heard[0].target,
        format!("POST /validate?captcha_id={SITE_KEY}")
    );
    let expected = json!({
        "lot_number": LOT,
        "captcha_output": "out==",
        "pass_token": "abc123",
        "gen_time": "1772359200",
        "sign_token": "3fc652283c680fc1c3958693f136f8f2177047c25b223d4b729379de490931e3",
    });
    assert_eq!(form(&heard[0]), expected);
}

/// What makes a provider answer with an error of its own never gets there.
#[tokio::test]
async fn atk_17_what_cannot_be_a_token_is_not_sent() {
    let tests_own = "5EARALUe4HXQwKo5KanZSGGKqJV4VTaytpezFwv8ZHbZewmh";
    let long = "x".repeat(20_000);
    let odd: &[(&str, &[&str])] = &[
        ("friendlycaptcha-v1", &[".UNSTARTED", ".ERROR"]),
        (
            "friendlycaptcha-v2",
            &[".ERROR.UNREACHABLE~abc", ".SOLVING", "."],
        ),
        (
            "cap",
            &[
                "other:0123:4567",
                "site-fedcba9876543210",
                "site-fedcba9876543210:01",
                "site-fedcba9876543210:01:02:03",
                "site-fedcba9876543210::",
                ":a:b",
            ],
        ),
        (
            "prosopo",
            &[
                "0x0102",
                "0xzz",
                "abcdef",
                &format!("0x{}", hex(tests_own)),
                &format!("0x{}{}", hex(SITE_KEY), hex(tests_own)),
                &hex(SITE_KEY),
            ],
        ),
        ("mtcaptcha", &["v1(<script>)", "v1(a b)", &"x".repeat(2049)]),
        ("recaptcha-enterprise", &["a=b", "a+b", "a/b"]),
        (
            "altcha-sentinel",
            &[
                "not-base64",
                // No object, another API key, half a character, one key twice.
                "W10=",
                "eyJhcGlLZXkiOiJvdGhlciJ9",
                "eyJhcGlLZXkiOiJcdWQ4MDAifQ==",
                "eyJhIjoxLCJhIjoyfQ==",
            ],
        ),
    ];
    for (name, tokens) in odd {
        for token in *tokens {
            let heard = heard(name, Credential::Token((*token).into())).await;
            assert!(heard.is_empty(), "{name} {token}");
        }
    }
    for name in providers::names() {
        for token in [
            "",
            " ",
            "<script>",
            "' OR 1=1",
            "${jndi:ldap://x}",
            "\u{e9}",
            "a\nb",
            &long,
        ] {
            assert!(
                heard(name, Credential::Token(token.into()))
                    .await
                    .is_empty(),
                "{name} {token:.20}"
            );
        }
    }
    for fields in [
        geetest("", "1772359200"),
        geetest("short", "1772359200"),
        geetest("4dc3cfc2cdff448cad8d13107198d47z", "1772359200"),
        geetest(LOT, ""),
        geetest(LOT, "now"),
        geetest(LOT, "-1"),
        geetest(LOT, "111111111111111111111"),
    ] {
        assert!(heard("geetest-v4", fields).await.is_empty());
    }
}

/// An address inside a token is a visitor's: nobody asks there, and only Prosopo's tokens, which
/// hold one, are sent at all.
#[tokio::test]
async fn no_url_inside_a_token_is_fetched() {
    let lure = ScriptedApi::start([Answer::json(200, "{}")]).await;
    for name in providers::names() {
        let token = match name {
            "prosopo" => format!("0x{}{}", hex(&lure.url()), hex(SITE_KEY)),
            "cap" => format!("{SITE_KEY}:{}:x", lure.url().replace(':', ".")),
            _ => lure.url(),
        };
        let heard = heard(name, Credential::Token(token.into())).await;
        let sent = ["prosopo", "cap"].contains(&name);
        assert_eq!(heard.len(), usize::from(sent), "{name}");
    }
    assert_eq!(lure.connections(), 0);
}

/// Where a token says nothing of its provider, the name of its field does.
#[tokio::test]
async fn each_provider_has_its_field() {
    let api = ScriptedApi::start([]).await;
    let mut shared = Vec::new();
    let mut seen = Vec::new();
    for name in providers::names() {
        let sets = client(name, &api).await.field_sets();
        let FieldSet::Token(field) = sets[0].clone() else {
            continue;
        };
        if seen.contains(&field) {
            shared.push(name);
        }
        seen.push(field);
    }
    // The versions of reCAPTCHA fill the same.
    assert_eq!(shared, ["recaptcha-v3", "recaptcha-enterprise"]);
}

#[tokio::test]
async fn a_refusal_of_nobody_asked_says_so() {
    let api = ScriptedApi::start([]).await;
    let verdict = client("cap", &api)
        .await
        .verify(&VerifyRequest::token("other:a:b"))
        .await;
    assert!(matches!(verdict, Ok(Verdict::Refused(refusal)) if refusal.is_unasked()));
}
