//! The keys and certificates for the signatures of messages, from the files that the configuration names.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::SignedDuration;

use super::Knowledge;
use crate::config;
use crate::services::Regole;
use crate::soap::security::{Authorities, AuthoritiesError, Signer, SignerError};

/// Keys and certificates for the signatures of messages. Immutable: a reload makes new ones and swaps them.
#[derive(Debug)]
pub struct Chiavi {
    /// Who is believed; none: no signature can be verified.
    pub authorities: Option<Authorities>,
    /// Who signs answers; none: none can be signed.
    pub signer: Option<Signer>,
    /// Whether SHA-1 is accepted.
    pub sha1: bool,
    /// How much the clocks of the two ends may differ.
    pub skew: SignedDuration,
    /// How long a Timestamp of ours lives.
    pub life: SignedDuration,
}

/// The keys cannot be had, or are not enough. Each begins with the key of the configuration that is to be mended.
#[derive(Debug, thiserror::Error)]
pub enum ChiaviError {
    /// A file cannot be read.
    #[error("{key}: {}: {error}", .path.display())]
    File {
        /// The key that names it.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The authorities cannot be used.
    #[error("firma.ca_file: {0}")]
    Authorities(#[from] AuthoritiesError),
    /// The key cannot be used.
    #[error("firma.key_file: {0}")]
    Signer(#[from] SignerError),
    /// Signatures are wanted that nobody can verify.
    #[error("firma.ca_file: not given; {0} wants signatures")]
    NoAuthorities(String),
    /// Answers are to be signed that nobody can sign.
    #[error("firma.key_file: not given; {0} wants signed answers")]
    NoSigner(String),
}

impl Chiavi {
    /// Those that the configuration names; enough for what services and parties want.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn load(config: &config::Firma, knowledge: &Knowledge) -> Result<Self, Vec<ChiaviError>> {
        let mut errors = Vec::new();
        let authorities = authorities(config).unwrap_or_else(|error| {
            errors.push(error);
            None
        });
        let signer = signer(config).unwrap_or_else(|error| {
            errors.push(error);
            None
        });
        if config.ca_file.is_none()
            && let Some(nome) = first(knowledge, Regole::wants)
        {
            errors.push(ChiaviError::NoAuthorities(nome));
        }
        if config.key_pair.is_none()
            && let Some(nome) = first(knowledge, Regole::signs)
        {
            errors.push(ChiaviError::NoSigner(nome));
        }
        let span = |wait: Duration| SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
        let (skew, life) = (span(config.skew), span(config.timestamp));
        let keys = Self { authorities, signer, sha1: config.danger_sha1, skew, life };
        if errors.is_empty() { Ok(keys) } else { Err(errors) }
    }
}

fn authorities(config: &config::Firma) -> Result<Option<Authorities>, ChiaviError> {
    let Some(ca) = &config.ca_file else { return Ok(None) };
    let optional = |key, path: &Option<PathBuf>| path.as_deref().map(|path| read(key, path)).transpose();
    let crl = optional("firma.crl_file", &config.crl_file)?;
    let known = optional("firma.known_certificates_file", &config.known_certificates_file)?;
    let ca = read("firma.ca_file", ca)?;
    Ok(Some(Authorities::from_pem(&ca, crl.as_deref(), known.as_deref())?))
}

fn signer(config: &config::Firma) -> Result<Option<Signer>, ChiaviError> {
    let Some((certificate, key)) = &config.key_pair else { return Ok(None) };
    let password = config.key_password.as_ref().map(|password| password.expose());
    let certificate = read("firma.certificate_file", certificate)?;
    Ok(Some(Signer::from_pem(&certificate, &read("firma.key_file", key)?, password)?))
}

/// The first service or party of which it holds.
fn first(knowledge: &Knowledge, holds: impl Fn(&Regole) -> bool) -> Option<String> {
    let servizi = knowledge.catalogue.servizi().map(|servizio| (&servizio.nome, &servizio.firma));
    let parti = knowledge.parti.iter().map(|parte| (&parte.nome, &parte.firma));
    servizi.chain(parti).find(|(_, regole)| holds(regole)).map(|(nome, _)| nome.clone())
}

fn read(key: &'static str, path: &Path) -> Result<Vec<u8>, ChiaviError> {
    std::fs::read(path).map_err(|error| ChiaviError::File { key, path: path.to_owned(), error })
}
