//! The edge towards those who call the gateway: listeners, TLS, limits, health.
//!
//! A [`Listener`] binds one address and, once given a [`Handler`], turns bytes of the network into [`Received`]
//! requests: whole, bounded in size and in time, with the peer's TLS identity at hand. What the edge refuses by
//! itself is told to the handler as a [`Refused`], because only the layer above knows in whose words to answer
//! (an e-Gov fault, problem+json, a page). `server` lists the layers in their order with the reason of each place.
//!
//! Promises:
//! - memory and time spent on a peer are bounded by [`Bounds`] before the handler is reached;
//! - a handler that was entered runs to its end, whatever the client or the drain does to the connection;
//! - a panic of a handler costs one reply (a 500), never the connection or the process;
//! - [`Running::shut_down`] lets the requests in flight finish and closes what is idle.
//!
//! Nothing here knows of SOAP, e-Gov or JSON.

pub mod admin;
pub mod body;
mod bounds;
mod caller;
mod connection;
mod deadlines;
mod handler;
mod identity;
mod listener;
pub mod pdd;
pub mod proxy;
mod received;
mod reply;
pub mod rest;
mod server;

#[cfg(test)]
mod tests;

pub use ::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
pub use bounds::{Bounds, Progress};
pub use caller::CallerKey;
pub use handler::{Handler, Refused};
pub use listener::{Drained, Listener, ListenerError, ListenerSettings, Running};
pub use received::{Peer, Received, TlsIdentity};
pub use reply::Reply;
