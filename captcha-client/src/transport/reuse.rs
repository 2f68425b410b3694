//! One connection where one is enough.
//!
//! A connection is back in the pool a few microseconds after its answer has been read. A request
//! that starts in between finds the pool empty and has a second one opened, which stays. So where
//! a connection is on its way back, a request waits a moment before it asks for another, and does
//! without once it has left over the old one.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use tokio::sync::Notify;
use tower_layer::Layer;
use tower_service::Service;

/// Longer than a connection takes back into the pool on a busy machine, shorter than a TLS
/// handshake across an ocean.
const GRACE: Duration = Duration::from_millis(50);

type BoxError = Box<dyn std::error::Error + Send + Sync>;

tokio::task_local! {
    /// Woken when the request of this task is on its way.
    static ON_ITS_WAY: Arc<Notify>;
}

/// When a connection last became free.
#[derive(Debug, Clone, Default)]
pub(super) struct Reuse {
    finished: Arc<Mutex<Option<Instant>>>,
}

impl Reuse {
    /// Sends a request in such a way that its connector knows when it is on its way.
    pub(super) async fn send(
        &self,
        body: Bytes,
        request: reqwest::RequestBuilder,
    ) -> reqwest::Result<reqwest::Response> {
        let on_its_way = Arc::new(Notify::new());
        let body = Watched {
            body: Full::new(body),
            on_its_way: Arc::clone(&on_its_way),
        };
        // This body cannot be sent twice: a client that follows redirects has none to carry along.
        let request = request.body(reqwest::Body::wrap(body));
        ON_ITS_WAY.scope(on_its_way, request.send()).await
    }

    /// An answer has been read to its end.
    pub(super) fn finished(&self, keeps_alive: bool) {
        let now = keeps_alive.then(Instant::now);
        *self.lock() = now;
    }

    /// Whether a connection may be on its way back.
    fn expects_one(&self) -> bool {
        self.lock()
            .is_some_and(|finished| finished.elapsed() < GRACE)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.finished.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Layer<S> for Reuse {
    type Service = Patient<S>;

    fn layer(&self, connector: S) -> Patient<S> {
        Patient {
            connector,
            reuse: self.clone(),
        }
    }
}

/// A connector that waits before it connects.
#[derive(Debug, Clone)]
pub(super) struct Patient<S> {
    connector: S,
    reuse: Reuse,
}

impl<S, T> Service<T> for Patient<S>
where
    S: Service<T, Error = BoxError> + Clone + Send + 'static,
    S::Future: Send,
    T: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(cx)
    }

    fn call(&mut self, target: T) -> Self::Future {
        // The service that was polled ready is the one to be called.
        let fresh = self.connector.clone();
        let mut connector = std::mem::replace(&mut self.connector, fresh);
        let on_its_way = ON_ITS_WAY.try_with(Arc::clone).ok();
        let on_its_way = on_its_way.filter(|_| self.reuse.expects_one());
        Box::pin(async move {
            if let Some(on_its_way) = on_its_way {
                let waited = tokio::time::timeout(GRACE, on_its_way.notified()).await;
                if waited.is_ok() {
                    return Err("not needed: the request is on its way".into());
                }
            }
            connector.call(target).await
        })
    }
}

/// A request body that tells when it is being sent.
struct Watched {
    body: Full<Bytes>,
    on_its_way: Arc<Notify>,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.on_its_way.notify_one();
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
