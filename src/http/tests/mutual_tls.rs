//! Who gets in, as whom, and how certificates change under way.

use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;
use crate::rate::KeyedLimiter;
use crate::sandbox::pki::{self, Pair, Pki};
use crate::tls::{
    Authorities, Backend, ClientCertificates, KeyFiles, Reloaded, Renewable, Renewal, ServerTls, TlsFiles,
    authorities, provider,
};

const PARTI: [&str; 2] = ["LAZIO", "PIEMONTE"];

fn pki(directory: &Path) -> Pki {
    pki::ensure(directory, &PARTI, Timestamp::now()).unwrap()
}

fn required(pki: &Pki) -> TlsFiles {
    TlsFiles {
        keys: KeyFiles::pem(&pki.pdd_server.certificate, &pki.pdd_server.key),
        clients: ClientCertificates::Required(Authorities::of(&pki.authority)),
        backend: Backend::Rustls,
    }
}

async fn secured(files: TlsFiles, bounds: Bounds) -> (Running, Arc<ServerTls>, Arc<Recorder>) {
    let handler = Recorder::new();
    let tls = ServerTls::load(files).unwrap();
    let settings = ListenerSettings { tls: Some(tls.clone()), ..settings(bounds) };
    (listening(settings, handler.clone()).await, tls, handler)
}

/// A connected client, or the error of the handshake.
async fn connect(
    running: &Running,
    trusted: &Pki,
    pair: Option<&Pair>,
) -> std::io::Result<Client<TlsStream<TcpStream>>> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(authorities(&trusted.authority).unwrap());
    let config = match pair {
        None => builder.with_no_client_auth(),
        Some(pair) => builder
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_file(&pair.certificate).unwrap()],
                PrivateKeyDer::from_pem_file(&pair.key).unwrap(),
            )
            .unwrap(),
    };
    let stream = TcpStream::connect(running.address()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    Ok(Client::over(TlsConnector::from(Arc::new(config)).connect(name, stream).await?))
}

/// Whether a request is answered. Under TLS 1.3 a refusal of the client's certificate shows at the first read only.
async fn gets_in(running: &Running, trusted: &Pki, pair: Option<&Pair>) -> bool {
    let Ok(mut client) = connect(running, trusted, pair).await else { return false };
    let request = b"GET /who HTTP/1.1\r\nHost: test\r\n\r\n";
    client.write_if_wanted(request).await.is_ok() && client.answer_or_end().await.is_some()
}

#[tokio::test]
async fn a_client_of_the_authority_gets_in_under_its_name() {
    let home = tempfile::tempdir().unwrap();
    let pki = pki(home.path());
    let (running, ..) = secured(required(&pki), Bounds::default()).await;
    let mut client = connect(&running, &pki, Some(&pki.regione("LAZIO"))).await.unwrap();
    let answer = client.get("/who").await;
    let mut parts = answer.text().split(" | ");
    assert_eq!(parts.next(), Some("LAZIO"));
    assert_eq!(parts.next(), Some("C=IT, O=egov-bridge sandbox, CN=LAZIO"));
    let pem = fs::read(&pki.regione("LAZIO").certificate).unwrap();
    let digest =
        openssl::x509::X509::from_pem(&pem).unwrap().digest(openssl::hash::MessageDigest::sha256()).unwrap();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(parts.next(), Some(hex.as_str()));
}

#[tokio::test]
async fn without_a_certificate_or_with_one_of_another_authority_nobody_gets_in() {
    let home = tempfile::tempdir().unwrap();
    let ours = pki(&home.path().join("ours"));
    let theirs = pki(&home.path().join("theirs"));
    let (running, _, handler) = secured(required(&ours), Bounds::default()).await;
    assert!(!gets_in(&running, &ours, None).await);
    assert!(!gets_in(&running, &ours, Some(&theirs.regione("LAZIO"))).await);
    assert!(!gets_in(&running, &ours, Some(&ours.node_server)).await, "a certificate for servers only");
    assert_eq!(handler.entered.load(Ordering::SeqCst), 0);
    assert!(gets_in(&running, &ours, Some(&ours.regione("LAZIO"))).await, "others are not disturbed");
}

#[tokio::test]
async fn where_a_certificate_is_only_asked_for_a_client_without_one_is_nobody() {
    let home = tempfile::tempdir().unwrap();
    let ours = pki(&home.path().join("ours"));
    let theirs = pki(&home.path().join("theirs"));
    let ClientCertificates::Required(authorities) = required(&ours).clients else { unreachable!() };
    let files = TlsFiles { clients: ClientCertificates::Asked(authorities), ..required(&ours) };
    let (running, ..) = secured(files, Bounds::default()).await;
    let mut client = connect(&running, &ours, None).await.unwrap();
    assert_eq!(client.get("/who").await.text(), "nobody");
    assert!(!gets_in(&running, &ours, Some(&theirs.regione("LAZIO"))).await);
}

#[tokio::test]
async fn an_expired_certificate_does_not_get_in() {
    let home = tempfile::tempdir().unwrap();
    let today = pki(&home.path().join("today"));
    let years_ago = Timestamp::now() - SignedDuration::from_hours(24 * 800);
    let old = pki::ensure(&home.path().join("old"), &PARTI, years_ago).unwrap();
    // The authority of then is still good, only what it issued has ended.
    let authorities = Authorities::of(&old.authority);
    let files = TlsFiles { clients: ClientCertificates::Required(authorities), ..required(&today) };
    let (running, ..) = secured(files, Bounds::default()).await;
    assert!(!gets_in(&running, &today, Some(&old.regione("LAZIO"))).await);
    pki::ensure(&home.path().join("old"), &PARTI, Timestamp::now()).unwrap();
    assert!(gets_in(&running, &today, Some(&old.regione("LAZIO"))).await, "renewed, it gets in");
}

#[tokio::test]
async fn a_reload_serves_new_connections_and_leaves_old_ones_alone() {
    let home = tempfile::tempdir().unwrap();
    let first = pki(&home.path().join("first"));
    let second = pki(&home.path().join("second"));
    let live = pki(&home.path().join("live"));
    let install = |from: &Pki| {
        for (from, to) in [
            (&from.pdd_server.certificate, &live.pdd_server.certificate),
            (&from.pdd_server.key, &live.pdd_server.key),
            (&from.authority, &live.authority),
        ] {
            fs::copy(from, to).unwrap();
        }
    };
    install(&first);
    let (running, tls, _) = secured(required(&live), Bounds::default()).await;
    let mut old = connect(&running, &first, Some(&first.regione("LAZIO"))).await.unwrap();
    old.get("/who").await;
    assert_eq!(tls.reload().unwrap(), Reloaded::Unchanged);

    install(&second);
    assert_eq!(tls.reload().unwrap(), Reloaded::Changed);
    assert!(gets_in(&running, &second, Some(&second.regione("LAZIO"))).await);
    assert!(
        connect(&running, &first, Some(&first.regione("LAZIO"))).await.is_err(),
        "the old server certificate is gone"
    );
    assert!(!gets_in(&running, &second, Some(&first.regione("LAZIO"))).await, "the old authority is gone");
    assert_eq!(old.get("/who").await.status, 200);
}

#[tokio::test]
async fn a_running_listener_takes_up_new_files_by_itself() {
    let home = tempfile::tempdir().unwrap();
    let live = pki(&home.path().join("live"));
    let renewed = pki(&home.path().join("renewed"));
    let (running, tls, _) = secured(required(&live), Bounds::default()).await;
    let renewal = Renewal::new("listeners.test", tls);
    renewal.look();
    assert_eq!(renewal.refused(), None);
    // The certificate without its key is what an observer sees in the middle of a renewal.
    fs::copy(&renewed.pdd_server.certificate, &live.pdd_server.certificate).unwrap();
    renewal.look();
    assert!(renewal.refused().is_some_and(|error| error.contains("cannot be used together")));
    let mut renewed_pki = live.clone();
    assert!(
        connect(&running, &live, Some(&live.regione("LAZIO"))).await.is_ok(),
        "the old pair still serves"
    );
    fs::copy(&renewed.pdd_server.key, &live.pdd_server.key).unwrap();
    renewed_pki.authority = renewed.authority.clone();
    renewal.look();
    assert_eq!(renewal.refused(), None);
    assert!(
        connect(&running, &renewed_pki, Some(&live.regione("LAZIO"))).await.is_ok(),
        "the new pair serves"
    );
}

#[tokio::test]
async fn a_revoked_certificate_does_not_get_in_and_its_neighbours_do() {
    let home = tempfile::tempdir().unwrap();
    let pki = pki(home.path());
    let list = home.path().join("revoked.pem");
    fs::write(&list, revoking(&pki, &pki.regione("LAZIO"))).unwrap();
    let authorities = Authorities { revoked: Some(list), ..Authorities::of(&pki.authority) };
    let files = TlsFiles { clients: ClientCertificates::Required(authorities), ..required(&pki) };
    let (running, ..) = secured(files, Bounds::default()).await;
    assert!(!gets_in(&running, &pki, Some(&pki.regione("LAZIO"))).await);
    assert!(gets_in(&running, &pki, Some(&pki.regione("PIEMONTE"))).await);
}

/// The authority's list with one certificate on it (PEM).
fn revoking(pki: &Pki, pair: &Pair) -> Vec<u8> {
    use openssl::asn1::{Asn1Object, Asn1OctetString, Asn1Time};
    use openssl::hash::MessageDigest;
    use openssl::pkey::PKey;
    use openssl::x509::extension::AuthorityKeyIdentifier;
    use openssl::x509::{X509, X509CrlBuilder, X509Extension, X509RevokedBuilder};

    let read = |path: &Path| X509::from_pem(&fs::read(path).unwrap()).unwrap();
    let authority = read(&pki.authority);
    let key = PKey::private_key_from_pem(&fs::read(pki.directory.join("ca.key")).unwrap()).unwrap();
    let now = Asn1Time::days_from_now(0).unwrap();
    let mut entry = X509RevokedBuilder::new().unwrap();
    entry.set_revocation_date(&now).unwrap();
    entry.set_serial_number(read(&pair.certificate).serial_number()).unwrap();
    let mut list = X509CrlBuilder::new().unwrap();
    list.set_issuer_name(authority.subject_name()).unwrap();
    list.set_last_update(&now).unwrap();
    list.set_next_update(&Asn1Time::days_from_now(30).unwrap()).unwrap();
    // RFC 5280 §5.2: both are required of a list.
    let holder = X509::builder().unwrap();
    let context = holder.x509v3_context(Some(&authority), None);
    list.append_extension(AuthorityKeyIdentifier::new().keyid(true).build(&context).unwrap()).unwrap();
    let crl_number = Asn1Object::from_str("2.5.29.20").unwrap();
    let one = Asn1OctetString::new_from_bytes(&[2, 1, 1]).unwrap();
    list.append_extension(X509Extension::new_from_der(&crl_number, false, &one).unwrap()).unwrap();
    list.add_revoked(entry.build()).unwrap();
    list.sign(&key, MessageDigest::sha256()).unwrap();
    list.build().unwrap().to_pem().unwrap()
}

#[tokio::test]
async fn files_that_do_not_belong_together_change_nothing() {
    let home = tempfile::tempdir().unwrap();
    let live = pki(home.path());
    let (running, tls, _) = secured(required(&live), Bounds::default()).await;
    let key = fs::read(&live.pdd_server.key).unwrap();
    fs::copy(&live.node_server.key, &live.pdd_server.key).unwrap();
    let error = tls.reload().unwrap_err().to_string();
    assert!(error.contains("pdd-server.pem") && error.contains("pdd-server.key"), "{error}");
    fs::write(&live.pdd_server.key, "nothing").unwrap();
    let error = tls.reload().unwrap_err().to_string();
    assert!(error.contains("no private key can be read"), "{error}");
    assert!(gets_in(&running, &live, Some(&live.regione("LAZIO"))).await);
    fs::write(&live.pdd_server.key, key).unwrap();
    assert_eq!(tls.reload().unwrap(), Reloaded::Unchanged);
}

#[tokio::test]
async fn each_identity_has_a_rate_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    let pki = pki(home.path());
    let settings = ListenerSettings {
        tls: Some(ServerTls::load(required(&pki)).unwrap()),
        limiter: Some(Arc::new(KeyedLimiter::new(rate(1, 2), 100))),
        ..settings(Bounds::default())
    };
    let running = listening(settings, Recorder::new()).await;
    let mut lazio = connect(&running, &pki, Some(&pki.regione("LAZIO"))).await.unwrap();
    let mut refused = 0;
    for _ in 0..6 {
        refused += usize::from(lazio.post("/echo", "x").await.status == 500);
    }
    assert!(refused >= 1);
    let mut piemonte = connect(&running, &pki, Some(&pki.regione("PIEMONTE"))).await.unwrap();
    assert_eq!(piemonte.post("/echo", "x").await.status, 200, "same address, another identity");
}

#[tokio::test]
async fn a_handshake_that_does_not_advance_is_cut_and_plain_http_is_turned_away() {
    let home = tempfile::tempdir().unwrap();
    let pki = pki(home.path());
    let bounds = Bounds { handshake: Duration::from_millis(500), ..Bounds::default() };
    let (running, ..) = secured(required(&pki), bounds).await;
    let mut silent = Client::connect(running.address()).await;
    assert!(silent.ends().await);
    let mut plain = Client::connect(running.address()).await;
    plain.write("GET / HTTP/1.1\r\nHost: test\r\n\r\n").await;
    let mut answered = Vec::new();
    let _ =
        timeout(PATIENCE, plain.stream.read_to_end(&mut answered)).await.expect("the connection should end");
    assert!(!answered.starts_with(b"HTTP"), "an alert, not an answer");
}

#[tokio::test]
async fn a_drain_ends_handshakes_and_answers_requests() {
    let home = tempfile::tempdir().unwrap();
    let pki = pki(home.path());
    let (running, _, handler) = secured(required(&pki), Bounds::default()).await;
    let mut shaking = Client::connect(running.address()).await;
    let mut busy = connect(&running, &pki, Some(&pki.regione("LAZIO"))).await.unwrap();
    busy.write("GET /wait HTTP/1.1\r\nHost: test\r\n\r\n").await;
    handler.until_entered(1).await;
    let draining = tokio::spawn(running.shut_down(PATIENCE));
    assert!(shaking.ends().await);
    handler.release(1);
    assert_eq!(busy.answer().await.text(), "waited");
    assert_eq!(draining.await.unwrap(), Drained { connections_cut: 0, handlers_left: 0 });
}
