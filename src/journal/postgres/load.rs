//! The first half of a commit: the turn to write is taken, and what the acts are decided upon is read, in one round trip.

use std::collections::{HashMap, HashSet};

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::super::entry::{Failing, Key};
use super::super::error::JournalError;
use super::super::evidence::Hash;
use super::super::is_interrupted;
use super::super::record::{Life, MessageId, Recorded};
use super::super::series::{Attesa, Posto};
use super::super::state::{Inoltro, Resolution, Stato};
use super::engine_error::unreadable;
use super::order::{Act, Order, Whose};
use super::reads::{self, count, from_json, get, hash, micros, read_recorded, stato};
use super::rows::Head;
use super::series::{self, read_attesa};
use super::session::{Session, gone};
use super::{format, lease};

/// What the acts of a batch are decided upon.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) head: Head,
    pub(super) blocking: HashMap<Key, Recorded>,
    pub(super) standing: HashMap<MessageId, Standing>,
    pub(super) recorded: HashMap<MessageId, Recorded>,
    pub(super) series: HashMap<String, Attesa>,
    pub(super) taken: HashSet<(String, u32)>,
    pub(super) next: HashMap<(String, String), u64>,
    /// Whole records: those that may have to be held once more.
    pub(super) lives: HashMap<MessageId, Life>,
    /// Attempts that are to be taken for lost.
    pub(super) open: Vec<(MessageId, u32)>,
    pub(super) ended_lives: bool,
    /// Attempts that were taken for lost, and when.
    pub(super) doubted: HashMap<(MessageId, u32), Timestamp>,
}

/// Where a record stands.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) stato: Stato,
    pub(super) attempts: u32,
    pub(super) inoltro: Option<Inoltro>,
    /// An attempt of it ended unknown.
    pub(super) doubtful: bool,
    /// Its sender was told that it would be forwarded.
    pub(super) accepted: bool,
    pub(super) posto: Option<(String, u32)>,
    /// It has its turn in its series.
    pub(super) is_turn: bool,
    /// Another life forwards what is held of its series.
    pub(super) elsewhere: bool,
    /// When its open attempt was opened.
    pub(super) started_at: Option<Timestamp>,
}

/// Who writes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writing<'a> {
    /// The life under which attempts are opened; 0 for an operator's command, which opens none.
    pub(super) fence: i64,
    pub(super) replica: &'a str,
    pub(super) lease_ms: f64,
    pub(super) place: &'a str,
}

/// What became of the attempt to take the turn.
pub(super) enum Turn {
    Taken(Box<Loaded>),
    /// The life was declared over: nothing may be begun under it.
    LifeOver,
}

const HEAD: &str = "SELECT format, message, link, hash FROM head FOR UPDATE";
const STANDING: &str = "SELECT m.id, m.stato, m.esito, m.attempts, m.inoltro,
         EXISTS (SELECT 1 FROM attempt a WHERE a.message = m.id AND (a.stato = 'unknown' OR a.doubted_at IS NOT NULL)),
         EXISTS (SELECT 1 FROM attempt a WHERE a.message = m.id AND a.number = 0 AND a.stato = 'held'),
         p.collaborazione, p.numero, COALESCE(s.prossimo = p.numero, false),
         EXISTS (SELECT 1 FROM life l WHERE l.fence = s.lane AND l.fence <> $2
             AND l.ended_at IS NULL AND l.lease_until > clock_timestamp()),
         o.started_at
     FROM message m
     LEFT JOIN posto p ON p.message = m.id
     LEFT JOIN serie s ON s.collaborazione = p.collaborazione
     LEFT JOIN attempt o ON o.message = m.id AND o.number = m.attempts
     WHERE m.id = ANY ($1)";
const DOUBTED: &str = "SELECT message, number, ended_at, failure FROM attempt
     WHERE stato = 'unknown' AND ended_at IS NOT NULL
         AND (message, number) IN (SELECT * FROM unnest($1::bigint[], $2::integer[]))";
const NEXT: &str = "SELECT porta, minuto, next FROM progressivo
     WHERE (porta, minuto) IN (SELECT * FROM unnest($1::text[], $2::text[]))";

/// What is to be asked for.
#[derive(Default)]
struct Wanted<'a> {
    keys: [Vec<&'a str>; 3],
    ids: Vec<i64>,
    recorded: Vec<i64>,
    series: Vec<&'a str>,
    places: (Vec<&'a str>, Vec<i32>),
    portas: [Vec<&'a str>; 2],
    again: Vec<MessageId>,
    ends: (Vec<i64>, Vec<i32>),
    whose: Option<Whose>,
}

/// Takes the turn and reads. The transaction stays open.
pub(super) async fn turn(
    session: &Session,
    writing: Writing<'_>,
    orders: &[Order],
) -> Result<Turn, JournalError> {
    let wanted = Wanted::of(orders);
    let Wanted {
        keys: [identifiers, senders, directions], ids, recorded, series, places, portas, ends, ..
    } = &wanted;
    let own: Vec<&(dyn ToSql + Sync)> = vec![&writing.fence, &writing.lease_ms];
    let mut asked: Vec<(&'static str, Vec<&(dyn ToSql + Sync)>)> =
        vec![(HEAD, vec![]), (lease::PROLONGED, own), (lease::STANDS, vec![&writing.fence])];
    if !identifiers.is_empty() {
        asked.push((reads::BLOCKING, vec![identifiers, senders, directions]));
    }
    if !ids.is_empty() {
        asked.push((STANDING, vec![ids, &writing.fence]));
    }
    if !recorded.is_empty() {
        asked.push((reads::RECORDED, vec![recorded]));
    }
    if !series.is_empty() {
        asked.push((series::SERIES, vec![series]));
        asked.push((series::TAKEN, vec![&places.0, &places.1]));
    }
    let [names, minutes] = portas;
    if !names.is_empty() {
        asked.push((NEXT, vec![names, minutes]));
    }
    if !ends.0.is_empty() {
        asked.push((DOUBTED, vec![&ends.0, &ends.1]));
    }
    let mut statements = Vec::with_capacity(asked.len());
    for (sql, _) in &asked {
        statements.push(session.prepare(sql).await?);
    }
    // Each statement sees what was committed before it began, and those behind the first wait for the turn.
    let begun = session.batch("BEGIN");
    let answers = asked.iter().zip(&statements).map(|((_, values), s)| session.pipelined(s, values));
    let (begun, answers) = futures_util::future::join(begun, join_all(answers)).await;
    begun?;
    let mut answers = answers.into_iter();
    let mut next = || answers.next().unwrap_or_else(|| Err(gone()));
    let mut loaded = Loaded::upon(&next()?, writing.place)?;
    next()?;
    let stands = next()?;
    if writing.fence != 0 && stands.is_empty() {
        return Ok(Turn::LifeOver);
    }
    if !identifiers.is_empty() {
        loaded.blocking = by(&next()?, |row| read_recorded(row).map(|found| (found.key.clone(), found)))?;
    }
    if !ids.is_empty() {
        loaded.standing = by(&next()?, read_standing)?;
    }
    if !recorded.is_empty() {
        loaded.recorded = by(&next()?, |row| read_recorded(row).map(|found| (found.id, found)))?;
    }
    if !series.is_empty() {
        let read = |row: &Row| read_attesa(row).map(|found| (found.serie.collaborazione.clone(), found));
        loaded.series = by(&next()?, read)?;
        for row in next()? {
            loaded.taken.insert((get(&row, 0)?, count(&row, 1)?));
        }
    }
    if !names.is_empty() {
        let read = |row: &Row| {
            let next = u64::try_from(get::<i64>(row, 2)?).unwrap_or_default();
            Ok(((get(row, 0)?, get(row, 1)?), next))
        };
        loaded.next = by(&next()?, read)?;
    }
    if !ends.0.is_empty() {
        for row in next()? {
            loaded.doubt(&row)?;
        }
    }
    for id in wanted.again {
        if let Some(life) = reads::life(session, id).await? {
            loaded.lives.insert(id, life);
        }
    }
    if let Some(whose) = wanted.whose {
        loaded.ended_lives = lease::end_others(session, writing, whose).await?;
        loaded.open = lease::open(session, writing, whose).await?;
        let ids: Vec<i64> = loaded.open.iter().map(|(id, _)| id.0).collect();
        loaded.standing = by(&session.query(STANDING, &[&ids, &writing.fence]).await?, read_standing)?;
    }
    Ok(Turn::Taken(Box::new(loaded)))
}

impl<'a> Wanted<'a> {
    fn of(orders: &'a [Order]) -> Self {
        let mut wanted = Self::default();
        for order in orders {
            wanted.by(&order.act);
        }
        wanted
    }

    fn by(&mut self, act: &'a Act) {
        match act {
            Act::Refuse { .. } | Act::Probe => {}
            Act::Intend { intent, .. } => {
                if Stato::Intended.blocks(intent.inoltro) {
                    self.key(&intent.key);
                }
            }
            Act::Place { intent, posto, .. } => {
                self.key(&intent.key);
                self.place(posto);
            }
            Act::Repeat { repetition, .. } => {
                self.ids.push(repetition.id.0);
                self.recorded.push(repetition.id.0);
            }
            Act::Conclude { id, attempt, .. } => {
                self.ids.push(id.0);
                self.ends.0.push(id.0);
                self.ends.1.push(i32::try_from(*attempt).unwrap_or(i32::MAX));
            }
            Act::Resolve { id, word } => {
                self.ids.push(id.0);
                if word.resolution == Resolution::NotExecuted {
                    self.again.push(*id);
                }
            }
            Act::Interrupt(whose) => self.whose = Some(*whose),
            Act::Reserve(numbers) => {
                let [names, minutes] = &mut self.portas;
                names.push(&numbers.porta);
                minutes.push(&numbers.minuto);
            }
        }
    }

    fn key(&mut self, key: &'a Key) {
        let [identifiers, senders, directions] = &mut self.keys;
        identifiers.push(&key.identificatore);
        senders.push(&key.mittente);
        directions.push(key.direction.as_str());
    }

    fn place(&mut self, posto: &'a Posto) {
        self.series.push(&posto.serie.collaborazione);
        self.places.0.push(&posto.serie.collaborazione);
        self.places.1.push(i32::try_from(posto.numero).unwrap_or(i32::MAX));
    }
}

impl Loaded {
    fn doubt(&mut self, row: &Row) -> Result<(), JournalError> {
        let failure: Option<&str> = get(row, 3)?;
        let failure: Option<Failing> = failure.map(|json| from_json("failure", json)).transpose()?;
        if is_interrupted(Stato::Unknown, failure.as_ref()) {
            self.doubted.insert((MessageId(get(row, 0)?), count(row, 1)?), micros(get(row, 2)?)?);
        }
        Ok(())
    }

    fn upon(rows: &[Row], place: &str) -> Result<Self, JournalError> {
        let row = rows.first().ok_or_else(gone)?;
        format::is_known(count(row, 0)?, place)?;
        let head = Head { message: get(row, 1)?, link: get(row, 2)?, hash: Hash(hash(get(row, 3)?)?) };
        Ok(Self {
            head,
            blocking: HashMap::new(),
            standing: HashMap::new(),
            recorded: HashMap::new(),
            series: HashMap::new(),
            taken: HashSet::new(),
            next: HashMap::new(),
            lives: HashMap::new(),
            open: Vec::new(),
            ended_lives: false,
            doubted: HashMap::new(),
        })
    }
}

fn read_standing(row: &Row) -> Result<(MessageId, Standing), JournalError> {
    let inoltro: Option<&str> = get(row, 4)?;
    let posto = match get::<Option<String>>(row, 7)? {
        Some(collaborazione) => Some((collaborazione, count(row, 8)?)),
        None => None,
    };
    let standing = Standing {
        stato: stato(row, 1, 2)?,
        attempts: count(row, 3)?,
        inoltro: inoltro.map(str::parse).transpose().map_err(unreadable("inoltro"))?,
        doubtful: get(row, 5)?,
        accepted: get(row, 6)?,
        posto,
        is_turn: get(row, 9)?,
        elsewhere: get(row, 10)?,
        started_at: get::<Option<i64>>(row, 11)?.map(micros).transpose()?,
    };
    Ok((MessageId(get(row, 0)?), standing))
}

fn by<K: Eq + std::hash::Hash, V>(
    rows: &[Row],
    read: impl Fn(&Row) -> Result<(K, V), JournalError>,
) -> Result<HashMap<K, V>, JournalError> {
    rows.iter().map(read).collect()
}
