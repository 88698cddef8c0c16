//! What the rules of the busta ask of a registry of parties and services.

use super::{Parte, Profilo, Servizio};

/// The registry: who may take part, and what is offered by whom on which terms. Lookups are exact and case sensitive.
pub trait Registro {
    /// The party of that tipo and name.
    fn parte(&self, tipo: &str, nome: &str) -> Option<&ParteNota>;

    /// Whether the party offers the service.
    fn servizio(&self, erogatore: &Parte, servizio: &Servizio) -> bool;

    /// The terms of an action of the service; of the service called without action where `azione` is `None`, if it
    /// may be.
    fn azione(&self, erogatore: &Parte, servizio: &Servizio, azione: Option<&str>) -> Option<Accordo>;
}

/// A registered party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParteNota {
    /// Type, such as `SPC`.
    pub tipo: String,
    /// Name, as it stands in a busta.
    pub nome: String,
    /// `CodAmministrazione` of its identifiers: the name, unless that holds what cannot stand in an identifier.
    pub codice: String,
    /// `CodPorta` of its identifiers.
    pub porta: String,
    /// Whether identifiers must bear `codice` and `porta`. Off for a partner whose porta has another code than the
    /// registry knows; their form is checked all the same.
    pub controllo_identificatori: bool,
    /// By which text the party speaks e-Gov.
    pub gestione: Gestione,
}

/// The texts by which a partner may speak e-Gov. The second is a narrowed subset of the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Gestione {
    /// e-Gov 1.1; also for whoever is not known.
    #[default]
    EGov11,
    /// e-Gov 1.1 with the Linee Guida 1.1 of DigitPA.
    LineeGuida11,
}

/// The terms on which an action is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accordo {
    /// The profile in which the action is called.
    pub profilo: Profilo,
    /// The correlated service of the asynchronous profiles.
    pub correlato: Option<Servizio>,
    /// Whether a request must ask for confirmation.
    pub conferma: bool,
    /// Whether a request must have an identifier of conversation.
    pub collaborazione: bool,
    /// Whether a request must have its place in a sequence.
    pub ordine: bool,
}

impl ParteNota {
    /// A party of type SPC with the usual codes: the letters and digits of its name, and the same followed by
    /// `SPCoopIT`.
    #[must_use]
    pub fn spc(nome: impl Into<String>) -> Self {
        let nome = nome.into();
        let codice: String = nome.chars().filter(char::is_ascii_alphanumeric).collect();
        let porta = format!("{codice}SPCoopIT");
        Self {
            tipo: "SPC".into(),
            nome,
            codice,
            porta,
            controllo_identificatori: true,
            gestione: Gestione::default(),
        }
    }
}

impl Accordo {
    /// Plain terms: that profile and nothing else.
    #[must_use]
    pub fn new(profilo: Profilo) -> Self {
        Self { profilo, correlato: None, conferma: false, collaborazione: false, ordine: false }
    }
}
