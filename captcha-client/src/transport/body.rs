use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use serde_json::Value;

use super::Question;

/// Names and values.
pub(crate) type Fields<'a> = Vec<(&'a str, Cow<'a, str>)>;

/// What a request says, in the encoding that its provider understands.
#[derive(Debug)]
pub enum Body<'a> {
    /// `application/x-www-form-urlencoded`.
    Form(Fields<'a>),
    /// `application/json`.
    Json(Value),
    /// `text/plain`.
    Text(&'a str),
    /// No body: a GET request whose query says it.
    Query(Fields<'a>),
}

impl<'a> Body<'a> {
    /// A flat JSON object.
    pub(crate) fn object(fields: Fields<'a>) -> Self {
        Self::Json(object_of(fields))
    }

    pub(super) fn put_into(self, question: &mut Question) {
        let json = HeaderValue::from_static("application/json");
        question.headers.insert(header::ACCEPT, json);
        let (content_type, body) = match self {
            Self::Form(fields) => ("application/x-www-form-urlencoded", encoded(&fields)),
            Self::Json(value) => ("application/json", value.to_string()),
            Self::Text(text) => ("text/plain", text.to_owned()),
            Self::Query(fields) => {
                question.method = Method::GET;
                if !fields.is_empty() {
                    question.url.set_query(Some(&encoded(&fields)));
                }
                return;
            }
        };
        let content_type = HeaderValue::from_static(content_type);
        question.headers.insert(header::CONTENT_TYPE, content_type);
        question.body = Bytes::from(body);
    }
}

/// Fields as a JSON object.
pub(crate) fn object_of(fields: Fields<'_>) -> Value {
    let text = |(name, value): (&str, Cow<'_, str>)| (name.to_owned(), value.into());
    Value::Object(fields.into_iter().map(text).collect())
}

fn encoded(fields: &Fields<'_>) -> String {
    let mut encoding = form_urlencoded::Serializer::new(String::new());
    encoding.extend_pairs(fields).finish()
}
