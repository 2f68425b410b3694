use captcha_core::ConfigError;
use captcha_core::verify::FailMode;
use http::{HeaderMap, header};

use super::{GkCaptcha, answer};
use crate::answer::Answer;
use crate::hosted::{Account, Ask, Profile, Provider, Reading, variables};
use crate::transport::{Body, Reply, Retries, endpoint};
use crate::widget::{Place, Widget};

static PROFILE: Profile = Profile {
    name: "gkcaptcha",
    api_url: Some("https://gkcaptcha.gatekeeper.sa"),
    path: "/api/v1/token/verify",
    variables: variables!("GKCAPTCHA"),
    field: "captchaToken",
    client_ip_field: Some("clientIP"),
    // These two as in the provider's SDKs.
    fail_mode: FailMode::Open,
    retries: Retries::AsItsSdk,
    secret_prefix: Some("sk_"),
    site_prefix: Some("pk_"),
    ..Profile::COMMON
};

impl Provider for GkCaptcha {
    fn profile(&self) -> &Profile {
        &PROFILE
    }

    /// The documentation wants the secret here, the SDKs in the body.
    fn headers(&self, account: &Account) -> Result<HeaderMap, ConfigError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, account.secret_header("Bearer ")?);
        Ok(headers)
    }

    /// Everything but the token is optional for one dialect or the other; together they satisfy
    /// both.
    fn body<'a>(&self, ask: &Ask<'a>) -> Body<'a> {
        let mut fields = ask.fields(&[
            ("siteKey", ask.site_key()),
            ("secret", ask.secret()),
            ("token", ask.token()),
        ]);
        if let Some(user_agent) = ask.user_agent() {
            fields.push(("userAgent", user_agent.into()));
        }
        Body::object(fields)
    }

    fn read(&self, reply: &Reply, reading: &Reading<'_>) -> Answer {
        answer::read(reply, reading)
    }

    fn widget(&self, place: &Place<'_>) -> Widget {
        let origin = place.widget.origin().ascii_serialization();
        Widget::element(place, "gk-captcha", "sitekey")
            .script(endpoint(place.widget, "/widget/gk-captcha.js"))
            .allow(|sources| {
                sources.add_host(&origin);
                sources.add_style(&origin).add_img(&origin);
            })
    }
}
