//! What everything kept in Postgres shares: the pool, the table, the deadline of a call, and what
//! an error means.
//!
//! Postgres 11 or later. Both storage and limiter keep their records in one table, which
//! [`PostgresStorage::create_schema`](crate::storage::PostgresStorage::create_schema) makes. The
//! pool has to lead to the server that is written to: a standby that is behind does not know yet
//! what was issued, and refuses to count tries.

mod builder;
mod error;
pub(crate) mod schema;
mod table;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::types::PgInterval;
use sqlx::postgres::{PgArguments, PgPool, PgRow};
use sqlx::{AssertSqlSafe, Postgres, Row as _};
use tokio::time::{Instant, timeout_at};

pub use builder::PostgresBuilder;
pub(crate) use table::Table;

use crate::storage::{Deadline, StorageError, overdue};

/// A statement with what is bound to it.
pub(crate) type Query = sqlx::query::Query<'static, Postgres, PgArguments>;

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
    ///
    /// Where transactions are serializable by default, Postgres can refuse a statement because of
    /// one beside it; nothing has happened then, and it is sent again.
    pub(crate) async fn ask(
        &self,
        sql: &Sql,
        bind: impl Fn(Query) -> Query + Send + Sync,
    ) -> Result<Option<PgRow>, StorageError> {
        let until = self.deadline.starting_now();
        let mut connection = self.connection(until).await?;
        loop {
            let query = bind(sqlx::query(AssertSqlSafe(Arc::clone(sql))));
            match timeout_at(until, query.fetch_optional(&mut *connection)).await {
                Ok(Err(error)) if error::lost_a_race(&error) => {}
                Ok(answer) => return answer.map_err(error::storage_error),
                Err(_) => return Err(abandon(connection)),
            }
        }
    }

    /// Sends statements that bind nothing, all of them in one transaction.
    pub(crate) async fn run(&self, script: String) -> Result<(), StorageError> {
        let until = self.deadline.starting_now();
        let mut connection = self.connection(until).await?;
        let script = sqlx::raw_sql(AssertSqlSafe(script));
        match timeout_at(until, script.execute(&mut *connection)).await {
            Ok(done) => done.map(drop).map_err(error::storage_error),
            Err(_) => Err(abandon(connection)),
        }
    }

    async fn connection(&self, until: Instant) -> Result<PoolConnection<Postgres>, StorageError> {
        match timeout_at(until, self.pool.acquire()).await {
            Ok(connection) => connection.map_err(error::storage_error),
            Err(_) => Err(overdue()),
        }
    }
}

/// Closes a connection that still waits for its answer. In the pool it would keep its place until
/// the answer comes, which can be never.
fn abandon(connection: PoolConnection<Postgres>) -> StorageError {
    drop(connection.detach());
    overdue()
}

/// As Postgres counts time: in microseconds, at most a hundred years of them.
pub(crate) fn interval(time: Duration) -> PgInterval {
    const CENTURY: Duration = Duration::from_secs(100 * 366 * 24 * 60 * 60);
    PgInterval {
        microseconds: i64::try_from(time.min(CENTURY).as_micros()).unwrap_or(i64::MAX),
        ..PgInterval::default()
    }
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
