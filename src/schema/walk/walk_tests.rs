//! What an office is told about a document: the right thing, once, at the right place.

use crate::schema::{Refusal, Rule, SchemaSet, Violation, validate};
use crate::xml::{Limits, Reader};

const FORM: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:modulo" targetNamespace="urn:modulo"
    elementFormDefault="qualified">
  <xs:element name="modulo">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="persona" type="Persona" maxOccurs="3"/>
        <xs:choice>
          <xs:element name="inizio" type="xs:date"/>
          <xs:element name="fine" type="xs:date"/>
        </xs:choice>
        <xs:element name="nota" type="xs:string" minOccurs="0" nillable="true"/>
      </xs:sequence>
      <xs:attribute name="codiceFiscale" type="Codice" use="required"/>
      <xs:attribute name="versione" type="xs:string" fixed="V1"/>
    </xs:complexType>
  </xs:element>
  <xs:complexType name="Persona">
    <xs:sequence>
      <xs:element name="cognome" type="Nome"/>
      <xs:element name="nome" type="Nome"/>
      <xs:element name="cap" type="Cap"/>
      <xs:element name="figli" type="xs:int" minOccurs="0"/>
    </xs:sequence>
  </xs:complexType>
  <xs:simpleType name="Nome"><xs:restriction base="xs:string"><xs:minLength value="1"/><xs:maxLength value="5"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="Cap"><xs:restriction base="xs:string"><xs:length value="5"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="Codice"><xs:restriction base="xs:string"><xs:pattern value="[0-9]{11}"/></xs:restriction></xs:simpleType>
</xs:schema>"#;

const PERSONA: &str = "<persona><cognome>Rossi</cognome><nome>Ada</nome><cap>00100</cap></persona>";

fn violations(text: &str) -> Vec<Violation> {
    let set = SchemaSet::from_texts(&[("m.xsd", FORM)]).unwrap();
    let document = set.document("m.xsd", "modulo").unwrap();
    match validate(&document, Reader::document(text, &Limits::default())) {
        Ok(()) => Vec::new(),
        Err(Refusal::Invalid(violations)) => violations,
        Err(other) => panic!("{other:?}"),
    }
}

/// The document around some content.
fn modulo(content: &str) -> String {
    format!("<modulo xmlns=\"urn:modulo\" codiceFiscale=\"12345678901\">{content}</modulo>")
}

/// Asserts exactly one violation, and gives it.
fn one(text: &str) -> Violation {
    let mut all = violations(text);
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

#[test]
fn a_good_document_is_valid() {
    assert_eq!(violations(&modulo(&format!("{PERSONA}\n<inizio> 2026-01-31 </inizio>"))), []);
}

#[test]
fn a_value_is_told_in_words_with_line_column_and_path() {
    let text =
        modulo(&format!("{PERSONA}\n  {}<inizio>2026-01-31</inizio>", PERSONA.replace("00100", "0100")));
    let wrong = one(&text);
    assert_eq!(wrong.to_string(), "2:57: /modulo/persona[2]/cap[1]: length: cap: 4 characters, 5 needed");
    assert_eq!((wrong.seen.as_str(), wrong.expected.as_str()), ("0100", "5 characters"));
}

#[test]
fn every_violation_is_told() {
    let bad = "<persona><cognome></cognome><nome>Annamaria</nome><cap>1</cap><figli>due</figli></persona>";
    let all = violations(&modulo(&format!("{bad}<inizio>31/01/2026</inizio>")).replace("12345678901", "x"));
    let told: Vec<(Rule, &str)> = all.iter().map(|v| (v.rule, v.message.as_str())).collect();
    assert_eq!(
        told,
        [
            (Rule::Pattern, "codiceFiscale: \"x\" given, 11 digits needed"),
            (Rule::Length, "cognome: empty, at least 1 needed"),
            (Rule::Length, "nome: 9 characters, at most 5 allowed"),
            (Rule::Length, "cap: 1 character, 5 needed"),
            (Rule::Datatype, "figli: \"due\" given, a whole number needed"),
            (Rule::Datatype, "inizio: \"31/01/2026\" given, a date such as 2026-01-31 needed"),
        ]
    );
    assert_eq!(all[0].path, "/modulo/@codiceFiscale");
}

#[test]
fn what_is_missing_is_told_once_where_it_should_be() {
    let wrong =
        one(&modulo(&format!("{}<inizio>2026-01-31</inizio>", PERSONA.replace("<nome>Ada</nome>", ""))));
    assert_eq!((wrong.rule, wrong.path.as_str()), (Rule::Missing, "/modulo/persona[1]/nome"));
    assert_eq!((wrong.message.as_str(), wrong.expected.as_str()), ("nome is missing", "text"));
    let wrong = one(&modulo(PERSONA));
    assert_eq!(wrong.message, "one of inizio or fine is missing");
    let wrong = one(&modulo("<persona><cognome>R</cognome><nome>A</nome></persona><fine>2026-01-31</fine>"));
    assert_eq!(wrong.path, "/modulo/persona[1]/cap");
    let wrong =
        one(&modulo(&format!("{PERSONA}<fine>2026-01-31</fine>"))
            .replace(" codiceFiscale=\"12345678901\"", ""));
    assert_eq!(wrong.message, "attribute codiceFiscale of modulo is missing");
    assert_eq!(wrong.path, "/modulo/@codiceFiscale");
}

#[test]
fn out_of_order_is_not_missing() {
    let swapped =
        "<persona><nome>Ada</nome><cognome>Rossi</cognome><cap>00100</cap></persona><fine>2026-01-31</fine>";
    let wrong = one(&modulo(swapped));
    assert_eq!((wrong.rule, wrong.path.as_str()), (Rule::Order, "/modulo/persona[1]/cognome[1]"));
}

#[test]
fn a_misspelt_name_is_one_mistake() {
    let wrong = one(&modulo(&format!(
        "{}<fine>2026-01-31</fine>",
        PERSONA.replace("nome>", "Nome>").replace("cogNome", "cognome")
    )));
    assert_eq!(wrong.rule, Rule::Unexpected);
    assert!(wrong.message.contains("nome meant?"), "{wrong}");
    let text = modulo(&format!("{PERSONA}<fine>2026-01-31</fine>")).replace("codiceFiscale", "codicefiscale");
    let wrong = one(&text);
    assert!(wrong.message.contains("codiceFiscale meant?"), "{wrong}");
}

#[test]
fn what_stands_in_an_unknown_element_is_not_judged() {
    let wrong = one(&modulo(&format!("{PERSONA}<extra><cap>1</cap></extra><fine>2026-01-31</fine>")));
    assert_eq!(wrong.message, "extra is not known here; persona, inizio or fine may stand here");
}

#[test]
fn a_wrong_namespace_is_told_once() {
    let wrong = one(&modulo(&format!("{PERSONA}<fine>2026-01-31</fine>")).replace("urn:modulo", "urn:altro"));
    assert_eq!((wrong.rule, wrong.seen.as_str()), (Rule::Namespace, "urn:altro"));
    let wrong =
        one(&modulo(&format!("{PERSONA}<fine>2026-01-31</fine>")).replace(" xmlns=\"urn:modulo\"", ""));
    assert_eq!(wrong.message, "modulo is in no namespace, namespace \"urn:modulo\" needed");
}

#[test]
fn another_form_is_told_once() {
    let wrong = one("<UniLav><x/></UniLav>");
    assert_eq!((wrong.rule, wrong.message.as_str()), (Rule::Root, "the document is UniLav, modulo needed"));
}

#[test]
fn too_many_and_too_different() {
    let wrong = one(&modulo(&format!("{}<fine>2026-01-31</fine>", PERSONA.repeat(4))));
    assert_eq!(
        (wrong.rule, wrong.message.as_str()),
        (Rule::Occurrence, "persona is there more than 3 times")
    );
    assert_eq!(wrong.path, "/modulo/persona[4]");
    let wrong = one(&modulo(&format!("{PERSONA}<inizio>2026-01-31</inizio><fine>2026-01-31</fine>")));
    assert!(wrong.message.starts_with("fine may not stand together with what is there"), "{wrong}");
    let wrong = one(&modulo(&format!("{PERSONA}<inizio>2026-01-31</inizio><inizio>2026-01-31</inizio>")));
    assert_eq!(wrong.message, "inizio is there more often than it may be");
}

#[test]
fn text_and_elements_where_they_may_not_be() {
    let wrong = one(&modulo(&format!("testo {PERSONA} e ancora<fine>2026-01-31</fine>")));
    assert_eq!((wrong.rule, wrong.seen.as_str()), (Rule::Content, "testo"));
    let wrong = one(&modulo(&format!("{}<fine>2026-01-31</fine>", PERSONA.replace("Ada", "<b>Ada</b>"))));
    assert_eq!(wrong.message, "b may not stand in nome, which holds only text");
    let wrong =
        one(&modulo(&format!("{}<fine>2026-01-31</fine>", PERSONA.replace("<nome>", "<nome x='1'>"))));
    assert_eq!(wrong.message, "nome may have no attribute x");
}

#[test]
fn fixed_values_and_nil() {
    let good = modulo(&format!("{PERSONA}<fine>2026-01-31</fine>"));
    let wrong = one(&good.replace(" codice", " versione='V2' codice"));
    assert_eq!((wrong.rule, wrong.message.as_str()), (Rule::Fixed, "versione: \"V2\" given, \"V1\" needed"));
    let nil = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:nil='true'";
    assert_eq!(violations(&good.replace("</modulo>", &format!("<nota {nil}/></modulo>"))), []);
    let wrong = one(&good.replace("</modulo>", &format!("<nota {nil}>x</nota></modulo>")));
    assert_eq!(wrong.rule, Rule::Nil);
    let wrong = one(&good.replace("<nome>", &format!("<nome {nil}>")));
    assert_eq!((wrong.rule, wrong.message.as_str()), (Rule::Nil, "nome may not be nil"));
}

#[test]
fn what_is_not_xml_is_not_judged_at_all() {
    let set = SchemaSet::from_texts(&[("m.xsd", FORM)]).unwrap();
    let document = set.document("m.xsd", "modulo").unwrap();
    let text = "<modulo xmlns='urn:modulo'>\n<x></modulo>";
    match validate(&document, Reader::document(text, &Limits::default())) {
        Err(Refusal::NotXml { position, .. }) => assert_eq!((position.line, position.column), (2, 4)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_fragment_is_told_with_the_lines_of_its_document() {
    let text = format!(
        "<busta>\n<corpo>{}</corpo>\n</busta>",
        modulo(&format!("{}<fine>2026-01-31</fine>", PERSONA.replace("00100", "1")))
    );
    let limits = Limits::default();
    let mut reader = Reader::document(&text, &limits);
    while reader.depth() < 3 {
        reader.next_event().unwrap();
    }
    let (start, bindings) = (reader.offset(), reader.bindings());
    reader.skip_element().unwrap();
    let fragment = Reader::fragment(&text, start..reader.end_offset(), &bindings, &limits);
    let set = SchemaSet::from_texts(&[("m.xsd", FORM)]).unwrap();
    let document = set.document("m.xsd", "modulo").unwrap();
    match validate(&document, fragment) {
        Err(Refusal::Invalid(violations)) => {
            assert_eq!((violations[0].line, violations[0].path.as_str()), (2, "/modulo/persona[1]/cap[1]"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn ten_thousand_mistakes_do_not_cost_ten_thousand_readings() {
    let text = modulo(&PERSONA.replace("00100", "1").repeat(20_000));
    let started = std::time::Instant::now();
    let all = violations(&text);
    assert_eq!((all.len(), all[10_000].rule), (10_001, Rule::Unfinished));
    assert!(started.elapsed().as_secs() < 20);
}

#[test]
fn mixed_content_without_elements_may_hold_text_and_empty_content_not_even_space() {
    let form = |mixed: &str| {
        format!(
            "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:element name='r'><xs:complexType {mixed}/></xs:element></xs:schema>"
        )
    };
    let verdict = |schema: &str, text: &str| {
        let set = SchemaSet::from_texts(&[("r.xsd", schema)]).unwrap();
        let document = set.document("r.xsd", "r").unwrap();
        validate(&document, Reader::document(text, &Limits::default())).is_ok()
    };
    assert!(verdict(&form("mixed='true'"), "<r>testo</r>"));
    assert!(!verdict(&form("mixed='true'"), "<r><x/></r>"));
    assert!(!verdict(&form(""), "<r> </r>"));
    assert!(verdict(&form(""), "<r><!-- nota --><![CDATA[]]></r>"));
}
