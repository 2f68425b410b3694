//! Clients for hosted captcha providers.
//!
//! Each client asks its provider whether a token is good and is a
//! [`Verifier`](captcha_core::verify::Verifier), so it goes straight into a gate:
//!
#![cfg_attr(feature = "gkcaptcha", doc = "```no_run")]
#![cfg_attr(not(feature = "gkcaptcha"), doc = "```ignore")]
//! use captcha_client::GkCaptchaClient;
//! use captcha_core::gate::Gate;
//!
//! # fn main() -> Result<(), captcha_core::ConfigError> {
//! // GKCAPTCHA_SECRET_KEY and GKCAPTCHA_SITE_KEY
//! let gate = Gate::new(GkCaptchaClient::from_env()?);
//! # Ok(()) }
//! ```
//!
//! # What an answer means
//!
//! | class | what it is | what the caller gets |
//! |---|---|---|
//! | passed | the provider vouches for the token | [`Verdict::Passed`](captcha_core::verify::Verdict) |
//! | refused | the token is missing, wrong, spent, expired, foreign, or its code is unknown | [`Verdict::Refused`](captcha_core::verify::Verdict) |
//! | misconfigured | bad secret, bad site key, disabled site, a redirect, a 4xx that cannot be read, a certificate that cannot be trusted (with rustls) | `INVALID_CONFIG` |
//! | unavailable | connection failure, 5xx and 429, each after the retries; 408, a 2xx that cannot be read | `NETWORK_ERROR`, `INVALID_RESPONSE` |
//! | too slow | no answer within the timeout | `TIMEOUT` |
//!
//! Only *unavailable* is subject to the [`FailMode`](captcha_core::verify::FailMode): what a
//! visitor can bring about with a token of their choice must not let them in.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `gkcaptcha` | yes | [`GkCaptchaClient`] |
//! | `turnstile` | no | [`TurnstileClient`], for Cloudflare Turnstile |
//! | `hcaptcha` | no | [`HCaptchaClient`] |
//! | `recaptcha-v2`, `recaptcha-v3` | no | [`RecaptchaV2Client`], [`RecaptchaV3Client`] |
//! | `recaptcha-enterprise` | no | [`RecaptchaEnterpriseClient`] |
//! | `friendlycaptcha-v1`, `friendlycaptcha-v2` | no | [`FriendlyCaptchaV1Client`], [`FriendlyCaptchaV2Client`] |
//! | `cap` | no | [`CapClient`], for Cap Standalone |
//! | `mcaptcha` | no | [`MCaptchaClient`] |
//! | `prosopo` | no | [`ProsopoClient`] |
//! | `captchafox` | no | [`CaptchaFoxClient`] |
//! | `mtcaptcha` | no | [`MtCaptchaClient`] |
//! | `yandex-smartcaptcha` | no | [`YandexSmartCaptchaClient`] |
//! | `geetest-v4` | no | [`GeeTestV4Client`] |
//! | `private-captcha` | no | [`PrivateCaptchaClient`] |
//! | `altcha-sentinel` | no | [`AltchaSentinelClient`] |
//! | `siteverify` | no | [`SiteverifyClient`], for any endpoint that answers as reCAPTCHA's |
//! | `all-providers` | no | all of these |
//! | `rustls` | yes | TLS by rustls; without it, give the client a `reqwest::Client` of your own |
//! | `blocking` | no | [`blocking`] clients for code without a runtime |
//!
//! A feature is also the provider's name for [`from_env`], and in capitals the prefix of its
//! variables: `HCAPTCHA_SECRET_KEY`, `HCAPTCHA_SITE_KEY` and, for other base URLs of the API and of
//! the widget, `HCAPTCHA_API_URL` and `HCAPTCHA_WIDGET_URL`.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(feature = "all-providers"),
    allow(
        dead_code,
        unused_imports,
        unreachable_pub,
        unused_macros,
        rustdoc::broken_intra_doc_links,
        reason = "what is used depends on the providers that are on; with all of them, everything"
    )
)]

mod answer;
#[cfg(feature = "blocking")]
pub mod blocking;
pub mod hosted;
mod keys;
mod options;
pub mod providers;
mod trace;
mod transport;
mod visitor;
mod widget;

use captcha_core::ConfigError;

pub use hosted::{AnyClient, HostedClient};
pub use options::VerifyOptions;
pub use providers::clients::*;
pub use widget::{Snippet, Widget};

/// A client of the provider that `CAPTCHA_PROVIDER` names, with the keys in that provider's
/// variables. Short for [`AnyClient::from_env`].
///
/// # Errors
///
/// [`ConfigError`] names the variable that is missing or cannot be used.
pub fn from_env() -> Result<AnyClient, ConfigError> {
    AnyClient::from_env()
}
