//! What a peer may cost: size, time, pace, number.

use std::time::Instant;

use super::*;
use crate::rate::KeyedLimiter;

fn quick() -> Bounds {
    Bounds {
        body_bytes: 100_000,
        header_read: Duration::from_millis(300),
        idle: Duration::from_secs(10),
        body_deadline: Duration::from_secs(2),
        body_progress: Progress { bytes: 100, window: Duration::from_millis(300) },
        write_stall: Duration::from_millis(500),
        linger: Duration::from_secs(1),
        ..Bounds::default()
    }
}

#[tokio::test]
async fn a_connection_serves_many_requests_in_turn() {
    let (running, _) = plain(quick()).await;
    let mut client = Client::connect(running.address()).await;
    for body in ["one", "", "three"] {
        let answer = client.post("/echo?x=1", body).await;
        assert_eq!((answer.status, answer.text()), (200, body));
        assert!(!answer.closes());
    }
    let large = "x".repeat(90_000);
    assert_eq!(client.post("/echo", &large).await.text(), large, "of many chunks");
}

#[tokio::test]
async fn a_head_that_trickles_is_cut_although_bytes_keep_coming() {
    let (running, handler) = plain(quick()).await;
    let mut client = Client::connect(running.address()).await;
    let begun = Instant::now();
    for byte in b"POST /echo HTTP/1.1\r\nHost: test\r\nX-Slow: yes and on and on and on and on and on".iter()
    {
        if client.write_if_wanted(&[*byte]).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        if begun.elapsed() > Duration::from_secs(1) {
            break;
        }
    }
    assert!(client.answer_or_end().await.is_none());
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "idle patience is not for heads: {:?}",
        begun.elapsed()
    );
    assert_eq!(handler.entered.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_later_head_that_trickles_is_cut_too_and_an_idle_connection_waits_longer() {
    let (running, _) = plain(quick()).await;
    let mut client = Client::connect(running.address()).await;
    client.post("/echo", "first").await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(client.post("/echo", "after a pause longer than a head may take").await.status, 200);
    let begun = Instant::now();
    client.write("POST /echo HT").await;
    assert!(client.ends().await);
    let taken = begun.elapsed();
    assert!(taken >= Duration::from_millis(250) && taken < Duration::from_secs(8), "{taken:?}");
}

#[tokio::test]
async fn an_idle_connection_is_closed_in_the_end() {
    let (running, _) = plain(Bounds { idle: Duration::from_millis(200), ..quick() }).await;
    let mut client = Client::connect(running.address()).await;
    client.post("/echo", "first").await;
    assert!(client.ends().await);
}

#[tokio::test]
async fn a_body_that_stands_still_is_answered_and_the_connection_closed() {
    let (running, handler) = plain(quick()).await;
    let mut client = Client::connect(running.address()).await;
    client.write("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\nonly this").await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.text()), (500, "refused: too-slow"));
    assert!(answer.closes());
    assert!(client.ends().await);
    assert_eq!(handler.entered.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_declared_size_too_large_is_refused_before_the_body() {
    let (running, _) = plain(quick()).await;
    let mut client = Client::connect(running.address()).await;
    client
        .write("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 100001\r\nExpect: 100-continue\r\n\r\n")
        .await;
    let answer = client.answer().await;
    assert_eq!(answer.text(), "refused: too-large");
    assert!(answer.closes());
}

#[tokio::test]
async fn a_client_that_reads_only_after_writing_it_all_still_gets_its_refusal() {
    let (running, _) = plain(quick()).await;
    for head in ["Content-Length: 20000000", "Transfer-Encoding: chunked"] {
        let mut client = Client::connect(running.address()).await;
        client.write(format!("POST /echo HTTP/1.1\r\nHost: test\r\n{head}\r\n\r\n")).await;
        let chunk = if head.starts_with('T') {
            let mut chunk = format!("{:x}\r\n", 1 << 20).into_bytes();
            chunk.extend(vec![b'x'; 1 << 20]);
            chunk.extend(b"\r\n");
            chunk
        } else {
            vec![b'x'; 1_000_000]
        };
        for _ in 0..20 {
            client.write_if_wanted(&chunk).await.unwrap();
        }
        assert_eq!(client.answer().await.text(), "refused: too-large", "{head}");
    }
}

#[tokio::test]
async fn a_flood_after_a_refusal_is_not_read_for_ever() {
    let (running, _) = plain(Bounds { linger: Duration::from_millis(300), ..quick() }).await;
    let mut client = Client::connect(running.address()).await;
    client.write("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 99999999999\r\n\r\n").await;
    let begun = Instant::now();
    let chunk = vec![b'x'; 64 << 10];
    while client.write_if_wanted(&chunk).await.is_ok() {
        assert!(begun.elapsed() < PATIENCE, "somebody is still reading");
    }
}

#[tokio::test]
async fn broken_framing_and_a_body_cut_short_are_told_apart() {
    let (running, _) = plain(quick()).await;
    let mut client = Client::connect(running.address()).await;
    client.write("POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nnot hex\r\n").await;
    assert_eq!(client.answer().await.text(), "refused: bad-http");
    assert!(client.ends().await);

    let mut client = Client::connect(running.address()).await;
    client.write("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\ncut short").await;
    client.half_close().await;
    assert_eq!(client.answer().await.text(), "refused: disconnected");
}

#[tokio::test]
async fn what_is_not_http_is_answered_400_and_too_many_headers_431() {
    let (running, handler) = plain(Bounds { headers: 20, header_bytes: 10_000, ..quick() }).await;
    let mut client = Client::connect(running.address()).await;
    client.write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello over TLS\r\n\r\n").await;
    assert_eq!(client.answer().await.status, 400);
    assert!(client.ends().await);

    let many: String = (0..21).map(|n| format!("X-{n}: v\r\n")).collect();
    let long = format!("X-Long: {}\r\n", "v".repeat(11_000));
    for headers in [many, long] {
        let mut client = Client::connect(running.address()).await;
        client.write(format!("GET /echo HTTP/1.1\r\nHost: test\r\n{headers}\r\n")).await;
        assert_eq!(client.answer().await.status, 431);
        assert!(client.ends().await);
    }
    assert_eq!(handler.entered.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_client_that_closed_its_side_after_the_request_is_answered() {
    let (running, handler) = plain(quick()).await;
    let mut client = Client::connect(running.address()).await;
    client.write("POST /wait HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nhi").await;
    client.half_close().await;
    handler.until_entered(1).await;
    handler.release(1);
    assert_eq!(client.answer().await.text(), "waited");
}

#[tokio::test]
async fn a_reply_that_nobody_reads_does_not_hold_its_connection() {
    let (running, handler) = plain(Bounds { connections: 1, ..quick() }).await;
    let mut deaf = Client::connect(running.address()).await;
    deaf.write("GET /large HTTP/1.1\r\nHost: test\r\n\r\n").await;
    handler.until_completed(1).await;
    let begun = Instant::now();
    loop {
        let mut client = Client::connect(running.address()).await;
        if client.post("/echo", "room?").await.status == 200 {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "the deaf client still holds the only place");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(begun.elapsed() >= Duration::from_millis(300), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_thousand_idle_connections_leave_room_for_a_request() {
    let (running, _) = plain(Bounds { header_read: Duration::from_secs(20), ..quick() }).await;
    let mut idle = Vec::new();
    for _ in 0..1000 {
        idle.push(TcpStream::connect(running.address()).await.unwrap());
    }
    let begun = Instant::now();
    let mut client = Client::connect(running.address()).await;
    assert_eq!(client.post("/echo", "still here").await.text(), "still here");
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_full_house_turns_the_next_away_in_the_handlers_words_and_has_room_again() {
    let (running, _) = plain(Bounds { connections: 2, header_read: PATIENCE, ..quick() }).await;
    let mut first = Client::connect(running.address()).await;
    let mut second = Client::connect(running.address()).await;
    assert_eq!(first.post("/echo", "1").await.status, 200);
    assert_eq!(second.post("/echo", "2").await.status, 200);
    let mut third = Client::connect(running.address()).await;
    let answer = third.post("/echo", "3").await;
    assert_eq!(answer.text(), "refused: too-many-connections");
    assert!(answer.closes() && answer.head.contains("retry-after: 1"), "{}", answer.head);
    assert!(third.ends().await);
    drop(first);
    let begun = Instant::now();
    loop {
        let mut client = Client::connect(running.address()).await;
        if client.post("/echo", "room?").await.status == 200 {
            break;
        }
        assert!(begun.elapsed() < PATIENCE);
    }
}

#[tokio::test]
async fn requests_beyond_the_places_are_told_at_once_and_keep_their_connection() {
    let (running, handler) = plain(Bounds { requests_in_flight: 1, ..quick() }).await;
    let mut busy = Client::connect(running.address()).await;
    busy.write("GET /wait HTTP/1.1\r\nHost: test\r\n\r\n").await;
    handler.until_entered(1).await;
    let mut other = Client::connect(running.address()).await;
    let answer = other.post("/echo", "x").await;
    assert_eq!(answer.text(), "refused: overloaded");
    assert!(answer.head.contains("retry-after") && !answer.closes(), "{}", answer.head);
    handler.release(1);
    assert_eq!(busy.answer().await.text(), "waited");
    assert_eq!(other.post("/echo", "x").await.status, 200);
}

#[tokio::test]
async fn a_panic_costs_one_reply_and_neither_connection_nor_place() {
    let (running, _) = plain(Bounds { requests_in_flight: 1, ..quick() }).await;
    let mut client = Client::connect(running.address()).await;
    for _ in 0..3 {
        let answer = client.post("/panic", "x").await;
        assert_eq!((answer.status, answer.text()), (500, "refused: panicked"));
        assert!(!answer.closes());
    }
    assert_eq!(client.post("/echo", "alive").await.text(), "alive");
}

#[tokio::test]
async fn a_refusal_that_panics_is_a_bare_500() {
    struct Broken;
    #[async_trait]
    impl Handler for Broken {
        async fn handle(&self, _: Received) -> Reply {
            panic!("in the handler");
        }
        async fn refused(&self, _: &Peer, _: Refused) -> Reply {
            panic!("in the excuse");
        }
    }
    let running = listening(settings(quick()), Arc::new(Broken)).await;
    let mut client = Client::connect(running.address()).await;
    for _ in 0..2 {
        let answer = client.post("/", "x").await;
        assert_eq!((answer.status, answer.text()), (500, ""));
    }
}

#[tokio::test]
async fn a_connection_is_closed_after_its_share_of_requests() {
    let (running, _) = plain(Bounds { requests_per_connection: 2, ..quick() }).await;
    let mut client = Client::connect(running.address()).await;
    assert!(!client.post("/echo", "1").await.closes());
    assert!(client.post("/echo", "2").await.closes());
    assert!(client.ends().await);
}

#[tokio::test]
async fn an_old_connection_is_closed_after_its_present_request() {
    let (running, handler) = plain(Bounds { connection_age: Duration::from_millis(200), ..quick() }).await;
    let mut client = Client::connect(running.address()).await;
    client.write("GET /wait HTTP/1.1\r\nHost: test\r\n\r\n").await;
    handler.until_entered(1).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    handler.release(1);
    let answer = client.answer().await;
    assert_eq!(answer.text(), "waited");
    assert!(answer.closes() && client.ends().await);
}

#[tokio::test]
async fn a_caller_over_its_rate_is_refused_with_a_time_and_keeps_its_connection() {
    let limiter = Arc::new(KeyedLimiter::new(rate(1, 3), 100));
    let running =
        listening(ListenerSettings { limiter: Some(limiter), ..settings(quick()) }, Recorder::new()).await;
    let mut client = Client::connect(running.address()).await;
    let mut refused = 0;
    for _ in 0..5 {
        let answer = client.post("/echo", "hello").await;
        if answer.status == 500 {
            refused += 1;
            assert_eq!(answer.text(), "refused: rate-limited");
            assert!(answer.head.contains("retry-after: 1"), "{}", answer.head);
            assert!(!answer.closes());
        }
    }
    assert!(refused >= 1, "a burst of three does not cover five");
    let mut other = Client::connect(running.address()).await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(other.post("/echo", "x").await.status);
    }
    assert!(statuses.contains(&500), "another connection is the same caller: {statuses:?}");
}
