//! The strict pull reader.
//!
//! The tokeniser finds where markup begins and ends; everything that XML 1.0 and Namespaces in XML 1.0 demand of
//! what stands between is checked here. Events borrow from the text: an element or a text without entities,
//! carriage returns or CDATA boundaries costs no allocation.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memchr2, memchr3};
use quick_xml::events::Event as Token;

use super::namespaces::Scopes;
use super::{Binding, Limits, NamespaceIndex, XmlError, XmlErrorKind, characters};

/// A qualified name, resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name<'x> {
    /// The namespace; [`Reader::namespace`] gives its name.
    pub namespace: NamespaceIndex,
    /// The part after the colon.
    pub local: &'x str,
    /// The name as written, prefix included.
    pub qualified: &'x str,
}

/// An attribute of the element just started. Namespace declarations are not attributes here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute<'x> {
    /// The name; an attribute without prefix is in no namespace (NS §6.2).
    pub name: Name<'x>,
    /// The value with references resolved and white space normalised (§3.3.3).
    pub value: Cow<'x, str>,
    /// Byte offset of the value in the text.
    pub offset: usize,
}

/// What the reader met. Comments are passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<'x> {
    /// A start tag, or the start half of an empty-element tag; the attributes are in [`Reader::attributes`].
    Start(Name<'x>),
    /// The end of the innermost open element.
    End,
    /// A run of character data, references resolved and line ends normalised (§2.11). One text of the document may
    /// come in several runs, cut at references, CDATA sections, comments and processing instructions.
    Text(Cow<'x, str>),
    /// The content of a CDATA section.
    Cdata(Cow<'x, str>),
    /// A processing instruction inside the root, by its target.
    Instruction(&'x str),
    /// The end of the document, or of the fragment.
    Eof,
}

/// Walks one document, or one element of a document, from first byte to last.
#[derive(Debug)]
pub struct Reader<'x> {
    text: &'x str,
    /// Offset in `text` of the first byte that is read, and of the one after the last.
    range: Range<usize>,
    limits: Limits,
    scopes: Scopes<'x>,
    attributes: Vec<Attribute<'x>>,
    /// Qualified names of the open elements.
    open: Vec<&'x str>,
    /// Start offset of the last event.
    offset: usize,
    /// End offset of the last event.
    end: usize,
    elements: usize,
    root: Root,
    /// An empty-element tag was reported as started; its end is due.
    end_due: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    Awaited,
    Open,
    Closed,
}

impl<'x> Reader<'x> {
    /// A reader of a whole document. A byte order mark must already be gone (see [`super::encoding::decode`]).
    #[must_use]
    pub fn document(text: &'x str, limits: &Limits) -> Self {
        Self::over(text, 0..text.len(), *limits)
    }

    /// A reader of the single element that `range` of `text` holds, with the bindings that were in force where it
    /// stands. Offsets are those of `text`.
    #[must_use]
    pub fn fragment(text: &'x str, range: Range<usize>, bindings: &[Binding<'x>], limits: &Limits) -> Self {
        let mut reader = Self::over(text, range, *limits);
        for binding in bindings {
            // The bindings come from a reader that accepted them; an impossible one is simply not in scope.
            let _ = reader.scopes.declare(binding.prefix, binding.namespace.clone(), 0);
        }
        reader
    }

    fn over(text: &'x str, range: Range<usize>, limits: Limits) -> Self {
        let range = range.start.min(text.len())..range.end.min(text.len());
        Self {
            text,
            limits,
            scopes: Scopes::new(),
            attributes: Vec::with_capacity(16),
            open: Vec::with_capacity(16),
            offset: range.start,
            end: range.start,
            elements: 0,
            root: Root::Awaited,
            end_due: false,
            range,
        }
    }

    /// The whole text that offsets refer to.
    #[must_use]
    pub fn text(&self) -> &'x str {
        self.text
    }

    /// Byte offset at which the last event begins.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Byte offset just after the last event.
    #[must_use]
    pub fn end_offset(&self) -> usize {
        self.end
    }

    /// Number of open elements; after `Start` the started one is counted, after `End` the ended one is not.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// The attributes of the element just started, in document order.
    #[must_use]
    pub fn attributes(&self) -> &[Attribute<'x>] {
        &self.attributes
    }

    /// The value of an attribute of the element just started.
    #[must_use]
    pub fn attribute(&self, namespace: &str, local: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|a| a.name.local == local && self.namespace(a.name.namespace) == namespace)
            .map(|a| a.value.as_ref())
    }

    /// The name of a namespace; empty for none.
    #[must_use]
    pub fn namespace(&self, index: NamespaceIndex) -> &str {
        self.scopes.name(index)
    }

    /// The prefixes in scope at the last event, as [`Reader::fragment`] wants them.
    #[must_use]
    pub fn bindings(&self) -> Vec<Binding<'x>> {
        self.scopes.in_force()
    }

    /// The next event. After an error the reader must not be used further.
    ///
    /// # Errors
    /// The document is not well formed here, or exceeds a bound.
    pub fn next_event(&mut self) -> Result<Event<'x>, XmlError> {
        if self.end_due {
            self.end_due = false;
            self.offset = self.end;
            self.close();
            return Ok(Event::End);
        }
        if self.text.len() > self.limits.document_bytes {
            return Err(self.too_large("bytes of document", self.limits.document_bytes));
        }
        loop {
            self.offset = self.end;
            let rest = self.text.get(self.offset..self.range.end).unwrap_or_default();
            let bytes = rest.as_bytes();
            match (bytes.first(), bytes.get(1)) {
                (Some(b'<'), Some(b'/')) => return self.end(rest),
                (Some(b'<'), Some(b'!' | b'?')) => {
                    if let Some(event) = self.rare(rest)? {
                        return Ok(event);
                    }
                }
                (Some(b'<'), _) => return self.start(rest).map(Event::Start),
                (Some(b'&'), _) => return self.reference(rest),
                (Some(_), _) => {
                    let length = memchr2(b'<', b'&', bytes).unwrap_or(bytes.len());
                    self.end += length;
                    if let Some(text) = self.text_run(rest.get(..length).unwrap_or_default())? {
                        return Ok(Event::Text(text));
                    }
                }
                (None, _) => {
                    return match self.root {
                        Root::Closed => Ok(Event::Eof),
                        Root::Open => Err(self.error(XmlErrorKind::UnexpectedEnd)),
                        Root::Awaited => Err(self.error(XmlErrorKind::NoRoot)),
                    };
                }
            }
        }
    }

    /// What begins with `<!` or `<?`: the tokeniser says where it ends and what it is. `None` where it is nothing to
    /// report.
    fn rare(&mut self, rest: &'x str) -> Result<Option<Event<'x>>, XmlError> {
        let mut tokens = quick_xml::Reader::from_str(rest);
        tokens.config_mut().check_comments = true;
        let token = tokens.read_event().map_err(|e| self.tokeniser_error(&e))?;
        let length = usize::try_from(tokens.buffer_position()).unwrap_or(usize::MAX);
        self.end = self.offset.saturating_add(length);
        let raw = rest.get(..length).unwrap_or_default();
        match token {
            Token::CData(_) => {
                self.inside_root()?;
                let content = self.trimmed(raw, "<![CDATA[".len(), "]]>".len());
                self.check_characters(content, "<![CDATA[".len())?;
                self.check_text_length(content)?;
                return Ok(Some(Event::Cdata(normalise_line_ends(content))));
            }
            Token::Comment(_) => {
                // `--->`: the grammar of §2.5 lets no comment end in a hyphen. The empty one only looks so.
                if raw.ends_with("--->") && raw != "<!---->" {
                    return Err(self.error(XmlErrorKind::Malformed("a comment ends in \"--->\"".into())));
                }
                self.check_characters(raw, 0)?;
            }
            Token::PI(_) => return Ok(self.instruction(raw)?.map(Event::Instruction)),
            // The tokeniser takes a declaration where it finds one; it has a place only at the very start.
            Token::Decl(_) => {
                if self.offset != 0 || declaration_is_malformed(raw) {
                    return Err(self.error(XmlErrorKind::BadDeclaration));
                }
            }
            Token::DocType(_) => return Err(self.error(XmlErrorKind::DocumentType)),
            _ => return Err(self.error(XmlErrorKind::UnexpectedEnd)),
        }
        Ok(None)
    }

    /// Passes over the rest of the element just started, up to and including its end.
    ///
    /// # Errors
    /// As [`Reader::next_event`].
    pub fn skip_element(&mut self) -> Result<(), XmlError> {
        let outside = self.depth().saturating_sub(1);
        while self.depth() > outside {
            self.next_event()?;
        }
        Ok(())
    }

    /// The text of the element just started, up to and including its end; `None` where it holds an element.
    /// Pieces cut by comments and CDATA boundaries are joined.
    ///
    /// # Errors
    /// As [`Reader::next_event`].
    pub fn element_text(&mut self) -> Result<Option<Cow<'x, str>>, XmlError> {
        let outside = self.depth().saturating_sub(1);
        let mut whole: Option<Cow<'x, str>> = None;
        let mut only_text = true;
        loop {
            match self.next_event()? {
                Event::Text(piece) | Event::Cdata(piece) if only_text => match &mut whole {
                    None => whole = Some(piece),
                    Some(text) => text.to_mut().push_str(&piece),
                },
                Event::Start(_) => only_text = false,
                Event::End if self.depth() == outside => break,
                Event::End | Event::Text(_) | Event::Cdata(_) | Event::Instruction(_) => {}
                Event::Eof => return Err(self.error(XmlErrorKind::UnexpectedEnd)),
            }
        }
        Ok(only_text.then(|| whole.unwrap_or_default()))
    }

    fn start(&mut self, rest: &'x str) -> Result<Name<'x>, XmlError> {
        match self.root {
            Root::Awaited => self.root = Root::Open,
            Root::Open => {}
            Root::Closed => return Err(self.error(XmlErrorKind::OutsideRoot)),
        }
        self.elements += 1;
        if self.elements > self.limits.elements {
            return Err(self.too_large("elements", self.limits.elements));
        }
        if self.open.len() >= self.limits.depth {
            return Err(self.too_large("levels of nesting", self.limits.depth));
        }
        let bytes = rest.as_bytes();
        let plain = characters::plain_name(bytes.get(1..).unwrap_or_default());
        let stop = match bytes.get(plain + 1) {
            Some(b'>') => plain + 1,
            _ => tag_end(bytes).ok_or_else(|| self.error(XmlErrorKind::UnexpectedEnd))?,
        };
        self.end_due = bytes.get(stop - 1) == Some(&b'/');
        self.end = self.offset + stop + 1;
        let content = rest.get(1..stop - usize::from(self.end_due)).unwrap_or_default();
        let ends_plain = content.as_bytes().get(plain).is_none_or(|b| characters::is_space(*b));
        let length = match plain {
            1.. if ends_plain => plain,
            _ => content.bytes().position(characters::is_space).unwrap_or(content.len()),
        };
        let (qualified, rest) = content.split_at_checked(length).unwrap_or((content, ""));
        let (prefix, local) = match plain {
            1.. if ends_plain && plain <= self.limits.name_bytes => ("", qualified),
            _ => self.split_qualified(qualified)?,
        };
        self.open.push(qualified);
        self.attributes.clear();
        if !rest.is_empty() {
            self.read_attributes(rest, self.offset + 1 + qualified.len())?;
        }
        let namespace = self
            .scopes
            .resolve(prefix)
            .ok_or_else(|| self.error(XmlErrorKind::UnboundPrefix(prefix.to_owned())))?;
        Ok(Name { namespace, local, qualified })
    }

    fn end(&mut self, rest: &'x str) -> Result<Event<'x>, XmlError> {
        let open = self.open.last().copied().unwrap_or_default();
        let length = match rest.as_bytes().get(open.len() + 2) {
            Some(b'>') => open.len() + 3,
            _ => memchr(b'>', rest.as_bytes()).map_or(0, |at| at + 1),
        };
        let Some(found) = rest.get(2..length.saturating_sub(1)) else {
            return Err(self.error(XmlErrorKind::UnexpectedEnd));
        };
        self.end = self.offset + length;
        if found != open || open.is_empty() {
            let found = found.trim_end_matches([' ', '\t', '\r', '\n']);
            if found != open || open.is_empty() {
                let (open, found) = (open.to_owned(), found.split('>').next().unwrap_or_default().to_owned());
                return Err(self.error(XmlErrorKind::MismatchedEndTag { open, found }));
            }
        }
        self.close();
        Ok(Event::End)
    }

    /// `&name;` in character data.
    fn reference(&mut self, rest: &'x str) -> Result<Event<'x>, XmlError> {
        self.inside_root()?;
        let stop = memchr3(b';', b'<', b'&', rest.as_bytes().get(1..).unwrap_or_default());
        let name = stop.and_then(|stop| rest.get(1..stop + 1)).unwrap_or_default();
        if rest.as_bytes().get(name.len() + 1) != Some(&b';') {
            return Err(self.error(XmlErrorKind::UnescapedMarkup('&')));
        }
        self.end = self.offset + name.len() + 2;
        reference(name).map(Event::Text).map_err(|kind| self.error(kind))
    }

    fn close(&mut self) {
        self.scopes.leave(self.open.len());
        self.open.pop();
        if self.open.is_empty() {
            self.root = Root::Closed;
        }
    }

    /// Reads `name="value"` pairs, declares the namespaces among them, then resolves the names of the others.
    fn read_attributes(&mut self, rest: &'x str, start: usize) -> Result<(), XmlError> {
        let depth = self.open.len();
        let bytes = rest.as_bytes();
        let mut cursor = 0;
        let mut count = 0;
        let mut plain = true;
        loop {
            let spaces = spaces(bytes, cursor);
            let at = cursor + spaces;
            if at >= bytes.len() {
                break;
            }
            let tail = rest.get(at..).unwrap_or_default();
            let name_len = match characters::plain_name(tail.as_bytes()) {
                length if tail.as_bytes().get(length) == Some(&b'=') && length <= self.limits.name_bytes => {
                    length
                }
                _ => {
                    plain = false;
                    let ends = |b: u8| b == b'=' || characters::is_space(b);
                    tail.bytes().position(ends).unwrap_or(tail.len())
                }
            };
            let name = tail.get(..name_len).unwrap_or_default();
            let bad = || XmlError {
                kind: XmlErrorKind::BadAttribute(name.chars().take(64).collect()),
                offset: start + at,
            };
            if spaces == 0 || name.is_empty() {
                return Err(bad());
            }
            count += 1;
            if count > self.limits.attributes {
                return Err(self.too_large("attributes", self.limits.attributes));
            }
            let (value, value_at, after) = quoted_value(tail, name_len).ok_or_else(bad)?;
            let offset = start + at + value_at;
            cursor = at + after;
            self.check_text_length(value)?;
            let normalised =
                normalise_attribute(value).map_err(|(at, kind)| XmlError { kind, offset: offset + at })?;
            match name.strip_prefix("xmlns") {
                Some("") => {
                    self.declare("", normalised, depth)?;
                    continue;
                }
                Some(":") => return Err(self.error(XmlErrorKind::BadName(name.to_owned()))),
                Some(rest) if rest.starts_with(':') => {
                    self.declare(rest.get(1..).unwrap_or_default(), normalised, depth)?;
                    continue;
                }
                _ => {}
            }
            let name = Name { namespace: NamespaceIndex::NONE, local: name, qualified: name };
            self.attributes.push(Attribute { name, value: normalised, offset });
        }
        self.resolve_attributes(plain)
    }

    fn declare(&mut self, prefix: &'x str, namespace: Cow<'x, str>, depth: usize) -> Result<(), XmlError> {
        let declared = self.scopes.declare(prefix, namespace, depth);
        declared.map_err(|kind| self.error(kind))
    }

    /// `plain` where no name has a prefix or needs to be looked at again.
    fn resolve_attributes(&mut self, plain: bool) -> Result<(), XmlError> {
        let mut attributes = std::mem::take(&mut self.attributes);
        // One bit for each hash of a name: only where one is set already can a name be there twice.
        let mut met = 0u64;
        let mut suspicious = false;
        for attribute in &mut attributes {
            if !plain {
                let (prefix, local) = self.split_qualified(attribute.name.qualified)?;
                attribute.name.local = local;
                if !prefix.is_empty() {
                    attribute.name.namespace = self
                        .scopes
                        .resolve(prefix)
                        .ok_or_else(|| self.error(XmlErrorKind::UnboundPrefix(prefix.to_owned())))?;
                }
            }
            let bit = 1 << (hash(attribute.name.local) % 64);
            suspicious |= met & bit != 0;
            met |= bit;
        }
        let mut earlier: &[Attribute<'x>] = if suspicious { &attributes } else { &[] };
        while let Some((last, before)) = earlier.split_last() {
            let same = |a: &&Attribute<'x>| {
                a.name.local == last.name.local && a.name.namespace == last.name.namespace
            };
            if before.iter().any(|a| same(&a)) {
                return Err(self.error(XmlErrorKind::DuplicateAttribute(last.name.qualified.to_owned())));
            }
            earlier = before;
        }
        self.attributes = attributes;
        Ok(())
    }

    fn split_qualified(&self, qualified: &'x str) -> Result<(&'x str, &'x str), XmlError> {
        if qualified.len() > self.limits.name_bytes {
            return Err(self.too_large("bytes of name", self.limits.name_bytes));
        }
        if characters::plain_name(qualified.as_bytes()) == qualified.len() && !qualified.is_empty() {
            return Ok(("", qualified));
        }
        let (prefix, local) = match qualified.split_once(':') {
            Some((prefix, local)) if characters::is_ncname(prefix) => (prefix, local),
            Some(_) => return Err(self.error(XmlErrorKind::BadName(qualified.to_owned()))),
            None => ("", qualified),
        };
        if !characters::is_ncname(local) || prefix == "xmlns" {
            return Err(self.error(XmlErrorKind::BadName(qualified.to_owned())));
        }
        Ok((prefix, local))
    }

    fn text_run(&mut self, raw: &'x str) -> Result<Option<Cow<'x, str>>, XmlError> {
        if self.root != Root::Open {
            if characters::is_blank(raw) {
                return Ok(None);
            }
            return Err(self.error(XmlErrorKind::OutsideRoot));
        }
        self.check_text_length(raw)?;
        if characters::is_plain_text(raw) {
            return Ok(Some(Cow::Borrowed(raw)));
        }
        if let Some(at) = memchr::memmem::find(raw.as_bytes(), b"]]>") {
            return Err(XmlError { kind: XmlErrorKind::CdataEndInText, offset: self.offset + at });
        }
        self.check_characters(raw, 0)?;
        Ok(Some(normalise_line_ends(raw)))
    }

    fn instruction(&self, raw: &'x str) -> Result<Option<&'x str>, XmlError> {
        let content = self.trimmed(raw, 2, 2);
        let target = content.split([' ', '\t', '\r', '\n']).next().unwrap_or_default();
        // §2.6: "xml" in any case is reserved; NS §3: a target holds no colon.
        if !characters::is_ncname(target) {
            return Err(self.error(XmlErrorKind::BadName(target.to_owned())));
        }
        if target.eq_ignore_ascii_case("xml") {
            return Err(self.error(XmlErrorKind::BadDeclaration));
        }
        self.check_characters(content, 2)?;
        Ok((self.root == Root::Open).then_some(target))
    }

    fn inside_root(&self) -> Result<(), XmlError> {
        if self.root == Root::Open { Ok(()) } else { Err(self.error(XmlErrorKind::OutsideRoot)) }
    }

    fn check_characters(&self, raw: &str, skipped: usize) -> Result<(), XmlError> {
        match characters::forbidden(raw) {
            None => Ok(()),
            Some((at, c)) => Err(XmlError {
                kind: XmlErrorKind::ForbiddenCharacter(c),
                offset: self.offset + skipped + at,
            }),
        }
    }

    fn check_text_length(&self, text: &str) -> Result<(), XmlError> {
        if text.len() > self.limits.text_bytes {
            return Err(self.too_large("bytes of text in one place", self.limits.text_bytes));
        }
        Ok(())
    }

    /// The markup without its delimiters.
    fn trimmed(&self, raw: &'x str, start: usize, end: usize) -> &'x str {
        raw.get(start..raw.len().saturating_sub(end)).unwrap_or_default()
    }

    fn error(&self, kind: XmlErrorKind) -> XmlError {
        XmlError { kind, offset: self.offset }
    }

    fn too_large(&self, what: &'static str, limit: usize) -> XmlError {
        self.error(XmlErrorKind::TooLarge { what, limit })
    }

    fn tokeniser_error(&self, error: &quick_xml::Error) -> XmlError {
        use quick_xml::Error;
        use quick_xml::errors::IllFormedError;
        let kind = match error {
            Error::Syntax(_) => XmlErrorKind::UnexpectedEnd,
            Error::IllFormed(IllFormedError::UnclosedReference) => XmlErrorKind::UnescapedMarkup('&'),
            other => XmlErrorKind::Malformed(other.to_string()),
        };
        self.error(kind)
    }
}

/// The offset of the `>` that ends the tag at the start of `bytes`; one in quotes does not.
fn tag_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        let rest = bytes.get(at..)?;
        let found = rest.iter().position(|b| matches!(b, b'>' | b'"' | b'\''))?;
        match rest.get(found)? {
            b'>' => return Some(at + found),
            quote => {
                let inside = rest.get(found + 1..)?;
                at += found + 2 + inside.iter().position(|b| b == quote)?;
            }
        }
    }
}

/// How many bytes of white space stand at `from`.
fn spaces(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    rest.iter().position(|b| !characters::is_space(*b)).unwrap_or(rest.len())
}

/// Tells most pairs of different names apart.
fn hash(name: &str) -> usize {
    let bytes = name.as_bytes();
    let end = |b: Option<&u8>| b.map_or(0, |b| usize::from(*b));
    bytes.len().wrapping_mul(7) ^ end(bytes.first()).wrapping_mul(3) ^ end(bytes.last()).wrapping_mul(11)
}

/// The value after a name of `name_len` bytes: the text between the quotes, its offset in `tail`, and the offset
/// after the closing quote.
fn quoted_value(tail: &str, name_len: usize) -> Option<(&str, usize, usize)> {
    let bytes = tail.as_bytes();
    let equals = name_len + spaces(bytes, name_len);
    if bytes.get(equals) != Some(&b'=') {
        return None;
    }
    let quote_at = equals + 1 + spaces(bytes, equals + 1);
    let quote = *bytes.get(quote_at).filter(|b| matches!(b, b'"' | b'\''))?;
    let start = quote_at + 1;
    let rest = bytes.get(start..)?;
    let len = rest.iter().position(|b| *b == quote)?;
    Some((tail.get(start..start + len)?, start, start + len + 1))
}

/// Attribute-value normalisation (§3.3.3): references resolved; tab, line feed, carriage return and CRLF become one
/// space each, unless they came from a character reference.
fn normalise_attribute(value: &str) -> Result<Cow<'_, str>, (usize, XmlErrorKind)> {
    if characters::is_plain_value(value) {
        return Ok(Cow::Borrowed(value));
    }
    if let Some((at, c)) = characters::forbidden(value) {
        return Err((at, XmlErrorKind::ForbiddenCharacter(c)));
    }
    if let Some(at) = memchr(b'<', value.as_bytes()) {
        return Err((at, XmlErrorKind::UnescapedMarkup('<')));
    }
    if !value.bytes().any(|b| b < b' ' || b == b'&') {
        return Ok(Cow::Borrowed(value));
    }
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(c) = rest.chars().next() {
        let at = value.len() - rest.len();
        let taken = match c {
            '&' => {
                let end = memchr(b';', rest.as_bytes()).ok_or((at, XmlErrorKind::UnescapedMarkup('&')))?;
                let name = rest.get(1..end).unwrap_or_default();
                out.push_str(&reference(name).map_err(|kind| (at, kind))?);
                end + 1
            }
            '\r' if rest.starts_with("\r\n") => {
                out.push(' ');
                2
            }
            '\t' | '\n' | '\r' => {
                out.push(' ');
                1
            }
            c => {
                out.push(c);
                c.len_utf8()
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    Ok(Cow::Owned(out))
}

/// What `name` of `&name;` stands for: one of the five predefined entities, or a character reference. An inner document
/// that is written with escapes has one of these for each of its brackets, so the common ones cost no allocation.
fn reference(name: &str) -> Result<Cow<'static, str>, XmlErrorKind> {
    Ok(Cow::Borrowed(match name {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "apos" => "'",
        "quot" => "\"",
        _ => match name.strip_prefix('#') {
            Some(number) => {
                let c = character_reference(number)
                    .ok_or_else(|| XmlErrorKind::BadCharacterReference(name.chars().take(32).collect()))?;
                return Ok(Cow::Owned(c.to_string()));
            }
            None if characters::is_ncname(name) => {
                return Err(XmlErrorKind::UndefinedEntity(name.chars().take(64).collect()));
            }
            None => return Err(XmlErrorKind::UnescapedMarkup('&')),
        },
    }))
}

fn character_reference(number: &str) -> Option<char> {
    let (digits, radix) = match number.strip_prefix('x') {
        Some(hex) => (hex, 16),
        None => (number, 10),
    };
    // `from_str_radix` takes a sign; XML does not.
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    u32::from_str_radix(digits, radix).ok().and_then(char::from_u32).filter(|c| characters::is_xml_char(*c))
}

/// End-of-line handling (§2.11): CRLF and lone CR become LF.
fn normalise_line_ends(text: &str) -> Cow<'_, str> {
    if memchr(b'\r', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr(b'\r', rest.as_bytes()) {
        out.push_str(rest.get(..at).unwrap_or_default());
        out.push('\n');
        let after = rest.get(at + 1..).unwrap_or_default();
        rest = after.strip_prefix('\n').unwrap_or(after);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// `<?xml version="1.0" encoding="…" standalone="…"?>`, in that order, each quoted (§2.8). The encoding was dealt
/// with before the bytes became text; only its form is looked at.
fn declaration_is_malformed(raw: &str) -> bool {
    let Some(mut rest) = raw.strip_prefix("<?xml").and_then(|r| r.strip_suffix("?>")) else { return true };
    let mut step = 0;
    loop {
        let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        if trimmed.is_empty() {
            return step == 0;
        }
        if trimmed.len() == rest.len() {
            return true;
        }
        let name_len = trimmed.bytes().take_while(u8::is_ascii_lowercase).count();
        let Some((value, _, after)) = quoted_value(trimmed, name_len) else { return true };
        let (position, good) = match trimmed.get(..name_len).unwrap_or_default() {
            "version" => (1, value.strip_prefix("1.").is_some_and(is_digits)),
            "encoding" => (2, is_encoding_name(value)),
            "standalone" => (3, matches!(value, "yes" | "no")),
            _ => (0, false),
        };
        if !good || position <= step || (step == 0 && position != 1) {
            return true;
        }
        step = position;
        rest = trimmed.get(after..).unwrap_or_default();
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_encoding_name(text: &str) -> bool {
    text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// Whether a text needs any of the escapes of character data: a cheap question asked before copying.
pub(super) fn needs_escape(text: &str) -> bool {
    memchr2(b'<', b'&', text.as_bytes()).is_some() || text.bytes().any(|b| matches!(b, b'>' | b'\r'))
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
