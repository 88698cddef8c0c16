//! Signatures of messages: the two moments at which they matter.
//!
//! What a party sends is verified once the fields of its busta are well, before the registry is asked. What it is answered is
//! signed last, before the answer is recorded: the journal holds the bytes that leave.

use super::Knowledge;
use super::inbound::Inbound;
use super::passage::Passage;
use crate::egov::firma::{self, Fiducia};
use crate::egov::{Busta, CodiceEccezione, Eccezione};
use crate::failure::reply::PddReply;
use crate::services::Regole;
use crate::soap::Envelope;
use crate::soap::security::{Attachments, Authorities, NoAttachments, SigningError};

impl Inbound {
    /// What is wrong with the signature of a message whose fields are well; nothing where none was agreed on.
    pub(super) fn verify_signature(
        &self,
        knowledge: &Knowledge,
        envelope: &Envelope<'_>,
        allegati: &dyn Attachments,
        busta: &Busta,
        passage: &mut Passage,
    ) -> Vec<Eccezione> {
        let servizio = busta.servizio.as_ref();
        let servizio = servizio.and_then(|s| knowledge.catalogue.servizio(&s.tipo, &s.nome));
        let parte = knowledge.parti.parte(&busta.mittente.tipo, &busta.mittente.nome);
        let politica = passage.politica.insert(Regole::politica(servizio, parte));
        if politica.richiesta.is_empty() {
            return Vec::new();
        }
        let keys = self.settings.chiavi.load();
        let nobody = Authorities::default();
        let fiducia = Fiducia {
            autorita: keys.authorities.as_ref().unwrap_or(&nobody),
            sha1: keys.sha1,
            scarto: keys.skew,
        };
        let signer = match firma::verifica(envelope, allegati, politica, fiducia, self.clock.now()) {
            Ok(signer) => signer,
            Err(eccezioni) => return eccezioni,
        };
        // Of a sender that is not known the registry speaks.
        let is_its_own = parte.is_none_or(|parte| signer.as_deref().is_some_and(|cn| parte.riconosce(cn)));
        if is_its_own {
            return Vec::new();
        }
        let posizione = format!("il certificato della firma non appartiene a {}", busta.mittente);
        vec![Eccezione::new(CodiceEccezione::MittenteNonAutorizzato, posizione)]
    }

    /// The answer with its signature, where one was agreed on. Error replies that precede the agreement, and those without a
    /// busta, are unsigned.
    pub(super) fn sealed(&self, reply: PddReply, passage: &Passage) -> Result<PddReply, SigningError> {
        let Some(politica) = passage.politica.as_ref().filter(|politica| !politica.risposta.is_empty())
        else {
            return Ok(reply);
        };
        if reply.identificatore.is_none() {
            return Ok(reply);
        }
        let keys = self.settings.chiavi.load();
        let signer = keys.signer.as_ref().ok_or_else(|| SigningError::NoPart("key".to_owned()))?;
        let (limits, now) = (&self.settings.limits, self.clock.now());
        let body = firma::firma(&reply.body, &NoAttachments, politica, signer, keys.life, limits, now)?;
        Ok(PddReply { body, ..reply })
    }
}
