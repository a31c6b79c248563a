//! Who was on a bench when the station says that somebody was: names the passes of a lane where no controller counts.
//!
//! The station counts presentations itself and records each when it begins. The truth says what lay on the bench at that
//! moment; the rest of the checks then hold one against the other as on a belt. A presentation at a moment when nothing
//! lay there stays nameless, and is found as a pass that never was. Needs a clock that ran true.

use super::journal::Journal;
use super::record::Body;
use super::truth::{Crossing, Truth};

/// What a device measured at the end may be on its way for so long: a scale's latency and an unread line.
const ON_ITS_WAY_US: u64 = 1_000_000;
/// What a station learnt so shortly before it died may not be in its journal: the way to a chute, and a slow disk.
pub const LOOK_BACK_US: u64 = 4_000_000;

/// The truth with its passes named, where the journal speaks of presentations; else nothing.
pub fn named(truth: &Truth, journal: &Journal) -> Option<Truth> {
    let mut crossings = Vec::new();
    let mut presented = false;
    for record in journal.records.iter().filter(|record| record.lane == truth.lane) {
        let Body::Presentation(what) = &record.body else { continue };
        presented = true;
        if let Some((parcel, at_us)) = lay_there(truth, record.at) {
            crossings.push(Crossing { at_us, parcel, epoch: Some(what.pass.epoch), pass: what.pass.pass });
        }
    }
    let mut named = Truth { crossings, ..truth.clone() };
    // A bench can wait for an image that is late: what the fault table predicts of a belt does not hold here.
    let late = named.parcels.iter_mut().flat_map(|parcel| &mut parcel.touched);
    late.filter(|touch| touch.fault == "image-late").for_each(|touch| touch.direct = false);
    presented.then_some(named)
}

/// The first item on the bench at this moment of the wall clock, and when it was laid down.
fn lay_there(truth: &Truth, at_ms: i64) -> Option<(u32, u64)> {
    let clock = &truth.clock;
    let here = truth.parcels.iter().rev().filter_map(|parcel| Some((parcel, parcel.entered_us?)));
    here.into_iter()
        .find(|(parcel, laid)| {
            let gone = parcel.gone_us().map_or(i64::MAX, |gone| clock.wall_ms(gone + ON_ITS_WAY_US));
            // `at` is the station's last pulse before the first reading.
            clock.wall_ms(*laid) - 100 <= at_ms && at_ms <= gone
        })
        .map(|(parcel, laid)| (parcel.id, laid))
}
