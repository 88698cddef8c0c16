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
    /// Run the conformance suite against this gateway or another porta.
    Conformance(ConformanceArguments),
    /// Look into the journal.
    Journal(JournalArguments),
}

#[derive(Debug, Args)]
pub(super) struct ValidateArguments {
    /// Documents, or whole e-Gov envelopes; "-" is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct TranslateArguments {
    /// The form wanted; without it, the other one.
    #[arg(long, value_enum)]
    pub(super) to: Option<Format>,
    /// The kind of document (UNILAV, SAP, …), where a JSON payload without its envelope does not tell.
    #[arg(long, value_name = "TIPO_MODELLO")]
    pub(super) modello: Option<String>,
    /// Lay the result out for reading.
    #[arg(long)]
    pub(super) pretty: bool,
    /// Documents, payloads, or whole envelopes of either form; "-" is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
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
    /// Send the file as it is: an envelope keeps its identifier and times.
    #[arg(long)]
    pub(super) as_is: bool,
    /// Print the reply exactly as it came, not laid out for reading.
    #[arg(long)]
    pub(super) raw: bool,
    /// The sending party, where a bare document is wrapped.
    #[arg(long, value_name = "PARTE", default_value = "LAZIO")]
    pub(super) mittente: String,
    /// The action, where several take the same document (IDSAP: richiestaSAP or annullaSAP).
    #[arg(long, value_name = "AZIONE")]
    pub(super) azione: Option<String>,
    /// A file to send as an attachment; may be given several times.
    #[arg(long, value_name = "FILE", conflicts_with = "as_is")]
    pub(super) allegato: Vec<PathBuf>,
    /// For https: the sender's certificate chain (PEM). With the sandbox on, that of the envelope's mittente.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(super) certificate: Option<PathBuf>,
    /// For https: the private key of the certificate (PEM).
    #[arg(long, value_name = "FILE", requires = "certificate")]
    pub(super) key: Option<PathBuf>,
    /// For https: the authorities that vouch for the receiver (PEM). With the sandbox on, the sandbox's.
    #[arg(long, value_name = "FILE")]
    pub(super) ca: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ConformanceArguments {
    /// A folder with cases of your own; without it, the suite in `conformance/` beside the configuration.
    #[arg(value_name = "DIR")]
    pub(super) folder: Option<PathBuf>,
    /// The porta to judge; without it, this gateway in a process of its own.
    #[arg(long, value_name = "URL")]
    pub(super) target: Option<String>,
    /// A set-up that the target has: parties and services as in `conformance/setup/NAME`. May be given several times.
    #[arg(long, value_name = "NAME", requires = "target")]
    pub(super) setup: Vec<String>,
    /// Only the cases of this group or clause, or whose name holds this text.
    #[arg(long, value_name = "TEXT")]
    pub(super) only: Option<String>,
    /// A folder of certificates of the parties, by which they sign and call: made where they are not yet there. The target must
    /// believe its `ca.pem`.
    #[arg(long, value_name = "FOLDER", requires = "target")]
    pub(super) keys: Option<PathBuf>,
    /// For https: the sender's certificate chain (PEM).
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(super) certificate: Option<PathBuf>,
    /// For https: the private key of the certificate (PEM).
    #[arg(long, value_name = "FILE", requires = "certificate")]
    pub(super) key: Option<PathBuf>,
    /// For https: the authorities that vouch for the target (PEM).
    #[arg(long, value_name = "FILE")]
    pub(super) ca: Option<PathBuf>,
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
    /// Say what became of a message whose outcome is unknown.
    Resolve(ResolveArguments),
    /// Check that no record was edited, deleted or put in afterwards.
    Verify,
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
    /// Only those with this verdict: OK or KO.
    #[arg(long)]
    pub(super) esito: Option<String>,
    /// Only the receptions of this busta.
    #[arg(long)]
    pub(super) identificatore: Option<String>,
    /// Only those that came in at this time or later: a day or a time of Rome (2026-11-21T10:00), or with a zone.
    #[arg(long, value_name = "TIME")]
    pub(super) since: Option<String>,
    /// Only those that came in before this time.
    #[arg(long, value_name = "TIME")]
    pub(super) until: Option<String>,
    /// Only those older than this record: the last of one page begins the next.
    #[arg(long, value_name = "NUMBER")]
    pub(super) before: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 50)]
    pub(super) limit: u32,
}

#[derive(Debug, Args)]
pub(super) struct ShowArguments {
    /// Number of the record, or Identificatore of the busta.
    pub(super) reference: String,
    /// Print only these bytes of it, exactly as they are; of its last attempt, where there were several.
    #[arg(long, value_enum)]
    pub(super) only: Option<Bytes>,
}

/// The bytes that the journal holds of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Bytes {
    /// What came in.
    Request,
    /// What was sent on.
    Forwarded,
    /// What came back.
    Answer,
    /// What the sender was answered.
    Reply,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("word").required(true).args(["executed", "not_executed"]))]
pub(super) struct ResolveArguments {
    /// Number of the record.
    pub(super) id: String,
    /// The other side did execute it: it will not be sent again.
    #[arg(long)]
    pub(super) executed: bool,
    /// The other side did not execute it: its sender may send it again.
    #[arg(long)]
    pub(super) not_executed: bool,
    /// Who says so.
    #[arg(long, value_name = "NAME")]
    pub(super) who: String,
    /// On what grounds.
    #[arg(long, value_name = "TEXT")]
    pub(super) why: String,
}
