//! The translation, both ways, beside its floors and beside other engines, in one run.
//!
//! `cargo bench --bench translate` measures all; at the end it prints the table that `docs/PERFORMANCE.md` shows.
//! Engines that are not installed here are left out, with the reason said. Other processes measure themselves: they
//! are started once for a document, and answer how long a number of rounds took.

// A bench that cannot go on must stop, loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
// documents.rs serves several benches, and each takes what it needs.
#![allow(dead_code, unreachable_pub)]
#[path = "documents.rs"]
mod documents;
#[path = "subset.rs"]
mod subset;

use std::fs;
use std::hint::black_box;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};
use documents::Case;
use egov_bridge::json_native::{to_json, to_xml};
use egov_bridge::schema;
use egov_bridge::xml::{Event, Limits, Reader};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let cases = documents::all();
    let folder = tempfile::tempdir().expect("a folder for the documents");
    let libxml2 = libxml2(folder.path());
    for case in &cases {
        let file = folder.path().join(format!("{}.xml", case.name));
        fs::write(&file, &case.xml).expect("the document is written");
        measure(&mut criterion, case, &file, libxml2.as_deref());
    }
    criterion.final_summary();
    print_table(&cases);
}

fn measure(criterion: &mut Criterion, case: &Case, file: &Path, libxml2: Option<&Path>) {
    let mut group = criterion.benchmark_group(case.name);
    group.throughput(Throughput::Bytes(case.xml.len() as u64));
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_millis(1500));
    // The floor is measured before and after: how far the two are apart says how calm the machine was.
    group.bench_function("tokenise", |b| b.iter(|| tokenise(&case.xml)));
    ours(&mut group, case);
    group.bench_function("tokenise-again", |b| b.iter(|| tokenise(&case.xml)));
    if let Some(program) = libxml2 {
        let mut command = Command::new(program);
        command.arg(&case.schema).arg(file);
        peer(&mut group, command, &["parse", "validate"], "libxml2");
    }
    if case.name.starts_with("vardatori") {
        let read = subset::read(&case.xml);
        group.bench_function("yaserde-subset/read", |b| b.iter(|| subset::read(black_box(&case.xml))));
        group.bench_function("yaserde-subset/write", |b| b.iter(|| subset::write(black_box(&read))));
    }
    group.sample_size(10);
    for (package, mode) in [("lxml", "validate"), ("xmlschema", "to_json")] {
        let mut command =
            Command::new(std::env::var("BENCH_PYTHON").unwrap_or_else(|_| "python3".to_owned()));
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers.py"));
        command.arg(package).arg(&case.schema).arg(file);
        peer(&mut group, command, &[mode], package);
    }
    group.finish();
}

fn ours(group: &mut BenchmarkGroup<'_, WallTime>, case: &Case) {
    let limits = Limits::default();
    group.bench_function("read", |b| b.iter(|| read(&case.xml, &limits)));
    group.bench_function("validate", |b| {
        b.iter(|| schema::validate(&case.document, Reader::document(black_box(&case.xml), &limits)).is_ok());
    });
    let mut json = Vec::with_capacity(2 * case.xml.len());
    group.bench_function("to_json", |b| {
        b.iter(|| {
            json.clear();
            to_json(&case.document, Reader::document(black_box(&case.xml), &limits), &mut json).is_ok()
        });
    });
    let mut xml = String::with_capacity(2 * case.xml.len());
    to_xml(&case.document, &case.json, &mut xml).expect("what was translated translates back");
    let written = xml.clone();
    let mut copy = Vec::with_capacity(written.len());
    group.bench_function("back-floor", |b| {
        b.iter(|| {
            copy.clear();
            copy.extend_from_slice(black_box(written.as_bytes()));
            serde_json::from_slice::<serde_json::Value>(black_box(&case.json)).is_ok()
        });
    });
    group.bench_function("to_xml", |b| {
        b.iter(|| {
            xml.clear();
            to_xml(&case.document, black_box(&case.json), &mut xml).is_ok()
        });
    });
}

/// The bare tokeniser: every event seen, none looked into.
fn tokenise(xml: &str) -> usize {
    let mut reader = quick_xml::Reader::from_str(black_box(xml));
    let mut events = 0;
    loop {
        match reader.read_event().expect("well formed") {
            quick_xml::events::Event::Eof => return events,
            event => {
                black_box(&event);
                events += 1;
            }
        }
    }
}

/// Our reader alone: every check of well-formedness, no schema.
fn read(xml: &str, limits: &Limits) -> usize {
    let mut reader = Reader::document(black_box(xml), limits);
    let mut events = 0;
    loop {
        match reader.next_event().expect("well formed") {
            Event::Eof => return events,
            event => {
                black_box(&event);
                events += 1;
            }
        }
    }
}

/// Another process that measures itself.
struct Peer {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Peer {
    fn start(mut command: Command) -> Result<Self, String> {
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.map_err(|e| e.to_string())?;
        let input = child.stdin.take().ok_or("no standard input")?;
        let output = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        Ok(Self { child, input, output })
    }

    fn rounds(&mut self, mode: &str, rounds: u64) -> Option<Duration> {
        writeln!(self.input, "{mode} {rounds}").ok()?;
        self.input.flush().ok()?;
        let mut line = String::new();
        self.output.read_line(&mut line).ok()?;
        line.trim().parse().ok().map(Duration::from_nanos)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn peer(group: &mut BenchmarkGroup<'_, WallTime>, command: Command, modes: &[&str], name: &str) {
    let mut peer = match Peer::start(command) {
        Ok(peer) => peer,
        Err(reason) => return eprintln!("{name}: left out: {reason}"),
    };
    if modes.iter().any(|mode| peer.rounds(mode, 1).is_none()) {
        return eprintln!("{name}: left out: not installed, or it refuses the schema or the document");
    }
    for mode in modes {
        group.bench_function(format!("{name}/{mode}"), |b| {
            b.iter_custom(|rounds| peer.rounds(mode, rounds).expect("it answers"));
        });
    }
}

/// Compiles the program that measures libxml2.
fn libxml2(folder: &Path) -> Option<PathBuf> {
    let flags = Command::new("pkg-config").args(["--cflags", "--libs", "libxml-2.0"]).output();
    let flags = match flags {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into_owned(),
        _ => {
            eprintln!("libxml2: left out: pkg-config does not know libxml-2.0 (Debian: libxml2-dev)");
            return None;
        }
    };
    let program = folder.join("libxml2");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/libxml2.c");
    let built = Command::new("cc")
        .args(["-O2", "-o"])
        .arg(&program)
        .arg(source)
        .args(flags.split_whitespace())
        .status();
    if built.is_ok_and(|status| status.success()) {
        return Some(program);
    }
    eprintln!("libxml2: left out: cc could not build benches/libxml2.c");
    None
}

/// The medians that criterion wrote, as a table, with what they are multiples of.
fn print_table(cases: &[Case]) {
    println!("| document | what | median | of the floor | libxml2's validation is |");
    println!("| --- | --- | --- | --- | --- |");
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned());
    for case in cases {
        let group = Path::new(&target).join("criterion").join(case.name);
        let (floor, validation) = (median(&group, "tokenise"), median(&group, "libxml2_validate"));
        let rows = [
            "tokenise",
            "tokenise-again",
            "read",
            "validate",
            "to_json",
            "back-floor",
            "to_xml",
            "libxml2_parse",
            "libxml2_validate",
            "lxml_validate",
            "xmlschema_to_json",
            "yaserde-subset_read",
            "yaserde-subset_write",
        ];
        for row in rows {
            let Some(spent) = median(&group, row) else { continue };
            let ratio = |of: Option<f64>| of.map_or_else(|| "-".to_owned(), |of| format!("{of:.2}"));
            println!(
                "| {} | {row} | {:.1} µs | {} | {} |",
                case.name,
                spent / 1000.0,
                ratio(floor.map(|floor| spent / floor)),
                ratio(validation.map(|validation| validation / spent)),
            );
        }
    }
}

fn median(group: &Path, bench: &str) -> Option<f64> {
    let text = fs::read(group.join(bench).join("new/estimates.json")).ok()?;
    serde_json::from_slice::<serde_json::Value>(&text).ok()?.pointer("/median/point_estimate")?.as_f64()
}
