//! `Gate::check` with a stub verifier: what the gate itself costs a request.

use std::hint::black_box;

use bytes::Bytes;
use captcha_core::gate::{Gate, HttpHead, PeerAddr};
use captcha_testkit::StubVerifier;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use http::request::Parts;

fn head(content_type: &str) -> Parts {
    let request = http::Request::post("/register")
        .header("host", "example.org")
        .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)")
        .header("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
        .header("content-type", content_type)
        .extension(PeerAddr([192, 0, 2, 7].into()));
    request.body(()).expect("a request").into_parts().0
}

/// A form of 200 bytes, its token last.
fn form() -> Bytes {
    let start = "username=ada&email=ada%40example.org&about=";
    let token = "&captchaToken=Zk3J-0aB9xYw_QmN4tRv7uHc2eLd5pFs";
    let about = "x".repeat(200 - start.len() - token.len());
    format!("{start}{about}{token}").into()
}

fn json(size: usize) -> Bytes {
    let start = r#"{"username":"ada","about":""#;
    let token = r#"","captchaToken":"Zk3J-0aB9xYw_QmN4tRv7uHc2eLd5pFs"}"#;
    let about = "x".repeat(size - start.len() - token.len());
    format!("{start}{about}{token}").into()
}

/// A multipart body of 64 KiB: a file, then the token.
fn multipart() -> Bytes {
    let part = "--XBOUNDARYX\r\nContent-Disposition: form-data; name=";
    let file = format!("{part}\"file\"; filename=\"a.bin\"\r\n\r\n");
    let token = format!("\r\n{part}\"captchaToken\"\r\n\r\nZk3J-0aB9xYw\r\n--XBOUNDARYX--\r\n");
    let size = 64 * 1024 - file.len() - token.len();
    let content: Vec<u8> = (0..size).map(|i| (i * 31 % 251) as u8).collect();
    [file.as_bytes(), &content, token.as_bytes()]
        .concat()
        .into()
}

fn check(c: &mut Criterion) {
    let gate = Gate::new(StubVerifier::passes());
    let runtime = benches::runtime();
    let mut group = c.benchmark_group("Gate::check");
    for (name, content_type, body) in [
        ("form 200 B", "application/x-www-form-urlencoded", form()),
        ("json 200 B", "application/json", json(200)),
        ("json 64 KiB", "application/json", json(64 * 1024)),
        (
            "multipart 64 KiB",
            "multipart/form-data; boundary=XBOUNDARYX",
            multipart(),
        ),
    ] {
        let head = head(content_type);
        let head = HttpHead(&head);
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function(name, |b| {
            b.iter(|| {
                let plan = gate.plan(black_box(&head)).expect("a plan");
                let _ = black_box(plan);
                let checked = gate.check(black_box(&head), Some(black_box(&body)));
                runtime.block_on(checked).expect("a pass")
            });
        });
    }
    group.finish();
}

criterion_group!(benches, check);
criterion_main!(benches);
