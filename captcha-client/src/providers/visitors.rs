//! What visitors can bring about with what they send.

use super::{asked, named};
use crate::answer::Answer;

/// What a visitor can bring about, in every provider's words. None of it is an outage, whatever
/// status it comes under, or visitors could choose to pass where outages are let through.
#[test]
fn atk_17_what_visitors_cause_is_no_outage() {
    let listed = |field: &str, codes: &[&str]| -> Vec<String> {
        let body = |code: &&str| format!(r#"{{"success":false,"{field}":["{code}"]}}"#);
        codes.iter().map(body).collect()
    };
    let reasons = [
        "MALFORMED",
        "EXPIRED",
        "DUPE",
        "MISSING",
        "BROWSER_ERROR",
        "UNEXPECTED_ACTION",
        "KEY_MISMATCH",
        "DOMAIN_MISMATCH",
        "UNKNOWN_INVALID_REASON",
        "NEW",
    ];
    let reasons = reasons.map(|reason| {
        format!(r#"{{"tokenProperties":{{"valid":false,"invalidReason":"{reason}"}}}}"#)
    });
    let geetest = (50002..=50005).chain(50301..=50308);
    let geetest = geetest.map(|code| format!(r#"{{"status":"error","code":"-{code}"}}"#));
    let prosopo = [
        "API.BAD_REQUEST",
        "CAPTCHA.PARSE_ERROR",
        "CAPTCHA.NEW",
        "API.SITE_KEY_NOT_REGISTERED",
    ];
    let prosopo = prosopo.map(|key| format!(r#"{{"error":{{"key":"{key}"}}}}"#));
    let frc2 = [
        "response_missing",
        "response_invalid",
        "response_timeout",
        "bad_request",
    ];
    let frc2 = frc2.map(|code| format!(r#"{{"success":false,"error":{{"error_code":"{code}"}}}}"#));
    let codes = (2..=12).filter(|code| *code != 9);
    let private = codes.map(|code| format!(r#"{{"success":false,"code":{code}}}"#));
    let cap = [
        "Token not found",
        "Token expired",
        "Invalid site key or secret",
    ];
    let cap = cap.map(|text| format!(r#"{{"success":false,"error":"{text}"}}"#));
    let said: [(&str, Vec<String>); 12] = [
        (
            "turnstile",
            listed(
                "error-codes",
                &[
                    "invalid-input-response",
                    "timeout-or-duplicate",
                    "bad-request",
                    "new",
                ],
            ),
        ),
        (
            "hcaptcha",
            listed(
                "error-codes",
                &[
                    "already-seen-response",
                    "sitekey-secret-mismatch",
                    "not-using-dummy-passcode",
                    "internal-error",
                ],
            ),
        ),
        (
            "recaptcha-v2",
            listed("error-codes", &["browser-error", "bad-request", "new"]),
        ),
        ("recaptcha-enterprise", reasons.to_vec()),
        (
            "friendlycaptcha-v1",
            listed(
                "errors",
                &["solution_missing", "solution_invalid", "bad_request"],
            ),
        ),
        ("friendlycaptcha-v2", frc2.to_vec()),
        ("cap", cap.to_vec()),
        ("mcaptcha", vec![r#"{"valid":false}"#.to_owned()]),
        (
            "prosopo",
            [&prosopo[..], &[r#"{"verified":false}"#.to_owned()]].concat(),
        ),
        (
            "mtcaptcha",
            listed(
                "fail_codes",
                &[
                    "privatekey-mismatch-token",
                    "invalid-token-faildecrypt",
                    "bad-request",
                ],
            ),
        ),
        ("geetest-v4", geetest.collect()),
        ("private-captcha", private.collect()),
    ];
    for (name, bodies) in said {
        let provider = named(name).unwrap_or_else(|| unreachable!("{name}"));
        for body in bodies {
            for status in [200, 400, 401, 403, 404, 422, 500, 503] {
                let answer = asked::read(&*provider, status, body.clone());
                let none = matches!(answer, Answer::Refused(_) | Answer::Misconfigured(_));
                assert!(none, "{name} {status} {body}: {answer:?}");
            }
        }
    }
}
