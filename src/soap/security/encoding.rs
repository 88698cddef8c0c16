//! Base64 as XML writes it (XML Schema part 2, §3.2.16: white space anywhere).

use openssl::base64;

use super::SecurityError;
use crate::xml::characters::is_space;

/// The octets of `text`; `what` names the element that holds it.
pub(super) fn decode(text: &str, what: &'static str) -> Result<Vec<u8>, SecurityError> {
    let plain: String = text.chars().filter(|c| !u8::try_from(*c).is_ok_and(is_space)).collect();
    let alphabet = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    if plain.is_empty() || !plain.len().is_multiple_of(4) || !plain.bytes().all(alphabet) {
        return Err(SecurityError::Malformed(what));
    }
    base64::decode_block(&plain).map_err(|_| SecurityError::Malformed(what))
}

/// The text of `octets`, on one line.
pub(super) fn encode(octets: &[u8]) -> String {
    base64::encode_block(octets)
}
