//! What happens to work in hand when the client, or the operator, has had enough.

use std::time::Instant;

use super::*;

#[tokio::test]
async fn a_handler_completes_although_its_client_hung_up() {
    let (running, handler) = plain(Bounds::default()).await;
    let mut client = Client::connect(running.address()).await;
    client.write("POST /wait HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nhi").await;
    handler.until_entered(1).await;
    drop(client);
    tokio::time::sleep(Duration::from_millis(50)).await;
    handler.release(1);
    handler.until_completed(1).await;
}

#[tokio::test]
async fn a_drain_answers_what_is_in_flight_closes_what_is_idle_and_accepts_nobody() {
    let (running, handler) = plain(Bounds::default()).await;
    let address = running.address();
    let mut silent = Client::connect(address).await;
    let mut idle = Client::connect(address).await;
    idle.post("/echo", "first").await;
    let mut busy = Client::connect(address).await;
    busy.write("GET /wait HTTP/1.1\r\nHost: test\r\n\r\n").await;
    handler.until_entered(2).await;

    let draining = tokio::spawn(running.shut_down(PATIENCE));
    assert!(idle.ends().await);
    assert!(silent.ends().await);
    until(|| std::net::TcpStream::connect(address).is_err()).await;
    assert!(!draining.is_finished());

    handler.release(1);
    let answer = busy.answer().await;
    assert_eq!(answer.text(), "waited");
    assert!(answer.closes());
    assert_eq!(draining.await.unwrap(), Drained { connections_cut: 0, handlers_left: 0 });
}

#[tokio::test]
async fn a_drain_does_not_wait_past_its_deadline_and_handlers_still_complete() {
    let (running, handler) = plain(Bounds::default()).await;
    let mut busy = Client::connect(running.address()).await;
    busy.write("GET /wait HTTP/1.1\r\nHost: test\r\n\r\n").await;
    handler.until_entered(1).await;
    let begun = Instant::now();
    let drained = running.shut_down(Duration::from_millis(200)).await;
    assert_eq!(drained, Drained { connections_cut: 1, handlers_left: 1 });
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(busy.ends().await);
    handler.release(1);
    handler.until_completed(1).await;
}

#[tokio::test]
async fn a_drain_waits_for_handlers_whose_client_is_gone() {
    let (running, handler) =
        plain(Bounds { write_stall: Duration::from_millis(100), ..Bounds::default() }).await;
    let mut client = Client::connect(running.address()).await;
    client.write("GET /wait HTTP/1.1\r\nHost: test\r\n\r\n").await;
    handler.until_entered(1).await;
    drop(client);
    let draining = tokio::spawn(running.shut_down(PATIENCE));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!draining.is_finished());
    handler.release(1);
    assert_eq!(draining.await.unwrap().handlers_left, 0);
    assert_eq!(handler.completed.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_taken_address_is_an_error_that_names_it() {
    let (running, _) = plain(Bounds::default()).await;
    let taken = ListenerSettings { address: running.address(), ..settings(Bounds::default()) };
    let error = Listener::bind(taken).await.unwrap_err();
    assert!(error.to_string().contains(&running.address().to_string()), "{error}");
}
