use std::convert::Infallible;

use bytes::Bytes;
use futures_util::{FutureExt, stream};
use multer::Multipart;

use super::FoundFields;

/// Forms have fewer parts; tiny parts cost far more to walk than their bytes.
const MAX_PARTS: usize = 1_000;

/// Looks for the fields in a `multipart/form-data` body, which is walked to its end so that one
/// that breaks off is noticed before anything is verified.
pub(super) fn scan(content_type: &[u8], body: &Bytes, found: &mut FoundFields<'_>) {
    let boundary = std::str::from_utf8(content_type)
        .ok()
        .and_then(|text| multer::parse_boundary(text).ok());
    let Some(boundary) = boundary else {
        found.mark_broken();
        return;
    };
    // The stream is always ready, so the walk never waits.
    let walked = walk(boundary, body.clone(), found).now_or_never();
    if !matches!(walked, Some(Ok(()))) {
        found.mark_broken();
    }
}

async fn walk(boundary: String, body: Bytes, found: &mut FoundFields<'_>) -> multer::Result<()> {
    let body = stream::once(async { Ok::<_, Infallible>(body) });
    let mut multipart = Multipart::new(body, boundary);
    let mut parts = 0;
    while let Some(field) = multipart.next_field().await? {
        parts += 1;
        if parts > MAX_PARTS || found.has_conflict() {
            found.mark_broken();
            break;
        }
        let Some(name) = field.name().filter(|name| found.wants(name)) else {
            continue;
        };
        let name = name.to_owned();
        match String::from_utf8(field.bytes().await?.into()) {
            Ok(text) => found.record(&name, text),
            Err(_) => found.record_not_text(&name),
        }
    }
    Ok(())
}
