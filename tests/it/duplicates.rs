//! The same message again: the recorded verdict for a twin, EGOV_IT_110 for a clash, a free way after an error.

use egov_bridge::sandbox::control::Behaviour;

use crate::envelope::{Dress, Envelope, comunicazione, documento, envelope};
use crate::reply::Reply;
use crate::wire::Request;
use crate::world::{Home, Setup, World};

const CLASH: [(&str, &str); 1] = [("EGOV_IT_110", "Messaggio/Identificatore")];

/// Sends the twin, and holds its reply against the recorded one, byte for byte.
async fn is_answered_from_the_record(world: &World, twin: &Envelope, recorded: &Reply) {
    let again = world.send(twin).await;
    assert_eq!(again.body, recorded.body, "{again}");
    assert_eq!(again.status, recorded.status);
    assert_eq!(again.header("egov-bridge-reference"), recorded.header("egov-bridge-reference"));
    assert_eq!(world.at_node(twin.id()).len(), 1);
    assert_eq!(world.records_of(twin.id()).await.len(), 1);
}

#[tokio::test]
async fn a_twin_is_answered_from_the_record() {
    let world = World::start().await;
    for azione in ["invioSAP", "verificaEsistenzaSAP", "recuperaListaSAPNonAttive"] {
        let request = envelope().azione(azione);
        let recorded = world.send(&request).await;
        recorded.is_ordinary();
        is_answered_from_the_record(&world, &request, &recorded).await;
    }
}

#[tokio::test]
async fn a_twin_is_known_by_what_it_says_and_not_by_how_it_is_written() {
    let world = World::start().await;
    let request = comunicazione(&documento("unilav-assunzione.xml"));
    let recorded = world.send(&request).await;
    let redated = request.clone().ora("2026-01-15T09:30:59.999");
    is_answered_from_the_record(&world, &redated, &recorded).await;
    for dress in [Dress::Cdata, Dress::Nested, Dress::InBody] {
        is_answered_from_the_record(&world, &request.clone().dress(dress), &recorded).await;
    }
    let prefixes = request.clone().edit("xmlns:typ", "xmlns:t").edit("typ:", "t:").edit("soapenv", "s");
    is_answered_from_the_record(&world, &prefixes, &recorded).await;
    let xml = documento("unilav-assunzione.xml");
    let rewritten = xml.replace("><", "> <").replace(" xmlns=", "\n  xmlns=").replace("</", "<!-- x --></");
    is_answered_from_the_record(&world, &request.clone().document(&rewritten), &recorded).await;
}

#[tokio::test]
async fn another_document_under_a_known_identifier_is_a_clash() {
    let world = World::start().await;
    let request = comunicazione(&documento("unilav-assunzione.xml"));
    let recorded = world.send(&request).await;
    let other = request.clone().document(&documento("unilav-assunzione.xml").replace("BIANCHI", "BIANCHINI"));
    world.send(&other).await.is_refused_with(&CLASH);
    let stati: Vec<_> =
        world.records_of(request.id()).await.iter().map(|life| life.summary.stato.to_string()).collect();
    assert_eq!(stati, ["delivered OK", "refused"]);
    assert_eq!(world.at_node(request.id()).len(), 1);
    assert_eq!(world.send(&request).await.body, recorded.body, "the clash does not unseat the first");
}

#[tokio::test]
async fn the_same_document_for_another_action_is_a_clash() {
    // richiestaSAP and annullaSAP carry the same document: the answer to a question must not pass for an annulment.
    let world = World::start().await;
    let asks = envelope().azione("richiestaSAP");
    world.send(&asks).await.is_ordinary();
    let annuls = envelope().azione("annullaSAP").identificatore(asks.id());
    world.send(&annuls).await.is_refused_with(&CLASH);
}

#[tokio::test]
async fn a_twin_waits_for_the_message_that_is_on_its_way() {
    let world = World::start().await;
    world.node_once(Behaviour::Delay { millis: 300 });
    let request = envelope().azione("invioSAP");
    let (first, twins) = tokio::join!(world.send(&request), async {
        world.reached_node(request.id()).await;
        tokio::join!(world.send(&request), world.send(&request))
    });
    first.is_ordinary();
    assert_eq!((&twins.0.body, &twins.1.body), (&first.body, &first.body));
    assert_eq!(world.at_node(request.id()).len(), 1);
}

#[tokio::test]
async fn a_twin_of_a_message_whose_fate_stays_unknown_is_told_no_more_than_the_first() {
    let world = Setup { node: "first_byte_ms = 300\ntotal_ms = 300\nconnect_ms = 300", ..Setup::default() };
    let world = world.start().await;
    world.node_once(Behaviour::Delay { millis: 1_000_000 });
    let request = envelope().azione("invioSAP");
    let (first, twin) = tokio::join!(world.send(&request), async {
        world.reached_node(request.id()).await;
        world.send(&request).await
    });
    first.is_processing_fault();
    twin.is_processing_fault();
    assert_eq!(world.at_node(request.id()).len(), 1);
    world.is_well().await;
}

#[tokio::test]
async fn of_twins_that_come_at_once_one_is_carried() {
    let world = World::start().await;
    let request = envelope().azione("invioSAP");
    let send = || world.send(&request);
    let (a, b, c, d) = tokio::join!(send(), send(), send(), send());
    a.is_ordinary();
    for twin in [b, c, d] {
        assert_eq!(twin.body, a.body);
    }
    assert_eq!(world.at_node(request.id()).len(), 1);
}

#[tokio::test]
async fn a_clash_does_not_wait_for_the_message_that_is_on_its_way() {
    let world = World::start().await;
    world.node_once(Behaviour::Delay { millis: 300 });
    let request = envelope().azione("invioSAP");
    let other = request.clone().azione("invioSAP").document(&documento("scheda-completa.xml"));
    let (first, clash) = tokio::join!(world.send(&request), async {
        world.reached_node(request.id()).await;
        world.send(&other).await
    });
    first.is_ordinary();
    clash.is_refused_with(&CLASH);
}

#[tokio::test]
async fn a_twin_is_answered_after_a_restart() {
    let mut world = World::start().await;
    let request = envelope().azione("invioSAP");
    let recorded = world.send(&request).await;
    world.restart().await;
    is_answered_from_the_record(&world, &request, &recorded).await;
}

#[tokio::test]
async fn a_twin_is_answered_although_the_schemas_have_changed() {
    let home = Home::new();
    let xsd = home.folder.path().join("xsd");
    crate::data_only::copy(&crate::envelope::repository("xsd"), &xsd);
    let mut world = Setup { xsd: Some(xsd.clone()), ..Setup::default() }.start_in(home).await;
    let request = comunicazione(&documento("unilav-assunzione.xml"));
    let recorded = world.send(&request).await;
    recorded.is_ordinary();
    let form = xsd.join("co/unilav.xsd");
    let stricter = std::fs::read_to_string(&form)
        .unwrap()
        .replace("name=\"RetribuzioneCompenso\"", "name=\"Stipendio\"");
    std::fs::write(form, stricter).unwrap();
    world.restart().await;
    is_answered_from_the_record(&world, &request, &recorded).await;
    let new = comunicazione(&documento("unilav-assunzione.xml"));
    assert_eq!(world.send(&new).await.member("Esito"), "KO", "the new schema is in force");
}

#[tokio::test]
async fn a_rejection_by_the_node_is_a_verdict_too() {
    let world = World::start().await;
    world.node_once(Behaviour::Ko {
        codice: "S901".to_owned(),
        descrizione: "Identificativo errato".to_owned(),
    });
    let request = envelope().azione("invioSAP");
    let recorded = world.send(&request).await;
    assert_eq!(recorded.is_ordinary().member("Esito"), "KO");
    assert_eq!(world.stato_of(request.id()).await, "delivered KO");
    is_answered_from_the_record(&world, &request, &recorded).await;
}

#[tokio::test]
async fn a_refusal_by_the_bridge_does_not_block_the_corrected_message() {
    let world = World::start().await;
    let request = comunicazione(&documento("non-validi/unilav-piu-errori.xml"));
    assert_eq!(world.send(&request).await.member("Esito"), "KO");
    let corrected = request.document(&documento("unilav-assunzione.xml"));
    assert_eq!(world.send(&corrected).await.is_ordinary().member("Esito"), "OK");
}

#[tokio::test]
async fn a_processing_error_does_not_block_the_retry() {
    let world = World::start().await;
    let request = envelope().azione("invioSAP");
    for _ in 0..2 {
        world.node_once(Behaviour::Unavailable { retry_after: 1 });
        world.send(&request).await.is_processing_fault();
    }
    assert_eq!(world.send(&request).await.is_ordinary().member("Esito"), "OK");
    let stati: Vec<_> =
        world.records_of(request.id()).await.iter().map(|life| life.summary.stato.to_string()).collect();
    assert_eq!(stati, ["refused_by_node", "refused_by_node", "delivered OK"]);
}

#[tokio::test]
async fn a_twin_without_soap_action_is_refused_like_any_other() {
    let world = World::start().await;
    let request = envelope().azione("invioSAP");
    world.send(&request).await.is_ordinary();
    let post = Request::post(request.to_xml()).without("SOAPAction");
    world.ask(&post).await.is_bare_processing_fault();
}
