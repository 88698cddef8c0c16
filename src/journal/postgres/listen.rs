//! Hears what other replicas settle. What is said while nobody listens is lost, so those who wait also look by themselves
//! from time to time (`waiters.rs`).

use std::future::poll_fn;
use std::sync::Arc;

use tokio_postgres::AsyncMessage;

use super::super::record::MessageId;
use super::super::waiters::Waiters;
use super::session::{Driver, FIRST_PAUSE, LONGEST_PAUSE, Road, next_pause};

/// Listens for as long as it is polled.
pub(super) async fn listen(road: Arc<Road>, waiters: Arc<Waiters>) {
    let mut pause = FIRST_PAUSE;
    loop {
        if let Ok((client, mut driver)) = road.connect().await {
            let ask = async {
                if client.batch_execute(&format!("LISTEN \"{}\"", road.schema())).await.is_ok() {
                    // Whatever was settled before is seen by looking.
                    waiters.wake_all();
                    std::future::pending::<()>().await;
                }
            };
            let heard = tokio::select! {
                heard = hear(&mut driver, &waiters) => heard,
                () = ask => false,
            };
            pause = if heard { FIRST_PAUSE } else { pause };
        }
        tokio::time::sleep(pause).await;
        pause = next_pause(pause).min(LONGEST_PAUSE);
    }
}

/// Drives the connection to its end. Answers whether anything was heard on it.
async fn hear(driver: &mut Driver, waiters: &Waiters) -> bool {
    let mut heard = false;
    while let Some(Ok(message)) = poll_fn(|cx| driver.poll_message(cx)).await {
        if let AsyncMessage::Notification(notification) = message {
            heard = true;
            let ids = notification.payload().split(',').filter_map(|id| id.parse().ok());
            waiters.wake(&ids.collect::<Vec<MessageId>>());
        }
    }
    heard
}
