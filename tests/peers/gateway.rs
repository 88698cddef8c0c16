//! Starts the built gateway for a test: a configuration of its own, free ports, a data folder that goes away with it.
//!
//! Invariants: a [`Gateway`] that `start` returned has said that it is ready; dropping it ends the process and removes its folder;
//! when it could not start, the error holds everything that it printed.

#![allow(dead_code, reason = "each test binary includes this file and uses its part of it")]

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a gateway may take to say that it is ready: generous, since tests of a debug build share two cores.
const READY_WITHIN: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// Where each listener of one gateway is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addresses {
    pub(crate) pdd: SocketAddr,
    pub(crate) pdd_tls: SocketAddr,
    pub(crate) rest: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) sandbox_node: SocketAddr,
    pub(crate) sandbox_pdd: SocketAddr,
    pub(crate) sandbox_control: SocketAddr,
}

/// A running gateway with its sandbox.
#[derive(Debug)]
pub(crate) struct Gateway {
    process: Child,
    folder: TempDir,
    addresses: Addresses,
}

impl Gateway {
    /// Starts the gateway as the repository ships it, on ports of its own.
    pub(crate) fn start() -> Result<Gateway, String> {
        Gateway::start_with("")
    }

    /// The same, with more tables at the end of its configuration (`[rate]`, `[limits]`, ...; none of those written here).
    pub(crate) fn start_with(tables: &str) -> Result<Gateway, String> {
        Gateway::start_on(&Path::new(env!("CARGO_MANIFEST_DIR")).join("services"), tables)
    }

    /// The same, with services and parties of its own.
    pub(crate) fn start_on(services: &Path, tables: &str) -> Result<Gateway, String> {
        let folder = TempDir::new().map_err(|error| format!("no temporary folder: {error}"))?;
        let addresses = free_addresses().map_err(|error| format!("no free ports: {error}"))?;
        let config = folder.path().join("config.toml");
        let printed = folder.path().join("printed.log");
        let log = fs::write(&config, configuration(folder.path(), services, &addresses, tables))
            .and_then(|()| File::create(&printed))
            .and_then(|file| Ok((file.try_clone()?, file)));
        let (out, err) =
            log.map_err(|error| format!("cannot prepare {}: {error}", folder.path().display()))?;
        let process = Command::new(env!("CARGO_BIN_EXE_egov-bridge"))
            .args([Path::new("serve"), Path::new("--config"), &config])
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .map_err(|error| format!("the gateway does not start: {error}"))?;
        let mut gateway = Gateway { process, folder, addresses };
        gateway.wait_until_ready()?;
        Ok(gateway)
    }

    /// Where its listeners are.
    pub(crate) fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// The address to which a PDD is pointed, without a path.
    pub(crate) fn pdd_url(&self) -> String {
        format!("http://{}", self.addresses.pdd)
    }

    /// Its configuration file, for subcommands that are run beside it.
    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("config.toml")
    }

    /// The folder that it writes to.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Everything that it has printed so far.
    pub(crate) fn printed(&self) -> String {
        fs::read_to_string(self.folder.path().join("printed.log")).unwrap_or_default()
    }

    fn wait_until_ready(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + READY_WITHIN;
        let mut last = String::from("no answer yet");
        while Instant::now() < deadline {
            match self.process.try_wait() {
                Ok(Some(status)) => return Err(format!("the gateway ended ({status}):\n{}", self.printed())),
                Ok(None) => {}
                Err(error) => return Err(format!("the gateway is lost: {error}")),
            }
            match get(self.addresses.admin, "/health/ready") {
                Ok((200, _)) => return Ok(()),
                Ok((status, body)) => last = format!("{status} {body}"),
                Err(error) => last = error.to_string(),
            }
            thread::sleep(PAUSE);
        }
        let seconds = READY_WITHIN.as_secs();
        Err(format!("the gateway is not ready after {seconds} s ({last}):\n{}", self.printed()))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One GET over a connection of its own: the status and the body.
pub(crate) fn get(address: SocketAddr, path: &str) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
    match (status, body) {
        (Some(status), Some(body)) => Ok((status, body)),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, format!("not an HTTP answer: {answer:?}"))),
    }
}

/// Ports that nobody holds now. They are all held while they are chosen, so that they differ.
fn free_addresses() -> io::Result<Addresses> {
    let mut held = Vec::new();
    let mut next = || -> io::Result<SocketAddr> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        held.push(listener);
        Ok(address)
    };
    Ok(Addresses {
        pdd: next()?,
        pdd_tls: next()?,
        rest: next()?,
        admin: next()?,
        sandbox_node: next()?,
        sandbox_pdd: next()?,
        sandbox_control: next()?,
    })
}

/// What differs from the defaults: the folders are the repository's, what is written goes to `folder`.
fn configuration(folder: &Path, services: &Path, at: &Addresses, tables: &str) -> String {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let data = folder.join("data");
    let mut folders = format!("data = {data:?}\n");
    folders.push_str(&format!("services = {services:?}\n"));
    for name in ["xsd", "wsdl", "dictionaries"] {
        folders.push_str(&format!("{name} = {:?}\n", repository.join(name)));
    }
    let Addresses { pdd, pdd_tls, rest, admin, sandbox_node, sandbox_pdd, sandbox_control } = at;
    format!(
        r#"production = false

[directories]
{folders}
[listeners.pdd]
http = "{pdd}"
https = "{pdd_tls}"

[listeners.rest]
https = "{rest}"

[listeners.admin]
http = "{admin}"

[node]
url = "https://{sandbox_node}"

[sandbox]
enabled = true
node = "{sandbox_node}"
pdd = "{sandbox_pdd}"
control = "{sandbox_control}"

{tables}"#
    )
}
