//! Which attachment holds the document of a request, where the Body does not.
//!
//! Three ways are in use: a manifest in the Body names the part (busta e-Gov 1.1, `role` Richiesta); the Body is empty,
//! or holds the placeholder that porte write for an empty one, and one part is left to be the document; the member of
//! the wrapper refers to a part by `href`, by a `cid:` URL as its text, or by an `xop:Include`.

use super::CorpoError;
use crate::egov::manifest::{self, Descrizione};
use crate::egov::{self, CodiceEccezione, Eccezione};
use crate::soap::multipart::{Attached, Inclusion};
use crate::soap::{Envelope, Inner, Part};
use crate::xml::{Limits, XmlError, characters};

/// The placeholder's namespace, observed of porte di dominio in use.
const SOAP_BODY_EMPTY: &str = "http://www.openspcoop2.org/spcoop/manifest/body";

/// Whether an element stands for an empty Body.
pub(super) fn is_placeholder(namespace: &str, local: &str) -> bool {
    namespace == SOAP_BODY_EMPTY && local == "SoapBodyEmpty"
}

/// The number of the part that the Body as a whole leaves the document to, with the manifest that says so; `None`
/// where the document is to be looked for in the Body.
pub(super) fn indicata(
    envelope: &Envelope<'_>,
    attached: &Attached<'_>,
) -> Result<Option<(usize, Descrizione)>, CorpoError> {
    if attached.attachments.is_empty() || envelope.body_text.is_some() {
        return Ok(None);
    }
    match envelope.body.as_slice() {
        [] => sola(attached).map(Some),
        [only] if is_placeholder(&only.namespace, only.local) => sola(attached).map(Some),
        [only] if only.is(egov::NAMESPACE, "Descrizione") => descritta(envelope, attached).map(Some),
        _ => Ok(None),
    }
}

/// The only part, or the only one that is XML.
fn sola(attached: &Attached<'_>) -> Result<(usize, Descrizione), CorpoError> {
    let mut parts = attached.beside();
    let mut xml = attached.beside().filter(|(_, attachment)| attachment.is_xml());
    let (first, second) = (parts.next(), parts.next());
    let (first_xml, second_xml) = (xml.next(), xml.next());
    let only = first.filter(|_| second.is_none()).or(first_xml.filter(|_| second_xml.is_none()));
    only.map(|(at, _)| (at, Descrizione::default())).ok_or(CorpoError::Ambiguous)
}

/// The part that the manifest calls the request.
fn descritta(envelope: &Envelope<'_>, attached: &Attached<'_>) -> Result<(usize, Descrizione), CorpoError> {
    let letta = manifest::decode(envelope).map_err(|_| {
        let eccezione = Eccezione::new(CodiceEccezione::FormatoCorpo, "SOAPBody/Descrizione");
        CorpoError::Manifest(vec![eccezione])
    })?;
    let principale = letta.descrizione.principale().and_then(|r| attached.position(&r.href));
    principale.map(|at| (at, letta.descrizione.clone())).ok_or_else(|| {
        // The faults of its form are the reason; where it has none, that it does not fit its package.
        let faults = Some(letta.eccezioni).filter(|faults| !faults.is_empty());
        CorpoError::Manifest(faults.unwrap_or_else(|| letta.descrizione.discordanze(attached)))
    })
}

/// The number of the part that an element without content of its own refers to; `None` where it refers to none.
pub(super) fn riferita(
    element: &Part<'_>,
    inner: &Inner<'_>,
    attached: &Attached<'_>,
    inclusions: &[Inclusion],
    limits: &Limits,
) -> Result<Option<usize>, CorpoError> {
    let Inner::Text { text, offset } = inner else { return Ok(None) };
    if attached.attachments.is_empty() {
        return Ok(None);
    }
    let value = characters::trim(text);
    let href = if value.is_empty() {
        attribute(element, "href", limits)?
    } else if value.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("cid:")) {
        Some(value.to_owned())
    } else {
        let here = *offset..offset.saturating_add(text.len());
        let filling = |inclusion: &&Inclusion| {
            inclusion.range.len() == value.len() && here.contains(&inclusion.range.start)
        };
        return Ok(inclusions.iter().find(filling).map(|inclusion| inclusion.attachment));
    };
    let Some(href) = href else { return Ok(None) };
    let part = attached.position(&href);
    part.map(Some).ok_or_else(|| CorpoError::NoPart(href.chars().take(80).collect()))
}

fn attribute(element: &Part<'_>, local: &str, limits: &Limits) -> Result<Option<String>, XmlError> {
    let mut reader = element.reader(limits);
    reader.next_event()?;
    Ok(reader.attribute("", local).map(str::to_owned))
}
