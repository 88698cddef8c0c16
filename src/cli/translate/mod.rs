//! `translate`: one form of a document into the other.
//!
//! A document becomes its payload and a payload its document; an e-Gov envelope becomes the JSON envelope that the
//! gateway would forward, and a JSON envelope the document in it. What is printed is what the gateway would write,
//! byte for byte, and a line end.

mod payload;

use std::path::Path;

use jiff::Timestamp;

use super::arguments::{Format, TranslateArguments};
use super::finding::Finding;
use super::form::{Asking, Form};
use super::stdout::print;
use super::{Exit, input, pretty, settings};
use crate::bridge::nativo;
use crate::clock;
use crate::json_native;
use crate::xml::encoding;

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
        (Format::Json, _) => payload::to_xml(&text, arguments.modello.as_deref(), asking),
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
        Some(letter) => {
            nativo::richiesta(&letter.azione, &letter.busta, None, &letter.documento, &payload, &[])
        }
        None => payload.into(),
    };
    Ok(String::from_utf8_lossy(&json).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::Knowledge;
    use crate::config;
    use crate::xml::Limits;

    fn run(text: &str, to: Option<Format>, modello: Option<&str>) -> Result<String, Refused> {
        let directories = config::embedded(Path::new("")).unwrap().directories;
        let knowledge = Knowledge::load(&directories).unwrap();
        let giorno = jiff::civil::date(2026, 11, 21);
        let asking = Asking { knowledge: &knowledge, limits: &Limits::default(), giorno };
        let modello = modello.map(str::to_owned);
        translate(
            text.as_bytes(),
            &TranslateArguments { to, modello, pretty: false, files: Vec::new() },
            asking,
        )
    }

    const DOCUMENT: &str = "<IDSAP><IdentificativoSap>AA00000001A</IdentificativoSap></IDSAP>";
    const PAYLOAD: &str = r#"{"identificativoSap":"AA00000001A"}"#;

    #[test]
    fn a_document_and_its_payload_are_each_other_translated() {
        assert_eq!(run(DOCUMENT, None, None).unwrap(), PAYLOAD);
        assert_eq!(run(PAYLOAD, None, Some("IDSAP")).unwrap(), format!("{DECLARATION}{DOCUMENT}"));
    }

    #[test]
    fn an_egov_envelope_becomes_the_one_that_is_forwarded_and_its_document_comes_back() {
        let json = run(include_str!("../../../samples/annullaSAP.xml"), Some(Format::Json), None).unwrap();
        assert!(
            json.contains(r#""azione":"annullaSAP""#) && json.contains(&format!(r#""payload":{PAYLOAD}"#))
        );
        assert_eq!(run(&json, Some(Format::Xml), None).unwrap(), format!("{DECLARATION}{DOCUMENT}"));
    }

    #[test]
    fn a_reply_of_the_node_gives_its_document() {
        let reply = format!(
            r#"{{"direzione":"RISPOSTA","esito":{{"codice":"OK"}},"modello":{{"tipoModello":"IDSAP","payload":{PAYLOAD}}}}}"#
        );
        assert_eq!(run(&reply, None, None).unwrap(), format!("{DECLARATION}{DOCUMENT}"));
    }

    #[test]
    fn what_is_wrong_in_a_payload_is_placed_in_the_whole_file() {
        let json = run(include_str!("../../../samples/annullaSAP.xml"), None, None).unwrap();
        let json = json.replace(r#""payload":{"#, "\"payload\":\n  {\n\"y\":\"1\",");
        let Err(Refused::Findings(findings)) = run(&json, None, None) else { panic!("accepted") };
        assert_eq!(findings.len(), 1);
        assert_eq!((findings[0].position.line, findings[0].path.as_str()), (3, "/modello/payload/y"));
    }

    #[test]
    fn a_bare_payload_must_be_told_what_it_is() {
        let Err(Refused::Question(why)) = run(PAYLOAD, None, None) else { panic!("accepted") };
        assert!(why.contains("--modello") && why.contains("UNILAV"), "{why}");
        assert!(matches!(run(PAYLOAD, None, Some("NESSUNO")), Err(Refused::Question(_))));
        assert!(matches!(run(DOCUMENT, Some(Format::Xml), None), Err(Refused::Question(_))));
    }

    #[test]
    fn what_is_neither_form_is_refused_with_its_place() {
        let Err(Refused::Findings(findings)) = run("{\"a\":1", None, None) else { panic!("accepted") };
        assert_eq!((findings[0].rule.as_ref(), findings[0].position.line), ("json", 1));
        assert!(matches!(run("ciao", None, None), Err(Refused::Findings(_))));
    }
}
