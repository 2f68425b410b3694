//! Cloudflare Turnstile.

use bytes::Bytes;
use captcha_core::ConfigError;
use captcha_core::verify::VerifyRequest;
use http::{HeaderMap, HeaderValue, header};
use reqwest::Url;
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::answer::{Answer, Class};
use crate::hosted::{Account, HostedClient, Protocol, Provider, Reading, Variables};
use crate::siteverify::Siteverify;
use crate::transport::{Reply, endpoint};
use crate::{Widget, visitor};

/// Cloudflare Turnstile. Its keys are in `TURNSTILE_SECRET_KEY` and `TURNSTILE_SITE_KEY`, another
/// base URL in `TURNSTILE_API_URL`; its widget fills the form field `cf-turnstile-response`.
///
/// A verification carries an idempotency key, so that a try that was lost can be repeated without
/// using the token up.
#[derive(Debug, Clone, Copy, Default)]
pub struct Turnstile;

/// Asks Cloudflare Turnstile whether a token is good.
pub type TurnstileClient = HostedClient<Turnstile>;

/// The longest token, in bytes.
/// <https://developers.cloudflare.com/turnstile/get-started/server-side-validation/>
const LONGEST_TOKEN: usize = 2048;

const ANSWERS: Siteverify = Siteverify { class, is_test };

impl Provider for Turnstile {}

impl Protocol for Turnstile {
    const NAME: &'static str = "turnstile";
    const API_URL: &'static str = "https://challenges.cloudflare.com";
    const PATH: &'static str = "/turnstile/v0/siteverify";
    const VARIABLES: Variables = Variables {
        secret_key: "TURNSTILE_SECRET_KEY",
        site_key: "TURNSTILE_SITE_KEY",
        api_url: "TURNSTILE_API_URL",
    };
    const FIELD: &'static str = "cf-turnstile-response";
    const CLIENT_IP_FIELD: &'static str = "remoteip";
    const IDEMPOTENT: bool = true;

    fn is_token(token: &str) -> bool {
        token.len() <= LONGEST_TOKEN && visitor::is_token(token)
    }

    fn headers(_: &Account) -> Result<HeaderMap, ConfigError> {
        let json = HeaderValue::from_static("application/json");
        let names = [header::CONTENT_TYPE, header::ACCEPT];
        Ok(names.map(|name| (name, json.clone())).into_iter().collect())
    }

    fn body(account: &Account, token: &str, request: &VerifyRequest<'_>) -> Bytes {
        let mut fields = Map::new();
        let mut field = |name: &str, value: String| fields.insert(name.to_owned(), value.into());
        if let Some(ip) = request.client_ip() {
            field(&account.client_ip_field, ip.to_canonical().to_string());
        }
        field("secret", account.secret.expose_secret().to_owned());
        field("response", token.to_owned());
        field("idempotency_key", Uuid::new_v4().to_string());
        Bytes::from(Value::Object(fields).to_string())
    }

    fn read(reply: &Reply, reading: &Reading<'_>) -> Answer {
        ANSWERS.read(reply, reading)
    }

    fn widget(base: &Url, site_key: &str) -> Widget {
        Widget {
            script_url: endpoint(base, "/turnstile/v0/api.js").into(),
            origin: base.origin().ascii_serialization(),
            element: "div",
            class: Some("cf-turnstile"),
            site_key_attribute: "data-sitekey",
            site_key: site_key.to_owned(),
        }
    }
}

fn class(code: &str) -> Option<Class> {
    Some(match code {
        "missing-input-response" | "invalid-input-response" | "timeout-or-duplicate" => {
            Class::BadToken
        }
        "missing-input-secret" | "invalid-input-secret" | "bad-request" => Class::Misconfigured,
        "internal-error" => Class::Unavailable,
        _ => return None,
    })
}

fn is_test(said: &Map<String, Value>) -> bool {
    let metadata = said.get("metadata").and_then(Value::as_object);
    let test = metadata.and_then(|metadata| metadata.get("result_with_testing_key"));
    // Whatever it is: only its absence and a plain no mean that it is none.
    test.is_some_and(|test| !matches!(test, Value::Null | Value::Bool(false)))
}
