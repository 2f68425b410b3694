//! Issuing, answering and drawing self-hosted challenges, here and with other crates, and with
//! captchakit where `PYTHON` names an interpreter that has it.

use std::hint::black_box;
use std::time::Duration;

use captcha_core::manager::CaptchaManager;
use captcha_core::render::{AudioRenderer, Format, ImageRenderer, SvgRenderer};
use captcha_core::storage::MemoryStorage;
use captcha_testkit::{KnownAnswer, ManualClock};
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
    // A thousand a second, of which 120,000 are live at a time and as many leave as come.
    let clock = ManualClock::new();
    let storage = MemoryStorage::builder()
        .capacity(200_000)
        .clock(clock.clone());
    let plain = CaptchaManager::builder(storage.build()).build();
    let plain = plain.expect("a manager");
    c.bench_function("issue, undrawn", |b| {
        b.to_async(&runtime).iter(async || {
            clock.advance(Duration::from_millis(1));
            black_box(plain.issue_undrawn("key", "").await.expect("room"))
        });
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

/// The pictures of other crates, as close to five characters in 220 by 80 pixels as they have.
fn peers(c: &mut Criterion) {
    let jpeg = || {
        let builder = captcha_rs::CaptchaBuilder::new();
        let builder = builder.text(ANSWER.to_owned()).width(220).height(80);
        builder.complexity(4).build().to_base64()
    };
    let png = || {
        let mut captcha = captcha::Captcha::new();
        captcha
            .add_chars(5)
            .view(220, 80)
            .as_png()
            .expect("a picture")
    };
    let svg = || {
        let colours = ["#0078D6", "#aa3333", "#f08012", "#33aa00", "#aa33aa"];
        let builder = biosvg::BiosvgBuilder::new().length(5).difficulty(6);
        let builder = builder.colors(colours.map(str::to_owned).to_vec());
        builder.build().expect("a picture").1
    };
    println!(
        "captcha-rs: {} bytes in base64, captcha: {} bytes, biosvg: {} bytes",
        jpeg().len(),
        png().len(),
        svg().len()
    );
    c.bench_function("peer captcha-rs, JPEG", |b| b.iter(|| black_box(jpeg())));
    c.bench_function("peer captcha, PNG", |b| b.iter(|| black_box(png())));
    c.bench_function("peer biosvg, SVG", |b| b.iter(|| black_box(svg())));
}

/// captchakit in its own process, timed by itself.
fn captchakit(_: &mut Criterion) {
    if let Some(medians) = benches::captchakit(&[]) {
        println!("captchakit, median in µs:\n{medians}");
    }
}

criterion_group!(benches, turns, rendering, peers, captchakit);
criterion_main!(benches);
