use std::rc::Rc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::{HttpMessage, HttpRequest, web};
use captcha_core::gate::{BodyPlan, Clearances, Gate, Rejection, RequestHead};
use captcha_core::verify::Pass;
use futures_util::lock::Mutex;

use crate::body::{buffer, linger, unpack};
use crate::head::Head;

/// The gate in `app_data`, of the innermost scope that has one.
pub(crate) fn gate_of(request: &HttpRequest) -> Result<Gate, Rejection> {
    let missing = "no captcha gate is configured: add `.app_data(gate.clone())` with a \
        captcha_actix::Gate to the App or scope of this route";
    // Two kinds of gate in nested scopes would leave open which one is nearer.
    let wrapped = "a captcha gate is wrapped in `web::Data`: add it as `.app_data(gate.clone())`";
    let problem = match request.app_data::<Gate>() {
        _ if request.app_data::<web::Data<Gate>>().is_some() => wrapped,
        Some(gate) => return Ok(gate.clone()),
        None => missing,
    };
    tracing::error!(path = request.path(), "{problem}");
    Err(Rejection::unavailable(Duration::from_secs(60)))
}

/// Lets one extractor of a request into the gate at a time. actix-web polls the extractors of a
/// handler together, and two of them would spend one token twice.
#[derive(Clone, Default)]
struct Turn(Rc<Mutex<()>>);

fn turn(request: &HttpRequest) -> Turn {
    let mut extensions = request.extensions_mut();
    if let Some(turn) = extensions.get::<Turn>() {
        return turn.clone();
    }
    let turn = Turn::default();
    extensions.insert(turn.clone());
    turn
}

/// The pass of a request that this gate has cleared before.
fn cleared(gate: &Gate, request: &HttpRequest) -> Option<Pass> {
    let extensions = request.extensions();
    let clearances = extensions.get::<Clearances>()?;
    clearances.of(gate).cloned()
}

/// Notes on the request that this gate has cleared it, if it has.
fn note(gate: &Gate, request: &HttpRequest, outcome: &Result<Pass, Rejection>) {
    let Ok(pass) = outcome else { return };
    let mut extensions = request.extensions_mut();
    let mut clearances = extensions.remove::<Clearances>().unwrap_or_default();
    clearances.note(gate, pass.clone());
    extensions.insert(clearances);
}

/// Takes a request's head through the gate, once.
pub(crate) async fn admit_head(gate: &Gate, request: &HttpRequest) -> Result<Pass, Rejection> {
    let turn = turn(request);
    let _turn = turn.0.lock().await;
    if let Some(pass) = cleared(gate, request) {
        return Ok(pass);
    }
    let outcome = gate.check(&Head(request), None).await;
    note(gate, request, &outcome);
    outcome
}

/// Takes a request through the gate, once: one that this gate has cleared before passes.
///
/// The body comes back whole in either case, so that a page can show what was typed. `Err` means
/// that it cannot be read and there is nothing to go on with.
pub(crate) async fn admit(
    gate: &Gate,
    request: &HttpRequest,
    payload: Payload,
) -> Result<(Payload, Result<Pass, Rejection>), Rejection> {
    let turn = turn(request);
    let _turn = turn.0.lock().await;
    if let Some(pass) = cleared(gate, request) {
        return Ok((payload, Ok(pass)));
    }
    let head = Head(request);
    let (payload, outcome) = match gate.plan(&head) {
        Err(rejection) if rejection.is_of_body() => {
            linger(payload).await;
            return Err(rejection);
        }
        Err(rejection) => (payload, Err(rejection)),
        Ok(BodyPlan::Skip) => {
            let outcome = gate.check(&head, None).await;
            (payload, outcome)
        }
        Ok(BodyPlan::Read { limit }) => {
            let bytes = buffer(payload, limit).await?;
            let coding = head.header("content-encoding").unwrap_or_default();
            let coding = String::from_utf8_lossy(coding.trim_ascii()).to_ascii_lowercase();
            let unpacked = unpack(&bytes, &coding, limit)?;
            let outcome = gate.check(&head, Some(&unpacked)).await;
            (Payload::from(bytes), outcome)
        }
    };
    note(gate, request, &outcome);
    Ok((payload, outcome))
}
