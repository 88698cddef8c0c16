//! Names, tokens, languages and URIs (XSD part 2 §3.2.17, §3.3).

use std::net::Ipv6Addr;

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
    if text.contains(['[', ']']) && !has_good_brackets(text) {
        return false;
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

/// Whether square brackets stand only around the address of IPv6 that is the host. XLink 1.0 §5.4, to which §3.2.17
/// refers, does not escape them, and RFC 2396 has them by RFC 2732 §3 only: `host = ... | "[" IPv6address "]"`.
fn has_good_brackets(text: &str) -> bool {
    let before_authority = text.split(['/', '?', '#']).next().unwrap_or_default();
    let hierarchy = text.get(before_authority.len()..).and_then(|rest| rest.strip_prefix("//"));
    let Some(hierarchy) =
        hierarchy.filter(|_| before_authority.is_empty() || before_authority.ends_with(':'))
    else {
        return false;
    };
    let end = hierarchy.find(['/', '?', '#']).unwrap_or(hierarchy.len());
    let Some((authority, after)) = hierarchy.split_at_checked(end) else { return false };
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let Some((address, port)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
        return false;
    };
    let is_port = |port: &str| port.bytes().all(|b| b.is_ascii_digit());
    let has_none = |part: &str| !part.contains(['[', ']']);
    address.parse::<Ipv6Addr>().is_ok()
        && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
        && [before_authority, user, after].into_iter().all(has_none)
}
