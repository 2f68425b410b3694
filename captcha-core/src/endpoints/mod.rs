//! The HTTP endpoints of a self-hosted captcha, written once over [`http`] types.
//!
//! | route | does |
//! |---|---|
//! | `POST /new` | issues a challenge: `{"id","prompt","image_url","audio_url","cell_urls","expires_in"}` |
//! | `GET /{id}.png` (`.svg`, `.wav`) | renders it, a bounded number of times |
//! | `GET /{id}.{cell}.png` (`.svg`) | renders one cell of a grid, from 1, for clients that draw buttons |
//! | `POST /verify` | `id` and `answer` as form or JSON: `{"ok":true,"token","expires_in"}` or `{"ok":false,"attempts_left"}` |
//! | `DELETE /{id}` | discards it |
//!
//! Nothing in a request sets a size, a length or a difficulty. Failures are problem documents:
//! 404 `challenge_not_found`, 410 `challenge_expired`, 429 `too_many_attempts` and
//! `rate_limited`, 503 `captcha_unavailable`.

mod answer;
mod builder;
mod new;
mod picture;
mod respond;

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};

pub use builder::EndpointsBuilder;

use crate::gate::{ClientAddress, FieldNames, Rejection};
use crate::manager::CaptchaManager;
use crate::render::Format;
use respond::problem;

/// Serves the endpoints of one [`CaptchaManager`].
///
/// Adapters mount it under [`prefix`](Self::prefix); it looks only at the last segment of a
/// path, so it does not matter whether the prefix was stripped. Cheap to clone.
#[derive(Clone)]
pub struct Endpoints {
    inner: Arc<Inner>,
}

struct Inner {
    manager: CaptchaManager,
    prefix: String,
    address: ClientAddress,
    answer_fields: Arc<FieldNames>,
}

impl Endpoints {
    /// The largest request body the endpoints read, in bytes. Adapters answer 413 past it.
    pub const MAX_BODY_BYTES: usize = 8 * 1024;

    /// Endpoints under `/captcha`, with the socket peer as client address.
    #[must_use]
    pub fn new(manager: CaptchaManager) -> Self {
        EndpointsBuilder::new(manager).assemble()
    }

    /// Endpoints whose prefix and proxies are set.
    pub fn builder(manager: CaptchaManager) -> EndpointsBuilder {
        EndpointsBuilder::new(manager)
    }

    /// The path under which they are served, `/captcha` unless set.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.inner.prefix
    }

    /// The manager behind them.
    #[must_use]
    pub fn manager(&self) -> &CaptchaManager {
        &self.inner.manager
    }

    /// The URL path of a challenge in a format, for pages that embed it themselves.
    #[must_use]
    pub fn url(&self, id: &str, format: Format) -> String {
        format!("{}/{id}.{format}", self.inner.prefix)
    }

    /// The URL path of one cell of a grid, numbered from 1.
    #[must_use]
    pub fn cell_url(&self, id: &str, cell: usize, format: Format) -> String {
        format!("{}/{id}.{cell}.{format}", self.inner.prefix)
    }

    /// Answers one request. The socket peer is taken from a [`PeerAddr`](crate::gate::PeerAddr)
    /// extension; the body has to be complete and at most
    /// [`MAX_BODY_BYTES`](Self::MAX_BODY_BYTES) long.
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        let (head, body) = request.into_parts();
        if body.len() > Self::MAX_BODY_BYTES {
            return Rejection::body_too_large()
                .into_response::<String>()
                .map(Bytes::from);
        }
        let segment = head.uri.path().rsplit('/').next().unwrap_or_default();
        match (segment.rsplit_once('.'), segment) {
            (Some((id, extension)), _) => match Format::from_extension(extension) {
                Some(format) if head.method == Method::GET => self.picture(id, format).await,
                Some(_) => method_not_allowed("GET"),
                None => not_found(),
            },
            (None, "new") if head.method == Method::POST => self.issue(&head).await,
            (None, "verify") if head.method == Method::POST => self.answer(&head, &body).await,
            (None, "new" | "verify") => method_not_allowed("POST"),
            (None, id) if head.method == Method::DELETE => self.discard(id).await,
            (None, _) => not_found(),
        }
    }

    /// Answers the same whether there was a challenge to discard.
    async fn discard(&self, id: &str) -> Response<Bytes> {
        match self.inner.manager.discard(id).await {
            Ok(()) => respond::empty(StatusCode::NO_CONTENT),
            Err(error) => respond::failure(&error),
        }
    }
}

fn not_found() -> Response<Bytes> {
    problem(StatusCode::NOT_FOUND, "not_found", "There is nothing here.")
}

fn method_not_allowed(allow: &'static str) -> Response<Bytes> {
    let mut response = problem(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "This method is not allowed here.",
    );
    let allow = http::HeaderValue::from_static(allow);
    response.headers_mut().insert(http::header::ALLOW, allow);
    response
}

impl std::fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoints")
            .field("prefix", &self.inner.prefix)
            .finish_non_exhaustive()
    }
}
