use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use super::{ClientAddress, FieldNames, ForwardingHeader, Gate, Inner};
use crate::ConfigError;
use crate::verify::Verifier;

/// Above the eleven seconds that a hosted client with default settings takes at most.
const DEADLINE: Duration = Duration::from_secs(15);

/// Sets up a [`Gate`]. Made by [`Gate::builder`].
#[must_use = "a builder does nothing until it is built"]
pub struct GateBuilder {
    verifier: Arc<dyn Verifier>,
    address: ClientAddress,
    header: String,
    query: bool,
    max_body_bytes: usize,
    max_token_bytes: usize,
    deadline: Option<Duration>,
    retry_after: Duration,
}

impl GateBuilder {
    pub(super) fn new(verifier: impl Verifier + 'static) -> Self {
        Self {
            verifier: Arc::new(verifier),
            address: ClientAddress::peer(),
            header: "X-Captcha-Token".to_owned(),
            query: false,
            max_body_bytes: 2 * 1024 * 1024,
            max_token_bytes: 16 * 1024,
            deadline: None,
            retry_after: Duration::from_secs(5),
        }
    }

    /// The request header that carries a token. Default `X-Captcha-Token`.
    pub fn token_header(mut self, name: impl Into<String>) -> Self {
        self.header = name.into();
        self
    }

    /// Also accepts the token as query parameter `captchaToken`. Off by default: a query ends up
    /// in logs, histories and `Referer` headers.
    pub const fn trust_query_token(mut self) -> Self {
        self.query = true;
        self
    }

    /// The largest body that is read to find a token, in bytes. Larger ones are answered 413.
    /// Default 2 MiB, at least 1.
    pub const fn max_body_bytes(mut self, bytes: usize) -> Self {
        self.max_body_bytes = bytes;
        self
    }

    /// The longest token that is passed on to the verifier, in bytes. Default 16 KiB, the longest
    /// that a known provider issues (Friendly Captcha). At least 1.
    pub const fn max_token_bytes(mut self, bytes: usize) -> Self {
        self.max_token_bytes = bytes;
        self
    }

    /// The longest wait for a verdict. Past it the request is answered 503, in either fail mode.
    /// Default 15 seconds, or a second more than the verifier's own [`Verifier::deadline`].
    ///
    /// A verifier that is cut off cannot tell what went wrong, and a circuit breaker around it
    /// does not count it: keep this above the verifier's own.
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// What `Retry-After` says in a 503 answer. Default 5 seconds; sent in whole seconds, at
    /// least 1.
    pub const fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = wait;
        self
    }

    /// The proxies whose forwarding header is believed, as networks. None by default.
    pub fn trust_proxies(mut self, proxies: impl IntoIterator<Item = IpNet>) -> Self {
        self.address = self.address.trust_proxies(proxies);
        self
    }

    /// The header in which the trusted proxies say who they forward for. Default
    /// [`ForwardingHeader::XForwardedFor`].
    pub fn forwarding_header(mut self, header: ForwardingHeader) -> Self {
        self.address = self.address.forwarding_header(header);
        self
    }

    /// Checks the settings and makes the gate.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the setting that cannot work.
    pub fn build(self) -> Result<Gate, ConfigError> {
        if http::HeaderName::from_bytes(self.header.as_bytes()).is_err() {
            return Err(ConfigError::new("token_header", "is not a header name"));
        }
        if self.max_body_bytes == 0 {
            return Err(ConfigError::new("max_body_bytes", "must be at least 1"));
        }
        if self.max_token_bytes == 0 {
            return Err(ConfigError::new("max_token_bytes", "must be at least 1"));
        }
        if self.deadline.is_some_and(|deadline| deadline.is_zero()) {
            return Err(ConfigError::new("deadline", "must be longer than zero"));
        }
        if self.verifier.field_sets().is_empty() {
            return Err(ConfigError::new("verifier", "names no body field"));
        }
        Ok(self.assemble())
    }

    pub(super) fn assemble(self) -> Gate {
        let deadline = self.deadline.unwrap_or_else(|| {
            let own = self.verifier.deadline().unwrap_or_default();
            own.saturating_add(Duration::from_secs(1)).max(DEADLINE)
        });
        let names = Arc::new(FieldNames::of_sets(self.verifier.field_sets()));
        Gate {
            inner: Arc::new(Inner {
                names,
                verifier: self.verifier,
                address: self.address,
                header: self.header,
                query: self.query,
                max_body_bytes: self.max_body_bytes,
                max_token_bytes: self.max_token_bytes,
                deadline,
                retry_after: self.retry_after,
            }),
        }
    }
}

impl std::fmt::Debug for GateBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GateBuilder").finish_non_exhaustive()
    }
}
