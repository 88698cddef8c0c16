//! Phase 8: the only place where a message leaves.

use bytes::Bytes;

use super::inbound::Inbound;
use super::verdict::{self, Ended};
use crate::journal::{Intended, JournalError, Outcome, Stato};
use crate::node::Request;
use crate::services::{Azione, OnUnknown};

/// What leaves under a permission.
pub(super) trait Leaves {
    /// Where to, and what.
    fn parting(&self) -> Parting<'_>;
}

/// A message on its way out.
pub(super) struct Parting<'a> {
    pub(super) azione: &'a Azione,
    pub(super) identificatore: &'a str,
    pub(super) json: &'a Bytes,
}

impl Inbound {
    /// Sends what may leave. What became of it is a value, not an error: it must be recorded either way.
    pub(super) async fn leave<T: Leaves + Sync>(&self, permission: &Intended<T>) -> Ended {
        let Parting { azione, identificatore, json } = permission.value().parting();
        if !self.journal.stands(permission.fence()) {
            let (id, attempt) = (permission.id(), permission.attempt());
            let lost = JournalError::Stale { id, attempt, stato: Stato::Intended };
            return Ended { outcome: Outcome::Failed, answer: None, said: Err(lost.into()) };
        }
        let mut request = Request::post(&azione.rest.path, json.clone()).about(identificatore);
        request.method = azione.rest.method.clone();
        if matches!(azione.on_unknown, OnUnknown::Resend { .. }) {
            request = request.idempotent(identificatore.to_owned());
        }
        let exchange = self.node.send(request).await;
        verdict::of(exchange, azione, self.clock.now())
    }
}
