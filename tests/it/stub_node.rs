//! A node that answers what it is told, over mutual TLS: for actions and answers that the sandbox does not know.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use egov_bridge::sandbox::pki::Pki;

/// Content-Type and body of the answer to a request, status included: `200 OK`.
pub(crate) struct Told {
    pub(crate) status: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
}

/// The node at work, until it is dropped.
pub(crate) struct StubNode {
    pub(crate) address: SocketAddr,
    received: Arc<Mutex<Vec<(String, Value)>>>,
    task: JoinHandle<()>,
}

impl StubNode {
    pub(crate) async fn start(pki: &Pki, answer: impl Fn(&Value) -> Told + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(mutual_tls(pki)));
        let received: Arc<Mutex<Vec<(String, Value)>>> = Arc::default();
        let (answer, kept) = (Arc::new(answer), Arc::clone(&received));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, acceptor.clone(), Arc::clone(&answer), Arc::clone(&kept)));
            }
        });
        Self { address, received, task }
    }

    /// Path and JSON of each request.
    pub(crate) fn received(&self) -> Vec<(String, Value)> {
        self.received.lock().unwrap().clone()
    }
}

impl Drop for StubNode {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    answer: Arc<impl Fn(&Value) -> Told>,
    received: Arc<Mutex<Vec<(String, Value)>>>,
) {
    let Ok(mut stream) = acceptor.accept(stream).await else { return };
    let mut read = Vec::new();
    loop {
        let Some((path, json)) = request(&mut stream, &mut read).await else { return };
        let Told { status, content_type, body } = answer(&json);
        received.lock().unwrap().push((path, json));
        let length = body.len();
        let head =
            format!("HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n");
        if stream.write_all((head + &body).as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn request(stream: &mut (impl AsyncReadExt + Unpin), read: &mut Vec<u8>) -> Option<(String, Value)> {
    loop {
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4) {
            let head = String::from_utf8(read[..end].to_vec()).unwrap().to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            let whole = end + length.trim().parse::<usize>().unwrap();
            if read.len() >= whole {
                let path = String::from_utf8_lossy(&read[..end]).split(' ').nth(1).unwrap().to_owned();
                let json = serde_json::from_slice(&read[end..whole]).unwrap();
                read.drain(..whole);
                return Some((path, json));
            }
        }
        let mut buffer = [0; 8 << 10];
        match stream.read(&mut buffer).await {
            Ok(count) if count > 0 => read.extend_from_slice(&buffer[..count]),
            _ => return None,
        }
    }
}

fn mutual_tls(pki: &Pki) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&pki.authority).unwrap()).unwrap();
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients.build().unwrap())
        .with_single_cert(
            vec![CertificateDer::from_pem_file(&pki.node_server.certificate).unwrap()],
            PrivateKeyDer::from_pem_file(&pki.node_server.key).unwrap(),
        )
        .unwrap()
}
