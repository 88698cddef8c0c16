//! Which journal a configuration means, and the journal opened.

use std::path::Path;
use std::sync::Arc;

use crate::clock::Clock;
use crate::config::{Config, Database};
use crate::journal::{Journal, JournalError, Options, PostgresJournal, PostgresOptions, SqliteJournal};

/// Opens the journal to serve from it.
pub(super) async fn serve(config: &Config, clock: &Clock) -> Result<Arc<dyn Journal>, JournalError> {
    match &config.journal.database {
        Some(database) => {
            let options = options(database, config);
            Ok(Arc::new(PostgresJournal::serve(&options, clock.clone()).await?))
        }
        None => {
            let journal = SqliteJournal::serve(&config.journal.path, &Options::default(), clock.clone())?;
            Ok(Arc::new(journal))
        }
    }
}

/// Opens an existing journal for an operator's command, beside the gateways that serve from it.
///
/// # Errors
/// There is no journal, or it cannot be had.
pub(crate) async fn inspect(config: &Config, clock: Clock) -> Result<Arc<dyn Journal>, JournalError> {
    match &config.journal.database {
        Some(database) => Ok(Arc::new(PostgresJournal::inspect(&options(database, config), clock).await?)),
        None => Ok(Arc::new(SqliteJournal::inspect(&config.journal.path, clock)?)),
    }
}

/// Where the journal is, in words without a secret.
pub(crate) fn place(config: &Config) -> String {
    match &config.journal.database {
        Some(database) => options(database, config).place(),
        None => config.journal.path.display().to_string(),
    }
}

fn options(database: &Database, config: &Config) -> PostgresOptions {
    let replica = database.replica.clone().unwrap_or_else(|| own_name(&config.directories.data));
    let mut options = PostgresOptions::new(database.settings.clone(), replica);
    options.ca_file.clone_from(&database.ca_file);
    options.lease = database.lease;
    options
}

/// The host and the folder that this gateway writes to: no other has both.
fn own_name(data: &Path) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let data = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
    format!("{}:{}", host.trim(), data.display())
}
