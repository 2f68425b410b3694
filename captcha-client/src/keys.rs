//! Checks on the operator's keys, when a client is built.

use captcha_core::ConfigError;
use secrecy::{ExposeSecret, SecretString};

/// Secrets that providers publish for tests. Whoever has one can make tokens that pass.
const PUBLISHED_SECRETS: [&str; 6] = [
    // Turnstile: always passes, always fails, already spent.
    "1x0000000000000000000000000000000AA",
    "2x0000000000000000000000000000000AA",
    "3x0000000000000000000000000000000AA",
    // hCaptcha.
    "0x0000000000000000000000000000000000000000",
    // reCAPTCHA v2.
    "6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe",
    // CaptchaFox.
    "ok_11111111000000001111111100000000",
];

/// What documentation and templates write in place of a key, in lower case.
const PLACEHOLDERS: [&str; 8] = [
    "...",
    "xxxx",
    "your_",
    "your-",
    "changeme",
    "change_me",
    "change-me",
    "placeholder",
];

/// A secret that can be one, without the white space around it.
pub(crate) fn secret(setting: &'static str, value: &str) -> Result<SecretString, ConfigError> {
    let value = checked(setting, value)?;
    if PUBLISHED_SECRETS.contains(&value) {
        return Err(ConfigError::new(setting, "is a provider's public test key"));
    }
    Ok(SecretString::from(value))
}

/// A site key that can be one, without the white space around it.
pub(crate) fn site_key(setting: &'static str, value: &str) -> Result<String, ConfigError> {
    checked(setting, value).map(str::to_owned)
}

fn checked<'a>(setting: &'static str, value: &'a str) -> Result<&'a str, ConfigError> {
    let value = value.trim();
    if value.is_empty() {
        return Err(ConfigError::new(setting, "is empty"));
    }
    if !value.bytes().all(|byte| byte.is_ascii_graphic()) || value.starts_with('<') {
        return Err(ConfigError::new(setting, "has characters that no key has"));
    }
    let lower = value.to_ascii_lowercase();
    if PLACEHOLDERS
        .iter()
        .any(|placeholder| lower.contains(placeholder))
    {
        return Err(ConfigError::new(setting, "is a placeholder, not a key"));
    }
    Ok(value)
}

/// Removes a secret, and a visitor's token, from text of a provider's, which may repeat either.
///
/// The text is also cut to a length that fits a log line.
pub(crate) fn scrubbed(text: &str, secret: &SecretString, token: &str) -> String {
    const LONGEST: usize = 200;
    let mut text = text.replace(secret.expose_secret(), "[secret]");
    // A short token could be part of any word.
    if token.len() >= 8 {
        text = text.replace(token, "[token]");
    }
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('\u{2026}');
    }
    text
}

#[cfg(test)]
mod tests {
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
        ];
        for bad in bad {
            assert!(secret("secret_key", bad).is_err(), "{bad:?}");
        }
        for good in ["sk_live_abc123", "sk_test_abc", " sk_live_abc\n"] {
            let secret = secret("secret_key", good).ok();
            assert!(secret.is_some_and(|s| s.expose_secret() == good.trim()));
        }
    }

    #[test]
    fn atk_24_published_test_secrets_are_refused() {
        for published in PUBLISHED_SECRETS {
            assert!(secret("secret_key", published).is_err(), "{published}");
        }
    }

    #[test]
    fn text_of_a_provider_is_scrubbed() {
        let secret = SecretString::from("sk_live_abc");
        let said = scrubbed("no sk_live_abc for token-12345", &secret, "token-12345");
        assert_eq!(said, "no [secret] for [token]");
        assert_eq!(
            scrubbed(&"\u{e9}".repeat(500), &secret, "t")
                .chars()
                .count(),
            201
        );
    }
}
