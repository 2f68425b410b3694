use std::fmt;
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::MissedTickBehavior;

use super::CaptchaManager;
use crate::metrics::Event;

/// How many records one call removes, so that no other caller of the storage waits long.
const BATCH: usize = 250;

/// A purge task. It stops when this is dropped.
#[must_use = "the task stops when its handle is dropped"]
pub struct PurgeTask(AbortHandle);

impl CaptchaManager {
    /// Starts a task that removes expired records from the storage, in small batches.
    ///
    /// For storages that do not do so themselves: a SQL database, or a
    /// [`MemoryStorage`](crate::storage::MemoryStorage) that is idle for long.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime, as [`tokio::spawn`] does.
    pub fn spawn_purge(&self, every: Duration) -> PurgeTask {
        let manager = self.clone();
        // An interval of zero would panic.
        let mut ticks = tokio::time::interval(every.max(Duration::from_millis(1)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let task = tokio::spawn(async move {
            loop {
                ticks.tick().await;
                manager.purge().await;
            }
        });
        PurgeTask(task.abort_handle())
    }

    /// Removes what has expired by now.
    async fn purge(&self) {
        loop {
            match self.inner.storage.purge_expired(BATCH).await {
                Ok(0) => return,
                Ok(records) => {
                    self.inner.metrics.record(&Event::Evicted { records });
                    // The few that expire meanwhile are for the next round.
                    if records < BATCH / 2 {
                        return;
                    }
                }
                Err(error) => {
                    self.inner.metrics.record(&Event::StorageError);
                    tracing::warn!(%error, "expired captchas could not be removed");
                    return;
                }
            }
            tokio::task::yield_now().await;
        }
    }
}

impl PurgeTask {
    /// Lets the task run for as long as the runtime does.
    pub fn detach(self) {
        std::mem::forget(self);
    }
}

impl Drop for PurgeTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl fmt::Debug for PurgeTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PurgeTask")
    }
}
