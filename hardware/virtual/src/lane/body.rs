//! A parcel's body on the belts: where it is, and where it was a moment ago.

use super::truth::Chute;
use crate::belt::Belt;
use crate::faults::Fault;
use crate::parcel::ParcelTruth;
use crate::xray::random::Random;
use gatepost_hardware::lane::{LaneMap, SEGMENTS_MAX};

/// Nanometres of the lane's axis.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    pub id: u32,
    pub nose: i64,
    /// Its nose when this step began.
    pub before: i64,
    pub length: i64,
    /// Where its label is, behind its nose.
    pub label: i64,
    pub grams: i64,
    /// Per mille of the belt's way that it lags, by segment.
    slip: [i64; SEGMENTS_MAX],
    /// How far the curtain of the X-ray tunnel will hold it back.
    drag: i64,
    curtain: i64,
    /// Eyes that do not see it, a bit each.
    pub unseen: u16,
    /// It lies beside another one.
    pub abreast: bool,
    /// Faults that a device will show on it.
    pub marks: Vec<Fault>,
    pub entered: bool,
    pub pass: Option<u32>,
    pub chute: Option<Chute>,
    pub moved_under: bool,
    pub weighed: bool,
    pub imaged: bool,
}

impl Body {
    pub fn new(parcel: &ParcelTruth, nose: i64, map: &LaneMap, curtain: i64, random: &mut Random) -> Self {
        let mut slip = [0; SEGMENTS_MAX];
        for (slip, segment) in slip.iter_mut().zip(&map.segments) {
            let most = i64::from(segment.slip_permille);
            // Parcels lag more often than they lead.
            *slip = random.count(0, (most * 7 / 10).max(0) as usize) as i64 - most / 5;
        }
        let mut unseen = 0;
        if parcel.flat {
            unseen = (random.bits() & 0xFFFF) as u16;
        }
        let length = i64::from(parcel.length_mm) * 1_000_000;
        Self {
            id: parcel.id,
            nose,
            before: nose,
            length,
            label: length / 1_000 * i64::from(parcel.label_permille),
            grams: i64::from(parcel.mass_g),
            slip,
            drag: random.count(0, 6) as i64 * 1_000_000,
            curtain,
            unseen,
            abreast: false,
            marks: Vec::new(),
            entered: false,
            pass: None,
            chute: None,
            moved_under: false,
            weighed: false,
            imaged: false,
        }
    }

    pub const fn tail(&self) -> i64 {
        self.nose - self.length
    }

    /// Whether the place was reached in this step by what lies `behind` its nose.
    pub const fn reached(&self, place: i64, behind: i64) -> bool {
        self.before - behind < place && place <= self.nose - behind
    }

    /// Whether it lies over a place.
    pub const fn covers(&self, place: i64) -> bool {
        self.nose >= place && self.tail() < place
    }

    pub fn seen_by(&self, eye: usize) -> bool {
        self.unseen >> eye & 1 == 0
    }

    /// Carries it on by what the belt under its middle ran; beyond the last belt it slides down its chute.
    pub fn carry(&mut self, belts: &[Belt], ways: &[i64], us: i64) {
        self.before = self.nose;
        let middle = self.nose - self.length / 2;
        let under = belts.iter().position(|belt| middle < belt.to_nm);
        let Some(under) = under else {
            self.nose += belts.last().map_or(0, Belt::speed) * us;
            return;
        };
        let mut way = ways[under] * (1_000 - self.slip[under]) / 1_000;
        if way > 0 && self.drag > 0 && self.nose > self.curtain {
            let held = self.drag.min(way / 2);
            self.drag -= held;
            way -= held;
        }
        self.nose += way;
    }
}
