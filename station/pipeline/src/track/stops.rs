//! Belts that stop run out, each by its own way; one without encoder does so uncounted. And belts whose motion nobody
//! can tell.
//!
//! What lies on a belt that ran out uncounted, comes to it, or lies on two belts at once is known less well until its next
//! eye sees it. What a belt carried that did what its motor does not is not known at all.

use gatepost_hardware::lane::EyeRole;
use gatepost_hardware::units::Millimetres;

use super::belt::Belt;
use super::{Track, Tracked};
use crate::pass::PassKey;

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

    /// Passes whose place nobody knows when belts did what motors do not: those on belts that count nothing, or on their way
    /// to one. Belts of a line are moved together.
    pub fn uncounted(&self) -> Vec<PassKey> {
        let counts = |segment: u8| self.map.segments[usize::from(segment)].encoder;
        self.carried_by(|segment| !counts(segment))
    }

    /// Motor and encoder of a segment say different things, and nobody knows which is right. Its places begin anew; those of
    /// the passes that are returned hold no longer.
    pub fn disbelieve(&mut self, segment: u8) -> Vec<PassKey> {
        let mut passes = self.carried_by(|on| on == segment);
        let uncounted = self.uncounted();
        passes.extend(uncounted.into_iter().filter(|pass| !passes.contains(pass)).collect::<Vec<PassKey>>());
        if let Some((belt, segment)) =
            self.belts.get_mut(usize::from(segment)).zip(self.map.segments.get(usize::from(segment)))
        {
            *belt = Belt::new(segment);
        }
        if self.map.eyes.iter().any(|eye| eye.role == EyeRole::Entry && eye.segment == segment) {
            self.last_trail = None;
        }
        passes
    }

    /// Passes of which any part lies on such a segment, or that come to it next.
    fn carried_by(&self, which: impl Fn(u8) -> bool) -> Vec<PassKey> {
        let segments: Vec<u8> = (0..self.map.segments.len() as u8).filter(|&segment| which(segment)).collect();
        let carried = |tracked: &&Tracked| {
            segments.iter().any(|&segment| self.rides(tracked, segment) || self.straddles(tracked, segment))
        };
        self.passes.iter().filter(carried).map(|tracked| tracked.pass).collect()
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

#[cfg(test)]
mod tests {
    use super::super::*;
    use crate::pass::LaneName;
    use gatepost_hardware::lane::file;

    /// Three parcels of 300 mm: on the infeed, on the X-ray belt, which counts nothing, and on the sorter.
    #[test]
    fn a_belt_that_is_not_believed_takes_what_it_carries_and_what_lies_on_uncounted_belts() {
        let map = file::parse("north.toml", include_str!("../../../../hardware/lanes/north.toml")).unwrap();
        let lane = LaneName::new("north").unwrap();
        let pass = |number: u32| PassKey { lane, epoch: 1, pass: number };
        let mut track = Track::new(map.clone());
        let far = [0, 2_200, 2_400, 4_200, 4_400];
        for mm in 0..6_000i32 {
            let tick = |segment: u8| map.segments[usize::from(segment)].ticks(Millimetres(mm));
            let time = Micros(mm as u64 * 2_000);
            if mm % 25 == 0 {
                track.beat(time, &[tick(0), tick(1), tick(2)]);
            }
            for (number, behind) in [(1, 0), (2, 2_000), (3, 4_500)] {
                for (eye, there) in (0u8..).zip(far) {
                    let segment = map.eyes[usize::from(eye)].segment;
                    if mm == there + behind || mm == there + behind + 300 {
                        let blocked = mm == there + behind;
                        let entering = (eye == 0 && blocked).then(|| pass(number));
                        track.edge(eye, blocked, tick(segment), time, entering);
                    }
                }
            }
        }
        assert_eq!(track.uncounted(), [pass(2)]);
        assert_eq!(track.clone().disbelieve(2), [pass(1), pass(2)]);
        let mut infeed = track.clone();
        assert_eq!(infeed.disbelieve(0), [pass(3), pass(2)]);
        assert_eq!((infeed.belt(0).furthest(), infeed.last_trail), (None, None), "what was counted there is forgotten");
        assert!(infeed.belt(2).furthest().is_some());
    }
}
