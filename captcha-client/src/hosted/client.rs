use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use captcha_core::ConfigError;
use captcha_core::verify::{FailMode, FieldSet, Verdict, Verifier, VerifyError, VerifyRequest};
use http::HeaderMap;
use reqwest::Url;

use super::{Account, Ask, HostedClientBuilder, Provider, Reading};
use crate::trace::Trace;
use crate::transport::{Asked, Question, Transport};
use crate::widget::{Place, Widget};
use crate::{VerifyOptions, keys};

/// Asks a provider whether a token is good.
///
/// Cheap to clone; clones share their connections. Make one when the application starts and keep
/// it: each client has a pool of connections of its own.
///
#[cfg_attr(feature = "gkcaptcha", doc = "```no_run")]
#[cfg_attr(not(feature = "gkcaptcha"), doc = "```ignore")]
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
pub struct HostedClient<P> {
    inner: Arc<Inner>,
    provider: PhantomData<fn() -> P>,
}

struct Inner {
    settings: Settings,
    headers: HeaderMap,
}

pub(super) struct Settings {
    pub(super) provider: Arc<dyn Provider>,
    pub(super) account: Account,
    pub(super) base: Url,
    /// The base that browsers ask for challenges, where they ask the API.
    pub(super) browsers: Url,
    /// Whether that is another than the provider's own.
    pub(super) moved: bool,
    pub(super) widget_url: Url,
    pub(super) fail_mode: FailMode,
    pub(super) trace_client_ip: bool,
    pub(super) transport: Transport,
}

impl<P: Provider + Default> HostedClient<P> {
    /// A client with the keys of a site and the provider's defaults.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the key that cannot be one: empty, a placeholder, a public test key,
    /// or, where they can be told apart, the other of the two.
    pub fn new(
        secret_key: impl Into<String>,
        site_key: impl Into<String>,
    ) -> Result<Self, ConfigError> {
        Self::builder(secret_key, site_key).build()
    }

    /// A client with the keys and, where it is set, the base URL in the environment, in the
    /// variables that the [provider](crate::providers) names.
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
    ) -> HostedClientBuilder<Self> {
        Self::builder_of(P::default(), secret_key, site_key)
    }

    /// Sets up a client with the keys and the base URL in the environment.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the variable that is missing.
    pub fn builder_from_env() -> Result<HostedClientBuilder<Self>, ConfigError> {
        HostedClientBuilder::from_env(Box::new(P::default()))
    }
}

impl<P: Provider> HostedClient<P> {
    /// Sets up a client of a provider that has settings of its own.
    pub fn builder_of(
        provider: P,
        secret_key: impl Into<String>,
        site_key: impl Into<String>,
    ) -> HostedClientBuilder<Self> {
        HostedClientBuilder::new(Arc::new(provider), secret_key, site_key)
    }
}

impl<P> HostedClient<P> {
    pub(super) fn assemble(settings: Settings) -> Result<Self, ConfigError> {
        let headers = settings.provider.headers(&settings.account)?;
        Ok(Self {
            inner: Arc::new(Inner { settings, headers }),
            provider: PhantomData,
        })
    }

    /// Asks about a token and applies the fail mode.
    ///
    /// A malformed token is refused without a request. Needs a Tokio runtime. GeeTest's proof is no
    /// token but four fields: ask [`verify`](Verifier::verify) with
    /// [`Credential::Fields`](captcha_core::verify::Credential::Fields).
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

    /// What a page needs to show the widget, which fills the provider's form field.
    #[must_use]
    pub fn widget(&self) -> Widget {
        let settings = &self.inner.settings;
        settings.provider.widget(&Place {
            api: &settings.browsers,
            moved: settings.moved,
            widget: &settings.widget_url,
            site_key: &settings.account.site_key,
        })
    }

    async fn ask(&self, ask: Ask<'_>) -> Asked {
        let Inner { settings, headers } = &*self.inner;
        let provider = &settings.provider;
        let question = Question::new(
            provider.url(&settings.base, &ask),
            headers,
            provider.body(&ask),
            provider.profile().retries,
        );
        let (secret, proof) = (ask.secret(), ask.proof());
        let scrub = |text: &str| keys::scrubbed(text, secret, &proof);
        let reading = Reading { ask, scrub: &scrub };
        let read = |reply: &_| provider.read(reply, &reading);
        settings.transport.ask(&question, read).await
    }
}

#[async_trait]
impl<P> Verifier for HostedClient<P> {
    async fn verify(&self, request: &VerifyRequest<'_>) -> Result<Verdict, VerifyError> {
        let settings = &self.inner.settings;
        let client_ip = request.client_ip().filter(|_| settings.trace_client_ip);
        let provider = &settings.provider;
        let trace = Trace::start(provider.profile().name, client_ip);
        let account = &settings.account;
        let asking = async {
            match provider.objection(account, request.credential()) {
                Some(reason) => Asked::nobody(reason),
                None => self.ask(Ask { account, request }).await,
            }
        };
        trace.of(asking).await
    }

    fn field_sets(&self) -> Vec<FieldSet> {
        self.inner.settings.provider.field_sets()
    }

    fn fail_mode(&self) -> FailMode {
        self.inner.settings.fail_mode
    }

    fn deadline(&self) -> Option<Duration> {
        Some(self.inner.settings.transport.deadline())
    }
}

impl<P> Clone for HostedClient<P> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            provider: PhantomData,
        }
    }
}

impl<P> fmt::Debug for HostedClient<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = &self.inner.settings;
        f.debug_struct("HostedClient")
            .field("provider", &settings.provider.profile().name)
            .field("api_url", &settings.base.as_str())
            .field("site_key", &settings.account.site_key)
            .field("fail_mode", &settings.fail_mode)
            .field("transport", &settings.transport)
            .finish_non_exhaustive()
    }
}
