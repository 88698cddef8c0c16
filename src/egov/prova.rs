//! A message, a registry and an instant to try the rules on.

use jiff::Timestamp;

use super::{
    Accordo, Broken, Identificatore, Parte, ParteNota, Profilo, Received, Registro, Servizio, decode,
};
use crate::soap;
use crate::xml::Limits;

/// A sound request of LAZIO to NAZIONALE, as one line an element so that tests can cut and paste.
pub(super) const RICHIESTA: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">
<soapenv:Header>
<e:Intestazione xmlns:e="http://www.cnipa.it/schemas/2003/eGovIT/Busta1_0/" soapenv:actor="http://www.cnipa.it/eGov_it/portadominio" soapenv:mustUnderstand="1">
<e:IntestazioneMessaggio>
<e:Mittente><e:IdentificativoParte tipo="SPC">LAZIO</e:IdentificativoParte></e:Mittente>
<e:Destinatario><e:IdentificativoParte tipo="SPC">NAZIONALE</e:IdentificativoParte></e:Destinatario>
<e:ProfiloCollaborazione>EGOV_IT_ServizioSincrono</e:ProfiloCollaborazione>
<e:Servizio tipo="SPC">ServiziSAP</e:Servizio>
<e:Azione>invioSAP</e:Azione>
<e:Messaggio>
<e:Identificatore>LAZIO_LAZIOSPCoopIT_0000042_2026-05-04_10:30</e:Identificatore>
<e:OraRegistrazione tempo="EGOV_IT_SPC">2026-05-04T10:30:07.250</e:OraRegistrazione>
</e:Messaggio>
<e:ProfiloTrasmissione inoltro="EGOV_IT_ALPIUUNAVOLTA" confermaRicezione="false"/>
</e:IntestazioneMessaggio>
<e:ListaTrasmissioni>
<e:Trasmissione>
<e:Origine><e:IdentificativoParte tipo="SPC">LAZIO</e:IdentificativoParte></e:Origine>
<e:Destinazione><e:IdentificativoParte tipo="SPC">NAZIONALE</e:IdentificativoParte></e:Destinazione>
<e:OraRegistrazione tempo="EGOV_IT_SPC">2026-05-04T10:30:07.250</e:OraRegistrazione>
</e:Trasmissione>
</e:ListaTrasmissioni>
</e:Intestazione>
</soapenv:Header>
<soapenv:Body><w:invioSAP xmlns:w="urn:prova"/></soapenv:Body>
</soapenv:Envelope>"#;

/// The request with each `from` replaced, once, by its `to`.
pub(super) fn con(edits: &[(&str, &str)]) -> String {
    let mut text = RICHIESTA.to_owned();
    for (from, to) in edits {
        assert_eq!(text.matches(from).count(), 1, "{from:?} must stand once in {text}");
        text = text.replace(from, to);
    }
    text
}

pub(super) fn leggi(text: &str) -> Result<Received, Broken> {
    let envelope = soap::decode(text, &Limits::default()).unwrap_or_else(|e| panic!("{e}: {text}"));
    decode(&envelope)
}

/// The errors of syntax, one line each.
pub(super) fn errori(text: &str) -> Vec<String> {
    let received = leggi(text).unwrap_or_else(|e| panic!("{e}: {text}"));
    received.eccezioni.iter().map(ToString::to_string).collect()
}

/// A minute after the request.
pub(super) fn ora() -> Timestamp {
    "2026-05-04T08:31:00Z".parse().unwrap()
}

/// An identifier that NAZIONALE gives.
pub(super) fn nuovo() -> Identificatore {
    Identificatore::new("NAZIONALE", "NAZIONALESPCoopIT", 7, ora()).unwrap()
}

/// LAZIO, MOLISE, NODOROMA and NAZIONALE; ServiziSAP of NAZIONALE, and one service of each other profile.
pub(super) struct Prova {
    pub(super) parti: Vec<ParteNota>,
}

impl Prova {
    pub(super) fn new() -> Self {
        Self { parti: ["LAZIO", "MOLISE", "NODOROMA", "NAZIONALE"].map(ParteNota::spc).into() }
    }
}

impl Registro for Prova {
    fn parte(&self, tipo: &str, nome: &str) -> Option<&ParteNota> {
        self.parti.iter().find(|p| p.tipo == tipo && p.nome == nome)
    }

    fn servizio(&self, erogatore: &Parte, servizio: &Servizio) -> bool {
        const SERVIZI: [&str; 5] = ["ServiziSAP", "Avvisi", "Pareri", "EsitoPareri", "Calcoli"];
        erogatore.nome == "NAZIONALE" && servizio.tipo == "SPC" && SERVIZI.contains(&servizio.nome.as_str())
    }

    fn azione(&self, _: &Parte, servizio: &Servizio, azione: Option<&str>) -> Option<Accordo> {
        let plain = |profilo| Some(Accordo::new(profilo));
        match (servizio.nome.as_str(), azione) {
            ("ServiziSAP", Some("invioSAP" | "richiestaSAP")) => plain(Profilo::Sincrono),
            ("Avvisi", None | Some("avvisa")) => plain(Profilo::OneWay),
            ("Avvisi", Some("avvisaConferma")) => {
                Some(Accordo { conferma: true, ..Accordo::new(Profilo::OneWay) })
            }
            ("Avvisi", Some("avvisaOrdine")) => {
                Some(Accordo { ordine: true, ..Accordo::new(Profilo::OneWay) })
            }
            ("Pareri", Some("chiedi")) => Some(Accordo {
                correlato: Some(Servizio::spc("EsitoPareri")),
                ..Accordo::new(Profilo::AsincronoSimmetrico)
            }),
            ("Calcoli", Some("stato")) => plain(Profilo::AsincronoAsimmetrico),
            _ => None,
        }
    }
}
