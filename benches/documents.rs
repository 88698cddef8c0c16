//! The documents that are measured: fixtures of the tests, grown by repeating their own valid sections.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use egov_bridge::json_native::to_json;
use egov_bridge::schema::{Document, SchemaSet};
use egov_bridge::xml::{Limits, Reader};

/// One document, its schema, and what it is in JSON.
pub struct Case {
    /// How it is called in the results.
    pub name: &'static str,
    /// The compiled schema.
    pub document: Arc<Document>,
    /// The schema's file, for the other engines.
    pub schema: PathBuf,
    /// The document.
    pub xml: String,
    /// Its JSON.
    pub json: Vec<u8>,
}

/// The three documents.
///
/// # Panics
/// A fixture is gone, or a document made from it is not valid.
#[must_use]
pub fn all() -> Vec<Case> {
    let set = SchemaSet::load(&root().join("xsd")).expect("the shipped schemas load");
    vec![
        case(&set, "unilav-5k", "co/unilav.xsd", "UniLav", unilav()),
        case(&set, "scheda-ap-25k", "sap/SchedaAP.xsd", "lavoratore", scheda(25_000)),
        case(&set, "vardatori-1m", "co/vardatori.xsd", "VarDatori", vardatori(1_000_000)),
    ]
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn case(set: &SchemaSet, name: &'static str, file: &str, element: &str, xml: String) -> Case {
    let document = set.document(file, element).expect("the schema is shipped");
    let mut json = Vec::new();
    if let Err(refusal) = to_json(&document, Reader::document(&xml, &Limits::default()), &mut json) {
        panic!("{name}: {refusal:?}");
    }
    Case { name, document, schema: root().join("xsd").join(file), xml, json }
}

fn fixture(name: &str) -> String {
    fs::read_to_string(root().join("tests/fixtures").join(name)).expect("the fixture is there")
}

/// The elements of that name, with what is around them left out.
fn elements<'x>(xml: &'x str, name: &str) -> Vec<&'x str> {
    let (open, close) = (format!("<{name}"), format!("</{name}>"));
    let mut found = Vec::new();
    let mut rest = xml;
    while let Some(end) = rest.find(&close).map(|at| at + close.len()) {
        let (whole, after) = rest.split_at(end);
        let start = whole.match_indices(&open).map(|(at, _)| at);
        let start = start.filter(|at| whole[at + open.len()..].starts_with([' ', '>'])).last();
        found.push(&whole[start.expect("an end has a start")..]);
        rest = after;
    }
    found
}

/// Puts `copies` of the element after it.
fn repeat(xml: &str, element: &str, copies: usize) -> String {
    let at = xml.find(element).expect("the element is in the document") + element.len();
    let mut grown = xml[..at].to_owned();
    for _ in 0..copies {
        grown.push('\n');
        grown.push_str(element);
    }
    grown + &xml[at..]
}

/// The form with all of its optional sections and attributes: the longest that a UNILAV gets, short of long names.
fn unilav() -> String {
    let base = fixture("co/unilav-05-esempio-ministero.xml");
    let transfer = fixture("co/unilav-08-trasformazione-distacco.xml");
    let worker = elements(&base, "Lavoratore")[0];
    let second = worker.replace("<Lavoratore>", "<Coobbligato>").replace("</Lavoratore>", "</Coobbligato>");
    let transfer = elements(&transfer, "Trasformazione")[0]
        .replace("BETA COSTRUZIONI S.P.A.", &long("BETA COSTRUZIONI E MANUTENZIONI STRADALI S.P.A. "))
        .replace(
            " assunzioneObbligatoria=\"NO\"",
            &format!(" ggLavorativePreviste=\"120\" tipoLavorazione=\"{}\" assunzioneObbligatoria=\"SI\" ctgLavoratoreAssunzioneObbligatoria=\"PD\"", long("RACCOLTA E CONFEZIONE ")),
        )
        .replace(
            "</Contratto>",
            "</Contratto><SedeLavoroPrecedente><Comune>D612</Comune><cap>50122</cap><Indirizzo>VIA DEI CALZAIUOLI 5</Indirizzo></SedeLavoroPrecedente>",
        );
    let extra = "<DatoreDatiExtraCE dataScadenzaPS=\"2026-09-01\" motivoPermesso=\"ASIL2\" tipoDocumento=\"7\" numeroDocumento=\"454558596234567\" questura=\"001\"/>";
    base.replace(worker, &format!("{worker}\n  {second}"))
        .replace(elements(&base, "InizioRapporto")[0], &transfer)
        .replace("testo di test", &long("Guasto del sistema informatico regionale "))
        .replace("Test S.r.l", &long("SERVIZI INTEGRATI PER IL LAVORO E LA FORMAZIONE S.R.L. "))
        .replace(
            "VIA ROMA 130",
            "STRADA PROVINCIALE DEI COLLI FIORENTINI 130 BIS, EDIFICIO C, SCALA B, INTERNO 12",
        )
        .replace("<cognome>XXX", "<cognome>DE GASPERIS MONTECUCCOLI DEGLI ALBERTI")
        .replace("<nome>YYY", "<nome>MARIA IMMACOLATA CONCETTA GIUSEPPINA")
        .replace("sede.le", "ufficio.personale.sede.le")
        .replace("sede.lavoro@", "ufficio.personale.sede.lavoro@")
        .replace(
            "Denominazione=\"Test\"",
            &format!("Denominazione=\"{}\"", long("ENTE REGIONALE PER LA FORMAZIONE ")),
        )
        .replace(
            "REG.PIANA 2",
            "REGIONE PIANA DEI MULINI VECCHI 2, PRESSO CASCINA SANTA MARIA, FRAZIONE BORGO",
        )
        .replace("</DatoreAnagraficaCompleta>", &format!("</DatoreAnagraficaCompleta>{extra}"))
}

/// As many repetitions of a phrase as fit a hundred characters.
fn long(phrase: &str) -> String {
    phrase.repeat(100 / phrase.len()).trim_end().to_owned()
}

/// A life of work: experiences, qualifications and policies until the size is reached.
fn scheda(size: usize) -> String {
    let base = fixture("sap/sap-rich.xml");
    let sections = [
        ("esperienzalavoro", 0),
        ("titolostudio", 0),
        ("formazioneprofessionale", 0),
        ("politiche_attive", 0),
    ];
    let round: usize = sections.iter().map(|(name, at)| elements(&base, name)[*at].len()).sum();
    let copies = (size - base.len()).div_ceil(round);
    let mut xml = base.clone();
    for (name, at) in sections {
        xml = repeat(&xml, elements(&base, name)[at], copies);
    }
    xml
}

/// A merger of many places of work, of many workers each.
fn vardatori(size: usize) -> String {
    let base = fixture("co/vardatori-04-fusione-due-sedi.xml");
    let worker = elements(&base, "Lavoratori")[0];
    let place = elements(&base, "SedeLavoro")[0];
    let grown = repeat(place, worker, 20);
    let xml = base.replace(place, &grown);
    repeat(&xml, &grown, (size - xml.len()) / grown.len())
}
