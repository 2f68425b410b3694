use captcha_core::ConfigError;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use super::{Profile, Variables};
use crate::keys;

/// Who asks a provider.
#[derive(Debug)]
pub struct Account {
    pub(crate) secret: SecretString,
    pub(crate) site_key: String,
    pub(crate) client_ip_field: Option<String>,
    /// Whether the provider's keys for tests can be used, and what they pass can pass.
    pub(crate) allow_test_keys: bool,
}

impl Account {
    /// An account whose keys can be a pair of this provider's.
    pub(super) fn checked(
        profile: &Profile,
        names: Variables,
        (secret_key, site_key): (&str, &str),
        allow_test_keys: bool,
    ) -> Result<Self, ConfigError> {
        let secret = keys::secret(names.secret_key, secret_key, allow_test_keys)?;
        let site_key = keys::site_key(names.site_key, site_key, allow_test_keys)?;
        let begins = |key: &str, prefix: Option<&str>| prefix.is_some_and(|p| key.starts_with(p));
        if begins(&site_key, profile.secret_prefix) {
            let problem = "is a secret key (swapped?): pages would show it";
            return Err(ConfigError::new(names.site_key, problem));
        }
        if begins(secret.expose_secret(), profile.site_prefix) {
            return Err(ConfigError::new(
                names.secret_key,
                "is a site key (swapped?)",
            ));
        }
        if secret.expose_secret() == site_key {
            let problem = "is the secret key: pages would show it";
            return Err(ConfigError::new(names.site_key, problem));
        }
        Ok(Self {
            secret,
            site_key,
            client_ip_field: profile.client_ip_field.map(str::to_owned),
            allow_test_keys,
        })
    }

    /// A header that holds the secret, perhaps behind a word.
    pub(crate) fn secret_header(&self, before: &str) -> Result<HeaderValue, ConfigError> {
        let value = format!("{before}{}", self.secret.expose_secret());
        let mut value = HeaderValue::try_from(value)
            .map_err(|_| ConfigError::new("secret_key", "has characters that no key has"))?;
        value.set_sensitive(true);
        Ok(value)
    }
}
