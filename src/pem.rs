//! Keys and certificates as both sides of TLS read them.

use jiff::Timestamp;
use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::error::ErrorStack;
use openssl::pkey::PKey;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::{self, PemObject};

/// A private key that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file is not PEM, or holds no key.
    #[error("no private key can be read from it: {0}")]
    Pem(#[from] pem::Error),
    /// The key does not open with the password.
    #[error("the key does not open with the password given: {0}")]
    Locked(#[from] ErrorStack),
}

/// The private key of a PEM file: PKCS#8, PKCS#1 or SEC1; encrypted where there is a password.
///
/// # Errors
/// It holds no key, or one that the password does not open.
pub fn private_key(pem: &[u8], password: Option<&str>) -> Result<PrivateKeyDer<'static>, KeyError> {
    let Some(password) = password else { return Ok(PrivateKeyDer::from_pem_slice(pem)?) };
    let key = PKey::private_key_from_pem_passphrase(pem, password.as_bytes())?;
    Ok(PrivateKeyDer::Pkcs8(key.private_key_to_pkcs8()?.into()))
}

/// A time of a certificate.
///
/// # Errors
/// The time cannot be read.
pub fn instant(time: &Asn1TimeRef) -> Result<Timestamp, ErrorStack> {
    let since_epoch = Asn1Time::from_unix(0)?.diff(time)?;
    let seconds = i64::from(since_epoch.days) * 86_400 + i64::from(since_epoch.secs);
    // GeneralizedTime ends with the year 9999, beyond which a timestamp does not go either.
    Ok(Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_before_and_after_2050_are_read_alike() {
        for seconds in [0, 1_795_219_200, 4_102_444_800] {
            let time = Asn1Time::from_unix(seconds).unwrap();
            assert_eq!(instant(&time).unwrap().as_second(), seconds);
        }
    }
}
