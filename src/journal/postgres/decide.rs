//! What each act of a batch comes to, upon what was loaded. No input or output: the rules of the journal and nothing else.
//!
//! The acts of a batch touch nothing in common (`order.rs`), and they were all asked for before any of them was answered, so
//! each may be decided as if it came first. An act that fails has changed nothing, but for
//! the end that came too late to count: it is recorded.

use jiff::Timestamp;

use super::super::entry::{
    Conclusion, Failing, Intent, Numbers, Reception, Refusal, Repetition, Reply, Timing,
};
use super::super::error::{EngineError, JournalError};
use super::super::evidence::{self, Event, Hash, Transition};
use super::super::interrupted;
use super::super::record::{MessageId, PayloadKind, ResolutionRecord};
use super::super::series::{Holding, Posto, Turno};
use super::super::state::{Direction, Inoltro, Outcome, Resolution, Stato};
use super::load::{Loaded, Standing};
use super::order::{Act, Done, Order};
use super::rows::{
    AttemptRow, Changes, DETAIL, LinkRow, MessageRow, Move, NumbersRow, Payload, PostoRow, REQUEST,
    ResolutionRow, SerieRow, hex,
};

/// What a batch comes to: the answer of each order, and the rows.
pub(super) struct Decided {
    pub(super) results: Vec<Result<Done, JournalError>>,
    pub(super) changes: Changes,
}

struct Desk<'a> {
    loaded: &'a Loaded,
    changes: Changes,
    fence: i64,
}

/// The columns of a new message that differ between a refusal and an intent.
struct New<'a> {
    direction: Direction,
    mittente: Option<&'a str>,
    identificatore: Option<&'a str>,
    inoltro: Option<Inoltro>,
    digest: Option<&'a [u8; 32]>,
    schemi: Option<&'a str>,
    stato: Stato,
    attempts: u32,
}

/// How an attempt ended.
struct End<'a> {
    stato: Stato,
    node_status: Option<u16>,
    reply: Option<&'a Reply>,
    failure: Option<&'a Failing>,
    timings: &'a [Timing],
}

/// Decides a batch. `fence`: the life under which attempts are opened.
pub(super) fn decide(loaded: &Loaded, fence: i64, orders: &[Order]) -> Decided {
    let mut changes = Changes::after(loaded.head);
    changes.ended_lives = loaded.ended_lives;
    let mut desk = Desk { loaded, changes, fence };
    let results = orders.iter().map(|order| desk.act(&order.act, order.at)).collect();
    Decided { results, changes: desk.changes }
}

impl Desk<'_> {
    fn act(&mut self, act: &Act, at: Timestamp) -> Result<Done, JournalError> {
        match act {
            Act::Refuse { refusal, told } => self.refuse(refusal, told, at),
            Act::Intend { intent, told } => self.intend(intent, told, at),
            Act::Place { intent, posto, waiting, told } => self.place(intent, posto, waiting, told, at),
            Act::Repeat { repetition, told } => self.repeat(repetition, told, at),
            Act::Conclude { id, attempt, conclusion, told } => {
                self.conclude(*id, *attempt, conclusion, told, at).map(|stato| Done::Stands(*id, stato))
            }
            Act::Interrupt(_) => self.interrupt(at),
            Act::Resolve { id, word } => self.resolve(*id, word),
            Act::Reserve(numbers) => self.reserve(numbers),
            Act::Probe => {
                self.changes.probed_at = Some(at.as_microsecond());
                Ok(Done::Probed)
            }
        }
    }

    fn refuse(&mut self, refusal: &Refusal, told: &str, at: Timestamp) -> Result<Done, JournalError> {
        let new = New {
            direction: refusal.direction,
            mittente: refusal.mittente.as_deref(),
            identificatore: refusal.identificatore.as_deref(),
            inoltro: None,
            digest: refusal.digest.as_ref(),
            schemi: None,
            stato: Stato::Refused,
            attempts: 0,
        };
        let end = End {
            stato: Stato::Refused,
            node_status: None,
            reply: refusal.reply.as_ref(),
            failure: Some(&refusal.failure),
            timings: &[],
        };
        let timings = as_json(&refusal.reception.timings)?;
        let ended = end.row(0, at)?;
        let id = self.add(&new, &refusal.reception, timings, at);
        self.changes.attempts.push(AttemptRow { message: id.0, started_at: at.as_microsecond(), ..ended });
        self.end_payloads(id, 0, &end);
        self.chain(Transition { id, attempt: 0, event: Event::Refused, at, stato: Stato::Refused }, told);
        Ok(Done::Stands(id, Stato::Refused))
    }

    fn intend(&mut self, intent: &Intent, told: &str, at: Timestamp) -> Result<Done, JournalError> {
        if Stato::Intended.blocks(intent.inoltro)
            && let Some(known) = self.loaded.blocking.get(&intent.key)
        {
            return Ok(Done::Known(known.clone()));
        }
        let id = self.add_intent(intent, Stato::Intended, 1, at)?;
        self.open_attempt(id, 1, at);
        self.payload(id, 1, PayloadKind::Forwarded.as_str(), intent.forwarded.clone());
        self.chain(Transition { id, attempt: 1, event: Event::Intended, at, stato: Stato::Intended }, told);
        Ok(Done::Opened(id, 1))
    }

    fn place(
        &mut self,
        intent: &Intent,
        posto: &Posto,
        waiting: &Reply,
        told: &str,
        at: Timestamp,
    ) -> Result<Done, JournalError> {
        if let Some(known) = self.loaded.blocking.get(&intent.key) {
            return Ok(Done::Known(known.clone()));
        }
        let collaborazione = &posto.serie.collaborazione;
        let known = self.loaded.series.get(collaborazione);
        let prossimo = match known {
            Some(known) => match known.serie.differs(&posto.serie) {
                Some(fault) => return Ok(Done::OutOfSeries(fault)),
                None => known.prossimo,
            },
            None if posto.begins(&intent.key.identificatore) => 1,
            None => return Ok(Done::OutOfSeries(super::super::FuoriSerie::Sconosciuta)),
        };
        let turno = posto.turno(prossimo);
        if turno == Turno::Passato {
            return Ok(Done::Seen);
        }
        if self.loaded.taken.contains(&(collaborazione.clone(), posto.numero)) {
            return Ok(Done::OutOfSeries(super::super::FuoriSerie::Numero));
        }
        let done = if turno == Turno::Suo {
            self.intend(intent, told, at)
        } else {
            let holding = Holding { intent: intent.clone(), reply: Some(waiting.clone()) };
            self.hold(&holding, at).map(|id| Done::Stands(id, Stato::Held))
        };
        if known.is_none() && done.is_ok() {
            self.begin(posto);
        }
        done
    }

    fn repeat(&mut self, repetition: &Repetition, told: &str, at: Timestamp) -> Result<Done, JournalError> {
        let id = repetition.id;
        let standing = self.standing(id)?;
        let Standing { stato, attempts, accepted, is_turn, elsewhere, .. } = *standing;
        let may_go = match stato {
            Stato::Held => is_turn && !elsewhere,
            Stato::Unknown => !(accepted && elsewhere),
            _ => false,
        };
        if !may_go {
            let known = self.loaded.recorded.get(&id).cloned();
            return known.map(Done::Known).ok_or(JournalError::NotUnknown { id, stato });
        }
        let number = attempts.saturating_add(1);
        if let (true, Some((collaborazione, _))) = (accepted, &standing.posto) {
            self.changes.lanes.push(collaborazione.clone());
        }
        let carrier = Some(self.fence);
        self.move_to(id, standing, Stato::Intended, number, carrier, at);
        self.open_attempt(id, number, at);
        if let Some(bytes) = &repetition.forwarded {
            self.payload(id, number, PayloadKind::Forwarded.as_str(), bytes.clone());
        }
        let repeated = Transition { id, attempt: number, event: Event::Repeated, at, stato: Stato::Intended };
        self.chain(repeated, told);
        Ok(Done::Opened(id, number))
    }

    fn conclude(
        &mut self,
        id: MessageId,
        attempt: u32,
        conclusion: &Conclusion,
        told: &str,
        at: Timestamp,
    ) -> Result<Stato, JournalError> {
        let standing = self.standing(id)?;
        let before = standing.stato;
        let is_last = standing.attempts == attempt;
        let is_open = before == Stato::Intended && is_last;
        let outcome = conclusion.outcome;
        let doubted = self.loaded.doubted.get(&(id, attempt)).copied();
        let late = doubted.filter(|_| !is_open && outcome != Outcome::Unknown);
        let stale = JournalError::Stale { id, attempt, stato: before };
        if !is_open && late.is_none() {
            return Err(stale);
        }
        let end = End {
            stato: conclusion.outcome.into(),
            node_status: conclusion.answer.as_ref().map(|answer| answer.status),
            reply: conclusion.reply.as_ref(),
            failure: conclusion.failure.as_ref(),
            timings: &conclusion.timings,
        };
        let ended = end.row(attempt, at)?;
        let started_at = standing.started_at.map_or(0, Timestamp::as_microsecond);
        let doubted_at = late.map(Timestamp::as_microsecond);
        self.changes.ends.push(AttemptRow { message: id.0, started_at, doubted_at, ..ended });
        if late.is_some() {
            self.changes.undetailed.push((id.0, attempt));
        }
        self.end_payloads(id, attempt, &end);
        if let Some(answer) = &conclusion.answer {
            self.payload(id, attempt, PayloadKind::Answer.as_str(), answer.body.clone());
        }
        let stato = Stato::after(outcome, standing.doubtful, standing.accepted);
        if late.is_some() {
            self.chain(evidence::late(id, attempt, conclusion, at), told);
            if !Stato::is_settled_by_late(before, outcome, is_last) {
                return Err(stale);
            }
        } else {
            self.chain(Transition { id, attempt, event: Event::Concluded, at, stato }, told);
        }
        self.move_to(id, standing, stato, attempt, None, at);
        self.advance(standing, stato);
        self.changes.settled.push(id);
        Ok(stato)
    }

    fn interrupt(&mut self, at: Timestamp) -> Result<Done, JournalError> {
        let conclusion = interrupted();
        let told = evidence::told(&conclusion)?;
        let loaded = self.loaded;
        for (id, attempt) in &loaded.open {
            self.conclude(*id, *attempt, &conclusion, &told, at)?;
        }
        Ok(Done::Interrupted(loaded.open.iter().map(|(id, _)| *id).collect()))
    }

    fn resolve(&mut self, id: MessageId, word: &ResolutionRecord) -> Result<Done, JournalError> {
        let standing = self.standing(id)?;
        let stato = standing.stato;
        let settled_elsewhere = stato == Stato::Held && word.resolution == Resolution::Executed;
        if stato != Stato::Unknown && !settled_elsewhere {
            return Err(JournalError::NotUnknown { id, stato });
        }
        let told = evidence::told(word)?;
        let (attempt, at, accepted) = (standing.attempts, word.at, standing.accepted);
        let stato = Stato::Resolved(word.resolution);
        self.changes.resolutions.push(ResolutionRow {
            message: id.0,
            resolution: word.resolution.as_str(),
            who: word.who.clone(),
            why: word.why.clone(),
            at: at.as_microsecond(),
        });
        self.move_to(id, standing, stato, attempt, None, at);
        self.chain(Transition { id, attempt, event: Event::Resolved, at, stato }, &told);
        self.advance(standing, stato);
        // What its sender was told would be forwarded is still to be forwarded.
        if word.resolution == Resolution::NotExecuted
            && accepted
            && let Some(intent) = self.loaded.lives.get(&id).and_then(evidence::intent)
        {
            self.hold(&Holding { intent, reply: None }, at)?;
        }
        Ok(Done::Stands(id, stato))
    }

    fn reserve(&mut self, numbers: &Numbers) -> Result<Done, JournalError> {
        let Numbers { porta, minuto, count, last, forget } = numbers;
        let none = || JournalError::NoNumbers { porta: porta.clone(), minuto: minuto.clone() };
        let key = (porta.clone(), minuto.clone());
        // What is forgotten in the same breath begins again.
        let next = match self.loaded.next.get(&key) {
            Some(next) if minuto >= forget => *next,
            _ => 1,
        };
        let after = next.saturating_add(u64::from(*count)).min(last.saturating_add(1));
        if after <= next {
            return Err(none());
        }
        let row = NumbersRow {
            porta: porta.clone(),
            minuto: minuto.clone(),
            next: i64::try_from(after).map_err(|_| none())?,
        };
        self.changes.forgotten.push((porta.clone(), forget.clone()));
        self.changes.numbers.push(row);
        Ok(Done::Numbers(next..after))
    }
}

impl<'a> Desk<'a> {
    fn standing(&self, id: MessageId) -> Result<&'a Standing, JournalError> {
        self.loaded.standing.get(&id).ok_or(JournalError::NoSuchMessage { id })
    }

    /// Records a message that waits for its turn.
    fn hold(&mut self, holding: &Holding, at: Timestamp) -> Result<MessageId, JournalError> {
        let told = evidence::told(holding)?;
        let Holding { intent, reply } = holding;
        let end =
            End { stato: Stato::Held, node_status: None, reply: reply.as_ref(), failure: None, timings: &[] };
        let ended = end.row(0, at)?;
        let id = self.add_intent(intent, Stato::Held, 0, at)?;
        self.changes.attempts.push(AttemptRow { message: id.0, started_at: at.as_microsecond(), ..ended });
        self.end_payloads(id, 0, &end);
        self.payload(id, 0, PayloadKind::Forwarded.as_str(), intent.forwarded.clone());
        self.chain(Transition { id, attempt: 0, event: Event::Held, at, stato: Stato::Held }, &told);
        Ok(id)
    }

    fn begin(&mut self, posto: &Posto) {
        let serie = posto.serie.clone();
        self.changes.series.push(SerieRow {
            collaborazione: serie.collaborazione,
            mittente_tipo: serie.mittente.tipo,
            mittente: serie.mittente.nome,
            destinatario_tipo: serie.destinatario.tipo,
            destinatario: serie.destinatario.nome,
            servizio_tipo: serie.servizio.tipo,
            servizio: serie.servizio.nome,
            azione: serie.azione,
            prossimo: 1,
        });
    }

    /// The message has its end: its series, if it is of one, expects the next number.
    fn advance(&mut self, standing: &Standing, stato: Stato) {
        if let (true, true, Some((collaborazione, numero))) =
            (stato.is_executed(), standing.is_turn, &standing.posto)
        {
            let (collaborazione, numero) = (collaborazione.clone(), *numero);
            self.changes.advanced.push(PostoRow { message: 0, collaborazione, numero });
        }
    }

    /// A new record of a message that is to be forwarded, now or in its turn.
    fn add_intent(
        &mut self,
        intent: &Intent,
        stato: Stato,
        attempts: u32,
        at: Timestamp,
    ) -> Result<MessageId, JournalError> {
        let new = New {
            direction: intent.key.direction,
            mittente: Some(&intent.key.mittente),
            identificatore: Some(&intent.key.identificatore),
            inoltro: Some(intent.inoltro),
            digest: Some(&intent.digest),
            schemi: Some(&intent.schemi),
            stato,
            attempts,
        };
        let timings = as_json(&intent.reception.timings)?;
        let id = self.add(&new, &intent.reception, timings, at);
        if let Some(posto) = &intent.posto {
            let (collaborazione, numero) = (posto.serie.collaborazione.clone(), posto.numero);
            self.changes.places.push(PostoRow { message: id.0, collaborazione, numero });
        }
        Ok(id)
    }

    fn add(&mut self, new: &New<'_>, reception: &Reception, timings: String, at: Timestamp) -> MessageId {
        self.changes.head.message = self.changes.head.message.saturating_add(1);
        let id = MessageId(self.changes.head.message);
        let owned = |text: Option<&str>| text.map(str::to_owned);
        self.changes.messages.push(MessageRow {
            id: id.0,
            direction: new.direction.as_str(),
            mittente: owned(new.mittente),
            identificatore: owned(new.identificatore),
            destinatario: reception.destinatario.clone(),
            servizio: reception.servizio.clone(),
            azione: reception.azione.clone(),
            profilo: reception.profilo.clone(),
            riferimento: reception.riferimento.clone(),
            collaborazione: reception.collaborazione.clone(),
            chiamante: reception.chiamante.clone(),
            inoltro: new.inoltro.map(Inoltro::as_str),
            digest: new.digest.map(|digest| hex(digest)),
            schemi: owned(new.schemi),
            stato: new.stato.name().as_str(),
            esito: new.stato.detail(),
            blocks: new.inoltro.is_some_and(|inoltro| new.stato.blocks(inoltro)),
            attempts: new.attempts,
            received_at: reception.received_at.as_microsecond(),
            changed_at: at.as_microsecond(),
            timings,
            carrier: (new.stato == Stato::Intended).then_some(self.fence),
        });
        self.changes.counted(new.stato.name(), 1);
        self.payload(id, 0, REQUEST, reception.request.clone());
        id
    }

    fn move_to(
        &mut self,
        id: MessageId,
        standing: &Standing,
        stato: Stato,
        attempts: u32,
        carrier: Option<i64>,
        at: Timestamp,
    ) {
        self.changes.moves.push(Move {
            id: id.0,
            stato: stato.name().as_str(),
            esito: stato.detail(),
            blocks: standing.inoltro.is_some_and(|inoltro| stato.blocks(inoltro)),
            attempts,
            changed_at: at.as_microsecond(),
            carrier,
        });
        self.changes.counted(standing.stato.name(), -1);
        self.changes.counted(stato.name(), 1);
    }

    fn open_attempt(&mut self, id: MessageId, number: u32, at: Timestamp) {
        self.changes.attempts.push(AttemptRow {
            message: id.0,
            number,
            stato: Stato::Intended.name().as_str(),
            started_at: at.as_microsecond(),
            timings: "[]".to_owned(),
            ..AttemptRow::default()
        });
    }

    fn end_payloads(&mut self, id: MessageId, number: u32, end: &End<'_>) {
        if let Some(reply) = end.reply {
            self.payload(id, number, PayloadKind::Reply.as_str(), reply.body.clone());
        }
        if let Some(failure) = end.failure {
            self.payload(id, number, DETAIL, failure.detail.clone().into());
        }
    }

    fn payload(&mut self, id: MessageId, attempt: u32, kind: &'static str, bytes: bytes::Bytes) {
        self.changes.payloads.push(Payload { message: id.0, attempt, kind, bytes });
    }

    /// Chains a transition. `told` is what the bridge told the journal.
    fn chain(&mut self, transition: Transition, told: &str) {
        let line = transition.line(told);
        let content = Hash::of(line.as_bytes());
        let head = &mut self.changes.head;
        head.link = head.link.saturating_add(1);
        head.hash = head.hash.followed_by(content);
        self.changes.links.push(LinkRow {
            number: head.link,
            message: transition.id.0,
            line,
            content: hex(content.as_bytes()),
            hash: hex(head.hash.as_bytes()),
        });
    }
}

impl End<'_> {
    fn row(&self, number: u32, at: Timestamp) -> Result<AttemptRow, JournalError> {
        Ok(AttemptRow {
            number,
            stato: self.stato.name().as_str(),
            esito: self.stato.detail(),
            ended_at: Some(at.as_microsecond()),
            node_status: self.node_status,
            reply_status: self.reply.map(|reply| reply.status),
            reply_type: self.reply.map(|reply| reply.content_type.clone().into_owned()),
            reply_identificatore: self.reply.and_then(|reply| reply.identificatore.clone()),
            failure: self.failure.map(as_json).transpose()?,
            timings: as_json(self.timings)?,
            ..AttemptRow::default()
        })
    }
}

fn as_json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, JournalError> {
    serde_json::to_string(value).map_err(|e| JournalError::Engine { source: EngineError::new(e) })
}
