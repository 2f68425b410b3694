use captcha_core::gate::Gate;
use rocket::data::Limits;
use rocket::http::Status;
use rocket::request::local_cache;
use rocket::serde::Deserialize;
use rocket::serde::json::{Error, Json};
use rocket::{Data, Request};

use crate::admit::buffer_and_verify;
use crate::body::lower;
use crate::guarded::{Admitted, GuardedBody, OnRefusal};

#[rocket::async_trait]
impl<'r, T: Deserialize<'r> + Send> GuardedBody<'r> for Json<T> {
    type Error = Error<'r>;

    async fn admit(
        gate: &Gate,
        request: &'r Request<'_>,
        data: Data<'r>,
        on_refusal: OnRefusal,
    ) -> Admitted<Self, Error<'r>> {
        let limit = request.limits().get("json").unwrap_or(Limits::JSON);
        let limit = lower(gate.max_body_bytes(), limit);
        match buffer_and_verify(gate, request, data, limit).await {
            Ok((_, Err(rejection))) if on_refusal == OnRefusal::Fail => {
                Admitted::Refused(rejection)
            }
            Ok((body, outcome)) => Admitted::Read {
                outcome,
                value: parse(request, &body),
            },
            Err(rejection) => Admitted::Refused(rejection),
        }
    }
}

/// Fails with the statuses of Rocket's own `Json`.
fn parse<'r, T: Deserialize<'r>>(
    request: &'r Request<'_>,
    body: &[u8],
) -> Result<Json<T>, (Status, Error<'r>)> {
    let text = match std::str::from_utf8(body) {
        Ok(text) => local_cache!(request, text.to_owned()),
        Err(error) => {
            let error = std::io::Error::new(std::io::ErrorKind::InvalidData, error);
            return Err((Status::BadRequest, Error::Io(error)));
        }
    };
    serde_json::from_str(text).map(Json).map_err(|error| {
        let status = match error.classify() {
            serde_json::error::Category::Data => Status::UnprocessableEntity,
            _ => Status::BadRequest,
        };
        (status, Error::Parse(text, error))
    })
}
