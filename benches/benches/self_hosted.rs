//! Issuing, answering and drawing self-hosted challenges.

use std::hint::black_box;

use captcha_core::manager::CaptchaManager;
use captcha_core::render::{AudioRenderer, Format, ImageRenderer, SvgRenderer};
use captcha_core::storage::MemoryStorage;
use captcha_testkit::KnownAnswer;
use criterion::{Criterion, criterion_group, criterion_main};
use tokio::runtime::{Builder, Runtime};

const ANSWER: &str = "XK7QW";

fn runtime() -> Runtime {
    let builder = Builder::new_current_thread().enable_time().build();
    builder.expect("a runtime")
}

fn manager() -> CaptchaManager {
    let storage = MemoryStorage::builder().capacity(usize::MAX).build();
    let tones = AudioRenderer::builder().tone_millis(200).gap_millis(100);
    CaptchaManager::builder(storage)
        .factory(KnownAnswer(ANSWER))
        .renderer(ImageRenderer::new())
        .renderer(SvgRenderer::new())
        .renderer(tones.build().expect("a renderer"))
        .max_renders(u32::MAX)
        .build()
        .expect("a manager")
}

/// Issuing with the default challenge, and answering it.
fn turns(c: &mut Criterion) {
    let runtime = runtime();
    let manager = manager();
    c.bench_function("issue and verify, undrawn", |b| {
        b.to_async(&runtime).iter(async || {
            let issued = manager.issue_undrawn("key", "").await.expect("room");
            let outcome = manager.verify(issued.id().as_str(), ANSWER).await;
            assert!(black_box(outcome).is_ok());
        });
    });
    c.bench_function("issue and verify, PNG", |b| {
        b.to_async(&runtime).iter(async || {
            let issued = manager.issue("key").await.expect("room");
            let outcome = manager.verify(issued.id().as_str(), ANSWER).await;
            assert!(black_box(outcome).is_ok());
        });
    });
    let plain = CaptchaManager::builder(MemoryStorage::builder().capacity(usize::MAX).build());
    let plain = plain.build().expect("a manager");
    c.bench_function("issue, undrawn", |b| {
        b.to_async(&runtime)
            .iter(async || black_box(plain.issue_undrawn("key", "").await.expect("room")));
    });
}

/// What rendering takes, the look into the storage included.
fn rendering(c: &mut Criterion) {
    let runtime = runtime();
    let manager = manager();
    let issued = runtime.block_on(manager.issue_undrawn("key", ""));
    let issued = issued.expect("room");
    let id = issued.id().as_str();
    for format in [Format::Png, Format::Svg, Format::Wav] {
        let once = runtime
            .block_on(manager.render(id, format))
            .expect("a file");
        println!("{format}: {} bytes", once.bytes.len());
        c.bench_function(&format!("render {format}"), |b| {
            b.to_async(&runtime)
                .iter(async || black_box(manager.render(id, format).await));
        });
    }
}

criterion_group!(benches, turns, rendering);
criterion_main!(benches);
