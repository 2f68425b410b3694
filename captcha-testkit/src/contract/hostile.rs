//! Requests that were made to break something.

use std::hash::{BuildHasher, Hasher, RandomState};

use http::Method;

use super::client::{Call, send_raw};
use super::{Captcha, Server, Setup};

/// 48. Nested, truncated, oversized and contradictory requests get a 4xx, and the server lives.
pub async fn c48_atk_41_hostile_requests(serve: &impl AsyncFn(Setup) -> Server) {
    let captcha = Captcha::new();
    let server = serve(captcha.setup()).await;
    let deep = "[".repeat(500_000);
    let deep_objects = "{\"a\":".repeat(200_000);
    let part = "--XBOUNDARYX\r\nContent-Disposition: form-data; name=\"captchaToken\"";
    let nested = format!(
        "{part}\r\nContent-Type: multipart/mixed; boundary=Y\r\n\r\n--Y\r\n\r\nt\r\n--Y--\r\n--XBOUNDARYX--"
    );
    let mut calls = vec![
        Call::post("/head").header("x-captcha-token", b"\xe4\xff"),
        Call::post("/protected/json").json(deep.clone()),
        Call::post("/protected/json").json(format!("{{\"a\":{deep}")),
        Call::post("/protected/json").json(format!("{{\"captchaToken\":{deep}")),
        Call::post("/protected/json").json(deep_objects),
        Call::post("/protected/json").json(format!("{{\"{}\":1}}", "k".repeat(1_000_000))),
        Call::post("/protected/json").json(b"{\"captchaToken\":\"\xff\xfe\"}".to_vec()),
        Call::post("/protected/json").json(r#"{"captchaToken":"\ud800"}"#),
        Call::post("/protected/json").json(r#"{"captchaToken":1e999999}"#),
        Call::post("/protected/form").form("&".repeat(1_000_000)),
        Call::post("/protected/form").form("=".repeat(1_000_000)),
        Call::post("/protected/form").form("%".repeat(1_000_000)),
        Call::post("/protected/form").form("captchaToken=%FF%FE%00"),
        Call::post("/protected/form").form("captcha_id=a&".repeat(50_000)),
        Call::post("/protected/multipart").multipart(nested),
        Call::post("/protected/multipart").multipart(format!("{part}\r\n")),
        Call::post("/protected/multipart").multipart(format!("{part}\r\n\r\n")),
        Call::post("/protected/multipart").multipart("--XBOUNDARYX\r\n".repeat(50_000)),
        Call::post("/protected/multipart").multipart("--XBOUNDARYX--\r\n"),
        Call::post("/protected/multipart").multipart(""),
        Call::post("/protected/multipart").multipart(vec![0; 100_000]),
        Call::post("/protected/multipart").body("multipart/form-data; boundary=", "x"),
        Call::post("/protected/multipart").body("multipart/form-data; boundary=\"", "x"),
        Call::post("/captcha/verify").json("[".repeat(8_000)),
        Call::post("/captcha/verify").multipart("x"),
    ];
    for content_type in [
        "",
        ";",
        "/",
        "application/",
        "application/+json",
        "+json",
        "\u{e4}",
        "a/b; c=d; boundary=x",
    ] {
        calls.push(Call::post("/protected/form").body(content_type, "captchaToken=t"));
    }
    for languages in [
        "und",
        "*;q=x",
        "a-b-c-d-e-f",
        ";;;,,,q=",
        "\u{e4}",
        &"en,".repeat(5_000),
    ] {
        let call = Call::post("/captcha/verify").header("accept-language", languages);
        calls.push(call.form("id=x&answer=y"));
        let new = Call::post("/captcha/new").header("accept-language", languages);
        assert_eq!(
            new.send(server.addr).await.status,
            200,
            "atk 41: {languages:?}"
        );
    }
    for call in calls {
        let reply = call.clone().send(server.addr).await;
        let call = format!("{call:?}");
        assert!(
            reply.status.is_client_error(),
            "{} {:.200}",
            reply.status,
            call
        );
    }
    let head = "POST /protected/form HTTP/1.1\r\nhost: x\r\n";
    let megabyte = "x".repeat(1024 * 1024);
    for raw in [
        format!("{head}x-captcha-token: {megabyte}\r\n\r\n"),
        format!("{head}{megabyte}: x\r\n\r\n"),
        format!("{head}content-length: -1\r\n\r\n"),
        format!("{head}content-length: 99999999999999999999999\r\n\r\n"),
        format!("{head}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
        format!("{head}transfer-encoding: chunked\r\n\r\nffffffffffffffff\r\nx\r\n"),
        format!("{head}content-type: application/json\r\ncontent-length: 10\r\n\r\n{{"),
        "\0\0\0\0".to_owned(),
    ] {
        let status = send_raw(server.addr, raw.as_bytes()).await;
        let refused = status.is_none_or(|status| (400..500).contains(&status));
        assert!(refused, "{status:?} {raw:.200}");
    }
    is_alive(&server, &captcha).await;
}

/// 49. Random bytes under random content types get a 4xx, and the server lives.
pub async fn c49_atk_41_random_requests(serve: &impl AsyncFn(Setup) -> Server) {
    const TYPES: [&str; 6] = [
        "application/x-www-form-urlencoded",
        "application/json",
        "multipart/form-data; boundary=XBOUNDARYX",
        "multipart/form-data",
        "text/plain",
        "application/octet-stream; boundary=x",
    ];
    const WORDS: [&str; 16] = [
        "captchaToken",
        "captcha_id",
        "captcha_answer",
        "=",
        "&",
        "%",
        "{",
        "}",
        "\"",
        ":",
        ",",
        "--XBOUNDARYX",
        "\r\n",
        "--",
        "Content-Disposition: form-data; name=\"captchaToken\"",
        "[",
    ];
    let captcha = Captcha::new();
    let server = serve(captcha.setup()).await;
    let mut dice = Dice(RandomState::new().hash_one(0));
    let seed = dice.0;
    for round in 0..300 {
        let mut body = Vec::new();
        for _ in 0..dice.below(60) {
            if dice.below(4) == 0 {
                body.extend((0..dice.below(12)).map(|_| dice.below(256) as u8));
            } else {
                body.extend_from_slice(WORDS[dice.below(WORDS.len())].as_bytes());
            }
        }
        let path = [
            "/protected/form",
            "/protected/json",
            "/protected/multipart",
            "/captcha/verify",
        ];
        let call = Call::new(Method::POST, path[dice.below(path.len())])
            .body(TYPES[dice.below(TYPES.len())], body);
        let call = if dice.below(2) == 0 {
            call.chunked()
        } else {
            call
        };
        let reply = call.clone().send(server.addr).await;
        let lost = reply.status.is_client_error();
        assert!(lost, "seed {seed} round {round}: {} {call:?}", reply.status);
    }
    is_alive(&server, &captcha).await;
}

async fn is_alive(server: &Server, captcha: &Captcha) {
    let id = captcha.issue().await;
    let body = format!(
        "username=a&email=e&note=n&captcha_id={id}&captcha_answer={}",
        Captcha::ANSWER
    );
    let reply = Call::post("/protected/form")
        .form(body)
        .send(server.addr)
        .await;
    assert_eq!(reply.status, 200, "{}", reply.text());
}

/// Varied, not secret: the seed is printed when a round fails.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        let mut hasher = std::hash::DefaultHasher::new();
        hasher.write_u64(self.0);
        self.0 = hasher.finish();
        (self.0 % bound.max(1) as u64) as usize
    }
}
