//! Issuing, drawing and verifying in memory.

use std::hint::black_box;

use captcha_core::manager::{AnswerOutcome, CaptchaManager};
use captcha_core::render::Format;
use captcha_core::storage::MemoryStorage;
use captcha_testkit::KnownAnswer;
use criterion::{Criterion, criterion_group, criterion_main};

const ANSWER: &str = "XK7QW";

fn manager() -> CaptchaManager {
    CaptchaManager::builder(MemoryStorage::new())
        .factory(KnownAnswer(ANSWER))
        .max_renders(u32::MAX)
        .build()
        .expect("a manager")
}

fn self_hosted(c: &mut Criterion) {
    let runtime = benches::runtime();
    let mut group = c.benchmark_group("self-hosted");

    group.bench_function("issue and verify", |b| {
        let manager = manager();
        b.iter(|| {
            runtime.block_on(async {
                let issued = manager.issue_undrawn("key", "").await;
                let issued = issued.expect("a challenge");
                let outcome = manager
                    .verify(issued.id().as_str(), black_box(ANSWER))
                    .await;
                assert_eq!(outcome.expect("an outcome"), AnswerOutcome::Right);
            })
        });
    });

    group.bench_function("draw a PNG", |b| {
        let manager = manager();
        let issued = runtime.block_on(manager.issue_undrawn("key", ""));
        let issued = issued.expect("a challenge");
        b.iter(|| {
            let drawn = manager.render(issued.id().as_str(), Format::Png);
            runtime.block_on(drawn).expect("a picture")
        });
    });

    group.bench_function("refuse an unknown id", |b| {
        let manager = manager();
        let unknown = "A".repeat(22);
        b.iter(|| runtime.block_on(manager.verify(black_box(&unknown), ANSWER)));
    });
    group.finish();
}

criterion_group!(benches, self_hosted);
criterion_main!(benches);
