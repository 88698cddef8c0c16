//! Exclusive XML Canonicalization 1.0, without comments, of an element as it stands in its document.

use std::collections::BTreeMap;
use std::rc::Rc;

use roxmltree::{Attribute, Node, NodeType};

use super::EXCLUSIVE;

/// Prefixes that are rendered already, and for what.
type Rendered = Rc<BTreeMap<String, String>>;

enum Work<'a, 'd> {
    Begin(Node<'a, 'd>, Rendered),
    End(&'a str),
}

/// The canonical text of an element. `prefixes` are rendered wherever they are in scope, used or not (§3, PrefixList).
pub(super) fn exclusive(apex: Node<'_, '_>, prefixes: &[&str]) -> String {
    let mut text = String::new();
    // Whoever is judged decides how deep this goes: there is no recursion.
    let mut work = vec![Work::Begin(apex, Rendered::default())];
    while let Some(next) = work.pop() {
        match next {
            Work::End(name) => text.push_str(&format!("</{name}>")),
            Work::Begin(node, rendered) => match node.node_type() {
                NodeType::Text => text.push_str(&escaped(node.text().unwrap_or_default())),
                NodeType::PI => {
                    let pi = node.pi().map(|pi| (pi.target, pi.value));
                    match pi {
                        Some((target, Some(value))) => text.push_str(&format!("<?{target} {value}?>")),
                        Some((target, None)) => text.push_str(&format!("<?{target}?>")),
                        None => {}
                    }
                }
                NodeType::Element => {
                    let name = qualified(node);
                    let rendered = begin(node, name, prefixes, &rendered, &mut text);
                    work.push(Work::End(name));
                    work.extend(node.children().rev().map(|child| Work::Begin(child, rendered.clone())));
                }
                NodeType::Comment | NodeType::Root => {}
            },
        }
    }
    text
}

/// The prefixes that a canonicalisation method or transform lists.
pub(super) fn prefixes<'a>(method: Node<'a, '_>) -> Vec<&'a str> {
    let list = method.children().find(|at| at.has_tag_name((EXCLUSIVE, "InclusiveNamespaces")));
    let prefixes = list.and_then(|list| list.attribute("PrefixList")).unwrap_or_default();
    prefixes.split_ascii_whitespace().collect()
}

/// A start tag: the namespaces that it uses and nobody above has rendered, then its attributes.
fn begin(
    node: Node<'_, '_>,
    name: &str,
    prefixes: &[&str],
    rendered: &Rendered,
    text: &mut String,
) -> Rendered {
    let source = node.document().input_text();
    let written =
        |attribute: &Attribute<'_, '_>| source.get(attribute.range_qname()).unwrap_or_default().to_owned();
    let mut attributes: Vec<(&str, &str, String, &str)> = node
        .attributes()
        .map(|at| (at.namespace().unwrap_or_default(), at.name(), written(&at), at.value()))
        .collect();
    attributes.sort();
    let prefix_of = |name: &str| name.split_once(':').map_or("", |(prefix, _)| prefix).to_owned();
    let mut wanted = vec![prefix_of(name)];
    wanted.extend(attributes.iter().map(|at| prefix_of(&at.2)).filter(|prefix| !prefix.is_empty()));
    let in_scope = |prefix: &str| node.lookup_namespace_uri(Some(prefix).filter(|p| !p.is_empty()));
    let listed = prefixes.iter().map(|prefix| if *prefix == "#default" { "" } else { prefix });
    wanted.extend(listed.filter(|prefix| in_scope(prefix).is_some()).map(str::to_owned));
    wanted.retain(|prefix| prefix != "xml");
    wanted.sort();
    wanted.dedup();
    let mut now = rendered.as_ref().clone();
    text.push_str(&format!("<{name}"));
    for prefix in wanted {
        let uri = in_scope(&prefix).unwrap_or_default();
        if now.get(&prefix).map_or("", String::as_str) != uri {
            let colon = if prefix.is_empty() { "" } else { ":" };
            text.push_str(&format!(" xmlns{colon}{prefix}=\"{}\"", quoted(uri)));
            now.insert(prefix, uri.to_owned());
        }
    }
    for (_, _, name, value) in attributes {
        text.push_str(&format!(" {name}=\"{}\"", quoted(value)));
    }
    text.push('>');
    Rc::new(now)
}

/// The name of an element as it is written: of two prefixes for one namespace the text alone knows which.
fn qualified<'a>(node: Node<'a, '_>) -> &'a str {
    let source = node.document().input_text();
    let tag = source.get(node.range().start + 1..).unwrap_or_default();
    let end = tag.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).unwrap_or(tag.len());
    tag.get(..end).unwrap_or_default()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#xD;")
}

fn quoted(value: &str) -> String {
    let value = value.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    value.replace('\t', "&#x9;").replace('\n', "&#xA;").replace('\r', "&#xD;")
}

#[cfg(test)]
mod tests {
    use roxmltree::Document;

    use super::*;

    /// The canonical text of the element `e` in a document.
    fn of(document: &str, prefixes: &[&str]) -> String {
        let document = Document::parse(document).unwrap();
        let apex = document.descendants().find(|node| node.tag_name().name() == "e").unwrap();
        exclusive(apex, prefixes)
    }

    #[test]
    fn what_an_element_uses_is_rendered_where_it_is_first_used() {
        for (document, expected) in [
            ("<e b='2' a='1'/>", "<e a=\"1\" b=\"2\"></e>"),
            ("<a xmlns='u' xmlns:n='v'><e/></a>", "<e xmlns=\"u\"></e>"),
            (
                "<a xmlns:n='v'><n:e n:x='1' y='2'><n:f/></n:e></a>",
                "<n:e xmlns:n=\"v\" y=\"2\" n:x=\"1\"><n:f></n:f></n:e>",
            ),
            ("<e xmlns='u'><f xmlns=''><g/></f></e>", "<e xmlns=\"u\"><f xmlns=\"\"><g></g></f></e>"),
            (
                "<a xmlns:m='v' xmlns:n='v'><m:e><n:f/></m:e></a>",
                "<m:e xmlns:m=\"v\"><n:f xmlns:n=\"v\"></n:f></m:e>",
            ),
            (
                "<e k='&lt;&#9;&quot;&gt;'>&lt;&gt;<![CDATA[<&]]>&#13;<!-- c --></e>",
                "<e k=\"&lt;&#x9;&quot;>\">&lt;&gt;&lt;&amp;&#xD;</e>",
            ),
            ("<e><?p v?><?q?></e>", "<e><?p v?><?q?></e>"),
            ("<a xml:lang='it'><e xml:space='preserve'> </e></a>", "<e xml:space=\"preserve\"> </e>"),
        ] {
            assert_eq!(of(document, &[]), expected, "{document}");
        }
    }

    #[test]
    fn listed_prefixes_are_rendered_though_nothing_uses_them() {
        let document = "<a xmlns='u' xmlns:n='v' xmlns:m='w'><e xmlns=''><f/></e></a>";
        assert_eq!(of(document, &["n", "z"]), "<e xmlns:n=\"v\"><f></f></e>");
        assert_eq!(
            of("<n:a xmlns='u' xmlns:n='v'><n:e/></n:a>", &["#default"]),
            "<n:e xmlns=\"u\" xmlns:n=\"v\"></n:e>"
        );
    }
}
