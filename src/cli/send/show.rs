//! What a reply amounts to, in a few lines for the person who sent the message.

use crate::bridge::Knowledge;
use crate::cli::Exit;
use crate::egov::{Busta, Eccezione, Esito, esito};
use crate::soap::{self, Envelope, Inner, Part};
use crate::xml::{Limits, XmlError, characters};

/// Longest text of a member of a reply that is repeated.
const SHORT: usize = 100;

/// A reply, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judged {
    /// How the command ends.
    pub(super) exit: Exit,
    /// What became of the message.
    pub(super) lines: Vec<String>,
}

impl Judged {
    fn good(line: String) -> Self {
        Self { exit: Exit::Done, lines: vec![line] }
    }

    fn refused(line: impl Into<String>, more: impl IntoIterator<Item = String>) -> Self {
        let mut lines = vec![line.into()];
        lines.extend(more);
        Self { exit: Exit::Refused, lines }
    }
}

/// Reads the reply `text` to the message whose busta was `sent`, where it had one.
pub(super) fn judge(text: &str, sent: Option<&Busta>, knowledge: &Knowledge, limits: &Limits) -> Judged {
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
        Esito::NonProcessata { busta: Some(busta) } => Judged::refused(
            "the porta could not process the message: EGOV_IT_300; whether it was executed is not known, the same \
             identifier may be sent again",
            Some(named(&busta)),
        ),
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
    let esito = members.iter().find(|(name, _)| *name == "Esito");
    let mut judged = match esito {
        Some((_, esito)) if esito != "OK" => Judged::refused(said, None),
        _ => Judged::good(said),
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
