//! Health, metrics, contracts.

use serde_json::Value;

use egov_bridge::sandbox::control::{Behaviour, ResetWhen};

use crate::envelope::{comunicazione, documento, envelope, repository};
use crate::wire::Request;
use crate::world::{World, metrics};

#[tokio::test]
async fn a_gateway_is_alive_and_ready_and_says_why() {
    let world = World::start().await;
    let alive = world.admin("/health/live").await;
    assert_eq!((alive.status, alive.text()), (200, "alive\n"));
    let ready = world.admin("/health/ready").await;
    let said: Value = serde_json::from_str(ready.text()).unwrap();
    assert_eq!((ready.status, said["status"].as_str()), (200, Some("ready")));
    let checks = said["checks"].as_array().unwrap();
    let names: Vec<_> = checks.iter().map(|check| check["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "journal",
            "unknown outcomes",
            "schemas and services",
            "certificate listeners.pdd",
            "certificate node"
        ]
    );
    assert!(checks.iter().all(|check| check["state"] == "passing"), "{said:#}");
}

#[tokio::test]
async fn messages_of_unknown_fate_are_a_warning_and_keep_nobody_out() {
    let world = World::start().await;
    world.node_once(Behaviour::Reset { when: ResetWhen::AfterReading });
    world.send(&envelope().azione("invioSAP")).await.is_processing_fault();
    let ready = world.admin("/health/ready").await;
    let said: Value = serde_json::from_str(ready.text()).unwrap();
    let check = said["checks"].as_array().unwrap().iter().find(|check| check["name"] == "unknown outcomes");
    assert_eq!((ready.status, check.unwrap()["state"].as_str()), (200, Some("warning")));
}

#[tokio::test]
async fn certificates_that_have_run_out_make_the_gateway_unready() {
    let world = World::start().await;
    world.clock.set("2999-01-01T00:00:00Z".parse().unwrap());
    let ready = world.admin("/health/ready").await;
    assert_eq!(ready.status, 503);
    assert!(ready.text().contains("expired at"), "{}", ready.text());
    assert_eq!(world.admin("/health/live").await.status, 200);
}

#[tokio::test]
async fn the_shipped_configuration_starts_with_its_sandbox() {
    let folder = tempfile::tempdir().unwrap();
    // As it is, but for where it writes, where its data are, and which ports it takes.
    let mut config = std::fs::read_to_string(repository("config.toml")).unwrap();
    for port in [8080, 8443, 8444, 9090, 9443, 9080, 9091] {
        let address = format!("\"127.0.0.1:{port}\"");
        assert!(config.contains(&address), "{address}");
        config = config.replace(&address, "\"127.0.0.1:0\"");
    }
    config = config.replace("data = \"data\"", &format!("data = {:?}", folder.path().join("data")));
    let config = egov_bridge::config::from_text(&config, &repository(""), &|_| None).unwrap();
    let clock = egov_bridge::clock::Clock::system();
    let gateway = egov_bridge::gateway::Gateway::start(&config, clock, metrics()).await.unwrap();
    let names: Vec<_> = gateway.places().iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["pdd", "pdd-tls", "rest", "admin"]);
    assert!(gateway.sandbox().is_some_and(|sandbox| sandbox.node().control_address().is_some()));
    assert!(
        folder.path().join("data/pki/ca.pem").is_file()
            && folder.path().join("data/journal.sqlite").is_file()
    );
    gateway.stop().await;
}

/// The value of a sample, by its name and the labels that it must have among others.
fn value(metrics: &str, name: &str, labels: &[&str]) -> f64 {
    let samples = metrics.lines().filter(|line| line.starts_with(name));
    samples
        .filter(|line| labels.iter().all(|label| line.contains(label)))
        .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
        .sum()
}

#[tokio::test]
async fn every_message_is_counted_by_service_action_and_outcome() {
    let world = World::start().await;
    let metrics = async || world.admin("/metrics").await.text().to_owned();
    let before = metrics().await;

    let request = envelope().azione("richiestaCodSAPRegTitolare");
    world.send(&request).await.is_ordinary();
    world.send(&request).await.is_ordinary();
    world.send(&comunicazione(&documento("non-validi/unilav-piu-errori.xml"))).await.is_ordinary();
    world.node_once(Behaviour::Ko { codice: "S900".to_owned(), descrizione: "no".to_owned() });
    world.send(&envelope().azione("annullaSAP")).await.is_ordinary();
    world.node_once(Behaviour::Reset { when: ResetWhen::AfterReading });
    world.send(&envelope().azione("annullaSAP")).await.is_processing_fault();
    world.post("<non-xml").await.is_format_fault();

    let after = metrics().await;
    // Other worlds of this process count too: what is grown is at least ours.
    let grown = |name: &str, labels: &[&str]| value(&after, name, labels) - value(&before, name, labels);
    let messages = "egov_bridge_messages_total";
    let (sap, co) = ("servizio=\"ServiziSAP\"", "servizio=\"InviaComunicazioneObbligatoria\"");
    let titolare = "azione=\"richiestaCodSAPRegTitolare\"";
    let annulla = "azione=\"annullaSAP\"";
    assert!(
        grown(messages, &["direction=\"inbound\"", sap, titolare, "outcome=\"accepted\""]) >= 2.0,
        "{after}"
    );
    assert!(grown(messages, &[co, "outcome=\"refused\""]) >= 1.0, "{after}");
    assert!(grown(messages, &[sap, annulla, "outcome=\"rejected\""]) >= 1.0, "{after}");
    assert!(grown(messages, &[sap, annulla, "outcome=\"unknown\""]) >= 1.0, "{after}");
    assert!(grown(messages, &["servizio=\"unrecognised\"", "outcome=\"refused\""]) >= 1.0, "{after}");
    assert!(grown("egov_bridge_duplicates_total", &[titolare]) >= 1.0, "{after}");
    assert!(grown("egov_bridge_unknown_total", &[annulla]) >= 1.0, "{after}");
    for phase in
        ["admit", "decode", "recognise", "look-up", "translate", "intend", "forward", "conclude", "reply"]
    {
        let phase = format!("phase=\"{phase}\"");
        assert!(grown("egov_bridge_phase_seconds_count", &[&phase]) >= 1.0, "{phase} in {after}");
    }
    assert!(value(&after, "egov_bridge_journal_up", &[]) >= 1.0, "{after}");
    for certificate in ["certificate=\"node\"", "certificate=\"listeners.pdd\""] {
        let expiry = value(&after, "egov_bridge_tls_certificate_expiry_timestamp_seconds", &[certificate]);
        assert!(expiry > 1e9, "{certificate} in {after}");
    }
}

#[tokio::test]
async fn what_a_peer_wrote_never_becomes_a_label() {
    let world = World::start().await;
    world.send(&envelope().servizio("ServizioInventato")).await;
    world.send(&envelope().header_azione("AzioneInventata")).await;
    world.send(&envelope().mittente("SoggettoInventato")).await;
    let metrics = world.admin("/metrics").await;
    assert!(!metrics.text().contains("Inventat"), "{}", metrics.text());
}

#[tokio::test]
async fn the_contract_of_a_service_has_the_address_under_which_it_was_asked_for() {
    let world = World::start().await;
    for (servizio, port) in
        [("ServiziSAP", "invioSAP"), ("InviaComunicazioneObbligatoria", "InviaComunicazioneObbligatoria")]
    {
        let question = Request::get(&format!("/pdd/{servizio}?wsdl")).header("Host", "porta.regione.it:8080");
        let contract = world.ask(&question).await;
        assert_eq!(
            (contract.status, contract.header("content-type")),
            (200, Some("text/xml; charset=utf-8"))
        );
        let wsdl = roxmltree::Document::parse(contract.text()).unwrap();
        let address = wsdl.descendants().find(|at| at.tag_name().name() == "address").unwrap();
        assert_eq!(address.attribute("location"), Some("http://porta.regione.it:8080/pdd"));
        assert!(
            wsdl.descendants()
                .any(|at| at.tag_name().name() == "operation" && at.attribute("name") == Some(port))
        );
    }
}

#[tokio::test]
async fn the_contract_over_tls_says_https() {
    let world = World::start().await;
    let question = Request::get("/pdd/ServiziSAP?wsdl").header("Host", "porta.regione.it");
    let contract = world.connect_as("LAZIO").await.unwrap().ask(&question).await;
    assert!(contract.text().contains("\"https://porta.regione.it/pdd\""), "{}", contract.text());
}

#[tokio::test]
async fn a_host_that_is_none_does_not_get_into_the_contract() {
    let world = World::start().await;
    let question = Request::get("/pdd/ServiziSAP?wsdl").header("Host", "x\"/><script>");
    let contract = world.ask(&question).await;
    assert!(!contract.text().contains("script"), "{contract}");
}

#[tokio::test]
async fn there_is_no_contract_of_what_is_not_offered() {
    let world = World::start().await;
    for path in ["/pdd/Altro?wsdl", "/pdd/../config.toml?wsdl", "/pdd/?wsdl", "/pdd/sapWS.wsdl?wsdl"] {
        assert_eq!(world.ask(&Request::get(path)).await.status, 404, "{path}");
    }
}
