//! The samples and the schema of the reference, where it is at hand: set `EGOV_BRIDGE_REFERENCE` to its folder.

use std::path::PathBuf;
use std::process::Command;

use super::encode::encode;
use super::prova::{Prova, RICHIESTA, leggi, nuovo, ora};
use super::{
    Broken, Busta, CodiceEccezione, Correlato, Eccezione, FAULT_FORMATO, FAULT_PROCESSAMENTO, Inoltro, Parte,
    Profilo, decode, reply,
};
use crate::soap::{self, Content, Fault};
use crate::xml::Limits;

fn reference() -> Option<PathBuf> {
    let folder = std::env::var_os("EGOV_BRIDGE_REFERENCE").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: EGOV_BRIDGE_REFERENCE does not name the folder of the reference");
    }
    folder
}

/// The text of a sample; of a MIME one, its root part.
fn sample(folder: &std::path::Path, name: &str) -> String {
    let bytes = std::fs::read(folder.join("egov/samples").join(name)).unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if !name.ends_with(".mime") {
        return text;
    }
    let start = text.find("<?xml").unwrap();
    let end = text.find("</SOAP-ENV:Envelope>").unwrap() + "</SOAP-ENV:Envelope>".len();
    text[start..end].to_owned()
}

fn busta(text: &str) -> Busta {
    let received = leggi(text).unwrap();
    assert_eq!(received.eccezioni, [], "{text}");
    received.busta
}

fn fault(text: &str) -> Option<Fault> {
    let envelope = soap::decode(text, &Limits::default()).unwrap();
    Fault::read(envelope.body.first()?, &Limits::default()).unwrap()
}

#[test]
fn every_sample_reads_as_the_reference_says() {
    let Some(folder) = reference() else { return };
    let mut names: Vec<String> = std::fs::read_dir(folder.join("egov/samples"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".xml") || name.ends_with(".mime"))
        .collect();
    names.sort();
    assert_eq!(names.len(), 31);
    for name in &names {
        let text = sample(&folder, name);
        match name.get(..2).unwrap() {
            "19" => {
                assert_eq!(leggi(&text), Err(Broken::Absent), "{name}");
                let fault = fault(&text).unwrap();
                assert_eq!((fault.code.as_str(), fault.string.as_str()), ("Client", FAULT_FORMATO));
            }
            "20" => {
                assert_eq!(leggi(&text), Err(Broken::Absent), "{name}");
                let fault = fault(&text).unwrap();
                assert_eq!((fault.code.as_str(), fault.string.as_str()), ("Server", FAULT_PROCESSAMENTO));
            }
            "25" => {
                assert_eq!(leggi(&text), Err(Broken::Absent), "{name}");
                assert!(fault(&text).unwrap().has_detail);
            }
            number => check(number, &busta(&text), fault(&text)),
        }
    }
}

fn check(number: &str, busta: &Busta, fault: Option<Fault>) {
    let caller = Parte::spc("ComuneSole");
    let bridge = Parte::spc("RegioneLuna");
    let by_bridge = ["02", "05", "09", "10", "13", "15", "17", "21", "22", "23", "24"].contains(&number);
    let mittente = if by_bridge { &bridge } else { &caller };
    assert_eq!(&busta.mittente, mittente, "{number}");
    let profilo = match number {
        "03" | "04" | "06" | "07" => Some(Profilo::OneWay),
        "05" => None,
        "08" | "09" | "10" | "11" => Some(Profilo::AsincronoSimmetrico),
        "12" | "13" | "14" | "15" | "16" => Some(Profilo::AsincronoAsimmetrico),
        _ => Some(Profilo::Sincrono),
    };
    assert_eq!(busta.profilo, profilo, "{number}");
    assert_eq!(busta.scadenza.is_some(), number == "03");
    assert_eq!(busta.inoltro() == Inoltro::PiuDiUnaVolta, matches!(number, "03" | "05"), "{number}");
    assert_eq!(busta.conferma(), matches!(number, "04" | "06" | "07"), "{number}");
    assert_eq!(busta.riscontri.len(), usize::from(number == "05"));
    assert_eq!(busta.is_di_servizio(), number == "05");
    let sequenza = match number {
        "06" => Some(1),
        "07" => Some(2),
        _ => None,
    };
    assert_eq!(busta.sequenza, sequenza);
    let correlato = Correlato { nome: busta.correlato.nome.clone(), tipo: Some("SPC".into()) };
    assert_eq!(busta.correlato == correlato, matches!(number, "08" | "13"), "{number}");
    let references =
        matches!(number, "02" | "09" | "10" | "11" | "13" | "14" | "15" | "17" | "21" | "22" | "23" | "24");
    assert_eq!(busta.riferimento.is_some(), references, "{number}");
    let hops = match number {
        "18" => 2,
        "22" => 0,
        _ => 1,
    };
    assert_eq!(busta.trasmissioni.len(), hops, "{number}");
    let codes: Vec<u16> = busta.eccezioni.iter().map(|e| e.codice.numero()).collect();
    let expected: &[u16] = match number {
        "17" => &[101],
        "21" => &[106],
        "22" => &[101, 116],
        _ => &[],
    };
    assert_eq!(codes, expected, "{number}");
    let string = fault.map(|fault| fault.string);
    let expected = match number {
        "21" | "22" => Some(FAULT_FORMATO),
        "23" => Some(FAULT_PROCESSAMENTO),
        "24" => Some("Posizione non trovata"),
        _ => None,
    };
    assert_eq!(string.as_deref(), expected, "{number}");
}

#[test]
fn the_heads_of_the_mime_samples_are_accepted() {
    let Some(folder) = reference() else { return };
    for number in ["30-attachments-with-manifest", "31-attachments-without-manifest"] {
        let head = std::fs::read_to_string(folder.join(format!("egov/samples/{number}.headers"))).unwrap();
        let value = head.lines().find_map(|line| line.strip_prefix("Content-Type: ")).unwrap();
        let Ok(Content::Related(related)) = Content::of_request(Some(value)) else { panic!("{value}") };
        assert_eq!(related.start.as_deref(), Some("<busta@sole>"));
    }
}

#[test]
fn what_is_written_is_valid_by_the_schema() {
    let Some(folder) = reference() else { return };
    if Command::new("xmllint").arg("--version").output().is_err() {
        eprintln!("skipped: xmllint is not installed");
        return;
    }
    let richiesta = leggi(RICHIESTA).unwrap().busta;
    let mut oneway = richiesta.clone();
    oneway.profilo = Some(Profilo::OneWay);
    let mut bad = richiesta.clone();
    bad.mittente = Parte { tipo: "BOH".into(), nome: " LAZIO ".into(), indirizzo: None };
    bad.identificatore = "non vale".into();
    bad.collaborazione = Some("nemmeno".into());
    bad.azione = Some(" invioSAP".into());
    let risponde = Parte::spc("NAZIONALE");
    let eccezioni = vec![Eccezione::new(CodiceEccezione::FormatoIntestazione, "Messaggio/child[<è>]")];
    let errore =
        |busta: &Busta| reply::errore(busta, &risponde, &Prova::new(), &nuovo(), ora(), eccezioni.clone());
    let fault = soap::fault(soap::Side::Client, FAULT_FORMATO, None);
    let messages = [
        (reply::risposta(&richiesta, &nuovo(), ora()), "<x:esito xmlns:x='urn:x'/>"),
        (reply::riscontro(&oneway, &nuovo(), ora(), ora()), ""),
        (errore(&richiesta), fault.as_str()),
        (errore(&bad), fault.as_str()),
        (errore(&Busta::default()), fault.as_str()),
        (richiesta, "<x:y xmlns:x='urn:x'/>"),
    ];
    let scratch = tempfile::tempdir().unwrap();
    for (index, (busta, body)) in messages.iter().enumerate() {
        let text = soap::encode(Some(&encode(busta).unwrap()), body);
        assert!(decode(&soap::decode(&text, &Limits::default()).unwrap()).is_ok());
        let file = scratch.path().join(format!("{index}.xml"));
        std::fs::write(&file, &text).unwrap();
        for schema in ["egov.xsd", "original/Busta.xsd"] {
            let schema = folder.join("egov").join(schema);
            let run = Command::new("xmllint")
                .args(["--nonet", "--noout", "--schema"])
                .arg(&schema)
                .arg(&file)
                .output();
            let run = run.unwrap();
            assert!(run.status.success(), "{}\n{text}", String::from_utf8_lossy(&run.stderr));
        }
    }
}
