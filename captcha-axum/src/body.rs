use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::Request;
use axum::{BoxError, RequestExt};
use bytes::Bytes;
use captcha_core::gate::{BodyBuffer, Linger, Rejection};
use http_body::{Body as HttpBody, Frame};
use http_body_util::BodyExt;

/// Reads a body to its end, up to the limit.
pub(crate) async fn buffer<B>(body: B, limit: usize) -> Result<Bytes, Rejection>
where
    B: HttpBody<Data = Bytes>,
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
pub(crate) async fn linger<B: HttpBody<Data = Bytes>>(body: B) {
    let mut body = std::pin::pin!(body);
    let mut linger = Linger::new();
    while let Some(Ok(frame)) = body.frame().await {
        if !linger.goes_on_after(frame.data_ref().map_or(0, Bytes::len)) {
            break;
        }
    }
}

/// What the route's `DefaultBodyLimit` is, in bytes; the largest number where it is disabled.
///
/// axum tells it to those only who let it wrap their body, and a wrapped body cannot be read on
/// after a refusal. So it wraps one of unknown size, which then says how much is let through.
pub(crate) fn default_limit(request: &mut Request) -> usize {
    let mut probe = Request::new(Body::new(Unknown));
    std::mem::swap(request.extensions_mut(), probe.extensions_mut());
    let mut probe = probe.with_limited_body();
    std::mem::swap(request.extensions_mut(), probe.extensions_mut());
    let limit = probe.body().size_hint().upper().unwrap_or(u64::MAX);
    usize::try_from(limit).unwrap_or(usize::MAX)
}

/// A body of which nothing is known, and that is never read.
struct Unknown;

impl HttpBody for Unknown {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }
}

fn broken(error: &dyn std::error::Error) -> Rejection {
    tracing::debug!(%error, "the request body broke off");
    Rejection::missing_token()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::extract::DefaultBodyLimit;
    use axum::routing::post;
    use tower::ServiceExt;

    use super::*;

    async fn limit_behind(router: Router) -> String {
        let request = Request::post("/").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn the_limit_of_a_route_is_known() {
        let tell = async |mut request: Request| default_limit(&mut request).to_string();
        let router = || Router::new().route("/", post(tell));
        assert_eq!(limit_behind(router()).await, "2097152");
        let larger = router().layer(DefaultBodyLimit::max(5_000_000));
        assert_eq!(limit_behind(larger).await, "5000000");
        let disabled = router().layer(DefaultBodyLimit::disable());
        assert_eq!(limit_behind(disabled).await, usize::MAX.to_string());
    }
}
