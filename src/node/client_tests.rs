//! The client against real sockets: what it says had left is compared with what the peer got.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::clock::Clock;
use crate::sandbox::control::{Behaviour, ResetWhen};
use crate::sandbox::node::{SandboxNode, SandboxNodeConfig};
use crate::sandbox::test_pki::TestPki;
use crate::secret::Secret;
use crate::tls::{
    Authorities, Backend, ClientFiles, ExpiryKind, KeyFiles, OpensslSettings, Reloaded, Renewable, TlsError,
};

const LOCAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

fn tls(pki: &TestPki, client: Option<&str>) -> ClientFiles {
    let keys = client.map(|name| KeyFiles::pem(pki.certificate(name), pki.key(name)));
    ClientFiles::new(pki.certificate("ca"), keys)
}

async fn sandbox(pki: &TestPki) -> SandboxNode {
    SandboxNode::start(SandboxNodeConfig {
        address: LOCAL,
        certificate: pki.certificate("server"),
        key: pki.key("server"),
        client_ca: pki.certificate("ca"),
        control: None,
        recognises_repetitions: true,
        clock: Clock::system(),
    })
    .await
    .unwrap()
}

fn settings(base: &str, files: Option<ClientFiles>) -> Settings {
    let mut settings = Settings::new(base.parse().unwrap(), files);
    settings.deadlines = Deadlines {
        connect: Duration::from_secs(5),
        first_byte: Duration::from_secs(5),
        total: Duration::from_secs(10),
    };
    settings
}

fn client_of(node: &SandboxNode, pki: &TestPki, client: Option<&str>) -> Client {
    let base = format!("https://{}", node.address());
    Client::new(settings(&base, Some(tls(pki, client)))).unwrap()
}

/// Whoever may speak TLS.
const BACKENDS: [fn() -> Backend; 2] = [|| Backend::Rustls, || Backend::Openssl(OpensslSettings::default())];

fn client_by(backend: Backend, node: &SandboxNode, pki: &TestPki, client: Option<&str>) -> Client {
    let files = ClientFiles { backend, ..tls(pki, client) };
    Client::new(settings(&format!("https://{}", node.address()), Some(files))).unwrap()
}

#[tokio::test]
async fn an_error_that_somebody_left_in_the_queue_of_openssl_breaks_no_connection() {
    let pki = TestPki::new();
    let node = sandbox(&pki).await;
    let between = TcpListener::bind(LOCAL).await.unwrap();
    let base = format!("https://{}", between.local_addr().unwrap());
    let (connections, behind) = (Arc::new(AtomicUsize::new(0)), node.address());
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut near, _)) = between.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut far = TcpStream::connect(behind).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await });
        }
    });
    let files = ClientFiles { backend: BACKENDS[1](), ..tls(&pki, Some("client")) };
    let client = Client::new(settings(&base, Some(files))).unwrap();
    for number in 1..6 {
        client.send(query(number)).await.unwrap();
        openssl::x509::X509::from_pem(b"nothing").unwrap_err().put();
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

fn plain(address: SocketAddr) -> Client {
    Client::new(settings(&format!("http://{address}"), None)).unwrap()
}

fn query(number: u32) -> Request {
    let identificatore = format!("LAZIO_LAZIOSPCoopIT_{number:07}_2026-11-21_10:00");
    let body = json!({
        "dataInvio": "2026-11-21T09:00:00Z",
        "direzione": "RICHIESTA",
        "mittente": "LAZIO",
        "destinatario": "NAZIONALE",
        "servizio": "ServiziSAP",
        "azione": "verificaEsistenzaSAP",
        "profiloCollaborazione": "SERVIZIO_SINCRONO",
        "identificatore": identificatore,
        "modello": {"tipoModello": "VERIFICASAP", "payload": {"codiceFiscale": "RSSMRA85T10A562S"}},
    });
    Request::post("/sap/v1/verificaEsistenzaSAP", body.to_string()).about(identificatore)
}

/// A peer that does with each connection what `serve` does.
async fn peer<F, Fut>(serve: F) -> SocketAddr
where
    F: Fn(TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind(LOCAL).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// Reads one request with a body of known length; `None` at the end of the connection.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).await.ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok())
            .unwrap_or(0);
        if body.len() >= length {
            return Some(text);
        }
    }
}

const FINE: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

#[tokio::test]
async fn an_answer_comes_back_over_mutual_tls_and_settles() {
    let pki = TestPki::new();
    let node = sandbox(&pki).await;
    let client = client_of(&node, &pki, Some("client"));
    let answer = client.send(query(1).idempotent("chiave-1")).await.unwrap();
    assert_eq!(answer.verdict(), Verdict::Answered);
    let reply: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(reply["codiceSAP"], "0");
    let received = node.received();
    assert_eq!(received[0].client.as_deref(), Some("CN=LAZIO"));
    assert_eq!(received[0].idempotency_key.as_deref(), Some("chiave-1"));
}

#[tokio::test]
async fn a_refused_port_had_nothing_sent() {
    let address = TcpListener::bind(LOCAL).await.unwrap().local_addr().unwrap();
    let error = plain(address).send(query(1)).await.unwrap_err();
    assert!(matches!(error, NodeError::Unreachable { .. }), "{error}");
    assert_eq!(error.sent(), Sent::No);
}

#[tokio::test]
async fn a_node_of_another_authority_is_refused_and_had_nothing_sent() {
    let pki = TestPki::new();
    let node = sandbox(&pki).await;
    let mut machine = Authorities::of("/etc/ssl/certs/ca-certificates.crt");
    machine.of_the_machine = true;
    let mut believed = vec![Authorities::of(pki.certificate("strangers"))];
    believed.extend(machine.certificates.exists().then_some(machine));
    for authorities in believed {
        for backend in BACKENDS {
            let authorities = authorities.clone();
            let files = ClientFiles { authorities, backend: backend(), ..tls(&pki, Some("client")) };
            let base = format!("https://{}", node.address());
            let error = Client::new(settings(&base, Some(files))).unwrap().send(query(1)).await.unwrap_err();
            assert!(matches!(error, NodeError::Handshake { .. }), "{error}");
            assert_eq!(error.sent(), Sent::No);
        }
    }
}

#[tokio::test]
async fn a_refused_client_certificate_is_a_refusal_of_tls_and_had_nothing_done() {
    let pki = TestPki::new();
    let node = sandbox(&pki).await;
    for backend in BACKENDS {
        for certificate in [None, Some("stranger")] {
            for number in 0..20 {
                let client = client_by(backend(), &node, &pki, certificate);
                let error = client.send(query(number)).await.unwrap_err();
                assert!(matches!(error, NodeError::CertificateRefused { .. }), "{certificate:?}: {error:?}");
                assert_eq!(error.sent(), Sent::No);
            }
        }
    }
    assert!(node.received().is_empty());
}

/// A body that does not fit the socket's buffers is still being written when the node has already closed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_of_the_certificate_is_found_behind_a_broken_write() {
    let pki = TestPki::new();
    let node = sandbox(&pki).await;
    for _ in 0..10 {
        let request = Request::post("/sap/v1/invioSAP", vec![b' '; 16 << 20]);
        for backend in BACKENDS {
            let client = client_by(backend(), &node, &pki, None);
            let error = client.send(request.clone()).await.unwrap_err();
            assert!(matches!(error, NodeError::CertificateRefused { .. }), "{error:?}");
        }
    }
}

/// A peer that will not read the rest of a long body answers and closes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_comes_before_the_body_is_written_is_read() {
    let address = peer(|mut stream| async move {
        let _ = stream.read(&mut [0; 1024]).await;
        let refusal = "HTTP/1.1 413 Content Too Large\r\nContent-Type: application/problem+json\r\n\
                       Content-Length: 2\r\nConnection: close\r\n\r\n{}";
        let _ = stream.write_all(refusal.as_bytes()).await;
    })
    .await;
    for _ in 0..10 {
        let request = Request::post("/sap/v1/invioSAP", vec![b' '; 16 << 20]);
        let answer = plain(address).send(request).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.verdict()), (413, Verdict::Refused));
    }
}

#[tokio::test]
async fn a_refused_client_certificate_under_tls_1_2_fails_the_handshake() {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};

    let pki = TestPki::new();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(pki.certificate("ca")).unwrap()).unwrap();
    let verifier =
        rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
            .build()
            .unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![CertificateDer::from_pem_file(pki.certificate("server")).unwrap()],
            PrivateKeyDer::from_pem_file(pki.key("server")).unwrap(),
        )
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let address = peer(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            assert!(acceptor.accept(stream).await.is_err());
        }
    })
    .await;
    let files = tls(&pki, Some("stranger"));
    let client = Client::new(settings(&format!("https://{address}"), Some(files))).unwrap();
    let error = client.send(query(1)).await.unwrap_err();
    assert!(matches!(error, NodeError::Handshake { .. }), "{error:?}");
    assert_eq!(error.sent(), Sent::No);
}

#[tokio::test]
async fn a_peer_that_never_finishes_the_handshake_meets_the_connect_deadline() {
    let pki = TestPki::new();
    let address = peer(|mut stream| async move {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let mut settings = settings(&format!("https://{address}"), Some(tls(&pki, None)));
    settings.deadlines.connect = Duration::from_millis(100);
    let error = Client::new(settings).unwrap().send(query(1)).await.unwrap_err();
    assert!(matches!(error, NodeError::ConnectDeadline { .. }), "{error:?}");
    assert_eq!(error.sent(), Sent::No);
}

#[tokio::test]
async fn a_reset_before_reading_may_have_been_acted_on() {
    let pki = TestPki::new();
    let node = sandbox(&pki).await;
    let client = client_of(&node, &pki, Some("client"));
    node.behave(Behaviour::Reset { when: ResetWhen::BeforeReading }, Some(1));
    let error = client.send(query(1)).await.unwrap_err();
    assert!(matches!(error, NodeError::Interrupted { .. }), "{error:?}");
    assert_eq!(error.sent(), Sent::Maybe);
    assert!(node.received().is_empty());
    assert!(client.send(query(1)).await.unwrap().conclusive());
}

#[tokio::test]
async fn a_reset_after_reading_may_have_been_acted_on_and_is_not_repeated() {
    let pki = TestPki::new();
    let node = sandbox(&pki).await;
    let client = client_of(&node, &pki, Some("client"));
    assert!(client.send(query(1)).await.unwrap().conclusive());
    node.behave(Behaviour::Reset { when: ResetWhen::AfterReading }, None);
    let error = client.send(query(2)).await.unwrap_err();
    assert_eq!(error.sent(), Sent::Maybe, "{error:?}");
    assert_eq!(node.received().len(), 2);
}

#[tokio::test]
async fn a_slow_node_may_have_acted() {
    let pki = TestPki::new();
    let node = sandbox(&pki).await;
    node.behave(Behaviour::Delay { millis: 3_000 }, None);
    let mut settings = settings(&format!("https://{}", node.address()), Some(tls(&pki, Some("client"))));
    settings.deadlines.first_byte = Duration::from_millis(300);
    let error = Client::new(settings).unwrap().send(query(1)).await.unwrap_err();
    assert!(matches!(error, NodeError::AnswerDeadline { .. }), "{error:?}");
    assert_eq!(error.sent(), Sent::Maybe);
    assert!(node.received()[0].executed);
}

#[tokio::test]
async fn a_truncated_answer_shows_that_the_node_had_the_request() {
    let pki = TestPki::new();
    let node = sandbox(&pki).await;
    node.behave(Behaviour::Truncated, Some(1));
    let error = client_of(&node, &pki, Some("client")).send(query(1)).await.unwrap_err();
    assert!(matches!(error, NodeError::Truncated { .. }), "{error:?}");
    assert_eq!(error.sent(), Sent::Yes);
}

#[tokio::test]
async fn a_stalled_body_meets_the_total_deadline_and_a_long_one_the_bound() {
    let address = peer(|mut stream| async move {
        let long = read_request(&mut stream).await.is_some_and(|request| request.contains("/long"));
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
        let rest = if long { "Transfer-Encoding: chunked\r\n\r\n" } else { "Content-Length: 9\r\n\r\n{" };
        stream.write_all(format!("{head}{rest}").as_bytes()).await.unwrap();
        while long && stream.write_all(b"10\r\n0123456789abcdef\r\n").await.is_ok() {}
        std::future::pending::<()>().await;
    })
    .await;
    let mut settings = settings(&format!("http://{address}"), None);
    settings.deadlines.total = Duration::from_millis(400);
    settings.max_answer_bytes = 1_000;
    let client = Client::new(settings).unwrap();
    let error = client.send(Request::post("/stall", "{}")).await.unwrap_err();
    assert!(matches!(error, NodeError::BodyDeadline { .. }), "{error:?}");
    assert_eq!(error.sent(), Sent::Yes);
    let error = client.send(Request::post("/long", "{}")).await.unwrap_err();
    assert!(matches!(error, NodeError::TooLarge { limit: 1_000, .. }), "{error:?}");
    assert_eq!(error.sent(), Sent::Yes);
}

#[tokio::test]
async fn nonsense_in_the_place_of_an_answer_shows_that_the_peer_had_the_request() {
    let address = peer(|mut stream| async move {
        read_request(&mut stream).await;
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n\r\n").await;
    })
    .await;
    let error = plain(address).send(query(1)).await.unwrap_err();
    assert!(matches!(error, NodeError::Interrupted { .. }), "{error:?}");
    assert_eq!(error.sent(), Sent::Yes);
}

#[tokio::test]
async fn a_gateways_page_is_an_answer_that_settles_nothing() {
    let pki = TestPki::new();
    let node = sandbox(&pki).await;
    let client = client_of(&node, &pki, Some("client"));
    node.behave(Behaviour::Html { status: 502 }, Some(1));
    let answer = client.send(query(1)).await.unwrap();
    assert_eq!(answer.verdict(), Verdict::Inconclusive(Inconclusive::Gateway(http::StatusCode::BAD_GATEWAY)));
    node.behave(Behaviour::Html { status: 200 }, Some(1));
    assert!(!client.send(query(2)).await.unwrap().conclusive());
    node.behave(Behaviour::Status { status: 500 }, Some(1));
    assert!(!client.send(query(3)).await.unwrap().conclusive());
    node.behave(Behaviour::Unavailable { retry_after: 9 }, Some(1));
    let answer = client.send(query(4)).await.unwrap();
    assert_eq!(
        answer.verdict(),
        Verdict::NothingDone { retry_after: Some(RetryAfter::In(Duration::from_secs(9))) }
    );
    assert!(node.received().iter().all(|received| !received.executed));
}

#[tokio::test]
async fn requests_one_after_the_other_share_a_connection() {
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    let address = peer(move |mut stream| {
        counter.fetch_add(1, Ordering::SeqCst);
        async move {
            while read_request(&mut stream).await.is_some() {
                stream.write_all(FINE.as_bytes()).await.unwrap();
            }
        }
    })
    .await;
    let client = plain(address);
    for number in 0..20 {
        client.send(query(number)).await.unwrap();
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

/// The peer closes every connection a moment after its first answer, sometimes with RST, sometimes with the next request
/// already taken, so that this finds it open, closing or closed. Whatever the client then says must agree with what the peer counted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keep_alive_closed_by_the_peer_neither_loses_nor_doubles_a_request() {
    let seen: Arc<Mutex<HashMap<String, usize>>> = Arc::default();
    let log = Arc::clone(&seen);
    let address = peer(move |mut stream| {
        let log = Arc::clone(&log);
        async move {
            let Some(request) = read_request(&mut stream).await else { return };
            let number = log_request(&log, &request);
            stream.write_all(FINE.as_bytes()).await.unwrap();
            // A request that comes in the meantime is taken, and never answered.
            let meantime = Duration::from_micros(number % 8 * 60);
            if let Ok(Some(second)) = tokio::time::timeout(meantime, read_request(&mut stream)).await {
                log_request(&log, &second);
            }
            if number.is_multiple_of(3) {
                stream.set_zero_linger().unwrap();
            }
        }
    })
    .await;
    let client = plain(address);
    let mut repeated_safely = 0;
    for number in 0..400_u64 {
        let key = format!("k{number:06}");
        let request = Request::post("/sap/v1/verificaEsistenzaSAP", "{}").idempotent(key.as_str());
        let result = client.send(request).await;
        let count = seen.lock().unwrap().get(&key).copied().unwrap_or_default();
        match result {
            Ok(_) => assert_eq!(count, 1, "{key} was answered"),
            Err(error) => match error.sent() {
                Sent::No => assert_eq!(count, 0, "{key}: {error:?}"),
                Sent::Maybe | Sent::Yes => {
                    assert!(count <= 1, "{key}: {error:?}");
                    repeated_safely += 1;
                }
            },
        }
        tokio::time::sleep(Duration::from_micros(number % 5 * 100)).await;
    }
    assert!(repeated_safely < 400, "no request ever came through");
    assert!(seen.lock().unwrap().values().all(|count| *count == 1));
}

fn log_request(log: &Mutex<HashMap<String, usize>>, request: &str) -> u64 {
    let key = request.lines().find_map(|line| line.strip_prefix("idempotency-key: ")).unwrap();
    *log.lock().unwrap().entry(key.to_owned()).or_default() += 1;
    key[1..].parse().unwrap()
}

#[tokio::test]
async fn a_pooled_connection_that_the_peer_closed_is_replaced_without_an_error() {
    let address = peer(|mut stream| async move {
        read_request(&mut stream).await;
        let _ = stream.write_all(FINE.as_bytes()).await;
    })
    .await;
    let client = plain(address);
    for number in 0..10 {
        client.send(query(number)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn more_requests_than_places_are_refused_at_once() {
    let pki = TestPki::new();
    let node = sandbox(&pki).await;
    node.behave(Behaviour::Delay { millis: 400 }, None);
    let mut settings = settings(&format!("https://{}", node.address()), Some(tls(&pki, Some("client"))));
    settings.pool =
        PoolBounds { concurrent: 1, waiting: 1, wait: Duration::from_millis(50), ..settings.pool };
    let client = Arc::new(Client::new(settings).unwrap());
    let [first, second] = [1, 2].map(|number| {
        let client = Arc::clone(&client);
        tokio::spawn(async move { client.send(query(number)).await })
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    let third = client.send(query(3)).await.unwrap_err();
    assert!(matches!(third, NodeError::Saturated { concurrent: 1 }));
    assert_eq!(third.sent(), Sent::No);
    let waited = second.await.unwrap().unwrap_err();
    assert!(matches!(waited, NodeError::Saturated { .. }), "{waited:?}");
    assert!(first.await.unwrap().unwrap().conclusive());
    assert_eq!(node.received().len(), 1);
}

#[tokio::test]
async fn a_reload_takes_effect_with_the_next_request_and_a_bad_one_changes_nothing() {
    let pki = TestPki::new();
    let node = sandbox(&pki).await;
    let live = ["client", "client2"].map(|name| [pki.certificate(name), pki.key(name)]);
    let install = |files: &[std::path::PathBuf; 2]| {
        std::fs::copy(&files[0], pki.certificate("live")).unwrap();
        std::fs::copy(&files[1], pki.key("live")).unwrap();
    };
    install(&live[0]);
    let client = client_of(&node, &pki, Some("live"));
    client.send(query(1)).await.unwrap();
    assert_eq!(client.reload().unwrap(), Reloaded::Unchanged);
    install(&live[1]);
    assert_eq!(client.reload().unwrap(), Reloaded::Changed);
    client.send(query(2)).await.unwrap();
    std::fs::copy(&live[0][1], pki.key("live")).unwrap();
    assert!(matches!(client.reload(), Err(TlsError::Pair { .. })));
    client.send(query(3)).await.unwrap();
    let subjects: Vec<_> = node.received().into_iter().filter_map(|received| received.client).collect();
    assert_eq!(subjects, ["CN=LAZIO", "CN=UMBRIA", "CN=UMBRIA"]);
}

#[tokio::test]
async fn the_validity_of_our_certificate_is_known() {
    let pki = TestPki::new();
    let node = sandbox(&pki).await;
    let own = |client: Option<&str>| {
        client_of(&node, &pki, client).expiries().into_iter().find(|expiry| expiry.kind == ExpiryKind::Own)
    };
    let expiry = own(Some("client")).unwrap();
    assert_eq!(expiry.ends.as_second() - expiry.begins.as_second(), 30 * 86_400);
    assert!((jiff::Timestamp::now().as_second() - expiry.begins.as_second()).abs() < 120);
    assert_eq!(own(None), None);
}

#[tokio::test]
async fn a_key_with_a_password_is_read_with_it_and_refused_without() {
    let pki = TestPki::new();
    let node = sandbox(&pki).await;
    let plain =
        openssl::pkey::PKey::private_key_from_pem(&std::fs::read(pki.key("client")).unwrap()).unwrap();
    let cipher = openssl::symm::Cipher::aes_256_cbc();
    let locked = plain.private_key_to_pem_pkcs8_passphrase(cipher, b"segreto").unwrap();
    std::fs::write(pki.key("locked"), locked).unwrap();
    let files = |password: Option<&str>| {
        let keys = KeyFiles::Pem {
            certificate: pki.certificate("client"),
            key: pki.key("locked"),
            password: password.map(|word| Secret::new(word.to_owned())),
        };
        Some(ClientFiles::new(pki.certificate("ca"), Some(keys)))
    };
    let base = format!("https://{}", node.address());
    let client = Client::new(settings(&base, files(Some("segreto")))).unwrap();
    assert!(client.send(query(1)).await.unwrap().conclusive());
    assert!(matches!(Client::new(settings(&base, files(None))), Err(TlsError::Key { .. })));
    let wrong = Client::new(settings(&base, files(Some("sbagliato")))).unwrap_err();
    assert!(matches!(wrong, TlsError::Key { .. }));
    assert!(!format!("{:?}", files(Some("segreto"))).contains("segreto"));
}

#[tokio::test]
async fn tls_files_that_cannot_be_used_are_named() {
    let pki = TestPki::new();
    let missing = ClientFiles::new(pki.certificate("nessuno"), None);
    let error = Client::new(settings("https://localhost:1", Some(missing))).unwrap_err();
    assert!(error.to_string().contains("nessuno.pem"), "{error}");
    let empty = ClientFiles::new(pki.key("ca"), None);
    let error = Client::new(settings("https://localhost:1", Some(empty))).unwrap_err();
    assert!(matches!(error, TlsError::Pem { .. }), "{error}");
    let error = Client::new(settings("https://localhost:1", None)).unwrap_err();
    assert!(matches!(error, TlsError::NotConfigured));
}

#[tokio::test]
async fn a_path_that_is_not_one_is_refused_before_anything_leaves() {
    let error = plain(LOCAL).send(Request::post("/a b", "{}")).await.unwrap_err();
    assert!(matches!(error, NodeError::Unwritable(_)));
    assert_eq!(error.sent(), Sent::No);
}

#[tokio::test]
async fn a_request_goes_below_the_prefix_of_the_base_url_with_its_own_headers() {
    let address = peer(|mut stream| async move {
        let request = read_request(&mut stream).await.unwrap();
        let fine = request.starts_with("GET /api/stato?x=1 HTTP/1.1\r\n")
            && request.contains("\r\nauthorization: Bearer prova\r\n")
            && request.contains(&format!("\r\nhost: {}\r\n", stream.local_addr().unwrap()))
            && !request.contains("content-type");
        let status = if fine { "200 OK" } else { "400 Bad Request" };
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let client = Client::new(settings(&format!("http://{address}/api/"), None)).unwrap();
    let mut request = Request::post("/stato?x=1", "");
    request.method = Method::GET;
    request.headers.insert("authorization", "Bearer prova".parse().unwrap());
    assert_eq!(client.send(request).await.unwrap().status, 200);
}
