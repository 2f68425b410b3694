//! What everything kept in Redis shares: the connection, the deadline of a call, the names of keys,
//! and what an error means.
//!
//! Redis 5 or later. Keep it from evicting (`maxmemory-policy noeviction`): a policy that evicts
//! forgets live challenges, and an attacker who can have challenges made chooses when. A full
//! server then refuses new challenges, as a full memory storage does.

mod builder;
mod error;
#[cfg(feature = "redis-sentinel")]
mod sentinel;

use std::sync::Arc;
#[cfg(target_os = "linux")]
use std::time::Duration;

pub use redis::aio::ConnectionManager;
use redis::aio::{ConnectionLike, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
#[cfg(target_os = "linux")]
use redis::io::tcp::socket2::TcpKeepalive;
use redis::{FromRedisValue, IntoConnectionInfo as _, RedisError};

pub use builder::RedisBuilder;
#[cfg(feature = "redis-sentinel")]
pub use sentinel::SentinelConnection;

use crate::ConfigError;
use crate::storage::{Deadline, StorageError, overdue};

/// What every key begins with unless told otherwise.
const PREFIX: &str = "captcha";

/// How long nothing may be heard of a server while something is expected from it.
#[cfg(target_os = "linux")]
const UNHEARD: Duration = Duration::from_secs(5);

/// What storages and limiters are made of: anything that sends commands and can be cloned, such as
/// a [`ConnectionManager`], a `MultiplexedConnection` or a `ClusterConnection`.
pub trait Connection: ConnectionLike + Clone + Send + Sync + 'static {}

impl<C: ConnectionLike + Clone + Send + Sync + 'static> Connection for C {}

/// A connection to this URL (`redis://[user:password@]host[:port][/database]`) that is made with
/// the first command and made again when it is lost. `rediss://` is TLS, where the application
/// switches on the feature `tokio-rustls-comp` of the crate `redis`.
///
/// While the server cannot be reached, commands fail at once instead of waiting for it. Clones
/// share the connection, so that one is enough for storage and limiter.
///
/// # Errors
///
/// [`ConfigError`] when the URL cannot be read, which it does not repeat, or outside a Tokio
/// runtime.
pub fn connect(url: &str) -> Result<ConnectionManager, ConfigError> {
    if tokio::runtime::Handle::try_current().is_err() {
        let problem = "has to be made inside a Tokio runtime";
        return Err(ConfigError::new("connection", problem));
    }
    let invalid = |_: RedisError| ConfigError::new("url", "is no Redis URL");
    let info = url.into_connection_info().map_err(invalid)?;
    let client = redis::Client::open(info.set_tcp_settings(tcp_settings())).map_err(invalid)?;
    // Each call has a deadline of its own.
    let config = ConnectionManagerConfig::new()
        .set_number_of_retries(0)
        .set_connection_timeout(Some(Deadline::DEFAULT.duration()))
        .set_response_timeout(None);
    ConnectionManager::new_lazy_with_config(client, config).map_err(invalid)
}

/// Commands are small, and must not wait for more. A server that is gone without a word (its machine
/// is off, a firewall forgot the connection) is noticed in seconds on Linux, not in the quarter of an
/// hour for which the system would go on trying.
fn tcp_settings() -> TcpSettings {
    let settings = TcpSettings::default().set_nodelay(true);
    #[cfg(target_os = "linux")]
    let settings = {
        let keepalive = TcpKeepalive::new()
            .with_time(UNHEARD)
            .with_interval(UNHEARD);
        settings.set_keepalive(keepalive).set_user_timeout(UNHEARD)
    };
    settings
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
