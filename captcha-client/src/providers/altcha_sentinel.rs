use captcha_core::verify::{Pass, ReasonCode, Refusal};
use http::StatusCode;
use serde_json::Value;

use crate::answer::details::{self, Scale};
use crate::answer::shape::{Said, Shape, flag, single};
use crate::answer::{Answer, Class, is_down, time};
use crate::hosted::{Ask, Profile, Provider, Reading, variables};
use crate::transport::{Body, Reply, endpoint};
use crate::widget::{Place, Widget};

/// ALTCHA Sentinel, which everybody runs for themselves: `api_url` is required. Where browsers
/// reach the instance under another URL, that is `widget_url`.
///
/// The site key is the API key (`key_…`), the secret key its secret (`sec_…`). Every answer has to
/// name the API key: the endpoint is public, and vouches for everybody's.
#[derive(Debug, Clone, Copy, Default)]
pub struct AltchaSentinel;

static PROFILE: Profile = Profile {
    name: "altcha-sentinel",
    path: "/v1/verify/signature",
    variables: variables!("ALTCHA_SENTINEL"),
    field: "altcha",
    ..Profile::COMMON
};

const ANSWERS: Shape = Shape {
    verdict: |said| flag(said, "verified"),
    codes: |said, _| single(said.get("error")),
    class,
    pass,
    always_json: false,
};

const WIDGET: &str = "https://cdn.jsdelivr.net/npm/altcha@3.2.2/dist/main/altcha.min.js";

impl Provider for AltchaSentinel {
    fn profile(&self) -> &Profile {
        &PROFILE
    }

    fn body<'a>(&self, ask: &Ask<'a>) -> Body<'a> {
        Body::object(ask.fields(&[("secret", ask.secret()), ("payload", ask.token())]))
    }

    fn read(&self, reply: &Reply, reading: &Reading<'_>) -> Answer {
        ANSWERS.read(reply, reading)
    }

    fn widget(&self, place: &Place<'_>) -> Widget {
        let mut challenge = endpoint(place.widget, "/v1/challenge");
        challenge.query_pairs_mut().append_pair("apiKey", place.site_key);
        let instance = place.widget.origin().ascii_serialization();
        Widget::bare(place, "altcha-widget")
            .attribute("challenge", challenge)
            .module(WIDGET)
            .glue(include_str!("glue/altcha.js"))
            .style_by_nonce()
            .allow(|sources| {
                sources.add_connect(&instance);
                sources.add_img(&instance).add_img("data:");
                sources.add_worker("blob:");
            })
    }
}

/// Errors are texts. A 400 is about the payload, which is a visitor's.
fn class(_: &str, status: StatusCode) -> Option<Class> {
    Some(match status {
        StatusCode::BAD_REQUEST => Class::BadToken,
        status if is_down(status) => Class::Unavailable,
        _ => Class::Misconfigured,
    })
}

fn pass(said: &Said, reading: &Reading<'_>) -> Result<Pass, Answer> {
    if said.get("apiKey").and_then(Value::as_str) != Some(reading.ask.site_key()) {
        return Err(Answer::Refused(Refusal::new(ReasonCode::SiteKeyMismatch)));
    }
    let mut pass = Pass::new().scored_by_plan();
    let data = match said.get("verificationData") {
        None | Some(Value::Null) => return Ok(pass),
        Some(Value::Object(data)) => data,
        Some(_) => return Err(contradiction()),
    };
    if !matches!(data.get("verified"), None | Some(Value::Null | Value::Bool(true))) {
        return Err(contradiction());
    }
    if let Some(seconds) = data.get("time").and_then(time::seconds) {
        pass = pass.with_challenge_ts(seconds);
    }
    // That it ends at 1 is not documented: beyond it, there is no score that a rule could use.
    let score = data.get("score");
    let score = score.filter(|score| score.as_f64().is_some_and(|score| score <= 1.0));
    details::with_score(pass, score, Scale::BotIsOne)
}

fn contradiction() -> Answer {
    Answer::unreadable(StatusCode::OK, "`verified` does not agree with its own data")
}
