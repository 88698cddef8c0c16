//! Bytes to text, once, before anything is parsed.
//!
//! The order of authority is that of RFC 7303 §3.2 and of the busta e-Gov's practice: a byte order mark, then the
//! charset of the HTTP header, then the XML declaration, then UTF-8. Nothing is replaced: a byte that the encoding
//! does not know is an error with its place.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use memchr::memmem;

/// The bytes are not text in the encoding they claim.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodingError {
    /// A label that no supported encoding has.
    #[error("unknown encoding \"{label}\"")]
    Unknown {
        /// The label as given.
        label: String,
    },
    /// Two authorities disagree in a way that changes how bytes are read.
    #[error("the document is {actual} by its bytes but declares \"{declared}\"")]
    Conflict {
        /// What the byte order mark or the first bytes say.
        actual: &'static str,
        /// What the declaration says.
        declared: String,
    },
    /// A byte sequence that the encoding does not define.
    #[error("byte {offset} is not valid {encoding}")]
    Malformed {
        /// Name of the encoding.
        encoding: &'static str,
        /// Number of bytes before the first one that is wrong.
        offset: usize,
    },
}

/// The text of an XML document, without byte order mark.
///
/// `charset` is the parameter of the HTTP `Content-Type`, where there is one.
///
/// # Errors
/// The encoding is unknown, contradicted, or broken by the bytes.
pub fn decode<'b>(bytes: &'b [u8], charset: Option<&str>) -> Result<Cow<'b, str>, EncodingError> {
    let (encoding, mark) = choose(bytes, charset)?;
    let body = bytes.get(mark..).unwrap_or_default();
    if encoding == UTF_8 {
        return match std::str::from_utf8(body) {
            Ok(text) => Ok(Cow::Borrowed(text)),
            Err(error) => {
                Err(EncodingError::Malformed { encoding: UTF_8.name(), offset: mark + error.valid_up_to() })
            }
        };
    }
    encoding.decode_without_bom_handling_and_without_replacement(body).ok_or_else(|| {
        EncodingError::Malformed { encoding: encoding.name(), offset: mark + valid_prefix(encoding, body) }
    })
}

fn choose(bytes: &[u8], charset: Option<&str>) -> Result<(&'static Encoding, usize), EncodingError> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let body = bytes.get(mark..).unwrap_or_default();
        return agree(encoding, declared(body, encoding)).map(|encoding| (encoding, mark));
    }
    if let Some(label) = charset {
        return by_label(label).map(|encoding| (encoding, 0));
    }
    // Without a mark, UTF-16 shows itself by the zero half of '<' (XML 1.0 appendix F.1).
    let by_bytes = match bytes {
        [0, b'<', ..] => Some(UTF_16BE),
        [b'<', 0, ..] => Some(UTF_16LE),
        _ => None,
    };
    if let Some(encoding) = by_bytes {
        return agree(encoding, declared(bytes, encoding)).map(|encoding| (encoding, 0));
    }
    match declared(bytes, UTF_8) {
        None => Ok((UTF_8, 0)),
        Some(label) => {
            let encoding = by_label(&label)?;
            // The declaration was legible byte by byte, so the document is not UTF-16.
            if encoding == UTF_16BE || encoding == UTF_16LE {
                return Err(EncodingError::Conflict { actual: "a single-byte encoding", declared: label });
            }
            Ok((encoding, 0))
        }
    }
}

fn agree(actual: &'static Encoding, label: Option<String>) -> Result<&'static Encoding, EncodingError> {
    let Some(label) = label else { return Ok(actual) };
    let declared = by_label(&label)?;
    let both_utf_16 = |e: &'static Encoding| e == UTF_16BE || e == UTF_16LE;
    if declared == actual || (both_utf_16(declared) && both_utf_16(actual)) {
        Ok(actual)
    } else {
        Err(EncodingError::Conflict { actual: actual.name(), declared: label })
    }
}

fn by_label(label: &str) -> Result<&'static Encoding, EncodingError> {
    let label = label.trim_matches(['"', '\'', ' ']);
    // The WHATWG table reads ISO-8859-1 as windows-1252, a superset; "replacement" stands for encodings that must
    // never be decoded.
    Encoding::for_label(label.as_bytes())
        .filter(|e| *e != encoding_rs::REPLACEMENT && *e != encoding_rs::X_USER_DEFINED)
        .ok_or_else(|| EncodingError::Unknown { label: label.chars().take(64).collect() })
}

/// The encoding named by the XML declaration, if the bytes begin with one.
fn declared(bytes: &[u8], encoding: &'static Encoding) -> Option<String> {
    let head = bytes.get(..bytes.len().min(512)).unwrap_or_default();
    let narrow: Cow<'_, [u8]> = if encoding == UTF_16BE || encoding == UTF_16LE {
        let low = usize::from(encoding == UTF_16BE);
        Cow::Owned(head.iter().skip(low).step_by(2).copied().collect())
    } else {
        Cow::Borrowed(head)
    };
    let end = memmem::find(&narrow, b"?>")?;
    let declaration = narrow.get(..end)?.strip_prefix(b"<?xml")?;
    // `<?xmlish encoding="…"?>` is an instruction like any other.
    declaration.first().filter(|b| super::characters::is_space(**b))?;
    let at = memmem::find(declaration, b"encoding")? + "encoding".len();
    let rest = std::str::from_utf8(declaration.get(at..)?).ok()?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    rest.get(1..)?.split_once(quote).map(|(label, _)| label.to_owned())
}

/// Number of bytes of `body` that decode; only called once decoding has failed.
fn valid_prefix(encoding: &'static Encoding, body: &[u8]) -> usize {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut sink = String::new();
    let wanted = decoder.max_utf8_buffer_length(body.len()).unwrap_or(0);
    if sink.try_reserve(wanted).is_err() {
        return 0;
    }
    let (result, read) = decoder.decode_to_string_without_replacement(body, &mut sink, true);
    match result {
        encoding_rs::DecoderResult::Malformed(length, after) => {
            read.saturating_sub(usize::from(length) + usize::from(after))
        }
        _ => read,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, big: bool, mark: bool) -> Vec<u8> {
        let units = mark.then_some(0xFEFF).into_iter().chain(text.encode_utf16());
        units.flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    }

    #[test]
    fn every_declared_encoding_gives_the_same_text() {
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>citt\xe0</a>";
        assert_eq!(decode(latin, None).unwrap(), "<?xml version='1.0' encoding='ISO-8859-1'?><a>città</a>");
        assert_eq!(decode(b"<a>\x80</a>", Some("windows-1252")).unwrap(), "<a>€</a>");
        assert_eq!(decode("\u{feff}<a>è</a>".as_bytes(), None).unwrap(), "<a>è</a>");
        for big in [true, false] {
            for mark in [true, false] {
                let text = "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a>è€</a>";
                assert_eq!(decode(&utf16(text, big, mark), None).unwrap(), text);
            }
        }
    }

    #[test]
    fn the_http_charset_wins_over_the_declaration_and_a_mark_over_both() {
        let doc = b"<?xml version='1.0' encoding='UTF-8'?><a>\xe0</a>";
        assert!(decode(doc, Some("iso-8859-1")).unwrap().ends_with("<a>à</a>"));
        assert!(matches!(decode(doc, None), Err(EncodingError::Malformed { offset: 41, .. })));
        assert_eq!(decode("\u{feff}<a>è</a>".as_bytes(), Some("iso-8859-1")).unwrap(), "<a>è</a>");
    }

    #[test]
    fn an_instruction_whose_name_begins_with_xml_declares_nothing() {
        let doc = "<?xmlish encoding='ISO-8859-1'?><a>è</a>";
        assert_eq!(decode(doc.as_bytes(), None).unwrap(), doc);
    }

    #[test]
    fn unknown_labels_and_contradictions_are_refused() {
        let unknown = decode(b"<?xml version='1.0' encoding='FOO-1'?><a/>", None);
        assert_eq!(unknown, Err(EncodingError::Unknown { label: "FOO-1".into() }));
        let utf16_in_ascii = decode(b"<?xml version='1.0' encoding='UTF-16'?><a/>", None);
        assert!(matches!(utf16_in_ascii, Err(EncodingError::Conflict { .. })));
        let marked = "\u{feff}<?xml version='1.0' encoding='ISO-8859-1'?><a/>";
        assert!(matches!(decode(marked.as_bytes(), None), Err(EncodingError::Conflict { .. })));
    }
}
