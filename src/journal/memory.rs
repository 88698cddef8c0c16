//! The journal in memory: the reference model of the trait, and the engine of tests that need no disk.
//!
//! Nothing survives the value. Everything else is exactly as the contract says, in the plainest code that does it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

use super::entry::{Conclusion, Intent, Key, Numbers, Reception, Refusal, Repetition, Reply};
use super::error::JournalError;
use super::evidence::{self, Hash, Verification};
use super::record::{
    Attempt, Counts, Earlier, Filter, Health, Life, MessageId, Payload, PayloadKind, Recorded, Reference,
    ResolutionRecord, Summary,
};
use super::series::{Attesa, Due, FuoriSerie, Holding, Placing, Turno};
use super::state::{Outcome, Resolution, Stato};
use super::token::{Abandon, Concluded, Intended, Intending};
use super::waiters::Waiters;
use super::walk::{self, Unchained, Walk};
use super::{Journal, abandoned, interrupted, whole_micros};
use crate::clock::Clock;

/// A journal that lives as long as the value.
#[derive(Debug)]
pub struct MemoryJournal {
    shelf: Arc<Shelf>,
    clock: Clock,
}

#[derive(Debug, Default)]
struct Shelf {
    records: Mutex<Records>,
    waiters: Waiters,
    clock: Clock,
}

#[derive(Debug, Default)]
struct Records {
    /// Record `n` is at `n - 1`.
    lives: Vec<Life>,
    next_number: BTreeMap<(String, String), u64>,
    series: BTreeMap<String, Attesa>,
    links: Vec<Link>,
    closed: bool,
}

#[derive(Debug)]
struct Link {
    id: MessageId,
    line: String,
    hash: Hash,
}

impl MemoryJournal {
    /// An empty journal.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { shelf: Arc::new(Shelf { clock: clock.clone(), ..Shelf::default() }), clock }
    }

    fn now(&self) -> Timestamp {
        whole_micros(self.clock.now())
    }

    fn open(&self) -> Result<MutexGuard<'_, Records>, JournalError> {
        let records = self.shelf.lock();
        if records.closed { Err(JournalError::Closed) } else { Ok(records) }
    }

    /// The permission for the attempt just opened. There is no point at which it could be lost on its way.
    fn token(&self, id: MessageId, attempt: u32) -> Intending {
        let shelf: Arc<dyn Abandon> = Arc::<Shelf>::clone(&self.shelf);
        Intending::Intended(Intended::new(id, attempt, Arc::downgrade(&shelf)).reached())
    }
}

impl Shelf {
    fn lock(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Records {
    fn life(&mut self, id: MessageId) -> Result<&mut Life, JournalError> {
        usize::try_from(id.0)
            .ok()
            .and_then(|id| id.checked_sub(1))
            .and_then(|index| self.lives.get_mut(index))
            .ok_or(JournalError::NoSuchMessage { id })
    }

    fn blocking(&self, key: &Key) -> Option<Recorded> {
        self.lives.iter().find(|life| blocks(life) && is_of(life, key)).and_then(recorded)
    }

    fn add(&mut self, mut life: Life) -> MessageId {
        let id = MessageId(i64::try_from(self.lives.len()).unwrap_or(i64::MAX).saturating_add(1));
        life.summary.id = id;
        self.lives.push(life);
        id
    }

    fn conclude(
        &mut self,
        id: MessageId,
        attempt: u32,
        conclusion: Conclusion,
        now: Timestamp,
    ) -> Result<Stato, JournalError> {
        let life = self.life(id)?;
        let doubtful = life.attempts.iter().any(|a| a.stato == Stato::Unknown || a.doubted_at.is_some());
        let before = life.summary.stato;
        let stale = || JournalError::Stale { id, attempt, stato: before };
        let is_last = life.summary.attempts == attempt;
        let Some(open) = life.attempts.iter_mut().find(|open| open.number == attempt) else {
            return Err(stale());
        };
        let outcome = conclusion.outcome;
        let late = open.is_interrupted() && outcome != Outcome::Unknown;
        if open.stato != Stato::Intended && !late {
            return Err(stale());
        }
        let line = evidence::late(id, attempt, &conclusion, now).line(&evidence::told(&conclusion)?);
        if late {
            open.doubted_at = open.ended_at;
        }
        open.stato = conclusion.outcome.into();
        open.ended_at = Some(now);
        open.node_status = conclusion.answer.as_ref().map(|answer| answer.status);
        open.failure = conclusion.failure;
        open.timings = conclusion.timings;
        if let Some(answer) = conclusion.answer {
            life.payloads.push(Payload { attempt, kind: PayloadKind::Answer, bytes: answer.body });
        }
        if let Some(reply) = conclusion.reply {
            open.reply_status = Some(reply.status);
            open.reply_type = Some(reply.content_type.into_owned());
            open.reply_identificatore = reply.identificatore;
            life.payloads.push(Payload { attempt, kind: PayloadKind::Reply, bytes: reply.body });
        }
        life.payloads.sort_by_key(|payload| (payload.attempt, payload.kind));
        let stato = Stato::after(outcome, doubtful, life.is_accepted());
        if !late {
            life.summary.stato = stato;
            life.summary.changed_at = now;
            self.chain(id)?;
            self.advance(id)?;
            return Ok(stato);
        }
        self.chain_line(id, line);
        if !Stato::is_settled_by_late(before, outcome, is_last) {
            return Err(stale());
        }
        let life = self.life(id)?;
        life.summary.stato = stato;
        life.summary.changed_at = now;
        self.advance(id)?;
        Ok(stato)
    }
}

impl Records {
    /// Chains the transition that record `id` has just made.
    fn chain(&mut self, id: MessageId) -> Result<(), JournalError> {
        if let Some(line) = evidence::lines(self.life(id)?)?.pop() {
            self.chain_line(id, line);
        }
        Ok(())
    }

    fn chain_line(&mut self, id: MessageId, line: String) {
        let before = self.links.last().map(|link| link.hash).unwrap_or_default();
        let hash = before.followed_by(Hash::of(line.as_bytes()));
        self.links.push(Link { id, line, hash });
    }
}

impl Records {
    fn is_turn(&self, life: &Life) -> bool {
        let Some(posto) = &life.posto else { return false };
        let attesa = self.series.get(&posto.serie.collaborazione);
        attesa.is_some_and(|attesa| attesa.prossimo == posto.numero)
    }

    /// Record `id` has its end: its series, if it is of one, expects the next number.
    fn advance(&mut self, id: MessageId) -> Result<(), JournalError> {
        let life = self.life(id)?.clone();
        if life.summary.stato.is_executed()
            && self.is_turn(&life)
            && let Some(posto) = life.posto
            && let Some(attesa) = self.series.get_mut(&posto.serie.collaborazione)
        {
            attesa.prossimo = attesa.prossimo.saturating_add(1);
        }
        Ok(())
    }

    fn hold(&mut self, holding: Holding, now: Timestamp) -> Result<MessageId, JournalError> {
        let Holding { intent, reply } = holding;
        let forwarded = Payload { attempt: 0, kind: PayloadKind::Forwarded, bytes: intent.forwarded.clone() };
        let mut own = attempt(0, now);
        own.stato = Stato::Held;
        own.ended_at = Some(now);
        let mut life = intended(intent, Stato::Held, own, forwarded, now);
        if let (Some(reply), Some(own)) = (reply, life.attempts.first_mut()) {
            own.reply_status = Some(reply.status);
            own.reply_type = Some(reply.content_type.into_owned());
            own.reply_identificatore = reply.identificatore;
            life.payloads.push(Payload { attempt: 0, kind: PayloadKind::Reply, bytes: reply.body });
        }
        let id = self.add(life);
        self.chain(id)?;
        Ok(id)
    }
}

impl Abandon for Shelf {
    fn abandon(&self, id: MessageId, attempt: u32, reached: bool) {
        let now = whole_micros(self.clock.now());
        // A record that is no longer open needs nothing.
        let _ = self.lock().conclude(id, attempt, abandoned(reached), now);
        self.waiters.wake(&[id]);
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn look_up(&self, key: &Key) -> Result<Option<Recorded>, JournalError> {
        Ok(self.open()?.blocking(key))
    }

    async fn earlier(&self, key: &Key) -> Result<Option<Earlier>, JournalError> {
        let records = self.open()?;
        let found =
            records.lives.iter().rev().find(|life| is_of(life, key) && life.summary.stato.may_be_executed());
        Ok(found.map(|life| Earlier {
            summary: life.summary.clone(),
            collaborazione: life.reception.collaborazione.clone(),
        }))
    }

    async fn refuse(&self, refusal: Refusal) -> Result<Concluded, JournalError> {
        let now = self.now();
        let mut records = self.open()?;
        let mut life = Life {
            summary: Summary {
                id: MessageId(0),
                direction: refusal.direction,
                mittente: refusal.mittente,
                destinatario: refusal.reception.destinatario.clone(),
                servizio: refusal.reception.servizio.clone(),
                azione: refusal.reception.azione.clone(),
                identificatore: refusal.identificatore,
                stato: Stato::Refused,
                attempts: 0,
                received_at: whole_micros(refusal.reception.received_at),
                changed_at: now,
            },
            reception: refusal.reception,
            posto: None,
            inoltro: None,
            digest: refusal.digest,
            schemi: None,
            attempts: vec![attempt(0, now)],
            payloads: Vec::new(),
            resolution: None,
        };
        life.reception.received_at = life.summary.received_at;
        if let Some(own) = life.attempts.first_mut() {
            own.stato = Stato::Refused;
            own.ended_at = Some(now);
            own.failure = Some(refusal.failure);
            if let Some(reply) = refusal.reply {
                own.reply_status = Some(reply.status);
                own.reply_type = Some(reply.content_type.into_owned());
                own.reply_identificatore = reply.identificatore;
                life.payloads.push(Payload { attempt: 0, kind: PayloadKind::Reply, bytes: reply.body });
            }
        }
        let id = records.add(life);
        records.chain(id)?;
        Ok(Concluded::new(id, Stato::Refused))
    }

    async fn intend(&self, intent: Intent) -> Result<Intending, JournalError> {
        let now = self.now();
        let mut records = self.open()?;
        if Stato::Intended.blocks(intent.inoltro)
            && let Some(known) = records.blocking(&intent.key)
        {
            return Ok(Intending::AlreadyKnown(known));
        }
        let forwarded = Payload { attempt: 1, kind: PayloadKind::Forwarded, bytes: intent.forwarded.clone() };
        let life = intended(intent, Stato::Intended, attempt(1, now), forwarded, now);
        let id = records.add(life);
        records.chain(id)?;
        drop(records);
        Ok(self.token(id, 1))
    }

    async fn place(&self, intent: Intent, waiting: Reply) -> Result<Placing, JournalError> {
        let Some(posto) = intent.posto.clone() else {
            return self.intend(intent).await.map(Placing::from);
        };
        let now = self.now();
        {
            let mut records = self.open()?;
            if let Some(known) = records.blocking(&intent.key) {
                return Ok(Placing::AlreadyKnown(known));
            }
            let collaborazione = &posto.serie.collaborazione;
            let prossimo = match records.series.get(collaborazione) {
                Some(known) => match known.serie.differs(&posto.serie) {
                    Some(fault) => return Ok(Placing::Refused(fault)),
                    None => known.prossimo,
                },
                None if posto.begins(&intent.key.identificatore) => {
                    let attesa = Attesa { serie: posto.serie.clone(), prossimo: 1 };
                    records.series.insert(collaborazione.clone(), attesa);
                    1
                }
                None => return Ok(Placing::Refused(FuoriSerie::Sconosciuta)),
            };
            let turno = posto.turno(prossimo);
            if turno == Turno::Passato {
                return Ok(Placing::Seen);
            }
            if records.lives.iter().any(|life| blocks(life) && life.posto.as_ref() == Some(&posto)) {
                return Ok(Placing::Refused(FuoriSerie::Numero));
            }
            if turno == Turno::Dopo {
                let id = records.hold(Holding { intent, reply: Some(waiting) }, now)?;
                return Ok(Placing::Held(Concluded::new(id, Stato::Held)));
            }
        }
        self.intend(intent).await.map(Placing::from)
    }

    async fn series(&self, collaborazione: &str) -> Result<Option<Attesa>, JournalError> {
        Ok(self.open()?.series.get(collaborazione).cloned())
    }

    async fn due(&self) -> Result<Vec<Due>, JournalError> {
        let records = self.open()?;
        let waiting = |life: &&Life| {
            life.is_accepted()
                && matches!(life.summary.stato, Stato::Held | Stato::Unknown)
                && records.is_turn(life)
        };
        let due = |life: &Life| {
            Some(Due {
                id: life.summary.id,
                stato: life.summary.stato,
                attempts: life.summary.attempts,
                identificatore: life.summary.identificatore.clone()?,
                posto: life.posto.clone()?,
                forwarded: life.payload(0, PayloadKind::Forwarded).cloned()?,
            })
        };
        Ok(records.lives.iter().filter(waiting).filter_map(due).collect())
    }

    async fn repeat(&self, repetition: Repetition) -> Result<Intending, JournalError> {
        let now = self.now();
        let mut records = self.open()?;
        let id = repetition.id;
        let life = records.life(id)?.clone();
        let may_go = match life.summary.stato {
            Stato::Held => records.is_turn(&life),
            stato => stato == Stato::Unknown,
        };
        let life = records.life(id)?;
        if !may_go {
            return match recorded(life) {
                Some(known) => Ok(Intending::AlreadyKnown(known)),
                None => Err(JournalError::NotUnknown { id, stato: life.summary.stato }),
            };
        }
        life.summary.attempts = life.summary.attempts.saturating_add(1);
        life.summary.stato = Stato::Intended;
        life.summary.changed_at = now;
        let number = life.summary.attempts;
        life.attempts.push(attempt(number, now));
        if let Some(bytes) = repetition.forwarded {
            life.payloads.push(Payload { attempt: number, kind: PayloadKind::Forwarded, bytes });
        }
        records.chain(id)?;
        drop(records);
        Ok(self.token(id, number))
    }

    async fn conclude(&self, intended: Intended, conclusion: Conclusion) -> Result<Concluded, JournalError> {
        let now = self.now();
        let (id, attempt) = intended.disarm();
        let stato = self.open()?.conclude(id, attempt, conclusion, now)?;
        self.shelf.waiters.wake(&[id]);
        Ok(Concluded::new(id, stato))
    }

    async fn settled(&self, id: MessageId, wait: Duration) -> Result<Option<Recorded>, JournalError> {
        let read = async || match self.open()?.life(id) {
            Ok(life) => Ok(recorded(life)),
            Err(_) => Ok(None),
        };
        self.shelf.waiters.settled(id, wait, read).await
    }

    async fn recover(&self) -> Result<Vec<MessageId>, JournalError> {
        let now = self.now();
        let mut records = self.open()?;
        let open: Vec<(MessageId, u32)> = records
            .lives
            .iter()
            .filter(|life| life.summary.stato == Stato::Intended)
            .map(|life| (life.summary.id, life.summary.attempts))
            .collect();
        for (id, attempt) in &open {
            records.conclude(*id, *attempt, interrupted(), now)?;
        }
        drop(records);
        let ids: Vec<MessageId> = open.into_iter().map(|(id, _)| id).collect();
        self.shelf.waiters.wake(&ids);
        Ok(ids)
    }

    async fn list(&self, filter: Filter) -> Result<Vec<Summary>, JournalError> {
        let records = self.open()?;
        let found = records.lives.iter().rev().map(|life| &life.summary).filter(|s| matches(s, &filter));
        Ok(found.take(filter.limit as usize).cloned().collect())
    }

    async fn show(&self, reference: &Reference) -> Result<Vec<Life>, JournalError> {
        let records = self.open()?;
        let meant = |life: &&Life| match reference {
            Reference::Id(id) => life.summary.id == *id,
            Reference::Identificatore(text) => life.summary.identificatore.as_ref() == Some(text),
        };
        Ok(records.lives.iter().filter(meant).cloned().collect())
    }

    async fn resolve(
        &self,
        id: MessageId,
        resolution: Resolution,
        who: &str,
        why: &str,
    ) -> Result<Concluded, JournalError> {
        let now = self.now();
        let mut records = self.open()?;
        let life = records.life(id)?;
        let stato = life.summary.stato;
        let settled_elsewhere = stato == Stato::Held && resolution == Resolution::Executed;
        if stato != Stato::Unknown && !settled_elsewhere {
            return Err(JournalError::NotUnknown { id, stato });
        }
        let stato = Stato::Resolved(resolution);
        life.summary.stato = stato;
        life.summary.changed_at = now;
        life.resolution =
            Some(ResolutionRecord { resolution, who: who.to_owned(), why: why.to_owned(), at: now });
        let again = life.is_accepted().then(|| evidence::intent(life)).flatten();
        records.chain(id)?;
        records.advance(id)?;
        if let (Resolution::NotExecuted, Some(intent)) = (resolution, again) {
            records.hold(Holding { intent, reply: None }, now)?;
        }
        Ok(Concluded::new(id, stato))
    }

    async fn reserve(&self, numbers: Numbers) -> Result<Range<u64>, JournalError> {
        let Numbers { porta, minuto, count, last, forget } = numbers;
        let mut records = self.open()?;
        records.next_number.retain(|(known, minute), _| *known != porta || *minute >= forget);
        let next = records.next_number.get(&(porta.clone(), minuto.clone())).copied().unwrap_or(1);
        let after = next.saturating_add(u64::from(count)).min(last.saturating_add(1));
        if after <= next {
            return Err(JournalError::NoNumbers { porta, minuto });
        }
        records.next_number.insert((porta, minuto), after);
        Ok(next..after)
    }

    async fn verify(&self) -> Result<Verification, JournalError> {
        let records = self.open()?;
        let mut walk = Walk::default();
        let links: Vec<(u64, &Link)> = (1..).zip(&records.links).collect();
        for (number, Link { id, line, hash }) in links.iter().copied() {
            let content = Hash::of(line.as_bytes());
            walk.meet(&walk::Link { number, message: *id, line, content, hash: *hash, told_of: true });
        }
        for life in &records.lives {
            let message = life.summary.id;
            let of_it = links.iter().filter(|(_, link)| link.id == message);
            let written: Vec<_> = of_it.map(|(number, link)| (*number, link.line.clone())).collect();
            walk.compare(life, &written, Unchained::of(life))?;
            walk.visit(message);
        }
        Ok(walk.seen)
    }

    async fn counts(&self) -> Result<Counts, JournalError> {
        let mut counts = Counts::default();
        for life in &self.open()?.lives {
            let name = life.summary.stato.name();
            counts.set(name, counts.get(name).saturating_add(1));
        }
        Ok(counts)
    }

    async fn health(&self) -> Result<Health, JournalError> {
        self.open().map(|_| Health::default())
    }

    async fn close(&self) {
        self.shelf.lock().closed = true;
    }
}

/// A new record of a message that is to be forwarded, now or in its turn.
fn intended(intent: Intent, stato: Stato, first: Attempt, forwarded: Payload, now: Timestamp) -> Life {
    let received_at = whole_micros(intent.reception.received_at);
    Life {
        summary: Summary {
            id: MessageId(0),
            direction: intent.key.direction,
            mittente: Some(intent.key.mittente),
            destinatario: intent.reception.destinatario.clone(),
            servizio: intent.reception.servizio.clone(),
            azione: intent.reception.azione.clone(),
            identificatore: Some(intent.key.identificatore),
            stato,
            attempts: first.number,
            received_at,
            changed_at: now,
        },
        reception: Reception { received_at, ..intent.reception },
        posto: intent.posto,
        inoltro: Some(intent.inoltro),
        digest: Some(intent.digest),
        schemi: Some(intent.schemi),
        attempts: vec![first],
        payloads: vec![forwarded],
        resolution: None,
    }
}

fn attempt(number: u32, now: Timestamp) -> Attempt {
    Attempt {
        number,
        started_at: now,
        ended_at: None,
        stato: Stato::Intended,
        node_status: None,
        reply_status: None,
        reply_type: None,
        reply_identificatore: None,
        failure: None,
        timings: Vec::new(),
        doubted_at: None,
    }
}

fn blocks(life: &Life) -> bool {
    life.inoltro.is_some_and(|inoltro| life.summary.stato.blocks(inoltro))
}

fn is_of(life: &Life, key: &Key) -> bool {
    life.summary.direction == key.direction
        && life.summary.mittente.as_ref() == Some(&key.mittente)
        && life.summary.identificatore.as_ref() == Some(&key.identificatore)
}

/// The record as a twin sees it; none where the bridge refused, since that has no twins.
fn recorded(life: &Life) -> Option<Recorded> {
    let summary = &life.summary;
    life.inoltro?;
    let last = life.attempts.last()?;
    let body = life.payload(last.number, PayloadKind::Reply).cloned();
    Some(Recorded {
        id: summary.id,
        key: Key {
            direction: summary.direction,
            mittente: summary.mittente.clone()?,
            identificatore: summary.identificatore.clone()?,
        },
        stato: summary.stato,
        attempts: summary.attempts,
        digest: life.digest?,
        received_at: summary.received_at,
        accepted: life.is_accepted(),
        reply: body.map(|body: Bytes| super::entry::Reply {
            status: last.reply_status.unwrap_or_default(),
            content_type: last.reply_type.clone().unwrap_or_default().into(),
            identificatore: last.reply_identificatore.clone(),
            body,
        }),
    })
}

fn matches(summary: &Summary, filter: &Filter) -> bool {
    fn same(value: Option<&String>, wanted: Option<&String>) -> bool {
        wanted.is_none_or(|wanted| value == Some(wanted))
    }
    filter.since.is_none_or(|since| summary.received_at >= since)
        && filter.until.is_none_or(|until| summary.received_at < until)
        && filter.direction.is_none_or(|direction| summary.direction == direction)
        && same(summary.mittente.as_ref(), filter.mittente.as_ref())
        && same(summary.servizio.as_ref(), filter.servizio.as_ref())
        && same(summary.azione.as_ref(), filter.azione.as_ref())
        && same(summary.identificatore.as_ref(), filter.identificatore.as_ref())
        && filter.stato.is_none_or(|name| summary.stato.name() == name)
        && filter.esito.is_none_or(|esito| summary.stato.esito() == Some(esito))
        && filter.before.is_none_or(|id| summary.id < id)
}
