//! `conformance`: does this gateway, or another porta, keep the rules of the busta?

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::arguments::ConformanceArguments;
use super::send::Files;
use super::stdout::print;
use super::{Exit, send, settings};
use crate::conformance::{Endpoint, Suite, Target, run as run_suite};
use crate::telemetry::metrics;

/// Where the suite stands beside a configuration.
const FOLDER: &str = "conformance";

pub(super) fn run(config: Option<&Path>, arguments: &ConformanceArguments) -> Exit {
    conformance(config, arguments).unwrap_or_else(|exit| exit)
}

fn conformance(config: Option<&Path>, arguments: &ConformanceArguments) -> Result<Exit, Exit> {
    let shipped = config.and_then(Path::parent).map_or_else(|| PathBuf::from(FOLDER), |at| at.join(FOLDER));
    let suite = match &arguments.folder {
        Some(folder) => Suite::load(folder, Some(&shipped)),
        None => Suite::load(&shipped, None),
    };
    let suite = suite.map_err(|errors| {
        errors.iter().for_each(|error| eprintln!("{error}"));
        Exit::Usage
    })?;
    let target = target(arguments)?;
    let only = arguments.only.as_deref().unwrap_or_default();
    let report = settings::runtime()?.block_on(run_suite(&Arc::new(suite), target, only));
    let report = report.map_err(|error| {
        eprintln!("egov-bridge: {error}");
        Exit::Unavailable
    })?;
    print(&format!("{report}\n"));
    Ok(if report.failed() == 0 { Exit::Done } else { Exit::Refused })
}

fn target(arguments: &ConformanceArguments) -> Result<Target, Exit> {
    let usage = |why: &dyn std::fmt::Display| {
        eprintln!("egov-bridge: {why}");
        Exit::Usage
    };
    let Some(url) = &arguments.target else {
        return metrics::install().map(Target::Gateway).map_err(|error| {
            eprintln!("egov-bridge: {error}");
            Exit::Bug
        });
    };
    let tls = match &arguments.ca {
        None => None,
        Some(ca) => {
            let pair = arguments.certificate.clone().zip(arguments.key.clone());
            Some(send::tls_client(&Files { ca: ca.clone(), pair }).map_err(|error| usage(&error))?)
        }
    };
    if url.starts_with("https:") && tls.is_none() {
        return Err(usage(&"https needs --ca FILE, the authorities that vouch for the target"));
    }
    let endpoint = Endpoint::parse(url, tls).map_err(|error| usage(&error))?;
    Ok(Target::Url { endpoint, setups: arguments.setup.iter().cloned().collect() })
}
