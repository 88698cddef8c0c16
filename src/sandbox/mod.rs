//! A simulated national node and a simulated regional PDD, for the demonstration and for tests.
//!
//! Both are peers: they listen on sockets of their own and know of the bridge only what comes over the wire. Nothing of
//! the bridge calls this room except the program that starts it when `[sandbox] enabled = true`.
//!
//! They keep everything in memory and forget it when they stop. Everything that they keep is bounded.

mod actions;
mod co_codes;
pub mod control;
mod control_listener;
pub mod echo;
mod envelope;
mod error;
mod listener;
pub mod node;
pub mod pdd;
mod pdd_registry;
mod pdd_service;
pub mod pki;
mod problem;
mod reply;
mod sap_store;
mod stream;

pub use error::SandboxError;

#[cfg(test)]
pub(crate) mod test_pki;

#[cfg(test)]
#[path = "node_tests.rs"]
mod node_tests;

#[cfg(test)]
#[path = "pdd_tests.rs"]
mod pdd_tests;
