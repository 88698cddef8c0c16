//! How the changes of a case are made.
//!
//! They are cuts and pastes in the text: what a change does not name keeps its bytes, so that a case is exactly its base
//! and what it says.

use std::ops::Range;

use roxmltree::{Document, Node};

use super::mutation::{ByteChange, Charset, MutationError, Side, Spot, TextChange};
use super::path::{Path, attribute};

/// Makes a change of the text.
///
/// # Errors
/// What it names is not there.
pub(super) fn text(text: &mut String, change: &TextChange) -> Result<(), MutationError> {
    let edits = match change {
        TextChange::Set { path, xml } => vec![set(text, path, xml)?],
        TextChange::Remove { path } => vec![(remove(text, path)?, String::new())],
        TextChange::Duplicate { path, times } => {
            let range = element(text, path)?;
            let copy = slice(text, &range).repeat(*times);
            vec![(range.end..range.end, copy)]
        }
        TextChange::Rename { path, to } => rename(text, path, to)?,
        TextChange::Move { path, place } => {
            let from = element(text, path)?;
            let moved = slice(text, &from).to_owned();
            let mut edits = vec![(from, String::new())];
            edits.extend(insert(text, place, moved)?);
            edits
        }
        TextChange::Insert { xml, place } => insert(text, place, xml.clone())?,
        TextChange::Nest { name, times, place } => {
            let nested = format!("<{name}>").repeat(*times) + &format!("</{name}>").repeat(*times);
            insert(text, place, nested)?
        }
        TextChange::Flood { path, times } => {
            let at = element(text, path)?.start;
            let name_end = at + 1 + name_length(text, at);
            let flood: String = (0..*times).map(|n| format!(" a{n}=\"\"")).collect();
            vec![(name_end..name_end, flood)]
        }
        TextChange::Replace { what, with } => {
            if !text.contains(what.as_str()) {
                return Err(MutationError::NoSuchText(what.clone()));
            }
            *text = text.replace(what.as_str(), with);
            Vec::new()
        }
        TextChange::Prepend(before) => vec![(0..0, before.clone())],
        TextChange::Append(after) => vec![(text.len()..text.len(), after.clone())],
        TextChange::Lines(ending) => {
            *text = text.replace('\n', ending);
            Vec::new()
        }
    };
    apply(text, edits);
    Ok(())
}

/// Makes a change of the bytes.
///
/// # Errors
/// What it names is not there.
pub(super) fn bytes(bytes: &mut Vec<u8>, change: &ByteChange) -> Result<(), MutationError> {
    match change {
        ByteChange::Encode(charset) => {
            let text = String::from_utf8_lossy(bytes).into_owned();
            *bytes = encode(&text, *charset)?;
        }
        ByteChange::Prepend(before) => {
            bytes.splice(0..0, before.iter().copied());
        }
        ByteChange::Append(after) => bytes.extend_from_slice(after),
        ByteChange::Replace { what, with } => {
            let mut at = 0;
            let mut found = false;
            while let Some(next) = find(bytes, what, at) {
                bytes.splice(next..next + what.len(), with.iter().copied());
                at = next + with.len();
                found = true;
            }
            if !found {
                return Err(MutationError::NoSuchText(format!("{what:02X?}")));
            }
        }
        ByteChange::Cut(count) => {
            let left = bytes.len().checked_sub(*count).ok_or(MutationError::TooShort(*count))?;
            bytes.truncate(left);
        }
    }
    Ok(())
}

fn find(bytes: &[u8], what: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..).filter(|_| !what.is_empty())?;
    rest.windows(what.len()).position(|window| window == what).map(|at| from + at)
}

fn encode(text: &str, charset: Charset) -> Result<Vec<u8>, MutationError> {
    match charset {
        Charset::Utf16Le => Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        Charset::Utf16Be => Ok(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        Charset::Other(encoding) => {
            let (encoded, _, unmappable) = encoding.encode(text);
            if unmappable {
                Err(MutationError::Unmappable(encoding.name()))
            } else {
                Ok(encoded.into_owned())
            }
        }
    }
}

type Edit = (Range<usize>, String);

fn apply(text: &mut String, mut edits: Vec<Edit>) {
    edits.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    for (range, with) in edits {
        text.replace_range(range, &with);
    }
}

fn set(text: &str, path: &Path, xml: &str) -> Result<Edit, MutationError> {
    let document = parse(text)?;
    let node = path.element(&document).ok_or(MutationError::NoSuchPlace)?;
    let start = node.range().start;
    let Some(name) = path.attribute() else { return Ok(content_edit(text, node, xml)) };
    Ok(match attribute(text, node, name) {
        Some(attribute) => (attribute.range_value(), xml.to_owned()),
        None => {
            let at = start + 1 + name_length(text, start);
            (at..at, format!(" {name}=\"{xml}\""))
        }
    })
}

fn content_edit(text: &str, node: Node<'_, '_>, xml: &str) -> Edit {
    let range = node.range();
    match content(text, &range) {
        Some(content) => (content, xml.to_owned()),
        // An empty-element tag opens.
        None => {
            let name = slice(text, &(range.start + 1..range.start + 1 + name_length(text, range.start)));
            (range.end.saturating_sub(2)..range.end, format!(">{xml}</{name}>"))
        }
    }
}

fn remove(text: &str, path: &Path) -> Result<Range<usize>, MutationError> {
    let Some(name) = path.attribute() else { return element(text, path) };
    let document = parse(text)?;
    let node = path.element(&document).ok_or(MutationError::NoSuchPlace)?;
    let range = attribute(text, node, name).ok_or(MutationError::NoSuchPlace)?.range();
    Ok(range.start.saturating_sub(1)..range.end)
}

fn rename(text: &str, path: &Path, to: &str) -> Result<Vec<Edit>, MutationError> {
    let document = parse(text)?;
    let node = path.element(&document).ok_or(MutationError::NoSuchPlace)?;
    if let Some(name) = path.attribute() {
        let range = attribute(text, node, name).ok_or(MutationError::NoSuchPlace)?.range_qname();
        return Ok(vec![(range, to.to_owned())]);
    }
    let range = node.range();
    let length = name_length(text, range.start);
    let old = slice(text, &(range.start + 1..range.start + 1 + length));
    let new = match (to.strip_prefix(':'), old.split_once(':')) {
        (Some(bare), _) => bare.to_owned(),
        (None, Some((prefix, _))) if !to.contains(':') => format!("{prefix}:{to}"),
        _ => to.to_owned(),
    };
    let mut edits = vec![(range.start + 1..range.start + 1 + length, new.clone())];
    if let Some(content) = content(text, &range) {
        edits.push((content.end + 2..content.end + 2 + length, new));
    }
    Ok(edits)
}

fn insert(text: &str, place: &Spot, xml: String) -> Result<Vec<Edit>, MutationError> {
    let document = parse(text)?;
    let node = place.path.element(&document).ok_or(MutationError::NoSuchPlace)?;
    let range = node.range();
    let at = match (place.side, content(text, &range)) {
        (Side::Before, _) => range.start,
        (Side::After, _) => range.end,
        (Side::FirstIn, Some(content)) => content.start,
        (Side::LastIn, Some(content)) => content.end,
        (_, None) => return Ok(vec![content_edit(text, node, &xml)]),
    };
    Ok(vec![(at..at, xml)])
}

fn element(text: &str, path: &Path) -> Result<Range<usize>, MutationError> {
    let document = parse(text)?;
    path.element(&document).map(|node| node.range()).ok_or(MutationError::NoSuchPlace)
}

fn parse(text: &str) -> Result<Document<'_>, MutationError> {
    Document::parse(text).map_err(|error| MutationError::NotXml(error.to_string()))
}

/// Between the tags of an element; `None` for an empty-element tag.
fn content(text: &str, range: &Range<usize>) -> Option<Range<usize>> {
    let whole = slice(text, range);
    let mut quote = None;
    let end_of_tag = whole.char_indices().find_map(|(at, c)| match (quote, c) {
        (None, '"' | '\'') => {
            quote = Some(c);
            None
        }
        (Some(open), _) if open == c => {
            quote = None;
            None
        }
        (None, '>') => Some(at),
        _ => None,
    })?;
    if end_of_tag + 1 == whole.len() {
        return None;
    }
    let end = whole.rfind("</")?;
    Some(range.start + end_of_tag + 1..range.start + end)
}

/// Length of the name after the `<` at `start`.
fn name_length(text: &str, start: usize) -> usize {
    let after = text.get(start + 1..).unwrap_or_default();
    after.find(|c: char| c.is_whitespace() || c == '>' || c == '/').unwrap_or(after.len())
}

fn slice<'t>(text: &'t str, range: &Range<usize>) -> &'t str {
    text.get(range.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::mutation::Mutation;
    use super::super::raw::RawMutation;
    use super::*;

    const BASE: &str = "<x:a xmlns:x=\"u\">\n<x:b k=\"1\">t</x:b><x:c/>\n</x:a>";

    fn changed(toml: &str) -> Result<String, MutationError> {
        let raw: RawMutation = toml::from_str(toml).unwrap();
        let mut base = BASE.to_owned();
        match Mutation::read(raw).unwrap() {
            Mutation::Text(change) => text(&mut base, &change)?,
            Mutation::Bytes(change) => {
                let mut out = base.into_bytes();
                bytes(&mut out, &change)?;
                return Ok(out.iter().map(|b| char::from(*b)).collect());
            }
        }
        Ok(base)
    }

    #[test]
    fn each_verb_changes_what_it_names_and_nothing_else() {
        for (toml, what, with) in [
            ("set = 'b'\nto = '<'", ">t<", ">&lt;<"),
            ("set = 'c'\nxml = '<d/>'", "<x:c/>", "<x:c><d/></x:c>"),
            ("set = 'b/@k'\nto = '2'", "k=\"1\"", "k=\"2\""),
            ("set = 'c/@n'\nto = '2'", "<x:c/>", "<x:c n=\"2\"/>"),
            ("remove = 'b'", "<x:b k=\"1\">t</x:b>", ""),
            ("remove = 'b/@k'", " k=\"1\"", ""),
            ("duplicate = 'c'\ntimes = 2", "<x:c/>", "<x:c/><x:c/><x:c/>"),
            ("rename = 'b'\nto = 'd'", "<x:b k=\"1\">t</x:b>", "<x:d k=\"1\">t</x:d>"),
            ("rename = 'b'\nto = ':d'", "<x:b k=\"1\">t</x:b>", "<d k=\"1\">t</d>"),
            ("rename = 'b/@k'\nto = 'l'", "k=\"1\"", "l=\"1\""),
            ("move = 'c'\nbefore = 'b'", "<x:b k=\"1\">t</x:b><x:c/>", "<x:c/><x:b k=\"1\">t</x:b>"),
            ("insert = '<!---->'\nfirst-in = 'b'", ">t<", "><!---->t<"),
            ("insert = 'y'\nlast-in = 'c'", "<x:c/>", "<x:c>y</x:c>"),
            ("nest = 'n'\ntimes = 2\nafter = 'c'", "<x:c/>", "<x:c/><n><n></n></n>"),
            ("flood = 'c'\ntimes = 2", "<x:c/>", "<x:c a0=\"\" a1=\"\"/>"),
            ("lines = 'crlf'", "\n", "\r\n"),
            ("cut = 5", "/x:a>", ""),
            ("replace-bytes = '74'\nwith = '00 FF'", ">t<", ">\0\u{ff}<"),
        ] {
            assert_eq!(changed(toml), Ok(BASE.replace(what, with)), "{toml}");
        }
        assert_eq!(changed("remove = 'z'"), Err(MutationError::NoSuchPlace));
        assert_eq!(changed("replace = 'z'\nwith = ''"), Err(MutationError::NoSuchText("z".into())));
    }
}
