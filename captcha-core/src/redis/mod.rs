//! What everything kept in Redis shares: the connection, the deadline of a call, the names of keys,
//! and what an error means.
//!
//! Redis 5 or later. Keep it from evicting (`maxmemory-policy noeviction`): a policy that evicts
//! forgets live challenges, and an attacker who can have challenges made chooses when. A full
//! server then refuses new challenges, as a full memory storage does.

mod builder;
mod destination;
mod error;
mod shared;

use std::sync::Arc;

use redis::aio::ConnectionLike;
use redis::{FromRedisValue, RedisError};

pub use builder::RedisBuilder;
pub use shared::SharedConnection;

use crate::ConfigError;
use crate::storage::{Deadline, StorageError, overdue};
use destination::Destination;

/// What every key begins with unless told otherwise.
const PREFIX: &str = "captcha";

/// What storages and limiters are made of: anything that sends commands and can be cloned, such as
/// a [`SharedConnection`], or the `ConnectionManager` or `ClusterConnection` of the crate `redis`.
/// A `MultiplexedConnection` alone is not made again when it is lost.
pub trait Connection: ConnectionLike + Clone + Send + Sync + 'static {}

impl<C: ConnectionLike + Clone + Send + Sync + 'static> Connection for C {}

/// A connection to this URL (`redis://[user:password@]host[:port][/database]`), made with the first
/// command. `rediss://` is TLS, where the application switches on the feature `tokio-rustls-comp` of
/// the crate `redis`.
///
/// While the server cannot be reached, commands fail instead of waiting for it. Clones share the
/// connection, so that one is enough for storage and limiter.
///
/// # Errors
///
/// [`ConfigError`] when the URL cannot be read, which it does not repeat.
pub fn connect(url: &str) -> Result<SharedConnection, ConfigError> {
    let problem = "is no Redis URL, or one of TLS where that is not compiled in";
    let destination = Destination::url(url).map_err(|_| ConfigError::new("url", problem))?;
    Ok(SharedConnection::to(destination))
}

/// A connection, and how it is used.
#[derive(Clone)]
pub(crate) struct Server<C> {
    connection: C,
    prefix: Arc<str>,
    deadline: Deadline,
}

impl<C: Connection> Server<C> {
    pub(crate) fn new(connection: C) -> Self {
        Self {
            connection,
            prefix: PREFIX.into(),
            deadline: Deadline::DEFAULT,
        }
    }

    /// A key under the prefix.
    pub(crate) fn key(&self, name: &str) -> String {
        format!("{}:{name}", self.prefix)
    }

    /// Sends what `call` makes of the connection, and waits no longer than the deadline.
    pub(crate) async fn ask<T: FromRedisValue, F>(
        &self,
        call: impl FnOnce(C) -> F,
    ) -> Result<T, StorageError>
    where
        F: Future<Output = Result<T, RedisError>> + Send,
    {
        let until = self.deadline.starting_now();
        match tokio::time::timeout_at(until, call(self.connection.clone())).await {
            Ok(answer) => answer.map_err(error::storage_error),
            Err(_) => Err(overdue()),
        }
    }
}

impl<C> std::fmt::Debug for Server<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("prefix", &self.prefix)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
