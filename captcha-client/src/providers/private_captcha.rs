use captcha_core::ConfigError;
use captcha_core::verify::Pass;
use http::{HeaderMap, HeaderValue};
use serde_json::Value;

use crate::answer::shape::{Said, Says, Shape, flag, list, single};
use crate::answer::{Answer, Class, details, time};
use crate::hosted::{Account, Ask, Profile, Provider, Reading, variables};
use crate::transport::{Body, Reply, Retries, endpoint};
use crate::widget::{Place, Widget};

/// Private Captcha, hosted or self-hosted. The secret key is an API key; the site key goes along,
/// because the API key is good for every property of an account.
#[derive(Debug, Clone, Copy, Default)]
pub struct PrivateCaptcha;

static PROFILE: Profile = Profile {
    name: "private-captcha",
    api_url: Some("https://api.privatecaptcha.com"),
    path: "/verify",
    widget_url: Some("https://cdn.privatecaptcha.com"),
    variables: variables!("PRIVATE_CAPTCHA"),
    field: "private-captcha-solution",
    retries: Retries::AsItsSdk,
    secret_prefix: Some("pc_"),
    ..Profile::COMMON
};

const ANSWERS: Shape = Shape {
    verdict,
    codes,
    class: |code, _| class(code),
    pass: |said, reading| Ok(pass(said, reading)),
    always_json: false,
};

impl PrivateCaptcha {
    /// The base URL of the endpoint in the European Union, for
    /// [`api_url`](crate::hosted::HostedClientBuilder::api_url).
    pub const EU: &'static str = "https://api.eu.privatecaptcha.com";
}

impl Provider for PrivateCaptcha {
    fn profile(&self) -> &Profile {
        &PROFILE
    }

    fn headers(&self, account: &Account) -> Result<HeaderMap, ConfigError> {
        let site_key = HeaderValue::try_from(&account.site_key)
            .map_err(|_| ConfigError::new("site_key", "has characters that no key has"))?;
        let mut headers = HeaderMap::new();
        headers.insert("x-api-key", account.secret_header("")?);
        headers.insert("x-pc-sitekey", site_key);
        Ok(headers)
    }

    fn body<'a>(&self, ask: &Ask<'a>) -> Body<'a> {
        Body::Text(ask.token())
    }

    fn read(&self, reply: &Reply, reading: &Reading<'_>) -> Answer {
        ANSWERS.read(reply, reading)
    }

    fn widget(&self, place: &Place<'_>) -> Widget {
        let mut widget = Widget::of_class(place, "private-captcha")
            .script(endpoint(place.widget, "/widget/js/privatecaptcha.js"));
        if place.moved {
            let puzzle = endpoint(place.api, "/puzzle");
            widget = widget.attribute("data-puzzle-endpoint", puzzle);
        }
        widget.allow(|sources| {
            for source in [
                "https://privatecaptcha.com",
                "https://*.privatecaptcha.com",
                &place.api.origin().ascii_serialization(),
            ] {
                sources.add_host(source).add_style(source);
            }
            sources.add_script("'wasm-unsafe-eval'").add_worker("blob:");
        })
    }
}

/// `success` alone is none: it is also true while nothing is checked, and then only the code says
/// so. Answers in the form of reCAPTCHA have no code, but other fields.
fn verdict(said: &Said) -> Says {
    let siteverify = said.contains_key("challenge_ts") || said.contains_key("hostname");
    match (flag(said, "success", Says::Failed), said.get("code")) {
        (Says::Yes, None) if !siteverify => Says::Neither("a pass without a code"),
        (Says::Yes, Some(code)) if !code.is_number() => Says::Neither("a code that is no number"),
        (says, _) => says,
    }
}

/// The code as a number, or the same by name. Zero is none.
fn codes(said: &Said, reading: &Reading<'_>) -> Result<Vec<String>, &'static str> {
    let mut codes = match said.get("code") {
        Some(Value::Null) => return Err("a code that is null"),
        code => single(code)?,
    };
    codes.extend(list(said, "error-codes")?);
    let test = |code: &str| matches!(code, "10" | "property-test");
    codes.retain(|code| {
        !(matches!(code.as_str(), "0" | "no-error") || reading.ask.account.allow_test_keys && test(code))
    });
    Ok(codes)
}

/// <https://docs.privatecaptcha.com/docs/reference/verify-api>
fn class(code: &str) -> Option<Class> {
    Some(match code {
        "1" | "error-other" | "9" | "maintenance-mode" => Class::Unavailable,
        "2" | "solution-duplicates" | "3" | "solution-invalid" | "4" | "solution-bad-format"
        | "5" | "puzzle-expired" | "8" | "solution-verified-before" | "11" | "integrity-error" => {
            Class::BadToken
        }
        // The key of a site for tests is the visitor's choice.
        "10" | "property-test" => Class::BadToken,
        "6"
        | "property-invalid"
        | "7"
        | "property-owner-mismatch"
        | "12"
        | "property-org-scope" => Class::Misconfigured,
        _ => return None,
    })
}

fn pass(said: &Said, reading: &Reading<'_>) -> Pass {
    let mut pass = details::pass(said, reading);
    if let Some(seconds) = said.get("timestamp").and_then(time::seconds) {
        pass = pass.with_challenge_ts(seconds);
    }
    match details::host_of(said.get("origin"), reading) {
        Some(host) => pass.with_hostname(host),
        None => pass,
    }
}
