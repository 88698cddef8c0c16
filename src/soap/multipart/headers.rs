//! The headers of a part (RFC 2045 §3, RFC 2183).

use memchr::memchr;

use super::MultipartError;
use super::attachment::{bare, unescaped};
use crate::soap::content_type::parameters;

/// The headers of one part.
pub(super) struct Headers {
    /// Name in lower case and unfolded value, in the order of the part.
    pub(super) fields: Vec<(String, String)>,
}

/// The headers that this room asks for: each may stand once.
const ONCE: [&str; 5] =
    ["content-type", "content-id", "content-location", "content-transfer-encoding", "content-disposition"];

impl Headers {
    /// The headers at the start of a part, and its content.
    pub(super) fn split(bytes: &[u8], part: usize, limit: usize) -> Result<(Self, &[u8]), MultipartError> {
        let mut headers = Self { fields: Vec::new() };
        let mut rest = bytes;
        let mut line_number = 0;
        while !rest.is_empty() {
            line_number += 1;
            let left = limit.saturating_sub(bytes.len() - rest.len());
            // One byte more than may be left, and the line is too long whatever follows.
            let window = rest.get(..rest.len().min(left.saturating_add(1))).unwrap_or_default();
            let (line, after) = match memchr(b'\n', window) {
                Some(end) => (rest.get(..end).unwrap_or_default(), rest.get(end + 1..).unwrap_or_default()),
                None if rest.len() > left => {
                    return Err(MultipartError::HeadersTooLong { part, limit });
                }
                None => (rest, &[][..]),
            };
            rest = after;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() {
                break;
            }
            headers.take(line).ok_or(MultipartError::Header { part, line: line_number })?;
        }
        for name in ONCE {
            if headers.fields.iter().filter(|(known, _)| known == name).count() > 1 {
                return Err(MultipartError::RepeatedHeader { part, name });
            }
        }
        Ok((headers, rest))
    }

    /// Takes one line: a header, or the continuation of the last one (RFC 5322 §2.2.3).
    fn take(&mut self, line: &[u8]) -> Option<()> {
        let text = text(line);
        if text.starts_with([' ', '\t']) {
            let (_, value) = self.fields.last_mut()?;
            value.push(' ');
            value.push_str(text.trim());
            return Some(());
        }
        let (name, value) = text.split_once(':')?;
        let name = name.trim_end_matches([' ', '\t']).to_ascii_lowercase();
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic());
        is_name.then(|| self.fields.push((name, value.trim().to_owned())))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn content_type(&self) -> Option<&str> {
        self.get("content-type").filter(|value| !value.is_empty())
    }

    pub(super) fn content_id(&self) -> Option<String> {
        self.get("content-id").map(bare).filter(|id| !id.is_empty()).map(str::to_owned)
    }

    pub(super) fn content_location(&self) -> Option<String> {
        self.get("content-location").filter(|value| !value.is_empty()).map(str::to_owned)
    }

    pub(super) fn transfer_encoding(&self) -> &str {
        self.get("content-transfer-encoding").unwrap_or_default()
    }

    /// The name of the file, plain or extended (RFC 6266 §4.3); a disposition that makes no sense names none.
    pub(super) fn disposition_filename(&self) -> Option<String> {
        let (_, rest) = self.get("content-disposition")?.split_once(';')?;
        let parameters = parameters(rest)?;
        let find = |name: &str| parameters.iter().find(|(known, _)| known == name).map(|(_, v)| v);
        let extended = find("filename*").and_then(|value| {
            let (charset, value) = value.split_once('\'')?;
            let (_, value) = value.split_once('\'')?;
            charset.eq_ignore_ascii_case("utf-8").then(|| unescaped(value))
        });
        extended.or_else(|| find("filename").cloned())
    }
}

/// Headers are ASCII; names of files in UTF-8 or in Latin letters are seen, and mean no harm.
fn text(line: &[u8]) -> String {
    match std::str::from_utf8(line) {
        Ok(text) => text.to_owned(),
        Err(_) => line.iter().map(|byte| char::from(*byte)).collect(),
    }
}
