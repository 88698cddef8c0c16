//! What a reply amounts to, in a few lines for the person who sent the message.

use crate::bridge::Knowledge;
use crate::cli::Exit;
use crate::egov::{Busta, Eccezione, Esito, esito};
use crate::soap::{self, Envelope, Inner, Part};
use crate::xml::{Limits, XmlError, characters};

/// Longest text of a member of a reply that is repeated.
const SHORT: usize = 100;

/// How the text of a member begins where the node's limit of calls is reached ("Accordi di servizio SAP", release 1).
const LIMIT: &str = "X001";

/// A reply, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judged {
    /// How the command ends.
    pub(super) exit: Exit,
    /// What became of the message.
    pub(super) lines: Vec<String>,
    /// Whether it may have been executed, and is to be sent again under the same identifier.
    pub(super) is_open: bool,
}

impl Judged {
    fn good(line: String) -> Self {
        Self { exit: Exit::Done, lines: vec![line], is_open: false }
    }

    fn refused(line: impl Into<String>, more: impl IntoIterator<Item = String>) -> Self {
        let mut lines = vec![line.into()];
        lines.extend(more);
        Self { exit: Exit::Refused, lines, is_open: false }
    }
}

/// Reads the reply `text` to the message whose busta was `sent`, where it had one.
pub(super) fn judge(text: &str, sent: Option<&Busta>, knowledge: &Knowledge, limits: &Limits) -> Judged {
    if characters::is_blank(text) {
        return Judged::refused("the reply is empty: no porta listens at this address", None);
    }
    let envelope = match soap::decode(text, limits) {
        Ok(envelope) => envelope,
        Err(error) => return Judged::refused(format!("the reply is not a SOAP message: {error}"), None),
    };
    match understand(&envelope, sent, knowledge) {
        Ok(judged) => judged,
        Err(error) => Judged::refused(format!("the reply cannot be read: {error}"), None),
    }
}

fn understand(
    envelope: &Envelope<'_>,
    sent: Option<&Busta>,
    knowledge: &Knowledge,
) -> Result<Judged, XmlError> {
    // What was sent without a busta is refused with a bare fault, for which no busta need be compared.
    let none = Busta::default();
    Ok(match esito::leggi(sent.unwrap_or(&none), envelope, &knowledge.registro)? {
        Esito::Risposta { busta, fault: None } => answered(envelope, &busta)?,
        Esito::Risposta { busta, fault: Some(fault) } => {
            Judged::refused(format!("the service refused: {}", fault.string), Some(named(&busta)))
        }
        Esito::Rifiutata { busta, eccezioni } if eccezioni.is_empty() => {
            let line = "the porta found no busta that it can read: EGOV_IT_001, not delivered";
            Judged::refused(line, busta.as_ref().map(named))
        }
        Esito::Rifiutata { eccezioni, .. } => {
            Judged::refused("the porta refused the busta, not delivered:", eccezioni.iter().map(explained))
        }
        Esito::NonProcessata { busta: Some(busta) } => {
            let line =
                "the porta could not process the message: EGOV_IT_300; it may have been executed or not";
            Judged { is_open: true, ..Judged::refused(line, Some(named(&busta))) }
        }
        Esito::NonProcessata { busta: None } => Judged::refused(
            "the porta could not process the message: EGOV_IT_300, refused before it was read",
            None,
        ),
        Esito::Fault(fault) => Judged::refused(format!("fault {}: {}", fault.code, fault.string), None),
        Esito::NonValida { eccezioni, .. } => {
            Judged::refused("the reply breaks the rules of the busta:", eccezioni.iter().map(explained))
        }
    })
}

/// A reply of the service: its short members.
fn answered(envelope: &Envelope<'_>, busta: &Busta) -> Result<Judged, XmlError> {
    let children = match envelope.payload() {
        Some(payload) => payload.children(envelope.limits())?,
        None => Vec::new(),
    };
    let members: Vec<(&str, String)> = children.iter().filter_map(member).collect();
    let said: Vec<String> = members.iter().map(|(name, text)| format!("{name} {text}")).collect();
    let said = if said.is_empty() { "answered".to_owned() } else { said.join(" · ") };
    // A contract without an Esito says in the member itself that the node takes no more calls.
    let is_refusal = |(name, text): &(&str, String)| match *name {
        "Esito" => text != "OK",
        _ => text.starts_with(LIMIT),
    };
    let mut judged = match members.iter().any(is_refusal) {
        true => Judged::refused(said, None),
        false => Judged::good(said),
    };
    judged.lines.push(named(busta));
    Ok(judged)
}

/// A member of a reply that fits a line.
fn member<'x>((part, inner): &(Part<'x>, Inner<'x>)) -> Option<(&'x str, String)> {
    let Inner::Text { text, .. } = inner else { return None };
    let text = characters::trim(text);
    let shown = match text.chars().next() {
        None => return None,
        Some('<') => "(a document, above)".to_owned(),
        Some(_) if text.chars().count() > SHORT => text.chars().take(SHORT).chain(['…']).collect(),
        Some(_) => text.to_owned(),
    };
    Some((part.local, shown))
}

fn named(busta: &Busta) -> String {
    format!("reply busta {} from {}", busta.identificatore, busta.mittente.nome)
}

fn explained(eccezione: &Eccezione) -> String {
    let Eccezione { codice, posizione, .. } = eccezione;
    format!("{codice} {}: {posizione}", codice.voce().significato)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use jiff::Timestamp;

    use super::*;
    use crate::config;
    use crate::egov::{self, Identificatore, reply};
    use crate::soap::Side;

    const SENT: &str = include_str!("../../../samples/invioSAP.xml");

    /// What is made of a reply with this Body, under a busta with this many exceptions if any.
    fn judged(body: &str, with_busta: bool, eccezioni: Vec<Eccezione>) -> Judged {
        let directories = config::embedded(Path::new("")).unwrap().directories;
        let knowledge = Knowledge::load(&directories).unwrap();
        let limits = Limits::default();
        let sent = egov::decode(&soap::decode(SENT, &limits).unwrap()).unwrap().busta;
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        let id = Identificatore::new("NAZIONALE", "NAZIONALESPCoopIT", 7, now).unwrap();
        let busta = match eccezioni.is_empty() {
            true => reply::risposta(&sent, &id, now),
            false => reply::errore(&sent, &sent.destinatario, &knowledge.registro, &id, now, eccezioni),
        };
        let header = with_busta.then(|| egov::encode(&busta).unwrap());
        judge(&soap::encode(header.as_deref(), body), Some(&sent), &knowledge, &limits)
    }

    fn reply(members: &str) -> Judged {
        judged(&format!("<t:r xmlns:t='urn:t'>{members}</t:r>"), true, Vec::new())
    }

    #[test]
    fn an_esito_ok_and_the_answer_of_a_query_are_good() {
        let ok = reply("<Esito>OK</Esito><MessaggioErrore/><CodiceSAP>AA1</CodiceSAP>");
        assert_eq!((ok.exit, ok.lines[0].as_str()), (Exit::Done, "Esito OK · CodiceSAP AA1"));
        assert_eq!(reply("<CodiceSAP>0</CodiceSAP>").exit, Exit::Done);
    }

    #[test]
    fn a_ko_and_the_limit_of_calls_are_refusals() {
        let ko = reply("<Esito>KO</Esito><MessaggioErrore>&lt;ListaAnomalie/></MessaggioErrore>");
        assert_eq!(
            (ko.exit, ko.lines[0].as_str()),
            (Exit::Refused, "Esito KO · MessaggioErrore (a document, above)")
        );
        assert_eq!(reply("<CodiceSAP>X001 - Limite</CodiceSAP>").exit, Exit::Refused);
    }

    #[test]
    fn a_refused_busta_tells_each_code_with_its_meaning() {
        let fault = soap::fault(Side::Client, egov::FAULT_FORMATO, None);
        let codice = egov::CodiceEccezione::AzioneSconosciuta;
        let refused = judged(&fault, true, vec![Eccezione::new(codice, "Azione")]);
        assert_eq!(refused.exit, Exit::Refused);
        assert_eq!(refused.lines[1], "EGOV_IT_106 Azione sconosciuta: Azione");
    }

    #[test]
    fn a_processing_error_leaves_the_message_open_only_if_it_was_read() {
        let fault = soap::fault(Side::Server, egov::FAULT_PROCESSAMENTO, None);
        assert!(judged(&fault, true, Vec::new()).is_open);
        let unread = judged(&fault, false, Vec::new());
        assert_eq!((unread.exit, unread.is_open), (Exit::Refused, false));
    }

    #[test]
    fn what_is_no_reply_of_a_porta_is_a_refusal() {
        let directories = config::embedded(Path::new("")).unwrap().directories;
        let knowledge = Knowledge::load(&directories).unwrap();
        for text in ["", "<html><body>oops</body></html>", "not found"] {
            assert_eq!(judge(text, None, &knowledge, &Limits::default()).exit, Exit::Refused, "{text}");
        }
    }
}
