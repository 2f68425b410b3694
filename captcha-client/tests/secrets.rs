//! The secret and the token are in nothing that is printed, logged or shown.

#![cfg(feature = "blocking")]
#![cfg(feature = "gkcaptcha")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod support;

use std::time::Duration;

use captcha_client::{GkCaptchaClient, VerifyOptions, blocking};
use captcha_core::gate::{Gate, HttpHead};
use captcha_core::verify::rules::MaxScore;
use captcha_core::verify::{Verdict, VerifierExt, VerifyErrorKind};
use captcha_testkit::api::{Answer, ScriptedApi};
use support::{Logs, SECRET, SITE_KEY, TOKEN, ask, builder, told};

/// Answers that repeat what they were sent wherever there is room for text.
fn echoes() -> Vec<Answer> {
    let mut answers = Vec::new();
    for status in [200, 400, 401, 403, 429, 500] {
        for body in [
            format!(r#"{{"success":false,"error":"{SECRET} {TOKEN}"}}"#),
            format!(r#"{{"success":false,"error":"{SECRET}"}}"#),
            format!(r#"{{"success":true,"error":"{SECRET}"}}"#),
            format!(r#"{{"success":false,"reasonCode":"{SECRET}"}}"#),
            format!(r#"{{"success":false,"reasonCode":"{TOKEN}"}}"#),
            format!(r#"{{"success":false,"reasonCode":"invalid_secret","error":"{SECRET}"}}"#),
            format!(r#"{{"success":false,"reasonCode":"internal_error","error":"{SECRET}"}}"#),
            format!(r#"{{"success":true,"data":{{"verified":false,"error_codes":["{SECRET}"]}}}}"#),
            format!(r#"{{"success":true,"data":"{SECRET}"}}"#),
            format!(r#"{{"{SECRET}":1,"{SECRET}":2}}"#),
            format!("<html>{SECRET}{TOKEN}"),
            format!(
                r#"{{"success":false,"reasonCode":"{}"}}"#,
                &SECRET[SECRET.len() - 12..]
            ),
            format!(r#"{{"success":false,"error":"{}"}}"#, SECRET.to_uppercase()),
        ] {
            answers.push(Answer::json(status, body));
        }
    }
    let named = format!(r#"{{"success":true,"hostname":"{SECRET}","action":"{SECRET}"}}"#);
    answers.push(Answer::json(200, named));
    answers.extend([
        Answer::Reset,
        Answer::Hang,
        Answer::Garbage,
        Answer::Half(200),
    ]);
    let elsewhere = format!("http://127.0.0.1:1/{SECRET}");
    answers.push(Answer::json(307, "{}").header("location", &elsewhere));
    answers
}

#[tokio::test]
async fn nothing_that_is_printed_logged_or_shown_holds_the_secret() {
    let logs = Logs::of_everything();
    let mut printed = Vec::new();

    for answer in echoes() {
        let api = ScriptedApi::start([answer]).await;
        let client = builder(&api.url())
            .timeout(Duration::from_millis(500))
            .max_retries(1)
            .trace_client_ip(true)
            .build()
            .unwrap();
        printed.push(format!("{client:?} {:?}", client.clone().circuit_breaker()));
        match ask(&client).await {
            Ok(Verdict::Refused(refusal)) => {
                printed.push(format!("{refusal:?} {}", refusal.reason_code()));
            }
            Ok(Verdict::Passed(pass)) => printed.push(format!("{pass:?}")),
            Err(error) => printed.push(format!("{error:?} {}", told(&error))),
        }
        let gate = Gate::new(client.rule(MaxScore::new(0.5).unwrap()));
        let request = http::Request::post("/").header("x-captcha-token", TOKEN);
        let (head, ()) = request.body(()).unwrap().into_parts();
        let outcome = gate.check(&HttpHead(&head), None).await;
        match outcome {
            Ok(pass) => printed.push(format!("{pass:?}")),
            Err(rejection) => {
                printed.push(format!("{rejection:?}"));
                let response = rejection.into_response::<String>();
                printed.push(format!("{response:?}"));
            }
        }
        for heard in api.heard() {
            assert!(!heard.target.contains(SECRET), "{}", heard.target);
        }
    }

    let settings = GkCaptchaClient::builder(SECRET, SITE_KEY);
    printed.push(format!("{settings:?}"));
    for error in [
        GkCaptchaClient::new(format!("{SECRET} "), "").unwrap_err(),
        GkCaptchaClient::new(format!("{SECRET}\u{e9}"), SITE_KEY).unwrap_err(),
        GkCaptchaClient::new(SITE_KEY, SECRET).unwrap_err(),
        settings
            .api_url(format!("https://user:{SECRET}@x"))
            .build()
            .unwrap_err(),
    ] {
        printed.push(format!(
            "{error} {error:?} {:?}",
            captcha_core::verify::VerifyError::from(error.clone())
        ));
    }
    let options = VerifyOptions {
        client_ip: "192.0.2.7".parse().ok(),
        user_agent: Some("Mozilla".to_owned()),
    };
    printed.push(format!("{options:?}"));
    assert!(!printed.last().unwrap().contains("192.0.2.7"));
    let waiting = tokio::task::spawn_blocking(|| {
        let client = blocking::GkCaptchaClient::builder(SECRET, SITE_KEY)
            .api_url("http://127.0.0.1:1")
            .max_retries(0)
            .fail_closed(true)
            .build()
            .unwrap();
        let error = client
            .verify_token(TOKEN, VerifyOptions::default())
            .unwrap_err();
        assert_eq!(error.kind(), VerifyErrorKind::Network);
        format!("{client:?} {error:?} {}", told(&error))
    });
    printed.push(waiting.await.unwrap());

    let logged = logs.text();
    assert!(
        logged.contains("captcha_verify") && logged.contains("reqwest"),
        "logs are there"
    );
    printed.push(logged);
    for text in printed {
        let text = text.to_lowercase();
        for (name, hidden) in [("secret", &SECRET[SECRET.len() - 12..]), ("token", TOKEN)] {
            if let Some(at) = text.find(hidden) {
                let around: String = text
                    .chars()
                    .skip(at.saturating_sub(300))
                    .take(600)
                    .collect();
                panic!("the {name} is in {around}");
            }
        }
    }
}
