//! No provider's secret, and no token, is in anything that is printed or logged, also where the
//! provider takes it in the URL or repeats it.

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
use std::time::Duration;

use captcha_client::{AnyClient, providers};
use captcha_core::verify::{Credential, Verdict, Verifier, VerifyRequest};
use captcha_testkit::api::{Answer, ScriptedApi};
use support::{Logs, provider, told};

const SECRET: &str = "Secret0123456789Abcdefgh";
const SITE_KEY: &str = "site-fedcba9876543210";
const TOKEN: &str = "Zxywvuts9876543210Qponm";

fn token(name: &str) -> String {
    let hex = |text: &str| {
        text.bytes()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    match name {
        "cap" => format!("{SITE_KEY}:{TOKEN}:{TOKEN}"),
        "prosopo" => format!("0x{}{}", hex(TOKEN), hex(SITE_KEY)),
        "altcha-sentinel" => {
            // `{"id":"Zxywvuts9876543210Qponm"}`
            "eyJpZCI6Ilp4eXd2dXRzOTg3NjU0MzIxMFFwb25tIn0=".to_owned()
        }
        _ => TOKEN.to_owned(),
    }
}

/// Answers that repeat the secret and the token, in every field that a provider of ours has.
fn echoes(token: &str) -> Vec<Answer> {
    let mut answers = Vec::new();
    for text in [
        format!("{SECRET} {token}"),
        SECRET.to_owned(),
        token.to_owned(),
    ] {
        for body in [
            format!(
                r#"{{"success":false,"error-codes":["{text}"],"fail_codes":["{text}"],"errors":["{text}"]}}"#
            ),
            format!(r#"{{"success":false,"error":"{text}"}}"#),
            format!(
                r#"{{"success":false,"error":{{"error_code":"{text}","key":"{text}","status":"{text}"}}}}"#
            ),
            format!(r#"{{"status":"failed","message":"Authentication failed. {text}"}}"#),
            format!(r#"{{"status":"error","code":"{text}"}}"#),
            format!(r#"{{"result":"fail","reason":"{text}"}}"#),
            format!(r#"{{"tokenProperties":{{"valid":false,"invalidReason":"{text}"}}}}"#),
            format!(
                r#"{{"success":true,"verified":true,"valid":true,"code":0,"hostname":"{text}","action":"{text}","apiKey":"{SITE_KEY}","origin":"https://{text}","data":{{"challenge":{{"origin":"{text}"}}}},"tokeninfo":{{"hostname":"{text}","action":"{text}"}},"tokenProperties":{{"valid":true,"hostname":"{text}","action":"{text}"}},"result":"success","captcha_args":{{"referer":"https://{text}/"}}}}"#
            ),
            format!(r#"{{"status":"ok","host":"{text}"}}"#),
            format!("<html>{text}"),
        ] {
            answers.extend([200, 403, 500].map(|status| Answer::json(status, body.clone())));
        }
    }
    let elsewhere = format!("http://127.0.0.1:1/?privatekey={SECRET}&token={token}");
    answers.push(Answer::json(302, "{}").header("location", &elsewhere));
    answers.extend([
        Answer::Reset,
        Answer::Hang,
        Answer::Garbage,
        Answer::Half(200),
    ]);
    answers
}

fn shown(outcome: Result<Verdict, captcha_core::verify::VerifyError>) -> String {
    match outcome {
        Ok(verdict) => format!("{verdict:?}"),
        Err(error) => format!("{error:?} {}", told(&error)),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_and_no_token_is_printed_or_logged() {
    let logs = Logs::of_everything();
    let mut printed = Vec::new();
    let gone = ScriptedApi::gone().await;
    for name in providers::names() {
        let token = token(name);
        let credential = match name {
            "geetest-v4" => Credential::Fields(
                [
                    ("lot_number", "4dc3cfc2cdff448cad8d13107198d473"),
                    ("captcha_output", token.as_str()),
                    ("pass_token", token.as_str()),
                    ("gen_time", "1772359200"),
                ]
                .map(|(name, value)| (name, Cow::Borrowed(value)))
                .to_vec(),
            ),
            _ => Credential::Token(token.as_str().into()),
        };
        let request = VerifyRequest::new(credential);
        let build = |url: String| {
            AnyClient::builder_of_any(provider(name), SECRET, SITE_KEY)
                .api_url(url)
                .timeout(Duration::from_millis(500))
                .max_retries(1)
                .retry_delay(Duration::from_millis(1))
        };
        let api = ScriptedApi::start([]).await;
        let client = build(api.url()).build().unwrap();
        printed.push(format!("{:?} {client:?} {request:?}", build(api.url())));
        for answer in echoes(&token) {
            api.script([answer]);
            printed.push(shown(client.verify(&request).await));
            let asked = !api.heard().is_empty();
            assert!(asked, "{name}: is it a token, what `token` makes?");
            for heard in api.heard() {
                // The one provider that takes it nowhere else.
                let in_url = heard.target.contains(SECRET);
                assert_eq!(in_url, name == "mtcaptcha", "{name} {}", heard.target);
            }
        }
        let lost = build(gone.clone()).build().unwrap();
        printed.push(shown(lost.verify(&request).await));
        printed.push(format!("{:?} {}", client.widget(), client.widget()));
    }
    let logged = logs.text();
    assert!(logged.contains("captcha_verify") && logged.contains("reqwest"));
    printed.push(logged);
    for text in printed {
        let text = text.to_lowercase();
        for hidden in [&SECRET[8..20], &TOKEN[6..18]] {
            if let Some(at) = text.find(&hidden.to_lowercase()) {
                let around: String = text
                    .chars()
                    .skip(at.saturating_sub(200))
                    .take(400)
                    .collect();
                panic!("{hidden} is in {around}");
            }
        }
    }
}
