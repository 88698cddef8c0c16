//! Certificates as old and odd as a scenario wants them, and TLS clients and servers to show them with.

use std::fs;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use openssl::asn1::{Asn1Integer, Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::{BigNum, MsbOption};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use openssl::provider::Provider;
use openssl::rsa::Rsa;
use openssl::ssl::{SslAcceptor, SslConnector, SslFiletype, SslMethod, SslVerifyMode, SslVersion};
use openssl::stack::Stack;
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName,
    SubjectKeyIdentifier,
};
use openssl::x509::{X509, X509CrlBuilder, X509Extension, X509Name, X509RevokedBuilder};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_openssl::SslStream;
use tokio_rustls::TlsConnector;

/// An authority with RSA keys, as old porte have them, and the folder of its files.
pub(crate) struct Authority {
    folder: PathBuf,
    certificate: X509,
    key: PKey<Private>,
}

/// What a certificate is like.
#[derive(Clone, Copy)]
pub(crate) struct Like {
    pub(crate) rsa_bits: u32,
    pub(crate) sha1: bool,
    pub(crate) v1: bool,
    /// Days from now, from when and until when.
    pub(crate) days: (i64, i64),
    pub(crate) alternative_names: bool,
}

/// A certificate and its key, as PEM files.
#[derive(Clone)]
pub(crate) struct Issued {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Default for Like {
    fn default() -> Self {
        Self { rsa_bits: 2048, sha1: false, v1: false, days: (-1, 30), alternative_names: true }
    }
}

impl Authority {
    pub(crate) fn new(folder: &Path, common_name: &str) -> Self {
        let key = rsa(2048);
        let like = Like::default();
        let mut builder = begin(common_name, common_name, &key, &like);
        builder.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
        let usage = KeyUsage::new().critical().key_cert_sign().crl_sign().build().unwrap();
        builder.append_extension(usage).unwrap();
        let identifier = SubjectKeyIdentifier::new().build(&builder.x509v3_context(None, None)).unwrap();
        builder.append_extension(identifier).unwrap();
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        let authority = Self { folder: folder.to_owned(), certificate: builder.build(), key };
        fs::write(authority.file(), authority.certificate.to_pem().unwrap()).unwrap();
        authority
    }

    /// Its own certificate.
    pub(crate) fn file(&self) -> PathBuf {
        let name = common_name(&self.certificate);
        self.folder.join(format!("{name}.pem"))
    }

    /// Issues a certificate for both sides of TLS.
    pub(crate) fn issue(&self, name: &str, like: Like) -> Issued {
        let key = rsa(like.rsa_bits);
        let mut builder = begin(name, &common_name(&self.certificate), &key, &like);
        if !like.v1 {
            let usage = ExtendedKeyUsage::new().server_auth().client_auth().build().unwrap();
            builder.append_extension(usage).unwrap();
            if like.alternative_names {
                let names = SubjectAlternativeName::new()
                    .dns("localhost")
                    .ip("127.0.0.1")
                    .build(&builder.x509v3_context(Some(&self.certificate), None))
                    .unwrap();
                builder.append_extension(names).unwrap();
            }
        }
        let digest = if like.sha1 { MessageDigest::sha1() } else { MessageDigest::sha256() };
        builder.sign(&self.key, digest).unwrap();
        let path = |end: &str| self.folder.join(format!("{name}.{end}"));
        let issued = Issued { certificate: path("pem"), key: path("key") };
        fs::write(&issued.certificate, builder.build().to_pem().unwrap()).unwrap();
        fs::write(&issued.key, key.private_key_to_pem_pkcs8().unwrap()).unwrap();
        issued
    }

    /// Writes its list of revoked certificates, the next of which is due in so many days.
    pub(crate) fn revoke(&self, revoked: &[&Issued], next: i64) -> PathBuf {
        let mut list = X509CrlBuilder::new().unwrap();
        list.set_issuer_name(self.certificate.subject_name()).unwrap();
        list.set_last_update(&day(-2)).unwrap();
        list.set_next_update(&day(next)).unwrap();
        let holder = X509::builder().unwrap();
        let context = holder.x509v3_context(Some(&self.certificate), None);
        list.append_extension(AuthorityKeyIdentifier::new().keyid(true).build(&context).unwrap()).unwrap();
        let crl_number = Asn1Object::from_str("2.5.29.20").unwrap();
        let one = Asn1OctetString::new_from_bytes(&[2, 1, 1]).unwrap();
        list.append_extension(X509Extension::new_from_der(&crl_number, false, &one).unwrap()).unwrap();
        for issued in revoked {
            let mut entry = X509RevokedBuilder::new().unwrap();
            entry.set_revocation_date(&day(-1)).unwrap();
            entry.set_serial_number(issued.x509().serial_number()).unwrap();
            list.add_revoked(entry.build()).unwrap();
        }
        list.sign(&self.key, MessageDigest::sha256()).unwrap();
        let path = self.folder.join("revoked.pem");
        fs::write(&path, list.build().unwrap().to_pem().unwrap()).unwrap();
        path
    }
}

impl Issued {
    pub(crate) fn x509(&self) -> X509 {
        X509::from_pem(&fs::read(&self.certificate).unwrap()).unwrap()
    }

    /// The same as a PKCS#12 keystore; locked as Java of old did, or as OpenSSL does today.
    pub(crate) fn keystore(&self, password: &str, old: bool) -> PathBuf {
        let key = PKey::private_key_from_pem(&fs::read(&self.key).unwrap()).unwrap();
        let _legacy = old.then(|| Provider::try_load(None, "legacy", true).unwrap());
        let mut keystore = Pkcs12::builder();
        keystore.name("porta").pkey(&key).cert(&self.x509()).ca(Stack::new().unwrap());
        if old {
            keystore
                .key_algorithm(Nid::PBE_WITHSHA1AND3_KEY_TRIPLEDES_CBC)
                .cert_algorithm(Nid::PBE_WITHSHA1AND40BITRC2_CBC)
                .mac_md(MessageDigest::sha1());
        }
        let path = self.certificate.with_extension(if old { "old.p12" } else { "p12" });
        fs::write(&path, keystore.build2(password).unwrap().to_der().unwrap()).unwrap();
        path
    }

    /// The keys of a section that shows it.
    pub(crate) fn shown(&self) -> String {
        format!("certificate_file = {:?}\nkey_file = {:?}", self.certificate, self.key)
    }
}

/// A client of OpenSSL, strict in whom it believes and lax in all else.
pub(crate) struct OldClient {
    /// Cipher suites of TLS 1.2.
    pub(crate) ciphers: &'static str,
    pub(crate) version: SslVersion,
    pub(crate) shows: Option<Issued>,
    pub(crate) believes: PathBuf,
}

impl OldClient {
    /// TLS 1.2 with one cipher suite.
    pub(crate) fn speaking(ciphers: &'static str, shows: Option<&Issued>, believes: PathBuf) -> Self {
        Self { ciphers, version: SslVersion::TLS1_2, shows: shows.cloned(), believes }
    }

    /// Shakes hands; the name of the cipher suite comes with the stream.
    pub(crate) async fn connect(
        &self,
        address: std::net::SocketAddr,
    ) -> Result<(SslStream<TcpStream>, String), openssl::ssl::Error> {
        let mut builder = SslConnector::builder(SslMethod::tls_client()).unwrap();
        builder.set_security_level(0);
        builder.set_min_proto_version(Some(SslVersion::TLS1)).unwrap();
        builder.set_max_proto_version(Some(self.version)).unwrap();
        builder.set_cipher_list(self.ciphers).unwrap();
        builder.set_ca_file(&self.believes).unwrap();
        if let Some(shows) = &self.shows {
            builder.set_certificate_file(&shows.certificate, SslFiletype::PEM).unwrap();
            builder.set_private_key_file(&shows.key, SslFiletype::PEM).unwrap();
        }
        let ssl = builder.build().configure().unwrap().into_ssl("localhost").unwrap();
        let mut stream = SslStream::new(ssl, TcpStream::connect(address).await.unwrap()).unwrap();
        Pin::new(&mut stream).connect().await?;
        let cipher = stream.ssl().current_cipher().unwrap().name().to_owned();
        Ok((stream, cipher))
    }
}

/// An old TLS server in front of another: it ends TLS and hands the bytes on over a connection of its own.
pub(crate) struct OldServer {
    pub(crate) address: std::net::SocketAddr,
    task: JoinHandle<()>,
}

impl OldServer {
    /// TLS 1.2 with one cipher suite, asking for a client certificate of `clients`.
    pub(crate) async fn start(
        shows: &Issued,
        ciphers: &str,
        clients: &Path,
        behind: std::net::SocketAddr,
        connector: TlsConnector,
    ) -> Self {
        let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
        builder.set_security_level(0);
        builder.set_max_proto_version(Some(SslVersion::TLS1_2)).unwrap();
        builder.set_cipher_list(ciphers).unwrap();
        builder.set_certificate_file(&shows.certificate, SslFiletype::PEM).unwrap();
        builder.set_private_key_file(&shows.key, SslFiletype::PEM).unwrap();
        builder.set_ca_file(clients).unwrap();
        builder.set_session_id_context(b"old").unwrap();
        builder.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
        let acceptor = builder.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let ssl = openssl::ssl::Ssl::new(acceptor.context()).unwrap();
                let connector = connector.clone();
                tokio::spawn(async move {
                    let mut near = SslStream::new(ssl, stream).unwrap();
                    if Pin::new(&mut near).accept().await.is_ok() {
                        let far = TcpStream::connect(behind).await.unwrap();
                        let mut far = connector.connect("localhost".try_into().unwrap(), far).await.unwrap();
                        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                    }
                });
            }
        });
        Self { address, task }
    }
}

impl Drop for OldServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn rsa(bits: u32) -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap()
}

fn named(common_name: &str) -> X509Name {
    let mut name = X509Name::builder().unwrap();
    name.append_entry_by_nid(Nid::COMMONNAME, common_name).unwrap();
    name.build()
}

fn common_name(certificate: &X509) -> String {
    let entry = certificate.subject_name().entries_by_nid(Nid::COMMONNAME).next().unwrap();
    entry.data().to_string().unwrap()
}

fn begin(subject: &str, issuer: &str, key: &PKey<Private>, like: &Like) -> openssl::x509::X509Builder {
    let mut builder = X509::builder().unwrap();
    builder.set_version(if like.v1 { 0 } else { 2 }).unwrap();
    let mut serial = BigNum::new().unwrap();
    serial.rand(127, MsbOption::MAYBE_ZERO, false).unwrap();
    builder.set_serial_number(&Asn1Integer::from_bn(&serial).unwrap()).unwrap();
    builder.set_subject_name(&named(subject)).unwrap();
    builder.set_issuer_name(&named(issuer)).unwrap();
    builder.set_pubkey(key).unwrap();
    builder.set_not_before(&day(like.days.0)).unwrap();
    builder.set_not_after(&day(like.days.1)).unwrap();
    builder
}

/// So many days from now.
fn day(days: i64) -> Asn1Time {
    Asn1Time::from_unix(jiff::Timestamp::now().as_second() + days * 86_400).unwrap()
}
