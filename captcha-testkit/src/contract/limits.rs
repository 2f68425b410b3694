//! What is too much.

use std::io::Write as _;

use captcha_core::gate::Gate;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::client::{Call, send_endless};
use super::{Server, Setup};
use crate::StubVerifier;

const LIMIT: usize = 64 * 1024;

async fn limited(serve: &impl AsyncFn(Setup) -> Server, stub: &StubVerifier) -> Server {
    let gate = Gate::builder(stub.clone()).max_body_bytes(LIMIT);
    serve(Setup::gate(gate.build().unwrap())).await
}

fn padded(size: usize) -> String {
    let start = "captchaToken=t&username=ada&email=e&note=";
    format!("{start}{}", "n".repeat(size - start.len()))
}

/// 19. A body past the gate's limit is refused, with and without `Content-Length`:
///     413 `body_too_large`. At the limit it is not.
pub async fn c19_body_too_large(serve: &impl AsyncFn(Setup) -> Server) {
    let stub = StubVerifier::passes();
    let server = limited(serve, &stub).await;
    let at_limit = Call::post("/protected/form").form(padded(LIMIT));
    assert_eq!(at_limit.clone().send(server.addr).await.status, 200);
    assert_eq!(at_limit.chunked().send(server.addr).await.status, 200);
    let asked = stub.asked();
    let whole = server.whole_route_reads_bodies.then_some("/whole");
    for path in ["/protected/form"].into_iter().chain(whole) {
        for size in [LIMIT + 1, 1024 * 1024] {
            let call = Call::post(path).form(padded(size));
            for call in [call.clone(), call.chunked()] {
                let reply = call.send(server.addr).await;
                let expected = (413, "body_too_large".to_owned());
                assert_eq!(reply.refusal(), expected, "{path} {size}");
            }
        }
    }
    let json = format!(r#"{{"captchaToken":"t","note":"{}"}}"#, "n".repeat(LIMIT));
    let call = Call::post("/protected/json").json(json);
    for call in [call.clone(), call.chunked()] {
        let reply = call.send(server.addr).await;
        assert_eq!(reply.refusal(), (413, "body_too_large".to_owned()));
    }
    // A body without an end is not waited for.
    let head = "POST /protected/form HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\
                content-type: application/x-www-form-urlencoded\r\n\r\n";
    let sent = send_endless(server.addr, head).await;
    assert!(sent < 32 * 1024 * 1024, "{sent} bytes were taken");
    assert_eq!(stub.asked(), asked, "nobody is asked");
}

/// 20. A content coding that nothing unpacks is refused: 415 `unsupported_encoding`.
pub async fn c20_unsupported_encoding(serve: &impl AsyncFn(Setup) -> Server) {
    let stub = StubVerifier::passes();
    let server = limited(serve, &stub).await;
    for coding in [
        "compress",
        "x-made-up",
        "gzip, gzip",
        "identity, x",
        "\u{e4}",
    ] {
        let call = Call::post("/protected/form").header("content-encoding", coding);
        let reply = call.form(padded(100)).send(server.addr).await;
        let expected = (415, "unsupported_encoding".to_owned());
        assert_eq!(reply.refusal(), expected, "{coding}");
    }
    assert_eq!(stub.asked(), 0);
    let call = Call::post("/protected/form").header("content-encoding", "identity");
    assert_eq!(call.form(padded(100)).send(server.addr).await.status, 200);
}

/// 21. A small body that unpacks to a large one is refused as the large one:
///     413 `body_too_large`.
pub async fn c21_decompression_bombs(serve: &impl AsyncFn(Setup) -> Server) {
    let stub = StubVerifier::passes();
    let server = limited(serve, &stub).await;
    if !server.unpacks_gzip {
        return;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder
        .write_all(b"captchaToken=t&username=ada&email=e&note=")
        .unwrap();
    for _ in 0..64 {
        encoder.write_all(&[b'n'; 512 * 1024]).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < LIMIT);
    let call = Call::post("/protected/form").header("content-encoding", "gzip");
    let reply = call.form(bomb).send(server.addr).await;
    assert_eq!(reply.refusal(), (413, "body_too_large".to_owned()));
    assert_eq!(stub.asked(), 0);
}
