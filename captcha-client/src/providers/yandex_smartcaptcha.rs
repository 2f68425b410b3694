use captcha_core::verify::Pass;
use serde_json::Value;

use crate::answer::shape::{Said, Says, Shape, single};
use crate::answer::{Answer, Class, details};
use crate::hosted::{Ask, Profile, Provider, Reading, variables};
use crate::transport::{Body, Reply, endpoint};
use crate::widget::{Place, Widget};

/// Yandex SmartCaptcha. The secret key is the provider's "server key", the site key its "client
/// key".
#[derive(Debug, Clone, Copy, Default)]
pub struct YandexSmartCaptcha;

static PROFILE: Profile = Profile {
    name: "yandex-smartcaptcha",
    api_url: Some("https://smartcaptcha.cloud.yandex.ru"),
    path: "/validate",
    variables: variables!("YANDEX_SMARTCAPTCHA"),
    field: "smart-token",
    client_ip_field: Some("ip"),
    ..Profile::COMMON
};

const ANSWERS: Shape = Shape {
    verdict,
    codes: |said, _| messages(said),
    class: |message, _| class(message),
    pass,
    always_json: false,
};

impl Provider for YandexSmartCaptcha {
    fn profile(&self) -> &Profile {
        &PROFILE
    }

    fn body<'a>(&self, ask: &Ask<'a>) -> Body<'a> {
        Body::Form(ask.fields(&[("secret", ask.secret()), ("token", ask.token())]))
    }

    fn read(&self, reply: &Reply, reading: &Reading<'_>) -> Answer {
        ANSWERS.read(reply, reading)
    }

    fn widget(&self, place: &Place<'_>) -> Widget {
        let origin = place.widget.origin().ascii_serialization();
        Widget::of_class(place, "smart-captcha")
            .script(endpoint(place.widget, "/captcha.js"))
            .allow(|sources| {
                sources.add_host(&origin);
                sources.add_style("'unsafe-inline'");
            })
    }
}

/// A pass names the host. One that does not was given because the provider could not check.
/// <https://yandex.cloud/en/docs/smartcaptcha/concepts/validation>
fn verdict(said: &Said) -> Says {
    let host = said.get("host").and_then(Value::as_str);
    let named = |host: &str| host.starts_with(|first: char| first.is_alphanumeric() || first == '[');
    match said.get("status").and_then(Value::as_str) {
        Some("failed") => Says::No,
        Some("ok") if host.is_some_and(named) => Says::Yes,
        Some("ok") => Says::Neither("a pass without a host: nothing was checked"),
        _ => Says::Neither("`status` is neither ok nor failed"),
    }
}

/// Why something failed, in words that change; none for a robot.
fn messages(said: &Said) -> Result<Vec<String>, &'static str> {
    match verdict(said) {
        Says::No => single(said.get("message")),
        _ => Ok(Vec::new()),
    }
}

fn class(message: &str) -> Option<Class> {
    Some(match message.starts_with("Authentication failed") {
        true => Class::Misconfigured,
        false => Class::BadToken,
    })
}

fn pass(said: &Said, reading: &Reading<'_>) -> Result<Pass, Answer> {
    Ok(match details::host_of(said.get("host"), reading) {
        Some(host) => Pass::new().with_hostname(host),
        None => Pass::new(),
    })
}
