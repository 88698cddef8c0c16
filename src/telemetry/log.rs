//! The log: one line an event on standard error, as JSON or as text.

use std::panic::PanicHookInfo;

use tracing::error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use super::mask;

/// The environment variable that overrides the configured filter.
pub const FILTER_VARIABLE: &str = "EGOV_BRIDGE_LOG";

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For people at a terminal.
    #[default]
    Text,
    /// For collectors: one JSON object a line.
    Json,
}

/// The log could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is not one.
    #[error("\"{filter}\" is not a log filter: {error}")]
    Filter {
        /// The filter as given.
        filter: String,
        /// What is wrong with it.
        error: ParseError,
    },
    /// The process logs already.
    #[error("the log is already set up")]
    AlreadySetUp,
}

/// Sets the log up for the whole process: lines go to standard error, those that `filter` (or, where it is set, the
/// variable [`FILTER_VARIABLE`]) lets through, such as `info,egov_bridge=debug`. A panic becomes a line too.
///
/// # Errors
/// If the filter cannot be read, or the process logs already.
pub fn init(format: Format, filter: &str) -> Result<(), LogError> {
    let filter = std::env::var(FILTER_VARIABLE).unwrap_or_else(|_| filter.to_owned());
    let env_filter = EnvFilter::try_new(&filter).map_err(|error| LogError::Filter { filter, error })?;
    let lines = tracing_subscriber::fmt().with_env_filter(env_filter).with_writer(std::io::stderr);
    let set = match format {
        Format::Text => {
            let colour = std::io::IsTerminal::is_terminal(&std::io::stderr());
            lines.with_ansi(colour).with_target(false).try_init()
        }
        Format::Json => {
            lines.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
        }
    };
    set.map_err(|_| LogError::AlreadySetUp)?;
    std::panic::set_hook(Box::new(panicked));
    Ok(())
}

/// The message of a panic can quote the data it tripped over, so it is masked like any text; a backtrace would be
/// a line a frame, and the place says enough to start from.
fn panicked(panic: &PanicHookInfo<'_>) {
    let message = panic
        .payload()
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.payload().downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(no message)");
    let place = panic.location().map(ToString::to_string);
    error!(
        event = "panic",
        place = place.as_deref(),
        detail = mask::text(message).as_ref(),
        "a task panicked"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_is_none_is_refused_with_its_text() {
        let refused = EnvFilter::try_new("egov_bridge=loud")
            .map_err(|error| LogError::Filter { filter: "egov_bridge=loud".to_owned(), error });
        assert!(refused.unwrap_err().to_string().contains("egov_bridge=loud"));
    }
}
