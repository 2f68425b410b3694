use std::io::Read;

use actix_web::dev::Payload;
use bytes::Bytes;
use captcha_core::gate::{BodyBuffer, Linger, Rejection};
use futures_util::StreamExt;

/// Reads a body to its end as it was sent, up to the limit.
pub(crate) async fn buffer(mut payload: Payload, limit: usize) -> Result<Bytes, Rejection> {
    let mut buffer = BodyBuffer::new(limit);
    while let Some(piece) = payload.next().await {
        let piece = piece.map_err(|error| {
            tracing::debug!(%error, "the request body broke off");
            Rejection::missing_token()
        })?;
        if let Err(rejection) = buffer.push(piece) {
            linger(payload).await;
            return Err(rejection);
        }
    }
    Ok(buffer.finish())
}

/// Throws away what still comes in of a refused body.
pub(crate) async fn linger(mut payload: Payload) {
    let mut linger = Linger::new();
    while let Some(Ok(piece)) = payload.next().await {
        if !linger.goes_on_after(piece.len()) {
            break;
        }
    }
}

pub(crate) fn unpacks(coding: &str) -> bool {
    (cfg!(feature = "decompress-gzip") && matches!(coding, "gzip" | "deflate"))
        || (cfg!(feature = "decompress-brotli") && coding == "br")
        || (cfg!(feature = "decompress-zstd") && coding == "zstd")
}

/// Unpacks a copy of the body to search it; the handler's extractor unpacks the original itself.
///
/// Read through a decoder that stops at the limit, so that a small body cannot become a large one
/// in memory, neither here nor when actix-web unpacks it afterwards.
pub(crate) fn unpack(packed: &Bytes, coding: &str, limit: usize) -> Result<Bytes, Rejection> {
    if coding.is_empty() || coding == "identity" {
        return Ok(packed.clone());
    }
    let Some(decoder) = decoder(packed, coding) else {
        return Err(Rejection::unsupported_encoding());
    };
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut unpacked = Vec::new();
    if let Err(error) = decoder.take(most).read_to_end(&mut unpacked) {
        tracing::debug!(%error, "the request body cannot be unpacked");
        return Err(Rejection::missing_token());
    }
    if unpacked.len() > limit {
        return Err(Rejection::body_too_large());
    }
    Ok(unpacked.into())
}

#[cfg_attr(
    not(any(
        feature = "decompress-gzip",
        feature = "decompress-brotli",
        feature = "decompress-zstd"
    )),
    expect(unused_variables, reason = "nothing is unpacked without a feature")
)]
fn decoder<'a>(packed: &'a [u8], coding: &str) -> Option<Box<dyn Read + 'a>> {
    match coding {
        #[cfg(feature = "decompress-gzip")]
        "gzip" => Some(Box::new(flate2::read::MultiGzDecoder::new(packed))),
        #[cfg(feature = "decompress-gzip")]
        "deflate" => Some(Box::new(flate2::read::ZlibDecoder::new(packed))),
        #[cfg(feature = "decompress-brotli")]
        "br" => Some(Box::new(brotli::Decompressor::new(packed, 4096))),
        #[cfg(feature = "decompress-zstd")]
        "zstd" => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(packed).ok()?;
            // 8 MiB, what RFC 8878 asks a decoder to support; a frame can ask for far more.
            decoder.window_log_max(23).ok()?;
            Some(Box::new(decoder))
        }
        _ => None,
    }
}
