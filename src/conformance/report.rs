//! What a run found: a line a failing case, a line a skipped one, and the count.

use std::fmt;

use super::clause::Clause;
use super::judge::Difference;
use crate::config::source::Place;

/// What a run found.
#[derive(Debug, Clone)]
pub struct Report {
    /// Of each case that was chosen, in the order of their files.
    pub cases: Vec<CaseReport>,
}

/// What was found of a case.
#[derive(Debug, Clone)]
pub struct CaseReport {
    /// Its name.
    pub name: String,
    /// Where it is written.
    pub place: Place,
    /// The first clause that it cites.
    pub clause: Option<Clause>,
    /// How it went.
    pub outcome: Outcome,
    /// Whether it asks for a delivery that nobody could see.
    pub unobserved: bool,
}

/// How a case went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was as it had to be.
    Passed,
    /// Something was not.
    Failed(Vec<Trouble>),
    /// It was not run, for this reason.
    Skipped(String),
}

/// What was wrong with the answer to one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Which message of the case, where there are several.
    pub message: Option<usize>,
    /// What was wrong.
    pub differences: Vec<Difference>,
}

impl Report {
    /// How many passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.count(|outcome| *outcome == Outcome::Passed)
    }

    /// How many failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Failed(_)))
    }

    /// How many were not run.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Skipped(_)))
    }

    fn count(&self, is: impl Fn(&Outcome) -> bool) -> usize {
        self.cases.iter().filter(|case| is(&case.outcome)).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for case in &self.cases {
            if !matches!(case.outcome, Outcome::Passed) {
                writeln!(f, "{case}")?;
            }
        }
        let unobserved = self.cases.iter().filter(|case| case.unobserved).count();
        if unobserved > 0 {
            writeln!(
                f,
                "delivered: not observed in {unobserved} cases, since nobody looks behind the target"
            )?;
        }
        write!(f, "{} passed, {} failed, {} skipped", self.passed(), self.failed(), self.skipped())
    }
}

impl fmt::Display for CaseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.place.file.display();
        let line = self.place.line.unwrap_or_default();
        match &self.outcome {
            Outcome::Passed => write!(f, "ok    {file}:{line}: {}", self.name),
            Outcome::Skipped(reason) => write!(f, "skip  {file}:{line}: {}: {reason}", self.name),
            Outcome::Failed(troubles) => {
                write!(f, "FAIL  {file}:{line}: {}", self.name)?;
                if let Some(Clause { id, title, .. }) = &self.clause {
                    write!(f, " [{id}: {title}]")?;
                }
                for Trouble { message, differences } in troubles {
                    if let Some(number) = message {
                        write!(f, " message {number}:")?;
                    }
                    for (index, difference) in differences.iter().enumerate() {
                        write!(f, "{} {difference}", if index == 0 { "" } else { ";" })?;
                    }
                }
                Ok(())
            }
        }
    }
}
