use super::*;
use crate::tls::KeyFiles;

fn loaded(certificate: &std::path::Path) -> Result<Arc<ServerTls>, TlsError> {
    ServerTls::load(TlsFiles {
        keys: KeyFiles::pem(certificate, "nowhere/server.key"),
        clients: ClientCertificates::NotAsked,
        backend: Backend::Rustls,
    })
}

#[test]
fn a_missing_file_is_named() {
    let error = loaded("nowhere/server.pem".as_ref()).unwrap_err().to_string();
    assert!(error.contains("nowhere/server.pem"), "{error}");
}
