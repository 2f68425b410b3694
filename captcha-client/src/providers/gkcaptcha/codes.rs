//! The provider's three vocabularies of failure: the SDKs' `reasonCode`, the codes of the API
//! page, and the `error_codes` of the verification page.

use crate::answer::Class;

/// The class of a code, if the provider documents it.
pub(super) fn class(code: &str) -> Option<Class> {
    Some(match code {
        "missing_token"
        | "invalid_token"
        | "invalid_signature"
        | "token_expired"
        | "token_already_used"
        | "binding_mismatch"
        | "site_key_mismatch"
        | "domain_mismatch"
        | "missing-input-response"
        | "invalid-input-response"
        | "timeout-or-duplicate" => Class::BadToken,
        "invalid_site_key"
        | "invalid_secret"
        | "site_disabled"
        | "missing-input-secret"
        | "invalid-input-secret"
        | "bad-request" => Class::Misconfigured,
        "internal_error" | "rate_limited" => Class::Unavailable,
        _ => return None,
    })
}
