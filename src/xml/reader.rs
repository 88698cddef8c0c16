//! The strict pull reader.
//!
//! What nearly every message consists of, tags and text written plainly, is read here in one pass (see `plain`). All
//! else goes to the tokeniser, markup by markup: it finds where the markup ends, and everything that XML 1.0 and
//! Namespaces in XML 1.0 demand of what stands between is checked here. The plain way takes only what the other way
//! takes too, and means the same by it; whatever it hesitates at, it leaves. Events borrow from the text: an element
//! or a text without entities, carriage returns or CDATA boundaries costs no allocation.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memchr2};
use quick_xml::events::Event as Token;

use super::grain::Grain;
use super::namespaces::Scopes;
use super::plain::{self, Text};
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
    pub(crate) grain: Grain,
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
    /// Offset in `text` of the end of what is to be read.
    stop: usize,
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
    /// Leaves all markup to the tokeniser, to compare.
    #[cfg(test)]
    pub(super) careful: bool,
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
        let whole = text.get(range.clone()).is_some();
        let range = if whole { range } else { 0..0 };
        Self {
            text,
            stop: range.end,
            limits,
            scopes: Scopes::new(),
            attributes: Vec::with_capacity(16),
            open: Vec::with_capacity(16),
            offset: range.start,
            end: range.start,
            elements: 0,
            root: Root::Awaited,
            end_due: false,
            #[cfg(test)]
            careful: false,
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

    /// The namespace that a prefix stands for after the last event, empty for none; `None` where it is not declared. The
    /// empty prefix is that of the default namespace.
    #[must_use]
    pub fn namespace_of(&self, prefix: &str) -> Option<&str> {
        self.scopes.resolve(prefix).map(|index| self.scopes.name(index))
    }

    /// Calls `with` for each prefix that the element just started declares; the empty one is the default namespace.
    pub(super) fn each_declared(&self, with: impl FnMut(&'x str, NamespaceIndex)) {
        self.scopes.each_declared(self.open.len(), with);
    }

    /// Calls `with` for each prefix in scope at the last event, once.
    pub(super) fn each_in_force(&self, with: impl FnMut(&'x str, NamespaceIndex)) {
        self.scopes.each_in_force(with);
    }

    /// The next event. After an error the reader must not be used further.
    ///
    /// # Errors
    /// The document is not well formed here, or exceeds a bound.
    pub fn next_event(&mut self) -> Result<Event<'x>, XmlError> {
        if self.end_due {
            self.plain_end();
            return Ok(Event::End);
        }
        if self.text.len() > self.limits.document_bytes {
            return Err(self.too_large("bytes of document", self.limits.document_bytes));
        }
        loop {
            self.offset = self.end;
            let rest = self.text.get(self.offset..self.stop).unwrap_or_default();
            match rest.as_bytes() {
                #[cfg(test)]
                [b'<' | b'&', ..] if self.careful => {}
                [b'<', b'/', ..] => {
                    if self.plain_end() {
                        return Ok(Event::End);
                    }
                }
                [b'<', b'!' | b'?', ..] => {}
                [b'<', ..] => {
                    if let Some(name) = self.plain_start() {
                        return Ok(Event::Start(name));
                    }
                }
                [b'&', ..] => {
                    if let Some(name) = plain::reference(rest) {
                        self.inside_root()?;
                        self.end += name.len() + 2;
                        return reference(name).map(Event::Text).map_err(|kind| self.error(kind));
                    }
                }
                [_, ..] => {
                    let text = plain::text(rest);
                    self.end += text.run.len();
                    match self.text_run(&text)? {
                        Some(text) => return Ok(Event::Text(text)),
                        None => continue,
                    }
                }
                [] => {
                    return match self.root {
                        Root::Closed => Ok(Event::Eof),
                        Root::Open => Err(self.error(XmlErrorKind::UnexpectedEnd)),
                        Root::Awaited => Err(self.error(XmlErrorKind::NoRoot)),
                    };
                }
            }
            if let Some(event) = self.markup(rest)? {
                return Ok(event);
            }
        }
    }

    /// The markup that `rest` begins with, by the tokeniser; `None` where there is nothing to tell of it.
    fn markup(&mut self, rest: &'x str) -> Result<Option<Event<'x>>, XmlError> {
        let mut tokens = quick_xml::Reader::from_str(rest);
        let config = tokens.config_mut();
        // Names are compared here, where the open elements are known anyway.
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.check_comments = true;
        let token = tokens.read_event();
        self.end = self.offset + usize::try_from(tokens.buffer_position()).unwrap_or(usize::MAX);
        let token = token.map_err(|e| self.tokeniser_error(&e))?;
        let raw = self.text.get(self.offset..self.end).unwrap_or_default();
        match token {
            Token::Start(_) => return self.start(raw, 1, 1).map(Event::Start).map(Some),
            Token::Empty(_) => {
                let name = self.start(raw, 1, 2)?;
                self.end_due = true;
                return Ok(Some(Event::Start(name)));
            }
            Token::End(_) => return self.end(raw).map(Some),
            Token::CData(_) => {
                self.inside_root()?;
                let content = self.trimmed(raw, "<![CDATA[".len(), "]]>".len());
                self.check_characters(content, "<![CDATA[".len())?;
                self.check_text_length(content)?;
                return Ok(Some(Event::Cdata(normalise_line_ends(content))));
            }
            Token::GeneralRef(_) => {
                self.inside_root()?;
                let name = self.trimmed(raw, 1, 1);
                return reference(name).map(Event::Text).map(Some).map_err(|kind| self.error(kind));
            }
            Token::Comment(_) => {
                // `--->`: the grammar of §2.5 lets no comment end in a hyphen. The empty one only looks so.
                if raw.ends_with("--->") && raw != "<!---->" {
                    return Err(self.error(XmlErrorKind::Malformed("a comment ends in \"--->\"".into())));
                }
                self.check_characters(raw, 0)?;
            }
            Token::PI(_) => return Ok(self.instruction(raw)?.map(Event::Instruction)),
            Token::Decl(_) => {
                if self.offset != 0 || declaration_is_malformed(raw) {
                    return Err(self.error(XmlErrorKind::BadDeclaration));
                }
            }
            Token::DocType(_) => return Err(self.error(XmlErrorKind::DocumentType)),
            // Text is not markup, and the end was looked for before.
            Token::Text(_) | Token::Eof => return Err(self.error(XmlErrorKind::UnexpectedEnd)),
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

    /// Passes over white space before a tag, where it means nothing to the caller.
    #[inline]
    pub(crate) fn skip_blank(&mut self) {
        if self.end_due || self.root != Root::Open {
            return;
        }
        let rest = self.text.as_bytes().get(self.end..self.stop).unwrap_or_default();
        // A new line and some steps of indentation, mostly.
        let mut length = usize::from(rest.first() == Some(&b'\n'));
        while rest.get(length..).and_then(<[u8]>::first_chunk) == Some(b"        ") {
            length += 8;
        }
        let rest_of_it = rest.get(length..).unwrap_or_default();
        length += rest_of_it.iter().take_while(|b| characters::is_space(**b)).count();
        if rest.get(length) == Some(&b'<') && length <= self.limits.text_bytes {
            self.end += length;
        }
    }

    /// Takes a start tag that stands here, written plainly and good in all respects; else nothing happens, and
    /// [`Reader::next_event`] says what stands here.
    // Always: a name that goes through memory costs as much as reading it.
    #[inline(always)]
    pub(crate) fn plain_start(&mut self) -> Option<Name<'x>> {
        let bounded = self.elements < self.limits.elements
            && self.open.len() < self.limits.depth
            && self.text.len() <= self.limits.document_bytes;
        if self.end_due || self.root == Root::Closed || !bounded {
            return None;
        }
        let rest = self.text.get(self.end..self.stop)?;
        let tag = plain::start_tag(rest, self.end, &self.limits, &mut self.attributes)?;
        if !self.attributes.is_empty() {
            self.resolve_attributes().ok()?;
        }
        let (qualified, local) = (tag.name, tag.local);
        let namespace = if local.len() == qualified.len() {
            self.scopes.default_namespace()
        } else {
            let (prefix, _) = self.split_qualified(qualified).ok()?;
            self.scopes.resolve(prefix)?
        };
        self.root = Root::Open;
        self.elements += 1;
        self.open.push(qualified);
        self.offset = self.end;
        self.end += tag.length;
        self.end_due = tag.empty;
        Some(Name { namespace, local, qualified })
    }

    /// Takes the end of the innermost open element, if it stands here, written plainly.
    #[inline]
    pub(crate) fn plain_end(&mut self) -> bool {
        let length = if self.end_due {
            self.end_due = false;
            0
        } else {
            let rest = self.text.get(self.end..self.stop).unwrap_or_default();
            match self.open.last().and_then(|open| plain::end_tag(rest, open)) {
                Some(length) => length,
                None => return false,
            }
        };
        self.offset = self.end;
        self.end += length;
        self.close();
        true
    }

    /// The whole content of the element just started, up to and including its end, where it is one plain run of text;
    /// [`Reader::offset`] is then that of the text. Where it is anything else, nothing happens.
    #[inline]
    pub(crate) fn plain_content(&mut self) -> Option<(&'x str, Grain)> {
        if self.end_due {
            return None;
        }
        let rest = self.text.get(self.end..self.stop)?;
        let text = plain::text(rest);
        let length = text.run.len();
        if !text.is_plain() || length > self.limits.text_bytes {
            return None;
        }
        let tag = plain::end_tag(rest.get(length..)?, self.open.last()?)?;
        self.offset = self.end;
        self.end += length + tag;
        self.close();
        Some((text.run, text.grain()))
    }

    fn start(&mut self, raw: &'x str, open: usize, close: usize) -> Result<Name<'x>, XmlError> {
        let content = self.trimmed(raw, open, close);
        let (qualified, rest) = split_name(content);
        self.enter(qualified)?;
        let (prefix, local) = self.split_qualified(qualified)?;
        self.read_attributes(rest, self.offset + open + qualified.len())?;
        self.resolve_attributes()?;
        self.resolved(qualified, prefix, local)
    }

    fn enter(&mut self, qualified: &'x str) -> Result<(), XmlError> {
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
        self.open.push(qualified);
        Ok(())
    }

    fn resolved(&self, qualified: &'x str, prefix: &str, local: &'x str) -> Result<Name<'x>, XmlError> {
        match self.scopes.resolve(prefix) {
            Some(namespace) => Ok(Name { namespace, local, qualified }),
            None => Err(self.error(XmlErrorKind::UnboundPrefix(prefix.to_owned()))),
        }
    }

    fn end(&mut self, raw: &'x str) -> Result<Event<'x>, XmlError> {
        let found = self.trimmed(raw, 2, 1).trim_end_matches([' ', '\t', '\r', '\n']);
        let open = self.open.last().copied().unwrap_or_default();
        if open != found || found.is_empty() {
            let (open, found) = (open.to_owned(), found.to_owned());
            return Err(self.error(XmlErrorKind::MismatchedEndTag { open, found }));
        }
        self.close();
        Ok(Event::End)
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
        self.attributes.clear();
        let depth = self.open.len();
        let mut cursor = 0;
        let mut count = 0;
        loop {
            let tail = rest.get(cursor..).unwrap_or_default();
            let spaces = tail.bytes().take_while(|b| characters::is_space(*b)).count();
            let tail = tail.get(spaces..).unwrap_or_default();
            if tail.is_empty() {
                break;
            }
            let name_len = tail.bytes().take_while(|b| *b != b'=' && !characters::is_space(*b)).count();
            let name = tail.get(..name_len).unwrap_or_default();
            let bad = || XmlError {
                kind: XmlErrorKind::BadAttribute(name.chars().take(64).collect()),
                offset: start + cursor + spaces,
            };
            if spaces == 0 || name.is_empty() {
                return Err(bad());
            }
            count += 1;
            if count > self.limits.attributes {
                return Err(self.too_large("attributes", self.limits.attributes));
            }
            let (value, value_at, after) = quoted_value(tail, name_len).ok_or_else(bad)?;
            let offset = start + cursor + spaces + value_at;
            cursor += spaces + after;
            self.check_text_length(value)?;
            let normalised =
                normalise_attribute(value).map_err(|(at, kind)| XmlError { kind, offset: offset + at })?;
            if name == "xmlns" {
                self.declare("", normalised, depth)?;
            } else if let Some(prefix) = name.strip_prefix("xmlns:") {
                if prefix.is_empty() {
                    return Err(self.error(XmlErrorKind::BadName(name.to_owned())));
                }
                self.declare(prefix, normalised, depth)?;
            } else {
                let (_, local) = self.split_qualified(name)?;
                let name = Name { namespace: NamespaceIndex::NONE, local, qualified: name };
                let grain = Grain::of(&normalised);
                self.attributes.push(Attribute { name, value: normalised, offset, grain });
            }
        }
        Ok(())
    }

    fn declare(&mut self, prefix: &'x str, namespace: Cow<'x, str>, depth: usize) -> Result<(), XmlError> {
        let declared = self.scopes.declare(prefix, namespace, depth);
        declared.map_err(|kind| self.error(kind))
    }

    /// Gives the attributes their namespaces, and refuses two of one expanded name (NS §6.3).
    fn resolve_attributes(&mut self) -> Result<(), XmlError> {
        let mut attributes = std::mem::take(&mut self.attributes);
        // One bit for each kind of name met: only names of one kind need to be compared.
        let mut kinds = 0u64;
        let mut alike = false;
        for attribute in &mut attributes {
            let name = attribute.name;
            if name.local.len() != name.qualified.len() {
                let (prefix, _) = self.split_qualified(name.qualified)?;
                attribute.name.namespace = self
                    .scopes
                    .resolve(prefix)
                    .ok_or_else(|| self.error(XmlErrorKind::UnboundPrefix(prefix.to_owned())))?;
            }
            let kind = 1 << (kind_of_name(name.local.as_bytes()) % 64);
            alike |= kinds & kind != 0;
            kinds |= kind;
        }
        if alike {
            self.refuse_duplicates(&attributes)?;
        }
        self.attributes = attributes;
        Ok(())
    }

    fn refuse_duplicates(&self, attributes: &[Attribute<'x>]) -> Result<(), XmlError> {
        let mut earlier = attributes;
        while let Some((last, before)) = earlier.split_last() {
            let same = |a: &Attribute<'x>| {
                a.name.local == last.name.local && a.name.namespace == last.name.namespace
            };
            if before.iter().any(same) {
                return Err(self.error(XmlErrorKind::DuplicateAttribute(last.name.qualified.to_owned())));
            }
            earlier = before;
        }
        Ok(())
    }

    fn split_qualified(&self, qualified: &'x str) -> Result<(&'x str, &'x str), XmlError> {
        if qualified.len() > self.limits.name_bytes {
            return Err(self.too_large("bytes of name", self.limits.name_bytes));
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

    #[inline]
    fn text_run(&self, text: &Text<'x>) -> Result<Option<Cow<'x, str>>, XmlError> {
        let run = text.run;
        if self.root != Root::Open {
            if characters::is_blank(run) {
                return Ok(None);
            }
            return Err(self.error(XmlErrorKind::OutsideRoot));
        }
        self.check_text_length(run)?;
        if text.is_plain() {
            return Ok(Some(Cow::Borrowed(run)));
        }
        if let Some(at) = memchr::memmem::find(run.as_bytes(), b"]]>") {
            return Err(XmlError { kind: XmlErrorKind::CdataEndInText, offset: self.offset + at });
        }
        self.check_characters(run, 0)?;
        Ok(Some(normalise_line_ends(run)))
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

/// A number that differs for most names of one form.
fn kind_of_name(name: &[u8]) -> usize {
    let at = |index: usize| usize::from(name.get(index).copied().unwrap_or_default());
    name.len() + 5 * at(0) + 11 * at(name.len() / 2) + 23 * at(name.len().saturating_sub(1))
}

fn split_name(content: &str) -> (&str, &str) {
    let end = content.bytes().position(characters::is_space).unwrap_or(content.len());
    content.split_at_checked(end).unwrap_or((content, ""))
}

/// The value after a name of `name_len` bytes: the text between the quotes, its offset in `tail`, and the offset
/// after the closing quote.
fn quoted_value(tail: &str, name_len: usize) -> Option<(&str, usize, usize)> {
    let bytes = tail.as_bytes();
    let spaces = |from: usize| bytes.iter().skip(from).take_while(|b| characters::is_space(**b)).count();
    let equals = name_len + spaces(name_len);
    if bytes.get(equals) != Some(&b'=') {
        return None;
    }
    let quote_at = equals + 1 + spaces(equals + 1);
    let quote = *bytes.get(quote_at).filter(|b| matches!(b, b'"' | b'\''))?;
    let start = quote_at + 1;
    let len = memchr(quote, bytes.get(start..)?)?;
    Some((tail.get(start..start + len)?, start, start + len + 1))
}

/// Attribute-value normalisation (§3.3.3): references resolved; tab, line feed, carriage return and CRLF become one
/// space each, unless they came from a character reference.
fn normalise_attribute(value: &str) -> Result<Cow<'_, str>, (usize, XmlErrorKind)> {
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
pub(super) fn normalise_line_ends(text: &str) -> Cow<'_, str> {
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
