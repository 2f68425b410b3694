//! Clients for hosted captcha providers.
//!
//! Each client asks its provider whether a token is good and is a
//! [`Verifier`](captcha_core::verify::Verifier), so it goes straight into a gate:
//!
//! ```no_run
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
//! | `rustls` | yes | TLS by rustls; without it, give the client a `reqwest::Client` of your own |
//! | `blocking` | no | [`blocking::GkCaptchaClient`] for code without a runtime |

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(any(feature = "gkcaptcha", feature = "turnstile")),
    allow(
        dead_code,
        unused_imports,
        reason = "the transport serves providers only"
    )
)]

mod answer;
#[cfg(feature = "blocking")]
pub mod blocking;
#[cfg(feature = "gkcaptcha")]
pub mod gkcaptcha;
pub mod hosted;
mod keys;
mod options;
#[cfg(feature = "turnstile")]
mod siteverify;
#[cfg(all(test, feature = "turnstile"))]
mod siteverify_properties;
mod trace;
mod transport;
#[cfg(feature = "turnstile")]
pub mod turnstile;
mod visitor;
mod widget;

#[cfg(feature = "gkcaptcha")]
pub use gkcaptcha::GkCaptchaClient;
pub use hosted::HostedClient;
pub use options::VerifyOptions;
#[cfg(feature = "turnstile")]
pub use turnstile::TurnstileClient;
pub use widget::Widget;
