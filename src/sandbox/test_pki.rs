//! Certificates for tests: an authority, a server of this machine, a client.

use std::path::PathBuf;

use openssl::asn1::Asn1Time;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509Name, X509NameBuilder};
use tempfile::TempDir;

/// PEM files in a directory that lives as long as the value.
pub(crate) struct TestPki {
    directory: TempDir,
}

impl TestPki {
    /// An authority `ca`, a certificate `server` for 127.0.0.1 and localhost, a certificate `client` named LAZIO, and
    /// a certificate `stranger` of an authority `strangers` that nobody trusts.
    pub(crate) fn new() -> Self {
        let pki = Self { directory: tempfile::tempdir().unwrap() };
        let ours = pki.authority("ca", "Autorità di prova");
        let theirs = pki.authority("strangers", "Un'altra autorità");
        pki.issue("server", "nodo di prova", &ours);
        pki.issue("client", "LAZIO", &ours);
        pki.issue("client2", "UMBRIA", &ours);
        pki.issue("stranger", "LAZIO", &theirs);
        pki
    }

    /// The certificate called `name`.
    pub(crate) fn certificate(&self, name: &str) -> PathBuf {
        self.directory.path().join(format!("{name}.pem"))
    }

    /// The key of the certificate called `name`.
    pub(crate) fn key(&self, name: &str) -> PathBuf {
        self.directory.path().join(format!("{name}.key"))
    }

    fn authority(&self, file: &str, common_name: &str) -> (X509, PKey<Private>) {
        let key = new_key();
        let name = named(common_name);
        let mut builder = begin(&name, &name, &key);
        builder.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        let certificate = builder.build();
        self.write(file, &certificate, &key);
        (certificate, key)
    }

    fn issue(&self, file: &str, common_name: &str, (ca, ca_key): &(X509, PKey<Private>)) {
        let key = new_key();
        let mut builder = begin(&named(common_name), ca.subject_name(), &key);
        let names = SubjectAlternativeName::new()
            .dns("localhost")
            .ip("127.0.0.1")
            .build(&builder.x509v3_context(Some(ca), None))
            .unwrap();
        builder.append_extension(names).unwrap();
        let usage = ExtendedKeyUsage::new().server_auth().client_auth().build().unwrap();
        builder.append_extension(usage).unwrap();
        builder.sign(ca_key, MessageDigest::sha256()).unwrap();
        self.write(file, &builder.build(), &key);
    }

    fn write(&self, file: &str, certificate: &X509, key: &PKey<Private>) {
        std::fs::write(self.certificate(file), certificate.to_pem().unwrap()).unwrap();
        std::fs::write(self.key(file), key.private_key_to_pem_pkcs8().unwrap()).unwrap();
    }
}

fn new_key() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

fn named(common_name: &str) -> X509Name {
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_nid(Nid::COMMONNAME, common_name).unwrap();
    name.build()
}

fn begin(
    subject: &openssl::x509::X509NameRef,
    issuer: &openssl::x509::X509NameRef,
    key: &PKey<Private>,
) -> X509Builder {
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_subject_name(subject).unwrap();
    builder.set_issuer_name(issuer).unwrap();
    builder.set_pubkey(key).unwrap();
    builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::days_from_now(30).unwrap()).unwrap();
    builder
}
