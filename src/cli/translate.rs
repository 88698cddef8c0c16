//! `translate`: one form of a document into the other.
//!
//! A document becomes its payload and a payload its document; an e-Gov envelope becomes the JSON envelope that the
//! gateway would forward, and a JSON envelope the document in it. What is printed is what the gateway would write,
//! byte for byte, and a line end.

use std::borrow::Cow;
use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use super::arguments::{Format, TranslateArguments};
use super::finding::{Finding, START};
use super::form::{Asking, Form};
use super::stdout::print;
use super::{Exit, input, pretty, settings};
use crate::bridge::nativo;
use crate::clock;
use crate::json_native;
use crate::json_native::envelope::{EnvelopeError, Messaggio, Risposta};
use crate::services::{Documento, NessunDocumento};
use crate::xml::{Position, encoding, locate};

/// What stands before a document that is printed alone.
const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Why a file was not translated.
#[derive(Debug)]
enum Refused {
    /// What is wrong with it.
    Findings(Vec<Finding>),
    /// What is wrong with the question.
    Question(String),
}

pub(super) fn run(config: Option<&Path>, arguments: &TranslateArguments) -> Exit {
    let (config, knowledge) = match settings::open(config).and_then(|config| {
        let knowledge = settings::knowledge(&config)?;
        Ok((config, knowledge))
    }) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    let giorno = clock::in_rome(Timestamp::now()).date();
    let asking = Asking { knowledge: &knowledge, limits: &config.limits, giorno };
    let mut exit = Exit::Done;
    for file in &arguments.files {
        let bytes = match input::read(file) {
            Ok(bytes) => bytes,
            Err(unreadable) => {
                exit = unreadable;
                continue;
            }
        };
        let name = input::name(file);
        match translate(&bytes, arguments, asking) {
            Ok(text) if arguments.pretty => print(&format!("{}\n", pretty::either(&text))),
            Ok(text) => print(&format!("{text}\n")),
            Err(Refused::Findings(findings)) => {
                findings.iter().for_each(|finding| eprintln!("{name}:{finding}"));
                exit = if exit == Exit::Done { Exit::Refused } else { exit };
            }
            Err(Refused::Question(why)) => {
                eprintln!("{name}: {why}");
                return Exit::Usage;
            }
        }
    }
    exit
}

fn translate(bytes: &[u8], arguments: &TranslateArguments, asking: Asking<'_>) -> Result<String, Refused> {
    let text = encoding::decode(bytes, None).map_err(|e| Refused::Findings(vec![Finding::not_text(&e)]))?;
    let held = match text.trim_start().chars().next() {
        Some('{') => Format::Json,
        _ => Format::Xml,
    };
    match (held, arguments.to) {
        (Format::Json, Some(Format::Json)) => {
            Err(Refused::Question("this is JSON already; leave --to out, or ask for xml".to_owned()))
        }
        (Format::Xml, Some(Format::Xml)) => {
            Err(Refused::Question("this is XML already; leave --to out, or ask for json".to_owned()))
        }
        (Format::Json, _) => to_xml(&text, arguments.modello.as_deref(), asking),
        (Format::Xml, _) => to_json(&text, asking),
    }
}

fn to_json(text: &str, asking: Asking<'_>) -> Result<String, Refused> {
    let form = Form::recognise(text, asking).map_err(Refused::Findings)?;
    let mut payload = Vec::with_capacity(text.len());
    let translated = json_native::to_json(&form.plan, form.reader(asking.limits), &mut payload);
    let mut findings = form.findings.clone();
    if let Err(refusal) = translated {
        findings.extend(form.refused(refusal, asking.limits));
    }
    if !findings.is_empty() {
        return Err(Refused::Findings(findings));
    }
    let json = match &form.letter {
        Some(letter) => nativo::richiesta(&letter.azione, &letter.busta, &letter.documento, &payload),
        None => payload.into(),
    };
    Ok(String::from_utf8_lossy(&json).into_owned())
}

/// The payload of a JSON text, and what kind of document it is.
struct Carried<'j> {
    modello: Cow<'j, str>,
    payload: &'j str,
    /// Pointer of the payload in the text.
    pointer: &'static str,
}

fn to_xml(text: &str, modello: Option<&str>, asking: Asking<'_>) -> Result<String, Refused> {
    let carried = carried(text, modello, asking)?;
    let start = locate(text, (carried.payload.as_ptr() as usize).saturating_sub(text.as_ptr() as usize));
    let at = |finding: Finding| Finding {
        position: after(start, finding.position),
        path: format!("{}{}", carried.pointer, finding.path.trim_end_matches('/')),
        ..finding
    };
    let documento = documento(&carried, asking).map_err(|why| {
        let message = format!("{}: {why}", carried.modello);
        Refused::Findings(vec![at(Finding::new(START, "", "version", message))])
    })?;
    let plan = documento.and_then(|documento| asking.knowledge.document(&documento.schema));
    let Some(plan) = plan else {
        return Err(Refused::Question(format!(
            "no document of kind \"{}\" is known; known: {}",
            carried.modello,
            modelli(asking)
        )));
    };
    let mut document = DECLARATION.to_owned();
    json_native::to_xml(&plan, carried.payload.as_bytes(), &mut document)
        .map_err(|refusal| Refused::Findings(Finding::all(refusal).into_iter().map(at).collect()))?;
    Ok(document)
}

/// An envelope tells what it carries; a bare payload must be told.
fn carried<'j>(text: &'j str, modello: Option<&'j str>, asking: Asking<'_>) -> Result<Carried<'j>, Refused> {
    if let Some(modello) = modello {
        return Ok(Carried { modello: modello.into(), payload: text, pointer: "" });
    }
    let shape: Value = serde_json::from_str(text).unwrap_or_default();
    let malformed = |error: EnvelopeError| {
        let message = error.problem.to_string();
        Refused::Findings(vec![Finding::new(error.position, error.pointer, "envelope", message)])
    };
    let pointer = "/modello/payload";
    if shape.get("direzione").and_then(Value::as_str) == Some("RISPOSTA") {
        let risposta = Risposta::read(text.as_bytes()).map_err(malformed)?;
        let modello = risposta.string("/modello/tipoModello");
        let Some((modello, payload)) = modello.zip(risposta.raw(pointer)) else {
            let message = "this reply carries no document";
            return Err(Refused::Findings(vec![Finding::new(START, "/modello", "missing", message)]));
        };
        return Ok(Carried { modello: modello.into_owned().into(), payload, pointer });
    }
    if shape.get("modello").is_none() && shape.is_object() {
        return Err(Refused::Question(format!(
            "a payload without its envelope does not tell what it is: say --modello, one of {}",
            modelli(asking)
        )));
    }
    let messaggio = Messaggio::read(text.as_bytes()).map_err(malformed)?;
    let modello = messaggio.modello;
    Ok(Carried { modello: modello.tipo_modello, payload: modello.payload.0, pointer })
}

/// The document of that kind that is in force for its revision; `None` where the kind is not known.
fn documento<'k>(
    carried: &Carried<'_>,
    asking: Asking<'k>,
) -> Result<Option<&'k Documento>, NessunDocumento> {
    let catalogue = &asking.knowledge.catalogue;
    let payload: Value = serde_json::from_str(carried.payload).unwrap_or_default();
    let mut refused = None;
    for azione in catalogue.iter() {
        let documenti = azione.richiesta.contenuto.documenti();
        let attribute = documenti.iter().find(|d| d.tipo_modello == *carried.modello);
        let attribute = attribute.and_then(|documento| documento.versione.as_deref());
        let versione = attribute.and_then(|name| payload.get(name)).and_then(Value::as_str);
        match azione.richiesta.per_modello(&carried.modello, versione, asking.giorno) {
            Ok(documento) => return Ok(Some(documento)),
            Err(NessunDocumento::Sconosciuto) => {}
            Err(why) => refused = Some(why),
        }
    }
    refused.map_or(Ok(None), Err)
}

fn modelli(asking: Asking<'_>) -> String {
    let mut known: Vec<&str> =
        asking.knowledge.catalogue.documenti().map(|d| d.tipo_modello.as_str()).collect();
    known.sort_unstable();
    known.dedup();
    known.join(", ")
}

/// A place counted from `start`.
fn after(start: Position, position: Position) -> Position {
    let column = if position.line == 1 { start.column + position.column - 1 } else { position.column };
    Position { line: start.line + position.line - 1, column }
}
