//! Does an implementation of the busta e-Gov behave? Cases as data, one runner for this gateway and for any other.
//!
//! A case is a base message, what is changed in it, and what must be answered; it cites the clause that it shows. The
//! judge reads answers with a reader of its own and shares no code with the gateway's. `conformance/README.md` explains
//! the format and how to run the suite on another porta.

mod case;
mod clause;
mod firma;
mod form;
mod judge;
mod mutate;
mod mutation;
mod path;
mod play;
mod problem;
mod raw;
mod reply;
mod report;
mod run;
mod setup;
mod stage;
mod suite;
mod template;
mod wire;

pub use case::{Answer, Case, Certificate, Expect, Message, Step, Transport, Value};
pub use clause::{Clause, Kind, Origin};
pub use firma::{Keys, KeysError, SigningError};
pub use judge::Difference;
pub use mutation::{ByteChange, Charset, MutationError};
pub use path::PathError;
pub use problem::{Problem, SuiteError};
pub use report::{CaseReport, Outcome, Report, Trouble};
pub use run::{Target, run};
pub use setup::{BackEnd, Player, Setup};
pub use stage::StageError;
pub use suite::Suite;
pub use wire::{ClientTlsError, Endpoint, EndpointError, Tls};
