use std::fmt;
use std::hash::{Hash, Hasher};

/// The longest key: a pass token's.
const LONGEST: usize = 37;

/// The name of a record: a space and an id of the URL-safe base64 alphabet, for example
/// `challenge:Zk3…`. Fixed in form, so that no visitor's text reaches a storage.
///
/// A pass token is part of its key, so `Debug` shows the space only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StorageKey {
    /// The text, and zeros behind it.
    bytes: [u8; LONGEST],
    length: u8,
    space: Space,
}

/// What a record is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Space {
    /// A challenge that waits for its answer.
    Challenge,
    /// A pass token that waits to be spent.
    Pass,
}

impl StorageKey {
    /// What the record is of. Keys made for tests count as challenges.
    #[must_use]
    pub const fn space(&self) -> Space {
        self.space
    }

    fn new(space: Space, name: &str, id: &str) -> Self {
        let mut bytes = [0; LONGEST];
        let text = name.bytes().chain([b':']).chain(id.bytes());
        let mut length = 0;
        for (byte, text) in bytes.iter_mut().zip(text) {
            *byte = text;
            length += 1;
        }
        Self {
            bytes,
            length,
            space,
        }
    }

    pub(crate) fn challenge(id: &str) -> Self {
        Self::new(Space::Challenge, "challenge", id)
    }

    pub(crate) fn pass(token: &str) -> Self {
        Self::new(Space::Pass, "pass", token)
    }

    /// A key of a space of its own, for suites that test storages.
    #[must_use]
    pub fn for_test(id: u64) -> Self {
        Self::new(Space::Challenge, "test", &id.to_string())
    }

    /// The key as text: at most 37 bytes of `[A-Za-z0-9_-]` and one colon.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let text = self.bytes.get(..usize::from(self.length));
        std::str::from_utf8(text.unwrap_or_default()).unwrap_or_default()
    }
}

impl Hash for StorageKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Two keys of the same bytes are the same key.
        state.write(&self.bytes);
    }
}

impl fmt::Debug for StorageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let space = self.as_str().split(':').next().unwrap_or_default();
        write!(f, "StorageKey({space}:..)")
    }
}
