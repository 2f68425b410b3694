use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};
use base64::alphabet;
use captcha_core::verify::{Pass, ReasonCode, Refusal};
use http::StatusCode;
use serde_json::Value;

use crate::answer::shape::{Said, Says, Shape, flag, single};
use crate::answer::{Answer, Class, is_down, strict_json, time};
use crate::hosted::{Account, Ask, Profile, Provider, Reading, variables};
use crate::transport::{Body, Reply, endpoint};
use crate::visitor;
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
    secret_prefix: Some("sec_"),
    site_prefix: Some("key_"),
    ..Profile::COMMON
};

const ANSWERS: Shape = Shape {
    verdict: |said| flag(said, "verified", Says::No),
    codes: |said, _| single(said.get("error")),
    class,
    pass,
    always_json: false,
};

const ANY_PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

const WIDGET: &str = "https://cdn.jsdelivr.net/npm/altcha@3.2.2/dist/main/altcha.min.js";

impl Provider for AltchaSentinel {
    fn profile(&self) -> &Profile {
        &PROFILE
    }

    /// Base64 of a JSON object, of this API key where it names one. The answer repeats what is in
    /// it, and has to be readable.
    fn is_token(&self, account: &Account, token: &str) -> bool {
        let engine = GeneralPurpose::new(&alphabet::STANDARD, ANY_PADDING);
        let payload = engine.decode(token).ok();
        let payload = payload.and_then(|payload| strict_json::object(&payload).ok());
        visitor::is_token(token)
            && payload.is_some_and(|payload| match payload.get("apiKey") {
                None | Some(Value::Null) => true,
                Some(key) => key.as_str() == Some(&account.site_key),
            })
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

/// Errors are texts. A 400 is about the payload, which is a visitor's, and so is whatever is said
/// beside a verdict.
fn class(_: &str, status: StatusCode) -> Option<Class> {
    Some(match status {
        status if status.is_success() => Class::BadToken,
        StatusCode::BAD_REQUEST => Class::BadToken,
        status if is_down(status) => Class::Unavailable,
        _ => Class::Misconfigured,
    })
}

fn pass(said: &Said, reading: &Reading<'_>) -> Result<Pass, Answer> {
    if said.get("apiKey").and_then(Value::as_str) != Some(reading.ask.site_key()) {
        return Err(Answer::Refused(Refusal::new(ReasonCode::SiteKeyMismatch)));
    }
    let mut pass = Pass::new();
    let data = match said.get("verificationData") {
        None | Some(Value::Null) => return Ok(pass.scored_by_plan()),
        Some(Value::Object(data)) => data,
        Some(_) => return Err(Answer::unreadable(StatusCode::OK, "data that is no object")),
    };
    // What the payload itself says. It is a visitor's, so that it can say anything.
    if !matches!(data.get("verified"), None | Some(Value::Null | Value::Bool(true))) {
        return Err(Answer::Refused(Refusal::new(ReasonCode::InvalidToken)));
    }
    if let Some(seconds) = data.get("time").and_then(time::seconds) {
        pass = pass.with_challenge_ts(seconds);
    }
    match data.get("score") {
        None | Some(Value::Null) => Ok(pass.scored_by_plan()),
        // Where the scale ends is not documented: what is beyond 1 is a bot to any rule.
        Some(score) => match score.as_f64().filter(|score| *score >= 0.0) {
            Some(raw) => Ok(pass.with_score(raw.min(1.0), raw)),
            None => Err(Answer::unreadable(StatusCode::OK, "a score that is none")),
        },
    }
}
