//! The algorithms that signatures name, and what OpenSSL makes of them.

use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::hash::{MessageDigest, hash};
use openssl::pkey::{HasPrivate, HasPublic, Id, PKeyRef};
use openssl::sign::{Signer, Verifier};

/// A digest, by a name or a part of one.
type Named = (&'static str, fn() -> MessageDigest);

const DIGESTS: [Named; 4] = [
    ("http://www.w3.org/2000/09/xmldsig#sha1", MessageDigest::sha1),
    ("http://www.w3.org/2001/04/xmlenc#sha256", MessageDigest::sha256),
    ("http://www.w3.org/2001/04/xmldsig-more#sha384", MessageDigest::sha384),
    ("http://www.w3.org/2001/04/xmlenc#sha512", MessageDigest::sha512),
];
/// By the end of their URIs, which all begin alike.
const METHODS: [Named; 3] =
    [("sha256", MessageDigest::sha256), ("sha384", MessageDigest::sha384), ("sha512", MessageDigest::sha512)];
/// How the URIs of methods begin, and which keys they want.
const SCHEMES: [(&str, Id); 2] = [
    ("http://www.w3.org/2001/04/xmldsig-more#rsa-", Id::RSA),
    ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-", Id::EC),
];

/// The digest of `octets` by the algorithm of that URI; nothing where that is not known.
pub(super) fn digest(uri: &str, octets: &[u8]) -> Option<Vec<u8>> {
    let (_, digest) = DIGESTS.iter().find(|(known, _)| *known == uri)?;
    hash(digest(), octets).ok().map(|digest| digest.to_vec())
}

/// A signature of `octets` as XML Signature writes it (1.1, §6.4.3: of ECDSA the two numbers alone). The key decides between RSA
/// and ECDSA, the URI which digest is signed: SHA-256 where it names none that is known.
pub(super) fn sign<T: HasPrivate>(uri: &str, key: &PKeyRef<T>, octets: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let digest = method(uri).map_or_else(MessageDigest::sha256, |(_, digest)| digest);
    let value = Signer::new(digest, key)?.sign_oneshot_to_vec(octets)?;
    if key.id() != Id::EC {
        return Ok(value);
    }
    let numbers = EcdsaSig::from_der(&value)?;
    let length = i32::try_from(key.bits().div_ceil(8)).unwrap_or(i32::MAX);
    let mut plain = numbers.r().to_vec_padded(length)?;
    plain.extend(numbers.s().to_vec_padded(length)?);
    Ok(plain)
}

/// Whether `value` is a signature of `octets`; nothing where the method is not known.
pub(super) fn verifies<T: HasPublic>(
    uri: &str,
    key: &PKeyRef<T>,
    octets: &[u8],
    value: &[u8],
) -> Option<bool> {
    let (kind, digest) = method(uri)?;
    let verified = || -> Result<bool, ErrorStack> {
        let value = match value.split_at_checked(value.len() / 2) {
            Some((r, s)) if kind == Id::EC => {
                EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?.to_der()?
            }
            _ => value.to_vec(),
        };
        let mut verifier = Verifier::new(digest, key)?;
        verifier.verify_oneshot(&value, octets)
    };
    Some(kind == key.id() && verified().unwrap_or(false))
}

fn method(uri: &str) -> Option<(Id, MessageDigest)> {
    let (rest, kind) = SCHEMES.iter().find_map(|(begin, kind)| Some((uri.strip_prefix(begin)?, *kind)))?;
    METHODS.iter().find(|(end, _)| *end == rest).map(|(_, digest)| (kind, digest()))
}
