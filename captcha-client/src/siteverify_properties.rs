//! Whatever is answered, only the exact shape of a pass is one, and nothing panics.

use bytes::Bytes;
use http::StatusCode;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::hosted::{Protocol, Reading};
use crate::transport::Reply;
use crate::turnstile::Turnstile;

fn passes(status: u16, body: impl Into<Bytes>) -> bool {
    let reply = Reply {
        status: StatusCode::from_u16(status).unwrap_or_default(),
        body: Ok(body.into()),
        retry_after: None,
    };
    let reading = Reading {
        scrub: &str::to_owned,
        allow_test_keys: false,
    };
    matches!(Turnstile::read(&reply, &reading), Answer::Passed(_))
}

fn value() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!(true),
        json!(true),
        json!(false),
        json!(null),
        json!("true"),
        json!(1),
        json!([]),
        json!([]),
        json!(["timeout-or-duplicate"]),
        json!(["new-code"]),
        json!([1]),
        json!({}),
        json!({"result_with_testing_key": true}),
        json!({"result_with_testing_key": "x"}),
        json!({"result_with_testing_key": false}),
    ])
}

fn answer() -> impl Strategy<Value = Map<String, Value>> {
    let key = prop::sample::select(vec!["success", "success", "error-codes", "metadata", "x"]);
    prop::collection::vec((key, value()), 0..5)
        .prop_map(|pairs| pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
}

/// Said once more, in other words than the reader's.
fn is_pass(status: u16, said: &Map<String, Value>) -> bool {
    let clean = [None, Some(&json!(null)), Some(&json!([]))];
    let test = said.get("metadata").map_or(
        &Value::Null,
        |metadata| &metadata["result_with_testing_key"],
    );
    (200..300).contains(&status)
        && said.get("success") == Some(&json!(true))
        && clean.contains(&said.get("error-codes"))
        && [json!(null), json!(false)].contains(test)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn atk_21_only_the_exact_shape_is_a_pass(
        said in answer(),
        status in prop::sample::select(vec![200_u16, 200, 200, 201, 302, 400, 403, 429, 500]),
    ) {
        let body = Value::Object(said.clone()).to_string();
        prop_assert_eq!(passes(status, body.clone()), is_pass(status, &said), "{} {}", status, body);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn atk_41_no_bytes_panic_or_pass(body: Vec<u8>, status in 100_u16..600) {
        prop_assert!(!passes(status, body));
    }
}
