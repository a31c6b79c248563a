//! The virtual lane's log in the checker's words; the only file here that knows that log.
//!
//! It sorts and copies. What a jump of the station's clock touched is worked out from the schedule, because the lane
//! cannot see it.

use std::collections::{BTreeMap, BTreeSet};

use gatepost_virtual::ailments::AilingWindow;
use gatepost_virtual::device::Part;
use gatepost_virtual::faults::{Fault, FaultSchedule, FaultWindow};
use gatepost_virtual::lane::{self, Happened};
use gatepost_virtual::parcel::ParcelTruth;

use super::truth::{Chute, Clock, Crossing, LaneEvent, Line, NOBODY, Parcel, Touch, Truth, Window};

/// What one virtual lane can tell.
#[derive(Clone, Copy)]
pub struct Log<'a> {
    /// The lane's name, as in its map.
    pub lane: &'a str,
    pub parcels: &'a [ParcelTruth],
    pub log: &'a [lane::Truth],
    pub faults: &'a FaultSchedule,
    /// By boot of the controller, the epoch it was given, for boots of which the log does not say it.
    pub epochs: &'a BTreeMap<u32, u32>,
    /// The controller's limit for a silent station, microseconds; nothing where no controller is.
    pub silence_us_max: Option<u64>,
    /// The bytes in which a scale says its words, which are MT-SICS in this log.
    pub on_the_wire: &'a dyn Fn(&[u8]) -> Vec<u8>,
}

/// The truth of a run that came to rest; images, down times and late holds are the caller's to add.
pub fn truth(log: &Log<'_>, clock: Clock) -> Truth {
    let parcels: Vec<Parcel> = log.parcels.iter().map(parcel).collect();
    let mut truth = Truth {
        lane: log.lane.to_owned(),
        clock,
        parcels,
        crossings: Vec::new(),
        events: Vec::new(),
        images: BTreeMap::new(),
        lines: Vec::new(),
        windows: log.faults.windows.iter().map(window).collect(),
        silence_us_max: log.silence_us_max,
        down: Vec::new(),
        settled: true,
    };
    let mut epochs = log.epochs.clone();
    epochs.extend(configured(log.log));
    let mut crossed = BTreeSet::new();
    for happened in log.log {
        let at_us = happened.at.0;
        if let Happened::Counted { boot, pass } = happened.what {
            truth.crossings.push(Crossing { at_us, parcel: NOBODY, epoch: epochs.get(&boot).copied(), pass });
        } else if let Happened::Passed { parcel, boot, pass } = happened.what {
            if crossed.insert((parcel, boot, pass)) {
                let epoch = epochs.get(&boot).copied();
                truth.crossings.push(Crossing { at_us, parcel, epoch, pass });
            }
        } else if let Happened::Sent { arrives, bytes, .. } = &happened.what {
            truth.lines.push(Line {
                at_us: arrives.0,
                bytes: (log.on_the_wire)(bytes),
                words: String::from_utf8_lossy(bytes).trim_end().to_owned(),
            });
        } else if let Some(event) = lane_event(&happened.what) {
            truth.events.push((at_us, event));
        } else {
            to_parcels(&mut truth.parcels, at_us, &happened.what);
        }
    }
    touch_from_outside(&mut truth.parcels, log.faults);
    truth
}

/// The truth of a bench: every item laid on it is a pass, in order, and ends when the officer takes it up. `way`: where
/// the officer took an item, which no device there can tell.
pub fn truth_of_bench(log: &Log<'_>, clock: Clock, epoch: u32, way: &dyn Fn(u32) -> Chute) -> Truth {
    let mut truth = truth(log, clock);
    for happened in log.log {
        let at_us = happened.at.0;
        match happened.what {
            Happened::Entered { parcel, order } => {
                truth.crossings.push(Crossing { at_us, parcel, epoch: Some(epoch), pass: order });
            }
            Happened::Taken { parcel } => {
                let taken = truth.parcels.iter_mut().find(|taken| taken.id == parcel);
                taken.into_iter().for_each(|taken| taken.left = Some((at_us, way(parcel))));
            }
            _ => {}
        }
    }
    truth
}

/// Boots of the controller, and the epoch that each goes by in the records.
fn configured(log: &[lane::Truth]) -> impl Iterator<Item = (u32, u32)> {
    log.iter().filter_map(|happened| match happened.what {
        Happened::Configured { boot, epoch } => Some((boot, epoch)),
        _ => None,
    })
}

fn parcel(truth: &ParcelTruth) -> Parcel {
    Parcel {
        id: truth.id,
        item: truth.item.clone(),
        readable: truth.readable,
        declared: truth.declared,
        target: truth.target.clone(),
        held_since_us: truth.held.then_some(0),
        ..Parcel::default()
    }
}

/// A sick device's while.
pub fn ailing(window: &AilingWindow) -> Window {
    Window { fault: window.cell.to_string(), from_us: window.from.0, until_us: window.until.0 }
}

fn window(window: &FaultWindow) -> Window {
    Window { fault: window.fault.name().to_owned(), from_us: window.from.0, until_us: window.until.0 }
}

fn lane_event(what: &Happened) -> Option<LaneEvent> {
    Some(match what {
        Happened::Belts { run: true } => LaneEvent::BeltsRun,
        Happened::Belts { run: false } => LaneEvent::BeltsStop,
        Happened::Gate { release: true } => LaneEvent::GateRelease,
        Happened::Gate { release: false } => LaneEvent::GateExam,
        Happened::Reset => LaneEvent::Reset,
        Happened::ControllerBoot { .. } => LaneEvent::ControllerBoot,
        Happened::Cable { cut: true } => LaneEvent::CableCut,
        Happened::Cable { cut: false } => LaneEvent::CableMended,
        _ => return None,
    })
}

fn to_parcels(parcels: &mut [Parcel], at: u64, what: &Happened) {
    let mut of = |id: u32, change: &dyn Fn(&mut Parcel)| {
        // Parcels are numbered from 1 in the order in which they were laid.
        let laid = (id as usize).checked_sub(1).filter(|&at| parcels.get(at).is_some_and(|parcel| parcel.id == id));
        let found = laid.or_else(|| parcels.iter().position(|parcel| parcel.id == id));
        found.into_iter().for_each(|at| change(&mut parcels[at]));
    };
    match what {
        Happened::Entered { parcel, .. } => of(*parcel, &|parcel| parcel.entered_us = parcel.entered_us.or(Some(at))),
        Happened::Diverted { parcel, chute: to } => {
            of(*parcel, &|parcel| parcel.diverted = parcel.diverted.or(Some((at, chute(*to)))));
        }
        Happened::MovedUnder { parcel } => of(*parcel, &|parcel| parcel.moved_under_us = Some(at)),
        Happened::Left { parcel, chute: by } => of(*parcel, &|parcel| parcel.left = Some((at, chute(*by)))),
        Happened::Removed { parcel } => of(*parcel, &|parcel| parcel.removed_us = Some(at)),
        Happened::Inserted { parcel, .. } => of(*parcel, &|parcel| parcel.inserted_us = Some(at)),
        Happened::Touched { parcel, fault, direct } => {
            let touch = Touch { fault: fault.name().to_owned(), direct: *direct };
            of(*parcel, &|parcel| parcel.touched.push(touch.clone()));
        }
        Happened::Ailed { parcel, cell, direct } => {
            let touch = Touch { fault: cell.to_string(), direct: *direct };
            of(*parcel, &|parcel| parcel.touched.push(touch.clone()));
        }
        Happened::Weighed { parcels, grams, stable: true } => {
            if let [alone] = parcels.as_slice() {
                of(*alone, &|parcel| parcel.weighed_g.push(*grams));
            }
        }
        Happened::Imaged { image, sent: true } => {
            if let ([alone], Part::Whole) = (image.parcels.as_slice(), image.part) {
                of(*alone, &|parcel| parcel.imaged_us = Some(image.ended.0));
            }
        }
        _ => {}
    }
}

fn chute(chute: lane::Chute) -> Chute {
    match chute {
        lane::Chute::Release => Chute::Release,
        lane::Chute::Exam => Chute::Exam,
    }
}

/// A clock that jumps happens to the station alone: what was on its belt then had no certain date.
fn touch_from_outside(parcels: &mut [Parcel], faults: &FaultSchedule) {
    for window in faults.windows.iter().filter(|window| window.fault == Fault::ClockJump) {
        for parcel in parcels.iter_mut() {
            let Some(from) = parcel.entered_us.or(parcel.inserted_us) else { continue };
            let until = parcel.diverted_us().or(parcel.gone_us()).unwrap_or(u64::MAX);
            if from < window.until.0 && window.from.0 < until {
                parcel.touched.push(Touch { fault: window.fault.name().to_owned(), direct: true });
            }
        }
    }
}
