//! What the log never says: who the messages are about.

use serde_json::Value;

use egov_bridge::sandbox::control::{Behaviour, ResetWhen};

use crate::envelope::{comunicazione, documento, envelope, repository, sample};
use crate::stub_node::{StubNode, Told};
use crate::world::{Home, Setup, World};

/// Everything in the sample documents that names or finds a person: codici fiscali, names, addresses, contacts.
fn personal() -> Vec<String> {
    const FIELDS: [&str; 12] = [
        "cognome",
        "nome",
        "codicefiscale",
        "codice-fiscale",
        "codiceFiscale",
        "indirizzo",
        "Indirizzo",
        "telefono",
        "cellulare",
        "email",
        "e-mail",
        "denominazione",
    ];
    let mut found = Vec::new();
    for folder in ["samples/documenti", "samples/documenti/non-validi"] {
        for entry in std::fs::read_dir(repository(folder)).unwrap().flatten() {
            let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
            let Ok(document) = roxmltree::Document::parse(&text) else { continue };
            for at in document.descendants().filter(roxmltree::Node::is_element) {
                if FIELDS.contains(&at.tag_name().name()) {
                    found.extend(at.text().map(|text| text.trim().to_owned()));
                }
                let attributes = at.attributes().filter(|attribute| FIELDS.contains(&attribute.name()));
                found.extend(attributes.map(|attribute| attribute.value().to_owned()));
            }
        }
    }
    found.retain(|value| value.chars().count() >= 4 && value != "LAZIO");
    found.sort();
    found.dedup();
    assert!(found.len() > 40 && found.iter().any(|value| value == "RSSMRA85T10A562S"), "{found:?}");
    found
}

#[track_caller]
fn says_nothing_personal(world: &World, lines: usize) {
    let log = world.log();
    let messages = log.iter().filter(|line| line.contains("event=\"message\"")).count();
    assert!(messages >= lines, "{messages} lines about messages");
    for value in personal() {
        if let Some(line) = log.iter().find(|line| line.contains(&value)) {
            panic!("{value:?} is in the log:\n{line}");
        }
    }
}

#[tokio::test]
async fn not_about_messages_that_pass() {
    let world = World::start().await;
    let mut sent = 0;
    for entry in std::fs::read_dir(repository("samples")).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        if name.ends_with(".xml") {
            world.post(sample(&name)).await;
            sent += 1;
        }
    }
    says_nothing_personal(&world, sent);
}

#[tokio::test]
async fn not_about_messages_that_are_refused() {
    let world = World::start().await;
    let mut sent = 0;
    for entry in std::fs::read_dir(repository("samples/documenti/non-validi")).unwrap().flatten() {
        let document = std::fs::read_to_string(entry.path()).unwrap();
        world.send(&comunicazione(&document)).await;
        world.send(&envelope().azione("invioSAP").document(&document)).await;
        sent += 2;
    }
    for entry in std::fs::read_dir(repository("samples/rifiutati")).unwrap().flatten() {
        world.post(std::fs::read(entry.path()).unwrap()).await;
        sent += 1;
    }
    // Whole documents where a name, a word or nothing should be.
    let person = documento("scheda-anagrafico-professionale.xml");
    world.post(person.as_str()).await;
    world.send(&envelope().body(&person)).await;
    world.send(&envelope().header_azione("RSSMRA85T10A562S")).await;
    world.send(&envelope().azione("invioSAP").document("ROSSI MARIO RSSMRA85T10A562S")).await;
    says_nothing_personal(&world, sent + 4);
}

#[tokio::test]
async fn not_about_messages_that_fail_at_the_node() {
    let world = World::start().await;
    let said = "RSSMRA85T10A562S ROSSI MARIO, VIA DI PROVA, 1".to_owned();
    let behaviours = [
        Behaviour::Ko { codice: "S900".to_owned(), descrizione: said },
        Behaviour::Reset { when: ResetWhen::AfterReading },
        Behaviour::Html { status: 502 },
        Behaviour::Status { status: 422 },
        Behaviour::Truncated,
    ];
    let all = behaviours.len();
    for behaviour in behaviours {
        world.node_once(behaviour.clone());
        world.send(&envelope().azione("invioSAP")).await;
        world.node_once(behaviour);
        world.send(&envelope().azione("verificaEsistenzaSAP")).await;
    }
    says_nothing_personal(&world, 2 * all);
}

#[tokio::test]
async fn not_even_when_the_node_says_it() {
    const SAID: &str = "RSSMRA85T10A562S ROSSI MARIO, VIA DI PROVA, 1";
    let problem = format!(r#"{{"title":"{SAID}","detail":"{SAID}","elaborata":false}}"#);
    let ko = |id: &Value| {
        format!(
            r#"{{"direzione":"RISPOSTA","riferimentoMessaggio":{id},"esito":{{"codice":"KO","messaggioErrore":"{SAID}"}}}}"#
        )
    };
    let home = Home::new();
    let node = StubNode::start(&home.pki, move |asked| match asked["azione"].as_str() {
        Some("invioSAP") => Told {
            status: "422 Unprocessable Content",
            content_type: "application/problem+json",
            body: problem.clone(),
        },
        _ => Told { status: "200 OK", content_type: "application/json", body: ko(&asked["identificatore"]) },
    })
    .await;
    let world = Setup { node_at: Some(node.address), ..Setup::default() }.start_in(home).await;
    let reply = world.send(&envelope().azione("invioSAP")).await;
    assert!(reply.is_ordinary().anomalie()[0].descrizione.contains(SAID), "the sender is told");
    let reply = world.send(&envelope().azione("annullaSAP")).await;
    assert_eq!(reply.is_ordinary().member("MessaggioErrore"), SAID);
    let fault = world.send(&envelope().azione("richiestaSAP")).await.is_service_fault();
    assert_eq!(fault.string, SAID);
    says_nothing_personal(&world, 3);
}
