//! One part of a package that is not its root.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use super::headers::Headers;
use crate::soap::ContentType;
use crate::xml::encoding::{self, EncodingError};

/// An attachment.
pub struct Attachment<'b> {
    /// Content-ID without its angle brackets.
    pub content_id: Option<String>,
    /// Content-Location.
    pub content_location: Option<String>,
    /// Content-Type; `None` where it is absent or makes no sense.
    pub content_type: Option<ContentType>,
    /// The name of the file: `filename` of Content-Disposition, else `name` of Content-Type.
    pub filename: Option<String>,
    /// The headers as sent, unfolded, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The content, its transfer encoding undone.
    pub content: Cow<'b, [u8]>,
    /// The content as text, where it had to be recoded.
    text: OnceLock<String>,
}

impl<'b> Attachment<'b> {
    pub(super) fn new(headers: Headers, content: Cow<'b, [u8]>) -> Self {
        let content_type = headers.content_type().and_then(|header| ContentType::parse(header).ok());
        let filename = headers
            .disposition_filename()
            .or_else(|| content_type.as_ref()?.parameter("name").map(str::to_owned))
            .filter(|name| !name.is_empty());
        Self {
            content_id: headers.content_id(),
            content_location: headers.content_location(),
            content_type,
            filename,
            headers: headers.fields,
            content,
            text: OnceLock::new(),
        }
    }

    /// The media type, in lower case, without parameters; `application/octet-stream` where none is given.
    #[must_use]
    pub fn media(&self) -> &str {
        self.content_type.as_ref().map_or("application/octet-stream", ContentType::media)
    }

    /// Whether the part says that it is XML (RFC 7303).
    #[must_use]
    pub fn is_xml(&self) -> bool {
        let media = self.media();
        media == "text/xml" || media == "application/xml" || media.ends_with("+xml")
    }

    /// Whether `href` names this part: `cid:` with its Content-ID, in angle brackets or not, escaped as a URL or not
    /// (RFC 2392); or its Content-Location.
    #[must_use]
    pub fn is_at(&self, href: &str) -> bool {
        let href = href.trim();
        let Some(id) = without_scheme(href) else {
            return !href.is_empty() && self.content_location.as_deref() == Some(href);
        };
        let Some(own) = self.content_id.as_deref() else { return false };
        bare(id) == own || (id.contains('%') && bare(&unescaped(id)) == own)
    }

    /// The name by which a reference would call this part; empty where it has none.
    #[must_use]
    pub fn label(&self) -> &str {
        self.content_id.as_deref().or(self.content_location.as_deref()).unwrap_or_default()
    }

    /// The content as XML text, by the part's charset or what the bytes themselves say.
    ///
    /// # Errors
    /// The bytes are not text in the encoding that they claim.
    pub fn text(&self) -> Result<&str, EncodingError> {
        let charset = self.content_type.as_ref().and_then(|t| t.parameter("charset"));
        match encoding::decode(&self.content, charset)? {
            Cow::Borrowed(text) => Ok(text),
            Cow::Owned(text) => Ok(self.text.get_or_init(|| text)),
        }
    }
}

/// What is in a part may be personal: only its length is told.
impl fmt::Debug for Attachment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attachment")
            .field("content_id", &self.content_id)
            .field("media", &self.media())
            .field("bytes", &self.content.len())
            .finish_non_exhaustive()
    }
}

/// A Content-ID without its angle brackets.
pub(super) fn bare(id: &str) -> &str {
    let id = id.trim();
    id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).unwrap_or(id)
}

fn without_scheme(href: &str) -> Option<&str> {
    let (scheme, id) = href.split_at_checked(4)?;
    scheme.eq_ignore_ascii_case("cid:").then_some(id)
}

/// `%XX` undone (RFC 3986 §2.1); what is no escape stays.
pub(super) fn unescaped(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| *first == b'%').and_then(|d| std::str::from_utf8(d).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
