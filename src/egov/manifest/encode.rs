//! Writing of a manifest.

use super::Descrizione;
use crate::egov::NAMESPACE;
use crate::xml::write;

/// The manifest as the child of a Body: Schema before Titolo, `id` in the namespace of the busta. Byte-stable.
#[must_use]
pub fn encode(descrizione: &Descrizione) -> String {
    let mut out = String::with_capacity(160 + descrizione.riferimenti.len() * 320);
    out.push_str("<eGov_IT:Descrizione xmlns:eGov_IT=\"");
    out.push_str(NAMESPACE);
    out.push_str("\">");
    for riferimento in &descrizione.riferimenti {
        for (lead, value) in [
            ("<eGov_IT:DescrizioneMessaggio><eGov_IT:Riferimento href=\"", riferimento.href.as_str()),
            ("\" role=\"", riferimento.ruolo.as_str()),
            ("\" eGov_IT:id=\"", &riferimento.id),
            ("\"><eGov_IT:Schema posizione=\"", &riferimento.schema),
            ("\"/><eGov_IT:Titolo Lingua=\"", &riferimento.lingua),
        ] {
            out.push_str(lead);
            write::push_attribute_value(&mut out, value);
        }
        out.push_str("\">");
        write::push_text(&mut out, &riferimento.titolo);
        out.push_str("</eGov_IT:Titolo></eGov_IT:Riferimento></eGov_IT:DescrizioneMessaggio>");
    }
    out.push_str("</eGov_IT:Descrizione>");
    out
}
