//! What happened. One struct an event; `emit()` writes its one log line and moves its counters together.
//!
//! Fields are references to identifiers, codes and durations. None is personal data: a party, a servizio and an
//! identifier of a busta name institutions and messages. Free text is masked on its way out.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::Timestamp;
use metrics::{counter, gauge, histogram};
use tracing::{Level, error, event, info, warn};

use super::metrics as names;
use super::{Durations, Phase, mask};

/// The label of a servizio or azione that is not of the catalogue.
const UNRECOGNISED: &str = "unrecognised";

/// Which way a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From a PDD to the node.
    Inbound,
    /// From the node to a PDD.
    Outbound,
}

/// How a message ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The other side executed it and said so.
    Accepted,
    /// The other side answered that it does not want it (esito KO).
    Rejected,
    /// The gateway refused it; the other side never saw it.
    Refused,
    /// Nothing left the gateway, and the sender may try again.
    Failed,
    /// It left the gateway, and what became of it is not known.
    Unknown,
}

/// A message came to its end, good or bad. Exactly one for every message whose handler was entered.
#[derive(Debug, Clone)]
pub struct MessageEnded<'a> {
    /// Which way it travelled.
    pub direction: Direction,
    /// The sending party, as `SPC/LAZIO`.
    pub mittente: Option<&'a str>,
    /// The receiving party.
    pub destinatario: Option<&'a str>,
    /// The servizio, as the sender wrote it.
    pub servizio: Option<&'a str>,
    /// The azione, as the sender wrote it.
    pub azione: Option<&'a str>,
    /// Whether servizio and azione are of the catalogue. Only then may they be labels of a metric.
    pub recognised: bool,
    /// The identifier of the busta.
    pub identificatore: Option<&'a str>,
    /// The identifier of the busta it refers to.
    pub riferimento: Option<&'a str>,
    /// How it ended.
    pub outcome: Outcome,
    /// The esito of the receiver, where it gave one.
    pub esito: Option<&'a str>,
    /// The public code of the refusal or failure (`EGOV_IT_106`), where there is one.
    pub code: Option<&'a str>,
    /// The phase in which it ended.
    pub phase: Phase,
    /// How long each phase took.
    pub durations: Durations,
    /// How long it all took.
    pub elapsed: Duration,
    /// Whether it was recognised as a repetition.
    pub duplicate: bool,
    /// The record of the journal, where one was written.
    pub journal: Option<&'a str>,
    /// The reference that the reply carried.
    pub reference: Option<&'a str>,
    /// Why, in words that may quote the sender.
    pub detail: Option<&'a str>,
}

/// A connection was refused, or broke before its first request.
#[derive(Debug, Clone)]
pub struct ConnectionRefused<'a> {
    /// The listener.
    pub listener: &'static str,
    /// The other end.
    pub address: SocketAddr,
    /// Why, in a bounded word.
    pub reason: &'static str,
    /// The details, which may quote the peer.
    pub detail: &'a str,
}

/// The edge answered a request without its handler, or in the place of a handler that panicked.
#[derive(Debug, Clone)]
pub struct RequestRefused<'a> {
    /// The listener.
    pub listener: &'static str,
    /// The other end.
    pub address: SocketAddr,
    /// The subject of the client certificate.
    pub identity: Option<&'a str>,
    /// Why, in a bounded word.
    pub reason: &'static str,
    /// Whether the fault is the gateway's.
    pub ours: bool,
}

/// A request was answered. Counted, not logged: the message it carried has its own line.
#[derive(Debug, Clone, Copy)]
pub struct RequestAnswered {
    /// The listener.
    pub listener: &'static str,
    /// The status.
    pub status: u16,
}

/// The state of the journal, looked at from time to time.
#[derive(Debug, Clone)]
pub struct JournalSeen<'a> {
    /// Whether it can be written.
    pub up: bool,
    /// How many records are in each state.
    pub records: &'a [(&'static str, u64)],
}

/// A certificate or revocation list in use, looked at from time to time.
#[derive(Debug, Clone)]
pub struct CertificateSeen<'a> {
    /// The section of the configuration, such as `listeners.pdd`.
    pub certificate: &'a str,
    /// `certificate`, `authority` or `revocation-list`.
    pub kind: &'static str,
    /// The file.
    pub file: &'a str,
    /// When it expires; of a revocation list, when the next one is due.
    pub expires: Timestamp,
    /// The present instant.
    pub now: Timestamp,
    /// Days before the end: a line within the first, an error within the last.
    pub warn_days: &'a [u32],
}

/// TLS files were read again.
#[derive(Debug, Clone)]
pub struct TlsReloaded<'a> {
    /// The name in the configuration.
    pub certificate: &'a str,
    /// Why the old ones stay in use, where the new ones are not usable.
    pub error: Option<&'a str>,
}

/// Schemas, services and parties were read again.
#[derive(Debug, Clone)]
pub struct KnowledgeReloaded<'a> {
    /// The digest of the new set; absent where the old one stays in use.
    pub version: Option<&'a str>,
    /// What is wrong with the new set.
    pub errors: &'a [String],
}

/// An attempt to forward a message that was acknowledged before its turn.
#[derive(Debug, Clone, Copy)]
pub struct HeldForwarded<'a> {
    /// Its record.
    pub journal: &'a str,
    /// The series, by the identifier of its first message.
    pub serie: &'a str,
    /// Its number in the series.
    pub numero: u32,
    /// The identifier of the busta.
    pub identificatore: &'a str,
    /// Where its record stands now.
    pub stato: &'a str,
    /// Which attempt it was.
    pub attempt: u32,
    /// The public code of the failure, where there is one.
    pub code: Option<&'a str>,
    /// When the next attempt is due, where there is to be one.
    pub retry_in: Option<Duration>,
    /// Whether it had its end.
    pub executed: bool,
}

impl Direction {
    /// The word for metrics and log lines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

impl Outcome {
    /// The word for metrics and log lines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

impl MessageEnded<'_> {
    /// One line, the counters of the message, the histograms of its phases.
    pub fn emit(&self) {
        let direction = self.direction.as_str();
        let (servizio, azione) = self.labels();
        let labels = [("direction", direction.to_owned()), ("servizio", servizio), ("azione", azione)];
        let outcome = self.outcome.as_str();
        let [by_direction, by_servizio, by_azione] = labels.clone();
        counter!(names::MESSAGES, &[by_direction, by_servizio, by_azione, ("outcome", outcome.to_owned())])
            .increment(1);
        if self.duplicate {
            counter!(names::DUPLICATES, &labels).increment(1);
        }
        if self.outcome == Outcome::Unknown {
            counter!(names::UNKNOWN, &labels).increment(1);
        }
        for (phase, taken) in self.durations.iter() {
            histogram!(names::PHASE_SECONDS, "direction" => direction, "phase" => phase.as_str())
                .record(taken);
        }
        histogram!(names::MESSAGE_SECONDS, "direction" => direction, "outcome" => outcome)
            .record(self.elapsed);

        match self.outcome {
            Outcome::Accepted | Outcome::Rejected | Outcome::Refused => self.log_at_info(),
            Outcome::Failed => self.log_at_warn(),
            Outcome::Unknown => self.log_at_error(),
        }
    }

    fn spent_in(&self, phase: Phase) -> Option<f64> {
        self.durations.get(phase).map(milliseconds)
    }

    /// A label of a metric must come from a bounded set, and a peer can write any servizio.
    fn labels(&self) -> (String, String) {
        if self.recognised {
            (self.servizio.unwrap_or_default().to_owned(), self.azione.unwrap_or_default().to_owned())
        } else {
            (UNRECOGNISED.to_owned(), UNRECOGNISED.to_owned())
        }
    }
}

/// The level of a tracing event is part of its static description, so that each level is a call site of its own.
macro_rules! log_message {
    ($name:ident, $level:expr) => {
        impl MessageEnded<'_> {
            fn $name(&self) {
                event!(
                    $level,
                    event = "message",
                    direction = self.direction.as_str(),
                    mittente = self.mittente.map(mask::text).as_deref(),
                    destinatario = self.destinatario.map(mask::text).as_deref(),
                    servizio = self.servizio.map(mask::text).as_deref(),
                    azione = self.azione.map(mask::text).as_deref(),
                    identificatore = self.identificatore.map(mask::text).as_deref(),
                    riferimento = self.riferimento.map(mask::text).as_deref(),
                    outcome = self.outcome.as_str(),
                    esito = self.esito.map(mask::text).as_deref(),
                    code = self.code,
                    phase = self.phase.as_str(),
                    duplicate = self.duplicate,
                    journal = self.journal,
                    reference = self.reference,
                    ms.total = milliseconds(self.elapsed),
                    ms.admit = self.spent_in(Phase::Admit),
                    ms.decode = self.spent_in(Phase::Decode),
                    ms.recognise = self.spent_in(Phase::Recognise),
                    ms.look_up = self.spent_in(Phase::LookUp),
                    ms.translate = self.spent_in(Phase::Translate),
                    ms.check = self.spent_in(Phase::Check),
                    ms.intend = self.spent_in(Phase::Intend),
                    ms.forward = self.spent_in(Phase::Forward),
                    ms.conclude = self.spent_in(Phase::Conclude),
                    ms.reply = self.spent_in(Phase::Reply),
                    detail = self.detail.map(mask::text).as_deref(),
                    "message {}",
                    self.outcome.as_str()
                );
            }
        }
    };
}

log_message!(log_at_info, Level::INFO);
log_message!(log_at_warn, Level::WARN);
log_message!(log_at_error, Level::ERROR);

impl ConnectionRefused<'_> {
    /// The counter alone, where a line for each would be a flood.
    pub fn count(&self) {
        counter!(names::CONNECTIONS_REFUSED, "listener" => self.listener, "reason" => self.reason)
            .increment(1);
    }

    /// One line and one counter.
    pub fn emit(&self) {
        self.count();
        warn!(
            event = "connection-refused",
            listener = self.listener,
            address = %self.address,
            reason = self.reason,
            detail = mask::text(self.detail).as_ref(),
            "connection refused"
        );
    }
}

impl RequestRefused<'_> {
    /// The counter alone, where a line for each would be a flood.
    pub fn count(&self) {
        counter!(names::REQUESTS_REFUSED, "listener" => self.listener, "reason" => self.reason).increment(1);
    }

    /// One line and one counter.
    pub fn emit(&self) {
        self.count();
        let identity = self.identity.map(mask::text);
        if self.ours {
            error!(
                event = "request-refused",
                listener = self.listener,
                address = %self.address,
                identity = identity.as_deref(),
                reason = self.reason,
                "request refused"
            );
        } else {
            warn!(
                event = "request-refused",
                listener = self.listener,
                address = %self.address,
                identity = identity.as_deref(),
                reason = self.reason,
                "request refused"
            );
        }
    }
}

impl RequestAnswered {
    /// One counter.
    pub fn emit(&self) {
        let status = match self.status {
            100..200 => "1xx",
            200..300 => "2xx",
            300..400 => "3xx",
            400..500 => "4xx",
            _ => "5xx",
        };
        counter!(names::REQUESTS, "listener" => self.listener, "status" => status).increment(1);
    }
}

impl JournalSeen<'_> {
    /// The gauges; a line only while the journal cannot be written.
    pub fn emit(&self) {
        gauge!(names::JOURNAL_UP).set(if self.up { 1.0 } else { 0.0 });
        for (state, count) in self.records {
            #[allow(clippy::cast_precision_loss)] // A gauge is a double; exact up to 2^53 records.
            gauge!(names::JOURNAL_RECORDS, "state" => *state).set(*count as f64);
        }
        if !self.up {
            error!(event = "journal-down", "the journal cannot be written");
        }
    }
}

impl CertificateSeen<'_> {
    /// The gauges.
    #[allow(clippy::cast_precision_loss)] // Seconds since 1970 are exact in a double.
    pub fn measure(&self) {
        let labels = [
            ("certificate", self.certificate.to_owned()),
            ("kind", self.kind.to_owned()),
            ("file", self.file.to_owned()),
        ];
        gauge!(names::TLS_EXPIRY, &labels).set(self.expires.as_second() as f64);
        gauge!(names::TLS_LEFT, &labels).set(self.left() as f64);
    }

    /// A line when the end is near or past. A revocation list lives for days: only one that is overdue has a line.
    pub fn tell(&self) {
        let Self { certificate, kind, file, expires, .. } = self;
        let left = self.left();
        let days = left / 86_400;
        let within = |of: Option<&u32>| of.is_some_and(|of| left < i64::from(*of) * 86_400);
        if *kind == "revocation-list" {
            if left <= 0 {
                warn!(
                    event = "revocation-list-outdated",
                    certificate, file, due = %expires, "the next revocation list is overdue"
                );
            }
        } else if left <= 0 {
            error!(
                event = "certificate-expired",
                certificate, kind, file, expires = %expires, "the certificate has expired"
            );
        } else if within(self.warn_days.last()) {
            error!(
                event = "certificate-expires",
                certificate, kind, file, expires = %expires, days, "the certificate is about to expire"
            );
        } else if within(self.warn_days.first()) {
            warn!(
                event = "certificate-expires",
                certificate, kind, file, expires = %expires, days, "the certificate expires soon"
            );
        }
    }

    fn left(&self) -> i64 {
        self.expires.as_second().saturating_sub(self.now.as_second())
    }
}

impl TlsReloaded<'_> {
    /// One line and one counter.
    pub fn emit(&self) {
        let result = if self.error.is_some() { "failed" } else { "done" };
        counter!(names::TLS_RELOADS, "certificate" => self.certificate.to_owned(), "result" => result)
            .increment(1);
        match self.error {
            None => info!(event = "tls-reloaded", certificate = self.certificate, "certificates reloaded"),
            Some(error) => error!(
                event = "tls-reload-failed",
                certificate = self.certificate,
                error,
                "the new certificates are not usable; the old ones stay in use"
            ),
        }
    }
}

impl HeldForwarded<'_> {
    /// One line: of the record where it went, a warning where the series waits.
    pub fn emit(&self) {
        let Self { journal, serie, numero, identificatore, stato, attempt, code, .. } = *self;
        if self.executed {
            info!(event = "held-forwarded", journal, serie, numero, identificatore, stato, attempt);
        } else {
            let retry_in_s = self.retry_in.map(|wait| wait.as_secs());
            warn!(
                event = "held-waits",
                journal,
                serie,
                numero,
                identificatore,
                stato,
                attempt,
                code,
                retry_in_s,
                "an ordered series waits for this message"
            );
        }
    }
}

impl KnowledgeReloaded<'_> {
    /// One counter; one line where it went well, one for each mistake where it did not.
    pub fn emit(&self) {
        let result = if self.version.is_some() { "done" } else { "failed" };
        counter!(names::KNOWLEDGE_RELOADS, "result" => result).increment(1);
        if let Some(version) = self.version {
            info!(event = "knowledge-reloaded", version, "schemas, services and parties reloaded");
        }
        for error in self.errors {
            error!(
                event = "knowledge-reload-failed",
                error = error.as_str(),
                "the new schemas, services or parties are not usable; the old ones stay in use"
            );
        }
    }
}

/// Milliseconds with two decimals, as a log line wants them.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 100_000.0).round() / 100.0
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
