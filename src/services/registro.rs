//! The catalogue and the parties, as the rules of the busta ask about them.

use std::collections::HashMap;

use super::{Azione, Catalogue, Direction, Opzioni, Parti};
use crate::egov::{self, Accordo, Parte, ParteNota, Servizio};

/// Who takes part, and what the centre of each service offers: the register of the inbound direction. Built once at
/// load, asked for every message.
#[derive(Debug, Default)]
pub struct Registro {
    /// By name, then by type: names are many, types few.
    parti: HashMap<String, Vec<ParteNota>>,
    /// By name of the service.
    offerte: HashMap<String, Vec<Offerta>>,
}

/// A service as one party offers it.
#[derive(Debug)]
struct Offerta {
    erogatore: Parte,
    tipo: String,
    azioni: Vec<(String, Accordo)>,
    /// What the service means when it is called without action.
    senza_azione: Option<Accordo>,
}

impl Registro {
    /// The register of what the catalogue's inbound actions offer to the parties.
    #[must_use]
    pub fn new(catalogue: &Catalogue, parti: &Parti) -> Self {
        let mut registro = Self::default();
        for parte in parti.iter() {
            registro.parti.entry(parte.nome.clone()).or_default().push(ParteNota {
                tipo: parte.tipo.clone(),
                nome: parte.nome.clone(),
                codice: parte.codice.clone(),
                porta: parte.porta.clone(),
                controllo_identificatori: parte.controllo_identificatori,
                gestione: parte.gestione,
            });
        }
        for azione in catalogue.iter().filter(|azione| azione.direction == Direction::Inbound) {
            registro.offri(azione);
        }
        registro
    }

    fn offri(&mut self, azione: &Azione) {
        let servizio = &azione.servizio;
        let Opzioni { conferma, collaborazione, ordine } = azione.accordo;
        let correlato = azione.correlato.as_ref();
        let accordo = Accordo {
            profilo: servizio.profilo,
            correlato: correlato.map(|c| Servizio { tipo: c.tipo.clone(), nome: c.servizio.clone() }),
            conferma,
            collaborazione,
            ordine,
        };
        let offerte = self.offerte.entry(servizio.nome.clone()).or_default();
        let known = offerte.iter().position(|offerta| offerta.tipo == servizio.tipo);
        let index = known.unwrap_or_else(|| {
            offerte.push(Offerta {
                erogatore: Parte {
                    tipo: servizio.erogatore.tipo.clone(),
                    nome: servizio.erogatore.nome.clone(),
                    indirizzo: None,
                },
                tipo: servizio.tipo.clone(),
                azioni: Vec::new(),
                senza_azione: None,
            });
            offerte.len() - 1
        });
        if let Some(offerta) = offerte.get_mut(index) {
            if azione.facoltativa {
                offerta.senza_azione = Some(accordo.clone());
            }
            offerta.azioni.push((azione.nome.clone(), accordo));
        }
    }

    fn offerta(&self, erogatore: &Parte, servizio: &Servizio) -> Option<&Offerta> {
        let offerte = self.offerte.get(&servizio.nome)?;
        offerte.iter().find(|o| o.tipo == servizio.tipo && o.erogatore.is_same(erogatore))
    }
}

impl egov::Registro for Registro {
    fn parte(&self, tipo: &str, nome: &str) -> Option<&ParteNota> {
        self.parti.get(nome)?.iter().find(|parte| parte.tipo == tipo)
    }

    fn servizio(&self, erogatore: &Parte, servizio: &Servizio) -> bool {
        self.offerta(erogatore, servizio).is_some()
    }

    fn azione(&self, erogatore: &Parte, servizio: &Servizio, azione: Option<&str>) -> Option<Accordo> {
        let offerta = self.offerta(erogatore, servizio)?;
        match azione {
            None => offerta.senza_azione.clone(),
            Some(nome) => {
                offerta.azioni.iter().find(|(known, _)| known == nome).map(|(_, accordo)| accordo.clone())
            }
        }
    }
}
