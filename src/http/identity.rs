//! Reading certificates: whose they are and when they end.

use std::fmt::Write;

use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::x509::{X509, X509NameRef};

use super::TlsIdentity;

/// The identity in a certificate that TLS has verified.
pub(super) fn identity(der: &[u8]) -> Result<TlsIdentity, ErrorStack> {
    let certificate = X509::from_der(der)?;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der);
    let mut fingerprint_sha256_hex = String::with_capacity(64);
    for byte in digest.as_ref() {
        // Writing into a String cannot fail.
        let _ = write!(fingerprint_sha256_hex, "{byte:02x}");
    }
    let name = certificate.subject_name();
    Ok(TlsIdentity {
        subject_cn: common_name(name),
        subject: distinguished_name(name),
        fingerprint_sha256_hex,
    })
}

/// The last common name. Where a subject holds several, the last is the most specific (RFC 4514 §2.1 writes them
/// from there).
fn common_name(name: &X509NameRef) -> Option<String> {
    let last = name.entries_by_nid(Nid::COMMONNAME).last()?;
    last.data().to_string().ok()
}

/// The subject as one line, attributes in the order of the certificate. Values are escaped as in RFC 4514 §2.4, so
/// that no value can pass for two attributes.
fn distinguished_name(name: &X509NameRef) -> String {
    let mut line = String::new();
    for entry in name.entries() {
        if !line.is_empty() {
            line.push_str(", ");
        }
        match entry.object().nid().short_name() {
            Ok(short) => line.push_str(short),
            Err(_) => {
                let _ = write!(line, "{}", entry.object());
            }
        }
        line.push('=');
        match entry.data().to_string() {
            Ok(value) => escape(&value, &mut line),
            Err(_) => {
                line.push('#');
                for byte in entry.data().as_slice() {
                    let _ = write!(line, "{byte:02x}");
                }
            }
        }
    }
    line
}

/// The identity in a subject that a proxy wrote (RFC 4514, most specific first); nothing where it cannot be told apart.
///
/// The older notation with slashes is refused: a value may hold a slash, and so pass for two attributes.
pub(super) fn of_subject(text: &str) -> Option<TlsIdentity> {
    let mut attributes: Vec<(String, String)> = Vec::new();
    let mut rest = text;
    loop {
        let (kind, after) = rest.split_once('=')?;
        let kind = kind.trim();
        if kind.is_empty() || !kind.chars().all(|c| c.is_ascii_alphanumeric() || c == '.') {
            return None;
        }
        let (value, more) = unescape(after)?;
        attributes.push((kind.to_owned(), value));
        match more {
            Some(more) => rest = more,
            None => break,
        }
    }
    let subject_cn =
        attributes.iter().find(|(kind, _)| kind.eq_ignore_ascii_case("CN")).map(|(_, value)| value.clone());
    // As `identity` writes it: in the order of the certificate.
    let mut subject = String::new();
    for (kind, value) in attributes.iter().rev() {
        if !subject.is_empty() {
            subject.push_str(", ");
        }
        subject.push_str(kind);
        subject.push('=');
        escape(value, &mut subject);
    }
    Some(TlsIdentity { subject_cn, subject, fingerprint_sha256_hex: String::new() })
}

/// A value up to its separator, without its escapes, and what follows the separator.
fn unescape(text: &str) -> Option<(String, Option<&str>)> {
    let mut bytes = Vec::new();
    let mut rest = text.char_indices();
    while let Some((at, c)) = rest.next() {
        match c {
            ',' | '+' => return Some((String::from_utf8(bytes).ok()?, text.get(at + 1..))),
            '"' | ';' | '<' | '>' => return None,
            // The DER of a value that is no text.
            '#' if bytes.is_empty() => return None,
            '\\' => {
                let (_, first) = rest.next()?;
                match first.to_digit(16) {
                    Some(high) => {
                        let low = rest.next()?.1.to_digit(16)?;
                        bytes.push(u8::try_from(high * 16 + low).ok()?);
                    }
                    None => bytes.extend_from_slice(first.encode_utf8(&mut [0; 4]).as_bytes()),
                }
            }
            c => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Some((String::from_utf8(bytes).ok()?, None))
}

fn escape(value: &str, line: &mut String) {
    for c in value.chars() {
        match c {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=' | '#' => {
                line.push('\\');
                line.push(c);
            }
            c if c.is_control() => {
                let mut utf8 = [0; 4];
                for byte in c.encode_utf8(&mut utf8).bytes() {
                    let _ = write!(line, "\\{byte:02x}");
                }
            }
            c => line.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use openssl::x509::X509NameBuilder;

    use super::*;

    #[test]
    fn a_value_cannot_pass_for_two_attributes() {
        let mut builder = X509NameBuilder::new().unwrap();
        builder.append_entry_by_nid(Nid::COUNTRYNAME, "IT").unwrap();
        builder.append_entry_by_nid(Nid::ORGANIZATIONNAME, "Regione, CN=LAZIO").unwrap();
        builder.append_entry_by_nid(Nid::COMMONNAME, "VAL D'AOSTA\n").unwrap();
        let name = builder.build();
        assert_eq!(distinguished_name(&name), r"C=IT, O=Regione\, CN\=LAZIO, CN=VAL D'AOSTA\0a");
    }

    #[test]
    fn a_subject_from_a_header_has_the_identity_of_the_certificate() {
        let told = of_subject(r"CN=VAL D'AOSTA,OU=a+L=b,O=Regione\, CN\=LAZIO,C=IT").unwrap();
        assert_eq!(told.subject_cn.as_deref(), Some("VAL D'AOSTA"));
        assert_eq!(told.subject, r"C=IT, O=Regione\, CN\=LAZIO, L=b, OU=a, CN=VAL D'AOSTA");
        assert_eq!(of_subject(r"CN=Autorit\C3\A0,C=IT").unwrap().subject_cn.as_deref(), Some("Autorità"));
        assert_eq!(of_subject("O=Regione,C=IT").unwrap().subject_cn, None);
        for text in ["", "LAZIO", "/C=IT/CN=LAZIO", "CN=#0403", "CN=\"LAZIO\"", "CN=a\\", "CN=a,", "CN=a\\c"]
        {
            assert_eq!(of_subject(text), None, "{text}");
        }
    }

    #[test]
    fn the_last_common_name_counts() {
        let mut builder = X509NameBuilder::new().unwrap();
        assert_eq!(common_name(&builder.build()), None);
        builder = X509NameBuilder::new().unwrap();
        builder.append_entry_by_nid(Nid::COMMONNAME, "Servizi").unwrap();
        builder.append_entry_by_nid(Nid::COMMONNAME, "LAZIO").unwrap();
        assert_eq!(common_name(&builder.build()).as_deref(), Some("LAZIO"));
    }
}
