//! The sandbox's own certification authority and the certificates it issues, so that the first command of the
//! README runs over real mutual TLS.
//!
//! [`ensure`] leaves a directory in which every file is present, belongs to its key, was issued by the authority
//! that is there, and is good for 30 days more; what already is so is not touched. Keys are P-256, readable by
//! their owner alone. A file appears whole or not at all; a pair torn by a crash between its two files, or a file
//! emptied by a power cut, is found by the checks and made anew at the next start.
//!
//! None of this is for production: the authority's key lies beside the certificates.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName,
    SubjectKeyIdentifier,
};
use openssl::x509::{X509, X509Builder, X509NameBuilder, X509Ref};

use crate::pem::instant;

/// A certificate with less than this left is replaced.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Life of the authority.
const AUTHORITY_LIFE: SignedDuration = SignedDuration::from_hours(3650 * 24);
/// Life of what it issues: within what browsers and curl take.
const LEAF_LIFE: SignedDuration = SignedDuration::from_hours(397 * 24);
/// Certificates begin this long before they are made, for peers whose clock is behind.
const BEGIN_BEFORE: SignedDuration = SignedDuration::from_hours(24);

/// The organisation in every subject.
const ORGANISATION: &str = "egov-bridge sandbox";
/// The common name of the authority.
const AUTHORITY: &str = "egov-bridge sandbox CA";

/// A certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The certificate (PEM).
    pub certificate: PathBuf,
    /// Its private key (PEM, PKCS#8).
    pub key: PathBuf,
}

/// Where everything is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pki {
    /// The directory.
    pub directory: PathBuf,
    /// The authority's certificate.
    pub authority: PathBuf,
    /// The gateway's listeners `pdd` and `rest`; also what it shows to a PDD that it calls, as a porta does.
    pub pdd_server: Pair,
    /// The simulated node's listener.
    pub node_server: Pair,
    /// The gateway towards the node.
    pub node_client: Pair,
    /// The simulated regional PDD, both as a listener and as a client.
    pub sandbox_pdd: Pair,
}

/// The directory could not be brought into order.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// A file or the directory cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// OpenSSL would not make a key or certificate.
    #[error("cannot make a certificate: {0}")]
    Make(#[from] ErrorStack),
    /// A time is out of the range of certificates.
    #[error("the clock shows {0}, which no certificate can hold")]
    Clock(Timestamp),
}

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Client,
    Server,
    /// A porta di dominio calls and is called under one certificate.
    Both,
}

/// The authority with its key.
struct Authority {
    certificate: X509,
    key: PKey<Private>,
}

impl Pki {
    /// Where everything is below `directory`, whether it is there or not.
    #[must_use]
    pub fn at(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            authority: directory.join("ca.pem"),
            pdd_server: Pair::at(directory, "pdd-server"),
            node_server: Pair::at(directory, "node-server"),
            node_client: Pair::at(directory, "node-client"),
            sandbox_pdd: Pair::at(directory, "sandbox-pdd"),
        }
    }

    /// The client certificate of a party. It exists if the party was named to [`ensure`].
    #[must_use]
    pub fn regione(&self, nome: &str) -> Pair {
        Pair::at(&self.directory, &format!("regione-{}", file_name(nome)))
    }

    /// The authority's key, next to its certificate.
    fn authority_key(&self) -> PathBuf {
        self.directory.join("ca.key")
    }
}

impl Pair {
    fn at(directory: &Path, name: &str) -> Self {
        Self {
            certificate: directory.join(format!("{name}.pem")),
            key: directory.join(format!("{name}.key")),
        }
    }
}

/// Brings `directory` into order for the instant `now`, with a client certificate for each of `parti` (common name:
/// the party's name).
///
/// # Errors
/// If the directory cannot be written.
pub fn ensure(directory: &Path, parti: &[&str], now: Timestamp) -> Result<Pki, PkiError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|error| PkiError::File { path: directory.to_owned(), error })?;
    let pki = Pki::at(directory);
    let authority = ensure_authority(&pki, now)?;
    let servers_and_clients = [
        (pki.pdd_server.clone(), "localhost", Purpose::Both),
        (pki.node_server.clone(), "localhost", Purpose::Server),
        (pki.node_client.clone(), "egov-bridge", Purpose::Client),
        (pki.sandbox_pdd.clone(), "sandbox-pdd", Purpose::Both),
    ];
    for (pair, common_name, purpose) in servers_and_clients {
        ensure_leaf(&pair, common_name, purpose, &authority, now)?;
    }
    for nome in parti {
        ensure_leaf(&pki.regione(nome), nome, Purpose::Client, &authority, now)?;
    }
    Ok(pki)
}

fn ensure_authority(pki: &Pki, now: Timestamp) -> Result<Authority, PkiError> {
    let pair = Pair { certificate: pki.authority.clone(), key: pki.authority_key() };
    if let Some((certificate, key)) = usable(&pair, now)
        && certificate.issued(&certificate) == openssl::x509::X509VerifyResult::OK
    {
        return Ok(Authority { certificate, key });
    }
    let key = new_key()?;
    let mut builder = begin(AUTHORITY, &key, now, AUTHORITY_LIFE)?;
    let name = builder_name(AUTHORITY)?;
    builder.set_issuer_name(&name)?;
    builder.append_extension(BasicConstraints::new().critical().ca().pathlen(0).build()?)?;
    builder.append_extension(KeyUsage::new().critical().key_cert_sign().crl_sign().build()?)?;
    let subject_key = SubjectKeyIdentifier::new().build(&builder.x509v3_context(None, None))?;
    builder.append_extension(subject_key)?;
    builder.sign(&key, MessageDigest::sha256())?;
    let authority = Authority { certificate: builder.build(), key };
    write_pair(&pair, &authority.certificate, &authority.key)?;
    Ok(authority)
}

fn ensure_leaf(
    pair: &Pair,
    common_name: &str,
    purpose: Purpose,
    authority: &Authority,
    now: Timestamp,
) -> Result<(), PkiError> {
    if let Some((certificate, _)) = usable(pair, now)
        && certificate.verify(&authority.key).unwrap_or(false)
    {
        return Ok(());
    }
    let key = new_key()?;
    let mut builder = begin(common_name, &key, now, LEAF_LIFE)?;
    builder.set_issuer_name(authority.certificate.subject_name())?;
    builder.append_extension(BasicConstraints::new().critical().build()?)?;
    builder.append_extension(KeyUsage::new().critical().digital_signature().build()?)?;
    let mut usage = ExtendedKeyUsage::new();
    if purpose != Purpose::Client {
        usage.server_auth();
    }
    if purpose != Purpose::Server {
        usage.client_auth();
    }
    builder.append_extension(usage.build()?)?;
    let context = builder.x509v3_context(Some(&authority.certificate), None);
    let subject_key = SubjectKeyIdentifier::new().build(&context)?;
    let authority_key = AuthorityKeyIdentifier::new().keyid(true).build(&context)?;
    let mut extensions = vec![subject_key, authority_key];
    if purpose != Purpose::Client {
        let mut names = SubjectAlternativeName::new();
        names.dns("localhost");
        for address in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
            names.ip(&address.to_string());
        }
        extensions.push(names.build(&context)?);
    }
    for extension in extensions {
        builder.append_extension(extension)?;
    }
    builder.sign(&authority.key, MessageDigest::sha256())?;
    write_pair(pair, &builder.build(), &key)
}

/// The pair as it is on disk, if it is whole, belongs together and is not about to expire. Whatever is wrong with
/// it has the same remedy.
fn usable(pair: &Pair, now: Timestamp) -> Option<(X509, PKey<Private>)> {
    let certificate = X509::from_pem(&fs::read(&pair.certificate).ok()?).ok()?;
    let key = PKey::private_key_from_pem(&fs::read(&pair.key).ok()?).ok()?;
    let begun = instant(certificate.not_before()).ok()? <= now;
    let lasts = now.checked_add(RENEW_BEFORE).ok()? < instant(certificate.not_after()).ok()?;
    let belongs = certificate.public_key().ok()?.public_eq(&key);
    (begun && lasts && belongs).then_some((certificate, key))
}

fn new_key() -> Result<PKey<Private>, ErrorStack> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    PKey::from_ec_key(EcKey::generate(&group)?)
}

/// A certificate with subject, serial number, key and validity.
fn begin(
    common_name: &str,
    key: &PKey<Private>,
    now: Timestamp,
    life: SignedDuration,
) -> Result<X509Builder, PkiError> {
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    // 127 random bits: positive, and at most the 20 octets of RFC 5280 §4.1.2.2.
    let mut serial = BigNum::new()?;
    serial.rand(127, MsbOption::MAYBE_ZERO, false)?;
    builder.set_serial_number(&*Asn1Integer::from_bn(&serial)?)?;
    let name = builder_name(common_name)?;
    builder.set_subject_name(&name)?;
    builder.set_pubkey(key)?;
    let at = |shift: SignedDuration| now.checked_add(shift).map_err(|_| PkiError::Clock(now));
    let (from, until) = (at(-BEGIN_BEFORE)?, at(life)?);
    builder.set_not_before(&*Asn1Time::from_unix(from.as_second())?)?;
    builder.set_not_after(&*Asn1Time::from_unix(until.as_second())?)?;
    Ok(builder)
}

fn builder_name(common_name: &str) -> Result<openssl::x509::X509Name, ErrorStack> {
    let mut name = X509NameBuilder::new()?;
    name.append_entry_by_nid(Nid::COUNTRYNAME, "IT")?;
    name.append_entry_by_nid(Nid::ORGANIZATIONNAME, ORGANISATION)?;
    name.append_entry_by_nid(Nid::COMMONNAME, common_name)?;
    Ok(name.build())
}

/// The key first: a certificate without its key is the state that a reader would trip over.
fn write_pair(pair: &Pair, certificate: &X509Ref, key: &PKey<Private>) -> Result<(), PkiError> {
    write_whole(&pair.key, 0o600, &key.private_key_to_pem_pkcs8()?)?;
    write_whole(&pair.certificate, 0o644, &certificate.to_pem()?)
}

/// Writes beside the file and renames. Not synced to the disk: what a power cut destroys is made anew.
fn write_whole(path: &Path, mode: u32, contents: &[u8]) -> Result<(), PkiError> {
    let beside = path.with_extension(match path.extension().and_then(|extension| extension.to_str()) {
        Some("key") => "key.new",
        _ => "pem.new",
    });
    let written = || {
        // A leftover may have another mode, which opening would keep.
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?.write_all(contents)?;
        fs::rename(&beside, path)
    };
    written().map_err(|error| PkiError::File { path: path.to_owned(), error })
}

/// A party's name as part of a file's name: `VAL D'AOSTA` is `VAL-D-AOSTA`.
fn file_name(nome: &str) -> String {
    nome.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect()
}

#[cfg(test)]
#[path = "pki_tests.rs"]
mod tests;
