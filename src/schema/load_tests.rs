//! What is refused at load, and how it is named.

use super::*;

const HEAD: &str = "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\">\n";

fn errors(body: &str) -> Vec<String> {
    let text = format!("{HEAD}{body}\n</xs:schema>");
    match SchemaSet::from_texts(&[("a.xsd", &text)]) {
        Ok(_) => panic!("accepted: {body}"),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}

fn loads(body: &str) -> SchemaSet {
    let text = format!("{HEAD}{body}\n</xs:schema>");
    SchemaSet::from_texts(&[("a.xsd", &text)]).unwrap_or_else(|e| panic!("{e:?}"))
}

/// Asserts that the body has exactly one error, at that line, about that construct.
fn refused(body: &str, line: u32, said: &str) {
    let errors = errors(body);
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert!(errors[0].starts_with(&format!("a.xsd:{line}: ")) && errors[0].contains(said), "{errors:?}");
}

#[test]
fn what_is_not_supported_is_named_with_its_place() {
    let why =
        "not supported: its values are declared in a document type definition, and documents may have none";
    refused("<xs:notation name='n' public='p'/>", 2, &format!("xs:notation name=\"n\": {why}"));
    for of in ["ENTITY", "ENTITIES", "NOTATION"] {
        refused(
            &format!("<xs:element name='a' type='xs:{of}'/>"),
            2,
            &format!("xs:element name=\"a\": {why}"),
        );
    }
    let head = "<xs:element name='h' type='xs:string'/><xs:element name='s' type='xs:string' substitutionGroup='h'/>";
    refused(
        &format!(
            "{head}\n<xs:element name='r'><xs:complexType><xs:all><xs:element ref='h'/></xs:all></xs:complexType></xs:element>"
        ),
        3,
        "xs:element ref=\"h\": this construct of XSD is not supported",
    );
}

#[test]
fn what_xsd_does_not_have_is_named_with_its_place() {
    refused("<xs:element name='a' color='red'/>", 2, "@color");
    refused(
        "<xs:element name='a'><xs:sequence/></xs:element>",
        2,
        "xs:sequence: XSD does not allow this here",
    );
    refused(
        "<xs:simpleType name='a'>testo<xs:restriction base='xs:string'/></xs:simpleType>",
        2,
        "does not allow",
    );
    refused("<html/>", 2, "html: XSD does not allow");
    refused("<xs:element name='a' nillable='si'/>", 2, "\"si\" given, true or false needed");
    refused("<xs:element/>", 2, "name is needed");
    let text = "<html/>";
    let error = SchemaSet::from_texts(&[("a.xsd", text)]).unwrap_err();
    assert!(error[0].to_string().contains("not an XSD schema"));
    let error = SchemaSet::from_texts(&[("a.xsd", "<xs:schema")]).unwrap_err();
    assert_eq!(error[0].line, 1);
}

#[test]
fn references_must_lead_somewhere() {
    refused("<xs:element name='a' type='Manca'/>", 2, "no type {}Manca is defined");
    refused("<xs:element name='a' type='xs:stringa'/>", 2, "no built-in type stringa");
    refused("<xs:element name='a' type='p:x'/>", 2, "declared prefix");
    refused("<xs:include schemaLocation='b.xsd'/>", 2, "no file \"b.xsd\"");
    refused("<xs:include schemaLocation='../../etc/x.xsd'/>", 2, "no file");
    refused(
        "<xs:group name='g'><xs:sequence><xs:group ref='h'/></xs:sequence></xs:group>",
        2,
        "no group {}h",
    );
}

/// A file that redefines components of `base.xsd`, and that file.
fn redefining(base: &str, redefined: &str, rest: &str) -> Result<SchemaSet, Vec<String>> {
    let base = format!("{HEAD}{base}\n</xs:schema>");
    let text = format!(
        "{HEAD}<xs:redefine schemaLocation='base.xsd'>\n{redefined}</xs:redefine>\n{rest}\n</xs:schema>"
    );
    SchemaSet::from_texts(&[("base.xsd", &base), ("nuovo.xsd", &text)])
        .map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

const BASE: &str = "<xs:simpleType name='Codice'><xs:restriction base='xs:string'><xs:maxLength value='5'/></xs:restriction></xs:simpleType>
    <xs:complexType name='Sede'><xs:sequence><xs:element name='cap' type='Codice'/></xs:sequence><xs:attributeGroup ref='Versione'/></xs:complexType>
    <xs:group name='Dati'><xs:sequence><xs:element name='nota' type='Codice'/></xs:sequence></xs:group>
    <xs:attributeGroup name='Versione'><xs:attribute name='v' type='Codice'/></xs:attributeGroup>
    <xs:element name='r'><xs:complexType><xs:sequence><xs:element name='sede' type='Sede'/><xs:group ref='Dati'/></xs:sequence></xs:complexType></xs:element>";

#[test]
fn a_redefinition_holds_for_all_who_refer_to_the_component() {
    let redefined = "<xs:simpleType name='Codice'><xs:restriction base='Codice'><xs:minLength value='2'/></xs:restriction></xs:simpleType>
        <xs:complexType name='Sede'><xs:complexContent><xs:extension base='Sede'><xs:sequence><xs:element name='via' type='Codice'/></xs:sequence>
          <xs:attribute name='n' type='xs:int'/></xs:extension></xs:complexContent></xs:complexType>
        <xs:group name='Dati'><xs:sequence><xs:group ref='Dati'/><xs:element name='altro' type='Codice'/></xs:sequence></xs:group>
        <xs:attributeGroup name='Versione'><xs:attributeGroup ref='Versione'/><xs:attribute name='w' type='xs:int'/></xs:attributeGroup>";
    let set = redefining(BASE, redefined, "").unwrap_or_else(|e| panic!("{e:?}"));
    let valid = |file: &str, text: &str| {
        validate(
            &set.document(file, "r").unwrap(),
            crate::xml::Reader::document(text, &crate::xml::Limits::default()),
        )
    };
    let old = "<r><sede v='1'><cap>1</cap></sede><nota>x</nota></r>";
    let new =
        "<r><sede v='11' w='2' n='1'><cap>12</cap><via>Po</via></sede><nota>xy</nota><altro>zz</altro></r>";
    assert_eq!((valid("base.xsd", old), valid("nuovo.xsd", new)), (Ok(()), Ok(())));
    let Err(Refusal::Invalid(wrong)) = valid("nuovo.xsd", old) else { panic!("the old definition holds") };
    let rules: Vec<Rule> = wrong.iter().map(|v| v.rule).collect();
    assert_eq!(rules, [Rule::Length, Rule::Length, Rule::Missing, Rule::Length, Rule::Missing], "{wrong:#?}");
    let Err(Refusal::Invalid(wrong)) = valid("nuovo.xsd", &new.replace("12", "123456")) else {
        panic!("no maxLength")
    };
    assert_eq!(wrong.len(), 1);
}

#[test]
fn a_redefinition_is_made_of_what_it_redefines() {
    let error =
        |redefined: &str, rest: &str| redefining(BASE, redefined, rest).map(|_| ()).unwrap_err().remove(0);
    let other = "<xs:simpleType name='Codice'><xs:restriction base='xs:string'/></xs:simpleType>";
    let said = error(other, "");
    assert!(
        said.starts_with("nuovo.xsd:3: xs:simpleType name=\"Codice\": a redefinition is an extension or"),
        "{said}"
    );
    let twice =
        "<xs:group name='Dati'><xs:sequence><xs:group ref='Dati' maxOccurs='2'/></xs:sequence></xs:group>";
    assert!(error(twice, "").contains("xs:group name=\"Dati\": a redefinition is"));
    let missing = "<xs:complexType name='Manca'><xs:complexContent><xs:extension base='Manca'/></xs:complexContent></xs:complexType>";
    assert!(error(missing, "").contains("no type {}Manca is defined"));
    let again = "<xs:simpleType name='Codice'><xs:restriction base='Codice'/></xs:simpleType>";
    assert!(error(&format!("{again}\n{again}"), "").contains("defined twice"));
    let own = "<xs:simpleType name='Mio'><xs:restriction base='Mio'/></xs:simpleType>";
    let elsewhere = "<xs:simpleType name='Mio'><xs:restriction base='xs:string'/></xs:simpleType>";
    assert!(error(own, elsewhere).contains("defined twice"));
    refused("<xs:redefine schemaLocation='b.xsd'/>", 2, "xs:redefine: no file \"b.xsd\"");
}

#[test]
fn components_may_not_be_their_own() {
    let circle = "<xs:complexType name='A'><xs:complexContent><xs:extension base='B'/></xs:complexContent></xs:complexType>
        <xs:complexType name='B'><xs:complexContent><xs:extension base='A'/></xs:complexContent></xs:complexType>";
    assert!(errors(circle)[0].contains("defined by itself"));
    let simple = "<xs:simpleType name='A'><xs:restriction base='A'/></xs:simpleType>";
    assert!(errors(simple)[0].contains("defined by itself"));
    let group = "<xs:group name='g'><xs:sequence><xs:group ref='g'/></xs:sequence></xs:group>";
    assert!(errors(group)[0].contains("defined by itself"));
    let twice = "<xs:element name='a' type='xs:string'/>\n<xs:element name='a' type='xs:string'/>";
    refused(twice, 3, "defined twice");
}

#[test]
fn content_models_must_be_unambiguous() {
    let model = |particles: &str| {
        format!(
            "<xs:element name='r'><xs:complexType><xs:sequence>{particles}</xs:sequence></xs:complexType></xs:element>"
        )
    };
    let element = |name: &str, bounds: &str| format!("<xs:element name='{name}' type='xs:string' {bounds}/>");
    let optional_twice = format!("{}{}", element("a", "minOccurs='0'"), element("a", ""));
    refused(&model(&optional_twice), 2, "two particles compete for element a");
    // One particle competes with none, whatever its counts: only too many of them are refused.
    let counted = |most: u32| {
        let pair = element("a", "maxOccurs='99'") + &element("b", "minOccurs='0'");
        model(&format!("<xs:sequence minOccurs='2' maxOccurs='{most}'>{pair}</xs:sequence>"))
    };
    loads(&counted(3));
    refused(
        &counted(1_000),
        2,
        "repetitions of element a can be counted in more than one way, and in this content model in too many: 1000 states",
    );
    let wild = format!("<xs:any minOccurs='0'/>{}", element("a", ""));
    refused(&model(&wild), 2, "compete");
    let two_types = format!("{}{}", element("a", ""), "<xs:element name='a' type='xs:int'/>");
    refused(&model(&two_types), 2, "element a has two types");
}

#[test]
fn one_type_has_no_two_members_of_one_name() {
    let clash =
        "<xs:complexType name='T'><xs:sequence><xs:element name='e-mail' type='xs:string'/></xs:sequence>
        <xs:attribute name='email' type='xs:string'/></xs:complexType>";
    refused(clash, 2, "its JSON member \"email\" is also that of e-mail");
    let case = "<xs:complexType name='T'><xs:sequence><xs:element name='Comune' type='xs:string'/>
        <xs:element name='comune' type='xs:string'/></xs:sequence></xs:complexType>";
    refused(case, 2, "\"comune\"");
}

#[test]
fn what_json_cannot_carry_is_an_obstacle_and_not_an_error() {
    let obstacles = |particles: &str| {
        let set =
            loads(&format!("<xs:element name='r'><xs:complexType>{particles}</xs:complexType></xs:element>"));
        let document = set.document("a.xsd", "r").unwrap();
        document.obstacles().iter().map(|o| o.kind.to_string()).collect::<Vec<_>>()
    };
    let pair = "<xs:element name='a' type='xs:string'/><xs:element name='b' type='xs:string'/>";
    let said = obstacles(&format!("<xs:sequence maxOccurs='unbounded'>{pair}</xs:sequence>"));
    assert!(said[0].contains("alternation"), "{said:?}");
    let said = obstacles(&format!("<xs:choice maxOccurs='2'>{pair}</xs:choice>"));
    assert!(said[0].contains("alternation"), "{said:?}");
    assert!(obstacles("<xs:sequence><xs:any/></xs:sequence>")[0].contains("xs:any"));
    assert!(obstacles(&format!("<xs:sequence>{pair}</xs:sequence>")).is_empty());
    assert!(obstacles(&format!("<xs:all>{pair}</xs:all>")).is_empty());
    // Each name has its place, although no one order of elements is that of all documents.
    let both = "<xs:choice><xs:sequence><xs:element name='a' type='xs:string'/><xs:element name='c' type='xs:string'/></xs:sequence>
        <xs:sequence><xs:element name='b' type='xs:string'/><xs:element name='c' type='xs:string'/></xs:sequence></xs:choice>";
    assert!(obstacles(both).is_empty());
}

#[test]
fn identity_constraints_must_be_whole() {
    let key = |inside: &str| format!("<xs:element name='a'><xs:complexType/>\n{inside}</xs:element>");
    let parts = "<xs:selector xpath='b'/><xs:field xpath='@c'/>";
    refused(
        &key("<xs:key name='k'><xs:selector xpath='b'/></xs:key>"),
        3,
        "one selector and at least one field",
    );
    refused(
        &key("<xs:key name='k'><xs:selector xpath='b[1]'/><xs:field xpath='@c'/></xs:key>"),
        3,
        "a path such as",
    );
    refused(
        &key("<xs:key name='k'><xs:selector xpath='@b'/><xs:field xpath='@c'/></xs:key>"),
        3,
        "a path such as",
    );
    refused(&key(&format!("<xs:keyref name='k' refer='manca'>{parts}</xs:keyref>")), 3, "no key {}manca");
    let two = "<xs:key name='k'><xs:selector xpath='b'/><xs:field xpath='@c'/><xs:field xpath='d'/></xs:key>";
    refused(&key(&format!("<xs:keyref name='r' refer='k'>{parts}</xs:keyref>{two}")), 3, "as many fields");
}

#[test]
fn facets_must_fit_their_type() {
    let restriction = |base: &str, facet: &str| {
        format!(
            "<xs:simpleType name='t'><xs:restriction base='xs:{base}'>\n{facet}</xs:restriction></xs:simpleType>"
        )
    };
    refused(&restriction("string", "<xs:totalDigits value='3'/>"), 3, "xs:totalDigits");
    refused(&restriction("int", "<xs:length value='3'/>"), 3, "xs:length");
    refused(&restriction("int", "<xs:minInclusive value='x'/>"), 3, "\"x\" given, a value of the base type");
    refused(&restriction("int", "<xs:enumeration value='x'/>"), 3, "a value of the base type");
    refused(&restriction("string", "<xs:pattern value='['/>"), 3, "is not closed");
    refused(&restriction("string", "<xs:maxLength value='x'/>"), 3, "whole number");
    refused(
        &restriction("string", "<xs:minLength value='3'/><xs:maxLength value='2'/>"),
        3,
        "bound that some value",
    );
    refused(&restriction("token", "<xs:whiteSpace value='preserve'/>"), 3, "no looser");
    refused("<xs:element name='a' type='xs:int' default='x'/>", 2, "\"x\" given, a value of the type");
    refused("<xs:element name='a' type='xs:int' default='1' fixed='1'/>", 2, "not both");
}

#[test]
fn all_errors_of_all_files_are_told_at_once_and_once() {
    let common = format!(
        "{HEAD}<xs:simpleType name='T'>\n<xs:restriction base='xs:nulla'/></xs:simpleType></xs:schema>"
    );
    let user = |name: &str| {
        format!(
            "{HEAD}<xs:include schemaLocation='common.xsd'/><xs:element name='{name}' type='Manca'/></xs:schema>"
        )
    };
    let (a, b) = (user("a"), user("b"));
    let errors = SchemaSet::from_texts(&[("a.xsd", &a), ("b.xsd", &b), ("common.xsd", &common)]).unwrap_err();
    let files: Vec<&str> = errors.iter().map(|e| e.file.as_str()).collect();
    assert_eq!(files, ["a.xsd", "b.xsd", "common.xsd"]);
}

#[test]
fn an_included_file_without_namespace_takes_that_of_its_includer() {
    let common = format!(
        "{HEAD}<xs:complexType name='T'><xs:sequence><xs:element name='x' type='S'/></xs:sequence></xs:complexType>
        <xs:simpleType name='S'><xs:restriction base='xs:string'/></xs:simpleType></xs:schema>"
    )
    .replace("<xs:schema ", "<xs:schema elementFormDefault='qualified' ");
    let form = |namespace: &str| {
        format!(
            "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns='{namespace}' targetNamespace='{namespace}'>
            <xs:include schemaLocation='../common.xsd'/><xs:element name='r' type='T'/></xs:schema>"
        )
    };
    let (one, two) = (form("urn:1"), form("urn:2"));
    let set =
        SchemaSet::from_texts(&[("common.xsd", &common), ("f/one.xsd", &one), ("f/two.xsd", &two)]).unwrap();
    for (file, namespace) in [("f/one.xsd", "urn:1"), ("f/two.xsd", "urn:2")] {
        let document = set.document(file, "r").unwrap();
        assert_eq!((document.namespace(), document.file()), (namespace, file));
        let text = format!("<r xmlns='{namespace}'><x>v</x></r>");
        let limits = crate::xml::Limits::default();
        validate(&document, xml::Reader::document(&text, &limits)).unwrap();
        assert_eq!(set.by_root(namespace, "r").len(), 1);
    }
    assert!(set.document("f/one.xsd", "T").is_none());
}

#[test]
fn a_directory_is_read_with_its_folders() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("co")).unwrap();
    let text = format!("{HEAD}<xs:element name='r' type='xs:string'/></xs:schema>");
    std::fs::write(dir.path().join("co/form.xsd"), &text).unwrap();
    std::fs::write(dir.path().join("co/notes.txt"), "no").unwrap();
    let set = SchemaSet::load(dir.path()).unwrap();
    assert!(set.document("co/form.xsd", "r").is_some());
    let missing = SchemaSet::load(&dir.path().join("nowhere")).unwrap_err();
    assert!(matches!(missing[0].kind, LoadErrorKind::Unreadable(_)), "{missing:?}");
}

#[test]
fn a_broken_schema_is_refused_and_nothing_worse() {
    let mut rng = generator::Rng::new(11);
    let sources = [
        include_str!("cases/modelli.xsd"),
        include_str!("cases/valori.xsd"),
        include_str!("cases/tipi.xsd"),
        include_str!("cases/chiavi.xsd"),
    ];
    let (mut loaded, mut refused) = (0, 0);
    for _ in 0..400 {
        let mut words: Vec<&str> = rng.pick(&sources).split_inclusive(['<', '>', ' ', '"']).collect();
        for _ in 0..=rng.below(3) {
            let (from, to) = (rng.below(words.len()), rng.below(words.len()));
            match rng.below(3) {
                0 => words.swap(from, to),
                1 => words[to] = words[from],
                _ => {
                    words.remove(from);
                }
            }
        }
        match SchemaSet::from_texts(&[("a.xsd", &words.concat())]) {
            Ok(_) => loaded += 1,
            Err(errors) => {
                assert!(!errors.is_empty());
                refused += 1;
            }
        }
    }
    assert!(loaded > 5 && refused > 100, "{loaded} {refused}");
}

#[test]
fn a_substitution_group_does_not_stand_for_itself() {
    let circle = "<xs:element name='a' type='xs:string' substitutionGroup='b'/><xs:element name='b' type='xs:string' substitutionGroup='a'/>
        <xs:element name='r'><xs:complexType><xs:sequence><xs:element ref='a'/></xs:sequence></xs:complexType></xs:element>";
    assert!(errors(circle)[0].contains("defined by itself"));
}

/// What `xs:anyAttribute` of two namespaces admit together: in two attribute groups of one type, or in a type and its base.
fn together(join: &str, one: &str, other: &str) -> Result<Vec<String>, String> {
    let any = |namespace: &str| format!("<xs:anyAttribute namespace='{namespace}' processContents='skip'/>");
    let entry = match join {
        "intersection" => format!(
            "<xs:attributeGroup name='G'>{}</xs:attributeGroup>
            <xs:element name='r'><xs:complexType><xs:attributeGroup ref='o:G'/><xs:attributeGroup ref='t:G'/></xs:complexType></xs:element>",
            any(one)
        ),
        _ => format!(
            "<xs:element name='r'><xs:complexType><xs:complexContent><xs:extension base='o:T'>{}</xs:extension></xs:complexContent>
            </xs:complexType></xs:element>",
            any(one)
        ),
    };
    let xs = "xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns:t='urn:t' xmlns:o='urn:o'";
    let entry = format!(
        "<xs:schema {xs} targetNamespace='urn:t'><xs:import namespace='urn:o' schemaLocation='o.xsd'/>{entry}</xs:schema>"
    );
    let base = format!(
        "<xs:schema {xs} targetNamespace='urn:o'><xs:attributeGroup name='G'>{0}</xs:attributeGroup><xs:complexType name='T'>{0}</xs:complexType></xs:schema>",
        any(other)
    );
    let set =
        SchemaSet::from_texts(&[("o.xsd", &base), ("t.xsd", &entry)]).map_err(|e| e[0].kind.to_string())?;
    let document = set.document("t.xsd", "r").unwrap();
    let admits = |attribute: &&&str| {
        let text = format!("<t:r xmlns:t='urn:t' xmlns:o='urn:o' xmlns:a='urn:a' {attribute}='1'/>");
        validate(&document, crate::xml::Reader::document(&text, &crate::xml::Limits::default())).is_ok()
    };
    Ok(["t:x", "o:x", "a:x", "x"].iter().filter(admits).map(|a| (*a).to_owned()).collect())
}

#[test]
fn wildcards_of_several_places_admit_what_all_or_any_of_them_do() {
    let no = Err("no wildcard can say what this one and the other together admit".to_owned());
    let admit = |all: &[&str]| Ok(all.iter().map(|a| (*a).to_owned()).collect());
    for (join, one, other, expected) in [
        ("intersection", "##other", "##other", no.clone()),
        ("intersection", "##other", "##any", admit(&["o:x", "a:x"])),
        ("intersection", "##other", "urn:t urn:a ##local", admit(&["a:x"])),
        ("union", "##other", "##other", admit(&["t:x", "o:x", "a:x"])),
        ("union", "##other", "urn:a", admit(&["o:x", "a:x"])),
        ("union", "##other", "urn:t", admit(&["t:x", "o:x", "a:x"])),
        ("union", "##other", "urn:t ##local", admit(&["t:x", "o:x", "a:x", "x"])),
        ("union", "##other", "##local", no),
        ("union", "urn:a", "##local", admit(&["a:x", "x"])),
    ] {
        assert_eq!(together(join, one, other), expected, "{join} of {one} and {other}");
    }
}

#[test]
fn more_counters_than_there_are_numbers_for_are_refused() {
    let counted: String = (0..=u32::from(u16::MAX) + 1)
        .map(|n| format!("<xs:element name='a{n}' type='xs:string' minOccurs='2' maxOccurs='3'/>"))
        .collect();
    let text = format!(
        "<xs:element name='r'><xs:complexType><xs:sequence>{counted}</xs:sequence></xs:complexType></xs:element>"
    );
    refused(&text, 2, "too many counted repetitions in one content model");
}
