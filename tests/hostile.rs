//! The fuzz targets of `fuzz/`, run as ordinary functions over the documents of the repository and damaged copies of them:
//! a short run that needs neither a nightly toolchain nor a sanitizer.
//!
//! The damage follows from a seed and is the same everywhere. `EGOV_BRIDGE_HOSTILE` sets the seconds for each target.

// A test that cannot go on must stop, loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
// The targets are modules of the fuzz crate, too.
#![allow(unreachable_pub)]

#[path = "../fuzz/holds/busta.rs"]
mod busta;
#[path = "../fuzz/holds/encoding.rs"]
mod encoding;
#[path = "../fuzz/holds/firma.rs"]
mod firma;
#[path = "../fuzz/holds/json_to_xml.rs"]
mod json_to_xml;
#[path = "../fuzz/holds/multipart.rs"]
mod multipart;
#[path = "../fuzz/holds/shipped.rs"]
mod shipped;
#[path = "../fuzz/holds/xml_to_json.rs"]
mod xml_to_json;
#[path = "../fuzz/holds/xsd_load.rs"]
mod xsd_load;

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Longest that one input may take, unoptimised and beside other work.
const SLOW: Duration = Duration::from_secs(20);
/// Largest input.
const LARGEST: usize = 64 << 10;

/// A small generator of numbers.
struct Rng(u64);

impl Rng {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33).unwrap() % bound.max(1)
    }

    fn range(&mut self, of: &[u8]) -> std::ops::Range<usize> {
        let start = self.below(of.len() + 1);
        let most = 1 << self.below(9);
        let length = self.below(most);
        start..(start + length).min(of.len())
    }
}

/// Every file below `folder` that ends so, in order.
fn files(folder: &str, end: &str) -> Vec<Vec<u8>> {
    let mut pending = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    let mut found: Vec<PathBuf> = Vec::new();
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => pending.push(path),
                false if path.to_string_lossy().ends_with(end) => found.push(path),
                false => {}
            }
        }
    }
    found.sort();
    found.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// The tokens of `fuzz/xml.dict`.
fn tokens() -> Vec<Vec<u8>> {
    let text = include_str!("../fuzz/xml.dict");
    let token = |line: &str| {
        line.trim().strip_prefix('"')?.strip_suffix('"').map(|t| t.replace("\\\"", "\"").into_bytes())
    };
    text.lines().filter_map(token).collect()
}

/// A copy with one to four changes.
fn damaged(rng: &mut Rng, seeds: &[Vec<u8>], tokens: &[Vec<u8>]) -> Vec<u8> {
    let mut data = seeds[rng.below(seeds.len())].clone();
    for _ in 0..=rng.below(4) {
        let (range, other) = (rng.range(&data), &seeds[rng.below(seeds.len())]);
        match rng.below(7) {
            0 if !data.is_empty() => {
                let at = rng.below(data.len());
                data[at] ^= 1 << rng.below(8);
            }
            1 => drop(data.drain(range)),
            2 => {
                let copy = data[range.clone()].to_vec();
                data.splice(range.end..range.end, copy.repeat(1 + rng.below(8)));
            }
            3 => drop(data.splice(range, other[rng.range(other)].iter().copied())),
            4 => data.truncate(range.end),
            5 => {
                let digits = b"0123456789 \t\n<>&;\"'=/:-.\xC3\xA8{}[],nt";
                data.splice(range.start..range.start, [digits[rng.below(digits.len())]]);
            }
            _ => drop(data.splice(range.start..range.start, tokens[rng.below(tokens.len())].iter().copied())),
        }
    }
    data.truncate(LARGEST);
    data
}

/// Runs a target over its seeds, then over damaged copies of them until the time is over.
fn run(name: &str, seeds: &[Vec<u8>], holds: fn(&[u8])) {
    assert!(!seeds.is_empty(), "{name} has no seeds");
    let seconds = std::env::var("EGOV_BRIDGE_HOSTILE").ok().and_then(|s| s.parse().ok()).unwrap_or(2);
    let (tokens, mut rng) = (tokens(), Rng(0x9E37_79B9_7F4A_7C15));
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut count = 0;
    while Instant::now() < until {
        let data = seeds.get(count).cloned().unwrap_or_else(|| damaged(&mut rng, seeds, &tokens));
        let begun = Instant::now();
        let held = catch_unwind(|| holds(&data)).is_ok();
        if !held || begun.elapsed() > SLOW {
            let path = std::env::temp_dir().join(format!("egov-bridge-hostile-{name}"));
            fs::write(&path, &data).unwrap();
            panic!(
                "{name}: input {count} {}: {}",
                if held { "took too long" } else { "did not hold" },
                path.display()
            );
        }
        count += 1;
    }
    eprintln!("{name}: {count} inputs from {} seeds", seeds.len());
}

fn after(first: &[u8], all: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    all.into_iter().map(|data| [first, &data].concat()).collect()
}

#[test]
fn documents_become_json_and_come_back_or_are_refused() {
    let seeds = [files("tests/fixtures", ".xml"), files("samples/documenti", ".xml")].concat();
    run("xml_to_json", &seeds, xml_to_json::holds);
}

#[test]
fn json_becomes_valid_documents_or_is_refused() {
    let payload = |text: Vec<u8>| {
        let value: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
        value.pointer("/modello/payload").unwrap_or(&value).to_string().into_bytes()
    };
    let unilav = files("tests/fixtures/json", "unilav-seed000.json").into_iter().map(payload).collect();
    run("json_to_xml", &after(b"UniLav\n", unilav), json_to_xml::holds);
}

#[test]
fn schemas_are_compiled_or_refused() {
    let seeds = [files("tests/differential/xsd", ".xsd"), files("xsd", ".xsd")].concat();
    run("xsd_load", &seeds, xsd_load::holds);
}

#[test]
fn envelopes_are_read_and_written_alike_or_refused() {
    let seeds = [files("samples", ".xml"), files("tests/fixtures/sap/soap", ".xml")].concat();
    run("busta", &seeds, busta::holds);
}

#[test]
fn bytes_are_events_in_order_or_refused() {
    let seeds = after(b"\0", [files("tests/fixtures", ".xml"), files("samples/documenti", ".xml")].concat());
    run("encoding", &seeds, encoding::holds);
}

#[test]
fn packages_are_read_and_written_alike_or_refused() {
    let package = |message: Vec<u8>| {
        let head =
            "multipart/related; type=\"text/xml\"; boundary=b; start=\"<r>\"\n--b\nContent-ID: <r>\n\n";
        let tail = "\n--b\r\nContent-ID: <a>\nContent-Transfer-Encoding: base64\n\nJVBE\n--b--\n";
        [head.as_bytes(), &message, tail.as_bytes()].concat()
    };
    let seeds: Vec<Vec<u8>> = files("samples", ".xml").into_iter().map(package).collect();
    run("multipart", &seeds, multipart::holds);
}

#[test]
fn signatures_are_verified_or_refused() {
    let seeds = [files("tests/fixtures/firma", ".xml"), files("samples", ".xml")].concat();
    run("firma", &seeds, firma::holds);
}
