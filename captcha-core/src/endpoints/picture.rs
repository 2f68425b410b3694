use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, header};

use super::{Endpoints, respond};
use crate::render::Format;

impl Endpoints {
    /// `name` is an id or, for a cell, an id and a number.
    pub(super) async fn picture(&self, name: &str, format: Format) -> Response<Bytes> {
        let manager = &self.inner.manager;
        let rendered = match name.split_once('.') {
            None => manager.render(name, format).await,
            Some((id, cell)) => {
                // What is no number is no cell either.
                let cell = cell.parse().unwrap_or_default();
                manager.render_cell(id, format, cell).await
            }
        };
        let rendered = match rendered {
            Ok(rendered) => rendered,
            Err(error) => return respond::failure(&error),
        };
        let content_type = rendered.format.content_type();
        let mut response = respond::ok(Bytes::from(rendered.bytes), content_type);
        // A picture belongs to the page of the same site, and none of its formats is a document.
        for (name, value) in [
            (
                HeaderName::from_static("cross-origin-resource-policy"),
                "same-site",
            ),
            (
                header::CONTENT_SECURITY_POLICY,
                "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            ),
        ] {
            let value = HeaderValue::from_static(value);
            response.headers_mut().insert(name, value);
        }
        response
    }
}
