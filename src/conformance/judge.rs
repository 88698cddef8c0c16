//! Is what came what had to come?

use std::fmt;

use roxmltree::Document;

use super::case::{Answer, Expect, Value};
use super::firma;
use super::form;
use super::reply::{Eccezione, Letta};
use super::setup::Setup;
use super::template::Words;
use super::wire::Answered;

/// The faultstring of kinds A and B, to the letter.
const FORMATO: &str = "EGOV_IT_001 - Formato Busta non corretto";
/// The faultstring of kinds C and D, to the letter.
const PROCESSAMENTO: &str = "EGOV_IT_300 - Errore nel processamento del messaggio SPCoop";
/// Longest text that a report quotes.
const QUOTED: usize = 120;
/// What a reply copies of its request.
const COPIED: [&str; 5] = ["ProfiloCollaborazione", "Collaborazione", "Servizio", "Servizio/@tipo", "Azione"];

/// What a case says of what it leaves open.
const ANYTHING: &str = "*";
const MITTENTE: &str = "Mittente/IdentificativoParte";
const DESTINATARIO: &str = "Destinatario/IdentificativoParte";

/// One thing that is not as it had to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What.
    pub what: String,
    /// As it had to be.
    pub expected: String,
    /// As it is.
    pub seen: String,
}

/// Everything that is not as it had to be.
#[derive(Debug, Default)]
pub(super) struct Differences(Vec<Difference>);

impl Differences {
    pub(super) fn note(&mut self, what: &str, expected: &str, seen: &str) {
        let cut = |text: &str| text.chars().take(QUOTED).collect();
        self.0.push(Difference { what: what.to_owned(), expected: cut(expected), seen: cut(seen) });
    }

    pub(super) fn check(&mut self, what: &str, expected: &str, seen: String) {
        if expected != seen {
            self.note(what, expected, &seen);
        }
    }

    pub(super) fn into_vec(self) -> Vec<Difference> {
        self.0
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, seen {}", self.what, self.expected, self.seen)
    }
}

/// Judges an answer to `request`.
pub(super) fn judge(
    expect: &Expect,
    answered: &Answered,
    request: &[u8],
    setup: &Setup,
    words: &mut Words<'_>,
) -> Differences {
    let mut found = Differences::default();
    let due: Vec<u16> =
        expect.status.map_or_else(|| expect.answer.statuses().to_vec(), |status| vec![status]);
    if !due.is_empty() && !due.contains(&answered.status) {
        let due: Vec<String> = due.iter().map(ToString::to_string).collect();
        found.note("HTTP status", &due.join(" or "), &answered.status.to_string());
    }
    match expect.answer {
        Answer::Http => return found,
        Answer::None => {
            found.note("answer", "none", &format!("one with status {}", answered.status));
            return found;
        }
        Answer::Empty => {
            if !answered.body.is_empty() {
                found.note("body", "nothing", &String::from_utf8_lossy(&answered.body));
            }
            return found;
        }
        _ => {}
    }
    let media = answered.header("content-type").unwrap_or_default().to_ascii_lowercase();
    if media.split(';').next().is_none_or(|media| media.trim() != "text/xml") {
        found.note("Content-Type", "text/xml", &media);
    }
    let text = String::from_utf8_lossy(&answered.body);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => {
            found.note("body", "XML", &format!("{error}: {text}"));
            return found;
        }
    };
    let Some(letta) = Letta::of(&document) else {
        found.note("body", "a SOAP 1.1 envelope", document.root_element().tag_name().name());
        return found;
    };
    let seen = kind(&letta);
    if seen != Some(expect.answer) {
        let words = |answer: Option<Answer>| answer.map_or("none of the kinds".to_owned(), |a| a.to_string());
        found.note("answer", &words(Some(expect.answer)), &format!("{}{}", words(seen), exceptions(&letta)));
        return found;
    }
    faults(expect.answer, &letta, &mut found);
    if let Some(due) = expect.signed {
        firma::judge(&document, due, &mut found);
    }
    if expect.answer.has_busta() {
        let read = std::str::from_utf8(request).ok().map(|text| text.trim_start_matches('\u{feff}'));
        let read = read.and_then(|text| Document::parse(text).ok());
        let asked = read.as_ref().and_then(Letta::of);
        let request_id = asked.as_ref().and_then(|asked| asked.field("Messaggio/Identificatore"));
        form::judge(&letta, setup, request_id.as_deref(), &mut found);
        addressed(expect, &letta, asked.as_ref(), setup, &mut found);
        listed(expect, &letta, &mut found);
        for (path, value) in &expect.busta {
            holds(path, value, letta.field(path), words, &mut found);
        }
    }
    for (path, value) in &expect.body {
        holds(path, value, letta.in_body(path), words, &mut found);
    }
    found
}

/// Which kind of answer a message is.
fn kind(letta: &Letta<'_>) -> Option<Answer> {
    let busta = letta.intestazione();
    let Some(fault) = letta.fault() else {
        busta?;
        let is_riscontro = letta.field("ListaRiscontri").is_some() && letta.body().next().is_none();
        return Some(if is_riscontro { Answer::Riscontro } else { Answer::Reply });
    };
    let refuses = letta.eccezioni().iter().any(|eccezione| eccezione.rilevanza != "INFO");
    match (busta.is_some(), fault.string.as_str()) {
        (false, FORMATO) => Some(Answer::A),
        (false, PROCESSAMENTO) => Some(Answer::D),
        (false, _) => None,
        (true, _) if refuses => Some(Answer::B),
        (true, PROCESSAMENTO) => Some(Answer::C),
        (true, _) => Some(Answer::ServiceFault),
    }
}

fn exceptions(letta: &Letta<'_>) -> String {
    let eccezioni = letta.eccezioni();
    let list: Vec<String> = eccezioni.iter().map(|e| format!("{} {}", e.codice, e.posizione)).collect();
    if list.is_empty() { String::new() } else { format!(" [{}]", list.join("; ")) }
}

/// The Fault of the four kinds is exact to the letter, and tells nothing else.
fn faults(answer: Answer, letta: &Letta<'_>, found: &mut Differences) {
    let (code, string) = match answer {
        Answer::A | Answer::B => ("soap:Client", FORMATO),
        Answer::C | Answer::D => ("soap:Server", PROCESSAMENTO),
        _ => return,
    };
    let Some(fault) = letta.fault() else { return };
    found.check("faultcode", code, fault.code);
    found.check("faultstring", string, fault.string);
    if !fault.code_is_soap {
        found.note("faultcode", "a name of SOAP 1.1", "another namespace");
    }
    if fault.has_detail && code == "soap:Client" {
        found.note("detail", "nothing", "one");
    }
    if fault.has_actor {
        found.note("faultactor", "nothing", "one");
    }
}

/// Parties swapped, the request referred to, its service repeated.
fn addressed(
    expect: &Expect,
    letta: &Letta<'_>,
    asked: Option<&Letta<'_>>,
    setup: &Setup,
    found: &mut Differences,
) {
    let seen = |path: &str| letta.field(path).unwrap_or_default();
    let said = |path: &str| expect.busta.contains_key(path);
    let sender = asked.and_then(|asked| asked.field(MITTENTE)).filter(|name| !name.is_empty());
    let sender = sender.unwrap_or_else(|| setup.mittente.clone());
    for (path, due) in [(MITTENTE, &setup.destinatario), (DESTINATARIO, &sender)] {
        if !said(path) {
            found.check(path, due, seen(path));
        }
    }
    // What the suite's own reader cannot find in the request, it cannot look for in the answer.
    let Some(asked) = asked.filter(|asked| asked.intestazione().is_some()) else { return };
    let due = |path: &str| asked.field(path).unwrap_or_default();
    let riferimento = "Messaggio/RiferimentoMessaggio";
    if !said(riferimento) && expect.answer != Answer::Riscontro {
        found.check(riferimento, &due("Messaggio/Identificatore"), seen(riferimento));
    }
    if !matches!(expect.answer, Answer::Reply | Answer::ServiceFault) {
        return;
    }
    let tipo = "Destinatario/IdentificativoParte/@tipo";
    found.check(tipo, &due("Mittente/IdentificativoParte/@tipo"), seen(tipo));
    for path in COPIED.into_iter().filter(|path| !said(path)) {
        found.check(path, &due(path), seen(path));
    }
    for name in ["inoltro", "confermaRicezione"] {
        let path = format!("ProfiloTrasmissione/@{name}");
        if !said(&path) && letta.field(&path).is_none() {
            found.note(&path, "a value", "nothing");
        }
    }
    if letta.field("ListaTrasmissioni").is_none() {
        found.note("ListaTrasmissioni", "the hop of the reply", "nothing");
    }
}

/// The exceptions that refuse, and those that only note something.
fn listed(expect: &Expect, letta: &Letta<'_>, found: &mut Differences) {
    let eccezioni = letta.eccezioni();
    let (avvisi, errori): (Vec<_>, Vec<_>) = eccezioni.iter().partition(|e| e.rilevanza == "INFO");
    for (what, due, seen) in [("exceptions", &expect.codici, errori), ("notices", &expect.avvisi, avvisi)] {
        let fits = due.len() == seen.len() && due.iter().zip(&seen).all(|(due, seen)| is(due, seen));
        if !fits {
            let due: Vec<String> = due.iter().map(|(code, at)| format!("{code} {at}")).collect();
            let seen: Vec<String> = seen.iter().map(|e| format!("{} {}", e.codice, e.posizione)).collect();
            found.note(what, &format!("[{}]", due.join("; ")), &format!("[{}]", seen.join("; ")));
        }
    }
    for eccezione in &eccezioni {
        let contesto = "ErroreIntestazioneMessaggioSPCoop";
        found.check("contestoCodifica", contesto, eccezione.contesto.clone());
        if !matches!(eccezione.rilevanza.as_str(), "GRAVE" | "INFO") {
            found.note("rilevanza", "GRAVE", &eccezione.rilevanza);
        }
    }
}

/// A posizione of which nothing is known is a free sentence.
fn is((code, posizione): &(String, String), seen: &Eccezione) -> bool {
    *code == seen.codice && (posizione == ANYTHING || *posizione == seen.posizione)
}

fn holds(path: &str, value: &Value, seen: Option<String>, words: &mut Words<'_>, found: &mut Differences) {
    let fits = match (value, &seen) {
        (Value::Presence(due), seen) => *due == seen.is_some(),
        (Value::Text(due), _) if due == ANYTHING => true,
        (Value::Text(due), Some(seen)) => words.say(due) == *seen,
        (Value::Text(_), None) => false,
    };
    if !fits {
        let due = match value {
            Value::Text(due) => words.say(due),
            presence => presence.to_string(),
        };
        found.note(path, &due, seen.as_deref().unwrap_or("nothing"));
    }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
