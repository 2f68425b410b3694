use axum::BoxError;
use bytes::Bytes;
use captcha_core::gate::{BodyPlan, Clearances, Gate, Rejection};
use captcha_core::verify::Pass;
use http::Request;
use http::request::Parts;
use http_body::Body;

use crate::body::{buffer, linger};
use crate::head::Head;

/// Takes a request through the gate, once: one that this gate has cleared before passes.
///
/// `most` is how much the route reads at most, in bytes, where that is less than the gate does.
///
/// The request comes back whole in either case, so that a page can show what was typed. `Err`
/// means that the body cannot be read and there is nothing to go on with.
pub(crate) async fn admit<B>(
    gate: &Gate,
    request: Request<B>,
    most: usize,
) -> Result<(Request<B>, Result<Pass, Rejection>), Rejection>
where
    B: Body<Data = Bytes> + From<Bytes>,
    B::Error: Into<BoxError>,
{
    let (mut head, body) = request.into_parts();
    if let Some(pass) = cleared(gate, &head) {
        return Ok((Request::from_parts(head, body), Ok(pass)));
    }
    let (body, outcome) = match gate.plan(&Head(&head)) {
        Err(rejection) if rejection.is_of_body() => {
            linger(body).await;
            return Err(rejection);
        }
        Err(rejection) => (body, Err(rejection)),
        Ok(BodyPlan::Skip) => {
            let outcome = gate.check(&Head(&head), None).await;
            (body, outcome)
        }
        Ok(BodyPlan::Read { limit }) => {
            let bytes = buffer(body, limit.min(most)).await?;
            let outcome = gate.check(&Head(&head), Some(&bytes)).await;
            (B::from(bytes), outcome)
        }
    };
    if let Ok(pass) = &outcome {
        note(gate, &mut head, pass);
    }
    Ok((Request::from_parts(head, body), outcome))
}

/// The pass of a request that this gate has cleared before.
pub(crate) fn cleared(gate: &Gate, head: &Parts) -> Option<Pass> {
    let clearances = head.extensions.get::<Clearances>()?;
    clearances.of(gate).cloned()
}

/// Notes on the request that this gate has cleared it.
pub(crate) fn note(gate: &Gate, head: &mut Parts, pass: &Pass) {
    let clearances = head.extensions.get_or_insert_default::<Clearances>();
    clearances.note(gate, pass.clone());
}
