//! An envelope made fit to be sent now: a fresh identifier, the present time, everything else as it was written.
//!
//! The values are replaced where they stand in the text. Nothing is decoded and encoded again, so that an envelope
//! with an error in it keeps its error, and the Body its bytes.

use std::ops::Range;

use jiff::Timestamp;

use crate::egov::{self, Busta, Identificatore, IdentificatoreError, Istante};
use crate::services::Parti;
use crate::soap::{Envelope, Part};
use crate::xml::{Event, Limits, Reader, XmlError};

/// A text to be put in the place of another.
type Change = (Range<usize>, String);

/// Why an envelope cannot be made fit.
#[derive(Debug, thiserror::Error)]
pub(super) enum RestampError {
    /// There is nothing to stamp.
    #[error("the envelope carries no busta e-Gov; with --as-is it is sent all the same")]
    NoBusta,
    /// The busta cannot be walked.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// No identifier can be made for the sender.
    #[error(transparent)]
    Identificatore(#[from] IdentificatoreError),
}

/// The text of the envelope, fit to be sent at `now`. It declares no encoding but UTF-8.
pub(super) fn restamp(
    envelope: &Envelope<'_>,
    busta: &Busta,
    parti: &Parti,
    now: Timestamp,
) -> Result<String, RestampError> {
    let block = envelope.header.iter().find(|block| {
        block.local == "Intestazione"
            && (block.namespace == egov::NAMESPACE || block.actor.as_deref() == Some(egov::ACTOR))
    });
    let block = block.ok_or(RestampError::NoBusta)?;
    let identificatore = fresh(busta, parti, now)?;
    let mut changes = changes(block, busta, &identificatore, now, envelope.limits())?;
    changes.extend(declaration(envelope.text()));
    changes.sort_by_key(|(range, _)| range.start);
    let text = envelope.text();
    let mut out = String::with_capacity(text.len() + 256);
    let mut at = 0;
    for (range, new) in changes {
        out.push_str(text.get(at..range.start).unwrap_or_default());
        out.push_str(&new);
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    Ok(out)
}

/// An identifier of the sender's porta. A sender that is not registered keeps the codes of its old one.
fn fresh(busta: &Busta, parti: &Parti, now: Timestamp) -> Result<Identificatore, IdentificatoreError> {
    let mittente = &busta.mittente;
    if let Some(parte) = parti.parte(&mittente.tipo, &mittente.nome) {
        return Identificatore::new(&parte.codice, &parte.porta, progressivo(now), now);
    }
    if let Some(old) = Identificatore::parse(&busta.identificatore) {
        return Identificatore::new(old.amministrazione(), old.porta(), progressivo(now), now);
    }
    let codice: String = mittente.nome.chars().filter(char::is_ascii_alphanumeric).collect();
    Identificatore::new(&codice, &format!("{codice}SPCoopIT"), progressivo(now), now)
}

/// Seven digits that differ for any two moments of a minute that are six microseconds apart, so that no counter need
/// be kept.
pub(super) fn progressivo(now: Timestamp) -> u32 {
    const MINUTE: i128 = 60_000_000_000;
    let slot = now.as_nanosecond().rem_euclid(MINUTE) * (i128::from(Identificatore::ULTIMO) + 1) / MINUTE;
    u32::try_from(slot).unwrap_or_default()
}

fn changes(
    block: &Part<'_>,
    busta: &Busta,
    identificatore: &Identificatore,
    now: Timestamp,
    limits: &Limits,
) -> Result<Vec<Change>, XmlError> {
    let ora = Istante::new(now).to_string();
    let mut reader = block.reader(limits);
    let mut path: Vec<&str> = Vec::new();
    let mut changes = Vec::new();
    loop {
        match reader.next_event()? {
            Event::Start(name) => path.push(name.local),
            Event::End => {
                path.pop();
                continue;
            }
            Event::Eof => return Ok(changes),
            _ => continue,
        }
        match path.as_slice() {
            [_, "IntestazioneMessaggio", "Messaggio", "Identificatore"] => {
                changes.extend(content(&mut reader)?.map(|range| (range, identificatore.to_string())));
            }
            [_, "IntestazioneMessaggio", "Messaggio", "OraRegistrazione"]
            | [_, "ListaTrasmissioni", "Trasmissione", "OraRegistrazione"] => {
                changes.extend(content(&mut reader)?.map(|range| (range, ora.clone())));
            }
            [_, "IntestazioneMessaggio", "Messaggio", "Scadenza"] => {
                let start = reader.offset();
                reader.skip_element()?;
                let scaduta =
                    busta.scadenza.as_ref().and_then(Istante::timestamp).is_some_and(|at| at <= now);
                if scaduta {
                    changes.push((start..reader.end_offset(), String::new()));
                }
            }
            // The first busta of a conversation names itself.
            [_, "IntestazioneMessaggio", "Collaborazione"]
                if busta.collaborazione.as_deref() == Some(busta.identificatore.as_str()) =>
            {
                changes.extend(content(&mut reader)?.map(|range| (range, identificatore.to_string())));
            }
            _ => continue,
        }
        path.pop();
    }
}

/// The content of the element just started, which is passed over; none for an empty-element tag.
fn content(reader: &mut Reader<'_>) -> Result<Option<Range<usize>>, XmlError> {
    let start = reader.end_offset();
    let is_empty = reader.text().get(reader.offset()..start).is_some_and(|tag| tag.ends_with("/>"));
    reader.skip_element()?;
    // The end tag was the last event.
    Ok((!is_empty).then_some(start..reader.offset()))
}

/// The XML declaration, where it names another encoding than the one that is sent.
fn declaration(text: &str) -> Option<Change> {
    let end = text.strip_prefix("<?xml")?.find("?>")? + "<?xml".len() + "?>".len();
    let written = text.get(..end)?;
    let other = written.contains("encoding") && !written.to_ascii_uppercase().contains("UTF-8");
    other.then(|| (0..end, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::soap;

    const ENVELOPE: &str = include_str!("../../../samples/unilav-annullamento.xml");

    fn now() -> Timestamp {
        "2026-11-21T09:30:15.25Z".parse().unwrap()
    }

    fn stamped(text: &str) -> String {
        let parti = Parti::load(Path::new("services/parti.toml")).unwrap();
        let envelope = soap::decode(text, &Limits::default()).unwrap();
        let busta = egov::decode(&envelope).unwrap().busta;
        restamp(&envelope, &busta, &parti, now()).unwrap()
    }

    #[test]
    fn identifier_and_times_are_of_the_present_minute_and_the_rest_is_untouched() {
        let new = stamped(ENVELOPE);
        let id = format!("PIEMONTE_PIEMONTESPCoopIT_{:07}_2026-11-21_10:30", progressivo(now()));
        let expected = ENVELOPE
            .replace("PIEMONTE_PIEMONTESPCoopIT_0000023_2026-01-15_09:30", &id)
            .replace("2026-01-15T09:30:00.000", "2026-11-21T10:30:15.250");
        assert_eq!(new, expected);
    }

    #[test]
    fn a_past_scadenza_goes_and_a_future_one_stays() {
        let with = |scadenza: &str| {
            let scadenza = format!("<eGov_IT:Scadenza>{scadenza}</eGov_IT:Scadenza></eGov_IT:Messaggio>");
            stamped(&ENVELOPE.replace("</eGov_IT:Messaggio>", &scadenza))
        };
        assert!(!with("2026-11-21T10:30:15").contains("Scadenza"));
        assert!(with("2026-11-21T10:31:00").contains("<eGov_IT:Scadenza>2026-11-21T10:31:00<"));
    }

    #[test]
    fn an_unregistered_sender_keeps_the_codes_of_its_identifier() {
        let new = stamped(include_str!("../../../samples/rifiutati/mittente-sconosciuto.xml"));
        assert!(new.contains(">ATLANTIDE_ATLANTIDESPCoopIT_") && !new.contains("_0000042_"));
    }

    #[test]
    fn an_envelope_that_is_sent_as_utf_8_says_so() {
        let latin = ENVELOPE.replace("encoding=\"UTF-8\"?>\n<soapenv", "encoding='ISO-8859-1'?>\n<soapenv");
        assert_ne!(latin, ENVELOPE);
        assert_eq!(stamped(&latin), stamped(ENVELOPE));
    }

    #[test]
    fn two_sends_of_one_minute_differ_and_the_number_has_seven_digits() {
        let at = |nanos: i128| progressivo(Timestamp::from_nanosecond(nanos).unwrap());
        let minute = 29_000_000 * 60_000_000_000_i128;
        assert_eq!(at(minute), 0);
        assert_eq!(at(minute + 59_999_999_999), Identificatore::ULTIMO);
        assert_ne!(at(minute + 1_000_000), at(minute + 1_006_000));
    }
}
