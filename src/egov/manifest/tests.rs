//! Manifests that are well, and every way in which one may not be.

use super::*;
use crate::soap::multipart::{Bounds, Message, open};
use crate::soap::{self, Related};
use crate::xml::Limits;

const R: &str = r#"<e:DescrizioneMessaggio><e:Riferimento href="cid:corpo@sole" role="Richiesta" e:id="a1"><e:Schema posizione="text/xml"/><e:Titolo Lingua="it">Richiesta</e:Titolo></e:Riferimento></e:DescrizioneMessaggio>"#;

fn body(content: &str) -> String {
    soap::encode(None, content)
}

fn manifest(content: &str) -> String {
    body(&format!(
        "<e:Descrizione xmlns:e=\"http://www.cnipa.it/schemas/2003/eGovIT/Busta1_0/\">{content}</e:Descrizione>"
    ))
}

fn letta(text: &str) -> Letta {
    decode(&soap::decode(text, &Limits::default()).unwrap()).unwrap()
}

fn faults(text: &str) -> Vec<String> {
    letta(text).eccezioni.iter().map(ToString::to_string).collect()
}

/// The faults of a manifest with one Riferimento in which `from` is replaced.
fn edited(from: &str, to: &str) -> Vec<String> {
    assert!(R.contains(from), "{from}");
    faults(&manifest(&R.replace(from, to)))
}

fn riferimento(href: &str, ruolo: Ruolo) -> Riferimento {
    let [id, schema, titolo] = ["a1", "text/xml", "Un <titolo> & \"altro\""].map(str::to_owned);
    Riferimento { href: href.to_owned(), ruolo, id, schema, titolo, lingua: LINGUA.to_owned() }
}

#[test]
fn a_manifest_is_read_however_it_is_laid_out() {
    let expected =
        Riferimento { titolo: "Richiesta".into(), ..riferimento("cid:corpo@sole", Ruolo::Richiesta) };
    let other_order = R
        .replace(r#"<e:Schema posizione="text/xml"/>"#, "")
        .replace("</e:Titolo>", "</e:Titolo>\n<!-- c --><e:Schema posizione='text/xml'></e:Schema>");
    let without_language = R.replace(" Lingua=\"it\"", "").replace("Richiesta\"", "RICHIESTA\"");
    for text in [R, &other_order, &without_language] {
        let Letta { descrizione, eccezioni } = letta(&manifest(text));
        assert_eq!(
            (descrizione.riferimenti.as_slice(), eccezioni.as_slice()),
            (&[expected.clone()][..], &[][..])
        );
    }
}

#[test]
fn every_fault_of_form_has_its_code_and_its_place() {
    assert_eq!(faults(&body("")), ["EGOV_IT_003 SOAPBody child size:0"]);
    assert_eq!(faults(&body("<a/><b/><c/>")), ["EGOV_IT_003 SOAPBody child size:3"]);
    assert_eq!(faults(&body("text")), ["EGOV_IT_003 SOAPBody child size:1"]);
    assert_eq!(faults(&body("<a/>")), ["EGOV_IT_003 SOAPBody/Descrizione"]);
    assert_eq!(faults(&body("<Descrizione/>")), ["EGOV_IT_003 SOAPBody/Descrizione/namespace"]);
    assert_eq!(faults(&manifest("<!-- -->")), ["EGOV_IT_003 SOAPBody/Descrizione child size:0"]);
    assert_eq!(
        faults(&manifest(&format!("{R}<e:Altro/><x/>"))),
        ["EGOV_IT_003 SOAPBody/Descrizione/child[e:Altro]", "EGOV_IT_003 SOAPBody/Descrizione/child[x]"]
    );
    let messaggio = "EGOV_IT_003 SOAPBody/Descrizione/DescrizioneMessaggio child size";
    assert_eq!(faults(&manifest("<e:DescrizioneMessaggio/>")), [format!("{messaggio}:0")]);
    let doubled = R.replace("<e:DescrizioneMessaggio>", "<e:DescrizioneMessaggio><e:Riferimento/>");
    assert_eq!(faults(&manifest(&doubled)), [format!("{messaggio}:2")]);
    assert_eq!(
        faults(&manifest("<e:DescrizioneMessaggio><e:Altro/></e:DescrizioneMessaggio>")),
        ["EGOV_IT_118 SOAPBody/Descrizione/DescrizioneMessaggio/Riferimento"]
    );
    let at = |code: &str, what: &str| {
        vec![format!("EGOV_IT_{code} SOAPBody/Descrizione/DescrizioneMessaggio/Riferimento{what}")]
    };
    for to in ["", r#"href="" "#] {
        assert_eq!(edited(r#"href="cid:corpo@sole" "#, to), at("118", "/href"));
    }
    assert_eq!(edited(r#"role="Richiesta""#, ""), at("003", "/role"));
    assert_eq!(edited(r#"role="Richiesta""#, r#"role="Corpo""#), at("003", "/role"));
    assert_eq!(edited("e:id=", "id="), at("003", "/id"));
    let schema = r#"<e:Schema posizione="text/xml"/>"#;
    assert_eq!(edited(schema, ""), at("003", " child size:1"));
    assert_eq!(edited(schema, &format!("{schema}<e:Altro/>")), at("003", " child size:3"));
    assert_eq!(edited(schema, "<e:Schema/>"), at("003", "/Schema/posizione"));
    assert_eq!(edited(">Richiesta<", "> <"), at("003", "/Titolo"));
    let stranger = edited(schema, "<e:Altro/>");
    assert_eq!(stranger, [at("003", "/child[e:Altro]"), at("003", "/Schema")].concat());
}

#[test]
fn faults_are_all_reported_in_document_order() {
    let second = R.replace("e:id=", "id=").replace("cid:corpo@sole", "");
    let faults = faults(&manifest(&format!("{}{second}", R.replace("role=", "rolle="))));
    let of = |at: &str| format!("SOAPBody/Descrizione/DescrizioneMessaggio/Riferimento/{at}");
    let expected = [("003", of("role")), ("118", of("href")), ("003", of("id"))];
    assert_eq!(faults, expected.map(|(code, at)| format!("EGOV_IT_{code} {at}")));
}

#[test]
fn a_manifest_and_its_package_must_agree() {
    let package =
        b"--b\n\n<a/>\n--b\nContent-ID: <corpo@sole>\n\n<x/>\n--b\nContent-ID: <doc@sole>\n\n%PDF\n--b--";
    let related = Related { boundary: "b".into(), start: None, xop: false };
    let Message { attached, .. } = open(package, &related, &Limits::default(), &Bounds::default()).unwrap();
    let against = |riferimenti: &[(&str, Ruolo)]| -> Vec<String> {
        let riferimenti = riferimenti.iter().map(|(href, ruolo)| riferimento(href, *ruolo)).collect();
        let eccezioni = Descrizione { riferimenti }.discordanze(&attached);
        eccezioni.iter().map(ToString::to_string).collect()
    };
    let corpo = ("cid:<corpo@sole>", Ruolo::Richiesta);
    let doc = ("cid:doc@sole", Ruolo::Allegato);
    assert_eq!(against(&[corpo, doc]), Vec::<String>::new());
    let at = "SOAPBody/Descrizione/DescrizioneMessaggio/Riferimento";
    assert_eq!(
        against(&[corpo, ("cid:doc@sole", Ruolo::Risposta)]),
        [format!("EGOV_IT_118 {at}/role (Richiesta/Risposta) non univoco")]
    );
    assert_eq!(
        against(&[("cid:corpo@sole", Ruolo::Allegato), doc]),
        [format!("EGOV_IT_118 {at}/role (Richiesta/Risposta) non esistente")]
    );
    assert_eq!(
        against(&[corpo, ("cid:altro@sole", Ruolo::Allegato)]),
        [
            format!("EGOV_IT_119 {at}/href[cid:altro@sole]"),
            format!("EGOV_IT_120 {at}/href[doc@sole] non presente")
        ]
    );
}

#[test]
fn what_is_written_is_read_back() {
    let riferimenti = vec![
        riferimento("cid:corpo@sole", Ruolo::Richiesta),
        Riferimento { lingua: "de".into(), ..riferimento("http://x/?a&b", Ruolo::Allegato) },
    ];
    let descrizione = Descrizione { riferimenti };
    let text = encode(&descrizione);
    let schema = text.find("Schema posizione").unwrap();
    assert!(schema < text.find("Titolo").unwrap() && text.contains(" eGov_IT:id=\"a1\""));
    assert_eq!(letta(&body(&text)), Letta { descrizione, eccezioni: Vec::new() });
}
