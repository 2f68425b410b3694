use std::borrow::Cow;

use super::FoundFields;

/// Looks for the fields in an `application/x-www-form-urlencoded` body.
///
/// Only pairs whose name can be one of ours are decoded; a long value of another field is
/// skipped as raw bytes.
pub(super) fn scan<'a>(body: &'a [u8], found: &mut FoundFields<'a>) {
    for pair in body.split(|byte| *byte == b'&') {
        if found.has_conflict() {
            return;
        }
        let raw_name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
        let encoded = raw_name.iter().any(|byte| matches!(byte, b'%' | b'+'));
        if !encoded && !found.names().is_plain(raw_name) {
            continue;
        }
        let name = decode_name(raw_name);
        if found.wants(&name)
            && let Some((_, value)) = form_urlencoded::parse(pair).next()
        {
            found.record(&name, value);
        }
    }
}

fn decode_name(raw: &[u8]) -> Cow<'_, str> {
    form_urlencoded::parse(raw)
        .next()
        .map_or(Cow::Borrowed(""), |(name, _)| name)
}
