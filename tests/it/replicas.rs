//! Several gateways on one PostgreSQL database: one message is one message, whichever of them it comes to.

use egov_bridge::sandbox::control::Behaviour;

use crate::envelope::envelope;
use crate::postgres_server::{Server, shared};
use crate::wire::until;
use crate::world::{Setup, World};

/// A world on a database; none where PostgreSQL is not installed.
async fn on(url: &str) -> World {
    Setup { journal: format!("url = {url:?}\nlease_ms = 2000"), ..Setup::default() }.start().await
}

#[tokio::test]
async fn a_twin_is_answered_by_either_gateway_with_the_same_bytes() {
    let Some(server) = shared() else { return };
    let here = on(&server.create("twins").await).await;
    let there = here.another().await;
    let request = envelope().azione("invioSAP");
    let recorded = here.send(&request).await;
    recorded.is_ordinary();
    assert_eq!(there.send(&request).await.body, recorded.body);
    assert_eq!(here.at_node(request.id()).len(), 1);
    assert_eq!(there.stato_of(request.id()).await, "delivered OK");
}

#[tokio::test]
async fn a_twin_at_the_other_gateway_waits_for_the_message_that_is_on_its_way() {
    let Some(server) = shared() else { return };
    let here = on(&server.create("waiting").await).await;
    let there = here.another().await;
    here.node_once(Behaviour::Delay { millis: 400 });
    let request = envelope().azione("invioSAP");
    let (first, twin) = tokio::join!(here.send(&request), async {
        here.reached_node(request.id()).await;
        there.send(&request).await
    });
    assert_eq!(twin.body, first.is_ordinary().body);
    assert_eq!(here.at_node(request.id()).len(), 1);
}

#[tokio::test]
async fn of_twins_that_come_to_both_gateways_at_once_one_is_carried() {
    let Some(server) = shared() else { return };
    let here = on(&server.create("race").await).await;
    let there = here.another().await;
    let request = envelope().azione("invioSAP");
    let (a, b, c, d) =
        tokio::join!(here.send(&request), there.send(&request), here.send(&request), there.send(&request));
    a.is_ordinary();
    assert!([b, c, d].iter().all(|twin| twin.body == a.body));
    assert_eq!(here.at_node(request.id()).len(), 1);
}

#[tokio::test]
async fn while_the_database_is_away_messages_may_be_repeated_and_afterwards_they_are_carried() {
    let Some(server) = Server::start(None) else { return };
    let world = on(&server.url()).await;
    let (before, during) = (envelope().azione("invioSAP"), envelope().azione("invioSAP"));
    let recorded = world.send(&before).await;
    recorded.is_ordinary();
    server.crash();
    world.send(&during).await.is_bare_processing_fault();
    assert_eq!(world.admin("/health/ready").await.status, 503);
    assert_eq!(world.at_node(during.id()).len(), 0);
    server.restart();
    until("the gateway is ready", async || world.admin("/health/ready").await.status == 200).await;
    assert_eq!(world.send(&before).await.body, recorded.body);
    world.send(&during).await.is_ordinary();
    assert_eq!(world.at_node(during.id()).len(), 1);
}

#[tokio::test]
async fn a_verdict_that_comes_while_the_database_is_away_is_recorded_when_it_is_back() {
    let Some(server) = Server::start(None) else { return };
    let world = on(&server.url()).await;
    world.send(&envelope()).await.is_ordinary();
    world.node_once(Behaviour::Delay { millis: 400 });
    let request = envelope().azione("invioSAP");
    let (answered, ()) = tokio::join!(world.send(&request), async {
        world.reached_node(request.id()).await;
        server.crash();
        tokio::time::sleep(std::time::Duration::from_millis(800)).await;
        server.restart();
    });
    answered.is_ordinary();
    assert_eq!(world.stato_of(request.id()).await, "delivered OK");
    assert_eq!(world.send(&request).await.body, answered.body);
    assert_eq!(world.at_node(request.id()).len(), 1);
}
