//! One connection from its accept to its end: handshake, identity, requests, drain.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tracing::debug;

use super::deadlines::{Deadlined, Expired};
use super::identity::identity;
use super::server::{Caller, Stack};
use super::{Bounds, Peer, Refused, Reply, TlsIdentity};
use crate::telemetry::events::ConnectionRefused;
use crate::telemetry::metrics::{CONNECTIONS, Counted};
use crate::tls::{HandshakeRefusal, ServerTls, TlsStream};

/// The smallest bound on its buffers that hyper takes. Without a bound they grow to 400 KB a connection.
const SMALLEST_BUFFER: usize = 8 << 10;

/// Serves a connection until either side closes it.
pub(super) async fn serve(
    stack: Arc<Stack>,
    tls: Option<Arc<ServerTls>>,
    stream: TcpStream,
    address: SocketAddr,
    mut drain: watch::Receiver<bool>,
) {
    let _open = Counted::one(CONNECTIONS, stack.listener);
    // A reply is written whole; waiting for more to send (RFC 896) only adds the peer's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else {
        let peer = Peer { listener: stack.listener, address, identity: None };
        return serve_http(stack, peer, stream, drain).await;
    };
    let shaken = tokio::select! {
        biased;
        // A connection that has not asked for anything yet loses nothing by a drain.
        () = drained(&mut drain) => return,
        shaken = handshake(&tls, stream, &stack.bounds) => shaken,
    };
    match shaken {
        Ok((stream, identity)) => {
            let peer = Peer { listener: stack.listener, address, identity };
            serve_http(stack, peer, stream, drain).await;
        }
        Err(HandshakeRefusal { reason, detail }) => {
            ConnectionRefused { listener: stack.listener, address, reason, detail: &detail }.emit();
        }
    }
}

/// Answers a connection for which there is no room, without reading from it more than it takes to be understood.
/// Only for plain HTTP: under TLS the handshake would cost more than the refusal saves.
pub(super) async fn turn_away(stack: Arc<Stack>, mut stream: TcpStream, address: SocketAddr) {
    let peer = Peer { listener: stack.listener, address, identity: None };
    let reply = stack.phrase(&peer, Refused::TooManyConnections).await;
    let written = timeout(stack.bounds.linger, async {
        stream.write_all(&wire(&reply)).await?;
        stream.shutdown().await?;
        discard_rest(&mut stream).await;
        io::Result::Ok(())
    })
    .await;
    if !matches!(written, Ok(Ok(()))) {
        debug!(listener = stack.listener, %address, "the refusal of a connection was not read");
    }
}

async fn serve_http<S>(stack: Arc<Stack>, peer: Peer, stream: S, mut drain: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let bounds = Arc::clone(&stack.bounds);
    let address = peer.address;
    let listener = stack.listener;
    let caller = Arc::new(Caller::new(peer));
    let activity = Arc::clone(&caller.activity);
    let stream = Deadlined::new(stream, Arc::clone(&activity), Arc::clone(&bounds));
    let service = service_fn(move |request| {
        let answer = Arc::clone(&stack).answer(Arc::clone(&caller), request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let mut connection = pin!(builder(&bounds).serve_connection(TokioIo::new(stream), service));
    let mut last_call = pin!(async {
        tokio::select! {
            () = drained(&mut drain) => {}
            () = sleep(bounds.connection_age) => {}
        }
    });
    let mut leaving = false;
    let ended = loop {
        tokio::select! {
            ended = connection.as_mut() => break ended,
            () = last_call.as_mut(), if !leaving => {
                leaving = true;
                // An idle connection closes now, one with a request after its reply.
                connection.as_mut().graceful_shutdown();
            }
        }
    };
    if let Some((reason, detail)) = misbehaviour(activity.expired(), ended.err()) {
        ConnectionRefused { listener, address, reason, detail: &detail }.emit();
    }
}

fn builder(bounds: &Bounds) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // The finer deadlines are the stream's. This one is the net below them, and what makes hyper look at the
        // stream again as soon as a connection becomes idle.
        .header_read_timeout(bounds.idle + bounds.header_read + Duration::from_secs(1))
        // Old clients close their side once the request is sent. It is also why a client that hangs up is not
        // noticed before the reply; the handler has to finish anyway.
        .half_close(true)
        .max_header_size(bounds.header_bytes)
        .max_buf_size(bounds.header_bytes.max(SMALLEST_BUFFER));
    // hyper keeps up to a hundred headers on the stack, and a configured number on the heap.
    if bounds.headers != 100 {
        builder.max_headers(bounds.headers);
    }
    builder
}

async fn handshake(
    tls: &ServerTls,
    stream: TcpStream,
    bounds: &Bounds,
) -> Result<(TlsStream, Option<Arc<TlsIdentity>>), HandshakeRefusal> {
    let stream = match timeout(bounds.handshake, tls.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err((refusal, remains))) => {
            // The alert is on its way, and so is what the peer sent after its certificate: see `deadlines` for why
            // it is read.
            if let Some(mut remains) = remains {
                let _ = remains.tcp().shutdown().await;
                let _ = timeout(bounds.linger, discard_rest(remains.tcp())).await;
            }
            return Err(refusal);
        }
        Err(_) => {
            return Err(HandshakeRefusal {
                reason: "slow-handshake",
                detail: format!("no handshake in {:?}", bounds.handshake),
            });
        }
    };
    let identity = stream
        .peer_certificate()
        .map(|certificate| identity(&certificate))
        .transpose()
        // Verified by TLS and not readable here: no identity can be told, so there is no entry.
        .map_err(|error| HandshakeRefusal { reason: "unreadable-certificate", detail: error.to_string() })?;
    Ok((stream, identity.map(Arc::new)))
}

/// What of a connection's end is worth a line. Most connections just end.
fn misbehaviour(expired: Option<Expired>, error: Option<hyper::Error>) -> Option<(&'static str, String)> {
    match (expired, error) {
        (Some(Expired::Idle), _) | (None, None) => None,
        (Some(Expired::Head), _) => {
            Some(("slow-head", "the head of a request did not arrive in time".to_owned()))
        }
        (Some(Expired::Reply), _) => Some(("slow-reader", "a reply was not read in time".to_owned())),
        (None, Some(error)) if error.is_parse_too_large() => Some(("head-too-large", error.to_string())),
        (None, Some(error)) if error.is_parse() => Some(("bad-http", error.to_string())),
        (None, Some(error)) => {
            debug!(%error, "a connection broke");
            None
        }
    }
}

/// Until the listener drains, or is held by nobody any more.
pub(super) async fn drained(drain: &mut watch::Receiver<bool>) {
    let _ = drain.wait_for(|draining| *draining).await;
}

async fn discard_rest(stream: &mut TcpStream) {
    let mut scrap = [0; 4096];
    while matches!(stream.read(&mut scrap).await, Ok(read) if read > 0) {}
}

/// A reply as bytes, for the one case in which there is no request for hyper to answer.
fn wire(reply: &Reply) -> Vec<u8> {
    let mut wire = format!("HTTP/1.1 {}\r\n", reply.status).into_bytes();
    for (name, value) in &reply.headers {
        wire.extend_from_slice(name.as_str().as_bytes());
        wire.extend_from_slice(b": ");
        wire.extend_from_slice(value.as_bytes());
        wire.extend_from_slice(b"\r\n");
    }
    wire.extend_from_slice(
        format!("content-length: {}\r\nconnection: close\r\n\r\n", reply.body.len()).as_bytes(),
    );
    wire.extend_from_slice(&reply.body);
    wire
}
