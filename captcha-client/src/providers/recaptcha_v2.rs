use captcha_core::verify::Pass;
use serde_json::Value;

use super::recaptcha;
use crate::answer::shape::{Said, Shape};
use crate::answer::{Answer, details};
use crate::hosted::{Ask, Profile, Provider, Reading, variables};
use crate::transport::{Body, Reply, endpoint};
use crate::widget::{Place, Widget};

/// Google reCAPTCHA v2, the box that is ticked. Where `www.google.com` cannot be reached:
/// `api_url("https://www.recaptcha.net")`.
#[derive(Debug, Clone, Copy, Default)]
pub struct RecaptchaV2;

static PROFILE: Profile = Profile {
    name: "recaptcha-v2",
    variables: variables!("RECAPTCHA_V2"),
    ..recaptcha::PROFILE
};

const ANSWERS: Shape = Shape {
    pass,
    ..recaptcha::ANSWERS
};

impl Provider for RecaptchaV2 {
    fn profile(&self) -> &Profile {
        &PROFILE
    }

    fn body<'a>(&self, ask: &Ask<'a>) -> Body<'a> {
        recaptcha::body(ask)
    }

    fn read(&self, reply: &Reply, reading: &Reading<'_>) -> Answer {
        ANSWERS.read(reply, reading)
    }

    fn widget(&self, place: &Place<'_>) -> Widget {
        let widget = Widget::of_class(place, "g-recaptcha")
            .script(endpoint(place.widget, "/recaptcha/api.js"));
        recaptcha::allow(widget, place)
    }
}

fn pass(said: &Said, reading: &Reading<'_>) -> Result<Pass, Answer> {
    let hostname = said.get("hostname").and_then(Value::as_str);
    reading.no_test(hostname == Some("testkey.google.com"))?;
    Ok(details::pass(said, reading))
}
