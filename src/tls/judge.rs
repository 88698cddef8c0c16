//! What OpenSSL lets through and we do not.
//!
//! OpenSSL has verified the chain when it is judged: signatures, times, purpose, and the strength of its security
//! level. Here it is refused all the same where a certificate is X.509 v1 (RFC 5280 §4.1.2.1: without extensions nothing
//! says what it may be used for), where it is too weak even for `danger_weak_certificates`, or revoked.

use openssl::nid::Nid;
use openssl::x509::{X509, X509Ref};

use super::HandshakeRefusal;
use super::crl::{Lists, Standing};
use crate::clock::Clock;

/// The second opinion on a chain that OpenSSL has verified.
pub(super) struct Judge {
    pub(super) lists: Option<Lists>,
    pub(super) danger_weak_certificates: bool,
}

/// The version field of X.509 v3.
const V3: i32 = 2;
/// Strength of a key of RSA-1024, the least that is ever taken.
const LEAST_BITS: u32 = 80;

impl Judge {
    /// `chain`: from the peer's certificate to its anchor.
    pub(super) fn judge(&self, chain: &[X509]) -> Result<(), HandshakeRefusal> {
        let clock = Clock::system();
        for (at, certificate) in chain.iter().enumerate() {
            let above = chain.get(at + 1);
            // The operator has chosen the anchor, whatever it is made of. A peer's own certificate is never only that.
            if at == 0 || above.is_some() {
                self.strength(certificate)?;
            }
            if let (Some(lists), Some(issuer)) = (&self.lists, above) {
                let (reason, why) = match lists.standing(certificate, issuer, clock.now()) {
                    Standing::Good => continue,
                    Standing::Revoked => ("revoked-certificate", "is revoked"),
                    Standing::Forged => {
                        ("invalid-revocation-list", "has a revocation list that its issuer did not sign")
                    }
                    Standing::Outdated => {
                        ("outdated-revocation-list", "has a revocation list that is out of date")
                    }
                };
                return Err(refusal(reason, why, at));
            }
        }
        Ok(())
    }

    fn strength(&self, certificate: &X509Ref) -> Result<(), HandshakeRefusal> {
        let weak = |why| Err(refusal("weak-certificate", why, 0));
        if !self.danger_weak_certificates {
            return if certificate.version() < V3 { weak("is X.509 v1") } else { Ok(()) };
        }
        if certificate.public_key().is_ok_and(|key| key.security_bits() < LEAST_BITS) {
            return weak("has a key weaker than RSA of 1024 bits");
        }
        let signature = certificate.signature_algorithm().object().nid().signature_algorithms();
        if signature.is_some_and(|of| [Nid::MD5, Nid::MD4, Nid::MD2].contains(&of.digest)) {
            return weak("is signed over MD5 or older");
        }
        Ok(())
    }
}

fn refusal(reason: &'static str, why: &str, depth: usize) -> HandshakeRefusal {
    let whose = if depth == 0 { "the certificate" } else { "the certificate of an intermediate authority" };
    HandshakeRefusal { reason, detail: format!("{whose} {why}") }
}
