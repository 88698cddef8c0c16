//! Names, tokens, languages and URIs (XSD part 2 §3.2.17, §3.3).

use crate::xml::characters::is_ncname;

/// Prefix (empty for none) and local part.
pub(crate) fn split_qname(text: &str) -> Option<(&str, &str)> {
    let (prefix, local) = match text.split_once(':') {
        Some((prefix, local)) if is_ncname(prefix) => (prefix, local),
        Some(_) => return None,
        None => ("", text),
    };
    is_ncname(local).then_some((prefix, local))
}

/// One to eight letters, then groups of one to eight letters or digits (§3.3.3).
pub(super) fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let sized = |part: &str| (1..=8).contains(&part.len());
    parts.next().is_some_and(|p| sized(p) && p.bytes().all(|b| b.is_ascii_alphabetic()))
        && parts.all(|p| sized(p) && p.bytes().all(|b| b.is_ascii_alphanumeric()))
}

pub(super) fn is_nmtoken(text: &str) -> bool {
    // A name may go on with whatever a token may hold.
    !text.is_empty() && is_ncname(&format!("_{}", text.replace(':', "")))
}

/// `Name` of XML 1.0 §2.3: colons anywhere.
pub(super) fn is_name(text: &str) -> bool {
    is_nmtoken(text) && (text.starts_with(':') || is_ncname(text.split(':').next().unwrap_or_default()))
}

/// `anyURI` (§3.2.17). Characters outside ASCII and spaces stand for their escapes; what is left to check is the
/// grammar of RFC 2396 around them.
pub(super) fn is_any_uri(text: &str) -> bool {
    let (before_fragment, fragment) = text.split_once('#').unwrap_or((text, ""));
    if fragment.contains('#') {
        return false;
    }
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('%') {
        if !after.as_bytes().get(..2).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) {
            return false;
        }
        rest = after;
    }
    let first_segment = before_fragment.split(['/', '?']).next().unwrap_or_default();
    match first_segment.split_once(':') {
        None => true,
        Some((scheme, _)) => {
            scheme.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
                && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        }
    }
}
