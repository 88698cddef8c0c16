//! `journal show`: the life of a message, and the bytes of it that the journal holds.

use std::borrow::Cow;
use std::fmt::Write;

use jiff::Timestamp;

use super::rome;
use crate::cli::arguments::{Bytes, ShowArguments};
use crate::cli::stdout::{bytes, print};
use crate::cli::{Exit, pretty};
use crate::clock;
use crate::journal::{Attempt, Failing, Journal, JournalError, Life, PayloadKind, Reference, Stato, Timing};
use crate::xml::encoding;

pub(super) async fn run(journal: &dyn Journal, arguments: &ShowArguments) -> Result<Exit, JournalError> {
    let lives = journal.show(&Reference::from(arguments.reference.as_str())).await?;
    let Some(last) = lives.last() else {
        eprintln!("egov-bridge: no record {}", arguments.reference);
        return Ok(Exit::Refused);
    };
    if let Some(only) = arguments.only {
        let Some(found) = payload(last, only) else {
            eprintln!("egov-bridge: record {} has no such bytes", last.summary.id);
            return Ok(Exit::Refused);
        };
        bytes(found);
        return Ok(Exit::Done);
    }
    if lives.len() > 1 {
        print(&format!("{} receptions of {}, the first first\n\n", lives.len(), arguments.reference));
    }
    for life in &lives {
        print(&whole(life));
    }
    Ok(Exit::Done)
}

fn payload(life: &Life, only: Bytes) -> Option<&bytes::Bytes> {
    let kind = match only {
        Bytes::Request => return Some(&life.reception.request),
        Bytes::Forwarded => PayloadKind::Forwarded,
        Bytes::Answer => PayloadKind::Answer,
        Bytes::Reply => PayloadKind::Reply,
    };
    life.payloads.iter().rev().find(|payload| payload.kind == kind).map(|payload| &payload.bytes)
}

/// Everything about a record, for reading.
fn whole(life: &Life) -> String {
    let mut out = String::new();
    record(life, &mut out);
    section(&mut out, "request, as it came", &life.reception.request);
    for attempt in &life.attempts {
        self::attempt(attempt, &mut out);
        let parts = [
            (PayloadKind::Forwarded, "sent on"),
            (PayloadKind::Answer, "what came back"),
            (PayloadKind::Reply, "what the sender was answered"),
        ];
        for (kind, title) in parts {
            if let Some(bytes) = life.payload(attempt.number, kind) {
                section(&mut out, title, bytes);
            }
        }
    }
    out.push('\n');
    out
}

fn record(life: &Life, out: &mut String) {
    let Life { summary, reception, .. } = life;
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "?".to_owned());
    let _ = writeln!(out, "Record {}: {}, {}", summary.id, summary.direction, summary.stato);
    field(out, "busta", &text(&summary.identificatore));
    field(out, "from, to", &format!("{} → {}", text(&summary.mittente), text(&summary.destinatario)));
    let azione = summary.azione.as_ref().map(|azione| format!("/{azione}")).unwrap_or_default();
    let profilo = reception.profilo.as_ref().map(|profilo| format!(", {profilo}")).unwrap_or_default();
    field(out, "asks", &format!("{}{azione}{profilo}", text(&summary.servizio)));
    if let Some(riferimento) = &reception.riferimento {
        field(out, "refers to", riferimento);
    }
    if let Some(collaborazione) = &reception.collaborazione {
        field(out, "within", collaborazione);
    }
    if let Some(posto) = &life.posto {
        field(out, "number", &format!("{} of its series", posto.numero));
    }
    let caller = reception.chiamante.as_ref().map(|who| format!(" from {who}")).unwrap_or_default();
    field(out, "received", &format!("{}{caller}", exact(reception.received_at)));
    field(
        out,
        "settled",
        &format!(
            "{}, {} later",
            exact(summary.changed_at),
            between(reception.received_at, summary.changed_at)
        ),
    );
    if let Some(inoltro) = life.inoltro {
        field(out, "inoltro", inoltro.as_str());
    }
    if let Some(digest) = life.digest {
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        field(out, "digest", &hex);
    }
    if let Some(schemi) = &life.schemi {
        field(out, "schemas", schemi);
    }
    // An attempt counts from the beginning.
    if life.attempts.iter().all(|attempt| attempt.timings.is_empty()) {
        phases(out, &reception.timings);
    }
    if let Some(resolution) = &life.resolution {
        let word = resolution.resolution.as_str().replace('_', " ");
        field(out, "resolved", &format!("{word}, by {} at {}", resolution.who, rome(resolution.at)));
        field(out, "because", &resolution.why);
    }
}

fn attempt(attempt: &Attempt, out: &mut String) {
    let _ = match attempt.number {
        0 if attempt.stato == Stato::Held => writeln!(out, "\nAcknowledged before its turn"),
        0 => writeln!(out, "\nRefused by the gateway"),
        number => writeln!(out, "\nAttempt {number}: {}", attempt.stato),
    };
    if attempt.number > 0 {
        let took = match attempt.ended_at {
            Some(end) => format!("took {}", between(attempt.started_at, end)),
            None => "not ended".to_owned(),
        };
        field(out, "began", &format!("{}, {took}", exact(attempt.started_at)));
    }
    if let Some(doubted_at) = attempt.doubted_at {
        field(out, "lost", &format!("{}, or so it seemed: its end came later", exact(doubted_at)));
    }
    if let Some(status) = attempt.node_status {
        field(out, "came back", &format!("HTTP {status}"));
    }
    if let Some(status) = attempt.reply_status {
        let busta = attempt.reply_identificatore.as_ref();
        let busta = busta.map(|busta| format!(", busta {busta}")).unwrap_or_default();
        field(out, "answered", &format!("HTTP {status}{busta}"));
    }
    phases(out, &attempt.timings);
    if let Some(failure) = &attempt.failure {
        self::failure(failure, out);
    }
}

fn failure(failure: &Failing, out: &mut String) {
    let Failing { code, fault, phase, retry, place, detail } = failure;
    let fault = if fault == "nobody" { "nobody's fault".to_owned() } else { format!("fault of the {fault}") };
    let retry = retry.replace(['_', '-'], " ");
    field(out, "failed", &format!("{code} in phase {phase}, {fault}, retry: {retry}"));
    if let Some(place) = place {
        field(out, "at", place);
    }
    for (index, line) in detail.lines().enumerate() {
        field(out, if index == 0 { "because" } else { "" }, line);
    }
}

fn phases(out: &mut String, timings: &[Timing]) {
    if timings.is_empty() {
        return;
    }
    let each: Vec<String> =
        timings.iter().map(|timing| format!("{} {}", timing.phase, millis(timing.micros))).collect();
    field(out, "phases", &each.join(" · "));
}

fn section(out: &mut String, title: &str, bytes: &[u8]) {
    let text = encoding::decode(bytes, None)
        .unwrap_or_else(|_| Cow::Owned(String::from_utf8_lossy(bytes).into_owned()));
    let _ = writeln!(out, "\n  ── {title} ({} bytes)", bytes.len());
    for line in pretty::either(&text).lines() {
        let _ = writeln!(out, "  {line}");
    }
}

fn field(out: &mut String, name: &str, value: &str) {
    let _ = writeln!(out, "  {name:10} {value}");
}

/// A time with milliseconds, and the zone that it is in.
fn exact(instant: Timestamp) -> String {
    clock::in_rome(instant).strftime("%Y-%m-%d %H:%M:%S%.3f %Z").to_string()
}

fn between(begin: Timestamp, end: Timestamp) -> String {
    let micros = end.as_microsecond().saturating_sub(begin.as_microsecond());
    millis(u64::try_from(micros).unwrap_or_default())
}

fn millis(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        _ => format!("{}.{:02} s", micros / 1_000_000, micros % 1_000_000 / 10_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_given_in_the_unit_that_fits() {
        assert_eq!(millis(999), "999 µs");
        assert_eq!(millis(1_250), "1.2 ms");
        assert_eq!(millis(12_345_678), "12.34 s");
    }

    #[test]
    fn a_time_says_which_zone_it_is_in() {
        let at = |text: &str| exact(text.parse().unwrap());
        assert_eq!(at("2026-07-01T10:00:00.0425Z"), "2026-07-01 12:00:00.042 CEST");
        assert_eq!(at("2026-12-01T10:00:00Z"), "2026-12-01 11:00:00.000 CET");
    }
}
