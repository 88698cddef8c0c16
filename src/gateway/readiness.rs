//! Is the gateway fit to take messages?

use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;

use super::certificates::Certificates;
use crate::bridge::Knowledge;
use crate::http::admin::{Check, Readiness};
use crate::journal::{Journal, StatoName};

/// The checks of `/health/ready`: each looks at the thing itself, at the time of asking.
pub(super) struct Ready {
    journal: Arc<dyn Journal>,
    knowledge: Arc<ArcSwap<Knowledge>>,
    certificates: Arc<Certificates>,
}

impl Ready {
    pub(super) fn new(
        journal: Arc<dyn Journal>,
        knowledge: Arc<ArcSwap<Knowledge>>,
        certificates: Arc<Certificates>,
    ) -> Self {
        Self { journal, knowledge, certificates }
    }

    async fn journal(&self) -> Check {
        match self.journal.health().await {
            Ok(_) => Check::passing("journal"),
            Err(error) => Check::failing("journal", error.to_string()),
        }
    }

    /// Messages whose fate is open do not keep others out, but somebody must settle them.
    async fn unknown(&self) -> Check {
        match self.journal.counts().await.map(|counts| counts.get(StatoName::Unknown)) {
            Ok(0) => Check::passing("unknown outcomes"),
            Ok(open) => Check::warning("unknown outcomes", format!("{open} messages wait for an operator")),
            Err(error) => Check::failing("unknown outcomes", error.to_string()),
        }
    }
}

#[async_trait]
impl Readiness for Ready {
    async fn checks(&self) -> Vec<Check> {
        let mut checks = vec![self.journal().await, self.unknown().await];
        let knowledge = self.knowledge.load();
        let actions = knowledge.catalogue.iter().count();
        checks.push(if actions == 0 {
            Check::failing("schemas and services", "no action is configured")
        } else {
            Check::passing("schemas and services")
        });
        checks.extend(self.certificates.checks());
        checks
    }
}
