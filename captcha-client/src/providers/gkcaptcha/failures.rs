use captcha_core::verify::{ReasonCode, Refusal};
use http::StatusCode;
use serde_json::Value;

use super::codes::class;
use super::scopes::Scopes;
use crate::answer::{Answer, Class, is_down};

/// Where the dialects put failure codes, beside `error`, which holds a code or a sentence.
const CODE_FIELDS: [&str; 7] = [
    "reasonCode",
    "reason_code",
    "code",
    "error_codes",
    "error-codes",
    "errorCodes",
    "errors",
];

/// What a boolean of the answer says no to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denied {
    /// `verified`: the token is no good.
    Token,
    /// `success`: the token is no good, or the request could not be served.
    Request,
}

/// Everything in an answer that speaks against a pass.
#[derive(Default)]
pub(super) struct Failures<'a> {
    codes: Vec<&'a str>,
    /// `error` where it is no code that is known.
    texts: Vec<&'a str>,
    /// A code field that holds neither text nor a list of texts.
    pub(super) unreadable: bool,
}

impl<'a> Failures<'a> {
    pub(super) fn of(said: Scopes<'a>) -> Self {
        let mut failures = Self::default();
        for field in CODE_FIELDS {
            for value in said.values(field) {
                let codes = failures.strings(value);
                failures.codes.extend(codes);
            }
        }
        for value in said.values("error") {
            for text in failures.strings(value) {
                match class(text) {
                    Some(_) => failures.codes.push(text),
                    None => failures.texts.push(text),
                }
            }
        }
        failures
    }

    /// The texts of a field: one, a list of them, or the `code` of an object.
    fn strings(&mut self, value: &'a Value) -> Vec<&'a str> {
        let (texts, whole): (Vec<&str>, bool) = match value {
            Value::String(text) if text.is_empty() => (Vec::new(), true),
            Value::String(text) => (vec![text], true),
            Value::Array(items) => {
                let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                let whole = texts.len() == items.len();
                (texts, whole)
            }
            Value::Object(object) => {
                let code = object.get("code").and_then(Value::as_str);
                (code.into_iter().collect(), false)
            }
            _ => (Vec::new(), false),
        };
        self.unreadable |= !whole;
        texts
    }

    /// The answer these failures make, if they make one.
    ///
    /// A mistake of the operator's outweighs a bad token, so that it is noticed; a bad token
    /// outweighs an outage, so that it never passes for one.
    pub(super) fn answer(
        &self,
        status: StatusCode,
        denied: Option<Denied>,
        scrub: &dyn Fn(&str) -> String,
    ) -> Option<Answer> {
        if let Some(code) = self.first(Class::Misconfigured) {
            return Some(Answer::Misconfigured(self.cause(status, code, scrub)));
        }
        if let Some(code) = self.first(Class::BadToken) {
            return Some(self.refusal(code.into(), scrub));
        }
        if let Some(code) = self.first(Class::Unavailable) {
            let cause = self.cause(status, code, scrub);
            // Under another status than these it is a firewall's word, not the provider's.
            let believed = status.is_success() || is_down(status);
            return Some(match believed {
                true => Answer::down(cause),
                false => Answer::Misconfigured(cause),
            });
        }
        let busy = is_down(status) && !status.is_server_error();
        // A code that nobody knows refuses: it may be a new way to say no.
        if let Some(code) = self.codes.first().filter(|_| !busy) {
            return Some(self.refusal((*code).into(), scrub));
        }
        if denied != Some(Denied::Token) && (is_down(status) || status == StatusCode::UNAUTHORIZED)
        {
            return None;
        }
        // A sentence beside a status that is no verdict belongs to the status.
        let said_no = denied.is_some();
        let text = self
            .texts
            .first()
            .filter(|_| said_no || status.is_success());
        match text {
            Some(text) if is_code(text) => Some(self.refusal((*text).into(), scrub)),
            None if !said_no => None,
            _ => Some(self.refusal(ReasonCode::InvalidToken, scrub)),
        }
    }

    fn first(&self, wanted: Class) -> Option<&'a str> {
        let codes = self.codes.iter().copied();
        codes.into_iter().find(|code| class(code) == Some(wanted))
    }

    fn cause(&self, status: StatusCode, code: &str, scrub: &dyn Fn(&str) -> String) -> String {
        let (status, code) = (status.as_u16(), scrub(code));
        match self.texts.first() {
            Some(text) => format!("HTTP {status}: {code} ({})", scrub(text)),
            None => format!("HTTP {status}: {code}"),
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

/// A text that looks like a code rather than a sentence.
fn is_code(text: &str) -> bool {
    text.len() <= 64
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}
