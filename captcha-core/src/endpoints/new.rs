use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Response, header};

use super::{Endpoints, respond};
use crate::gate::{HttpHead, RequestHead, rate_limit_key};
use crate::render::Format;

impl Endpoints {
    pub(super) async fn issue(&self, head: &Parts) -> Response<Bytes> {
        let head = &HttpHead(head);
        let languages = head
            .header("accept-language")
            .and_then(|value| std::str::from_utf8(value).ok())
            .unwrap_or_default();
        let issued = match self.issue_for(head, languages).await {
            Ok(issued) => issued,
            Err(error) => return respond::failure(&error),
        };
        let id = issued.id().as_str();
        let url = |audio: bool| {
            let format = self.format(audio)?;
            Some(self.url(id, format))
        };
        let cell_urls = self.format(false).map(|format| {
            let cells = 1..=issued.cells();
            cells
                .map(|cell| self.cell_url(id, cell, format))
                .collect::<Vec<_>>()
        });
        let mut response = respond::json(&serde_json::json!({
            "id": id,
            "prompt": issued.prompt(),
            "image_url": url(false),
            "audio_url": url(true),
            "cell_urls": cell_urls,
            "expires_in": issued.expires_in().as_secs(),
        }));
        let vary = HeaderValue::from_static("Accept-Language");
        response.headers_mut().insert(header::VARY, vary);
        response
    }

    /// Issues a challenge to the sender of a request, for pages that embed it themselves. The
    /// picture is at the [`url`](Self::url) of its id.
    ///
    /// `head` is the adapter's `Head` around the framework's request; `languages` is what the
    /// visitor's `Accept-Language` says, or empty.
    ///
    /// # Errors
    ///
    /// As [`CaptchaManager::issue`](crate::manager::CaptchaManager::issue).
    pub async fn issue_for(
        &self,
        head: &(impl RequestHead + ?Sized),
        languages: &str,
    ) -> Result<crate::manager::Issued, crate::manager::CaptchaError> {
        let key = rate_limit_key(self.inner.address.resolve(head));
        self.inner.manager.issue_undrawn(&key, languages).await
    }

    /// The first format that is heard, or seen.
    fn format(&self, audio: bool) -> Option<Format> {
        let mut formats = self.inner.manager.renderers().iter().map(|r| r.format());
        formats.find(|format| format.is_audio() == audio)
    }
}
