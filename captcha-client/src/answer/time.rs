//! Times as providers write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

/// Seconds since the Unix epoch, from a number of seconds or an ISO 8601 text. A text without an
/// offset is taken for UTC.
///
/// Anything else is no time: a rule that needs one then refuses.
pub(crate) fn seconds(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().filter(|seconds| *seconds >= 0),
        Value::String(text) => text
            .parse()
            .ok()
            .or_else(|| utc(text))
            .map(Timestamp::as_second),
        _ => None,
    }
}

fn utc(text: &str) -> Option<Timestamp> {
    let zoned = text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC);
    zoned.ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unix_and_iso_times_are_read() {
        for (value, expected) in [
            (serde_json::json!(1_700_000_000), Some(1_700_000_000)),
            ("2026-03-01T10:00:00Z".into(), Some(1_772_359_200)),
            ("2026-03-01T10:00:00.123456Z".into(), Some(1_772_359_200)),
            ("2026-03-01T13:00:00+03:00".into(), Some(1_772_359_200)),
            ("2026-03-01T10:00:00".into(), Some(1_772_359_200)),
            ("2026-03-01 10:00:00".into(), Some(1_772_359_200)),
            ("yesterday".into(), None),
            ("".into(), None),
            (serde_json::json!(-1), None),
            (serde_json::json!(1.5), None),
            (serde_json::json!(1e300), None),
            (Value::Null, None),
            (serde_json::json!([1]), None),
        ] {
            assert_eq!(seconds(&value), expected, "{value}");
        }
    }
}
