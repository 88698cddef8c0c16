//! What holds of every busta that a porta writes, whatever the case asks: order, names, identifiers, times, addresses.
//!
//! (SPCoop busta e-Gov 1.1, Intestazione and its elements.)

use roxmltree::{Attribute, Node};

use super::firma::WSU;
use super::judge::Differences;
use super::reply::{ACTOR, EGOV, Letta, SOAP, child, elements};
use super::setup::Setup;

const INTESTAZIONE: [&str; 4] =
    ["IntestazioneMessaggio", "ListaRiscontri", "ListaTrasmissioni", "ListaEccezioni"];
const MESSAGGIO: [&str; 4] = ["Identificatore", "OraRegistrazione", "RiferimentoMessaggio", "Scadenza"];
const TESTATA: [&str; 9] = [
    "Mittente",
    "Destinatario",
    "ProfiloCollaborazione",
    "Collaborazione",
    "Servizio",
    "Azione",
    "Messaggio",
    "ProfiloTrasmissione",
    "Sequenza",
];
/// What an answer never carries (the reply's busta is built of the request's, without these).
const NOT_IN_ANSWERS: [&str; 2] = ["Messaggio/Scadenza", "Sequenza/@numeroProgressivo"];

/// Judges the busta of an answer.
pub(super) fn judge(letta: &Letta<'_>, setup: &Setup, request_id: Option<&str>, found: &mut Differences) {
    let with_actor = letta.blocks().filter(|block| block.attribute((SOAP, "actor")) == Some(ACTOR)).count();
    found.check("header blocks with the e-Gov actor", "1", with_actor.to_string());
    let Some(intestazione) = letta.intestazione() else { return };
    let must = intestazione.attribute((SOAP, "mustUnderstand")).unwrap_or_default();
    found.check("mustUnderstand of Intestazione", "1", must.to_owned());
    ordered(intestazione, &INTESTAZIONE, found);
    if let Some(testata) = child(intestazione, EGOV, "IntestazioneMessaggio") {
        ordered(testata, &TESTATA, found);
        if let Some(messaggio) = child(testata, EGOV, "Messaggio") {
            ordered(messaggio, &MESSAGGIO, found);
        }
    }
    for element in intestazione.descendants().filter(Node::is_element).filter(|at| *at != intestazione) {
        let name = element.tag_name().name();
        let strange = |at: &Attribute<'_, '_>| at.namespace().is_some_and(|namespace| namespace != WSU);
        for attribute in element.attributes().filter(strange) {
            found.note(
                &format!("attribute {} of {name}", attribute.name()),
                "no namespace, or WS-Security's",
                "another",
            );
        }
        let is_leaf = elements(element).next().is_none();
        let padded = element.text().is_some_and(|text| text.trim() != text);
        if is_leaf && (padded || element.children().any(|child| child.is_comment() || child.is_pi())) {
            found.note(&format!("content of {name}"), "the value alone", "white space or comments with it");
        }
    }
    identificatore(letta, setup, request_id, found);
    ora(letta, "Messaggio/OraRegistrazione", found);
    for path in NOT_IN_ANSWERS {
        if let Some(value) = letta.field(path) {
            found.note(path, "nothing", &value);
        }
    }
    if let Some(lista) = child(intestazione, EGOV, "ListaTrasmissioni") {
        hops(letta, lista, found);
    }
}

fn identificatore(letta: &Letta<'_>, setup: &Setup, request_id: Option<&str>, found: &mut Differences) {
    let id = letta.field("Messaggio/Identificatore").unwrap_or_default();
    let mittente = letta.field("Mittente/IdentificativoParte").unwrap_or_default();
    let (codice, porta) = setup.codes(&mittente);
    let parts: Vec<&str> = id.split('_').collect();
    let well = match parts.as_slice() {
        [first, second, number, date, time] => {
            *first == codice
                && second.eq_ignore_ascii_case(&porta)
                && shaped(number, "0000000")
                && shaped(date, "0000-00-00")
                && shaped(time, "00:00")
        }
        _ => false,
    };
    if !well {
        let wanted = format!("{codice}_{porta}_NNNNNNN_AAAA-MM-GG_HH:MM");
        found.note("Messaggio/Identificatore", &wanted, &id);
    }
    if request_id == Some(id.as_str()) {
        found.note("Messaggio/Identificatore", "one of the answer's own", "the request's");
    }
}

fn ora(letta: &Letta<'_>, path: &str, found: &mut Differences) {
    let text = letta.field(path).unwrap_or_default();
    let (seconds, fraction) = text.split_once('.').unwrap_or((&text, "000"));
    let digits = !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
    if !shaped(seconds, "0000-00-00T00:00:00") || !digits {
        found.note(path, "AAAA-MM-GGTHH:MM:SS.mmm without zone", &text);
    }
    let tempo = letta.field(&format!("{path}/@tempo")).unwrap_or_default();
    if !matches!(tempo.as_str(), "EGOV_IT_SPC" | "EGOV_IT_Locale") {
        found.note(&format!("{path}/@tempo"), "EGOV_IT_SPC", &tempo);
    }
}

/// The last hop goes out from whoever answers.
fn hops(letta: &Letta<'_>, lista: Node<'_, '_>, found: &mut Differences) {
    let name = |hop: Node<'_, '_>, end| {
        let parte = child(child(hop, EGOV, end)?, EGOV, "IdentificativoParte")?;
        parte.attribute("tipo")?;
        parte.text().map(str::to_owned)
    };
    let Some(last) = elements(lista).last() else {
        found.note("ListaTrasmissioni", "a Trasmissione", "none");
        return;
    };
    let origine = name(last, "Origine").unwrap_or_default();
    let mittente = letta.field("Mittente/IdentificativoParte").unwrap_or_default();
    found.check("Trasmissione/Origine/IdentificativoParte", &mittente, origine);
    if name(last, "Destinazione").is_none() {
        found.note("Trasmissione/Destinazione/IdentificativoParte", "a party", "none");
    }
}

/// Every child is known, stands once, and stands in the order of the schema.
fn ordered(parent: Node<'_, '_>, known: &[&str], found: &mut Differences) {
    let mut next = 0;
    for at in elements(parent) {
        let name = at.tag_name().name();
        let position = known.iter().position(|known| *known == name);
        match position.filter(|at| *at >= next) {
            Some(position) if name_space(at) == EGOV => next = position + 1,
            _ => found.note(&format!("children of {}", parent.tag_name().name()), &known.join(", "), name),
        }
    }
}

fn name_space<'a>(at: Node<'a, '_>) -> &'a str {
    at.tag_name().namespace().unwrap_or_default()
}

/// Whether a text is the pattern with digits for its zeros.
fn shaped(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text.bytes().zip(pattern.bytes()).all(|(b, p)| if p == b'0' { b.is_ascii_digit() } else { b == p })
}
