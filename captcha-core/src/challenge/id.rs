use std::fmt;

use crate::random::SecureRng;
use crate::storage::StorageKey;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// `N` characters of the URL-safe base64 alphabet, 6 random bits each.
#[derive(Clone, PartialEq, Eq, Hash)]
struct RandomText<const N: usize>([u8; N]);

impl<const N: usize> RandomText<N> {
    fn random(rng: &mut SecureRng) -> Self {
        let letter = |byte: u8| {
            ALPHABET
                .get(usize::from(byte & 63))
                .copied()
                .unwrap_or(b'A')
        };
        Self(rng.bytes::<N>().map(letter))
    }

    /// Text of exactly this length and alphabet. Nothing else ever becomes a storage key.
    fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; N] = text.as_bytes().try_into().ok()?;
        let known = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        bytes.iter().all(known).then_some(Self(bytes))
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The public name of a challenge: 22 characters of `[A-Za-z0-9_-]`, 132 random bits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ChallengeId(RandomText<22>);

impl ChallengeId {
    pub(crate) fn random(rng: &mut SecureRng) -> Self {
        Self(RandomText::random(rng))
    }

    /// Reads an id that a visitor sent. `None` unless it has the exact form of an id.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        RandomText::parse(text).map(Self)
    }

    /// The id as text, safe in a URL and in HTML.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(crate) fn key(&self) -> StorageKey {
        StorageKey::challenge(self.as_str())
    }
}

impl fmt::Debug for ChallengeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChallengeId({})", self.as_str())
    }
}

impl fmt::Display for ChallengeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a solved challenge is exchanged for: 32 characters of `[A-Za-z0-9_-]`, 192 random bits.
///
/// Whoever holds it passes once, so it has no `Display` and its `Debug` is redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct PassToken(RandomText<32>);

impl PassToken {
    pub(crate) fn random(rng: &mut SecureRng) -> Self {
        Self(RandomText::random(rng))
    }

    /// Reads a token that a visitor sent. `None` unless it has the exact form of one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        RandomText::parse(text).map(Self)
    }

    /// The token as text, to be sent to the visitor who solved the challenge.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(crate) fn key(&self) -> StorageKey {
        StorageKey::pass(self.as_str())
    }
}

impl fmt::Debug for PassToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PassToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn atk_43_only_the_exact_form_is_an_id() {
        let id = ChallengeId::random(&mut SecureRng::from_os().unwrap());
        assert_eq!(ChallengeId::parse(id.as_str()), Some(id.clone()));
        let good = id.as_str();
        let long = good.repeat(500);
        let hostile = [
            "",
            &good[1..],
            &long,
            "abc:def,ghi*jkl\nmno\0pqr",
            "ch:aaaaaaaaaaaaaaaaaaa",
            "%41AAAAAAAAAAAAAAAAAAA",
            "../../../../etc/passwd",
            "\u{ff21}AAAAAAAAAAAAAAAAAAA",
        ];
        for text in hostile {
            assert!(ChallengeId::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn atk_28_every_letter_is_as_likely_in_every_place() {
        const ROUNDS: usize = 64_000;
        let mut rng = SecureRng::from_os().unwrap();
        let mut counts = vec![[0_u32; 128]; 22];
        for _ in 0..ROUNDS {
            let id = ChallengeId::random(&mut rng);
            for (place, byte) in id.as_str().bytes().enumerate() {
                counts[place][usize::from(byte)] += 1;
            }
        }
        let expected = ROUNDS as f64 / 64.0;
        for place in counts {
            let chi_square: f64 = ALPHABET
                .iter()
                .map(|letter| f64::from(place[usize::from(*letter)]) - expected)
                .map(|off| off * off / expected)
                .sum();
            // 63 degrees of freedom: 150 is past the 1e-8 quantile.
            assert!(chi_square < 150.0, "{chi_square}");
        }
    }
}
