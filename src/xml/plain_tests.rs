//! The plain way against the tokeniser: over every document of the repository, and over what is left of them after
//! random damage, both must say the same.

use std::fs;
use std::path::{Path, PathBuf};

use crate::xml::{Event, Limits, Reader, XmlError, encoding};

/// Every XML file of the fixtures, samples and schemas.
fn documents() -> Vec<(PathBuf, String)> {
    let mut folders: Vec<PathBuf> = ["tests/fixtures", "samples", "xsd", "wsdl"]
        .map(|d| Path::new(env!("CARGO_MANIFEST_DIR")).join(d))
        .into();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "xml" || e == "xsd" || e == "wsdl") {
                let bytes = fs::read(&path).unwrap();
                if let Ok(text) = encoding::decode(&bytes, None) {
                    found.push((path, text.into_owned()));
                }
            }
        }
    }
    assert!(found.len() > 100, "the documents are there");
    found
}

/// All that a reader says: each event with its place and its attributes, then the end or what is wrong.
fn told(text: &str, careful: bool) -> (Vec<String>, Option<XmlError>) {
    let mut reader = Reader::document(text, &Limits::default());
    reader.careful = careful;
    let mut said = Vec::new();
    loop {
        match reader.next_event() {
            Ok(Event::Eof) => return (said, None),
            Ok(event) => {
                let place = (reader.offset(), reader.end_offset(), reader.depth());
                let attributes = if matches!(event, Event::Start(_)) { reader.attributes() } else { &[] };
                said.push(format!("{place:?} {event:?} {attributes:?}"));
            }
            Err(error) => return (said, Some(error)),
        }
    }
}

#[test]
fn plain_documents_read_the_same_either_way() {
    for (path, text) in documents() {
        assert_eq!(told(&text, false), told(&text, true), "{}", path.display());
    }
}

#[test]
fn damaged_documents_read_the_same_either_way() {
    const PIECES: [&str; 24] = [
        "<",
        ">",
        "/",
        "\"",
        "'",
        "=",
        " ",
        "&",
        ";",
        ":",
        "]]>",
        "&#13;",
        "\r\n",
        "\t",
        "è",
        "\u{FFFE}",
        "\u{1}",
        "xmlns=",
        "<!--",
        "-->",
        "<![CDATA[",
        "?>",
        " a='1'",
        "</",
    ];
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    for (path, text) in documents() {
        for _ in 0..25 {
            let mut damaged = text.clone();
            for _ in 0..=random(2) {
                let mut at = random(damaged.len());
                while !damaged.is_char_boundary(at) {
                    at -= 1;
                }
                let mut end = (at + random(4)).min(damaged.len());
                while !damaged.is_char_boundary(end) {
                    end += 1;
                }
                damaged.replace_range(at..end, PIECES[random(PIECES.len())]);
            }
            assert_eq!(told(&damaged, false), told(&damaged, true), "{}: {damaged}", path.display());
        }
    }
}

/// Where markup and text begin and end is what the tokeniser says of the whole document.
#[test]
fn events_begin_and_end_where_the_tokens_do() {
    for (path, text) in documents() {
        let mut tokens = quick_xml::Reader::from_str(&text);
        tokens.config_mut().check_end_names = false;
        let mut reader = Reader::document(&text, &Limits::default());
        while let Ok(event) = reader.next_event() {
            if event == Event::Eof {
                break;
            }
            if reader.offset() == reader.end_offset() {
                continue; // The end of an empty-element tag.
            }
            while (tokens.buffer_position() as usize) < reader.offset() {
                tokens.read_event().unwrap();
            }
            assert_eq!(tokens.buffer_position() as usize, reader.offset(), "{}", path.display());
            tokens.read_event().unwrap();
            assert_eq!(tokens.buffer_position() as usize, reader.end_offset(), "{}", path.display());
        }
    }
}
