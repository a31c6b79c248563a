//! Which image shows which parcel, where no trigger is wired.
//!
//! By time, length and count together: in the window in which a parcel's image must arrive, exactly one image arrives,
//! and it is as long as the parcel. Where the scanner numbers its images the count is exact (`numbered`): a missing, late,
//! merged or split image costs the parcels that it concerns. Anything that this does not explain puts images and parcels
//! out of step, and until the beam has been empty, and silent, for longer than the scanner's longest latency, every
//! parcel's image is contested.

mod numbered;

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
    /// Where the scanner numbers its images: what the next parcel's should be. Nothing until it was learnt.
    next: Option<numbered::Next>,
}

/// The parcel that has just left the beam, and when its image must arrive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim {
    pub window: Span,
    pub length: Option<Millimetres>,
    /// The belt stood still or reversed while it was in the beam.
    pub interrupted: bool,
    pub tolerance: Millimetres,
}

impl Claim {
    fn may_be(&self, image: &Arrived) -> bool {
        image.at.hi >= self.window.lo && image.at.lo <= self.window.hi
    }
    fn fits(&self, image: &Arrived) -> bool {
        self.length.is_some_and(|length| image.file.length_mm.abs_diff(length) <= self.tolerance)
    }
}

/// Beyond the scanner's longest latency: clock error and one turn of the station's loop.
const QUIET_US: i64 = 50_000;
/// How long a missed image of an unnumbered scanner may still come, and be taken for another's: as long as a scanner's
/// computer is known to stall before somebody restarts it.
const LATE_US: i64 = 15_000_000;

impl Images {
    pub fn arrive(&mut self, file: ImageFile, at: Span, excused: bool) {
        if self.arrived.len() == IMAGES_WAITING_MAX {
            let lost = self.arrived.pop_front();
            if lost.is_some_and(|lost| !lost.claimed) {
                self.lose_step(at.hi);
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

    /// The image of the parcel that left the beam; and whether this put us out of step.
    pub(super) fn claim(&mut self, claim: &Claim) -> (ImageOf, bool) {
        let was_in_step = self.out_of_step.is_none();
        let found: Vec<usize> = (0..self.arrived.len()).filter(|&at| claim.may_be(&self.arrived[at])).collect();
        let image = match self.next {
            Some(next) if was_in_step => self.claim_numbered(claim, &found, next),
            _ => self.claim_alone(claim, &found),
        };
        match image {
            ImageOf::Owned { .. } if !was_in_step => (ImageOf::Contested { cause: ContestedCause::ImageOrder }, false),
            // To the eyes they were one; what was read and weighed may be of either.
            ImageOf::Owned { id } if self.file(id).is_some_and(|file| file.objects > 1) => {
                (ImageOf::Contested { cause: ContestedCause::Abreast }, false)
            }
            _ => (image, was_in_step && self.out_of_step.is_some()),
        }
    }

    /// The only image that arrived in the window, as long as the parcel.
    fn claim_alone(&mut self, claim: &Claim, found: &[usize]) -> ImageOf {
        let (mut image, mut fits) = (ImageOf::Contested { cause: ContestedCause::ImageOrder }, claim.interrupted);
        match found {
            [] => {
                let numbered = self.arrived.back().is_some_and(|last| last.file.number.is_some());
                if !claim.interrupted {
                    self.lose_step(claim.window.hi + if numbered { 0 } else { LATE_US });
                }
                return ImageOf::Missing;
            }
            &[one] if self.arrived[one].claimed => fits = false,
            &[one] if claim.fits(&self.arrived[one]) => {
                let file = &self.arrived[one].file;
                (image, fits) = (ImageOf::Owned { id: file.id }, true);
                self.next = file.number.map(numbered::Next::after);
            }
            [_] => image = ImageOf::Contested { cause: ContestedCause::Merged },
            _ => {}
        }
        found.iter().for_each(|&at| self.arrived[at].claimed = true);
        if !fits {
            self.lose_step(claim.window.hi);
        }
        image
    }

    /// Something did not fit: until an empty stretch nobody knows which image is whose.
    fn lose_step(&mut self, at: i64) {
        self.out_of_step = self.out_of_step.max(Some(at));
        self.next = None;
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
        let orphaned = |arrived: &Arrived| !arrived.claimed && now > arrived.at.hi + leave + quiet;
        let orphan = self.arrived.iter().position(orphaned);
        let was_in_step = self.out_of_step.is_none();
        if let Some(orphan) = orphan {
            let arrived = &mut self.arrived[orphan];
            arrived.claimed = true;
            let late = self.next.zip(arrived.file.number).is_some_and(|(next, number)| next.is_past(number));
            if !late && !arrived.excused {
                let at = arrived.at.hi;
                self.lose_step(at);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::Token;

    const LENGTH: Millimetres = Millimetres(300);

    /// One parcel leaves the beam, and one image of its length came that shows so many objects side by side.
    fn left_the_beam(images: &mut Images, second: i64, objects: u8) -> ImageOf {
        let (left, id) = (second * 1_000_000, second as u32);
        let file = ImageFile { id, digest: Token::clipped("00"), number: Some(id), length_mm: LENGTH, objects };
        images.arrive(file, Span { lo: left, hi: left }, false);
        let window = Span { lo: left, hi: left + 400_000 };
        let (length, tolerance) = (Some(LENGTH), Millimetres(40));
        images.claim(&Claim { window, length, interrupted: false, tolerance }).0
    }

    #[test]
    fn two_abreast_in_one_image_are_nobodys_and_the_next_image_is_its_parcels() {
        let mut images = Images::default();
        assert_eq!(left_the_beam(&mut images, 1, 1), ImageOf::Owned { id: 1 });
        let abreast = ImageOf::Contested { cause: ContestedCause::Abreast };
        assert_eq!(left_the_beam(&mut images, 2, 2), abreast);
        assert!(!images.is_out_of_step() && images.is_known(abreast));
        assert_eq!(left_the_beam(&mut images, 3, 1), ImageOf::Owned { id: 3 });
    }
}
