//! Attacks on hosted verification, through the client. The numbers are those of SECURITY.md.

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

use captcha_client::VerifyOptions;
use captcha_core::verify::rules::{AllowedHostnames, ExpectedAction, MaxAge, MaxScore};
use captcha_core::verify::{FailMode, Verdict, Verifier, VerifierExt};
use captcha_testkit::api::{Answer, ScriptedApi};
use serde_json::json;
use support::{PASS, TOKEN, ask, builder, class, client};

/// The reason for which a rule refuses this answer, or `ok`.
async fn judged(verifier: &impl Verifier) -> String {
    match ask(verifier).await {
        Ok(Verdict::Passed(_)) => "ok".to_owned(),
        Ok(Verdict::Refused(refusal)) => refusal.reason_code().to_string(),
        Err(error) => error.code().to_owned(),
    }
}

/// In fail-open mode only a provider that is really down lets anybody in.
#[tokio::test]
async fn atk_17_a_visitor_cannot_cause_an_outage() {
    let page = |status| Answer::typed(status, "text/html", "<html>blocked</html>");
    let elsewhere = "http://127.0.0.1:1/";
    for (answer, opens) in [
        (page(400), false),
        (page(401), false),
        (page(403), false),
        (page(404), false),
        (page(413), false),
        (page(414), false),
        (page(431), false),
        (Answer::json(403, PASS), false),
        (Answer::json(400, "{}"), false),
        (Answer::json(401, r#"{"success":false}"#), false),
        (Answer::Half(403), false),
        (Answer::Endless(403), false),
        (page(302).header("location", elsewhere), false),
        (Answer::Hang, false),
        (Answer::Drip, false),
        (
            Answer::json(500, r#"{"success":false,"reasonCode":"token_expired"}"#),
            false,
        ),
        (
            Answer::json(502, r#"{"error_codes":["invalid-input-response"]}"#),
            false,
        ),
        (
            Answer::json(
                200,
                r#"{"success":false,"error_codes":["invalid_signature","internal_error"]}"#,
            ),
            false,
        ),
        (
            Answer::json(429, r#"{"success":true,"data":{"verified":false}}"#),
            false,
        ),
        (
            Answer::json(500, r#"{"success":true,"data":{"verified":false}}"#),
            false,
        ),
        (Answer::json(302, r#"{"error":"internal_error"}"#), false),
        (
            Answer::json(400, r#"{"reasonCode":"internal_error"}"#),
            false,
        ),
        (Answer::json(403, r#"{"reasonCode":"rate_limited"}"#), false),
        (
            Answer::json(500, r#"{"success":false,"reasonCode":"never_seen"}"#),
            false,
        ),
        // The provider is down, or says so.
        (page(500), true),
        (page(503), true),
        (page(429), true),
        (page(200), true),
        (Answer::Endless(200), true),
        (Answer::Reset, true),
        (
            Answer::json(500, r#"{"success":false,"error":"Internal server error"}"#),
            true,
        ),
    ] {
        let api = ScriptedApi::start([answer.clone()]).await;
        let client = builder(&api.url())
            .timeout(Duration::from_secs(1))
            .build()
            .unwrap();
        let outcome = client.verify_token(TOKEN, VerifyOptions::default()).await;
        let passed = outcome.as_ref().is_ok_and(Verdict::success);
        assert_eq!(passed, opens, "{answer:?}: {outcome:?}");
        if let Ok(verdict) = outcome {
            assert_eq!(verdict.fail_open(), opens, "a real pass: {answer:?}");
        }
    }
    // What a firewall would act on is not sent.
    let api = ScriptedApi::start([Answer::Reset]).await;
    for token in [
        "<script>alert(1)</script>",
        "' OR '1'='1",
        "${jndi:ldap://x}",
        "$(id)",
        "a\r\nb",
        "%3Cscript%3E",
    ] {
        let outcome = client(&api)
            .verify_token(token, VerifyOptions::default())
            .await;
        assert!(!outcome.unwrap().success(), "{token}");
    }
    let options = VerifyOptions {
        user_agent: Some("${jndi:ldap://x}".to_owned()),
        ..VerifyOptions::default()
    };
    let _ = client(&api).verify_token(TOKEN, options).await;
    let heard = api.heard();
    assert_eq!(heard.len(), 1);
    assert!(heard[0].json().get("userAgent").is_none());
}

#[tokio::test]
async fn atk_18_only_an_allowed_host_passes() {
    for (hostname, allowed) in [
        (json!("example.com"), true),
        (json!("shop.example.com"), true),
        (json!("evil.test"), false),
        (json!(""), false),
        (json!(null), false),
        (json!("example.com.evil.test"), false),
        (json!("evil-example.com"), false),
        (json!("www.example.com"), false),
        (json!("EXAMPLE.COM"), false),
        (json!("example.com."), false),
        (json!("example.com:8443"), false),
        (json!(" example.com"), false),
        (json!("example.com\u{0}"), false),
        (json!("xn--exmple-cua.com"), false),
        (json!("ex\u{e4}mple.com"), false),
        (json!(["example.com"]), false),
        (json!({"0": "example.com"}), false),
    ] {
        let body = json!({"success": true, "data": {"verified": true, "hostname": hostname}});
        let api = ScriptedApi::start([Answer::json(200, body.to_string())]).await;
        let rule = AllowedHostnames::new(["example.com", "shop.example.com"]).unwrap();
        let expected = if allowed { "ok" } else { "hostname_mismatch" };
        assert_eq!(
            judged(&client(&api).rule(rule)).await,
            expected,
            "{hostname}"
        );
    }
    // A host that is missing is told from one that is wrong.
    let api = ScriptedApi::start([Answer::json(200, PASS)]).await;
    let rule = AllowedHostnames::new(["example.com"]).unwrap();
    let verdict = ask(&client(&api).rule(rule)).await.unwrap();
    assert!(
        verdict.error().unwrap().contains("names none"),
        "{verdict:?}"
    );
}

#[tokio::test]
async fn atk_19_a_token_for_one_action_is_no_good_for_another() {
    for (action, expected) in [
        (json!("login"), "ok"),
        (json!("contact"), "action_mismatch"),
        (json!("Login"), "action_mismatch"),
        (json!("login "), "action_mismatch"),
        (json!(""), "action_mismatch"),
        (json!(null), "action_mismatch"),
        (json!(["login"]), "action_mismatch"),
    ] {
        let body = json!({"success": true, "data": {"verified": true, "action": action}});
        let api = ScriptedApi::start([Answer::json(200, body.to_string())]).await;
        let verifier = client(&api).rule(ExpectedAction::new("login").unwrap());
        assert_eq!(judged(&verifier).await, expected, "{action}");
    }
}

#[tokio::test]
async fn atk_20_a_missing_or_odd_score_is_no_good_score() {
    for (score, expected) in [
        ("0", "ok"),
        ("0.0", "ok"),
        ("0.5", "ok"),
        ("0.500001", "score_too_high"),
        ("1", "score_too_high"),
        ("null", "score_missing"),
        ("\"0.1\"", "INVALID_RESPONSE"),
        ("\"NaN\"", "INVALID_RESPONSE"),
        ("NaN", "INVALID_RESPONSE"),
        ("1e309", "INVALID_RESPONSE"),
        ("-1", "INVALID_RESPONSE"),
        ("-0.0001", "INVALID_RESPONSE"),
        ("1.7", "INVALID_RESPONSE"),
        ("[0.1]", "INVALID_RESPONSE"),
        ("true", "INVALID_RESPONSE"),
    ] {
        for body in [
            format!(r#"{{"success":true,"score":{score}}}"#),
            format!(r#"{{"success":true,"data":{{"verified":true,"score":{score}}}}}"#),
        ] {
            let api = ScriptedApi::start([Answer::json(200, body)]).await;
            let verifier = client(&api).rule(MaxScore::new(0.5).unwrap());
            assert_eq!(judged(&verifier).await, expected, "{score}");
            // In fail-open mode, which is the client's default, it makes no difference.
            assert_eq!(verifier.fail_mode(), FailMode::Open);
            let applied = verifier.fail_mode().apply(ask(&verifier).await);
            let passed = applied.is_ok_and(|verdict| verdict.success());
            assert_eq!(passed, expected == "ok", "{score}");
        }
    }
    let api = ScriptedApi::start([Answer::json(200, r#"{"success":true}"#)]).await;
    let verifier = client(&api).rule(MaxScore::new(1.0).unwrap());
    assert_eq!(judged(&verifier).await, "score_missing");
    // Of two scores the worse counts, wherever it stands.
    for (top, data) in [(0.9, 0.1), (0.1, 0.9)] {
        let body =
            json!({"success": true, "score": top, "data": {"verified": true, "score": data}});
        api.script([Answer::json(200, body.to_string())]);
        let verifier = client(&api).rule(MaxScore::new(0.5).unwrap());
        assert_eq!(judged(&verifier).await, "score_too_high");
    }
}

/// Nothing but the exact shape of a pass is one.
#[tokio::test]
async fn atk_21_only_the_exact_pass_shape_passes() {
    for (status, body) in [
        (200, r#"{"success":"true"}"#),
        (200, r#"{"success":"false"}"#),
        (200, r#"{"success":1}"#),
        (200, r#"{"success":null}"#),
        (200, r#"{"success":[true]}"#),
        (200, r#"{"Success":true}"#),
        (200, r#"{"verified":true}"#),
        (200, r#"{"data":{"verified":true}}"#),
        (200, r#"{"data":{"success":true,"verified":true}}"#),
        (200, r#"{"success":true,"data":true}"#),
        (200, r#"{"success":true,"data":[]}"#),
        (200, r#"{"success":true,"data":[{"verified":true}]}"#),
        (200, r#"{"success":true,"data":{"verified":1}}"#),
        (200, r#"{"success":true,"data":{"verified":null}}"#),
        (
            200,
            r#"{"success":true,"data":{"verified":true,"success":false}}"#,
        ),
        (
            200,
            r#"{"success":true,"data":{"verified":true,"error":"x"}}"#,
        ),
        (
            200,
            r#"{"success":true,"data":{"verified":true,"error_codes":["x"]}}"#,
        ),
        (200, r#"{"success":true,"verified":false}"#),
        (200, r#"{"success":true,"verified":"yes"}"#),
        (200, r#"{"success":true,"error":"no"}"#),
        (200, r#"{"success":true,"error":{"code":"token_expired"}}"#),
        (200, r#"{"success":true,"error":{"message":"x"}}"#),
        (200, r#"{"success":true,"error-codes":["x"]}"#),
        (200, r#"{"success":true,"error_codes":"token_expired"}"#),
        (200, r#"{"success":true,"error_codes":[7]}"#),
        (200, r#"{"success":true,"code":"x"}"#),
        (200, r#"{"success":true,"errors":["x"]}"#),
        (
            200,
            r#"{"success":true,"data":{"verified":true,"errorCodes":["x"]}}"#,
        ),
        (200, r#"{"success":true,"code":42}"#),
        (200, r#"{"success":true,"failOpen":true}"#),
        (200, r#"{"success":true,"failOpen":"true"}"#),
        (
            200,
            r#"{"success":true,"data":{"verified":true,"failOpen":true}}"#,
        ),
        (200, r#"{"success":true,"success":true}"#),
        (
            200,
            r#"{"success":true,"data":{"verified":false,"verified":true}}"#,
        ),
        (200, r#"[{"success":true}]"#),
        (200, r#"{"success":true}{"success":true}"#),
        (200, r#"{"success":true} trailing"#),
        (200, "<html>{\"success\":true}</html>"),
        (200, "\u{feff}{\"success\":true}"),
        (200, "true"),
        (200, "success=true"),
        (300, PASS),
        (304, ""),
        (400, PASS),
        (401, PASS),
        (403, PASS),
        (500, PASS),
        (503, PASS),
    ] {
        let api = ScriptedApi::start([Answer::json(status, body)]).await;
        let outcome = ask(&client(&api)).await;
        assert_ne!(class(&outcome), "ok", "{status} {body}");
        assert_ne!(class(&outcome), "?", "{status} {body}");
    }
    for body in [
        r#"{"success":true}"#,
        r#"{"success":true,"failOpen":false,"verified":true,"error":null,"reasonCode":"","error_codes":[],"new":{"a":1}}"#,
        r#"{"success":true,"data":{"verified":true,"error-codes":[]},"score":null,"timestamp":"soon"}"#,
    ] {
        for status in [200, 201, 202] {
            let api = ScriptedApi::start([Answer::json(status, body)]).await;
            assert_eq!(class(&ask(&client(&api)).await), "ok", "{status} {body}");
        }
    }
}

/// A time that cannot be read is not replaced by one that can.
#[tokio::test]
async fn an_age_that_cannot_be_read_is_too_old() {
    let now = jiff::Timestamp::now();
    for (solved, expected) in [
        (json!(now.to_string()), "ok"),
        (json!(now.as_second()), "ok"),
        (json!(null), "ok"),
        (json!("2020-01-01T00:00:00Z"), "token_expired"),
        (json!("2020-01-01T00:00:00"), "token_expired"),
        (json!("2020-01-01 00:00:00"), "token_expired"),
        (json!(1_577_836_800), "token_expired"),
        (json!(1_577_836_800.5), "token_expired"),
        (json!("1577836800"), "token_expired"),
        (json!("yesterday"), "token_expired"),
        (json!(["x"]), "token_expired"),
    ] {
        let body = json!({"success": true, "data": {
            "verified": true, "challenge_ts": solved, "timestamp": now.as_second(),
        }});
        let api = ScriptedApi::start([Answer::json(200, body.to_string())]).await;
        let verifier = client(&api).rule(MaxAge::new(Duration::from_secs(60)).unwrap());
        assert_eq!(judged(&verifier).await, expected, "{solved}");
    }
}
