//! Reading of a manifest.

use super::{Descrizione, LINGUA, RIFERIMENTO, Riferimento, Ruolo};
use crate::egov::lettura::{Broken, Lettura, Nodo};
use crate::egov::{CodiceEccezione as Codice, Eccezione, NAMESPACE};
use crate::soap::{Envelope, Part};

/// A manifest as far as it could be read, and what is wrong with its form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Letta {
    /// The references that are whole.
    pub descrizione: Descrizione,
    /// Every fault, in document order.
    pub eccezioni: Vec<Eccezione>,
}

const MESSAGGIO: &str = "SOAPBody/Descrizione/DescrizioneMessaggio";

/// Reads the manifest of a message; a Body that is none is a fault like any other.
///
/// # Errors
/// The manifest is larger than any has reason to be.
pub fn decode(envelope: &Envelope<'_>) -> Result<Letta, Broken> {
    let fault = |posizione: String| {
        let eccezioni = vec![Eccezione::new(Codice::FormatoCorpo, posizione)];
        Ok(Letta { descrizione: Descrizione::default(), eccezioni })
    };
    let child = match envelope.body.as_slice() {
        [only] if envelope.body_text.is_none() => only,
        children => {
            // Text counts as the child that it is.
            let count = children.len() + usize::from(envelope.body_text.is_some());
            return fault(format!("SOAPBody child size:{count}"));
        }
    };
    if child.local != "Descrizione" {
        return fault("SOAPBody/Descrizione".to_owned());
    }
    if child.namespace != NAMESPACE {
        return fault("SOAPBody/Descrizione/namespace".to_owned());
    }
    descrizione(child, envelope)
}

fn descrizione(child: &Part<'_>, envelope: &Envelope<'_>) -> Result<Letta, Broken> {
    let mut lettura = Lettura::new(child, envelope.limits())?;
    let mut riferimenti = Vec::new();
    let mut children = 0_usize;
    loop {
        match lettura.nodo(&["DescrizioneMessaggio"])? {
            Nodo::Elemento(_) => riferimenti.extend(lettura.descrizione_messaggio()?),
            Nodo::Estraneo(name) => {
                lettura.segnala(Codice::FormatoCorpo, format!("SOAPBody/Descrizione/child[{name}]"));
            }
            Nodo::Fine => break,
        }
        children += 1;
    }
    if children == 0 {
        lettura.segnala(Codice::FormatoCorpo, "SOAPBody/Descrizione child size:0");
    }
    Ok(Letta { descrizione: Descrizione { riferimenti }, eccezioni: lettura.eccezioni })
}

impl Lettura<'_, '_> {
    /// The content of a DescrizioneMessaggio: one Riferimento.
    fn descrizione_messaggio(&mut self) -> Result<Option<Riferimento>, Broken> {
        let before = self.eccezioni.len();
        let (mut children, mut strangers) = (0_usize, 0_usize);
        let mut riferimento = None;
        loop {
            match self.nodo(&["Riferimento"])? {
                Nodo::Elemento(_) => riferimento = self.riferimento()?,
                Nodo::Estraneo(_) => strangers += 1,
                Nodo::Fine => break,
            }
            children += 1;
        }
        if children != 1 {
            self.eccezioni.truncate(before);
            self.segnala(Codice::FormatoCorpo, format!("{MESSAGGIO} child size:{children}"));
            return Ok(None);
        }
        if strangers == 1 {
            self.segnala(Codice::RiferimentoAllegato, RIFERIMENTO);
        }
        Ok(riferimento)
    }

    /// A Riferimento; `None` where something of it is missing, which is then noted.
    fn riferimento(&mut self) -> Result<Option<Riferimento>, Broken> {
        let given = |value: Option<String>| value.filter(|value| !value.trim().is_empty());
        let href = given(self.attributo("href"));
        let ruolo = self.attributo("role").and_then(|role| Ruolo::parse(&role));
        let id = given(self.attributo_della_busta("id"));
        if href.is_none() {
            self.segnala(Codice::RiferimentoAllegato, format!("{RIFERIMENTO}/href"));
        }
        if ruolo.is_none() {
            self.segnala(Codice::FormatoCorpo, format!("{RIFERIMENTO}/role"));
        }
        if id.is_none() {
            self.segnala(Codice::FormatoCorpo, format!("{RIFERIMENTO}/id"));
        }
        let contents = self.schema_e_titolo()?;
        Ok(match (href, ruolo, id, contents) {
            (Some(href), Some(ruolo), Some(id), Some((schema, titolo, lingua))) => {
                Some(Riferimento { href, ruolo, id, schema, titolo, lingua })
            }
            _ => None,
        })
    }

    /// Schema and Titolo, in either order: address, title, language.
    fn schema_e_titolo(&mut self) -> Result<Option<(String, String, String)>, Broken> {
        let before = self.eccezioni.len();
        let mut children = 0_usize;
        let (mut schema, mut titolo) = (None, None);
        loop {
            match self.nodo(&["Schema", "Titolo"])? {
                Nodo::Elemento("Schema") => {
                    schema = Some(self.attributo("posizione").filter(|p| !p.trim().is_empty()));
                    self.salta()?;
                }
                Nodo::Elemento(_) => {
                    let lingua = self.attributo("Lingua").unwrap_or_else(|| LINGUA.to_owned());
                    titolo = Some(self.foglia()?.map(|titolo| (titolo, lingua)));
                }
                Nodo::Estraneo(name) => {
                    self.segnala(Codice::FormatoCorpo, format!("{RIFERIMENTO}/child[{name}]"));
                }
                Nodo::Fine => break,
            }
            children += 1;
        }
        if children != 2 {
            self.eccezioni.truncate(before);
            self.segnala(Codice::FormatoCorpo, format!("{RIFERIMENTO} child size:{children}"));
            return Ok(None);
        }
        match &schema {
            None => self.segnala(Codice::FormatoCorpo, format!("{RIFERIMENTO}/Schema")),
            Some(None) => self.segnala(Codice::FormatoCorpo, format!("{RIFERIMENTO}/Schema/posizione")),
            Some(Some(_)) => {}
        }
        let titolo = titolo.flatten();
        if titolo.is_none() {
            self.segnala(Codice::FormatoCorpo, format!("{RIFERIMENTO}/Titolo"));
        }
        let schema = schema.flatten();
        Ok(schema.zip(titolo).map(|(schema, (titolo, lingua))| (schema, titolo, lingua)))
    }
}
