//! Which image shows which parcel, where no trigger is wired.
//!
//! By time, length and count together: in the window in which a parcel's image must arrive, exactly one image arrives,
//! and it is as long as the parcel. Anything else puts images and parcels out of step, and until the beam has been
//! empty, and silent, for longer than the scanner's longest latency, every parcel's image is contested.

use std::collections::VecDeque;

use gatepost_hardware::lane::{DeviceKind, LaneMap};
use gatepost_hardware::units::Millimetres;

use crate::event::ImageFile;
use crate::judge::{ContestedCause, Image};
use crate::limits::IMAGES_WAITING_MAX;
use crate::track::clock::Span;

/// What is known of one parcel's image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ImageOf {
    #[default]
    Waiting,
    Owned {
        id: u32,
    },
    Missing,
    Contested {
        cause: ContestedCause,
    },
}

#[derive(Clone, Debug)]
struct Arrived {
    file: ImageFile,
    /// Controller times between which the scanner closed the file.
    at: Span,
    assessed: Option<Image>,
    claimed: bool,
    /// Came while an interrupted scan was in the beam: it may belong to nobody.
    excused: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Images {
    arrived: VecDeque<Arrived>,
    /// Controller time of the last thing that did not fit.
    out_of_step: Option<i64>,
}

/// Beyond the scanner's longest latency: clock error and one turn of the station's loop.
const QUIET_US: i64 = 50_000;

impl Images {
    pub fn arrive(&mut self, file: ImageFile, at: Span, excused: bool) {
        if self.arrived.len() == IMAGES_WAITING_MAX {
            let lost = self.arrived.pop_front();
            if lost.is_some_and(|lost| !lost.claimed) {
                self.out_of_step = self.out_of_step.max(Some(at.hi));
            }
        }
        self.arrived.push_back(Arrived { file, at, assessed: None, claimed: false, excused });
    }

    pub fn assess(&mut self, id: u32, assessed: Image) {
        if let Some(arrived) = self.arrived.iter_mut().find(|arrived| arrived.file.id == id) {
            arrived.assessed = Some(assessed);
        }
    }
    pub fn assessed(&self, id: u32) -> Option<&Image> {
        self.arrived.iter().find(|arrived| arrived.file.id == id)?.assessed.as_ref()
    }
    pub fn file(&self, id: u32) -> Option<&ImageFile> {
        self.arrived.iter().find(|arrived| arrived.file.id == id).map(|arrived| &arrived.file)
    }
    /// Whether nothing more is to be expected of this image.
    pub fn is_known(&self, image: ImageOf) -> bool {
        match image {
            ImageOf::Waiting => false,
            ImageOf::Owned { id } => self.assessed(id).is_some(),
            ImageOf::Missing | ImageOf::Contested { .. } => true,
        }
    }
    pub fn is_out_of_step(&self) -> bool {
        self.out_of_step.is_some()
    }

    /// The image of the parcel whose image had to arrive within `window`; and whether this put us out of step.
    pub(super) fn claim(
        &mut self,
        window: Span,
        length: Option<Millimetres>,
        interrupted: bool,
        map: &LaneMap,
    ) -> (ImageOf, bool) {
        let can = |arrived: &&mut Arrived| arrived.at.hi >= window.lo && arrived.at.lo <= window.hi;
        let mut found: Vec<&mut Arrived> = self.arrived.iter_mut().filter(can).collect();
        let in_step = self.out_of_step.is_none();
        let (image, fits) = match found.as_mut_slice() {
            [] => (ImageOf::Missing, interrupted),
            [one] if one.claimed => (ImageOf::Contested { cause: ContestedCause::ImageOrder }, false),
            [one] => {
                one.claimed = true;
                let tolerance = map.items.length_tolerance_mm;
                let fits = length.is_some_and(|length| one.file.length_mm.abs_diff(length) <= tolerance);
                let owned = if fits {
                    ImageOf::Owned { id: one.file.id }
                } else {
                    ImageOf::Contested { cause: ContestedCause::Merged }
                };
                (owned, fits || interrupted)
            }
            several => {
                several.iter_mut().for_each(|arrived| arrived.claimed = true);
                (ImageOf::Contested { cause: ContestedCause::ImageOrder }, interrupted)
            }
        };
        if !fits {
            self.out_of_step = self.out_of_step.max(Some(window.hi));
            return (image, in_step);
        }
        if !in_step && matches!(image, ImageOf::Owned { .. }) {
            return (ImageOf::Contested { cause: ContestedCause::ImageOrder }, false);
        }
        (image, false)
    }

    /// Time goes by. Finds images that no parcel claimed (true: newly out of step), and gets back in step after an
    /// empty, silent stretch.
    pub(super) fn rest(&mut self, now: i64, in_beam: bool, map: &LaneMap) -> bool {
        let Some(device) = map.devices.iter().find(|device| device.kind == DeviceKind::Xray) else {
            return false;
        };
        let segment = &map.segments[usize::from(device.segment)];
        // The longest parcel that may still be leaving the beam closes its window this long after its image.
        let leave = segment.time(map.items.length_mm_max).0 as i64;
        let quiet = i64::from(device.latency_ms_max) * 1_000 + QUIET_US;
        let orphan = self.arrived.iter_mut().find(|arrived| !arrived.claimed && now > arrived.at.hi + leave + quiet);
        let was_in_step = self.out_of_step.is_none();
        if let Some(orphan) = orphan {
            orphan.claimed = true;
            if !orphan.excused {
                self.out_of_step = self.out_of_step.max(Some(orphan.at.hi));
            }
        }
        let last_image = self.arrived.back().map(|arrived| arrived.at.hi);
        if in_beam {
            self.out_of_step = self.out_of_step.map(|since| since.max(now));
        }
        if self
            .out_of_step
            .max(last_image.filter(|_| self.out_of_step.is_some()))
            .is_some_and(|last| now > last + quiet)
        {
            self.out_of_step = None;
        }
        was_in_step && self.out_of_step.is_some()
    }
}
