//! Real SOAP clients against the built gateway. They share no code with it: what they cannot read, a region's PDD cannot either.
//!
//! zeep (Python) lives in `target/peers-venv`, which `.ci/run` makes; Apache Axis 1.4 (Java) comes from Debian's packages. Where one
//! is missing its test says so and passes, except in CI (environment variable `CI=true`), where it fails.

mod firma;
mod gateway;

use std::env;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use gateway::Gateway;

/// With it a client says that something that it needs is not installed; its last words say what.
const MISSING: i32 = 2;

#[test]
fn zeep_loads_the_wsdl_and_calls_every_action_of_servizi_sap() -> Result<(), String> {
    let Some(python) = python_with("zeep") else { return missing("zeep") };
    let gateway = Gateway::start()?;
    let run = output(Command::new(python).arg(client("zeep_client.py")).arg(gateway.pdd_url()))?;
    verdict("zeep_client.py", &run, &gateway)
}

#[test]
fn zeep_signs_its_calls_and_verifies_the_signed_answers() -> Result<(), String> {
    let Some(python) = python_with("zeep, xmlsec") else { return missing("zeep[xmlsec]") };
    firma::run(&python)
}

/// WSDL2Java takes both contracts as the gateway publishes them, and its stubs call over mutual TLS as LAZIO.
#[test]
fn stubs_that_axis_makes_of_the_wsdl_call_every_action_over_mutual_tls() -> Result<(), String> {
    let gateway = Gateway::start()?;
    let base = format!("https://localhost:{}", gateway.addresses().pdd_tls.port());
    let run = output(Command::new(client("axis/run.sh")).arg(base).arg(gateway.data().join("pki")))?;
    if run.status.code() == Some(MISSING) {
        return skipped(String::from_utf8_lossy(&run.stderr).trim());
    }
    verdict("axis/run.sh", &run, &gateway)
}

fn client(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name)
}

fn output(client: &mut Command) -> Result<Output, String> {
    client.output().map_err(|error| format!("{}: {error}", client.get_program().display()))
}

/// What the client and the gateway printed is shown when the client found something wrong.
fn verdict(name: &str, run: &Output, gateway: &Gateway) -> Result<(), String> {
    if run.status.success() {
        return Ok(());
    }
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    println!("{out}{err}\nthe gateway printed:\n{}", gateway.printed());
    Err(format!("{name}: {}", run.status))
}

fn skipped(reason: &str) -> Result<(), String> {
    if env::var("CI").is_ok_and(|ci| ci == "true") {
        return Err(reason.to_owned());
    }
    // Past the test harness, which keeps what a passing test prints to itself.
    let _ = writeln!(io::stderr(), "skipped: {reason}");
    Ok(())
}

fn missing(package: &str) -> Result<(), String> {
    skipped(&format!(
        "{package} is not installed (python3 -m venv target/peers-venv && target/peers-venv/bin/pip install '{package}')"
    ))
}

/// The interpreter that has these packages: that of the environment in the target folder, else the machine's.
fn python_with(packages: &str) -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let own = target.map(|target| target.join("peers-venv/bin/python3"));
    own.into_iter().chain([PathBuf::from("python3")]).find(|python| {
        let mut import = Command::new(python);
        import.args(["-c", &format!("import {packages}")]).stdout(Stdio::null()).stderr(Stdio::null());
        import.status().is_ok_and(|status| status.success())
    })
}
