//! What reaches the handler.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::client::{Call, Reply};
use super::{Server, Setup};
use crate::StubVerifier;

/// From a short form to a body of a mebibyte.
const SIZES: [usize; 4] = [0, 1024, 64 * 1024, 1024 * 1024];

/// Text with every kind of character that encodings trip over.
fn note(size: usize) -> String {
    "a+b&c=d %41 \u{e4}\u{1f600}\"\\\r\n"
        .chars()
        .cycle()
        .take(size / 2)
        .collect()
}

fn form_encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The protected route has to answer what its unprotected twin answers.
async fn same_as_unprotected(
    serve: &impl AsyncFn(Setup) -> Server,
    kind: &str,
    calls: impl IntoIterator<Item = Call>,
    at: impl Fn(&str, Call) -> Call,
) -> Vec<Reply> {
    let stub = StubVerifier::passes();
    let server = serve(Setup::stub(&stub)).await;
    let mut replies = Vec::new();
    for (i, call) in calls.into_iter().enumerate() {
        let plain = at(&format!("/plain/{kind}"), call.clone())
            .send(server.addr)
            .await;
        let protected = at(&format!("/protected/{kind}"), call)
            .send(server.addr)
            .await;
        assert_eq!(
            protected.status,
            plain.status,
            "call {i}: {}",
            protected.text()
        );
        assert!(protected.body == plain.body, "call {i}: the bodies differ");
        replies.push(protected);
    }
    replies
}

fn keep(path: &str, call: Call) -> Call {
    call.to(path)
}

/// 13. A form of any size, in one piece or in chunks, reaches the handler as it does unprotected.
pub async fn c13_forms_arrive_unchanged(serve: &impl AsyncFn(Setup) -> Server) {
    let call = |size: usize| {
        let note = form_encode(&note(size / 3));
        Call::post("").form(format!("captchaToken=t&username=ada&email=e&note={note}"))
    };
    let calls = SIZES
        .iter()
        .flat_map(|size| [call(*size), call(*size).chunked()]);
    let replies = same_as_unprotected(serve, "form", calls, keep).await;
    for (reply, size) in replies
        .iter()
        .zip(SIZES.iter().flat_map(|size| [size, size]))
    {
        assert_eq!(reply.json()["note"], note(size / 3), "{size}");
    }
}

/// 14. So does JSON.
pub async fn c14_json_arrives_unchanged(serve: &impl AsyncFn(Setup) -> Server) {
    let call = |size: usize| {
        let value = serde_json::json!({
            "username": "ada", "captchaToken": "t", "email": "e", "note": note(size),
        });
        Call::post("").json(value.to_string())
    };
    let calls = SIZES
        .iter()
        .flat_map(|size| [call(*size), call(*size).chunked()]);
    let replies = same_as_unprotected(serve, "json", calls, keep).await;
    for (reply, size) in replies
        .iter()
        .zip(SIZES.iter().flat_map(|size| [size, size]))
    {
        assert_eq!(reply.json()["note"], note(*size), "{size}");
    }
}

/// 15. So does multipart, with the file before or after the token.
pub async fn c15_multipart_arrives_unchanged(serve: &impl AsyncFn(Setup) -> Server) {
    let field = |name: &str, value: &str| {
        format!(
            "--XBOUNDARYX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        )
        .into_bytes()
    };
    let file = |size: usize| {
        let head = "--XBOUNDARYX\r\nContent-Disposition: form-data; name=\"file\"; \
                    filename=\"a b.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n";
        let content = (0..size).map(|i| (i * 31 % 251) as u8);
        let mut part = head.as_bytes().to_vec();
        part.extend(content);
        part.extend(b"\r\n");
        part
    };
    let call = |size: usize, file_first: bool| {
        let token = field("captchaToken", "t");
        let name = field("username", "ada");
        let parts = if file_first {
            [file(size), name, token]
        } else {
            [token, name, file(size)]
        };
        let mut body = parts.concat();
        body.extend(b"--XBOUNDARYX--\r\n");
        Call::post("").multipart(body)
    };
    let calls = SIZES.iter().flat_map(|size| {
        let (before, after) = (call(*size, true), call(*size, false));
        [
            before.clone(),
            after.clone(),
            before.chunked(),
            after.chunked(),
        ]
    });
    let replies = same_as_unprotected(serve, "multipart", calls, keep).await;
    for (i, reply) in replies.iter().enumerate() {
        let (text, size) = (reply.text(), SIZES[i / 4]);
        assert!(text.contains(&format!("\"a b.bin\") {size} ")), "{text}");
        assert!(text.contains("username None 3 "), "{text}");
    }
}

/// 16. A gzip body is searched where the framework unpacks it and refused with 415 where not; the
///     handler receives what it receives unprotected.
pub async fn c16_compressed_bodies(serve: &impl AsyncFn(Setup) -> Server) {
    let stub = StubVerifier::passes();
    let server = serve(Setup::stub(&stub)).await;
    let gzip = |text: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    for (kind, body) in [
        (
            "form",
            format!(
                "captchaToken=t&username=ada&email=e&note={}",
                "n".repeat(50_000)
            ),
        ),
        (
            "json",
            format!(
                r#"{{"username":"ada","email":"e","note":"{}","captchaToken":"t"}}"#,
                "n".repeat(50_000)
            ),
        ),
    ] {
        let call = |path: String| {
            let call = Call::post(path).header("content-encoding", "gzip");
            match kind {
                "form" => call.form(gzip(&body)),
                _ => call.json(gzip(&body)),
            }
        };
        let reply = call(format!("/protected/{kind}")).send(server.addr).await;
        if server.unpacks_gzip {
            let plain = call(format!("/plain/{kind}")).send(server.addr).await;
            assert_eq!((reply.status, &reply.body), (plain.status, &plain.body));
            assert_eq!(reply.json()["note"], "n".repeat(50_000));
        } else {
            assert_eq!(reply.refusal(), (415, "unsupported_encoding".to_owned()));
        }
    }
}

/// 17. What the inner extractor refuses, it refuses as it does unprotected.
pub async fn c17_errors_of_the_inner_extractor_stay_its_own(serve: &impl AsyncFn(Setup) -> Server) {
    let form = ["captchaToken=t", "captchaToken=t&username=ada"];
    let calls = form.map(|body| Call::post("").form(body));
    same_as_unprotected(serve, "form", calls, keep).await;
    let json = [
        r#"{"captchaToken":"t"}"#,
        r#"{"captchaToken":"t","username":1}"#,
    ];
    let calls = json.map(|body| Call::post("").json(body));
    same_as_unprotected(serve, "json", calls, keep).await;
    let broken = [r#"{"username""#, "[1]", "\"x\"", ""];
    let calls = broken.map(|body| Call::post("").json(body));
    let with_token = |path: &str, call: Call| call.to(path).token("t");
    same_as_unprotected(serve, "json", calls, with_token).await;
}

/// 18. With its token in the head, an upload past the gate's own limit still arrives.
pub async fn c18_uploads_stream_past_a_token_in_the_head(serve: &impl AsyncFn(Setup) -> Server) {
    let stub = StubVerifier::passes();
    let gate = captcha_core::gate::Gate::builder(stub.clone()).max_body_bytes(1024);
    let server = serve(Setup::gate(gate.build().unwrap())).await;
    let body = "x".repeat(1024 * 1024);
    for path in ["/head", "/whole"] {
        let call = Call::post(path)
            .token("t")
            .body("application/octet-stream", body.clone());
        let reply = call.send(server.addr).await;
        assert_eq!(
            (reply.status.as_u16(), reply.body.len()),
            (200, body.len()),
            "{path}"
        );
    }
    assert_eq!(stub.asked(), 2);
}
