//! Answers in which a boolean is the verdict and codes say why, as reCAPTCHA introduced them:
//! what all of them have in common. A provider says where its own has these things.

use captcha_core::verify::{Pass, ReasonCode, Refusal};
use http::StatusCode;
use serde_json::{Map, Value};

use super::{Answer, Class, details, is_down};
use crate::hosted::Reading;
use crate::transport::Reply;

/// An answer's fields.
pub(crate) type Said = Map<String, Value>;

/// What an answer says about the token, codes aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    Yes,
    /// The token is no good.
    No,
    /// The token is no good, or the request could not be served.
    Failed,
    /// Nothing that can be taken for a verdict, and why.
    Neither(&'static str),
}

/// Where answers of one kind have what.
pub(crate) struct Shape {
    pub(crate) verdict: fn(&Said) -> Says,
    /// Every code, as the provider spells it.
    pub(crate) codes: fn(&Said, &Reading<'_>) -> Result<Vec<String>, &'static str>,
    /// The class of a code that is known.
    pub(crate) class: fn(&str, StatusCode) -> Option<Class>,
    /// What a pass says, or why it is none.
    pub(crate) pass: fn(&Said, &Reading<'_>) -> Result<Pass, Answer>,
    /// What is no JSON under a 400 is an outage: the provider itself answers in JSON.
    pub(crate) always_json: bool,
}

impl Shape {
    /// `success`, `error-codes`, `challenge_ts`, `hostname` and `action`.
    pub(crate) const SITEVERIFY: Self = Self {
        verdict: |said| flag(said, "success", Says::Failed),
        codes: |said, _| list(said, "error-codes"),
        class: |code, _| siteverify_class(code),
        pass: |said, reading| Ok(details::pass(said, reading)),
        always_json: false,
    };

    /// Reads an answer. A pass needs a 2xx, the verdict, and no code.
    pub(crate) fn read(&self, reply: &Reply, reading: &Reading<'_>) -> Answer {
        let status = reply.status;
        let said = match reply.object() {
            Ok(said) => said,
            Err(why) if self.always_json && status == StatusCode::BAD_REQUEST => {
                return Answer::down(format!("HTTP 400: {why}"));
            }
            Err(why) => return Answer::unreadable(status, why),
        };
        let codes = (self.codes)(&said, reading);
        if let Ok(codes) = &codes
            && let Some(answer) = self.failure(status, codes, reading)
        {
            return answer;
        }
        match ((self.verdict)(&said), codes) {
            (Says::Failed, _) if is_down(status) => {
                Answer::down(format!("HTTP {}: no code", status.as_u16()))
            }
            (Says::No | Says::Failed, _) => Answer::Refused(Refusal::new(ReasonCode::InvalidToken)),
            (Says::Yes, Ok(_)) if status.is_success() => {
                (self.pass)(&said, reading).map_or_else(|answer| answer, Answer::Passed)
            }
            (Says::Yes, Ok(_)) => Answer::unreadable(status, "a pass under this status"),
            (_, Err(why)) | (Says::Neither(why), _) => Answer::unreadable(status, why),
        }
    }

    /// What the codes come to, if there are any. The operator's mistake goes before a bad token, so
    /// that it is noticed; a bad token before an outage, so that it never passes for one. A code
    /// that nobody knows refuses: it may be a new way to say no.
    fn failure(
        &self,
        status: StatusCode,
        codes: &[String],
        reading: &Reading<'_>,
    ) -> Option<Answer> {
        let first = |wanted| {
            let mut codes = codes.iter();
            codes.find(|code| (self.class)(code, status) == Some(wanted))
        };
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
        let code = refused.or(codes.first())?;
        let scrubbed = codes.iter().map(|code| (reading.scrub)(code));
        let refusal = Refusal::new(ReasonCode::from((reading.scrub)(code).as_str()));
        Some(Answer::Refused(refusal.with_error_codes(scrubbed)))
    }
}

/// A boolean that is the verdict, and what its no says.
pub(crate) fn flag(said: &Said, name: &str, no: Says) -> Says {
    match said.get(name) {
        Some(Value::Bool(true)) => Says::Yes,
        Some(Value::Bool(false)) => no,
        _ => Says::Neither("the verdict is neither true nor false"),
    }
}

/// A list of codes, or one without the list. None, an empty list and null are the same.
pub(crate) fn list(said: &Said, name: &str) -> Result<Vec<String>, &'static str> {
    let unreadable = "error codes that cannot be read";
    match said.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(codes)) => {
            let text = |code: &Value| code.as_str().map(str::to_owned).ok_or(unreadable);
            codes.iter().map(text).collect()
        }
        Some(Value::String(code)) if !code.is_empty() => Ok(vec![code.clone()]),
        Some(_) => Err(unreadable),
    }
}

/// One code, or one text that is as good as a code. None, an empty one and null are the same.
pub(crate) fn single(value: Option<&Value>) -> Result<Vec<String>, &'static str> {
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(code)) if code.is_empty() => Ok(Vec::new()),
        Some(Value::String(code)) => Ok(vec![code.clone()]),
        Some(Value::Number(code)) => Ok(vec![code.to_string()]),
        Some(_) => Err("an error code that cannot be read"),
    }
}

/// The code inside `error`, under this name. None and null are no error.
pub(crate) fn of_error(said: &Said, name: &str) -> Result<Vec<String>, &'static str> {
    match said.get("error") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(error) => match single(error.get(name))? {
            codes if codes.is_empty() => Err("an error without a code"),
            codes => Ok(codes),
        },
    }
}

/// The class of the codes that reCAPTCHA introduced and others took over.
/// <https://developers.google.com/recaptcha/docs/verify>
pub(crate) fn siteverify_class(code: &str) -> Option<Class> {
    Some(match code {
        "missing-input-response" | "invalid-input-response" | "timeout-or-duplicate" => {
            Class::BadToken
        }
        "missing-input-secret" | "invalid-input-secret" | "bad-request" => Class::Misconfigured,
        _ => return None,
    })
}
