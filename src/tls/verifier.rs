//! Client certificates that did not come by our own handshake: a proxy that terminates TLS hands them on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use openssl::stack::Stack;
use openssl::x509::store::X509Store;
use openssl::x509::verify::X509VerifyParam;
use openssl::x509::{X509, X509PurposeId, X509StoreContext, X509VerifyResult};
use rustls::Error as RustlsError;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;

use super::crl::Lists;
use super::files::Contents;
use super::judge::Judge;
use super::renewal::{Expiry, ExpiryKind, Reloaded, Renewable};
use super::{Authorities, Backend, HandshakeRefusal, TlsError, refusal, with_openssl, with_rustls};
use crate::pem::instant;

/// Verifies client certificates as a handshake would, but for the proof that the client holds the key.
pub struct ClientVerifier {
    authorities: Authorities,
    backend: Backend,
    current: ArcSwap<Loaded>,
    generation: AtomicU64,
}

struct Loaded {
    verifier: Verifier,
    contents: Contents,
    expiries: Vec<Expiry>,
}

enum Verifier {
    Rustls(Arc<dyn ClientCertVerifier>),
    Openssl { store: X509Store, judge: Judge },
}

impl ClientVerifier {
    /// Reads the authorities and their lists.
    ///
    /// # Errors
    /// If a file cannot be read, or does not hold what it should.
    pub fn load(authorities: Authorities, backend: Backend) -> Result<Arc<Self>, TlsError> {
        let loaded = Loaded::build(&authorities, &backend, Contents::read(authorities.paths())?)?;
        let generation = AtomicU64::new(0);
        Ok(Arc::new(Self { authorities, backend, current: ArcSwap::from_pointee(loaded), generation }))
    }

    /// Grows when other files come into use: what was verified before may not be any more.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Verifies a certificate (DER) with those between it and its authority.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn verify(&self, certificate: &[u8], above: &[Vec<u8>]) -> Result<(), HandshakeRefusal> {
        let loaded = self.current.load();
        match &loaded.verifier {
            Verifier::Rustls(verifier) => {
                let own = CertificateDer::from(certificate);
                let above: Vec<_> = above.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
                // The machine's time, as in a handshake.
                let verified = verifier.verify_client_cert(&own, &above, UnixTime::now());
                verified.map(drop).map_err(|error| HandshakeRefusal {
                    reason: match &error {
                        RustlsError::InvalidCertificate(invalid) => refusal::certificate(invalid),
                        _ => "invalid-certificate",
                    },
                    detail: error.to_string(),
                })
            }
            Verifier::Openssl { store, judge } => {
                let chain = chain(store, certificate, above).unwrap_or_else(|error| {
                    Err(HandshakeRefusal { reason: "invalid-certificate", detail: error.to_string() })
                })?;
                judge.judge(&chain)
            }
        }
    }
}

impl Renewable for ClientVerifier {
    fn reload(&self) -> Result<Reloaded, TlsError> {
        let contents = Contents::read(self.authorities.paths())?;
        if contents == self.current.load().contents {
            return Ok(Reloaded::Unchanged);
        }
        self.current.store(Arc::new(Loaded::build(&self.authorities, &self.backend, contents)?));
        self.generation.fetch_add(1, Ordering::AcqRel);
        Ok(Reloaded::Changed)
    }

    fn expiries(&self) -> Vec<Expiry> {
        self.current.load().expiries.clone()
    }
}

impl Loaded {
    fn build(authorities: &Authorities, backend: &Backend, contents: Contents) -> Result<Self, TlsError> {
        let expiries = expiries(authorities, &contents)?;
        let verifier = match backend {
            Backend::Rustls => Verifier::Rustls(with_rustls::client_verifier(authorities, &contents, false)?),
            Backend::Openssl(settings) => {
                let weak = settings.danger_weak_certificates;
                let certificates = with_openssl::certificates(authorities, &contents)?;
                let mut param = X509VerifyParam::new()?;
                param.set_purpose(X509PurposeId::SSL_CLIENT)?;
                param.set_auth_level(if weak { 0 } else { 2 });
                let lists = Lists::of(authorities, &contents)?;
                Verifier::Openssl {
                    store: with_openssl::store(certificates, Some(&param))?,
                    judge: Judge { lists, danger_weak_certificates: weak },
                }
            }
        };
        Ok(Self { verifier, contents, expiries })
    }
}

/// The end of the first authority and of the first list of a file.
pub(super) fn expiries(authorities: &Authorities, contents: &Contents) -> Result<Vec<Expiry>, TlsError> {
    let path = &authorities.certificates;
    let bad = |error| TlsError::Certificate { path: path.clone(), error };
    let mut expiries = Vec::new();
    // Of the machine's own bundle somebody else takes care.
    if !authorities.of_the_machine {
        let mut ends = Timestamp::MAX;
        for certificate in with_openssl::certificates(authorities, contents)? {
            ends = ends.min(instant(certificate.not_after()).map_err(bad)?);
        }
        let kind = ExpiryKind::Authority;
        expiries.push(Expiry { kind, file: path.clone(), begins: Timestamp::MIN, ends });
    }
    if let (Some(lists), Some(revoked)) = (Lists::of(authorities, contents)?, &authorities.revoked) {
        expiries.extend(lists.expiry(revoked));
    }
    Ok(expiries)
}

/// The chain as OpenSSL has verified it, from the certificate to its anchor.
fn chain(
    store: &X509Store,
    certificate: &[u8],
    above: &[Vec<u8>],
) -> Result<Result<Vec<X509>, HandshakeRefusal>, openssl::error::ErrorStack> {
    let certificate = X509::from_der(certificate)?;
    let mut untrusted = Stack::new()?;
    for der in above {
        untrusted.push(X509::from_der(der)?)?;
    }
    X509StoreContext::new()?.init(store, &certificate, &untrusted, |context| {
        if context.verify_cert()? {
            return Ok(Ok(context.chain().into_iter().flatten().map(ToOwned::to_owned).collect()));
        }
        let error = match context.error() {
            X509VerifyResult::OK => X509VerifyResult::APPLICATION_VERIFICATION,
            error => error,
        };
        Ok(Err(HandshakeRefusal::of_verification(error)))
    })
}
