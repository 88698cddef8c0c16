//! Writing of a busta: the header block as text, in the order of the schema, byte-stable.
//!
//! Every element is qualified with `eGov_IT` and attributes are not, but for the two of SOAP; leaves hold no white
//! space of ours; nothing is written for what is not there. The block declares the two prefixes it uses, so that it
//! can stand in any envelope.

use yaserde::YaSerialize;

use super::{ACTOR, Busta, Correlato, Eccezione, Ora, Parte, Riscontro, Servizio, Trasmissione};
use crate::xml::characters;

/// The busta could not be written.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// A value holds a character that no XML document can carry.
    #[error("character U+{:04X} cannot be written in a busta", u32::from(*.character))]
    Forbidden {
        /// The character.
        character: char,
    },
    /// The serializer refused.
    #[error("the busta cannot be serialized: {0}")]
    Serializer(#[from] yaserde::Error),
}

/// The header block of a busta.
///
/// # Errors
/// A value holds a character that XML forbids.
pub fn encode(busta: &Busta) -> Result<String, EncodeError> {
    let config =
        yaserde::ser::Config { write_document_declaration: false, ..yaserde::ser::Config::default() };
    let block = yaserde::ser::to_string_with_config(&Intestazione::from(busta), &config)?;
    match characters::forbidden(&block) {
        // The serializer writes a carriage return as it is, and a reader would take it for a line end.
        None => Ok(if block.contains('\r') { block.replace('\r', "&#13;") } else { block }),
        Some((_, character)) => Err(EncodeError::Forbidden { character }),
    }
}

/// The block as the serializer sees it: one struct an element, fields in the order of the schema.
#[derive(YaSerialize)]
#[yaserde(
    rename = "Intestazione",
    prefix = "eGov_IT",
    namespaces = {
        "eGov_IT" = "http://www.cnipa.it/schemas/2003/eGovIT/Busta1_0/",
        "SOAP_ENV" = "http://schemas.xmlsoap.org/soap/envelope/"
    }
)]
struct Intestazione {
    #[yaserde(attribute = true, prefix = "SOAP_ENV")]
    actor: String,
    #[yaserde(attribute = true, prefix = "SOAP_ENV", rename = "mustUnderstand")]
    must_understand: String,
    #[yaserde(prefix = "eGov_IT", rename = "IntestazioneMessaggio")]
    testata: IntestazioneMessaggio,
    #[yaserde(prefix = "eGov_IT", rename = "ListaRiscontri")]
    riscontri: Option<ListaRiscontri>,
    #[yaserde(prefix = "eGov_IT", rename = "ListaTrasmissioni")]
    trasmissioni: Option<ListaTrasmissioni>,
    #[yaserde(prefix = "eGov_IT", rename = "ListaEccezioni")]
    eccezioni: Option<ListaEccezioni>,
}

#[derive(YaSerialize)]
#[yaserde(prefix = "eGov_IT")]
struct IntestazioneMessaggio {
    #[yaserde(prefix = "eGov_IT", rename = "Mittente")]
    mittente: ParteScritta,
    #[yaserde(prefix = "eGov_IT", rename = "Destinatario")]
    destinatario: ParteScritta,
    #[yaserde(prefix = "eGov_IT", rename = "ProfiloCollaborazione")]
    profilo: Option<ProfiloScritto>,
    #[yaserde(prefix = "eGov_IT", rename = "Collaborazione")]
    collaborazione: Option<String>,
    #[yaserde(prefix = "eGov_IT", rename = "Servizio")]
    servizio: Option<ServizioScritto>,
    #[yaserde(prefix = "eGov_IT", rename = "Azione")]
    azione: Option<String>,
    #[yaserde(prefix = "eGov_IT", rename = "Messaggio")]
    messaggio: Messaggio,
    #[yaserde(prefix = "eGov_IT", rename = "ProfiloTrasmissione")]
    trasmissione: Option<TrasmissioneScritta>,
    #[yaserde(prefix = "eGov_IT", rename = "Sequenza")]
    sequenza: Option<SequenzaScritta>,
}

#[derive(YaSerialize)]
#[yaserde(prefix = "eGov_IT")]
struct Messaggio {
    #[yaserde(prefix = "eGov_IT", rename = "Identificatore")]
    identificatore: String,
    #[yaserde(prefix = "eGov_IT", rename = "OraRegistrazione")]
    ora: OraScritta,
    #[yaserde(prefix = "eGov_IT", rename = "RiferimentoMessaggio")]
    riferimento: Option<String>,
    #[yaserde(prefix = "eGov_IT", rename = "Scadenza")]
    scadenza: Option<String>,
}

#[derive(YaSerialize)]
#[yaserde(prefix = "eGov_IT")]
struct ParteScritta {
    #[yaserde(prefix = "eGov_IT", rename = "IdentificativoParte")]
    identificativo: IdentificativoParte,
}

#[derive(YaSerialize)]
#[yaserde(prefix = "eGov_IT")]
struct IdentificativoParte {
    #[yaserde(attribute = true)]
    tipo: String,
    #[yaserde(attribute = true, rename = "indirizzoTelematico")]
    indirizzo: Option<String>,
    #[yaserde(text = true)]
    nome: String,
}

#[derive(YaSerialize)]
#[yaserde(prefix = "eGov_IT")]
struct ProfiloScritto {
    #[yaserde(attribute = true, rename = "servizioCorrelato")]
    correlato: Option<String>,
    #[yaserde(attribute = true)]
    tipo: Option<String>,
    #[yaserde(text = true)]
    valore: String,
}

#[derive(YaSerialize)]
#[yaserde(prefix = "eGov_IT")]
struct ServizioScritto {
    #[yaserde(attribute = true)]
    tipo: String,
    #[yaserde(text = true)]
    nome: String,
}

#[derive(YaSerialize)]
#[yaserde(prefix = "eGov_IT")]
struct OraScritta {
    #[yaserde(attribute = true)]
    tempo: String,
    #[yaserde(text = true)]
    istante: String,
}

#[derive(YaSerialize)]
#[yaserde(prefix = "eGov_IT")]
struct TrasmissioneScritta {
    #[yaserde(attribute = true)]
    inoltro: Option<String>,
    #[yaserde(attribute = true, rename = "confermaRicezione")]
    conferma: Option<String>,
}

#[derive(YaSerialize)]
#[yaserde(prefix = "eGov_IT")]
struct SequenzaScritta {
    #[yaserde(attribute = true, rename = "numeroProgressivo")]
    numero: String,
}

#[derive(YaSerialize)]
#[yaserde(prefix = "eGov_IT")]
struct ListaRiscontri {
    #[yaserde(prefix = "eGov_IT", rename = "Riscontro")]
    riscontri: Vec<RiscontroScritto>,
}

#[derive(YaSerialize)]
#[yaserde(prefix = "eGov_IT")]
struct RiscontroScritto {
    #[yaserde(prefix = "eGov_IT", rename = "Identificatore")]
    identificatore: String,
    #[yaserde(prefix = "eGov_IT", rename = "OraRegistrazione")]
    ora: OraScritta,
}

#[derive(YaSerialize)]
#[yaserde(prefix = "eGov_IT")]
struct ListaTrasmissioni {
    #[yaserde(prefix = "eGov_IT", rename = "Trasmissione")]
    trasmissioni: Vec<Tratta>,
}

#[derive(YaSerialize)]
#[yaserde(prefix = "eGov_IT")]
struct Tratta {
    #[yaserde(prefix = "eGov_IT", rename = "Origine")]
    origine: ParteScritta,
    #[yaserde(prefix = "eGov_IT", rename = "Destinazione")]
    destinazione: ParteScritta,
    #[yaserde(prefix = "eGov_IT", rename = "OraRegistrazione")]
    ora: OraScritta,
}

#[derive(YaSerialize)]
#[yaserde(prefix = "eGov_IT")]
struct ListaEccezioni {
    #[yaserde(prefix = "eGov_IT", rename = "Eccezione")]
    eccezioni: Vec<EccezioneScritta>,
}

#[derive(YaSerialize)]
#[yaserde(prefix = "eGov_IT")]
struct EccezioneScritta {
    #[yaserde(attribute = true, rename = "contestoCodifica")]
    contesto: String,
    #[yaserde(attribute = true, rename = "codiceEccezione")]
    codice: String,
    #[yaserde(attribute = true)]
    rilevanza: String,
    #[yaserde(attribute = true)]
    posizione: String,
}

impl From<&Busta> for Intestazione {
    fn from(busta: &Busta) -> Self {
        let riscontri: Vec<_> = busta.riscontri.iter().map(RiscontroScritto::from).collect();
        let trasmissioni: Vec<_> = busta.trasmissioni.iter().map(Tratta::from).collect();
        let eccezioni: Vec<_> = busta.eccezioni.iter().map(EccezioneScritta::from).collect();
        Self {
            actor: ACTOR.to_owned(),
            must_understand: "1".to_owned(),
            testata: busta.into(),
            riscontri: (!riscontri.is_empty()).then_some(ListaRiscontri { riscontri }),
            trasmissioni: (!trasmissioni.is_empty()).then_some(ListaTrasmissioni { trasmissioni }),
            eccezioni: (!eccezioni.is_empty()).then_some(ListaEccezioni { eccezioni }),
        }
    }
}

impl From<&Busta> for IntestazioneMessaggio {
    fn from(busta: &Busta) -> Self {
        let Correlato { nome, tipo } = busta.correlato.clone();
        Self {
            mittente: (&busta.mittente).into(),
            destinatario: (&busta.destinatario).into(),
            profilo: busta.profilo.map(|profilo| ProfiloScritto {
                correlato: nome,
                tipo,
                valore: profilo.as_str().to_owned(),
            }),
            collaborazione: busta.collaborazione.clone(),
            servizio: busta.servizio.as_ref().map(ServizioScritto::from),
            azione: busta.azione.clone(),
            messaggio: Messaggio {
                identificatore: busta.identificatore.clone(),
                ora: (&busta.ora).into(),
                riferimento: busta.riferimento.clone(),
                scadenza: busta.scadenza.as_ref().map(ToString::to_string),
            },
            trasmissione: busta.trasmissione.map(|t| TrasmissioneScritta {
                inoltro: t.inoltro.map(|inoltro| inoltro.as_str().to_owned()),
                conferma: t.conferma.map(|conferma| conferma.to_string()),
            }),
            sequenza: busta.sequenza.map(|numero| SequenzaScritta { numero: format!("{numero:07}") }),
        }
    }
}

impl From<&Parte> for ParteScritta {
    fn from(parte: &Parte) -> Self {
        let Parte { tipo, nome, indirizzo } = parte.clone();
        Self { identificativo: IdentificativoParte { tipo, indirizzo, nome } }
    }
}

impl From<&Servizio> for ServizioScritto {
    fn from(servizio: &Servizio) -> Self {
        Self { tipo: servizio.tipo.clone(), nome: servizio.nome.clone() }
    }
}

impl From<&Ora> for OraScritta {
    fn from(ora: &Ora) -> Self {
        Self { tempo: ora.tempo.as_str().to_owned(), istante: ora.istante.to_string() }
    }
}

impl From<&Riscontro> for RiscontroScritto {
    fn from(riscontro: &Riscontro) -> Self {
        Self { identificatore: riscontro.identificatore.clone(), ora: (&riscontro.ora).into() }
    }
}

impl From<&Trasmissione> for Tratta {
    fn from(hop: &Trasmissione) -> Self {
        Self {
            origine: (&hop.origine).into(),
            destinazione: (&hop.destinazione).into(),
            ora: (&hop.ora).into(),
        }
    }
}

impl From<&Eccezione> for EccezioneScritta {
    fn from(eccezione: &Eccezione) -> Self {
        Self {
            contesto: eccezione.contesto.as_str().to_owned(),
            codice: eccezione.codice.to_string(),
            rilevanza: eccezione.rilevanza.as_str().to_owned(),
            posizione: eccezione.posizione.clone(),
        }
    }
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
