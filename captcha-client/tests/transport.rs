//! What goes over the wire, and everything that can happen to it.

#![cfg(feature = "gkcaptcha")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use captcha_client::hosted::HostedClientBuilder;
use captcha_client::{GkCaptchaClient, VerifyOptions};
use captcha_core::verify::{Verdict, Verifier, VerifyErrorKind, VerifyRequest};
use captcha_testkit::api::{Answer, ScriptedApi};
use support::{PASS, SECRET, SITE_KEY, TOKEN, ask, builder, class, client, told};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

#[tokio::test]
async fn a_request_satisfies_both_dialects() {
    let api = ScriptedApi::start([Answer::json(200, PASS)]).await;
    let client = client(&api);
    let options = VerifyOptions {
        client_ip: "192.0.2.7".parse().ok(),
        user_agent: Some("Mozilla/5.0 (X11)".to_owned()),
    };
    let verdict = client.verify_token(TOKEN, options).await.unwrap();
    assert!(verdict.success());
    assert_eq!(
        (verdict.score(), verdict.timestamp()),
        (Some(0.15), Some(1_700_000_000))
    );
    let heard = &api.heard()[0];
    assert_eq!(heard.target, "POST /api/v1/token/verify");
    assert_eq!(heard.headers["content-type"], "application/json");
    assert_eq!(heard.headers["authorization"], format!("Bearer {SECRET}"));
    let agent = heard.headers["user-agent"].to_str().unwrap();
    assert!(agent.starts_with("captcha-client/"), "{agent}");
    let expected = serde_json::json!({
        "siteKey": SITE_KEY, "secret": SECRET, "token": TOKEN,
        "clientIP": "192.0.2.7", "userAgent": "Mozilla/5.0 (X11)",
    });
    assert_eq!(heard.json(), expected);
}

#[tokio::test]
async fn what_is_unknown_is_left_out() {
    let api = ScriptedApi::start([Answer::json(200, PASS)]).await;
    let client = builder(&format!("{}/prefix/", api.url()))
        .user_agent("my-site/1")
        .client_ip_field("remoteip")
        .build()
        .unwrap();
    let _ = ask(&client).await;
    let request = VerifyRequest::token(TOKEN)
        .with_client_ip("::ffff:192.0.2.7".parse().ok())
        .with_user_agent(Some("${jndi:ldap://x}"));
    let _ = client.verify(&request).await;
    let heard = api.heard();
    assert_eq!(heard[0].target, "POST /prefix/api/v1/token/verify");
    assert_eq!(heard[0].headers["user-agent"], "my-site/1");
    let bare = serde_json::json!({ "siteKey": SITE_KEY, "secret": SECRET, "token": TOKEN });
    assert_eq!(heard[0].json(), bare);
    let with_address = serde_json::json!({
        "siteKey": SITE_KEY, "secret": SECRET, "token": TOKEN, "remoteip": "192.0.2.7",
    });
    assert_eq!(heard[1].json(), with_address);
}

#[tokio::test]
async fn malformed_tokens_stay_here() {
    let api = ScriptedApi::start([Answer::json(200, PASS)]).await;
    let client = client(&api);
    let long = "x".repeat(20_000);
    for (token, code) in [
        ("", "missing_token"),
        ("a b", "invalid_token"),
        ("<x>", "invalid_token"),
        (&long, "invalid_token"),
    ] {
        let verdict = client.verify_token(token, VerifyOptions::default()).await;
        let verdict = verdict.unwrap();
        assert!(!verdict.success());
        assert_eq!(verdict.reason_code().unwrap().as_str(), code);
    }
    assert_eq!(api.connections(), 0);
}

#[tokio::test]
async fn broken_answers_are_outages_and_slow_ones_are_not() {
    let quick = Duration::from_secs(1);
    for (answer, expected) in [
        (Answer::Reset, VerifyErrorKind::Network),
        (Answer::Garbage, VerifyErrorKind::Network),
        (Answer::Half(200), VerifyErrorKind::Network),
        (Answer::Endless(200), VerifyErrorKind::InvalidResponse),
        (Answer::Endless(502), VerifyErrorKind::Network),
        (
            Answer::json(200, format!("{PASS}{}", " ".repeat(65_536))),
            VerifyErrorKind::InvalidResponse,
        ),
        (Answer::Hang, VerifyErrorKind::Timeout),
        (Answer::Drip, VerifyErrorKind::Timeout),
        // A visitor may be the cause of these, so none is an outage.
        (Answer::Half(403), VerifyErrorKind::InvalidConfig),
        (Answer::Endless(403), VerifyErrorKind::InvalidConfig),
        (
            Answer::typed(403, "text/html", "<html>"),
            VerifyErrorKind::InvalidConfig,
        ),
        (
            Answer::json(302, PASS).header("location", "/elsewhere"),
            VerifyErrorKind::InvalidConfig,
        ),
    ] {
        let api = ScriptedApi::start([answer.clone()]).await;
        let client = builder(&api.url()).timeout(quick).build().unwrap();
        let outcome = ask(&client).await;
        assert_eq!(outcome.map_err(|e| e.kind()), Err(expected), "{answer:?}");
    }
    let api =
        ScriptedApi::start([Answer::json(200, format!("{PASS}{}", " ".repeat(60_000)))]).await;
    assert_eq!(
        class(&ask(&client(&api)).await),
        "ok",
        "just below the limit"
    );
}

#[tokio::test]
async fn an_api_that_is_gone_is_an_outage() {
    let client = builder(&ScriptedApi::gone().await).build().unwrap();
    let outcome = ask(&client).await;
    assert_eq!(class(&outcome), "unavailable");
    let closed = builder(&ScriptedApi::gone().await)
        .fail_closed(true)
        .build()
        .unwrap();
    let error = closed
        .verify_token(TOKEN, VerifyOptions::default())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "NETWORK_ERROR");
    let opened = client
        .verify_token(TOKEN, VerifyOptions::default())
        .await
        .unwrap();
    assert!(opened.success() && opened.fail_open());
}

#[tokio::test]
async fn timeouts_fail_open_by_choice_only() {
    let api = ScriptedApi::start([Answer::Hang]).await;
    let quick = || builder(&api.url()).timeout(Duration::from_millis(50));
    let error = quick()
        .build()
        .unwrap()
        .verify_token(TOKEN, VerifyOptions::default())
        .await;
    assert_eq!(error.unwrap_err().code(), "TIMEOUT");
    let chosen = quick().insecure_timeouts_fail_open().build().unwrap();
    let verdict = chosen
        .verify_token(TOKEN, VerifyOptions::default())
        .await
        .unwrap();
    assert!(verdict.fail_open());
}

#[tokio::test]
async fn redirects_are_not_followed_and_their_answers_not_believed() {
    let elsewhere = ScriptedApi::start([Answer::json(200, PASS)]).await;
    for status in [301, 302, 303, 307, 308] {
        let target = format!("{}/api/v1/token/verify", elsewhere.url());
        let redirect = Answer::json(status, PASS).header("location", &target);
        let api = ScriptedApi::start([redirect]).await;
        assert_eq!(
            class(&ask(&client(&api)).await),
            "misconfigured",
            "{status}"
        );
        assert_eq!(elsewhere.connections(), 0);
    }
    // A client of the user's own follows them; neither the secret nor the body goes along.
    for status in [301, 302, 303, 307, 308] {
        let target = format!("{}/api/v1/token/verify", elsewhere.url());
        let redirect = Answer::json(status, "{}").header("location", &target);
        let api = ScriptedApi::start([redirect]).await;
        let own = reqwest::Client::builder().build().unwrap();
        let client = builder(&api.url()).http_client(own).build().unwrap();
        assert_eq!(class(&ask(&client).await), "misconfigured", "{status}");
    }
    for heard in elsewhere.heard() {
        assert!(heard.body.is_empty(), "{heard:?}");
        assert!(!format!("{heard:?}").contains(SECRET), "{heard:?}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_no_outage() {
    let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let private = PrivatePkcs8KeyDer::from(key.signing_key.serialize_der());
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![key.cert.der().clone()], private.into())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    let client = builder(&format!("https://localhost:{port}"))
        .build()
        .unwrap();
    let error = ask(&client).await.unwrap_err();
    assert_eq!(
        error.kind(),
        VerifyErrorKind::InvalidConfig,
        "{}",
        told(&error)
    );
}

async fn a_thousand_in_a_row() {
    let api = ScriptedApi::start([Answer::json(200, PASS)]).await;
    let client = client(&api);
    for _ in 0..1000 {
        assert!(matches!(ask(&client).await, Ok(Verdict::Passed(_))));
    }
    assert_eq!((api.heard().len(), api.connections()), (1000, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_in_a_row_share_one_connection() {
    a_thousand_in_a_row().await;
}

/// As a worker of actix-web has it.
#[tokio::test]
async fn a_thousand_in_a_row_share_one_connection_on_one_thread() {
    a_thousand_in_a_row().await;
}

/// A provider that closes its connections is not waited for.
#[tokio::test]
async fn closed_connections_are_not_waited_for() {
    let closing = Answer::json(200, PASS).header("connection", "close");
    let api = ScriptedApi::start([closing]).await;
    let client = client(&api);
    for _ in 0..20 {
        assert!(matches!(ask(&client).await, Ok(Verdict::Passed(_))));
    }
    assert_eq!(api.connections(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_at_once_need_no_more_connections() {
    let api = ScriptedApi::start([Answer::json(200, PASS)]).await;
    let client = client(&api);
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let client = client.clone();
        asking.spawn(async move {
            for _ in 0..30 {
                assert!(ask(&client).await.is_ok());
            }
        });
    }
    asking.join_all().await;
    assert_eq!(api.heard().len(), 64 * 30);
    assert!(api.connections() <= 64, "{}", api.connections());
}

#[test]
fn settings_that_cannot_work_are_named() {
    let builder = || GkCaptchaClient::builder(SECRET, SITE_KEY);
    let zero = Duration::ZERO;
    for (built, setting) in [
        (GkCaptchaClient::new("", SITE_KEY), "secret_key"),
        (GkCaptchaClient::new(SECRET, " "), "site_key"),
        (GkCaptchaClient::new(SITE_KEY, SITE_KEY), "secret_key"),
        (GkCaptchaClient::new(SECRET, SECRET), "site_key"),
        (GkCaptchaClient::new("same_12345", "same_12345"), "site_key"),
        (builder().api_url("http://api.example").build(), "api_url"),
        (builder().api_url("nonsense").build(), "api_url"),
        (
            builder()
                .api_url("https://x.example/api/v1/token/verify/")
                .build(),
            "api_url",
        ),
        (
            builder().widget_url("http://api.example").build(),
            "widget_url",
        ),
        (builder().timeout(zero).build(), "timeout"),
        (builder().deadline(zero).build(), "deadline"),
        (builder().max_retries(11).build(), "max_retries"),
        (builder().user_agent("a\nb").build(), "user_agent"),
        (builder().client_ip_field("").build(), "client_ip_field"),
    ] {
        let error = built.unwrap_err();
        assert_eq!((error.setting(), error.code()), (setting, "INVALID_CONFIG"));
        assert!(!error.to_string().contains(SECRET));
    }
    assert!(
        builder()
            .api_url("http://api.internal")
            .insecure_http()
            .build()
            .is_ok()
    );
    assert_eq!(
        builder().build().unwrap().deadline(),
        Some(Duration::from_secs(11))
    );
}

#[test]
fn the_widget_comes_from_where_browsers_can_reach_it() {
    let builder = || GkCaptchaClient::builder(SECRET, "pk_live_a&b");
    let origin = |builder: HostedClientBuilder<GkCaptchaClient>| {
        builder.build().unwrap().widget().frame_src()[0].clone()
    };
    let public = "https://gkcaptcha.gatekeeper.sa";
    assert_eq!(origin(builder()), public);
    assert_eq!(origin(builder().api_url("http://127.0.0.1:8080")), public);
    assert_eq!(
        origin(builder().api_url("https://captcha.example/x")),
        "https://captcha.example"
    );
    let own = builder()
        .widget_url("https://cdn.example:8443/y/")
        .build()
        .unwrap()
        .widget();
    assert_eq!(own.frame_src()[0], "https://cdn.example:8443");
    assert_eq!(
        own.script_url(),
        Some("https://cdn.example:8443/y/widget/gk-captcha.js")
    );
    assert!(
        own.to_string()
            .contains(r#"<gk-captcha sitekey="pk_live_a&amp;b">"#),
        "{own}"
    );
}
