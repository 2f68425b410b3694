use std::io::Read;

use actix_web::dev::Payload;
use bytes::{Bytes, BytesMut};
use captcha_core::gate::Rejection;
use futures_util::StreamExt;

/// Reads a body to its end as it was sent, up to the limit. One that came in one piece is not
/// copied.
pub(crate) async fn buffer(mut payload: Payload, limit: usize) -> Result<Bytes, Rejection> {
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(piece) = payload.next().await {
        let piece = piece.map_err(|error| {
            tracing::debug!(%error, "the request body broke off");
            Rejection::missing_token()
        })?;
        if piece.len() > limit.saturating_sub(first.len().max(all.len())) {
            return Err(Rejection::body_too_large());
        }
        if first.is_empty() && all.is_empty() {
            first = piece;
            continue;
        }
        if all.is_empty() {
            all.extend_from_slice(&std::mem::take(&mut first));
        }
        all.extend_from_slice(&piece);
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
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
    let packed_bytes: &[u8] = packed;
    let decoder: Box<dyn Read + '_> = match coding {
        #[cfg(feature = "decompress-gzip")]
        "gzip" => Box::new(flate2::read::MultiGzDecoder::new(packed_bytes)),
        #[cfg(feature = "decompress-gzip")]
        "deflate" => Box::new(flate2::read::ZlibDecoder::new(packed_bytes)),
        #[cfg(feature = "decompress-brotli")]
        "br" => Box::new(brotli::Decompressor::new(packed_bytes, 4096)),
        #[cfg(feature = "decompress-zstd")]
        "zstd" => match zstd::stream::read::Decoder::with_buffer(packed_bytes) {
            Ok(decoder) => Box::new(decoder),
            Err(_) => return Err(Rejection::missing_token()),
        },
        "" | "identity" => return Ok(packed.clone()),
        _ => return Err(Rejection::unsupported_encoding()),
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
