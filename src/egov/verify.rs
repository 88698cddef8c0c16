//! The rules of a busta that need the registry.
//!
//! All errors are collected, in the order in which porte check: sender, recipient, service, action, profile,
//! identifier, reference, collaboration, sequence, what the accordo wants, riscontri, hops, Linee Guida. Service and action are
//! not judged where a party is unknown, nor an identifier whose owner is.

use jiff::Timestamp;

use super::{
    Accordo, Busta, CodiceEccezione as Codice, Eccezione, Finestre, Gestione, Identificatore, Inoltro, Parte,
    ParteNota, Profilo, Registro, eta, linee_guida,
};

/// What is wrong with a busta received as a request, apart from its syntax: age first, and only if that is well the
/// registry's part.
#[must_use]
pub fn verify(busta: &Busta, registro: &dyn Registro, now: Timestamp) -> Vec<Eccezione> {
    let eta = eta::controlla(busta, now, &Finestre::default());
    if eta.is_empty() { contro_registro(busta, registro) } else { eta }
}

/// The registry's part alone.
pub(super) fn contro_registro(busta: &Busta, registro: &dyn Registro) -> Vec<Eccezione> {
    let parte = |parte: &Parte| registro.parte(&parte.tipo, &parte.nome);
    let mut verifica = Verifica {
        busta,
        registro,
        mittente: parte(&busta.mittente),
        destinatario: parte(&busta.destinatario),
        eccezioni: Vec::new(),
    };
    verifica.parti();
    let accordo = verifica.servizio();
    verifica.identificatori();
    verifica.sequenza();
    if let Some(accordo) = accordo {
        verifica.consegna(&accordo);
    }
    verifica.liste();
    verifica.linee_guida();
    verifica.eccezioni
}

struct Verifica<'a> {
    busta: &'a Busta,
    registro: &'a dyn Registro,
    mittente: Option<&'a ParteNota>,
    destinatario: Option<&'a ParteNota>,
    eccezioni: Vec<Eccezione>,
}

impl Verifica<'_> {
    fn segnala(&mut self, codice: Codice, posizione: &str) {
        self.eccezioni.push(Eccezione::new(codice, posizione));
    }

    fn parti(&mut self) {
        if self.mittente.is_none() {
            self.segnala(Codice::MittenteSconosciuto, "Mittente/IdentificativoParte");
        }
        if self.destinatario.is_none() {
            self.segnala(Codice::DestinatarioSconosciuto, "Destinatario/IdentificativoParte");
        }
    }

    /// Service, action and profile; gives the accordo where all three are well.
    fn servizio(&mut self) -> Option<Accordo> {
        let busta = self.busta;
        if self.mittente.is_none() || self.destinatario.is_none() || busta.is_di_servizio() {
            return None;
        }
        let erogatore = &busta.destinatario;
        let Some(servizio) = busta.servizio.as_ref().filter(|s| self.registro.servizio(erogatore, s)) else {
            self.segnala(Codice::ServizioSconosciuto, "Servizio");
            return None;
        };
        let Some(accordo) = self.registro.azione(erogatore, servizio, busta.azione.as_deref()) else {
            self.segnala(Codice::AzioneSconosciuta, "Azione");
            return None;
        };
        if busta.profilo != Some(accordo.profilo) {
            let posizione = "ProfiloCollaborazione diverso da quanto specificato nel registro";
            self.segnala(Codice::ProfiloNonValido, posizione);
            return None;
        }
        self.correlato(&accordo);
        Some(accordo)
    }

    /// The correlated service that a symmetric request names must be that of the accordo.
    fn correlato(&mut self, accordo: &Accordo) {
        let (Some(atteso), Profilo::AsincronoSimmetrico) = (&accordo.correlato, accordo.profilo) else {
            return;
        };
        let given = &self.busta.correlato;
        let differs = |given: &Option<String>, due: &str| given.as_ref().is_some_and(|given| given != due);
        let posizione = if differs(&given.nome, &atteso.nome) {
            "ProfiloCollaborazione/servizioCorrelato diverso da quello atteso (richiesta asincrona simmetrica)"
        } else if differs(&given.tipo, &atteso.tipo) {
            "ProfiloCollaborazione/tipo diverso da quello atteso (richiesta asincrona simmetrica)"
        } else {
            return;
        };
        self.segnala(Codice::ProfiloNonValido, posizione);
    }

    fn identificatori(&mut self) {
        let busta = self.busta;
        if self.mittente.is_some_and(|owner| !is_id_of(&busta.identificatore, owner)) {
            self.segnala(Codice::IdentificatoreNonValido, "Messaggio/Identificatore");
        }
        if let Some(riferimento) = &busta.riferimento {
            // Who asks for the state of an asymmetric exchange refers to a request of its own.
            let owner = match busta.profilo {
                Some(Profilo::AsincronoAsimmetrico) => self.mittente,
                _ => self.destinatario,
            };
            if owner.is_some_and(|owner| !is_id_of(riferimento, owner)) {
                self.segnala(Codice::RiferimentoNonValido, "Messaggio/RiferimentoMessaggio");
            }
        }
        if let (Some(collaborazione), false) = (&busta.collaborazione, busta.is_di_servizio()) {
            let parti = [self.mittente, self.destinatario];
            // An owner who is not known cannot be excluded.
            if parti.into_iter().all(|parte| parte.is_some_and(|parte| !is_id_of(collaborazione, parte))) {
                self.segnala(Codice::CollaborazioneNonValida, "Collaborazione");
            }
        }
    }

    fn sequenza(&mut self) {
        let busta = self.busta;
        let Some(numero) = busta.sequenza.filter(|_| !self.is_linee_guida()) else { return };
        if busta.profilo.is_some_and(|profilo| profilo != Profilo::OneWay) {
            self.segnala(Codice::OrdinamentoNonSupportato, "Sequenza");
            return;
        }
        let (collaborazione, trasmissione) = match (&busta.collaborazione, &busta.trasmissione) {
            (Some(collaborazione), Some(trasmissione)) => (collaborazione, trasmissione),
            (collaborazione, trasmissione) => {
                let assente = match (collaborazione, trasmissione) {
                    (None, None) => "elementi Collaborazione e ProfiloTrasmissione non presenti",
                    (None, _) => "elemento Collaborazione non presente",
                    _ => "elemento ProfiloTrasmissione non presente",
                };
                self.segnala(Codice::SequenzaNonValida, &format!("Sequenza non gestibile, {assente}"));
                return;
            }
        };
        let inoltro = trasmissione.inoltro == Some(Inoltro::AlPiuUnaVolta);
        let conferma = trasmissione.conferma == Some(true);
        let dell_elemento = "dell'elemento ProfiloTrasmissione non valid";
        let guasto = match (inoltro, conferma) {
            (true, true) => None,
            (false, false) => Some(format!("attributi {dell_elemento}i con la sequenza")),
            (true, false) => Some(format!("attributo confermaRicezione {dell_elemento}o con la sequenza")),
            (false, true) => Some(format!("attributo inoltro {dell_elemento}o con la sequenza")),
        };
        if let Some(guasto) = guasto {
            self.segnala(Codice::OrdinamentoNonGestibile, &format!("Sequenza non gestibile, {guasto}"));
        }
        // The series is named after its first message.
        if (numero == 1) != (*collaborazione == busta.identificatore) {
            self.segnala(Codice::SequenzaNonValida, "Sequenza/numeroProgressivo/!1bustaCapostipite");
        }
    }

    /// Under the Linee Guida a sequence is only worth a notice.
    fn is_linee_guida(&self) -> bool {
        self.mittente.is_some_and(|parte| parte.gestione == Gestione::LineeGuida11)
    }

    fn linee_guida(&mut self) {
        if self.is_linee_guida() {
            let mut further = linee_guida::errori(self.busta);
            further.retain(|eccezione| !self.eccezioni.contains(eccezione));
            self.eccezioni.append(&mut further);
        }
    }

    /// What the accordo wants of every request.
    fn consegna(&mut self, accordo: &Accordo) {
        // The Linee Guida forbid what these ask for.
        if self.is_linee_guida() {
            return;
        }
        if accordo.collaborazione && self.busta.collaborazione.is_none() {
            self.segnala(Codice::CollaborazioneNonValida, "Collaborazione");
        }
        if accordo.conferma && !self.busta.conferma() {
            self.segnala(Codice::TrasmissioneNonValida, "ProfiloTrasmissione/confermaRicezione");
        }
        if accordo.ordine && self.busta.sequenza.is_none() {
            self.segnala(Codice::OrdinamentoNonGestibile, "Sequenza");
        }
    }

    fn liste(&mut self) {
        let busta = self.busta;
        for riscontro in &busta.riscontri {
            if Identificatore::parse(&riscontro.identificatore).is_none() {
                self.segnala(Codice::RiscontriNonValidi, "ListaRiscontri/Riscontro/Identificatore");
            }
        }
        for hop in &busta.trasmissioni {
            for (parte, nome) in [(&hop.origine, "Origine"), (&hop.destinazione, "Destinazione")] {
                if self.registro.parte(&parte.tipo, &parte.nome).is_none() {
                    let posizione = format!("ListaTrasmissioni/Trasmissione/{nome}/IdentificativoParte");
                    self.segnala(Codice::TrasmissioniNonValide, &posizione);
                }
            }
        }
    }
}

/// Whether the text is an identifier that the party may have given.
pub(super) fn is_id_of(text: &str, parte: &ParteNota) -> bool {
    Identificatore::parse(text).is_some_and(|id| id.is_of(parte))
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
