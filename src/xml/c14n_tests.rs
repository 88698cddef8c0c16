//! What signatures break on, case by case; and a property. Thousands of generated documents are compared with another
//! implementation by `tests/peers/c14n.py`.

use proptest::prelude::*;

use super::*;
use crate::xml::Limits;

fn with(text: &str, canon: &Canon) -> String {
    let mut out = String::new();
    canonical(&mut Reader::document(text, &Limits::default()), canon, &mut out).unwrap();
    out
}

fn exclusive(text: &str) -> String {
    with(text, &Canon::default())
}

fn inclusive(text: &str) -> String {
    with(text, &Canon { mode: Mode::Inclusive, ..Canon::default() })
}

/// The exclusive form of the first element of that name, in its place.
fn inside(text: &str, qualified: &str, canon: &Canon) -> String {
    let limits = Limits::default();
    let mut reader = Reader::document(text, &limits);
    loop {
        match reader.next_event().unwrap() {
            Event::Start(name) if name.qualified == qualified => break,
            Event::Eof => panic!("no {qualified}"),
            _ => {}
        }
    }
    let (start, bindings) = (reader.offset(), reader.bindings());
    reader.skip_element().unwrap();
    let mut part = Reader::fragment(text, start..reader.end_offset(), &bindings, &limits);
    let mut out = String::new();
    canonical(&mut part, canon, &mut out).unwrap();
    out
}

#[test]
fn raw_white_space_in_an_attribute_is_a_space_and_a_reference_to_it_stays_one() {
    assert_eq!(exclusive("<a b='1\n2\t3\r\n4'/>"), "<a b=\"1 2 3 4\"></a>");
    assert_eq!(exclusive("<a b='1&#10;2&#9;3&#13;4'/>"), "<a b=\"1&#xA;2&#x9;3&#xD;4\"></a>");
}

#[test]
fn a_superfluous_undeclaration_is_not_written_and_a_needed_one_is() {
    assert_eq!(exclusive("<a xmlns=''><b xmlns=''/></a>"), "<a><b></b></a>");
    assert_eq!(exclusive("<a xmlns='u'><b xmlns=''/></a>"), "<a xmlns=\"u\"><b xmlns=\"\"></b></a>");
    assert_eq!(
        exclusive("<p:a xmlns:p='u' xmlns='v'><b xmlns=''/></p:a>"),
        "<p:a xmlns:p=\"u\"><b></b></p:a>"
    );
    assert_eq!(
        inclusive("<p:a xmlns:p='u' xmlns='v'><b xmlns=''/></p:a>"),
        "<p:a xmlns=\"v\" xmlns:p=\"u\"><b xmlns=\"\"></b></p:a>"
    );
}

#[test]
fn a_prefix_is_declared_where_it_is_used_and_again_where_it_was_rebound() {
    assert_eq!(
        exclusive("<a xmlns:p='u' xmlns:q='v'><p:b><c xmlns:p='w'><p:d/></c><p:e/></p:b></a>"),
        "<a><p:b xmlns:p=\"u\"><c><p:d xmlns:p=\"w\"></p:d></c><p:e></p:e></p:b></a>"
    );
    assert_eq!(
        exclusive("<p:a xmlns:p='u'><p:a xmlns:p='v'><p:a xmlns:p='u'/></p:a></p:a>"),
        "<p:a xmlns:p=\"u\"><p:a xmlns:p=\"v\"><p:a xmlns:p=\"u\"></p:a></p:a></p:a>"
    );
}

#[test]
fn attributes_are_in_the_order_of_namespace_and_name_and_declarations_of_prefix() {
    assert_eq!(
        exclusive("<e z:a='1' b:z='2' b='3' a='4' xml:lang='it' xmlns:b='urn:1' xmlns:z='urn:0' xmlns='d'/>"),
        "<e xmlns=\"d\" xmlns:b=\"urn:1\" xmlns:z=\"urn:0\" a=\"4\" b=\"3\" xml:lang=\"it\" z:a=\"1\" b:z=\"2\"></e>"
    );
}

#[test]
fn references_cdata_and_line_ends_are_text() {
    assert_eq!(
        exclusive("<a>&amp;&lt;&gt;&quot;&#13;<![CDATA[<&]]>x\r\ny\rz&#xe8;</a>"),
        "<a>&amp;&lt;&gt;\"&#xD;&lt;&amp;x\ny\nzè</a>"
    );
    assert_eq!(exclusive("<a b='&lt;&gt;&amp;&quot;&apos;'/>"), "<a b=\"&lt;>&amp;&quot;'\"></a>");
}

#[test]
fn instructions_stay_and_comments_go_unless_asked_for() {
    let text = "<?xml version='1.0'?>\n<!-- out --><?p?>\n<a><?p  q\r\n?><!-- - \r\n--><b/><!--1--><!--2--><?r?></a>\n<!-- out -->";
    assert_eq!(exclusive(text), "<a><?p q\n?><b></b><?r?></a>");
    let canon = Canon { comments: true, ..Canon::default() };
    assert_eq!(with(text, &canon), "<a><?p q\n?><!-- - \n--><b></b><!--1--><!--2--><?r?></a>");
}

#[test]
fn white_space_between_elements_counts() {
    assert_eq!(exclusive("<a  b = '1' >\n <b />\t</a >"), "<a b=\"1\">\n <b></b>\t</a>");
}

#[test]
fn an_element_in_its_place_declares_what_it_uses_of_its_ancestors() {
    let text = "<s:e xmlns:s='u' xmlns='d' xmlns:x='w' xml:lang='it'><s:b i='1'><c/></s:b></s:e>";
    let expected = "<s:b xmlns:s=\"u\" i=\"1\"><c xmlns=\"d\"></c></s:b>";
    assert_eq!(inside(text, "s:b", &Canon::default()), expected);
    let canon = Canon {
        mode: Mode::Inclusive,
        inherited: vec![("lang".to_owned(), "it".to_owned())],
        ..Canon::default()
    };
    let expected = "<s:b xmlns=\"d\" xmlns:s=\"u\" xmlns:x=\"w\" i=\"1\" xml:lang=\"it\"><c></c></s:b>";
    assert_eq!(inside(text, "s:b", &canon), expected);
}

#[test]
fn a_listed_prefix_is_written_although_nobody_uses_it() {
    let text = "<s:e xmlns:s='u' xmlns='d' xmlns:x='w' xmlns:y='z'><s:b><s:c xmlns:x='v'/></s:b></s:e>";
    let canon =
        Canon { prefixes: vec!["x".to_owned(), String::new(), "none".to_owned()], ..Canon::default() };
    let expected = "<s:b xmlns=\"d\" xmlns:s=\"u\" xmlns:x=\"w\"><s:c xmlns:x=\"v\"></s:c></s:b>";
    assert_eq!(inside(text, "s:b", &canon), expected);
}

fn element() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "p:a", "q:a"]);
    let declared =
        prop::sample::select(vec!["", " xmlns='u'", " xmlns=''", " xmlns:p='v'", " xmlns:q='u' xmlns:p='u'"]);
    let attribute = prop::sample::select(vec![
        "",
        " b='&#10;\t\"'",
        " q:b='>'",
        " p:b='&amp;' b='1'",
        " xml:space='preserve'",
    ]);
    let content = prop::sample::select(vec![
        "",
        "t &lt;",
        "\r\n",
        "&#13;",
        "<![CDATA[]]&gt;]]>",
        "<!-- c -->",
        "<?p d ?>",
    ]);
    let leaf = (name.clone(), declared.clone(), attribute.clone(), content.clone());
    let leaf = leaf.prop_map(|(n, d, a, c)| format!("<{n}{d}{a}>{c}</{n}>"));
    leaf.prop_recursive(5, 40, 4, move |inner| {
        let children = prop::collection::vec(inner, 0..4);
        (name.clone(), declared.clone(), attribute.clone(), content.clone(), children)
            .prop_map(|(n, d, a, c, children)| format!("<{n}{d}{a}>{c}{}</{n}>", children.concat()))
    })
}

proptest! {
    #[test]
    fn the_canonical_form_of_a_canonical_form_is_itself(
        inner in element(), comments: bool, all: bool, listed: bool,
    ) {
        let canon = Canon {
            mode: if all { Mode::Inclusive } else { Mode::Exclusive },
            comments,
            prefixes: if listed { vec!["q".to_owned(), String::new()] } else { Vec::new() },
            inherited: Vec::new(),
        };
        let text = format!("<r xmlns:p='p' xmlns:q='q'>{inner}</r>");
        let once = with(&text, &canon);
        prop_assert_eq!(with(&once, &canon), once);
    }
}
