//! Twins that wait for the first of them to settle.
//!
//! Within the process the one who settles a record wakes them; a poll stands behind it for what another process
//! settles. An entry lives as long as its waiters.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::error::JournalError;
use super::record::{MessageId, Recorded};
use super::state::Stato;

/// How soon a waiter notices what another process settled.
const POLL: Duration = Duration::from_millis(250);

#[derive(Debug, Default)]
pub(super) struct Waiters {
    by_record: Mutex<HashMap<MessageId, Arc<Notify>>>,
}

struct Waiting<'a> {
    waiters: &'a Waiters,
    id: MessageId,
    notify: Arc<Notify>,
}

impl Waiters {
    /// Wakes those who wait for any of `ids`.
    pub(super) fn wake(&self, ids: &[MessageId]) {
        if ids.is_empty() {
            return;
        }
        let by_record = self.lock();
        for notify in ids.iter().filter_map(|id| by_record.get(id)) {
            notify.notify_waiters();
        }
    }

    /// Wakes everybody: what was settled meanwhile is not known.
    pub(super) fn wake_all(&self) {
        self.lock().values().for_each(|notify| notify.notify_waiters());
    }

    /// Reads record `id` until it is no longer intended, for as long as `wait`.
    pub(super) async fn settled<Read>(
        &self,
        id: MessageId,
        wait: Duration,
        read: impl Fn() -> Read + Send + Sync,
    ) -> Result<Option<Recorded>, JournalError>
    where
        Read: Future<Output = Result<Option<Recorded>, JournalError>> + Send,
    {
        let now = Instant::now();
        let deadline = now.checked_add(wait);
        let waiting = self.watch(id);
        loop {
            // Listening begins before the record is read: a change in between is not missed.
            let mut notified = std::pin::pin!(waiting.notify.notified());
            notified.as_mut().enable();
            match read().await? {
                Some(recorded) if recorded.stato == Stato::Intended => {}
                settled => return Ok(settled),
            }
            let left = deadline.map_or(POLL, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Ok(None);
            }
            let _ = tokio::time::timeout(left.min(POLL), notified).await;
        }
    }

    fn watch(&self, id: MessageId) -> Waiting<'_> {
        let notify = Arc::clone(self.lock().entry(id).or_default());
        Waiting { waiters: self, id, notify }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<MessageId, Arc<Notify>>> {
        self.by_record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut by_record = self.waiters.lock();
        // The map's and ours: no other waiter is left.
        if Arc::strong_count(&self.notify) <= 2 {
            by_record.remove(&self.id);
        }
    }
}
