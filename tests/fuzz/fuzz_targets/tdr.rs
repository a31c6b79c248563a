//! Threat Detection Reports: bounded, and what is read, judged and written again is the same and means the same.
#![no_main]

#[path = "../shared/memory.rs"]
mod memory;

use gatepost_models::report::words::Exercise;
use gatepost_models::report::{Author, Meaning, Moment, Report, ReportError, Tip, decode, encode, what_it_means};
use std::path::Path;

/// Bytes for every byte of the file: elements are listed, texts and corners copied. And for any file.
const PER_BYTE: usize = 64;
const FIXED: usize = 1 << 20;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // The head before the elements is not what is fuzzed.
    let bytes = [&[0; 128], &b"DICM"[..], data].concat();
    let (read, peak) = memory::peak_of(|| decode(Path::new("fuzzed"), &bytes));
    assert!(peak <= FIXED + bytes.len() * PER_BYTE, "{peak} bytes of memory for {} of file", bytes.len());
    let Ok(report) = read else { return };
    let means = |report: Report| what_it_means::<ReportError>(&[Ok(report)]);
    let meaning = means(report.clone());
    let exercise = Report { tip: Tip::Exercise(Exercise::Projected), ..report.clone() };
    assert_ne!(means(exercise), Meaning::Cleared);
    let at = Moment::parse("20261122101500").expect("a moment");
    let Some(bytes) = encode(&report, &Author { at, software: "fuzz", object: "fuzz" }) else { return };
    let again = decode(Path::new("again"), &bytes).expect("what we write we read");
    assert_eq!(means(again), meaning);
});
