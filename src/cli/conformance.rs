//! `conformance`: does this gateway, or another porta, keep the rules of the busta?

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::arguments::ConformanceArguments;
use super::stdout::print;
use super::{Exit, settings};
use crate::conformance::{Endpoint, Keys, Suite, Target, Tls, run as run_suite};
use crate::sandbox::pki::Pair;
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
    let target = target(&suite, arguments)?;
    let only = arguments.only.as_deref().unwrap_or_default();
    let report = settings::runtime()?.block_on(run_suite(&Arc::new(suite), target, only));
    let report = report.map_err(|error| {
        eprintln!("egov-bridge: {error}");
        Exit::Unavailable
    })?;
    print(&format!("{report}\n"));
    Ok(if report.failed() == 0 { Exit::Done } else { Exit::Refused })
}

fn target(suite: &Suite, arguments: &ConformanceArguments) -> Result<Target, Exit> {
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
    let pair = arguments.certificate.clone().zip(arguments.key.clone());
    let pair = pair.map(|(certificate, key)| Pair { certificate, key });
    let tls = arguments.ca.as_ref().map(|ca| Tls::new(ca, pair.as_ref()));
    let tls = tls.transpose().map_err(|error| usage(&error))?;
    if url.starts_with("https:") && tls.is_none() {
        return Err(usage(&"https needs --ca FILE, the authorities that vouch for the target"));
    }
    let endpoint = Endpoint::parse(url, tls).map_err(|error| usage(&error))?;
    let keys =
        arguments.keys.as_ref().map(|folder| Keys::in_folder(folder, &suite.parti(), Timestamp::now()));
    let keys = keys.transpose().map_err(|error| usage(&error))?.map(Box::new);
    Ok(Target::Url { endpoint, setups: arguments.setup.iter().cloned().collect(), keys })
}
