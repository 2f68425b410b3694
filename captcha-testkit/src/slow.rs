use std::time::Duration;

use async_trait::async_trait;
use captcha_core::storage::{Counter, Lookup, Put, Storage, StorageError, StorageKey};

/// Gives other tasks their turn before and after each verb, as a storage behind a network does.
///
/// In memory no verb ever waits, so races between two of them stay hidden; this shows them.
#[derive(Debug, Clone)]
pub struct YieldingStorage<S>(pub S);

async fn give_way() {
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
}

#[async_trait]
impl<S: Storage> Storage for YieldingStorage<S> {
    async fn put_new(
        &self,
        key: &StorageKey,
        payload: &[u8],
        ttl: Duration,
    ) -> Result<Put, StorageError> {
        give_way().await;
        let put = self.0.put_new(key, payload, ttl).await;
        give_way().await;
        put
    }

    async fn get(&self, key: &StorageKey) -> Result<Lookup, StorageError> {
        give_way().await;
        let found = self.0.get(key).await;
        give_way().await;
        found
    }

    async fn hit(&self, key: &StorageKey, counter: Counter) -> Result<Lookup, StorageError> {
        give_way().await;
        let found = self.0.hit(key, counter).await;
        give_way().await;
        found
    }

    async fn consume(&self, key: &StorageKey) -> Result<bool, StorageError> {
        give_way().await;
        let consumed = self.0.consume(key).await;
        give_way().await;
        consumed
    }

    async fn purge_expired(&self, limit: usize) -> Result<usize, StorageError> {
        self.0.purge_expired(limit).await
    }
}
