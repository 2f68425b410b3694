use captcha_core::ConfigError;
use captcha_core::verify::{Credential, Pass, ReasonCode};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::friendlycaptcha::{self, JSDELIVR};
use crate::answer::details::{self, Scale};
use crate::answer::shape::{Said, Shape, of_error};
use crate::answer::{Answer, Class, time};
use crate::hosted::{Account, Ask, Profile, Provider, Reading, variables};
use crate::transport::{Body, Reply, endpoint};
use crate::widget::{Place, Widget};

/// Friendly Captcha v2. Accounts with risk intelligence get a score.
#[derive(Debug, Clone, Copy, Default)]
pub struct FriendlyCaptchaV2;

static PROFILE: Profile = Profile {
    name: "friendlycaptcha-v2",
    api_url: Some("https://global.frcapi.com"),
    path: "/api/v2/captcha/siteverify",
    widget_url: Some(JSDELIVR),
    variables: variables!("FRIENDLYCAPTCHA_V2"),
    field: "frc-captcha-response",
    ..Profile::COMMON
};

const ANSWERS: Shape = Shape {
    codes: |said, _| of_error(said, "error_code"),
    class: |code, _| class(code),
    pass,
    always_json: true,
    ..Shape::SITEVERIFY
};

impl FriendlyCaptchaV2 {
    /// The base URL of the endpoint in the European Union, for
    /// [`api_url`](crate::hosted::HostedClientBuilder::api_url).
    pub const EU: &'static str = "https://eu.frcapi.com";
}

impl Provider for FriendlyCaptchaV2 {
    fn profile(&self) -> &Profile {
        &PROFILE
    }

    fn objection(&self, _: &Account, credential: &Credential<'_>) -> Option<ReasonCode> {
        friendlycaptcha::objection(credential)
    }

    fn headers(&self, account: &Account) -> Result<HeaderMap, ConfigError> {
        let mut headers = HeaderMap::new();
        headers.insert("x-api-key", account.secret_header("")?);
        Ok(headers)
    }

    fn body<'a>(&self, ask: &Ask<'a>) -> Body<'a> {
        Body::object(ask.fields(&[("sitekey", ask.site_key()), ("response", ask.token())]))
    }

    fn read(&self, reply: &Reply, reading: &Reading<'_>) -> Answer {
        ANSWERS.read(reply, reading)
    }

    fn widget(&self, place: &Place<'_>) -> Widget {
        let mut widget = Widget::of_class(place, "frc-captcha").module(endpoint(
            place.widget,
            "/npm/@friendlycaptcha/sdk@1.0.2/site.min.js",
        ));
        let api = place.api.origin().ascii_serialization();
        if place.moved {
            widget = widget.attribute("data-api-endpoint", &api);
        }
        widget.allow(|sources| {
            sources.add_frame(&api).add_frame("https://*.frcapi.com");
        })
    }
}

/// <https://developer.friendlycaptcha.com/docs/v2/api/siteverify>
fn class(code: &str) -> Option<Class> {
    Some(match code {
        "response_missing" | "response_invalid" | "response_timeout" | "response_duplicate" => {
            Class::BadToken
        }
        "auth_required" | "auth_invalid" | "sitekey_invalid" | "bad_request"
        | "method_not_allowed" => Class::Misconfigured,
        _ => return None,
    })
}

fn pass(said: &Said, reading: &Reading<'_>) -> Result<Pass, Answer> {
    let mut pass = Pass::new().scored_by_plan();
    let data = match said.get("data") {
        None | Some(Value::Null) => return Ok(pass),
        Some(Value::Object(data)) => data,
        Some(_) => return Err(Answer::unreadable(StatusCode::OK, "`data` is no object")),
    };
    if let Some(challenge) = data.get("challenge").and_then(Value::as_object) {
        if let Some(seconds) = challenge.get("timestamp").and_then(time::seconds) {
            pass = pass.with_challenge_ts(seconds);
        }
        if let Some(host) = details::host_of(challenge.get("origin"), reading) {
            pass = pass.with_hostname(host);
        }
    }
    let risk = data.get("risk_intelligence");
    let scores = risk.and_then(|risk| risk.get("risk_scores"));
    let overall = scores.and_then(|scores| scores.get("overall"));
    details::with_score(pass, overall, Scale::OneToFive)
}
