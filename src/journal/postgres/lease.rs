//! Who is alive: each replica that serves has a life, a row with a number that only grows, and keeps its lease up.
//!
//! Attempts are opened under a life. When a life has ended (its replica stopped, or began anew) or its lease is over (it died,
//! or cannot reach the database), any replica takes what the life left open for lost: `unknown`. A life ends once, in
//! a transaction that has the turn to write, and nothing begins under it afterwards: the writer looks at it in the same
//! turn, and takes a new life. What may still arrive is the end of an attempt that was taken for lost, and that
//! is recognised by the attempt's own state.
//!
//! Leases are measured by the database's clock alone.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::super::error::JournalError;
use super::super::record::MessageId;
use super::load::Writing;
use super::order::{Act, Order, Whose};
use super::reads::{count, get};
use super::session::{Line, Session, gone};
use super::writer::Command;
use crate::clock::Clock;

/// A replica's own life.
#[derive(Debug)]
pub(super) struct Lease {
    fence: AtomicI64,
    replica: String,
    length: Duration,
    /// Until when it is in force, by our own clock: counted from before the database was asked, so never too late.
    until: Mutex<Option<Instant>>,
}

/// Prolongs the lease where little is left of it, so that what is begun now has most of a lease before it.
pub(super) const PROLONGED: &str = "UPDATE life SET lease_until = clock_timestamp() + $2 * interval '1 millisecond'
     WHERE fence = $1 AND ended_at IS NULL AND lease_until < clock_timestamp() + $2 * interval '0.5 millisecond'";
/// Whether the life goes on.
pub(super) const STANDS: &str = "SELECT fence FROM life WHERE fence = $1 AND ended_at IS NULL";

const BEGUN: &str = "WITH next AS (UPDATE head SET life = life + 1 RETURNING life)
     INSERT INTO life (fence, replica, started_at, lease_until)
     SELECT life, $1, clock_timestamp(), clock_timestamp() + $2 * interval '1 millisecond' FROM next
     RETURNING fence";
const BEAT: &str = "UPDATE life SET lease_until = clock_timestamp() + $2 * interval '1 millisecond'
     WHERE fence = $1 AND ended_at IS NULL RETURNING fence";
const ENDED: &str = "UPDATE life SET ended_at = clock_timestamp() WHERE fence = $1 AND ended_at IS NULL";
const OTHERS_ENDED: &str = "UPDATE life SET ended_at = clock_timestamp()
     WHERE ended_at IS NULL AND fence <> $1 AND (lease_until < clock_timestamp() OR ($2 AND replica = $3))
     RETURNING fence";
const OPEN: &str = "SELECT m.id, m.attempts FROM message m
     WHERE m.stato = 'intended' AND (($2 AND m.carrier = $1)
         OR NOT EXISTS (SELECT 1 FROM life l WHERE l.fence = m.carrier AND l.ended_at IS NULL))
     ORDER BY m.id";
const OVERDUE: &str = "SELECT EXISTS (
         SELECT 1 FROM life WHERE ended_at IS NULL AND fence <> $1 AND lease_until < clock_timestamp()
     ) OR EXISTS (
         SELECT 1 FROM message m WHERE m.stato = 'intended'
             AND NOT EXISTS (SELECT 1 FROM life l WHERE l.fence = m.carrier AND l.ended_at IS NULL))";

impl Lease {
    pub(super) const fn new(replica: String, length: Duration) -> Self {
        Self { fence: AtomicI64::new(0), replica, length, until: Mutex::new(None) }
    }

    /// The number of the life; 0 before it has begun, and for an operator's command.
    pub(super) fn fence(&self) -> i64 {
        self.fence.load(Ordering::Acquire)
    }

    pub(super) fn replica(&self) -> &str {
        &self.replica
    }

    /// The length in milliseconds.
    pub(super) fn millis(&self) -> f64 {
        self.length.as_secs_f64() * 1000.0
    }

    /// Whether what was begun under that life is nobody else's yet.
    pub(super) fn stands(&self, fence: i64) -> bool {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        fence == self.fence() && until.is_some_and(|until| Instant::now() < until)
    }

    /// The database said that the lease has at least the `part`th part of its length before it, when it was asked at `asked`.
    pub(super) fn prolonged(&self, asked: Instant, part: u32) {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        *until = (*until).max(Some(asked + self.length / part));
    }

    /// Begins a life.
    pub(super) async fn begin(&self, session: &Session) -> Result<(), JournalError> {
        let asked = Instant::now();
        let rows = session.query(BEGUN, &[&self.replica, &self.millis()]).await?;
        let fence = get(rows.first().ok_or_else(gone)?, 0)?;
        self.fence.store(fence, Ordering::Release);
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = Some(asked + self.length);
        Ok(())
    }

    /// Ends it: what it left open may be taken for lost at once.
    pub(super) async fn end(&self, session: &Session) -> Result<(), JournalError> {
        session.query(ENDED, &[&self.fence()]).await.map(drop)
    }

    /// Keeps the lease up, and has the writer look after those of others, for as long as the queue is open.
    ///
    /// Who was away from the database itself does not judge others before one lease has gone by: they may have been away
    /// for the same reason.
    pub(super) async fn keep_up(&self, line: Line, queue: mpsc::WeakSender<Command>, clock: Clock) {
        let mut steady: Option<Instant> = None;
        loop {
            tokio::time::sleep(self.length / 3).await;
            let Some(queue) = queue.upgrade() else { return };
            match self.beat(&line).await {
                Ok(overdue) => {
                    let since = *steady.get_or_insert_with(Instant::now);
                    if overdue && since.elapsed() >= self.length {
                        let at = super::whole_micros(clock.now());
                        // A full queue is a reason to look again later.
                        let _ = queue.try_send(Command::Order(Box::new(sweep(at))));
                    }
                }
                Err(JournalError::Closed) => return,
                Err(_) => steady = None,
            }
        }
    }

    /// Prolongs the lease. Answers whether others left something open.
    async fn beat(&self, line: &Line) -> Result<bool, JournalError> {
        let session = line.session().await?;
        let asked = Instant::now();
        if !session.query(BEAT, &[&self.fence(), &self.millis()]).await?.is_empty() {
            self.prolonged(asked, 1);
        }
        let rows = session.query(OVERDUE, &[&self.fence()]).await?;
        get(rows.first().ok_or_else(gone)?, 0)
    }
}

/// Ends the lives that are over, within the turn to write. Answers whether there were any.
pub(super) async fn end_others(
    session: &Session,
    writing: Writing<'_>,
    whose: Whose,
) -> Result<bool, JournalError> {
    let own = whose == Whose::EndedAndOwn;
    let rows = session.query(OTHERS_ENDED, &[&writing.fence, &own, &writing.replica]).await?;
    Ok(!rows.is_empty())
}

/// The attempts that are to be taken for lost.
pub(super) async fn open(
    session: &Session,
    writing: Writing<'_>,
    whose: Whose,
) -> Result<Vec<(MessageId, u32)>, JournalError> {
    let own = whose == Whose::EndedAndOwn;
    let rows = session.query(OPEN, &[&writing.fence, &own]).await?;
    rows.iter().map(|row| Ok((MessageId(get(row, 0)?), count(row, 1)?))).collect()
}

fn sweep(at: Timestamp) -> Order {
    Order { act: Act::Interrupt(Whose::Ended), at, weight: 0, watch: None, answer: None }
}
