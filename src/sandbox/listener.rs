//! One accept loop for every simulated peer: TLS with a client certificate demanded, HTTP/1.1, bounded bodies.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use openssl::x509::X509;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::SandboxError;
use super::stream::{Line, Socket, Stream};

const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;
const MAX_CONNECTIONS: usize = 2048;
const HANDSHAKE: Duration = Duration::from_secs(10);
const HEAD: Duration = Duration::from_secs(75);

/// A request, read to its end.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: Option<String>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Subject of the client's certificate.
    pub(super) client: Option<String>,
}

/// What is done with the connection.
#[derive(Debug)]
pub(super) enum Told {
    /// The answer is written.
    Answer(Response<Bytes>),
    /// The answer is announced whole, and broken off in the middle of its body.
    Truncated(Response<Bytes>),
    /// The connection is reset.
    Reset,
}

/// What stands behind a listener.
pub(super) trait Peer: Send + Sync + 'static {
    /// Asked at the first byte of a request: whether to reset the connection.
    fn reset_before_reading(&self) -> bool {
        false
    }

    /// Answers a request whose body is larger than any that is read.
    fn too_large(&self) -> Response<Bytes> {
        let mut refused = Response::new(Bytes::new());
        *refused.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        refused
    }

    /// Answers a request.
    fn answer(&self, asked: Asked) -> impl Future<Output = Told> + Send;
}

/// A listener at work; stops when dropped.
#[derive(Debug)]
pub(super) struct Listening {
    pub(super) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Listening {
    /// Closes the listener and all its connections.
    pub(super) async fn stop(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Listens on `address` until the value is dropped.
pub(super) async fn listen<P: Peer>(
    address: SocketAddr,
    tls: Option<Arc<ServerConfig>>,
    peer: Arc<P>,
) -> Result<Listening, SandboxError> {
    let failed = |source| SandboxError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    let acceptor = tls.map(TlsAcceptor::from);
    let task = tokio::spawn(accept(listener, acceptor, peer));
    Ok(Listening { address: bound, task })
}

/// A TLS server that refuses whoever shows no certificate issued by `client_ca`.
pub(super) fn mutual_tls(
    certificate: &Path,
    key: &Path,
    client_ca: &Path,
) -> Result<Arc<ServerConfig>, SandboxError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    for ca in certificates(client_ca)? {
        roots.add(ca).map_err(SandboxError::Tls)?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(SandboxError::Verifier)?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(unreadable(key))?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(SandboxError::Tls)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(certificates(certificate)?, secret)
        .map_err(SandboxError::Tls)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, SandboxError> {
    CertificateDer::pem_file_iter(path)
        .map_err(unreadable(path))?
        .collect::<Result<_, _>>()
        .map_err(unreadable(path))
}

fn unreadable(path: &Path) -> impl FnOnce(rustls::pki_types::pem::Error) -> SandboxError {
    let path = path.to_owned();
    move |source| SandboxError::Unreadable { path, source }
}

async fn accept<P: Peer>(listener: TcpListener, acceptor: Option<TlsAcceptor>, peer: Arc<P>) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let tcp = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((tcp, _)) => tcp,
                Err(_) => {
                    // Out of descriptors, or a connection that died in the queue: neither ends the listener.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            },
            Some(_) = connections.join_next() => continue,
        };
        let (acceptor, peer) = (acceptor.clone(), Arc::clone(&peer));
        connections.spawn(async move {
            let _place = place;
            let _ = tcp.set_nodelay(true);
            if let Some((socket, client)) = admit(tcp, acceptor).await {
                converse(socket, client, peer).await;
            }
        });
    }
}

async fn admit(tcp: TcpStream, acceptor: Option<TlsAcceptor>) -> Option<(Box<dyn Socket>, Option<String>)> {
    let Some(acceptor) = acceptor else { return Some((Box::new(tcp), None)) };
    match tokio::time::timeout(HANDSHAKE, acceptor.accept(tcp)).await {
        Ok(Ok(stream)) => {
            let client = stream.get_ref().1.peer_certificates().and_then(<[_]>::first).and_then(subject);
            Some((Box::new(stream), client))
        }
        Ok(Err(error)) => {
            tracing::debug!(%error, "sandbox: a TLS handshake failed");
            None
        }
        Err(_elapsed) => None,
    }
}

async fn converse<P: Peer>(socket: Box<dyn Socket>, client: Option<String>, peer: Arc<P>) {
    let line = Arc::new(Line::default());
    let refuse = {
        let peer = Arc::clone(&peer);
        move || peer.reset_before_reading()
    };
    let stream = Stream::new(socket, Arc::clone(&line), refuse);
    let service = {
        let line = Arc::clone(&line);
        service_fn(move |request| {
            let (peer, client, line) = (Arc::clone(&peer), client.clone(), Arc::clone(&line));
            async move { respond(request, client, &*peer, &line).await }
        })
    };
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        result = &mut connection => {
            if let Err(error) = result {
                tracing::debug!(%error, "sandbox: a connection ended badly");
            }
        }
        () = line.aborted() => connection.into_parts().io.into_inner().reset(),
    }
}

async fn respond<P: Peer>(
    request: http::Request<Incoming>,
    client: Option<String>,
    peer: &P,
    line: &Line,
) -> Result<Response<BoxBody<Bytes, io::Error>>, Infallible> {
    let (head, body) = request.into_parts();
    // What is announced too large is not awaited.
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let read = match announced > MAX_BODY_BYTES {
        true => None,
        false => Limited::new(body, MAX_BODY_BYTES).collect().await.ok(),
    };
    let told = match read {
        Some(body) => {
            let asked = Asked {
                method: head.method,
                path: head.uri.path().to_owned(),
                query: head.uri.query().map(str::to_owned),
                headers: head.headers,
                body: body.to_bytes(),
                client,
            };
            peer.answer(asked).await
        }
        None => {
            let mut refused = peer.too_large();
            refused.headers_mut().insert(header::CONNECTION, header::HeaderValue::from_static("close"));
            Told::Answer(refused)
        }
    };
    line.answered();
    match told {
        Told::Answer(response) => {
            Ok(response.map(|body| Full::new(body).map_err(|never: Infallible| match never {}).boxed()))
        }
        Told::Truncated(mut response) => {
            let whole = header::HeaderValue::from(response.body().len());
            response.headers_mut().insert(header::CONTENT_LENGTH, whole);
            Ok(response.map(|body| Half::of(body).boxed()))
        }
        Told::Reset => {
            line.abort();
            std::future::pending().await
        }
    }
}

fn subject(certificate: &CertificateDer<'_>) -> Option<String> {
    let certificate = X509::from_der(certificate).ok()?;
    let parts: Vec<String> = certificate
        .subject_name()
        .entries()
        .filter_map(|entry| {
            let value = entry.data().to_string().ok()?;
            Some(format!("{}={}", entry.object().nid().short_name().ok()?, value))
        })
        .collect();
    Some(parts.join(", "))
}

/// The first half of a body, and then an error.
struct Half {
    first: Option<Bytes>,
    pause: Pin<Box<tokio::time::Sleep>>,
}

impl Half {
    fn of(mut whole: Bytes) -> Self {
        let first = Some(whole.split_to(whole.len() / 2));
        // Long enough for the first half to be on its way before the connection breaks.
        Self { first, pause: Box::pin(tokio::time::sleep(Duration::from_millis(20))) }
    }
}

impl Body for Half {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        self.pause.as_mut().poll(cx).map(|()| Some(Err(io::ErrorKind::BrokenPipe.into())))
    }
}
