use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::{HttpMessage, HttpRequest, web};
use captcha_core::gate::{BodyPlan, Clearance, Gate, Rejection, RequestHead};
use captcha_core::verify::Pass;

use crate::body::{buffer, unpack};
use crate::head::Head;

/// The gate in `app_data`.
pub(crate) fn gate_of(request: &HttpRequest) -> Result<Gate, Rejection> {
    let shared = || {
        request
            .app_data::<web::Data<Gate>>()
            .map(|gate| gate.get_ref())
    };
    let gate = request.app_data::<Gate>().or_else(shared);
    gate.cloned().ok_or_else(|| {
        tracing::error!(
            path = request.path(),
            "no captcha gate is configured: add `.app_data(gate.clone())` with a \
             captcha_actix::Gate to the App or scope of this route"
        );
        Rejection::unavailable(Duration::from_secs(60))
    })
}

/// The pass of a request that this gate has cleared before.
pub(crate) fn cleared(gate: &Gate, request: &HttpRequest) -> Option<Pass> {
    let extensions = request.extensions();
    let clearance = extensions.get::<Clearance>()?;
    clearance.for_gate(gate).cloned()
}

/// Takes a request through the gate, once: one that this gate has cleared before passes.
///
/// The body comes back whole in either case, so that a page can show what was typed. `Err` means
/// that it could not be read and there is nothing to go on with.
pub(crate) async fn admit(
    gate: &Gate,
    request: &HttpRequest,
    payload: Payload,
) -> Result<(Payload, Result<Pass, Rejection>), Rejection> {
    if let Some(pass) = cleared(gate, request) {
        return Ok((payload, Ok(pass)));
    }
    let head = Head(request);
    let (payload, outcome) = match gate.plan(&head) {
        Err(rejection) => (payload, Err(rejection)),
        Ok(BodyPlan::Skip) => {
            let outcome = gate.check(&head, None).await;
            (payload, outcome)
        }
        Ok(BodyPlan::Read { limit }) => {
            let bytes = buffer(payload, limit).await?;
            let coding = head.header("content-encoding").unwrap_or_default();
            let coding = String::from_utf8_lossy(coding.trim_ascii()).to_ascii_lowercase();
            let outcome = match unpack(&bytes, &coding, limit) {
                Ok(unpacked) => gate.check(&head, Some(&unpacked)).await,
                Err(rejection) => return Err(rejection),
            };
            (Payload::from(bytes), outcome)
        }
    };
    if let Ok(pass) = &outcome {
        request.extensions_mut().insert(gate.clear(pass.clone()));
    }
    Ok((payload, outcome))
}
