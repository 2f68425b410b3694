//! JSON in which no key occurs twice.
//!
//! Of `{"success":false,"success":true}` most parsers keep the last. Whoever can add to an answer
//! could turn a refusal into a pass.

use std::collections::HashSet;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Reads one JSON object and nothing after it.
///
/// # Errors
///
/// What is wrong with it, without any of its text.
pub(crate) fn object(bytes: &[u8]) -> Result<Map<String, Value>, &'static str> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => match serde_json::from_slice(bytes) {
            Ok(UniqueKeys) => Ok(object),
            Err(_) => Err("a JSON object with a repeated key"),
        },
        Ok(_) => Err("not a JSON object"),
        Err(_) => Err("not JSON"),
    }
}

/// Any JSON, as long as no key occurs twice in one object.
///
/// It looks at keys only. What a value is, `serde_json` has to say itself: with its feature
/// `arbitrary_precision`, which any crate of an application can switch on, it hands numbers to
/// others as objects.
struct UniqueKeys;

impl<'de> Deserialize<'de> for UniqueKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for UniqueKeys {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without repeated keys")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while let Some(Self) = items.next_element()? {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self, A::Error> {
        let mut keys = HashSet::new();
        while let Some((key, Self)) = entries.next_entry::<String, Self>()? {
            if !keys.insert(key) {
                return Err(de::Error::custom("repeated key"));
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_json_is_read_as_it_is() {
        let text = r#"{"a":[1,-2,0.5,"x",null,true],"b":{"c":{}},"":"\u00e9"}"#;
        let expected: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
        assert_eq!(object(text.as_bytes()), Ok(expected));
    }

    #[test]
    fn repeated_keys_are_refused_at_any_depth() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"x":{"a":1,"a":2}}"#,
            r#"{"x":[{"a":1,"a":2}]}"#,
            r#"{"a":1,"\u0061":2}"#,
        ] {
            let problem = Err("a JSON object with a repeated key");
            assert_eq!(object(text.as_bytes()), problem, "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let deep = format!("{{\"a\":{}", "[".repeat(100_000));
        for text in [
            "",
            " ",
            "null",
            "[]",
            "true",
            "{",
            "{}x",
            "{}{}",
            "<html>",
            "{\"a\":NaN}",
            &deep,
        ] {
            assert!(object(text.as_bytes()).is_err(), "{:.40}", text);
        }
        assert!(object(b"{\"a\":\"\xff\"}").is_err());
    }
}
