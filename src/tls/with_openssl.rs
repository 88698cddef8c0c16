//! TLS by OpenSSL, for peers that rustls refuses.
//!
//! No session is resumed: each connection is judged against the present authorities and lists. No client may ask for a
//! renegotiation; a server that we call may, because old servers ask for our certificate that way.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use openssl::error::ErrorStack;
use openssl::pkey::PKey;
use openssl::ssl::{
    self, AlpnError, Ssl, SslAcceptor, SslConnector, SslContextBuilder, SslMethod, SslOptions,
    SslSessionCacheMode, SslVerifyMode, SslVersion, select_next_proto,
};
use openssl::stack::Stack;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::{X509CheckFlags, X509VerifyFlags, X509VerifyParamRef};
use openssl::x509::{X509, X509StoreContextRef, X509VerifyResult};
use rustls::pki_types::CertificateDer;
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use super::crl::Lists;
use super::files::Contents;
use super::judge::Judge;
use super::keys::{Keys, pem_all};
use super::{Authorities, ClientCertificates, HandshakeRefusal, KeyFiles, OpensslSettings, TlsError};

/// The one protocol spoken over TLS, as ALPN writes it (RFC 7301 §3.1).
const HTTP_1_1: &[u8] = b"\x08http/1.1";

/// OpenSSL's number for "at least 112 bits": RSA from 2048 bits on, no SHA-1 in signatures.
const SOUND: u32 = 2;
/// At least 80 bits, for the handshake's own keys where weak certificates are taken.
const WEAK: u32 = 1;

/// A listener's side.
pub(super) struct OpensslServer {
    context: ssl::SslContext,
    mode: SslVerifyMode,
    judge: Arc<Judge>,
}

/// Our side towards a server.
pub(super) struct OpensslClient {
    connector: SslConnector,
    judge: Arc<Judge>,
    common_name: Option<String>,
}

impl OpensslServer {
    pub(super) fn new(
        clients: &ClientCertificates,
        settings: &OpensslSettings,
        contents: &Contents,
        files: &KeyFiles,
        keys: &Keys,
    ) -> Result<Self, TlsError> {
        // The base for its parameters of Diffie-Hellman and its curves; its cipher suites are replaced.
        let mut context = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
        context.set_options(
            SslOptions::NO_TICKET | SslOptions::NO_RENEGOTIATION | SslOptions::CIPHER_SERVER_PREFERENCE,
        );
        context.set_session_cache_mode(SslSessionCacheMode::OFF);
        context.set_num_tickets(0)?;
        context.set_alpn_select_callback(|_, offered| {
            select_next_proto(HTTP_1_1, offered).ok_or(AlpnError::ALERT_FATAL)
        });
        common(&mut context, settings)?;
        show(&mut context, files, keys)?;
        let mut lists = None;
        if let Some(authorities) = clients.authorities() {
            let certificates = certificates(authorities, contents)?;
            let mut names = Stack::new()?;
            for certificate in &certificates {
                names.push(certificate.subject_name().to_owned()?)?;
            }
            context.set_client_ca_list(names);
            context.set_cert_store(store(certificates, None)?);
            lists = Lists::of(authorities, contents)?;
        }
        let mode = match clients {
            ClientCertificates::NotAsked => SslVerifyMode::NONE,
            ClientCertificates::Asked(_) => SslVerifyMode::PEER,
            ClientCertificates::Required(_) => SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT,
        };
        let judge = Judge { lists, danger_weak_certificates: settings.danger_weak_certificates };
        Ok(Self { context: context.build().into_context(), mode, judge: Arc::new(judge) })
    }

    /// A handshake; where it fails, the stream is given back for its last words to be read.
    pub(super) async fn accept(
        &self,
        stream: TcpStream,
    ) -> Result<SslStream<TcpStream>, (HandshakeRefusal, Option<SslStream<TcpStream>>)> {
        let internal = |error: ErrorStack| {
            (HandshakeRefusal { reason: "tls-protocol", detail: error.to_string() }, None)
        };
        let mut ssl = Ssl::new(&self.context).map_err(internal)?;
        let judged = judging(&mut ssl, self.mode, &self.judge);
        let mut stream = SslStream::new(ssl, stream).map_err(internal)?;
        match Pin::new(&mut stream).accept().await {
            Ok(()) => Ok(stream),
            Err(error) => {
                let verified = stream.ssl().verify_result();
                Err((HandshakeRefusal::of_openssl(&error, verified, judged.get()), Some(stream)))
            }
        }
    }
}

impl OpensslClient {
    pub(super) fn new(
        authorities: &Authorities,
        settings: &OpensslSettings,
        contents: &Contents,
        keys: Option<(&KeyFiles, &Keys)>,
    ) -> Result<Self, TlsError> {
        let mut context = SslConnector::builder(SslMethod::tls_client())?;
        context.set_alpn_protos(HTTP_1_1)?;
        context.set_cert_store(store(certificates(authorities, contents)?, None)?);
        common(&mut context, settings)?;
        if let Some((files, keys)) = keys {
            show(&mut context, files, keys)?;
        }
        let judge = Judge {
            lists: Lists::of(authorities, contents)?,
            danger_weak_certificates: settings.danger_weak_certificates,
        };
        let common_name = settings.common_name.clone();
        Ok(Self { connector: context.build(), judge: Arc::new(judge), common_name })
    }

    pub(super) async fn connect(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<SslStream<TcpStream>, HandshakeRefusal> {
        let internal =
            |error: ErrorStack| HandshakeRefusal { reason: "tls-protocol", detail: error.to_string() };
        let mut ssl = self.named(host).map_err(internal)?;
        let judged = judging(&mut ssl, SslVerifyMode::PEER, &self.judge);
        let mut stream = SslStream::new(ssl, stream).map_err(internal)?;
        match Pin::new(&mut stream).connect().await {
            Ok(()) => Ok(stream),
            Err(error) => {
                Err(HandshakeRefusal::of_openssl(&error, stream.ssl().verify_result(), judged.get()))
            }
        }
    }

    /// A session that asks for `host` and takes no certificate of another name. The subject counts only where the
    /// operator has written which common name is expected (RFC 9525 §2: common names are no longer looked at).
    fn named(&self, host: &str) -> Result<Ssl, ErrorStack> {
        let Some(common_name) = &self.common_name else {
            let mut ssl = self.connector.configure()?.into_ssl(host)?;
            let flags = X509CheckFlags::NO_PARTIAL_WILDCARDS | X509CheckFlags::NEVER_CHECK_SUBJECT;
            ssl.param_mut().set_hostflags(flags);
            return Ok(ssl);
        };
        let mut ssl = self.connector.configure()?.verify_hostname(false).into_ssl(host)?;
        ssl.param_mut().set_hostflags(X509CheckFlags::NO_WILDCARDS);
        ssl.param_mut().set_host(common_name)?;
        Ok(ssl)
    }
}

/// Whether OpenSSL finds a cipher suite in a list.
pub(super) fn takes(cipher_list: &str) -> bool {
    SslContextBuilder::new(SslMethod::tls())
        .and_then(|mut context| context.set_cipher_list(cipher_list))
        .is_ok()
}

/// What both sides have in common.
fn common(context: &mut SslContextBuilder, settings: &OpensslSettings) -> Result<(), ErrorStack> {
    context.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    context.set_cipher_list(&settings.cipher_list())?;
    // After the list, which may not lower it.
    let weak = settings.danger_weak_certificates;
    context.set_security_level(if weak { WEAK } else { SOUND });
    let level = if weak { 0 } else { 2 };
    context.verify_param_mut().set_auth_level(level);
    Ok(())
}

/// Our own certificate.
fn show(context: &mut SslContextBuilder, files: &KeyFiles, keys: &Keys) -> Result<(), TlsError> {
    let mut set = || {
        let mut chain = keys.chain.iter();
        if let Some(own) = chain.next() {
            context.set_certificate(&*X509::from_der(own)?)?;
        }
        for above in chain {
            context.add_extra_chain_cert(X509::from_der(above)?)?;
        }
        context.set_private_key(&*PKey::private_key_from_der(keys.key.secret_der())?)?;
        context.check_private_key()
    };
    set().map_err(|error| {
        let certificate = files.certificate().to_owned();
        let key = match files {
            KeyFiles::Pem { key, .. } => key.clone(),
            KeyFiles::Pkcs12 { keystore, .. } => keystore.clone(),
        };
        TlsError::OpensslPair { certificate, key, error }
    })
}

pub(super) fn certificates(authorities: &Authorities, contents: &Contents) -> Result<Vec<X509>, TlsError> {
    let path = &authorities.certificates;
    let all: Vec<CertificateDer<'static>> = pem_all(path, "certificate", contents.of(path))?;
    let mut certificates = Vec::with_capacity(all.len());
    for der in &all {
        match X509::from_der(der) {
            Ok(certificate) => certificates.push(certificate),
            Err(_) if authorities.of_the_machine => {}
            Err(error) => return Err(TlsError::Certificate { path: path.clone(), error }),
        }
    }
    Ok(certificates)
}

/// Whoever is in the file is believed, be it a root or not, as by rustls.
pub(super) fn store(
    certificates: Vec<X509>,
    param: Option<&X509VerifyParamRef>,
) -> Result<X509Store, ErrorStack> {
    let mut store = X509StoreBuilder::new()?;
    if let Some(param) = param {
        store.set_param(param)?;
    }
    store.set_flags(X509VerifyFlags::PARTIAL_CHAIN)?;
    for certificate in certificates {
        store.add_cert(certificate)?;
    }
    Ok(store.build())
}

/// Has the judge asked once OpenSSL is content with the whole chain; what he says is found in the result.
fn judging(ssl: &mut Ssl, mode: SslVerifyMode, judge: &Arc<Judge>) -> Arc<OnceLock<HandshakeRefusal>> {
    let said = Arc::new(OnceLock::new());
    let (judge, says) = (Arc::clone(judge), Arc::clone(&said));
    ssl.set_verify_callback(mode, move |content, context: &mut X509StoreContextRef| {
        // OpenSSL goes from the anchor down; the peer's own certificate is the last it speaks of.
        if !content || context.error_depth() != 0 {
            return content;
        }
        let chain: Vec<X509> = context.chain().into_iter().flatten().map(ToOwned::to_owned).collect();
        let Err(refusal) = judge.judge(&chain) else { return true };
        context.set_error(X509VerifyResult::APPLICATION_VERIFICATION);
        let _ = says.set(refusal);
        false
    });
    said
}
