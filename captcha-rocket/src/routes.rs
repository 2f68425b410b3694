use bytes::Bytes;
use captcha_core::endpoints::Endpoints;
use captcha_core::gate::PeerAddr;
use rocket::http::{Method, Status};
use rocket::route::{Handler, Outcome};
use rocket::{Data, Request, Route};

use crate::body::buffer;
use crate::rejection::response;
use crate::response::convert;

/// The routes of a self-hosted captcha. Mount them at the prefix of the endpoints.
#[must_use]
pub fn routes(endpoints: Endpoints) -> Vec<Route> {
    [
        Method::Get,
        Method::Post,
        Method::Put,
        Method::Patch,
        Method::Delete,
    ]
    .into_iter()
    .map(|method| {
        let handler = EndpointsHandler(endpoints.clone());
        let mut route = Route::new(method, "/<segment>", handler);
        route.name = Some("captcha".into());
        route
    })
    .collect()
}

#[derive(Clone)]
struct EndpointsHandler(Endpoints);

#[rocket::async_trait]
impl Handler for EndpointsHandler {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        let limit = u64::try_from(Endpoints::MAX_BODY_BYTES).unwrap_or(u64::MAX);
        let body = match buffer(data, limit).await {
            Ok(body) => body,
            Err(rejection) => return Outcome::Success(response(rejection)),
        };
        let Some(request) = convert_request(request, body) else {
            return Outcome::Error(Status::BadRequest);
        };
        Outcome::Success(convert(self.0.handle(request).await))
    }
}

/// The request in the types of the `http` crate. A header it cannot hold is left out.
fn convert_request(request: &Request<'_>, body: Bytes) -> Option<http::Request<Bytes>> {
    let mut converted = http::Request::builder()
        .method(request.method().as_str())
        .uri(request.uri().to_string());
    for header in request.headers().iter() {
        let value = http::HeaderValue::from_bytes(header.value().as_bytes());
        if let Ok(value) = value {
            converted = converted.header(header.name().as_str(), value);
        }
    }
    if let Some(peer) = request.remote() {
        converted = converted.extension(PeerAddr(peer.ip()));
    }
    converted.body(body).ok()
}
