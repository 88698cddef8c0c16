//! The services behind the simulated PDD: `notificaSAP`, and the comunicazioni obbligatorie addressed to the region.

use crate::soap::{Inner, Part};
use crate::xml::{Event, Limits, Reader, XmlError, write};

/// The motives of a notification that a region knows ("MotivoNotifica" of the standard classifications).
const MOTIVES: [&str; 3] = ["01", "02", "07"];

/// What the application of a region answers: the child of the reply's Body.
///
/// `None` where the request is none of its operations. `ordered` is a refusal by order.
pub(super) fn answer(
    request: &Part<'_>,
    limits: &Limits,
    ordered: Option<(&str, &str)>,
) -> Result<Option<String>, XmlError> {
    let mut code = None;
    let esito = match request.local {
        "notificaSAP" => {
            let sap = text(request, "CodiceSAP", limits)?;
            let motive = text(request, "MotivoNotifica", limits)?;
            match (sap, motive) {
                (Some(sap), _) if sap.trim().is_empty() => ("KO", "Codice SAP assente"),
                (Some(_), Some(motive)) if MOTIVES.contains(&motive.trim()) => ("OK", ""),
                (Some(_), Some(_)) => ("KO", "Codice motivo non riconosciuto"),
                _ => ("KO", "CodiceSAP e MotivoNotifica sono richiesti"),
            }
        }
        super::pdd_registry::CO => {
            let given = communication_code(request, limits)?;
            let esito = if given.is_some() { ("OK", "") } else { ("KO", "Codice comunicazione assente") };
            code = Some(given.unwrap_or_default());
            esito
        }
        _ => return Ok(None),
    };
    let (esito, message) = ordered.unwrap_or(esito);
    let members = [
        ("Esito", Some(esito)),
        ("MessaggioErrore", Some(message)),
        ("CodiceComunicazione", code.as_deref().map(|code| if esito == "OK" { code } else { "" })),
    ];
    Ok(Some(element(request, &members)))
}

/// The reply element, in the namespace of the request.
fn element(request: &Part<'_>, members: &[(&str, Option<&str>)]) -> String {
    let mut out = format!("<typ:risposta_{} xmlns:typ=\"", request.local);
    write::push_attribute_value(&mut out, &request.namespace);
    out.push_str("\">");
    for (name, value) in members {
        if let Some(value) = value {
            out.push_str(&format!("<typ:{name}>"));
            write::push_text(&mut out, value);
            out.push_str(&format!("</typ:{name}>"));
        }
    }
    out.push_str(&format!("</typ:risposta_{}>", request.local));
    out
}

fn text(request: &Part<'_>, member: &str, limits: &Limits) -> Result<Option<String>, XmlError> {
    Ok(match request.inner(&request.namespace, member, limits)? {
        Some(Inner::Text { text, .. }) => Some(text.into_owned()),
        _ => None,
    })
}

/// `codiceComunicazione` of the root of the document, which the wrapper holds as text or as it is.
fn communication_code(request: &Part<'_>, limits: &Limits) -> Result<Option<String>, XmlError> {
    let Some((_, inner)) = request.children(limits)?.into_iter().next() else { return Ok(None) };
    match inner {
        Inner::Text { text, .. } => root_attribute(Reader::document(&text, limits)),
        Inner::Element(part) => root_attribute(part.reader(limits)),
        Inner::Mixed { .. } => Ok(None),
    }
}

fn root_attribute(mut reader: Reader<'_>) -> Result<Option<String>, XmlError> {
    loop {
        match reader.next_event()? {
            Event::Start(_) => return Ok(reader.attribute("", "codiceComunicazione").map(str::to_owned)),
            Event::Eof => return Ok(None),
            _ => {}
        }
    }
}
