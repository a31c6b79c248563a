//! Sick devices: a sample of the matrix is lived, and lies about it are found. The whole of it:
//! `cargo run --release -p gatepost-tests --bin gatepost-world -- --matrix`.

use gatepost_virtual::ailments::{Cell, parse_cells};
use gatepost_world::checker::findings::{Findings, Promise};
use gatepost_world::checker::truth::Chute;
use gatepost_world::checker::{Station, cells, promised};
use gatepost_world::matrix;

/// A cell or two of each kind of device.
const SAMPLE: &str = "eye-diverter:stuck, eye-exam:intermittent, scanner:stuck, scanner:delayed, scale:wrong, xray:wrong, \
                      diverter:slow, feedback:wrong, cable:intermittent, clock:off, reset:stuck";
const PARCELS: u32 = 12;

fn cell(name: &str) -> Cell {
    name.parse().unwrap()
}

#[test]
fn every_possible_cell_has_a_promise_and_no_other_name_has() {
    for cell in Cell::all() {
        assert!(promised::of(&cell.to_string()).is_some(), "{cell}");
    }
    assert!(promised::of("eye-entry:tired").is_none() && promised::of("brakes:off").is_none());
}

#[test]
fn a_sample_of_the_matrix_is_as_promised() {
    let mut windows = 0;
    for cell in parse_cells(SAMPLE).unwrap() {
        let run = matrix::run(cell, "north", 1, PARCELS);
        assert!(run.is_clean(), "{cell}: {:?}\n{}", run.broken, run.findings);
        assert_eq!(run.figures.wrong, 0, "{cell}");
        windows += run.figures.windows;
    }
    assert!(windows >= 11, "{windows}");
}

/// What the cell's own check finds in this evidence.
fn found(station: &Station, name: &str) -> Findings {
    let mut findings = Findings::default();
    cells::check(station, name, &mut findings);
    findings
}

#[test]
fn a_release_of_what_must_be_exam_and_a_silence_are_found() {
    let truth = matrix::evidence(cell("scanner:wrong"), "north", 1, PARCELS);
    assert!(found(&truth, "scanner:wrong").is_clean());

    let mut released = matrix::evidence(cell("scanner:wrong"), "north", 1, PARCELS);
    let touched =
        |parcel: &&mut gatepost_world::checker::truth::Parcel| parcel.touched.iter().any(|touch| touch.direct);
    let parcel = released.lanes[0].parcels.iter_mut().find(touched).unwrap();
    parcel.left = parcel.left.map(|(at, _)| (at, Chute::Release));
    assert!(found(&released, "scanner:wrong").any(Promise::FaultTable), "it must be exam");

    let mut silent = truth;
    let of_another = |fault: &mut String| *fault = "diverter:slow".to_owned();
    silent.lanes[0].windows.iter_mut().for_each(|window| of_another(&mut window.fault));
    let touches = silent.lanes[0].parcels.iter_mut().flat_map(|parcel| &mut parcel.touched);
    touches.for_each(|touch| of_another(&mut touch.fault));
    assert!(found(&silent, "diverter:slow").any(Promise::FaultTable), "nobody said that the diverter was slow");
}

#[test]
fn the_document_speaks_of_every_cell() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../hardware/FAULTS.md");
    let text = std::fs::read_to_string(path).unwrap();
    let missing: Vec<String> =
        Cell::all().filter(|cell| !matrix::is_told(&text, *cell)).map(|cell| cell.to_string()).collect();
    assert!(missing.is_empty(), "hardware/FAULTS.md lacks {missing:?}, or says otherwise; see its head");
}
