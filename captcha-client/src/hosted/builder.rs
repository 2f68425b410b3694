use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use captcha_core::ConfigError;
use captcha_core::verify::FailMode;
use reqwest::Url;

use super::client::Settings;
use super::env::{required, variable};
use super::{Account, HostedClient, Provider, Variables};
use crate::transport::TransportBuilder;

/// Sets up a [`HostedClient`] or a blocking one.
///
/// | setting | default |
/// |---|---|
/// | `api_url` | the provider's; those that you run yourself have none |
/// | `widget_url` | the provider's |
/// | `timeout` | 5 seconds for each try |
/// | `max_retries` | 1 |
/// | `retry_delay` | 1 second |
/// | `deadline` | time for all tries and the delays between them: 11 seconds |
/// | `fail_mode` | closed; gkCAPTCHA open |
#[must_use = "a builder does nothing until it is built"]
pub struct HostedClientBuilder<C> {
    provider: Arc<dyn Provider>,
    secret_key: String,
    site_key: String,
    names: Variables,
    api_url: Option<String>,
    widget_url: Option<String>,
    client_ip_field: Option<String>,
    fail_mode: FailMode,
    trace_client_ip: bool,
    allow_test_keys: bool,
    transport: TransportBuilder,
    client: PhantomData<fn() -> C>,
}

/// The clients a [`HostedClientBuilder`] can build. Not to be implemented elsewhere.
pub trait Build: Sized + sealed::FromAsync {}

pub(crate) mod sealed {
    use captcha_core::ConfigError;

    use crate::hosted::HostedClient;

    pub trait FromAsync: Sized {
        type Provider;

        fn from_async(client: HostedClient<Self::Provider>) -> Result<Self, ConfigError>;
    }
}

impl<P> sealed::FromAsync for HostedClient<P> {
    type Provider = P;

    fn from_async(client: Self) -> Result<Self, ConfigError> {
        Ok(client)
    }
}

impl<P> Build for HostedClient<P> {}

impl<C: Build> HostedClientBuilder<C> {
    pub(crate) fn new(
        provider: Arc<dyn Provider>,
        secret_key: impl Into<String>,
        site_key: impl Into<String>,
    ) -> Self {
        let profile = provider.profile();
        Self {
            secret_key: secret_key.into(),
            site_key: site_key.into(),
            names: Variables::SETTERS,
            api_url: profile.api_url.map(str::to_owned),
            widget_url: None,
            client_ip_field: None,
            fail_mode: profile.fail_mode,
            trace_client_ip: false,
            allow_test_keys: false,
            transport: TransportBuilder::default(),
            client: PhantomData,
            provider,
        }
    }

    pub(crate) fn from_env(mut provider: Box<dyn Provider>) -> Result<Self, ConfigError> {
        let names = provider.profile().variables;
        let (secret, site_key) = (required(names.secret_key)?, required(names.site_key)?);
        provider.read_env()?;
        let mut builder = Self::new(provider.into(), secret, site_key);
        if let Some(api_url) = variable(names.api_url)? {
            builder.api_url = Some(api_url);
        }
        builder.widget_url = variable(names.widget_url)?;
        builder.names = names;
        Ok(builder)
    }

    /// The provider's base URL, with or without a path in front of that of its endpoint.
    ///
    /// Plain `http` is refused unless the host is loopback: the secret is in every request.
    pub fn api_url(mut self, url: impl Into<String>) -> Self {
        self.api_url = Some(url.into());
        self.names.api_url = Variables::SETTERS.api_url;
        self
    }

    /// The base URL from which browsers load the widget. Default: the provider's. Where that is
    /// the same as the one for servers, it follows `api_url`, unless that is plain `http`, which
    /// is for servers only. For a provider that you run yourself it is the URL under which
    /// browsers reach it, by default `api_url`.
    pub fn widget_url(mut self, url: impl Into<String>) -> Self {
        self.widget_url = Some(url.into());
        self.names.widget_url = Variables::SETTERS.widget_url;
        self
    }

    /// How long one try may take, from connecting to the answer's last byte. Default 5 seconds.
    ///
    /// A timeout is an error in both fail modes and is not tried again.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.transport.timeout = timeout;
        self
    }

    /// How often a try that gave no verdict is repeated, 0 (never) to 10. Default 1.
    ///
    /// Repeated is what surely left the token unspent: no connection, 429, a 503 with
    /// `Retry-After`. With gkCAPTCHA, CaptchaFox and Private Captcha, as their own SDKs do, also
    /// lost connections and every 5xx; with Turnstile, whose questions can be repeated, every
    /// outage.
    pub const fn max_retries(mut self, retries: u32) -> Self {
        self.transport.max_retries = retries;
        self
    }

    /// How long to wait between tries. Default 1 second. A `Retry-After` of up to 5 seconds is
    /// honoured; after a longer one there is no further try.
    pub const fn retry_delay(mut self, delay: Duration) -> Self {
        self.transport.retry_delay = delay;
        self
    }

    /// How long one verification may take, all tries and delays together. The default leaves
    /// time for every try: 11 seconds with the other defaults.
    ///
    /// A gate waits a second longer than this, unless it was given a deadline of its own.
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.transport.deadline = Some(deadline);
        self
    }

    /// What an outage means for visitors. Default [`FailMode::Closed`]; for gkCAPTCHA
    /// [`FailMode::Open`], as in its SDKs.
    pub const fn fail_mode(mut self, mode: FailMode) -> Self {
        self.fail_mode = mode;
        self
    }

    /// Short for [`fail_mode`](Self::fail_mode): `true` is [`FailMode::Closed`].
    pub const fn fail_closed(self, closed: bool) -> Self {
        self.fail_mode(match closed {
            true => FailMode::Closed,
            false => FailMode::Open,
        })
    }

    /// The `User-Agent` header of this client's own requests. Default `captcha-client/` and the
    /// version. An [`http_client`](Self::http_client) of your own has its own.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.transport.user_agent = user_agent.into();
        self
    }

    /// Sends requests with this client, for proxies and certificates of your own.
    ///
    /// Let it not follow redirects ([`reqwest::redirect::Policy::none`]), and send no `Referer`
    /// (`referer(false)`): a redirect to another host takes headers such as `X-Api-Key` along, and
    /// MTCaptcha's key is part of the URL. The answer of another address is not believed anyway.
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.transport.http_client = Some(client);
        self
    }

    /// The name under which the visitor's address is sent. Default: the provider's
    /// (gkCAPTCHA `clientIP`; its documentation also has `ip` and `remoteip`). Providers that take
    /// no address are sent none, unless a name is set; Private Captcha has no place for one.
    pub fn client_ip_field(mut self, name: impl Into<String>) -> Self {
        self.client_ip_field = Some(name.into());
        self
    }

    /// Adds the visitor's address to the tracing span of each verification. Off by default: an
    /// address is personal data.
    pub const fn trace_client_ip(mut self, on: bool) -> Self {
        self.trace_client_ip = on;
        self
    }

    /// Lets keys that the provider publishes for tests be used, and their answers pass; for
    /// MTCaptcha also tokens from a developer's host, for Prosopo those of its sites for tests,
    /// whatever the site key. For tests only: everybody has those keys.
    pub const fn allow_test_keys(mut self) -> Self {
        self.allow_test_keys = true;
        self
    }

    /// Lets `api_url` be plain `http` on any host. Whoever is on the way reads the secret and
    /// writes the answer.
    pub const fn insecure_http(mut self) -> Self {
        self.transport.insecure_http = true;
        self
    }

    /// Makes a timeout an outage, so that it is subject to the fail mode. A visitor who can slow
    /// the provider down then passes.
    pub const fn insecure_timeouts_fail_open(mut self) -> Self {
        self.transport.timeouts_are_outages = true;
        self
    }

    /// Checks the settings and makes the client.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the setting, or the environment variable, that cannot work.
    pub fn build(self) -> Result<C, ConfigError> {
        let names = self.names;
        let provider = self.provider;
        let profile = provider.profile();
        let keys = (self.secret_key.as_str(), self.site_key.as_str());
        let mut account = Account::checked(profile, names, keys, self.allow_test_keys)?;
        match self.client_ip_field {
            Some(name) if name.is_empty() => {
                return Err(ConfigError::new("client_ip_field", "is empty"));
            }
            Some(name) => account.client_ip_field = Some(name),
            None => {}
        }
        provider.check(&account, names)?;
        let Some(api_url) = &self.api_url else {
            let problem = "is required: everybody runs this provider for themselves";
            return Err(ConfigError::new(names.api_url, problem));
        };
        let base = self.transport.base(names.api_url, api_url)?;
        let path = profile.path;
        if !path.is_empty() && base.path().trim_end_matches('/').ends_with(path) {
            let problem = "must be the base URL, without the path of the endpoint";
            return Err(ConfigError::new(names.api_url, problem));
        }
        let widget_url = match (&self.widget_url, profile.widget_url, profile.api_url) {
            (Some(url), ..) => self.transport.base(names.widget_url, url)?,
            (None, Some(own), _) => self.transport.base(names.widget_url, own)?,
            (None, None, Some(own)) if base.scheme() != "https" => {
                self.transport.base(names.widget_url, own)?
            }
            (None, None, _) => base.clone(),
        };
        // Where browsers ask for challenges: a plain `http` base is for servers only.
        let own = profile.api_url.and_then(|own| Url::parse(own).ok());
        let browsers = match own.clone() {
            Some(own) if base.scheme() != "https" => own,
            _ => base.clone(),
        };
        let moved = own.as_ref() != Some(&browsers);
        C::from_async(HostedClient::assemble(Settings {
            provider,
            account,
            transport: self.transport.build(&base)?,
            base,
            browsers,
            moved,
            widget_url,
            fail_mode: self.fail_mode,
            trace_client_ip: self.trace_client_ip,
        })?)
    }
}

impl<C> fmt::Debug for HostedClientBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostedClientBuilder")
            .field("fail_mode", &self.fail_mode)
            .finish_non_exhaustive()
    }
}
