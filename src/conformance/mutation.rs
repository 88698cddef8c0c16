//! What a case does to its base message: a small language of ordered changes.
//!
//! Changes of text come first and know elements by [`Path`]; changes of bytes come last, when the text is settled.

use encoding_rs::Encoding;

use super::path::Path;
use super::problem::Problem;
use super::raw::RawMutation;

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Mutation {
    /// Of the text.
    Text(TextChange),
    /// Of the bytes that the text became.
    Bytes(ByteChange),
}

/// A change of the text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TextChange {
    /// The content of an element, or the value of an attribute.
    Set {
        /// The element or attribute.
        path: Path,
        /// Its new content, as markup.
        xml: String,
    },
    /// An element or attribute is taken away.
    Remove {
        /// The element or attribute.
        path: Path,
    },
    /// An element stands several times.
    Duplicate {
        /// The element.
        path: Path,
        /// How many more there are.
        times: usize,
    },
    /// An element or attribute is called otherwise.
    Rename {
        /// The element or attribute.
        path: Path,
        /// The new name; without a colon an element keeps its prefix, with a leading colon it loses it.
        to: String,
    },
    /// An element stands elsewhere.
    Move {
        /// The element.
        path: Path,
        /// Where it goes.
        place: Spot,
    },
    /// Markup is put in.
    Insert {
        /// The markup.
        xml: String,
        /// Where.
        place: Spot,
    },
    /// Empty elements nested in each other are put in.
    Nest {
        /// What they are called.
        name: String,
        /// How many.
        times: usize,
        /// Where.
        place: Spot,
    },
    /// An element gets many attributes.
    Flood {
        /// The element.
        path: Path,
        /// How many.
        times: usize,
    },
    /// A text is replaced wherever it stands.
    Replace {
        /// The text.
        what: String,
        /// Its replacement.
        with: String,
    },
    /// A text stands before everything.
    Prepend(String),
    /// A text stands after everything.
    Append(String),
    /// Lines end otherwise.
    Lines(&'static str),
}

/// A change of the bytes.
#[derive(Debug, Clone, PartialEq)]
pub enum ByteChange {
    /// The text is written in another encoding.
    Encode(Charset),
    /// Bytes before everything.
    Prepend(Vec<u8>),
    /// Bytes after everything.
    Append(Vec<u8>),
    /// Bytes are replaced wherever they stand.
    Replace {
        /// The bytes.
        what: Vec<u8>,
        /// Their replacement.
        with: Vec<u8>,
    },
    /// So many bytes are missing at the end.
    Cut(usize),
}

/// An encoding to write in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Charset {
    /// Two bytes a unit, the low one first.
    Utf16Le,
    /// Two bytes a unit, the high one first.
    Utf16Be,
    /// One that is known by its label.
    Other(&'static Encoding),
}

/// A place beside or within an element.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spot {
    /// On which side.
    pub(super) side: Side,
    /// Of which element.
    pub(super) path: Path,
}

/// A side of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Before its start tag.
    Before,
    /// After its end tag.
    After,
    /// After its start tag.
    FirstIn,
    /// Before its end tag.
    LastIn,
}

/// Why a change cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MutationError {
    /// The message is not XML any more, so that it has no elements.
    #[error("elements are looked for in what is no longer XML: {0}")]
    NotXml(String),
    /// Nothing is there.
    #[error("the message has no such element or attribute")]
    NoSuchPlace,
    /// The text is not there.
    #[error("the message does not hold \"{0}\"")]
    NoSuchText(String),
    /// A letter that the encoding has not.
    #[error("{0} cannot write all letters of the message")]
    Unmappable(&'static str),
    /// More is cut than there is.
    #[error("the message has no {0} bytes")]
    TooShort(usize),
}

impl Mutation {
    /// Reads one change.
    pub(super) fn read(raw: RawMutation) -> Result<Self, Problem> {
        let RawMutation {
            set,
            remove,
            duplicate,
            rename,
            moved,
            insert,
            replace,
            prepend,
            append,
            nest,
            flood,
            lines,
            encode,
            prepend_bytes,
            append_bytes,
            replace_bytes,
            cut,
            to,
            xml,
            with,
            before,
            after,
            first_in,
            last_in,
            times,
        } = raw;
        let mut place = spot(before, after, first_in, last_in)?;
        let (mut to, mut xml, mut with, mut times) = (to, xml, with, times);
        let path = |text: String| Path::parse(&text).map_err(Problem::from);
        let missing = |wanted| Problem::Missing { wanted };
        let mut found = Vec::new();
        if let Some(at) = set {
            let xml = match (to.take(), xml.take()) {
                (Some(text), None) => escape(&text),
                (None, Some(xml)) => xml,
                _ => return Err(missing("`to`, a text, or `xml`, markup")),
            };
            found.push(Self::Text(TextChange::Set { path: path(at)?, xml }));
        }
        if let Some(at) = remove {
            found.push(Self::Text(TextChange::Remove { path: path(at)? }));
        }
        if let Some(at) = duplicate {
            let times = times.take().unwrap_or(1);
            found.push(Self::Text(TextChange::Duplicate { path: path(at)?, times }));
        }
        if let Some(at) = rename {
            let to = to.take().ok_or_else(|| missing("`to`, a name"))?;
            found.push(Self::Text(TextChange::Rename { path: path(at)?, to }));
        }
        let mut somewhere =
            || place.take().ok_or_else(|| missing("`before`, `after`, `first-in` or `last-in`"));
        if let Some(at) = moved {
            found.push(Self::Text(TextChange::Move { path: path(at)?, place: somewhere()? }));
        }
        if let Some(xml) = insert {
            let xml = xml.repeat(times.take().unwrap_or(1));
            found.push(Self::Text(TextChange::Insert { xml, place: somewhere()? }));
        }
        if let Some(name) = nest {
            let times = times.take().ok_or_else(|| missing("`times`"))?;
            found.push(Self::Text(TextChange::Nest { name, times, place: somewhere()? }));
        }
        if let Some(at) = flood {
            let times = times.take().ok_or_else(|| missing("`times`"))?;
            found.push(Self::Text(TextChange::Flood { path: path(at)?, times }));
        }
        if let Some(what) = replace {
            let with = with.take().ok_or_else(|| missing("`with`"))?;
            found.push(Self::Text(TextChange::Replace { what, with }));
        }
        found.extend(
            prepend.map(|text| Self::Text(TextChange::Prepend(text.repeat(times.take().unwrap_or(1))))),
        );
        found.extend(
            append.map(|text| Self::Text(TextChange::Append(text.repeat(times.take().unwrap_or(1))))),
        );
        if let Some(lines) = lines {
            let ending = match lines.as_str() {
                "crlf" => "\r\n",
                "cr" => "\r",
                "none" => "",
                _ => return Err(Problem::Form { wanted: "\"crlf\", \"cr\" or \"none\"" }),
            };
            found.push(Self::Text(TextChange::Lines(ending)));
        }
        if let Some(label) = encode {
            let charset =
                Charset::parse(&label).ok_or(Problem::Form { wanted: "the label of an encoding" })?;
            found.push(Self::Bytes(ByteChange::Encode(charset)));
        }
        if let Some(hex) = prepend_bytes {
            found.push(Self::Bytes(ByteChange::Prepend(bytes(&hex)?)));
        }
        if let Some(hex) = append_bytes {
            found.push(Self::Bytes(ByteChange::Append(bytes(&hex)?)));
        }
        if let Some(hex) = replace_bytes {
            let with = bytes(&with.take().ok_or_else(|| missing("`with`, bytes"))?)?;
            found.push(Self::Bytes(ByteChange::Replace { what: bytes(&hex)?, with }));
        }
        found.extend(cut.map(|count| Self::Bytes(ByteChange::Cut(count))));
        if to.is_some() || xml.is_some() || with.is_some() || times.is_some() || place.is_some() {
            return Err(Problem::Superfluous { why: "the verb of this change takes no such word" });
        }
        match (found.pop(), found.is_empty()) {
            (Some(mutation), true) => Ok(mutation),
            (None, _) => Err(missing("a verb: set, remove, duplicate, rename, move, insert, replace, …")),
            _ => Err(Problem::Form { wanted: "one verb; several changes are several entries" }),
        }
    }
}

impl Charset {
    fn parse(label: &str) -> Option<Self> {
        match label.to_ascii_lowercase().as_str() {
            "utf-16le" => Some(Self::Utf16Le),
            "utf-16be" => Some(Self::Utf16Be),
            label => Encoding::for_label(label.as_bytes()).map(Self::Other),
        }
    }
}

fn spot(
    before: Option<String>,
    after: Option<String>,
    first_in: Option<String>,
    last_in: Option<String>,
) -> Result<Option<Spot>, Problem> {
    let sides =
        [(Side::Before, before), (Side::After, after), (Side::FirstIn, first_in), (Side::LastIn, last_in)];
    let mut given = sides.into_iter().filter_map(|(side, path)| path.map(|path| (side, path)));
    let Some((side, path)) = given.next() else { return Ok(None) };
    if given.next().is_some() {
        return Err(Problem::Form { wanted: "one place" });
    }
    Ok(Some(Spot { side, path: Path::parse(&path)? }))
}

/// Bytes in hexadecimal, with spaces anywhere.
fn bytes(hex: &str) -> Result<Vec<u8>, Problem> {
    let wrong = || Problem::Form { wanted: "bytes in hexadecimal, such as \"EF BB BF\"" };
    let digits: Vec<u8> = hex
        .chars()
        .filter(|c| *c != ' ')
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()
        .ok_or_else(wrong)?;
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => Some(high << 4 | low),
        _ => None,
    });
    pairs.collect::<Option<Vec<u8>>>().ok_or_else(wrong)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
