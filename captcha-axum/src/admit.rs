use axum::BoxError;
use bytes::Bytes;
use captcha_core::gate::{BodyPlan, Clearance, Gate, Rejection};
use captcha_core::verify::Pass;
use http::Request;
use http_body::Body;

use crate::body::buffer;
use crate::head::Head;

/// Takes a request through the gate, once: one that this gate has cleared before passes.
///
/// The request comes back whole in either case, so that a page can show what was typed. `Err`
/// means that the body could not be read and there is nothing to go on with.
pub(crate) async fn admit<B>(
    gate: &Gate,
    request: Request<B>,
) -> Result<(Request<B>, Result<Pass, Rejection>), Rejection>
where
    B: Body<Data = Bytes> + From<Bytes>,
    B::Error: Into<BoxError>,
{
    let (mut head, body) = request.into_parts();
    let cleared = head.extensions.get::<Clearance>();
    if let Some(pass) = cleared
        .and_then(|clearance| clearance.for_gate(gate))
        .cloned()
    {
        return Ok((Request::from_parts(head, body), Ok(pass)));
    }
    let (body, outcome) = match gate.plan(&Head(&head)) {
        Err(rejection) => (body, Err(rejection)),
        Ok(BodyPlan::Skip) => {
            let outcome = gate.check(&Head(&head), None).await;
            (body, outcome)
        }
        Ok(BodyPlan::Read { limit }) => {
            let bytes = buffer(body, limit).await?;
            let outcome = gate.check(&Head(&head), Some(&bytes)).await;
            (B::from(bytes), outcome)
        }
    };
    if let Ok(pass) = &outcome {
        head.extensions.insert(gate.clear(pass.clone()));
    }
    Ok((Request::from_parts(head, body), outcome))
}
