//! Single clauses of XML Schema 1.0, each with the smallest schema that it bears on.

use crate::schema::{Refusal, Rule, SchemaSet, Violation, validate};
use crate::xml::{Limits, Reader};

const XSI: &str = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'";

/// What is wrong with a document whose root is `r`.
fn violations(components: &str, text: &str) -> Vec<Violation> {
    let schema = format!("<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>{components}</xs:schema>");
    let set = SchemaSet::from_texts(&[("a.xsd", &schema)]).unwrap();
    let document = set.document("a.xsd", "r").unwrap();
    match validate(&document, Reader::document(text, &Limits::default())) {
        Ok(()) => Vec::new(),
        Err(Refusal::Invalid(violations)) => violations,
        Err(other) => panic!("{other:?}"),
    }
}

fn rules(components: &str, text: &str) -> Vec<Rule> {
    violations(components, text).iter().map(|v| v.rule).collect()
}

const MIXED: &str = "<xs:element name='r' fixed='testo'><xs:complexType mixed='true'><xs:sequence>
    <xs:element name='m' minOccurs='0'/></xs:sequence></xs:complexType></xs:element>";

#[test]
fn the_fixed_value_of_mixed_content_is_held_against_all_of_the_text() {
    for good in ["<r/>", "<r></r>", "<r>testo</r>", "<r>te<!-- -->sto</r>", "<r>te<![CDATA[st]]>o</r>"] {
        assert_eq!(rules(MIXED, good), [], "{good}");
    }
    assert_eq!(rules(MIXED, "<r>tes&#116;o</r>"), []);
    for bad in ["<r>&lt;testo</r>", "<r>testo<!-- -->x</r>", "<r><![CDATA[x]]>testo</r>", "<r>altro</r>"] {
        assert_eq!(rules(MIXED, bad), [Rule::Fixed], "{bad}");
    }
    let wrong = violations(MIXED, "<r>&lt;testo</r>").remove(0);
    assert_eq!(wrong.message, "r: \"<testo\" given, \"testo\" needed");
    let no_children = violations(MIXED, "<r>testo<m/><m/></r>");
    assert_eq!(no_children[0].message, "m may not stand in r, whose value is fixed: \"testo\"");
}

#[test]
fn white_space_in_mixed_content_is_content_and_not_the_fixed_value() {
    assert_eq!(rules(MIXED, "<r>\n</r>"), [Rule::Fixed]);
    assert_eq!(rules(MIXED, "<r> testo </r>"), [Rule::Fixed]);
    assert_eq!(rules(MIXED, "<r><!-- --></r>"), []);
}

#[test]
fn nothing_stands_for_a_head_that_blocks_substitution() {
    let group = |block: &str| {
        format!(
            "<xs:element name='testa' type='xs:string' block='{block}'/>
            <xs:element name='figlia' substitutionGroup='testa'/>
            <xs:element name='nipote' substitutionGroup='figlia'/>
            <xs:element name='r'><xs:complexType><xs:sequence><xs:element ref='testa'/></xs:sequence></xs:complexType>
            </xs:element>"
        )
    };
    for stands in ["<r><testa/></r>", "<r><figlia/></r>", "<r><nipote/></r>"] {
        assert_eq!(rules(&group(""), stands), [], "{stands}");
    }
    for block in ["substitution", "#all"] {
        assert_eq!(rules(&group(block), "<r><testa/></r>"), []);
        assert_eq!(rules(&group(block), "<r><figlia/></r>"), [Rule::Unexpected]);
        assert_eq!(rules(&group(block), "<r><nipote/></r>"), [Rule::Unexpected]);
    }
}

#[test]
fn a_pattern_on_a_union_sees_the_text_as_the_member_that_takes_it_does() {
    let union = |members: &str| {
        format!(
            "<xs:simpleType name='U'><xs:union memberTypes='{members}'/></xs:simpleType>
            <xs:element name='r'><xs:simpleType><xs:restriction base='U'><xs:pattern value='.{{1,3}}'/></xs:restriction>
            </xs:simpleType></xs:element>"
        )
    };
    for good in ["<r>&#13;7</r>", "<r>   \n  </r>", "<r>     a  b   </r>"] {
        let expected: &[Rule] = if good.contains(['7', 'a']) { &[] } else { &[Rule::Pattern] };
        assert_eq!(rules(&union("xs:int xs:token"), good), expected, "{good}");
    }
    assert_eq!(rules(&union("xs:int xs:string"), "<r>   7   </r>"), []);
    assert_eq!(rules(&union("xs:int xs:string"), "<r>   x   </r>"), [Rule::Pattern]);
}

#[test]
fn the_prefix_xml_need_not_be_declared_to_refer_to_its_attributes() {
    let schema = "<xs:import namespace='http://www.w3.org/XML/1998/namespace'/><xs:element name='r'><xs:complexType>
        <xs:attribute ref='xml:lang' use='required'/><xs:attribute ref='xml:space'/></xs:complexType></xs:element>";
    assert_eq!(rules(schema, "<r xml:lang='it' xml:space='preserve'/>"), []);
    assert_eq!(rules(schema, "<r xml:lang='lingua-troppolunga'/>"), [Rule::Datatype]);
    assert_eq!(rules(schema, "<r/>"), [Rule::Missing]);
}

#[test]
fn xsi_nil_is_not_held_against_an_element_that_is_not_declared() {
    let schema = "<xs:element name='r'/><xs:element name='nota' type='xs:string'/>";
    assert_eq!(rules(schema, &format!("<r {XSI}><altro xsi:nil='true'>x<b/></altro></r>")), []);
    assert_eq!(rules(schema, &format!("<r {XSI}><nota xsi:nil='true'/></r>")), [Rule::Nil]);
    assert_eq!(rules(schema, &format!("<r {XSI} xsi:nil='true'/>")), [Rule::Nil]);
}

#[test]
fn an_attribute_of_xsi_that_does_not_exist_is_a_wildcards_to_admit() {
    let with = |wildcard: &str| {
        format!("<xs:element name='r'><xs:complexType>{wildcard}</xs:complexType></xs:element>")
    };
    let text = format!("<r {XSI} xsi:altro='x' xsi:noNamespaceSchemaLocation='a.xsd'/>");
    assert_eq!(rules("<xs:element name='r'/>", &text), []);
    assert_eq!(rules(&with("<xs:anyAttribute processContents='lax'/>"), &text), []);
    assert_eq!(rules(&with("<xs:anyAttribute processContents='skip'/>"), &text), []);
    assert_eq!(rules(&with("<xs:anyAttribute/>"), &text), [Rule::Unexpected]);
    assert_eq!(
        rules(&with("<xs:anyAttribute namespace='##local' processContents='lax'/>"), &text),
        [Rule::Unexpected]
    );
    assert_eq!(rules(&with(""), &text), [Rule::Unexpected]);
}

#[test]
fn attributes_of_the_namespace_xml_are_not_declared_unless_it_is_imported() {
    let with = |import: &str, process: &str| {
        format!(
            "{import}<xs:element name='r'><xs:complexType><xs:anyAttribute processContents='{process}'/></xs:complexType>
            </xs:element>"
        )
    };
    let import = "<xs:import namespace='http://www.w3.org/XML/1998/namespace'/>";
    assert_eq!(rules("<xs:element name='r'/>", "<r xml:lang=''><b xml:space='?'/></r>"), []);
    assert_eq!(rules(&with("", "lax"), "<r xml:lang='?'/>"), []);
    assert_eq!(rules(&with("", "strict"), "<r xml:lang='it'/>"), [Rule::Unexpected]);
    assert_eq!(rules(&with(import, "lax"), "<r xml:lang='?'/>"), [Rule::Datatype]);
    assert_eq!(rules(&with(import, "strict"), "<r xml:lang='it'/>"), []);
}

#[test]
fn an_empty_element_has_its_declared_value_also_where_xsi_type_names_another_type() {
    let schema = "<xs:simpleType name='Sesso'><xs:restriction base='xs:string'><xs:enumeration value='M'/>
          <xs:enumeration value='F'/></xs:restriction></xs:simpleType>
        <xs:simpleType name='Breve'><xs:restriction base='xs:string'><xs:maxLength value='1'/></xs:restriction></xs:simpleType>
        <xs:element name='r'><xs:complexType><xs:choice><xs:element name='fisso' type='xs:string' fixed='S'/>
          <xs:element name='predefinito' type='xs:string' default='S'/></xs:choice></xs:complexType></xs:element>";
    for name in ["fisso", "predefinito"] {
        let typed = |of: &str| rules(schema, &format!("<r {XSI}><{name} xsi:type='{of}'/></r>"));
        assert_eq!(rules(schema, &format!("<r><{name}/></r>")), []);
        assert_eq!((typed("Breve"), typed("Sesso")), (vec![], vec![Rule::Enumeration]), "{name}");
    }
    let wrong = violations(schema, &format!("<r {XSI}><fisso xsi:type='Sesso'/></r>")).remove(0);
    assert_eq!(wrong.message, "fisso: empty, which stands for \"S\": \"S\" given, \"M\" or \"F\" needed");
}

#[test]
fn empty_content_without_text_does_not_take_a_declared_value() {
    let schema = "<xs:complexType name='Nota' mixed='true'><xs:sequence><xs:element name='b' minOccurs='0'/></xs:sequence>
        </xs:complexType><xs:complexType name='Voci'><xs:complexContent><xs:restriction base='xs:anyType'><xs:sequence>
        <xs:element name='b' minOccurs='0'/></xs:sequence></xs:restriction></xs:complexContent></xs:complexType>
        <xs:element name='r' fixed='testo'/>";
    let typed = |of: &str, inside: &str| rules(schema, &format!("<r {XSI} xsi:type='{of}'>{inside}</r>"));
    assert_eq!(typed("Nota", ""), []);
    assert_eq!(typed("Nota", "testo"), []);
    assert_eq!(typed("Nota", "altro"), [Rule::Fixed]);
    assert_eq!(typed("Voci", ""), [Rule::Fixed]);
    assert_eq!(typed("Voci", "<b/>"), [Rule::Fixed]);
}

#[test]
fn a_member_of_a_union_may_stand_for_the_union() {
    let schema = |block: &str| {
        format!(
            "<xs:simpleType name='Numeri'><xs:list itemType='xs:int'/></xs:simpleType>
            <xs:simpleType name='Pochi'><xs:restriction base='Numeri'><xs:maxLength value='2'/></xs:restriction></xs:simpleType>
            <xs:simpleType name='Dentro'><xs:union memberTypes='Numeri xs:boolean'/></xs:simpleType>
            <xs:simpleType name='Fuori'><xs:union memberTypes='xs:date Dentro'/></xs:simpleType>
            <xs:element name='r' type='Fuori' block='{block}'/>"
        )
    };
    let typed = |block: &str, of: &str, text: &str| {
        let document =
            format!("<r {XSI} xmlns:xs='http://www.w3.org/2001/XMLSchema' xsi:type='{of}'>{text}</r>");
        rules(&schema(block), &document)
    };
    for of in ["Numeri", "Pochi"] {
        assert_eq!(typed("", of, "1 2"), [], "{of}");
    }
    // A union within a union lends it its members and is none itself (§3.14.2).
    assert_eq!(typed("", "Dentro", "1 2"), [Rule::Type]);
    assert_eq!(typed("", "Pochi", "1 2 3"), [Rule::Length]);
    assert_eq!(typed("", "xs:date", "1 2"), [Rule::Datatype]);
    assert_eq!(typed("", "xs:int", "1"), [Rule::Type]);
    assert_eq!(typed("restriction", "Numeri", "1 2"), [Rule::Type]);
}

#[test]
fn counts_with_more_than_one_reading_are_read_in_every_way() {
    let model = |particles: &str| {
        format!("<xs:element name='r'><xs:complexType>{particles}</xs:complexType></xs:element>")
    };
    let element = |name: &str, bounds: &str| format!("<xs:element name='{name}' type='xs:string' {bounds}/>");
    let valid = |schema: &str, names: &str| {
        let children: String = names.chars().map(|c| format!("<{c}/>")).collect();
        rules(schema, &format!("<r>{children}</r>")).is_empty()
    };
    let (a, b) = (element("a", "maxOccurs='2'"), element("b", "minOccurs='2' maxOccurs='3'"));
    let choice = model(&format!("<xs:choice maxOccurs='2'>{a}{b}</xs:choice>"));
    for (names, good) in [
        ("", false),
        ("a", true),
        ("aa", true),
        ("aaa", true),
        ("aaaa", true),
        ("aaaaa", false),
        ("b", false),
        ("bb", true),
        ("bbbb", true),
        ("bbbbbb", true),
        ("bbbbbbb", false),
        ("abb", true),
        ("ab", false),
        ("bba", true),
        ("aabba", false),
    ] {
        assert_eq!(valid(&choice, names), good, "{names}");
    }
    // Of three, four, six, seven or eight there are never five.
    let gap = model(&format!(
        "<xs:sequence maxOccurs='2'>{}</xs:sequence>",
        element("a", "minOccurs='3' maxOccurs='4'")
    ));
    let lengths: Vec<usize> = (0..10).filter(|length| valid(&gap, &"a".repeat(*length))).collect();
    assert_eq!(lengths, [3, 4, 6, 7, 8]);
    let without_end = model(&format!(
        "<xs:sequence minOccurs='2' maxOccurs='unbounded'>{}{}</xs:sequence>",
        element("a", "minOccurs='2' maxOccurs='3'"),
        element("b", "minOccurs='0'")
    ));
    for (names, good) in
        [("aaa", false), ("aaaa", true), ("aabaa", true), ("aaab", false), ("aaabaaaabaaaa", true)]
    {
        assert_eq!(valid(&without_end, names), good, "{names}");
    }
}
