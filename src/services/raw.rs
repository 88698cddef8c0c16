//! A file of `services/` as it is typed: every key, and nothing decided yet.
//!
//! An absent key is an empty string or an empty list; `build` says which may be.

use serde::Deserialize;

use super::firma::RawFirma;

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawFile {
    pub(super) service: Option<RawServizio>,
    pub(super) azione: Vec<RawAzione>,
}

/// `[service]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawServizio {
    /// Value of `Servizio` in the busta.
    pub(super) nome: String,
    /// Its `tipo`; `SPC` where absent.
    pub(super) tipo: String,
    /// Value of `ProfiloCollaborazione`.
    pub(super) profilo: String,
    /// `libero`, `verificato` or `richiesto`; the first where absent.
    pub(super) manifesto: String,
    /// File of `wsdl/`; may be absent.
    pub(super) wsdl: String,
    /// The party at the centre.
    pub(super) erogatore: String,
    /// A group of `parti.toml`, or a list of parties.
    pub(super) fruitori: RawFruitori,
    /// What is signed.
    pub(super) firma: RawFirma,
}

/// A group or a list.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "the name of a group, or a list of names of parties")]
pub(super) enum RawFruitori {
    Gruppo(String),
    Elenco(Vec<String>),
}

/// `[[azione]]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawAzione {
    /// Value of `Azione` in the busta.
    pub(super) nome: String,
    /// The busta may lack `Azione`.
    pub(super) azione_facoltativa: bool,
    /// `inbound` or `outbound`.
    pub(super) direction: String,
    /// `recorded`, `refuse` or `deliver`.
    pub(super) duplicate: String,
    /// `hold` or `resend`.
    pub(super) on_unknown: String,
    /// Why it may be sent again.
    pub(super) on_unknown_reason: String,
    /// `esito` or `fault`; `error` or `accept` where there is no reply.
    pub(super) refusal: String,
    /// What every request must ask for.
    pub(super) accordo: RawAccordo,
    /// The action of the second call.
    pub(super) correlato: Option<RawCorrelato>,
    /// `rifiutati` or `inoltrati`; the first where absent.
    pub(super) allegati: String,
    /// The REST call.
    pub(super) rest: Option<RawRest>,
    /// The Body of the request.
    pub(super) richiesta: Option<RawRichiesta>,
    /// The Body of the reply.
    pub(super) risposta: Option<RawRisposta>,
}

/// `accordo = { … }`.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawAccordo {
    /// `confermaRicezione`.
    pub(super) conferma: bool,
    /// `Collaborazione`.
    pub(super) collaborazione: bool,
    /// `Sequenza`.
    pub(super) ordine: bool,
}

/// `correlato = { … }`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawCorrelato {
    /// Its service; this one where absent.
    pub(super) servizio: String,
    /// The type of its service; `SPC` where absent.
    pub(super) tipo: String,
    /// The action.
    pub(super) azione: String,
}

/// `rest = { … }`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawRest {
    /// Its method; `POST` where absent.
    pub(super) method: String,
    /// Its path.
    pub(super) path: String,
}

/// `[azione.richiesta]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawRichiesta {
    /// File of the wrapper's schema.
    pub(super) schema: String,
    /// The wrapper element.
    pub(super) element: String,
    /// The child that holds a document.
    pub(super) documento: String,
    /// Content of that child that is not XML is this child of the first document.
    pub(super) testo: String,
    /// The documents.
    pub(super) documenti: Vec<RawDocumento>,
    /// Or plain children.
    pub(super) membri: Vec<RawMembro>,
}

/// `[[azione.richiesta.documenti]]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawDocumento {
    /// File of its schema.
    pub(super) schema: String,
    /// Its root element.
    pub(super) root: String,
    /// What of it is carried as it stands.
    pub(super) verbatim: RawVerbatim,
    /// Value of `modello.tipoModello`.
    pub(super) tipo_modello: String,
    /// Pointer into the payload.
    pub(super) codice_comunicazione: String,
    /// Attribute of the root.
    pub(super) versione: String,
    /// Values of that attribute.
    pub(super) versioni: Vec<String>,
    /// First day in force.
    pub(super) dal: String,
    /// Last day in force.
    pub(super) al: String,
}

/// `[azione.risposta]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawRisposta {
    /// File of the wrapper's schema.
    pub(super) schema: String,
    /// The wrapper element.
    pub(super) element: String,
    /// Its children.
    pub(super) membri: Vec<RawMembro>,
}

/// `[[azione.….membri]]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawMembro {
    /// Local name.
    pub(super) nome: String,
    /// Where its text comes from.
    pub(super) da: Vec<RawFonte>,
    /// Its text where nothing applies.
    pub(super) altrimenti: Option<String>,
}

/// An entry of `da`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawFonte {
    /// JSON pointer.
    pub(super) puntatore: String,
    /// The object there is the payload of this document.
    pub(super) documento: Option<RawSchemaRef>,
    /// The array there is a list.
    pub(super) lista: bool,
    /// Instead of a pointer: this text.
    pub(super) valore: Option<String>,
    /// Only where the verdict is this.
    pub(super) esito: String,
}

/// `documento = { … }`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawSchemaRef {
    /// File of the schema.
    pub(super) schema: String,
    /// Root element.
    pub(super) root: String,
    /// What of it is carried as it stands.
    pub(super) verbatim: RawVerbatim,
}

/// The whole document, or a list of its elements.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "true, or a list of names of elements")]
pub(super) enum RawVerbatim {
    Intero(bool),
    Elementi(Vec<String>),
}

impl Default for RawVerbatim {
    fn default() -> Self {
        Self::Intero(false)
    }
}

impl Default for RawFruitori {
    fn default() -> Self {
        Self::Gruppo(String::new())
    }
}
