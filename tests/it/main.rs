//! The whole gateway, in this process, seen from outside: envelopes over HTTP, JSON at the node, the journal, the log.
//!
//! Each scenario starts a world of its own, so that all run side by side.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

// The language that the scenarios are written in:
mod certificates; // certificates, clients and servers as old as some porte
mod envelope; // an e-Gov envelope, built member by member
mod package; // an envelope with attachments, written part by part
mod postgres_server; // a PostgreSQL server of the tests' own
mod reply; // a reply, read without any code of the gateway
mod stub_node; // a node that answers what it is told, for actions that the sandbox does not know
mod wire; // HTTP/1.1 as bytes over a socket, as rude as a scenario wants
mod world; // a gateway, its node, its journal, its log; to be started, broken and restarted

// The scenarios:
mod admin; // health, metrics, contracts
mod attachments; // messages with attachments
mod co; // the comunicazioni obbligatorie
mod conformance; // the conformance suite against this gateway
mod data_only; // new actions and new revisions without a line of Rust
mod dress; // one message in all the ways in which XML may be written
mod duplicates; // the same message again
mod firma; // signed messages
mod node_failures; // what a region sees of a node in trouble
mod profiles; // one-way, ordered and asynchronous exchanges, bridged by data alone
mod rates; // senders who ask too often
mod refusals; // everything that is refused, each in the words that the protocol has for it
mod replicas; // several gateways on one database
mod restart; // stopping, starting, dying
mod sap; // the seven actions of ServiziSAP
mod secrecy; // what the log never says
mod tls; // who may speak for whom
mod tls_backends; // old peers, keystores, proxies in front, files that change
