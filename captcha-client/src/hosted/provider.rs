use std::fmt;

use captcha_core::ConfigError;
use captcha_core::verify::{Credential, FailMode, FieldSet, ReasonCode};
use http::HeaderMap;
use reqwest::Url;

use super::{Account, Ask, Reading};
use crate::answer::Answer;
use crate::transport::{Body, Reply, Retries, endpoint};
use crate::visitor;
use crate::widget::{Place, Widget};

/// A provider of hosted captchas, such as [`Turnstile`](crate::providers::Turnstile). Not to be
/// implemented elsewhere.
///
/// What has no default is what every provider has of its own.
pub trait Provider: Listed + fmt::Debug + Send + Sync + 'static {
    /// What can be said of it without asking it anything.
    #[doc(hidden)]
    fn profile(&self) -> &Profile;

    /// Takes settings of its own from the environment.
    #[doc(hidden)]
    fn read_env(&mut self) -> Result<(), ConfigError> {
        Ok(())
    }

    /// What is wrong with the settings, beyond what is wrong with any.
    #[doc(hidden)]
    fn check(&self, account: &Account, names: Variables) -> Result<(), ConfigError> {
        let _ = (account, names);
        Ok(())
    }

    /// The fields that its widget fills.
    #[doc(hidden)]
    fn field_sets(&self) -> Vec<FieldSet> {
        vec![FieldSet::token(self.profile().field)]
    }

    /// Whether a visitor's text can be a token for this account. Anything else is not sent.
    #[doc(hidden)]
    fn is_token(&self, account: &Account, token: &str) -> bool {
        let _ = account;
        visitor::is_token(token)
    }

    /// Why what a visitor sent can be no proof, so that nobody has to be asked.
    #[doc(hidden)]
    fn objection(&self, account: &Account, credential: &Credential<'_>) -> Option<ReasonCode> {
        match credential {
            Credential::Token(token) if token.is_empty() => Some(ReasonCode::MissingToken),
            Credential::Token(token) if self.is_token(account, token) => None,
            _ => Some(ReasonCode::InvalidToken),
        }
    }

    /// The endpoint, below the base URL.
    #[doc(hidden)]
    fn url(&self, base: &Url, ask: &Ask<'_>) -> Url {
        let _ = ask;
        endpoint(base, self.profile().path)
    }

    /// The headers of every request, made once, beside those that the body needs.
    #[doc(hidden)]
    fn headers(&self, account: &Account) -> Result<HeaderMap, ConfigError> {
        let _ = account;
        Ok(HeaderMap::new())
    }

    /// What a request says.
    #[doc(hidden)]
    fn body<'a>(&self, ask: &Ask<'a>) -> Body<'a>;

    /// Reads an answer.
    #[doc(hidden)]
    fn read(&self, reply: &Reply, reading: &Reading<'_>) -> Answer;

    /// What its page needs.
    #[doc(hidden)]
    fn widget(&self, place: &Place<'_>) -> Widget;
}

/// The providers in the list of [`providers`](crate::providers), and no others.
pub trait Listed {}

/// What can be said of a provider without asking it anything.
#[derive(Debug, Clone)]
pub struct Profile {
    /// What it is called in spans and in `CAPTCHA_PROVIDER`.
    pub(crate) name: &'static str,
    /// Where it is, unless told otherwise, without `path`; for those that everybody runs for
    /// themselves, nowhere.
    pub(crate) api_url: Option<&'static str>,
    /// Of the endpoint that verifies.
    pub(crate) path: &'static str,
    /// From where browsers load the widget, where that is another place.
    pub(crate) widget_url: Option<&'static str>,
    /// The environment variables of its keys.
    pub(crate) variables: Variables,
    /// The form field that its widget fills.
    pub(crate) field: &'static str,
    /// The name under which it takes the visitor's address.
    pub(crate) client_ip_field: Option<&'static str>,
    /// What an outage means for visitors, unless told otherwise.
    pub(crate) fail_mode: FailMode,
    /// When a verification is tried again.
    pub(crate) retries: Retries,
    /// What only a secret key begins with.
    pub(crate) secret_prefix: Option<&'static str>,
    /// What only a site key begins with.
    pub(crate) site_prefix: Option<&'static str>,
}

impl Profile {
    /// What most have in common, to be completed.
    pub(crate) const COMMON: Self = Self {
        name: "",
        api_url: None,
        path: "/siteverify",
        widget_url: None,
        variables: Variables::SETTERS,
        field: "",
        client_ip_field: None,
        fail_mode: FailMode::Closed,
        retries: Retries::Unspent,
        secret_prefix: None,
        site_prefix: None,
    };
}

/// What the settings that the environment can hold are called, there or in an error.
#[derive(Debug, Clone, Copy)]
pub struct Variables {
    pub(crate) secret_key: &'static str,
    pub(crate) site_key: &'static str,
    pub(crate) api_url: &'static str,
    pub(crate) widget_url: &'static str,
}

impl Variables {
    /// The names of the setters.
    pub(crate) const SETTERS: Self = Self {
        secret_key: "secret_key",
        site_key: "site_key",
        api_url: "api_url",
        widget_url: "widget_url",
    };
}

/// The variables of a provider, from the prefix that they share.
macro_rules! variables {
    ($prefix:literal) => {
        $crate::hosted::Variables {
            secret_key: concat!($prefix, "_SECRET_KEY"),
            site_key: concat!($prefix, "_SITE_KEY"),
            api_url: concat!($prefix, "_API_URL"),
            widget_url: concat!($prefix, "_WIDGET_URL"),
        }
    };
}
pub(crate) use variables;
