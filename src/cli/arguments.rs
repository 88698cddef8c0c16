//! What can be asked on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Gateway between the busta e-Gov of a Porta di Dominio and the JSON nativo of the national labour node.
#[derive(Debug, Parser)]
#[command(name = "egov-bridge", version, about, after_help = "Without a subcommand: serve.")]
pub(super) struct Arguments {
    /// The configuration; without it ./config.toml, and without that the embedded default.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the gateway.
    Serve,
    /// Check configuration, schemas, services and certificates; print every problem at once.
    Check,
    /// Validate documents against the schema of their root element.
    Validate(ValidateArguments),
    /// Translate a document from XML to JSON nativo or back.
    Translate(TranslateArguments),
    /// Send an envelope or a document to a Porta di Dominio and print the reply.
    Send(SendArguments),
    /// Look into the journal.
    Journal(JournalArguments),
}

#[derive(Debug, Args)]
pub(super) struct ValidateArguments {
    /// The documents.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct TranslateArguments {
    /// The form wanted; without it, the other one.
    #[arg(long, value_enum)]
    pub(super) to: Option<Form>,
    /// The kind of document (UNILAV, SAP, …), where a JSON payload without its envelope does not tell.
    #[arg(long, value_name = "TIPO_MODELLO")]
    pub(super) modello: Option<String>,
    /// The documents; "-" is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    Json,
    Xml,
}

#[derive(Debug, Args)]
pub(super) struct SendArguments {
    /// An e-Gov envelope, or a bare document to be wrapped in one; "-" is standard input.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Where to; without it, this configuration's listener for Porte di Dominio.
    #[arg(long, value_name = "URL")]
    pub(super) to: Option<String>,
    /// Print the envelope instead of sending it.
    #[arg(long)]
    pub(super) print: bool,
    /// Send the envelope as it is: keep its identifier and times.
    #[arg(long)]
    pub(super) as_is: bool,
    /// The sending party, where a bare document is wrapped.
    #[arg(long, value_name = "PARTE", default_value = "LAZIO")]
    pub(super) mittente: String,
    /// The action, where several take the same document (IDSAP: richiestaSAP or annullaSAP).
    #[arg(long, value_name = "AZIONE")]
    pub(super) azione: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct JournalArguments {
    #[command(subcommand)]
    pub(super) command: JournalCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum JournalCommand {
    /// The newest messages, one a line.
    List(ListArguments),
    /// The life of a message: its times, its attempts, both its forms.
    Show(ShowArguments),
}

#[derive(Debug, Args)]
pub(super) struct ListArguments {
    /// Only those of this sender.
    #[arg(long)]
    pub(super) mittente: Option<String>,
    /// Only those of this servizio.
    #[arg(long)]
    pub(super) servizio: Option<String>,
    /// Only those of this azione.
    #[arg(long)]
    pub(super) azione: Option<String>,
    /// Only those in this state: refused, intended, delivered, refused_by_node, failed, unknown, resolved.
    #[arg(long)]
    pub(super) stato: Option<String>,
    /// Only those that came in at this instant or later (2026-11-21T10:00:00Z).
    #[arg(long, value_name = "INSTANT")]
    pub(super) since: Option<String>,
    /// Only those that came in before this instant.
    #[arg(long, value_name = "INSTANT")]
    pub(super) until: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 50)]
    pub(super) limit: u32,
}

#[derive(Debug, Args)]
pub(super) struct ShowArguments {
    /// Number of the record, or Identificatore of the busta.
    pub(super) reference: String,
}
