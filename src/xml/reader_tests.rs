use super::*;

fn events(text: &str) -> Result<Vec<String>, XmlError> {
    let mut reader = Reader::document(text, &Limits::default());
    let mut out = Vec::new();
    loop {
        match reader.next_event()? {
            Event::Start(name) => {
                let mut line = format!("<{{{}}}{}", reader.namespace(name.namespace), name.local);
                for a in reader.attributes() {
                    line +=
                        &format!(" {{{}}}{}={}", reader.namespace(a.name.namespace), a.name.local, a.value);
                }
                out.push(line);
            }
            Event::End => out.push(">".into()),
            Event::Text(t) => out.push(format!("\"{t}")),
            Event::Cdata(t) => out.push(format!("[{t}")),
            Event::Instruction(t) => out.push(format!("?{t}")),
            Event::Eof => return Ok(out),
        }
    }
}

#[test]
fn names_are_resolved_whatever_the_prefixes() {
    let text = "<a xmlns='u' xmlns:p='v' p:x='1' y='2'><p:b xmlns:p='w' p:z='3'/><c xmlns=''/></a>";
    let expected = ["<{u}a {v}x=1 {}y=2", "<{w}b {w}z=3", ">", "<{}c", ">", ">"];
    assert_eq!(events(text).unwrap(), expected);
}

#[test]
fn references_and_line_ends_are_resolved() {
    let text = "<?xml version=\"1.0\"?>\n<a x='&lt;&#x41;\r\n\t&#10;'>1\r\n2&amp;&#8364;<![CDATA[<\r>]]><!-- c --><!---->3<?pi d?></a>\n<!-- after -->";
    let expected = [
        "<{}a x=<A  \n".replace(" x=", " {}x="),
        "\"1\n2".into(),
        "\"&".into(),
        "\"€".into(),
        "[<\n>".into(),
        "\"3".into(),
        "?pi".into(),
        ">".into(),
    ];
    assert_eq!(events(text).unwrap(), expected);
}

#[test]
fn what_the_tokeniser_lets_through_is_refused() {
    let deep = "<a>".repeat(65);
    let refused: &[(&str, &str)] = &[
        ("", "no root"),
        ("   ", "no root"),
        ("<a/><b/>", "outside the root"),
        ("<a/>x", "outside the root"),
        ("x<a/>", "outside the root"),
        ("<a/>&amp;", "outside the root"),
        ("<a><b></a></b>", "</a> found where </b> is due"),
        ("<a>", "ends before"),
        ("<a", "ends before"),
        ("</a>", "closes nothing"),
        ("<!DOCTYPE a><a/>", "document type"),
        ("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "document type"),
        ("<a>&x;</a>", "entity &x;"),
        ("<a>&#0;</a>", "not a reference"),
        ("<a>&#x110000;</a>", "not a reference"),
        ("<a>&#+65;</a>", "not a reference"),
        ("<a>a & b</a>", "must be escaped"),
        ("<a>]]></a>", "]]>"),
        ("<a>\u{1}</a>", "U+0001"),
        ("<a>\u{fffe}</a>", "U+FFFE"),
        ("<a x='<'/>", "must be escaped"),
        ("<a x='&'/>", "must be escaped"),
        ("<a x='1' x='2'/>", "given twice"),
        ("<a xmlns:p='u' xmlns:q='u' p:x='1' q:x='2'/>", "given twice"),
        ("<a xmlns:p='u' xmlns:p='u'/>", "given twice"),
        ("<a x='1'y='2'/>", "malformed"),
        ("<a x/>", "malformed"),
        ("<a x=1/>", "malformed"),
        ("<a x='1/>", ""),
        ("<p:a/>", "prefix \"p\""),
        ("<a p:x=''/>", "prefix \"p\""),
        ("<a xmlns:p=''/>", "namespace declaration"),
        ("<a xmlns:xmlns='u'/>", "namespace declaration"),
        ("<a xmlns:xml='u'/>", "namespace declaration"),
        ("<a xmlns:p='http://www.w3.org/2000/xmlns/'/>", "namespace declaration"),
        ("<1a/>", "not an XML name"),
        ("<a:b:c xmlns:a='u'/>", "not an XML name"),
        ("<:a/>", "not an XML name"),
        ("<>x</>", "not an XML name"),
        ("< a/>", "not an XML name"),
        ("<a><?xml version='1.0'?></a>", "declaration"),
        (" <?xml version='1.0'?><a/>", "declaration"),
        ("<?xml version='1.0'?><?xml version='1.0'?><a/>", "declaration"),
        ("<?xml encoding='UTF-8'?><a/>", "declaration"),
        ("<?xml version='1.0' standalone='maybe'?><a/>", "declaration"),
        ("<?xml version='1.0'encoding='UTF-8'?><a/>", "declaration"),
        ("<?xml version='2.0'?><a/>", "declaration"),
        ("<a><!-- -- --></a>", "--"),
        ("<a><!-- x ---></a>", "--"),
        ("<a xmlns:='u'/>", "xmlns:"),
        (&deep, "64 levels"),
    ];
    for (text, expected) in refused {
        match events(text) {
            Ok(seen) => panic!("{text:?} was read as {seen:?}"),
            Err(error) => assert!(error.to_string().contains(expected), "{text:?}: {error}"),
        }
    }
}

#[test]
fn a_fragment_reads_as_it_did_in_its_document() {
    let text = "<e:a xmlns:e='u' xmlns='d'><e:b x='1'><c/></e:b></e:a>";
    let limits = Limits::default();
    let mut reader = Reader::document(text, &limits);
    reader.next_event().unwrap();
    reader.next_event().unwrap();
    let (start, bindings) = (reader.offset(), reader.bindings());
    reader.skip_element().unwrap();
    let mut fragment = Reader::fragment(text, start..reader.end_offset(), &bindings, &limits);
    let Event::Start(b) = fragment.next_event().unwrap() else { panic!() };
    assert_eq!((fragment.namespace(b.namespace), b.local, fragment.offset()), ("u", "b", start));
    let Event::Start(c) = fragment.next_event().unwrap() else { panic!() };
    assert_eq!((fragment.namespace(c.namespace), c.local), ("d", "c"));
    assert_eq!(fragment.next_event().unwrap(), Event::End);
    assert_eq!(fragment.next_event().unwrap(), Event::End);
    assert_eq!(fragment.next_event().unwrap(), Event::Eof);
}

#[test]
fn offsets_point_at_what_is_wrong() {
    let text = "<a>\n <b x='1' y='&nope;'/></a>";
    let error = events(text).unwrap_err();
    assert_eq!(error.offset, text.find("&nope").unwrap());
    let mut reader = Reader::document("<a x = 'v'/>", &Limits::default());
    reader.next_event().unwrap();
    assert_eq!(reader.attributes()[0].offset, 8);
}

#[test]
fn counts_are_bounded() {
    let limits =
        Limits { attributes: 2, elements: 3, text_bytes: 4, name_bytes: 8, document_bytes: 60, depth: 9 };
    let refuse = |text: &str| {
        let mut reader = Reader::document(text, &limits);
        loop {
            match reader.next_event() {
                Ok(Event::Eof) => panic!("{text} was accepted"),
                Ok(_) => {}
                Err(error) => return error.to_string(),
            }
        }
    };
    assert!(refuse("<a x='' y='' z=''/>").contains("attributes"));
    assert!(refuse("<a><b/><b/><b/></a>").contains("elements"));
    assert!(refuse("<a>12345</a>").contains("text"));
    assert!(refuse("<a x='12345'/>").contains("text"));
    assert!(refuse("<abcdefghi/>").contains("name"));
    assert!(refuse(&format!("<a>{}</a>", " ".repeat(60))).contains("document"));
}

#[test]
fn a_document_cannot_declare_namespaces_without_end() {
    let children: String = (0..300).map(|n| format!("<b xmlns='u{n}'/>")).collect();
    let error = events(&format!("<a>{children}</a>")).unwrap_err();
    assert!(error.to_string().contains("256 namespaces"), "{error}");
}
