//! What is looked at from time to time: the journal's records, the certificates' end.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tracing::error;

use crate::clock::Clock;
use crate::http::tls::ServerTls;
use crate::journal::{Journal, MessageId};
use crate::node::Client;
use crate::telemetry::events::{CertificateSeen, JournalSeen};

/// How often.
const PERIOD: Duration = Duration::from_secs(15);
/// How often a certificate near its end is worth a line.
const DAY: SignedDuration = SignedDuration::from_hours(24);

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
        let mut told = None;
        loop {
            ticks.tick().await;
            self.look_at_journal().await;
            self.look_at_node_certificate(&mut told);
        }
    }

    async fn look_at_journal(&self) {
        let counts = self.journal.counts().await;
        let records: Vec<(&'static str, u64)> = counts
            .iter()
            .flat_map(|counts| counts.iter().map(|(name, count)| (name.as_str(), count)))
            .collect();
        JournalSeen { up: counts.is_ok(), records: &records }.emit();
    }

    /// The listeners watch over their own certificates; over the one shown to the node, nobody else does. It is spoken of
    /// when it changes, and once a day. `told`: when it was, and of which end.
    fn look_at_node_certificate(&self, told: &mut Option<(Timestamp, Timestamp)>) {
        let Some(expires) = self.node.validity().map(|validity| validity.not_after) else { return };
        let now = self.clock.now();
        if told.is_none_or(|(at, of)| of != expires || now.duration_since(at) >= DAY) {
            CertificateSeen { certificate: "node", expires, now }.emit();
            *told = Some((now, expires));
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
