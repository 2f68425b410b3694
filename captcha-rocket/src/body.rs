use bytes::Bytes;
use captcha_core::gate::{Gate, Rejection};
use rocket::Data;
use rocket::data::{ByteUnit, DataStream, ToByteUnit};
use tokio::io::AsyncReadExt;

/// Reads a body to its end, up to the limit.
pub(crate) async fn buffer(data: Data<'_>, limit: u64) -> Result<Bytes, Rejection> {
    let linger_bytes = u64::try_from(Gate::LINGER_BYTES).unwrap_or(u64::MAX);
    let mut stream = data.open((limit.saturating_add(linger_bytes)).bytes());
    let mut body = Vec::new();
    let mut limited = (&mut stream).take(limit.saturating_add(1));
    match limited.read_to_end(&mut body).await {
        Ok(_) if u64::try_from(body.len()).is_ok_and(|length| length <= limit) => Ok(body.into()),
        Ok(_) => {
            drop(body);
            discard(stream).await;
            Err(Rejection::body_too_large())
        }
        Err(error) => {
            tracing::debug!(%error, "the request body broke off");
            Err(Rejection::missing_token())
        }
    }
}

/// Throws away what still comes in of a refused body, within bounds, so that the client gets to
/// read the answer.
pub(crate) async fn linger(data: Data<'_>) {
    discard(data.open(Gate::LINGER_BYTES.bytes())).await;
}

async fn discard(mut stream: DataStream<'_>) {
    // The answer is decided; how the rest arrives does not matter.
    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
}

/// The lower one of the gate's limit and one of Rocket's.
pub(crate) fn lower(gate: usize, rocket: ByteUnit) -> u64 {
    u64::try_from(gate).unwrap_or(u64::MAX).min(rocket.as_u64())
}
