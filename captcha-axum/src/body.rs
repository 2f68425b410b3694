use axum::BoxError;
use bytes::{Bytes, BytesMut};
use captcha_core::gate::{Gate, Rejection};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError};

/// Reads a body to its end, up to the limit. One that came in one piece is not copied; of several
/// none is kept, since each pins the buffer it was read into.
pub(crate) async fn buffer<B>(body: B, limit: usize) -> Result<Bytes, Rejection>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let mut body = std::pin::pin!(body);
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    loop {
        let piece = match body.frame().await {
            None => break,
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
            Some(Err(error)) => return Err(broken(&*error.into())),
        };
        if piece.len() > limit.saturating_sub(first.len().max(all.len())) {
            drop((first, all));
            linger(body).await;
            return Err(Rejection::body_too_large());
        }
        if first.is_empty() && all.is_empty() {
            first = piece;
            continue;
        }
        if all.is_empty() {
            all.extend_from_slice(&std::mem::take(&mut first));
        }
        all.extend_from_slice(&piece);
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

/// Throws away what still comes in of a refused body, within bounds, so that the client gets to
/// read the answer.
pub(crate) async fn linger<B: Body<Data = Bytes>>(body: B) {
    let mut body = std::pin::pin!(body);
    let mut left = Gate::LINGER_BYTES;
    while let Some(Ok(frame)) = body.frame().await {
        let size = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(size) {
            Some(rest) => left = rest,
            None => break,
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
