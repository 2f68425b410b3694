use std::pin::Pin;
use std::task::{Context, Poll};

use axum::BoxError;
use bytes::Bytes;
use captcha_core::gate::Gate;
use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use crate::admit::admit;

/// Protects everything inside it: requests reach the inner service only through the gate.
///
/// GET, HEAD and OPTIONS pass untouched. It works on any tower service of requests whose body
/// can be made from bytes, axum's routers among them. Handlers read the pass with
/// [`Verified`](crate::Verified).
///
/// It knows nothing of a `DefaultBodyLimit` further inside: the gate's own limit applies. A token
/// in the head leaves a multipart or binary body unread, so that it can be streamed.
///
/// ```
/// use axum::{Router, routing::post};
/// use captcha_axum::{CaptchaLayer, Gate};
///
/// fn app(gate: Gate) -> Router {
///     Router::new()
///         .route("/comment", post(|| async { "thank you" }))
///         .layer(CaptchaLayer::new(gate))
/// }
/// ```
#[derive(Debug, Clone)]
pub struct CaptchaLayer {
    gate: Gate,
}

impl CaptchaLayer {
    /// A layer that lets requests through this gate.
    #[must_use]
    pub const fn new(gate: Gate) -> Self {
        Self { gate }
    }
}

impl<S> Layer<S> for CaptchaLayer {
    type Service = CaptchaService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CaptchaService {
            inner,
            gate: self.gate.clone(),
        }
    }
}

/// The service that a [`CaptchaLayer`] makes.
#[derive(Debug, Clone)]
pub struct CaptchaService<S> {
    inner: S,
    gate: Gate,
}

impl<S, B, R> Service<Request<B>> for CaptchaService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + From<Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    R: From<String>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The service that was polled ready is the one that has to be called.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        if captcha_core::gate::is_safe(request.method().as_str()) {
            return Box::pin(inner.call(request));
        }
        let gate = self.gate.clone();
        Box::pin(async move {
            match admit(&gate, request, usize::MAX).await {
                Ok((request, Ok(_))) => inner.call(request).await,
                Ok((_, Err(rejection))) | Err(rejection) => Ok(rejection.into_response()),
            }
        })
    }
}
