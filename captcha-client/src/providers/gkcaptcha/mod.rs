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
mod scopes;

/// gkCAPTCHA (gatekeeper.sa). An outage lets visitors in unless `fail_closed` is set, as in the
/// provider's SDKs.
#[derive(Debug, Clone, Copy, Default)]
pub struct GkCaptcha;
