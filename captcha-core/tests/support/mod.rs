//! What the tests of this folder share.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use captcha_core::storage::{
    Counter, Lookup, MemoryStorage, Put, Storage, StorageError, StorageErrorKind, StorageKey,
};
use tokio::sync::watch;
use tracing::instrument::WithSubscriber;

/// A storage whose server is gone.
pub(crate) struct BrokenStorage;

fn gone<T>() -> Result<T, StorageError> {
    Err(StorageError::new(StorageErrorKind::Unavailable).with_source("connection refused"))
}

#[async_trait]
impl Storage for BrokenStorage {
    async fn put_new(&self, _: &StorageKey, _: &[u8], _: Duration) -> Result<Put, StorageError> {
        gone()
    }

    async fn get(&self, _: &StorageKey) -> Result<Lookup, StorageError> {
        gone()
    }

    async fn hit(&self, _: &StorageKey, _: Counter) -> Result<Lookup, StorageError> {
        gone()
    }

    async fn consume(&self, _: &StorageKey) -> Result<bool, StorageError> {
        gone()
    }

    async fn purge_expired(&self, _: usize) -> Result<usize, StorageError> {
        gone()
    }
}

/// A storage whose records nobody can read, as after a change of version.
pub(crate) struct UnreadableStorage(pub(crate) MemoryStorage);

#[async_trait]
impl Storage for UnreadableStorage {
    async fn put_new(
        &self,
        key: &StorageKey,
        _: &[u8],
        ttl: Duration,
    ) -> Result<Put, StorageError> {
        self.0.put_new(key, b"{\"from\":\"elsewhere\"}", ttl).await
    }

    async fn get(&self, key: &StorageKey) -> Result<Lookup, StorageError> {
        self.0.get(key).await
    }

    async fn hit(&self, key: &StorageKey, counter: Counter) -> Result<Lookup, StorageError> {
        self.0.hit(key, counter).await
    }

    async fn consume(&self, key: &StorageKey) -> Result<bool, StorageError> {
        self.0.consume(key).await
    }

    async fn purge_expired(&self, limit: usize) -> Result<usize, StorageError> {
        self.0.purge_expired(limit).await
    }
}

/// A storage that lets nobody consume before this many tries were counted: the slowest network
/// that an attacker could wish for.
pub(crate) struct HoldingStorage {
    inner: MemoryStorage,
    hits: watch::Sender<u32>,
    until: u32,
}

impl HoldingStorage {
    pub(crate) fn new(inner: MemoryStorage, until: u32) -> Self {
        let hits = watch::Sender::new(0);
        Self { inner, hits, until }
    }

    /// Tells how many tries were counted so far.
    pub(crate) fn hits(&self) -> watch::Receiver<u32> {
        self.hits.subscribe()
    }
}

#[async_trait]
impl Storage for HoldingStorage {
    async fn put_new(
        &self,
        key: &StorageKey,
        payload: &[u8],
        ttl: Duration,
    ) -> Result<Put, StorageError> {
        self.inner.put_new(key, payload, ttl).await
    }

    async fn get(&self, key: &StorageKey) -> Result<Lookup, StorageError> {
        self.inner.get(key).await
    }

    async fn hit(&self, key: &StorageKey, counter: Counter) -> Result<Lookup, StorageError> {
        let found = self.inner.hit(key, counter).await;
        self.hits.send_modify(|hits| *hits += 1);
        found
    }

    async fn consume(&self, key: &StorageKey) -> Result<bool, StorageError> {
        let mut hits = self.hits.subscribe();
        let _ = hits.wait_for(|hits| *hits >= self.until).await;
        self.inner.consume(key).await
    }

    async fn purge_expired(&self, limit: usize) -> Result<usize, StorageError> {
        self.inner.purge_expired(limit).await
    }
}

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Runs a future and returns everything it logged, down to the finest level.
pub(crate) async fn captured_logs<F: Future>(future: F) -> (F::Output, String) {
    let sink = Sink::default();
    let writer = sink.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let output = future.with_subscriber(subscriber).await;
    let text = String::from_utf8_lossy(&sink.0.lock().unwrap()).into_owned();
    (output, text)
}
