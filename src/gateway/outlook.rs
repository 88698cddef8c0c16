//! What is looked at from time to time: the journal's records.

use std::sync::Arc;
use std::time::Duration;

use tracing::error;

use crate::journal::{Journal, MessageId};
use crate::telemetry::events::JournalSeen;

/// How often.
const PERIOD: Duration = Duration::from_secs(15);

/// Keeps the gauges of the journal true for as long as the process lives.
pub(super) async fn keep_up(journal: Arc<dyn Journal>) {
    let mut ticks = tokio::time::interval(PERIOD);
    loop {
        ticks.tick().await;
        let counts = journal.counts().await;
        let records: Vec<(&'static str, u64)> = counts
            .iter()
            .flat_map(|counts| counts.iter().map(|(name, count)| (name.as_str(), count)))
            .collect();
        JournalSeen { up: counts.is_ok(), records: &records }.emit();
    }
}

/// What the last process left open is said once, at start-up, message by message.
pub(super) fn report_recovered(records: &[MessageId]) {
    for id in records {
        error!(
            event = "recovered-unknown",
            journal = %id,
            "the process ended while this message was with the node: its outcome is unknown"
        );
    }
}
