//! `hexBinary` and `base64Binary` (XSD part 2 §3.2.15, §3.2.16).

/// Number of octets, `None` where the text is not hexadecimal.
pub(super) fn hex_octets(text: &str) -> Option<usize> {
    let even = text.len().is_multiple_of(2);
    (even && text.bytes().all(|b| b.is_ascii_hexdigit())).then_some(text.len() / 2)
}

pub(super) fn decode_hex(text: &str) -> Option<Vec<u8>> {
    hex_octets(text)?;
    let digit = |b: &u8| char::from(*b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let pair = |pair: &[u8]| Some(pair.first().and_then(digit)? * 16 + pair.get(1).and_then(digit)?);
    text.as_bytes().chunks(2).map(pair).collect()
}

/// Number of octets, `None` where the text is not Base64 as §3.2.16 writes it: single spaces may stand between
/// characters, the bits that padding leaves over are zero.
pub(super) fn base64_octets(text: &str) -> Option<usize> {
    let (mut digits, mut padding, mut last) = (0usize, 0usize, 0u8);
    for byte in text.bytes() {
        match (byte, sextet(byte)) {
            (b' ', _) => {}
            (b'=', _) => padding += 1,
            (_, Some(value)) if padding == 0 => {
                digits += 1;
                last = value;
            }
            _ => return None,
        }
    }
    let clean = match (digits % 4, padding) {
        (0, 0) => true,
        (2, 2) => last & 0x0F == 0,
        (3, 1) => last & 0x03 == 0,
        _ => false,
    };
    clean.then_some(digits * 6 / 8)
}

pub(super) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(base64_octets(text)?);
    let (mut bits, mut count) = (0u32, 0);
    for value in text.bytes().filter_map(sextet) {
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from((bits >> count) & 0xFF).ok()?);
        }
    }
    Some(out)
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}
