//! Old peers, keystores, proxies in front, files that change: all that stands between a certificate and its name.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use openssl::ssl::SslVersion;
use serde_json::Value;
use tokio_rustls::TlsConnector;

use crate::certificates::{Authority, Issued, Like, OldClient, OldServer};
use crate::envelope::envelope;
use crate::reply::Reply;
use crate::wire::{Connection, Request, until};
use crate::world::{Home, Setup, World, tls_client};

/// What old porte have, each alone.
const OLD: [(&str, &str); 3] = [
    ("ECDHE-RSA-AES128-SHA256", "CBC"),
    ("AES128-SHA", "key exchange by RSA, CBC, SHA-1"),
    ("DHE-RSA-AES128-GCM-SHA256", "finite-field Diffie-Hellman"),
];

/// A world whose listener has certificates of an authority of the scenario's own.
struct Scene {
    world: World,
    authority: Authority,
    lazio: Issued,
}

impl Scene {
    /// `keys` are more keys of the listener.
    async fn start(keys: &str) -> Self {
        Self::prepared(|_| keys.to_owned()).await
    }

    async fn prepared(keys: impl FnOnce(&Authority) -> String) -> Self {
        let home = Home::new();
        let authority = Authority::new(home.folder.path(), "Autorita");
        let server = authority.issue("porta", Like::default());
        let lazio = authority.issue("LAZIO", Like::default());
        let keys = keys(&authority);
        let shown = if keys.contains("keystore_file") { String::new() } else { server.shown() };
        let listener = format!("{shown}\nclient_ca_file = {:?}\n{keys}", authority.file());
        let world = Setup { listener: Some(listener), ..Setup::default() }.start_in(home).await;
        Self { world, authority, lazio }
    }

    fn client(&self, ciphers: &'static str, shows: Option<&Issued>) -> OldClient {
        OldClient::speaking(ciphers, shows, self.authority.file())
    }

    /// What a message of LAZIO gets over a connection that shows this certificate; nothing where it is not let in.
    async fn asks_as(&self, shows: Option<&Issued>) -> Option<Reply> {
        let (stream, _) = self.client("ALL", shows).connect(self.world.address("pdd-tls")).await.ok()?;
        Connection::over(stream).ask_if_open(&Request::post(envelope().mittente("LAZIO").to_xml())).await
    }

    /// Waits for the line that says why a connection was refused.
    async fn said_why(&self, reason: &str) {
        let reason = format!("reason=\"{reason}\"");
        until(&reason, async || self.world.log().iter().any(|line| line.contains(&reason))).await;
    }
}

#[tokio::test]
async fn openssl_takes_the_cipher_suites_that_rustls_refuses() {
    let old = Scene::start("tls = 'openssl'").await;
    let modern = Scene::start("").await;
    for (ciphers, what) in OLD {
        let (stream, cipher) =
            old.client(ciphers, Some(&old.lazio)).connect(old.world.address("pdd-tls")).await.unwrap();
        assert_eq!(cipher, ciphers);
        let request = envelope().mittente("LAZIO");
        Connection::over(stream).ask(&Request::post(request.to_xml())).await.is_ordinary();
        let chiamante = old.world.record_of(request.id()).await.reception.chiamante;
        assert_eq!(chiamante.as_deref(), Some("CN=LAZIO"), "{what}");
        let refused =
            modern.client(ciphers, Some(&modern.lazio)).connect(modern.world.address("pdd-tls")).await;
        assert!(refused.is_err(), "rustls has no {what}");
    }
    modern.said_why("no-common-protocol").await;
}

#[tokio::test]
async fn the_operator_says_which_cipher_suites() {
    let scene = Scene::start("tls = 'openssl'\ncipher_suites = 'ECDHE+AESGCM'").await;
    let address = scene.world.address("pdd-tls");
    assert!(scene.client("AES128-SHA", Some(&scene.lazio)).connect(address).await.is_err());
    let gcm = "ECDHE-RSA-AES256-GCM-SHA384";
    assert!(scene.client(gcm, Some(&scene.lazio)).connect(address).await.is_ok());
}

#[tokio::test]
async fn nothing_below_tls_1_2_is_spoken() {
    for backend in ["rustls", "openssl"] {
        let scene = Scene::start(&format!("tls = '{backend}'")).await;
        let old = OldClient { version: SslVersion::TLS1_1, ..scene.client("ALL", Some(&scene.lazio)) };
        assert!(old.connect(scene.world.address("pdd-tls")).await.is_err(), "{backend}");
        scene.said_why("no-common-protocol").await;
    }
}

#[tokio::test]
async fn openssl_speaks_tls_1_3_to_whoever_has_it() {
    let scene = Scene::start("tls = 'openssl'").await;
    let modern = OldClient { version: SslVersion::TLS1_3, ..scene.client("ALL", Some(&scene.lazio)) };
    let (stream, cipher) = modern.connect(scene.world.address("pdd-tls")).await.unwrap();
    assert!(cipher.starts_with("TLS_"), "{cipher}");
    let request = Request::post(envelope().mittente("LAZIO").to_xml());
    Connection::over(stream).ask(&request).await.is_ordinary();
}

#[tokio::test]
async fn a_certificate_that_is_not_good_lets_nobody_in_whoever_speaks_tls() {
    for backend in ["rustls", "openssl"] {
        let mut revoked = None;
        let scene = Scene::prepared(|authority| {
            let one = authority.issue("REVOCATO", Like::default());
            let list = authority.revoke(&[&one], 30);
            revoked = Some(one);
            format!("tls = '{backend}'\nclient_crl_file = {list:?}")
        })
        .await;
        let strangers = Home::new();
        let foreign = Authority::new(strangers.folder.path(), "Altra").issue("LAZIO", Like::default());
        let expired = Like { days: (-30, -1), ..Like::default() };
        let expired = scene.authority.issue("SCADUTO", expired);
        for (certificate, reason) in [
            (None, "no-client-certificate"),
            (Some(&foreign), "unknown-authority"),
            (Some(&expired), "expired-certificate"),
            (revoked.as_ref(), "revoked-certificate"),
        ] {
            assert!(scene.asks_as(certificate).await.is_none(), "{backend}: {reason}");
            scene.said_why(reason).await;
        }
        assert!(scene.world.journal().await.is_empty(), "{backend}");
        scene.asks_as(Some(&scene.lazio)).await.unwrap().is_ordinary();
        let piemonte = scene.authority.issue("PIEMONTE", Like::default());
        let stolen = scene.asks_as(Some(&piemonte)).await.unwrap();
        assert_eq!(
            stolen.eccezioni().first().map(|(code, _)| code.as_str()),
            Some("EGOV_IT_201"),
            "{stolen}"
        );
    }
}

#[tokio::test]
async fn where_a_certificate_is_only_asked_for_one_that_is_shown_must_be_good() {
    for backend in ["rustls", "openssl"] {
        let scene = Scene::start(&format!("tls = '{backend}'\nclient_certificate = 'optional'")).await;
        scene.asks_as(None).await.unwrap().is_ordinary();
        scene.asks_as(Some(&scene.lazio)).await.unwrap().is_ordinary();
        let strangers = Home::new();
        let foreign = Authority::new(strangers.folder.path(), "Altra").issue("LAZIO", Like::default());
        assert!(scene.asks_as(Some(&foreign)).await.is_none(), "{backend}");
    }
}

#[tokio::test]
async fn weak_certificates_are_taken_only_under_a_dangerous_key() {
    let weak = [
        ("v1", Like { v1: true, ..Like::default() }),
        ("rsa1024", Like { rsa_bits: 1024, ..Like::default() }),
        ("sha1", Like { sha1: true, ..Like::default() }),
    ];
    let lax = Scene::start("tls = 'openssl'\ndanger_weak_certificates = true").await;
    let strict = Scene::start("tls = 'openssl'").await;
    for (name, like) in weak {
        let (refused, taken) = (strict.authority.issue(name, like), lax.authority.issue(name, like));
        assert!(strict.asks_as(Some(&refused)).await.is_none(), "{name}");
        assert!(lax.asks_as(Some(&taken)).await.is_some(), "{name}");
    }
    strict.said_why("weak-certificate").await;
    let short = lax.authority.issue("rsa768", Like { rsa_bits: 768, ..Like::default() });
    assert!(lax.asks_as(Some(&short)).await.is_none(), "there is an end to everything");
}

#[tokio::test]
async fn a_keystore_serves_as_certificate_and_key() {
    for (backend, old) in [("rustls", false), ("rustls", true), ("openssl", false), ("openssl", true)] {
        let scene = Scene::prepared(|authority| {
            let keystore = authority.issue("porta", Like::default()).keystore("segreto", old);
            let word = keystore.with_extension("word");
            fs::write(&word, "segreto\n").unwrap();
            format!("tls = '{backend}'\nkeystore_file = {keystore:?}\nkeystore_password_file = {word:?}")
        })
        .await;
        scene.asks_as(Some(&scene.lazio)).await.unwrap().is_ordinary();
    }
}

#[tokio::test]
async fn new_files_serve_new_connections_and_leave_open_ones_alone() {
    for backend in ["rustls", "openssl"] {
        let scene = Scene::start(&format!("tls = '{backend}'")).await;
        let address = scene.world.address("pdd-tls");
        let client = scene.client("ALL", Some(&scene.lazio));
        let (stream, _) = client.connect(address).await.unwrap();
        let before = stream.ssl().peer_certificate().unwrap().to_der().unwrap();
        let mut open = Connection::over(stream);
        let presented = async || {
            let (stream, _) = client.connect(address).await.unwrap();
            stream.ssl().peer_certificate().unwrap().to_der().unwrap()
        };

        // The certificate without its key: what one who looks in the middle of a renewal sees.
        let key = scene.authority.file().with_file_name("porta.key");
        let former = fs::read(&key).unwrap();
        scene.authority.issue("porta", Like::default());
        let renewed = fs::read(&key).unwrap();
        fs::write(&key, former).unwrap();
        scene.world.gateway().reload().unwrap();
        let said = |word: &str| scene.world.log().iter().any(|line| line.contains(word));
        until("the set is refused", async || said("event=\"tls-reload-failed\"")).await;
        assert_eq!(presented().await, before, "{backend}: the old set keeps serving");
        let health = scene.world.admin("/health/ready").await;
        assert_eq!(health.status, 200);
        assert!(health.text().contains("the files on disk are not in use"), "{}", health.text());

        fs::write(&key, renewed).unwrap();
        scene.world.gateway().reload().unwrap();
        until("the new set serves", async || presented().await != before).await;
        until("it is said", async || said("event=\"tls-reloaded\"")).await;
        open.ask(&Request::post(envelope().mittente("LAZIO").to_xml())).await.is_ordinary();
        assert!(!scene.world.admin("/health/ready").await.text().contains("not in use"));
    }
}

#[tokio::test]
async fn a_new_list_revokes_without_a_restart() {
    for backend in ["rustls", "openssl"] {
        let scene = Scene::prepared(|authority| {
            let list = authority.revoke(&[], 30);
            format!("tls = '{backend}'\nclient_crl_file = {list:?}")
        })
        .await;
        scene.asks_as(Some(&scene.lazio)).await.unwrap().is_ordinary();
        scene.authority.revoke(&[&scene.lazio], 30);
        scene.world.gateway().reload().unwrap();
        until("the list is in use", async || scene.asks_as(Some(&scene.lazio)).await.is_none()).await;
        scene.said_why("revoked-certificate").await;
    }
}

#[tokio::test]
async fn an_overdue_list_is_a_warning_and_refuses_where_the_operator_says_so() {
    for backend in ["rustls", "openssl"] {
        for (certificates, gets_in) in [("", true), ("outdated_crl = 'refuse'", false)] {
            let home = Home::new();
            let authority = Authority::new(home.folder.path(), "Autorita");
            let (server, lazio) =
                (authority.issue("porta", Like::default()), authority.issue("LAZIO", Like::default()));
            let (ca, list) = (authority.file(), authority.revoke(&[], -1));
            let keys = format!("tls = '{backend}'\nclient_ca_file = {ca:?}\nclient_crl_file = {list:?}");
            let listener = Some(format!("{}\n{keys}", server.shown()));
            let world = Setup { listener, certificates, ..Setup::default() }.start_in(home).await;
            let scene = Scene { world, authority, lazio };
            assert_eq!(scene.asks_as(Some(&scene.lazio)).await.is_some(), gets_in, "{backend}");
            // The clock of a scenario stands still in the past; the list is judged by the machine's.
            scene.world.clock.set(jiff::Timestamp::now());
            let health = scene.world.admin("/health/ready").await;
            assert!(health.text().contains("revocation list listeners.pdd"), "{}", health.text());
        }
    }
}

#[tokio::test]
async fn an_old_node_is_reached_with_openssl_and_not_with_rustls() {
    let request = envelope().azione("richiestaCodSAPRegTitolare");
    for (backend, reached) in [("rustls", false), ("openssl", true)] {
        let (world, _front) = before_an_old_node(backend, Like::default()).await;
        let reply = world.send(&request).await;
        assert_eq!(reply.fault().is_none(), reached, "{reply}");
        assert_eq!(world.at_node(request.id()).len(), usize::from(reached));
    }
}

#[tokio::test]
async fn a_common_name_stands_for_the_nodes_name_only_where_it_is_written() {
    let nameless = Like { alternative_names: false, ..Like::default() };
    let request = envelope().azione("richiestaCodSAPRegTitolare");
    for (keys, reached) in [
        ("openssl'\naccept_common_name = 'nodo-nazionale", true),
        ("openssl'\naccept_common_name = 'altro-nodo", false),
        ("openssl", false),
    ] {
        let (world, _front) = before_an_old_node(keys, nameless).await;
        world.send(&request).await;
        assert_eq!(world.at_node(request.id()).len(), usize::from(reached), "{keys}");
    }
}

/// A world whose node stands behind a server of old, CBC its only cipher suite; the gateway shows a keystore.
async fn before_an_old_node(keys: &str, like: Like) -> (World, OldServer) {
    let home = Home::new();
    let authority = Authority::new(home.folder.path(), "Autorita");
    let node = authority.issue("nodo-nazionale", like);
    let keystore = authority.issue("ponte", Like::default()).keystore("segreto", true);
    let word = keystore.with_extension("word");
    fs::write(&word, "segreto").unwrap();
    let pki = home.pki.clone();
    let connector = TlsConnector::from(Arc::new(tls_client(&pki, Some(&pki.node_client))));
    let node_home = Setup::default().start_in(home).await;
    let behind = node_home.node().address();
    let front =
        OldServer::start(&node, "ECDHE-RSA-AES128-SHA256", &authority.file(), behind, connector).await;
    let node_tls = format!(
        "ca_file = {:?}\nkeystore_file = {keystore:?}\nkeystore_password_file = {word:?}\ntls = '{keys}'",
        authority.file()
    );
    (node_home.again_towards(front.address, node_tls).await, front)
}

/// A world with a proxy in front; `in_front` are the proxy's keys.
async fn behind_a_proxy(in_front: &'static str, backend: &str) -> Scene {
    let home = Home::new();
    let authority = Authority::new(home.folder.path(), "Autorita");
    let server = authority.issue("porta", Like::default());
    let lazio = authority.issue("LAZIO", Like::default());
    let revoked = authority.issue("REVOCATO", Like::default());
    let (ca, list) = (authority.file(), authority.revoke(&[&revoked], 30));
    let keys = format!("tls = '{backend}'\nclient_ca_file = {ca:?}\nclient_crl_file = {list:?}");
    let listener = Some(format!("{}\n{keys}", server.shown()));
    let world = Setup { listener, proxy: in_front, ..Setup::default() }.start_in(home).await;
    Scene { world, authority, lazio }
}

/// The header as nginx writes `$ssl_client_escaped_cert`.
fn escaped(certificate: &Path) -> String {
    let pem = fs::read_to_string(certificate).unwrap();
    let escape = |c: char| match c {
        c if c.is_ascii_alphanumeric() || "-._~".contains(c) => c.to_string(),
        c => format!("%{:02X}", u32::from(c)),
    };
    pem.chars().map(escape).collect()
}

fn of_lazio() -> Request {
    Request::post(envelope().mittente("LAZIO").to_xml())
}

#[tokio::test]
async fn behind_a_proxy_the_header_says_who_it_is_and_is_verified_here() {
    for backend in ["rustls", "openssl"] {
        let scene = behind_a_proxy("addresses = ['127.0.0.0/8']", backend).await;
        let through = async |certificate: &Issued| {
            scene.world.ask(&of_lazio().header("X-SSL-Client-Cert", &escaped(&certificate.certificate))).await
        };
        through(&scene.lazio).await.is_ordinary();
        through(&scene.lazio).await.is_ordinary();
        let piemonte = scene.authority.issue("PIEMONTE", Like::default());
        let stolen = through(&piemonte).await;
        assert_eq!(
            stolen.eccezioni().first().map(|(code, _)| code.as_str()),
            Some("EGOV_IT_201"),
            "{stolen}"
        );

        let messages = scene.world.journal().await.len();
        let strangers = Home::new();
        let forged = Authority::new(strangers.folder.path(), "Autorita").issue("LAZIO", Like::default());
        let expired = scene.authority.issue("SCADUTO", Like { days: (-400, -350), ..Like::default() });
        let revoked = scene.authority.file().with_file_name("REVOCATO.pem");
        let revoked = Issued { key: revoked.clone(), certificate: revoked };
        for certificate in [&forged, &expired, &revoked] {
            through(certificate).await.is_bare_processing_fault();
        }
        scene.world.ask(&of_lazio()).await.is_bare_processing_fault();
        let garbage = of_lazio().header("X-SSL-Client-Cert", "CN=LAZIO");
        scene.world.ask(&garbage).await.is_bare_processing_fault();
        for reason in
            ["expired-certificate", "revoked-certificate", "unreadable-certificate", "no-client-certificate"]
        {
            scene.said_why(reason).await;
        }
        assert_eq!(scene.world.journal().await.len(), messages, "nothing of them was heard");
    }
}

#[tokio::test]
async fn a_proxy_may_write_the_structured_field_of_rfc_9440() {
    let keys = "addresses = ['127.0.0.1']\nclient_certificate_header = 'Client-Cert'\nclient_certificate_format = 'rfc9440'";
    let scene = behind_a_proxy(keys, "rustls").await;
    let der = openssl::base64::encode_block(&scene.lazio.x509().to_der().unwrap());
    let request = of_lazio().header("Client-Cert", &format!(":{der}:"));
    scene.world.ask(&request).await.is_ordinary();
    scene.world.ask(&of_lazio().header("Client-Cert", &der)).await.is_bare_processing_fault();
}

#[tokio::test]
async fn a_subject_counts_only_where_the_proxy_says_that_it_was_verified() {
    let keys = "addresses = ['127.0.0.1']\nclient_certificate_header = 'X-Subject'\nclient_certificate_format = 'subject'";
    let scene = behind_a_proxy(keys, "rustls").await;
    let named = of_lazio().header("X-Subject", "CN=LAZIO,O=Regione Lazio,C=IT");
    scene.world.ask(&named.clone().header("X-SSL-Client-Verify", "SUCCESS")).await.is_ordinary();
    scene.world.ask(&named.clone().header("X-SSL-Client-Verify", "NONE")).await.is_bare_processing_fault();
    scene.world.ask(&named).await.is_bare_processing_fault();
}

#[tokio::test]
async fn who_is_not_the_proxy_is_not_believed() {
    let scene = behind_a_proxy("addresses = ['192.0.2.7']", "openssl").await;
    let header = escaped(&scene.lazio.certificate);
    let claims = of_lazio().header("X-SSL-Client-Cert", &header);
    scene.world.ask(&claims).await.is_bare_processing_fault();
    scene.world.ask(&of_lazio()).await.is_bare_processing_fault();
    scene.said_why("not-the-proxy").await;
    assert!(scene.world.journal().await.is_empty());
    // Where TLS ends here, the handshake says who it is; the header is refused all the same.
    scene.asks_as(Some(&scene.lazio)).await.unwrap().is_ordinary();
    let (stream, _) =
        scene.client("ALL", Some(&scene.lazio)).connect(scene.world.address("pdd-tls")).await.unwrap();
    Connection::over(stream).ask(&claims).await.is_bare_processing_fault();
}

#[tokio::test]
async fn an_end_that_is_near_is_said_by_health_log_and_metrics() {
    let world = Setup { certificates: "warn_days = [800, 700, 1]", ..Setup::default() }.start().await;
    world.clock.set(jiff::Timestamp::now());
    let health: Value = serde_json::from_str(world.admin("/health/ready").await.text()).unwrap();
    let checks = health["checks"].as_array().unwrap();
    let own = checks.iter().find(|check| check["name"] == "certificate node").unwrap();
    assert_eq!(own["state"], "warning", "{health:#}");
    assert!(own["detail"].as_str().unwrap().contains("node-client.pem: expires at"), "{own}");
    world.gateway().reload().unwrap();
    let line = "event=\"certificate-expires\" certificate=\"node\"";
    until("the log says so", async || world.log().iter().any(|said| said.contains(line))).await;
    let metrics = world.admin("/metrics").await;
    let left = metrics.text().lines().find(|sample| {
        sample.starts_with("egov_bridge_certificate_expires_seconds") && sample.contains("node-client.pem")
    });
    assert!(left.is_some_and(|sample| sample.contains("kind=\"certificate\"")), "{left:?}");
}
