use captcha_core::verify::Pass;
use serde_json::Value;

use crate::answer::details::{self, Scale};
use crate::answer::shape::{Said, Shape, siteverify_class};
use crate::answer::{Answer, Class};
use crate::hosted::{Ask, Profile, Provider, Reading, variables};
use crate::transport::{Body, Reply, endpoint};
use crate::widget::{Place, Widget};

/// hCaptcha.
///
/// A secret is good for every site of an account: the site key goes along, so that a token from
/// another one is refused. Enterprise accounts get a score. The host name comes from the visitor's
/// browser.
#[derive(Debug, Clone, Copy, Default)]
pub struct HCaptcha;

static PROFILE: Profile = Profile {
    name: "hcaptcha",
    api_url: Some("https://api.hcaptcha.com"),
    widget_url: Some("https://js.hcaptcha.com"),
    variables: variables!("HCAPTCHA"),
    field: "h-captcha-response",
    client_ip_field: Some("remoteip"),
    secret_prefix: Some("ES_"),
    ..Profile::COMMON
};

const ANSWERS: Shape = Shape {
    class: |code, _| class(code),
    pass,
    ..Shape::SITEVERIFY
};

impl Provider for HCaptcha {
    fn profile(&self) -> &Profile {
        &PROFILE
    }

    /// A form: a JSON body is not understood.
    fn body<'a>(&self, ask: &Ask<'a>) -> Body<'a> {
        Body::Form(ask.fields(&[
            ("secret", ask.secret()),
            ("sitekey", ask.site_key()),
            ("response", ask.token()),
        ]))
    }

    fn read(&self, reply: &Reply, reading: &Reading<'_>) -> Answer {
        ANSWERS.read(reply, reading)
    }

    fn widget(&self, place: &Place<'_>) -> Widget {
        let mut script = endpoint(place.widget, "/1/api.js");
        // Or it fills the field of reCAPTCHA as well.
        script.set_query(Some("recaptchacompat=off"));
        Widget::of_class(place, "h-captcha")
            .script(script)
            .allow(|sources| {
                // <https://docs.hcaptcha.com/#content-security-policy-settings>
                for source in ["https://hcaptcha.com", "https://*.hcaptcha.com"] {
                    sources.add_host(source).add_style(source);
                }
            })
    }
}

/// <https://docs.hcaptcha.com/#siteverify-error-codes-table>
fn class(code: &str) -> Option<Class> {
    Some(match code {
        "expired-input-response"
        | "already-seen-response"
        | "invalid-or-already-seen-response" => Class::BadToken,
        "sitekey-secret-mismatch"
        | "not-using-dummy-passcode"
        | "not-using-dummy-secret"
        | "missing-remoteip"
        | "invalid-remoteip" => Class::Misconfigured,
        _ => return siteverify_class(code),
    })
}

fn pass(said: &Said, reading: &Reading<'_>) -> Result<Pass, Answer> {
    let pass = details::pass(said, reading).scored_by_plan();
    reading.no_test(said.get("hostname").and_then(Value::as_str) == Some("dummy-key-pass"))?;
    details::with_score(pass, said.get("score"), Scale::BotIsOne)
}
