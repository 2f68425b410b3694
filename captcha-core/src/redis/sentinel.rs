use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::sentinel::SentinelClient;
use redis::{
    AsyncConnectionConfig, Cmd, ErrorKind, Pipeline, RedisError, RedisFuture, RedisResult,
    ServerErrorKind, Value,
};

use crate::storage::Deadline;

/// A command that was given up after this long was waiting for a server that may be gone. One that
/// was given up earlier says nothing: its visitor left.
const PATIENCE: Duration = Duration::from_millis(200);

/// A connection to the master that a group of Sentinels names, and to the next one when that is
/// gone, was demoted, or no longer answers. Clones share it.
///
/// ```no_run
/// use captcha_core::redis::SentinelConnection;
/// use captcha_core::storage::RedisStorage;
/// use redis::sentinel::{SentinelClient, SentinelServerType};
///
/// # fn main() -> redis::RedisResult<()> {
/// let sentinels = vec!["redis://10.0.0.1:26379/", "redis://10.0.0.2:26379/"];
/// let client = SentinelClient::build(sentinels, "mymaster".into(), None, SentinelServerType::Master)?;
/// let storage = RedisStorage::new(SentinelConnection::new(client));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct SentinelConnection {
    shared: Arc<Shared>,
}

struct Shared {
    client: tokio::sync::Mutex<SentinelClient>,
    master: Mutex<Master>,
}

#[derive(Default)]
struct Master {
    connection: Option<MultiplexedConnection>,
    /// How many there were before.
    number: u64,
}

impl SentinelConnection {
    /// A connection that is made with the first command. The client has to look for the master.
    #[must_use]
    pub fn new(client: SentinelClient) -> Self {
        Self {
            shared: Arc::new(Shared {
                client: tokio::sync::Mutex::new(client),
                master: Mutex::default(),
            }),
        }
    }
}

impl Shared {
    fn master(&self) -> MutexGuard<'_, Master> {
        // Two assignments: it is whole even after a panic.
        self.master.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> Option<(MultiplexedConnection, Attempt<'_>)> {
        let master = self.master();
        let connection = master.connection.clone()?;
        let attempt = Attempt {
            shared: self,
            number: master.number,
            began: Instant::now(),
            is_over: false,
        };
        Some((connection, attempt))
    }

    /// The connection to the master, and what to tell of the command that is sent over it.
    async fn connection(&self) -> RedisResult<(MultiplexedConnection, Attempt<'_>)> {
        loop {
            if let Some(known) = self.known() {
                return Ok(known);
            }
            let mut client = self.client.lock().await;
            if self.master().connection.is_none() {
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(Deadline::DEFAULT.duration()))
                    .set_response_timeout(None);
                let found = client.get_async_connection_with_config(&config).await?;
                self.master().connection = Some(found);
            }
        }
    }

    /// Asks the Sentinels again with the next command, unless that was done since.
    fn forget(&self, number: u64) {
        let mut master = self.master();
        if master.number == number {
            master.connection = None;
            master.number += 1;
        }
    }
}

/// A command on its way to the master of this number.
struct Attempt<'a> {
    shared: &'a Shared,
    number: u64,
    began: Instant,
    is_over: bool,
}

impl Attempt<'_> {
    fn over<T>(mut self, answer: RedisResult<T>) -> RedisResult<T> {
        self.is_over = true;
        if answer.as_ref().is_err_and(is_no_master) {
            self.shared.forget(self.number);
        }
        answer
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if !self.is_over && self.began.elapsed() >= PATIENCE {
            self.shared.forget(self.number);
        }
    }
}

/// Whether an error tells that the server is gone, or is a replica now.
fn is_no_master(error: &RedisError) -> bool {
    let demoted = [ServerErrorKind::ReadOnly, ServerErrorKind::MasterDown].map(ErrorKind::Server);
    error.is_unrecoverable_error() || error.is_io_error() || demoted.contains(&error.kind())
}

impl ConnectionLike for SentinelConnection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async move {
            let (mut connection, attempt) = self.shared.connection().await?;
            attempt.over(connection.req_packed_command(command).await)
        })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async move {
            let (mut connection, attempt) = self.shared.connection().await?;
            let answers = connection.req_packed_commands(pipeline, offset, count);
            attempt.over(answers.await)
        })
    }

    fn get_db(&self) -> i64 {
        let master = self.shared.master();
        master.connection.as_ref().map_or(0, ConnectionLike::get_db)
    }
}

impl fmt::Debug for SentinelConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SentinelConnection")
    }
}
