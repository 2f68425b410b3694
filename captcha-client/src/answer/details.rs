//! What answers say beside the verdict: where, when, for what, and how likely a bot.

use captcha_core::verify::Pass;
use http::StatusCode;
use reqwest::Url;
use serde_json::{Map, Value};

use super::{Answer, time};
use crate::hosted::Reading;

/// A pass with `challenge_ts`, `hostname` and `action`, where they are there.
pub(crate) fn pass(said: &Map<String, Value>, reading: &Reading<'_>) -> Pass {
    let mut pass = Pass::new();
    if let Some(seconds) = said.get("challenge_ts").and_then(time::seconds) {
        pass = pass.with_challenge_ts(seconds);
    }
    if let Some(hostname) = text(said, "hostname", reading) {
        pass = pass.with_hostname(hostname);
    }
    if let Some(action) = text(said, "action", reading) {
        pass = pass.with_action(action);
    }
    pass
}

/// A text, where it is one of the provider's own.
pub(crate) fn text<'a>(
    said: &'a Map<String, Value>,
    name: &str,
    reading: &Reading<'_>,
) -> Option<&'a str> {
    said.get(name)?.as_str().and_then(|text| reading.own(text))
}

/// The host of an origin, of a URL, or of a name with or without a port.
pub(crate) fn host_of(value: Option<&Value>, reading: &Reading<'_>) -> Option<String> {
    let text = value?.as_str()?;
    let url = match text.contains("://") {
        true => Url::parse(text),
        false => Url::parse(&format!("https://{text}/")),
    };
    let url = url.ok()?;
    reading.own(url.host_str()?).map(str::to_owned)
}

/// Which end of a provider's scale is the bot's.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scale {
    /// 0 is a bot, 1 a human.
    HumanIsOne,
    /// 0 is a human, 1 a bot.
    BotIsOne,
    /// 1 is a low risk, 5 a high one.
    OneToFive,
}

/// Adds a score, normalised to 0 (human) to 1 (bot), where there is one.
///
/// # Errors
///
/// An unreadable answer, where it is no number on the scale.
pub(crate) fn with_score(pass: Pass, score: Option<&Value>, scale: Scale) -> Result<Pass, Answer> {
    let score = match score {
        None | Some(Value::Null) => return Ok(pass),
        Some(score) => score.as_f64(),
    };
    let odd = "a score that is no number on the provider's scale";
    let raw = score.ok_or_else(|| Answer::unreadable(StatusCode::OK, odd))?;
    let normal = match scale {
        // 1 - 0.7 is a little more than 0.3, and would be above a limit of 0.3.
        Scale::HumanIsOne => ((1.0 - raw) * 1e9).round() / 1e9,
        Scale::BotIsOne => raw,
        Scale::OneToFive => (raw - 1.0) / 4.0,
    };
    if !(0.0..=1.0).contains(&normal) {
        return Err(Answer::unreadable(StatusCode::OK, odd));
    }
    Ok(pass.with_score(normal, raw))
}
