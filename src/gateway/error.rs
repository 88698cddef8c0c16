//! Why the gateway does not start.

use crate::bridge::{ChiaviError, KnowledgeError};
use crate::http::ListenerError;
use crate::journal::JournalError;
use crate::node::SettingsError;
use crate::sandbox::SandboxError;
use crate::sandbox::pki::PkiError;
use crate::tls::TlsError;

/// The gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data is wrong; everything that is.
    #[error("{} mistakes in schemas, services or parties", .0.len())]
    Knowledge(Vec<KnowledgeError>),
    /// The keys of signatures are wrong; everything that is.
    #[error("the keys of signatures: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Chiavi(Vec<ChiaviError>),
    /// The party that the gateway is to speak as is not registered.
    #[error("identity {tipo}/{nome} is not among the parties")]
    Identity {
        /// Its type.
        tipo: String,
        /// Its name.
        nome: String,
    },
    /// Certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The node's address cannot be used.
    #[error(transparent)]
    NodeAddress(#[from] SettingsError),
    /// The journal cannot be opened.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An address cannot be listened on.
    #[error(transparent)]
    Listener(#[from] ListenerError),
    /// The sandbox's certificates cannot be made.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// A simulated neighbour cannot start.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
}

impl StartError {
    /// Whether the operator must change the configuration or the data, as opposed to something being down.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        match self {
            Self::Knowledge(_)
            | Self::Chiavi(_)
            | Self::Identity { .. }
            | Self::Tls(_)
            | Self::NodeAddress(_) => true,
            Self::Journal(_) | Self::Listener(_) | Self::Pki(_) | Self::Sandbox(_) => false,
        }
    }
}
