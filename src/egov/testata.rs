//! Reading of `IntestazioneMessaggio`. The order of its children is not checked, since no porta in use checks it.

use super::decode::una_volta;
use super::lettura::{Broken, Lettura, Nodo};
use super::{
    Busta, CodiceEccezione, Correlato, Inoltro, Istante, Ora, Parte, Profilo, ProfiloTrasmissione, Servizio,
    Tempo,
};

const CAMPI: [&str; 9] = [
    "Mittente",
    "Destinatario",
    "ProfiloCollaborazione",
    "Collaborazione",
    "Servizio",
    "Azione",
    "Messaggio",
    "ProfiloTrasmissione",
    "Sequenza",
];
const MESSAGGIO: [&str; 4] = ["Identificatore", "OraRegistrazione", "RiferimentoMessaggio", "Scadenza"];
const TIPI_PARTE: [&str; 3] = ["SPC", "TEST", "AOO"];
const TIPI_SERVIZIO: [&str; 7] = ["SPC", "TEST", "URL", "WSDL", "LDAP", "UDDI", "ebXMLRegistry"];

/// Whether parties of that tipo exist.
pub(super) fn is_tipo_parte(tipo: &str) -> bool {
    TIPI_PARTE.contains(&tipo)
}

/// Whether services of that tipo exist.
pub(super) fn is_tipo_servizio(tipo: &str) -> bool {
    TIPI_SERVIZIO.contains(&tipo)
}

impl Lettura<'_, '_> {
    /// Reads the children of `IntestazioneMessaggio`.
    pub(super) fn testata(&mut self) -> Result<Busta, Broken> {
        let mut busta = Busta::default();
        let mut met = [false; CAMPI.len()];
        loop {
            let name = match self.nodo(&CAMPI)? {
                Nodo::Elemento(name) => name,
                Nodo::Estraneo(name) => {
                    // "Messaggio", although it is a child of IntestazioneMessaggio: so the porte in use call it.
                    self.segnala(CodiceEccezione::FormatoIntestazione, format!("Messaggio/child[{name}]"));
                    continue;
                }
                Nodo::Fine => break,
            };
            if let Some((_, met)) = CAMPI.iter().zip(&mut met).find(|(campo, _)| **campo == name) {
                una_volta(met, name)?;
            }
            match name {
                "Mittente" => {
                    busta.mittente = self.parte(CodiceEccezione::MittenteSconosciuto, "Mittente", false)?;
                }
                "Destinatario" => {
                    busta.destinatario =
                        self.parte(CodiceEccezione::DestinatarioSconosciuto, "Destinatario", false)?;
                }
                "ProfiloCollaborazione" => self.profilo(&mut busta)?,
                "Collaborazione" => {
                    busta.collaborazione =
                        self.valore(CodiceEccezione::CollaborazioneNonValida, "Collaborazione")?;
                }
                "Servizio" => busta.servizio = self.servizio()?,
                "Azione" => busta.azione = self.valore(CodiceEccezione::AzioneSconosciuta, "Azione")?,
                "Messaggio" => self.messaggio(&mut busta)?,
                "ProfiloTrasmissione" => busta.trasmissione = Some(self.profilo_trasmissione()?),
                _ => busta.sequenza = self.sequenza()?,
            }
        }
        for item in ["Mittente", "Destinatario", "Messaggio"] {
            if CAMPI.iter().zip(&met).any(|(campo, met)| *campo == item && !met) {
                return Err(Broken::Missing { item });
            }
        }
        Ok(busta)
    }

    /// Reads an element that holds one `IdentificativoParte`. `base` is its path; a hop forgives a missing tipo, the
    /// parties of the message do not.
    pub(super) fn parte(
        &mut self,
        codice: CodiceEccezione,
        base: &'static str,
        is_hop: bool,
    ) -> Result<Parte, Broken> {
        let mut parte = None;
        loop {
            match self.nodo(&["IdentificativoParte"])? {
                Nodo::Elemento(_) if parte.is_none() => {
                    parte = Some(self.identificativo(codice, base, is_hop)?);
                }
                Nodo::Estraneo(_) if !is_hop => return Err(Broken::Unexpected { element: base }),
                Nodo::Elemento(_) => {
                    self.salta()?;
                    self.segnala(codice, format!("{base}/IdentificativoParte"));
                }
                Nodo::Estraneo(_) => self.segnala(codice, format!("{base}/IdentificativoParte")),
                Nodo::Fine => return parte.ok_or(Broken::Missing { item: base }),
            }
        }
    }

    fn identificativo(
        &mut self,
        codice: CodiceEccezione,
        base: &'static str,
        is_hop: bool,
    ) -> Result<Parte, Broken> {
        let tipo = self.attributo("tipo");
        let indirizzo = self.attributo("indirizzoTelematico").filter(|i| !i.is_empty());
        let nome = self.foglia()?;
        if tipo.is_none() && !is_hop {
            return Err(Broken::Missing { item: base });
        }
        if nome.is_none() {
            self.segnala(codice, format!("{base}/IdentificativoParte"));
        }
        if !tipo.as_deref().is_some_and(is_tipo_parte) {
            self.segnala(codice, format!("{base}/IdentificativoParte/tipo"));
        }
        if indirizzo.as_deref().is_some_and(|i| !is_url(i)) {
            self.segnala(codice, format!("{base}/IdentificativoParte/indirizzoTelematico"));
        }
        Ok(Parte { tipo: tipo.unwrap_or_default(), nome: nome.unwrap_or_default(), indirizzo })
    }

    /// Reads an `OraRegistrazione` at the path `base`.
    pub(super) fn ora(
        &mut self,
        codice: CodiceEccezione,
        base: &'static str,
        is_hop: bool,
    ) -> Result<Ora, Broken> {
        let tempo = self.attributo("tempo");
        let istante = self.foglia()?.map(|text| Istante::read(&text)).unwrap_or_default();
        if tempo.is_none() && !is_hop {
            return Err(Broken::Missing { item: base });
        }
        if istante.timestamp().is_none() {
            self.segnala(codice, base);
        }
        let tempo = tempo.as_deref().and_then(Tempo::parse);
        if tempo.is_none() {
            self.segnala(codice, format!("{base}/tempo"));
        }
        Ok(Ora { istante, tempo: tempo.unwrap_or_default() })
    }

    /// The value of a leaf; an error where it has none.
    pub(super) fn valore(
        &mut self,
        codice: CodiceEccezione,
        posizione: &'static str,
    ) -> Result<Option<String>, Broken> {
        let value = self.foglia()?;
        if value.is_none() {
            self.segnala(codice, posizione);
        }
        Ok(value)
    }

    fn profilo(&mut self, busta: &mut Busta) -> Result<(), Broken> {
        const CODICE: CodiceEccezione = CodiceEccezione::ProfiloNonValido;
        let correlato = Correlato { nome: self.attributo("servizioCorrelato"), tipo: self.attributo("tipo") };
        busta.profilo = self.foglia()?.and_then(|text| Profilo::parse(&text));
        if busta.profilo.is_none() {
            self.segnala(CODICE, "ProfiloCollaborazione");
        }
        let is_tipo = correlato.tipo.as_deref().map(is_tipo_servizio);
        let has_correlato = busta.profilo.is_none_or(Profilo::is_asincrono);
        if is_tipo == Some(false) {
            self.segnala(CODICE, "ProfiloCollaborazione/tipo");
        }
        if !has_correlato && correlato.nome.is_some() {
            self.segnala(CODICE, "ProfiloCollaborazione/servizioCorrelato");
        }
        if !has_correlato && is_tipo == Some(true) {
            self.segnala(CODICE, "ProfiloCollaborazione/tipo");
        }
        busta.correlato = correlato;
        Ok(())
    }

    fn servizio(&mut self) -> Result<Option<Servizio>, Broken> {
        let tipo = self.attributo("tipo").ok_or(Broken::Missing { item: "Servizio/tipo" })?;
        let nome = self.valore(CodiceEccezione::ServizioSconosciuto, "Servizio")?;
        if !is_tipo_servizio(&tipo) {
            self.segnala(CodiceEccezione::ServizioSconosciuto, "Servizio/tipo");
        }
        Ok(nome.map(|nome| Servizio { tipo, nome }))
    }

    fn messaggio(&mut self, busta: &mut Busta) -> Result<(), Broken> {
        let mut met = [false; MESSAGGIO.len()];
        let mut children = 0usize;
        let start = self.eccezioni.len();
        loop {
            let node = self.nodo(&MESSAGGIO)?;
            children += 1;
            let name = match node {
                Nodo::Elemento(name) => name,
                Nodo::Estraneo(name) => {
                    let posizione = format!("IntestazioneMessaggio/Messaggio/child[{name}]");
                    self.segnala(CodiceEccezione::FormatoIntestazione, posizione);
                    continue;
                }
                Nodo::Fine => break,
            };
            if let Some((_, met)) = MESSAGGIO.iter().zip(&mut met).find(|(campo, _)| **campo == name) {
                una_volta(met, name)?;
            }
            match name {
                "Identificatore" => {
                    let posizione = "Messaggio/Identificatore";
                    let id = self.valore(CodiceEccezione::IdentificatoreNonDefinito, posizione)?;
                    busta.identificatore = id.unwrap_or_default();
                }
                "OraRegistrazione" => {
                    busta.ora =
                        self.ora(CodiceEccezione::OraNonValida, "Messaggio/OraRegistrazione", false)?;
                }
                "RiferimentoMessaggio" => {
                    let posizione = "Messaggio/RiferimentoMessaggio";
                    busta.riferimento = self.valore(CodiceEccezione::RiferimentoNonDefinito, posizione)?;
                }
                _ => busta.scadenza = self.scadenza()?,
            }
        }
        let children = children.saturating_sub(1);
        if children > MESSAGGIO.len() {
            let posizione = format!("IntestazioneMessaggio/Messaggio childsize:{children}");
            self.segnala_a(start, CodiceEccezione::FormatoIntestazione, posizione);
        }
        let [identificatore, ora, ..] = met;
        if !identificatore {
            return Err(Broken::Missing { item: "Messaggio/Identificatore" });
        }
        if !ora {
            self.segnala(CodiceEccezione::OraNonValida, "Messaggio/OraRegistrazione");
        }
        Ok(())
    }

    fn scadenza(&mut self) -> Result<Option<Istante>, Broken> {
        let scadenza = self.foglia()?.map(|text| Istante::read(&text));
        if scadenza.as_ref().and_then(Istante::timestamp).is_none() {
            self.segnala(CodiceEccezione::ScadenzaNonValida, "Messaggio/Scadenza");
        }
        Ok(scadenza)
    }

    fn profilo_trasmissione(&mut self) -> Result<ProfiloTrasmissione, Broken> {
        const CODICE: CodiceEccezione = CodiceEccezione::TrasmissioneNonValida;
        let inoltro = self.attributo("inoltro");
        let conferma = self.attributo("confermaRicezione");
        let children = self.figli()?;
        if children > 0 {
            self.segnala(CODICE, format!("ProfiloTrasmissione child size:{children}"));
        }
        let read = ProfiloTrasmissione {
            inoltro: inoltro.as_deref().and_then(Inoltro::parse),
            conferma: match conferma.as_deref() {
                Some("true") => Some(true),
                Some("false") => Some(false),
                _ => None,
            },
        };
        if inoltro.is_some() && read.inoltro.is_none() {
            self.segnala(CODICE, "ProfiloTrasmissione/inoltro");
        }
        if conferma.is_some() && read.conferma.is_none() {
            self.segnala(CODICE, "ProfiloTrasmissione/confermaRicezione");
        }
        Ok(read)
    }

    fn sequenza(&mut self) -> Result<Option<u32>, Broken> {
        const CODICE: CodiceEccezione = CodiceEccezione::SequenzaNonValida;
        let item = "Sequenza/numeroProgressivo";
        let text = self.attributo("numeroProgressivo").ok_or(Broken::Missing { item })?;
        if self.figli()? > 0 {
            self.segnala(CODICE, "Sequenza");
        }
        let digits = text.len() == 7 && text.bytes().all(|b| b.is_ascii_digit());
        let numero = text.parse::<u32>().ok().filter(|n| digits && *n >= 1);
        if numero.is_none() {
            self.segnala(CODICE, item);
        }
        Ok(numero)
    }
}

/// An absolute URL of a scheme in which a porta can be reached or described.
fn is_url(text: &str) -> bool {
    const SCHEMES: [&str; 6] = ["http", "https", "ftp", "file", "mailto", "jar"];
    text.split_once(':').is_some_and(|(scheme, rest)| {
        !rest.is_empty() && SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known))
    })
}
