use std::sync::Once;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::any;
use captcha_core::endpoints::Endpoints;
use captcha_core::gate::PeerAddr;

use crate::body::buffer;
use crate::head::peer;
use crate::rejection::respond;

/// The routes of a self-hosted captcha, under the prefix of the endpoints. Merge them into a
/// router, outside any [`CaptchaLayer`](crate::CaptchaLayer).
pub fn routes<S: Clone + Send + Sync + 'static>(endpoints: Endpoints) -> Router<S> {
    let path = format!("{}/{{segment}}", endpoints.prefix());
    let handler = move |request: Request| {
        let endpoints = endpoints.clone();
        async move { handle(&endpoints, request).await }
    };
    Router::new().route(&path, any(handler))
}

async fn handle(endpoints: &Endpoints, request: Request) -> Response {
    let (mut head, body) = request.into_parts();
    match peer(&head) {
        Some(peer) => drop(head.extensions.insert(PeerAddr(peer))),
        None => warn_of_unknown_peer(),
    }
    match buffer(body, Endpoints::MAX_BODY_BYTES).await {
        Ok(body) => {
            let request = http::Request::from_parts(head, body);
            endpoints.handle(request).await.map(Body::from)
        }
        Err(rejection) => respond(rejection),
    }
}

fn warn_of_unknown_peer() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing::warn!(
            "client addresses are unknown, so all visitors share one rate limit: serve the router \
             with into_make_service_with_connect_info::<SocketAddr>()"
        );
    });
}
