//! Protection of whole routes, of handlers that read the head only, and of pages that show the
//! form again.

use http::Method;

use super::client::Call;
use super::{Server, Setup};
use crate::StubVerifier;

const FORM: &str = "username=ada&email=e&note=n";

/// 31. Behind whole-route protection the handler reads the very same bytes.
pub async fn c31_the_handler_reads_the_same_bytes(serve: &impl AsyncFn(Setup) -> Server) {
    let stub = StubVerifier::passes();
    let server = serve(Setup::stub(&stub)).await;
    for size in [0, 1024, 64 * 1024, 1024 * 1024] {
        let body: Vec<u8> = (0..size).map(|i| (i * 31 % 251) as u8).collect();
        let json = format!(r#"{{ "captchaToken" :"t", "x":"{}" }}"#, "x".repeat(size));
        let form = format!("captchaToken=t&&x=%41+{}&", "y".repeat(size));
        let calls = [
            (
                Call::post("/whole").token("t").form(form.clone()),
                form.into_bytes(),
            ),
            (
                Call::post("/whole").token("t").json(json.clone()),
                json.into_bytes(),
            ),
            (
                Call::post("/whole")
                    .token("t")
                    .body("application/octet-stream", body.clone()),
                body,
            ),
        ];
        for (call, body) in calls {
            for call in [call.clone(), call.chunked()] {
                let reply = call.send(server.addr).await;
                assert_eq!(reply.status, 200, "{}", reply.text());
                assert!(reply.body == body, "{size} bytes differ");
            }
        }
    }
}

/// 32. GET, HEAD and OPTIONS pass whole-route protection, and nobody is asked.
pub async fn c32_safe_methods_pass_untouched(serve: &impl AsyncFn(Setup) -> Server) {
    let stub = StubVerifier::refuses("invalid_token");
    let server = serve(Setup::stub(&stub)).await;
    for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
        let reply = Call::new(method.clone(), "/whole").send(server.addr).await;
        assert_eq!(reply.status, 200, "{method}");
    }
    assert_eq!(stub.asked(), 0);
}

/// 33. Every other method is protected, and headers that override the method change nothing.
pub async fn c33_atk_15_every_other_method_is_protected(serve: &impl AsyncFn(Setup) -> Server) {
    let stub = StubVerifier::passes();
    let server = serve(Setup::stub(&stub)).await;
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let call = Call::new(method.clone(), "/whole")
            .header("x-http-method-override", "GET")
            .header("x-method-override", "GET");
        let reply = call.form("a=b").send(server.addr).await;
        assert_eq!(
            reply.refusal(),
            (400, "missing_token".to_owned()),
            "{method}"
        );
    }
    assert_eq!(stub.asked(), 0);
}

/// 34. A request that meets the gate twice spends its token once.
pub async fn c34_one_request_spends_one_token(serve: &impl AsyncFn(Setup) -> Server) {
    let stub = StubVerifier::passes();
    let server = serve(Setup::stub(&stub)).await;
    let call = Call::post("/whole/form").token("t").form(FORM);
    assert_eq!(call.send(server.addr).await.status, 200);
    assert_eq!(stub.asked(), 1);
    let call = Call::post("/whole/pass").token("t").form(FORM);
    let reply = call.send(server.addr).await;
    assert_eq!(reply.json()["score"], 0.1);
    assert_eq!(stub.asked(), 2);
}

/// 35. `Verified` takes the token from the head and leaves the body alone.
pub async fn c35_verified_reads_the_head(serve: &impl AsyncFn(Setup) -> Server) {
    let stub = StubVerifier::passes();
    let server = serve(Setup::stub(&stub)).await;
    let reply = Call::post("/head")
        .token("t")
        .body("text/plain", "body")
        .send(server.addr)
        .await;
    assert_eq!(
        (reply.status.as_u16(), reply.text()),
        (200, "body".to_owned())
    );
    assert_eq!(stub.asked(), 1);
    let in_body = Call::post("/head").form(format!("{FORM}&captchaToken=t"));
    let reply = in_body.send(server.addr).await;
    assert_eq!(reply.refusal(), (400, "missing_token".to_owned()));
    let reply = Call::post("/head").token("a b").send(server.addr).await;
    assert_eq!(reply.refusal(), (400, "invalid_token".to_owned()));
    assert_eq!(stub.asked(), 1);
}

/// 36. `Checked` hands over what was typed together with the pass or the refusal. What cannot be
///     parsed is answered with the refusal, or as it is unprotected.
pub async fn c36_checked_keeps_what_was_typed(serve: &impl AsyncFn(Setup) -> Server) {
    let call = |extra: &str| Call::post("/checked").form(format!("{FORM}{extra}"));
    for (stub, extra, refused) in [
        (StubVerifier::passes(), "&captchaToken=t", None),
        (
            StubVerifier::refuses("token_expired"),
            "&captchaToken=t",
            Some("token_expired"),
        ),
        (StubVerifier::passes(), "", Some("missing_token")),
        (
            StubVerifier::passes(),
            "&captchaToken=a&captchaToken=b",
            Some("duplicate_token"),
        ),
    ] {
        let server = serve(Setup::stub(&stub)).await;
        let reply = call(extra).send(server.addr).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let checked = reply.json();
        assert_eq!(checked["refused"].as_str(), refused);
        assert_eq!(checked["username"], "ada");
        assert_eq!(checked["email"], "e");
    }
    let stub = StubVerifier::passes();
    let server = serve(Setup::stub(&stub)).await;
    for call in [
        Call::post("/checked").form("username=ada"),
        Call::post("/checked").body("text/plain", FORM),
        Call::post("/checked"),
    ] {
        let reply = call.send(server.addr).await;
        assert_eq!(reply.refusal(), (400, "missing_token".to_owned()));
    }
    let solved = |path: &str| Call::post(path).form("username=ada&captchaToken=t");
    let plain = solved("/plain/form").send(server.addr).await;
    let checked = solved("/checked").send(server.addr).await;
    assert_eq!((checked.status, checked.body), (plain.status, plain.body));
}
