//! The algorithms of XML signatures: their names, and OpenSSL's work behind them.

use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::hash::{Hasher, MessageDigest};
use openssl::pkey::{HasPrivate, HasPublic, Id, PKeyRef};
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Signer, Verifier};

use crate::xml::c14n::Sink;

/// A digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Digest {
    /// Broken, and spoken by porte that cannot do better.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// How a signature is made from a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Scheme {
    Rsa,
    RsaPss,
    Ecdsa,
}

/// A method of signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Method {
    scheme: Scheme,
    digest: Digest,
}

/// Every method, with its short name and its URI (XML Signature 1.1, §6.4; RFC 6931, §2.3).
const METHODS: [(Method, &str, &str); 12] = [
    method(Scheme::Rsa, Digest::Sha1, "rsa-sha1", "http://www.w3.org/2000/09/xmldsig#rsa-sha1"),
    method(Scheme::Rsa, Digest::Sha256, "rsa-sha256", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"),
    method(Scheme::Rsa, Digest::Sha384, "rsa-sha384", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384"),
    method(Scheme::Rsa, Digest::Sha512, "rsa-sha512", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"),
    method(
        Scheme::RsaPss,
        Digest::Sha256,
        "rsa-pss-sha256",
        "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
    ),
    method(
        Scheme::RsaPss,
        Digest::Sha384,
        "rsa-pss-sha384",
        "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1",
    ),
    method(
        Scheme::RsaPss,
        Digest::Sha512,
        "rsa-pss-sha512",
        "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1",
    ),
    method(Scheme::Ecdsa, Digest::Sha1, "ecdsa-sha1", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1"),
    method(
        Scheme::Ecdsa,
        Digest::Sha256,
        "ecdsa-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    ),
    method(
        Scheme::Ecdsa,
        Digest::Sha384,
        "ecdsa-sha384",
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
    ),
    method(
        Scheme::Ecdsa,
        Digest::Sha512,
        "ecdsa-sha512",
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
    ),
    method(
        Scheme::RsaPss,
        Digest::Sha1,
        "rsa-pss-sha1",
        "http://www.w3.org/2007/05/xmldsig-more#sha1-rsa-MGF1",
    ),
];

const DIGESTS: [(Digest, &str); 4] = [
    (Digest::Sha1, "http://www.w3.org/2000/09/xmldsig#sha1"),
    (Digest::Sha256, "http://www.w3.org/2001/04/xmlenc#sha256"),
    (Digest::Sha384, "http://www.w3.org/2001/04/xmldsig-more#sha384"),
    (Digest::Sha512, "http://www.w3.org/2001/04/xmlenc#sha512"),
];

const fn method(
    scheme: Scheme,
    digest: Digest,
    name: &'static str,
    uri: &'static str,
) -> (Method, &'static str, &'static str) {
    (Method { scheme, digest }, name, uri)
}

impl Digest {
    /// The digest of that URI.
    #[must_use]
    pub fn of_uri(uri: &str) -> Option<Self> {
        DIGESTS.iter().find(|known| known.1 == uri).map(|known| known.0)
    }

    /// Its URI.
    #[must_use]
    pub fn uri(self) -> &'static str {
        DIGESTS.iter().find(|known| known.0 == self).map_or("", |known| known.1)
    }

    pub(super) fn hasher(self) -> Result<Hasher, ErrorStack> {
        Hasher::new(self.message_digest())
    }

    fn message_digest(self) -> MessageDigest {
        match self {
            Self::Sha1 => MessageDigest::sha1(),
            Self::Sha256 => MessageDigest::sha256(),
            Self::Sha384 => MessageDigest::sha384(),
            Self::Sha512 => MessageDigest::sha512(),
        }
    }
}

impl Method {
    /// RSA with PKCS#1 v1.5 padding and SHA-256: what every porta in use verifies.
    pub const RSA_SHA256: Self = Self { scheme: Scheme::Rsa, digest: Digest::Sha256 };
    /// ECDSA with SHA-256.
    pub const ECDSA_SHA256: Self = Self { scheme: Scheme::Ecdsa, digest: Digest::Sha256 };

    /// All of them, SHA-1's too.
    pub fn all() -> impl Iterator<Item = Self> {
        METHODS.iter().map(|known| known.0)
    }

    /// The method of that URI.
    #[must_use]
    pub fn of_uri(uri: &str) -> Option<Self> {
        METHODS.iter().find(|known| known.2 == uri).map(|known| known.0)
    }

    /// The method of that short name, such as `rsa-sha256`.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        METHODS.iter().find(|known| known.1 == name).map(|known| known.0)
    }

    /// Its short name.
    #[must_use]
    pub fn name(self) -> &'static str {
        METHODS.iter().find(|known| known.0 == self).map_or("", |known| known.1)
    }

    /// Its URI.
    #[must_use]
    pub fn uri(self) -> &'static str {
        METHODS.iter().find(|known| known.0 == self).map_or("", |known| known.2)
    }

    /// The digest that it signs.
    #[must_use]
    pub fn digest(self) -> Digest {
        self.digest
    }

    /// Whether keys of that kind sign with it.
    pub(super) fn suits<T>(self, key: &PKeyRef<T>) -> bool {
        match self.scheme {
            Scheme::Rsa | Scheme::RsaPss => key.id() == Id::RSA,
            Scheme::Ecdsa => key.id() == Id::EC,
        }
    }

    /// Whether `value` is a signature of `octets` by the owner of `key`.
    pub(super) fn verify<T: HasPublic>(
        self,
        key: &PKeyRef<T>,
        octets: &[u8],
        value: &[u8],
    ) -> Result<bool, ErrorStack> {
        let mut verifier = Verifier::new(self.digest.message_digest(), key)?;
        let der;
        let value = match self.scheme {
            Scheme::Rsa => value,
            Scheme::RsaPss => {
                verifier.set_rsa_padding(Padding::PKCS1_PSS)?;
                // RFC 6931, §2.3.10: a salt as long as the digest.
                verifier.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
                value
            }
            Scheme::Ecdsa => {
                // XML Signature 1.1, §6.4.3: the two numbers, each as long as the field, without DER.
                let half = value.len() / 2;
                let Some((r, s)) = value.split_at_checked(half).filter(|(r, s)| r.len() == s.len()) else {
                    return Ok(false);
                };
                let signature =
                    EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?;
                der = signature.to_der()?;
                &der
            }
        };
        verifier.update(octets)?;
        // A value of the wrong length is an error to OpenSSL, and a wrong value all the same.
        Ok(verifier.verify(value).unwrap_or(false))
    }

    /// Signs `octets`.
    pub(super) fn sign<T: HasPrivate>(self, key: &PKeyRef<T>, octets: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let mut signer = Signer::new(self.digest.message_digest(), key)?;
        if self.scheme == Scheme::RsaPss {
            signer.set_rsa_padding(Padding::PKCS1_PSS)?;
            signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
        }
        let value = signer.sign_oneshot_to_vec(octets)?;
        if self.scheme != Scheme::Ecdsa {
            return Ok(value);
        }
        let signature = EcdsaSig::from_der(&value)?;
        let length = i32::try_from(key.bits().div_ceil(8)).unwrap_or(i32::MAX);
        let mut plain = signature.r().to_vec_padded(length)?;
        plain.extend(signature.s().to_vec_padded(length)?);
        Ok(plain)
    }
}

/// A digest that takes canonical text in.
pub(super) struct Hashing {
    hasher: Hasher,
    /// Pieces are small: they are handed over together.
    pending: Vec<u8>,
    failed: Option<ErrorStack>,
}

/// Bytes that are handed to the digest at one time.
const CHUNK: usize = 8 << 10;

impl Hashing {
    pub(super) fn new(hasher: Hasher) -> Self {
        Self { hasher, pending: Vec::with_capacity(CHUNK), failed: None }
    }

    pub(super) fn octets(&mut self, octets: &[u8]) {
        self.pending.extend_from_slice(octets);
        if self.pending.len() >= CHUNK {
            self.flush();
        }
    }

    pub(super) fn finish(mut self) -> Result<Vec<u8>, ErrorStack> {
        self.flush();
        match self.failed {
            Some(error) => Err(error),
            None => Ok(self.hasher.finish()?.to_vec()),
        }
    }

    fn flush(&mut self) {
        if let Err(error) = self.hasher.update(&self.pending) {
            self.failed.get_or_insert(error);
        }
        self.pending.clear();
    }
}

impl Sink for Hashing {
    fn push(&mut self, text: &str) {
        self.octets(text.as_bytes());
    }
}
