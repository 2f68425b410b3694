//! Cases of a site with a provider's captchas, against a provider that answers as it is told.

use std::time::{Duration, Instant};

use captcha_client::GkCaptchaClient;
use captcha_core::gate::Gate;
use captcha_core::verify::rules::{AllowedHostnames, ExpectedAction, MaxScore};
use captcha_core::verify::{FailMode, Verifier, VerifierExt};
use captcha_testkit::Vector;
use captcha_testkit::api::{Answer, ScriptedApi};
use captcha_testkit::contract::client::{Call, Reply};
use http::Method;
use serde_json::{Value, json};

use super::browser::Browser;
use super::{HTML, Server};
use crate::Site;

const SECRET: &str = "sk_live_0123456789abcdef";
const SITE_KEY: &str = "pk_live_0123456789abcdef";
const TOKEN: &str = "tok_0123456789abcdef";
const PASS: &str = r#"{"success":true,"score":0.15,"timestamp":1700000000}"#;
const MODES: [FailMode; 2] = [FailMode::Open, FailMode::Closed];

/// How long a site of the suite waits for a provider, in all.
const DEADLINE: Duration = Duration::from_millis(500);

fn client(api_url: &str, mode: FailMode) -> GkCaptchaClient {
    GkCaptchaClient::builder(SECRET, SITE_KEY)
        .api_url(api_url)
        .widget_url(api_url)
        .timeout(Duration::from_millis(200))
        .retry_delay(Duration::from_millis(10))
        .deadline(DEADLINE)
        .fail_mode(mode)
        .build()
        .unwrap()
}

fn site(client: &GkCaptchaClient, verifier: impl Verifier + 'static) -> Site {
    Site::hosted(Gate::new(verifier), client.widget(), "the suite")
}

/// A site on this provider, without rules.
async fn plain(serve: &impl AsyncFn(Site) -> Server, api_url: &str, mode: FailMode) -> Server {
    let client = client(api_url, mode);
    serve(site(&client, client.clone())).await
}

async fn register(server: &Server) -> Reply {
    let body = format!("username=ada&email=e&captchaToken={TOKEN}");
    Call::post("/register").form(body).send(server.addr).await
}

/// The same token for the other protected route, in the head.
async fn comment(server: &Server) -> Reply {
    let call = Call::post("/comment").token(TOKEN).form("text=hi");
    call.send(server.addr).await
}

fn passed(score: Value, fail_open: bool) -> Value {
    json!({ "ok": true, "username": "ada", "score": score, "fail_open": fail_open })
}

const UNAVAILABLE: (u16, &str) = (503, "captcha_unavailable");

fn refusal(reply: &Reply) -> (u16, String) {
    reply.refusal()
}

fn assert_unavailable(reply: &Reply, case: &str) {
    let (status, code) = UNAVAILABLE;
    assert_eq!(refusal(reply), (status, code.to_owned()), "{case}");
    assert!(reply.header("retry-after").is_some(), "{case}");
}

/// Every recorded answer ends as its class says, in both fail modes and on both routes.
pub async fn every_vector_ends_as_its_class_says(serve: &impl AsyncFn(Site) -> Server) {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../captcha-client/tests/vectors/gkcaptcha"
    );
    let vectors = Vector::load_all(folder);
    assert_eq!(vectors.len(), 28);
    for mode in MODES {
        let api = ScriptedApi::start([]).await;
        let server = plain(serve, &api.url(), mode).await;
        for vector in &vectors {
            api.script([vector.answer.clone()]);
            let case = format!("{} {mode:?}", vector.name);
            if vector.given.is_null() {
                let replies = [register(&server).await, comment(&server).await];
                check(vector, mode, &replies, &case);
            } else {
                let server = ruled(serve, &api.url(), mode, &vector.given).await;
                let replies = [register(&server).await, comment(&server).await];
                check(vector, mode, &replies, &case);
            }
        }
    }
}

fn check(vector: &Vector, mode: FailMode, replies: &[Reply; 2], case: &str) {
    let [registered, commented] = replies;
    match (vector.class(), mode) {
        ("ok", _) => {
            let score = registered.json()["score"].clone();
            assert_eq!(registered.json(), passed(score, false), "{case}");
            assert_eq!(
                commented.json(),
                json!({ "ok": true, "text": "hi" }),
                "{case}"
            );
        }
        ("unavailable", FailMode::Open) => {
            assert_eq!(registered.json(), passed(Value::Null, true), "{case}");
            assert_eq!(commented.status, 200, "{case}");
        }
        ("bad_token", _) => {
            assert_eq!(registered.status, 400, "{case}: {}", registered.text());
            assert_eq!(refusal(registered), refusal(commented), "{case}");
            if let Some(code) = vector.expect["error_codes"][0].as_str() {
                assert_eq!(registered.code(), code, "{case}");
            }
        }
        _ => {
            assert_unavailable(registered, case);
            assert_unavailable(commented, case);
        }
    }
}

async fn ruled(
    serve: &impl AsyncFn(Site) -> Server,
    api_url: &str,
    mode: FailMode,
    given: &Value,
) -> Server {
    let client = client(api_url, mode);
    let mut verifier: Box<dyn Verifier> = Box::new(client.clone());
    if let Some(hostname) = given["expected_hostname"].as_str() {
        verifier = Box::new(verifier.rule(AllowedHostnames::new([hostname]).unwrap()));
    }
    if let Some(highest) = given["max_risk"].as_f64() {
        verifier = Box::new(verifier.rule(MaxScore::new(highest).unwrap()));
    }
    if let Some(action) = given["expected_action"].as_str() {
        verifier = Box::new(verifier.rule(ExpectedAction::new(action).unwrap()));
    }
    serve(site(&client, verifier)).await
}

/// A provider that is gone is what the fail mode is for; both modes answer within the deadline.
pub async fn a_provider_that_is_gone(serve: &impl AsyncFn(Site) -> Server) {
    let gone = ScriptedApi::gone().await;
    for mode in MODES {
        let server = plain(serve, &gone, mode).await;
        let started = Instant::now();
        let reply = register(&server).await;
        // The deadline, and time for a busy machine to answer in.
        assert!(started.elapsed() < DEADLINE + Duration::from_secs(2));
        match mode {
            FailMode::Open => assert_eq!(reply.json(), passed(Value::Null, true)),
            FailMode::Closed => assert_unavailable(&reply, "gone"),
        }
    }
}

/// A hang, a slow drip, a bad secret and a firewall's page let nobody in, in either mode.
pub async fn what_is_no_outage_answers_503_in_both_modes(serve: &impl AsyncFn(Site) -> Server) {
    let bad_secret = json!({ "success": false, "reasonCode": "invalid_secret" }).to_string();
    for mode in MODES {
        let api = ScriptedApi::start([]).await;
        let server = plain(serve, &api.url(), mode).await;
        for answer in [
            Answer::Hang,
            Answer::Drip,
            Answer::json(200, bad_secret.clone()),
            Answer::json(401, bad_secret.clone()),
            Answer::typed(403, "text/html", "<html>Access denied</html>"),
            Answer::Half(403),
            Answer::json(307, PASS).header("location", "/elsewhere"),
        ] {
            api.script([answer.clone()]);
            assert_unavailable(&register(&server).await, &format!("{answer:?} {mode:?}"));
        }
    }
}

/// What no HTTP server would answer: resets, halves, answers without end.
pub async fn broken_connections_are_outages(serve: &impl AsyncFn(Site) -> Server) {
    for mode in MODES {
        let api = ScriptedApi::start([]).await;
        let server = plain(serve, &api.url(), mode).await;
        for answer in [
            Answer::Reset,
            Answer::Half(200),
            Answer::Endless(200),
            Answer::Garbage,
            Answer::typed(502, "text/html", "<html>Bad gateway</html>"),
        ] {
            api.script([answer.clone()]);
            let reply = register(&server).await;
            match mode {
                FailMode::Open => assert_eq!(reply.json(), passed(Value::Null, true), "{answer:?}"),
                FailMode::Closed => assert_unavailable(&reply, &format!("{answer:?}")),
            }
        }
        // A retry that succeeds is an ordinary pass.
        api.script([Answer::Reset, Answer::json(200, PASS)]);
        assert_eq!(register(&server).await.json(), passed(json!(0.15), false));
    }
}

/// What a visitor can bring about is never taken for an outage.
pub async fn atk_17_a_visitor_cannot_cause_an_outage(serve: &impl AsyncFn(Site) -> Server) {
    let api = ScriptedApi::start([Answer::Reset]).await;
    let server = plain(serve, &api.url(), FailMode::Open).await;
    for token in [
        "<script>",
        "' OR 1=1 --",
        "${jndi:ldap://x}",
        "a b",
        "\u{e9}",
        &"x".repeat(20_000),
    ] {
        let body = json!({ "username": "ada", "email": "e", "captchaToken": token });
        let reply = Call::post("/register")
            .json(body.to_string())
            .send(server.addr)
            .await;
        assert_eq!(reply.status, 400, "{token:.40}");
    }
    assert_eq!(api.connections(), 0, "nothing of it was sent");
    for status in [400, 401, 403, 404, 413, 431] {
        api.script([Answer::typed(status, "text/html", "<html>blocked</html>")]);
        assert_unavailable(&register(&server).await, &status.to_string());
    }
    api.script([Answer::json(
        500,
        r#"{"success":false,"reasonCode":"invalid_signature"}"#,
    )]);
    assert_eq!(
        refusal(&register(&server).await),
        (400, "invalid_signature".to_owned())
    );
}

/// Host names that are nearly right are wrong.
pub async fn atk_18_only_an_allowed_host_passes(serve: &impl AsyncFn(Site) -> Server) {
    let given = json!({ "expected_hostname": "example.com" });
    refuses_all_but_the_first(
        serve,
        &given,
        "hostname",
        "hostname_mismatch",
        &[
            json!("example.com"),
            json!("evil.test"),
            json!(""),
            json!(null),
            json!("example.com.evil.test"),
            json!("EXAMPLE.COM"),
            json!("example.com."),
            json!("example.com:443"),
            json!("xn--exmple-cua.com"),
            json!(["example.com"]),
        ],
    )
    .await;
}

/// A token for one action is no good for another.
pub async fn atk_19_only_the_expected_action_passes(serve: &impl AsyncFn(Site) -> Server) {
    let given = json!({ "expected_action": "sign-up" });
    let actions = [
        json!("sign-up"),
        json!("contact"),
        json!("Sign-Up"),
        json!(""),
        json!(null),
    ];
    refuses_all_but_the_first(serve, &given, "action", "action_mismatch", &actions).await;
}

async fn refuses_all_but_the_first(
    serve: &impl AsyncFn(Site) -> Server,
    given: &Value,
    field: &str,
    code: &str,
    values: &[Value],
) {
    let api = ScriptedApi::start([]).await;
    let server = ruled(serve, &api.url(), FailMode::Open, given).await;
    for (turn, value) in values.iter().enumerate() {
        let body = json!({ "success": true, "data": { "verified": true, field: value } });
        api.script([Answer::json(200, body.to_string())]);
        let reply = register(&server).await;
        if turn == 0 {
            assert_eq!(reply.json(), passed(Value::Null, false));
        } else {
            assert_eq!(refusal(&reply), (400, code.to_owned()), "{value}");
        }
    }
}

/// A score that is missing or odd is no good score.
pub async fn atk_20_a_missing_or_odd_score_never_passes(serve: &impl AsyncFn(Site) -> Server) {
    let api = ScriptedApi::start([]).await;
    let given = json!({ "max_risk": 0.5 });
    let server = ruled(serve, &api.url(), FailMode::Closed, &given).await;
    for (score, expected) in [
        ("0.5", (200, "")),
        ("0.51", (400, "score_too_high")),
        ("null", (400, "score_missing")),
        ("\"0.1\"", UNAVAILABLE),
        ("NaN", UNAVAILABLE),
        ("1e309", UNAVAILABLE),
        ("-1", UNAVAILABLE),
    ] {
        api.script([Answer::json(
            200,
            format!(r#"{{"success":true,"score":{score}}}"#),
        )]);
        let reply = register(&server).await;
        let (status, code) = expected;
        assert_eq!(reply.status, status, "{score}");
        if status != 200 {
            assert_eq!(reply.code(), code, "{score}");
        }
    }
}

/// Nothing but the exact shape of a pass is one, also where outages are let through: what gets
/// in then says `fail_open`.
pub async fn atk_21_only_the_exact_pass_shape_passes(serve: &impl AsyncFn(Site) -> Server) {
    for mode in MODES {
        let api = ScriptedApi::start([]).await;
        let server = plain(serve, &api.url(), mode).await;
        for (status, body) in [
            (200, r#"{"success":"true"}"#),
            (200, r#"{"success":"false"}"#),
            (200, r#"{"success":1}"#),
            (200, r#"{"success":null}"#),
            (200, "{}"),
            (200, r#"{"success":true,"data":{"verified":false}}"#),
            (200, r#"{"success":true,"data":[]}"#),
            (200, r#"{"success":false,"success":true}"#),
            (200, r#"{"success":true,"failOpen":true}"#),
            (200, "<html>{\"success\":true}</html>"),
            (500, PASS),
            (403, PASS),
        ] {
            api.script([Answer::json(status, body)]);
            let reply = register(&server).await;
            let vouched = reply.status == 200 && reply.json()["fail_open"] == json!(false);
            assert!(!vouched, "{status} {body}");
            assert!(
                mode == FailMode::Open || reply.status != 200,
                "{status} {body}"
            );
        }
    }
}

/// The page shows the provider's widget and lets the browser load it, and nothing else.
pub async fn the_page_shows_the_widget(serve: &impl AsyncFn(Site) -> Server) {
    let api = ScriptedApi::start([Answer::json(200, PASS)]).await;
    let server = plain(serve, &api.url(), FailMode::Open).await;
    let page = Call::new(Method::GET, "/")
        .header("accept", HTML)
        .send(server.addr)
        .await;
    assert_eq!(page.status, 200);
    let text = page.text();
    let script = format!(
        r#"<script src="{}/widget/gk-captcha.js" async defer>"#,
        api.url()
    );
    assert!(text.contains(&script), "{text}");
    assert!(
        text.contains(&format!(r#"<gk-captcha sitekey="{SITE_KEY}">"#)),
        "{text}"
    );
    assert!(
        text.contains("<noscript>") && !text.contains("captcha_answer"),
        "{text}"
    );
    assert!(!text.contains(SECRET));
    let policy = page.header("content-security-policy").unwrap();
    for source in ["script-src", "connect-src"] {
        assert!(
            policy.contains(&format!("{source} 'self' {};", api.url())),
            "{policy}"
        );
    }
    // Nobody issues challenges here.
    let new = Call::post("/captcha/new").send(server.addr).await;
    assert_eq!(new.status, 404);
    // A browser that is refused gets the page again, with what it typed.
    let call = Call::post("/register").header("accept", HTML);
    let page = call.form("username=ada&email=e").send(server.addr).await;
    assert_eq!(page.status, 400);
    let text = page.text();
    assert!(text.contains("Please answer the check first."), "{text}");
    assert!(
        text.contains(r#"value="ada""#) && text.contains("<gk-captcha"),
        "{text}"
    );
    let other = Call::post("/register").form("username=ada&email=e");
    assert_eq!(
        refusal(&other.send(server.addr).await),
        (400, "missing_token".to_owned())
    );
}

/// What the provider's script would do, in a few lines.
const WIDGET: &str = "customElements.define('gk-captcha', class extends HTMLElement {
  connectedCallback() {
    this.innerHTML = '<label><input type=\"checkbox\" id=\"human\" required> I am human</label>';
    this.querySelector('#human').addEventListener('change', () => {
      const field = document.createElement('input');
      field.type = 'hidden';
      field.name = 'captchaToken';
      field.value = 'tok_' + this.getAttribute('sitekey');
      this.append(field);
    });
  }
});";

/// A visitor solves the widget's check: refused first, then passed.
pub async fn sign_up_with_a_widget(serve: &impl AsyncFn(Site) -> Server) {
    let script = Answer::typed(200, "text/javascript", WIDGET).header("cache-control", "no-store");
    let refused = json!({ "success": false, "reasonCode": "token_expired" }).to_string();
    let api = ScriptedApi::start([
        script.clone(),
        Answer::json(200, refused),
        script,
        Answer::json(200, PASS),
    ])
    .await;
    let server = plain(serve, &api.url(), FailMode::Open).await;
    let Some(browser) = Browser::start(true).await else {
        return;
    };
    browser.open(&format!("http://{}/", server.addr)).await;
    browser.type_into("username", "ada").await;
    browser.type_into("email", "ada@example.org").await;
    browser.press("human").await;
    browser.press("create").await;
    browser.element("captcha-error").await;
    assert_eq!(browser.focused().await, "captcha-error");
    assert_eq!(browser.value("username").await, "ada");
    browser.press("human").await;
    browser.press("create").await;
    browser.element("welcome").await;
    browser.close().await;
    let heard = api.heard();
    assert_eq!(heard.len(), 4);
    assert_eq!(heard[1].json()["token"], format!("tok_{SITE_KEY}"));
    assert!(
        heard[1].json()["userAgent"]
            .as_str()
            .unwrap()
            .contains("Chrome")
    );
    assert_eq!(heard[1].json()["clientIP"], "127.0.0.1");
}

/// A script that does not come is said, instead of a form that cannot be sent.
pub async fn a_widget_that_does_not_load_is_said(serve: &impl AsyncFn(Site) -> Server) {
    let server = plain(serve, &ScriptedApi::gone().await, FailMode::Open).await;
    let Some(browser) = Browser::start(true).await else {
        return;
    };
    browser.open(&format!("http://{}/", server.addr)).await;
    let said = browser.changed("captcha-status", "textContent", "").await;
    assert!(said.contains("could not be loaded"), "{said}");
    browser.close().await;
}
