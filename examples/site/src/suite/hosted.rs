//! Cases of a site with a provider's captchas, against a provider that answers as it is told.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use captcha_client::hosted::Provider;
use captcha_client::providers::{RecaptchaEnterprise, Siteverify};
use captcha_client::{AnyClient, GkCaptchaClient, providers};
use captcha_core::gate::Gate;
use captcha_core::verify::rules::{AllowedHostnames, ExpectedAction, MaxScore};
use captcha_core::verify::{FailMode, Verifier, VerifierExt};
use captcha_testkit::Vector;
use captcha_testkit::api::{Answer, ScriptedApi};
use captcha_testkit::contract::client::{Call, Reply};
use serde_json::{Value, json};

use super::Server;
use crate::Site;

pub(super) const SECRET: &str = "sk_live_0123456789abcdef";
/// A secret that could be any provider's.
pub(super) const ANY_SECRET: &str = "secret-0123456789abcdef";
pub(super) const SITE_KEY: &str = "pk_live_0123456789abcdef";
const TOKEN: &str = "tok_0123456789abcdef";
pub(super) const PASS: &str = r#"{"success":true,"score":0.15,"timestamp":1700000000}"#;
const MODES: [FailMode; 2] = [FailMode::Open, FailMode::Closed];

/// How long a site of the suite waits for a provider, in all.
const DEADLINE: Duration = Duration::from_secs(2);

fn client(api_url: &str, mode: FailMode) -> GkCaptchaClient {
    GkCaptchaClient::builder(SECRET, SITE_KEY)
        .api_url(api_url)
        .widget_url(api_url)
        .timeout(DEADLINE / 2)
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
pub(super) async fn plain(
    serve: &impl AsyncFn(Site) -> Server,
    api_url: &str,
    mode: FailMode,
) -> Server {
    let client = client(api_url, mode);
    serve(site(&client, client.clone())).await
}

async fn register(server: &Server) -> Reply {
    let body = format!("username=ada&email=e&captchaToken={TOKEN}");
    Call::post("/register").form(body).send(server.addr).await
}

fn passed(score: Value, fail_open: bool) -> Value {
    json!({ "ok": true, "username": "ada", "score": score, "fail_open": fail_open })
}

const UNAVAILABLE: (u16, &str) = (503, "captcha_unavailable");

pub(super) fn refusal(reply: &Reply) -> (u16, String) {
    reply.refusal()
}

fn assert_unavailable(reply: &Reply, case: &str) {
    let (status, code) = UNAVAILABLE;
    assert_eq!(refusal(reply), (status, code.to_owned()), "{case}");
    assert!(reply.header("retry-after").is_some(), "{case}");
}

/// The providers and their recorded answers.
fn vectors() -> Vec<Vector> {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../captcha-client/tests/vectors/"
    );
    let of = |name: &str| Vector::load_all(format!("{folder}{}", name.replace('-', "_")));
    providers::names().into_iter().flat_map(of).collect()
}

pub(super) fn provider(name: &str) -> Box<dyn Provider> {
    match name {
        "recaptcha-enterprise" => Box::new(RecaptchaEnterprise::in_project("my-project")),
        "siteverify" => Box::new(Siteverify::in_field("my-response")),
        name => providers::named(name).unwrap(),
    }
}

/// Every recorded answer of every provider ends as its class says, in both fail modes and on both
/// routes.
pub async fn every_vector_ends_as_its_class_says(serve: &impl AsyncFn(Site) -> Server) {
    let api = ScriptedApi::start([]).await;
    let mut seen = BTreeSet::new();
    for vector in vectors() {
        for mode in MODES {
            let client = AnyClient::builder_of_any(
                provider(&vector.provider),
                vector.secret(),
                vector.site_key(),
            )
            .api_url(api.url())
            .max_retries(0)
            .fail_mode(mode);
            let client = match vector.allows_test_keys() {
                true => client.allow_test_keys(),
                false => client,
            };
            let Ok(client) = client.build() else {
                assert_eq!(vector.class(), "misconfigured", "{}", vector.name);
                continue;
            };
            let proof = vector.proof(&client);
            let widget = client.widget();
            let verifier = vector.ruled(client);
            let server = serve(Site::hosted(Gate::new(verifier), widget, "the suite")).await;
            api.script([vector.answer.clone()]);
            let case = format!("{} {} {mode:?}", vector.provider, vector.name);
            let registered = register_with(&server, &proof).await;
            // The other route looks at the head, where several fields have no place.
            let commented = match &proof[..] {
                [(_, token)] => {
                    let call = Call::post("/comment").token(token).form("text=hi");
                    Some(call.send(server.addr).await)
                }
                _ => None,
            };
            check(&vector, mode, &registered, commented.as_ref(), &case);
            seen.insert((vector.provider.clone(), vector.class().to_owned()));
        }
    }
    let classes = 4 * providers::names().len();
    assert_eq!(seen.len(), classes, "a provider without one of the classes");
}

async fn register_with(server: &Server, proof: &[(String, String)]) -> Reply {
    let mut body = form_urlencoded::Serializer::new(String::new());
    let form = [("username", "ada"), ("email", "e")];
    let body = body.extend_pairs(form).extend_pairs(proof).finish();
    Call::post("/register").form(body).send(server.addr).await
}

fn check(
    vector: &Vector,
    mode: FailMode,
    registered: &Reply,
    commented: Option<&Reply>,
    case: &str,
) {
    // An answer that a rule cannot read lets nobody in.
    let answered = matches!(vector.answer, Answer::Whole { status: 200, .. });
    let open = mode == FailMode::Open && !(answered && vector.has_rules());
    match vector.class() {
        "ok" => {
            let score = registered.json()["score"].clone();
            assert_eq!(registered.json(), passed(score, false), "{case}");
            if let Some(commented) = commented {
                let expected = json!({ "ok": true, "text": "hi" });
                assert_eq!(commented.json(), expected, "{case}");
            }
        }
        "unavailable" if open => {
            assert_eq!(registered.json(), passed(Value::Null, true), "{case}");
            assert!(commented.is_none_or(|reply| reply.status == 200), "{case}");
        }
        "bad_token" => {
            assert_eq!(registered.status, 400, "{case}: {}", registered.text());
            if let Some(commented) = commented {
                assert_eq!(refusal(registered), refusal(commented), "{case}");
            }
            // A code with spaces in it is a text, and not shown.
            let shown = |code: &&str| !code.contains(' ');
            if let Some(code) = vector.expect["error_codes"][0].as_str().filter(shown) {
                assert_eq!(registered.code(), code, "{case}");
            }
        }
        _ => {
            assert_unavailable(registered, case);
            if let Some(commented) = commented {
                assert_unavailable(commented, case);
            }
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
