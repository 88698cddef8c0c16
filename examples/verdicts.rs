//! Verdicts on many documents, fast: for runs that hold the schema engine against another one.
//!
//! `verdicts DIR` prints `FILE<TAB>NAMESPACE<TAB>ROOT` for every document that the schemas below DIR make known.
//! `verdicts DIR FILE` compiles DIR and reads batches from standard input: a count, then that many documents, each a
//! length and its bytes; numbers are four bytes, most significant first. For each document it writes one line:
//! `valid`, `malformed<TAB>WHY` (not XML), `invalid<TAB>VIOLATION<TAB>VIOLATION...`, or `panic`. The root of a document
//! chooses among the roots of FILE; one that is none of them is invalid. A folder that does not load ends the program
//! with status 2 and one error a line on standard output.
//!
//! A valid document goes to JSON and back, with the elements that JSON has no place for carried as XML; where what comes
//! back is not the same document, the line is `broken<TAB>WHY`.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;

use egov_bridge::json_native;
use egov_bridge::schema::{self, Document, Refusal, Rule, SchemaSet};
use egov_bridge::xml::{Event, Limits, Reader, XSI_NAMESPACE, encoding};

/// As many violations as a line tells of one document.
const TOLD: usize = 8;

fn main() -> io::Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let Some(dir) = arguments.next() else {
        eprintln!("verdicts DIR [FILE]");
        return Ok(ExitCode::from(1));
    };
    let mut out = io::stdout().lock();
    let set = match SchemaSet::load(Path::new(&dir)) {
        Ok(set) => set,
        Err(errors) => {
            for error in errors {
                writeln!(out, "{error}")?;
            }
            return Ok(ExitCode::from(2));
        }
    };
    let documents = set.documents().map(|document| document.carrying(&document.remedy()));
    let documents: Vec<Document> = documents.collect::<Result<_, _>>().map_err(io::Error::other)?;
    let Some(file) = arguments.next() else {
        for document in set.documents() {
            writeln!(out, "{}\t{}\t{}", document.file(), document.namespace(), document.root())?;
        }
        return Ok(ExitCode::SUCCESS);
    };
    let mut input = io::stdin().lock();
    while let Some(count) = number(&mut input)? {
        let mut lines = String::new();
        for _ in 0..count {
            let length = number(&mut input)?.ok_or(io::ErrorKind::UnexpectedEof)?;
            let mut bytes = vec![0; length as usize];
            input.read_exact(&mut bytes)?;
            let line = catch_unwind(AssertUnwindSafe(|| verdict(&documents, &file, &bytes)));
            // Messages repeat what the document says, line ends too.
            lines.extend(
                line.as_deref()
                    .unwrap_or("panic")
                    .chars()
                    .map(|c| if matches!(c, '\n' | '\r') { ' ' } else { c }),
            );
            lines.push('\n');
        }
        out.write_all(lines.as_bytes())?;
        out.flush()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The next number; none at the end of the input.
fn number(input: &mut impl Read) -> io::Result<Option<u32>> {
    let mut bytes = [0; 4];
    match input.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(u32::from_be_bytes(bytes))),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

fn verdict(documents: &[Document], file: &str, bytes: &[u8]) -> String {
    let text = match encoding::decode(bytes, None) {
        Ok(text) => text,
        Err(error) => return format!("malformed\t{error}"),
    };
    let limits = Limits::default();
    let mut reader = Reader::document(&text, &limits);
    let root = loop {
        match reader.next_event() {
            Ok(Event::Start(name)) => {
                break (reader.namespace(name.namespace).to_owned(), name.local.to_owned());
            }
            Ok(Event::Eof) => return "malformed\tempty".to_owned(),
            Ok(_) => {}
            Err(error) => return format!("malformed\t{error}"),
        }
    };
    let mut all = documents.iter().filter(|d| d.file() == file);
    let Some(document) = all.find(|d| d.namespace() == root.0 && d.root() == root.1) else {
        loop {
            match reader.next_event() {
                Ok(Event::Eof) => return format!("invalid\t1:1: /: root: {{{}}}{}", root.0, root.1),
                Ok(_) => {}
                Err(error) => return format!("malformed\t{error}"),
            }
        }
    };
    match schema::validate(document, Reader::document(&text, &limits)) {
        Ok(()) => match there_and_back(document, &text, &limits) {
            Ok(()) => "valid".to_owned(),
            Err(why) => format!("broken\t{why}"),
        },
        Err(Refusal::NotXml { error, position }) => format!("malformed\t{position}: {error}"),
        Err(Refusal::Invalid(violations)) => {
            let mut line = "invalid".to_owned();
            for violation in violations.iter().take(TOLD) {
                let told = violation.to_string().replace('\t', " ");
                let _ = write!(line, "\t{told}");
            }
            line
        }
    }
}

/// The law of the translation, for a valid document: to JSON and back it says the same.
fn there_and_back(document: &Document, text: &str, limits: &Limits) -> Result<(), String> {
    let mut json = Vec::new();
    match json_native::to_json(document, Reader::document(text, limits), &mut json) {
        Ok(()) => {}
        // A type that the document names has no place in JSON.
        Err(json_native::Refusal::Invalid(all)) if all.iter().all(|v| v.rule == Rule::Type) => return Ok(()),
        Err(refusal) => return Err(format!("to JSON: {}", told(&refusal))),
    }
    if let Err(error) = serde_json::from_slice::<serde_json::Value>(&json) {
        return Err(format!("not JSON: {error}"));
    }
    let mut back = String::new();
    json_native::to_xml(document, &json, &mut back)
        .map_err(|refusal| format!("to XML: {}", told(&refusal)))?;
    if infoset(text, limits)? != infoset(&back, limits)? {
        return Err(format!("another document: {back}"));
    }
    Ok(())
}

/// What a document says, as far as JSON carries it: without prefixes, attributes of `xsi`, and text that is blank.
fn infoset(text: &str, limits: &Limits) -> Result<String, String> {
    let mut reader = Reader::document(text, limits);
    let mut out = String::new();
    let mut content = String::new();
    loop {
        let event = reader.next_event().map_err(|error| error.to_string())?;
        match &event {
            Event::Text(text) | Event::Cdata(text) => {
                content.push_str(text);
                continue;
            }
            Event::Instruction(_) => continue,
            Event::Start(_) | Event::End | Event::Eof => {}
        }
        if !content.trim_matches([' ', '\t', '\n', '\r']).is_empty() {
            let _ = write!(out, "{content:?}");
        }
        content.clear();
        match event {
            Event::Start(name) => {
                let mut attributes: Vec<String> = Vec::new();
                for attribute in reader.attributes() {
                    let namespace = reader.namespace(attribute.name.namespace);
                    if namespace != XSI_NAMESPACE {
                        let local = attribute.name.local;
                        attributes.push(format!("{{{namespace}}}{local}={:?}", attribute.value));
                    }
                }
                attributes.sort();
                let namespace = reader.namespace(name.namespace);
                let _ = write!(out, "<{{{namespace}}}{} {}>", name.local, attributes.join(" "));
            }
            Event::End => out.push_str("</>"),
            Event::Eof => return Ok(out),
            Event::Text(_) | Event::Cdata(_) | Event::Instruction(_) => {}
        }
    }
}

fn told(refusal: &json_native::Refusal) -> String {
    match refusal {
        json_native::Refusal::Invalid(all) => all.first().map(ToString::to_string).unwrap_or_default(),
        other => other.to_string(),
    }
}
