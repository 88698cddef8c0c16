//! A PostgreSQL server for the tests, started for real, in a folder of its own.
//!
//! It stops when the process that started it ends, however that ends: its keeper reads from a pipe that closes then. The
//! server refuses to run as root, so there it runs as the user `postgres`.
#![allow(dead_code, reason = "shared by the tests of the journal and those of the whole gateway")]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock};

/// A server at work.
pub(crate) struct Server {
    socket: PathBuf,
    port: u16,
    keeper: Mutex<Keeper>,
}

struct Keeper {
    orders: Option<ChildStdin>,
    words: BufReader<ChildStdout>,
    process: Child,
}

/// Started in a folder of its own, it does what it is told line by line, and leaves nothing behind.
const KEEPER: &str = r#"
set -eu
umask 077
home=$(mktemp -d "${TMPDIR:-/tmp}/egov-postgres.XXXXXX")
log=$home/log
trap 'kill -QUIT "$(head -n 1 "$home/data/postmaster.pid" 2>/dev/null)" 2>/dev/null || true; sleep 0.1; rm -rf "$home"' EXIT
"$BIN/initdb" --no-sync --auth=trust --username=postgres --encoding=UTF8 --locale=C -D "$home/data" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
tls=off
if [ -n "${CERTIFICATE:-}" ]; then
    printf '%s' "$CERTIFICATE" >"$home/data/server.crt"
    printf '%s' "$KEY" >"$home/data/server.key"
    tls=on
fi
start() {
    "$BIN/pg_ctl" -D "$home/data" -w -t 60 -l "$log" start \
        -o "-p $PORT -k $home -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=400 -c ssl=$tls" >/dev/null 2>&1 \
        || { cat "$log" >&2; exit 1; }
}
start
echo "$home"
while read -r order; do
    case $order in
        stop) "$BIN/pg_ctl" -D "$home/data" -w -m immediate stop >/dev/null 2>&1 ;;
        start) start ;;
    esac
    echo done
done
"#;

/// The server that the tests of this program share; none where PostgreSQL is not installed.
pub(crate) fn shared() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(None)).as_ref()
}

impl Server {
    /// Starts one, with TLS where there is a certificate and its key, PEM. None where PostgreSQL is not installed, which
    /// the continuous integration does not put up with.
    pub(crate) fn start(tls: Option<(&str, &str)>) -> Option<Self> {
        let Some(programs) = programs() else {
            assert!(std::env::var("CI").is_err(), "PostgreSQL is not installed");
            eprintln!(
                "skipped: PostgreSQL is not installed (initdb is neither in PATH nor in /usr/lib/postgresql)"
            );
            return None;
        };
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut keeper = unprivileged();
        let (certificate, key) = tls.unwrap_or_default();
        let mut process = keeper
            .args(["sh", "-c", KEEPER])
            .env("BIN", programs)
            .env("PORT", port.to_string())
            .env("CERTIFICATE", certificate)
            .env("KEY", key)
            .env("LC_ALL", "C")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let orders = process.stdin.take();
        let mut words = BufReader::new(process.stdout.take().unwrap());
        let mut socket = String::new();
        words.read_line(&mut socket).unwrap();
        assert!(!socket.is_empty(), "the server did not start");
        let socket = PathBuf::from(socket.trim());
        Some(Self { socket, port, keeper: Mutex::new(Keeper { orders, words, process }) })
    }

    /// Through its socket, without TLS.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@/postgres?host={}&port={}", self.socket.display(), self.port)
    }

    /// Over TCP, with what the caller wants to be asked in the address.
    pub(crate) fn tcp(&self, host: &str) -> String {
        format!("postgres://postgres@{host}:{}/postgres", self.port)
    }

    /// The address of a new database on it.
    pub(crate) async fn create(&self, name: &str) -> String {
        let (client, connection) = tokio_postgres::connect(&self.url(), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        self.url().replace("/postgres?", &format!("/{name}?"))
    }

    /// Stops it as a crash does: what was not committed is lost.
    pub(crate) fn crash(&self) {
        self.order("stop");
    }

    /// Starts it again.
    pub(crate) fn restart(&self) {
        self.order("start");
    }

    fn order(&self, order: &str) {
        let mut keeper = self.keeper.lock().unwrap();
        writeln!(keeper.orders.as_mut().unwrap(), "{order}").unwrap();
        let mut word = String::new();
        keeper.words.read_line(&mut word).unwrap();
        assert_eq!(word.trim(), "done");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let keeper = self.keeper.get_mut().unwrap();
        keeper.orders = None;
        let _ = keeper.process.wait();
    }
}

/// The folder of initdb, pg_ctl and postgres: in PATH, or where Debian keeps each release.
fn programs() -> Option<PathBuf> {
    let has_them = |folder: &Path| folder.join("initdb").exists() && folder.join("pg_ctl").exists();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut releases: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    releases.sort();
    std::env::split_paths(&path).chain(releases.into_iter().rev()).find(|folder| has_them(folder))
}

/// A command in front of which the server does not refuse to run.
fn unprivileged() -> Command {
    let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0");
    if !root {
        return Command::new("env");
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "env"]);
    command
}
