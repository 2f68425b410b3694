use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use captcha_core::ConfigError;
use captcha_core::verify::{
    Credential, FailMode, ReasonCode, Verdict, Verifier, VerifyError, VerifyRequest,
};
use http::{HeaderMap, HeaderValue, header};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use super::{GkCaptchaClientBuilder, answer, request};
use crate::trace::Trace;
use crate::transport::{Asked, Question, Transport, endpoint};
use crate::{VerifyOptions, Widget, keys, visitor};

/// Asks gkCAPTCHA whether a token is good.
///
/// Cheap to clone; clones share their connections. Make one when the application starts and keep
/// it: each client has a pool of connections of its own.
///
/// ```no_run
/// use captcha_client::{GkCaptchaClient, VerifyOptions};
/// use captcha_core::verify::Verdict;
///
/// # async fn check(token: &str) -> Result<(), Box<dyn std::error::Error>> {
/// let client = GkCaptchaClient::new("sk_live_abc", "pk_live_abc")?;
/// match client.verify_token(token, VerifyOptions::default()).await? {
///     Verdict::Passed(pass) if pass.fail_open() => { /* nobody checked: an outage */ }
///     Verdict::Passed(pass) => println!("risk {:?}", pass.score()),
///     Verdict::Refused(refusal) => println!("no: {}", refusal.reason_code()),
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct GkCaptchaClient {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    headers: HeaderMap,
}

pub(super) struct Settings {
    pub(super) secret: SecretString,
    pub(super) site_key: String,
    pub(super) url: Url,
    pub(super) base: Url,
    pub(super) widget_url: Url,
    pub(super) client_ip_field: Cow<'static, str>,
    pub(super) fail_mode: FailMode,
    pub(super) trace_client_ip: bool,
    pub(super) transport: Transport,
}

impl GkCaptchaClient {
    /// A client with the keys of a site and the SDKs' defaults.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the key that cannot be one: empty, a placeholder, a public test key,
    /// or the other of the two.
    pub fn new(
        secret_key: impl Into<String>,
        site_key: impl Into<String>,
    ) -> Result<Self, ConfigError> {
        Self::builder(secret_key, site_key).build()
    }

    /// A client with the keys in `GKCAPTCHA_SECRET_KEY` and `GKCAPTCHA_SITE_KEY`, and the base
    /// URL in `GKCAPTCHA_API_URL` where that is set.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the variable that is missing or cannot be used.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::builder_from_env()?.build()
    }

    /// Sets up a client with the keys of a site.
    pub fn builder(
        secret_key: impl Into<String>,
        site_key: impl Into<String>,
    ) -> GkCaptchaClientBuilder {
        GkCaptchaClientBuilder::new(secret_key, site_key)
    }

    /// Sets up a client with the keys and the base URL in the environment.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the variable that is missing.
    pub fn builder_from_env() -> Result<GkCaptchaClientBuilder, ConfigError> {
        GkCaptchaClientBuilder::from_env()
    }

    pub(super) fn assemble(settings: Settings) -> Result<Self, ConfigError> {
        let bearer = format!("Bearer {}", settings.secret.expose_secret());
        let mut bearer = HeaderValue::try_from(bearer)
            .map_err(|_| ConfigError::new("secret_key", "has characters that no key has"))?;
        bearer.set_sensitive(true);
        let json = HeaderValue::from_static("application/json");
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, bearer);
        headers.insert(header::CONTENT_TYPE, json.clone());
        headers.insert(header::ACCEPT, json);
        let inner = Arc::new(Inner { settings, headers });
        Ok(Self { inner })
    }

    /// Asks about a token and applies the fail mode.
    ///
    /// A malformed token is refused without a request. Needs a Tokio runtime.
    ///
    /// # Errors
    ///
    /// [`VerifyError`] with the code `INVALID_CONFIG` or `TIMEOUT` in either fail mode, and with
    /// `NETWORK_ERROR` or `INVALID_RESPONSE` in [`FailMode::Closed`].
    pub async fn verify_token(
        &self,
        token: &str,
        options: VerifyOptions,
    ) -> Result<Verdict, VerifyError> {
        let outcome = self.verify(&options.request(token)).await;
        self.fail_mode().apply(outcome)
    }

    /// What a page needs to show the widget, which fills the form field `captchaToken`.
    #[must_use]
    pub fn widget(&self) -> Widget {
        let settings = &self.inner.settings;
        Widget {
            script_url: endpoint(&settings.widget_url, "/widget/gk-captcha.js").into(),
            origin: settings.widget_url.origin().ascii_serialization(),
            element: "gk-captcha",
            site_key_attribute: "sitekey",
            site_key: settings.site_key.clone(),
        }
    }

    async fn ask(&self, token: &str, request: &VerifyRequest<'_>) -> Asked {
        let Inner { settings, headers } = &*self.inner;
        let secret = settings.secret.expose_secret();
        let field = &settings.client_ip_field;
        let question = Question {
            url: &settings.url,
            headers,
            body: request::body(&settings.site_key, secret, token, field, request),
        };
        let scrub = |text: &str| keys::scrubbed(text, &settings.secret, token);
        let read = |reply: &_| answer::read(reply, &scrub);
        settings.transport.ask(&question, read).await
    }
}

#[async_trait]
impl Verifier for GkCaptchaClient {
    async fn verify(&self, request: &VerifyRequest<'_>) -> Result<Verdict, VerifyError> {
        let settings = &self.inner.settings;
        let client_ip = request.client_ip().filter(|_| settings.trace_client_ip);
        let trace = Trace::start("gkcaptcha", client_ip);
        let asking = async {
            match request.credential() {
                Credential::Token(token) if token.is_empty() => {
                    Asked::nobody(ReasonCode::MissingToken)
                }
                Credential::Token(token) if visitor::is_token(token) => {
                    self.ask(token, request).await
                }
                _ => Asked::nobody(ReasonCode::InvalidToken),
            }
        };
        trace.of(asking).await
    }

    fn fail_mode(&self) -> FailMode {
        self.inner.settings.fail_mode
    }

    fn deadline(&self) -> Option<Duration> {
        Some(self.inner.settings.transport.deadline())
    }
}

impl fmt::Debug for GkCaptchaClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = &self.inner.settings;
        f.debug_struct("GkCaptchaClient")
            .field("api_url", &settings.base.as_str())
            .field("site_key", &settings.site_key)
            .field("fail_mode", &settings.fail_mode)
            .field("transport", &settings.transport)
            .finish_non_exhaustive()
    }
}
