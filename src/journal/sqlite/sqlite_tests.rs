use std::path::Path;
use std::process::Command as Process;
use std::sync::mpsc::sync_channel;

use rusqlite::Connection;

use super::super::specimens::*;
use super::super::{Direction, Esito, Outcome, Stato, StatoName};
use super::*;

fn clock() -> Clock {
    Clock::frozen(instant())
}

fn serve(path: &Path) -> SqliteJournal {
    SqliteJournal::serve(path, &Options::default(), clock()).unwrap()
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data").join("journal.sqlite");
    (folder, path)
}

/// Keeps the writer from committing until the answer is dropped.
fn hold(path: &Path) -> impl Drop {
    struct Held(Connection);
    impl Drop for Held {
        fn drop(&mut self) {
            self.0.execute_batch("ROLLBACK").unwrap();
        }
    }
    let connection = connection::open(path).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    Held(connection)
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_restart() {
    let (_folder, path) = folder();
    let journal = serve(&path);
    let done = intended(&journal, "A").await;
    let open = intended(&journal, "B").await;
    let id = open.id();
    let _ = journal.conclude(done, conclusion(Outcome::Delivered(Esito::Ok))).await.unwrap();
    assert_eq!(journal.reserve(numbers("P", 10)).await.unwrap(), 1..11);
    std::mem::forget(open);
    drop(journal);

    let journal = serve(&path);
    assert_eq!(journal.recover().await.unwrap(), [id]);
    assert_eq!(journal.look_up(&key("A")).await.unwrap().unwrap().reply, Some(reply("<risposta/>")));
    assert_eq!(journal.look_up(&key("B")).await.unwrap().unwrap().stato, Stato::Unknown);
    assert_eq!(journal.reserve(numbers("P", 1)).await.unwrap(), 11..12);
}

/// The files as a killed process would leave them.
#[tokio::test]
async fn a_copy_of_the_files_in_full_use_recovers() {
    let (folder, path) = folder();
    let journal = serve(&path);
    let mut open = Vec::new();
    for n in 0..20 {
        let token = intended(&journal, &format!("M{n}")).await;
        if n % 2 == 0 {
            let _ = journal.conclude(token, conclusion(Outcome::Delivered(Esito::Ok))).await.unwrap();
        } else {
            open.push(token);
        }
    }
    // By another process: closing a copy's descriptor here would release SQLite's locks.
    let copy = folder.path().join("copy");
    assert!(Process::new("cp").arg("-r").arg(path.parent().unwrap()).arg(&copy).status().unwrap().success());

    let crashed = serve(&copy.join("journal.sqlite"));
    let ids: Vec<_> = open.iter().map(Intended::id).collect();
    assert_eq!(crashed.recover().await.unwrap(), ids);
    let counts = crashed.counts().await.unwrap();
    assert_eq!((counts.get(StatoName::Delivered), counts.get(StatoName::Unknown)), (10, 10));
}

#[tokio::test]
async fn only_one_gateway_serves_while_operators_look_and_resolve() {
    let (_folder, path) = folder();
    let journal = serve(&path);
    let id = intended(&journal, "A").await.id();
    journal.health().await.unwrap();

    let error = SqliteJournal::serve(&path, &Options::default(), clock()).unwrap_err();
    let JournalError::InUse { owner, .. } = &error else { panic!("{error}") };
    assert_eq!(*owner, std::process::id().to_string());

    let operator = SqliteJournal::inspect(&path, clock()).unwrap();
    assert!(matches!(operator.recover().await, Err(JournalError::NotServing)));
    assert_eq!(operator.list(Filter::default()).await.unwrap().len(), 1);
    let _ = operator.resolve(id, Resolution::NotExecuted, "rossi", "asked").await.unwrap();
    drop(operator);
    assert_eq!(journal.look_up(&key("A")).await.unwrap(), None);

    drop(journal);
    serve(&path);
}

#[tokio::test]
async fn a_waiter_notices_what_another_process_settles() {
    let (_folder, path) = folder();
    let journal = Arc::new(serve(&path));
    let open = intended(&*journal, "A").await;
    let id = open.id();
    std::mem::forget(open);
    let waiter = tokio::spawn({
        let journal = Arc::clone(&journal);
        async move { journal.settled(id, Duration::from_secs(60)).await }
    });
    let elsewhere = connection::writing(&path).unwrap();
    elsewhere.execute("UPDATE message SET stato = 'unknown'", []).unwrap();
    let settled = tokio::time::timeout(Duration::from_secs(10), waiter).await.unwrap().unwrap().unwrap();
    assert_eq!(settled.unwrap().stato, Stato::Unknown);
}

#[test]
fn there_is_nothing_to_inspect_where_no_journal_is() {
    let (_folder, path) = folder();
    assert!(matches!(SqliteJournal::inspect(&path, clock()), Err(JournalError::Missing { .. })));
    assert!(!path.parent().unwrap().exists());
}

#[test]
fn a_later_format_is_left_alone() {
    let (_folder, path) = folder();
    drop(serve(&path));
    let later = connection::open(&path).unwrap();
    later.execute("UPDATE meta SET value = '999' WHERE name = 'format_version'", []).unwrap();
    drop(later);
    for error in [
        SqliteJournal::serve(&path, &Options::default(), clock()).unwrap_err(),
        SqliteJournal::inspect(&path, clock()).unwrap_err(),
    ] {
        assert!(matches!(error, JournalError::NewerFormat { found: 999, .. }), "{error}");
        assert!(error.to_string().contains("use the later program"));
    }
}

#[test]
fn what_is_no_journal_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("other.sqlite");
    Connection::open(&database).unwrap().execute_batch("CREATE TABLE theirs (a)").unwrap();
    let text = folder.path().join("notes.txt");
    fs::write(&text, "not a database, but long enough to be looked at as one ".repeat(40)).unwrap();
    let before = [fs::read(&database).unwrap(), fs::read(&text).unwrap()];

    let error = SqliteJournal::serve(&database, &Options::default(), clock()).unwrap_err();
    assert!(matches!(error, JournalError::Foreign { .. }), "{error}");
    let error = SqliteJournal::serve(&text, &Options::default(), clock()).unwrap_err();
    assert!(matches!(error, JournalError::Corrupt { .. }), "{error}");
    assert_eq!(before, [fs::read(&database).unwrap(), fs::read(&text).unwrap()]);
}

#[cfg(unix)]
#[test]
fn the_files_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path) = folder();
    let _journal = serve(&path);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&beside(&path, "-wal")), 0o600);
}

#[tokio::test]
async fn a_full_queue_turns_messages_away_but_not_conclusions() {
    let (_folder, path) = folder();
    let options = Options { queue: 1, ..Options::default() };
    let journal = Arc::new(SqliteJournal::serve(&path, &options, clock()).unwrap());
    let token = intended(&*journal, "A").await;
    let held = hold(&path);
    let intend = |identificatore: &'static str| {
        let journal = Arc::clone(&journal);
        tokio::spawn(async move { journal.intend(intent(identificatore)).await })
    };
    let first = intend("B");
    // The writer has it in hand, and the queue is empty again.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let second = intend("C");
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(matches!(journal.intend(intent("D")).await, Err(JournalError::Busy { capacity: 1 })));
    let concluding = {
        let journal = Arc::clone(&journal);
        tokio::spawn(async move { journal.conclude(token, conclusion(Outcome::Delivered(Esito::Ok))).await })
    };
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(held);
    let _tokens = [first.await.unwrap().unwrap(), second.await.unwrap().unwrap()];
    assert_eq!(concluding.await.unwrap().unwrap().stato(), Stato::Delivered(Esito::Ok));
}

#[tokio::test]
async fn an_intent_that_nobody_awaits_any_more_frees_its_key() {
    let (_folder, path) = folder();
    let journal = Arc::new(serve(&path));
    let held = hold(&path);
    let waiting = {
        let journal = Arc::clone(&journal);
        tokio::spawn(async move { journal.intend(intent("A")).await })
    };
    tokio::time::sleep(Duration::from_millis(50)).await;
    waiting.abort();
    assert!(waiting.await.is_err());
    drop(held);
    // The first is behind the intent, the second behind what became of its token.
    journal.health().await.unwrap();
    journal.health().await.unwrap();
    assert_eq!(journal.look_up(&key("A")).await.unwrap(), None);
    assert_eq!(journal.counts().await.unwrap().get(StatoName::Failed), 1);
    let _twin = intended(&*journal, "A").await;
}

#[tokio::test]
async fn a_command_that_fails_leaves_its_batch_alone() {
    let (_folder, path) = folder();
    let journal = Arc::new(serve(&path));
    let held = hold(&path);
    let intend = |identificatore: &'static str| {
        let journal = Arc::clone(&journal);
        tokio::spawn(async move { journal.intend(intent(identificatore)).await })
    };
    let warm_up = intend("W");
    tokio::time::sleep(Duration::from_millis(50)).await;
    let before = intend("A");
    tokio::time::sleep(Duration::from_millis(10)).await;
    let bad = {
        let journal = Arc::clone(&journal);
        tokio::spawn(async move {
            let apply = |turn: &mut Turn<'_>| {
                writes::refuse(turn, &refusal(Some("half")), "{}", instant())?;
                writes::reserve(turn, &numbers("P", 0))
            };
            journal.write(0, apply, |range| range).await
        })
    };
    tokio::time::sleep(Duration::from_millis(10)).await;
    let after = intend("B");
    tokio::time::sleep(Duration::from_millis(10)).await;
    drop(held);

    assert!(matches!(bad.await.unwrap(), Err(JournalError::NoNumbers { .. })));
    let mut ids = Vec::new();
    for intending in [warm_up, before, after] {
        let token = token(intending.await.unwrap().unwrap());
        ids.push(token.id().get());
        std::mem::forget(token);
    }
    assert_eq!(ids, [1, 2, 3]);
    assert_eq!(journal.counts().await.unwrap().get(StatoName::Refused), 0);
}

#[tokio::test]
async fn a_dead_writer_is_an_error_and_not_a_silence() {
    let (_folder, path) = folder();
    let journal = serve(&path);
    let done = intended(&journal, "A").await;
    let open = intended(&journal, "B").await;
    let _ = journal.conclude(done, conclusion(Outcome::Delivered(Esito::Ok))).await.unwrap();
    let apply = |_: &mut Turn<'_>| -> Result<(), JournalError> { panic!("the writer dies") };
    assert!(matches!(journal.write(0, apply, |()| ()).await, Err(JournalError::Closed)));
    assert!(matches!(journal.intend(intent("C")).await, Err(JournalError::Closed)));
    assert!(matches!(journal.conclude(open, conclusion(Outcome::Failed)).await, Err(JournalError::Closed)));
    assert!(matches!(journal.health().await, Err(JournalError::Closed)));
    journal.close().await;
    drop(journal);
    assert_eq!(serve(&path).recover().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_dead_writer_leaves_duplicates_answerable() {
    let (_folder, path) = folder();
    let journal = serve(&path);
    let done = intended(&journal, "A").await;
    let _ = journal.conclude(done, conclusion(Outcome::Delivered(Esito::Ok))).await.unwrap();
    let apply = |_: &mut Turn<'_>| -> Result<(), JournalError> { panic!("the writer dies") };
    assert!(journal.write(0, apply, |()| ()).await.is_err());
    assert_eq!(journal.look_up(&key("A")).await.unwrap().unwrap().reply, Some(reply("<risposta/>")));
}

async fn pages(journal: &SqliteJournal, pragma: &'static str) -> i64 {
    let apply =
        move |turn: &mut Turn<'_>| Ok(turn.connection.query_row(pragma, [], |row| row.get::<_, i64>(0))?);
    journal.write(0, apply, |pages| pages).await.unwrap()
}

#[tokio::test]
async fn a_full_disk_is_said_and_nothing_is_half_recorded() {
    let (_folder, path) = folder();
    let journal = serve(&path);
    let open = intended(&journal, "A").await;
    let id = open.id();
    let _ = pages(&journal, "PRAGMA max_page_count = 1").await;
    let large = Intent { forwarded: vec![b' '; 1 << 20].into(), ..intent("B") };
    let error = journal.intend(large.clone()).await.unwrap_err();
    assert!(matches!(error, JournalError::DiskFull { .. }), "{error}");
    let too_long =
        Conclusion { reply: Some(reply(&" ".repeat(1 << 20))), ..conclusion(Outcome::Delivered(Esito::Ok)) };
    let error = journal.conclude(open, too_long).await.unwrap_err();
    assert!(matches!(error, JournalError::DiskFull { .. }), "{error}");

    let _ = pages(&journal, "PRAGMA max_page_count = 1000000").await;
    journal.health().await.unwrap();
    // The outcome that could not be recorded is an unknown one, and the lost intent left nothing.
    assert_eq!(
        journal.look_up(&key("A")).await.unwrap().map(|r| (r.id, r.stato)),
        Some((id, Stato::Unknown))
    );
    let _token = token(journal.intend(large).await.unwrap());
}

#[tokio::test]
async fn one_command_too_large_for_the_disk_leaves_the_small_ones() {
    let (_folder, path) = folder();
    let journal = Arc::new(serve(&path));
    let now = pages(&journal, "PRAGMA page_count").await;
    assert!(now < 60, "{now}");
    let _ = pages(&journal, "PRAGMA max_page_count = 60").await;
    let held = hold(&path);
    let intend = |intent: Intent| {
        let journal = Arc::clone(&journal);
        tokio::spawn(async move { journal.intend(intent).await })
    };
    let warm_up = intend(intent("W"));
    tokio::time::sleep(Duration::from_millis(50)).await;
    let small = intend(intent("A"));
    let large = intend(Intent { forwarded: vec![b' '; 1 << 20].into(), ..intent("B") });
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(held);
    let _tokens = [token(warm_up.await.unwrap().unwrap()), token(small.await.unwrap().unwrap())];
    assert!(matches!(large.await.unwrap(), Err(JournalError::DiskFull { .. })));
}

#[tokio::test]
async fn many_at_once_are_all_recorded() {
    let (_folder, path) = folder();
    let journal = Arc::new(serve(&path));
    let running: Vec<_> = (0..200)
        .map(|n| {
            let journal = Arc::clone(&journal);
            tokio::spawn(async move {
                let token = intended(&*journal, &format!("M{n}")).await;
                assert_eq!(journal.look_up(&key(&format!("M{n}"))).await.unwrap().unwrap().id, token.id());
                let _ = journal.conclude(token, conclusion(Outcome::Delivered(Esito::Ok))).await.unwrap();
            })
        })
        .collect();
    for one in running {
        one.await.unwrap();
    }
    assert_eq!(journal.counts().await.unwrap().get(StatoName::Delivered), 200);
}

#[tokio::test]
async fn the_log_does_not_grow_without_bound() {
    let (_folder, path) = folder();
    let options = Options { log_bytes: 1 << 20, ..Options::default() };
    let journal = SqliteJournal::serve(&path, &options, clock()).unwrap();
    let log = beside(&path, "-wal");
    for n in 0..24 {
        let large = Intent { forwarded: vec![b' '; 1 << 20].into(), ..intent(&format!("M{n}")) };
        std::mem::forget(token(journal.intend(large).await.unwrap()));
    }
    until("the log is truncated", || fs::metadata(&log).unwrap().len() < 8 << 20).await;
    assert_eq!(journal.counts().await.unwrap().get(StatoName::Intended), 24);
}

#[tokio::test]
async fn a_journal_dropped_in_use_ends_its_threads() {
    let (_folder, path) = folder();
    let journal = serve(&path);
    let kept = intended(&journal, "A").await;
    let (done, ended) = sync_channel(1);
    std::thread::spawn(move || {
        drop(journal);
        done.send(()).unwrap();
    });
    ended.recv_timeout(Duration::from_secs(20)).unwrap();
    drop(kept);
    assert_eq!(serve(&path).recover().await.unwrap().len(), 1);
}

#[test]
fn frequent_reads_use_their_indices() {
    let (_folder, path) = folder();
    let _journal = serve(&path);
    let connection = connection::open(&path).unwrap();
    let plan = |sql: &str| -> String {
        let mut found = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let rows = found.query_map([], |row| row.get::<_, String>(3)).unwrap();
        rows.map(Result::unwrap).collect::<Vec<_>>().join("; ")
    };
    let twin = plan(
        "SELECT id FROM message m WHERE inoltro IS NOT NULL
         AND identificatore = 'A' AND mittente = 'LAZIO' AND direction = 'inbound' AND blocks = 1",
    );
    assert!(twin.contains("message_blocking"), "{twin}");
    let open = plan("SELECT id, attempts FROM message WHERE stato = 'intended' ORDER BY id");
    assert!(open.contains("message_open"), "{open}");
    let shown = plan("SELECT id FROM message WHERE identificatore = 'A' ORDER BY id LIMIT 100");
    assert!(shown.contains("message_identificatore"), "{shown}");
}

#[test]
fn the_database_itself_refuses_a_second_blocking_record() {
    let (_folder, path) = folder();
    drop(serve(&path));
    let connection = connection::open(&path).unwrap();
    let add = || {
        connection.execute(
            "INSERT INTO message (direction, mittente, identificatore, digest, stato, blocks, attempts, received_at,
                 changed_at, timings)
             VALUES (?1, 'LAZIO', 'A', zeroblob(32), 'intended', 1, 1, 0, 0, '[]')",
            [Direction::Inbound.as_str()],
        )
    };
    add().unwrap();
    assert!(matches!(JournalError::from(add().unwrap_err()), JournalError::Engine { .. }));
}

#[tokio::test]
async fn an_error_of_the_engine_keeps_its_cause() {
    let (_folder, path) = folder();
    let journal = serve(&path);
    let apply = |turn: &mut Turn<'_>| -> Result<(), JournalError> {
        turn.connection.execute("INSERT INTO message (id) VALUES (1)", [])?;
        Ok(())
    };
    let error = journal.write(0, apply, |()| ()).await.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("NOT NULL"), "{cause}");
    assert!(matches!(journal.intend(intent("A")).await, Ok(Intending::Intended(_))));
}
