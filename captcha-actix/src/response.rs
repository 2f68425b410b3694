use actix_web::HttpResponse;
use actix_web::body::MessageBody;
use actix_web::http::StatusCode;

/// A response in the types of the `http` crate's current version, as actix-web sends it.
pub(crate) fn convert(response: http::Response<impl MessageBody + 'static>) -> HttpResponse {
    let (head, body) = response.into_parts();
    let mut converted = HttpResponse::build(convert_status(head.status));
    for (name, value) in &head.headers {
        converted.insert_header((name.as_str(), value.as_bytes()));
    }
    converted.body(body)
}

pub(crate) fn convert_status(status: http::StatusCode) -> StatusCode {
    StatusCode::from_u16(status.as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
