//! What providers' answers are made of, for properties of their readers.

use serde_json::{Map, Value, json};

/// What a provider's answers are made of, and which of them are passes: said once more, in other
/// words than the reader's.
#[derive(Debug)]
pub(super) struct Language {
    pub(super) provider: &'static str,
    /// Names and, separated by spaces, JSON values that mean something under them.
    pub(super) words: &'static [(&'static str, &'static str)],
    pub(super) is_pass: fn(&Map<String, Value>) -> bool,
    pub(super) pass: &'static str,
}

const NOTHING: [Option<&Value>; 2] = [None, Some(&Value::Null)];

fn yes(said: &Map<String, Value>, name: &str) -> bool {
    said.get(name) == Some(&json!(true))
}

/// No text, or none at all.
fn no_text(value: Option<&Value>) -> bool {
    NOTHING.contains(&value) || value == Some(&json!(""))
}

fn no_codes(said: &Map<String, Value>, name: &str) -> bool {
    NOTHING.contains(&said.get(name)) || said.get(name) == Some(&json!([]))
}

fn nothing(said: &Map<String, Value>, name: &str) -> bool {
    NOTHING.contains(&said.get(name))
}

fn on_scale(value: Option<&Value>, lowest: f64, highest: f64) -> bool {
    let number = value.and_then(Value::as_f64);
    NOTHING.contains(&value) || number.is_some_and(|number| (lowest..=highest).contains(&number))
}

fn siteverify(said: &Map<String, Value>) -> bool {
    yes(said, "success") && no_codes(said, "error-codes")
}

fn scored(said: &Map<String, Value>) -> bool {
    siteverify(said) && on_scale(said.get("score"), 0.0, 1.0)
}

const CODES: &str =
    r#"[] [] null ["timeout-or-duplicate"] ["internal-error"] ["new"] [1] "" "x" {} 0"#;
const VERDICT: &str = r#"true true true false null "true" 1 [true] {}"#;
const SCORE: &str = r#"null 0 0.5 1 1.1 -0.1 "0.9" [] 5"#;

pub(super) const LANGUAGES: [Language; 17] = [
    Language {
        provider: "turnstile",
        words: &[
            ("success", VERDICT),
            ("error-codes", CODES),
            (
                "metadata",
                r#"null {} {"result_with_testing_key":true} {"result_with_testing_key":"x"} {"result_with_testing_key":false}"#,
            ),
        ],
        is_pass: |said| {
            let test = said
                .get("metadata")
                .and_then(|m| m.get("result_with_testing_key"));
            siteverify(said) && matches!(test, None | Some(Value::Null | Value::Bool(false)))
        },
        pass: r#"{"success":true,"error-codes":[],"hostname":"example.org"}"#,
    },
    Language {
        provider: "hcaptcha",
        words: &[
            ("success", VERDICT),
            ("error-codes", CODES),
            ("score", SCORE),
            ("hostname", r#""example.org" "dummy-key-pass" null 1"#),
        ],
        is_pass: |said| scored(said) && said.get("hostname") != Some(&json!("dummy-key-pass")),
        pass: r#"{"success":true,"hostname":"example.org","credit":false,"score":0.1}"#,
    },
    Language {
        provider: "recaptcha-v2",
        words: &[
            ("success", VERDICT),
            ("error-codes", CODES),
            ("hostname", r#""example.org" "testkey.google.com" null 1"#),
        ],
        is_pass: |said| {
            siteverify(said) && said.get("hostname") != Some(&json!("testkey.google.com"))
        },
        pass: r#"{"success":true,"challenge_ts":"2026-03-01T10:00:00Z","hostname":"x"}"#,
    },
    Language {
        provider: "recaptcha-v3",
        words: &[
            ("success", VERDICT),
            ("error-codes", CODES),
            ("score", SCORE),
        ],
        is_pass: scored,
        pass: r#"{"success":true,"score":0.9,"action":"login"}"#,
    },
    Language {
        provider: "recaptcha-enterprise",
        words: &[
            (
                "tokenProperties",
                r#"{"valid":true} {"valid":true} {"valid":true,"invalidReason":"DUPE"} {"valid":true,"invalidReason":"INVALID_REASON_UNSPECIFIED"} {"valid":false} {"valid":"true"} {} null true"#,
            ),
            (
                "riskAnalysis",
                r#"null {} {"score":0.9} {"score":0.9,"challenge":"FAILED"} {"score":2} {"score":"0.9"}"#,
            ),
            ("event", r#"null {} {"siteKey":"KEY"} {"siteKey":"OTHER"}"#),
            (
                "error",
                r#"null {} {"status":"UNAVAILABLE"} {"code":400} "x""#,
            ),
        ],
        is_pass: |said| {
            let of = |object: &str, name: &str| said.get(object).and_then(|o| o.get(name)).cloned();
            let reason = of("tokenProperties", "invalidReason");
            let key = of("event", "siteKey");
            nothing(said, "error")
                && of("tokenProperties", "valid") == Some(json!(true))
                && (reason.is_none() || reason == Some(json!("INVALID_REASON_UNSPECIFIED")))
                && on_scale(of("riskAnalysis", "score").as_ref(), 0.0, 1.0)
                && of("riskAnalysis", "challenge") != Some(json!("FAILED"))
                && (key.is_none() || key == Some(json!("KEY")))
        },
        pass: r#"{"tokenProperties":{"valid":true},"riskAnalysis":{"score":0.9}}"#,
    },
    Language {
        provider: "friendlycaptcha-v1",
        words: &[("success", VERDICT), ("errors", CODES)],
        is_pass: |said| yes(said, "success") && no_codes(said, "errors"),
        pass: r#"{"success":true}"#,
    },
    Language {
        provider: "friendlycaptcha-v2",
        words: &[
            ("success", VERDICT),
            (
                "error",
                r#"null null {"error_code":"response_invalid"} {"error_code":1} {} "x""#,
            ),
            (
                "data",
                r#"null {} [] "x" {"risk_intelligence":{"risk_scores":{"overall":3}}} {"risk_intelligence":{"risk_scores":{"overall":6}}} {"risk_intelligence":{"risk_scores":{"overall":"1"}}}"#,
            ),
        ],
        is_pass: |said| {
            let data = said.get("data").unwrap_or(&Value::Null);
            let overall = data.pointer("/risk_intelligence/risk_scores/overall");
            yes(said, "success")
                && nothing(said, "error")
                && (data.is_null() || data.is_object())
                && on_scale(overall, 1.0, 5.0)
        },
        pass: r#"{"success":true,"data":{"challenge":{"origin":"https://x.example"}}}"#,
    },
    Language {
        provider: "cap",
        words: &[
            ("success", VERDICT),
            (
                "error",
                r#"null "" "Token\u0020not\u0020found" "new" 1 {} []"#,
            ),
        ],
        is_pass: |said| yes(said, "success") && no_text(said.get("error")),
        pass: r#"{"success":true}"#,
    },
    Language {
        provider: "mcaptcha",
        words: &[
            ("valid", VERDICT),
            ("error", r#"null "" "Wrong\u0020password" 1 {} []"#),
        ],
        is_pass: |said| yes(said, "valid") && no_text(said.get("error")),
        pass: r#"{"valid":true}"#,
    },
    Language {
        provider: "prosopo",
        words: &[
            ("verified", VERDICT),
            (
                "error",
                r#"null {} {"key":"CAPTCHA.X"} {"key":"new"} "x" []"#,
            ),
            ("score", SCORE),
        ],
        is_pass: |said| {
            yes(said, "verified") && nothing(said, "error") && on_scale(said.get("score"), 0.0, 1.0)
        },
        pass: r#"{"verified":true,"status":"User verified","score":0.1}"#,
    },
    Language {
        provider: "captchafox",
        words: &[("success", VERDICT), ("error-codes", CODES)],
        is_pass: siteverify,
        pass: r#"{"success":true,"hostname":"example.org"}"#,
    },
    Language {
        provider: "mtcaptcha",
        words: &[
            ("success", VERDICT),
            ("fail_codes", CODES),
            (
                "tokeninfo",
                r#"null {} [] {"isDevHost":true} {"isDevHost":false} {"isDevHost":"no"} {"codeDesc":"valid:captcha-solved"} {"codeDesc":"invalid:token-expired"}"#,
            ),
        ],
        is_pass: |said| {
            let info = |name: &str| said.get("tokeninfo").and_then(|info| info.get(name));
            yes(said, "success")
                && no_codes(said, "fail_codes")
                && matches!(
                    info("isDevHost"),
                    None | Some(Value::Null | Value::Bool(false))
                )
                && info("codeDesc") != Some(&json!("invalid:token-expired"))
        },
        pass: r#"{"success":true,"tokeninfo":{"hostname":"x.example","isDevHost":false}}"#,
    },
    Language {
        provider: "yandex-smartcaptcha",
        words: &[
            ("status", r#""ok" "ok" "OK" "failed" true null 1"#),
            ("host", r#""example.org" "x:8080" ":8080" "" null 1 ["x"]"#),
            ("message", r#""" "Authentication\u0020failed." null 1"#),
        ],
        is_pass: |said| {
            let host = said.get("host").and_then(Value::as_str).unwrap_or_default();
            said.get("status") == Some(&json!("ok")) && !["", ":8080"].contains(&host)
        },
        pass: r#"{"status":"ok","message":"","host":"example.org"}"#,
    },
    Language {
        provider: "geetest-v4",
        words: &[
            ("status", r#""success" "success" "error" "" null 1 true"#),
            ("result", r#""success" "success" "fail" "" null true"#),
            ("code", r#"null "" "-50005" -50005 "-50000" {}"#),
            (
                "captcha_args",
                r#"null {} {"lot_number":"lot"} {"lot_number":"other"}"#,
            ),
        ],
        is_pass: |said| {
            let lot = said
                .get("captcha_args")
                .and_then(|args| args.get("lot_number"));
            said.get("result") == Some(&json!("success"))
                && (no_text(said.get("status")) || said.get("status") == Some(&json!("success")))
                && no_text(said.get("code"))
                && (lot.is_none() || lot == Some(&json!("lot")))
        },
        pass: r#"{"status":"success","result":"success","reason":"","captcha_args":{}}"#,
    },
    Language {
        provider: "private-captcha",
        words: &[
            ("success", VERDICT),
            ("code", r#"0 0 0 1 9 10 99 -1 "0" "9" null true []"#),
            (
                "error-codes",
                r#"[] null ["property-test"] ["no-error"] [0] 1"#,
            ),
            ("hostname", r#""x" "" null"#),
        ],
        is_pass: |said| {
            let code = match said.get("code") {
                None => said.contains_key("hostname"),
                Some(code) => code == &json!(0),
            };
            let clean = no_codes(said, "error-codes")
                || said.get("error-codes") == Some(&json!(["no-error"]));
            yes(said, "success") && code && clean
        },
        pass: r#"{"success":true,"code":0}"#,
    },
    Language {
        provider: "altcha-sentinel",
        words: &[
            ("verified", VERDICT),
            ("apiKey", r#""KEY" "KEY" "OTHER" null 1"#),
            ("error", r#"null "" "x" {}"#),
            (
                "verificationData",
                r#"null {} {"verified":true} {"verified":false} {"verified":"true"} "x" {"score":0.4} {"score":9} {"score":-1} {"score":"0.4"}"#,
            ),
        ],
        is_pass: |said| {
            let data = said.get("verificationData").unwrap_or(&Value::Null);
            let inner = data.get("verified").unwrap_or(&Value::Null);
            yes(said, "verified")
                && said.get("apiKey") == Some(&json!("KEY"))
                && no_text(said.get("error"))
                && (data.is_null() || data.is_object())
                && (inner.is_null() || inner == &json!(true))
                && on_scale(data.get("score"), 0.0, f64::MAX)
        },
        pass: r#"{"verified":true,"apiKey":"KEY","verificationData":{"verified":true}}"#,
    },
    Language {
        provider: "siteverify",
        words: &[
            ("success", VERDICT),
            ("error-codes", CODES),
            ("score", SCORE),
        ],
        is_pass: scored,
        pass: r#"{"success":true,"error-codes":[]}"#,
    },
];
