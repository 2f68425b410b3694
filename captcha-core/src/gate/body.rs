use bytes::Bytes;

use super::{FoundFields, Rejection, RequestHead, json, multipart, urlencoded};

/// What an adapter does with the body before it calls the gate again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum BodyPlan {
    /// The head says everything; leave the body alone.
    Skip,
    /// Buffer the body, up to this many bytes after unpacking.
    Read {
        /// The largest body to accept, in bytes.
        limit: usize,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    UrlEncoded,
    Json,
    Multipart,
}

/// A token in the head needs no body. Forms and JSON are read all the same, to refuse a second,
/// different token; uploads are not, so that a large one with its token in the head can be
/// streamed.
pub(super) fn plan(
    head: &(impl RequestHead + ?Sized),
    has_token: bool,
    limit: usize,
) -> Result<BodyPlan, Rejection> {
    let kind = kind(head);
    let readable = is_readable(head);
    match kind {
        None if !has_token => return Err(Rejection::missing_token()),
        None => return Ok(BodyPlan::Skip),
        Some(kind) if has_token && (kind == Kind::Multipart || !readable) => {
            return Ok(BodyPlan::Skip);
        }
        Some(_) if !readable => return Err(Rejection::unsupported_encoding()),
        Some(_) => {}
    }
    let declared = head
        .header("content-length")
        .and_then(|value| std::str::from_utf8(value).ok()?.trim().parse::<u64>().ok());
    if declared.is_some_and(|length| usize::try_from(length).map_or(true, |n| n > limit)) {
        return Err(Rejection::body_too_large());
    }
    Ok(BodyPlan::Read { limit })
}

/// Searches a body for the fields, in the way its content type says. Other types hold none.
pub(crate) fn scan<'a>(
    head: &'a (impl RequestHead + ?Sized),
    body: &'a Bytes,
    found: &mut FoundFields<'a>,
) {
    match kind(head) {
        Some(Kind::UrlEncoded) => urlencoded::scan(body, found),
        Some(Kind::Json) => json::scan(body, found),
        Some(Kind::Multipart) => {
            let content_type = head.header("content-type").unwrap_or_default();
            multipart::scan(content_type, body, found);
        }
        None => {}
    }
}

fn kind(head: &(impl RequestHead + ?Sized)) -> Option<Kind> {
    let content_type = head.header("content-type")?;
    let essence = content_type.split(|byte| *byte == b';').next()?;
    let essence = essence.trim_ascii();
    if essence.eq_ignore_ascii_case(b"application/x-www-form-urlencoded") {
        Some(Kind::UrlEncoded)
    } else if essence.eq_ignore_ascii_case(b"multipart/form-data") {
        Some(Kind::Multipart)
    } else if essence.eq_ignore_ascii_case(b"application/json") {
        Some(Kind::Json)
    } else {
        let (head, suffix) = essence.split_at_checked(essence.len().checked_sub(5)?)?;
        let is_json = head.len() > b"application/".len()
            && head.get(..12)?.eq_ignore_ascii_case(b"application/")
            && suffix.eq_ignore_ascii_case(b"+json");
        is_json.then_some(Kind::Json)
    }
}

/// At most one coding, and one the adapter unpacks: nothing unpacks several in a row.
fn is_readable(head: &(impl RequestHead + ?Sized)) -> bool {
    let mut readable = true;
    let mut codings = 0;
    head.each_header("content-encoding", &mut |value| {
        for coding in value.split(|byte| *byte == b',') {
            let coding = String::from_utf8_lossy(coding.trim_ascii()).to_ascii_lowercase();
            if coding.is_empty() || coding == "identity" {
                continue;
            }
            codings += 1;
            readable &= head.unpacks(&coding);
        }
    });
    readable && codings <= 1
}
