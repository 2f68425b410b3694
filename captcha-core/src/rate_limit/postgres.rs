use std::time::Duration;

use async_trait::async_trait;
use sqlx::PgPool;

use super::{RateLimitError, RateLimiter, bucket_name, check_rate};
use crate::postgres::{PostgresBuilder, Server, Sql, Table, arguments, column, interval};

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
                take: take(&table, &bucket_name(capacity, micros)),
                interval,
                filling: interval * capacity,
            })
        })
    }
}

/// Keeps the time at which a bucket is full again (the generic cell rate algorithm) as that of the
/// row's expiry. `answers` says whether the last one who was let near it got a permit: a statement
/// can return only what it wrote.
///
/// Whoever is refused writes nothing, or a flood of them would queue for the row. A time that is
/// further ahead than any bucket's, by more than a statement can have waited for the row, was written
/// while the clock was wrong: the bucket counts as empty.
fn take(table: &Table, name: &str) -> Sql {
    let now = "statement_timestamp()";
    let key = format!("'rate:{name}:' || encode(sha256($1), 'hex')");
    let wrong = |row: &str| format!("{row}.expires_at > {now} + $3 + interval '1 minute'");
    let base = |row: &str| {
        let (wrong, known) = (wrong(row), format!("GREATEST({row}.expires_at, {now})"));
        format!("CASE WHEN {wrong} THEN {now} + $3 ELSE {known} END")
    };
    let micros = |row: &str| {
        let wait = format!("{} + $2 - $3 - {now}", base(row));
        format!("ceil(extract(epoch FROM {wait}) * 1000000)::bigint")
    };
    let given = |row: &str| format!("{} + $2 <= {now} + $3", base(row));
    format!(
        "WITH refused AS (
            SELECT {micros_refused} AS micros FROM {table} AS known
            WHERE key = {key} AND NOT ({given_known}) AND NOT ({wrong_known})
        ), taken AS (
            INSERT INTO {table} AS bucket (key, payload, answers, expires_at)
            SELECT {key}, '', 1, {now} + $2 WHERE NOT EXISTS (SELECT FROM refused)
            ON CONFLICT (key) DO UPDATE SET
                answers = ({given_bucket})::integer,
                expires_at = CASE WHEN {given_bucket} THEN {base_bucket} + $2 ELSE {base_bucket} END
            RETURNING answers = 1 AS given, {micros_taken} AS micros
        )
        SELECT given, micros FROM taken
        UNION ALL
        SELECT false, micros FROM refused",
        micros_refused = micros("known"),
        given_known = given("known"),
        wrong_known = wrong("known"),
        given_bucket = given("bucket"),
        base_bucket = base("bucket"),
        micros_taken = micros("bucket"),
    )
    .into()
}

#[async_trait]
impl RateLimiter for PostgresTokenBucket {
    async fn acquire(&self, key: &str) -> Result<(), RateLimitError> {
        let (interval, filling) = (interval(self.interval), interval(self.filling));
        let arguments = arguments!(key.as_bytes(), interval, filling)?;
        let row = self.server.ask(&self.take, arguments);
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
