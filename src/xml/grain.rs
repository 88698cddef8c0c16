//! What each byte may be part of, and what a text is therefore known to be without a second look.
//!
//! Whoever walks over the bytes of a text anyway gathers their classes in a [`Grain`]. Nearly every value of a real
//! document turns out to be a plain word of ASCII; knowing that saves one more pass for each thing that might have to
//! be done with it: collapsing white space, counting characters, escaping.

/// Ends a run of text: `<` and `&`.
pub(crate) const MARKUP: u16 = 1;
/// May be forbidden, or stands for something else, in text: most control characters, `]`, and the byte EF, with which
/// U+FFFE and U+FFFF begin in UTF-8.
pub(crate) const SPECIAL: u16 = 1 << 1;
/// The same in an attribute value, where tab and line feed stand for a space.
pub(crate) const SPECIAL_IN_VALUE: u16 = 1 << 2;
/// May begin a name.
pub(crate) const NAME_START: u16 = 1 << 3;
/// May stand in a name.
pub(crate) const NAME: u16 = 1 << 4;
/// White space.
pub(crate) const SPACE: u16 = 1 << 5;
/// Cannot stand for itself in a string of JSON (RFC 8259 §7).
pub(crate) const ESCAPED_IN_JSON: u16 = 1 << 6;
/// May not stand for itself in XML that is written: escaped in text or in a value, or perhaps forbidden.
pub(crate) const ESCAPED_IN_XML: u16 = 1 << 7;
/// Part of a character beyond ASCII.
pub(crate) const WIDE: u16 = 1 << 8;

static CLASSES: [u16; 256] = classes();

const fn classes() -> [u16; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        // Evaluated by the compiler: an index past the end would not build.
        #[allow(clippy::indexing_slicing)]
        {
            table[byte] = class_of(byte as u8);
        }
        byte += 1;
    }
    table
}

const fn class_of(byte: u8) -> u16 {
    let mut class = match byte {
        b'<' | b'&' => MARKUP | SPECIAL_IN_VALUE | ESCAPED_IN_XML,
        b'>' => ESCAPED_IN_XML,
        b'"' => ESCAPED_IN_XML | ESCAPED_IN_JSON,
        b'\\' => ESCAPED_IN_JSON,
        b']' => SPECIAL,
        b'\t' | b'\n' => SPECIAL_IN_VALUE | ESCAPED_IN_XML | ESCAPED_IN_JSON,
        ..b' ' => SPECIAL | SPECIAL_IN_VALUE | ESCAPED_IN_XML | ESCAPED_IN_JSON,
        0xEF => SPECIAL | SPECIAL_IN_VALUE | ESCAPED_IN_XML,
        _ => 0,
    };
    if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
        class |= SPACE;
    }
    if byte.is_ascii_alphabetic() || byte == b'_' {
        class |= NAME_START | NAME;
    }
    if byte.is_ascii_digit() || matches!(byte, b'-' | b'.') {
        class |= NAME;
    }
    if !byte.is_ascii() {
        class |= WIDE;
    }
    class
}

/// The classes of a byte.
#[inline]
pub(crate) fn class(byte: u8) -> u16 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or_default()
}

/// The classes of all the bytes of a text, together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Grain(u16);

impl Grain {
    /// That of a text whose classes were gathered elsewhere.
    #[inline]
    pub(crate) fn gathered(classes: u16) -> Self {
        Self(classes)
    }

    /// That of `text`.
    #[inline]
    pub(crate) fn of(text: &str) -> Self {
        Self(text.bytes().fold(0, |seen, byte| seen | class(byte)))
    }

    /// Whether there is white space in it.
    #[inline]
    pub(crate) fn has_space(self) -> bool {
        self.0 & SPACE != 0
    }

    /// Whether a byte of it is a character.
    #[inline]
    pub(crate) fn is_ascii(self) -> bool {
        self.0 & WIDE == 0
    }

    /// Whether it is written as it stands in a string of JSON.
    #[inline]
    pub(crate) fn stands_in_json(self) -> bool {
        self.0 & ESCAPED_IN_JSON == 0
    }

    /// Whether it is written as it stands in XML, as text and as a value in quotes, and XML forbids nothing in it.
    #[inline]
    pub(crate) fn stands_in_xml(self) -> bool {
        self.0 & ESCAPED_IN_XML == 0
    }
}

/// Whether two names are equal. Names are short, and a call to compare them costs more than comparing them here.
#[inline]
pub(crate) fn same_name(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    match one.len() {
        0..4 => one.iter().zip(other).all(|(a, b)| a == b),
        4..8 => one.first_chunk::<4>() == other.first_chunk() && one.last_chunk::<4>() == other.last_chunk(),
        8..=16 => {
            one.first_chunk::<8>() == other.first_chunk() && one.last_chunk::<8>() == other.last_chunk()
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::xml::{characters, write};

    proptest! {
        #[test]
        fn names_are_the_same_when_their_bytes_are(one in "[ab]{0,20}", other in "[ab]{0,20}") {
            prop_assert_eq!(same_name(one.as_bytes(), other.as_bytes()), one == other);
            prop_assert!(same_name(one.as_bytes(), one.clone().as_bytes()));
        }

        #[test]
        fn what_a_grain_says_is_so(text in "[a-z0-9 \t\r\n<>&\"'\\\\\u{1}-\u{1f}\u{7f}è€\u{fffd}-\u{ffff}😀\\]]{0,12}") {
            let grain = Grain::of(&text);
            prop_assert_eq!(grain.has_space(), text.bytes().any(characters::is_space));
            prop_assert_eq!(grain.is_ascii(), text.is_ascii());
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(grain.stands_in_json(), json == format!("\"{text}\""));
            if grain.stands_in_xml() {
                let mut value = String::new();
                write::push_attribute_value(&mut value, &text);
                prop_assert_eq!(characters::forbidden(&text), None);
                prop_assert_eq!(write::text(&text), text.as_str());
                prop_assert_eq!(&value, &text);
            }
        }
    }
}
