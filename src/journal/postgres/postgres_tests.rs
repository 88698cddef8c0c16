//! Several replicas on one database, and a database in trouble.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::conformance_tests::postgres_options;
use super::super::specimens::*;
use super::super::{Esito, Outcome, Stato, StatoName};
use super::*;

const OK: Outcome = Outcome::Delivered(Esito::Ok);

fn clock() -> Clock {
    Clock::frozen(instant())
}

/// Short, so that a test need not wait for it, and longer than a commit takes on a busy machine.
const LEASE: Duration = Duration::from_millis(1500);

/// The options of two replicas on one schema.
fn two() -> Option<[PostgresOptions; 2]> {
    let a = PostgresOptions { lease: LEASE, ..postgres_options()? };
    let b = PostgresOptions { replica: "b".to_owned(), ..a.clone() };
    Some([a, b])
}

async fn serve(options: &PostgresOptions) -> Arc<PostgresJournal> {
    Arc::new(PostgresJournal::serve(options, clock()).await.unwrap())
}

/// What a database tool would do.
async fn tool(options: &PostgresOptions) -> Session {
    road(options).unwrap().open(Part::Reads).await.unwrap()
}

async fn until<Holds: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> Holds) {
    for _ in 0..1500 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}

async fn stato(journal: &PostgresJournal, id: MessageId) -> Stato {
    journal.show(&Reference::Id(id)).await.unwrap().remove(0).summary.stato
}

#[tokio::test]
async fn of_twins_that_race_through_two_replicas_one_may_go() {
    let Some([a, b]) = two() else { return };
    let replicas = [serve(&a).await, serve(&b).await];
    let racing: Vec<_> = (0..60)
        .map(|n| {
            let journal = Arc::clone(&replicas[n % 2]);
            tokio::spawn(async move { journal.intend(intent(&format!("M{}", n / 6))).await.unwrap() })
        })
        .collect();
    let mut tokens = Vec::new();
    for racer in racing {
        if let Intending::Intended(token) = racer.await.unwrap() {
            tokens.push(token);
        }
    }
    let ids: HashSet<_> = tokens.iter().map(Intended::id).collect();
    assert_eq!((tokens.len(), ids.len()), (10, 10));
    for (n, token) in tokens.into_iter().enumerate() {
        let _ = replicas[n % 2].conclude(token, conclusion(OK)).await.unwrap();
    }
    let seen = replicas[0].verify().await.unwrap();
    assert_eq!((seen.links, seen.messages, seen.faults.as_slice()), (20, 10, [].as_slice()));
    assert_eq!(seen, replicas[1].verify().await.unwrap());
}

#[tokio::test]
async fn numbers_are_given_once_by_whichever_replica() {
    let Some([a, b]) = two() else { return };
    let replicas = [serve(&a).await, serve(&b).await];
    let asking = (0..20).map(|n| replicas[n % 2].reserve(numbers("LAZIOSPCoopIT", 10)));
    let mut given: Vec<u64> =
        futures_util::future::join_all(asking).await.into_iter().flat_map(Result::unwrap).collect();
    given.sort_unstable();
    assert_eq!(given, (1..=200).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_twin_hears_of_the_end_at_another_replica() {
    let Some([a, b]) = two() else { return };
    let (a, b) = (serve(&a).await, serve(&b).await);
    let first = intended(&*a, "A").await;
    let twin = known(b.intend(intent("A")).await.unwrap());
    let waiting = tokio::spawn({
        let b = Arc::clone(&b);
        async move { b.settled(twin.id, Duration::from_secs(60)).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let _ = a.conclude(first, conclusion(OK)).await.unwrap();
    let settled = tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap().unwrap().unwrap();
    assert_eq!(settled.unwrap().reply, Some(reply("<risposta/>")));
}

#[tokio::test]
async fn what_a_dead_replica_left_open_is_unknown_when_its_lease_is_over_and_no_sooner() {
    let Some([a, b]) = two() else { return };
    let (dying, b) = (serve(&a).await, serve(&b).await);
    let open = intended(&*dying, "A").await;
    let living = intended(&*b, "B").await;
    let id = open.id();
    std::mem::forget(open);
    drop(dying);
    assert_eq!(stato(&b, id).await, Stato::Intended);
    until("the record is unknown", async || stato(&b, id).await == Stato::Unknown).await;
    let life = b.show(&Reference::Id(id)).await.unwrap().remove(0);
    assert_eq!(life.attempts[0].failure.as_ref().unwrap().code, "interrupted");
    assert_eq!(b.conclude(living, conclusion(OK)).await.unwrap().stato(), Stato::Delivered(Esito::Ok));
    assert!(b.verify().await.unwrap().is_intact());
}

#[tokio::test]
async fn a_replica_that_starts_again_recovers_its_own_and_leaves_the_others_alone() {
    let Some([mut a, mut b]) = two() else { return };
    (a.lease, b.lease) = (Duration::from_secs(600), Duration::from_secs(600));
    let (dying, living) = (serve(&a).await, serve(&b).await);
    let (lost, carried) = (intended(&*dying, "A").await, intended(&*living, "B").await);
    let id = lost.id();
    std::mem::forget(lost);
    drop(dying);
    let again = serve(&a).await;
    assert_eq!(again.recover().await.unwrap(), [id]);
    assert_eq!(again.recover().await.unwrap(), []);
    assert_eq!(stato(&again, carried.id()).await, Stato::Intended);
    let _ = living.conclude(carried, conclusion(OK)).await.unwrap();
}

#[tokio::test]
async fn what_a_closed_replica_left_open_needs_no_waiting() {
    let Some([mut a, mut b]) = two() else { return };
    (a.lease, b.lease) = (Duration::from_secs(600), Duration::from_secs(600));
    let (closing, b) = (serve(&a).await, serve(&b).await);
    let open = intended(&*closing, "A").await;
    closing.close().await;
    assert_eq!(b.recover().await.unwrap(), [open.id()]);
    std::mem::forget(open);
}

#[tokio::test]
async fn a_replica_that_lost_its_lease_goes_on_under_a_new_one_and_its_late_verdict_counts() {
    let Some([a, b]) = two() else { return };
    let (paused, b) = (serve(&a).await, serve(&b).await);
    let (settled, resolved) = (intended(&*paused, "A").await, intended(&*paused, "B").await);
    let ids = [settled.id(), resolved.id()];
    let fence = paused.lease.fence();
    assert!(paused.stands(settled.fence()));
    // Its heart stops, and the rest of it stays.
    paused.tasks.iter().for_each(AbortHandle::abort);
    for id in ids {
        until("the record is unknown", async || stato(&b, id).await == Stato::Unknown).await;
    }
    let _ = b.resolve(ids[1], Resolution::NotExecuted, "rossi", "asked").await.unwrap();
    let _next = intended(&*b, "B").await;
    assert!(!paused.stands(settled.fence()), "a message that has not left must not leave any more");

    assert_eq!(paused.conclude(settled, conclusion(OK)).await.unwrap().stato(), Stato::Delivered(Esito::Ok));
    let error = paused.conclude(resolved, conclusion(OK)).await.unwrap_err();
    assert!(matches!(error, JournalError::Stale { .. }), "{error}");
    assert_eq!(stato(&b, ids[1]).await, Stato::Resolved(Resolution::NotExecuted));
    assert!(paused.lease.fence() > fence);
    let next = intended(&*paused, "C").await;
    assert!(paused.stands(next.fence()) && !paused.stands(fence));
    assert_eq!(paused.conclude(next, conclusion(OK)).await.unwrap().stato(), Stato::Delivered(Esito::Ok));
    assert!(b.verify().await.unwrap().is_intact());
}

#[tokio::test]
async fn a_series_is_forwarded_by_one_replica_at_a_time() {
    let Some([a, b]) = two() else { return };
    let (a, b) = (serve(&a).await, serve(&b).await);
    let first = in_turn(&*a, "A", "A", 1).await;
    let id = held(&*b, "B", "A", 2).await;
    let _ = a.conclude(first, conclusion(OK)).await.unwrap();
    assert_eq!((a.due().await.unwrap().len(), b.due().await.unwrap().len()), (1, 1));
    let again = || Repetition { id, forwarded: None };
    let both = tokio::join!(a.repeat(again()), b.repeat(again()));
    let (winner, loser, token) = match both {
        (Ok(Intending::Intended(token)), Ok(Intending::AlreadyKnown(_))) => (&a, &b, token),
        (Ok(Intending::AlreadyKnown(_)), Ok(Intending::Intended(token))) => (&b, &a, token),
        other => panic!("{other:?}"),
    };
    let failed = Conclusion { reply: None, ..conclusion(Outcome::Failed) };
    assert_eq!(winner.conclude(token, failed).await.unwrap().stato(), Stato::Held);
    // The lane stays with the one that tried, and so do the pauses between its attempts.
    assert_eq!((winner.due().await.unwrap().len(), loser.due().await.unwrap().len()), (1, 0));
    assert_eq!(known(loser.repeat(again()).await.unwrap()).stato, Stato::Held);
    winner.close().await;
    assert_eq!(loser.due().await.unwrap().len(), 1);
    let token = token_of(loser.repeat(again()).await.unwrap());
    assert_eq!(loser.conclude(token, conclusion(OK)).await.unwrap().stato(), Stato::Delivered(Esito::Ok));
}

fn token_of(intending: Intending) -> Intended {
    token(intending)
}

#[tokio::test]
async fn replicas_that_start_together_make_the_tables_once() {
    let Some([a, _]) = two() else { return };
    let starting = (0..6).map(|n| {
        let options = PostgresOptions { replica: n.to_string(), ..a.clone() };
        async move { PostgresJournal::serve(&options, clock()).await }
    });
    let started: Vec<_> = futures_util::future::join_all(starting).await;
    for journal in started {
        journal.unwrap().health().await.unwrap();
    }
}

#[tokio::test]
async fn a_later_format_is_left_alone_also_by_those_that_serve() {
    let Some([a, b]) = two() else { return };
    let serving = serve(&a).await;
    tool(&a).await.batch("UPDATE head SET format = 999").await.unwrap();
    for error in [
        PostgresJournal::serve(&b, clock()).await.unwrap_err(),
        PostgresJournal::inspect(&b, clock()).await.unwrap_err(),
        serving.intend(intent("A")).await.unwrap_err(),
    ] {
        assert!(matches!(error, JournalError::NewerFormat { found: 999, .. }), "{error}");
        assert!(error.to_string().contains("use the later program"));
    }
}

#[tokio::test]
async fn what_is_no_journal_is_left_alone() {
    let Some([a, _]) = two() else { return };
    let error = PostgresJournal::inspect(&a, clock()).await.unwrap_err();
    assert!(matches!(error, JournalError::Missing { .. }), "{error}");
    let schema = &a.schema;
    tool(&a).await.batch(&format!("CREATE SCHEMA {schema}; CREATE TABLE {schema}.theirs ()")).await.unwrap();
    let error = PostgresJournal::serve(&a, clock()).await.unwrap_err();
    assert!(matches!(error, JournalError::Foreign { .. }), "{error}");
}

#[tokio::test]
async fn operators_look_and_resolve_beside_the_replicas() {
    let Some([a, _]) = two() else { return };
    let serving = serve(&a).await;
    drop(intended(&*serving, "A").await);
    serving.health().await.unwrap();
    let operator = PostgresJournal::inspect(&a, clock()).await.unwrap();
    assert!(matches!(operator.recover().await, Err(JournalError::NotServing)));
    let id = operator.list(Filter::default()).await.unwrap().remove(0).id;
    let _ = operator.resolve(id, Resolution::NotExecuted, "rossi", "asked").await.unwrap();
    assert_eq!(serving.look_up(&key("A")).await.unwrap(), None);
}

/// Keeps the writers from committing until it is told to let go.
async fn hold(options: &PostgresOptions) -> Session {
    let session = tool(options).await;
    session.batch("BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0").await.unwrap();
    session.query("SELECT 1 FROM head FOR UPDATE", &[]).await.unwrap();
    session
}

#[tokio::test]
async fn an_order_that_the_database_refuses_leaves_its_batch_alone() {
    let Some([a, _]) = two() else { return };
    let journal = serve(&a).await;
    let held = hold(&a).await;
    let ask = |intent: Intent| {
        let journal = Arc::clone(&journal);
        tokio::spawn(async move { journal.intend(intent).await })
    };
    let first = ask(intent("W"));
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut unspeakable = intent("N");
    unspeakable.reception.chiamante = Some("CN=a\0b".to_owned());
    let (before, bad, after) = (ask(intent("A")), ask(unspeakable), ask(intent("B")));
    tokio::time::sleep(Duration::from_millis(100)).await;
    held.batch("ROLLBACK").await.unwrap();
    let error = bad.await.unwrap().unwrap_err();
    assert!(matches!(error, JournalError::Engine { .. }), "{error}");
    let mut ids = Vec::new();
    for intending in [first, before, after] {
        let token = token(intending.await.unwrap().unwrap());
        ids.push(token.id().get());
        std::mem::forget(token);
    }
    assert_eq!(ids, [1, 2, 3]);
    assert!(journal.verify().await.unwrap().is_intact());
}

#[tokio::test]
async fn a_full_queue_turns_messages_away_but_not_conclusions() {
    let Some([a, _]) = two() else { return };
    let options = PostgresOptions { queue: 1, ..a.clone() };
    let journal = serve(&options).await;
    let open = intended(&*journal, "A").await;
    let held = hold(&a).await;
    let ask = |identificatore: &'static str| {
        let journal = Arc::clone(&journal);
        tokio::spawn(async move { journal.intend(intent(identificatore)).await })
    };
    let first = ask("B");
    tokio::time::sleep(Duration::from_millis(100)).await;
    let second = ask("C");
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(matches!(journal.intend(intent("D")).await, Err(JournalError::Busy { capacity: 1 })));
    let concluding = tokio::spawn({
        let journal = Arc::clone(&journal);
        async move { journal.conclude(open, conclusion(OK)).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    held.batch("ROLLBACK").await.unwrap();
    let _tokens = [first.await.unwrap().unwrap(), second.await.unwrap().unwrap()];
    assert_eq!(concluding.await.unwrap().unwrap().stato(), Stato::Delivered(Esito::Ok));
}

#[tokio::test]
async fn an_intent_that_nobody_awaits_any_more_frees_its_key() {
    let Some([a, _]) = two() else { return };
    let journal = serve(&a).await;
    let held = hold(&a).await;
    let waiting = tokio::spawn({
        let journal = Arc::clone(&journal);
        async move { journal.intend(intent("A")).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    waiting.abort();
    assert!(waiting.await.is_err());
    held.batch("ROLLBACK").await.unwrap();
    // The first is behind the intent, the second behind what became of its token.
    journal.health().await.unwrap();
    journal.health().await.unwrap();
    assert_eq!(journal.look_up(&key("A")).await.unwrap(), None);
    assert_eq!(journal.counts().await.unwrap().get(StatoName::Failed), 1);
}

#[tokio::test]
async fn a_database_that_is_away_is_said_at_once_and_conclusions_wait_for_it() {
    let Some(server) = server::Server::start(None) else { return };
    let options = PostgresOptions::new(server.url().parse().unwrap(), "a");
    let journal = serve(&options).await;
    let (open, kept) = (intended(&*journal, "A").await, intended(&*journal, "K").await);
    let _ = journal.conclude(kept, conclusion(OK)).await.unwrap();
    server.crash();
    let began = Instant::now();
    for error in [
        journal.intend(intent("B")).await.unwrap_err(),
        journal.health().await.unwrap_err(),
        journal.look_up(&key("K")).await.unwrap_err(),
        journal.counts().await.unwrap_err(),
        journal.reserve(numbers("P", 1)).await.unwrap_err(),
    ] {
        assert!(matches!(error, JournalError::Unreachable { .. }) && error.is_transient(), "{error}");
    }
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    let concluding = tokio::spawn({
        let journal = Arc::clone(&journal);
        async move { journal.conclude(open, conclusion(OK)).await }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!concluding.is_finished());
    server.restart();
    assert_eq!(concluding.await.unwrap().unwrap().stato(), Stato::Delivered(Esito::Ok));
    until("the journal is well", async || journal.health().await.is_ok()).await;
    assert_eq!(journal.look_up(&key("K")).await.unwrap().unwrap().reply, Some(reply("<risposta/>")));
    assert_eq!(journal.look_up(&key("B")).await.unwrap(), None);
    assert!(journal.verify().await.unwrap().is_intact());
}

/// Connections are cut under load, in the middle of commits: whatever was answered is as it was answered, and nothing else is
/// open. With two replicas, so that a lost commit could be overtaken.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_was_lost_is_found_again() {
    let Some(server) = server::Server::start(None) else { return };
    let a = PostgresOptions::new(server.url().parse().unwrap(), "a");
    let b = PostgresOptions { replica: "b".to_owned(), ..a.clone() };
    let replicas = [serve(&a).await, serve(&b).await];
    let over = Arc::new(AtomicBool::new(false));
    let working: Vec<_> = (0..8)
        .map(|worker| {
            let (journal, over) = (Arc::clone(&replicas[worker % 2]), Arc::clone(&over));
            tokio::spawn(async move {
                let mut delivered = Vec::new();
                for n in 0.. {
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    match journal.intend(intent(&format!("W{worker}-{n}"))).await {
                        Ok(Intending::Intended(token)) => {
                            let id = token.id();
                            let done = journal.conclude(token, conclusion(OK)).await.unwrap();
                            assert_eq!((done.id(), done.stato()), (id, Stato::Delivered(Esito::Ok)));
                            delivered.push(id);
                        }
                        Ok(known) => panic!("{known:?}"),
                        Err(error) => {
                            assert!(error.is_transient(), "{error:?}");
                            tokio::time::sleep(Duration::from_millis(5)).await;
                        }
                    }
                }
                delivered
            })
        })
        .collect();
    let knife = tool(&a).await;
    for _ in 0..40 {
        tokio::time::sleep(Duration::from_millis(60)).await;
        let writers = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE pid <> pg_backend_pid() AND query ~ 'head|COMMIT|link|payload' AND state = 'active'";
        knife.query(writers, &[]).await.unwrap();
    }
    over.store(true, Ordering::Relaxed);
    let mut delivered = 0;
    for worker in working {
        delivered += worker.await.unwrap().len() as u64;
    }
    for journal in &replicas {
        until("the journal is well", async || journal.health().await.is_ok()).await;
        journal.health().await.unwrap();
    }
    let counts = replicas[0].counts().await.unwrap();
    assert_eq!(counts.get(StatoName::Delivered), delivered);
    assert_eq!((counts.get(StatoName::Intended), counts.get(StatoName::Unknown)), (0, 0));
    assert!(replicas[0].verify().await.unwrap().is_intact());
}

#[tokio::test]
async fn tampering_is_found() {
    let Some([a, _]) = two() else { return };
    let journal = serve(&a).await;
    for identificatore in ["A", "B", "C"] {
        let open = intended(&*journal, identificatore).await;
        let _ = journal.conclude(open, conclusion(OK)).await.unwrap();
    }
    let tool = tool(&a).await;
    let said = async || -> String {
        let faults = journal.verify().await.unwrap().faults;
        faults.iter().map(|fault| format!("{fault}\n")).collect()
    };
    assert_eq!(said().await, "");
    tool.batch("UPDATE message SET mittente = 'PUGLIA' WHERE id = 1").await.unwrap();
    assert!(said().await.contains("record 1 was edited"));
    tool.batch("DELETE FROM link WHERE number = 3").await.unwrap();
    assert!(said().await.contains("links 3 to 3 are missing"));
}

#[tokio::test]
async fn the_frequent_statements_use_their_indices() {
    let Some([a, _]) = two() else { return };
    let _journal = serve(&a).await;
    let session = road(&a).unwrap().open(Part::Writes).await.unwrap();
    session.batch("SET enable_seqscan = off").await.unwrap();
    let plan = async |sql: &str| -> String {
        let rows = session.query_once(&format!("EXPLAIN {sql}"), &[]).await.unwrap();
        rows.iter().map(|row| format!("{}\n", row.get::<_, &str>(0))).collect()
    };
    let twin = plan(
        "SELECT id FROM message m WHERE m.blocks AND (m.identificatore, m.mittente, m.direction) IN
             (SELECT * FROM unnest(ARRAY['A'], ARRAY['LAZIO'], ARRAY['inbound']))",
    );
    let twin = twin.await;
    assert!(twin.contains("message_blocking"), "{twin}");
    let open = plan("SELECT id, attempts FROM message WHERE stato = 'intended' ORDER BY id").await;
    assert!(open.contains("message_open"), "{open}");
}

#[tokio::test]
async fn the_database_must_prove_who_it_is_where_tls_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let pki = |name: &str| {
        crate::sandbox::pki::ensure(&folder.path().join(name), &[], jiff::Timestamp::now()).unwrap()
    };
    let (ours, theirs) = (pki("ours"), pki("theirs"));
    let read = |path: &std::path::Path| std::fs::read_to_string(path).unwrap();
    let (certificate, key) = (read(&ours.node_server.certificate), read(&ours.node_server.key));
    let Some(server) = server::Server::start(Some((&certificate, &key))) else { return };
    let options = |ca: &std::path::Path| PostgresOptions {
        ca_file: Some(ca.to_owned()),
        ..PostgresOptions::new(server.tcp("localhost").parse().unwrap(), "a")
    };
    let journal = serve(&options(&ours.authority)).await;
    let _token = intended(&*journal, "A").await;
    let tool = tool(&options(&ours.authority)).await;
    let rows = tool
        .query(
            "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
         WHERE application_name = 'egov-bridge'",
            &[],
        )
        .await
        .unwrap();
    assert!(rows[0].get::<_, bool>(0));
    let error = PostgresJournal::serve(&options(&theirs.authority), clock()).await.unwrap_err();
    assert!(matches!(error, JournalError::Unreachable { .. }), "{error}");
}
