use actix_web::dev::HttpServiceFactory;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use captcha_core::endpoints::Endpoints;
use captcha_core::gate::PeerAddr;

use crate::body::buffer;
use crate::rejection::respond;
use crate::response::convert;

/// The routes of a self-hosted captcha, under the prefix of the endpoints. Add them to an app
/// with `.service(…)`, outside any [`CaptchaMiddleware`](crate::CaptchaMiddleware).
#[must_use]
pub fn routes(endpoints: Endpoints) -> impl HttpServiceFactory + 'static {
    let path = format!("{}/{{segment}}", endpoints.prefix());
    web::resource(path).to(move |request: HttpRequest, payload: web::Payload| {
        let endpoints = endpoints.clone();
        async move { handle(&endpoints, &request, payload).await }
    })
}

async fn handle(
    endpoints: &Endpoints,
    request: &HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let body = match buffer(payload.into_inner(), Endpoints::MAX_BODY_BYTES).await {
        Ok(body) => body,
        Err(rejection) => return respond(rejection),
    };
    let Some(request) = convert_request(request, body) else {
        return HttpResponse::BadRequest().finish();
    };
    convert(endpoints.handle(request).await)
}

/// The request in the types of the `http` crate's current version.
fn convert_request(request: &HttpRequest, body: Bytes) -> Option<http::Request<Bytes>> {
    let mut converted = http::Request::builder()
        .method(request.method().as_str())
        .uri(request.uri().to_string());
    for (name, value) in request.headers() {
        converted = converted.header(name.as_str(), value.as_bytes());
    }
    if let Some(peer) = request.peer_addr() {
        converted = converted.extension(PeerAddr(peer.ip()));
    }
    converted.body(body).ok()
}
