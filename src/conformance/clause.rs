//! What a case can cite: the table of clauses, `clauses.toml`.

use serde::Deserialize;

use crate::config::source::Place;

/// One rule that an implementation keeps or breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// How cases cite it.
    pub id: String,
    /// The element or rule, as SPCoop busta e-Gov 1.1 names it, or what was observed.
    pub title: String,
    /// What it asks, in one sentence.
    pub rule: String,
    /// Where the rule comes from.
    pub origin: Origin,
    /// Where only one kind of case can be written: which, and why.
    pub only: Option<(Kind, String)>,
    /// Where the file says so.
    pub place: Place,
}

/// Where a rule comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// SPCoop busta e-Gov 1.1, its Linee Guida, or SOAP 1.1.
    #[default]
    Specification,
    /// What porte di dominio in use do, where the texts leave it open.
    Observed,
}

/// Whether a case shows what is taken or what is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The message is taken.
    Accept,
    /// The message is refused.
    Refuse,
}
