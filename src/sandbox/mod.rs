//! A simulated national node and a simulated regional PDD, for the demo and for tests.

pub mod pki;
