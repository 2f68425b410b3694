use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use redis::{Cmd, Script};

use super::{CENTURY, Counter, Lookup, Put, Storage, StorageError, StorageKey, Stored};
use crate::redis::{Connection, RedisBuilder, Server, SharedConnection};

/// Keeps records in Redis, for any number of nodes: a single server, one behind Sentinel, or a
/// cluster.
///
/// Each record is one hash, `captcha:challenge:…` or `captcha:pass:…`, and each verb one command or
/// one script on it. Redis' own clock decides what has expired, and Redis forgets it by itself:
/// expired records are [`Absent`](Lookup::Absent), and there is nothing to purge.
///
/// ```no_run
/// use captcha_core::manager::CaptchaManager;
/// use captcha_core::storage::RedisStorage;
///
/// # fn main() -> Result<(), captcha_core::ConfigError> {
/// let connection = captcha_core::redis::connect("redis://127.0.0.1/")?;
/// let manager = CaptchaManager::builder(RedisStorage::new(connection)).build()?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct RedisStorage<C = SharedConnection> {
    server: Server<C>,
}

impl<C: Connection> RedisStorage<C> {
    /// A storage under the prefix `captcha`, with a deadline of 2 seconds for each call.
    #[must_use]
    pub fn new(connection: C) -> Self {
        Self {
            server: Server::new(connection),
        }
    }

    /// A storage whose prefix and deadline are set.
    pub fn builder(connection: C) -> RedisBuilder<C, Self> {
        RedisBuilder::new(connection, |server| Ok(Self { server }))
    }

    fn key(&self, key: &StorageKey) -> String {
        self.server.key(key.as_str())
    }
}

/// The fields of a record: payload, answers, renders.
type Fields = Option<(Vec<u8>, Option<u32>, Option<u32>)>;

static PUT_NEW: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
        redis.call('HSET', KEYS[1], 'p', ARGV[1])
        redis.call('PEXPIRE', KEYS[1], ARGV[2])
        return 1",
    )
});

static HIT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('EXISTS', KEYS[1]) == 0 then return false end
        redis.call('HINCRBY', KEYS[1], ARGV[1], 1)
        return redis.call('HMGET', KEYS[1], 'p', 'a', 'r')",
    )
});

fn found((payload, answers, renders): (Vec<u8>, Option<u32>, Option<u32>)) -> Lookup {
    Lookup::Live(Stored {
        payload: payload.into(),
        answers: answers.unwrap_or_default(),
        renders: renders.unwrap_or_default(),
    })
}

#[async_trait]
impl<C: Connection> Storage for RedisStorage<C> {
    async fn put_new(
        &self,
        key: &StorageKey,
        payload: &[u8],
        ttl: Duration,
    ) -> Result<Put, StorageError> {
        let millis = ttl.min(CENTURY).as_millis().max(1);
        let millis = u64::try_from(millis).unwrap_or(1);
        let mut script = PUT_NEW.key(self.key(key));
        script.arg(payload).arg(millis);
        let put: bool = self
            .server
            .ask(async |mut connection| script.invoke_async(&mut connection).await)
            .await?;
        Ok(if put { Put::Stored } else { Put::Exists })
    }

    async fn get(&self, key: &StorageKey) -> Result<Lookup, StorageError> {
        let mut command = Cmd::new();
        command
            .arg("HMGET")
            .arg(self.key(key))
            .arg(&["p", "a", "r"]);
        let (payload, answers, renders): (Option<Vec<u8>>, _, _) = self
            .server
            .ask(async |mut connection| command.query_async(&mut connection).await)
            .await?;
        let record = payload.map(|payload| found((payload, answers, renders)));
        Ok(record.unwrap_or(Lookup::Absent))
    }

    async fn hit(&self, key: &StorageKey, counter: Counter) -> Result<Lookup, StorageError> {
        let field = match counter {
            Counter::Answers => "a",
            Counter::Renders => "r",
        };
        let mut script = HIT.key(self.key(key));
        script.arg(field);
        let record: Fields = self
            .server
            .ask(async |mut connection| script.invoke_async(&mut connection).await)
            .await?;
        Ok(record.map_or(Lookup::Absent, found))
    }

    async fn consume(&self, key: &StorageKey) -> Result<bool, StorageError> {
        let command = Cmd::del(self.key(key));
        self.server
            .ask(async |mut connection| command.query_async(&mut connection).await)
            .await
    }

    async fn purge_expired(&self, _: usize) -> Result<usize, StorageError> {
        Ok(0)
    }
}
