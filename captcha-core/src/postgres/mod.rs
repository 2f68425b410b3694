//! What everything kept in Postgres shares: the pool, the table, the deadline of a call, and what
//! an error means.
//!
//! Postgres 11 or later. Both storage and limiter keep their records in one table, which
//! [`PostgresStorage::create_schema`](crate::storage::PostgresStorage::create_schema) makes. The
//! pool has to lead to the server that is written to: a standby that is behind does not know yet
//! what was issued, and refuses to count tries.

mod builder;
mod error;
mod lent;
pub(crate) mod schema;
mod table;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::types::PgInterval;
use sqlx::postgres::{PgArguments, PgPool, PgRow};
use sqlx::{AssertSqlSafe, Postgres, Row as _};
use tokio::time::{Instant, timeout_at};

pub use builder::PostgresBuilder;
use lent::Lent;
pub(crate) use table::Table;

use crate::storage::{CENTURY, Deadline, StorageError, overdue};

/// For how many deadlines more a connection is kept whose answer did not come in time.
const PATIENCE: u32 = 10;

/// A statement about one table. Of what users set, only a validated name is in it.
pub(crate) type Sql = Arc<str>;

/// A pool, and how it is used.
#[derive(Clone)]
pub(crate) struct Server {
    pool: PgPool,
    deadline: Deadline,
}

impl Server {
    pub(crate) const fn new(pool: PgPool, deadline: Deadline) -> Self {
        Self { pool, deadline }
    }

    /// Sends one statement and returns the first row of its result.
    pub(crate) async fn ask(
        &self,
        sql: &Sql,
        arguments: PgArguments,
    ) -> Result<Option<PgRow>, StorageError> {
        let sql = Arc::clone(sql);
        let until = self.deadline.starting_now();
        let asking = async move |mut lent: Lent| {
            let answer = loop {
                let query = sqlx::query_with(AssertSqlSafe(Arc::clone(&sql)), arguments.clone());
                match query.fetch_optional(lent.connection()?).await {
                    // Where transactions are serializable by default. Nothing has happened.
                    Err(error) if error::lost_a_race(&error) && Instant::now() < until => {}
                    answer => break answer,
                }
            };
            lent.give_back();
            answer
        };
        self.by(until, asking).await
    }

    /// Sends statements that bind nothing, all of them in one transaction.
    pub(crate) async fn run(&self, script: String) -> Result<(), StorageError> {
        let running = async move |mut lent: Lent| {
            let script = sqlx::raw_sql(AssertSqlSafe(script));
            let done = script.execute(lent.connection()?).await;
            lent.give_back();
            done.map(drop)
        };
        self.by(self.deadline.starting_now(), running).await
    }

    /// What `call` comes to, unless that takes too long.
    ///
    /// It goes on in a task of its own: a visitor who leaves, or a caller who no longer waits, must
    /// not break off what is on the wire. A connection whose answer does not come keeps its place in
    /// the pool for a while, so that a server that stands still does not get more and more of them,
    /// and is closed then.
    async fn by<T, F>(
        &self,
        until: Instant,
        call: impl FnOnce(Lent) -> F,
    ) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, sqlx::Error>> + Send + 'static,
    {
        let connection = match timeout_at(until, self.pool.acquire()).await {
            Ok(connection) => connection.map_err(error::storage_error)?,
            Err(_) => return Err(overdue()),
        };
        let patience = until + PATIENCE * self.deadline.duration();
        let calling = tokio::spawn(timeout_at(patience, call(Lent::new(connection))));
        match timeout_at(until, calling).await {
            Ok(Ok(Ok(answer))) => answer.map_err(error::storage_error),
            _ => Err(overdue()),
        }
    }
}

/// As Postgres counts time: in microseconds, at most a hundred years of them.
pub(crate) fn interval(time: Duration) -> PgInterval {
    PgInterval {
        microseconds: i64::try_from(time.min(CENTURY).as_micros()).unwrap_or(i64::MAX),
        ..PgInterval::default()
    }
}

/// What is bound to a statement, in order.
macro_rules! arguments {
    ($($value:expr),*) => {{
        let mut arguments = sqlx::postgres::PgArguments::default();
        let mut add = || -> Result<(), sqlx::error::BoxDynError> {
            $(sqlx::Arguments::add(&mut arguments, $value)?;)*
            Ok(())
        };
        add().map_err($crate::postgres::unbound).map(|()| arguments)
    }};
}
pub(crate) use arguments;

pub(crate) fn unbound(error: sqlx::error::BoxDynError) -> StorageError {
    error::storage_error(sqlx::Error::Encode(error))
}

/// Reads a column of a result.
pub(crate) fn column<'r, T>(row: &'r PgRow, name: &str) -> Result<T, StorageError>
where
    T: sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>,
{
    row.try_get(name).map_err(error::storage_error)
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
