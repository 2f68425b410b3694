use bytes::Bytes;
use captcha_core::ConfigError;
use captcha_core::verify::{FailMode, VerifyRequest};
use http::{HeaderMap, HeaderValue, header};
use reqwest::Url;
use secrecy::ExposeSecret;

use super::{GkCaptcha, answer, request};
use crate::Widget;
use crate::answer::Answer;
use crate::hosted::{Account, Protocol, Provider, Reading, Variables};
use crate::transport::{Reply, endpoint};

impl Provider for GkCaptcha {}

impl Protocol for GkCaptcha {
    const NAME: &'static str = "gkcaptcha";
    const API_URL: &'static str = "https://gkcaptcha.gatekeeper.sa";
    const PATH: &'static str = "/api/v1/token/verify";
    const VARIABLES: Variables = Variables {
        secret_key: "GKCAPTCHA_SECRET_KEY",
        site_key: "GKCAPTCHA_SITE_KEY",
        api_url: "GKCAPTCHA_API_URL",
    };
    const FIELD: &'static str = "captchaToken";
    const CLIENT_IP_FIELD: &'static str = "clientIP";
    // As in the provider's SDKs.
    const FAIL_MODE: FailMode = FailMode::Open;

    fn check(account: &Account, names: Variables) -> Result<(), ConfigError> {
        if account.site_key.starts_with("sk_") {
            let problem = "is a secret key (swapped?): pages would show it";
            return Err(ConfigError::new(names.site_key, problem));
        }
        if account.secret.expose_secret().starts_with("pk_") {
            return Err(ConfigError::new(
                names.secret_key,
                "is a site key (swapped?)",
            ));
        }
        Ok(())
    }

    /// The documentation wants the secret here, the SDKs in the body.
    fn headers(account: &Account) -> Result<HeaderMap, ConfigError> {
        let bearer = format!("Bearer {}", account.secret.expose_secret());
        let mut bearer = HeaderValue::try_from(bearer)
            .map_err(|_| ConfigError::new("secret_key", "has characters that no key has"))?;
        bearer.set_sensitive(true);
        let json = HeaderValue::from_static("application/json");
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, bearer);
        headers.insert(header::CONTENT_TYPE, json.clone());
        headers.insert(header::ACCEPT, json);
        Ok(headers)
    }

    fn body(account: &Account, token: &str, request: &VerifyRequest<'_>) -> Bytes {
        request::body(account, token, request)
    }

    fn read(reply: &Reply, reading: &Reading<'_>) -> Answer {
        answer::read(reply, reading.scrub)
    }

    fn widget(base: &Url, site_key: &str) -> Widget {
        Widget {
            script_url: endpoint(base, "/widget/gk-captcha.js").into(),
            origin: base.origin().ascii_serialization(),
            element: "gk-captcha",
            class: None,
            site_key_attribute: "sitekey",
            site_key: site_key.to_owned(),
        }
    }
}
