//! Prompts and locales.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::collections::HashSet;

use captcha_core::i18n::{DefaultTranslator, PromptTranslator, TranslateError, is_right_to_left};

const APPLE: &[(&str, &str)] = &[("emoji", "\u{1f34e}")];

#[test]
fn every_bundled_locale_has_every_prompt() {
    let translator = DefaultTranslator::new();
    let locales: Vec<&str> = translator.locales().collect();
    assert_eq!(locales, ["en", "tr", "de", "es", "fr", "ar"]);
    for key in ["text.type", "word.type", "math.solve", "grid.pick"] {
        let prompts: HashSet<String> = locales
            .iter()
            .map(|locale| translator.translate(key, locale, APPLE).unwrap())
            .collect();
        assert_eq!(prompts.len(), locales.len(), "{key}: each in its own words");
        for prompt in prompts {
            assert_eq!(prompt.contains('\u{1f34e}'), key == "grid.pick", "{prompt}");
            assert!(!prompt.contains(['{', '}', '\u{2068}']), "{prompt}");
        }
    }
}

#[test]
fn own_catalogues_extend_and_override() {
    let translator = DefaultTranslator::builder()
        .catalogue(
            "fr",
            "grid =\n    .pick = Quelle case contient { $emoji } ?",
        )
        .catalogue(
            "sv",
            "math =\n    .solve = Skriv resultatet\nown = Eget { $a } och { $b }",
        )
        .build()
        .unwrap();
    let prompt = |key, locale, parameters| translator.translate(key, locale, parameters).unwrap();
    assert_eq!(
        prompt("grid.pick", "fr", APPLE),
        "Quelle case contient \u{1f34e} ?"
    );
    assert_eq!(
        prompt("math.solve", "fr", &[]),
        "Saisissez le résultat",
        "the rest stays"
    );
    assert_eq!(prompt("math.solve", "sv", &[]), "Skriv resultatet");
    assert_eq!(
        prompt("own", "sv", &[("a", "1"), ("b", "2")]),
        "Eget 1 och 2"
    );
    assert_eq!(
        prompt("text.type", "sv", &[]),
        "Type the characters you see or hear",
        "the default's"
    );
    assert_eq!(
        prompt("text.type", "xx", &[]),
        "Type the characters you see or hear"
    );
    assert_eq!(translator.negotiate("sv-FI,en;q=0.1"), "sv");
    assert_eq!(translator.negotiate(""), "en");
}

#[test]
fn another_default_locale() {
    let translator = DefaultTranslator::builder()
        .default_locale("de")
        .build()
        .unwrap();
    assert_eq!(translator.negotiate("xx"), "de");
    assert_eq!(
        translator.translate("math.solve", "xx", &[]).unwrap(),
        "Geben Sie das Ergebnis ein"
    );
}

#[test]
fn what_is_nowhere_is_a_typed_error() {
    let translator = DefaultTranslator::new();
    for key in ["nothing", "math.nothing", "", ".", "math", "a.b.c"] {
        let error = translator.translate(key, "de", &[]).unwrap_err();
        assert!(
            matches!(error, TranslateError::MissingKey { .. }),
            "{key}: {error}"
        );
    }
    let error = translator.translate("grid.pick", "de", &[]).unwrap_err();
    assert!(
        matches!(error, TranslateError::Parameters { .. }),
        "{error}"
    );
}

#[test]
fn catalogues_that_cannot_be_read_are_refused() {
    let build = |locale: &str, prompts: &str| {
        let builder = DefaultTranslator::builder().catalogue(locale, prompts);
        builder.build().map_err(|error| error.setting())
    };
    assert_eq!(build("not a tag!", "a = b").unwrap_err(), "catalogue");
    assert_eq!(build("sv", "= nothing").unwrap_err(), "catalogue");
    let missing = DefaultTranslator::builder().default_locale("sv").build();
    assert_eq!(missing.unwrap_err().setting(), "default_locale");
}

#[test]
fn arabic_is_written_from_right_to_left() {
    for (locale, expected) in [
        ("ar", true),
        ("ar-EG", true),
        ("he", true),
        ("en", false),
        ("de", false),
        ("", false),
    ] {
        assert_eq!(is_right_to_left(locale), expected, "{locale}");
    }
}
