//! Answers of the kind that reCAPTCHA introduced: `success`, `error-codes`, `challenge_ts`,
//! `hostname`, and more that differs.

use captcha_core::verify::{Pass, ReasonCode, Refusal};
use serde_json::{Map, Value};

use crate::answer::{Answer, Class, is_down, strict_json, time};
use crate::hosted::Reading;
use crate::transport::Reply;

/// Longer than any host name (253) and any sensible action, in bytes.
const LONGEST_TEXT: usize = 255;

/// What differs between those who answer so.
pub(crate) struct Siteverify {
    /// The class of a code that is documented.
    pub(crate) class: fn(&str) -> Option<Class>,
    /// Whether an answer says of itself that it was made with keys for tests.
    pub(crate) is_test: fn(&Map<String, Value>) -> bool,
}

impl Siteverify {
    /// Reads an answer. A pass needs a 2xx, `success` exactly `true`, and no error code.
    pub(crate) fn read(&self, reply: &Reply, reading: &Reading<'_>) -> Answer {
        let status = reply.status;
        let said = match reply.body.as_deref() {
            Ok(body) => strict_json::object(body),
            Err(why) => Err(*why),
        };
        let said = match said {
            Ok(said) => said,
            Err(why) => return Answer::unreadable(status, why),
        };
        let codes = codes(&said);
        if let Ok(codes) = &codes
            && let Some(answer) = self.failure(reply, codes, reading)
        {
            return answer;
        }
        match said.get("success") {
            Some(Value::Bool(false)) if !is_down(status) => {
                Answer::Refused(Refusal::new(ReasonCode::InvalidToken))
            }
            Some(Value::Bool(true)) if status.is_success() => match codes {
                Ok(_) if (self.is_test)(&said) && !reading.allow_test_keys => {
                    Answer::Misconfigured("the provider's keys for tests are in use".to_owned())
                }
                Ok(_) => Answer::Passed(pass(&said, reading)),
                Err(why) => Answer::unreadable(status, why),
            },
            _ => Answer::unreadable(status, "`success` is neither true nor false"),
        }
    }

    /// What the codes come to, if there are any. The operator's mistake goes before a bad token, so
    /// that it is noticed; a bad token before an outage, so that it never passes for one. A code
    /// that nobody knows refuses: it may be a new way to say no.
    fn failure(&self, reply: &Reply, codes: &[&str], reading: &Reading<'_>) -> Option<Answer> {
        let first = |wanted| {
            let mut of_class = codes
                .iter()
                .filter(|code| (self.class)(code) == Some(wanted));
            of_class.next().copied()
        };
        let status = reply.status;
        let cause = |code: &str| format!("HTTP {}: {}", status.as_u16(), (reading.scrub)(code));
        if let Some(code) = first(Class::Misconfigured) {
            return Some(Answer::Misconfigured(cause(code)));
        }
        let refused = first(Class::BadToken);
        if refused.is_none()
            && let Some(code) = first(Class::Unavailable)
        {
            // Under another status than these it is a firewall's word, not the provider's.
            return Some(match status.is_success() || is_down(status) {
                true => Answer::down(cause(code)),
                false => Answer::Misconfigured(cause(code)),
            });
        }
        let code = refused.or(codes.first().copied())?;
        let scrubbed = codes.iter().map(|code| (reading.scrub)(code));
        let refusal = Refusal::new(ReasonCode::from((reading.scrub)(code).as_str()));
        Some(Answer::Refused(refusal.with_error_codes(scrubbed)))
    }
}

/// The error codes. None, an empty list and null are the same.
fn codes(said: &Map<String, Value>) -> Result<Vec<&str>, &'static str> {
    let unreadable = "error codes that cannot be read";
    match said.get("error-codes") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(codes)) => {
            let codes = codes.iter().map(|code| code.as_str().ok_or(unreadable));
            codes.collect()
        }
        Some(_) => Err(unreadable),
    }
}

fn pass(said: &Map<String, Value>, reading: &Reading<'_>) -> Pass {
    let mut pass = Pass::new();
    if let Some(seconds) = said.get("challenge_ts").and_then(time::seconds) {
        pass = pass.with_challenge_ts(seconds);
    }
    let text = |name: &str| {
        let text = said.get(name)?.as_str()?;
        let own = text.len() <= LONGEST_TEXT && (reading.scrub)(text) == text;
        own.then(|| text.to_owned())
    };
    if let Some(hostname) = text("hostname") {
        pass = pass.with_hostname(hostname);
    }
    if let Some(action) = text("action") {
        pass = pass.with_action(action);
    }
    pass
}
