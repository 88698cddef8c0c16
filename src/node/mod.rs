//! Client of the national REST node: one request out, one answer back, and the truth about what left.
//!
//! [`Client::send`] does three things that the rest of the bridge relies on:
//!
//! * a [`NodeError`] says with [`NodeError::sent`] whether bytes of the request left this process. `No` is a proof, not
//!   a guess: the connection counts what it hands to the transport, and is sealed before the count is read, so that
//!   nothing can leave afterwards;
//! * an [`Answer`] says with [`Answer::verdict`] whether it settles the matter. A gateway's error page, a truncated
//!   body or the answer to another message does not;
//! * it never repeats a request of which a single byte was handed over. The one repetition it makes is of a request
//!   that met a pooled connection already closed.
//!
//! What to do with an unsettled exchange is decided above, where the journal is.

mod answer;
mod client;
mod connect;
mod error;
mod pool;
mod request;
mod settings;
mod wire;

pub use answer::{Answer, Inconclusive, Problem, RetryAfter, Verdict};
pub use client::Client;
pub use error::{NodeError, Sent};
pub use request::Request;
pub use settings::{BaseUrl, Deadlines, PoolBounds, Settings, SettingsError};

#[cfg(test)]
#[path = "client_tests.rs"]
mod client_tests;
