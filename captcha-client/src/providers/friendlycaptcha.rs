//! What the versions of Friendly Captcha have in common.

use crate::visitor;

/// Where the provider's widgets are published.
pub(super) const JSDELIVR: &str = "https://cdn.jsdelivr.net";

/// Until the captcha is solved, the field holds a word behind a dot. One of them claims that the
/// provider is out of reach, which is the visitor's word only.
pub(super) fn is_token(token: &str) -> bool {
    !token.starts_with('.') && visitor::is_token(token)
}
