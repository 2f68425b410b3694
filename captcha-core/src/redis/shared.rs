use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{Cmd, Pipeline, RedisError, RedisFuture, RedisResult, Value};

use super::destination::Destination;
use super::error::is_lost;

/// How long making a connection may take, looking for the master included.
const MAKING: Duration = Duration::from_secs(5);

/// A connection that has been asked and has said nothing for so long, whatever it was asked, may
/// lead nowhere. The next command makes a new one, once somebody has given this one up.
const SILENCE: Duration = Duration::from_millis(200);

/// One connection for every clone of this. It is made with the first command, and made again when
/// it is lost, refused, silent, or leads to a server that is not the master any more.
///
/// Nobody waits for a connection that cannot be made for longer than the deadline of their call,
/// and a failure is not kept: the next command tries again.
#[derive(Clone)]
pub struct SharedConnection {
    inner: Arc<Inner>,
}

struct Inner {
    destination: Arc<Destination>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    link: Option<Link>,
    /// How many links there were before.
    number: u64,
    /// Since when something is expected from it and nothing came.
    silent_since: Option<Instant>,
}

/// A connection, or the making of one that everybody waits for.
type Link = Shared<BoxFuture<'static, RedisResult<MultiplexedConnection>>>;

impl SharedConnection {
    pub(super) fn to(destination: Destination) -> Self {
        Self {
            inner: Arc::new(Inner {
                destination: Arc::new(destination),
                state: Mutex::default(),
            }),
        }
    }

    /// A connection to the master that a group of Sentinels names. The client has to look for the
    /// master.
    ///
    /// ```no_run
    /// use captcha_core::redis::SharedConnection;
    /// use captcha_core::storage::RedisStorage;
    /// use redis::sentinel::{SentinelClient, SentinelServerType};
    ///
    /// # fn main() -> redis::RedisResult<()> {
    /// let sentinels = vec!["redis://10.0.0.1:26379/", "redis://10.0.0.2:26379/"];
    /// let master = SentinelServerType::Master;
    /// let client = SentinelClient::build(sentinels, "mymaster".into(), None, master)?;
    /// let storage = RedisStorage::new(SharedConnection::to_master(client));
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "redis-sentinel")]
    #[must_use]
    pub fn to_master(client: redis::sentinel::SentinelClient) -> Self {
        Self::to(Destination::Master(tokio::sync::Mutex::new(client)))
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        // Whole after each assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection, and what to tell of the command that is sent over it.
    async fn connection(&self) -> RedisResult<(MultiplexedConnection, Attempt<'_>)> {
        let (link, number) = {
            let mut state = self.state();
            let make = || make(Arc::clone(&self.destination));
            (state.link.get_or_insert_with(make).clone(), state.number)
        };
        let attempt = Attempt {
            inner: self,
            number,
        };
        match link.await {
            Ok(connection) => {
                attempt.begins();
                Ok((connection, attempt))
            }
            Err(error) => {
                self.forget(number);
                Err(error)
            }
        }
    }

    /// Makes another connection with the next command, unless that was done since.
    fn forget(&self, number: u64) {
        let mut state = self.state();
        if state.number == number {
            *state = State {
                number: number + 1,
                ..State::default()
            };
        }
    }
}

/// Makes a connection in a task of its own: whoever asked first may leave before it is there.
fn make(destination: Arc<Destination>) -> Link {
    let making = async move { tokio::time::timeout(MAKING, destination.connect()).await };
    let making = tokio::spawn(making);
    let made = async move {
        let late = || io::Error::new(io::ErrorKind::TimedOut, "no connection was made in time");
        match making.await {
            Ok(Ok(made)) => made,
            _ => Err(RedisError::from(late())),
        }
    };
    made.boxed().shared()
}

/// A command on its way over the connection of this number.
struct Attempt<'a> {
    inner: &'a Inner,
    number: u64,
}

impl Attempt<'_> {
    fn begins(&self) {
        let mut state = self.inner.state();
        if state.number == self.number {
            state.silent_since.get_or_insert_with(Instant::now);
        }
    }

    fn over<T>(self, answer: RedisResult<T>) -> RedisResult<T> {
        if answer.as_ref().is_err_and(is_lost) {
            self.inner.forget(self.number);
        } else {
            let mut state = self.inner.state();
            if state.number == self.number {
                state.silent_since = None;
            }
        }
        answer
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let silent = {
            let state = self.inner.state();
            let since = state.silent_since.filter(|_| state.number == self.number);
            since.is_some_and(|since| since.elapsed() >= SILENCE)
        };
        if silent {
            self.inner.forget(self.number);
        }
    }
}

impl ConnectionLike for SharedConnection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async move {
            let (mut connection, attempt) = self.inner.connection().await?;
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
            let (mut connection, attempt) = self.inner.connection().await?;
            let answers = connection.req_packed_commands(pipeline, offset, count);
            attempt.over(answers.await)
        })
    }

    fn get_db(&self) -> i64 {
        self.inner.destination.database()
    }
}

impl fmt::Debug for SharedConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedConnection")
    }
}
