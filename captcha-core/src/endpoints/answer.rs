use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Response, StatusCode};
use serde_json::json;

use super::{Endpoints, respond};
use crate::gate::{FoundFields, HttpHead, scan};
use crate::manager::Exchange;

impl Endpoints {
    pub(super) async fn answer(&self, head: &Parts, body: &Bytes) -> Response<Bytes> {
        let mut fields = FoundFields::new(Arc::clone(&self.inner.answer_fields));
        let head = HttpHead(head);
        scan(&head, body, &mut fields);
        let sent = fields.text("id").zip(fields.text("answer"));
        let Some((id, answer)) = sent.filter(|_| !fields.is_broken() && !fields.has_conflict())
        else {
            return respond::problem(
                StatusCode::BAD_REQUEST,
                "invalid_request",
                "Send id and answer as text, in a form or as JSON.",
            );
        };
        match self.inner.manager.exchange(id, answer).await {
            Ok(Exchange::Token(token)) => respond::json(&json!({
                "ok": true,
                "token": token.as_str(),
                "expires_in": self.inner.manager.pass_ttl().as_secs(),
            })),
            Ok(Exchange::Wrong { attempts_left }) => {
                respond::json(&json!({ "ok": false, "attempts_left": attempts_left }))
            }
            Err(error) => respond::failure(&error),
        }
    }
}
