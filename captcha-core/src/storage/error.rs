use std::error::Error;
use std::fmt;

/// A storage failed. The cause is in [`source`](Error::source), for logs only.
#[derive(Debug)]
pub struct StorageError {
    kind: StorageErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The kinds of [`StorageError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StorageErrorKind {
    /// No room for a new record. What is kept already is not affected.
    Full,
    /// The storage could not be reached or failed.
    Unavailable,
    /// A record was found that this version cannot read.
    Corrupt,
    /// The storage's server refuses for a reason that does not pass by itself: credentials,
    /// permissions, an unknown command.
    Misconfigured,
}

impl StorageError {
    /// An error of this kind, without a cause underneath.
    #[must_use]
    pub const fn new(kind: StorageErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// Attaches the cause, which must not hold a record's content.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind of failure this is.
    #[must_use]
    pub const fn kind(&self) -> StorageErrorKind {
        self.kind
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            StorageErrorKind::Full => "the captcha storage is full",
            StorageErrorKind::Unavailable => "the captcha storage is unavailable",
            StorageErrorKind::Misconfigured => "the captcha storage is misconfigured",
            StorageErrorKind::Corrupt => "a record in the captcha storage cannot be read",
        })
    }
}

impl Error for StorageError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}
