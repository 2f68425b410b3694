use std::fmt;
use std::sync::Arc;

/// The name of a record: a space and an id of the URL-safe base64 alphabet, for example
/// `challenge:Zk3…`. Fixed in form, so that no visitor's text reaches a storage.
///
/// A pass token is part of its key, so `Debug` shows the space only.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StorageKey(Arc<str>);

/// What a record is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    pub fn space(&self) -> Space {
        if self.0.starts_with("pass:") {
            Space::Pass
        } else {
            Space::Challenge
        }
    }

    pub(crate) fn challenge(id: &str) -> Self {
        Self(format!("challenge:{id}").into())
    }

    pub(crate) fn pass(token: &str) -> Self {
        Self(format!("pass:{token}").into())
    }

    /// A key of a space of its own, for suites that test storages.
    #[must_use]
    pub fn for_test(id: u64) -> Self {
        Self(format!("test:{id}").into())
    }

    /// The key as text: at most 64 bytes of `[A-Za-z0-9_-]` and one colon.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for StorageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let space = self.0.split(':').next().unwrap_or_default();
        write!(f, "StorageKey({space}:..)")
    }
}
