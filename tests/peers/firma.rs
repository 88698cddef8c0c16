//! Signed calls of a real client: zeep signs with libxmlsec1, the gateway verifies; the gateway signs, libxmlsec1 verifies.

use std::fs;
use std::path::Path;
use std::process::Command;

use egov_bridge::sandbox::pki;
use tempfile::TempDir;

use crate::gateway::Gateway;

const POLICY: &str = r#"
[service.firma]
richiesta = ["intestazione", "corpo", "timestamp"]
risposta = ["intestazione", "corpo", "timestamp"]
actor = ""

[[azione]]"#;

/// Runs `zeep_firma.py` against a gateway that wants signatures.
pub(crate) fn run(python: &Path) -> Result<(), String> {
    let said = |error: std::io::Error| error.to_string();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = TempDir::new().map_err(said)?;
    let pki = pki::ensure(&folder.path().join("pki"), &["LAZIO", "PIEMONTE"], jiff::Timestamp::now())
        .map_err(|error| error.to_string())?;
    let services = folder.path().join("services");
    fs::create_dir(&services).map_err(said)?;
    for name in ["co.toml", "parti.toml", "sap.toml"] {
        let text = fs::read_to_string(repository.join("services").join(name)).map_err(said)?;
        let text = if name == "sap.toml" { text.replacen("[[azione]]", POLICY, 1) } else { text };
        fs::write(services.join(name), text).map_err(said)?;
    }
    let signer = &pki.pdd_server;
    let firma = format!(
        "[firma]\nca_file = {:?}\ncertificate_file = {:?}\nkey_file = {:?}\n",
        pki.authority, signer.certificate, signer.key
    );
    let gateway = Gateway::start_on(&services, &firma)?;
    let run = Command::new(python)
        .arg(repository.join("tests/peers/zeep_firma.py"))
        .arg(gateway.pdd_url())
        .arg(&pki.directory)
        .output()
        .map_err(said)?;
    if run.status.success() {
        return Ok(());
    }
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    println!("{out}{err}\nthe gateway printed:\n{}", gateway.printed());
    Err(format!("zeep_firma.py: {}", run.status))
}
