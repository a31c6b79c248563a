//! A nose at an eye on the belt: whose it is.
//!
//! Of those that may be expected there it is the one that it fits best. Whoever else could be meant is in doubt with it.
//! A place that is known only by how far belts may have run uncounted fits much; so a nose that nothing else explains is
//! in doubt, too, where others could be meant whose places are not known, or where another nose has just been taken for
//! the same parcel. It looks at no exit: chutes are no belts.

use gatepost_hardware::units::{Millimetres, Tick};

use super::stops::COAST_MM;
use super::{Happening, Mark, Track};
use crate::judge::ContestedCause;
use crate::limits::EDGE_MM;

/// A pass that this nose may be.
#[derive(Clone, Copy, Debug)]
struct Fit {
    /// Index among the passes.
    at: usize,
    ahead: Millimetres,
    slack: Millimetres,
    /// Only belt that may have run uncounted explains it.
    loose: bool,
}

impl Fit {
    /// How much of its window it is off, per mille.
    fn off(&self) -> i32 {
        self.ahead.0.saturating_abs().saturating_mul(1_000) / self.slack.0.max(1)
    }
}

impl Track {
    /// Whether parcels are on the belts whose places were lost: what comes by may be one of them.
    pub fn beside_lost(&mut self, lost: bool) {
        self.beside_lost = lost;
    }

    pub(super) fn leading(&mut self, index: usize, tick: Tick) -> Vec<Happening> {
        let fits = self.fits(index, tick);
        let Some(best) = fits.iter().min_by_key(|fit| fit.off()).copied() else {
            self.contest_beside(index, tick);
            return vec![Happening::Appeared { eye: index as u8 }];
        };
        if fits.len() > 1 || best.loose && self.beside_lost {
            fits.iter().for_each(|fit| self.contest_at(fit.at, ContestedCause::Handoff));
        }
        if best.loose {
            let others = self.taken_for(index, tick);
            if !others.is_empty() {
                self.contest_at(best.at, ContestedCause::Handoff);
            }
            others.into_iter().for_each(|at| self.contest_at(at, ContestedCause::Handoff));
        }
        let eye = &self.map.eyes[index];
        let until = tick + self.map.segments[usize::from(eye.segment)].ticks(best.slack - best.ahead);
        let mark = Mark { segment: eye.segment, at_mm: eye.at_mm, lead: tick, trail: None };
        let runs_out = self.runs_out(usize::from(eye.segment));
        let tracked = &mut self.passes[best.at];
        tracked.marks[usize::from(mark.segment)] = Some(mark);
        tracked.next_eye = index + 1;
        tracked.until[usize::from(mark.segment)] = Some(until);
        // Its nose is on this belt, its tail on one that has just stopped and runs out by itself.
        tracked.coasted = if runs_out { Millimetres(COAST_MM) } else { Millimetres::ZERO };
        tracked.adrift = false;
        self.occupants[index] = Some(tracked.pass);
        let pass = tracked.pass;
        vec![if index == self.diverter { Happening::AtDiverter { pass } } else { Happening::Seen { pass } }]
    }

    /// Every pass in whose window it comes, oldest first.
    fn fits(&self, index: usize, tick: Tick) -> Vec<Fit> {
        let fit = |at: usize| {
            let tracked = self.passes.get(at).filter(|tracked| tracked.may_meet(index))?;
            let (ahead, slack) = self.ahead(tracked, index, tick)?;
            let exact = self.exact(tracked, index).min(slack);
            let off = ahead.0.abs();
            (off <= slack.0).then_some(Fit { at, ahead, slack, loose: off > exact.0 })
        };
        (0..self.passes.len()).filter_map(fit).collect()
    }

    /// Passes that another nose at this eye was taken for, and that this one may be as well.
    fn taken_for(&self, index: usize, tick: Tick) -> Vec<usize> {
        let eye = &self.map.eyes[index];
        let taken = |at: &usize| {
            let tracked = &self.passes[*at];
            let here = tracked.mark(eye.segment).is_some_and(|mark| mark.at_mm == eye.at_mm);
            here && tracked.until[usize::from(eye.segment)].is_some_and(|until| tick <= until)
        };
        (0..self.passes.len()).filter(taken).collect()
    }

    /// A stranger beside or inside a known parcel makes that parcel's readings doubtful too. Of two noses where one was
    /// expected nobody knows which was it: the parcel is where either of them is.
    fn contest_beside(&mut self, index: usize, tick: Tick) {
        let eye = &self.map.eyes[index];
        let (segment, at_mm) = (&self.map.segments[usize::from(eye.segment)], eye.at_mm);
        let length_max = self.map.items.length_mm_max;
        let on = eye.segment;
        let near = |at: &usize| {
            let tracked = &self.passes[*at];
            let length = tracked.length_mm.unwrap_or(length_max);
            let near = match tracked.mark(on).filter(|mark| mark.at_mm == at_mm) {
                Some(mark) => segment.mm(tick - mark.lead) <= length + Millimetres(EDGE_MM),
                None => self
                    .ahead(tracked, index, tick)
                    .is_some_and(|(ahead, slack)| -slack.0 <= ahead.0 && ahead <= length + slack),
            };
            near && tracked.next_eye <= index + 1
        };
        let near: Vec<usize> = (0..self.passes.len()).filter(near).collect();
        let either: Vec<(usize, Millimetres)> = self
            .taken_for(index, tick)
            .into_iter()
            .filter_map(|at| Some((at, segment.mm(tick - self.passes[at].mark(on)?.lead))))
            .collect();
        near.into_iter().for_each(|at| self.contest_at(at, ContestedCause::Appeared));
        for (at, behind) in either {
            self.contest_at(at, ContestedCause::Appeared);
            self.passes[at].coasted = self.passes[at].coasted.max(behind);
        }
    }

    fn contest_at(&mut self, at: usize, cause: ContestedCause) {
        self.passes[at].contested.insert(cause);
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use crate::pass::LaneName;
    use crate::pass::life::End;
    use gatepost_hardware::lane::file;

    /// Where the eyes of the lane `north` are, from the entry eye on, millimetres; the exits lie side by side.
    const EYES: [i64; 8] = [0, 2_200, 2_400, 4_200, 4_400, 6_900, 8_700, 8_700];
    const EXAM: u8 = 7;

    fn pass(number: u32) -> PassKey {
        PassKey { lane: LaneName::new("north").unwrap(), epoch: 1, pass: number }
    }

    /// What an eye sees of a stretch of belt that begins and ends so many millimetres behind the first nose.
    #[derive(Clone, Copy)]
    struct Dark {
        eyes: &'static [u8],
        from: i64,
        to: i64,
        entering: Option<u32>,
    }

    fn dark(eyes: &'static [u8], from: i64, to: i64) -> Dark {
        Dark { eyes, from, to, entering: None }
    }

    /// All belts run at 500 mm/s; the X-ray belt, which counts nothing, stops at these places of the first nose.
    fn lived(seen: &[Dark], stops: &[i64], until: i64) -> (Track, Vec<Happening>) {
        let map = file::parse("north.toml", include_str!("../../../../hardware/lanes/north.toml")).unwrap();
        let mut track = Track::new(map.clone());
        let mut happenings = Vec::new();
        let tick = |segment: u8, mm: i64| map.segments[usize::from(segment)].ticks(Millimetres(mm as i32));
        for mm in 0..until {
            let time = Micros(mm as u64 * 2_000);
            if mm % 25 == 0 {
                let ticks: Vec<Tick> = (0..3).map(|segment| tick(segment, mm)).collect();
                happenings.extend(track.beat(time, &ticks));
            }
            stops.iter().filter(|stop| **stop == mm).for_each(|_| track.stopped(1));
            for dark in seen {
                for &eye in dark.eyes {
                    let there = EYES[usize::from(eye)];
                    let blocked = [(dark.from, true), (dark.to, false)].into_iter().find(|(at, _)| there + at == mm);
                    let Some((_, blocked)) = blocked else { continue };
                    let number = dark.entering.filter(|_| eye == 0 && blocked).map(pass);
                    let segment = map.eyes[usize::from(eye)].segment;
                    happenings.extend(track.edge(eye, blocked, tick(segment, mm), time, number));
                }
            }
            for happening in &happenings {
                if let Happening::Left { pass, .. } | Happening::Vanished { pass, .. } = happening {
                    track.forget(*pass);
                }
            }
        }
        (track, happenings)
    }

    /// Two touch and enter as one; on the way they come apart, and the second is as near before a third as belts may have
    /// run out uncounted. Then they close up again. The third is where it is, and in doubt.
    #[test]
    fn of_two_noses_for_one_parcel_either_may_be_it() {
        let pair = Dark { entering: Some(1), ..dark(&[0, 1, 2, 5], 0, 290) };
        let (first, second) = (dark(&[3, 4, EXAM], 0, 150), dark(&[3, 4, EXAM], 170, 310));
        let third = Dark { entering: Some(2), ..dark(&[0, 1, 2, 3, 4, 5, EXAM], 420, 570) };
        let stop = EYES[2] + 420 + 200;
        let (track, _) = lived(&[pair, first, second, third], &[stop], EYES[5] + 300);
        assert!(track.get(pass(2)).unwrap().contested.contains(&ContestedCause::Appeared));
        let (_, happenings) = lived(&[pair, first, second, third], &[stop], EYES[7] + 900);
        let ends: Vec<&Happening> = happenings
            .iter()
            .filter(|happening| matches!(happening, Happening::Left { .. } | Happening::Vanished { .. }))
            .collect();
        let exam = |number| Happening::Left { pass: pass(number), end: End::Exam };
        assert_eq!(ends, [&exam(1), &exam(2)]);
    }

    /// A hand took the first; the belts ran out so far that the second could be it.
    #[test]
    fn a_nose_is_the_parcels_that_it_fits_best() {
        let first = Dark { entering: Some(1), ..dark(&[0, 1], 0, 100) };
        let second = Dark { entering: Some(2), ..dark(&[0, 1, 2], 360, 460) };
        let (track, happenings) = lived(&[first, second], &[2_250, 2_260], EYES[2] + 900);
        assert!(happenings.contains(&Happening::Vanished { pass: pass(1), before_eye: 2 }), "{happenings:?}");
        let second = track.get(pass(2)).unwrap();
        assert!(second.mark(1).is_some() && second.contested.contains(&ContestedCause::Handoff));
    }

    /// The same belts, and nobody is missing: but parcels are about whose places were lost.
    #[test]
    fn a_nose_that_only_uncounted_belt_explains_may_be_a_lost_parcels() {
        let early = |lost: bool| {
            let own = Dark { entering: Some(1), ..dark(&[0, 1], 0, 100) };
            let mm = EYES[2] - 180;
            let (mut track, _) = lived(&[own], &[mm - 10], mm);
            let tick = track.map.segments[1].ticks(Millimetres(mm as i32));
            track.beside_lost(lost);
            let seen = track.edge(2, true, tick, Micros(mm as u64 * 2_000), None);
            assert_eq!(seen, [Happening::Seen { pass: pass(1) }]);
            track.get(pass(1)).unwrap().contested.contains(&ContestedCause::Handoff)
        };
        assert!(early(true));
        assert!(!early(false));
    }
}
