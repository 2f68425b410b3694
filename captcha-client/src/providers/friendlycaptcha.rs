//! What the versions of Friendly Captcha have in common.

use captcha_core::verify::{Credential, ReasonCode};

use crate::visitor;

/// Where the provider's widgets are published.
pub(super) const JSDELIVR: &str = "https://cdn.jsdelivr.net";

/// Until the captcha is solved, the field holds a word behind a dot. One of them claims that the
/// provider is out of reach, which is the visitor's word only.
pub(super) fn objection(credential: &Credential<'_>) -> Option<ReasonCode> {
    match credential.token() {
        Some(token) if token.is_empty() || token.starts_with('.') => Some(ReasonCode::MissingToken),
        Some(token) if visitor::is_token(token) => None,
        _ => Some(ReasonCode::InvalidToken),
    }
}
