//! The canonical form of elements, asked for over standard input, for comparison with another implementation
//! (`tests/peers/c14n.py`).
//!
//! A question is a line `MODE COMMENTS PREFIXES ELEMENT LENGTH` and a document of that many bytes: `exclusive` or `inclusive`,
//! `0` or `1`, prefixes with commas between them or `-`, the number of the element in document order. An answer is a line with
//! the length of the canonical form, and the form; or `-1`.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{BufRead, Read, Write};

use egov_bridge::xml::c14n::{self, Canon, Inherited, Mode};
use egov_bridge::xml::{Event, Limits, Reader, XmlError};

fn main() {
    let mut input = std::io::stdin().lock();
    let mut output = std::io::stdout().lock();
    let mut line = String::new();
    while input.read_line(&mut line).unwrap() > 0 {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [mode, comments, prefixes, element, length] = words.as_slice() else { panic!("{line:?}") };
        let mut text = vec![0; length.parse().unwrap()];
        input.read_exact(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        let listed = prefixes.split(',').filter(|prefix| *prefix != "-");
        let canon = Canon {
            mode: if *mode == "inclusive" { Mode::Inclusive } else { Mode::Exclusive },
            comments: *comments == "1",
            prefixes: listed.map(|prefix| prefix.trim_start_matches("#default").to_owned()).collect(),
            inherited: Vec::new(),
        };
        match canonical(&text, element.parse().unwrap(), canon) {
            Ok(form) => write!(output, "{}\n{form}", form.len()).unwrap(),
            Err(_) => writeln!(output, "-1").unwrap(),
        }
        output.flush().unwrap();
        line.clear();
    }
}

fn canonical(text: &str, element: usize, mut canon: Canon) -> Result<String, XmlError> {
    let limits = Limits::default();
    let mut reader = Reader::document(text, &limits);
    let mut inherited = Inherited::default();
    let mut count = 0;
    loop {
        if let Event::Start(_) = reader.next_event()? {
            inherited.start(&reader);
            if count == element {
                break;
            }
            count += 1;
        }
    }
    let (start, bindings) = (reader.offset(), reader.bindings());
    reader.skip_element()?;
    canon.inherited = inherited.in_force();
    let mut out = String::new();
    let mut part = Reader::fragment(text, start..reader.end_offset(), &bindings, &limits);
    c14n::canonical(&mut part, &canon, &mut out)?;
    Ok(out)
}
