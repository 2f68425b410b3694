use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use captcha_core::gate::{BodyPlan, Clearance, FoundFields, Gate, Rejection};
use captcha_core::verify::Pass;
use rocket::http::Status;
use rocket::{Data, Request};

use crate::body::buffer;
use crate::head::Head;

/// What became of a body on its way through the gate.
pub(crate) enum Admitted<'r, V, E> {
    /// It was read: the gate's outcome, and the value or why there is none.
    Read {
        outcome: Result<Pass, Rejection>,
        value: Result<V, (Status, E)>,
    },
    /// It is of a type this guard is not for, and was left alone.
    Forward(Box<Data<'r>>, Status),
    /// There is nothing to go on with.
    Refused(Rejection),
}

/// The gate in managed state.
pub(crate) fn gate_of<'r>(request: &'r Request<'_>) -> Result<&'r Gate, Rejection> {
    request.rocket().state::<Gate>().ok_or_else(|| {
        tracing::error!("{}", crate::fairing::MISSING);
        Rejection::unavailable(Duration::from_secs(60))
    })
}

/// Passes this request was given, by whichever gates.
#[derive(Default)]
struct Clearances(Mutex<Vec<Clearance>>);

/// The pass of a request that this gate has cleared before.
pub(crate) fn cleared(gate: &Gate, request: &Request<'_>) -> Option<Pass> {
    let clearances = request.local_cache(Clearances::default);
    let clearances = clearances.0.lock().unwrap_or_else(PoisonError::into_inner);
    let mut passes = clearances
        .iter()
        .filter_map(|clearance| clearance.for_gate(gate));
    passes.next().cloned()
}

fn remember(gate: &Gate, request: &Request<'_>, outcome: &Result<Pass, Rejection>) {
    if let Ok(pass) = outcome {
        let clearances = request.local_cache(Clearances::default);
        let mut clearances = clearances.0.lock().unwrap_or_else(PoisonError::into_inner);
        clearances.push(gate.clear(pass.clone()));
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
    remember(gate, request, &outcome);
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
    remember(gate, request, &outcome);
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
    let body = buffer(data, limit).await?;
    let outcome = match plan {
        Ok(BodyPlan::Skip) => verify(gate, request, None).await,
        Ok(BodyPlan::Read { .. }) => verify(gate, request, Some(&body)).await,
        Err(rejection) => Err(rejection),
    };
    Ok((body, outcome))
}
