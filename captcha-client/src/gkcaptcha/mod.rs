//! gkCAPTCHA (gatekeeper.sa).
//!
//! The documentation and the provider's own SDKs disagree about requests and answers. The client
//! sends what either wants and understands both: the nested answers of the documentation
//! (`{"success":true,"data":{"verified":…}}`) and the flat ones of the SDKs
//! (`{"success":…,"reasonCode":…}`).

mod answer;
#[cfg(test)]
mod answer_properties;
mod codes;
mod failures;
mod protocol;
mod request;
mod scopes;

use crate::hosted::{HostedClient, HostedClientBuilder};

/// gkCAPTCHA. Its keys are in `GKCAPTCHA_SECRET_KEY` and `GKCAPTCHA_SITE_KEY`, another base URL in
/// `GKCAPTCHA_API_URL`; its widget fills the form field `captchaToken`.
#[derive(Debug, Clone, Copy, Default)]
pub struct GkCaptcha;

/// Asks gkCAPTCHA whether a token is good.
pub type GkCaptchaClient = HostedClient<GkCaptcha>;

/// Sets up a [`GkCaptchaClient`] or a blocking one.
pub type GkCaptchaClientBuilder<C = GkCaptchaClient> = HostedClientBuilder<C>;
