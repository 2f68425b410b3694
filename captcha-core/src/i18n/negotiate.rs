//! Choosing a locale (RFC 9110, section 12.5.4; RFC 4647, lookup).

/// Longer headers are read to here. Browsers send a tenth of it.
const LONGEST: usize = 1024;

/// The first available locale for the most wanted language that has one.
///
/// `fr-CA` finds `fr-CA`, then `fr`; languages with a quality of 0 are not wanted. What cannot be
/// read is passed over.
pub(super) fn negotiate<'a>(
    languages: &str,
    available: impl Iterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    let end = languages.char_indices().nth(LONGEST).map(|(end, _)| end);
    let languages = end
        .and_then(|end| languages.get(..end))
        .unwrap_or(languages);
    let mut best: Option<(u16, &'a str)> = None;
    for range in languages.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let tag = parts.next().unwrap_or_default();
        let wanted = parts.find_map(quality).unwrap_or(1000);
        // Of equals the first counts.
        if wanted == 0 || best.is_some_and(|(best, _)| best >= wanted) {
            continue;
        }
        if let Some(locale) = lookup(tag, available.clone()) {
            best = Some((wanted, locale));
        }
    }
    best.map(|(_, locale)| locale)
}

fn lookup<'a>(tag: &str, mut available: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let mut tag = tag;
    loop {
        if let Some(locale) = available
            .clone()
            .find(|locale| locale.eq_ignore_ascii_case(tag))
        {
            return Some(locale);
        }
        match tag.rsplit_once(['-', '_']) {
            Some((shorter, _)) => tag = shorter,
            // A region's variant is better than another language: `pt` finds `pt-BR`.
            None => {
                return available.find(|locale| {
                    let language = locale.split('-').next().unwrap_or_default();
                    language.eq_ignore_ascii_case(tag)
                });
            }
        }
    }
}

/// `q=0.8` in thousandths.
fn quality(parameter: &str) -> Option<u16> {
    let value = parameter
        .strip_prefix("q=")
        .or(parameter.strip_prefix("Q="))?;
    let value: f32 = value.trim().parse().ok()?;
    let thousandths = (value.clamp(0.0, 1.0) * 1000.0).round();
    // A number from 0 to 1000; not a number becomes 0.
    Some(thousandths as u16)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chosen(languages: &str) -> Option<&'static str> {
        negotiate(languages, ["en", "de", "fr", "pt-BR", "ar"].into_iter())
    }

    #[test]
    fn the_most_wanted_language_that_is_there() {
        for (languages, expected) in [
            ("de", Some("de")),
            ("DE-at", Some("de")),
            ("de_CH", Some("de")),
            ("sv, fr;q=0.5, de;q=0.9", Some("de")),
            ("fr, de", Some("fr")),
            ("fr;q=0, de;q=0.1", Some("de")),
            ("pt", Some("pt-BR")),
            ("pt-PT", Some("pt-BR")),
            ("zh-Hant-TW", None),
            ("*", None),
            ("", None),
            ("und", None),
            (";q=1", None),
            ("de;q=abc", Some("de")),
            ("de;q=NaN", None),
            ("de;q=-1,fr;q=99", Some("fr")),
            ("ar-EG;x=1;q=0.3", Some("ar")),
        ] {
            assert_eq!(chosen(languages), expected, "{languages}");
        }
        assert_eq!(chosen(&format!("{},de", "xx,".repeat(10_000))), None);
    }

    proptest! {
        #[test]
        fn atk_41_any_header_leads_somewhere(languages: String) {
            let _ = chosen(&languages);
        }
    }
}
