//! What happened, how often, how long: events, metrics, logging and masking.
//!
//! An event is a struct of [`events`]; its `emit()` writes the one log line and moves the counters that belong to
//! it, so that the two can never tell different stories. Labels of metrics come from bounded sets only. No event
//! has a field for a payload; free text that may quote one goes through [`mask`].

pub mod events;
pub mod log;
pub mod mask;
pub mod metrics;
pub mod phases;
mod throttle;

pub use phases::{Durations, Phase, Stopwatch};
pub use throttle::OncePerSecond;
