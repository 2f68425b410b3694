//! What each outcome of a verification is answered with.

use std::time::Duration;

use captcha_core::gate::Gate;
use captcha_core::verify::VerifyErrorKind;

use super::client::{Call, Reply};
use super::{OUTSIDE_HEADER, Server, Setup};
use crate::StubVerifier;

const CAUSE: &str = "cause-7f3a";
const TOKEN: &str = "token-91bd";

fn call(path: &str) -> Call {
    let body = format!("captchaToken={TOKEN}&username=ada&email=e&note=n");
    Call::post(path).token(TOKEN).form(body)
}

async fn reply(serve: &impl AsyncFn(Setup) -> Server, stub: &StubVerifier, path: &str) -> Reply {
    let gate = Gate::builder(stub.clone()).deadline(Duration::from_millis(300));
    let server = serve(Setup::gate(gate.build().unwrap())).await;
    call(path).send(server.addr).await
}

fn is_unavailable(reply: &Reply) {
    assert_eq!(reply.refusal(), (503, "captcha_unavailable".to_owned()));
    let wait: u64 = reply.header("retry-after").unwrap().parse().unwrap();
    assert!(wait >= 1);
}

/// 22. A refused token is answered 400 with the reason code; a code that is not plain text is
///     answered as `captcha_refused`.
pub async fn c22_refused(serve: &impl AsyncFn(Setup) -> Server) {
    for (reason, code) in [
        ("token_expired", "token_expired"),
        ("token_already_used", "token_already_used"),
        ("some-new-code", "some-new-code"),
        ("<b>odd</b> text", "captcha_refused"),
    ] {
        let stub = StubVerifier::refuses(reason);
        for path in ["/protected/form", "/whole"] {
            let reply = reply(serve, &stub, path).await;
            assert_eq!(reply.refusal(), (400, code.to_owned()), "{path}");
        }
        assert_eq!(stub.asked(), 2);
    }
}

const OUTAGES: [VerifyErrorKind; 3] = [
    VerifyErrorKind::Network,
    VerifyErrorKind::InvalidResponse,
    VerifyErrorKind::Storage,
];

/// 23. An outage, fail-closed, is answered 503 `captcha_unavailable` with `Retry-After`.
pub async fn c23_outage_fail_closed(serve: &impl AsyncFn(Setup) -> Server) {
    for kind in OUTAGES {
        let stub = StubVerifier::fails(kind, CAUSE);
        is_unavailable(&reply(serve, &stub, "/protected/form").await);
        is_unavailable(&reply(serve, &stub, "/whole").await);
    }
}

/// 24. An outage, fail-open, lets the request through with a pass that says so.
pub async fn c24_outage_fail_open(serve: &impl AsyncFn(Setup) -> Server) {
    for kind in OUTAGES {
        let stub = StubVerifier::fails(kind, CAUSE).fail_open();
        let reply = reply(serve, &stub, "/pass").await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.json()["fail_open"], true);
    }
    let reply = reply(serve, &StubVerifier::passes(), "/pass").await;
    assert_eq!(reply.json()["fail_open"], false);
    assert_eq!(reply.json()["score"], 0.1);
}

/// 25. No verdict in time is answered 503 in both fail modes.
pub async fn c25_no_verdict_in_time(serve: &impl AsyncFn(Setup) -> Server) {
    let timeout = StubVerifier::fails(VerifyErrorKind::Timeout, CAUSE);
    for stub in [StubVerifier::hangs(), timeout] {
        for stub in [stub.clone(), stub.fail_open()] {
            is_unavailable(&reply(serve, &stub, "/protected/form").await);
            is_unavailable(&reply(serve, &stub, "/whole").await);
        }
    }
}

/// 26. A misconfiguration is answered 503 in both fail modes.
pub async fn c26_misconfigured(serve: &impl AsyncFn(Setup) -> Server) {
    let stub = StubVerifier::fails(VerifyErrorKind::InvalidConfig, CAUSE);
    for stub in [stub.clone(), stub.fail_open()] {
        is_unavailable(&reply(serve, &stub, "/protected/form").await);
        is_unavailable(&reply(serve, &stub, "/whole").await);
    }
}

/// 27. No token, cause or provider's text appears in an answer, in headers or body.
pub async fn c27_nothing_leaks(serve: &impl AsyncFn(Setup) -> Server) {
    let stubs = [
        StubVerifier::refuses("token_expired"),
        StubVerifier::fails(VerifyErrorKind::Network, CAUSE),
        StubVerifier::fails(VerifyErrorKind::InvalidConfig, CAUSE),
    ];
    for stub in stubs {
        for path in ["/protected/form", "/whole", "/checked"] {
            let reply = reply(serve, &stub, path).await;
            let everything = format!("{:?} {}", reply.headers, reply.text());
            for secret in [CAUSE, TOKEN, "words of its own"] {
                assert!(!everything.contains(secret), "{path}: {everything}");
            }
        }
    }
}

/// 28. A refusal is a problem document: `type`, `title`, `status`, `code`, not to be cached.
pub async fn c28_problem_documents(serve: &impl AsyncFn(Setup) -> Server) {
    let stub = StubVerifier::refuses("token_expired");
    for path in ["/protected/form", "/whole"] {
        let reply = reply(serve, &stub, path).await;
        assert_eq!(
            reply.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let problem = reply.json();
        let keys: Vec<_> = problem.as_object().unwrap().keys().collect();
        assert_eq!(keys.len(), 4, "{keys:?}");
        assert_eq!(problem["status"], 400);
        assert_eq!(problem["code"], "token_expired");
        assert_eq!(problem["type"], "urn:problem-type:captcha:token_expired");
        assert!(
            problem["title"]
                .as_str()
                .is_some_and(|title| !title.is_empty())
        );
    }
}

/// 29. Layers outside see which rejection it was without parsing the answer.
pub async fn c29_rejections_are_visible_outside(serve: &impl AsyncFn(Setup) -> Server) {
    let stub = StubVerifier::refuses("token_expired");
    for path in ["/protected/form", "/whole"] {
        let reply = reply(serve, &stub, path).await;
        assert_eq!(
            reply.header(OUTSIDE_HEADER),
            Some("token_expired"),
            "{path}"
        );
    }
}

/// 30. The verifier learns the client's address, from trusted proxies only, and its user agent.
pub async fn c30_atk_37_client_address_and_user_agent(serve: &impl AsyncFn(Setup) -> Server) {
    let stub = StubVerifier::passes();
    let gate = |builder: captcha_core::gate::GateBuilder| Setup::gate(builder.build().unwrap());
    let call = || {
        call("/protected/form")
            .header("x-forwarded-for", "6.6.6.6, 192.0.2.7")
            .header("x-real-ip", "6.6.6.6")
            .header("forwarded", "for=6.6.6.6")
            .header("user-agent", "test/1")
    };
    let server = serve(gate(Gate::builder(stub.clone()))).await;
    assert_eq!(call().send(server.addr).await.status, 200);
    let seen = stub.seen().unwrap();
    assert_eq!(seen.client_ip, Some("127.0.0.1".parse().unwrap()));
    assert_eq!(seen.user_agent.as_deref(), Some("test/1"));

    let proxies = ["127.0.0.0/8".parse().unwrap()];
    let server = serve(gate(Gate::builder(stub.clone()).trust_proxies(proxies))).await;
    assert_eq!(call().send(server.addr).await.status, 200);
    let seen = stub.seen().unwrap();
    assert_eq!(seen.client_ip, Some("192.0.2.7".parse().unwrap()));
}
