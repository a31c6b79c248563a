//! Scanners that number their images, one for each object that they see, in the order of the beam.
//!
//! The number says whether an image is this parcel's, an earlier one's that comes late, or a later one's; its length says
//! whether it shows one parcel, several, or a piece. A number is never enough: the image must also come in time and be
//! as long as the parcel.

use gatepost_hardware::units::Millimetres;

use super::{Claim, ImageOf, Images};
use crate::judge::ContestedCause;

/// What the next parcel's image should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Next {
    number: u32,
    /// So much belt behind the last parcel was shown in that parcel's image.
    covered: Millimetres,
}

impl Next {
    pub(super) fn after(number: u32) -> Self {
        Self { number: number.wrapping_add(1), covered: Millimetres::ZERO }
    }
    /// Whether this number's parcel has already left the beam.
    pub(super) fn is_past(self, number: u32) -> bool {
        number.wrapping_sub(self.number).cast_signed() < 0
    }
}

impl Images {
    /// The image of the parcel that left the beam, which should bear the number that is next.
    pub(super) fn claim_numbered(&mut self, claim: &Claim, found: &[usize], next: Next) -> ImageOf {
        if found.iter().any(|&at| self.arrived[at].file.number.is_none()) {
            self.next = None; // its numbers cannot be relied on
            return self.claim_alone(claim, found);
        }
        let bears = |number: u32| {
            found.iter().copied().find(|&at| !self.arrived[at].claimed && self.arrived[at].file.number == Some(number))
        };
        let Some(mine) = bears(next.number) else {
            return self.claim_nothing(claim, found, next);
        };
        // Pieces: the next numbers came in the same window, and together they are no longer than the parcel.
        let shown = |at: usize| self.arrived[at].file.length_mm;
        let (mut all, mut length, mut number) = (vec![mine], shown(mine), next.number);
        let longest = claim.length.map_or(Millimetres::ZERO, |length| length + claim.tolerance);
        while let Some(piece) = bears(number.wrapping_add(1)).filter(|&at| length + shown(at) <= longest) {
            (length, number) = (length + shown(piece), number.wrapping_add(1));
            all.push(piece);
        }
        let whole = all.len() == 1 && claim.fits(&self.arrived[mine]);
        let beyond = claim.length.map_or(Millimetres::ZERO, |own| length - own);
        let covered = if whole { Millimetres::ZERO } else { beyond.max(Millimetres::ZERO) };
        self.next = Some(Next { covered, ..Next::after(number) });
        let id = self.arrived[mine].file.id;
        all.iter().for_each(|&at| self.arrived[at].claimed = true);
        if whole { ImageOf::Owned { id } } else { ImageOf::Contested { cause: ContestedCause::Merged } }
    }

    /// No image bears this parcel's number.
    fn claim_nothing(&mut self, claim: &Claim, found: &[usize], next: Next) -> ImageOf {
        let length = claim.length.unwrap_or(Millimetres::ZERO);
        if next.covered + claim.tolerance >= length && next.covered > Millimetres::ZERO {
            let covered = (next.covered - length).max(Millimetres::ZERO);
            self.next = Some(Next { covered, ..next });
            return ImageOf::Contested { cause: ContestedCause::Merged };
        }
        // One that fits and bears another number: the count is wrong, or two parcels are of one length.
        if found.iter().any(|&at| !self.arrived[at].claimed && claim.fits(&self.arrived[at])) {
            found.iter().for_each(|&at| self.arrived[at].claimed = true);
            self.lose_step(claim.window.hi);
            return ImageOf::Contested { cause: ContestedCause::ImageOrder };
        }
        // Whether an interrupted scan used a number, nobody knows.
        self.next = (!claim.interrupted).then(|| Next::after(next.number));
        ImageOf::Missing
    }
}
