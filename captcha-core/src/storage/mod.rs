//! Where challenges and pass tokens live between two requests.
//!
//! [`Storage`] has five verbs, each atomic on any number of nodes. There is no get-then-set, so
//! that races cannot be written down.

#[cfg(any(feature = "postgres", feature = "redis"))]
mod deadline;
mod error;
mod key;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

#[cfg(any(feature = "postgres", feature = "redis"))]
pub(crate) use deadline::{CENTURY, Deadline, overdue};
pub use error::{StorageError, StorageErrorKind};
pub use key::{Space, StorageKey};
pub use memory::{MemoryStorage, MemoryStorageBuilder};
#[cfg(feature = "postgres")]
pub use postgres::PostgresStorage;
#[cfg(feature = "redis")]
pub use redis::RedisStorage;

/// Keeps records until they are consumed or expire.
///
/// # Implementing
///
/// * Every verb is one atomic step: of any number of concurrent calls, on any number of nodes,
///   each sees all of another call's effect or none of it.
/// * A record is live until its time to live has passed by the *storage's* clock. From that
///   moment no verb treats it as live, whether or not it has been swept.
/// * A live record is never dropped to make room: [`put_new`](Self::put_new) fails with
///   [`StorageErrorKind::Full`] instead.
/// * An unknown key is an outcome, not an error. Errors mean that the storage itself failed.
///
/// The suite in `captcha-testkit` checks all of this against a factory of your storage.
#[async_trait]
pub trait Storage: Send + Sync {
    /// Keeps a record under a new key for `ttl`. Never overwrites.
    ///
    /// # Errors
    ///
    /// [`StorageErrorKind::Full`] when there is no room, or a failure of the storage.
    async fn put_new(
        &self,
        key: &StorageKey,
        payload: &[u8],
        ttl: Duration,
    ) -> Result<Put, StorageError>;

    /// Reads a record without changing it.
    ///
    /// # Errors
    ///
    /// A failure of the storage.
    async fn get(&self, key: &StorageKey) -> Result<Lookup, StorageError>;

    /// Adds one to a counter of a live record and returns the record with the new count.
    ///
    /// # Errors
    ///
    /// A failure of the storage.
    async fn hit(&self, key: &StorageKey, counter: Counter) -> Result<Lookup, StorageError>;

    /// Removes a record. `true` for the one caller that removed a live one.
    ///
    /// # Errors
    ///
    /// A failure of the storage.
    async fn consume(&self, key: &StorageKey) -> Result<bool, StorageError>;

    /// Sweeps up to `limit` expired records and returns how many there were.
    ///
    /// # Errors
    ///
    /// A failure of the storage.
    async fn purge_expired(&self, limit: usize) -> Result<usize, StorageError>;
}

/// What became of [`Storage::put_new`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Put {
    /// The record is kept.
    Stored,
    /// The key was taken; nothing changed.
    Exists,
}

/// What a key leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Lookup {
    /// A live record.
    Live(Stored),
    /// A record whose time has passed and which the storage still knows of.
    ///
    /// Storages that forget at expiry answer [`Absent`](Self::Absent) instead.
    Expired,
    /// Nothing.
    Absent,
}

/// A live record.
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    /// What was put, byte for byte.
    pub payload: Arc<[u8]>,
    /// How often [`Counter::Answers`] was hit.
    pub answers: u32,
    /// How often [`Counter::Renders`] was hit.
    pub renders: u32,
}

/// What a record counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Counter {
    /// Answers that were looked at.
    Answers,
    /// Times the challenge was drawn or spoken.
    Renders,
}

impl std::fmt::Debug for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stored")
            .field("answers", &self.answers)
            .field("renders", &self.renders)
            .finish_non_exhaustive()
    }
}

macro_rules! forward_storage {
    ($($pointer:ident),*) => {$(
        #[async_trait]
        impl<S: Storage + ?Sized> Storage for $pointer<S> {
            async fn put_new(
                &self,
                key: &StorageKey,
                payload: &[u8],
                ttl: Duration,
            ) -> Result<Put, StorageError> {
                (**self).put_new(key, payload, ttl).await
            }

            async fn get(&self, key: &StorageKey) -> Result<Lookup, StorageError> {
                (**self).get(key).await
            }

            async fn hit(
                &self,
                key: &StorageKey,
                counter: Counter,
            ) -> Result<Lookup, StorageError> {
                (**self).hit(key, counter).await
            }

            async fn consume(&self, key: &StorageKey) -> Result<bool, StorageError> {
                (**self).consume(key).await
            }

            async fn purge_expired(&self, limit: usize) -> Result<usize, StorageError> {
                (**self).purge_expired(limit).await
            }
        }
    )*};
}

forward_storage!(Arc, Box);
