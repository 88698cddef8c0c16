//! Reading of the three lists of `Intestazione`.

use super::decode::una_volta;
use super::lettura::{Broken, Lettura, Nodo};
use super::{CodiceEccezione, Contesto, Eccezione, Rilevanza, Riscontro, Trasmissione};

impl Lettura<'_, '_> {
    /// Reads the children of `ListaRiscontri`.
    pub(super) fn lista_riscontri(&mut self) -> Result<Vec<Riscontro>, Broken> {
        const CODICE: CodiceEccezione = CodiceEccezione::RiscontriNonValidi;
        let mut riscontri = Vec::new();
        let mut is_empty = true;
        loop {
            match self.nodo(&["Riscontro"])? {
                Nodo::Elemento(_) => riscontri.push(self.riscontro()?),
                Nodo::Estraneo(name) => self.segnala(CODICE, format!("ListaRiscontri/childNode[{name}]")),
                Nodo::Fine => break,
            }
            is_empty = false;
        }
        if is_empty {
            self.segnala(CODICE, "ListaRiscontri/Riscontro");
        }
        Ok(riscontri)
    }

    fn riscontro(&mut self) -> Result<Riscontro, Broken> {
        const CODICE: CodiceEccezione = CodiceEccezione::RiscontriNonValidi;
        const IDENTIFICATORE: &str = "ListaRiscontri/Riscontro/Identificatore";
        const ORA: &str = "ListaRiscontri/Riscontro/OraRegistrazione";
        let mut riscontro = Riscontro::default();
        let (mut has_id, mut has_ora) = (false, false);
        loop {
            match self.nodo(&["Identificatore", "OraRegistrazione"])? {
                Nodo::Elemento("Identificatore") => {
                    una_volta(&mut has_id, IDENTIFICATORE)?;
                    riscontro.identificatore = self.valore(CODICE, IDENTIFICATORE)?.unwrap_or_default();
                }
                Nodo::Elemento(_) => {
                    una_volta(&mut has_ora, ORA)?;
                    riscontro.ora = self.ora(CODICE, ORA, false)?;
                }
                Nodo::Estraneo(name) => {
                    self.segnala(CODICE, format!("ListaRiscontri/Riscontro/child[{name}]"));
                }
                Nodo::Fine => break,
            }
        }
        presenti(&[(has_id, IDENTIFICATORE), (has_ora, ORA)])?;
        Ok(riscontro)
    }

    /// Reads the children of `ListaTrasmissioni`.
    pub(super) fn lista_trasmissioni(&mut self) -> Result<Vec<Trasmissione>, Broken> {
        const CODICE: CodiceEccezione = CodiceEccezione::TrasmissioniNonValide;
        let mut trasmissioni = Vec::new();
        let mut is_empty = true;
        loop {
            match self.nodo(&["Trasmissione"])? {
                Nodo::Elemento(_) => trasmissioni.push(self.trasmissione()?),
                Nodo::Estraneo(name) => self.segnala(CODICE, format!("ListaTrasmissioni/child[{name}]")),
                Nodo::Fine => break,
            }
            is_empty = false;
        }
        if is_empty {
            self.segnala(CODICE, "ListaTrasmissioni/Trasmissione");
        }
        Ok(trasmissioni)
    }

    fn trasmissione(&mut self) -> Result<Trasmissione, Broken> {
        const CODICE: CodiceEccezione = CodiceEccezione::TrasmissioniNonValide;
        const ORIGINE: &str = "ListaTrasmissioni/Trasmissione/Origine";
        const DESTINAZIONE: &str = "ListaTrasmissioni/Trasmissione/Destinazione";
        const ORA: &str = "ListaTrasmissioni/Trasmissione/OraRegistrazione";
        let mut trasmissione = Trasmissione::default();
        let (mut has_origine, mut has_destinazione, mut has_ora) = (false, false, false);
        loop {
            match self.nodo(&["Origine", "Destinazione", "OraRegistrazione"])? {
                Nodo::Elemento("Origine") => {
                    una_volta(&mut has_origine, ORIGINE)?;
                    trasmissione.origine = self.parte(CODICE, ORIGINE, true)?;
                }
                Nodo::Elemento("Destinazione") => {
                    una_volta(&mut has_destinazione, DESTINAZIONE)?;
                    trasmissione.destinazione = self.parte(CODICE, DESTINAZIONE, true)?;
                }
                Nodo::Elemento(_) => {
                    una_volta(&mut has_ora, ORA)?;
                    trasmissione.ora = self.ora(CODICE, ORA, true)?;
                }
                Nodo::Estraneo(name) => {
                    self.segnala(CODICE, format!("ListaTrasmissioni/Trasmissione/child[{name}]"));
                }
                Nodo::Fine => break,
            }
        }
        presenti(&[(has_origine, ORIGINE), (has_destinazione, DESTINAZIONE), (has_ora, ORA)])?;
        Ok(trasmissione)
    }

    /// Reads the children of `ListaEccezioni`.
    pub(super) fn lista_eccezioni(&mut self) -> Result<Vec<Eccezione>, Broken> {
        let mut eccezioni = Vec::new();
        loop {
            match self.nodo(&["Eccezione"])? {
                Nodo::Elemento(_) => eccezioni.extend(self.eccezione()?),
                Nodo::Estraneo(name) => {
                    self.segnala(
                        CodiceEccezione::FormatoIntestazione,
                        format!("ListaEccezioni/child[{name}]"),
                    );
                }
                Nodo::Fine => return Ok(eccezioni),
            }
        }
    }

    fn eccezione(&mut self) -> Result<Option<Eccezione>, Broken> {
        const CODICE: CodiceEccezione = CodiceEccezione::FormatoIntestazione;
        let attribute = |name: &str, item| self.attributo(name).ok_or(Broken::Missing { item });
        let contesto = attribute("contestoCodifica", "ListaEccezioni/Eccezione/contestoCodifica")?;
        let codice = attribute("codiceEccezione", "ListaEccezioni/Eccezione/codiceEccezione")?;
        let rilevanza = attribute("rilevanza", "ListaEccezioni/Eccezione/rilevanza")?;
        let posizione = attribute("posizione", "ListaEccezioni/Eccezione/posizione")?;
        self.salta()?;
        let codice = CodiceEccezione::parse(&codice);
        if codice.is_none() {
            self.segnala(CODICE, "ListaEccezioni/Eccezione/codiceEccezione");
        }
        let rilevanza = Rilevanza::parse(&rilevanza);
        if rilevanza.is_none() {
            self.segnala(CODICE, "ListaEccezioni/Eccezione/rilevanza");
        }
        let contesto = Contesto::parse(&contesto);
        Ok(codice.zip(rilevanza).map(|(codice, rilevanza)| Eccezione {
            contesto,
            codice,
            rilevanza,
            posizione,
        }))
    }
}

fn presenti(items: &[(bool, &'static str)]) -> Result<(), Broken> {
    match items.iter().find(|(met, _)| !met) {
        Some((_, item)) => Err(Broken::Missing { item }),
        None => Ok(()),
    }
}
