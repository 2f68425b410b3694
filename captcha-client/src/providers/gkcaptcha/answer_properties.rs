//! Whatever a provider sends, only the exact shape of a pass is one, and nothing panics.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::GkCaptcha;
use crate::providers::asked;

fn passes(status: u16, body: impl Into<Bytes>) -> bool {
    asked::passes(&GkCaptcha, status, body)
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => Just(json!(true)),
        2 => Just(json!(false)),
        2 => Just(Value::Null),
        1 => prop::sample::select(vec![
            json!(""), json!("true"), json!("token_expired"), json!("new_code"), json!([]),
            json!(["x"]), json!([1]), json!({}), json!(0), json!(1), json!(0.5), json!(-1),
        ]),
    ]
}

/// Objects out of the words that mean something.
fn object() -> impl Strategy<Value = Map<String, Value>> {
    let key = prop_oneof![
        5 => Just("success"),
        5 => Just("verified"),
        1 => prop::sample::select(vec![
            "error", "reasonCode", "code", "error_codes", "error-codes", "errors", "failOpen", "score",
            "hostname", "other",
        ]),
    ];
    prop::collection::vec((key, value()), 0..5)
        .prop_map(|pairs| pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
}

fn answer() -> impl Strategy<Value = Map<String, Value>> {
    let data = prop_oneof![
        2 => Just(None),
        4 => object().prop_map(|object| Some(Value::Object(object))),
        1 => value().prop_map(Some),
    ];
    (object(), data).prop_map(|(mut top, data)| {
        if let Some(data) = data {
            top.insert("data".to_owned(), data);
        }
        top
    })
}

/// Said once more, in other words than the reader's.
fn is_pass(status: u16, top: &Map<String, Value>) -> bool {
    let yes = Some(&json!(true));
    let scopes: Vec<&Map<String, Value>> = match top.get("data") {
        None => vec![top],
        Some(Value::Object(data)) if data.get("verified") == yes => vec![top, data],
        Some(_) => return false,
    };
    let empty = [json!(null), json!(""), json!([])];
    let clean = scopes.iter().all(|scope| {
        scope.iter().all(|(name, value)| match name.as_str() {
            "error" | "reasonCode" | "code" | "error_codes" | "error-codes" | "errors" => {
                empty.contains(value)
            }
            "failOpen" => value.is_null() || value == &json!(false),
            "success" | "verified" => value.is_null() || value == &json!(true),
            _ => true,
        })
    });
    let score = scopes
        .iter()
        .filter_map(|scope| scope.get("score"))
        .all(|score| {
            score.is_null()
                || score
                    .as_f64()
                    .is_some_and(|score| (0.0..=1.0).contains(&score))
        });
    (200..300).contains(&status) && top.get("success") == yes && clean && score
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn atk_21_only_the_exact_shape_is_a_pass(
        top in answer(),
        status in prop::sample::select(vec![200_u16, 200, 200, 201, 302, 400, 403, 429, 500]),
    ) {
        let body = Value::Object(top.clone()).to_string();
        prop_assert_eq!(passes(status, body.clone()), is_pass(status, &top), "{} {}", status, body);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn atk_41_no_bytes_panic_or_pass(body: Vec<u8>, status in 100_u16..600) {
        prop_assert!(!passes(status, body));
    }

    /// A pass that lost or gained a byte is none, unless the byte meant nothing.
    #[test]
    fn atk_41_damaged_passes(at in 0_usize..80, byte: u8, status in 100_u16..600) {
        let mut body = br#"{"success":true,"data":{"verified":true,"error_codes":[]},"score":0.1}"#.to_vec();
        if let Some(slot) = body.get_mut(at) {
            *slot = byte;
        }
        let shape = serde_json::from_slice(&body).ok();
        let expected = shape.is_some_and(|top| is_pass(status, &top));
        prop_assert!(!passes(status, body) || expected);
    }
}
