//! What the client's tests share.

#![allow(dead_code, unused_imports, reason = "each test binary uses a part")]

#[cfg(feature = "gkcaptcha")]
mod gkcaptcha;
mod logs;

use captcha_client::hosted::Provider;
use captcha_client::providers;
#[cfg(feature = "recaptcha-enterprise")]
use captcha_client::providers::RecaptchaEnterprise;
#[cfg(feature = "siteverify")]
use captcha_client::providers::Siteverify;
use captcha_core::verify::{Verdict, Verifier, VerifyError, VerifyErrorKind, VerifyRequest};

#[cfg(feature = "gkcaptcha")]
pub(crate) use gkcaptcha::{builder, client};
pub(crate) use logs::Logs;

pub(crate) const SECRET: &str = "sk_live_0123456789abcdef";
pub(crate) const SITE_KEY: &str = "pk_live_fedcba9876543210";
pub(crate) const TOKEN: &str = "tok_0123456789abcdef";
pub(crate) const PASS: &str = r#"{"success":true,"score":0.15,"timestamp":1700000000}"#;
pub(crate) const REFUSAL: &str =
    r#"{"success":false,"error":"Token expired","reasonCode":"token_expired"}"#;

/// The provider of this name, with the settings that it cannot do without.
pub(crate) fn provider(name: &str) -> Box<dyn Provider> {
    match name {
        #[cfg(feature = "recaptcha-enterprise")]
        "recaptcha-enterprise" => Box::new(RecaptchaEnterprise::in_project("my-project")),
        #[cfg(feature = "siteverify")]
        "siteverify" => Box::new(Siteverify::in_field("my-response")),
        name => providers::named(name).unwrap(),
    }
}

/// Asks without the fail mode.
pub(crate) async fn ask(verifier: &impl Verifier) -> Result<Verdict, VerifyError> {
    verifier.verify(&VerifyRequest::token(TOKEN)).await
}

/// The class of an outcome, as the vectors call it.
pub(crate) fn class(outcome: &Result<Verdict, VerifyError>) -> &'static str {
    match outcome {
        Ok(Verdict::Passed(_)) => "ok",
        Ok(Verdict::Refused(_)) => "bad_token",
        Err(error) if error.kind() == VerifyErrorKind::InvalidConfig => "misconfigured",
        Err(error) if error.kind().is_unavailable() => "unavailable",
        Err(error) if error.kind() == VerifyErrorKind::Timeout => "timeout",
        // An outage behind a rule, which lets nobody in.
        Err(error) if error.kind() == VerifyErrorKind::RuleUndecided => "unavailable",
        Err(_) => "?",
    }
}

/// What an error says, with everything underneath.
pub(crate) fn told(error: &VerifyError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
