//! gkCAPTCHA (gatekeeper.sa).
//!
//! The documentation and the provider's own SDKs disagree about requests and answers. The client
//! sends what either wants and understands both: the nested answers of the documentation
//! (`{"success":true,"data":{"verified":…}}`) and the flat ones of the SDKs
//! (`{"success":…,"reasonCode":…}`).

mod answer;
#[cfg(test)]
mod answer_properties;
mod builder;
mod client;
mod codes;
mod failures;
mod request;
mod scopes;

#[cfg(feature = "blocking")]
pub(crate) use builder::sealed;
pub use builder::{Build, GkCaptchaClientBuilder};
pub use client::GkCaptchaClient;
