//! What can be wrong with a configuration.

use std::io;
use std::path::PathBuf;

use super::source::Fault;

/// What is wrong with one key, and what was wanted. Place and value seen are kept beside it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The file, its syntax, its keys or its types.
    #[error(transparent)]
    File(#[from] Fault),
    /// Needed, and not given.
    #[error("not given; wanted {wanted}")]
    Missing {
        /// What was wanted.
        wanted: &'static str,
    },
    /// Not one of a fixed set.
    #[error("wanted one of {}", .wanted.join(", "))]
    Choice {
        /// The set.
        wanted: Vec<&'static str>,
    },
    /// Not an address to listen on.
    #[error("wanted an IP address and a port, such as 127.0.0.1:8080")]
    Address,
    /// Two listeners at one address.
    #[error("the same address as {other}; wanted another port")]
    AddressTaken {
        /// The key that has the address already.
        other: &'static str,
    },
    /// A listener that strangers can reach and need not identify to.
    #[error("a public address without mutual TLS; wanted a loopback address{}", if *.tls { ", or client_certificate = \"required\"" } else { ", or a proxy that terminates TLS" })]
    PublicWithoutMutualTls {
        /// Whether the listener could do it.
        tls: bool,
    },
    /// The sandbox answers this machine only.
    #[error("wanted a loopback address: the sandbox answers this machine only")]
    SandboxPublic,
    /// The sandbox beside real messages.
    #[error("wanted false: the sandbox never runs with production = true")]
    SandboxInProduction,
    /// A weakened security beside real messages.
    #[error("wanted false: keys that begin with danger_ are refused with production = true")]
    DangerInProduction,
    /// Not an address of the node.
    #[error("wanted https://host[:port][/path], without user, query or fragment")]
    Url,
    /// Not the address of a database.
    #[error(
        "wanted postgres://user@host[:port]/database, with sslmode = disable or verify-full if any: {why}"
    )]
    Database {
        /// What is wrong with it.
        why: String,
    },
    /// A password within an address.
    #[error("a password is not part of the address; wanted it in journal.password or journal.password_file")]
    PasswordInUrl,
    /// Messages that can be read on their way to the database.
    #[error("sslmode = disable to another machine is refused with production = true; wanted verify-full")]
    DatabaseInTheClear,
    /// A number outside its bounds.
    #[error("wanted {least} to {most}")]
    Range {
        /// The least allowed.
        least: u64,
        /// The greatest allowed.
        most: u64,
    },
    /// Not digits, or too many.
    #[error("wanted at most {most} digits")]
    Digits {
        /// The greatest number allowed.
        most: u64,
    },
    /// Two deadlines that contradict each other.
    #[error("wanted {relation} {other} ({value})")]
    Deadline {
        /// `at most` or `less than`.
        relation: &'static str,
        /// The other key.
        other: &'static str,
        /// Its value, in milliseconds.
        value: u64,
    },
    /// A certificate without its key, or the reverse.
    #[error("not given, though {other} is; wanted both or neither")]
    Half {
        /// The one given.
        other: &'static str,
    },
    /// A file that cannot be read.
    #[error("{}: {kind}; wanted a file that this process can read", .path.display())]
    Unreadable {
        /// The path, resolved.
        path: PathBuf,
        /// Why.
        kind: io::ErrorKind,
    },
    /// A keystore beside the files that it takes the place of.
    #[error("given together with keystore_file; wanted one of the two")]
    Keystore,
    /// A key that only OpenSSL heeds.
    #[error("heeded only with tls = \"openssl\"")]
    OpensslOnly,
    /// Two keys that exclude each other.
    #[error("given together with {other}; wanted one of the two")]
    Either {
        /// The other key.
        other: &'static str,
    },
    /// Not a list of cipher suites.
    #[error("wanted cipher suites in OpenSSL's notation, without @ directives, such as ECDHE+AES:RSA+AES")]
    CipherSuites,
    /// Not a set of addresses.
    #[error("wanted IP addresses or networks, such as 10.0.0.5 or 10.1.0.0/24")]
    Networks,
    /// Not the name of a header.
    #[error("wanted the name of an HTTP header")]
    Header,
    /// Days that do not descend.
    #[error("wanted at least one number of days, each less than the one before and more than 0")]
    Days,
    /// The machine has no bundle of authorities where one is looked for.
    #[error("no bundle of authorities on this machine; wanted one of {}, or ca_file", .looked.join(", "))]
    NoSystemRoots {
        /// Where it was looked for.
        looked: Vec<&'static str>,
    },
    /// A secret written into the file.
    #[error(
        "a secret is not written in this file; wanted one variable of the environment, ${{NAME}}, or {other}"
    )]
    SecretInFile {
        /// The key that takes a file instead.
        other: &'static str,
    },
    /// A secret given in two ways.
    #[error("given together with {other}; wanted one of the two")]
    TwoSecrets {
        /// The other way.
        other: &'static str,
    },
    /// A name or type of a party that the busta cannot carry.
    #[error("wanted a name without white space around it")]
    Name,
}
