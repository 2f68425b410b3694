use captcha_core::ConfigError;

use super::env::required;
use super::{HostedClient, HostedClientBuilder, Provider};
use crate::providers;

/// A provider that is chosen when the application starts, rather than when it is compiled.
#[derive(Debug, Clone, Copy)]
pub enum AnyProvider {}

/// Asks whichever provider was chosen when the application started.
///
/// ```no_run
/// use captcha_client::hosted::AnyClient;
/// use captcha_core::gate::Gate;
///
/// # fn main() -> Result<(), captcha_core::ConfigError> {
/// // CAPTCHA_PROVIDER=turnstile, TURNSTILE_SECRET_KEY and TURNSTILE_SITE_KEY
/// let client = AnyClient::from_env()?;
/// let widget = client.widget();
/// let gate = Gate::new(client);
/// # Ok(()) }
/// ```
pub type AnyClient = HostedClient<AnyProvider>;

/// The variable that names the provider.
const CHOICE: &str = "CAPTCHA_PROVIDER";

impl AnyClient {
    /// A client of the provider that `CAPTCHA_PROVIDER` names, with the keys and, where it is
    /// set, the base URL in that provider's variables.
    ///
    /// The names are those of the [features](crate#features); the features have to be on.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the variable that is missing or cannot be used.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::builder_from_env()?.build()
    }

    /// Sets up a client of the provider that `CAPTCHA_PROVIDER` names.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the variable that is missing or cannot be used.
    pub fn builder_from_env() -> Result<HostedClientBuilder<Self>, ConfigError> {
        HostedClientBuilder::from_env(chosen()?)
    }

    /// Sets up a client of the provider of this name from that provider's variables.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the variable that is missing, or `CAPTCHA_PROVIDER` where no
    /// provider of this name is compiled in.
    pub fn builder_from_env_of(name: &str) -> Result<HostedClientBuilder<Self>, ConfigError> {
        HostedClientBuilder::from_env(named(name)?)
    }

    /// Sets up a client of this provider with the keys of a site.
    pub fn builder_of_any(
        provider: Box<dyn Provider>,
        secret_key: impl Into<String>,
        site_key: impl Into<String>,
    ) -> HostedClientBuilder<Self> {
        HostedClientBuilder::new(provider.into(), secret_key, site_key)
    }
}

/// The provider that the environment names.
pub(crate) fn chosen() -> Result<Box<dyn Provider>, ConfigError> {
    named(&required(CHOICE)?)
}

pub(crate) fn named(name: &str) -> Result<Box<dyn Provider>, ConfigError> {
    let unknown = "names no provider whose feature of captcha-client is on";
    providers::named(name).ok_or(ConfigError::new(CHOICE, unknown))
}
