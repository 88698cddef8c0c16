//! XML and JSON laid out for reading. What is printed so is for people: white space is ours.

use crate::xml::{Event, Limits, Reader, characters, write};

/// One step of indentation.
const STEP: &str = "  ";

/// An XML document with one element a line. An inner document that travels as text is shown as a CDATA section, laid
/// out the same way. What is not XML is given back as it is.
pub(super) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    if let Some(end) = text.starts_with("<?xml ").then(|| text.find("?>")).flatten() {
        out.push_str(text.get(..end + 2).unwrap_or_default());
    }
    match lay_out(text, 0, &mut out) {
        Some(()) => out,
        None => text.to_owned(),
    }
}

/// A JSON text with one member a line. What is not JSON is given back as it is.
pub(super) fn json(text: &str) -> String {
    serde_json::from_str::<serde_json::Value>(text)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| text.to_owned())
}

/// Whichever of the two it is.
pub(super) fn either(text: &str) -> String {
    match text.trim_start().chars().next() {
        Some('<') => xml(text),
        Some('{' | '[') => json(text),
        _ => text.to_owned(),
    }
}

/// Appends the document; `None` where it is not XML.
fn lay_out(text: &str, level: usize, out: &mut String) -> Option<()> {
    let mut reader = Reader::document(text, &Limits::default());
    // The character data since the last tag.
    let mut pending = String::new();
    // Whether the last tag was a start tag, whose element has had no child so far.
    let mut just_opened = false;
    loop {
        let depth = level + reader.depth();
        match reader.next_event().ok()? {
            Event::Start(_) => {
                if !characters::is_blank(&pending) {
                    line(out, depth);
                    write::push_text(out, characters::trim(&pending));
                }
                pending.clear();
                line(out, depth);
                out.push_str(text.get(reader.offset()..reader.end_offset())?);
                just_opened = true;
            }
            Event::End => {
                let tag = text.get(reader.offset()..reader.end_offset())?;
                let depth = depth.saturating_sub(1);
                if just_opened && is_document(&pending) {
                    out.push_str("<![CDATA[");
                    lay_out(pending.trim_start(), depth + 1, out)?;
                    line(out, depth);
                    out.push_str("]]>");
                } else if just_opened {
                    write::push_text(out, &pending);
                } else {
                    if !characters::is_blank(&pending) {
                        line(out, depth + 1);
                        write::push_text(out, characters::trim(&pending));
                    }
                    line(out, depth);
                }
                pending.clear();
                out.push_str(tag);
                just_opened = false;
            }
            Event::Text(piece) | Event::Cdata(piece) => pending.push_str(&piece),
            Event::Instruction(_) => {}
            Event::Eof => return Some(()),
        }
    }
}

fn line(out: &mut String, depth: usize) {
    if !out.is_empty() {
        out.push('\n');
    }
    for _ in 0..depth {
        out.push_str(STEP);
    }
}

/// Whether a text is a whole XML document that can stand in a CDATA section.
fn is_document(text: &str) -> bool {
    let text = text.trim_start();
    if !text.starts_with('<') || text.contains("]]>") {
        return false;
    }
    let mut reader = Reader::document(text, &Limits::default());
    loop {
        match reader.next_event() {
            Ok(Event::Eof) => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_element_a_line_and_texts_beside_their_tags() {
        let text = "<?xml version='1.0'?><a x='1'><b>è &amp; é</b>\n<c/><d></d></a>";
        assert_eq!(
            xml(text),
            "<?xml version='1.0'?>\n<a x='1'>\n  <b>è &amp; é</b>\n  <c/>\n  <d></d>\n</a>"
        );
    }

    #[test]
    fn an_inner_document_is_laid_out_too() {
        let text = "<a><b>&lt;?xml version=\"1.0\"?&gt;\n&lt;x&gt;&lt;y/&gt;&lt;/x&gt;</b></a>";
        assert_eq!(xml(text), "<a>\n  <b><![CDATA[\n    <x>\n      <y/>\n    </x>\n  ]]></b>\n</a>");
    }

    #[test]
    fn what_is_neither_xml_nor_json_stays_as_it_is() {
        assert_eq!(either("<a><b></a>"), "<a><b></a>");
        assert_eq!(either("{oops"), "{oops");
        assert_eq!(either("{\"a\":[1]}"), "{\n  \"a\": [\n    1\n  ]\n}");
    }

    #[test]
    fn a_text_that_only_looks_like_a_document_is_escaped() {
        assert_eq!(xml("<a>&lt;b</a>"), "<a>&lt;b</a>");
    }
}
