//! TLS by rustls. The cryptography is aws-lc-rs and nothing else, named explicitly wherever a configuration is built.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use super::crl::Lists;
use super::files::Contents;
use super::keys::{Keys, pem_all};
use super::{Authorities, ClientCertificates, KeyFiles, Outdated, TlsError};

/// The one provider of cryptography.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// Makes aws-lc-rs the provider of whatever part of the process does not name one. `main` calls it first; a second
/// call changes nothing.
pub fn install_provider() {
    // An error means that a provider is installed already, which is what is wanted.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// The authorities in a PEM file.
///
/// # Errors
/// If there is none, or one that cannot be trusted.
pub fn authorities(path: &Path) -> Result<RootCertStore, TlsError> {
    let authorities = Authorities::of(path);
    roots(&authorities, &Contents::read([path])?)
}

pub(super) fn server(
    clients: &ClientCertificates,
    contents: &Contents,
    files: &KeyFiles,
    keys: Keys,
) -> Result<Arc<ServerConfig>, TlsError> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Provider)?;
    let builder = match clients.authorities() {
        None => builder.with_no_client_auth(),
        Some(authorities) => {
            let optional = matches!(clients, ClientCertificates::Asked(_));
            builder.with_client_cert_verifier(client_verifier(authorities, contents, optional)?)
        }
    };
    let mut config =
        builder.with_single_cert(keys.chain, keys.key).map_err(|error| mismatch(files, error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

pub(super) fn client(
    authorities: &Authorities,
    contents: &Contents,
    keys: Option<(&KeyFiles, Keys)>,
) -> Result<Arc<ClientConfig>, TlsError> {
    let roots = Arc::new(roots(authorities, contents)?);
    let mut verifier = WebPkiServerVerifier::builder_with_provider(roots, provider());
    if let Some(lists) = Lists::of(authorities, contents)? {
        verifier = verifier.with_crls(lists.der).allow_unknown_revocation_status();
        if lists.outdated == Outdated::Refuses {
            verifier = verifier.enforce_revocation_expiration();
        }
    }
    let path = &authorities.certificates;
    let verifier = verifier.build().map_err(|error| TlsError::Verifier { path: path.clone(), error })?;
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Provider)?
        .with_webpki_verifier(verifier);
    let mut config = match keys {
        None => builder.with_no_client_auth(),
        Some((files, keys)) => {
            builder.with_client_auth_cert(keys.chain, keys.key).map_err(|error| mismatch(files, error))?
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

pub(super) fn client_verifier(
    authorities: &Authorities,
    contents: &Contents,
    optional: bool,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let roots = Arc::new(roots(authorities, contents)?);
    let mut verifier = WebPkiClientVerifier::builder_with_provider(roots, provider());
    if let Some(lists) = Lists::of(authorities, contents)? {
        verifier = verifier.with_crls(lists.der).allow_unknown_revocation_status();
        if lists.outdated == Outdated::Refuses {
            verifier = verifier.enforce_revocation_expiration();
        }
    }
    if optional {
        verifier = verifier.allow_unauthenticated();
    }
    let path = &authorities.certificates;
    verifier.build().map_err(|error| TlsError::Verifier { path: path.clone(), error })
}

fn roots(authorities: &Authorities, contents: &Contents) -> Result<RootCertStore, TlsError> {
    let path = &authorities.certificates;
    let mut store = RootCertStore::empty();
    let all: Vec<CertificateDer<'static>> = pem_all(path, "certificate", contents.of(path))?;
    if authorities.of_the_machine {
        store.add_parsable_certificates(all);
        return Ok(store);
    }
    for der in all {
        store.add(der).map_err(|error| TlsError::Authority { path: path.clone(), error })?;
    }
    Ok(store)
}

fn mismatch(files: &KeyFiles, error: rustls::Error) -> TlsError {
    let certificate = files.certificate().to_owned();
    let key = match files {
        KeyFiles::Pem { key, .. } => key.clone(),
        KeyFiles::Pkcs12 { keystore, .. } => keystore.clone(),
    };
    TlsError::Pair { certificate, key, error }
}
