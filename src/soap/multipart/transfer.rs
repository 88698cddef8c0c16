//! Content-Transfer-Encoding undone (RFC 2045 §6).

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::MultipartError;

/// Padding must be whole, so that content that broke off is not taken for less content; the bits that padding leaves
/// over are forgiven, since encoders that do not clear them lose nothing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true),
);

/// The content of a part as it was before it was encoded for its travel.
pub(super) fn decode<'b>(
    content: &'b [u8],
    encoding: &str,
    part: usize,
) -> Result<Cow<'b, [u8]>, MultipartError> {
    let is = |name: &str| encoding.eq_ignore_ascii_case(name);
    if encoding.is_empty() || is("binary") || is("8bit") || is("7bit") {
        Ok(Cow::Borrowed(content))
    } else if is("base64") {
        base64(content).map(Cow::Owned).ok_or(MultipartError::Base64 { part })
    } else if is("quoted-printable") {
        quoted_printable(content)
            .map(Cow::Owned)
            .map_err(|offset| MultipartError::QuotedPrintable { part, offset })
    } else {
        Err(MultipartError::TransferEncoding { part, name: encoding.chars().take(40).collect() })
    }
}

/// RFC 2045 §6.8 would ignore every byte that is not of the alphabet; only white space is, because another byte is a
/// sign of damage.
fn base64(content: &[u8]) -> Option<Vec<u8>> {
    let bare: Vec<u8> = content.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    BASE64.decode(bare).ok()
}

/// RFC 2045 §6.7; `Err` is the offset of an escape that is none.
fn quoted_printable(content: &[u8]) -> Result<Vec<u8>, usize> {
    let mut out = Vec::with_capacity(content.len());
    // Up to where the output is not white space that may turn out to end a line: such space was added on the way.
    let mut solid = 0;
    let mut at = 0;
    while let Some(byte) = content.get(at) {
        match byte {
            b'=' => {
                let after = content.get(at + 1..).unwrap_or_default();
                if let Some(length) = soft_break(after) {
                    at += 1 + length;
                } else {
                    let hex = after.get(..2).and_then(|d| std::str::from_utf8(d).ok());
                    let hex = hex.filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
                    let value = hex.and_then(|d| u8::from_str_radix(d, 16).ok()).ok_or(at)?;
                    out.push(value);
                    at += 3;
                }
                solid = out.len();
            }
            b'\r' if content.get(at + 1) == Some(&b'\n') => {
                out.truncate(solid);
                out.extend_from_slice(b"\r\n");
                solid = out.len();
                at += 2;
            }
            b'\n' => {
                out.truncate(solid);
                out.push(b'\n');
                solid = out.len();
                at += 1;
            }
            b' ' | b'\t' => {
                out.push(*byte);
                at += 1;
            }
            _ => {
                out.push(*byte);
                solid = out.len();
                at += 1;
            }
        }
    }
    out.truncate(solid);
    Ok(out)
}

/// The length of the white space and line end that follow the `=` of a soft line break.
fn soft_break(after: &[u8]) -> Option<usize> {
    let spaces = after.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    match after.get(spaces..)? {
        [b'\r', b'\n', ..] => Some(spaces + 2),
        [b'\n', ..] => Some(spaces + 1),
        [] => Some(spaces),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_comes_in_lines_and_is_whole_or_refused() {
        assert_eq!(base64(b"JVBE\r\nRi0x\nLjQ=\r\n").unwrap(), b"%PDF-1.4");
        assert_eq!(base64(b"").unwrap(), b"");
        for broken in [&b"JVBERi0xLjQ"[..], b"JVBE*Ri0", b"JVB=ERi0", b"J"] {
            assert_eq!(base64(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn quoted_printable_keeps_line_ends_and_drops_what_was_added_to_lines() {
        let decoded =
            |text: &str| String::from_utf8_lossy(&quoted_printable(text.as_bytes()).unwrap()).into_owned();
        assert_eq!(decoded("citt=C3=A0 =\r\ngrande"), "città grande");
        assert_eq!(decoded("a  \t\r\nb=20\nc \t"), "a\r\nb \nc");
        assert_eq!(decoded("a= \t\nb="), "ab");
        assert_eq!(quoted_printable(b"ab=4"), Err(2));
        assert_eq!(quoted_printable(b"=+1"), Err(0));
    }
}
