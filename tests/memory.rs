//! How much memory a translation takes: in proportion to what goes in and comes out, and never more for a document that is
//! not what it should be.
//!
//! The allocator of this program counts what is live. Everything is one test, so that nothing else allocates meanwhile.

// A test that cannot go on must stop, loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
// A global allocator can only be given by an unsafe trait; this program is no part of the gateway.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use egov_bridge::json_native::{self, to_json, to_xml};
use egov_bridge::schema::{self, Document, Rule, SchemaSet, Verbatim};
use egov_bridge::xml::{Limits, Reader};

struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static CALLS: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }

    // While it is moved, a block is there twice.
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        grown(size);
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

fn grown(size: usize) {
    CALLS.fetch_add(1, Ordering::Relaxed);
    let live = LIVE.fetch_add(size, Ordering::Relaxed) + size;
    PEAK.fetch_max(live, Ordering::Relaxed);
}

/// What `work` gives, the most bytes that were live while it ran beyond those before, and the calls of the allocator.
fn measured<T>(work: impl FnOnce() -> T) -> (T, usize, usize) {
    let (before, calls) = (LIVE.load(Ordering::Relaxed), CALLS.load(Ordering::Relaxed));
    PEAK.store(before, Ordering::Relaxed);
    let result = work();
    (result, PEAK.load(Ordering::Relaxed) - before, CALLS.load(Ordering::Relaxed) - calls)
}

/// What a translation may take whatever the document.
const CONSTANT: usize = 64 << 10;
/// Each violation that is told, with all its texts; at most ten thousand are.
const VIOLATION: usize = 4 << 10;

const FORM: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:m" targetNamespace="urn:m" elementFormDefault="qualified">
  <xs:element name="Modulo"><xs:complexType><xs:sequence>
    <xs:element name="Persona" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:sequence>
      <xs:element name="cognome" type="xs:string"/>
      <xs:element name="nascita" type="xs:date" minOccurs="0"/>
      <xs:element name="sesso" minOccurs="0"><xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value="F"/><xs:enumeration value="M"/></xs:restriction></xs:simpleType></xs:element>
      <xs:element name="nota" minOccurs="0"><xs:complexType mixed="true"><xs:sequence><xs:any minOccurs="0" maxOccurs="unbounded" processContents="lax"/></xs:sequence></xs:complexType></xs:element>
    </xs:sequence><xs:attribute name="codice" type="xs:string"/></xs:complexType></xs:element>
    <xs:element name="testo" type="xs:string" minOccurs="0"/>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>"#;

const SIZES: [usize; 5] = [1 << 10, 16 << 10, 256 << 10, 1 << 20, 4 << 20];

fn form() -> Document {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("m.xsd"), FORM).unwrap();
    let set = SchemaSet::load(folder.path()).unwrap();
    let document = set.document("m.xsd", "Modulo").unwrap();
    document.carrying(&Verbatim::Elements(vec!["nota".into()])).unwrap()
}

fn modulo(inside: &str) -> String {
    format!("<Modulo xmlns=\"urn:m\">{inside}</Modulo>")
}

/// The form with as many of `one` as make up the size.
fn filled(one: &str, size: usize) -> String {
    modulo(&one.repeat(size / one.len()))
}

/// Valid documents of about a size: many small values, one large one, values with references, elements carried as XML.
fn valid(size: usize) -> Vec<String> {
    let text = "testo con &amp; e à ".repeat(size / 20);
    vec![
        filled("<Persona codice='1'><cognome>Rossi</cognome><nascita>1990-01-31</nascita></Persona>", size),
        filled("<Persona><cognome/></Persona>", size),
        filled("<Persona codice='&lt;&#10;'><cognome>\"&amp;\"\\</cognome></Persona>", size),
        filled("<Persona><cognome>R</cognome><nota>vedi <b>x</b></nota></Persona>", size),
        modulo(&format!("<testo>{text}</testo>")),
        modulo(&format!("<Persona><cognome>R</cognome><nota>{text}<b/>{text}</nota></Persona>")),
    ]
}

/// Documents that are wrong in many places, or all over.
fn hostile(size: usize) -> Vec<String> {
    let names: String = (0..size / 12).map(|n| format!("<n{n}/>")).collect();
    let deep =
        "<x>".repeat(50) + &"<Modulo xmlns=\"urn:m\"><no/></Modulo>".repeat(size / 40) + &"</x>".repeat(50);
    let long = "<".to_owned() + &"n".repeat(250) + ">";
    let deep_long = long.repeat(50)
        + &"<Modulo xmlns=\"urn:m\"><no/></Modulo>".repeat(size / 40)
        + &long.replace('<', "</").repeat(50);
    vec![
        filled("<Persona><cognome>R</cognome><sesso>N</sesso></Persona>", size),
        filled("<Persona/>", size),
        filled("<ignoto a='1'/>", size),
        filled("<Persona a='1' b='2' c='3' d='4'>x<nascita/><nascita>oggi</nascita></Persona>", size),
        filled("<testo/>", size),
        modulo(&names),
        modulo(&format!("<Persona><cognome/><nota>{deep}</nota></Persona>")),
        modulo(&format!("<Persona><cognome/><nota>{deep_long}</nota></Persona>")),
        modulo(&format!("<Persona><cognome>{}", "x".repeat(size))),
    ]
}

#[test]
fn memory_is_in_proportion_to_what_goes_in_and_comes_out() {
    let (form, limits) = (form(), Limits::default());
    for size in SIZES {
        for xml in valid(size) {
            let shown = xml.get(..120).unwrap_or(&xml);
            let read = || Reader::document(&xml, &limits);
            let longest = xml.split('<').map(str::len).max().unwrap_or_default();

            let (verdict, peak, _) = measured(|| schema::validate(&form, read()));
            assert_eq!(verdict, Ok(()));
            assert!(peak <= CONSTANT + 4 * longest, "validate: {peak} for {} of {shown}", xml.len());

            let mut json = Vec::new();
            let (told, peak, _) = measured(|| to_json(&form, read(), &mut json));
            assert_eq!(told, Ok(()));
            let bound = CONSTANT + 3 * json.len() + 4 * longest;
            assert!(peak <= bound, "to_json: {peak} for {} and {} of {shown}", xml.len(), json.len());

            let mut back = String::new();
            let (told, peak, _) = measured(|| to_xml(&form, &json, &mut back));
            assert_eq!(told, Ok(()));
            let bound = CONSTANT + 4 * (json.len() + back.len());
            assert!(peak <= bound, "to_xml: {peak} for {} and {} of {shown}", json.len(), back.len());
        }
        for xml in hostile(size) {
            let shown = xml.get(..120).unwrap_or(&xml);
            let mut json = Vec::new();
            let (told, peak, calls) = measured(|| to_json(&form, Reader::document(&xml, &limits), &mut json));
            let violations = match told {
                Err(json_native::Refusal::Invalid(violations)) => violations,
                Err(json_native::Refusal::NotXml { .. }) => Vec::new(),
                other => panic!("{other:?}: {shown}"),
            };
            let bound = CONSTANT + VIOLATION * violations.len() + 16 * xml.len();
            assert!(peak <= bound, "{peak} for {} violations in {} of {shown}", violations.len(), xml.len());
            assert!(calls <= 1_000 + 40 * violations.len() + xml.len(), "{calls} allocations: {shown}");
            is_told_to_be_unfinished(&violations);
        }
        // The least JSON a value may be.
        for json in ["[0,", "{\"\":", "{\"a\":0,"].map(|one| {
            let object = one.starts_with('{') && one.ends_with(',');
            let (head, body, tail) = if object { ("{", "\"a\":0,", "\"b\":0}") } else { ("[", "0,", "0]") };
            if one.ends_with(':') {
                one.repeat(40) + &"0,".repeat(size)
            } else {
                head.to_owned() + &body.repeat(size / body.len()) + tail
            }
        }) {
            let mut xml = String::new();
            let (told, peak, _) = measured(|| to_xml(&form, json.as_bytes(), &mut xml));
            let violations = match told {
                Err(json_native::Refusal::Invalid(violations)) => violations,
                Err(json_native::Refusal::NotJson { .. }) => Vec::new(),
                other => panic!("{other:?}"),
            };
            let bound = CONSTANT + VIOLATION * violations.len() + 24 * json.len();
            assert!(peak <= bound, "{peak} for {} violations in {} of JSON", violations.len(), json.len());
            is_told_to_be_unfinished(&violations);
        }
    }
}

/// At most ten thousand violations, and where there are so many a last one that says so.
fn is_told_to_be_unfinished(violations: &[schema::Violation]) {
    assert!(violations.len() <= 10_001, "{}", violations.len());
    let said = violations.last().is_some_and(|last| last.rule == Rule::Unfinished);
    assert_eq!(said, violations.len() == 10_001, "{:?}", violations.last());
}
