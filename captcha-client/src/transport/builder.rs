use std::time::Duration;

use captcha_core::ConfigError;
use reqwest::Url;
use reqwest::redirect::Policy;

use super::Transport;
use super::reuse::Reuse;

/// Below the minute after which load balancers close idle connections.
const POOL_IDLE: Duration = Duration::from_secs(50);

/// Sets up a [`Transport`].
#[derive(Debug, Clone)]
pub(crate) struct TransportBuilder {
    pub(crate) timeout: Duration,
    pub(crate) deadline: Option<Duration>,
    pub(crate) max_retries: u32,
    pub(crate) retry_delay: Duration,
    pub(crate) user_agent: String,
    pub(crate) http_client: Option<reqwest::Client>,
    pub(crate) insecure_http: bool,
    pub(crate) timeouts_are_outages: bool,
}

impl Default for TransportBuilder {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(5),
            deadline: None,
            max_retries: 1,
            retry_delay: Duration::from_secs(1),
            user_agent: concat!("captcha-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            http_client: None,
            insecure_http: false,
            timeouts_are_outages: false,
        }
    }
}

impl TransportBuilder {
    /// A provider's base URL, if a secret may be sent there.
    pub(crate) fn base(&self, setting: &'static str, base: &str) -> Result<Url, ConfigError> {
        let refused = |problem| Err(ConfigError::new(setting, problem));
        let Ok(url) = Url::parse(base.trim()) else {
            return refused("is not a URL");
        };
        if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
            return refused("is not an https URL");
        }
        // Some characters that a URL may have end a directive of a content security policy.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:[]".contains(&byte);
        if !url.host_str().unwrap_or_default().bytes().all(plain) {
            return refused("has a host that no site has");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refused("must not hold a user name or password");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refused("must not have a query or fragment");
        }
        if url.scheme() == "http" && !is_loopback(&url) && !self.insecure_http {
            return refused("is plain http, which shows the secret on the way: use https");
        }
        Ok(url)
    }

    /// A transport to this base URL.
    pub(crate) fn build(self, url: &Url) -> Result<Transport, ConfigError> {
        if self.timeout.is_zero() {
            return Err(ConfigError::new("timeout", "must be longer than zero"));
        }
        if self.deadline.is_some_and(|deadline| deadline.is_zero()) {
            return Err(ConfigError::new("deadline", "must be longer than zero"));
        }
        if self.max_retries > 10 {
            return Err(ConfigError::new("max_retries", "must be at most 10"));
        }
        let retries = self.max_retries;
        let deadline = self.deadline.unwrap_or_else(|| {
            let tries = self.timeout.saturating_mul(retries + 1);
            tries.saturating_add(self.retry_delay.saturating_mul(retries))
        });
        // A week is as good as for ever, and can be added to any clock.
        let bounded = |time: Duration| time.min(Duration::from_secs(7 * 24 * 60 * 60));
        let reuse = Reuse::default();
        let http = match self.http_client {
            Some(http) => http,
            None => http_client(&self.user_agent, url, reuse.clone())?,
        };
        Ok(Transport {
            http,
            reuse,
            timeout: bounded(self.timeout),
            deadline: bounded(deadline),
            max_retries: usize::try_from(retries).unwrap_or(usize::MAX),
            retry_delay: bounded(self.retry_delay),
            timeouts_are_outages: self.timeouts_are_outages,
        })
    }
}

/// The address of an endpoint below a base URL, with or without a slash at its end.
pub(crate) fn endpoint(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    let prefix = base.path().trim_end_matches('/');
    url.set_path(&format!("{prefix}{path}"));
    url
}

fn http_client(user_agent: &str, url: &Url, reuse: Reuse) -> Result<reqwest::Client, ConfigError> {
    if cfg!(not(feature = "rustls")) && url.scheme() == "https" {
        let problem = "needs the feature `rustls`, or a client of your own, for https";
        return Err(ConfigError::new("http_client", problem));
    }
    if http::HeaderValue::from_str(user_agent).is_err() {
        return Err(ConfigError::new("user_agent", "is not a header value"));
    }
    let mut builder = reqwest::Client::builder()
        .user_agent(user_agent)
        .redirect(Policy::none())
        .referer(false)
        .pool_idle_timeout(POOL_IDLE)
        .connector_layer(reuse);
    if url.scheme() == "http" {
        // A proxy from the environment would read the secret.
        builder = builder.no_proxy();
    }
    builder
        .build()
        .map_err(|_| ConfigError::new("http_client", "cannot be set up: no TLS certificates?"))
}

fn is_loopback(url: &Url) -> bool {
    // The brackets of an IPv6 address are part of `host_str`.
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match host.parse::<std::net::IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(base: &str) -> Result<String, ConfigError> {
        let base = TransportBuilder::default().base("api_url", base)?;
        Ok(endpoint(&base, "/api/v1").into())
    }

    #[test]
    fn a_base_may_have_a_slash_or_a_prefix() {
        for (base, expected) in [
            ("https://api.example", "https://api.example/api/v1"),
            ("https://api.example/", "https://api.example/api/v1"),
            (" https://api.example// ", "https://api.example/api/v1"),
            ("https://api.example/a/b", "https://api.example/a/b/api/v1"),
            (
                "https://api.example:8443/a/",
                "https://api.example:8443/a/api/v1",
            ),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/api/v1"),
            ("http://127.9.9.9", "http://127.9.9.9/api/v1"),
            ("http://[::1]:8080", "http://[::1]:8080/api/v1"),
            ("http://localhost", "http://localhost/api/v1"),
        ] {
            assert_eq!(joined(base).as_deref(), Ok(expected), "{base}");
        }
    }

    #[test]
    fn a_base_that_would_give_the_secret_away_is_refused() {
        for base in [
            "",
            "api.example",
            "/api",
            "ftp://api.example",
            "file:///etc/passwd",
            "data:,x",
            "http://api.example",
            "http://127.0.0.1.evil.example",
            "http://localhost.evil.example",
            "http://evil.localhost",
            "http://10.0.0.1",
            "http://[::ffff:10.0.0.1]",
            "https://user:password@api.example",
            "https://user@api.example",
            "https://api.example/?a=b",
            "https://api.example/#a",
            "https://a;b.example",
            "https://a,b.example",
        ] {
            assert!(joined(base).is_err(), "{base}");
        }
    }
}
