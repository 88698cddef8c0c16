//! egov-bridge: the gateway between the busta e-Gov of the Porta di Dominio and the JSON nativo of the national node.
//!
//! Two sentences govern every line: nothing leaves the bridge before its intent is durable, and nothing is answered
//! before its outcome is durable; what the bridge knows of a form or a service is data, never code.
//!
//! `docs/ARCHITECTURE.md` maps each folder to the question it answers.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod bridge;
pub mod cli;
pub mod clock;
pub mod config;
pub mod conformance;
pub mod egov;
pub mod failure;
pub mod gateway;
pub mod http;
pub mod journal;
pub mod json_native;
pub mod network;
pub mod node;
pub mod pem;
pub mod rate;
pub mod sandbox;
pub mod schema;
pub mod secret;
pub mod services;
pub mod soap;
pub mod telemetry;
pub mod tls;
pub mod xml;
