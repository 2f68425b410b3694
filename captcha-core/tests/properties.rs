//! Whatever arrives, the gate and the endpoints answer; they never panic.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use bytes::Bytes;
use captcha_core::endpoints::Endpoints;
use captcha_core::gate::{BodyPlan, Gate, HttpHead, PeerAddr};
use captcha_core::manager::CaptchaManager;
use captcha_core::storage::MemoryStorage;
use captcha_core::verify::FieldSet;
use captcha_testkit::StubVerifier;
use http::request::Parts;
use proptest::collection::vec;
use proptest::prelude::*;

fn gate() -> Gate {
    let fields = [
        FieldSet::token("captchaToken"),
        FieldSet::together(["captcha_id", "captcha_answer"]),
    ];
    let stub = StubVerifier::passes().with_fields(fields);
    let proxies = ["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()];
    Gate::builder(stub)
        .trust_query_token()
        .trust_proxies(proxies)
        .build()
        .unwrap()
}

/// Header values that a server lets through: anything but line breaks and NUL.
fn header_value() -> impl Strategy<Value = Vec<u8>> {
    vec(
        prop_oneof![Just(b'\t'), 0x20..=0x7e_u8, 0x80..=0xff_u8],
        0..60,
    )
}

fn content_type() -> impl Strategy<Value = Vec<u8>> {
    let known = [
        "application/x-www-form-urlencoded",
        "application/json",
        "application/problem+json; charset=utf-8",
        "multipart/form-data; boundary=X",
        "multipart/form-data; boundary=\"X\"",
        "multipart/form-data",
        "text/plain",
    ];
    prop_oneof![
        4 => proptest::sample::select(known.to_vec()).prop_map(|kind| kind.as_bytes().to_vec()),
        1 => header_value(),
    ]
}

/// Bytes that look like a body more often than random ones do.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "captchaToken",
        "captcha_id",
        "captcha_answer",
        "id",
        "answer",
        "=",
        "&",
        "%",
        "%4",
        "+",
        "{",
        "}",
        "[",
        "]",
        "\"",
        ":",
        ",",
        "\\u",
        "\\",
        "null",
        "1e9",
        "--X",
        "\r\n",
        "\r\n\r\n",
        "--",
        "Content-Disposition: form-data; name=\"captchaToken\"",
        "Content-Type: text/plain",
        "\u{0}",
    ];
    let word = proptest::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec());
    let piece = prop_oneof![4 => word, 1 => vec(any::<u8>(), 0..12)];
    vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn head(content_type: &[u8], headers: &[(usize, Vec<u8>)], query: &str) -> Parts {
    const NAMES: [&str; 6] = [
        "x-captcha-token",
        "x-forwarded-for",
        "content-length",
        "content-encoding",
        "user-agent",
        "accept-language",
    ];
    let mut request = http::Request::post(format!("/register?{query}"))
        .extension(PeerAddr([127, 0, 0, 1].into()))
        .header("content-type", content_type);
    for (name, value) in headers {
        request = request.header(NAMES[name % NAMES.len()], value.as_slice());
    }
    request.body(()).unwrap().into_parts().0
}

/// A body with the token in one of three encodings, between other fields.
fn well_formed(kind: usize, token: &str, other: &str) -> (&'static str, String) {
    match kind {
        0 => {
            let other: String = form_urlencoded_all(other);
            let body = format!("a={other}&captchaToken={token}&b={other}");
            ("application/x-www-form-urlencoded", body)
        }
        1 => {
            let body = serde_json_like(&[("a", other), ("captchaToken", token), ("b", other)]);
            ("application/json", body)
        }
        _ => {
            let part = |name: &str, value: &str| {
                format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
            };
            let body = [
                part("a", "1"),
                part("captchaToken", token),
                part("b", "2"),
                "--X--\r\n".into(),
            ];
            ("multipart/form-data; boundary=X", body.concat())
        }
    }
}

fn form_urlencoded_all(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

fn serde_json_like(pairs: &[(&str, &str)]) -> String {
    let object: serde_json::Map<_, _> = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).into()))
        .collect();
    serde_json::Value::Object(object).to_string()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Random heads and bodies are refused with a 4xx or hold a credential.
    #[test]
    fn atk_41_the_gate_never_panics(
        content_type in content_type(),
        headers in vec((0..6_usize, header_value()), 0..5),
        query in "[a-zA-Z0-9=&%+]{0,40}",
        body in body(),
    ) {
        let gate = gate();
        let head = head(&content_type, &headers, &query);
        if let Err(rejection) = gate.plan(&HttpHead(&head)) {
            prop_assert!(rejection.status().is_client_error());
        }
        let body = Bytes::from(body);
        for body in [None, Some(&body)] {
            if let Err(rejection) = gate.locate(&HttpHead(&head), body) {
                prop_assert!(rejection.status().is_client_error());
            }
        }
    }

    /// A token is found wherever it stands, and whatever stands around it.
    #[test]
    fn a_token_is_found_among_other_fields(
        kind in 0..3_usize,
        token in "[!-~&&[^%&+=\"\\\\]]{1,40}",
        other in "\\PC{0,40}",
    ) {
        let gate = gate();
        let (content_type, body) = well_formed(kind, &token, &other);
        let head = head(content_type.as_bytes(), &[], "");
        prop_assert_eq!(gate.plan(&HttpHead(&head)), Ok(BodyPlan::Read { limit: gate.max_body_bytes() }));
        let body = Bytes::from(body);
        prop_assert!(gate.locate(&HttpHead(&head), Some(&body)).is_ok());
    }

    /// A body with the token that is cut off anywhere holds either the whole token or none.
    #[test]
    fn a_cut_body_never_yields_part_of_a_token(kind in 1..3_usize, cut in 1..60_usize) {
        let gate = gate();
        let (content_type, mut body) = well_formed(kind, "token", "x");
        body.truncate(body.len().saturating_sub(2 + cut));
        let head = head(content_type.as_bytes(), &[], "");
        let body = Bytes::from(body);
        prop_assert!(gate.locate(&HttpHead(&head), Some(&body)).is_err());
    }

    /// The endpoints answer every request, with nothing but 2xx, 4xx or 503.
    #[test]
    fn atk_41_the_endpoints_never_panic(
        method in "GET|POST|PUT|DELETE|HEAD|OPTIONS|X",
        path in "/captcha/(new|verify|[A-Za-z0-9_.%-]{0,30}|[A-Za-z0-9_-]{22}\\.(png|svg|wav|x))",
        content_type in content_type(),
        languages in header_value(),
        body in body(),
    ) {
        let manager = CaptchaManager::builder(MemoryStorage::new()).build().unwrap();
        let request = http::Request::builder()
            .method(method.as_str())
            .uri(path)
            .header("content-type", content_type)
            .header("accept-language", languages)
            .body(Bytes::from(body));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let response = runtime.block_on(Endpoints::new(manager).handle(request.unwrap()));
        let status = response.status();
        prop_assert!(status.is_success() || status.is_client_error(), "{}", status);
        prop_assert_eq!(response.headers()["cache-control"].as_bytes(), b"no-store");
    }
}

/// Content types compare without case, as RFC 9110 says.
#[test]
fn content_types_compare_without_case() {
    let gate = gate();
    for kind in [
        "APPLICATION/X-WWW-FORM-URLENCODED",
        "Application/Json",
        "application/x+JSON",
    ] {
        let head = head(kind.as_bytes(), &[], "");
        assert!(
            matches!(gate.plan(&HttpHead(&head)), Ok(BodyPlan::Read { .. })),
            "{kind}"
        );
    }
}
