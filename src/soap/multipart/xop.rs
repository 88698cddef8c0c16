//! XML-binary Optimized Packaging 1.0: the text that a package stands for.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Attached, MultipartError};
use crate::soap::Part;
use crate::xml::{Event, Limits, Reader};

/// A part that was put into the text of the envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inclusion {
    /// Where its base64 text stands.
    pub range: Range<usize>,
    /// Number of the attachment.
    pub attachment: usize,
}

const NAMESPACE: &str = "http://www.w3.org/2004/08/xop/include";

/// The text with every `xop:Include` replaced by the base64 of the part that it names (XOP 1.0 §3.2).
pub(super) fn resolve<'b>(
    text: Cow<'b, str>,
    attached: &Attached<'_>,
    limits: &Limits,
) -> Result<(Cow<'b, str>, Vec<Inclusion>), MultipartError> {
    let found = find(&text, attached, limits)?;
    if found.is_empty() {
        return Ok((text, Vec::new()));
    }
    let mut out = String::new();
    let mut inclusions = Vec::with_capacity(found.len());
    let mut copied = 0;
    for Inclusion { range, attachment } in found {
        let content = attached.attachments.get(attachment).map_or(&[][..], |a| &a.content);
        let before = text.get(copied..range.start).unwrap_or_default();
        let encoded = base64::encoded_len(content.len(), true).unwrap_or(usize::MAX);
        // A part may be included often: the bound is checked before each is written.
        if out.len().saturating_add(before.len()).saturating_add(encoded) > limits.document_bytes {
            return Err(MultipartError::InclusionsTooLong { limit: limits.document_bytes });
        }
        out.push_str(before);
        let start = out.len();
        STANDARD.encode_string(content, &mut out);
        inclusions.push(Inclusion { range: start..out.len(), attachment });
        copied = range.end;
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Ok((Cow::Owned(out), inclusions))
}

/// The elements, with the parts that they name.
fn find(text: &str, attached: &Attached<'_>, limits: &Limits) -> Result<Vec<Inclusion>, MultipartError> {
    let mut found = Vec::new();
    let mut reader = Reader::document(text, limits);
    loop {
        match reader.next_event()? {
            Event::Start(name)
                if name.local == "Include" && reader.namespace(name.namespace) == NAMESPACE =>
            {
                let offset = reader.offset();
                let attachment = reader.attribute("", "href").and_then(|href| attached.position(href));
                let attachment = attachment.ok_or(MultipartError::Inclusion { offset })?;
                let range = Part::take(&mut reader, name)?.range;
                found.push(Inclusion { range, attachment });
            }
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}
