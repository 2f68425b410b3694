use axum::BoxError;
use bytes::Bytes;
use captcha_core::gate::Rejection;
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// Reads a body to its end, up to the limit. One that came in one piece is not copied.
pub(crate) async fn buffer<B>(body: B, limit: usize) -> Result<Bytes, Rejection>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if is_too_large(&*error) => Err(Rejection::body_too_large()),
        Err(error) => {
            tracing::debug!(%error, "the request body broke off");
            Err(Rejection::missing_token())
        }
    }
}

/// The gate's limit and axum's `DefaultBodyLimit` report alike, the latter further down.
fn is_too_large(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return true;
        }
        cause = error.source();
    }
    false
}
