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
    fn the_last_common_name_counts() {
        let mut builder = X509NameBuilder::new().unwrap();
        assert_eq!(common_name(&builder.build()), None);
        builder = X509NameBuilder::new().unwrap();
        builder.append_entry_by_nid(Nid::COMMONNAME, "Servizi").unwrap();
        builder.append_entry_by_nid(Nid::COMMONNAME, "LAZIO").unwrap();
        assert_eq!(common_name(&builder.build()).as_deref(), Some("LAZIO"));
    }
}
