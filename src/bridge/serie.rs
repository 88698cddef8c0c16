//! Phases 4 and 7 of a message that has its place in an ordered series (busta e-Gov 1.1, Sequenza).
//!
//! A message ahead of its turn is held: durable, answered with its riscontro, and forwarded by [`super::delivery`] when
//! those before it have been. One behind it was seen before, and is dropped. The journal decides which it is.

use super::inbound::{Admitted, Inbound, LookedUp, Translated, Unseen, key};
use super::passage::Passage;
use super::twin::{Second, Twin};
use super::{Answer, Arrived, Knowledge};
use crate::egov::profili::Passo;
use crate::egov::{Busta, CodiceEccezione, Eccezione, Gestione};
use crate::failure::{Cause, Failure, reply};
use crate::journal::{
    self, Direction, FuoriSerie, Inoltro, Intent, Nome, Placing, Posto, Reply, Serie, Stato,
};
use crate::services::Azione;
use crate::telemetry::Phase;

impl Inbound {
    /// Phase 4, the end of it: has the series that the message names a place for it? Asked before the document is looked
    /// at, because what is wrong with the busta is said first; the journal asks again when it gives the place.
    ///
    /// # Cancel safety
    /// A message that was seen before may be recorded, and its answer lost.
    pub(super) async fn in_order<'x>(
        &self,
        knowledge: &Knowledge,
        arrived: &Arrived,
        mut unseen: Unseen<'x>,
        passage: &mut Passage,
    ) -> Result<LookedUp<'x>, Failure> {
        let message = &unseen.message;
        let Some(posto) = posto(knowledge, &message.azione, &message.busta) else {
            return Ok(LookedUp::Unseen(unseen));
        };
        let series = self.journal.series(&posto.serie.collaborazione).await;
        let fault = match series.map_err(|error| passage.failed(error))? {
            Some(known) => {
                if posto.numero < known.prossimo {
                    return self.drop_seen(knowledge, arrived, &posto, passage).await.map(LookedUp::Known);
                }
                known.serie.differs(&posto.serie)
            }
            None => (!posto.begins(&message.busta.identificatore)).then_some(FuoriSerie::Sconosciuta),
        };
        match fault {
            Some(fault) => Err(out_of_series(fault, passage)),
            None => {
                unseen.posto = Some(Box::new(posto));
                Ok(LookedUp::Unseen(unseen))
            }
        }
    }

    /// Phase 7 of such a message: the permission to leave, or the place in which it waits.
    pub(super) async fn take_place(
        &self,
        knowledge: &Knowledge,
        arrived: &Arrived,
        translated: Translated,
        posto: Posto,
        passage: &mut Passage,
    ) -> Result<Admitted, Failure> {
        let Translated { azione, busta, digest, .. } = &translated;
        let waiting = self.acknowledgement(knowledge, arrived, azione, busta, passage).await?;
        let intent = Intent {
            key: key(busta),
            reception: passage.reception(arrived),
            posto: Some(posto.clone()),
            inoltro: Inoltro::AlPiuUnaVolta,
            digest: *digest,
            schemi: knowledge.version.clone(),
            forwarded: translated.json.clone(),
        };
        let placing = self.journal.place(intent, waiting.clone()).await;
        match placing.map_err(|error| passage.failed(error))? {
            Placing::Intended(token) => {
                passage.record = Some(token.id());
                Ok(Admitted::Intended(token.bind(translated)))
            }
            Placing::Held(concluded) => {
                passage.record = Some(concluded.id());
                passage.stato = Some(Stato::Held);
                // The one before it may have had its end meanwhile.
                self.turn.notify_one();
                Ok(Admitted::Known(Answer::again(waiting, concluded.id())))
            }
            Placing::Seen => self.drop_seen(knowledge, arrived, &posto, passage).await.map(Admitted::Known),
            Placing::Refused(fault) => Err(out_of_series(fault, passage)),
            Placing::AlreadyKnown(recorded) => {
                let second = Second { azione, busta, digest: Some(*digest) };
                match self.twin(knowledge, recorded, second, passage).await? {
                    Twin::Answered(answer) => Ok(Admitted::Known(answer)),
                    Twin::Free | Twin::Repeatable(_) => Err(passage.failed(Cause::InFlight)),
                }
            }
        }
    }

    /// A message behind its turn is acknowledged and not delivered, and the record says so.
    async fn drop_seen(
        &self,
        knowledge: &Knowledge,
        arrived: &Arrived,
        posto: &Posto,
        passage: &mut Passage,
    ) -> Result<Answer, Failure> {
        let (Some(busta), Some(azione)) = (passage.busta.clone(), passage.azione.clone()) else {
            return Err(passage.failed(Cause::InFlight));
        };
        let reply = self.acknowledgement(knowledge, arrived, &azione, &busta, passage).await?;
        passage.duplicate = true;
        let seen = Failure::new(Phase::LookUp, Cause::SeenBefore { numero: posto.numero });
        let refusal = journal::Refusal {
            direction: Direction::Inbound,
            mittente: Some(busta.mittente.nome.clone()),
            identificatore: Some(busta.identificatore.clone()),
            reception: passage.reception(arrived),
            digest: passage.digest,
            failure: seen.failing(),
            reply: Some(reply.clone()),
        };
        let concluded = self.journal.refuse(refusal).await.map_err(|error| passage.failed(error))?;
        passage.record = Some(concluded.id());
        Ok(Answer::again(reply, concluded.id()))
    }

    /// The riscontro of a message that is not forwarded now.
    async fn acknowledgement(
        &self,
        knowledge: &Knowledge,
        arrived: &Arrived,
        azione: &Azione,
        busta: &Busta,
        passage: &Passage,
    ) -> Result<Reply, Failure> {
        let now = self.clock.now();
        let identificatore = self.progressivi.next(now).await.map_err(|cause| passage.failed(cause))?;
        let speaker = self.speaker(knowledge, &identificatore, now);
        let reply = reply::taken(azione, busta, arrived.received_at, speaker, "");
        let reply = reply.map_err(|error| passage.failed(error))?;
        let reply = self.sealed(reply, passage).map_err(|error| passage.failed(error))?;
        Ok(Answer::recordable(&reply))
    }
}

/// The place that a busta names. The Linee Guida know no series: there Sequenza earns a notice, and orders nothing.
fn posto(knowledge: &Knowledge, azione: &Azione, busta: &Busta) -> Option<Posto> {
    if azione.passo() != Passo::OneWay || knowledge.gestione(busta) == Gestione::LineeGuida11 {
        return None;
    }
    let nome = |tipo: &str, nome: &str| Nome { tipo: tipo.to_owned(), nome: nome.to_owned() };
    let serie = Serie {
        collaborazione: busta.collaborazione.clone()?,
        mittente: nome(&busta.mittente.tipo, &busta.mittente.nome),
        destinatario: nome(&busta.destinatario.tipo, &busta.destinatario.nome),
        servizio: nome(&azione.servizio.tipo, &azione.servizio.nome),
        azione: Some(azione.nome.clone()),
    };
    Some(Posto { serie, numero: busta.sequenza? })
}

fn out_of_series(fault: FuoriSerie, passage: &Passage) -> Failure {
    let posizione = match fault {
        FuoriSerie::Sconosciuta => "Sequenza/Collaborazione",
        FuoriSerie::Mittente => "Sequenza/Mittente",
        FuoriSerie::MittenteTipo => "Sequenza/Mittente/tipo",
        FuoriSerie::Destinatario => "Sequenza/Destinatario",
        FuoriSerie::DestinatarioTipo => "Sequenza/Destinatario/tipo",
        FuoriSerie::Servizio => "Sequenza/Servizio",
        FuoriSerie::ServizioTipo => "Sequenza/Servizio/tipo",
        FuoriSerie::Azione => "Sequenza/Azione",
        FuoriSerie::Numero => "Sequenza/numeroProgressivo",
    };
    let eccezione = Eccezione::new(CodiceEccezione::SequenzaNonValida, posizione);
    passage.failed(Cause::Eccezioni(vec![eccezione]))
}
