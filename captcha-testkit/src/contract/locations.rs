//! Where the token is found, and which tokens are refused before anybody is asked.

use captcha_core::gate::Gate;
use captcha_core::verify::FieldSet;

use super::client::Call;
use super::{Server, Setup};
use crate::StubVerifier;

const FORM: &str = "username=ada&email=a%40b.c&note=hi";
const JSON: &str = r#"{"username":"ada","email":"a@b.c","note":"hi""#;

fn json(extra: &str) -> String {
    format!("{JSON}{extra}}}")
}

fn part(name: &str, value: &str) -> String {
    format!("--XBOUNDARYX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

fn multipart(parts: &[(&str, &str)]) -> String {
    let fields = [("username", "ada"), ("email", "a@b.c"), ("note", "hi")];
    let parts: String = fields
        .iter()
        .chain(parts)
        .map(|(n, v)| part(n, v))
        .collect();
    format!("{parts}--XBOUNDARYX--\r\n")
}

/// Sends the call to a gate whose verifier passes everything, and returns which credential the
/// verifier was asked about.
async fn located(serve: &impl AsyncFn(Setup) -> Server, call: Call) -> Vec<String> {
    let stub = StubVerifier::passes();
    let server = serve(Setup::stub(&stub)).await;
    let reply = call.send(server.addr).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(stub.asked(), 1);
    stub.seen().unwrap().credential
}

/// Sends the calls and expects each to be refused like this, without the verifier being asked.
async fn refused(
    serve: &impl AsyncFn(Setup) -> Server,
    expected: (u16, &str),
    calls: impl IntoIterator<Item = Call>,
) {
    let stub = StubVerifier::passes();
    let server = serve(Setup::stub(&stub)).await;
    for call in calls {
        let reply = call.clone().send(server.addr).await;
        let expected = (expected.0, expected.1.to_owned());
        assert_eq!(reply.refusal(), expected, "{call:?}");
    }
    assert_eq!(stub.asked(), 0);
}

/// 1. The header `X-Captcha-Token` carries the token, whatever the body.
pub async fn c01_token_in_the_header(serve: &impl AsyncFn(Setup) -> Server) {
    for call in [
        Call::post("/protected/form").form(FORM),
        Call::post("/protected/json").json(json("")),
        Call::post("/protected/multipart").multipart(multipart(&[])),
        Call::post("/whole").body("text/plain", "anything"),
        Call::post("/whole"),
    ] {
        assert_eq!(located(serve, call.token("tok-1")).await, ["tok-1"]);
    }
}

/// 2. The urlencoded field `captchaToken` carries it, in any place and encoding.
pub async fn c02_token_in_a_form(serve: &impl AsyncFn(Setup) -> Server) {
    for body in [
        format!("captchaToken=tok.%2B_1&{FORM}"),
        format!("{FORM}&captchaToken=tok.%2B_1"),
        format!("&&captcha%54oken=tok.%2B%5f1&&{FORM}&empty"),
    ] {
        let call = Call::post("/protected/form").form(body);
        assert_eq!(located(serve, call).await, ["tok.+_1"]);
    }
    let with_charset = "application/x-www-form-urlencoded; charset=UTF-8";
    let call = Call::post("/protected/form").body(with_charset, format!("{FORM}&captchaToken=t"));
    assert_eq!(located(serve, call).await, ["t"]);
}

/// 3. The string `captchaToken` at the top level of a JSON object carries it.
pub async fn c03_token_in_json(serve: &impl AsyncFn(Setup) -> Server) {
    let call = Call::post("/protected/json").json(json(r#","captchaToken":"tok-1""#));
    assert_eq!(located(serve, call).await, ["tok-1"]);
    let escaped = json(r#","captcha\u0054oken":"tok\u002d1","x":{"captchaToken":"no"}"#);
    let call = Call::post("/protected/json").json(escaped);
    assert_eq!(located(serve, call).await, ["tok-1"]);
    let body = json(r#","captchaToken":"t""#);
    let call = Call::post("/protected/json").body("application/vnd.x+json", body);
    assert_eq!(located(serve, call).await, ["t"]);
}

/// 4. The multipart field `captchaToken` carries it, with or without a type of its own.
pub async fn c04_token_in_multipart(serve: &impl AsyncFn(Setup) -> Server) {
    let body = multipart(&[("captchaToken", "tok-1")]);
    let call = Call::post("/protected/multipart").multipart(body);
    assert_eq!(located(serve, call).await, ["tok-1"]);
    let typed = "--XBOUNDARYX\r\nContent-Disposition: form-data; name=\"captchaToken\"\r\n\
                 Content-Type: text/plain\r\n\r\ntok-1\r\n";
    let call = Call::post("/protected/multipart").multipart(format!("{typed}{}", multipart(&[])));
    assert_eq!(located(serve, call).await, ["tok-1"]);
}

/// 5. The query carries it only where the gate trusts query tokens.
pub async fn c05_token_in_the_query_only_where_trusted(serve: &impl AsyncFn(Setup) -> Server) {
    let call = || Call::post("/whole?x=1&captchaToken=tok-1").body("text/plain", "x");
    refused(serve, (400, "missing_token"), [call()]).await;
    let stub = StubVerifier::passes();
    let gate = Gate::builder(stub.clone())
        .trust_query_token()
        .build()
        .unwrap();
    let server = serve(Setup::gate(gate)).await;
    assert_eq!(call().send(server.addr).await.status, 200);
    assert_eq!(stub.seen().unwrap().credential, ["tok-1"]);
    let other = Call::post("/whole?captchaToken=tok-1").token("tok-2");
    let reply = other.send(server.addr).await;
    assert_eq!(reply.refusal(), (400, "duplicate_token".to_owned()));
}

/// 6. A verifier may name other fields, alone or together; members that are not sent are empty.
pub async fn c06_fields_the_verifier_names(serve: &impl AsyncFn(Setup) -> Server) {
    let fields = [
        FieldSet::token("cf-turnstile-response"),
        FieldSet::together(["lot", "output"]),
    ];
    let stub = StubVerifier::passes().with_fields(fields);
    let server = serve(Setup::stub(&stub)).await;
    for (body, credential) in [
        ("cf-turnstile-response=t", vec!["t"]),
        ("lot=1&output=2", vec!["1", "2"]),
        ("output=2", vec!["", "2"]),
        ("cf-turnstile-response=t&lot=1&output=2", vec!["t"]),
    ] {
        let call = Call::post("/protected/form").form(format!("{FORM}&{body}"));
        assert_eq!(call.send(server.addr).await.status, 200, "{body}");
        assert_eq!(stub.seen().unwrap().credential, credential, "{body}");
    }
    let twice = format!("{FORM}&lot=1&lot=2&output=2");
    let reply = Call::post("/protected/form")
        .form(twice)
        .send(server.addr)
        .await;
    assert_eq!(reply.refusal(), (400, "duplicate_token".to_owned()));
    let other = format!("{FORM}&captchaToken=t");
    let reply = Call::post("/protected/form")
        .form(other)
        .send(server.addr)
        .await;
    assert_eq!(reply.refusal(), (400, "missing_token".to_owned()));
}

/// 7. Without a token the request is refused: 400 `missing_token`. An empty one is none.
pub async fn c07_atk_14_missing_token(serve: &impl AsyncFn(Setup) -> Server) {
    let calls = [
        Call::post("/protected/form").form(FORM),
        Call::post("/protected/form").form(""),
        Call::post("/protected/form").form(format!("{FORM}&captchaToken=")),
        Call::post("/protected/form").form(format!("{FORM}&captchatoken=t&CAPTCHATOKEN=t")),
        Call::post("/protected/form").form(FORM).token(""),
        Call::post("/protected/json").json(json("")),
        Call::post("/protected/json").json(json(r#","captchaToken":"""#)),
        Call::post("/protected/json").json(json(r#","captchaToken":null"#)),
        Call::post("/protected/json").json(json(r#","data":{"captchaToken":"t"}"#)),
        Call::post("/protected/multipart").multipart(multipart(&[])),
        Call::post("/protected/multipart").multipart(multipart(&[("captchaToken", "")])),
        Call::post("/whole"),
    ];
    refused(serve, (400, "missing_token"), calls).await;
}

/// 8. A token with a blank, a control character or a byte that is not ASCII, or a JSON value that
///    is no string, is refused: 400 `invalid_token`.
pub async fn c08_malformed_token(serve: &impl AsyncFn(Setup) -> Server) {
    let mut calls = vec![
        Call::post("/whole").token("two words"),
        Call::post("/whole").token("\u{e4}"),
    ];
    for value in ["+", "%20", "a+b", "%00", "a%0Ab", "%C3%A4", "%FF", "%7F"] {
        let body = format!("{FORM}&captchaToken={value}");
        calls.push(Call::post("/protected/form").form(body));
    }
    for value in [
        "0",
        "1.5",
        "true",
        "[]",
        "[\"t\"]",
        "{}",
        "{\"captchaToken\":\"t\"}",
        r#""a\u0000b""#,
    ] {
        let body = json(&format!(r#","captchaToken":{value}"#));
        calls.push(Call::post("/protected/json").json(body));
    }
    for value in ["a b", "\u{e4}", "a\0b"] {
        let body = multipart(&[("captchaToken", value)]);
        calls.push(Call::post("/protected/multipart").multipart(body));
    }
    refused(serve, (400, "invalid_token"), calls).await;
}

/// 9. A token longer than the limit is refused: 400 `token_too_long`. At the limit it is not.
pub async fn c09_token_too_long(serve: &impl AsyncFn(Setup) -> Server) {
    let at_limit = "t".repeat(16 * 1024);
    let too_long = "t".repeat(16 * 1024 + 1);
    let huge = "t".repeat(1024 * 1024);
    let call = Call::post("/protected/form").form(format!("{FORM}&captchaToken={at_limit}"));
    assert_eq!(located(serve, call).await, [at_limit.as_str()]);
    let calls = [
        Call::post("/whole").token(&too_long),
        Call::post("/protected/form").form(format!("{FORM}&captchaToken={too_long}")),
        Call::post("/protected/form").form(format!("{FORM}&captchaToken={huge}")),
        Call::post("/protected/json").json(json(&format!(r#","captchaToken":"{too_long}""#))),
        Call::post("/protected/multipart").multipart(multipart(&[("captchaToken", &too_long)])),
    ];
    refused(serve, (400, "token_too_long"), calls).await;
}

/// 10. A token given twice with different values is refused: 400 `duplicate_token`. The same value
///     twice is one token.
pub async fn c10_token_given_twice(serve: &impl AsyncFn(Setup) -> Server) {
    let two = r#","captchaToken":"t1","captchaToken":"t2""#;
    let calls = [
        Call::post("/whole").token("t1").token("t2"),
        Call::post("/protected/form").form(format!("{FORM}&captchaToken=t1&captchaToken=t2")),
        Call::post("/protected/form").form(format!("{FORM}&captchaToken=t1&captchaToken=")),
        Call::post("/protected/form").form(format!("captchaToken=t1&{FORM}&captcha%54oken=t2")),
        Call::post("/protected/form")
            .form(format!("{FORM}&captchaToken=t1"))
            .token("t2"),
        Call::post("/protected/json").json(json(two)),
        Call::post("/protected/json")
            .json(json(r#","captchaToken":"t1""#))
            .token("t2"),
        Call::post("/protected/multipart")
            .multipart(multipart(&[("captchaToken", "t1"), ("captchaToken", "t2")])),
    ];
    refused(serve, (400, "duplicate_token"), calls).await;
    for call in [
        Call::post("/whole").token("t1").token("t1"),
        Call::post("/protected/form")
            .form(format!("{FORM}&captchaToken=t1"))
            .token("t1"),
        Call::post("/protected/multipart")
            .multipart(multipart(&[("captchaToken", "t1"), ("captchaToken", "t1")])),
    ] {
        assert_eq!(located(serve, call).await, ["t1"]);
    }
}

/// 11. Bodies of another type are not searched, and a body is read as the type it claims only.
pub async fn c11_other_bodies_are_not_searched(serve: &impl AsyncFn(Setup) -> Server) {
    let form = || format!("{FORM}&captchaToken=t");
    let calls = [
        Call::post("/protected/form").body("text/plain", form()),
        Call::post("/protected/form").json(form()),
        Call::post("/protected/json").form(json(r#","captchaToken":"t""#)),
        Call::post("/protected/json").body("text/json", json(r#","captchaToken":"t""#)),
        Call::post("/protected/json").body("application/jsonx", json(r#","captchaToken":"t""#)),
        Call::post("/protected/json").json(r#"[{"captchaToken":"t"}]"#),
        Call::post("/protected/json").json(r#""captchaToken""#),
    ];
    refused(serve, (400, "missing_token"), calls).await;
}

/// 12. A body that breaks off or is followed by rubbish is refused before its token is spent:
///     400 `missing_token`.
pub async fn c12_broken_bodies_are_not_verified(serve: &impl AsyncFn(Setup) -> Server) {
    let whole = multipart(&[("captchaToken", "t")]);
    let cut = |by: usize| whole[..whole.len() - by].to_owned();
    let token = r#","captchaToken":"t""#;
    let calls = [
        Call::post("/protected/multipart").multipart(cut(20)),
        Call::post("/protected/multipart").multipart(cut(40)),
        Call::post("/protected/multipart").body("multipart/form-data", whole.clone()),
        Call::post("/protected/multipart").body("multipart/form-data; boundary=Y", whole.clone()),
        Call::post("/protected/json").json(format!("{JSON}{token}")),
        Call::post("/protected/json").json(format!("{} {{}}", json(token))),
        Call::post("/protected/json").json(json(&format!("{token},\"x\":tru"))),
    ];
    refused(serve, (400, "missing_token"), calls).await;
}
