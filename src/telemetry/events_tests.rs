use std::io::Write;
use std::sync::{Arc, Mutex};

use super::*;
use crate::telemetry::{Stopwatch, metrics as recorders};

fn ended() -> MessageEnded<'static> {
    let mut watch = Stopwatch::start();
    watch.enter(Phase::Decode);
    MessageEnded {
        direction: Direction::Inbound,
        mittente: Some("SPC/LAZIO"),
        destinatario: Some("SPC/NAZIONALE"),
        servizio: Some("ServiziSAP"),
        azione: Some("invioSAP"),
        recognised: true,
        identificatore: Some("LAZIO_LAZIOSPCoopIT_0000001_2026-11-21_10:30"),
        riferimento: None,
        outcome: Outcome::Accepted,
        esito: Some("OK"),
        code: None,
        phase: Phase::Reply,
        durations: watch.durations(),
        elapsed: Duration::from_micros(4250),
        duplicate: false,
        journal: Some("17"),
        reference: Some("r-1"),
        detail: None,
    }
}

/// What `act` writes to the log and to the metrics.
fn observed(act: impl FnOnce()) -> (String, String) {
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);
    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber =
        tracing_subscriber::fmt().json().flatten_event(true).with_writer(move || writer.clone()).finish();
    let recorder = recorders::recorder().unwrap();
    let handle = recorder.handle();
    tracing::subscriber::with_default(subscriber, || metrics::with_local_recorder(&recorder, act));
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    (text, handle.render())
}

#[test]
fn a_message_is_one_line_and_its_counters() {
    let (lines, metrics) = observed(|| ended().emit());
    assert_eq!(lines.lines().count(), 1, "{lines}");
    let line: serde_json::Value = serde_json::from_str(&lines).unwrap();
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["event"], "message");
    assert_eq!(line["identificatore"], "LAZIO_LAZIOSPCoopIT_0000001_2026-11-21_10:30");
    assert_eq!(line["ms.total"], 4.25);
    assert!(line["ms.decode"].is_number());
    assert!(line.get("ms.forward").is_none(), "a phase that was not entered is absent");
    assert!(line.get("riferimento").is_none(), "an absent field is absent");
    let counter = "egov_bridge_messages_total{direction=\"inbound\",servizio=\"ServiziSAP\",azione=\"invioSAP\",outcome=\"accepted\"} 1";
    assert!(metrics.contains(counter), "{metrics}");
    assert!(
        metrics.contains(
            "egov_bridge_phase_seconds_bucket{direction=\"inbound\",phase=\"decode\",le=\"0.00005\"}"
        ),
        "{metrics}"
    );
    assert!(!metrics.contains("LAZIO"), "no party and no identifier is a label: {metrics}");
}

#[test]
fn a_servizio_that_nobody_knows_does_not_become_a_label() {
    let (lines, metrics) = observed(|| {
        MessageEnded { servizio: Some("Inventato"), recognised: false, outcome: Outcome::Refused, ..ended() }
            .emit();
    });
    assert!(lines.contains("Inventato"));
    assert!(!metrics.contains("Inventato"), "{metrics}");
    assert!(metrics.contains("servizio=\"unrecognised\""), "{metrics}");
}

#[test]
fn an_unknown_fate_is_an_error_and_a_duplicate_is_counted() {
    let (lines, metrics) =
        observed(|| MessageEnded { outcome: Outcome::Unknown, duplicate: true, ..ended() }.emit());
    assert!(lines.contains("\"ERROR\""), "{lines}");
    assert!(metrics.contains("egov_bridge_unknown_total{"), "{metrics}");
    assert!(metrics.contains("egov_bridge_duplicates_total{"), "{metrics}");
}

#[test]
fn a_codice_fiscale_never_reaches_the_line() {
    let (lines, _) = observed(|| {
        MessageEnded {
            identificatore: Some("RSSMRA80A01H501U"),
            detail: Some("value RSSMRA80A01H501U\nis not valid"),
            ..ended()
        }
        .emit();
    });
    assert!(!lines.contains("RSSMRA80A01H501U"), "{lines}");
    assert_eq!(lines.lines().count(), 1);
}

#[test]
fn a_certificate_near_its_end_is_a_warning_and_an_expired_one_an_error() {
    let now: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
    let seen = |expires: &str| {
        let expires = expires.parse().unwrap();
        observed(move || {
            let seen = CertificateSeen {
                certificate: "listeners.pdd",
                kind: "certificate",
                file: "server.pem",
                expires,
                now,
                warn_days: &[30, 7, 1],
            };
            seen.measure();
            seen.tell();
            CertificateSeen { kind: "revocation-list", file: "list.pem", ..seen }.measure();
        })
    };
    let (lines, metrics) = seen("2027-11-21T00:00:00Z");
    assert!(lines.is_empty(), "{lines}");
    let labels = "{certificate=\"listeners.pdd\",kind=\"certificate\",file=\"server.pem\"}";
    for sample in [
        format!("egov_bridge_tls_certificate_expiry_timestamp_seconds{labels} 1826755200"),
        format!("egov_bridge_certificate_expires_seconds{labels} 31536000"),
    ] {
        assert!(metrics.contains(&sample), "{metrics}");
    }
    assert!(seen("2026-12-01T00:00:00Z").0.contains("\"WARN\""));
    assert!(seen("2026-11-21T20:00:00Z").0.contains("\"ERROR\""));
    assert!(seen("2026-11-20T00:00:00Z").0.contains("\"ERROR\""));
}

#[test]
fn a_refused_request_is_ours_or_theirs() {
    let refused = RequestRefused {
        listener: "pdd",
        address: "127.0.0.1:4000".parse().unwrap(),
        identity: Some("CN=LAZIO"),
        reason: "too-large",
        ours: false,
    };
    let (theirs, metrics) = observed(|| refused.emit());
    assert!(theirs.contains("\"WARN\"") && theirs.contains("CN=LAZIO"), "{theirs}");
    assert!(metrics.contains("egov_bridge_requests_refused_total{listener=\"pdd\",reason=\"too-large\"} 1"));
    let (ours, _) = observed(|| RequestRefused { ours: true, ..refused.clone() }.emit());
    assert!(ours.contains("\"ERROR\""), "{ours}");
}
