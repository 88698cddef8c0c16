use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::raw::Raw;
use super::*;
use crate::tls::{Authorities, Backend, ClientCertificates, KeyFiles};

fn nothing(_: &str) -> Option<String> {
    None
}

/// The mistakes that a text has besides those of its missing certificates.
fn refused(text: &str) -> Vec<String> {
    match from_text(text, Path::new("/etc/bridge"), &nothing) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}

/// The one mistake of a text whose sandbox is on, and so lacks nothing.
fn one(text: &str) -> String {
    let with_sandbox = if text.contains("[sandbox]") {
        text.to_owned()
    } else {
        format!("{text}\n[sandbox]\nenabled = true\n")
    };
    let errors = refused(&with_sandbox);
    assert_eq!(errors.len(), 1, "{errors:#?}");
    errors[0].clone()
}

#[test]
fn the_shipped_file_and_the_embedded_one_are_the_same() {
    let shipped = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config.toml")).unwrap();
    assert_eq!(shipped, EMBEDDED);
}

#[test]
fn the_shipped_file_lists_every_key_with_its_default() {
    let shipped: toml::Table = EMBEDDED.parse().unwrap();
    let defaults = toml::Table::try_from(Raw::default()).unwrap();
    assert_eq!(keys(&shipped, ""), keys(&defaults, ""));
    let mut raw: Raw = toml::from_str(EMBEDDED).unwrap();
    assert!(raw.sandbox.enabled);
    raw.sandbox.enabled = false;
    assert_eq!(raw, Raw::default());
}

fn keys(table: &toml::Table, above: &str) -> BTreeSet<String> {
    table
        .iter()
        .flat_map(|(key, value)| match value {
            toml::Value::Table(inner) => keys(inner, &format!("{above}{key}.")),
            _ => BTreeSet::from([format!("{above}{key}")]),
        })
        .collect()
}

#[test]
fn the_shipped_file_is_usable_and_says_what_the_design_says() {
    let config = embedded(Path::new("/srv")).unwrap();
    let pdd = &config.listeners.pdd;
    assert_eq!(pdd.http.unwrap().to_string(), "127.0.0.1:8080");
    let (address, tls) = pdd.https.as_ref().unwrap();
    assert_eq!(address.to_string(), "127.0.0.1:8443");
    assert_eq!(tls.clients, ClientCertificates::Required(Authorities::of("/srv/data/pki/ca.pem")));
    assert_eq!(tls.keys, KeyFiles::pem("/srv/data/pki/pdd-server.pem", "/srv/data/pki/pdd-server.key"));
    assert_eq!((&tls.backend, &pdd.proxy), (&Backend::Rustls, &None));
    assert_eq!(config.listeners.rest.https.as_ref().unwrap().0.to_string(), "127.0.0.1:8444");
    assert_eq!(config.listeners.admin.http.unwrap().to_string(), "127.0.0.1:9090");
    let sandbox = config.sandbox.unwrap();
    assert_eq!(sandbox.node.to_string(), "127.0.0.1:9443");
    assert_eq!(sandbox.pdd.to_string(), "127.0.0.1:9080");
    assert_eq!(sandbox.control.to_string(), "127.0.0.1:9091");
    assert_eq!(config.node.url, "https://127.0.0.1:9443");
    let shown = config.node.tls.keys.unwrap();
    assert_eq!(shown, KeyFiles::pem("/srv/data/pki/node-client.pem", "/srv/data/pki/node-client.key"));
    assert_eq!(config.journal.path, Path::new("/srv/data/journal.sqlite"));
    assert_eq!(config.directories.services, Path::new("/srv/services"));
    assert_eq!(config.limits, crate::xml::Limits::default());
    assert_eq!(config.pdd.request, Duration::from_secs(45));
    assert!(!config.production);
}

#[test]
fn paths_start_at_the_folder_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bridge.toml");
    std::fs::write(
        &file,
        "[directories]\ndata='d'\nxsd='/abs'\n[journal]\npath='j.db'\n[sandbox]\nenabled=true\n",
    )
    .unwrap();
    let config = load(&file).unwrap();
    assert_eq!(config.file, file);
    assert_eq!(config.directories.data, folder.path().join("d"));
    assert_eq!(config.directories.xsd, Path::new("/abs"));
    assert_eq!(config.journal.path, folder.path().join("j.db"));
    assert_eq!(open(Some(&file)).unwrap().journal, config.journal);
}

#[test]
fn all_mistakes_come_at_once_in_the_order_of_the_file() {
    let text = "\
prodution = true
[identity]
nome = ' LAZIO'
[listeners.pdd]
http = 'localhost:8080'
client_certificate = 'maybe'
[node]
url = 'http://node.example'
total_ms = 0
[log]
level = 'loud'
[sandbox]
enabled = 'yes'
";
    let errors = refused(text);
    let firsts: Vec<String> =
        errors.iter().map(|e| e.splitn(4, ':').take(3).collect::<Vec<_>>().join(":")).collect();
    let with_line: Vec<&String> = firsts.iter().filter(|f| f.contains(".toml:")).collect();
    for expected in [
        "config.toml:1: prodution",
        "config.toml:3: identity.nome",
        "config.toml:5: listeners.pdd.http",
        "config.toml:6: listeners.pdd.client_certificate",
        "config.toml:8: node.url",
        "config.toml:9: node.total_ms",
        "config.toml:11: log.level",
        "config.toml:13: sandbox.enabled",
    ] {
        assert!(with_line.iter().any(|f| *f == expected), "{expected} is not in\n{}", errors.join("\n"));
    }
    let lines: Vec<u32> =
        with_line.iter().filter_map(|f| f.split(':').nth(1).and_then(|n| n.parse().ok())).collect();
    assert!(lines.is_sorted(), "{lines:?}");
}

#[test]
fn a_file_that_is_not_toml_has_no_other_mistakes() {
    let errors = refused("production = maybe\n");
    assert!(errors.iter().all(|e| e.contains("not TOML")) && !errors.is_empty(), "{errors:?}");
}

#[test]
fn a_public_address_needs_mutual_tls() {
    for text in [
        "[listeners.pdd]\nhttp = '0.0.0.0:8080'",
        "[listeners.pdd]\nhttp = '[::]:8080'",
        "[listeners.pdd]\nhttps = '192.0.2.1:8443'\nclient_certificate = 'optional'",
        "[listeners.rest]\nhttps = '192.0.2.1:8444'",
        "[listeners.admin]\nhttp = '0.0.0.0:9090'",
    ] {
        let error = one(text);
        assert!(error.contains("a public address without mutual TLS"), "{error}");
    }
    assert!(one("[listeners.rest]\nhttps = '192.0.2.1:8444'").contains("client_certificate = \"required\""));
    for text in [
        "[listeners.pdd]\nhttps = '0.0.0.0:8443'",
        "[listeners.rest]\nhttps = '0.0.0.0:8444'\nclient_certificate = 'required'",
        "[listeners.pdd]\nhttp = '127.3.2.1:8080'",
        "[listeners.pdd]\nhttp = '[::ffff:127.0.0.1]:8080'",
        "[listeners]\ndanger_public_without_mutual_tls = true\n[listeners.pdd]\nhttp = '0.0.0.0:8080'",
    ] {
        assert_eq!(refused(&format!("{text}\n[sandbox]\nenabled = true")), [""; 0], "{text}");
    }
}

#[test]
fn an_address_is_an_ip_and_a_port_of_its_own() {
    for value in ["localhost:8080", "127.0.0.1", ":8080", "127.0.0.1:70000"] {
        let error = one(&format!("[listeners.pdd]\nhttp = '{value}'"));
        assert!(error.contains("wanted an IP address and a port"), "{error}");
        assert!(error.contains(&format!("seen '{value}'")), "{error}");
    }
    let error = one("[listeners.pdd]\nhttp = '127.0.0.1:9090'");
    assert!(error.starts_with("config.toml: listeners.admin.http") || error.contains("listeners.pdd.http"));
    assert!(error.contains("the same address as"), "{error}");
    let free =
        "[listeners.pdd]\nhttp='127.0.0.1:0'\n[listeners.admin]\nhttp='127.0.0.1:0'\n[sandbox]\nenabled=true";
    assert_eq!(refused(free), [""; 0]);
}

#[test]
fn the_pdd_listener_has_an_address() {
    let error = one("[listeners.pdd]\nhttp = ''\nhttps = ''");
    assert!(error.contains("listeners.pdd.https: not given; wanted an address"), "{error}");
}

#[test]
fn production_refuses_the_sandbox_and_every_danger() {
    let errors = refused(
        "production = true\n[listeners]\ndanger_public_without_mutual_tls = true\n[sandbox]\nenabled = true\n",
    );
    assert_eq!(errors.len(), 2, "{errors:#?}");
    assert!(
        errors[0].starts_with("config.toml:3: listeners.danger_public_without_mutual_tls"),
        "{}",
        errors[0]
    );
    assert!(errors[0].contains("refused with production = true"));
    assert!(errors[1].starts_with("config.toml:5: sandbox.enabled: wanted false"), "{}", errors[1]);
}

#[test]
fn the_sandbox_answers_this_machine_only() {
    let error = one("[sandbox]\nenabled = true\ncontrol = '0.0.0.0:9091'");
    assert!(error.contains("sandbox.control: wanted a loopback address"), "{error}");
    let error = one("[sandbox]\nenabled = true\nnode = ''");
    assert!(error.contains("sandbox.node: not given"), "{error}");
}

#[test]
fn without_the_sandbox_every_certificate_must_be_given() {
    let errors = refused("");
    for key in [
        "listeners.pdd.certificate_file",
        "listeners.pdd.key_file",
        "listeners.pdd.client_ca_file",
        "listeners.rest.certificate_file",
        "listeners.rest.key_file",
        "listeners.rest.client_ca_file",
        "node.ca_file",
        "node.certificate_file",
        "node.key_file",
    ] {
        assert!(errors.iter().any(|e| e.contains(&format!(" {key}: not given"))), "{key}: {errors:#?}");
    }
    assert_eq!(errors.len(), 9, "{errors:#?}");
}

#[test]
fn certificates_that_are_given_can_be_read_and_come_in_pairs() {
    let error = one("[node]\nca_file = 'no/such.pem'");
    assert!(error.contains("node.ca_file: /etc/bridge/no/such.pem: entity not found"), "{error}");
    let error = one("[listeners.rest]\nclient_crl_file = 'no/such.pem'");
    assert!(error.contains("listeners.rest.client_crl_file: /etc/bridge/no/such.pem"), "{error}");
    let error = one("[node]\nca_file = '/tmp'");
    assert!(error.contains("is a directory"), "{error}");
    let error = one("[node]\nkey_file = 'x.key'");
    assert!(error.contains("node.certificate_file: not given, though key_file is"), "{error}");
    let error = one("[listeners.rest]\ncertificate_file = 'x.pem'");
    assert!(error.contains("listeners.rest.key_file: not given, though certificate_file is"), "{error}");
}

#[test]
fn a_secret_comes_from_the_environment_or_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["c.pem", "c.key"] {
        std::fs::write(folder.path().join(file), "x").unwrap();
    }
    std::fs::write(folder.path().join("word"), "from-file\n").unwrap();
    let lookup = |name: &str| (name == "WORD").then(|| "from-environment".to_owned());
    let read = |keys: &str| {
        let text =
            format!("[node]\ncertificate_file='c.pem'\nkey_file='c.key'\n{keys}\n[sandbox]\nenabled=true\n");
        from_text(&text, folder.path(), &lookup)
    };
    let word = |keys: &str| match read(keys).unwrap().node.tls.keys {
        Some(KeyFiles::Pem { password, .. }) => password.unwrap().expose().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(word("key_password = '${WORD}'"), "from-environment");
    assert_eq!(word("key_password_file = 'word'"), "from-file");
    assert!(!format!("{:?}", read("key_password = '${WORD}'").unwrap()).contains("from-environment"));

    let say = |keys: &str| {
        let errors = read(keys).unwrap_err();
        assert_eq!(errors.len(), 1, "{errors:?}");
        errors[0].to_string()
    };
    for literal in ["hunter2", "${WORD:-hunter2}", "x${WORD}"] {
        let error = say(&format!("key_password = '{literal}'"));
        assert!(error.contains("a secret is not written in this file"), "{error}");
        assert!(!error.contains("hunter2") && !error.contains("from-environment"), "{error}");
    }
    let error = say("key_password = '${OTHER}'");
    assert!(error.contains("the environment variable OTHER is not set"), "{error}");
    assert!(say("key_password = '${WORD}'\nkey_password_file = 'word'").contains("given together with"));
    assert!(say("key_password_file = 'nowhere'").contains("entity not found"));
}

#[test]
fn the_node_is_reached_by_https_only() {
    for url in
        ["http://n.example", "https://", "n.example", "https://u:p@n.example", "https://n.example/?q=1"]
    {
        let error = one(&format!("[node]\nurl = '{url}'"));
        assert!(error.contains("node.url: wanted https://host"), "{error}");
        assert!(!error.contains("u:p"), "{error}");
    }
    let text = "[node]\nurl = 'https://n.example:8443/base/'\n[sandbox]\nenabled = true";
    let config = from_text(text, Path::new(""), &nothing).unwrap();
    assert_eq!(config.node.url.to_string(), "https://n.example:8443/base");
}

#[test]
fn deadlines_fit_into_each_other() {
    let error = one("[node]\nfirst_byte_ms = 31000");
    assert!(error.contains("node.first_byte_ms: wanted at most node.total_ms (30000)"), "{error}");
    let error = one("[node]\ntotal_ms = 45000");
    assert!(error.contains("node.total_ms: wanted less than pdd.request_ms (45000)"), "{error}");
    let error = one("[pdd]\nbody_ms = 50000");
    assert!(error.contains("pdd.body_ms: wanted at most pdd.request_ms (45000)"), "{error}");
    assert!(one("[pdd]\nbody_ms = 0").contains("wanted 1 to 3600000"));
}

#[test]
fn numbers_keep_their_bounds() {
    for (text, key) in [
        ("[limits]\ndepth = 2", "limits.depth: wanted 8 to 1024; seen 2"),
        ("[pdd]\nbody_bytes = 0", "pdd.body_bytes: wanted 1024 to"),
        ("[rate]\nmittente_burst = 0", "rate.mittente_burst: wanted 1 to"),
        ("[rate]\nidentity_per_second = -1", "rate.identity_per_second: wanted u32; seen -1"),
        ("[listeners]\nmax_connections = 0", "listeners.max_connections: wanted 1 to"),
        ("[node]\nmax_concurrent = 0", "node.max_concurrent: wanted 1 to"),
        ("[directories]\nxsd = ''", "directories.xsd: not given; wanted a folder"),
    ] {
        let error = one(text);
        assert!(error.contains(key), "{error} has no {key}");
    }
}

#[test]
fn a_public_address_in_the_clear_needs_a_proxy() {
    let proxy = |keys: &str| format!("[listeners.pdd]\nhttp = '0.0.0.0:8080'\n[listeners.pdd.proxy]\n{keys}");
    let good = format!("{}\n[sandbox]\nenabled = true", proxy("addresses = ['10.0.0.5', '10.1.0.0/24']"));
    let config = from_text(&good, Path::new(""), &nothing).unwrap();
    let proxy_settings = config.listeners.pdd.proxy.unwrap();
    assert!(proxy_settings.required && proxy_settings.trust.is_some());
    assert!(one(&proxy("")).contains("or a proxy that terminates TLS"));
    for (keys, wanted) in [
        ("addresses = ['proxy.regione.it']", "addresses: wanted IP addresses or networks"),
        (
            "addresses = ['::1']\nclient_certificate_header = 'a b'",
            "header: wanted the name of an HTTP header",
        ),
        (
            "addresses = ['::1']\nclient_certificate_format = 'der'",
            "format: wanted one of pem, rfc9440, subject",
        ),
    ] {
        let errors = refused(&format!("{}\n[sandbox]\nenabled = true", proxy(keys)));
        assert!(errors.iter().any(|error| error.contains(wanted)), "{errors:#?}");
    }
}

#[test]
fn what_only_openssl_heeds_is_refused_without_it() {
    for key in ["cipher_suites = 'RSA+AES'", "danger_weak_certificates = true", "accept_common_name = 'nodo'"]
    {
        assert!(one(&format!("[node]\n{key}")).contains("heeded only with tls = \"openssl\""), "{key}");
        let good = format!("[node]\ntls = 'openssl'\n{key}\n[sandbox]\nenabled = true");
        assert_eq!(refused(&good), [""; 0], "{key}");
    }
    for list in ["ALL:@SECLEVEL=0", "NULL", "SCONOSCIUTA"] {
        let error = one(&format!("[listeners.rest]\ntls = 'openssl'\ncipher_suites = '{list}'"));
        assert!(error.contains("listeners.rest.cipher_suites: wanted cipher suites"), "{error}");
    }
    assert!(one("[node]\ntls = 'gnutls'").contains("node.tls: wanted one of rustls, openssl"));
}

#[test]
fn a_keystore_takes_the_place_of_certificate_and_key() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("k.p12"), "x").unwrap();
    std::fs::write(folder.path().join("word"), "segreto\n").unwrap();
    let read = |keys: &str| {
        let text = format!("[node]\nkeystore_file = 'k.p12'\n{keys}\n[sandbox]\nenabled = true");
        from_text(&text, folder.path(), &nothing)
    };
    let keystore = folder.path().join("k.p12");
    let password = Some(Secret::new("segreto".to_owned()));
    let config = read("keystore_password_file = 'word'").unwrap();
    assert_eq!(config.node.tls.keys, Some(KeyFiles::Pkcs12 { keystore, password }));
    let error = read("key_file = 'k.p12'").unwrap_err()[0].to_string();
    assert!(error.contains("node.key_file: given together with keystore_file"), "{error}");
    let error = read("keystore_password = 'segreto'").unwrap_err()[0].to_string();
    assert!(error.contains("a secret is not written") && !error.contains("segreto"), "{error}");
}

#[test]
fn days_of_warning_descend() {
    for days in ["[]", "[7, 30]", "[7, 7]", "[0]"] {
        let error = one(&format!("[certificates]\nwarn_days = {days}"));
        assert!(error.contains("certificates.warn_days: wanted at least one number of days"), "{error}");
    }
    assert!(one("[certificates]\noutdated_crl = 'ignore'").contains("wanted one of warn, refuse"));
}

#[test]
fn the_machines_own_authorities_or_a_file_of_them() {
    let error = one("[node]\nsystem_roots = true\nca_file = '/etc/hosts'");
    assert!(error.contains("node.ca_file: given together with system_roots"), "{error}");
}
