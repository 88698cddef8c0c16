//! Both directions over a small form: what comes out, and what is refused with which words.

use super::*;
use crate::schema::{Rule, SchemaSet};
use crate::xml::{Limits, Reader};

const FORM: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:m" targetNamespace="urn:m" elementFormDefault="qualified">
  <xs:element name="Modulo">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="Cognome" type="xs:string"/>
        <xs:element name="e-mail" type="Corta" minOccurs="0" maxOccurs="unbounded"/>
        <xs:element name="Sede" type="Sede" minOccurs="0" maxOccurs="2"/>
        <xs:choice>
          <xs:element name="inizio" type="xs:date"/>
          <xs:element name="fine" type="xs:date"/>
        </xs:choice>
        <xs:element name="importo" minOccurs="0">
          <xs:complexType><xs:simpleContent><xs:extension base="xs:decimal"><xs:attribute name="valuta" type="xs:string" use="required"/></xs:extension></xs:simpleContent></xs:complexType>
        </xs:element>
        <xs:element name="nota" type="xs:string" nillable="true" minOccurs="0"/>
        <xs:element name="motivo" minOccurs="0"/>
      </xs:sequence>
      <xs:attribute name="versione" type="xs:string" use="required"/>
      <xs:attribute name="Protocollo" type="Corta"/>
    </xs:complexType>
  </xs:element>
  <xs:complexType name="Sede"><xs:sequence><xs:element name="cap" type="Corta"/></xs:sequence></xs:complexType>
  <xs:simpleType name="Corta"><xs:restriction base="xs:string"><xs:maxLength value="5"/></xs:restriction></xs:simpleType>
</xs:schema>"#;

fn document() -> std::sync::Arc<Document> {
    SchemaSet::from_texts(&[("m.xsd", FORM)]).unwrap().document("m.xsd", "Modulo").unwrap()
}

fn json_of(xml: &str) -> String {
    let mut out = b"before ".to_vec();
    to_json(&document(), Reader::document(xml, &Limits::default()), &mut out)
        .unwrap_or_else(|e| panic!("{e:?}"));
    String::from_utf8(out).unwrap().strip_prefix("before ").unwrap().to_owned()
}

fn xml_of(json: &str) -> String {
    let mut out = "before ".to_owned();
    to_xml(&document(), json.as_bytes(), &mut out).unwrap_or_else(|e| panic!("{e:?}"));
    out.strip_prefix("before ").unwrap().to_owned()
}

fn refused(json: &str) -> Vec<Violation> {
    let mut out = "before ".to_owned();
    match to_xml(&document(), json.as_bytes(), &mut out) {
        Err(Refusal::Invalid(violations)) => {
            assert_eq!(out, "before ");
            violations
        }
        other => panic!("{other:?}: {out}"),
    }
}

/// Asserts exactly one violation with that pointer and rule; gives its message.
fn one(json: &str, pointer: &str, rule: Rule) -> String {
    let all = refused(json);
    assert_eq!(all.len(), 1, "{all:#?}");
    assert_eq!((all[0].path.as_str(), all[0].rule), (pointer, rule), "{}", all[0]);
    all[0].message.clone()
}

#[test]
fn values_are_strings_absent_ones_null_and_repeated_ones_arrays() {
    let xml = "<Modulo xmlns='urn:m' versione='&quot;1&quot;'><Cognome> D'à\n\\</Cognome><e-mail>a</e-mail><e-mail/><Sede><cap>1</cap></Sede><fine>2026-01-31</fine></Modulo>";
    assert_eq!(
        json_of(xml),
        r#"{"versione":"\"1\"","cognome":" D'à\n\\","email":["a",""],"sede":[{"cap":"1"}],"fine":"2026-01-31","protocollo":null,"inizio":null,"importo":null,"nota":null,"motivo":null}"#
    );
}

#[test]
fn the_way_back_is_in_schema_order_whatever_the_order_of_members() {
    let json = r#"{"fine":"2026-01-31","sede":[{"cap":"1"},{"cap":"2"}],"protocollo":null,"email":[],"cognome":"<R&>","versione":"1\t\"","inizio":null}"#;
    assert_eq!(
        xml_of(json),
        "<Modulo xmlns=\"urn:m\" versione=\"1&#9;&quot;\"><Cognome>&lt;R&amp;&gt;</Cognome><Sede><cap>1</cap></Sede><Sede><cap>2</cap></Sede><fine>2026-01-31</fine></Modulo>"
    );
}

#[test]
fn text_with_attributes_nil_and_untyped_elements_come_and_go() {
    let around = |inside: &str| {
        format!(
            "<Modulo xmlns=\"urn:m\" versione=\"1\"><Cognome>R</Cognome><inizio>2026-01-31</inizio>{inside}</Modulo>"
        )
    };
    for (xml, json) in [
        ("<importo valuta=\"EUR\">1.50</importo>", r#""importo":{"valuta":"EUR","value":"1.50"}"#),
        (
            "<nota xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:nil=\"true\"/>",
            r#""nota":{"nil":"true"}"#,
        ),
        ("<nota></nota>", r#""nota":"""#),
        ("<motivo>a &amp; b</motivo>", r#""motivo":"a & b""#),
        ("<motivo>&lt;x/&gt;</motivo>", r#""motivo":"<x/>""#),
        (
            "<motivo xmlns=\"urn:m\" a=\"1\">x</motivo>",
            r#""motivo":{"xml":"<motivo xmlns=\"urn:m\" a=\"1\">x</motivo>"}"#,
        ),
        (
            "<motivo xmlns=\"urn:m\"><p:b xmlns:p=\"urn:p\"/> &amp; </motivo>",
            r#""motivo":{"xml":"<motivo xmlns=\"urn:m\"><p:b xmlns:p=\"urn:p\"/> &amp; </motivo>"}"#,
        ),
    ] {
        let whole = around(xml);
        let translated = json_of(&whole);
        assert!(translated.contains(json), "{translated}");
        assert_eq!(xml_of(&translated), whole);
    }
}

#[test]
fn an_untyped_element_takes_its_namespaces_along() {
    let xml = "<m:Modulo xmlns:m='urn:m' xmlns:q='urn:q' versione='1'><m:Cognome>R</m:Cognome><m:fine>2026-01-31</m:fine><m:motivo><q:x/><y/></m:motivo></m:Modulo>";
    let back = xml_of(&json_of(xml));
    let digest =
        |text: &str| crate::xml::digest::canonical(&mut Reader::document(text, &Limits::default())).unwrap();
    assert_eq!(digest(&back), digest(xml), "{back}");
}

const GOOD: &str = r#""versione":"1","cognome":"R","fine":"2026-01-31""#;

#[test]
fn unknown_members_wrong_kinds_and_doubles_are_refused_with_their_pointer() {
    one(&format!("{{{GOOD},\"x/y\":1}}"), "/x~1y", Rule::Unexpected);
    let words = one(&format!("{{{GOOD},\"Email\":[]}}"), "/Email", Rule::Unexpected);
    assert!(words.contains("email meant?"), "{words}");
    one(&format!("{{{GOOD},\"versione\":\"2\"}}"), "/versione", Rule::Duplicate);
    one(&format!("{{{GOOD},\"nota\":null,\"nota\":\"x\"}}"), "/nota", Rule::Duplicate);
    let words = one(&object(&GOOD.replace("\"R\"", "7")), "/cognome", Rule::Kind);
    assert_eq!(words, "/Modulo/Cognome: a number without quotes given, a string needed");
    one(&format!("{{{GOOD},\"email\":\"a\"}}"), "/email", Rule::Kind);
    one(&format!("{{{GOOD},\"email\":[null]}}"), "/email/0", Rule::Kind);
    one(&format!("{{{GOOD},\"sede\":[\"x\"]}}"), "/sede/0", Rule::Kind);
    one(&format!("{{{GOOD},\"protocollo\":{{}}}}"), "/protocollo", Rule::Kind);
    one("[]", "", Rule::Kind);
    one(&format!("{{{GOOD},\"importo\":\"1\"}}"), "/importo", Rule::Kind);
}

fn object(members: &str) -> String {
    format!("{{{members}}}")
}

#[test]
fn values_are_judged_as_they_are_in_xml() {
    let words = one(
        &format!("{{{GOOD},\"sede\":[{{\"cap\":\"1\"}},{{\"cap\":\"123456\"}}]}}"),
        "/sede/1/cap",
        Rule::Length,
    );
    assert_eq!(words, "/Modulo/Sede[2]/cap: 6 characters, at most 5 allowed");
    one(&format!("{{{GOOD},\"protocollo\":\"123456\"}}"), "/protocollo", Rule::Length);
    one(&object(&GOOD.replace("2026-01-31", "31/01/2026")), "/fine", Rule::Datatype);
    one(&object(&GOOD.replace('R', "\\u0001")), "/cognome", Rule::Character);
    one(
        &format!("{{{GOOD},\"importo\":{{\"value\":\"uno\",\"valuta\":\"\"}}}}"),
        "/importo/value",
        Rule::Datatype,
    );
}

#[test]
fn what_is_missing_or_too_much_is_refused_with_its_pointer() {
    let words = one(r#"{"cognome":"R","fine":"2026-01-31"}"#, "/versione", Rule::Missing);
    assert_eq!(words, "/Modulo/@versione: missing");
    one(r#"{"versione":null,"cognome":"R","fine":"2026-01-31"}"#, "/versione", Rule::Missing);
    one(r#"{"versione":"1","fine":"2026-01-31"}"#, "/cognome", Rule::Missing);
    let words = one(r#"{"versione":"1","cognome":"R"}"#, "/inizio", Rule::Missing);
    assert!(words.contains("one of inizio or fine needed"), "{words}");
    let words = one(&format!("{{{GOOD},\"inizio\":\"2026-01-31\"}}"), "/fine", Rule::Unexpected);
    assert!(words.contains("may not stand together with inizio"), "{words}");
    let three = format!("{{{GOOD},\"sede\":[{{\"cap\":\"1\"}},{{\"cap\":\"1\"}},{{\"cap\":\"1\"}}]}}");
    one(&three, "/sede/2", Rule::Occurrence);
    one(&format!("{{{GOOD},\"importo\":{{\"valuta\":\"EUR\"}}}}"), "/importo/value", Rule::Missing);
    assert_eq!(refused("{}").len(), 3);
}

#[test]
fn an_element_carried_verbatim_must_be_that_element() {
    let carried = |xml: &str| format!("{{{GOOD},\"motivo\":{{\"xml\":{}}}}}", serde_json::Value::from(xml));
    for (xml, rule) in [
        ("<motivo xmlns='urn:m'>", Rule::Content),
        ("<altro xmlns='urn:m'><x/></altro>", Rule::Root),
        ("<motivo><x/></motivo>", Rule::Namespace),
        ("<motivo xmlns='urn:m'>solo testo</motivo>", Rule::Kind),
        ("<?xml version='1.0'?><motivo xmlns='urn:m'><x/></motivo>", Rule::Kind),
        ("<motivo xmlns='urn:m'><x/></motivo>\n", Rule::Kind),
        ("<!DOCTYPE motivo><motivo xmlns='urn:m'><x/></motivo>", Rule::Content),
    ] {
        one(&carried(xml), "/motivo/xml", rule);
    }
    assert!(
        xml_of(&carried("<motivo xmlns='urn:m'><x/></motivo>"))
            .contains("<motivo xmlns='urn:m'><x/></motivo>")
    );
}

#[test]
fn lines_and_columns_are_those_of_the_json() {
    let all = refused("{\"versione\":\"1\",\n \"cognome\":\"R\",\n  \"fine\":\"oggi\"}");
    assert_eq!((all[0].line, all[0].column), (3, 10));
    match to_xml(&document(), b"{\n x", &mut String::new()) {
        Err(Refusal::NotJson { position, .. }) => assert_eq!((position.line, position.column), (2, 2)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_refused_document_leaves_the_buffer_as_it_was() {
    let mut out = b"before".to_vec();
    let xml = "<Modulo xmlns='urn:m' versione='1'><Cognome>R</Cognome></Modulo>";
    assert!(to_json(&document(), Reader::document(xml, &Limits::default()), &mut out).is_err());
    assert_eq!(out, b"before");
}

#[test]
fn a_schema_that_json_cannot_carry_is_not_translated() {
    let schema = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:element name='r'><xs:complexType>
        <xs:sequence><xs:any minOccurs='0' processContents='skip'/></xs:sequence></xs:complexType></xs:element></xs:schema>";
    let set = SchemaSet::from_texts(&[("w.xsd", schema)]).unwrap();
    let document = set.document("w.xsd", "r").unwrap();
    let read = || Reader::document("<r/>", &Limits::default());
    schema::validate(&document, read()).unwrap();
    assert!(matches!(to_json(&document, read(), &mut Vec::new()), Err(Refusal::Untranslatable(_))));
    assert!(matches!(to_xml(&document, b"{}", &mut String::new()), Err(Refusal::Untranslatable(_))));
}
