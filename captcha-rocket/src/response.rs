use std::io::Cursor;

use rocket::Response;
use rocket::http::Status;

/// A response in the types of the `http` crate, as Rocket sends it.
pub(crate) fn convert<B>(response: http::Response<B>) -> Response<'static>
where
    B: AsRef<[u8]> + Unpin + Send + 'static,
{
    let (head, body) = response.into_parts();
    let mut converted = Response::build();
    converted.status(Status::new(head.status.as_u16()));
    for (name, value) in &head.headers {
        // Rocket's Shield sets this one, and warns where it finds it set.
        if *name == http::header::X_CONTENT_TYPE_OPTIONS {
            continue;
        }
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        converted.raw_header(name.as_str().to_owned(), value);
    }
    converted.sized_body(body.as_ref().len(), Cursor::new(body));
    converted.finalize()
}
