//! Certificates, authorities and revocation lists in use: read again when their files change, spoken of before they end.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::config;
use crate::http::admin::Check;
use crate::telemetry::events::CertificateSeen;
use crate::tls::{Expiry, ExpiryKind, Renewable, Renewal};

/// How often what is near its end is worth a line.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Everything that is made of certificates' files.
pub(super) struct Certificates {
    watched: Arc<Vec<Renewal>>,
    settings: config::Certificates,
    clock: Clock,
    told: Mutex<HashMap<(&'static str, PathBuf), Told>>,
    now: Notify,
}

/// When a file was last spoken of, and of which end.
struct Told {
    at: Timestamp,
    ends: Timestamp,
}

impl Certificates {
    /// Watches `watched`, each under its name in the configuration.
    pub(super) fn new(
        watched: Vec<(&'static str, Arc<dyn Renewable>)>,
        settings: config::Certificates,
        clock: Clock,
    ) -> Arc<Self> {
        let watched = watched.into_iter().map(|(name, what)| Renewal::new(name, what)).collect();
        Arc::new(Self {
            watched: Arc::new(watched),
            settings,
            clock,
            told: Mutex::default(),
            now: Notify::new(),
        })
    }

    /// Has the files looked at without waiting for their time.
    pub(super) fn look_now(&self) {
        self.now.notify_one();
    }

    /// Looks at the files for as long as the process lives.
    pub(super) async fn keep_up(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(self.settings.look);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = self.now.notified() => {}
            }
            let watched = Arc::clone(&self.watched);
            let look = move || watched.iter().map(Renewal::look).collect::<Vec<_>>();
            // An error means that the runtime is shutting down.
            let Ok(looked) = tokio::task::spawn_blocking(look).await else { return };
            self.watched.iter().zip(&looked).for_each(|(renewal, looked)| renewal.tell(looked));
            self.speak();
        }
    }

    /// How each certificate stands, and what else somebody should look at.
    pub(super) fn checks(&self) -> Vec<Check> {
        let now = self.clock.now();
        let mut checks = Vec::new();
        for renewal in self.watched.iter() {
            let name = renewal.name();
            for expiry in renewal.expiries() {
                checks.extend(self.check(name, &expiry, now));
            }
            if let Some(error) = renewal.refused() {
                let detail = format!("the files on disk are not in use, the former ones are: {error}");
                checks.push(Check::warning(format!("files of {name}"), detail));
            }
        }
        checks
    }

    fn check(&self, name: &str, expiry: &Expiry, now: Timestamp) -> Option<Check> {
        let left = expiry.ends.as_second().saturating_sub(now.as_second());
        let first = self.settings.warn_days.first().copied().unwrap_or_default();
        let soon = left < i64::from(first) * 86_400;
        let of = format!("{} {name}", expiry.kind.as_str().replace('-', " "));
        let (file, at) = (expiry.file.display(), expiry.ends);
        match expiry.kind {
            ExpiryKind::Own if left <= 0 => Some(Check::failing(of, format!("{file}: expired at {at}"))),
            ExpiryKind::Authority if left <= 0 => {
                Some(Check::warning(of, format!("{file}: one of them expired at {at}")))
            }
            ExpiryKind::RevocationList => {
                (left <= 0).then(|| Check::warning(of, format!("{file}: the next list was due at {at}")))
            }
            _ if soon => {
                let days = left / 86_400;
                Some(Check::warning(of, format!("{file}: expires at {at}, in {days} days")))
            }
            ExpiryKind::Own => Some(Check::passing(of)),
            ExpiryKind::Authority => None,
        }
    }

    /// The gauges always; a line when an end changes, and once a day.
    fn speak(&self) {
        let now = self.clock.now();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        for renewal in self.watched.iter() {
            for Expiry { kind, file, ends, .. } in renewal.expiries() {
                let shown = file.display().to_string();
                let seen = CertificateSeen {
                    certificate: renewal.name(),
                    kind: kind.as_str(),
                    file: &shown,
                    expires: ends,
                    now,
                    warn_days: &self.settings.warn_days,
                };
                seen.measure();
                let last = told.get(&(renewal.name(), file.clone()));
                if last.is_none_or(|told| told.ends != ends || now.duration_since(told.at) >= DAY) {
                    seen.tell();
                    told.insert((renewal.name(), file), Told { at: now, ends });
                }
            }
        }
    }
}
