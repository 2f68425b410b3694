use std::time::Duration;

use async_trait::async_trait;
use sqlx::PgPool;
use sqlx::postgres::PgRow;

use super::{
    Counter, Deadline, Lookup, Put, Storage, StorageError, StorageErrorKind, StorageKey, Stored,
};
use crate::postgres::{PostgresBuilder, Server, Sql, Table, arguments, column, interval, schema};

/// Keeps records in Postgres, for any number of nodes, on a pool the application already has.
///
/// Each verb is one statement, and the server's clock decides what has expired. Expired records
/// stay in the table until they are purged:
/// [`CaptchaManager::spawn_purge`](crate::manager::CaptchaManager::spawn_purge) does that, on one
/// node or on all.
///
/// ```no_run
/// use std::time::Duration;
///
/// use captcha_core::manager::CaptchaManager;
/// use captcha_core::storage::PostgresStorage;
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = sqlx::PgPool::connect("postgres://captcha@localhost/shop").await?;
/// let storage = PostgresStorage::new(pool);
/// storage.create_schema().await?;
/// let manager = CaptchaManager::builder(storage).build()?;
/// manager.spawn_purge(Duration::from_secs(30)).detach();
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct PostgresStorage {
    server: Server,
    table: Table,
    unlogged: bool,
    statements: Statements,
}

impl PostgresStorage {
    /// A storage in the table `captcha_records`, with a deadline of 2 seconds for each call.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self::on(
            Server::new(pool, Deadline::DEFAULT),
            Table::default(),
            false,
        )
    }

    /// A storage whose table and deadline are set.
    pub fn builder(pool: PgPool) -> PostgresBuilder<Self> {
        PostgresBuilder::new(pool, |server, table, unlogged| {
            Ok(Self::on(server, table, unlogged))
        })
    }

    fn on(server: Server, table: Table, unlogged: bool) -> Self {
        Self {
            statements: Statements::about(&table),
            server,
            table,
            unlogged,
        }
    }

    /// Makes the table and its index, unless they are there. Any number of nodes may do this at
    /// once, each time they start.
    ///
    /// # Errors
    ///
    /// A failure of the storage; [`Misconfigured`](super::StorageErrorKind::Misconfigured) where
    /// the permission to make a table is missing, or one of this name has other columns.
    pub async fn create_schema(&self) -> Result<(), StorageError> {
        self.server.run(self.schema()).await
    }

    /// The statements of [`create_schema`](Self::create_schema), for applications that keep theirs
    /// in migrations.
    #[must_use]
    pub fn schema(&self) -> String {
        schema::create(&self.table, self.unlogged)
    }
}

/// The verbs, about one table.
#[derive(Debug, Clone)]
struct Statements {
    put_new: Sql,
    get: Sql,
    hit_answers: Sql,
    hit_renders: Sql,
    consume: Sql,
    purge_expired: Sql,
}

impl Statements {
    /// `clock_timestamp` goes on while a statement waits for another that has the record; only it
    /// makes an index on time useless, so that sweeping goes by the time at which it begins.
    fn about(table: &Table) -> Self {
        let hit = |counter: &str| -> Sql {
            format!(
                "WITH hit AS (
                    UPDATE {table} SET {counter} = {counter} + 1
                    WHERE key = $1 AND expires_at > clock_timestamp()
                    RETURNING payload, answers, renders
                )
                SELECT payload, answers, renders FROM hit
                UNION ALL
                SELECT NULL, 0, 0 FROM {table}
                WHERE key = $1 AND expires_at <= clock_timestamp()"
            )
            .into()
        };
        Self {
            put_new: format!(
                "INSERT INTO {table} (key, payload, expires_at)
                VALUES ($1, $2, clock_timestamp() + $3)
                ON CONFLICT (key) DO NOTHING RETURNING true"
            )
            .into(),
            get: format!(
                "SELECT CASE WHEN expires_at > clock_timestamp() THEN payload END AS payload,
                    answers, renders
                FROM {table} WHERE key = $1"
            )
            .into(),
            hit_answers: hit("answers"),
            hit_renders: hit("renders"),
            consume: format!(
                "DELETE FROM {table} WHERE key = $1 AND expires_at > clock_timestamp()
                RETURNING true"
            )
            .into(),
            purge_expired: format!(
                "WITH gone AS (
                    DELETE FROM {table} WHERE key = ANY (ARRAY (
                        SELECT key FROM {table} WHERE expires_at <= statement_timestamp()
                        ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED
                    ))
                    RETURNING true
                )
                SELECT count(*) AS gone FROM gone"
            )
            .into(),
        }
    }
}

/// A record as `get` and `hit` return it: without a payload where it has expired.
fn found(row: Option<PgRow>) -> Result<Lookup, StorageError> {
    let Some(row) = row else {
        return Ok(Lookup::Absent);
    };
    let Some(payload) = column::<Option<&[u8]>>(&row, "payload")? else {
        return Ok(Lookup::Expired);
    };
    let count = |name| {
        let count = column::<i32>(&row, name)?;
        u32::try_from(count).map_err(|_| StorageError::new(StorageErrorKind::Corrupt))
    };
    Ok(Lookup::Live(Stored {
        payload: payload.into(),
        answers: count("answers")?,
        renders: count("renders")?,
    }))
}

#[async_trait]
impl Storage for PostgresStorage {
    async fn put_new(
        &self,
        key: &StorageKey,
        payload: &[u8],
        ttl: Duration,
    ) -> Result<Put, StorageError> {
        let arguments = arguments!(key.as_str(), payload, interval(ttl))?;
        let row = self.server.ask(&self.statements.put_new, arguments);
        Ok(match row.await? {
            Some(_) => Put::Stored,
            None => Put::Exists,
        })
    }

    async fn get(&self, key: &StorageKey) -> Result<Lookup, StorageError> {
        let row = self
            .server
            .ask(&self.statements.get, arguments!(key.as_str())?);
        found(row.await?)
    }

    async fn hit(&self, key: &StorageKey, counter: Counter) -> Result<Lookup, StorageError> {
        let sql = match counter {
            Counter::Answers => &self.statements.hit_answers,
            Counter::Renders => &self.statements.hit_renders,
        };
        found(self.server.ask(sql, arguments!(key.as_str())?).await?)
    }

    async fn consume(&self, key: &StorageKey) -> Result<bool, StorageError> {
        let row = self
            .server
            .ask(&self.statements.consume, arguments!(key.as_str())?);
        Ok(row.await?.is_some())
    }

    async fn purge_expired(&self, limit: usize) -> Result<usize, StorageError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let row = self
            .server
            .ask(&self.statements.purge_expired, arguments!(limit)?);
        let gone: i64 = match row.await? {
            Some(row) => column(&row, "gone")?,
            None => 0,
        };
        Ok(usize::try_from(gone).unwrap_or(0))
    }
}
