//! The ways in which proxies write certificates into headers. The first is the client's own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A chain that is longer belongs to nobody we know.
const LONGEST: usize = 8;

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
const END: &[u8] = b"-----END CERTIFICATE-----";

/// PEM, percent-encoded or with its line ends turned into blanks.
pub(super) fn pem(value: &[u8]) -> Option<Vec<Vec<u8>>> {
    let text = unescaped(value)?;
    let mut rest = text.trim_ascii();
    let mut certificates = Vec::new();
    while !rest.is_empty() {
        let body = rest.strip_prefix(BEGIN)?;
        let end = memchr::memmem::find(body, END)?;
        let inner: Vec<u8> = body.get(..end)?.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
        certificates.push(STANDARD.decode(inner).ok()?);
        if certificates.len() > LONGEST {
            return None;
        }
        rest = body.get(end + END.len()..)?.trim_ascii();
    }
    Some(certificates)
}

/// The byte sequence of a structured field, and the list of them in the other header (RFC 9440 §2, RFC 8941 §3.3.5).
pub(super) fn rfc9440(value: &[u8], chain: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut certificates = vec![byte_sequence(value)?];
    if !chain.is_empty() {
        for item in chain.split(|byte| *byte == b',') {
            certificates.push(byte_sequence(item)?);
        }
    }
    (certificates.len() <= LONGEST).then_some(certificates)
}

fn byte_sequence(item: &[u8]) -> Option<Vec<u8>> {
    let inner = item.trim_ascii().strip_prefix(b":")?.strip_suffix(b":")?;
    STANDARD.decode(inner).ok()
}

/// Percent-encoding undone (RFC 3986 §2.1). A plus sign is one: base64 has it.
fn unescaped(value: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.iter();
    while let Some(byte) = rest.next() {
        if *byte != b'%' {
            bytes.push(*byte);
            continue;
        }
        let high = char::from(*rest.next()?).to_digit(16)?;
        let low = char::from(*rest.next()?).to_digit(16)?;
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_is_read_escaped_and_with_blanks_for_its_line_ends() {
        let escaped = b"-----BEGIN%20CERTIFICATE-----%0AAAH%2F%0A-----END%20CERTIFICATE-----%0A";
        assert_eq!(pem(escaped), Some(vec![vec![0, 1, 255]]));
        let blanks = b"-----BEGIN CERTIFICATE----- AAH/ -----END CERTIFICATE-----";
        assert_eq!(pem(blanks), Some(vec![vec![0, 1, 255]]));
        let two = [blanks.as_slice(), b" ", blanks].concat();
        assert_eq!(pem(&two).map(|all| all.len()), Some(2));
    }

    #[test]
    fn what_is_no_certificate_is_nothing() {
        let long = b"-----BEGIN CERTIFICATE-----AAH/-----END CERTIFICATE-----".repeat(9);
        for value in [b"x".as_slice(), b"%", b"%4", b"%zz", b"-----BEGIN CERTIFICATE-----AAH/", &long] {
            assert_eq!(pem(value), None, "{}", String::from_utf8_lossy(value));
        }
        assert_eq!(pem(b"-----BEGIN CERTIFICATE-----*-----END CERTIFICATE-----"), None);
    }

    #[test]
    fn a_structured_field_holds_the_certificate_and_another_those_above_it() {
        assert_eq!(rfc9440(b":AAH/:", b""), Some(vec![vec![0, 1, 255]]));
        assert_eq!(rfc9440(b":AAH/:", b":AA==:, :AQ==:"), Some(vec![vec![0, 1, 255], vec![0], vec![1]]));
        for (value, chain) in [(b"AAH/".as_slice(), b"".as_slice()), (b":AAH/", b""), (b":AAH/:", b":A")] {
            assert_eq!(rfc9440(value, chain), None);
        }
    }
}
