//! Whom and what the simulated PDD knows: the regions and NAZIONALE, and the services that a region offers.

use super::co_codes;
use super::envelope::NODE;
use crate::egov::{Accordo, Parte, ParteNota, Profilo, Registro, Servizio};

/// The service of the schede anagrafico-professionali.
pub(super) const SAP: &str = "ServiziSAP";
/// The service of the comunicazioni obbligatorie.
pub(super) const CO: &str = "InviaComunicazioneObbligatoria";

/// A registry that knows every region.
#[derive(Debug)]
pub(super) struct PddRegistry {
    parti: Vec<ParteNota>,
}

impl PddRegistry {
    pub(super) fn new() -> Self {
        Self { parti: co_codes::names().chain([NODE]).map(ParteNota::spc).collect() }
    }
}

impl Registro for PddRegistry {
    fn parte(&self, tipo: &str, nome: &str) -> Option<&ParteNota> {
        self.parti.iter().find(|parte| parte.tipo == tipo && parte.nome == nome)
    }

    fn servizio(&self, erogatore: &Parte, servizio: &Servizio) -> bool {
        erogatore.nome != NODE && servizio.tipo == "SPC" && [SAP, CO].contains(&servizio.nome.as_str())
    }

    fn azione(&self, erogatore: &Parte, servizio: &Servizio, azione: Option<&str>) -> Option<Accordo> {
        let offered = match servizio.nome.as_str() {
            SAP => azione == Some("notificaSAP"),
            CO => azione.is_none_or(|azione| azione == CO),
            _ => false,
        };
        (offered && self.servizio(erogatore, servizio)).then(|| Accordo::new(Profilo::Sincrono))
    }
}
