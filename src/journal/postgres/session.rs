//! Connections to the database, each with the settings of its part, opened again when they are lost.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex as Lock, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Connection, Row, Socket, Statement};

use super::super::error::JournalError;
use super::engine_error::{Gone, Late, unreachable};
use super::tls::{Proved, Trust};

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(4);
/// How long unacknowledged bytes are waited for before the connection counts as lost.
const SILENCE: Duration = Duration::from_secs(10);
/// The pauses between attempts to connect: the first, doubled with each up to the longest.
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(50);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The one that writes. It waits for its turn behind those of the other replicas.
    Writes,
    /// Looks records up by their keys.
    LooksUp,
    /// Reads much: operators' searches, verification.
    Reads,
    /// Keeps the lease.
    Beats,
}

/// The way to the database.
pub(super) struct Road {
    config: Config,
    trust: Trust,
    schema: String,
    place: String,
}

/// One connection. Statements are prepared once on each.
pub(super) struct Session {
    client: Client,
    prepared: Lock<HashMap<&'static str, Statement>>,
    driver: AbortHandle,
    patience: Duration,
}

/// A connection that is opened when it is first wanted, and again when it is lost. After an attempt that failed the next
/// callers get the same error until a pause is over: nobody waits for a database that was just seen to be away.
pub(super) struct Line {
    road: Arc<Road>,
    part: Part,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    session: Option<Arc<Session>>,
    failed: Option<(JournalError, Instant, Duration)>,
}

pub(super) type Driver = Connection<Socket, Proved<Socket>>;
pub(super) type Parameters<'a> = [&'a (dyn ToSql + Sync)];

impl Part {
    /// The server gives up first, so that its reason is heard; `patience` is for a server that is silent.
    const fn statement_ms(self) -> u32 {
        match self {
            Self::Reads => 60_000,
            Self::Writes => 10_000,
            Self::LooksUp | Self::Beats => 5_000,
        }
    }

    const fn patience(self) -> Duration {
        Duration::from_millis(self.statement_ms() as u64 + 5_000)
    }
}

impl Road {
    pub(super) fn new(mut config: Config, trust: Trust, schema: String) -> Self {
        let place = place(&config);
        config
            .application_name("egov-bridge")
            .connect_timeout(CONNECT)
            .tcp_user_timeout(SILENCE)
            .keepalives(true)
            .keepalives_idle(SILENCE)
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(3)
            // After a failover: the server that can be written to, of those that are named.
            .target_session_attrs(TargetSessionAttrs::ReadWrite);
        Self { config, trust, schema, place }
    }

    /// Where it leads, without any secret.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    pub(super) fn schema(&self) -> &str {
        &self.schema
    }

    /// Opens a connection and leaves it to the caller to drive it.
    pub(super) async fn connect(&self) -> Result<(Client, Driver), JournalError> {
        match timeout(CONNECT, self.config.connect(self.trust.clone())).await {
            Ok(connected) => Ok(connected?),
            Err(_) => Err(unreachable(Late { seconds: CONNECT.as_secs() })),
        }
    }

    pub(super) async fn open(&self, part: Part) -> Result<Session, JournalError> {
        let (client, driver) = self.connect().await?;
        let driver = tokio::spawn(async move {
            // Its error reaches whoever uses the connection.
            let _ = driver.await;
        });
        let session = Session {
            client,
            prepared: Lock::default(),
            driver: driver.abort_handle(),
            patience: part.patience(),
        };
        session.batch(&self.settings(part)).await?;
        Ok(session)
    }

    /// Whatever the database's or the role's defaults are.
    pub(super) fn settings(&self, part: Part) -> String {
        let statement = part.statement_ms();
        let mut settings = format!(
            "SET search_path = \"{}\";
             SET statement_timeout = {statement};
             SET lock_timeout = 5000;
             SET idle_in_transaction_session_timeout = 4000;
             SET client_min_messages = warning;
             SET bytea_output = hex;
             SET default_transaction_isolation = 'read committed';
             SET default_transaction_read_only = off;",
            self.schema
        );
        if part == Part::Writes {
            // Stronger settings of the operator's are kept; what is weaker may lose what was answered. Few rows are looked
            // for among many, always by an index.
            settings.push_str(
                "SELECT set_config('synchronous_commit', 'on', false)
                     WHERE current_setting('synchronous_commit') IN ('off', 'local');
                 SET enable_hashjoin = off;
                 SET enable_mergejoin = off;",
            );
        }
        settings
    }
}

impl Session {
    /// Rows of a statement that is prepared once.
    pub(super) async fn query(
        &self,
        sql: &'static str,
        parameters: &Parameters<'_>,
    ) -> Result<Vec<Row>, JournalError> {
        self.within(async {
            let statement = self.prepare(sql).await?;
            Ok(self.client.query(&statement, parameters).await?)
        })
        .await
    }

    /// The same for a statement that is made for the occasion.
    pub(super) async fn query_once(
        &self,
        sql: &str,
        parameters: &Parameters<'_>,
    ) -> Result<Vec<Row>, JournalError> {
        self.within(async { Ok(self.client.query(sql, parameters).await?) }).await
    }

    /// Statements without parameters or rows.
    pub(super) async fn batch(&self, sql: &str) -> Result<(), JournalError> {
        self.within(async { Ok(self.client.batch_execute(sql).await?) }).await
    }

    /// So that a later [`Session::pipelined`] need not wait for it.
    pub(super) async fn prepare(&self, sql: &'static str) -> Result<Statement, JournalError> {
        let known = self.prepared.lock().unwrap_or_else(PoisonError::into_inner).get(sql).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = self.within(async { Ok(self.client.prepare(sql).await?) }).await?;
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner).insert(sql, statement.clone());
        Ok(statement)
    }

    /// A statement that is sent the moment it is first polled, behind those polled before it.
    pub(super) async fn pipelined(
        &self,
        statement: &Statement,
        parameters: &Parameters<'_>,
    ) -> Result<Vec<Row>, JournalError> {
        self.within(async { Ok(self.client.query(statement, parameters).await?) }).await
    }

    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Ends the connection at once: what it was doing is undone by the server, unless it was done already.
    pub(super) fn cut(&self) {
        self.driver.abort();
    }

    async fn within<T>(
        &self,
        asked: impl Future<Output = Result<T, JournalError>>,
    ) -> Result<T, JournalError> {
        match timeout(self.patience, asked).await {
            Ok(answered) => answered,
            Err(_) => {
                self.cut();
                Err(unreachable(Late { seconds: self.patience.as_secs() }))
            }
        }
    }
}

impl Line {
    pub(super) fn new(road: Arc<Road>, part: Part) -> Self {
        Self { road, part, state: Mutex::default() }
    }

    /// The connection as it stands, or a new one.
    pub(super) async fn session(&self) -> Result<Arc<Session>, JournalError> {
        let mut state = self.state.lock().await;
        if let Some(session) = state.session.as_ref().filter(|session| !session.is_closed()) {
            return Ok(Arc::clone(session));
        }
        state.session = None;
        if let Some((error, until, _)) = &state.failed
            && Instant::now() < *until
        {
            return Err(error.clone());
        }
        match self.road.open(self.part).await {
            Ok(session) => {
                let session = Arc::new(session);
                *state = State { session: Some(Arc::clone(&session)), failed: None };
                Ok(session)
            }
            Err(error) => {
                let pause = state.failed.as_ref().map_or(FIRST_PAUSE, |(.., pause)| next_pause(*pause));
                state.failed = Some((error.clone(), Instant::now() + pause, pause));
                Err(error)
            }
        }
    }

    /// Lets the connection go. What is in flight on it ends first.
    pub(super) async fn close(&self) {
        let mut state = self.state.lock().await;
        state.session = None;
        let never = Instant::now() + Duration::from_secs(86_400);
        state.failed = Some((JournalError::Closed, never, LONGEST_PAUSE));
    }
}

/// The pause after the one that was not enough.
pub(super) fn next_pause(pause: Duration) -> Duration {
    pause.saturating_mul(2).min(LONGEST_PAUSE)
}

pub(super) fn gone() -> JournalError {
    unreachable(Gone)
}

/// `postgres://user@host:port/database`, for logs and for the operator.
pub(super) fn place(config: &Config) -> String {
    use tokio_postgres::config::Host;
    let mut place = String::from("postgres://");
    if let Some(user) = config.get_user() {
        place.push_str(user);
        place.push('@');
    }
    for (index, host) in config.get_hosts().iter().enumerate() {
        if index > 0 {
            place.push(',');
        }
        match host {
            Host::Tcp(name) => place.push_str(name),
            Host::Unix(path) => place.push_str(&path.to_string_lossy()),
        }
        let ports = config.get_ports();
        if let Some(port) = ports.get(index).or(ports.first()) {
            place.push_str(&format!(":{port}"));
        }
    }
    place.push('/');
    place.push_str(config.get_dbname().or(config.get_user()).unwrap_or_default());
    place
}

impl fmt::Debug for Road {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Road")
            .field("place", &self.place)
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}
