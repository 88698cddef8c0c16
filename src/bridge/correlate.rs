//! Phase 3, the end of it: the second call of an asynchronous exchange belongs to a first one that the journal knows.

use super::inbound::{Inbound, Recognised};
use super::passage::Passage;
use crate::egov::Busta;
use crate::egov::profili::correlazione::{self, Nota};
use crate::egov::profili::{Asincrono, Passo};
use crate::failure::{Cause, Failure};
use crate::journal::{Direction, Earlier, Key, Stato};
use crate::services::Azione;

impl Inbound {
    /// Finds the first call of the exchange, where this is a second one.
    ///
    /// # Cancel safety
    /// Only reads.
    pub(super) async fn correlate<'x>(
        &self,
        mut message: Recognised<'x>,
        passage: &Passage,
    ) -> Result<Recognised<'x>, Failure> {
        let passo = message.azione.passo();
        let refuse = |eccezione| passage.failed(Cause::Eccezioni(vec![eccezione]));
        let prima = correlazione::prima(passo, &message.busta).map_err(refuse)?;
        let Some(prima) = prima else { return Ok(message) };
        let key = key(passo, &message.busta, prima.identificatore);
        let earlier = self.journal.earlier(&key).await.map_err(|error| passage.failed(error))?;
        let nota = earlier.as_ref().map(|earlier| Nota {
            collaborazione: earlier.collaborazione.as_deref(),
            is_sua: is_first_call_of(earlier, passo, &message.azione, &message.busta),
        });
        if let Some(eccezione) = prima.controlla(&message.busta, nota) {
            return Err(refuse(eccezione));
        }
        // Its receipt is not given yet: nobody can be asking for more.
        if earlier.is_some_and(|earlier| earlier.summary.stato == Stato::Intended) {
            return Err(passage.failed(Cause::InFlight));
        }
        message.prima = Some(prima.identificatore.to_owned());
        Ok(message)
    }
}

/// Whose record the first call is: the caller's own where it asks again, ours where it answers.
fn key(passo: Passo, busta: &Busta, identificatore: &str) -> Key {
    let (direction, mittente) = match passo {
        Passo::Seguito(Asincrono::Simmetrico) => (Direction::Outbound, &busta.destinatario),
        _ => (Direction::Inbound, &busta.mittente),
    };
    Key { direction, mittente: mittente.nome.clone(), identificatore: identificatore.to_owned() }
}

fn is_first_call_of(earlier: &Earlier, passo: Passo, azione: &Azione, busta: &Busta) -> bool {
    let Some(first) = &azione.seguito_di else { return false };
    let addressed = match passo {
        Passo::Seguito(Asincrono::Simmetrico) => &busta.mittente,
        _ => &busta.destinatario,
    };
    let summary = &earlier.summary;
    summary.servizio.as_ref() == Some(&first.servizio)
        // A service with one action may be called without it.
        && summary.azione.as_ref().is_none_or(|azione| *azione == first.azione)
        && summary.destinatario.as_ref() == Some(&addressed.nome)
}
