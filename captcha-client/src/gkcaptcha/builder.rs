use std::borrow::Cow;
use std::env;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use captcha_core::ConfigError;
use captcha_core::verify::FailMode;
use secrecy::ExposeSecret;

use super::GkCaptchaClient;
use super::client::Settings;
use crate::keys;
use crate::transport::{TransportBuilder, endpoint};

/// Where the provider is, unless told otherwise.
pub(super) const DEFAULT_API_URL: &str = "https://gkcaptcha.gatekeeper.sa";
const PATH: &str = "/api/v1/token/verify";

/// Sets up a [`GkCaptchaClient`] or a blocking one.
///
/// | setting | default |
/// |---|---|
/// | `api_url` | `https://gkcaptcha.gatekeeper.sa` |
/// | `widget_url` | the same |
/// | `timeout` | 5 seconds for each try |
/// | `max_retries` | 1 |
/// | `retry_delay` | 1 second |
/// | `deadline` | time for all tries and the delays between them: 11 seconds |
/// | `fail_mode` | open |
#[must_use = "a builder does nothing until it is built"]
pub struct GkCaptchaClientBuilder<C = GkCaptchaClient> {
    secret_key: String,
    site_key: String,
    names: Names,
    api_url: String,
    widget_url: Option<String>,
    client_ip_field: Cow<'static, str>,
    fail_mode: FailMode,
    trace_client_ip: bool,
    transport: TransportBuilder,
    client: PhantomData<fn() -> C>,
}

/// What the settings that the environment can hold are called in an error.
#[derive(Clone, Copy)]
struct Names {
    secret_key: &'static str,
    site_key: &'static str,
    api_url: &'static str,
}

/// The clients a [`GkCaptchaClientBuilder`] can build. Not to be implemented elsewhere.
pub trait Build: Sized + sealed::FromAsync {}

pub(crate) mod sealed {
    use captcha_core::ConfigError;

    use crate::gkcaptcha::GkCaptchaClient;

    pub trait FromAsync: Sized {
        fn from_async(client: GkCaptchaClient) -> Result<Self, ConfigError>;
    }
}

impl sealed::FromAsync for GkCaptchaClient {
    fn from_async(client: GkCaptchaClient) -> Result<Self, ConfigError> {
        Ok(client)
    }
}

impl Build for GkCaptchaClient {}

impl<C: Build> GkCaptchaClientBuilder<C> {
    pub(crate) fn new(secret_key: impl Into<String>, site_key: impl Into<String>) -> Self {
        Self {
            secret_key: secret_key.into(),
            site_key: site_key.into(),
            names: Names {
                secret_key: "secret_key",
                site_key: "site_key",
                api_url: "api_url",
            },
            api_url: DEFAULT_API_URL.to_owned(),
            widget_url: None,
            client_ip_field: Cow::Borrowed("clientIP"),
            fail_mode: FailMode::Open,
            trace_client_ip: false,
            transport: TransportBuilder::default(),
            client: PhantomData,
        }
    }

    pub(crate) fn from_env() -> Result<Self, ConfigError> {
        let names = Names {
            secret_key: "GKCAPTCHA_SECRET_KEY",
            site_key: "GKCAPTCHA_SITE_KEY",
            api_url: "GKCAPTCHA_API_URL",
        };
        let required = |name| variable(name)?.ok_or(ConfigError::new(name, "is not set"));
        let mut builder = Self::new(required(names.secret_key)?, required(names.site_key)?);
        if let Some(api_url) = variable(names.api_url)? {
            builder.api_url = api_url;
        }
        builder.names = names;
        Ok(builder)
    }

    /// The provider's base URL, with or without a path in front of `/api/v1/token/verify`.
    ///
    /// Plain `http` is refused unless the host is loopback: the secret is in every request.
    pub fn api_url(mut self, url: impl Into<String>) -> Self {
        self.api_url = url.into();
        self.names.api_url = "api_url";
        self
    }

    /// The base URL from which browsers load the widget. Default: `api_url` where that is `https`,
    /// and the provider's otherwise, because a plain `http` one is for servers only.
    pub fn widget_url(mut self, url: impl Into<String>) -> Self {
        self.widget_url = Some(url.into());
        self
    }

    /// How long one try may take, from connecting to the answer's last byte. Default 5 seconds.
    ///
    /// A timeout is an error in both fail modes and is not tried again.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.transport.timeout = timeout;
        self
    }

    /// How often a lost connection, a 5xx or a 429 is tried again, 0 (never) to 10. Default 1.
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

    /// What an outage means for visitors. Default [`FailMode::Open`], as in the provider's SDKs.
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
    /// Let it not follow redirects ([`reqwest::redirect::Policy::none`]): the answer of another
    /// address is not believed anyway.
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.transport.http_client = Some(client);
        self
    }

    /// The name under which the visitor's address is sent. Default `clientIP`; the provider's
    /// documentation also has `ip` and `remoteip`.
    pub fn client_ip_field(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.client_ip_field = name.into();
        self
    }

    /// Adds the visitor's address to the tracing span of each verification. Off by default: an
    /// address is personal data.
    pub const fn trace_client_ip(mut self, on: bool) -> Self {
        self.trace_client_ip = on;
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
        let Names {
            secret_key,
            site_key,
            api_url,
        } = self.names;
        let secret = keys::secret(secret_key, &self.secret_key)?;
        let public = keys::site_key(site_key, &self.site_key)?;
        if public.starts_with("sk_") {
            return Err(ConfigError::new(
                site_key,
                "is a secret key (swapped?): pages would show it",
            ));
        }
        if self.secret_key.trim().starts_with("pk_") {
            return Err(ConfigError::new(secret_key, "is a site key (swapped?)"));
        }
        if secret.expose_secret() == public {
            return Err(ConfigError::new(
                site_key,
                "is the secret key: pages would show it",
            ));
        }
        if self.client_ip_field.is_empty() {
            return Err(ConfigError::new("client_ip_field", "is empty"));
        }
        let base = self.transport.base(api_url, &self.api_url)?;
        if base.path().trim_end_matches('/').ends_with(PATH) {
            let problem = "must be the base URL, without /api/v1/token/verify";
            return Err(ConfigError::new(api_url, problem));
        }
        let url = endpoint(&base, PATH);
        let widget_url = match &self.widget_url {
            Some(url) => self.transport.base("widget_url", url)?,
            None if base.scheme() == "https" => base.clone(),
            None => self.transport.base("widget_url", DEFAULT_API_URL)?,
        };
        C::from_async(GkCaptchaClient::assemble(Settings {
            secret,
            site_key: public,
            transport: self.transport.build(&url)?,
            url,
            base,
            widget_url,
            client_ip_field: self.client_ip_field,
            fail_mode: self.fail_mode,
            trace_client_ip: self.trace_client_ip,
        })?)
    }
}

/// A variable of the environment. An empty one is as good as none.
fn variable(name: &'static str) -> Result<Option<String>, ConfigError> {
    match env::var(name) {
        Ok(value) if value.trim().is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(ConfigError::new(name, "is not text")),
    }
}

impl<C> fmt::Debug for GkCaptchaClientBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GkCaptchaClientBuilder")
            .field("fail_mode", &self.fail_mode)
            .finish_non_exhaustive()
    }
}
