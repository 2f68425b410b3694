use axum::BoxError;
use bytes::Bytes;
use captcha_core::gate::{BodyBuffer, Linger, Rejection};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError};

/// Reads a body to its end, up to the limit.
pub(crate) async fn buffer<B>(body: B, limit: usize) -> Result<Bytes, Rejection>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let mut body = std::pin::pin!(body);
    let mut buffer = BodyBuffer::new(limit);
    loop {
        let piece = match body.frame().await {
            None => return Ok(buffer.finish()),
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
            Some(Err(error)) => return Err(broken(&*error.into())),
        };
        if let Err(rejection) = buffer.push(piece) {
            linger(body).await;
            return Err(rejection);
        }
    }
}

/// Throws away what still comes in of a refused body.
pub(crate) async fn linger<B: Body<Data = Bytes>>(body: B) {
    let mut body = std::pin::pin!(body);
    let mut linger = Linger::new();
    while let Some(Ok(frame)) = body.frame().await {
        if !linger.goes_on_after(frame.data_ref().map_or(0, Bytes::len)) {
            break;
        }
    }
}

/// Past axum's `DefaultBodyLimit` a body breaks off too, for a reason further down.
fn broken(error: &(dyn std::error::Error + 'static)) -> Rejection {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return Rejection::body_too_large();
        }
        cause = error.source();
    }
    tracing::debug!(%error, "the request body broke off");
    Rejection::missing_token()
}
