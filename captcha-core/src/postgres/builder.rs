use std::fmt;
use std::time::Duration;

use sqlx::PgPool;

use super::{Server, Table};
use crate::ConfigError;
use crate::storage::Deadline;

/// Sets up what is kept in Postgres: a [`PostgresStorage`](crate::storage::PostgresStorage) or a
/// [`PostgresTokenBucket`](crate::rate_limit::PostgresTokenBucket).
#[must_use = "a builder does nothing until it is built"]
pub struct PostgresBuilder<T> {
    pool: PgPool,
    table: Option<String>,
    unlogged: bool,
    deadline: Option<Duration>,
    made: Made<T>,
}

type Made<T> = Box<dyn FnOnce(Server, Table, bool) -> Result<T, ConfigError> + Send>;

impl<T> PostgresBuilder<T> {
    pub(crate) fn new(
        pool: PgPool,
        made: impl FnOnce(Server, Table, bool) -> Result<T, ConfigError> + Send + 'static,
    ) -> Self {
        Self {
            pool,
            table: None,
            unlogged: false,
            deadline: None,
            made: Box::new(made),
        }
    }

    /// The table, `name` or `schema.name`. Default `captcha_records`. Names are 1 to 52 letters
    /// `a` to `z`, digits and underscores, and begin with no digit.
    pub fn table(mut self, table: impl Into<String>) -> Self {
        self.table = Some(table.into());
        self
    }

    /// How long a call may take, waiting for a connection of the pool included, before it counts
    /// as an outage. Default 2 seconds; 1 millisecond to 1 minute.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Checks the settings. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the setting that cannot work.
    pub fn build(self) -> Result<T, ConfigError> {
        let table = match self.table {
            Some(table) => Table::parse(&table)?,
            None => Table::default(),
        };
        let deadline = Deadline::or_default(self.deadline)?;
        (self.made)(Server::new(self.pool, deadline), table, self.unlogged)
    }
}

impl PostgresBuilder<crate::storage::PostgresStorage> {
    /// Whether [`create_schema`](crate::storage::PostgresStorage::create_schema) makes the table
    /// `UNLOGGED`. Default `false`.
    ///
    /// Nothing waits for the disk then. Postgres empties such a table after a crash and does not
    /// copy it to standbys: visitors who are just then looking at a challenge need another one, and
    /// nothing that was spent comes back. What exists already is left as it is; `ALTER TABLE … SET
    /// UNLOGGED` changes it.
    pub fn unlogged(mut self, unlogged: bool) -> Self {
        self.unlogged = unlogged;
        self
    }
}

impl<T> fmt::Debug for PostgresBuilder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresBuilder")
            .field("table", &self.table)
            .field("unlogged", &self.unlogged)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
