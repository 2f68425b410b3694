use captcha_core::verify::{Credential, ReasonCode};

use super::friendlycaptcha::{self, JSDELIVR};
use crate::answer::shape::{Shape, list};
use crate::answer::{Answer, Class};
use crate::hosted::{Account, Ask, Profile, Provider, Reading, variables};
use crate::transport::{Body, Reply, endpoint};
use crate::widget::{Place, Widget};

/// Friendly Captcha v1. Also the provider's self-hosted "lite server".
#[derive(Debug, Clone, Copy, Default)]
pub struct FriendlyCaptchaV1;

static PROFILE: Profile = Profile {
    name: "friendlycaptcha-v1",
    api_url: Some("https://api.friendlycaptcha.com"),
    path: "/api/v1/siteverify",
    widget_url: Some(JSDELIVR),
    variables: variables!("FRIENDLYCAPTCHA_V1"),
    field: "frc-captcha-solution",
    ..Profile::COMMON
};

const ANSWERS: Shape = Shape {
    codes: |said, _| list(said, "errors"),
    class: |code, _| class(code),
    always_json: true,
    ..Shape::SITEVERIFY
};

impl FriendlyCaptchaV1 {
    /// The base URL of the endpoint in the European Union, for
    /// [`api_url`](crate::hosted::HostedClientBuilder::api_url).
    pub const EU: &'static str = "https://eu-api.friendlycaptcha.eu";
}

impl Provider for FriendlyCaptchaV1 {
    fn profile(&self) -> &Profile {
        &PROFILE
    }

    fn objection(&self, _: &Account, credential: &Credential<'_>) -> Option<ReasonCode> {
        friendlycaptcha::objection(credential)
    }

    fn body<'a>(&self, ask: &Ask<'a>) -> Body<'a> {
        Body::object(ask.fields(&[
            ("secret", ask.secret()),
            ("sitekey", ask.site_key()),
            ("solution", ask.token()),
        ]))
    }

    fn read(&self, reply: &Reply, reading: &Reading<'_>) -> Answer {
        ANSWERS.read(reply, reading)
    }

    fn widget(&self, place: &Place<'_>) -> Widget {
        let mut widget = Widget::of_class(place, "frc-captcha").module(endpoint(
            place.widget,
            "/npm/friendly-challenge@0.9.20/widget.module.min.js",
        ));
        if place.moved {
            let puzzle = endpoint(place.api, "/api/v1/puzzle");
            widget = widget.attribute("data-puzzle-endpoint", puzzle);
        }
        widget.allow(|sources| {
            sources.add_script("'wasm-unsafe-eval'");
            sources.add_connect(&place.api.origin().ascii_serialization());
            sources.add_style("'unsafe-inline'").add_worker("blob:");
        })
    }
}

/// <https://developer.friendlycaptcha.com/docs/v1/api>
fn class(code: &str) -> Option<Class> {
    Some(match code {
        "solution_missing" | "solution_invalid" | "solution_timeout_or_duplicate" => {
            Class::BadToken
        }
        "secret_missing" | "secret_invalid" | "wrong_api_key" | "sitekey_invalid"
        | "bad_request" => Class::Misconfigured,
        _ => return None,
    })
}
