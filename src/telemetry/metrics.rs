//! The metrics of the gateway: their names, their help, their buckets, and the recorder behind `/metrics`.
//!
//! Every label has a bounded set of values: words of our own enums, listeners and certificates named in the
//! configuration, servizi and azioni of the catalogue. What a peer merely wrote never becomes a label.

use std::time::Duration;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

/// Messages by direction, servizio, azione, outcome.
pub const MESSAGES: &str = "egov_bridge_messages_total";
/// A message's whole life, by direction and outcome.
pub const MESSAGE_SECONDS: &str = "egov_bridge_message_seconds";
/// One phase of a message's life, by direction and phase.
pub const PHASE_SECONDS: &str = "egov_bridge_phase_seconds";
/// Messages recognised as repetitions, by direction, servizio, azione.
pub const DUPLICATES: &str = "egov_bridge_duplicates_total";
/// Messages whose fate at the other side is not known, by direction, servizio, azione.
pub const UNKNOWN: &str = "egov_bridge_unknown_total";
/// Connections open, by listener.
pub const CONNECTIONS: &str = "egov_bridge_connections";
/// Connections refused or broken before a request, by listener and reason.
pub const CONNECTIONS_REFUSED: &str = "egov_bridge_connections_refused_total";
/// Requests answered, by listener and class of status.
pub const REQUESTS: &str = "egov_bridge_requests_total";
/// Requests being handled, by listener.
pub const REQUESTS_IN_FLIGHT: &str = "egov_bridge_requests_in_flight";
/// Requests refused by the edge, by listener and reason.
pub const REQUESTS_REFUSED: &str = "egov_bridge_requests_refused_total";
/// 1 while the journal can be written, else 0.
pub const JOURNAL_UP: &str = "egov_bridge_journal_up";
/// Records of the journal, by state.
pub const JOURNAL_RECORDS: &str = "egov_bridge_journal_records";
/// When what is in a file ends, in seconds since 1970, by section of the configuration, kind and file.
pub const TLS_EXPIRY: &str = "egov_bridge_tls_certificate_expiry_timestamp_seconds";
/// How long it is until then, in seconds; negative afterwards.
pub const TLS_LEFT: &str = "egov_bridge_certificate_expires_seconds";
/// Reloads of TLS files, by certificate and result.
pub const TLS_RELOADS: &str = "egov_bridge_tls_reloads_total";
/// How often schemas, services and parties were read again, by result.
pub const KNOWLEDGE_RELOADS: &str = "egov_bridge_knowledge_reloads_total";
/// 1, with the version as label.
pub const BUILD_INFO: &str = "egov_bridge_build_info";

/// From the tokeniser's tens of microseconds to a node's deadline of half a minute.
const PHASE_BUCKETS: [f64; 16] = [
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
    30.0,
];
/// A whole message: no bucket below what two durable commits cost.
const MESSAGE_BUCKETS: [f64; 13] =
    [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 60.0];

/// How often [`Metrics::keep_up`] folds what was observed into the buckets.
const UPKEEP: Duration = Duration::from_secs(5);

/// The recorder could not be put in place.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// The buckets were refused.
    #[error("the metrics recorder cannot be built: {0}")]
    Build(#[from] BuildError),
    /// A recorder is already installed in this process.
    #[error("a metrics recorder is already installed")]
    AlreadyInstalled,
}

/// One of the things a gauge counts, for as long as this value lives.
#[derive(Debug)]
pub struct Counted {
    gauge: metrics::Gauge,
}

/// A handle on the recorder. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

impl Counted {
    /// One more, of the given listener.
    #[must_use]
    pub fn one(name: &'static str, listener: &'static str) -> Self {
        let gauge = metrics::gauge!(name, "listener" => listener);
        gauge.increment(1.0);
        Self { gauge }
    }
}

impl Metrics {
    /// A recorder that nothing reports to, for tests of what renders it.
    ///
    /// # Errors
    /// If the exporter refuses the buckets.
    pub fn detached() -> Result<Self, MetricsError> {
        Ok(Self { handle: recorder()?.handle() })
    }

    /// The text that Prometheus scrapes (exposition format 0.0.4).
    #[must_use]
    pub fn render(&self) -> String {
        self.handle.render()
    }

    /// Folds observations into their buckets until the process ends. Without it they pile up where nobody scrapes.
    pub async fn keep_up(self) {
        let mut ticks = tokio::time::interval(UPKEEP);
        loop {
            ticks.tick().await;
            self.handle.run_upkeep();
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.gauge.decrement(1.0);
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// Installs the process's recorder and describes every metric. Call it once, before anything is counted, and spawn
/// [`Metrics::keep_up`].
///
/// # Errors
/// If a recorder is installed already.
pub fn install() -> Result<Metrics, MetricsError> {
    let recorder = recorder()?;
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|_| MetricsError::AlreadyInstalled)?;
    describe();
    Ok(Metrics { handle })
}

/// A recorder with the gateway's buckets, installed nowhere: for tests, with `metrics::with_local_recorder`.
///
/// # Errors
/// If the exporter refuses the buckets.
pub fn recorder() -> Result<PrometheusRecorder, MetricsError> {
    Ok(PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(PHASE_SECONDS.to_owned()), &PHASE_BUCKETS)?
        .set_buckets_for_metric(Matcher::Full(MESSAGE_SECONDS.to_owned()), &MESSAGE_BUCKETS)?
        .build_recorder())
}

/// Tells the present recorder what each metric means.
pub fn describe() {
    describe_counter!(MESSAGES, "Messages that came to an end, by how they ended");
    describe_histogram!(MESSAGE_SECONDS, Unit::Seconds, "From the first byte handled to the reply");
    describe_histogram!(PHASE_SECONDS, Unit::Seconds, "Time spent in one phase of a message");
    describe_counter!(DUPLICATES, "Messages recognised as repetitions of a recorded one");
    describe_counter!(UNKNOWN, "Messages sent without a conclusive answer");
    describe_gauge!(CONNECTIONS, "Open connections");
    describe_counter!(CONNECTIONS_REFUSED, "Connections refused or broken before a request was read");
    describe_counter!(REQUESTS, "Requests answered, by class of status");
    describe_gauge!(REQUESTS_IN_FLIGHT, "Requests being handled");
    describe_counter!(REQUESTS_REFUSED, "Requests refused before the handler");
    describe_gauge!(JOURNAL_UP, "1 while the journal can be written");
    describe_gauge!(JOURNAL_RECORDS, "Records of the journal, by state");
    describe_gauge!(TLS_EXPIRY, Unit::Seconds, "When the certificate expires, in seconds since 1970");
    describe_gauge!(TLS_LEFT, Unit::Seconds, "How long until the certificate or revocation list ends");
    describe_counter!(TLS_RELOADS, "Reloads of certificates and keys, by result");
    describe_counter!(KNOWLEDGE_RELOADS, "Reloads of schemas, services and parties, by result");
    describe_gauge!(BUILD_INFO, "1, with the version of the gateway");
    metrics::gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}
