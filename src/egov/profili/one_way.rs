//! A message without answer.

use jiff::Timestamp;

use super::Penna;
use crate::egov::{Busta, reply};

/// The one message of the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OneWay<'b> {
    richiesta: &'b Busta,
}

impl<'b> OneWay<'b> {
    /// A message received.
    #[must_use]
    pub fn new(richiesta: &'b Busta) -> Self {
        Self { richiesta }
    }

    /// The acknowledgement that the sender asked for, of a message received at `received`. It belongs to no service.
    #[must_use]
    pub fn riscontro(self, received: Timestamp, penna: Penna<'_>) -> Option<Busta> {
        self.richiesta
            .conferma()
            .then(|| reply::riscontro(self.richiesta, penna.identificatore, received, penna.now))
    }
}
