//! Clients for code without a runtime: command line tools, threads, synchronous frameworks.
//!
//! They may also be called on a thread that runs a Tokio runtime. Such a call holds up
//! everything else on that thread: in asynchronous code, use the asynchronous client.

use std::fmt;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use captcha_core::ConfigError;
use captcha_core::verify::{Verdict, Verifier, VerifyError, VerifyErrorKind};
use tokio::runtime::{Builder, Runtime};

use crate::hosted::{AnyProvider, Build, HostedClientBuilder, Provider, any, from_async};
use crate::{VerifyOptions, Widget, hosted};

pub use crate::providers::blocking_clients::*;

/// Asks whichever provider was chosen when the application started, and waits for the answer.
pub type AnyClient = HostedClient<AnyProvider>;

/// Asks a provider whether a token is good, and waits for the answer.
///
/// The same as the asynchronous [`HostedClient`](hosted::HostedClient) otherwise. It
/// runs its connections on a thread of its own, which ends with the last clone.
///
#[cfg_attr(feature = "gkcaptcha", doc = "```no_run")]
#[cfg_attr(not(feature = "gkcaptcha"), doc = "```ignore")]
/// use captcha_client::{VerifyOptions, blocking::GkCaptchaClient};
///
/// # fn check(token: &str) -> Result<(), Box<dyn std::error::Error>> {
/// let client = GkCaptchaClient::from_env()?;
/// let verdict = client.verify_token(token, VerifyOptions::default())?;
/// # let _ = verdict; Ok(()) }
/// ```
pub struct HostedClient<P> {
    client: hosted::HostedClient<P>,
    worker: Arc<Worker>,
}

impl<P: Provider + Default> HostedClient<P> {
    /// A client with the keys of a site and the provider's defaults.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the key that cannot be one.
    pub fn new(
        secret_key: impl Into<String>,
        site_key: impl Into<String>,
    ) -> Result<Self, ConfigError> {
        Self::builder(secret_key, site_key).build()
    }

    /// A client with the keys and the base URL in the environment.
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

impl AnyClient {
    /// A client of the provider that `CAPTCHA_PROVIDER` names, as [`crate::from_env`].
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
        HostedClientBuilder::from_env(any::chosen()?)
    }

    /// Sets up a client of the provider of this name from that provider's variables.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the variable that is missing, or `CAPTCHA_PROVIDER` where no
    /// provider of this name is compiled in.
    pub fn builder_from_env_of(name: &str) -> Result<HostedClientBuilder<Self>, ConfigError> {
        HostedClientBuilder::from_env(any::named(name)?)
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

impl<P: 'static> HostedClient<P> {
    /// Asks about a token and applies the fail mode.
    ///
    /// # Errors
    ///
    /// As the asynchronous [`verify_token`](hosted::HostedClient::verify_token).
    pub fn verify_token(
        &self,
        token: &str,
        options: VerifyOptions,
    ) -> Result<Verdict, VerifyError> {
        let (client, token) = (self.client.clone(), token.to_owned());
        let verifying = async move { client.verify_token(&token, options).await };
        self.worker.wait_for(verifying).unwrap_or_else(|| {
            // Never a pass: a panic is no outage of the provider.
            let cause = "the verification ended without an outcome";
            Err(VerifyError::new(VerifyErrorKind::InvalidConfig).with_source(cause))
        })
    }

    /// The longest time one verification takes, retries included.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.client.deadline().unwrap_or_default()
    }

    /// What a page needs to show the widget.
    #[must_use]
    pub fn widget(&self) -> Widget {
        self.client.widget()
    }
}

impl<P> from_async::FromAsync for HostedClient<P> {
    type Provider = P;

    fn from_async(client: hosted::HostedClient<P>) -> Result<Self, ConfigError> {
        let worker = Arc::new(Worker::start()?);
        Ok(Self { client, worker })
    }
}

impl<P> Build for HostedClient<P> {}

impl<P> Clone for HostedClient<P> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            worker: Arc::clone(&self.worker),
        }
    }
}

impl<P> fmt::Debug for HostedClient<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.client.fmt(f)
    }
}

/// A runtime with one thread.
struct Worker {
    runtime: Option<Runtime>,
}

impl Worker {
    fn start() -> Result<Self, ConfigError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("captcha-client")
            .enable_all()
            .build()
            .map_err(|_| ConfigError::new("blocking", "cannot start a thread"))?;
        Ok(Self {
            runtime: Some(runtime),
        })
    }

    /// Runs it on the worker and waits. `None` when it panicked.
    fn wait_for<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let (tell, told) = mpsc::sync_channel(1);
        self.runtime.as_ref()?.spawn(async move {
            // Nobody can have stopped waiting.
            let _ = tell.send(work.await);
        });
        told.recv().ok()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // An ordinary drop waits, and panics on a thread that runs a runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
