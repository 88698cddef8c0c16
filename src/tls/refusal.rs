//! Why a handshake came to nothing, in a bounded word and in full.

use std::io;

use openssl::ssl;
use openssl::x509::X509VerifyResult;
use rustls::{AlertDescription, CertificateError, Error as RustlsError};

/// Of the errors of the SSL library, those that say something to an operator (sslerr.h).
mod reason {
    pub(super) const NO_CLIENT_CERTIFICATE: i32 = 199;
    pub(super) const NO_SHARED_CIPHER: i32 = 193;
    pub(super) const UNSUPPORTED_PROTOCOL: i32 = 258;
    pub(super) const WRONG_VERSION_NUMBER: i32 = 267;
    pub(super) const VERSION_TOO_LOW: i32 = 396;
    pub(super) const HTTP_REQUEST: i32 = 156;
    pub(super) const HTTPS_PROXY_REQUEST: i32 = 155;
    /// Alerts of the peer are numbered from here (SSL_AD_REASON_OFFSET).
    pub(super) const ALERTS: i32 = 1000;
    /// The SSL library among OpenSSL's libraries (ERR_LIB_SSL).
    pub(super) const LIBRARY: i32 = 20;
}

/// A handshake that came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandshakeRefusal {
    /// A bounded word for metrics.
    pub reason: &'static str,
    /// What TLS says.
    pub detail: String,
}

impl HandshakeRefusal {
    pub(super) fn of_rustls(error: &io::Error) -> Self {
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<RustlsError>());
        let reason = match tls {
            Some(RustlsError::NoCertificatesPresented) => "no-client-certificate",
            Some(RustlsError::InvalidCertificate(invalid)) => certificate(invalid),
            Some(RustlsError::InvalidMessage(_)) => "not-tls",
            Some(RustlsError::PeerIncompatible(_)) => "no-common-protocol",
            Some(RustlsError::AlertReceived(_)) => "refused-by-peer",
            Some(_) => "tls-protocol",
            None => "broken-off",
        };
        Self { reason, detail: error.to_string() }
    }

    /// `judged` is what we found wrong with a certificate that OpenSSL accepted.
    pub(super) fn of_openssl(
        error: &ssl::Error,
        verified: X509VerifyResult,
        judged: Option<&HandshakeRefusal>,
    ) -> Self {
        if let Some(judged) = judged {
            return judged.clone();
        }
        if verified != X509VerifyResult::OK {
            return Self::of_verification(verified);
        }
        let detail = error.to_string();
        let reason = match ssl_reason(error) {
            Some(reason::NO_CLIENT_CERTIFICATE) => "no-client-certificate",
            Some(reason::NO_SHARED_CIPHER | reason::UNSUPPORTED_PROTOCOL | reason::VERSION_TOO_LOW) => {
                "no-common-protocol"
            }
            Some(reason::HTTP_REQUEST | reason::HTTPS_PROXY_REQUEST | reason::WRONG_VERSION_NUMBER) => {
                "not-tls"
            }
            Some(alert) if alert >= reason::ALERTS => "refused-by-peer",
            Some(_) => "tls-protocol",
            None => "broken-off",
        };
        Self { reason, detail }
    }

    /// The words for what OpenSSL found wrong with a chain (x509_vfy.h).
    pub(super) fn of_verification(verified: X509VerifyResult) -> Self {
        let reason = match verified.as_raw() {
            2 | 18 | 19 | 20 | 21 => "unknown-authority",
            10 => "expired-certificate",
            23 => "revoked-certificate",
            26 => "wrong-purpose",
            66..=68 => "weak-certificate",
            _ => "invalid-certificate",
        };
        Self { reason, detail: format!("the certificate is refused: {verified}") }
    }
}

/// The bounded word for what webpki finds wrong with a certificate.
pub(super) fn certificate(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::UnknownIssuer => "unknown-authority",
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "expired-certificate",
        CertificateError::Revoked => "revoked-certificate",
        CertificateError::ExpiredRevocationList | CertificateError::ExpiredRevocationListContext { .. } => {
            "outdated-revocation-list"
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => "wrong-purpose",
        _ => "invalid-certificate",
    }
}

/// The alert of the peer that an error of either backend holds.
#[must_use]
pub(crate) fn alert(error: &io::Error) -> Option<AlertDescription> {
    let inner = error.get_ref()?;
    if let Some(RustlsError::AlertReceived(alert)) = inner.downcast_ref::<RustlsError>() {
        return Some(*alert);
    }
    let number = ssl_reason(inner.downcast_ref::<ssl::Error>()?)?.checked_sub(reason::ALERTS)?;
    u8::try_from(number).ok().map(AlertDescription::from)
}

fn ssl_reason(error: &ssl::Error) -> Option<i32> {
    let errors = error.ssl_error()?.errors();
    errors.iter().rev().find(|error| error.library_code() == reason::LIBRARY).map(|error| error.reason_code())
}
