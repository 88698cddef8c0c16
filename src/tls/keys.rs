//! A certificate chain and its key, from PEM files or from a PKCS#12 keystore.

use std::path::Path;

use openssl::error::ErrorStack;
use openssl::pkcs12::{ParsedPkcs12_2, Pkcs12};
use openssl::provider::Provider;
use openssl::x509::X509;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::files::Contents;
use super::renewal::{Expiry, ExpiryKind};
use super::{KeyFiles, TlsError};
use crate::pem::{instant, private_key};
use crate::secret::Secret;

/// What is shown to the other side.
pub(super) struct Keys {
    /// DER, our own certificate first.
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

/// A keystore that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeystoreError {
    /// Not a PKCS#12 file.
    #[error("not a PKCS#12 keystore: {0}")]
    NotPkcs12(ErrorStack),
    /// It does not open: the password, or a cipher that this OpenSSL does not have.
    #[error("the keystore does not open with the password given: {0}")]
    Locked(ErrorStack),
    /// It holds no private key with its certificate.
    #[error("the keystore holds no private key with its certificate")]
    Empty,
    /// A password that C cannot carry.
    #[error("the password of the keystore holds a zero byte")]
    Password,
}

impl Keys {
    pub(super) fn of(files: &KeyFiles, contents: &Contents) -> Result<Self, TlsError> {
        match files {
            KeyFiles::Pem { certificate, key, password } => {
                let chain = pem_all(certificate, "certificate", contents.of(certificate))?;
                let key = private_key(contents.of(key), password.as_ref().map(Secret::expose))
                    .map_err(|error| TlsError::Key { path: key.clone(), error })?;
                Ok(Self { chain, key })
            }
            KeyFiles::Pkcs12 { keystore, password } => {
                let password = password.as_ref().map_or("", Secret::expose);
                from_pkcs12(contents.of(keystore), password)
                    .map_err(|error| TlsError::Keystore { path: keystore.clone(), error })
            }
        }
    }

    /// When the first certificate of the chain ends.
    pub(super) fn expiry(&self, files: &KeyFiles) -> Result<Expiry, TlsError> {
        let path = files.certificate();
        let bad = |error| TlsError::Certificate { path: path.to_owned(), error };
        let mut begins = jiff::Timestamp::MIN;
        let mut ends = jiff::Timestamp::MAX;
        for der in &self.chain {
            let certificate = X509::from_der(der).map_err(bad)?;
            begins = begins.max(instant(certificate.not_before()).map_err(bad)?);
            ends = ends.min(instant(certificate.not_after()).map_err(bad)?);
        }
        Ok(Expiry { kind: ExpiryKind::Own, file: path.to_owned(), begins, ends })
    }
}

/// The keystore's key, the certificate that belongs to it, and the certificates above that.
fn from_pkcs12(der: &[u8], password: &str) -> Result<Keys, KeystoreError> {
    if password.contains('\0') {
        return Err(KeystoreError::Password);
    }
    let keystore = Pkcs12::from_der(der).map_err(KeystoreError::NotPkcs12)?;
    let ParsedPkcs12_2 { pkey, cert, ca } = open(&keystore, password).map_err(KeystoreError::Locked)?;
    let (Some(key), Some(own)) = (pkey, cert) else { return Err(KeystoreError::Empty) };
    let chain = std::iter::once(own).chain(ca.into_iter().flatten());
    let chain: Vec<CertificateDer<'static>> = chain
        .map(|certificate| certificate.to_der().map(CertificateDer::from))
        .collect::<Result<_, _>>()
        .map_err(KeystoreError::Locked)?;
    let key = key.private_key_to_pkcs8().map_err(KeystoreError::Locked)?;
    Ok(Keys { chain, key: PrivateKeyDer::Pkcs8(key.into()) })
}

/// Old tools lock keystores with RC2 of 40 bits, which OpenSSL has only in its legacy provider. The provider is loaded
/// while such a keystore is read, and let go again, so that nothing else of the process comes to use it.
fn open(keystore: &Pkcs12, password: &str) -> Result<ParsedPkcs12_2, ErrorStack> {
    let first = match keystore.parse2(password) {
        Ok(parsed) => return Ok(parsed),
        Err(error) => error,
    };
    let Ok(_legacy) = Provider::try_load(None, "legacy", true) else { return Err(first) };
    keystore.parse2(password)
}

/// Every object of one kind in a PEM file, at least one.
pub(super) fn pem_all<T: PemObject>(
    path: &Path,
    wanted: &'static str,
    pem: &[u8],
) -> Result<Vec<T>, TlsError> {
    let refused = |error| TlsError::Pem { path: path.to_owned(), wanted, error };
    let all: Vec<T> = T::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(refused)?;
    if all.is_empty() { Err(refused(pem::Error::NoItemsFound)) } else { Ok(all) }
}
