//! One POST to a Porta di Dominio, as another porta makes it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::tls;

/// Longest reply that is read.
const REPLY_BYTES: usize = 64 << 20;
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// The files of the sender's side of TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Files {
    /// The authorities that vouch for the receiver.
    pub(super) ca: PathBuf,
    /// The sender's chain and key, where it shows one.
    pub(super) pair: Option<(PathBuf, PathBuf)>,
}

/// What the porta answered.
#[derive(Debug)]
pub(super) struct Replied {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) took: Duration,
}

/// Why there is no reply.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    /// The address is not one.
    #[error("\"{0}\" is not a URL that can be posted to; http://host[:port]/path or https://… is needed")]
    Url(String),
    /// https without knowing whom to trust.
    #[error("https needs --ca FILE, the authorities that vouch for the receiver")]
    NoAuthority,
    /// The authorities cannot be used.
    #[error(transparent)]
    Authority(#[from] tls::TlsError),
    /// A certificate or key cannot be read.
    #[error("{}: {error}", .path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: pem::Error,
    },
    /// Certificate and key do not belong together.
    #[error("{} and {} cannot be used together: {error}", .certificate.display(), .key.display())]
    Pair {
        /// The certificate.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
        /// Why not.
        error: rustls::Error,
    },
    /// The TLS library refuses its own defaults.
    #[error("TLS cannot be set up: {0}")]
    Setup(rustls::Error),
    /// Nobody is there.
    #[error("nobody answers at {authority}: {error}")]
    Unreachable {
        /// Host and port.
        authority: String,
        /// Why.
        error: std::io::Error,
    },
    /// Somebody is there, and no secure connection comes about.
    #[error("no TLS with {authority}: {error}")]
    Handshake {
        /// Host and port.
        authority: String,
        /// Why.
        error: std::io::Error,
    },
    /// The exchange broke off.
    #[error("the exchange with {authority} broke off: {}", crate::cli::causes::chain(.error.as_ref()))]
    Broken {
        /// Host and port.
        authority: String,
        /// Why.
        error: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It took too long.
    #[error("no reply from {authority} within {} s", .after.as_secs())]
    Deadline {
        /// Host and port.
        authority: String,
        /// How long it was waited.
        after: Duration,
    },
}

impl CallError {
    /// Whether the question was wrong, as opposed to nobody being there.
    pub(super) fn is_usage(&self) -> bool {
        match self {
            Self::Url(_)
            | Self::NoAuthority
            | Self::Authority(_)
            | Self::Pem { .. }
            | Self::Pair { .. }
            | Self::Setup(_) => true,
            Self::Unreachable { .. }
            | Self::Handshake { .. }
            | Self::Broken { .. }
            | Self::Deadline { .. } => false,
        }
    }
}

/// Posts an envelope and reads the reply to its end.
pub(super) async fn post(
    url: &str,
    content_type: &str,
    envelope: Bytes,
    files: Option<Files>,
    patience: Duration,
) -> Result<Replied, CallError> {
    let bad = || CallError::Url(url.to_owned());
    let uri: Uri = url.parse().map_err(|_| bad())?;
    let host = uri.host().ok_or_else(bad)?.trim_matches(['[', ']']).to_owned();
    let secure = match uri.scheme_str() {
        Some("http") => false,
        Some("https") => true,
        _ => return Err(bad()),
    };
    let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let config = match (secure, files) {
        (false, _) => None,
        (true, Some(files)) => Some(client(&files)?),
        (true, None) => return Err(CallError::NoAuthority),
    };
    let authority = format!("{host}:{port}");
    let request = Request::post(uri.path_and_query().map_or("/", |path| path.as_str()))
        .header(header::HOST, uri.authority().map_or(authority.as_str(), |a| a.as_str()))
        .header(header::CONTENT_TYPE, content_type)
        .header("SOAPAction", "\"\"")
        .body(Full::new(envelope))
        .map_err(|_| bad())?;
    let unreachable = |error| CallError::Unreachable { authority: authority.clone(), error };
    let began = Instant::now();
    let exchange = async {
        let tcp = tokio::time::timeout(CONNECT, TcpStream::connect((host.as_str(), port)))
            .await
            .unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
            .map_err(unreachable)?;
        match config {
            None => exchange(tcp, request, &authority).await,
            Some(config) => {
                let name = ServerName::try_from(host.clone()).map_err(|_| bad())?;
                let secured = TlsConnector::from(config).connect(name, tcp).await;
                let secured =
                    secured.map_err(|error| CallError::Handshake { authority: authority.clone(), error })?;
                exchange(secured, request, &authority).await
            }
        }
    };
    let (status, headers, body) = tokio::time::timeout(patience, exchange)
        .await
        .unwrap_or_else(|_| Err(CallError::Deadline { authority: authority.clone(), after: patience }))?;
    Ok(Replied { status, headers, body, took: began.elapsed() })
}

async fn exchange(
    transport: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
    authority: &str,
) -> Result<(StatusCode, HeaderMap, Bytes), CallError> {
    let broken = |error: Box<dyn std::error::Error + Send + Sync>| CallError::Broken {
        authority: authority.to_owned(),
        error,
    };
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(transport)).await.map_err(|error| broken(error.into()))?;
    // Its error is told to whoever awaits the reply.
    let connection = tokio::spawn(connection);
    let reply = sender.send_request(request).await.map_err(|error| broken(error.into()))?;
    let (head, body) = reply.into_parts();
    let body = Limited::new(body, REPLY_BYTES).collect().await.map_err(broken)?.to_bytes();
    connection.abort();
    Ok((head.status, head.headers, body))
}

/// The sender's side of TLS.
pub(super) fn client(files: &Files) -> Result<Arc<ClientConfig>, CallError> {
    let builder = ClientConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .map_err(CallError::Setup)?
        .with_root_certificates(tls::authorities(&files.ca)?);
    let Some((certificate, key)) = &files.pair else {
        return Ok(Arc::new(builder.with_no_client_auth()));
    };
    let read = |path: &Path, error| CallError::Pem { path: path.to_owned(), error };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| read(certificate, error))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| read(key, error))?;
    let config = builder.with_client_auth_cert(chain, secret).map_err(|error| CallError::Pair {
        certificate: certificate.clone(),
        key: key.clone(),
        error,
    })?;
    Ok(Arc::new(config))
}
