//! A request and its reply on one connection.

use super::Penna;
use crate::egov::{Busta, reply};

/// The request of the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sincrono<'b> {
    richiesta: &'b Busta,
}

impl<'b> Sincrono<'b> {
    /// A request received.
    #[must_use]
    pub fn new(richiesta: &'b Busta) -> Self {
        Self { richiesta }
    }

    /// The reply.
    #[must_use]
    pub fn risposta(self, penna: Penna<'_>) -> Busta {
        let risposta = reply::risposta(self.richiesta, penna.identificatore, penna.now);
        penna.vesti(self.richiesta, risposta)
    }
}
