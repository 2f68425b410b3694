use std::borrow::Cow;
use std::fmt;

/// Why a verifier refused, in words a program can compare.
///
/// Codes that providers share have a variant each; any other is kept as [`Other`](Self::Other).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReasonCode {
    /// No token was sent.
    MissingToken,
    /// The token is malformed, unknown, spent, or expired, and the verifier does not say which.
    InvalidToken,
    /// The answer to a self-hosted challenge is wrong, or the challenge is unknown, expired,
    /// spent or out of tries: one code for all, so that a bot learns nothing from it.
    InvalidAnswer,
    /// The token's signature does not fit.
    InvalidSignature,
    /// The token is too old.
    TokenExpired,
    /// The token was used before.
    TokenAlreadyUsed,
    /// The token belongs to another visitor (address or user agent differ).
    BindingMismatch,
    /// The token was solved for another site key.
    SiteKeyMismatch,
    /// The token was solved on a host that is not allowed.
    HostnameMismatch,
    /// The token was solved for another action.
    ActionMismatch,
    /// The risk score is above the allowed maximum.
    ScoreTooHigh,
    /// A risk score is required, and the answer has none.
    ScoreMissing,
    /// A code without a variant here, as the provider spells it.
    Other(Cow<'static, str>),
}

impl ReasonCode {
    const KNOWN: [Self; 12] = [
        Self::MissingToken,
        Self::InvalidToken,
        Self::InvalidAnswer,
        Self::InvalidSignature,
        Self::TokenExpired,
        Self::TokenAlreadyUsed,
        Self::BindingMismatch,
        Self::SiteKeyMismatch,
        Self::HostnameMismatch,
        Self::ActionMismatch,
        Self::ScoreTooHigh,
        Self::ScoreMissing,
    ];

    /// The code as text, for example `token_expired`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Other(code) => code,
            known => known.name(),
        }
    }

    /// The code as it may be shown to a client.
    ///
    /// A provider's unknown code is text from outside: anything but 1 to 64 characters of
    /// `[A-Za-z0-9_-]` becomes `captcha_refused`.
    #[must_use]
    pub fn public(&self) -> Cow<'static, str> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        match self {
            Self::Other(code) if (1..=64).contains(&code.len()) && code.bytes().all(plain) => {
                code.clone()
            }
            other => Cow::Borrowed(other.name()),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::MissingToken => "missing_token",
            Self::InvalidToken => "invalid_token",
            Self::InvalidAnswer => "invalid_answer",
            Self::InvalidSignature => "invalid_signature",
            Self::TokenExpired => "token_expired",
            Self::TokenAlreadyUsed => "token_already_used",
            Self::BindingMismatch => "binding_mismatch",
            Self::SiteKeyMismatch => "site_key_mismatch",
            Self::HostnameMismatch => "hostname_mismatch",
            Self::ActionMismatch => "action_mismatch",
            Self::ScoreTooHigh => "score_too_high",
            Self::ScoreMissing => "score_missing",
            Self::Other(_) => "captcha_refused",
        }
    }
}

impl From<&str> for ReasonCode {
    fn from(code: &str) -> Self {
        Self::KNOWN
            .into_iter()
            .find(|known| known.name() == code)
            .unwrap_or_else(|| Self::Other(Cow::Owned(code.to_owned())))
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_codes_survive_a_round_trip() {
        for code in ReasonCode::KNOWN {
            assert_eq!(ReasonCode::from(code.as_str()), code);
        }
    }

    #[test]
    fn unknown_text_is_kept_but_not_shown_unless_it_is_plain() {
        assert_eq!(ReasonCode::from("odd-code").public(), "odd-code");
        for hostile in ["", "<script>", "a b", "\u{e4}", &"x".repeat(65)] {
            let code = ReasonCode::from(hostile);
            assert_eq!(code.as_str(), hostile);
            assert_eq!(code.public(), "captcha_refused");
        }
    }
}
