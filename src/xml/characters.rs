//! Which characters XML allows, and where (XML 1.0 §2.2, §2.3; Namespaces in XML 1.0 §3).

/// `Char` of XML 1.0 §2.2.
#[must_use]
pub fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// White space of XML 1.0 §2.3: space, tab, carriage return, line feed, and nothing else.
#[must_use]
pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Whether the text is empty or white space only.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.bytes().all(is_space)
}

/// The text without the white space of XML at either end.
#[must_use]
pub fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

/// The first character that XML forbids, with its byte offset.
#[must_use]
pub fn forbidden(text: &str) -> Option<(usize, char)> {
    // Only control characters and U+FFFE/U+FFFF are forbidden, and both U+FFFE and U+FFFF begin with byte EF:
    // a scan of bytes decides for nearly every text.
    if text.bytes().all(|b| (b >= 0x20 || is_space(b)) && b != 0xEF) {
        return None;
    }
    text.char_indices().find(|(_, c)| !is_xml_char(*c))
}

fn is_name_start(c: char) -> bool {
    matches!(c,
        'A'..='Z' | 'a'..='z' | '_'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
        | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
        | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

fn is_name_char(c: char) -> bool {
    is_name_start(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// `NCName`: a name without colon.
#[must_use]
pub fn is_ncname(name: &str) -> bool {
    let mut bytes = name.bytes();
    if bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
    {
        return true;
    }
    let mut chars = name.chars();
    chars.next().is_some_and(is_name_start) && chars.all(is_name_char)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["a", "_a", "codice-fiscale", "e.1", "è", "名"] {
            assert!(is_ncname(good), "{good}");
        }
        for bad in ["", "1a", "-a", "a:b", "a b", "a\u{d7}"] {
            assert!(!is_ncname(bad), "{bad}");
        }
    }

    #[test]
    fn forbidden_characters_are_found_with_their_place() {
        assert_eq!(forbidden("tab\t newline\n è €"), None);
        assert_eq!(forbidden("ab\u{1}"), Some((2, '\u{1}')));
        assert_eq!(forbidden("è\u{FFFE}"), Some((2, '\u{FFFE}')));
        assert_eq!(forbidden("\u{FF21}"), None);
    }
}
