//! Checks on the operator's keys, when a client is built.

use captcha_core::ConfigError;
use secrecy::SecretString;

/// Keys that providers publish for tests and demonstrations. Whoever has one can make tokens that
/// pass, for any client that uses it.
const PUBLISHED: [&str; 21] = [
    // Turnstile: always passes, always fails, already spent; and the sites that belong to them.
    "1x0000000000000000000000000000000AA",
    "2x0000000000000000000000000000000AA",
    "3x0000000000000000000000000000000AA",
    "1x00000000000000000000AA",
    "2x00000000000000000000AB",
    "1x00000000000000000000BB",
    "2x00000000000000000000BB",
    "3x00000000000000000000FF",
    // hCaptcha.
    "0x0000000000000000000000000000000000000000",
    "10000000-ffff-ffff-ffff-000000000001",
    "20000000-ffff-ffff-ffff-000000000002",
    "30000000-ffff-ffff-ffff-000000000003",
    // reCAPTCHA v2.
    "6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe",
    "6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ_MXjiZKhI",
    // CaptchaFox.
    "ok_11111111000000001111111100000000",
    "sk_11111111000000001111111100000000",
    // GeeTest.
    "b09a7aafbfd83f73b35a9b530d0337bf",
    "647f5ed2ed8acb4be36784e01556bb71",
    // Private Captcha.
    "aaaaaaaabbbbccccddddeeeeeeeeeeee",
    PROSOPO_TEST_SITES[0],
    PROSOPO_TEST_SITES[1],
];

/// Site keys whose tokens Prosopo vouches for, or refuses, without looking at them.
pub(crate) const PROSOPO_TEST_SITES: [&str; 2] = [
    "5EARALUe4HXQwKo5KanZSGGKqJV4VTaytpezFwv8ZHbZewmh",
    "5ETtechmZkn3CUVeJX7Z511oiuiu742aHLm91D5ZZw4fqoAG",
];

/// What documentation and templates write in place of a key, in lower case.
const PLACEHOLDERS: [&str; 7] = [
    "...",
    "your_",
    "your-",
    "changeme",
    "change_me",
    "change-me",
    "placeholder",
];

/// What keys begin with, in lower case. Longer ones first.
const PREFIXES: [&str; 10] = [
    "sk_live_", "pk_live_", "sk_test_", "pk_test_", "sec_", "key_", "sk_", "pk_", "ok_", "pc_",
];

/// What a variable holds that was never set, in lower case.
const NOTHINGS: [&str; 6] = ["null", "nil", "none", "undefined", "todo", "tbd"];

/// A secret that can be one, without the white space around it.
pub(crate) fn secret(
    setting: &'static str,
    value: &str,
    allow_test_keys: bool,
) -> Result<SecretString, ConfigError> {
    unpublished(setting, value, allow_test_keys).map(SecretString::from)
}

/// A site key that can be one, without the white space around it.
pub(crate) fn site_key(
    setting: &'static str,
    value: &str,
    allow_test_keys: bool,
) -> Result<String, ConfigError> {
    unpublished(setting, value, allow_test_keys).map(str::to_owned)
}

fn unpublished<'a>(
    setting: &'static str,
    value: &'a str,
    allow_test_keys: bool,
) -> Result<&'a str, ConfigError> {
    let trimmed = value.trim();
    match PUBLISHED.contains(&trimmed) {
        true if allow_test_keys => Ok(trimmed),
        true => Err(ConfigError::new(setting, "is a provider's public test key")),
        false => checked(setting, value),
    }
}

fn checked<'a>(setting: &'static str, value: &'a str) -> Result<&'a str, ConfigError> {
    let value = value.trim();
    if value.is_empty() {
        return Err(ConfigError::new(setting, "is empty"));
    }
    let strange = |byte: u8| !byte.is_ascii_graphic() || b"<>{}$%\"'`\\".contains(&byte);
    if value.bytes().any(strange) {
        return Err(ConfigError::new(setting, "has characters that no key has"));
    }
    let lower = value.to_ascii_lowercase();
    // `sk_live_`, and nothing or the same character again and again behind it.
    let prefix = PREFIXES
        .iter()
        .find_map(|prefix| lower.strip_prefix(prefix));
    let own = prefix.unwrap_or(&lower).as_bytes();
    let repeats = own.windows(2).all(|pair| pair.first() == pair.last()) && own.len() != 1;
    if repeats
        || NOTHINGS.contains(&lower.as_str())
        || PLACEHOLDERS
            .iter()
            .any(|placeholder| lower.contains(placeholder))
    {
        return Err(ConfigError::new(setting, "is a placeholder, not a key"));
    }
    Ok(value)
}

/// As many characters in a row of a secret are taken for a part of it.
const TELLTALE: usize = 8;

/// The same for what a visitor sent as proof. It is the visitor's choice, and a short one is a word
/// that codes are made of, too.
const TELLTALE_OF_A_PROOF: usize = 16;

/// A secret this short is hidden where all of it is there.
const SHORT: usize = 4;

/// Removes whatever looks like a part of the secret, or of what a visitor sent as proof, from text
/// of a provider's, which may repeat either. The text is also cut to a length that fits a log line,
/// and loses its control characters.
pub(crate) fn scrubbed(text: &str, secret: &str, proof: &[&str]) -> String {
    const LONGEST: usize = 200;
    let end = text.char_indices().nth(LONGEST).map(|(end, _)| end);
    let cut = end.and_then(|end| text.get(..end)).unwrap_or(text);
    // Lower case of ASCII only: places stay the same.
    let lower = cut.to_ascii_lowercase();
    let mut part_of = vec![false; lower.len()];
    let mut hide = |hidden: &str, telltale: usize| {
        let hidden = hidden.to_ascii_lowercase();
        for (start, window) in lower.as_bytes().windows(telltale).enumerate() {
            if std::str::from_utf8(window).is_ok_and(|window| hidden.contains(window)) {
                for place in part_of.iter_mut().skip(start).take(telltale) {
                    *place = true;
                }
            }
        }
    };
    hide(secret, secret.len().clamp(SHORT, TELLTALE));
    for proof in proof {
        hide(proof, TELLTALE_OF_A_PROOF);
    }
    let mut clean = String::new();
    let mut inside = false;
    for (place, character) in cut.char_indices() {
        let hidden = part_of.get(place) == Some(&true);
        if hidden && !inside {
            clean.push_str("[hidden]");
        } else if !hidden {
            clean.push(if character.is_control() {
                ' '
            } else {
                character
            });
        }
        inside = hidden;
    }
    if end.is_some() {
        clean.push('\u{2026}');
    }
    clean
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn atk_16_secrets_that_are_none_are_refused() {
        let bad = [
            "",
            " ",
            "\t\n",
            "sk_live_...",
            "your_secret_key",
            "YOUR-SECRET-KEY",
            "changeme",
            "<secret>",
            "xxxxxxxx",
            "sk_live_a b",
            "sk_live_\u{e9}",
            "sk\0",
            "${SECRET}",
            "$SECRET",
            "{{secret}}",
            "%SECRET%",
            "null",
            "None",
            "undefined",
            "TODO",
            "sk_live_",
            "sk_live_xxx",
            "sk_live_***",
        ];
        for bad in bad {
            assert!(secret("secret_key", bad, true).is_err(), "{bad:?}");
        }
        for good in [
            "sk_live_abc123",
            "sk_test_abc",
            " sk_live_abc\n",
            "secret",
            "sk_live_x",
        ] {
            let secret = secret("secret_key", good, false).ok();
            assert!(secret.is_some_and(|s| s.expose_secret() == good.trim()));
        }
    }

    /// Keys of random letters are none of these, also where they end in the odd character.
    #[test]
    fn keys_of_random_letters_are_keys() {
        for good in [
            "6LcABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghij_",
            "6LcABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh_aa",
            "0x4AAAAAAA-abcdefghijk__",
            "AIzaSyA1234567890abcdefghijklmnopqrs_-_",
            "sk_live_abc_",
            "pc_aab",
        ] {
            assert!(secret("secret_key", good, false).is_ok(), "{good}");
        }
    }

    #[test]
    fn atk_24_published_test_secrets_are_refused() {
        for published in PUBLISHED {
            assert!(
                secret("secret_key", published, false).is_err(),
                "{published}"
            );
            assert!(secret("secret_key", published, true).is_ok(), "{published}");
        }
    }

    #[test]
    fn text_of_a_provider_is_scrubbed() {
        let proof = ["tok_0123456789xyz", "invalid-token"];
        let clean = |text: &str| scrubbed(text, "sk_live_0123456789abcdef", &proof);
        for (text, expected) in [
            ("no sk_live_0123456789abcdef here", "no [hidden] here"),
            ("SK_LIVE_0123456789ABCDEF", "[hidden]"),
            ("ends in 89abcdef, sir", "ends in [hidden], sir"),
            ("sk_live_0123456789abcde", "[hidden]"),
            ("\u{e9}tok_0123456789xyz\u{e9}", "\u{e9}[hidden]\u{e9}"),
            ("plain words", "plain words"),
            ("invalid-token", "invalid-token"),
            ("a\nb\u{1b}[2J", "a b [2J"),
            ("", ""),
        ] {
            assert_eq!(clean(text), expected);
        }
        assert_eq!(clean(&"\u{e9}".repeat(500)).chars().count(), 201);
        assert_eq!(scrubbed("no sk_a", "sk_a", &["t", ""]), "no [hidden]");
        assert_eq!(scrubbed("no sk_", "sk_", &[]), "no sk_");
    }
}
