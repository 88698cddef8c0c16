//! The HTTP header `Content-Type` (RFC 9110 §8.3.1), read properly, and what of it is accepted.

/// A media type with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentType {
    media: String,
    parameters: Vec<(String, String)>,
}

/// What the body of a request is, once its type is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A SOAP 1.1 message.
    Xml {
        /// The parameter `charset`; it wins over the XML declaration.
        charset: Option<String>,
    },
    /// SOAP with Attachments.
    Related(Related),
}

/// The parameters of `multipart/related` (RFC 2387 §3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// The delimiter, without the leading hyphens.
    pub boundary: String,
    /// Content-ID of the root part; the first part where absent.
    pub start: Option<String>,
    /// Whether the root part is an XOP package of a SOAP 1.1 message (MTOM).
    pub xop: bool,
}

/// The type is not one that a porta di dominio takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentTypeError {
    /// No such header.
    #[error("Content-Type is missing")]
    Missing,
    /// The header cannot be read.
    #[error("Content-Type \"{header}\" is malformed")]
    Malformed {
        /// The header, at most 128 characters of it.
        header: String,
    },
    /// Readable, but not `text/xml` nor `multipart/related` of it.
    #[error("Content-Type \"{media}\" is not accepted, text/xml or multipart/related of text/xml is")]
    Refused {
        /// The media type, with `type` where that decided.
        media: String,
    },
    /// `multipart/related` without a usable `boundary`.
    #[error("Content-Type multipart/related has no usable boundary")]
    NoBoundary,
}

impl ContentType {
    /// Reads the header's value. A semicolon with nothing after it is tolerated: peers send `text/xml;`.
    ///
    /// # Errors
    /// The value is not a media type, or a parameter is malformed or given twice.
    pub fn parse(header: &str) -> Result<Self, ContentTypeError> {
        let malformed = || ContentTypeError::Malformed { header: header.chars().take(128).collect() };
        let (media, rest) = header.split_once(';').unwrap_or((header, ""));
        let media = media.trim_matches(SPACE).to_ascii_lowercase();
        if !media.split_once('/').is_some_and(|(kind, sub)| is_token(kind) && is_token(sub)) {
            return Err(malformed());
        }
        let parameters = parameters(rest).ok_or_else(malformed)?;
        Ok(Self { media, parameters })
    }

    /// The type and subtype, in lower case.
    #[must_use]
    pub fn media(&self) -> &str {
        &self.media
    }

    /// The value of a parameter; its name is in lower case.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// What the body of a request is.
    ///
    /// # Errors
    /// Not `text/xml`, nor `multipart/related` with `type="text/xml"` (or the XOP package of one). A request without
    /// `type` is refused.
    pub fn accept(&self) -> Result<Content, ContentTypeError> {
        match self.media.as_str() {
            "text/xml" => Ok(Content::Xml { charset: self.parameter("charset").map(str::to_owned) }),
            "multipart/related" => self.related(None),
            _ => Err(ContentTypeError::Refused { media: self.media.clone() }),
        }
    }

    /// What the body of a reply is: as [`ContentType::accept`], but a missing `type` is taken as `text/xml`.
    ///
    /// # Errors
    /// As [`ContentType::accept`].
    pub fn accept_reply(&self) -> Result<Content, ContentTypeError> {
        match self.media.as_str() {
            "multipart/related" => self.related(Some("text/xml")),
            _ => self.accept(),
        }
    }

    fn related(&self, otherwise: Option<&str>) -> Result<Content, ContentTypeError> {
        let kind = self.parameter("type").or(otherwise).unwrap_or_default();
        let start_info = self.parameter("start-info").unwrap_or_default();
        let xop =
            kind.eq_ignore_ascii_case("application/xop+xml") && start_info.eq_ignore_ascii_case("text/xml");
        if !xop && !kind.eq_ignore_ascii_case("text/xml") {
            return Err(ContentTypeError::Refused { media: format!("multipart/related; type=\"{kind}\"") });
        }
        let boundary =
            self.parameter("boundary").filter(|b| is_boundary(b)).ok_or(ContentTypeError::NoBoundary)?;
        let start = self.parameter("start").map(str::to_owned);
        Ok(Content::Related(Related { boundary: boundary.to_owned(), start, xop }))
    }
}

/// More parameters than any media type in use here.
const MOST_PARAMETERS: usize = 16;
const SPACE: [char; 2] = [' ', '\t'];

/// What a request of this `Content-Type` holds.
impl Content {
    /// Reads and judges the header of a request.
    ///
    /// # Errors
    /// The header is absent, malformed, or names what is not accepted.
    pub fn of_request(header: Option<&str>) -> Result<Self, ContentTypeError> {
        ContentType::parse(header.ok_or(ContentTypeError::Missing)?)?.accept()
    }
}

/// The parameters after the first semicolon of a header, names in lower case; `None` where one is malformed or given
/// twice.
pub(super) fn parameters(mut rest: &str) -> Option<Vec<(String, String)>> {
    let mut parameters: Vec<(String, String)> = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c| c == ';' || SPACE.contains(&c));
        if rest.is_empty() {
            return Some(parameters);
        }
        let (name, after) = rest.split_once('=')?;
        let name = name.trim_matches(SPACE).to_ascii_lowercase();
        let (value, after) = parameter_value(after.trim_start_matches(SPACE))?;
        let twice = parameters.iter().any(|(known, _)| *known == name);
        if !is_token(&name) || twice || parameters.len() >= MOST_PARAMETERS {
            return None;
        }
        parameters.push((name, value));
        rest = after.trim_start_matches(SPACE);
        if !rest.is_empty() && !rest.starts_with(';') {
            return None;
        }
    }
}

/// The value at the start of `text`, quoted or a token, and what follows it.
fn parameter_value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c| c == ';' || SPACE.contains(&c)).unwrap_or(text.len());
        let (value, after) = text.split_at_checked(end)?;
        // RFC 2045 wants tokens; boundaries with `=` or `/` and no quotes are seen, and mean no harm.
        let legible = !value.is_empty() && value.bytes().all(|b| b.is_ascii_graphic() && b != b'"');
        return legible.then(|| (value.to_owned(), after));
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    loop {
        match chars.next()? {
            (at, '"') => return Some((value, quoted.get(at + 1..)?)),
            (_, '\\') => value.push(chars.next()?.1),
            (_, c) if c.is_control() && c != '\t' => return None,
            (_, c) => value.push(c),
        }
    }
}

/// RFC 9110 §5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// RFC 2046 §5.1.1.
fn is_boundary(text: &str) -> bool {
    (1..=70).contains(&text.len())
        && !text.ends_with(' ')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charset(header: &str) -> Option<String> {
        match Content::of_request(Some(header)).unwrap() {
            Content::Xml { charset } => charset,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn text_xml_is_accepted_however_it_is_written() {
        assert_eq!(charset("text/xml"), None);
        assert_eq!(charset("text/xml;"), None);
        assert_eq!(charset("Text/XML ; "), None);
        for header in [
            "text/xml; charset=utf-8",
            "text/xml;charset=\"utf-8\"",
            "text/xml ; action=x; CharSet = utf-8 ;",
        ] {
            assert_eq!(charset(header).as_deref(), Some("utf-8"), "{header}");
        }
        assert_eq!(charset(r#"text/xml; charset="ut\f-8""#).as_deref(), Some("utf-8"));
    }

    #[test]
    fn multipart_needs_its_type_on_requests_and_not_on_replies() {
        let header = r#"multipart/related; type="text/xml"; start="<busta@sole>"; boundary="MIME_1""#;
        let expected = Related { boundary: "MIME_1".into(), start: Some("<busta@sole>".into()), xop: false };
        assert_eq!(Content::of_request(Some(header)), Ok(Content::Related(expected)));
        let untyped = ContentType::parse("multipart/related; boundary=a").unwrap();
        assert!(matches!(untyped.accept(), Err(ContentTypeError::Refused { .. })));
        assert!(matches!(untyped.accept_reply(), Ok(Content::Related(_))));
        let mtom = r#"multipart/related; type="application/xop+xml"; start-info="text/xml"; boundary=a"#;
        assert!(matches!(Content::of_request(Some(mtom)), Ok(Content::Related(Related { xop: true, .. }))));
        let unbounded = Content::of_request(Some("multipart/related; type=\"text/xml\""));
        assert_eq!(unbounded, Err(ContentTypeError::NoBoundary));
    }

    #[test]
    fn other_types_are_refused_and_nonsense_is_malformed() {
        assert_eq!(Content::of_request(None), Err(ContentTypeError::Missing));
        for refused in ["application/soap+xml", "application/xml", "text/plain; charset=utf-8", "text/xmlx"] {
            assert!(
                matches!(Content::of_request(Some(refused)), Err(ContentTypeError::Refused { .. })),
                "{refused}"
            );
        }
        for malformed in [
            "",
            "text",
            "text/",
            "text/xml charset=utf-8",
            "text/xml; charset",
            "text/xml; charset=",
            "text/xml; charset=\"utf-8",
            "text/xml; charset=a; charset=b",
            "text/xml; charset=\"a\"b",
        ] {
            let seen = Content::of_request(Some(malformed));
            assert!(matches!(seen, Err(ContentTypeError::Malformed { .. })), "{malformed}: {seen:?}");
        }
    }
}
