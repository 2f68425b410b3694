use std::time::Duration;

use async_trait::async_trait;
use sqlx::PgPool;

use super::{RateLimitError, RateLimiter, check_rate};
use crate::postgres::{PostgresBuilder, Server, Sql, Table, column, interval};

/// A bucket of permits for each key, shared by any number of nodes through Postgres.
///
/// One statement decides, by the clock of the server: nodes whose clocks differ allow no more than
/// one would. A bucket is a row in the table of [`PostgresStorage`](crate::storage::PostgresStorage),
/// which makes it; when it is full again, the row counts as expired and is purged with the others.
///
/// ```no_run
/// use captcha_core::rate_limit::PostgresTokenBucket;
///
/// # fn run(pool: sqlx::PgPool) -> Result<(), captcha_core::ConfigError> {
/// // Ten at once, then one every two seconds.
/// let limiter = PostgresTokenBucket::new(pool, 10, 0.5)?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct PostgresTokenBucket {
    server: Server,
    take: Sql,
    /// Between two permits.
    interval: Duration,
    /// In which an empty bucket fills.
    filling: Duration,
}

impl PostgresTokenBucket {
    /// A limiter with this many permits in a full bucket, and this many more each second, in the
    /// table `captcha_records` and with a deadline of 2 seconds for each call.
    ///
    /// # Errors
    ///
    /// [`ConfigError`](crate::ConfigError) unless the capacity is 1 to 1,000,000 and the rate
    /// between one an hour and a million a second.
    pub fn new(pool: PgPool, capacity: u32, refill_rate: f64) -> Result<Self, crate::ConfigError> {
        Self::builder(pool, capacity, refill_rate).build()
    }

    /// A limiter whose table and deadline are set, too.
    pub fn builder(pool: PgPool, capacity: u32, refill_rate: f64) -> PostgresBuilder<Self> {
        PostgresBuilder::new(pool, move |server, table, _| {
            check_rate(capacity, refill_rate)?;
            // In whole microseconds, and never faster than asked for.
            let micros = (1_000_000.0 / refill_rate).ceil();
            let interval = Duration::from_secs_f64(micros / 1_000_000.0);
            Ok(Self {
                server,
                take: take(&table),
                interval,
                filling: interval * capacity,
            })
        })
    }
}

/// Keeps the time at which a bucket is full again (the generic cell rate algorithm) as that of the
/// row's expiry. `answers` says whether the last one who asked got a permit: a statement can return
/// only what it wrote.
fn take(table: &Table) -> Sql {
    let now = "statement_timestamp()";
    let full = format!("GREATEST(bucket.expires_at, {now}) + $2");
    let given = format!("{full} <= {now} + $3");
    format!(
        "INSERT INTO {table} AS bucket (key, payload, answers, expires_at)
        VALUES ('rate:' || encode(sha256($1), 'hex'), '', 1, {now} + $2)
        ON CONFLICT (key) DO UPDATE SET
            answers = ({given})::integer,
            expires_at = CASE WHEN {given} THEN {full} ELSE bucket.expires_at END
        RETURNING answers = 1 AS given,
            ceil(extract(epoch FROM expires_at + $2 - $3 - {now}) * 1000000)::bigint AS micros"
    )
    .into()
}

#[async_trait]
impl RateLimiter for PostgresTokenBucket {
    async fn acquire(&self, key: &str) -> Result<(), RateLimitError> {
        let row = self.server.ask(&self.take, |query| {
            let query = query.bind(key.as_bytes());
            query
                .bind(interval(self.interval))
                .bind(interval(self.filling))
        });
        let Some(row) = row.await? else {
            return Ok(());
        };
        if column(&row, "given")? {
            return Ok(());
        }
        let micros: i64 = column(&row, "micros")?;
        Err(RateLimitError::Limited {
            retry_after: Duration::from_micros(u64::try_from(micros).unwrap_or(0)),
        })
    }
}
