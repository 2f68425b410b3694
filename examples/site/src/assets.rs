use bytes::Bytes;
use http::{HeaderValue, Response, header};

use crate::Reply;

const CSS: &str = include_str!("../assets/site.css");
const JS: &str = include_str!("../assets/site.js");

/// A file under `/assets/`, by its name.
pub(crate) fn asset(name: &str) -> Option<Reply> {
    let (content_type, content) = match name {
        "site.css" => ("text/css; charset=utf-8", CSS),
        "site.js" => ("text/javascript; charset=utf-8", JS),
        _ => return None,
    };
    let mut reply = Response::new(Bytes::from_static(content.as_bytes()));
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    let fresh = HeaderValue::from_static("max-age=300");
    headers.insert(header::CACHE_CONTROL, fresh);
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    Some(reply)
}
