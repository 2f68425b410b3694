use std::fmt;

use bytes::Bytes;
use captcha_core::ConfigError;
use captcha_core::verify::{FailMode, VerifyRequest};
use http::HeaderMap;
use reqwest::Url;
use secrecy::SecretString;

use crate::answer::Answer;
use crate::transport::Reply;
use crate::{Widget, visitor};

/// A provider of hosted captchas, such as [`GkCaptcha`](crate::gkcaptcha::GkCaptcha). Not to be
/// implemented elsewhere.
pub trait Provider: Protocol {}

/// What is particular about a provider.
pub trait Protocol: Copy + Default + fmt::Debug + Send + Sync + 'static {
    /// What it is called in spans.
    const NAME: &'static str;

    /// Where it is, unless told otherwise, without [`PATH`](Self::PATH).
    const API_URL: &'static str;

    /// Of the endpoint that verifies.
    const PATH: &'static str;

    /// The environment variables of its keys.
    const VARIABLES: Variables;

    /// The form field that its widget fills.
    const FIELD: &'static str;

    /// The name under which it wants the visitor's address.
    const CLIENT_IP_FIELD: &'static str;

    /// What an outage means for visitors, unless told otherwise.
    const FAIL_MODE: FailMode = FailMode::Closed;

    /// Whether a verification can be repeated without using the token up.
    const IDEMPOTENT: bool = false;

    /// What is wrong with a pair of keys, beyond what is wrong with any.
    fn check(account: &Account, names: Variables) -> Result<(), ConfigError> {
        let _ = (account, names);
        Ok(())
    }

    /// Whether a visitor's text can be a token. Anything else is not sent.
    fn is_token(token: &str) -> bool {
        visitor::is_token(token)
    }

    /// The headers of every request.
    fn headers(account: &Account) -> Result<HeaderMap, ConfigError>;

    /// The body of a request about this token.
    fn body(account: &Account, token: &str, request: &VerifyRequest<'_>) -> Bytes;

    /// Reads an answer.
    fn read(reply: &Reply, reading: &Reading<'_>) -> Answer;

    /// The widget, whose script is below this URL.
    fn widget(base: &Url, site_key: &str) -> Widget;
}

/// How an answer is read.
#[expect(missing_debug_implementations, reason = "nobody can have one")]
pub struct Reading<'a> {
    /// Removes secrets from the provider's text.
    pub(crate) scrub: &'a (dyn Fn(&str) -> String + Sync),
    /// Whether an answer to keys for tests can pass.
    #[allow(dead_code, reason = "not every provider has some")]
    pub(crate) allow_test_keys: bool,
}

/// Who asks a provider.
#[derive(Debug)]
pub struct Account {
    pub(crate) secret: SecretString,
    pub(crate) site_key: String,
    pub(crate) client_ip_field: String,
}

/// What the settings that the environment can hold are called, there or in an error.
#[derive(Debug, Clone, Copy)]
pub struct Variables {
    pub(crate) secret_key: &'static str,
    pub(crate) site_key: &'static str,
    pub(crate) api_url: &'static str,
}

impl Variables {
    /// The names of the setters.
    pub(crate) const SETTERS: Self = Self {
        secret_key: "secret_key",
        site_key: "site_key",
        api_url: "api_url",
    };
}
