//! Stopping, starting, dying: no message is lost, none is sent twice, none is left in between.

use egov_bridge::sandbox::control::Behaviour;

use crate::envelope::envelope;
use crate::wire::{Request, until};
use crate::world::World;

#[tokio::test]
async fn a_message_in_hand_is_finished_before_the_gateway_stops() {
    let mut world = World::start().await;
    world.node_once(Behaviour::Delay { millis: 200 });
    let request = envelope().azione("invioSAP");
    let mut porta = world.connect().await;
    let post = Request::post(request.to_xml());
    let asked = tokio::spawn(async move { porta.ask(&post).await });
    world.reached_node(request.id()).await;
    world.stop().await;
    assert_eq!(asked.await.unwrap().is_ordinary().member("Esito"), "OK");
}

#[tokio::test]
async fn nobody_is_let_in_while_the_gateway_stops() {
    let mut world = World::start().await;
    world.node_once(Behaviour::Delay { millis: 200 });
    let request = envelope().azione("invioSAP");
    let mut porta = world.connect().await;
    let address = world.address("pdd");
    let post = Request::post(request.to_xml());
    let asked = tokio::spawn(async move { porta.ask(&post).await });
    world.reached_node(request.id()).await;
    let turned_away = async {
        until("the listener is closed", async || tokio::net::TcpStream::connect(address).await.is_err())
            .await;
    };
    tokio::join!(world.stop(), turned_away);
    asked.await.unwrap().is_ordinary();
}

#[tokio::test]
async fn a_message_is_concluded_although_its_sender_has_hung_up() {
    let world = World::start().await;
    world.node_once(Behaviour::Delay { millis: 100 });
    let request = envelope().azione("invioSAP");
    let mut porta = world.connect().await;
    let post = Request::post(request.to_xml());
    let asking = tokio::spawn(async move { porta.ask(&post).await });
    world.reached_node(request.id()).await;
    asking.abort();
    let concluded = async || world.stato_of(request.id()).await == "delivered OK";
    until("the message is concluded", concluded).await;
    assert_eq!(world.send(&request).await.is_ordinary().member("CodiceSAP"), "AA00000001A");
    assert_eq!(world.at_node(request.id()).len(), 1);
}

#[tokio::test]
async fn a_write_that_was_with_the_node_when_the_process_died_is_unknown_and_held() {
    let world = World::start().await;
    world.node_once(Behaviour::Delay { millis: 200 });
    let request = envelope().azione("invioSAP");
    let (_, next) = tokio::join!(world.send(&request), async {
        world.reached_node(request.id()).await;
        world.killed_here_and_started_again().await
    });
    assert_eq!(next.stato_of(request.id()).await, "unknown");
    assert!(next.log().iter().any(|line| line.contains("recovered-unknown")));
    next.send(&request).await.is_processing_fault();
    assert_eq!(world.at_node(request.id()).len(), 1);
    next.is_well().await;
}

#[tokio::test]
async fn a_question_that_was_with_the_node_when_the_process_died_is_asked_again() {
    let world = World::start().await;
    world.node_once(Behaviour::Delay { millis: 200 });
    let request = envelope().azione("verificaEsistenzaSAP");
    let (_, next) = tokio::join!(world.send(&request), async {
        world.reached_node(request.id()).await;
        world.killed_here_and_started_again().await
    });
    assert_eq!(next.stato_of(request.id()).await, "unknown");
    next.send(&request).await.is_ordinary();
    assert_eq!(next.stato_of(request.id()).await, "delivered OK");
}

#[tokio::test]
async fn what_was_answered_before_the_process_died_is_answered_again() {
    let world = World::start().await;
    let request = envelope().azione("invioSAP");
    let recorded = world.send(&request).await;
    let next = world.killed_here_and_started_again().await;
    assert_eq!(next.send(&request).await.body, recorded.body);
    assert!(next.gateway().journal().verify().await.unwrap().faults.is_empty());
}
