//! From a head on the wire to a reply: the layers of the data plane in their order.
//!
//! The order is the design, so it is written as one function ([`Stack::admit`]) that reads from top to bottom, each
//! layer with the reason why it stands where it stands. What surrounds it ([`Stack::answer`]) applies to every
//! request, admitted or refused.

use std::sync::Arc;
use std::time::Duration;

use ::http::header::{CONNECTION, RETRY_AFTER};
use ::http::{HeaderValue, Request, Response, StatusCode};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::CallerKey;
use super::body::{self, Budget, Share};
use super::deadlines::Activity;
use super::proxy::Proxy;
use super::{Bounds, Handler, Peer, Received, Refused, Reply};
use crate::clock::Clock;
use crate::rate::KeyedLimiter;
use crate::telemetry::OncePerSecond;
use crate::telemetry::events::{RequestAnswered, RequestRefused};
use crate::telemetry::metrics::{Counted, REQUESTS_IN_FLIGHT};

/// A refused request's body is read to its end, to save the connection, if it is at most this large.
const DISCARDED: usize = 64 << 10;

/// A guess: a place is free when the node has answered somebody.
const PLACE_FREE: Duration = Duration::from_secs(1);

/// What the connections of one listener share.
pub(super) struct Stack {
    pub(super) listener: &'static str,
    pub(super) handler: Arc<dyn Handler>,
    pub(super) bounds: Arc<Bounds>,
    pub(super) limiter: Option<Arc<KeyedLimiter<CallerKey>>>,
    pub(super) proxy: Option<Arc<Proxy>>,
    /// Whether TLS, if there is any, ends before us.
    pub(super) plain: bool,
    pub(super) bodies: Arc<Budget>,
    /// One permit a request in flight, held by the handler's task.
    pub(super) places: Arc<Semaphore>,
    pub(super) clock: Clock,
    /// For refusals of which there can be a flood.
    pub(super) complaints: OncePerSecond,
}

/// What is known of a connection before its first request.
pub(super) struct Caller {
    pub(super) peer: Peer,
    pub(super) key: CallerKey,
    pub(super) activity: Arc<Activity>,
}

/// A request that may reach the handler, with what it occupies until the handler ends.
struct Admitted {
    received: Received,
    _share: Share,
    _place: OwnedSemaphorePermit,
}

impl Caller {
    pub(super) fn new(peer: Peer) -> Self {
        let key = CallerKey::of(&peer);
        Self { peer, key, activity: Arc::default() }
    }
}

impl Stack {
    /// Answers a request, whatever it is.
    ///
    /// # Cancel safety
    /// Cancelled when the connection breaks. Before the handler is entered nothing has happened; afterwards the
    /// handler runs on, on its own task.
    pub(super) async fn answer(
        self: Arc<Self>,
        caller: Arc<Caller>,
        request: Request<Incoming>,
    ) -> Response<Full<Bytes>> {
        let number = caller.activity.begin();
        let reply = match self.admit(&caller, request).await {
            Ok(admitted) => match self.handle(admitted).await {
                Ok(reply) => reply,
                Err(refused) => self.refuse(&caller.peer, refused).await,
            },
            Err(refused) => self.refuse(&caller.peer, refused).await,
        };
        RequestAnswered { listener: self.listener, status: reply.status.as_u16() }.emit();
        let last = number >= self.bounds.requests_per_connection || caller.activity.is_left_unread();
        caller.activity.answer();
        response(reply, last)
    }

    /// The layers before the handler. Cheap refusals come first, and nothing is parsed here: parsing is what an
    /// attacker would buy.
    async fn admit(&self, caller: &Caller, request: Request<Incoming>) -> Result<Admitted, Refused> {
        let received_at = self.clock.now();
        let (head, incoming) = request.into_parts();

        // 0. Who it is, where not the handshake but a proxy's header says so. Before the rate, which is counted by who it
        //    is; a certificate that was verified a moment ago costs a look into a table.
        let told = match &self.proxy {
            None => None,
            Some(proxy) => match proxy.identify(&caller.peer, &head.headers, self.plain, received_at) {
                Ok(told) => told,
                Err(refused) => {
                    if !incoming.is_end_stream()
                        && !body::discard(incoming, DISCARDED, self.bounds.linger).await
                    {
                        caller.activity.leave_unread();
                    }
                    return Err(refused);
                }
            },
        };
        let (peer, key) = match &told {
            None => (&caller.peer, &caller.key),
            Some(told) => (&told.peer, &told.key),
        };

        // 1. Rate. First, because it costs nanoseconds and is what protects all the rest from one caller. It needs
        //    only the identity, which the handshake has proved. A small body is read and dropped, so that a caller
        //    over its rate does not also cost a handshake a request.
        if let Some(limiter) = &self.limiter
            && let Err(wait) = limiter.check(key)
        {
            if !incoming.is_end_stream() && !body::discard(incoming, DISCARDED, self.bounds.linger).await {
                caller.activity.leave_unread();
            }
            return Err(Refused::RateLimited { retry_after: wait.0 });
        }

        // 2. Body: its size, its pace, the memory of all bodies. Before a place is taken, because a peer that
        //    sends slowly must not occupy what a peer that has sent could use. An oversized declaration is refused
        //    in there before a byte is read; a client that asked for `100 Continue` then never sends the body.
        let held = match body::collect(incoming, &self.bounds, &self.bodies).await {
            Ok(held) => held,
            Err(refused) => {
                caller.activity.leave_unread();
                return Err(refused);
            }
        };

        // 3. Place. Last, because only a complete request can use one. There is no queue: whoever would wait in it
        //    is told at once when to come back, and the deadline of the sender's own client keeps its meaning.
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| Refused::Overloaded { retry_after: PLACE_FREE })?;

        let (body, share) = held.into_parts();
        let received = Received {
            peer: peer.clone(),
            method: head.method,
            path: head.uri.path().to_owned(),
            query: head.uri.query().map(ToOwned::to_owned),
            headers: head.headers,
            body,
            received_at,
        };
        Ok(Admitted { received, _share: share, _place: place })
    }

    /// The handler, on a task of its own. The reason is what it may be doing when the client hangs up: a message
    /// that has left for the node must be concluded in the journal all the same. The task is also where a panic
    /// ends. Place and share of memory live as long as the task, not as long as the connection.
    async fn handle(&self, admitted: Admitted) -> Result<Reply, Refused> {
        let handler = Arc::clone(&self.handler);
        let in_flight = Counted::one(REQUESTS_IN_FLIGHT, self.listener);
        let task = tokio::spawn(async move {
            let Admitted { received, _share, _place } = admitted;
            let _in_flight = in_flight;
            handler.handle(received).await
        });
        // The task is never aborted, so that an error here is a panic.
        task.await.map_err(|_| Refused::Panicked)
    }

    /// Counts and logs a refusal, and answers it.
    async fn refuse(&self, peer: &Peer, refused: Refused) -> Reply {
        let event = RequestRefused {
            listener: self.listener,
            address: peer.address,
            identity: peer.identity.as_ref().map(|identity| identity.subject.as_str()),
            reason: refused.as_str(),
            ours: refused == Refused::Panicked,
        };
        let floods = matches!(
            refused,
            Refused::RateLimited { .. } | Refused::Overloaded { .. } | Refused::NotTheProxy
        );
        if floods && !self.complaints.allows() {
            event.count()
        } else {
            event.emit()
        }
        self.phrase(peer, refused).await
    }

    /// The reply to a refusal in the words of the layer above. If even that panics, the bare status is the answer.
    pub(super) async fn phrase(&self, peer: &Peer, refused: Refused) -> Reply {
        let handler = Arc::clone(&self.handler);
        let peer = peer.clone();
        let phrased = tokio::spawn(async move { handler.refused(&peer, refused).await }).await;
        let reply = phrased.unwrap_or_else(|_| Reply::empty(StatusCode::INTERNAL_SERVER_ERROR));
        match refused.retry_after() {
            Some(wait) if !reply.headers.contains_key(RETRY_AFTER) => reply.with_retry_after(wait),
            _ => reply,
        }
    }
}

/// The reply as hyper writes it. `last` closes the connection after it.
fn response(reply: Reply, last: bool) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(reply.body));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    if last {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
