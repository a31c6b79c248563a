//! The controller booted: its counts began again, the parcels did not.
//!
//! Every belt stands within its coasting way of where it was last told to be, so every parcel's place is reckoned from
//! that and known less exactly until an eye sees it again. Eyes that it passed unseen are passed over, not held against
//! it; only an exit that stays empty is.

use gatepost_hardware::units::{Millimetres, Tick};

use super::{Mark, Track, Tracked, belt::Belt, stops::COAST_MM};
use gatepost_hardware::lane::{EyeRole, SEGMENTS_MAX};

/// What a belt runs uncounted in a boot: its coasting, and the way since the last beat at up to 1 m/s.
const BOOT_MM: i32 = COAST_MM + 50;

impl Track {
    /// Carries every parcel over into the counts of the new boot, in which every belt is at tick 0.
    pub fn rebase(&mut self) {
        let places: Vec<(usize, Millimetres)> = self.passes.iter().map(|tracked| self.reckoned(tracked)).collect();
        for (tracked, (segment, at_mm)) in self.passes.iter_mut().zip(places) {
            let belt = &self.map.segments[segment];
            let trail = tracked.length_mm.map(|length| belt.ticks(length));
            (tracked.marks, tracked.until) = ([None; SEGMENTS_MAX], [None; SEGMENTS_MAX]);
            tracked.marks[segment] = Some(Mark { segment: segment as u8, at_mm, lead: Tick(0), trail });
            tracked.coasted = tracked.coasted + Millimetres(BOOT_MM);
            tracked.adrift = true;
        }
        self.belts = self.map.segments.iter().map(Belt::new).collect();
        self.stopped.fill(None);
        self.occupants.fill(None);
        self.last_trail = None;
        self.still_dark.clone_from(&self.dark);
    }

    /// Whether an exit eye that goes dark after a boot is dark with what it saw before: a booted controller says every
    /// level anew.
    pub(super) fn was_dark(&mut self, index: usize, blocked: bool, tick: Tick) -> bool {
        self.dark[index] = blocked;
        let still = std::mem::take(&mut self.still_dark[index]);
        let eye = &self.map.eyes[index];
        let is_exit = matches!(eye.role, EyeRole::ReleaseExit | EyeRole::ExamExit);
        let stood = tick <= self.map.segments[usize::from(eye.segment)].ticks(Millimetres(BOOT_MM));
        blocked && still && is_exit && stood
    }

    /// Segment and place of the leading edge by what is known now, carried over hand-offs that no eye saw.
    fn reckoned(&self, tracked: &Tracked) -> (usize, Millimetres) {
        let Some(mark) = tracked.marks.iter().rev().flatten().next() else {
            return (0, Millimetres::ZERO);
        };
        let mut segment = usize::from(mark.segment);
        let run =
            self.belts[segment].now().map_or(Millimetres::ZERO, |now| self.map.segments[segment].mm(now - mark.lead));
        let mut at_mm = mark.at_mm + run;
        while at_mm > self.map.segments[segment].length_mm && segment + 1 < self.map.segments.len() {
            at_mm = at_mm - self.map.segments[segment].length_mm;
            segment += 1;
        }
        (segment, at_mm)
    }

    /// Passes adrift that have gone by their next eye unseen expect the one behind it.
    pub(super) fn reckon(&mut self) {
        for at in 0..self.passes.len() {
            while self.passes[at].adrift && self.passes[at].next_eye <= self.diverter && self.went_by(at) {
                self.carry_over(at);
                self.passes[at].next_eye += 1;
            }
        }
    }

    fn went_by(&self, at: usize) -> bool {
        let tracked = &self.passes[at];
        let index = tracked.next_eye;
        let ahead = self.map.eyes.get(index).and_then(|eye| self.ahead(tracked, index, self.belt(eye.segment).now()?));
        ahead.is_some_and(|(ahead, slack)| ahead > slack)
    }

    /// A parcel that went by the first eye of a segment unseen has no mark on it yet: it gets a reckoned one.
    fn carry_over(&mut self, at: usize) {
        let index = self.passes[at].next_eye;
        let eye = &self.map.eyes[index];
        let (here, at_mm) = (usize::from(eye.segment), eye.at_mm);
        if self.passes[at].marks[here].is_some() {
            return;
        }
        let (Some(now), belt) = (self.belts[here].now(), &self.map.segments[here]) else { return };
        if let Some((ahead, slack)) = self.ahead(&self.passes[at], index, now) {
            let lead = now - belt.ticks(ahead);
            let trail = self.passes[at].length_mm.map(|length| lead + belt.ticks(length));
            self.passes[at].marks[here] = Some(Mark { segment: here as u8, at_mm, lead, trail });
            self.passes[at].coasted = slack;
        }
    }
}
