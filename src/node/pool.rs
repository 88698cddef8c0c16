//! Connections that await their next request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::connect::Connection;

/// The unused connections to one base URL, the one used last on top.
#[derive(Debug)]
pub(super) struct Pool {
    state: Mutex<State>,
    idle: Duration,
}

#[derive(Debug, Default)]
struct State {
    unused: Vec<(Instant, Connection)>,
    /// Connections of an earlier generation are not used again.
    generation: u64,
    /// A task is closing what grows old.
    sweeping: bool,
}

impl Pool {
    pub(super) fn new(idle: Duration) -> Self {
        Self { state: Mutex::default(), idle }
    }

    /// A connection that was alive a moment ago.
    pub(super) async fn take(&self) -> Option<Connection> {
        loop {
            let mut connection = self.pop()?;
            // Resolves at once: to an error if the peer has closed meanwhile, or when the driver has put away the end of
            // the last answer.
            if connection.sender.ready().await.is_ok() {
                return Some(connection);
            }
        }
    }

    /// Gives back a connection whose answer was read to its end.
    pub(super) fn put(self: &Arc<Self>, connection: Connection) {
        if connection.sender.is_closed() || self.idle.is_zero() {
            return;
        }
        let start = {
            let mut state = self.lock();
            if connection.generation != state.generation {
                return;
            }
            state.unused.push((Instant::now(), connection));
            !std::mem::replace(&mut state.sweeping, true)
        };
        if start {
            tokio::spawn(sweep(Arc::downgrade(self), self.idle));
        }
    }

    /// Closes every unused connection, and every used one when it comes back.
    pub(super) fn renew(&self, generation: u64) {
        let mut state = self.lock();
        state.generation = generation;
        state.unused.clear();
    }

    fn pop(&self) -> Option<Connection> {
        let mut state = self.lock();
        let (since, connection) = state.unused.pop()?;
        if since.elapsed() >= self.idle {
            // Those below are older still.
            state.unused.clear();
            return None;
        }
        Some(connection)
    }

    /// Closes what is too old; false when nothing is left to watch.
    fn expire(&self) -> bool {
        let mut state = self.lock();
        state
            .unused
            .retain(|(since, connection)| since.elapsed() < self.idle && !connection.sender.is_closed());
        state.sweeping = !state.unused.is_empty();
        state.sweeping
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn sweep(pool: std::sync::Weak<Pool>, idle: Duration) {
    loop {
        tokio::time::sleep(idle / 2).await;
        if !pool.upgrade().is_some_and(|pool| pool.expire()) {
            return;
        }
    }
}
