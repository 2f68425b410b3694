//! Self-hosted captchas end to end: gate and endpoints over a socket.

use std::sync::Arc;
use std::time::Duration;

use captcha_core::endpoints::Endpoints;
use captcha_core::gate::Gate;
use captcha_core::manager::CaptchaManager;
use captcha_core::storage::MemoryStorage;
use http::Method;
use tokio::sync::Barrier;

use super::client::{Call, Reply};
use super::{Captcha, Server, Setup};
use crate::{KnownAnswer, StubLimiter};

const FORM: &str = "username=ada&email=e&note=n";
const ANSWER: &str = Captcha::ANSWER;

fn answer(id: &str, answer: &str) -> Call {
    let body = format!("{FORM}&captcha_id={id}&captcha_answer={answer}");
    Call::post("/protected/form").form(body)
}

fn is_invalid_answer(reply: &Reply, what: &str) {
    assert_eq!(
        reply.refusal(),
        (400, "invalid_answer".to_owned()),
        "{what}"
    );
}

/// 37. A right answer sent with the form passes once, and never again.
pub async fn c37_atk_01_an_answer_passes_once(serve: &impl AsyncFn(Setup) -> Server) {
    let captcha = Captcha::new();
    let server = serve(captcha.setup()).await;
    let id = captcha.issue().await;
    assert_eq!(answer(&id, ANSWER).send(server.addr).await.status, 200);
    for _ in 0..3 {
        let reply = answer(&id, ANSWER).send(server.addr).await;
        is_invalid_answer(&reply, "atk 1: spent");
    }
    // A handler that fails afterwards has spent the answer all the same.
    let id = captcha.issue().await;
    let fails = format!("captcha_id={id}&captcha_answer={ANSWER}");
    let reply = Call::post("/protected/form")
        .form(fails)
        .send(server.addr)
        .await;
    assert!(reply.status.is_client_error());
    is_invalid_answer(
        &answer(&id, ANSWER).send(server.addr).await,
        "spent on an error",
    );
}

/// 38. A right answer given to the endpoint is exchanged for a token that passes once.
pub async fn c38_atk_01_a_pass_token_passes_once(serve: &impl AsyncFn(Setup) -> Server) {
    let captcha = Captcha::new();
    let server = serve(captcha.setup()).await;
    for as_json in [false, true] {
        let id = captcha.issue().await;
        let call = Call::post("/captcha/verify");
        let call = if as_json {
            call.json(format!(
                r#"{{"id":"{id}","answer":" {} "}}"#,
                ANSWER.to_lowercase()
            ))
        } else {
            call.form(format!("id={id}&answer={ANSWER}"))
        };
        let reply = call.clone().send(server.addr).await;
        assert_eq!(
            (reply.status.as_u16(), &reply.json()["ok"]),
            (200, &true.into())
        );
        let token = reply.json()["token"].as_str().unwrap().to_owned();
        assert_eq!(
            call.send(server.addr).await.status,
            404,
            "the challenge is gone"
        );
        let call = Call::post("/protected/form").form(format!("{FORM}&captchaToken={token}"));
        assert_eq!(call.clone().send(server.addr).await.status, 200);
        let reply = call.send(server.addr).await;
        assert_eq!(reply.refusal(), (400, "invalid_token".to_owned()));
    }
    let id = captcha.issue().await;
    let call = Call::post("/captcha/verify").form(format!("id={id}&answer={ANSWER}"));
    let token = call.send(server.addr).await.json()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    captcha.clock.advance(Duration::from_secs(301));
    let call = Call::post("/protected/form").form(format!("{FORM}&captchaToken={token}"));
    let reply = call.send(server.addr).await;
    assert_eq!(
        reply.refusal(),
        (400, "invalid_token".to_owned()),
        "atk 36: expired"
    );
}

/// Sends the calls so that they arrive together, and returns the statuses.
async fn at_once(server: &Server, calls: Vec<Call>) -> Vec<u16> {
    let barrier = Arc::new(Barrier::new(calls.len()));
    let addr = server.addr;
    let tasks: Vec<_> = calls
        .into_iter()
        .map(|call| {
            let barrier = Arc::clone(&barrier);
            tokio::spawn(async move {
                barrier.wait().await;
                call.send(addr).await.status.as_u16()
            })
        })
        .collect();
    let mut statuses = Vec::new();
    for task in tasks {
        statuses.push(task.await.unwrap());
    }
    statuses
}

/// 39. Of 500 right answers to one challenge at once, one passes.
pub async fn c39_atk_02_concurrent_right_answers(serve: &impl AsyncFn(Setup) -> Server) {
    let captcha = Captcha::new();
    let server = serve(captcha.setup()).await;
    let id = captcha.issue().await;
    let statuses = at_once(&server, vec![answer(&id, ANSWER); 500]).await;
    let passed = statuses.iter().filter(|status| **status == 200).count();
    let refused = statuses.iter().filter(|status| **status == 400).count();
    assert_eq!((passed, refused), (1, 499));
}

/// 40. Of 500 wrong answers at once no more than the allowed tries are looked at, and right ones
///     sent along pass at most once.
pub async fn c40_atk_25_concurrent_wrong_answers(serve: &impl AsyncFn(Setup) -> Server) {
    let captcha = Captcha::new();
    let server = serve(captcha.setup()).await;
    let id = captcha.issue().await;
    let mut calls: Vec<_> = (0..500).map(|i| answer(&id, &format!("W{i:04}"))).collect();
    assert!(
        at_once(&server, calls.clone())
            .await
            .iter()
            .all(|status| *status == 400)
    );
    let late = answer(&id, ANSWER).send(server.addr).await;
    is_invalid_answer(&late, "atk 25: the challenge died with the last try");

    // One right answer among 199 wrong ones is looked at no more often than chance puts it among
    // the three that are: in 5 rounds that is 0.1 passes, and 3 are out of the question.
    let mut passed = 0;
    for _ in 0..5 {
        let id = captcha.issue().await;
        calls.truncate(200);
        for (i, call) in calls.iter_mut().enumerate() {
            *call = answer(&id, if i == 150 { ANSWER } else { "WRONG" });
        }
        let statuses = at_once(&server, calls.clone()).await;
        passed += statuses.iter().filter(|status| **status == 200).count();
    }
    assert!(
        passed < 3,
        "{passed} passes: wrong answers were looked at past the limit"
    );

    // The endpoint says of each wrong answer whether it was looked at.
    let id = captcha.issue().await;
    let wrong = Call::post("/captcha/verify").form(format!("id={id}&answer=WRONG"));
    let statuses = at_once(&server, vec![wrong; 200]).await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 2);
}

/// 41. Unknown, expired, spent, malformed and foreign ids with any kind of answer, and wrong
///     answers, are all refused alike: 400 `invalid_answer`.
pub async fn c41_atk_12_atk_44_whatever_is_not_the_answer(serve: &impl AsyncFn(Setup) -> Server) {
    let captcha = Captcha::new();
    let server = serve(captcha.setup()).await;
    let expired = captcha.issue().await;
    captcha.expire();
    let spent = captcha.issue().await;
    assert_eq!(answer(&spent, ANSWER).send(server.addr).await.status, 200);
    let (unknown, long) = ("A".repeat(22), "A".repeat(1024 * 1024));
    let ids = [
        expired.as_str(),
        &spent,
        &unknown,
        &long,
        "",
        "x:y",
        "a%00b",
        "../../x",
    ];
    let answers = [
        "",
        "%20",
        "%00",
        "null",
        "undefined",
        "0",
        "[]",
        "{}",
        ANSWER,
    ];
    let mut bodies = std::collections::HashSet::new();
    for id in ids {
        for text in answers {
            let reply = answer(id, text).send(server.addr).await;
            is_invalid_answer(&reply, text);
            bodies.insert(reply.body);
        }
        let absent = format!("{FORM}&captcha_id={id}");
        let reply = Call::post("/protected/form")
            .form(absent)
            .send(server.addr)
            .await;
        is_invalid_answer(&reply, "absent");
        bodies.insert(reply.body);
    }
    let live = captcha.issue().await;
    for value in ["null", "0", "true", "[]", "{}", "[\"XK7QW\"]"] {
        let start = format!(r#"{{"username":"a","email":"e","note":"n","captcha_id":"{live}""#);
        let body = format!(r#"{start},"captcha_answer":{value}}}"#);
        let reply = Call::post("/protected/json")
            .json(body)
            .send(server.addr)
            .await;
        is_invalid_answer(&reply, value);
        bodies.insert(reply.body);
    }
    let only_answer = format!("{FORM}&captcha_answer={ANSWER}");
    let reply = Call::post("/protected/form")
        .form(only_answer)
        .send(server.addr)
        .await;
    is_invalid_answer(&reply, "no id");
    bodies.insert(reply.body);
    assert_eq!(bodies.len(), 1, "all answers are the same, byte for byte");
}

/// 42. The endpoints issue, draw, verify and discard.
pub async fn c42_endpoints_serve_a_challenge(serve: &impl AsyncFn(Setup) -> Server) {
    let captcha = Captcha::new();
    let server = serve(captcha.setup()).await;
    let reply = Call::post("/captcha/new").send(server.addr).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let issued = reply.json();
    let id = issued["id"].as_str().unwrap();
    assert_eq!(id.len(), 22);
    assert_eq!(issued["image_url"], format!("/captcha/{id}.png"));
    assert_eq!(issued["audio_url"], serde_json::Value::Null);
    assert_eq!(issued["expires_in"], 120);
    assert!(
        issued["prompt"]
            .as_str()
            .is_some_and(|prompt| !prompt.is_empty())
    );

    let path = format!("/captcha/{id}.png");
    let picture = Call::new(Method::GET, &path).send(server.addr).await;
    assert_eq!(picture.header("content-type"), Some("image/png"));
    assert!(picture.body.starts_with(b"\x89PNG\r\n"));
    let again = Call::new(Method::GET, &path).send(server.addr).await;
    assert_eq!(again.body, picture.body, "the same picture each time");

    let wrong = Call::post("/captcha/verify").form(format!("id={id}&answer=WRONG"));
    let reply = wrong.clone().send(server.addr).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.text(), r#"{"attempts_left":2,"ok":false}"#);
    let reply = Call::new(Method::DELETE, format!("/captcha/{id}"))
        .send(server.addr)
        .await;
    assert_eq!((reply.status.as_u16(), reply.body.len()), (204, 0));
    assert_eq!(wrong.send(server.addr).await.status, 404);
    assert_eq!(
        Call::new(Method::GET, &path).send(server.addr).await.status,
        404
    );
}

/// 43. The endpoints refuse: 404 unknown, 410 expired or drawn too often, 429 too many answers,
///     405 other methods, 400 no answer, 413 too large; request parameters change nothing.
pub async fn c43_atk_34_endpoints_refuse(serve: &impl AsyncFn(Setup) -> Server) {
    let captcha = Captcha::new();
    let server = serve(captcha.setup()).await;
    let get = |path: String| Call::new(Method::GET, path);
    let verify =
        |id: &str, text: &str| Call::post("/captcha/verify").form(format!("id={id}&answer={text}"));
    let refusal = async |call: Call| call.send(server.addr).await.refusal();
    let is = |status: u16, code: &str| (status, code.to_owned());

    let unknown = "A".repeat(22);
    for id in [
        unknown.as_str(),
        "x",
        "..",
        "%2e%2e%2fx",
        &"A".repeat(2_000),
    ] {
        assert_eq!(
            refusal(verify(id, "x")).await,
            is(404, "challenge_not_found"),
            "{id}"
        );
    }
    for path in [
        format!("/captcha/{unknown}.png"),
        "/captcha/x.png".to_owned(),
    ] {
        assert_eq!(refusal(get(path)).await, is(404, "challenge_not_found"));
    }
    for path in [
        format!("/captcha/{unknown}.wav"),
        format!("/captcha/{unknown}.exe"),
    ] {
        assert_eq!(get(path).send(server.addr).await.status, 404);
    }

    let id = captcha.issue().await;
    for query in [
        "?width=1000000000&height=-1",
        "?len=1",
        "?lang=NaN&scale=1e9",
        "",
    ] {
        let reply = get(format!("/captcha/{id}.png{query}"))
            .send(server.addr)
            .await;
        assert_eq!(
            reply.body[16..24],
            [0, 0, 0, 220, 0, 0, 0, 80],
            "atk 34: {query}"
        );
    }
    for _ in 4..10 {
        let reply = get(format!("/captcha/{id}.png")).send(server.addr).await;
        assert_eq!(reply.status, 200);
    }
    let picture = || get(format!("/captcha/{id}.png"));
    assert_eq!(refusal(picture()).await, is(410, "too_many_renders"));

    for left in [2, 1] {
        let reply = verify(&id, "WRONG").send(server.addr).await;
        assert_eq!(reply.json()["attempts_left"], left);
    }
    assert_eq!(
        refusal(verify(&id, "WRONG")).await,
        is(429, "too_many_attempts")
    );
    assert_eq!(
        refusal(verify(&id, ANSWER)).await,
        is(404, "challenge_not_found")
    );

    let id = captcha.issue().await;
    captcha.expire();
    assert_eq!(
        refusal(verify(&id, ANSWER)).await,
        is(410, "challenge_expired")
    );
    let picture = get(format!("/captcha/{id}.png"));
    assert_eq!(refusal(picture).await, is(410, "challenge_expired"));

    for (method, path, allow) in [
        (Method::GET, "/captcha/new", "POST"),
        (Method::PUT, "/captcha/verify", "POST"),
        (Method::POST, "/captcha/x.png", "GET"),
    ] {
        let reply = Call::new(method, path).send(server.addr).await;
        assert_eq!(reply.refusal(), is(405, "method_not_allowed"), "{path}");
        assert_eq!(reply.header("allow"), Some(allow));
    }
    for call in [
        Call::post("/captcha/verify"),
        Call::post("/captcha/verify").form("id=x"),
        Call::post("/captcha/verify").form("id=x&id=y&answer=z"),
        Call::post("/captcha/verify").json(r#"{"id":1,"answer":[]}"#),
        Call::post("/captcha/verify").json(r#"{"id":"x","answer":"y""#),
    ] {
        assert_eq!(refusal(call).await, is(400, "invalid_request"));
    }
    let large = Call::post("/captcha/verify").form("x".repeat(9 * 1024));
    assert_eq!(refusal(large.clone()).await, is(413, "body_too_large"));
    assert_eq!(refusal(large.chunked()).await, is(413, "body_too_large"));
}

/// 44. Asking for challenges too often is answered 429 `rate_limited`, with `Retry-After` of at
///     least 1; the client address is what counts.
pub async fn c44_rate_limited(serve: &impl AsyncFn(Setup) -> Server) {
    for (wait, seconds) in [(1, "1"), (2_500, "3")] {
        let limiter = StubLimiter::new(Duration::from_millis(wait));
        let manager = CaptchaManager::builder(MemoryStorage::new())
            .rate_limiter(limiter.clone())
            .build()
            .unwrap();
        let setup = Setup {
            gate: Gate::new(manager.clone()),
            endpoints: Endpoints::new(manager),
        };
        let server = serve(setup).await;
        let call = Call::post("/captcha/new")
            .header("x-forwarded-for", "6.6.6.6")
            .header("x-real-ip", "6.6.6.6");
        let reply = call.send(server.addr).await;
        assert_eq!(reply.refusal(), (429, "rate_limited".to_owned()));
        assert_eq!(reply.header("retry-after"), Some(seconds));
        assert_eq!(limiter.keys(), ["127.0.0.1"], "atk 37: the peer is counted");
    }
}

/// 45. No answer of the endpoints may be cached.
pub async fn c45_atk_47_nothing_is_cached(serve: &impl AsyncFn(Setup) -> Server) {
    let captcha = Captcha::new();
    let server = serve(captcha.setup()).await;
    let id = captcha.issue().await;
    for call in [
        Call::post("/captcha/new"),
        Call::new(Method::GET, format!("/captcha/{id}.png")),
        Call::new(Method::GET, "/captcha/unknown.png"),
        Call::post("/captcha/verify").form(format!("id={id}&answer=WRONG")),
        Call::post("/captcha/verify").form(format!("id={id}&answer={ANSWER}")),
        Call::new(Method::DELETE, format!("/captcha/{id}")),
        Call::new(Method::GET, "/captcha/new"),
    ] {
        let reply = call.clone().send(server.addr).await;
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{call:?}");
        for validator in ["etag", "last-modified", "expires"] {
            assert_eq!(reply.header(validator), None, "{call:?}");
        }
    }
    let reply = Call::post("/captcha/new").send(server.addr).await;
    assert_eq!(reply.header("vary"), Some("Accept-Language"));
}

/// 46. The solution is in no byte that is sent: plain, reversed, hex, base64 or as code points.
pub async fn c46_atk_30_the_solution_stays_on_the_server(serve: &impl AsyncFn(Setup) -> Server) {
    let captcha = Captcha::new();
    let server = serve(captcha.setup()).await;
    let reply = Call::post("/captcha/new").send(server.addr).await;
    let id = reply.json()["id"].as_str().unwrap().to_owned();
    let replies = [
        reply,
        Call::new(Method::GET, format!("/captcha/{id}.png"))
            .send(server.addr)
            .await,
        Call::post("/captcha/verify")
            .form(format!("id={id}&answer=x"))
            .send(server.addr)
            .await,
        answer(&id, "x").send(server.addr).await,
        Call::post("/captcha/verify")
            .form(format!("id={id}&answer=x"))
            .send(server.addr)
            .await,
    ];
    let hex = |upper: bool| -> String {
        let digits = |byte: u8| {
            if upper {
                format!("{byte:02X}")
            } else {
                format!("{byte:02x}")
            }
        };
        ANSWER.bytes().map(digits).collect()
    };
    let codes = |between: &str| {
        let codes: Vec<_> = ANSWER.bytes().map(|byte| byte.to_string()).collect();
        codes.join(between)
    };
    let spellings = [
        ANSWER.to_owned(),
        ANSWER.to_lowercase(),
        ANSWER.chars().rev().collect(),
        hex(true),
        hex(false),
        codes(","),
        codes(" "),
        "WEs3UVc".to_owned(),
    ];
    for reply in replies {
        let mut sent = format!("{:?}", reply.headers).into_bytes();
        sent.extend_from_slice(&reply.body);
        for spelling in &spellings {
            let found = sent
                .windows(spelling.len())
                .any(|w| w == spelling.as_bytes());
            assert!(!found, "{spelling} in {:?}", String::from_utf8_lossy(&sent));
        }
    }
}

/// 47. A full storage refuses new challenges with 503 and keeps the ones it has.
pub async fn c47_atk_03_full_storage(serve: &impl AsyncFn(Setup) -> Server) {
    let storage = MemoryStorage::builder().capacity(3).build();
    let manager = CaptchaManager::builder(storage)
        .factory(KnownAnswer(ANSWER))
        .build()
        .unwrap();
    let setup = Setup {
        gate: Gate::new(manager.clone()),
        endpoints: Endpoints::new(manager),
    };
    let server = serve(setup).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let reply = Call::post("/captcha/new").send(server.addr).await;
        ids.push(reply.json()["id"].as_str().unwrap().to_owned());
    }
    for _ in 0..20 {
        let reply = Call::post("/captcha/new").send(server.addr).await;
        assert_eq!(reply.refusal(), (503, "captcha_unavailable".to_owned()));
        assert!(reply.header("retry-after").is_some());
    }
    for id in ids {
        assert_eq!(answer(&id, ANSWER).send(server.addr).await.status, 200);
    }
}
