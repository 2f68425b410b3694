use captcha_core::verify::{ReasonCode, Refusal};
use http::StatusCode;
use serde_json::{Map, Value};

use super::codes::{Class, class};
use crate::answer::{Answer, is_down};

/// Where the dialects put failure codes, beside `error`, which holds a code or a sentence.
const CODE_FIELDS: [&str; 5] = [
    "reasonCode",
    "reason_code",
    "code",
    "error_codes",
    "error-codes",
];

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
    pub(super) fn collect(&mut self, scope: &'a Map<String, Value>) {
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
    pub(super) fn answer(
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

/// A text that looks like a code rather than a sentence.
fn is_code(text: &str) -> bool {
    text.len() <= 64
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}
