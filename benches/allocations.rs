//! Allocations of one translation, counted: `cargo bench --bench allocations`.
//!
//! Buffers for the output are the caller's and are large enough, as they are in the gateway, which keeps them.

// A bench that cannot go on must stop, loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
// documents.rs serves several benches, and each takes what it needs.
#![allow(dead_code, unreachable_pub)]
// A global allocator can only be given by an unsafe trait; this program is no part of the gateway.
#![allow(unsafe_code)]

#[path = "documents.rs"]
mod documents;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use egov_bridge::json_native::{to_json, to_xml};
use egov_bridge::schema;
use egov_bridge::xml::{Limits, Reader};

struct Counting;

static CALLS: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

fn count(size: usize) {
    CALLS.fetch_add(1, Ordering::Relaxed);
    BYTES.fetch_add(size, Ordering::Relaxed);
}

fn main() {
    println!("| document | bytes | validate | to_json | to_xml |");
    println!("| --- | --- | --- | --- | --- |");
    for case in documents::all() {
        let limits = Limits::default();
        let mut json = Vec::with_capacity(2 * case.xml.len());
        let mut xml = String::with_capacity(2 * case.xml.len());
        let read = || Reader::document(&case.xml, &limits);
        let validate = counted(|| assert!(schema::validate(&case.document, read()).is_ok()));
        let there = counted(|| assert!(to_json(&case.document, read(), &mut json).is_ok()));
        let back = counted(|| assert!(to_xml(&case.document, &json, &mut xml).is_ok()));
        println!("| {} | {} | {validate} | {there} | {back} |", case.name, case.xml.len());
    }
}

/// Calls of the allocator while `work` runs, and what they asked for.
fn counted(work: impl FnOnce()) -> String {
    let before = (CALLS.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed));
    work();
    let calls = CALLS.load(Ordering::Relaxed) - before.0;
    let bytes = BYTES.load(Ordering::Relaxed) - before.1;
    format!("{calls} ({bytes} B)")
}
