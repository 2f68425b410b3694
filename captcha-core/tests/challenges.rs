//! The challenge factories.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use captcha_core::challenge::{
    ChallengeFactory, EmojiGridChallengeFactory, MathChallengeFactory, Operator, Subject,
    TextChallengeFactory, WordChallengeFactory,
};
use captcha_core::i18n::DefaultTranslator;
use captcha_core::manager::{AnswerOutcome, CaptchaManager};
use captcha_core::render::{Format, RenderError, Rendered, Renderer};
use captcha_core::storage::MemoryStorage;
use std::sync::Mutex;

/// Draws nothing, and remembers what it was asked to draw.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<(Subject, String)>>>);

impl Renderer for Seen {
    fn format(&self) -> Format {
        Format::Png
    }

    fn check(&self, challenge: &captcha_core::challenge::Challenge) -> Result<(), RenderError> {
        let seen = (challenge.subject().clone(), challenge.solution().to_owned());
        self.0.lock().unwrap().push(seen);
        Ok(())
    }

    fn render(&self, _: &captcha_core::challenge::Challenge) -> Result<Rendered, RenderError> {
        Err(RenderError::UnsupportedSubject)
    }
}

/// A challenge as a visitor of these languages gets it: prompt, locale, subject and solution.
struct Made {
    prompt: String,
    locale: String,
    subject: Subject,
    solution: String,
}

async fn made(
    factory: impl ChallengeFactory + 'static,
    languages: &str,
    count: usize,
) -> Vec<Made> {
    let seen = Seen::default();
    let manager = CaptchaManager::builder(MemoryStorage::new())
        .factory(factory)
        .renderer(seen.clone())
        .build()
        .unwrap();
    let mut all = Vec::new();
    for _ in 0..count {
        let issued = manager.issue_undrawn("key", languages).await.unwrap();
        let (subject, solution) = seen.0.lock().unwrap().pop().unwrap();
        // Every solution is right, however it is typed.
        let typed = format!(" {} ", solution.to_uppercase());
        let outcome = manager.verify(issued.id().as_str(), &typed).await.unwrap();
        assert_eq!(outcome, AnswerOutcome::Right, "{solution}");
        all.push(Made {
            prompt: issued.prompt().to_owned(),
            locale: issued.locale().to_owned(),
            subject,
            solution,
        });
    }
    all
}

fn text(made: &Made) -> &str {
    match &made.subject {
        Subject::Text(text) => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn text_is_five_characters_that_do_not_look_alike() {
    for challenge in made(TextChallengeFactory::new(), "", 200).await {
        assert_eq!(challenge.solution.chars().count(), 5);
        assert!(!challenge.solution.contains(['I', 'O', '0', '1']));
        assert_eq!(text(&challenge), challenge.solution);
        assert!(!challenge.prompt.contains(&challenge.solution));
    }
}

#[tokio::test]
async fn sums_are_right_and_never_negative() {
    let factory = MathChallengeFactory::builder()
        .operands(1..=9)
        .operators([Operator::Plus, Operator::Minus, Operator::Times])
        .build()
        .unwrap();
    let mut signs: HashMap<char, usize> = HashMap::new();
    for challenge in made(factory, "en", 3000).await {
        let sum = text(&challenge).strip_suffix("=?").unwrap();
        let place = sum.find(['+', '\u{2212}', '\u{d7}']).unwrap();
        let sign = sum[place..].chars().next().unwrap();
        let (a, b) = (&sum[..place], &sum[place + sign.len_utf8()..]);
        let (a, b): (i32, i32) = (a.parse().unwrap(), b.parse().unwrap());
        assert!((1..=9).contains(&a) && (1..=9).contains(&b));
        let expected = match sign {
            '+' => a + b,
            '\u{2212}' => a - b,
            '\u{d7}' => a * b,
            other => panic!("{other}"),
        };
        assert!(expected >= 0);
        assert_eq!(challenge.solution, expected.to_string());
        assert_eq!(challenge.prompt, "Type the result");
        *signs.entry(sign).or_default() += 1;
    }
    // A third each, with a deviation of 26.
    assert!(
        signs.len() == 3 && signs.values().all(|count| (800..1200).contains(count)),
        "{signs:?}"
    );
    let default = made(MathChallengeFactory::new(), "", 300).await;
    assert!(
        default
            .iter()
            .all(|challenge| !text(challenge).contains('\u{d7}'))
    );
}

#[tokio::test]
async fn words_are_of_the_visitors_language() {
    let mut by_locale: HashMap<String, HashSet<String>> = HashMap::new();
    for locale in ["en", "tr", "de", "es", "fr", "ar"] {
        for challenge in made(WordChallengeFactory::new(), locale, 1500).await {
            assert_eq!(challenge.locale, locale);
            assert_eq!(text(&challenge), challenge.solution);
            by_locale
                .entry(locale.to_owned())
                .or_default()
                .insert(challenge.solution);
        }
    }
    for (locale, words) in &by_locale {
        assert!(words.len() >= 50, "{locale}: {}", words.len());
        assert!(
            words
                .iter()
                .all(|word| (3..=10).contains(&word.chars().count())),
            "{locale}"
        );
    }
    assert!(by_locale["en"].contains("apple") && by_locale["ar"].contains("قمر"));
    assert!(by_locale["en"].is_disjoint(&by_locale["ar"]));
    // A language without a list gets English.
    let other = made(WordChallengeFactory::new(), "sv", 20).await;
    assert!(
        other
            .iter()
            .all(|challenge| by_locale["en"].contains(&challenge.solution))
    );
}

#[tokio::test]
async fn own_words_take_the_place_of_the_bundled() {
    let own: Vec<String> = (0..20).map(|n| format!("Wort{n}")).collect();
    let factory = WordChallengeFactory::builder()
        .words("de", own.clone())
        .build()
        .unwrap();
    for challenge in made(factory, "de-AT", 100).await {
        assert!(own.contains(&challenge.solution));
    }
}

#[tokio::test]
async fn one_cell_of_a_grid_has_the_target() {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut targets = HashSet::new();
    for challenge in made(EmojiGridChallengeFactory::new(), "fr", 2000).await {
        let Subject::Grid(cells) = &challenge.subject else {
            panic!("{:?}", challenge.subject);
        };
        assert_eq!(cells.len(), 9);
        let target = &cells[challenge.solution.parse::<usize>().unwrap() - 1];
        assert_eq!(cells.iter().filter(|cell| *cell == target).count(), 1);
        assert_eq!(
            challenge.prompt,
            format!("Dans quelle case se trouve {target} ? Saisissez son numéro")
        );
        *places.entry(challenge.solution.clone()).or_default() += 1;
        targets.insert(target.clone());
    }
    // A ninth each is 222, with a deviation of 14.
    assert_eq!(places.len(), 9);
    assert!(
        places.values().all(|count| (140..310).contains(count)),
        "{places:?}"
    );
    assert_eq!(targets.len(), 16);
}

#[test]
fn options_that_cannot_work_are_named() {
    let math = MathChallengeFactory::builder;
    assert_eq!(
        math().operands(5..=5).build().unwrap_err().setting(),
        "operands"
    );
    assert_eq!(
        math().operands(1..=100).build().unwrap_err().setting(),
        "operands"
    );
    assert_eq!(
        math().operators([]).build().unwrap_err().setting(),
        "operators"
    );
    let words = |list: Vec<String>| WordChallengeFactory::builder().words("en", list).build();
    let many = || (0..20).map(|n| format!("word{n}"));
    assert!(words(many().collect()).is_ok());
    for bad in [
        Vec::new(),
        many().take(19).collect(),
        vec!["same".to_owned(); 30],
        many().chain([String::new()]).collect(),
        many().chain(["two words".to_owned()]).collect(),
        many().chain(["x".repeat(17)]).collect(),
    ] {
        assert_eq!(words(bad).unwrap_err().setting(), "words");
    }
    let grid = EmojiGridChallengeFactory::builder;
    assert_eq!(grid().cells(3).build().unwrap_err().setting(), "cells");
    assert_eq!(grid().cells(26).build().unwrap_err().setting(), "cells");
    for bad in [
        &["a", "b", "c"][..],
        &["a", "b", "c", "c", "d"],
        &["a", "b", "c", "dd"],
        &["a", "b", "c", " "],
    ] {
        let error = grid().pool(bad.iter().copied()).build().unwrap_err();
        assert_eq!(error.setting(), "pool", "{bad:?}");
    }
}

/// A prompt that no catalogue has is an error, not an empty label.
#[tokio::test]
async fn a_prompt_that_is_nowhere_is_an_error() {
    use captcha_core::challenge::{ChallengeContext, ChallengeSpec, FactoryError};
    use captcha_core::random::SecureRng;

    struct Riddle;

    impl ChallengeFactory for Riddle {
        fn create(
            &self,
            context: &ChallengeContext<'_>,
            _: &mut SecureRng,
        ) -> Result<ChallengeSpec, FactoryError> {
            Ok(ChallengeSpec::text(
                context.prompt("riddle.ask", &[])?,
                "x",
                "x",
            ))
        }
    }

    let build = |translator| {
        CaptchaManager::builder(MemoryStorage::new())
            .factory(Riddle)
            .renderer(Seen::default())
            .translator(translator)
            .build()
            .unwrap()
    };
    let without = build(DefaultTranslator::new());
    let error = without.issue_undrawn("key", "de").await.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(
        cause.contains("riddle.ask") && cause.contains("de"),
        "{cause}"
    );
    let own = DefaultTranslator::builder().catalogue("en", "riddle =\n    .ask = What am I?");
    let with = build(own.build().unwrap());
    assert_eq!(
        with.issue_undrawn("key", "de").await.unwrap().prompt(),
        "What am I?"
    );
}
