use std::error::Error;
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use captcha_core::verify::{VerifyError, VerifyErrorKind};
use http::{HeaderMap, StatusCode, Version, header};
use serde_json::{Map, Value};

use super::{Question, Retries, Transport};
use crate::answer::{is_down, strict_json};

/// No provider's answer is near this. What is longer is not read to its end.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// An answer as it came over the wire.
#[derive(Debug)]
pub struct Reply {
    pub(crate) status: StatusCode,
    /// The body, or why there is none to read.
    pub(crate) body: Result<Bytes, &'static str>,
    pub(crate) retry_after: Option<Duration>,
}

/// A try that gave no verdict.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) kind: VerifyErrorKind,
    pub(super) cause: Box<dyn Error + Send + Sync>,
    /// How long the provider wants to be left alone, where asking again can help at all.
    pub(super) retry: Option<Duration>,
    /// Whether the provider may have seen the token, and so may have used it up.
    pub(super) token_sent: bool,
}

impl Failure {
    pub(super) fn new(
        kind: VerifyErrorKind,
        cause: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self {
            kind,
            cause: cause.into(),
            retry: None,
            token_sent: true,
        }
    }

    /// The connection failed, or was lost.
    fn lost(cause: reqwest::Error, retries: Retries) -> Self {
        let token_sent = !cause.is_connect();
        let retried = !token_sent || retries != Retries::Unspent;
        Self {
            retry: retried.then_some(Duration::ZERO),
            token_sent,
            ..Self::new(VerifyErrorKind::Network, cause)
        }
    }

    /// The provider answered, and the answer is no verdict.
    pub(super) fn answered(
        kind: VerifyErrorKind,
        cause: String,
        reply: &Reply,
        retries: Retries,
    ) -> Self {
        let status = reply.status;
        let retried = retries.after(reply) && kind.is_unavailable();
        Self {
            retry: retried.then(|| reply.retry_after.unwrap_or_default()),
            // Who says "too many requests" has not looked at the token.
            token_sent: status != StatusCode::TOO_MANY_REQUESTS,
            ..Self::new(kind, cause)
        }
    }

    pub(super) fn into_error(self) -> VerifyError {
        VerifyError::new(self.kind).with_source(self.cause)
    }
}

impl Reply {
    /// The body, where it is one JSON object without repeated keys.
    ///
    /// # Errors
    ///
    /// What is wrong with it, without any of its text.
    pub(crate) fn object(&self) -> Result<Map<String, Value>, &'static str> {
        let body = self.body.as_deref().map_err(|why| *why)?;
        strict_json::object(body)
    }
}

impl Transport {
    /// Sends the question once and reads the answer, up to the size limit.
    pub(super) async fn exchange(&self, question: &Question) -> Result<Reply, Failure> {
        let request = self
            .http
            .request(question.method.clone(), question.url.clone())
            .headers(question.headers.clone());
        let sent = self.reuse.send(question.body.clone(), request).await;
        let mut response = sent.map_err(|error| classify(error, question.retries))?;
        if *response.url() != question.url {
            let cause = "the HTTP client followed a redirect";
            return Err(Failure::new(VerifyErrorKind::InvalidConfig, cause));
        }
        let status = response.status();
        let retry_after = retry_after(response.headers());
        let keeps_alive = keeps_alive(&response);
        let mut body = BytesMut::new();
        let body = loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_ANSWER_BYTES => {
                    body.extend_from_slice(&chunk);
                }
                Ok(Some(_)) => break Err("more than 64 KiB"),
                Ok(None) => break Ok(body.freeze()),
                // The status is known, and a visitor may be the cause of a 4xx.
                Err(_) if status.is_redirection() || is_refusal(status) => {
                    break Err("an answer that ends early");
                }
                Err(error) => return Err(classify(error, question.retries)),
            }
        };
        // What is not read to its end is closed.
        self.reuse.finished(keeps_alive && body.is_ok());
        Ok(Reply {
            status,
            body,
            retry_after,
        })
    }
}

/// Whether the connection can be used again.
fn keeps_alive(response: &reqwest::Response) -> bool {
    let closes = response.headers().get_all(header::CONNECTION);
    let closes = closes
        .iter()
        .any(|value| value.as_bytes().eq_ignore_ascii_case(b"close"));
    response.version() == Version::HTTP_11 && !closes
}

fn is_refusal(status: StatusCode) -> bool {
    status.is_client_error() && !is_down(status)
}

fn classify(error: reqwest::Error, retries: Retries) -> Failure {
    // Some providers take the secret in the query.
    let error = error.without_url();
    if error.is_timeout() {
        Failure::new(VerifyErrorKind::Timeout, error)
    } else if error.is_builder() || error.is_redirect() || distrusts_certificate(&error) {
        Failure {
            token_sent: false,
            ..Failure::new(VerifyErrorKind::InvalidConfig, error)
        }
    } else {
        Failure::lost(error, retries)
    }
}

/// Whether the other side could not prove to be the provider. That is no outage: whoever sits in
/// between would decide who passes.
#[cfg(feature = "rustls")]
fn distrusts_certificate(error: &(dyn Error + 'static)) -> bool {
    if let Some(rustls::Error::InvalidCertificate(_)) = error.downcast_ref() {
        return true;
    }
    // An I/O error hands on the source of what it wraps, not the thing itself.
    let wrapped = error
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref);
    match wrapped {
        Some(wrapped) => distrusts_certificate(wrapped),
        None => error.source().is_some_and(distrusts_certificate),
    }
}

#[cfg(not(feature = "rustls"))]
fn distrusts_certificate(_: &(dyn Error + 'static)) -> bool {
    false
}

/// Seconds or an HTTP date (RFC 9110, section 10.2.3). One that cannot be read may mean any time.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers
        .get(header::RETRY_AFTER)?
        .to_str()
        .unwrap_or_default()
        .trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok();
    let wait = date.map(|date| date.duration_since(SystemTime::now()).unwrap_or_default());
    Some(wait.unwrap_or(Duration::MAX))
}
