use super::theme::Rgb;

/// Writes SVG: text, numbers and colours, without the detours of formatting.
pub(super) struct Markup {
    bytes: Vec<u8>,
    /// Whether a number was written last, from which the next has to be kept apart.
    number: bool,
}

/// The numbers that most steps of an outline consist of, ready to be written.
static SMALL: [Written; 2 * SMALLEST as usize + 1] = small();

/// No number of more than two digits has a sign and fits into four bytes with a space.
const SMALLEST: i16 = 99;

/// A number as text: a space or a sign, and digits.
#[derive(Clone, Copy)]
struct Written {
    bytes: [u8; 4],
    length: u8,
}

#[expect(
    clippy::indexing_slicing,
    reason = "checked when it is compiled: iterators are not to be had there"
)]
const fn small() -> [Written; 2 * SMALLEST as usize + 1] {
    let empty = Written {
        bytes: [0; 4],
        length: 0,
    };
    let mut all = [empty; 2 * SMALLEST as usize + 1];
    let mut place = 0;
    while place < all.len() {
        let number = place as i16 - SMALLEST;
        let sign = if number < 0 { b'-' } else { b' ' };
        let (tens, ones) = (
            number.unsigned_abs() as u8 / 10,
            number.unsigned_abs() as u8 % 10,
        );
        all[place] = match tens {
            0 => Written {
                bytes: [sign, b'0' + ones, 0, 0],
                length: 2,
            },
            _ => Written {
                bytes: [sign, b'0' + tens, b'0' + ones, 0],
                length: 3,
            },
        };
        place += 1;
    }
    all
}

impl Markup {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            number: false,
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.number = false;
    }

    /// Numbers, kept apart by their signs or a space.
    pub(super) fn numbers<const N: usize>(&mut self, numbers: [i16; N]) {
        for number in numbers {
            let place = usize::try_from(i32::from(number) + i32::from(SMALLEST));
            match place.ok().and_then(|place| SMALL.get(place)) {
                Some(written) if self.number || number < 0 => {
                    let end = self.bytes.len() + usize::from(written.length);
                    // All four at once and the rest cut off: no copying of unknown length.
                    self.bytes.extend_from_slice(&written.bytes);
                    self.bytes.truncate(end);
                }
                _ => {
                    if self.number && number >= 0 {
                        self.bytes.push(b' ');
                    }
                    let mut buffer = itoa::Buffer::new();
                    self.bytes
                        .extend_from_slice(buffer.format(number).as_bytes());
                }
            }
            self.number = true;
        }
    }

    /// A length in whole pixels, of which pictures have 1,000 at most.
    pub(super) fn pixels(&mut self, length: f32) {
        self.numbers([length.ceil() as i16]);
        self.number = false;
    }

    pub(super) fn colour(&mut self, colour: Rgb) {
        const DIGITS: [u8; 16] = *b"0123456789abcdef";
        let digit = |value: u8| DIGITS.get(usize::from(value & 15)).copied().unwrap_or(b'0');
        self.bytes.push(b'#');
        for part in colour {
            self.bytes.extend([digit(part >> 4), digit(part)]);
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
