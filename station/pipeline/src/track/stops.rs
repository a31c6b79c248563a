//! Belts that stop run out, each by its own way; one without encoder does so uncounted.
//!
//! What lies on such a belt, comes to it, or lies on two belts at once is known less well until its next eye sees it.

use gatepost_hardware::units::Millimetres;

use crate::pass::PassKey;

use super::{Track, Tracked};

/// How far a belt runs out in one stop and start, at most.
pub(super) const COAST_MM: i32 = 120;

impl Track {
    /// A segment's belt stopped. Without an encoder it ran out, and will start, uncounted: what is on it, or comes to it
    /// next, is known less well until its next eye.
    pub fn stopped(&mut self, segment: u8) {
        let Some(encoder) = self.map.segments.get(usize::from(segment)).map(|segment| segment.encoder) else { return };
        let coast = Millimetres(COAST_MM);
        let straddling: Vec<bool> = self.passes.iter().map(|tracked| self.straddles(tracked, segment)).collect();
        for (tracked, _) in self.passes.iter_mut().zip(straddling).filter(|(_, straddles)| *straddles) {
            tracked.coasted = tracked.coasted + coast;
        }
        self.stopped[usize::from(segment)] = self.belts[usize::from(segment)].now();
        if encoder {
            return;
        }
        for at in 0..self.passes.len() {
            if self.rides(&self.passes[at], segment) {
                self.passes[at].coasted = self.passes[at].coasted + coast;
            }
        }
    }

    /// Passes on, or on their way to, a segment that counts nothing: where they are when belts do what motors do not.
    pub fn uncounted(&self) -> Vec<PassKey> {
        let blind = |segment: &u8| !self.map.segments[usize::from(*segment)].encoder;
        let segments: Vec<u8> = (0..self.map.segments.len() as u8).filter(blind).collect();
        let rides = |tracked: &&Tracked| segments.iter().any(|&segment| self.rides(tracked, segment));
        self.passes.iter().filter(rides).map(|tracked| tracked.pass).collect()
    }

    fn rides(&self, tracked: &Tracked, segment: u8) -> bool {
        let next = self.map.eyes.get(tracked.next_eye).map(|eye| eye.segment);
        let on = tracked.marks.iter().rev().flatten().next().map(|mark| mark.segment);
        next == Some(segment) || on == Some(segment)
    }

    /// Whether a parcel's nose lies on the next belt and its tail on this one: two belts coast differently, and it rides
    /// either.
    fn straddles(&self, tracked: &Tracked, segment: u8) -> bool {
        let newest = tracked.marks.iter().rev().flatten().next();
        let length = tracked.length_mm.unwrap_or(self.map.items.length_mm_max) + self.map.items.length_tolerance_mm;
        newest.filter(|mark| mark.segment == segment + 1).is_some_and(|mark| {
            let belt = &self.map.segments[usize::from(mark.segment)];
            self.belt(mark.segment).now().is_some_and(|now| mark.at_mm + belt.mm(now - mark.lead) < length)
        })
    }

    /// Whether the belt before this one has hardly moved since it stopped.
    pub(super) fn runs_out(&self, segment: usize) -> bool {
        let Some(before) = segment.checked_sub(1) else { return false };
        let coast = self.map.segments[before].ticks(Millimetres(COAST_MM));
        self.stopped[before].zip(self.belts[before].now()).is_some_and(|(stopped, now)| now - stopped <= coast)
    }
}
