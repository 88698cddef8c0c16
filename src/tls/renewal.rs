//! Files that change under a running process, and the end of what is in them.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::TlsError;
use crate::telemetry::events::TlsReloaded;

/// What a reload did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reloaded {
    /// The files hold what is in use already.
    Unchanged,
    /// New connections use the new files.
    Changed,
}

/// What ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExpiryKind {
    /// The certificate that we show: nobody can talk to us, or we to nobody.
    Own,
    /// An authority that we believe: those it vouches for are refused.
    Authority,
    /// A revocation list: the next one is due.
    RevocationList,
}

/// The time of what is in one file: where it holds several, the latest beginning and the first end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// What ends.
    pub kind: ExpiryKind,
    /// The file.
    pub file: PathBuf,
    /// From when it is good.
    pub begins: Timestamp,
    /// Until when.
    pub ends: Timestamp,
}

/// Something made of files.
pub trait Renewable: Send + Sync {
    /// Reads the files again and, if they changed and are usable, takes them into use.
    ///
    /// # Errors
    /// The files cannot be used; what was read before stays in use.
    fn reload(&self) -> Result<Reloaded, TlsError>;

    /// What is in use, and until when it is good.
    fn expiries(&self) -> Vec<Expiry>;
}

/// Something made of files, watched under its name in the configuration.
pub struct Renewal {
    name: &'static str,
    what: Arc<dyn Renewable>,
    /// Why the files that lie there now are not in use.
    refused: Mutex<Option<String>>,
}

/// What came of a look at the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Looked {
    /// Nothing that was not known.
    NothingNew,
    /// The new files are in use.
    Changed,
    /// The new files cannot be used, and this is why; the former stay in use.
    Refused(String),
}

impl ExpiryKind {
    /// The word for metrics and log lines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "certificate",
            Self::Authority => "authority",
            Self::RevocationList => "revocation-list",
        }
    }
}

impl Renewal {
    /// Watches `what` under `name`.
    #[must_use]
    pub fn new(name: &'static str, what: Arc<dyn Renewable>) -> Self {
        Self { name, what, refused: Mutex::new(None) }
    }

    /// The name in the configuration, such as `listeners.pdd`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What is in use, and until when it is good.
    #[must_use]
    pub fn expiries(&self) -> Vec<Expiry> {
        self.what.expiries()
    }

    /// Why the files that lie there now are not in use.
    #[must_use]
    pub fn refused(&self) -> Option<String> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks at the files. Reads them: not for a thread that others wait for.
    pub fn look(&self) -> Looked {
        let error = match self.what.reload() {
            Ok(reloaded) => {
                *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = None;
                return if reloaded == Reloaded::Changed { Looked::Changed } else { Looked::NothingNew };
            }
            Err(error) => error.to_string(),
        };
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.as_deref() == Some(&error) {
            return Looked::NothingNew;
        }
        *refused = Some(error.clone());
        Looked::Refused(error)
    }

    /// Says what came of a look, where there is something to say.
    pub fn tell(&self, looked: &Looked) {
        let error = match looked {
            Looked::NothingNew => return,
            Looked::Changed => None,
            Looked::Refused(error) => Some(error.as_str()),
        };
        TlsReloaded { certificate: self.name, error }.emit();
    }
}
