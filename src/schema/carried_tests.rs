//! Elements that go to JSON as they stand: they come back, they mean the same by themselves, and they are judged.

use proptest::prelude::*;

use super::*;
use crate::json_native::{Refusal, to_json, to_xml};
use crate::xml::{Limits, Reader, digest};

/// A form whose persons have a note of mixed content, rows that alternate, anything at all, and a qualified name.
const FORM: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:m" targetNamespace="urn:m" elementFormDefault="qualified">
  <xs:element name="Modulo"><xs:complexType><xs:sequence>
    <xs:element name="Persona" type="Persona" maxOccurs="unbounded"/>
    <xs:element name="riferimento" type="xs:IDREF" minOccurs="0"/>
  </xs:sequence><xs:attribute name="versione" type="xs:string"/></xs:complexType></xs:element>
  <xs:complexType name="Persona"><xs:sequence>
    <xs:element name="cognome" type="xs:string"/>
    <xs:element name="nota" type="Nota" minOccurs="0" maxOccurs="2"/>
    <xs:element name="righe" minOccurs="0"><xs:complexType><xs:choice maxOccurs="unbounded">
      <xs:element name="a" type="xs:int"/><xs:element name="b" type="xs:ID"/></xs:choice></xs:complexType></xs:element>
    <xs:element name="altro" minOccurs="0"><xs:complexType><xs:sequence><xs:any processContents="lax" minOccurs="0" maxOccurs="2"/></xs:sequence>
      <xs:anyAttribute processContents="skip"/></xs:complexType></xs:element>
    <xs:element name="nome" type="xs:QName" minOccurs="0"/>
  </xs:sequence></xs:complexType>
  <xs:complexType name="Nota" mixed="true"><xs:sequence><xs:element name="b" type="xs:string" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType>
  <xs:complexType name="NotaLunga" mixed="true"><xs:complexContent><xs:extension base="Nota"><xs:attribute name="pagine" type="xs:int"/></xs:extension></xs:complexContent></xs:complexType>
</xs:schema>"#;

fn names(names: &[&str]) -> Verbatim {
    Verbatim::Elements(names.iter().map(|name| (*name).to_owned()).collect())
}

/// The form, and the same with children in no namespace.
fn forms() -> [(Document, &'static str); 2] {
    let document = |text: &str| {
        let set = SchemaSet::from_texts(&[("m.xsd", text)]).unwrap();
        let document = set.document("m.xsd", "Modulo").unwrap();
        document.carrying(&document.remedy()).unwrap()
    };
    [(document(FORM), "p:"), (document(&FORM.replace("elementFormDefault=\"qualified\"", "")), "")]
}

fn form() -> Document {
    let [(document, _), _] = forms();
    document
}

fn json_of(document: &Document, xml: &str) -> String {
    let mut out = Vec::new();
    to_json(document, Reader::document(xml, &Limits::default()), &mut out)
        .unwrap_or_else(|e| panic!("{e:?}\n{xml}"));
    String::from_utf8(out).unwrap()
}

fn xml_of(document: &Document, json: &str) -> String {
    let mut out = String::new();
    to_xml(document, json.as_bytes(), &mut out).unwrap_or_else(|e| panic!("{e:?}\n{json}"));
    out
}

fn canonical(xml: &str) -> impl PartialEq + std::fmt::Debug {
    digest::canonical(&mut Reader::document(xml, &Limits::default())).unwrap()
}

#[test]
fn what_stands_in_the_way_is_what_helps() {
    let set = SchemaSet::from_texts(&[("m.xsd", FORM)]).unwrap();
    let document = set.document("m.xsd", "Modulo").unwrap();
    assert_eq!(document.obstacles().len(), 5, "{:?}", document.obstacles());
    assert_eq!(document.remedy(), names(&["altro", "nome", "nota", "righe"]));
    assert_eq!(
        document
            .carrying(&names(&["nota", "Persona/righe", "Modulo/Persona/altro", "nome"]))
            .unwrap()
            .obstacles(),
        []
    );
    assert_eq!(document.carrying(&names(&["Persona"])).unwrap().obstacles(), []);
    assert_eq!(document.carrying(&Verbatim::Whole).unwrap().obstacles(), []);
    assert_eq!(document.carrying(&names(&["righe"])).unwrap().remedy(), names(&["altro", "nome", "nota"]));
    for absent in ["rige", "Modulo/nota", "", "Persona/"] {
        let error = document.carrying(&names(&[absent])).unwrap_err();
        assert_eq!(error.to_string(), format!("no element below <Modulo> is {absent}"));
    }
    let root = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:element name='r'><xs:complexType mixed='true'/></xs:element></xs:schema>";
    let set = SchemaSet::from_texts(&[("r.xsd", root)]).unwrap();
    assert_eq!(set.document("r.xsd", "r").unwrap().remedy(), Verbatim::Whole);
}

#[test]
fn an_element_is_carried_with_the_prefixes_it_uses_and_no_others() {
    let xml = "<m:Modulo xmlns:m='urn:m' xmlns:q='urn:q' xmlns:non='urn:non'><m:Persona><m:cognome>R</m:cognome>\
        <m:nota>vedi <m:b/> e</m:nota><m:nota/><m:altro q:x='1'><y/></m:altro><m:nome>q:z</m:nome></m:Persona></m:Modulo>";
    let json = json_of(&form(), xml);
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let persona = &value["persona"][0];
    assert_eq!(
        persona["nota"],
        serde_json::json!([
            "<m:nota xmlns:m=\"urn:m\" xmlns=\"\">vedi <m:b/> e</m:nota>",
            "<m:nota xmlns:m=\"urn:m\" xmlns=\"\"/>"
        ])
    );
    assert_eq!(
        persona["altro"],
        "<m:altro xmlns:m=\"urn:m\" xmlns:q=\"urn:q\" xmlns=\"\" q:x='1'><y/></m:altro>"
    );
    assert_eq!(persona["nome"], "<m:nome xmlns:m=\"urn:m\" xmlns:q=\"urn:q\" xmlns=\"\">q:z</m:nome>");
    assert_eq!((&persona["righe"], &persona["cognome"]), (&serde_json::Value::Null, &"R".into()));
    assert_eq!(canonical(&xml_of(&form(), &json)), canonical(xml));
}

#[test]
fn a_whole_document_is_one_string() {
    let set = SchemaSet::from_texts(&[("m.xsd", FORM)]).unwrap();
    let document = set.document("m.xsd", "Modulo").unwrap().carrying(&Verbatim::Whole).unwrap();
    let root =
        "<Modulo xmlns=\"urn:m\"><Persona><cognome>\"R\"</cognome><nota>x<b/></nota></Persona></Modulo>";
    let json = json_of(&document, &format!("<?xml version='1.0'?><!-- -->\n{root}\n"));
    assert_eq!(json, serde_json::Value::from(root).to_string());
    assert_eq!(xml_of(&document, &json), root);
}

#[test]
fn an_element_of_text_is_carried_as_its_element_and_not_as_its_text() {
    let set = SchemaSet::from_texts(&[("m.xsd", FORM)]).unwrap();
    let chosen = names(&["cognome", "nota", "righe", "altro", "nome"]);
    let document = set.document("m.xsd", "Modulo").unwrap().carrying(&chosen).unwrap();
    let cognome = "<cognome xmlns=\"urn:m\">R &amp; S</cognome>";
    let xml = format!("<Modulo xmlns=\"urn:m\"><Persona>{cognome}</Persona></Modulo>");
    let json = json_of(&document, &xml);
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["persona"][0]["cognome"], cognome);
    assert_eq!(xml_of(&document, &json), xml);
    let text = r#"{"persona":[{"cognome":"R & S"}]}"#;
    assert!(matches!(to_xml(&document, text.as_bytes(), &mut String::new()), Err(Refusal::Invalid(_))));
}

#[test]
fn what_is_carried_is_judged_on_both_ways() {
    let document = form();
    let refused = |carried: &serde_json::Value| {
        let json = serde_json::json!({ "persona": [{ "cognome": "R", "righe": carried }] }).to_string();
        match to_xml(&document, json.as_bytes(), &mut String::new()) {
            Err(Refusal::Invalid(all)) => {
                (all.len(), all[0].rule, all[0].path.clone(), all[0].message.clone())
            }
            other => panic!("{other:?}"),
        }
    };
    let pointer = "/persona/0/righe";
    for (carried, rule, said) in [
        ("<righe xmlns='urn:m'><a>x</a></righe>", Rule::Datatype, "/righe/a[1] at 1: a: \"x\" given"),
        ("<righe xmlns='urn:m'/>", Rule::Missing, "one of a or b is missing"),
        ("<righe><a>1</a></righe>", Rule::Namespace, "righe is in no namespace"),
        ("<nota xmlns='urn:m'/>", Rule::Root, "the document is nota, righe needed"),
        ("<p:righe><a>1</a></p:righe>", Rule::Content, "not XML at 1:1"),
        ("<righe xmlns='urn:m'><a>1</a></righe> ", Rule::Kind, "nothing around it"),
        ("<?xml version='1.0'?><righe xmlns='urn:m'><a>1</a></righe>", Rule::Kind, "nothing around it"),
        ("<righe xmlns='urn:m'><a>1</a></righe><righe/>", Rule::Content, "not XML"),
        ("", Rule::Content, "not XML"),
    ] {
        let (count, found, path, message) = refused(&carried.into());
        assert_eq!((count, found, path.as_str()), (1, rule, pointer), "{carried}: {message}");
        assert!(message.contains(said), "{message}");
    }
    assert_eq!(refused(&serde_json::json!({ "a": "1" })).1, Rule::Kind);
    let wrong = "<Modulo xmlns='urn:m'><Persona><cognome>R</cognome><righe><a>x</a><b>1</b><c/></righe></Persona></Modulo>";
    match to_json(&document, Reader::document(wrong, &Limits::default()), &mut Vec::new()) {
        Err(Refusal::Invalid(all)) => assert_eq!(all.len(), 3, "{all:#?}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn identifiers_inside_and_outside_of_what_is_carried_are_of_one_document() {
    let document = form();
    let persona = |id: &str| {
        let righe = format!("<righe xmlns='urn:m'><b>{id}</b></righe>");
        serde_json::json!({ "cognome": "R", "righe": righe })
    };
    let judged = |ids: &[&str], reference: &str| {
        let persone: Vec<_> = ids.iter().map(|id| persona(id)).collect();
        let json = serde_json::json!({ "persona": persone, "riferimento": reference }).to_string();
        match to_xml(&document, json.as_bytes(), &mut String::new()) {
            Ok(()) => Vec::new(),
            Err(Refusal::Invalid(all)) => all.iter().map(|v| v.rule).collect::<Vec<_>>(),
            Err(other) => panic!("{other:?}"),
        }
    };
    assert_eq!(judged(&["x", "y"], "y"), []);
    assert_eq!(judged(&["x", "y"], "z"), [Rule::Identity]);
    assert_eq!(judged(&["x", "x"], "x"), [Rule::Identity]);
}

#[test]
fn elements_that_use_few_of_many_prefixes_do_not_grow_by_them() {
    let declared: String = (0..100).map(|n| format!(" xmlns:p{n}='urn:n{n}'")).collect();
    let persona = "<Persona><cognome>R</cognome><nota>x</nota><nota><b/></nota></Persona>".repeat(200);
    let xml = format!("<Modulo xmlns='urn:m'{declared}>{persona}</Modulo>");
    assert!(json_of(&form(), &xml).len() < 2 * xml.len());
}

/// What may stand in a person after the surname; `@` is the prefix of the form's children, `p:` that of its namespace,
/// and `q:` and `r:` are others.
const CONTENT: &[&str] = &[
    "<@nota>solo testo</@nota>",
    "<@nota> a <@b>1</@b>\n b<!-- no --><@b/><![CDATA[<c>&]]>&amp;&#13; </@nota><@nota/>",
    "<@nota xsi:type=' p:NotaLunga ' pagine='3'>x</@nota>",
    "<@nota><@b xsi:type='xs:token'>x</@b></@nota>",
    "<@righe><@a>1</@a><@b>i~</@b><@a> 2 </@a></@righe>",
    "<@righe><@b>i~</@b></@righe><@altro/>",
    "<@altro r:a='q:v' b='&#10;&lt;'><q:x><y xmlns='urn:y'><z/></y></q:x><w><r:v/></w></@altro>",
    "<@altro><y xmlns:q='urn:altro'><q:z q:z='1'/></y></@altro>",
    "<@altro><p:Modulo><@Persona><@cognome/></@Persona></p:Modulo></@altro>",
    "<@nome>q:nome</@nome>",
    "<@nome xmlns:q='urn:qui'>q:nome</@nome>",
    "<@altro q:x='1'/><@nome> r:x </@nome>",
];

/// A document of the form out of pieces, its namespace bound to `p` and, if wanted, to no prefix.
fn modulo(pieces: &[Vec<usize>], prefix: &str, bare: bool, inside: bool) -> String {
    let prefix = if bare && prefix == "p:" { "" } else { prefix };
    let other = "xmlns:q='urn:q' xmlns:r='urn:r&amp;' xmlns:xs='http://www.w3.org/2001/XMLSchema' \
        xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'";
    let (above, below) = if inside { ("", other) } else { (other, "") };
    let default = if bare && prefix.is_empty() { "xmlns='urn:m'" } else { "" };
    let mut out = format!("<p:Modulo xmlns:p='urn:m' {default} {above}>");
    for (number, persona) in pieces.iter().enumerate() {
        let content: String = persona.iter().map(|piece| CONTENT[*piece]).collect();
        let content = content.replace('@', prefix).replace('~', &number.to_string());
        out.push_str(&format!(
            "<{prefix}Persona {below}><{prefix}cognome>R</{prefix}cognome>{content}</{prefix}Persona>"
        ));
    }
    out + "</p:Modulo>"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn what_is_carried_comes_back_as_it_was(
        pieces in proptest::collection::vec(proptest::collection::btree_set(0..CONTENT.len(), 0..3), 1..4),
        qualified: bool, bare: bool, inside: bool,
    ) {
        let pieces: Vec<Vec<usize>> = pieces.into_iter().map(|p| p.into_iter().collect()).collect();
        let (document, prefix) = &forms()[usize::from(!qualified)];
        let xml = modulo(&pieces, prefix, bare && qualified, inside);
        let reader = || Reader::document(&xml, &Limits::default());
        if validate(document, reader()).is_err() {
            return Ok(());
        }
        let json = json_of(document, &xml);
        let back = xml_of(document, &json);
        prop_assert_eq!(canonical(&xml), canonical(&back), "{}\n{}\n{}", xml, json, back);
        prop_assert_eq!(meanings(&xml), meanings(&back), "{}\n{}\n{}", xml, json, back);
        prop_assert_eq!(json_of(document, &back), json);
    }
}

/// The namespace of the prefix `q`, `r` or `p` in each value that has one.
fn meanings(xml: &str) -> Vec<Option<String>> {
    let tree = roxmltree::Document::parse(xml).unwrap();
    let mut found = Vec::new();
    for node in tree.descendants().filter(roxmltree::Node::is_element) {
        let values = node.attributes().map(|a| a.value()).chain(node.text());
        for value in values.map(str::trim) {
            if let Some((prefix @ ("q" | "r" | "p"), _)) = value.split_once(':') {
                found.push(node.lookup_namespace_uri(Some(prefix)).map(str::to_owned));
            }
        }
    }
    found
}

#[test]
fn enough_of_the_documents_made_up_are_valid() {
    for (document, prefix) in forms() {
        for piece in 0..CONTENT.len() {
            let xml = modulo(&[vec![piece]], prefix, false, piece % 2 == 0);
            let verdict = validate(&document, Reader::document(&xml, &Limits::default()));
            assert_eq!(verdict, Ok(()), "{xml}");
        }
    }
}
