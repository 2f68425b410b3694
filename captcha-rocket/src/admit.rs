use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use captcha_core::gate::{BodyPlan, Clearances, FoundFields, Gate, Rejection};
use captcha_core::verify::Pass;
use rocket::{Data, Request};

use crate::body::{buffer, linger};
use crate::head::Head;

/// The gate in managed state.
pub(crate) fn gate_of<'r>(request: &'r Request<'_>) -> Result<&'r Gate, Rejection> {
    request.rocket().state::<Gate>().ok_or_else(|| {
        rocket::error!("{}", crate::fairing::MISSING);
        Rejection::unavailable(Duration::from_secs(60))
    })
}

/// The passes this request was given, by whichever gates.
#[derive(Default)]
struct Cleared(Mutex<Clearances>);

fn clearances<'r>(request: &'r Request<'_>) -> MutexGuard<'r, Clearances> {
    let cleared = request.local_cache(Cleared::default);
    cleared.0.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The pass of a request that this gate has cleared before.
pub(crate) fn cleared(gate: &Gate, request: &Request<'_>) -> Option<Pass> {
    clearances(request).of(gate).cloned()
}

fn note(gate: &Gate, request: &Request<'_>, outcome: &Result<Pass, Rejection>) {
    if let Ok(pass) = outcome {
        clearances(request).note(gate, pass.clone());
    }
}

/// Takes a request through the gate, once: one that this gate has cleared before passes.
pub(crate) async fn verify(
    gate: &Gate,
    request: &Request<'_>,
    body: Option<&Bytes>,
) -> Result<Pass, Rejection> {
    if let Some(pass) = cleared(gate, request) {
        return Ok(pass);
    }
    let outcome = gate.check(&Head(request), body).await;
    note(gate, request, &outcome);
    outcome
}

/// [`verify`] with fields that were observed while Rocket read the body.
pub(crate) async fn verify_fields(
    gate: &Gate,
    request: &Request<'_>,
    fields: FoundFields<'static>,
) -> Result<Pass, Rejection> {
    if let Some(pass) = cleared(gate, request) {
        return Ok(pass);
    }
    let head = Head(request);
    let outcome = match gate.submit(&head, fields) {
        Ok(submission) => gate.verify(&submission).await,
        Err(rejection) => Err(rejection),
    };
    note(gate, request, &outcome);
    outcome
}

/// Reads a body up to the limit and takes the request through the gate with it.
///
/// `Err` means that the body could not be read.
pub(crate) async fn buffer_and_verify(
    gate: &Gate,
    request: &Request<'_>,
    data: Data<'_>,
    limit: u64,
) -> Result<(Bytes, Result<Pass, Rejection>), Rejection> {
    let plan = match cleared(gate, request) {
        Some(_) => Ok(BodyPlan::Skip),
        None => gate.plan(&Head(request)),
    };
    let plan = match plan {
        Err(rejection) if rejection.is_of_body() => {
            linger(data).await;
            return Err(rejection);
        }
        plan => plan,
    };
    let body = buffer(data, limit).await?;
    let outcome = match plan {
        Ok(BodyPlan::Skip) => verify(gate, request, None).await,
        Ok(BodyPlan::Read { .. }) => verify(gate, request, Some(&body)).await,
        Err(rejection) => Err(rejection),
    };
    Ok((body, outcome))
}
