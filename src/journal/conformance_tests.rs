//! What every engine must do. Each test runs on each of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;

use super::specimens::*;
use super::*;
use crate::clock::Clock;

/// An empty journal, and what must live as long as it.
pub(super) struct Bench {
    pub(super) journal: Arc<dyn Journal>,
    pub(super) clock: Clock,
    _folder: Option<tempfile::TempDir>,
}

pub(super) fn in_memory() -> Bench {
    let clock = Clock::frozen(instant());
    Bench { journal: Arc::new(MemoryJournal::new(clock.clone())), clock, _folder: None }
}

pub(super) fn on_sqlite() -> Bench {
    let clock = Clock::frozen(instant());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let journal = SqliteJournal::serve(&path, &Options::default(), clock.clone()).unwrap();
    Bench { journal: Arc::new(journal), clock, _folder: Some(folder) }
}

/// None where PostgreSQL is not installed.
pub(super) async fn on_postgres() -> Option<Bench> {
    let clock = Clock::frozen(instant());
    let journal = PostgresJournal::serve(&postgres_options()?, clock.clone()).await.unwrap();
    Some(Bench { journal: Arc::new(journal), clock, _folder: None })
}

/// A schema of its own for each, on the server that all tests share.
pub(super) fn postgres_options() -> Option<PostgresOptions> {
    static SCHEMAS: AtomicU32 = AtomicU32::new(0);
    let server = super::postgres::server::shared()?;
    let schema = format!("journal_{}", SCHEMAS.fetch_add(1, Ordering::Relaxed));
    Some(PostgresOptions { schema, ..PostgresOptions::new(server.url().parse().unwrap(), "a") })
}

macro_rules! on_every_engine {
    ($($name:ident)*) => {
        mod memory {
            $(#[tokio::test] async fn $name() { super::$name(super::in_memory()).await; })*
        }
        mod sqlite {
            $(#[tokio::test] async fn $name() { super::$name(super::on_sqlite()).await; })*
        }
        mod postgres {
            $(#[tokio::test] async fn $name() {
                if let Some(bench) = super::on_postgres().await {
                    super::$name(bench).await;
                }
            })*
        }
    };
}

on_every_engine! {
    a_verdict_is_replayed_byte_for_byte
    a_twin_is_told_of_the_one_in_flight
    one_of_many_racing_twins_may_go
    refused_and_failed_receptions_block_nobody
    the_first_digest_tells_a_clash
    another_sender_or_direction_is_no_twin
    more_than_once_neither_blocks_nor_is_blocked
    an_earlier_message_is_the_newest_that_may_have_been_carried
    an_unknown_fate_blocks_until_repeated
    a_doubt_outlives_a_failed_repetition
    only_one_repetition_at_a_time
    a_dropped_token_leaves_the_fate_unknown
    recovery_makes_open_intents_unknown
    a_late_conclusion_is_refused
    a_verdict_that_comes_late_settles_what_was_taken_for_lost
    an_end_that_comes_too_late_is_recorded_and_changes_nothing
    a_late_end_without_a_verdict_leaves_the_doubt
    the_operator_settles_an_unknown_fate
    only_an_unknown_fate_can_be_resolved
    waiting_ends_with_the_conclusion
    waiting_ends_with_the_deadline
    numbers_are_given_once
    numbers_belong_to_their_minute_and_end_with_it
    a_list_is_filtered_and_paged
    a_life_is_shown_whole
    a_refusal_is_shown_whole
    states_are_counted
    every_transition_is_a_link_of_one_chain
    a_series_goes_one_by_one
    what_is_held_is_answered_and_not_given_up
    a_place_belongs_to_one_message_of_one_series
    the_operator_settles_what_was_acknowledged
    a_doubt_in_a_series_stops_what_comes_after_it
    a_closed_journal_says_so
}

async fn a_verdict_is_replayed_byte_for_byte(bench: Bench) {
    let intended = intended(&*bench.journal, "A").await;
    let id = intended.id();
    let done = bench.journal.conclude(intended, conclusion(Outcome::Delivered(Esito::Ko))).await.unwrap();
    assert_eq!((done.id(), done.stato()), (id, Stato::Delivered(Esito::Ko)));

    let recorded = bench.journal.look_up(&key("A")).await.unwrap().unwrap();
    assert_eq!(recorded.stato, Stato::Delivered(Esito::Ko));
    assert_eq!(recorded.reply, Some(reply("<risposta/>")));
    assert_eq!(recorded, known(bench.journal.intend(intent("A")).await.unwrap()));
}

async fn a_twin_is_told_of_the_one_in_flight(bench: Bench) {
    let intended = intended(&*bench.journal, "A").await;
    let twin = known(bench.journal.intend(intent("A")).await.unwrap());
    assert_eq!((twin.id, twin.stato, twin.reply), (intended.id(), Stato::Intended, None));
}

async fn one_of_many_racing_twins_may_go(bench: Bench) {
    let racing: Vec<_> = (0..20)
        .map(|_| {
            let journal = Arc::clone(&bench.journal);
            tokio::spawn(async move { journal.intend(intent("A")).await.unwrap() })
        })
        .collect();
    let mut tokens = Vec::new();
    for racer in racing {
        if let Intending::Intended(token) = racer.await.unwrap() {
            tokens.push(token);
        }
    }
    assert_eq!(tokens.len(), 1);
}

async fn refused_and_failed_receptions_block_nobody(bench: Bench) {
    let journal = &*bench.journal;
    let _ = journal.refuse(refusal(Some("A"))).await.unwrap();
    for outcome in [Outcome::Failed, Outcome::RefusedByNode] {
        assert_eq!(journal.look_up(&key("A")).await.unwrap(), None);
        let again = intended(journal, "A").await;
        assert_eq!(journal.conclude(again, conclusion(outcome)).await.unwrap().stato(), outcome.into());
    }
    let _last = intended(journal, "A").await;
}

async fn the_first_digest_tells_a_clash(bench: Bench) {
    let _first = intended(&*bench.journal, "A").await;
    let clash = Intent { digest: [8; 32], ..intent("A") };
    assert_eq!(known(bench.journal.intend(clash).await.unwrap()).digest, [7; 32]);
}

async fn another_sender_or_direction_is_no_twin(bench: Bench) {
    let _first = intended(&*bench.journal, "A").await;
    let sender = Intent { key: Key { mittente: "PUGLIA".to_owned(), ..key("A") }, ..intent("A") };
    let _second = token(bench.journal.intend(sender).await.unwrap());
    let direction = Intent { key: Key { direction: Direction::Outbound, ..key("A") }, ..intent("A") };
    let _third = token(bench.journal.intend(direction).await.unwrap());
}

async fn more_than_once_neither_blocks_nor_is_blocked(bench: Bench) {
    let more = || Intent { inoltro: Inoltro::PiuDiUnaVolta, ..intent("A") };
    let _first = token(bench.journal.intend(more()).await.unwrap());
    let _second = token(bench.journal.intend(more()).await.unwrap());
    let _once = intended(&*bench.journal, "A").await;
    let third = token(bench.journal.intend(more()).await.unwrap());
    let _ = bench.journal.conclude(third, conclusion(Outcome::Delivered(Esito::Ok))).await.unwrap();
    assert_eq!(bench.journal.look_up(&key("A")).await.unwrap().unwrap().stato, Stato::Intended);
}

async fn an_earlier_message_is_the_newest_that_may_have_been_carried(bench: Bench) {
    let journal = &*bench.journal;
    let more = || Intent {
        inoltro: Inoltro::PiuDiUnaVolta,
        reception: Reception { collaborazione: Some("C".to_owned()), ..reception("<richiesta/>") },
        ..intent("A")
    };
    let _ = journal.refuse(refusal(Some("A"))).await.unwrap();
    assert_eq!(journal.earlier(&key("A")).await.unwrap(), None);
    let first = token(journal.intend(more()).await.unwrap());
    let id = first.id();
    let _ = journal.conclude(first, conclusion(Outcome::Delivered(Esito::Ok))).await.unwrap();
    let second = token(journal.intend(more()).await.unwrap());
    let _ = journal.conclude(second, conclusion(Outcome::Failed)).await.unwrap();
    let earlier = journal.earlier(&key("A")).await.unwrap().unwrap();
    assert_eq!((earlier.summary.id, earlier.summary.stato), (id, Stato::Delivered(Esito::Ok)));
    assert_eq!(earlier.summary.azione.as_deref(), Some("invioSAP"));
    assert_eq!(earlier.collaborazione.as_deref(), Some("C"));
    let elsewhere = Key { mittente: "PUGLIA".to_owned(), ..key("A") };
    assert_eq!(journal.earlier(&elsewhere).await.unwrap(), None);
}

async fn an_unknown_fate_blocks_until_repeated(bench: Bench) {
    let journal = &*bench.journal;
    let first = intended(journal, "A").await;
    let id = first.id();
    let _ = journal.conclude(first, conclusion(Outcome::Unknown)).await.unwrap();
    assert_eq!(known(journal.intend(intent("A")).await.unwrap()).stato, Stato::Unknown);

    let forwarded = Some(Bytes::from_static(b"{\"again\":1}"));
    let again = token(journal.repeat(Repetition { id, forwarded: forwarded.clone() }).await.unwrap());
    assert_eq!((again.id(), again.attempt()), (id, 2));
    let done = journal.conclude(again, conclusion(Outcome::Delivered(Esito::Ok))).await.unwrap();
    assert_eq!(done.stato(), Stato::Delivered(Esito::Ok));

    let life = journal.show(&Reference::Id(id)).await.unwrap().remove(0);
    let ends: Vec<_> = life.attempts.iter().map(|attempt| (attempt.number, attempt.stato)).collect();
    assert_eq!(ends, [(1, Stato::Unknown), (2, Stato::Delivered(Esito::Ok))]);
    assert_eq!(life.payload(2, PayloadKind::Forwarded), forwarded.as_ref());
    assert_eq!(journal.look_up(&key("A")).await.unwrap().unwrap().reply, Some(reply("<risposta/>")));
}

async fn a_doubt_outlives_a_failed_repetition(bench: Bench) {
    let journal = &*bench.journal;
    let first = intended(journal, "A").await;
    let id = first.id();
    let _ = journal.conclude(first, conclusion(Outcome::Unknown)).await.unwrap();
    for outcome in [Outcome::Failed, Outcome::RefusedByNode] {
        let again = token(journal.repeat(Repetition { id, forwarded: None }).await.unwrap());
        assert_eq!(journal.conclude(again, conclusion(outcome)).await.unwrap().stato(), Stato::Unknown);
    }
    assert_eq!(journal.look_up(&key("A")).await.unwrap().unwrap().attempts, 3);
}

async fn only_one_repetition_at_a_time(bench: Bench) {
    let journal = &*bench.journal;
    let first = intended(journal, "A").await;
    let id = first.id();
    let _ = journal.conclude(first, conclusion(Outcome::Unknown)).await.unwrap();
    let _second = token(journal.repeat(Repetition { id, forwarded: None }).await.unwrap());
    let other = known(journal.repeat(Repetition { id, forwarded: None }).await.unwrap());
    assert_eq!((other.id, other.stato, other.attempts), (id, Stato::Intended, 2));
    assert!(matches!(
        journal.repeat(Repetition { id: MessageId(99), forwarded: None }).await,
        Err(JournalError::NoSuchMessage { .. })
    ));
}

async fn a_dropped_token_leaves_the_fate_unknown(bench: Bench) {
    drop(intended(&*bench.journal, "A").await);
    bench.journal.health().await.unwrap();
    let recorded = bench.journal.look_up(&key("A")).await.unwrap().unwrap();
    assert_eq!(recorded.stato, Stato::Unknown);
    let life = bench.journal.show(&Reference::Id(recorded.id)).await.unwrap().remove(0);
    assert_eq!(life.attempts[0].failure.as_ref().unwrap().code, "abandoned");
}

async fn recovery_makes_open_intents_unknown(bench: Bench) {
    let journal = &*bench.journal;
    let open = intended(journal, "A").await;
    let done = intended(journal, "B").await;
    let _ = journal.conclude(done, conclusion(Outcome::Delivered(Esito::Ok))).await.unwrap();
    assert_eq!(journal.recover().await.unwrap(), [open.id()]);
    assert_eq!(journal.recover().await.unwrap(), []);
    assert_eq!(journal.look_up(&key("A")).await.unwrap().unwrap().stato, Stato::Unknown);
    let life = journal.show(&Reference::Id(open.id())).await.unwrap().remove(0);
    assert_eq!(life.attempts[0].failure.as_ref().unwrap().code, "interrupted");
}

async fn a_late_conclusion_is_refused(bench: Bench) {
    let journal = &*bench.journal;
    let late = intended(journal, "A").await;
    let id = late.id();
    journal.recover().await.unwrap();
    let again = token(journal.repeat(Repetition { id, forwarded: None }).await.unwrap());
    let error = journal.conclude(late, conclusion(Outcome::Failed)).await.unwrap_err();
    assert!(matches!(error, JournalError::Stale { attempt: 1, stato: Stato::Intended, .. }), "{error}");
    let done = journal.conclude(again, conclusion(Outcome::Delivered(Esito::Ok))).await.unwrap();
    assert_eq!(done.stato(), Stato::Delivered(Esito::Ok));
}

async fn a_verdict_that_comes_late_settles_what_was_taken_for_lost(bench: Bench) {
    let journal = &*bench.journal;
    let late = intended(journal, "A").await;
    let id = late.id();
    journal.recover().await.unwrap();
    bench.clock.set(instant() + Duration::from_secs(3));
    let done = journal.conclude(late, conclusion(Outcome::Delivered(Esito::Ok))).await.unwrap();
    assert_eq!(done.stato(), Stato::Delivered(Esito::Ok));
    let twin = known(journal.intend(intent("A")).await.unwrap());
    assert_eq!((twin.id, twin.reply), (id, Some(reply("<risposta/>"))));
    let life = journal.show(&Reference::Id(id)).await.unwrap().remove(0);
    assert_eq!(life.attempts[0].doubted_at, Some(instant()));
    assert_eq!(life.attempts[0].ended_at, Some(instant() + Duration::from_secs(3)));
    assert_eq!(life.attempts[0].failure, None);
    assert_eq!(journal.counts().await.unwrap().get(StatoName::Unknown), 0);
    let seen = journal.verify().await.unwrap();
    assert_eq!((seen.links, seen.faults.as_slice()), (3, [].as_slice()));
}

async fn an_end_that_comes_too_late_is_recorded_and_changes_nothing(bench: Bench) {
    let journal = &*bench.journal;
    let ok = || conclusion(Outcome::Delivered(Esito::Ok));
    let (resolved, repeated) = (intended(journal, "A").await, intended(journal, "B").await);
    let ids = [resolved.id(), repeated.id()];
    journal.recover().await.unwrap();
    let _ = journal.resolve(ids[0], Resolution::NotExecuted, "rossi", "asked").await.unwrap();
    let again = token(journal.repeat(Repetition { id: ids[1], forwarded: None }).await.unwrap());
    for (late, stato) in [(resolved, Stato::Resolved(Resolution::NotExecuted)), (repeated, Stato::Intended)] {
        let error = journal.conclude(late, ok()).await.unwrap_err();
        assert!(matches!(error, JournalError::Stale { stato: told, .. } if told == stato), "{error}");
    }
    assert_eq!(journal.look_up(&key("A")).await.unwrap(), None);
    let _ = journal.conclude(again, conclusion(Outcome::Failed)).await.unwrap();
    for (id, stato) in [(ids[0], Stato::Resolved(Resolution::NotExecuted)), (ids[1], Stato::Unknown)] {
        let life = journal.show(&Reference::Id(id)).await.unwrap().remove(0);
        assert_eq!(life.summary.stato, stato);
        assert_eq!(life.attempts[0].stato, Stato::Delivered(Esito::Ok));
        assert_eq!(life.payload(1, PayloadKind::Answer).unwrap().as_ref(), b"{\"esito\":{}}");
    }
    assert!(journal.verify().await.unwrap().is_intact());
}

async fn a_late_end_without_a_verdict_leaves_the_doubt(bench: Bench) {
    let journal = &*bench.journal;
    for outcome in [Outcome::Failed, Outcome::RefusedByNode, Outcome::Unknown] {
        let late = intended(journal, &outcome_name(outcome)).await;
        let id = late.id();
        journal.recover().await.unwrap();
        let error = journal.conclude(late, conclusion(outcome)).await.unwrap_err();
        assert!(matches!(error, JournalError::Stale { stato: Stato::Unknown, .. }), "{error}");
        let life = journal.show(&Reference::Id(id)).await.unwrap().remove(0);
        assert_eq!((life.summary.stato, life.attempts[0].stato), (Stato::Unknown, outcome.into()));
        assert_eq!(life.attempts[0].doubted_at.is_some(), outcome != Outcome::Unknown);
    }
    assert!(journal.verify().await.unwrap().is_intact());
}

fn outcome_name(outcome: Outcome) -> String {
    format!("{outcome:?}")
}

async fn the_operator_settles_an_unknown_fate(bench: Bench) {
    let journal = &*bench.journal;
    for (resolution, blocks) in [(Resolution::NotExecuted, false), (Resolution::Executed, true)] {
        drop(intended(journal, "A").await);
        journal.health().await.unwrap();
        let id = journal.look_up(&key("A")).await.unwrap().unwrap().id;
        let done = journal.resolve(id, resolution, "rossi", "asked the node's desk").await.unwrap();
        assert_eq!(done.stato(), Stato::Resolved(resolution));
        assert_eq!(journal.look_up(&key("A")).await.unwrap().is_some(), blocks);
        let life = journal.show(&Reference::Id(id)).await.unwrap().remove(0);
        let word = life.resolution.unwrap();
        assert_eq!((word.resolution, word.who.as_str()), (resolution, "rossi"));
        assert_eq!(word.why, "asked the node's desk");
    }
}

async fn only_an_unknown_fate_can_be_resolved(bench: Bench) {
    let journal = &*bench.journal;
    let open = intended(journal, "A").await;
    let refused = journal.resolve(open.id(), Resolution::NotExecuted, "rossi", "").await.unwrap_err();
    assert!(matches!(refused, JournalError::NotUnknown { stato: Stato::Intended, .. }), "{refused}");
    let missing = journal.resolve(MessageId(99), Resolution::Executed, "rossi", "").await.unwrap_err();
    assert!(matches!(missing, JournalError::NoSuchMessage { .. }), "{missing}");
}

async fn waiting_ends_with_the_conclusion(bench: Bench) {
    let first = intended(&*bench.journal, "A").await;
    let id = first.id();
    let journal = Arc::clone(&bench.journal);
    let twin = tokio::spawn(async move { journal.settled(id, Duration::from_secs(60)).await });
    tokio::time::sleep(Duration::from_millis(20)).await;
    let _ = bench.journal.conclude(first, conclusion(Outcome::Delivered(Esito::Ok))).await.unwrap();
    let recorded =
        tokio::time::timeout(Duration::from_secs(10), twin).await.unwrap().unwrap().unwrap().unwrap();
    assert_eq!(recorded.reply, Some(reply("<risposta/>")));
    assert_eq!(bench.journal.settled(id, Duration::ZERO).await.unwrap().unwrap(), recorded);
}

async fn waiting_ends_with_the_deadline(bench: Bench) {
    let first = intended(&*bench.journal, "A").await;
    assert_eq!(bench.journal.settled(first.id(), Duration::from_millis(30)).await.unwrap(), None);
    assert_eq!(bench.journal.settled(MessageId(99), Duration::from_secs(60)).await.unwrap(), None);
}

async fn numbers_are_given_once(bench: Bench) {
    let asking: Vec<_> = (0..10)
        .map(|_| {
            let journal = Arc::clone(&bench.journal);
            tokio::spawn(async move { journal.reserve(numbers("LAZIOSPCoopIT", 100)).await.unwrap() })
        })
        .collect();
    let mut given: Vec<u64> = Vec::new();
    for asked in asking {
        given.extend(asked.await.unwrap());
    }
    given.sort_unstable();
    assert_eq!(given, (1..=1000).collect::<Vec<u64>>());
    assert_eq!(bench.journal.reserve(numbers("PUGLIASPCoopIT", 1)).await.unwrap(), 1..2);
    assert!(matches!(bench.journal.reserve(numbers("P", 0)).await, Err(JournalError::NoNumbers { .. })));
}

async fn numbers_belong_to_their_minute_and_end_with_it(bench: Bench) {
    let journal = &*bench.journal;
    let of = |minuto: &str, forget: &str| Numbers {
        minuto: minuto.to_owned(),
        forget: forget.to_owned(),
        last: 12,
        ..numbers("P", 10)
    };
    let old = "2026-01-01_00:00";
    assert_eq!(journal.reserve(of("2026-11-21_11:00", old)).await.unwrap(), 1..11);
    assert_eq!(journal.reserve(of("2026-11-21_11:01", old)).await.unwrap(), 1..11);
    assert_eq!(journal.reserve(of("2026-11-21_11:00", old)).await.unwrap(), 11..13);
    let error = journal.reserve(of("2026-11-21_11:00", old)).await.unwrap_err();
    assert!(matches!(error, JournalError::NoNumbers { .. }), "{error}");
    assert_eq!(journal.reserve(of("2026-11-28_11:00", "2026-11-21_11:01")).await.unwrap(), 1..11);
    assert_eq!(journal.reserve(of("2026-11-21_11:01", old)).await.unwrap(), 11..13, "kept");
    assert_eq!(journal.reserve(of("2026-11-21_11:00", old)).await.unwrap(), 1..11, "forgotten");
}

async fn a_list_is_filtered_and_paged(bench: Bench) {
    let journal = &*bench.journal;
    for identificatore in ["A", "B", "C"] {
        let open = intended(journal, identificatore).await;
        let esito = if identificatore == "B" { Esito::Ko } else { Esito::Ok };
        let _ = journal.conclude(open, conclusion(Outcome::Delivered(esito))).await.unwrap();
    }
    let late = Intent {
        reception: Reception {
            received_at: instant() + Duration::from_secs(60),
            azione: None,
            servizio: Some("InviaComunicazioneObbligatoria".to_owned()),
            ..reception("<co/>")
        },
        key: Key {
            direction: Direction::Outbound,
            mittente: "NAZIONALE".to_owned(),
            identificatore: "D".to_owned(),
        },
        ..intent("D")
    };
    let _open = token(journal.intend(late).await.unwrap());

    let found = async |filter: Filter| -> String {
        let summaries = journal.list(filter).await.unwrap();
        summaries.into_iter().filter_map(|summary| summary.identificatore).collect()
    };
    let all = Filter::default;
    assert_eq!(found(all()).await, "DCBA");
    assert_eq!(found(Filter { limit: 2, ..all() }).await, "DC");
    assert_eq!(found(Filter { limit: 2, before: Some(MessageId(3)), ..all() }).await, "BA");
    assert_eq!(found(Filter { since: Some(instant() + Duration::from_secs(1)), ..all() }).await, "D");
    assert_eq!(found(Filter { until: Some(instant() + Duration::from_secs(60)), ..all() }).await, "CBA");
    assert_eq!(found(Filter { mittente: Some("LAZIO".to_owned()), ..all() }).await, "CBA");
    assert_eq!(found(Filter { direction: Some(Direction::Outbound), ..all() }).await, "D");
    assert_eq!(found(Filter { servizio: Some("ServiziSAP".to_owned()), ..all() }).await, "CBA");
    assert_eq!(found(Filter { azione: Some("invioSAP".to_owned()), ..all() }).await, "CBA");
    assert_eq!(found(Filter { stato: Some(StatoName::Intended), ..all() }).await, "D");
    assert_eq!(found(Filter { esito: Some(Esito::Ko), ..all() }).await, "B");
    assert_eq!(found(Filter { identificatore: Some("C".to_owned()), ..all() }).await, "C");
    assert_eq!(found(Filter { identificatore: Some("' OR 1 --".to_owned()), ..all() }).await, "");
}

async fn a_life_is_shown_whole(bench: Bench) {
    let journal = &*bench.journal;
    let open = intended(journal, "A").await;
    let id = open.id();
    bench.clock.set(instant() + Duration::from_secs(2));
    let _ = journal.conclude(open, conclusion(Outcome::Delivered(Esito::Ok))).await.unwrap();

    let lives = journal.show(&Reference::from("A")).await.unwrap();
    assert_eq!(lives, journal.show(&Reference::from(id.to_string().as_str())).await.unwrap());
    let [life] = lives.as_slice() else { panic!("{lives:?}") };
    assert_eq!(life.reception, reception("<richiesta/>"));
    assert_eq!(life.digest, Some([7; 32]));
    assert_eq!(life.schemi.as_deref(), Some("sap 2025-03-27"));
    assert_eq!(life.inoltro, Some(Inoltro::AlPiuUnaVolta));
    assert_eq!(life.payload(1, PayloadKind::Forwarded).unwrap().as_ref(), b"{\"payload\":{}}");
    assert_eq!(life.payload(1, PayloadKind::Answer).unwrap().as_ref(), b"{\"esito\":{}}");
    assert_eq!(life.payload(1, PayloadKind::Reply).unwrap().as_ref(), b"<risposta/>");
    assert_eq!(life.summary.changed_at, instant() + Duration::from_secs(2));
    let [attempt] = life.attempts.as_slice() else { panic!("{life:?}") };
    assert_eq!((attempt.node_status, attempt.reply_status), (Some(200), Some(200)));
    assert_eq!((attempt.started_at, attempt.ended_at), (instant(), Some(life.summary.changed_at)));
    assert_eq!(attempt.timings, conclusion(Outcome::Unknown).timings);
    assert_eq!(attempt.reply_identificatore, reply("").identificatore);
}

async fn a_refusal_is_shown_whole(bench: Bench) {
    let journal = &*bench.journal;
    let nameless = journal.refuse(refusal(None)).await.unwrap();
    let refused = journal.refuse(refusal(Some("A"))).await.unwrap();
    assert!(nameless.id() < refused.id());
    let _retried = intended(journal, "A").await;
    let lives = journal.show(&Reference::Identificatore("A".to_owned())).await.unwrap();
    let [life, retry] = lives.as_slice() else { panic!("{lives:?}") };
    assert_eq!((life.summary.stato, retry.summary.stato), (Stato::Refused, Stato::Intended));
    assert_eq!(life.reception, reception("<storta/>"));
    let [own] = life.attempts.as_slice() else { panic!("{life:?}") };
    assert_eq!((own.number, own.stato), (0, Stato::Refused));
    assert_eq!(own.failure, Some(failing("EGOV_IT_104")));
    assert_eq!(life.payload(0, PayloadKind::Reply).unwrap().as_ref(), b"<rifiuto/>");
    assert_eq!(journal.settled(refused.id(), Duration::ZERO).await.unwrap(), None);
    let error = journal.repeat(Repetition { id: refused.id(), forwarded: None }).await.unwrap_err();
    assert!(matches!(error, JournalError::NotUnknown { stato: Stato::Refused, .. }), "{error}");
}

async fn states_are_counted(bench: Bench) {
    let journal = &*bench.journal;
    let _ = journal.refuse(refusal(None)).await.unwrap();
    let open = intended(journal, "A").await;
    let _open = intended(journal, "B").await;
    let _ = journal.conclude(open, conclusion(Outcome::Unknown)).await.unwrap();
    let counts = journal.counts().await.unwrap();
    let seen: Vec<_> = counts.iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(seen, [(StatoName::Refused, 1), (StatoName::Intended, 1), (StatoName::Unknown, 1)]);
}

async fn every_transition_is_a_link_of_one_chain(bench: Bench) {
    let journal = &*bench.journal;
    assert_eq!(journal.verify().await.unwrap(), Verification::default());
    let _ = journal.refuse(refusal(None)).await.unwrap();
    let open = intended(journal, "A").await;
    let id = open.id();
    let _ = journal.conclude(open, conclusion(Outcome::Unknown)).await.unwrap();
    drop(token(journal.repeat(Repetition { id, forwarded: Some(Bytes::new()) }).await.unwrap()));
    journal.health().await.unwrap();
    let _ = journal.resolve(id, Resolution::Executed, "rossi \"r\"", "asked").await.unwrap();

    let seen = journal.verify().await.unwrap();
    assert_eq!((seen.links, seen.messages, seen.faults.as_slice()), (6, 2, [].as_slice()));
    // Of the specimens and the frozen clock. It changes only when the format of the lines does, which breaks every
    // journal in use.
    assert_eq!(seen.head.to_string(), "9632454180793a840dde03e8b48a6f3aa49cbeec3f6498fe97250fca41d2ee18");
}

/// The identifiers of the messages whose turn it is.
async fn turns(journal: &dyn Journal) -> String {
    journal.due().await.unwrap().into_iter().map(|due| due.identificatore).collect()
}

async fn a_series_goes_one_by_one(bench: Bench) {
    let journal = &*bench.journal;
    let ok = || conclusion(Outcome::Delivered(Esito::Ok));
    let first = in_turn(journal, "A", "A", 1).await;
    let third = held(journal, "C", "A", 3).await;
    let second = held(journal, "B", "A", 2).await;
    assert_eq!(turns(journal).await, "");
    assert_eq!(journal.series("A").await.unwrap().unwrap().prossimo, 1);
    let _ = journal.conclude(first, ok()).await.unwrap();
    for (id, name) in [(second, "B"), (third, "C")] {
        let due = journal.due().await.unwrap().remove(0);
        assert_eq!(
            (due.id, due.identificatore.as_str(), due.stato, due.attempts),
            (id, name, Stato::Held, 0)
        );
        assert_eq!(due.forwarded, intent(name).forwarded);
        let token = token(journal.repeat(Repetition { id, forwarded: None }).await.unwrap());
        assert_eq!((token.id(), token.attempt()), (id, 1));
        assert_eq!(turns(journal).await, "", "while it is on its way");
        let _ = journal.conclude(token, Conclusion { reply: None, ..ok() }).await.unwrap();
    }
    assert_eq!(
        (turns(journal).await, journal.series("A").await.unwrap().unwrap().prossimo),
        (String::new(), 4)
    );
    assert!(matches!(place(journal, "X", "A", 2).await, Placing::Seen));
    assert!(matches!(place(journal, "B", "A", 2).await, Placing::AlreadyKnown(_)));
    let _ = in_turn(journal, "D", "A", 4).await;
    assert!(journal.verify().await.unwrap().is_intact());
}

async fn what_is_held_is_answered_and_not_given_up(bench: Bench) {
    let journal = &*bench.journal;
    let first = in_turn(journal, "A", "A", 1).await;
    let id = held(journal, "B", "A", 2).await;
    let twin = journal.look_up(&key("B")).await.unwrap().unwrap();
    assert_eq!((twin.stato, twin.accepted), (Stato::Held, true));
    assert_eq!(twin.reply, Some(reply("<riscontro/>")));
    let early = known(journal.repeat(Repetition { id, forwarded: None }).await.unwrap());
    assert_eq!(early.stato, Stato::Held, "not its turn");
    let _ = journal.conclude(first, conclusion(Outcome::Delivered(Esito::Ko))).await.unwrap();
    for outcome in [Outcome::Failed, Outcome::RefusedByNode] {
        let token = token(journal.repeat(Repetition { id, forwarded: None }).await.unwrap());
        let ended = Conclusion { reply: None, ..conclusion(outcome) };
        assert_eq!(journal.conclude(token, ended).await.unwrap().stato(), Stato::Held);
    }
    let life = journal.show(&Reference::Id(id)).await.unwrap().remove(0);
    let ends: Vec<_> = life.attempts.iter().map(|attempt| (attempt.number, attempt.stato)).collect();
    assert_eq!(ends, [(0, Stato::Held), (1, Stato::Failed), (2, Stato::RefusedByNode)]);
    assert_eq!(life.posto, Some(posto("A", 2)));
    assert_eq!(journal.counts().await.unwrap().get(StatoName::Held), 1);
    assert!(journal.verify().await.unwrap().is_intact());
}

async fn a_place_belongs_to_one_message_of_one_series(bench: Bench) {
    let journal = &*bench.journal;
    assert!(matches!(place(journal, "B", "A", 2).await, Placing::Refused(FuoriSerie::Sconosciuta)));
    assert!(matches!(place(journal, "B", "A", 1).await, Placing::Refused(FuoriSerie::Sconosciuta)));
    let first = in_turn(journal, "A", "A", 1).await;
    // It did not get through: its series began all the same, and it may come again.
    let _ = journal.conclude(first, conclusion(Outcome::Failed)).await.unwrap();
    let _first = in_turn(journal, "A", "A", 1).await;
    let _second = held(journal, "B", "A", 2).await;
    assert!(matches!(place(journal, "C", "A", 2).await, Placing::Refused(FuoriSerie::Numero)));
    let other = |change: fn(&mut Serie)| {
        let mut posto = posto("A", 3);
        change(&mut posto.serie);
        Intent { posto: Some(posto), ..intent("C") }
    };
    for (intent, expected) in [
        (other(|s| s.mittente.nome = "PUGLIA".to_owned()), FuoriSerie::Mittente),
        (other(|s| s.mittente.tipo = "AOO".to_owned()), FuoriSerie::MittenteTipo),
        (other(|s| s.destinatario.nome = "PUGLIA".to_owned()), FuoriSerie::Destinatario),
        (other(|s| s.servizio.nome = "Altro".to_owned()), FuoriSerie::Servizio),
        (other(|s| s.azione = None), FuoriSerie::Azione),
    ] {
        let placing = journal.place(intent, reply("<riscontro/>")).await.unwrap();
        assert!(matches!(placing, Placing::Refused(fault) if fault == expected), "{placing:?}");
    }
    assert_eq!(journal.series("B").await.unwrap(), None);
}

async fn the_operator_settles_what_was_acknowledged(bench: Bench) {
    let journal = &*bench.journal;
    let first = in_turn(journal, "A", "A", 1).await;
    let id = held(journal, "B", "A", 2).await;
    let _third = held(journal, "C", "A", 3).await;
    let _ = journal.conclude(first, conclusion(Outcome::Delivered(Esito::Ok))).await.unwrap();
    drop(token(journal.repeat(Repetition { id, forwarded: None }).await.unwrap()));
    journal.health().await.unwrap();
    let due = journal.due().await.unwrap().remove(0);
    assert_eq!((due.id, due.stato), (id, Stato::Unknown));
    // It was not executed: it is still to be forwarded, since its sender was told that it would be.
    let _ = journal.resolve(id, Resolution::NotExecuted, "rossi", "asked").await.unwrap();
    let again = journal.due().await.unwrap().remove(0);
    assert_eq!((again.identificatore.as_str(), again.stato, again.attempts), ("B", Stato::Held, 0));
    assert_ne!(again.id, id);
    let _ = journal.resolve(again.id, Resolution::NotExecuted, "rossi", "no").await.unwrap_err();
    // It was seen to by other means: the series goes on.
    let _ = journal.resolve(again.id, Resolution::Executed, "rossi", "by mail").await.unwrap();
    assert_eq!(turns(journal).await, "C");
    assert!(journal.verify().await.unwrap().is_intact());
}

async fn a_doubt_in_a_series_stops_what_comes_after_it(bench: Bench) {
    let journal = &*bench.journal;
    let first = in_turn(journal, "A", "A", 1).await;
    let id = first.id();
    let _second = held(journal, "B", "A", 2).await;
    let _ = journal.conclude(first, conclusion(Outcome::Unknown)).await.unwrap();
    assert_eq!(turns(journal).await, "", "its sender was not told that it would be forwarded");
    let _ = journal.resolve(id, Resolution::Executed, "rossi", "asked").await.unwrap();
    assert_eq!(turns(journal).await, "B");
}

async fn a_closed_journal_says_so(bench: Bench) {
    let journal = &*bench.journal;
    let open = intended(journal, "A").await;
    journal.close().await;
    journal.close().await;
    assert!(matches!(journal.intend(intent("B")).await, Err(JournalError::Closed)));
    assert!(matches!(journal.look_up(&key("A")).await, Err(JournalError::Closed)));
    assert!(matches!(journal.health().await, Err(JournalError::Closed)));
    let error = journal.conclude(open, conclusion(Outcome::Failed)).await.unwrap_err();
    assert!(matches!(error, JournalError::Closed));
}
