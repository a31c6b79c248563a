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

#[cfg(test)]
mod tests {
    use super::super::Span;
    use super::*;
    use crate::event::ImageFile;
    use crate::judge::Token;

    /// A parcel of this length leaves the beam every second; its image is due within 400 ms.
    struct Rig {
        images: Images,
        parcels: i64,
        files: u32,
    }

    impl Rig {
        fn new() -> Self {
            Self { images: Images::default(), parcels: 0, files: 0 }
        }
        /// An image arrives `ms` after the next parcel left the beam.
        fn image(&mut self, number: u32, length_mm: i32, ms: i64) -> u32 {
            self.files += 1;
            let at = (self.parcels + 1) * 1_000_000 + ms * 1_000;
            let (id, digest) = (self.files, Token::clipped("00"));
            let file = ImageFile { id, digest, number: Some(number), length_mm: Millimetres(length_mm), objects: 1 };
            self.images.arrive(file, Span { lo: at, hi: at }, false);
            id
        }
        fn leaves(&mut self, length_mm: i32) -> ImageOf {
            self.parcels += 1;
            let left = self.parcels * 1_000_000;
            let window = Span { lo: left, hi: left + 400_000 };
            let (length, tolerance) = (Some(Millimetres(length_mm)), Millimetres(40));
            self.images.claim(&Claim { window, length, interrupted: false, tolerance }).0
        }
        /// One parcel as it should be: the count is learnt from it.
        fn learnt(number: u32) -> Self {
            let mut rig = Self::new();
            let id = rig.image(number, 300, 100);
            assert_eq!(rig.leaves(300), ImageOf::Owned { id });
            rig
        }
    }

    const MERGED: ImageOf = ImageOf::Contested { cause: ContestedCause::Merged };
    const ORDER: ImageOf = ImageOf::Contested { cause: ContestedCause::ImageOrder };

    #[test]
    fn a_missing_image_costs_no_other_parcel() {
        let mut rig = Rig::learnt(7);
        assert_eq!(rig.leaves(500), ImageOf::Missing);
        let id = rig.image(9, 200, 100);
        assert_eq!(rig.leaves(200), ImageOf::Owned { id });
        assert!(!rig.images.is_out_of_step());
    }

    #[test]
    fn a_late_image_is_nobody_elses_even_when_it_fits() {
        let mut rig = Rig::learnt(7);
        assert_eq!(rig.leaves(500), ImageOf::Missing);
        rig.image(8, 500, 50);
        let id = rig.image(9, 200, 100);
        assert_eq!(rig.leaves(200), ImageOf::Owned { id }, "it does not fit this one");
        assert_eq!(rig.leaves(500), ImageOf::Missing);
        rig.image(10, 480, 50);
        assert_eq!(rig.leaves(490), ORDER, "the late one fits, and this one's own did not come");
        assert!(rig.images.is_out_of_step());
    }

    #[test]
    fn one_image_of_two_parcels_is_neithers_and_the_third_has_its_own() {
        let mut rig = Rig::learnt(7);
        rig.image(8, 300 + 200 + 250, 100);
        assert_eq!(rig.leaves(300), MERGED);
        assert_eq!(rig.leaves(250), MERGED);
        let id = rig.image(9, 400, 100);
        assert_eq!(rig.leaves(400), ImageOf::Owned { id });
    }

    #[test]
    fn two_pieces_of_one_parcel_are_no_image_and_the_next_has_its_own() {
        let mut rig = Rig::learnt(u32::MAX - 1);
        rig.image(u32::MAX, 180, 100);
        rig.image(0, 120, 110);
        assert_eq!(rig.leaves(300), MERGED);
        let id = rig.image(1, 400, 100);
        assert_eq!(rig.leaves(400), ImageOf::Owned { id });
    }

    #[test]
    fn a_count_that_is_not_the_parcels_is_not_believed() {
        let mut rig = Rig::learnt(7);
        rig.image(9, 300, 100);
        assert_eq!(rig.leaves(300), ORDER, "a number was skipped: nothing says which image is whose");
        rig.image(10, 300, 100);
        assert_eq!(rig.leaves(300), ORDER, "until the beam has been empty");
    }
}
