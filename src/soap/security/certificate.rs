//! Whom a signature is believed from.

use std::cmp::Ordering;

use jiff::Timestamp;
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{CrlStatus, X509, X509Crl, X509KeyUsage, X509Ref, X509StoreContext, X509VerifyResult};

use super::SecurityError;
use super::signature::Token;

/// The authorities of the partners' signing certificates.
#[derive(Default)]
pub struct Authorities {
    trusted: Vec<X509>,
    /// Lists of revoked certificates; none: revocation is not looked at.
    revoked: Vec<X509Crl>,
    /// Certificates that a signature may name instead of holding them.
    known: Vec<X509>,
}

/// Authorities that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthoritiesError {
    /// A file is not PEM, or what is in it is not what it should be.
    #[error("{what} cannot be read: {error}")]
    Unreadable {
        /// What was to be read.
        what: &'static str,
        /// OpenSSL's words.
        error: ErrorStack,
    },
    /// A file without what it should hold.
    #[error("there are no {0} in it")]
    Empty(&'static str),
}

/// A key that says what it is for must be for signatures (RFC 5280, §4.2.1.3).
const SIGNATURES: X509KeyUsage = X509KeyUsage::DIGITAL_SIGNATURE.union(X509KeyUsage::NON_REPUDIATION);

const CERTIFICATES: &str = "certificates";
const LISTS: &str = "revocation lists";
const END_OF_LIST: &str = "-----END X509 CRL-----";

/// RFC 5280's `certHasExpired` and `certNotYetValid` in OpenSSL's numbers.
const OUT_OF_TIME: [i32; 2] = [9, 10];
/// Keys of at least 112 bits of strength, and no SHA-1, anywhere in a chain below its anchor.
const LEVEL: i32 = 2;

impl Authorities {
    /// From PEM: authorities, their revocation lists where they are observed, certificates known beforehand.
    ///
    /// # Errors
    /// One of the texts does not hold what it should.
    pub fn from_pem(
        trusted: &[u8],
        revoked: Option<&[u8]>,
        known: Option<&[u8]>,
    ) -> Result<Self, AuthoritiesError> {
        Ok(Self {
            trusted: certificates(trusted)?,
            revoked: revoked.map(lists).transpose()?.unwrap_or_default(),
            known: known.map(certificates).transpose()?.unwrap_or_default(),
        })
    }

    /// The certificate that issuer and serial number name, among those known beforehand.
    pub(super) fn named(&self, token: &Token) -> Option<&X509> {
        let Token::Issuer { name, serial } = token else { return None };
        let has_serial = |certificate: &&X509| {
            let number = certificate.serial_number().to_bn().and_then(|number| number.to_dec_str());
            number.is_ok_and(|number| **number == **serial)
        };
        // A name is written in many ways (order, escapes, names of types). Which of two certificates with one number is meant
        // shows in the values; that it is the right one shows when it verifies the signature.
        let issued_by = |certificate: &&X509| {
            let entries = certificate.issuer_name().entries();
            entries.map(|entry| entry.data().to_string()).all(|value| {
                value.is_ok_and(|value| {
                    name.contains(&*value) || !value.bytes().all(|b| b.is_ascii_alphanumeric())
                })
            })
        };
        let mut candidates = self.known.iter().filter(has_serial);
        candidates.clone().find(issued_by).or_else(|| candidates.next())
    }

    /// Whether the certificate is to be believed at the instant `now`. With `sha1`, chains as old porte have them are taken too.
    pub(super) fn trust(
        &self,
        certificate: &X509Ref,
        sha1: bool,
        now: Timestamp,
    ) -> Result<(), SecurityError> {
        let usage = certificate.key_usage();
        if usage.is_some_and(|usage| !usage.intersects(SIGNATURES)) {
            return Err(SecurityError::Untrusted("its key is not for signatures"));
        }
        let mut parameters = X509VerifyParam::new()?;
        parameters.set_time(now.as_second());
        parameters.set_auth_level(if sha1 { 0 } else { LEVEL });
        // Whatever is listed is an anchor, as it is for TLS.
        parameters.set_flags(X509VerifyFlags::PARTIAL_CHAIN)?;
        let mut store = X509StoreBuilder::new()?;
        store.set_param(&parameters)?;
        for authority in &self.trusted {
            store.add_cert(authority.clone())?;
        }
        let store = store.build();
        let mut context = X509StoreContext::new()?;
        let (verdict, chain) = context.init(&store, certificate, &*Stack::new()?, |context| {
            let verdict = if context.verify_cert()? { X509VerifyResult::OK } else { context.error() };
            let chain: Vec<X509> = context
                .chain()
                .map(|chain| chain.iter().map(X509Ref::to_owned).collect())
                .unwrap_or_default();
            Ok((verdict, chain))
        })?;
        match verdict {
            X509VerifyResult::OK => self.not_revoked(&chain),
            out if OUT_OF_TIME.contains(&out.as_raw()) => Err(SecurityError::OutOfTime),
            other => Err(SecurityError::Untrusted(other.error_string())),
        }
    }

    /// Each certificate below the anchor, against the list of its issuer.
    fn not_revoked(&self, chain: &[X509]) -> Result<(), SecurityError> {
        if self.revoked.is_empty() {
            return Ok(());
        }
        for pair in chain.windows(2) {
            let [certificate, issuer] = pair else { break };
            let key = issuer.public_key()?;
            let mut listed = false;
            for list in &self.revoked {
                let same = list.issuer_name().try_cmp(certificate.issuer_name())? == Ordering::Equal;
                if same && list.verify(&key)? {
                    listed = true;
                    if let CrlStatus::Revoked(_) = list.get_by_cert(certificate) {
                        return Err(SecurityError::Revoked);
                    }
                }
            }
            if !listed {
                return Err(SecurityError::RevocationUnknown);
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for Authorities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { trusted, revoked, known } = self;
        write!(f, "Authorities({}, {} lists, {} known)", trusted.len(), revoked.len(), known.len())
    }
}

/// The last common name of the subject: where it holds several, the most specific.
#[must_use]
pub fn common_name(certificate: &X509Ref) -> Option<String> {
    let last = certificate.subject_name().entries_by_nid(Nid::COMMONNAME).last()?;
    last.data().to_string().ok()
}

fn certificates(pem: &[u8]) -> Result<Vec<X509>, AuthoritiesError> {
    let read = X509::stack_from_pem(pem);
    let read = read.map_err(|error| AuthoritiesError::Unreadable { what: CERTIFICATES, error })?;
    if read.is_empty() { Err(AuthoritiesError::Empty(CERTIFICATES)) } else { Ok(read) }
}

/// OpenSSL reads one list at a time.
fn lists(pem: &[u8]) -> Result<Vec<X509Crl>, AuthoritiesError> {
    let text = String::from_utf8_lossy(pem);
    let mut lists = Vec::new();
    for one in text.split_inclusive(END_OF_LIST).filter(|one| one.contains(END_OF_LIST)) {
        let list = X509Crl::from_pem(one.as_bytes());
        lists.push(list.map_err(|error| AuthoritiesError::Unreadable { what: LISTS, error })?);
    }
    if lists.is_empty() { Err(AuthoritiesError::Empty(LISTS)) } else { Ok(lists) }
}
