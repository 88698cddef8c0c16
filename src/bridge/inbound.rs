//! The life of a message from a region's Porta di Dominio to the national node.
//!
//! [`Inbound::carry`] is the whole of it, one line a phase. The types make the order: [`Journal::intend`] alone gives
//! the [`Intended`] that `forward` takes, [`Journal::conclude`] alone the [`Concluded`] that `reply` takes. So nothing
//! leaves before its intent is durable, and nothing is answered before its outcome is.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::Notify;

use super::parting::{Leaves, Parting};
use super::ritorno::{self, Ritorno};
use super::twin::{Second, Twin};
use super::verdict::Ended;
use super::{
    Answer, Arrived, Chiavi, Knowledge, Progressivi, manifesto, nativo, passage::Passage, soap_action,
};
use crate::clock::{self, Clock};
use crate::egov::{self, Busta, Finestre, Identificatore, Parte};
use crate::failure::reply::{self, Speaker};
use crate::failure::{Cause, DocumentError, Failure, TransportError};
use crate::journal::{
    self, Concluded, Conclusion, Direction, Inoltro, Intended, Intending, Intent, Journal, Key, MessageId,
    Outcome, Posto, Repetition, Stato,
};
use crate::json_native;
use crate::node::Client;
use crate::rate::{KeyedLimiter, Rate};
use crate::services::corpo::{self, Allegato, Inviato};
use crate::services::{Azione, SchemaRef};
use crate::soap::multipart::{self, Attached, Message};
use crate::soap::{self, Content, Envelope};
use crate::telemetry::Phase;
use crate::xml::{Limits, digest, encoding};

/// What the bridge is told about its surroundings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The party that this bridge speaks as.
    pub parte: Parte,
    /// Bounds of the XML that is read.
    pub limits: Limits,
    /// Bounds of the packages that it comes in.
    pub parts: multipart::Bounds,
    /// Messages a second, and at once, of one mittente.
    pub mittente_rate: Rate,
    /// How old a message may be, and how far its clocks may be ahead.
    pub finestre: Finestre,
    /// How long a twin waits for the message that is being carried.
    pub twin_wait: Duration,
    /// Keys of the signatures of messages; a reload swaps them.
    pub chiavi: Arc<ArcSwap<Chiavi>>,
}

/// Senders whose rate is remembered: the registered parties are far fewer.
const MITTENTI: usize = 1024;

/// Carries messages inbound. One for the whole process; [`Inbound::receive`] is called from many tasks.
pub struct Inbound {
    pub(super) settings: Settings,
    pub(super) knowledge: Arc<ArcSwap<Knowledge>>,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) node: Arc<Client>,
    pub(super) progressivi: Progressivi,
    mittenti: KeyedLimiter<Parte>,
    pub(super) clock: Clock,
    /// Wakes the delivery of held messages: a message of an ordered series had its end.
    pub(super) turn: Notify,
}

/// A message whose busta is well.
pub(super) struct Decoded<'x> {
    pub(super) envelope: Envelope<'x>,
    pub(super) attached: &'x Attached<'x>,
    pub(super) busta: Arc<Busta>,
}

/// A message that asks for something that is offered, from someone who may ask.
pub(super) struct Recognised<'x> {
    pub(super) azione: Arc<Azione>,
    pub(super) busta: Arc<Busta>,
    pub(super) inviato: Inviato<'x>,
    /// Whether a repetition of it is to be found.
    pub(super) filtra: bool,
    /// The first call of its asynchronous exchange, where it is the second.
    pub(super) prima: Option<String>,
}

/// A message that was not carried before, or may be carried again under an open record.
pub(super) struct Unseen<'x> {
    pub(super) message: Recognised<'x>,
    /// Absent where the document is not XML; then it will not be translated either.
    digest: Option<[u8; 32]>,
    /// The record of an earlier sending whose fate is open, and which may be repeated.
    repeats: Option<MessageId>,
    /// Its place in an ordered series, where it names one.
    pub(super) posto: Option<Box<Posto>>,
}

/// What the journal says of a message.
pub(super) enum LookedUp<'x> {
    Known(Answer),
    Unseen(Unseen<'x>),
}

/// A message in the words of the node.
pub(super) struct Translated {
    pub(super) azione: Arc<Azione>,
    pub(super) busta: Arc<Busta>,
    filtra: bool,
    pub(super) digest: [u8; 32],
    repeats: Option<MessageId>,
    posto: Option<Box<Posto>>,
    pub(super) json: Bytes,
}

/// A message that is durable, and may leave; or one whose twin was faster.
pub(super) enum Admitted {
    Intended(Intended<Translated>),
    Known(Answer),
}

/// A message that left, or could not.
struct Forwarded {
    token: Intended,
    azione: Arc<Azione>,
    busta: Arc<Busta>,
    ended: Ended,
}

impl Leaves for Translated {
    fn parting(&self) -> Parting<'_> {
        let Self { azione, busta, json, .. } = self;
        Parting { azione, identificatore: &busta.identificatore, json }
    }
}

impl Inbound {
    /// A bridge towards `node`.
    #[must_use]
    pub fn new(
        settings: Settings,
        knowledge: Arc<ArcSwap<Knowledge>>,
        journal: Arc<dyn Journal>,
        node: Arc<Client>,
        progressivi: Progressivi,
        clock: Clock,
    ) -> Self {
        let mittenti = KeyedLimiter::new(settings.mittente_rate, MITTENTI);
        Self { settings, knowledge, journal, node, progressivi, mittenti, clock, turn: Notify::new() }
    }

    /// Carries one message, and gives what its sender is answered.
    ///
    /// # Cancel safety
    /// Not to be cancelled: a message that left must be concluded although nobody waits for its answer any more. The
    /// listener runs this on a task of its own. Were it dropped all the same, the record would become `unknown`.
    pub async fn receive(&self, arrived: Arrived) -> Answer {
        let knowledge = self.knowledge.load_full();
        let mut passage = Passage::begin();
        match self.carry(&knowledge, &arrived, &mut passage).await {
            Ok((answer, failure)) => {
                passage.end(failure.as_ref());
                answer
            }
            Err(failure) if passage.busta.is_none() => {
                let failure = soap_action::before_the_busta(&arrived, failure);
                self.refuse(&knowledge, &arrived, passage, failure).await
            }
            Err(failure) => self.refuse(&knowledge, &arrived, passage, failure).await,
        }
    }

    /// Answers what the listener refused, and logged, before it was whole.
    #[must_use]
    pub fn unheard(&self, error: TransportError) -> Answer {
        let failure = Failure::new(Phase::Admit, error);
        reply::without_busta(&failure).into()
    }

    /// Answers a whole request that cannot be a message.
    #[must_use]
    pub fn turn_away(&self, error: TransportError) -> Answer {
        let failure = Failure::new(Phase::Admit, error);
        Passage::begin().end(Some(&failure));
        reply::without_busta(&failure).into()
    }

    async fn carry(
        &self,
        knowledge: &Knowledge,
        arrived: &Arrived,
        passage: &mut Passage,
    ) -> Result<(Answer, Option<Failure>), Failure> {
        let message = self.admit(arrived, passage)?;
        let decoded = self.decode(knowledge, arrived, &message, passage)?;
        let recognised = self.recognise(knowledge, arrived, decoded, passage)?;
        let recognised = self.correlate(recognised, passage).await?;
        let unseen = match self.look_up(knowledge, recognised, passage).await? {
            LookedUp::Known(answer) => return Ok((answer, None)),
            LookedUp::Unseen(unseen) => unseen,
        };
        let unseen = match self.in_order(knowledge, arrived, unseen, passage).await? {
            LookedUp::Known(answer) => return Ok((answer, None)),
            LookedUp::Unseen(unseen) => unseen,
        };
        let translated = self.translate(knowledge, unseen, passage)?;
        let intended = match self.intend(knowledge, arrived, translated, passage).await? {
            Admitted::Known(answer) => return Ok((answer, None)),
            Admitted::Intended(intended) => intended,
        };
        let forwarded = self.forward(intended, passage).await;
        let (concluded, failure) = self.conclude(knowledge, arrived, forwarded, passage).await?;
        Ok((reply(concluded, passage), failure))
    }

    /// Phase 1, the part that needs no connection: what HTTP must say of a SOAP message, and which text its bytes are.
    /// Identity, size and rate were looked at by the listener, before anything was parsed.
    fn admit<'a>(&self, arrived: &'a Arrived, passage: &Passage) -> Result<Message<'a>, Failure> {
        let content = Content::of_request(arrived.content_type.as_deref())
            .map_err(|error| passage.failed(TransportError::from(error)))?;
        match content {
            Content::Xml { charset } => encoding::decode(&arrived.body, charset.as_deref())
                .map(Message::from)
                .map_err(|error| passage.failed(error)),
            Content::Related(related) => {
                let Settings { limits, parts, .. } = &self.settings;
                multipart::open(&arrived.body, &related, limits, parts).map_err(|e| passage.failed(e))
            }
        }
    }

    /// Phase 2: SOAP, then the busta; then the rate of its mittente, and whether it sends SOAPAction. Of the busta, syntax comes
    /// before the signature, that before the manifest of the attachments, and that before the registry: the first stage that
    /// fails decides the answer.
    fn decode<'x>(
        &self,
        knowledge: &Knowledge,
        arrived: &Arrived,
        message: &'x Message<'x>,
        passage: &mut Passage,
    ) -> Result<Decoded<'x>, Failure> {
        passage.enter(Phase::Decode);
        let attached = &message.attached;
        let envelope =
            soap::decode(&message.text, &self.settings.limits).map_err(|error| passage.failed(error))?;
        if let Some(block) = envelope.not_understood(egov::is_understood) {
            let name = block.qualified.chars().take(80).collect();
            return Err(passage.failed(TransportError::MustUnderstand(name)));
        }
        let received = egov::decode(&envelope).map_err(|error| passage.failed(error))?;
        let busta = passage.busta.insert(Arc::new(received.busta.clone())).clone();
        // Only registered parties have a bucket, so that the sender of a flood cannot choose how many there are.
        let known = knowledge.parti.parte(&busta.mittente.tipo, &busta.mittente.nome).is_some();
        if known && let Err(wait) = self.mittenti.check(&busta.mittente) {
            return Err(passage.failed(Cause::Throttled { retry_after: wait.0 }));
        }
        soap_action::demand(knowledge, arrived, &busta)?;
        let (now, finestre) = (self.clock.now(), &self.settings.finestre);
        let mut eccezioni = received.sintassi(now, finestre);
        if eccezioni.is_empty() {
            eccezioni = self.verify_signature(knowledge, &envelope, attached, &busta, passage);
        }
        if eccezioni.is_empty() {
            eccezioni = manifesto::controlla(knowledge, &busta, &envelope, attached)
                .map_err(|error| passage.failed(error))?;
        }
        if eccezioni.is_empty() {
            eccezioni = received.contro_registro(&knowledge.registro);
        }
        if eccezioni.is_empty() {
            eccezioni = received.futuro(now, finestre);
        }
        if eccezioni.is_empty() {
            Ok(Decoded { envelope, attached, busta })
        } else {
            Err(passage.failed(Cause::Eccezioni(eccezioni)))
        }
    }

    /// Phase 4: was this message carried before? Asked before the schemas are, so that a reload cannot turn the twin of
    /// a delivered message into a refusal.
    async fn look_up<'x>(
        &self,
        knowledge: &Knowledge,
        message: Recognised<'x>,
        passage: &mut Passage,
    ) -> Result<LookedUp<'x>, Failure> {
        passage.enter(Phase::LookUp);
        let canonical = digest::canonical(&mut message.inviato.reader(&self.settings.limits)).ok();
        let digest =
            canonical.map(|canonical| asked(&message.azione, &canonical, message.inviato.allegati()));
        passage.digest = digest;
        let recorded = match message.filtra {
            true => {
                self.journal.look_up(&key(&message.busta)).await.map_err(|error| passage.failed(error))?
            }
            false => None,
        };
        let second = Second { azione: &message.azione, busta: &message.busta, digest };
        let repeats = match recorded {
            None => None,
            Some(recorded) => match self.twin(knowledge, recorded, second, passage).await? {
                Twin::Answered(answer) => return Ok(LookedUp::Known(answer)),
                Twin::Free => None,
                Twin::Repeatable(id) => Some(id),
            },
        };
        Ok(LookedUp::Unseen(Unseen { message, digest, repeats, posto: None }))
    }

    /// Phase 5: the document validated and mapped in one pass, in the envelope of the JSON nativo.
    fn translate(
        &self,
        knowledge: &Knowledge,
        unseen: Unseen<'_>,
        passage: &mut Passage,
    ) -> Result<Translated, Failure> {
        passage.enter(Phase::Translate);
        let Unseen { message: Recognised { azione, busta, inviato, filtra, prima }, digest, repeats, posto } =
            unseen;
        let limits = &self.settings.limits;
        let giorno = clock::in_rome(self.clock.now()).date();
        let documento = inviato
            .documento(&azione, giorno, limits)
            .map_err(|error| passage.failed(DocumentError::from(error)))?;
        let plan = knowledge.document(&documento.schema).ok_or_else(|| {
            let SchemaRef { file, root, .. } = documento.schema.clone();
            passage.failed(corpo::RispostaError::NoSchema { file, root })
        })?;
        let allegati =
            inviato.inoltrati(&azione).map_err(|error| passage.failed(DocumentError::from(error)))?;
        let mut payload = Vec::with_capacity(inviato.len());
        json_native::to_json(&plan, inviato.reader(limits), &mut payload)
            .map_err(|refusal| passage.failed(DocumentError::from(refusal)))?;
        let json = nativo::richiesta(&azione, &busta, prima.as_deref(), documento, &payload, allegati);
        let digest = digest.unwrap_or_default();
        Ok(Translated { azione, busta, filtra, digest, repeats, posto, json })
    }

    /// Phase 7: one durable commit. The journal's unique key closes the race of phase 4.
    async fn intend(
        &self,
        knowledge: &Knowledge,
        arrived: &Arrived,
        translated: Translated,
        passage: &mut Passage,
    ) -> Result<Admitted, Failure> {
        passage.enter(Phase::Intend);
        if let (None, Some(posto)) = (translated.repeats, translated.posto.clone()) {
            return self.take_place(knowledge, arrived, translated, *posto, passage).await;
        }
        let intending = match translated.repeats {
            Some(id) => {
                let forwarded = Some(translated.json.clone());
                self.journal.repeat(Repetition { id, forwarded }).await
            }
            None => {
                let inoltro = match translated.filtra {
                    true => Inoltro::AlPiuUnaVolta,
                    false => Inoltro::PiuDiUnaVolta,
                };
                let intent = Intent {
                    key: key(&translated.busta),
                    reception: passage.reception(arrived),
                    posto: None,
                    inoltro,
                    digest: translated.digest,
                    schemi: knowledge.version.clone(),
                    forwarded: translated.json.clone(),
                };
                self.journal.intend(intent).await
            }
        };
        match intending.map_err(|error| passage.failed(error))? {
            Intending::Intended(token) => {
                passage.record = Some(token.id());
                Ok(Admitted::Intended(token.bind(translated)))
            }
            Intending::AlreadyKnown(recorded) => {
                let Translated { azione, busta, digest, .. } = &translated;
                let second = Second { azione, busta, digest: Some(*digest) };
                match self.twin(knowledge, recorded, second, passage).await? {
                    Twin::Answered(answer) => Ok(Admitted::Known(answer)),
                    // The twin ended between our question and its answer: the sender's next try finds the way free.
                    Twin::Free | Twin::Repeatable(_) => Err(passage.failed(Cause::InFlight)),
                }
            }
        }
    }

    /// Phase 8. What became of the message is a value, not an error: it must be recorded either way.
    async fn forward(&self, intended: Intended<Translated>, passage: &mut Passage) -> Forwarded {
        passage.enter(Phase::Forward);
        let ended = self.leave(&intended).await;
        let (token, Translated { azione, busta, .. }) = intended.unbind();
        Forwarded { token, azione, busta, ended }
    }

    /// Phase 9: one durable commit of the outcome and of the exact bytes that are going to be answered.
    async fn conclude(
        &self,
        knowledge: &Knowledge,
        arrived: &Arrived,
        forwarded: Forwarded,
        passage: &mut Passage,
    ) -> Result<(Concluded<Answer>, Option<Failure>), Failure> {
        passage.enter(Phase::Conclude);
        let Forwarded { token, azione, busta, ended } = forwarded;
        let Ended { mut outcome, answer: node_answer, said } = ended;
        let now = self.clock.now();
        let (pdd_reply, failure) = match self.progressivi.next(now).await {
            Ok(identificatore) => {
                let speaker = self.speaker(knowledge, &identificatore, now);
                match ritorno::of(&azione, &busta, said, arrived.received_at, speaker) {
                    Ok(Ritorno { reply, untold }) => {
                        (reply, untold.map(|cause| Failure::new(Phase::Forward, cause)))
                    }
                    Err(cause) => {
                        // A verdict that cannot be said is none to the sender: it must not be replayed as one.
                        if matches!(cause, Cause::Answer(_) | Cause::Envelope(_)) {
                            outcome = Outcome::Unknown;
                        }
                        let failure = Failure::new(Phase::Forward, cause);
                        (reply::to_pdd(&failure, passage.heard(), speaker), Some(failure))
                    }
                }
            }
            Err(cause) => {
                outcome = Outcome::Unknown;
                let failure = passage.failed(cause);
                (reply::without_busta(&failure), Some(failure))
            }
        };
        let (pdd_reply, failure) = match self.sealed(pdd_reply, passage) {
            Ok(sealed) => (sealed, failure),
            Err(error) => {
                outcome = Outcome::Unknown;
                let failure = passage.failed(error);
                (reply::without_busta(&failure), Some(failure))
            }
        };
        let conclusion = Conclusion {
            outcome,
            answer: node_answer,
            reply: Some(Answer::recordable(&pdd_reply)),
            failure: failure.as_ref().map(Failure::failing),
            timings: passage.timings(),
        };
        let concluded = self.journal.conclude(token, conclusion).await;
        let concluded = concluded.map_err(|error| passage.failed(error))?;
        passage.stato = Some(concluded.stato());
        if busta.sequenza.is_some() {
            self.turn.notify_one();
        }
        let mut answer = Answer::from(pdd_reply);
        answer.reference = Some(concluded.id().to_string());
        Ok((concluded.bind(answer), failure))
    }

    /// The end of a message that did not get through: recorded where its header was read, then answered.
    async fn refuse(
        &self,
        knowledge: &Knowledge,
        arrived: &Arrived,
        mut passage: Passage,
        failure: Failure,
    ) -> Answer {
        let now = self.clock.now();
        let identificatore = match passage.busta {
            Some(_) => self.progressivi.next(now).await.ok(),
            None => None,
        };
        let pdd_reply = match &identificatore {
            Some(own) => reply::to_pdd(&failure, passage.heard(), self.speaker(knowledge, own, now)),
            None => reply::without_busta(&failure),
        };
        // A refusal is given even if it cannot be signed.
        let pdd_reply = self.sealed(pdd_reply.clone(), &passage).unwrap_or(pdd_reply);
        let mut answer = Answer::from(pdd_reply.clone());
        if let Some(busta) = passage.busta.as_ref().filter(|_| is_recorded(&failure, &passage)) {
            let text = |value: &String| Some(value.clone()).filter(|text| !text.is_empty());
            let refusal = journal::Refusal {
                direction: Direction::Inbound,
                mittente: text(&busta.mittente.nome),
                identificatore: text(&busta.identificatore),
                reception: passage.reception(arrived),
                digest: passage.digest,
                failure: failure.failing(),
                reply: Some(Answer::recordable(&pdd_reply)),
            };
            match self.journal.refuse(refusal).await {
                Ok(concluded) => passage.record = Some(concluded.id()),
                // A refusal that could not be recorded is not given: the sender is told to come again.
                Err(error) => {
                    let failure = Failure::new(Phase::Conclude, error);
                    passage.end(Some(&failure));
                    return reply::without_busta(&failure).into();
                }
            }
        }
        answer.reference = passage.record.map(|id| id.to_string());
        passage.end(Some(&failure));
        answer
    }

    pub(super) fn speaker<'a>(
        &'a self,
        knowledge: &'a Knowledge,
        identificatore: &'a Identificatore,
        now: Timestamp,
    ) -> Speaker<'a> {
        Speaker {
            parte: &self.settings.parte,
            registro: &knowledge.registro,
            schemas: &knowledge.schemas,
            limits: &self.settings.limits,
            identificatore,
            now,
        }
    }
}

/// Phase 10: only what is durable is answered.
fn reply(concluded: Concluded<Answer>, passage: &mut Passage) -> Answer {
    passage.enter(Phase::Reply);
    concluded.into_value()
}

/// What was asked with which document and which attachments: to ask for one SAP and to annul it carry the same document,
/// and are no twins. The names of parts do not count: many senders make new ones for each sending.
fn asked(azione: &Azione, canonical: &[u8; 32], allegati: &[Allegato<'_>]) -> [u8; 32] {
    let etichetta = azione.etichetta();
    let mut parts: Vec<&[u8]> = vec![etichetta.as_bytes(), canonical];
    parts.extend(allegati.iter().map(|allegato| allegato.attachment.content.as_ref()));
    digest::of(&parts)
}

pub(super) fn key(busta: &Busta) -> Key {
    Key {
        direction: Direction::Inbound,
        mittente: busta.mittente.nome.clone(),
        identificatore: busta.identificatore.clone(),
    }
}

/// A refusal after a header was read is recorded, with one exception: a sender over its rate is turned away at no cost,
/// or a flood would fill the journal.
fn is_recorded(failure: &Failure, passage: &Passage) -> bool {
    !matches!(failure.cause, Cause::Throttled { .. }) && passage.stato != Some(Stato::Intended)
}
