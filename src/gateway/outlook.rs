//! What is looked at from time to time: the journal's records, the certificates' end.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tracing::error;

use crate::clock::Clock;
use crate::http::tls::ServerTls;
use crate::journal::{Journal, MessageId};
use crate::node::Client;
use crate::telemetry::events::{CertificateSeen, JournalSeen};

/// How often.
const PERIOD: Duration = Duration::from_secs(15);

/// Looks at what moves slowly, and keeps the gauges true.
#[derive(Clone)]
pub(super) struct Outlook {
    journal: Arc<dyn Journal>,
    node: Arc<Client>,
    certificates: Arc<Vec<(&'static str, Arc<ServerTls>)>>,
    clock: Clock,
}

/// How a certificate stands.
pub(super) enum Standing {
    /// Time enough.
    Good,
    /// It ends soon.
    Ending(Timestamp),
    /// It has ended.
    Over(Timestamp),
}

impl Outlook {
    pub(super) fn new(
        journal: Arc<dyn Journal>,
        node: Arc<Client>,
        certificates: Vec<(&'static str, Arc<ServerTls>)>,
        clock: Clock,
    ) -> Self {
        Self { journal, node, certificates: Arc::new(certificates), clock }
    }

    /// Each certificate in use and how it stands.
    pub(super) fn certificates(&self, now: Timestamp) -> Vec<(&'static str, Standing)> {
        let standing = |expires: Timestamp| {
            let left = expires.as_second() - now.as_second();
            match u64::try_from(left) {
                Ok(left) if left >= CertificateSeen::ALARM.as_secs() => Standing::Good,
                Ok(left) if left > 0 => Standing::Ending(expires),
                _ => Standing::Over(expires),
            }
        };
        self.ends().into_iter().map(|(name, expires)| (name, standing(expires))).collect()
    }

    fn ends(&self) -> Vec<(&'static str, Timestamp)> {
        let own = self.certificates.iter().map(|(name, tls)| (*name, tls.expires_at()));
        let node = self.node.validity().map(|validity| ("node", validity.not_after));
        own.chain(node).collect()
    }

    /// Looks around for as long as the process lives.
    pub(super) async fn keep_up(self) {
        let mut ticks = tokio::time::interval(PERIOD);
        loop {
            ticks.tick().await;
            self.look().await;
        }
    }

    async fn look(&self) {
        let counts = self.journal.counts().await;
        let records: Vec<(&'static str, u64)> = counts
            .iter()
            .flat_map(|counts| counts.iter().map(|(name, count)| (name.as_str(), count)))
            .collect();
        JournalSeen { up: counts.is_ok(), records: &records }.emit();
        let now = self.clock.now();
        for (certificate, expires) in self.ends() {
            CertificateSeen { certificate, expires, now }.emit();
        }
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
