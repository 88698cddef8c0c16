//! Real SOAP clients against the built gateway. They share no code with it: what they cannot read, a region's PDD cannot either.
//!
//! zeep (Python) lives in `target/peers-venv`, which `.ci/run` makes. Where it is missing the test says so and passes, except in CI
//! (environment variable `CI=true`), where it fails.

mod firma;
mod gateway;

use std::env;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gateway::Gateway;

#[test]
fn zeep_loads_the_wsdl_and_calls_every_action_of_servizi_sap() -> Result<(), String> {
    let Some(python) = python_with("zeep") else { return missing("zeep") };
    let gateway = Gateway::start()?;
    let run = Command::new(&python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/zeep_client.py"))
        .arg(gateway.pdd_url())
        .output()
        .map_err(|error| format!("{}: {error}", python.display()))?;
    if run.status.success() {
        return Ok(());
    }
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    println!("{out}{err}\nthe gateway printed:\n{}", gateway.printed());
    Err(format!("zeep_client.py: {}", run.status))
}

#[test]
fn zeep_signs_its_calls_and_verifies_the_signed_answers() -> Result<(), String> {
    let Some(python) = python_with("zeep, xmlsec") else { return missing("zeep[xmlsec]") };
    firma::run(&python)
}

/// Past the test harness, which keeps what a passing test prints to itself.
fn missing(package: &str) -> Result<(), String> {
    let reason = format!(
        "{package} is not installed (python3 -m venv target/peers-venv && target/peers-venv/bin/pip install '{package}')"
    );
    if env::var("CI").is_ok_and(|ci| ci == "true") {
        return Err(reason);
    }
    let _ = writeln!(io::stderr(), "skipped: {reason}");
    Ok(())
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
