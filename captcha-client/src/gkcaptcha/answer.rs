use captcha_core::verify::{Pass, VerifyErrorKind};
use serde_json::{Map, Value};

use super::failures::Failures;
use crate::answer::{Answer, strict_json, time};
use crate::transport::Reply;

type Object = Map<String, Value>;

/// Reads an answer in either dialect. `scrub` removes secrets from the provider's text.
///
/// A pass needs a 2xx, `success` exactly `true`, `data.verified` exactly `true` where there is
/// `data`, and nothing anywhere that names a failure. Everything else is sorted by what it
/// names, then by what it denies, then by its status.
pub(super) fn read(reply: &Reply, scrub: &dyn Fn(&str) -> String) -> Answer {
    let status = reply.status;
    let top = match reply.body.as_deref() {
        Ok(body) => strict_json::object(body),
        Err(why) => Err((*why).to_owned()),
    };
    let top = match top {
        Ok(top) => top,
        Err(why) => return Answer::unreadable(status, &why),
    };
    let data = top.get("data").and_then(Value::as_object);
    let mut failures = Failures::default();
    for scope in [Some(&top), data].into_iter().flatten() {
        failures.collect(scope);
    }
    let denied = denies(&top) || data.is_some_and(denies);
    if let Some(answer) = failures.answer(status, denied, scrub) {
        return answer.with_details(&top, data);
    }
    if !status.is_success() {
        return Answer::unreadable(status, "no code that is known");
    }
    match pass(&top, data, &failures) {
        Ok(pass) => Answer::Passed(pass),
        Err(why) => {
            let cause = format!("HTTP {}: {why}", status.as_u16());
            Answer::Unavailable(VerifyErrorKind::InvalidResponse, cause)
        }
    }
}

impl Answer {
    /// Adds to a refusal what else the provider says about the token.
    fn with_details(self, top: &Object, data: Option<&Object>) -> Self {
        let Self::Refused(mut refusal) = self else {
            return self;
        };
        if let Ok(Some(score)) = score(top, data) {
            refusal = refusal.with_score(score);
        }
        if let Some(seconds) = field("timestamp", top, data).and_then(time::seconds) {
            refusal = refusal.with_timestamp(seconds);
        }
        Self::Refused(refusal)
    }
}

/// Whether a boolean says no.
fn denies(scope: &Object) -> bool {
    ["success", "verified"]
        .iter()
        .any(|name| scope.get(*name) == Some(&Value::Bool(false)))
}

fn pass(
    top: &Object,
    data: Option<&Object>,
    failures: &Failures<'_>,
) -> Result<Pass, &'static str> {
    if top.get("success") != Some(&Value::Bool(true)) {
        return Err("`success` is not true");
    }
    if top.contains_key("data") && data.is_none() {
        return Err("`data` is no object");
    }
    if data.is_some_and(|data| data.get("verified") != Some(&Value::Bool(true))) {
        return Err("`data.verified` is not true");
    }
    if failures.unreadable {
        return Err("a pass with a failure code that cannot be read");
    }
    for scope in [Some(top), data].into_iter().flatten() {
        // Optional here; where it is, it has to agree.
        for name in ["success", "verified"] {
            if !matches!(
                scope.get(name),
                None | Some(Value::Null | Value::Bool(true))
            ) {
                return Err("a verdict that is no boolean");
            }
        }
        // Only a client can say this about itself.
        if !matches!(
            scope.get("failOpen"),
            None | Some(Value::Null | Value::Bool(false))
        ) {
            return Err("`failOpen` on the wire");
        }
    }
    let mut pass = Pass::new();
    if let Some(score) = score(top, data)? {
        pass = pass.with_score(score, score);
    }
    let seconds = |name| field(name, top, data).and_then(time::seconds);
    let text = |name| field(name, top, data).and_then(Value::as_str);
    if let Some(seconds) = seconds("timestamp") {
        pass = pass.with_timestamp(seconds);
    }
    if let Some(seconds) = seconds("challenge_ts") {
        pass = pass.with_challenge_ts(seconds);
    }
    if let Some(hostname) = text("hostname") {
        pass = pass.with_hostname(hostname);
    }
    if let Some(action) = text("action") {
        pass = pass.with_action(action);
    }
    Ok(pass)
}

/// The score, 0.0 (human) to 1.0 (bot).
fn score(top: &Object, data: Option<&Object>) -> Result<Option<f64>, &'static str> {
    match field("score", top, data) {
        None => Ok(None),
        Some(value) => match value.as_f64() {
            Some(score) if (0.0..=1.0).contains(&score) => Ok(Some(score)),
            _ => Err("a score that is no number from 0 to 1"),
        },
    }
}

/// A field of `data`, or of the top level. Null is absent.
fn field<'a>(name: &str, top: &'a Object, data: Option<&'a Object>) -> Option<&'a Value> {
    data.and_then(|data| data.get(name))
        .or_else(|| top.get(name))
        .filter(|value| !value.is_null())
}
