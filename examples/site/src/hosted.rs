use std::time::Duration;

use captcha_client::{AnyClient, Widget};
use captcha_core::verify::rules::{AllowedHostnames, ExpectedAction, MaxAge, MaxScore};
use captcha_core::verify::{FailMode, Verifier, VerifierExt};

use crate::env::{ConfigError, millis, one_of, parsed, seconds, value};

/// How a hosted provider is asked, and what its answers have to meet.
#[derive(Debug, Clone)]
pub(crate) struct Hosted {
    timeout: Option<Duration>,
    max_retries: Option<u32>,
    retry_delay: Option<Duration>,
    deadline: Option<Duration>,
    breaker: bool,
    max_score: Option<f64>,
    hostnames: Option<String>,
    action: Option<String>,
    max_age: Option<Duration>,
    allow_test_keys: bool,
}

impl Hosted {
    pub(crate) fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            timeout: millis("CAPTCHA_TIMEOUT_MS")?,
            max_retries: parsed("CAPTCHA_MAX_RETRIES")?,
            retry_delay: millis("CAPTCHA_RETRY_DELAY_MS")?,
            deadline: millis("CAPTCHA_DEADLINE_MS")?,
            breaker: one_of("CAPTCHA_BREAKER", false, &[("off", false), ("on", true)])?,
            max_score: parsed("CAPTCHA_MAX_SCORE")?,
            hostnames: value("CAPTCHA_HOSTNAMES")?,
            action: value("CAPTCHA_ACTION")?,
            max_age: seconds("CAPTCHA_MAX_AGE_SECS")?,
            allow_test_keys: one_of(
                "CAPTCHA_TEST_KEYS",
                false,
                &[("refused", false), ("allowed", true)],
            )?,
        })
    }

    /// What asks the provider of this name, and its widget.
    pub(crate) fn verifier(
        &self,
        provider: &str,
        fail_mode: Option<FailMode>,
    ) -> Result<(Box<dyn Verifier>, Widget), ConfigError> {
        let client = self.client(provider, fail_mode);
        let client = client.map_err(|error| named(&error))?;
        let mut widget = client.widget();
        if let Some(action) = &self.action {
            widget = widget.with_action(action);
        }
        let verifier = self.ruled(client).map_err(|error| named(&error))?;
        Ok((verifier, widget))
    }

    fn client(
        &self,
        provider: &str,
        fail_mode: Option<FailMode>,
    ) -> Result<AnyClient, captcha_core::ConfigError> {
        let mut builder = AnyClient::builder_from_env_of(provider)?;
        if self.allow_test_keys {
            builder = builder.allow_test_keys();
        }
        if let Some(mode) = fail_mode {
            builder = builder.fail_mode(mode);
        }
        if let Some(timeout) = self.timeout {
            builder = builder.timeout(timeout);
        }
        if let Some(retries) = self.max_retries {
            builder = builder.max_retries(retries);
        }
        if let Some(delay) = self.retry_delay {
            builder = builder.retry_delay(delay);
        }
        if let Some(deadline) = self.deadline {
            builder = builder.deadline(deadline);
        }
        builder.build()
    }

    /// The client behind the breaker and the rules that are switched on.
    fn ruled(&self, client: AnyClient) -> Result<Box<dyn Verifier>, captcha_core::ConfigError> {
        let mut verifier: Box<dyn Verifier> = Box::new(client);
        if self.breaker {
            verifier = Box::new(verifier.circuit_breaker());
        }
        if let Some(highest) = self.max_score {
            verifier = Box::new(verifier.rule(MaxScore::new(highest)?));
        }
        if let Some(hostnames) = &self.hostnames {
            let hostnames = hostnames.split(',').map(str::trim);
            verifier = Box::new(verifier.rule(AllowedHostnames::new(hostnames)?));
        }
        if let Some(action) = &self.action {
            verifier = Box::new(verifier.rule(ExpectedAction::new(action)?));
        }
        if let Some(longest) = self.max_age {
            verifier = Box::new(verifier.rule(MaxAge::new(longest)?));
        }
        Ok(verifier)
    }
}

fn named(error: &captcha_core::ConfigError) -> ConfigError {
    let variable = match error.setting() {
        "CAPTCHA_PROVIDER" => "CAPTCHA_VERIFIER",
        "timeout" => "CAPTCHA_TIMEOUT_MS",
        "max_retries" => "CAPTCHA_MAX_RETRIES",
        "deadline" => "CAPTCHA_DEADLINE_MS",
        "max_score" => "CAPTCHA_MAX_SCORE",
        "allowed_hostnames" => "CAPTCHA_HOSTNAMES",
        "expected_action" => "CAPTCHA_ACTION",
        "max_age" => "CAPTCHA_MAX_AGE_SECS",
        setting => setting,
    };
    ConfigError::new(variable, error.problem())
}
