use captcha_core::verify::{Pass, ReasonCode, Refusal, VerifyErrorKind};
use http::StatusCode;
use serde_json::{Map, Value};

use super::codes::{Class, class};
use crate::answer::{Answer, is_down, strict_json, time};
use crate::transport::Reply;

/// Where the dialects put failure codes, beside `error`, which holds a code or a sentence.
const CODE_FIELDS: [&str; 5] = [
    "reasonCode",
    "reason_code",
    "code",
    "error_codes",
    "error-codes",
];

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

/// Everything in an answer that speaks against a pass.
#[derive(Default)]
struct Failures<'a> {
    codes: Vec<&'a str>,
    /// `error` where it is no code that is known.
    texts: Vec<&'a str>,
    /// A code field that holds neither text nor a list of texts.
    unreadable: bool,
}

impl<'a> Failures<'a> {
    fn collect(&mut self, scope: &'a Object) {
        for field in CODE_FIELDS {
            for code in self.strings(scope.get(field)) {
                self.codes.push(code);
            }
        }
        for text in self.strings(scope.get("error")) {
            match class(text) {
                Some(_) => self.codes.push(text),
                None => self.texts.push(text),
            }
        }
    }

    /// The texts of a field: one, a list of them, or the `code` of an object.
    fn strings(&mut self, field: Option<&'a Value>) -> Vec<&'a str> {
        match field {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::String(text)) if text.is_empty() => Vec::new(),
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(items)) => {
                let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                self.unreadable |= texts.len() < items.len();
                texts
            }
            Some(Value::Object(object)) => {
                self.unreadable = true;
                object
                    .get("code")
                    .and_then(Value::as_str)
                    .into_iter()
                    .collect()
            }
            Some(_) => {
                self.unreadable = true;
                Vec::new()
            }
        }
    }

    /// The answer these failures make, if there are any. A mistake of the operator's outweighs
    /// an outage, and an outage a bad token.
    fn answer(
        &self,
        status: StatusCode,
        denied: bool,
        scrub: &dyn Fn(&str) -> String,
    ) -> Option<Answer> {
        let first = |wanted: Class| {
            self.codes
                .iter()
                .copied()
                .find(|code| class(code) == Some(wanted))
        };
        let cause = |code: &str| {
            let text = self.texts.first().map(|text| format!(" ({})", scrub(text)));
            format!(
                "HTTP {}: {}{}",
                status.as_u16(),
                scrub(code),
                text.unwrap_or_default()
            )
        };
        if let Some(code) = first(Class::Misconfigured) {
            return Some(Answer::Misconfigured(cause(code)));
        }
        if let Some(code) = first(Class::Unavailable) {
            return Some(Answer::down(cause(code)));
        }
        let busy = is_down(status) && !status.is_server_error();
        let known = first(Class::BadToken);
        // A code that nobody knows refuses: it may be a new way to say no.
        let unknown = self.codes.first().copied().filter(|_| !busy);
        if let Some(code) = known.or(unknown) {
            return Some(self.refusal(code.into(), scrub));
        }
        if is_down(status) || status == StatusCode::UNAUTHORIZED {
            return None;
        }
        // A sentence beside a status that is no verdict belongs to the status.
        let text = self.texts.first().filter(|_| denied || status.is_success());
        match text {
            Some(text) if is_code(text) => Some(self.refusal((*text).into(), scrub)),
            Some(_) => Some(self.refusal(ReasonCode::InvalidToken, scrub)),
            None if denied => Some(self.refusal(ReasonCode::InvalidToken, scrub)),
            None => None,
        }
    }

    fn refusal(&self, code: ReasonCode, scrub: &dyn Fn(&str) -> String) -> Answer {
        let code = match code {
            ReasonCode::Other(text) => ReasonCode::from(scrub(&text).as_str()),
            known => known,
        };
        let refusal =
            Refusal::new(code).with_error_codes(self.codes.iter().map(|code| scrub(code)));
        Answer::Refused(match self.texts.first() {
            Some(text) => refusal.with_error(scrub(text)),
            None => refusal,
        })
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

/// A text that looks like a code rather than a sentence.
fn is_code(text: &str) -> bool {
    text.len() <= 64
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
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
