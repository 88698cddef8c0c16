//! JSON to XML: which part of the text is the payload, and which document it stands for.

use std::borrow::Cow;

use serde_json::Value;

use super::{DECLARATION, Refused};
use crate::cli::finding::{Finding, START};
use crate::cli::form::Asking;
use crate::json_native;
use crate::json_native::envelope::{EnvelopeError, Messaggio, Risposta};
use crate::services::{Documento, NessunDocumento};
use crate::xml::{Event, Position, Reader, locate};

/// The payload of a JSON text, and what kind of document it is.
struct Carried<'j> {
    modello: Cow<'j, str>,
    payload: &'j str,
    /// Pointer of the payload in the text.
    pointer: &'static str,
}

pub(super) fn to_xml(text: &str, modello: Option<&str>, asking: Asking<'_>) -> Result<String, Refused> {
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
    let shape: Value =
        serde_json::from_str(text).map_err(|error| Refused::Findings(vec![not_json(&error)]))?;
    let malformed = |error: EnvelopeError| {
        let path = if error.pointer.is_empty() { "/".to_owned() } else { error.pointer };
        Refused::Findings(vec![Finding::new(error.position, path, "envelope", error.problem.to_string())])
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
        let versione = attribute.and_then(|name| versione(&payload, name, asking));
        let versione = versione.as_deref();
        match azione.richiesta.per_modello(&carried.modello, versione, asking.giorno) {
            Ok(documento) => return Ok(Some(documento)),
            Err(NessunDocumento::Sconosciuto) => {}
            Err(why) => refused = Some(why),
        }
    }
    refused.map_or(Ok(None), Err)
}

/// The revision that a payload tells: in a member, or in the attribute of the root where the document is carried whole.
fn versione(payload: &Value, attribute: &str, asking: Asking<'_>) -> Option<String> {
    let Some(document) = payload.as_str() else { return Some(payload.get(attribute)?.as_str()?.to_owned()) };
    let mut reader = Reader::document(document, asking.limits);
    matches!(reader.next_event(), Ok(Event::Start(_)))
        .then(|| reader.attribute("", attribute).map(str::to_owned))?
}

fn modelli(asking: Asking<'_>) -> String {
    let mut known: Vec<&str> =
        asking.knowledge.catalogue.documenti().map(|d| d.tipo_modello.as_str()).collect();
    known.sort_unstable();
    known.dedup();
    known.join(", ")
}

fn not_json(error: &serde_json::Error) -> Finding {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).max(1);
    let position = Position { line: count(error.line()), column: count(error.column()) };
    let said = error.to_string();
    // The place is given apart.
    Finding::new(position, "/", "json", said.split(" at line ").next().unwrap_or_default())
}

/// A place counted from `start`.
fn after(start: Position, position: Position) -> Position {
    let column = if position.line == 1 { start.column + position.column - 1 } else { position.column };
    Position { line: start.line + position.line - 1, column }
}
