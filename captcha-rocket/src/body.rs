use bytes::Bytes;
use captcha_core::gate::Rejection;
use rocket::Data;
use rocket::data::ToByteUnit;

/// Reads a body to its end, up to the limit.
pub(crate) async fn buffer(data: Data<'_>, limit: u64) -> Result<Bytes, Rejection> {
    match data.open(limit.bytes()).into_bytes().await {
        Ok(body) if body.is_complete() => Ok(body.into_inner().into()),
        Ok(_) => Err(Rejection::body_too_large()),
        Err(error) => {
            tracing::debug!(%error, "the request body broke off");
            Err(Rejection::missing_token())
        }
    }
}

/// The lower one of the gate's limit and one of Rocket's.
pub(crate) fn lower(gate: usize, rocket: rocket::data::ByteUnit) -> u64 {
    u64::try_from(gate).unwrap_or(u64::MAX).min(rocket.as_u64())
}
