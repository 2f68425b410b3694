use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use captcha_core::endpoints::Endpoints;
use captcha_core::gate::Gate;
use captcha_core::manager::CaptchaManager;
use captcha_core::metrics::MetricsFacade;
use captcha_core::render::{AudioRenderer, ImageRenderer};
use captcha_core::verify::{FailMode, Verifier as Verifies};
use ipnet::IpNet;

use crate::challenge::Challenge;
use crate::env::{ConfigError, one_of, parsed, seconds, value};
use crate::hosted::Hosted;
use crate::site::install_metrics;
use crate::storage::Stores;
use crate::{Site, words};

/// How often expired challenges are removed from where they are kept.
const PURGE: Duration = Duration::from_secs(30);

/// How a site is set up, from the environment. An empty value is the default.
///
/// | variable | default | values |
/// |---|---|---|
/// | `ADDR` | `127.0.0.1:3000` | IP address and port; port 0 picks a free one |
/// | `CAPTCHA_VERIFIER` | `self-hosted` | `self-hosted`, or a [provider](captcha_client#features): `gkcaptcha`, `turnstile`, … |
/// | `CAPTCHA_TRUSTED_PROXIES` | none | networks with commas between, whose `X-Forwarded-For` is believed |
/// | `CAPTCHA_FAIL_MODE` | self-hosted `closed`, gkCAPTCHA `open` | `open`, `closed` |
///
/// Self-hosted:
///
/// | variable | default | values |
/// |---|---|---|
/// | `CAPTCHA_STORAGE` | `memory` | `memory`; `redis://…` or `postgres://…`, which also keep the rate limits of all nodes |
/// | `CAPTCHA_CHALLENGE` | `text` | `text`, `math`, `word`, `grid` |
/// | `CAPTCHA_RATE_LIMIT` | `20/0.2` | challenges at once, and a second, for each address; `off` |
/// | `CAPTCHA_TTL_SECS` | `120` | for how long a challenge can be answered, 1 to 86400 |
/// | `CAPTCHA_MAX_ATTEMPTS` | `3` | answers that are looked at for each challenge |
///
/// With a provider, whose variables begin with its name in capitals:
///
/// | variable | default | values |
/// |---|---|---|
/// | `…_SECRET_KEY`, `…_SITE_KEY` | none: both are required | the keys of a site |
/// | `…_API_URL` | the provider's | base URL, `https` or on loopback |
/// | `…_WIDGET_URL` | the provider's | where browsers load the widget from, or reach an instance of your own |
/// | `RECAPTCHA_ENTERPRISE_PROJECT`, `SITEVERIFY_FIELD` | none: required | the project; the form field |
/// | `CAPTCHA_TEST_KEYS` | `refused` | `allowed`: keys that the provider publishes for tests |
/// | `CAPTCHA_TIMEOUT_MS` | `5000` | for each try |
/// | `CAPTCHA_MAX_RETRIES` | `1` | 0 to 10 |
/// | `CAPTCHA_RETRY_DELAY_MS` | `1000` | between two tries |
/// | `CAPTCHA_DEADLINE_MS` | time for every try | for all tries together |
/// | `CAPTCHA_BREAKER` | `off` | `on`, `off`: stop asking for a while after a run of failures |
/// | `CAPTCHA_MAX_SCORE` | none | the highest risk that passes, 0.0 to 1.0 |
/// | `CAPTCHA_HOSTNAMES` | any | hosts on which the captcha may be solved, with commas between |
/// | `CAPTCHA_ACTION` | any | the action for which it has to be solved |
/// | `CAPTCHA_MAX_AGE_SECS` | any | how long ago it may have been solved |
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// Where to listen.
    pub addr: SocketAddr,
    /// The name of a hosted provider, if captchas do not come from here.
    provider: Option<String>,
    storage: Stores,
    challenge: Challenge,
    rate_limit: Option<(u32, f64)>,
    trusted_proxies: Vec<IpNet>,
    fail_mode: Option<FailMode>,
    ttl: Option<Duration>,
    max_attempts: Option<u32>,
    hosted: Hosted,
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the first variable whose value cannot be used. A value that is not
    /// understood is never replaced by the default.
    pub fn from_env() -> Result<Self, ConfigError> {
        let fail_modes = [
            ("closed", Some(FailMode::Closed)),
            ("open", Some(FailMode::Open)),
        ];
        let addr = parsed("ADDR")?;
        Ok(Self {
            addr: addr.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 3000))),
            storage: Stores::from_env("CAPTCHA_STORAGE")?,
            provider: value("CAPTCHA_VERIFIER")?.filter(|name| name != "self-hosted"),
            challenge: one_of("CAPTCHA_CHALLENGE", Challenge::Text, &Challenge::NAMES)?,
            rate_limit: rate_limit("CAPTCHA_RATE_LIMIT")?,
            trusted_proxies: networks("CAPTCHA_TRUSTED_PROXIES")?,
            fail_mode: one_of("CAPTCHA_FAIL_MODE", None, &fail_modes)?,
            ttl: seconds("CAPTCHA_TTL_SECS")?,
            max_attempts: parsed("CAPTCHA_MAX_ATTEMPTS")?,
            hosted: Hosted::from_env()?,
        })
    }

    /// The site that this configuration describes, served by the framework of this name.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when a value is outside its range, a key is missing, or the storage's
    /// server is not there.
    pub async fn site(&self, framework: &'static str) -> Result<Site, ConfigError> {
        Ok(match &self.provider {
            None => {
                let manager = self.manager().await?;
                manager.spawn_purge(PURGE).detach();
                let gate = self.gate(manager.clone())?;
                let endpoints = Endpoints::builder(manager)
                    .client_address(gate.client_address().clone())
                    .build();
                let endpoints = endpoints.map_err(|error| named(&error))?;
                Site::self_hosted(gate, endpoints, self.challenge, framework)
            }
            Some(provider) => {
                let (verifier, widget) = self.hosted.verifier(provider, self.fail_mode)?;
                Site::hosted(self.gate(verifier)?, widget, framework)
            }
        })
    }

    fn gate(&self, verifier: impl Verifies + 'static) -> Result<Gate, ConfigError> {
        let builder = Gate::builder(verifier).trust_proxies(self.trusted_proxies.iter().copied());
        builder.build().map_err(|error| named(&error))
    }

    async fn manager(&self) -> Result<CaptchaManager, ConfigError> {
        install_metrics();
        let storage = self.storage.storage().await;
        let storage = storage.map_err(|error| ConfigError::new("CAPTCHA_STORAGE", error))?;
        let mut builder = CaptchaManager::builder(storage)
            .factory(self.challenge.factory())
            .renderer(ImageRenderer::new())
            .renderer(AudioRenderer::new())
            .translator(words::translator())
            .metrics(MetricsFacade::new());
        if let Some((capacity, refill_rate)) = self.rate_limit {
            let limiter = self.storage.limiter(capacity, refill_rate);
            let limiter = limiter.map_err(|error| ConfigError::new("CAPTCHA_RATE_LIMIT", error))?;
            builder = builder.rate_limiter(limiter);
        }
        if let Some(ttl) = self.ttl {
            builder = builder.ttl(ttl);
        }
        if let Some(attempts) = self.max_attempts {
            builder = builder.max_attempts(attempts);
        }
        if let Some(mode) = self.fail_mode {
            builder = builder.fail_mode(mode);
        }
        builder.build().map_err(|error| named(&error))
    }
}

fn named(error: &captcha_core::ConfigError) -> ConfigError {
    let variable = match error.setting() {
        "ttl" => "CAPTCHA_TTL_SECS",
        "max_attempts" => "CAPTCHA_MAX_ATTEMPTS",
        setting => setting,
    };
    ConfigError::new(variable, error.problem())
}

/// Networks with commas between, as `10.0.0.0/8` or `192.0.2.7`.
fn networks(variable: &'static str) -> Result<Vec<IpNet>, ConfigError> {
    let Some(networks) = value(variable)? else {
        return Ok(Vec::new());
    };
    let network = |text: &str| {
        let text = text.trim();
        let address = text.parse::<IpAddr>().map(IpNet::from);
        let network = text.parse().or(address);
        network.map_err(|_| ConfigError::new(variable, format!("{text:?} is no network")))
    };
    networks.split(',').map(network).collect()
}

/// `capacity/refill_per_second`, or `off`.
fn rate_limit(variable: &'static str) -> Result<Option<(u32, f64)>, ConfigError> {
    let Some(value) = value(variable)? else {
        return Ok(Some((20, 0.2)));
    };
    if value == "off" {
        return Ok(None);
    }
    let parts = value.split_once('/');
    let limit = parts.and_then(|(capacity, rate)| {
        let (capacity, rate) = (capacity.trim().parse(), rate.trim().parse());
        capacity.ok().zip(rate.ok())
    });
    limit.map(Some).ok_or_else(|| {
        let problem = format!("{value:?} is neither capacity/refill_per_second nor off");
        ConfigError::new(variable, problem)
    })
}
