//! The signature of a message with a busta: what was agreed on, and what its absence or its faults are called.
//!
//! Signed are, as porte agree, the Body and `IntestazioneMessaggio`; the lists beside that are not, since whoever passes a
//! message on appends its hop there. [`verifica`] judges a message received, [`firma`] signs one that is sent, as the last
//! thing that is done to it.

use jiff::{SignedDuration, Timestamp};

use super::intestazione;
use super::{CodiceEccezione as Codice, Eccezione, NAMESPACE};
use crate::soap::Envelope;
use crate::soap::security::{
    self, Attachments, Authorities, Demands, Method, Place, SecurityError, Signer, Signing, SigningError,
    Verified,
};
use crate::xml::Limits;

/// What was agreed on with a party about a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Politica {
    /// What must be signed of what it sends; nothing: signatures are not looked at.
    pub richiesta: Firmati,
    /// What is signed of what it is answered.
    pub risposta: Firmati,
    /// The actor of the Security block, of both; empty: it has none.
    pub actor: String,
    /// Whether the block of an answer demands to be understood.
    pub must_understand: bool,
    /// The methods of signature that are accepted.
    pub algoritmi: Vec<Method>,
}

/// Parts of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Firmati {
    /// `IntestazioneMessaggio`.
    pub intestazione: bool,
    /// The Body.
    pub corpo: bool,
    /// Every attachment.
    pub allegati: bool,
    /// The Timestamp, which then must be there.
    pub timestamp: bool,
}

/// Who is believed, and when.
#[derive(Debug, Clone, Copy)]
pub struct Fiducia<'a> {
    /// The authorities of the signing certificates.
    pub autorita: &'a Authorities,
    /// Whether SHA-1 is accepted.
    pub sha1: bool,
    /// How much the clocks of the two ends may differ.
    pub scarto: SignedDuration,
}

/// The actor that porte in use write.
pub const ACTOR: &str = "openspcoop";

const TESTATA: &str = "IntestazioneMessaggio";

impl Firmati {
    /// No part at all.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

impl Default for Politica {
    /// Nothing is signed.
    fn default() -> Self {
        Self {
            richiesta: Firmati::default(),
            risposta: Firmati::default(),
            actor: ACTOR.to_owned(),
            must_understand: true,
            algoritmi: Method::all().collect(),
        }
    }
}

/// Verifies the signature of a message, and gives the common name of the certificate that made it.
///
/// # Errors
/// What was agreed to be signed is not, or not rightly. The code says which part (SPCoop busta e-Gov 1.1, codes 117, 200, 202).
pub fn verifica(
    envelope: &Envelope<'_>,
    allegati: &dyn Attachments,
    politica: &Politica,
    fiducia: Fiducia<'_>,
    now: Timestamp,
) -> Result<Option<String>, Vec<Eccezione>> {
    let demands = Demands {
        actor: Some(&politica.actor),
        methods: &politica.algoritmi,
        sha1: fiducia.sha1,
        authorities: fiducia.autorita,
        skew: fiducia.scarto,
    };
    let blocco = intestazione::trova(envelope)
        .and_then(|trovata| envelope.header.iter().position(|block| std::ptr::eq(block, trovata.blocco)));
    let verified = security::verify(envelope, allegati, &demands, now)
        .map_err(|error| eccezioni(&error, blocco, politica.richiesta))?;
    let mancanti = mancanti(&verified, blocco, envelope, allegati, politica.richiesta);
    if mancanti.is_empty() { Ok(verified.signer) } else { Err(mancanti) }
}

/// Signs a message.
///
/// # Errors
/// A part that is to be signed is not there, or the cryptography refused.
pub fn firma(
    envelope: &str,
    allegati: &dyn Attachments,
    politica: &Politica,
    signer: &Signer,
    durata: SignedDuration,
    limits: &Limits,
    now: Timestamp,
) -> Result<String, SigningError> {
    let parti = politica.risposta;
    let testata = [(NAMESPACE, TESTATA, "id-intestazione")];
    let signing = Signing {
        actor: Some(&politica.actor),
        must_understand: politica.must_understand,
        body: parti.corpo,
        header: if parti.intestazione { &testata } else { &[] },
        timestamp: parti.timestamp.then_some(durata),
        attachments: parti.allegati,
    };
    security::sign(envelope, allegati, &signing, signer, limits, now)
}

/// The parts that a good signature does not cover.
fn mancanti(
    verified: &Verified,
    blocco: Option<usize>,
    envelope: &Envelope<'_>,
    allegati: &dyn Attachments,
    richiesti: Firmati,
) -> Vec<Eccezione> {
    let is_covered = |place: &Place| verified.covered.contains(place);
    let testata = || verified.covered.iter().any(|place| is_testata(place, blocco));
    let parts = allegati.content_ids();
    let mut found = Vec::new();
    if richiesti.timestamp && !verified.covers_timestamp() {
        found.push(Eccezione::new(Codice::PoliticheSicurezza, "Timestamp non presente o non firmato"));
    }
    if richiesti.intestazione && !testata() {
        found.push(Eccezione::new(Codice::FirmaIntestazione, format!("firma di {TESTATA} non presente")));
    }
    if richiesti.corpo && !verified.covers_body(envelope) {
        found.push(Eccezione::new(Codice::FirmaXml, "firma del Body non presente"));
    }
    if richiesti.allegati && !parts.iter().all(|id| is_covered(&Place::Attachment((*id).to_owned()))) {
        found.push(Eccezione::new(Codice::FirmaXml, "firma di un allegato non presente"));
    }
    found
}

/// Whether the place is that of `IntestazioneMessaggio` in the busta, or of the whole busta.
fn is_testata(place: &Place, blocco: Option<usize>) -> bool {
    match place {
        Place::Block(block) => Some(*block) == blocco,
        Place::InBlock { block, namespace, local } => {
            Some(*block) == blocco && namespace == NAMESPACE && local == TESTATA
        }
        _ => false,
    }
}

/// What the protocol says of a signature that does not hold. Nothing of certificates or keys is told.
fn eccezioni(error: &SecurityError, blocco: Option<usize>, richiesti: Firmati) -> Vec<Eccezione> {
    use SecurityError as Error;
    let one = |codice, posizione: &str| vec![Eccezione::new(codice, posizione)];
    match error {
        Error::Absent => one(Codice::PoliticheSicurezza, "header wsse:Security non presente"),
        Error::Several => one(Codice::PoliticheSicurezza, "più header wsse:Security per lo stesso actor"),
        Error::Encrypted => one(Codice::PoliticheSicurezza, "cifratura non prevista"),
        Error::Timestamp => one(Codice::PoliticheSicurezza, "Timestamp non valido"),
        Error::Early | Error::Late => {
            one(Codice::PoliticheSicurezza, "Timestamp fuori dal suo periodo di validità")
        }
        Error::NoSignature => senza_firma(richiesti),
        Error::Digest(places) => {
            let mut found: Vec<Eccezione> = places.iter().map(|place| alterata(place, blocco)).collect();
            found.dedup();
            found
        }
        Error::Algorithm { .. } | Error::Sha1 => one(Codice::FirmaXml, "algoritmo di firma non accettato"),
        Error::OutOfTime => one(Codice::FirmaXml, "certificato di firma fuori dal suo periodo di validità"),
        Error::Revoked => one(Codice::FirmaXml, "certificato di firma revocato"),
        Error::UnknownCertificate | Error::Untrusted(_) | Error::RevocationUnknown => {
            one(Codice::FirmaXml, "certificato di firma non riconosciuto")
        }
        Error::DuplicateId | Error::Reference | Error::ReferencedTwice => {
            one(Codice::FirmaXml, "riferimento della firma non valido")
        }
        Error::Value => one(Codice::FirmaXml, "valore della firma non valido"),
        _ => one(Codice::FirmaXml, "firma non verificabile"),
    }
}

fn senza_firma(richiesti: Firmati) -> Vec<Eccezione> {
    let mut found = Vec::new();
    if richiesti.intestazione {
        found.push(Eccezione::new(Codice::FirmaIntestazione, format!("firma di {TESTATA} non presente")));
    }
    if richiesti.corpo || richiesti.allegati || found.is_empty() {
        found.push(Eccezione::new(Codice::FirmaXml, "firma non presente"));
    }
    found
}

fn alterata(place: &Place, blocco: Option<usize>) -> Eccezione {
    match place {
        place if is_testata(place, blocco) => {
            Eccezione::new(Codice::FirmaIntestazione, format!("firma di {TESTATA} non valida"))
        }
        Place::Body | Place::InBody(_) => Eccezione::new(Codice::FirmaXml, "firma del Body non valida"),
        Place::Attachment(_) => Eccezione::new(Codice::FirmaXml, "firma di un allegato non valida"),
        Place::Block(_) | Place::InBlock { .. } => {
            Eccezione::new(Codice::FirmaXml, "firma di un blocco dell'header non valida")
        }
    }
}
