//! Whatever is answered, only the exact shape of a provider's pass is one, and nothing panics.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::languages::{LANGUAGES, Language};
use super::{all, asked, named};

/// Objects out of the words that mean something.
fn answer(language: &'static Language) -> BoxedStrategy<Map<String, Value>> {
    let fields: Vec<_> = language
        .words
        .iter()
        .map(|(name, values)| {
            let values: Vec<Value> = values.split(' ').filter_map(|v| v.parse().ok()).collect();
            let value = prop::sample::select(values);
            prop::option::weighted(0.7, value).prop_map(|value| (*name, value))
        })
        .collect();
    let of = |fields: Vec<(&str, Option<Value>)>| {
        let there = |(name, value): (&str, Option<Value>)| Some((name.to_owned(), value?));
        fields.into_iter().filter_map(there).collect()
    };
    fields.prop_map(of).boxed()
}

fn any_answer() -> impl Strategy<Value = (&'static Language, Map<String, Value>)> {
    let language = prop::sample::select(LANGUAGES.iter().collect::<Vec<_>>());
    language.prop_flat_map(|language| (Just(language), answer(language)))
}

fn passes(language: &Language, status: u16, body: impl Into<bytes::Bytes>) -> bool {
    named(language.provider).is_some_and(|provider| asked::passes(&*provider, status, body))
}

#[test]
fn every_provider_has_a_language_and_a_pass() {
    for provider in all() {
        let name = provider.profile().name;
        // gkCAPTCHA has two dialects, and properties of its own.
        let language = LANGUAGES.iter().find(|language| language.provider == name);
        let known = language.is_some() || name == "gkcaptcha";
        assert!(known, "{name} has no language here");
    }
    for language in &LANGUAGES {
        assert!(
            passes(language, 200, language.pass),
            "{}",
            language.provider
        );
        assert!(
            !passes(language, 500, language.pass),
            "{}",
            language.provider
        );
        assert!(
            !passes(language, 403, language.pass),
            "{}",
            language.provider
        );
        for (name, values) in language.words {
            let whole = values
                .split(' ')
                .all(|value| value.parse::<Value>().is_ok());
            assert!(whole, "{} {name}", language.provider);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50_000))]

    #[test]
    fn atk_21_only_the_exact_shape_is_a_pass(
        (language, said) in any_answer(),
        status in prop::sample::select(vec![200_u16, 200, 200, 200, 201, 302, 400, 403, 429, 500]),
    ) {
        let body = Value::Object(said.clone()).to_string();
        let expected = (200..300).contains(&status) && (language.is_pass)(&said);
        let passed = passes(language, status, body.clone());
        prop_assert_eq!(passed, expected, "{} {} {}", language.provider, status, body);
    }

    /// A pass that lost or gained a byte is none, unless the byte meant nothing.
    #[test]
    fn atk_41_damaged_passes(
        language in prop::sample::select(LANGUAGES.iter().collect::<Vec<_>>()),
        at: prop::sample::Index,
        byte: u8,
    ) {
        let mut body = language.pass.as_bytes().to_vec();
        if let Some(slot) = body.get_mut(at.index(language.pass.len())) {
            *slot = byte;
        }
        let said: Option<Map<String, Value>> = serde_json::from_slice(&body).ok();
        let expected = said.is_some_and(|said| (language.is_pass)(&said));
        let passed = passes(language, 200, body.clone());
        prop_assert!(!passed || expected, "{} {:?}", language.provider, body);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn atk_41_no_bytes_panic_or_pass(body: Vec<u8>, status in 100_u16..600) {
        for provider in all() {
            prop_assert!(!asked::passes(&*provider, status, body.clone()));
        }
    }

    /// Any JSON at all, under any status.
    #[test]
    fn atk_41_no_json_panics(
        (_, mut said) in any_answer(),
        other in any_answer(),
        status in 100_u16..600,
    ) {
        for (name, value) in other.1 {
            said.insert(name, Value::Array(vec![value]));
        }
        let body = Value::Object(said).to_string();
        for provider in all() {
            let _ = asked::read(&*provider, status, body.clone());
        }
    }
}
