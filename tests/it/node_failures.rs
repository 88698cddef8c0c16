//! What a region sees of a node in trouble, what the journal says of it, and what becomes of the retry.

use std::time::Instant;

use egov_bridge::sandbox::control::{Behaviour, ResetWhen};

use crate::envelope::{Envelope, envelope};
use crate::reply::Reply;
use crate::stub_node::{StubNode, Told};
use crate::wire::PATIENCE;
use crate::world::{Home, Setup, World};

fn write() -> Envelope {
    envelope().azione("invioSAP")
}

/// Kind C under a busta that answers the request; returns it.
async fn fails(world: &World, request: &Envelope) -> Reply {
    let reply = world.send(request).await;
    reply.is_processing_fault();
    assert_eq!(reply.busta("Messaggio/RiferimentoMessaggio").as_deref(), Some(request.id()));
    assert_eq!(reply.busta("Mittente/IdentificativoParte").as_deref(), Some("NAZIONALE"));
    reply
}

/// The message may have been executed: a write waits for the operator, and the node is not asked again.
async fn is_held(world: &World, request: &Envelope) {
    let reached = world.at_node(request.id()).len();
    fails(world, request).await;
    assert_eq!(world.at_node(request.id()).len(), reached);
    let records = world.records_of(request.id()).await;
    assert_eq!(records[0].summary.stato.to_string(), "unknown");
    world.is_well().await;
}

#[tokio::test]
async fn a_node_that_is_down_has_executed_nothing_and_the_retry_passes() {
    let mut world = World::start().await;
    world.node_goes_down().await;
    let request = write();
    fails(&world, &request).await;
    assert_eq!(world.stato_of(request.id()).await, "failed");
    assert!(world.line_about(request.id()).contains("outcome=\"failed\""));
    world.node_comes_back().await;
    assert_eq!(world.send(&request).await.is_ordinary().member("Esito"), "OK");
}

#[tokio::test]
async fn a_node_that_restarts_between_two_messages_costs_none() {
    let mut world = World::start().await;
    world.send(&write()).await.is_ordinary();
    world.node_goes_down().await;
    world.node_comes_back().await;
    world.send(&write()).await.is_ordinary();
}

#[tokio::test]
async fn an_answer_after_the_deadline_is_not_waited_for() {
    let world = Setup { node: "first_byte_ms = 150\ntotal_ms = 300\nconnect_ms = 300", ..Setup::default() };
    let world = world.start().await;
    world.node_once(Behaviour::Delay { millis: 1_000_000 });
    let request = write();
    let asked = Instant::now();
    fails(&world, &request).await;
    // Generous: the machine may be busy. Without the deadline it would be a thousand seconds.
    assert!(asked.elapsed() < PATIENCE);
    assert_eq!(world.stato_of(request.id()).await, "unknown");
    assert!(world.line_about(request.id()).contains("outcome=\"unknown\""));
    assert!(world.at_node(request.id())[0].executed, "the node did act");
    is_held(&world, &request).await;
}

#[tokio::test]
async fn a_question_whose_fate_is_unknown_is_asked_again_under_its_record() {
    let world = World::start().await;
    world.node_once(Behaviour::Reset { when: ResetWhen::AfterReading });
    let request = envelope().azione("verificaEsistenzaSAP");
    fails(&world, &request).await;
    assert_eq!(world.stato_of(request.id()).await, "unknown");
    world.send(&request).await.is_ordinary();
    let life = world.record_of(request.id()).await;
    assert_eq!((life.summary.stato.to_string().as_str(), life.attempts.len()), ("delivered OK", 2));
    assert_eq!(world.at_node(request.id()).len(), 2);
}

#[tokio::test]
async fn a_connection_reset_after_the_request_was_read_leaves_its_fate_unknown() {
    let world = World::start().await;
    world.node_once(Behaviour::Reset { when: ResetWhen::AfterReading });
    let request = write();
    fails(&world, &request).await;
    assert_eq!(world.stato_of(request.id()).await, "unknown");
    is_held(&world, &request).await;
}

#[tokio::test]
async fn a_connection_reset_before_the_request_was_read_is_not_called_a_failure() {
    // Nobody at this end can tell that the node had read nothing.
    let world = World::start().await;
    world.node_once(Behaviour::Reset { when: ResetWhen::BeforeReading });
    let request = write();
    fails(&world, &request).await;
    assert!(world.at_node(request.id()).is_empty());
    assert_eq!(world.stato_of(request.id()).await, "unknown");
    is_held(&world, &request).await;
}

#[tokio::test]
async fn answers_that_settle_nothing_leave_the_fate_unknown() {
    for behaviour in [
        Behaviour::Html { status: 502 },
        Behaviour::Html { status: 200 },
        Behaviour::Html { status: 403 },
        Behaviour::Status { status: 500 },
        Behaviour::Status { status: 504 },
        Behaviour::Truncated,
    ] {
        let world = World::start().await;
        world.node_once(behaviour.clone());
        let request = write();
        fails(&world, &request).await;
        assert_eq!(world.stato_of(request.id()).await, "unknown", "{behaviour:?}");
        is_held(&world, &request).await;
    }
}

#[tokio::test]
async fn nonsense_in_the_dress_of_an_answer_leaves_the_fate_unknown() {
    const JSON: &str = "application/json";
    let answers = [
        (JSON, "{}"),
        (JSON, r#"{"direzione":"RISPOSTA","riferimentoMessaggio":"ALTRO","esito":{"codice":"OK"}}"#),
        (JSON, r#"{"direzione":"RISPOSTA","riferimentoMessaggio":"#),
        ("text/plain", "OK"),
        (JSON, "\u{feff}null"),
    ];
    for (content_type, body) in answers {
        let home = Home::new();
        let told = move |_: &_| Told { status: "200 OK", content_type, body: body.to_owned() };
        let node = StubNode::start(&home.pki, told).await;
        let world = Setup { node_at: Some(node.address), ..Setup::default() }.start_in(home).await;
        let request = write();
        fails(&world, &request).await;
        assert_eq!(world.stato_of(request.id()).await, "unknown", "{body}");
        assert_eq!(node.received().len(), 1);
    }
}

#[tokio::test]
async fn a_verdict_that_the_contract_has_no_words_for_leaves_the_fate_unknown() {
    // Well formed, to this message, and with an Esito that no schema knows.
    let home = Home::new();
    let node = StubNode::start(&home.pki, |json| {
        let id = &json["identificatore"];
        let body =
            format!(r#"{{"direzione":"RISPOSTA","riferimentoMessaggio":{id},"esito":{{"codice":"FORSE"}}}}"#);
        Told { status: "200 OK", content_type: "application/json", body }
    })
    .await;
    let world = Setup { node_at: Some(node.address), ..Setup::default() }.start_in(home).await;
    let request = write();
    fails(&world, &request).await;
    assert_eq!(world.stato_of(request.id()).await, "unknown");
}

#[tokio::test]
async fn a_node_that_is_busy_says_when_to_come_again() {
    let world = World::start().await;
    world.node_once(Behaviour::Unavailable { retry_after: 7 });
    let request = write();
    assert_eq!(fails(&world, &request).await.retry_after(), Some(7));
    assert_eq!(world.stato_of(request.id()).await, "refused_by_node");
    assert_eq!(world.send(&request).await.is_ordinary().member("Esito"), "OK");
}

#[tokio::test]
async fn a_node_that_does_not_know_us_is_not_the_senders_fault() {
    for status in [401, 403, 404] {
        let world = World::start().await;
        world.node_once(Behaviour::Status { status });
        let request = write();
        fails(&world, &request).await;
        assert_eq!(world.stato_of(request.id()).await, "refused_by_node", "{status}");
        assert_eq!(world.send(&request).await.is_ordinary().member("Esito"), "OK");
    }
}

#[tokio::test]
async fn a_document_that_the_node_refuses_is_a_ko() {
    let world = World::start().await;
    world.node_once(Behaviour::Status { status: 422 });
    let request = write();
    let reply = world.send(&request).await;
    assert_eq!(reply.is_ordinary().member("Esito"), "KO");
    assert_eq!(reply.anomalie()[0].codice, "EB-NODE");
    assert_eq!(world.stato_of(request.id()).await, "delivered KO");
}

#[tokio::test]
async fn the_anomalies_of_the_node_reach_the_sender() {
    let world = World::start().await;
    let (codice, descrizione) = ("S901".to_owned(), "Identificativo <errato> & doppio".to_owned());
    world.node_once(Behaviour::Ko { codice, descrizione });
    let reply = world.send(&write()).await;
    assert_eq!(
        (reply.is_ordinary().member("Esito"), reply.member("CodiceSAP")),
        ("KO".into(), String::new())
    );
    let anomalie = reply.anomalie();
    assert_eq!(anomalie.len(), 1);
    assert_eq!(
        (anomalie[0].codice.as_str(), anomalie[0].descrizione.as_str()),
        ("S901", "Identificativo <errato> & doppio")
    );
}

#[tokio::test]
async fn a_ko_to_a_question_without_esito_is_a_fault_of_the_service() {
    let world = World::start().await;
    world.node_once(Behaviour::Ko { codice: "S900".to_owned(), descrizione: "Non ammesso".to_owned() });
    let request = envelope().azione("richiestaSAP");
    let fault = world.send(&request).await.is_service_fault();
    assert_eq!(fault.code, "soap:Client");
    assert!(
        fault.detail.is_some_and(|detail| detail.contains("Non ammesso")),
        "what the node said must be told"
    );
    assert_eq!(world.stato_of(request.id()).await, "delivered KO");
}

#[tokio::test]
async fn the_limit_of_invocations_is_said_where_each_contract_says_it_and_is_no_verdict() {
    let world = World::start().await;
    let limit = "Limite invocazioni raggiunto";
    for (azione, member, said) in [
        ("invioSAP", "Esito", "X001"),
        ("annullaSAP", "Esito", "KO"),
        ("verificaEsistenzaSAP", "CodiceSAP", "X001 - Limite invocazioni raggiunto"),
        ("richiestaSAP", "SAP", "X001 - Limite invocazioni raggiunto"),
        ("recuperaListaSAPNonAttive", "SAPs", "X001 - Limite invocazioni raggiunto"),
    ] {
        world.node_once(Behaviour::Ko { codice: "X001".to_owned(), descrizione: limit.to_owned() });
        let request = envelope().azione(azione);
        let reply = world.send(&request).await;
        assert_eq!(reply.is_ordinary().member(member), said, "{azione}");
        assert_eq!(world.stato_of(request.id()).await, "refused_by_node", "{azione}");
        // The same message may come again, and is not answered from the record.
        world.send(&request).await.is_ordinary();
        assert_eq!(world.at_node(request.id()).len(), 2, "{azione}");
    }
}

#[tokio::test]
async fn what_nobody_knows_is_settled_by_the_operator() {
    use egov_bridge::journal::Resolution;
    for (resolution, passes) in [(Resolution::Executed, false), (Resolution::NotExecuted, true)] {
        let world = World::start().await;
        world.node_once(Behaviour::Reset { when: ResetWhen::BeforeReading });
        let request = write();
        fails(&world, &request).await;
        let id = world.record_of(request.id()).await.summary.id;
        let _ =
            world.gateway().journal().resolve(id, resolution, "operatore", "chiesto al nodo").await.unwrap();
        let retry = world.send(&request).await;
        match passes {
            true => assert_eq!(retry.is_ordinary().member("Esito"), "OK"),
            false => _ = retry.is_refused_with(&[("EGOV_IT_110", "Messaggio/Identificatore")]),
        }
    }
}
