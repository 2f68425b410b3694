use bytes::{Bytes, BytesMut};

use super::{Gate, Rejection};

/// Collects a body up to a limit, for adapters whose framework hands it over in pieces.
///
/// One that came in one piece is not copied. Of several pieces none is kept, since each pins the
/// buffer that it was read into.
///
/// ```
/// use bytes::Bytes;
/// use captcha_core::gate::BodyBuffer;
///
/// let mut body = BodyBuffer::new(8);
/// assert!(body.push(Bytes::from_static(b"token=")).is_ok());
/// assert!(body.push(Bytes::from_static(b"too long")).is_err());
/// ```
#[derive(Debug)]
pub struct BodyBuffer {
    first: Bytes,
    all: BytesMut,
    limit: usize,
}

impl BodyBuffer {
    /// A buffer for bodies of at most this many bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            first: Bytes::new(),
            all: BytesMut::new(),
            limit,
        }
    }

    /// Adds a piece.
    ///
    /// # Errors
    ///
    /// [`Rejection::body_too_large`] when the limit is passed. What was collected is given up.
    pub fn push(&mut self, piece: Bytes) -> Result<(), Rejection> {
        let length = self.first.len().max(self.all.len());
        if piece.len() > self.limit.saturating_sub(length) {
            *self = Self::new(0);
            return Err(Rejection::body_too_large());
        }
        if length == 0 {
            self.first = piece;
            return Ok(());
        }
        if self.all.is_empty() {
            self.all.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.all.extend_from_slice(&piece);
        Ok(())
    }

    /// The whole body.
    #[must_use]
    pub fn finish(self) -> Bytes {
        if self.all.is_empty() {
            self.first
        } else {
            self.all.freeze()
        }
    }
}

/// Counts what an adapter throws away of a refused body, so that the client gets to read the
/// answer: a connection closed over unread data is reset.
#[derive(Debug)]
pub struct Linger(usize);

impl Linger {
    /// How much is read on at most, in bytes.
    #[must_use]
    pub const fn new() -> Self {
        Self(Gate::LINGER_BYTES)
    }

    /// Counts a piece. `false` when it is time to stop.
    #[must_use]
    pub const fn goes_on_after(&mut self, bytes: usize) -> bool {
        let left = self.0.checked_sub(bytes);
        self.0 = match left {
            Some(left) => left,
            None => 0,
        };
        left.is_some()
    }
}

impl Default for Linger {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_the_body_they_were_cut_from() {
        for cut in [1, 2, 3, 7, 100] {
            let body: Vec<u8> = (0..20).collect();
            let mut buffer = BodyBuffer::new(20);
            for piece in body.chunks(cut) {
                assert!(buffer.push(Bytes::copy_from_slice(piece)).is_ok());
                assert!(buffer.push(Bytes::new()).is_ok());
            }
            assert!(buffer.push(Bytes::from_static(b"x")).is_err());
            let mut buffer = BodyBuffer::new(20);
            body.chunks(cut)
                .for_each(|piece| buffer.push(Bytes::copy_from_slice(piece)).unwrap());
            assert_eq!(buffer.finish(), body);
        }
    }
}
