//! The files of a directory, and which of them make up one entry schema.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use roxmltree::{Document, Node, NodeId, ParsingOptions};

use super::{XSD, describe};
use crate::schema::load_error::{LoadError, LoadErrorKind};
use crate::schema::plan::Derivations;
use crate::xml::encoding;

/// Greatest nesting of directories that are searched.
const DEPTH: usize = 16;

/// A schema file, parsed.
pub(crate) struct Parsed<'s> {
    /// Relative to the directory, with `/`.
    pub(crate) file: String,
    pub(crate) tree: Document<'s>,
}

/// A file as it takes part in one entry schema: a file without target namespace takes that of whoever includes it.
pub(super) struct Unit<'s> {
    pub(super) parsed: &'s Parsed<'s>,
    pub(super) target: String,
    pub(super) chameleon: bool,
    pub(super) elements_qualified: bool,
    pub(super) attributes_qualified: bool,
    pub(super) block: Derivations,
    /// The files that it includes, imports or redefines, by number.
    pub(super) pulls: Vec<usize>,
    /// The file that each of its `redefine` leads to.
    pub(super) redefined: Vec<(NodeId, usize)>,
}

impl Parsed<'_> {
    pub(super) fn line(&self, at: Node<'_, '_>) -> u32 {
        self.tree.text_pos_at(at.range().start).row
    }
}

/// Reads every `*.xsd` below `dir`: relative path to text.
pub(crate) fn read(dir: &Path) -> (BTreeMap<String, String>, Vec<LoadError>) {
    let mut texts = BTreeMap::new();
    let mut errors = Vec::new();
    walk(dir, "", DEPTH, &mut texts, &mut errors);
    (texts, errors)
}

fn walk(
    dir: &Path,
    prefix: &str,
    depth: usize,
    texts: &mut BTreeMap<String, String>,
    errors: &mut Vec<LoadError>,
) {
    let unreadable = |file: &str, error: &std::io::Error| LoadError {
        file: file.to_owned(),
        line: 0,
        construct: "file".into(),
        kind: LoadErrorKind::Unreadable(error.kind()),
    };
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) => {
            let shown = if prefix.is_empty() { dir.display().to_string() } else { prefix.to_owned() };
            errors.push(unreadable(&shown, &error));
            return;
        }
    };
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                errors.push(unreadable(prefix, &error));
                continue;
            }
        };
        let name = entry.file_name().to_string_lossy().into_owned();
        let file = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        let path = entry.path();
        if path.is_dir() {
            // A directory that begins with a dot is another program's: the hidden copies of a mounted volume.
            if depth > 0 && !name.starts_with('.') {
                walk(&path, &file, depth - 1, texts, errors);
            }
        } else if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("xsd")) {
            let bytes = match fs::read(&path) {
                Ok(bytes) => bytes,
                Err(error) => {
                    errors.push(unreadable(&file, &error));
                    continue;
                }
            };
            match encoding::decode(&bytes, None) {
                Ok(text) => {
                    texts.insert(file, text.into_owned());
                }
                Err(error) => errors.push(LoadError {
                    file,
                    line: 0,
                    construct: "file".into(),
                    kind: LoadErrorKind::NotXml(error.to_string()),
                }),
            }
        }
    }
}

/// Parses all files. One that is not XML is an error and left out.
pub(crate) fn parse<'s>(texts: &'s BTreeMap<String, String>, errors: &mut Vec<LoadError>) -> Vec<Parsed<'s>> {
    let mut parsed = Vec::with_capacity(texts.len());
    for (file, text) in texts {
        // Schemas of the W3C and of OASIS begin with a DOCTYPE; these files are the operator's own, not a peer's.
        let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
        match Document::parse_with_options(text, options) {
            Ok(tree) => {
                let one = Parsed { file: file.clone(), tree };
                super::grammar::check(&one, errors);
                parsed.push(one);
            }
            Err(error) => errors.push(LoadError {
                file: file.clone(),
                line: error.pos().row,
                construct: "file".into(),
                kind: LoadErrorKind::NotXml(error.to_string()),
            }),
        }
    }
    parsed
}

/// Collects what an entry schema includes and imports, itself first.
pub(super) struct Closure<'s> {
    files: HashMap<&'s str, &'s Parsed<'s>>,
    pub(super) units: Vec<Unit<'s>>,
    pub(super) errors: Vec<LoadError>,
}

impl<'s> Closure<'s> {
    pub(super) fn of(all: &'s [Parsed<'s>], entry: &'s Parsed<'s>) -> Self {
        let files = all.iter().map(|p| (p.file.as_str(), p)).collect();
        let mut closure = Self { files, units: Vec::new(), errors: Vec::new() };
        let target = entry.tree.root_element().attribute("targetNamespace").unwrap_or_default();
        closure.add(entry, target.to_owned());
        closure
    }

    /// Adds a file and all it pulls in, if it is not there; gives its number.
    fn add(&mut self, parsed: &'s Parsed<'s>, target: String) -> Option<usize> {
        let same = |u: &Unit<'s>| std::ptr::eq(u.parsed, parsed) && u.target == target;
        if let Some(known) = self.units.iter().position(same) {
            return Some(known);
        }
        let root = parsed.tree.root_element();
        if root.tag_name().name() != "schema" {
            return None;
        }
        let number = self.units.len();
        let qualified = |attribute: &str| root.attribute(attribute) == Some("qualified");
        let block = super::derivations(root.attribute("blockDefault").unwrap_or_default());
        self.units.push(Unit {
            parsed,
            chameleon: !target.is_empty() && root.attribute("targetNamespace").is_none(),
            target: target.clone(),
            elements_qualified: qualified("elementFormDefault"),
            attributes_qualified: qualified("attributeFormDefault"),
            block,
            pulls: Vec::new(),
            redefined: Vec::new(),
        });
        for child in root.children().filter(|c| c.tag_name().namespace() == Some(XSD)) {
            let found = match child.tag_name().name() {
                "include" | "redefine" => self.include(parsed, child, &target),
                "import" => self.import(parsed, child, &target),
                _ => None,
            };
            if let Some((found, unit)) = found.zip(self.units.get_mut(number)) {
                unit.pulls.push(found);
                if child.tag_name().name() == "redefine" {
                    unit.redefined.push((child.id(), found));
                }
            }
        }
        Some(number)
    }

    /// `include`, and `redefine` as far as it is one.
    fn include(&mut self, parsed: &'s Parsed<'s>, at: Node<'s, 's>, target: &str) -> Option<usize> {
        let Some(location) = at.attribute("schemaLocation") else {
            return self.error(parsed, at, LoadErrorKind::Incomplete("schemaLocation"));
        };
        let Some(found) = self.find(parsed, location) else {
            return self.error(parsed, at, LoadErrorKind::NoSuchFile(location.to_owned()));
        };
        match found.tree.root_element().attribute("targetNamespace") {
            Some(theirs) if theirs != target => {
                let wanted = "a schema of the same target namespace";
                self.error(parsed, at, LoadErrorKind::BadValue { value: theirs.to_owned(), wanted })
            }
            _ => self.add(found, target.to_owned()),
        }
    }

    fn import(&mut self, parsed: &'s Parsed<'s>, at: Node<'s, 's>, target: &str) -> Option<usize> {
        let namespace = at.attribute("namespace").unwrap_or_default();
        if namespace == target {
            let wanted = "a namespace other than the schema's own";
            return self.error(parsed, at, LoadErrorKind::BadValue { value: namespace.to_owned(), wanted });
        }
        // The attributes of the namespace `xml` are built in, whatever file describes them.
        if namespace == crate::xml::XML_NAMESPACE {
            return None;
        }
        // Without a location the namespace is only announced; what is missing of it shows where it is referred to.
        let location = at.attribute("schemaLocation")?;
        let Some(found) = self.find(parsed, location) else {
            return self.error(parsed, at, LoadErrorKind::NoSuchFile(location.to_owned()));
        };
        let theirs = found.tree.root_element().attribute("targetNamespace").unwrap_or_default();
        if theirs != namespace {
            let wanted = "the target namespace of the imported schema";
            return self.error(parsed, at, LoadErrorKind::BadValue { value: namespace.to_owned(), wanted });
        }
        self.add(found, theirs.to_owned())
    }

    /// The file that a location leads to from `from`, below the directory.
    fn find(&self, from: &Parsed<'_>, location: &str) -> Option<&'s Parsed<'s>> {
        let mut path: Vec<&str> = from.file.split('/').collect();
        path.pop();
        for part in location.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    path.pop()?;
                }
                part => path.push(part),
            }
        }
        self.files.get(path.join("/").as_str()).copied()
    }

    fn error(&mut self, parsed: &Parsed<'_>, at: Node<'_, '_>, kind: LoadErrorKind) -> Option<usize> {
        let line = parsed.line(at);
        self.errors.push(LoadError { file: parsed.file.clone(), line, construct: describe(at), kind });
        None
    }
}
