//! One address: bind, accept, drain.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout_at};
use tracing::error;

use super::CallerKey;
use super::body::Budget;
use super::proxy::Proxy;
use super::server::Stack;
use super::{Bounds, Handler, Refused, connection};
use crate::clock::Clock;
use crate::rate::KeyedLimiter;
use crate::telemetry::OncePerSecond;
use crate::telemetry::events::ConnectionRefused;
use crate::tls::ServerTls;

/// Connections being told at one time that there is no room. Further ones are closed without a word.
const TURNED_AWAY: usize = 64;

/// Pause after an accept that failed for want of a resource; at once it would fail again, in a busy loop.
const BREATH: Duration = Duration::from_millis(100);

/// How a listener is to be.
#[derive(Debug)]
pub struct ListenerSettings {
    /// Its name in log lines and metrics: `pdd`, `pdd-tls`, `rest`, `admin`.
    pub name: &'static str,
    /// Where it listens. Port 0 takes any free port.
    pub address: SocketAddr,
    /// Its TLS; without, it speaks plain HTTP.
    pub tls: Option<Arc<ServerTls>>,
    /// What it may cost.
    pub bounds: Bounds,
    /// How often each caller may ask. Listeners may share one; whoever makes it sweeps it.
    pub limiter: Option<Arc<KeyedLimiter<CallerKey>>>,
    /// The proxy in front, where TLS ends before us.
    pub proxy: Option<Arc<Proxy>>,
    /// The time of `received_at`.
    pub clock: Clock,
}

/// A bound address that accepts nobody yet.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    settings: ListenerSettings,
}

/// A listener at work. Dropping it closes the listener and its connections at once; [`Running::shut_down`] is the
/// polite way. Handlers run to their end either way.
#[derive(Debug)]
pub struct Running {
    name: &'static str,
    address: SocketAddr,
    drain: watch::Sender<bool>,
    accepting: JoinHandle<JoinSet<()>>,
    places: Arc<Semaphore>,
    requests_in_flight: u32,
}

/// How a drain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Connections that had to be cut at the deadline.
    pub connections_cut: usize,
    /// Handlers that were still running at the deadline. They go on until the process ends.
    pub handlers_left: usize,
}

/// A listener could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("listener {name}: cannot listen on {address}: {error}")]
pub struct ListenerError {
    /// The listener.
    pub name: &'static str,
    /// The address.
    pub address: SocketAddr,
    /// Why not.
    pub error: io::Error,
}

/// The accept loop's own state.
struct Accepting {
    stack: Arc<Stack>,
    tls: Option<Arc<ServerTls>>,
    room: Arc<Semaphore>,
    farewells: Arc<Semaphore>,
    complaints: OncePerSecond,
}

impl Listener {
    /// Binds the address. Nobody is answered before [`Listener::serve`], but the kernel queues who comes.
    ///
    /// # Errors
    /// If the address is taken or not of this machine, or the port is privileged.
    pub async fn bind(settings: ListenerSettings) -> Result<Self, ListenerError> {
        let failed = |error| ListenerError { name: settings.name, address: settings.address, error };
        let socket = TcpListener::bind(settings.address).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Self { socket, address, settings })
    }

    /// The address it is bound to, with the port it got.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts to accept. Must be called within a tokio runtime.
    #[must_use]
    pub fn serve(self, handler: Arc<dyn Handler>) -> Running {
        let Self { socket, address, settings } = self;
        let ListenerSettings { name, address: _, tls, bounds, limiter, proxy, clock } = settings;
        // A semaphore is also how the drain waits for all, in one acquisition of a u32.
        let requests_in_flight = u32::try_from(bounds.requests_in_flight).unwrap_or(u32::MAX >> 4);
        let places = Arc::new(Semaphore::new(requests_in_flight as usize));
        let (drain, draining) = watch::channel(false);
        let accepting = Accepting {
            room: Arc::new(Semaphore::new(bounds.connections)),
            farewells: Arc::new(Semaphore::new(TURNED_AWAY)),
            complaints: OncePerSecond::new(),
            stack: Arc::new(Stack {
                listener: name,
                handler,
                limiter,
                proxy,
                plain: tls.is_none(),
                bodies: Budget::new(bounds.bodies_bytes),
                bounds: Arc::new(bounds),
                places: Arc::clone(&places),
                clock,
                complaints: OncePerSecond::new(),
            }),
            tls,
        };
        let accepting = tokio::spawn(accepting.run(socket, draining));
        Running { name, address, drain, accepting, places, requests_in_flight }
    }
}

impl Running {
    /// The listener's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting, closes idle connections, lets requests in flight finish and be answered. What is not done
    /// after `patience` is cut, except handlers: those go on, and are reported.
    pub async fn shut_down(self, patience: Duration) -> Drained {
        let deadline = Instant::now() + patience;
        // An error means that the accept loop has ended already.
        let _ = self.drain.send(true);
        let mut connections = self.accepting.await.unwrap_or_default();
        while let Ok(Some(_)) = timeout_at(deadline, connections.join_next()).await {}
        let connections_cut = connections.len();
        connections.shutdown().await;
        let all = timeout_at(deadline, self.places.acquire_many(self.requests_in_flight)).await;
        let handlers_left = match all {
            Ok(_) => 0,
            Err(_) => (self.requests_in_flight as usize).saturating_sub(self.places.available_permits()),
        };
        Drained { connections_cut, handlers_left }
    }
}

impl Accepting {
    /// Accepts until the drain; gives back the connections that are still open.
    async fn run(self, socket: TcpListener, mut draining: watch::Receiver<bool>) -> JoinSet<()> {
        let mut connections = JoinSet::new();
        let drain = draining.clone();
        loop {
            tokio::select! {
                biased;
                () = connection::drained(&mut draining) => return connections,
                // Ended connections are taken out, or the set grows for ever.
                Some(_) = connections.join_next() => {}
                accepted = socket.accept() => match accepted {
                    Ok((stream, address)) => self.accepted(stream, address, &drain, &mut connections),
                    Err(error) => self.failed(&error).await,
                },
            }
        }
    }

    fn accepted(
        &self,
        stream: TcpStream,
        address: SocketAddr,
        drain: &watch::Receiver<bool>,
        connections: &mut JoinSet<()>,
    ) {
        let stack = Arc::clone(&self.stack);
        if let Ok(room) = Arc::clone(&self.room).try_acquire_owned() {
            let serving = connection::serve(stack, self.tls.clone(), stream, address, drain.clone());
            connections.spawn(async move {
                serving.await;
                drop(room);
            });
            return;
        }
        self.complain(address);
        if self.tls.is_none()
            && let Ok(farewell) = Arc::clone(&self.farewells).try_acquire_owned()
        {
            connections.spawn(async move {
                connection::turn_away(stack, stream, address).await;
                drop(farewell);
            });
        }
    }

    /// Every connection turned away is counted, one in a second has a line.
    fn complain(&self, address: SocketAddr) {
        let refused = ConnectionRefused {
            listener: self.stack.listener,
            address,
            reason: Refused::TooManyConnections.as_str(),
            detail: &Refused::TooManyConnections.to_string(),
        };
        if self.complaints.allows() { refused.emit() } else { refused.count() }
    }

    async fn failed(&self, error: &io::Error) {
        // The peer gave up between its handshake and our accept. Others may be waiting.
        if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
            return;
        }
        error!(event = "accept-failed", listener = self.stack.listener, %error, "cannot accept connections");
        sleep(BREATH).await;
    }
}
