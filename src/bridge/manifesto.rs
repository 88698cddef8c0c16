//! The manifest of a message with attachments, as its service wants it.

use super::Knowledge;
use crate::egov::{Broken, Busta, Eccezione, manifest};
use crate::services::Manifesto;
use crate::soap::Envelope;
use crate::soap::multipart::Attached;

/// What is wrong with the manifest; nothing where there are no attachments, or the service does not ask. Of a service
/// that does not exist the registry speaks.
pub(super) fn controlla(
    knowledge: &Knowledge,
    busta: &Busta,
    envelope: &Envelope<'_>,
    attached: &Attached<'_>,
) -> Result<Vec<Eccezione>, Broken> {
    if attached.attachments.is_empty() {
        return Ok(Vec::new());
    }
    let servizio = busta.servizio.as_ref().and_then(|s| knowledge.catalogue.servizio(&s.tipo, &s.nome));
    // One of a wrong namespace is a manifest as well: a wrong one.
    let is_there = envelope.body.iter().any(|child| child.local == "Descrizione");
    match servizio.map_or(Manifesto::Libero, |servizio| servizio.manifesto) {
        Manifesto::Libero => return Ok(Vec::new()),
        Manifesto::Verificato if !is_there => return Ok(Vec::new()),
        Manifesto::Verificato | Manifesto::Richiesto => {}
    }
    let letta = manifest::decode(envelope)?;
    // A reference that could not be read would make its part look undescribed: form first, and alone.
    if letta.eccezioni.is_empty() { Ok(letta.descrizione.discordanze(attached)) } else { Ok(letta.eccezioni) }
}
