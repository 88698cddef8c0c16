//! Phase 3: is what the busta asks for offered, may its sender ask, and does the Body ask for the same?

use super::inbound::{Decoded, Inbound, Recognised};
use super::passage::Passage;
use super::{Arrived, Knowledge};
use crate::egov::{Busta, CodiceEccezione, Eccezione, profili};
use crate::failure::{Cause, DocumentError, Failure};
use crate::services::corpo::{self, CorpoError};
use crate::services::{Azione, Duplicate};
use crate::telemetry::Phase;

impl Inbound {
    /// Phase 3: the action, whether the sender may ask for it, and whether the Body asks for the same.
    pub(super) fn recognise<'x>(
        &self,
        knowledge: &Knowledge,
        arrived: &Arrived,
        decoded: Decoded<'x>,
        passage: &mut Passage,
    ) -> Result<Recognised<'x>, Failure> {
        passage.enter(Phase::Recognise);
        let Decoded { envelope, attached, busta } = decoded;
        let refuse = |passage: &Passage, codice, posizione: &str| {
            passage.failed(Cause::Eccezioni(vec![Eccezione::new(codice, posizione)]))
        };
        let servizio = busta.servizio.clone().unwrap_or_default();
        let azione = knowledge
            .catalogue
            .azione(&servizio.tipo, &servizio.nome, busta.azione.as_deref())
            .map_err(|_| refuse(passage, CodiceEccezione::AzioneSconosciuta, "Azione"))?
            .clone();
        passage.azione = Some(azione.clone());
        self.authorise(knowledge, arrived, &busta, &azione, passage)?;
        let namespace = knowledge.wrapper_namespace(&azione).unwrap_or_default();
        let inviato = corpo::apri(&azione, &envelope, attached, &namespace).map_err(|error| match error {
            CorpoError::Manifest(eccezioni) => passage.failed(Cause::Eccezioni(eccezioni)),
            CorpoError::OtherAction { seen, .. } => {
                refuse(passage, CodiceEccezione::FormatoCorpo, &format!("SOAPBody/child[{seen}]"))
            }
            CorpoError::Elements(_) => refuse(passage, CodiceEccezione::FormatoCorpo, "SOAPBody"),
            error => passage.failed(DocumentError::from(error)),
        })?;
        let accordo = azione.duplicate != Duplicate::Deliver;
        let filtra = profili::filtra_duplicati(&busta, knowledge.gestione(&busta), accordo);
        Ok(Recognised { azione, busta, inviato, filtra, prima: None })
    }

    /// A party speaks with its own certificate, and asks for what is offered to it.
    fn authorise(
        &self,
        knowledge: &Knowledge,
        arrived: &Arrived,
        busta: &Busta,
        azione: &Azione,
        passage: &Passage,
    ) -> Result<(), Failure> {
        let parte = knowledge.parti.parte(&busta.mittente.tipo, &busta.mittente.nome);
        let Some(parte) = parte else {
            let eccezione =
                Eccezione::new(CodiceEccezione::MittenteSconosciuto, "Mittente/IdentificativoParte");
            return Err(passage.failed(Cause::Eccezioni(vec![eccezione])));
        };
        let refused = |posizione: String| {
            let eccezione = Eccezione::new(CodiceEccezione::MittenteNonAutorizzato, posizione);
            Err(passage.failed(Cause::Eccezioni(vec![eccezione])))
        };
        if let Some(certificate) = &arrived.caller.certificate
            && !certificate.as_deref().is_some_and(|cn| parte.riconosce(cn))
        {
            return refused(format!("il certificato del chiamante non appartiene a {}", busta.mittente));
        }
        if !parte.puo_usare(&azione.servizio) {
            return refused(format!("{} non fruisce di {}", busta.mittente, azione.servizio.nome));
        }
        Ok(())
    }
}
