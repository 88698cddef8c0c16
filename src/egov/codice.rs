//! The codes of the exceptions, all of them, and what is known of each.

use super::{Contesto, Rilevanza};

/// A code `EGOV_IT_nnn`. There are no others: numbers of 4xx and 5xx with other prefixes belong to single products and
/// never cross between porte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u16)]
pub enum CodiceEccezione {
    /// 001
    FormatoBusta = 1,
    /// 002
    FormatoIntestazione = 2,
    /// 003
    FormatoCorpo = 3,
    /// 100
    ContenutoIntestazione = 100,
    /// 101
    MittenteSconosciuto = 101,
    /// 102
    DestinatarioSconosciuto = 102,
    /// 103
    ProfiloNonValido = 103,
    /// 104
    CollaborazioneNonValida = 104,
    /// 105
    ServizioSconosciuto = 105,
    /// 106
    AzioneSconosciuta = 106,
    /// 107
    IdentificatoreNonDefinito = 107,
    /// 108
    OraNonValida = 108,
    /// 109
    RiferimentoNonDefinito = 109,
    /// 110; also a duplicate
    IdentificatoreNonValido = 110,
    /// 111
    RiferimentoNonValido = 111,
    /// 112
    ScadenzaNonValida = 112,
    /// 113
    TrasmissioneNonValida = 113,
    /// 114
    SequenzaNonValida = 114,
    /// 115
    RiscontriNonValidi = 115,
    /// 116
    TrasmissioniNonValide = 116,
    /// 117
    FirmaIntestazione = 117,
    /// 118
    RiferimentoAllegato = 118,
    /// 119
    AllegatoAssente = 119,
    /// 120
    AllegatoNonDichiarato = 120,
    /// 200
    PoliticheSicurezza = 200,
    /// 201
    MittenteNonAutorizzato = 201,
    /// 202
    FirmaXml = 202,
    /// 203
    FirmaPkcs7 = 203,
    /// 300
    Processamento = 300,
    /// 301
    MessaggioScaduto = 301,
    /// 400
    Ordinamento = 400,
    /// 401
    OrdinamentoNonSupportato = 401,
    /// 402
    OrdinamentoNonGestibile = 402,
}

/// What is known of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voce {
    /// The code.
    pub codice: CodiceEccezione,
    /// What it means, in the words shown to a person.
    pub significato: &'static str,
    /// `contestoCodifica` with which it is written.
    pub contesto: &'static str,
    /// `rilevanza` with which it is normally written.
    pub rilevanza: Rilevanza,
    /// The stages of reception that raise it; none where it is read but never written.
    pub solleva: &'static [Fase],
    /// Whether the sender may send the message again.
    pub riprova: Riprova,
}

/// A stage of the reception of a busta.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fase {
    /// The header block is looked for and its frame checked.
    Struttura,
    /// Each field on its own.
    Sintassi,
    /// Signatures and encryption.
    Sicurezza,
    /// The description of the attachments.
    Manifesto,
    /// Parties, services and identifiers against the registry.
    Registro,
    /// Whether the sender may use the service.
    Autorizzazione,
    /// Age, in the stage of syntax, by the clock of the receiver.
    Eta,
    /// Whether the message was received before.
    Duplicati,
    /// Confirmation and ordering as the accordo wants them.
    Consegna,
    /// Reading an error answer, as a caller.
    Risposta,
    /// Anything that fails inside the receiver.
    Processamento,
}

/// What a sender may do after the refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Riprova {
    /// Nothing: the same message will be refused again.
    No,
    /// Send again with the same identificatore, where inoltro is `ALPIUUNAVOLTA`; a 110 on the repetition then means
    /// that the first copy had arrived.
    StessoIdentificatore,
}

impl CodiceEccezione {
    /// Every code, in numerical order.
    pub const TUTTI: [Self; 33] = [
        Self::FormatoBusta,
        Self::FormatoIntestazione,
        Self::FormatoCorpo,
        Self::ContenutoIntestazione,
        Self::MittenteSconosciuto,
        Self::DestinatarioSconosciuto,
        Self::ProfiloNonValido,
        Self::CollaborazioneNonValida,
        Self::ServizioSconosciuto,
        Self::AzioneSconosciuta,
        Self::IdentificatoreNonDefinito,
        Self::OraNonValida,
        Self::RiferimentoNonDefinito,
        Self::IdentificatoreNonValido,
        Self::RiferimentoNonValido,
        Self::ScadenzaNonValida,
        Self::TrasmissioneNonValida,
        Self::SequenzaNonValida,
        Self::RiscontriNonValidi,
        Self::TrasmissioniNonValide,
        Self::FirmaIntestazione,
        Self::RiferimentoAllegato,
        Self::AllegatoAssente,
        Self::AllegatoNonDichiarato,
        Self::PoliticheSicurezza,
        Self::MittenteNonAutorizzato,
        Self::FirmaXml,
        Self::FirmaPkcs7,
        Self::Processamento,
        Self::MessaggioScaduto,
        Self::Ordinamento,
        Self::OrdinamentoNonSupportato,
        Self::OrdinamentoNonGestibile,
    ];

    /// The three digits as a number.
    #[must_use]
    pub fn numero(self) -> u16 {
        self as u16
    }

    /// The code of that name, `EGOV_IT_nnn`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("EGOV_IT_").filter(|d| d.len() == 3)?;
        let digits = digits.bytes().all(|b| b.is_ascii_digit()).then_some(digits)?;
        let numero: u16 = digits.parse().ok()?;
        Self::TUTTI.into_iter().find(|codice| codice.numero() == numero)
    }

    /// The row of the table.
    #[must_use]
    pub fn voce(self) -> Voce {
        use Fase::{
            Autorizzazione, Consegna, Duplicati, Eta, Manifesto, Processamento, Registro, Risposta,
            Sicurezza, Sintassi, Struttura,
        };
        const DEFINITIVO: Riprova = Riprova::No;
        let (significato, solleva, riprova): (_, &'static [Fase], _) = match self {
            Self::FormatoBusta => ("Formato della busta non corretto", &[Struttura], DEFINITIVO),
            Self::FormatoIntestazione => {
                ("Formato dell'intestazione non corretto", &[Struttura, Sintassi], DEFINITIVO)
            }
            Self::FormatoCorpo => ("Formato del corpo non corretto", &[Manifesto, Risposta], DEFINITIVO),
            Self::ContenutoIntestazione => ("Contenuto dell'intestazione non corretto", &[], DEFINITIVO),
            Self::MittenteSconosciuto => ("Mittente sconosciuto", &[Sintassi, Registro], DEFINITIVO),
            Self::DestinatarioSconosciuto => ("Destinatario sconosciuto", &[Sintassi, Registro], DEFINITIVO),
            Self::ProfiloNonValido => {
                ("Profilo di collaborazione non valido", &[Sintassi, Registro], DEFINITIVO)
            }
            Self::CollaborazioneNonValida => ("Collaborazione non valida", &[Sintassi, Registro], DEFINITIVO),
            Self::ServizioSconosciuto => ("Servizio sconosciuto", &[Sintassi, Registro], DEFINITIVO),
            Self::AzioneSconosciuta => ("Azione sconosciuta", &[Sintassi, Registro], DEFINITIVO),
            Self::IdentificatoreNonDefinito => ("Identificatore senza valore", &[Sintassi], DEFINITIVO),
            Self::OraNonValida => ("Ora di registrazione non valida", &[Sintassi], DEFINITIVO),
            Self::RiferimentoNonDefinito => ("Riferimento senza valore", &[Sintassi], DEFINITIVO),
            Self::IdentificatoreNonValido => {
                ("Identificatore non valido o già ricevuto", &[Registro, Duplicati], DEFINITIVO)
            }
            Self::RiferimentoNonValido => ("Riferimento non valido", &[Registro, Risposta], DEFINITIVO),
            Self::ScadenzaNonValida => ("Scadenza non valida", &[Sintassi], DEFINITIVO),
            Self::TrasmissioneNonValida => {
                ("Profilo di trasmissione non valido", &[Sintassi, Consegna], DEFINITIVO)
            }
            Self::SequenzaNonValida => ("Sequenza non valida", &[Sintassi, Registro, Consegna], DEFINITIVO),
            Self::RiscontriNonValidi => ("Lista dei riscontri non valida", &[Sintassi, Registro], DEFINITIVO),
            Self::TrasmissioniNonValide => {
                ("Lista delle trasmissioni non valida", &[Sintassi, Registro], DEFINITIVO)
            }
            Self::FirmaIntestazione => ("Firma dell'intestazione non valida", &[Sicurezza], DEFINITIVO),
            Self::RiferimentoAllegato => ("Riferimento ad allegato non valido", &[Manifesto], DEFINITIVO),
            Self::AllegatoAssente => ("Allegato riferito ma assente", &[Manifesto], DEFINITIVO),
            Self::AllegatoNonDichiarato => ("Allegato presente ma non descritto", &[Manifesto], DEFINITIVO),
            Self::PoliticheSicurezza => ("Politiche di sicurezza non rispettate", &[Sicurezza], DEFINITIVO),
            Self::MittenteNonAutorizzato => {
                ("Mittente non autorizzato", &[Sicurezza, Autorizzazione], DEFINITIVO)
            }
            Self::FirmaXml => ("Firma XML non valida", &[Sicurezza], DEFINITIVO),
            Self::FirmaPkcs7 => ("Firma PKCS#7 non valida", &[Sicurezza], DEFINITIVO),
            Self::Processamento => {
                ("Errore nel processamento", &[Processamento], Riprova::StessoIdentificatore)
            }
            // The message itself will only grow older.
            Self::MessaggioScaduto => ("Messaggio scaduto", &[Eta], DEFINITIVO),
            Self::Ordinamento => ("Errore nell'ordinamento", &[], DEFINITIVO),
            Self::OrdinamentoNonSupportato => ("Ordinamento non supportato", &[Registro], DEFINITIVO),
            Self::OrdinamentoNonGestibile => ("Ordinamento non gestibile", &[Registro, Consegna], DEFINITIVO),
        };
        let contesto = match self {
            Self::Processamento => Contesto::PROCESSAMENTO,
            _ => Contesto::INTESTAZIONE,
        };
        Voce { codice: self, significato, contesto, rilevanza: Rilevanza::Grave, solleva, riprova }
    }
}

impl std::fmt::Display for CodiceEccezione {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EGOV_IT_{:03}", self.numero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_read_back_from_its_name_and_the_table_is_whole() {
        for codice in CodiceEccezione::TUTTI {
            assert_eq!(CodiceEccezione::parse(&codice.to_string()), Some(codice));
            assert_eq!(codice.voce().codice, codice);
        }
        assert!(CodiceEccezione::TUTTI.is_sorted());
        assert_eq!(CodiceEccezione::FormatoBusta.to_string(), "EGOV_IT_001");
    }

    #[test]
    fn codes_of_products_are_not_codes() {
        for text in
            ["EGOV_IT_500", "EGOV_IT_1", "EGOV_IT_0001", "EGOV_IT_+01", "GOVWAY_ORG_426", "egov_it_001", ""]
        {
            assert_eq!(CodiceEccezione::parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_a_processing_error_may_be_tried_again() {
        let again: Vec<_> = CodiceEccezione::TUTTI
            .into_iter()
            .filter(|c| c.voce().riprova == Riprova::StessoIdentificatore)
            .collect();
        assert_eq!(again, [CodiceEccezione::Processamento]);
    }
}
