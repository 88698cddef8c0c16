//! Senders who ask too often: turned away cheaply, told when to come again, and served when they do.

use crate::envelope::envelope;
use crate::reply::Reply;
use crate::wire::{Request, until};
use crate::world::{Setup, World};

/// Asks until it is refused.
async fn until_refused(mut ask: impl AsyncFnMut() -> Reply) -> Reply {
    for _ in 0..100 {
        let reply = ask().await;
        if reply.status != 200 {
            return reply;
        }
    }
    panic!("nobody is refused");
}

/// After a while there is room again.
async fn recovers(mut ask: impl AsyncFnMut() -> Reply) {
    until("there is room again", async || ask().await.status == 200).await;
}

#[tokio::test]
async fn a_caller_over_its_rate_is_refused_before_anything_is_read() {
    let rate = "identity_per_second = 1\nidentity_burst = 3";
    let world = Setup { rate, ..Setup::default() }.start().await;
    let ask = async || world.send(&envelope()).await;
    let refused = until_refused(ask).await;
    refused.is_bare_processing_fault();
    assert_eq!(refused.retry_after(), Some(1));
    let garbage = until_refused(async || world.post("<non-xml").await).await;
    garbage.is_bare_processing_fault();
    recovers(ask).await;
}

#[tokio::test]
async fn one_identity_does_not_spend_the_rate_of_another() {
    let rate = "identity_per_second = 1\nidentity_burst = 2";
    let world = Setup { rate, ..Setup::default() }.start().await;
    let mut lazio = world.connect_as("LAZIO").await.unwrap();
    until_refused(async || lazio.ask(&Request::post(envelope().to_xml())).await).await;
    let mut piemonte = world.connect_as("PIEMONTE").await.unwrap();
    piemonte.ask(&Request::post(envelope().mittente("PIEMONTE").to_xml())).await.is_ordinary();
}

#[tokio::test]
async fn a_mittente_over_its_rate_is_refused_under_its_busta_and_leaves_no_record() {
    let rate = "mittente_per_second = 1\nmittente_burst = 3";
    let world = Setup { rate, ..Setup::default() }.start().await;
    let mut last = envelope();
    let refused = until_refused(async || {
        last = envelope();
        world.send(&last).await
    })
    .await;
    refused.is_processing_fault();
    assert_eq!(refused.retry_after(), Some(1));
    assert_eq!(refused.busta("Messaggio/RiferimentoMessaggio").as_deref(), Some(last.id()));
    assert!(world.records_of(last.id()).await.is_empty() && world.at_node(last.id()).is_empty());
    world.send(&envelope().mittente("PIEMONTE")).await.is_ordinary();
    recovers(async || world.send(&last).await).await;
}

#[tokio::test]
async fn senders_whom_no_register_knows_spend_nobodys_rate() {
    let rate = "mittente_per_second = 1\nmittente_burst = 1";
    let world: World = Setup { rate, ..Setup::default() }.start().await;
    for _ in 0..3 {
        let reply = world.send(&envelope().mittente("ATLANTIDE")).await;
        assert_eq!(reply.eccezioni().first().map(|(code, _)| code.as_str()), Some("EGOV_IT_101"));
    }
    world.send(&envelope()).await.is_ordinary();
}
