//! Lists of revoked certificates (RFC 5280 §5).

use std::cmp::Ordering;
use std::path::Path;

use jiff::Timestamp;
use openssl::x509::{CrlStatus, X509, X509Crl};
use rustls::pki_types::CertificateRevocationListDer;

use super::files::Contents;
use super::keys::pem_all;
use super::renewal::{Expiry, ExpiryKind};
use super::{Authorities, Outdated, TlsError};
use crate::pem::instant;

/// The lists of a file, as both backends read them.
pub(super) struct Lists {
    pub(super) der: Vec<CertificateRevocationListDer<'static>>,
    pub(super) lists: Vec<List>,
    pub(super) outdated: Outdated,
}

/// One list.
pub(super) struct List {
    crl: X509Crl,
    /// When the next one is due; a list that does not say never grows old.
    next: Option<Timestamp>,
}

/// What the lists say of one certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// No list of its issuer names it.
    Good,
    /// A list of its issuer names it.
    Revoked,
    /// A list in its issuer's name is not signed by the issuer.
    Forged,
    /// Its issuer's list is too old to say anything.
    Outdated,
}

impl Lists {
    /// The lists of the authorities, where there are any to observe.
    pub(super) fn of(authorities: &Authorities, contents: &Contents) -> Result<Option<Self>, TlsError> {
        let Some(path) = &authorities.revoked else { return Ok(None) };
        let der: Vec<CertificateRevocationListDer<'static>> =
            pem_all(path, "revocation list", contents.of(path))?;
        let bad = |error| TlsError::RevocationList { path: path.clone(), error };
        let list = |der: &CertificateRevocationListDer<'_>| {
            let crl = X509Crl::from_der(der)?;
            let next = crl.next_update().map(instant).transpose()?;
            Ok(List { crl, next })
        };
        let lists = der.iter().map(list).collect::<Result<_, _>>().map_err(bad)?;
        Ok(Some(Self { der, lists, outdated: authorities.outdated }))
    }

    /// When the first list falls due.
    pub(super) fn expiry(&self, path: &Path) -> Option<Expiry> {
        let ends = self.lists.iter().filter_map(|list| list.next).min()?;
        let kind = ExpiryKind::RevocationList;
        Some(Expiry { kind, file: path.to_owned(), begins: Timestamp::MIN, ends })
    }

    /// What is said of `certificate`, issued by `issuer`, at the time `now`.
    pub(super) fn standing(&self, certificate: &X509, issuer: &X509, now: Timestamp) -> Standing {
        let name = issuer.subject_name();
        let of_issuer = |list: &&List| matches!(list.crl.issuer_name().try_cmp(name), Ok(Ordering::Equal));
        for list in self.lists.iter().filter(of_issuer) {
            let signed = issuer.public_key().and_then(|key| list.crl.verify(&key)).unwrap_or(false);
            if !signed {
                return Standing::Forged;
            }
            if matches!(list.crl.get_by_cert(certificate), CrlStatus::Revoked(_)) {
                return Standing::Revoked;
            }
            if self.outdated == Outdated::Refuses && list.next.is_some_and(|next| next < now) {
                return Standing::Outdated;
            }
        }
        Standing::Good
    }
}
