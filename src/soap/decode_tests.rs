use super::*;
use crate::soap::{Answer, Inner};

const SOAP: &str = "xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'";

fn read(text: &str) -> Result<Envelope<'_>, SoapError> {
    decode(text, &Limits::default())
}

fn envelope(inside: &str) -> String {
    format!("<?xml version='1.0'?>\n<s:Envelope {SOAP}>{inside}</s:Envelope>")
}

/// An envelope whose Body holds one wrapper around `members`.
fn envelope_of(members: &str) -> String {
    envelope(&format!("<s:Body><w>{members}</w></s:Body>"))
}

#[test]
fn blocks_and_children_are_spans_with_their_prefixes() {
    let text = envelope(
        "<s:Header xmlns:h='urn:h'><h:a s:actor='urn:me' s:mustUnderstand='1'><h:x/></h:a> <b s:mustUnderstand='0'/></s:Header>\n<!-- c --><s:Body xmlns='urn:d'><p><q/></p></s:Body>",
    );
    let envelope = read(&text).unwrap();
    assert_eq!(envelope.header.len(), 2);
    let [a, b] = envelope.header.as_slice() else { panic!() };
    assert!(a.is("urn:h", "a"));
    assert_eq!(a.raw(), "<h:a s:actor='urn:me' s:mustUnderstand='1'><h:x/></h:a>");
    assert_eq!((a.actor.as_deref(), a.must_understand), (Some("urn:me"), MustUnderstand::Yes));
    assert!(b.is("", "b"));
    assert_eq!((b.actor.as_deref(), b.must_understand), (None, MustUnderstand::No));
    let payload = envelope.payload().unwrap();
    assert!(payload.is("urn:d", "p"));
    let mut reader = payload.reader(&Limits::default());
    reader.next_event().unwrap();
    let Event::Start(q) = reader.next_event().unwrap() else { panic!() };
    assert_eq!((reader.namespace(q.namespace), q.local), ("urn:d", "q"));
    assert_eq!(text.get(payload.range.clone()), Some("<p><q/></p>"));
}

#[test]
fn soap_attributes_are_qualified() {
    let text = "<Envelope xmlns='http://schemas.xmlsoap.org/soap/envelope/'><Header><a actor='urn:me' mustUnderstand='1'/></Header><Body/></Envelope>";
    let envelope = read(text).unwrap();
    assert_eq!(envelope.header[0].actor, None);
    assert_eq!(envelope.header[0].must_understand, MustUnderstand::Absent);
}

#[test]
fn another_version_is_told_from_no_soap_at_all() {
    let soap12 = "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'><s:Body/></s:Envelope>";
    for text in [soap12, "<Envelope/>", "<Envelope xmlns='urn:x'/>"] {
        let error = read(text).unwrap_err();
        assert!(matches!(error, SoapError::Version { .. }), "{text}");
        assert_eq!(error.answer(), Answer::Processing);
    }
    for text in ["<html/>", "{}", "", "<s:Envelope", &envelope(""), &envelope("<s:Body>")] {
        let error = read(text).unwrap_err();
        assert_eq!(error.answer(), Answer::Format, "{text}: {error}");
    }
}

#[test]
fn the_frame_of_the_envelope_is_strict() {
    let misplaced = [
        "<s:Body/><s:Header/>",
        "<s:Header/><s:Header/><s:Body/>",
        "<s:Body/><s:Body/>",
        "<Header/><s:Body/>",
        "<s:Header/><x/><s:Body/>",
        "<s:Body/><x xmlns='urn:x'/>",
    ];
    for inside in misplaced {
        assert!(matches!(read(&envelope(inside)), Err(SoapError::Misplaced { .. })), "{inside}");
    }
    for inside in ["x<s:Body/>", "<s:Body/><![CDATA[x]]>", "<s:Header>x</s:Header><s:Body/>"] {
        assert!(matches!(read(&envelope(inside)), Err(SoapError::StrayText { .. })), "{inside}");
    }
    assert_eq!(read(&envelope("<s:Header/>")), Err(SoapError::NoBody));
    let empty = envelope("<s:Header/><s:Body/>");
    assert!(read(&empty).unwrap().has_header);
    assert!(!read(&envelope("<s:Body/>")).unwrap().has_header);
}

#[test]
fn what_the_body_holds_is_told_but_not_judged() {
    let several = envelope("<s:Body><a/><b/></s:Body>");
    let several = read(&several).unwrap();
    assert_eq!((several.body.len(), several.payload()), (2, None));
    let text = envelope("<s:Body><a/>x</s:Body>");
    let with_text = read(&text).unwrap();
    assert_eq!((with_text.body_text, with_text.payload()), (text.find("x</s"), None));
}

#[test]
fn counts_are_bounded() {
    let bounds = Bounds { header_blocks: 2, body_children: 2 };
    let within = |text: &str| decode_within(text, &Limits::default(), &bounds).map(|_| ());
    assert!(within(&envelope("<s:Header><a/><a/></s:Header><s:Body><a/><a/></s:Body>")).is_ok());
    for inside in ["<s:Header><a/><a/><a/></s:Header><s:Body/>", "<s:Body><a/><a/><a/></s:Body>"] {
        assert!(matches!(within(&envelope(inside)), Err(SoapError::TooMany { limit: 2, .. })), "{inside}");
    }
    let deep = envelope(&format!("<s:Body>{}</s:Body>", "<a>".repeat(200)));
    assert!(matches!(read(&deep), Err(SoapError::Xml(_))));
    let doctype = format!("<!DOCTYPE x>{}", "<s:Envelope/>");
    assert!(matches!(read(&doctype), Err(SoapError::Xml(_))));
}

#[test]
fn mandatory_blocks_of_others_are_found() {
    let text = envelope(
        "<s:Header><a s:mustUnderstand='1' s:actor='urn:other'/><b/><c s:mustUnderstand='1' s:actor='http://schemas.xmlsoap.org/soap/actor/next'/></s:Header><s:Body/>",
    );
    let envelope = read(&text).unwrap();
    assert_eq!(envelope.not_understood(|_| false).unwrap().local, "c");
    assert_eq!(envelope.not_understood(|block| block.local == "c"), None);
}

#[test]
fn an_inner_document_is_found_however_it_was_put_in() {
    let limits = Limits::default();
    let inner = |content: &str| {
        let text = envelope(&format!(
            "<s:Body><w:invio xmlns:w='urn:w'><altro/><SAP>{content}</SAP></w:invio></s:Body>"
        ));
        let envelope = read(&text).unwrap();
        match envelope.payload().unwrap().inner("", "SAP", &limits).unwrap().unwrap() {
            Inner::Text { text, .. } => format!("text {text}"),
            Inner::Element(part) => format!("element {}", part.raw()),
            Inner::Mixed { .. } => "mixed".to_owned(),
        }
    };
    let expected = "text <?xml version=\"1.0\"?><a x='1'>è &amp; t</a>";
    assert_eq!(inner("<![CDATA[<?xml version=\"1.0\"?><a x='1'>è &amp; t</a>]]>"), expected);
    assert_eq!(inner("&lt;?xml version=\"1.0\"?&gt;&lt;a x='1'&gt;è &amp;amp; t&lt;/a&gt;"), expected);
    assert_eq!(
        inner("&lt;?xml version=\"1.0\"?><![CDATA[<a x='1'>è ]]><!-- c -->&#38;amp; t&lt;/a>"),
        expected
    );
    assert_eq!(inner("RSSMRA85T10A562S"), "text RSSMRA85T10A562S");
    assert_eq!(inner(""), "text ");
    assert_eq!(inner("\n <a><b/></a> "), "element <a><b/></a>");
    assert_eq!(inner("<a/><b/>"), "mixed");
    assert_eq!(inner("x<a/>"), "mixed");
    assert_eq!(inner("<?p?><a/>"), "mixed");
}

#[test]
fn the_children_of_a_wrapper_come_with_what_they_hold() {
    let text = envelope("<s:Body><w:r xmlns:w='urn:w'><w:Esito>OK</w:Esito><SAP/></w:r></s:Body>");
    let limits = Limits::default();
    let envelope = read(&text).unwrap();
    let children = envelope.payload().unwrap().children(&limits).unwrap();
    let [(esito, Inner::Text { text: ok, offset }), (sap, Inner::Text { text: none, .. })] =
        children.as_slice()
    else {
        panic!("{children:?}")
    };
    assert!(esito.is("urn:w", "Esito") && sap.is("", "SAP"));
    assert_eq!((ok.as_ref(), none.as_ref()), ("OK", ""));
    assert_eq!(text.get(*offset..*offset + 2), Some("OK"));
    assert_eq!(envelope.payload().unwrap().inner("urn:altro", "Esito", &limits), Ok(None));
    let many = envelope_of(&"<a/>".repeat(65));
    assert!(read(&many).unwrap().payload().unwrap().children(&limits).is_err());
}
