//! The end of the way: who leaves by which chute, and who did not appear where it had to.

use gatepost_hardware::lane::EyeRole;
use gatepost_hardware::units::{Millimetres, Tick};

use super::{CHUTE_MM, Happening, Track, Tracked, slack};
use crate::limits::EDGE_MM;
use crate::pass::PassKey;
use crate::pass::life::End;

impl Track {
    /// A leading edge at an exit eye: the oldest parcel beyond the diverter eye that can be there. One that should leave
    /// by the other chute is not gone yet: an eye that flickers must not end it, see [`Track::vanished`].
    pub(super) fn exit(&mut self, index: usize, tick: Tick, end: End) -> Vec<Happening> {
        if let Some(pass) = self.expected(index, tick, end) {
            return vec![Happening::Left { pass, end }];
        }
        // None belongs into this chute; one that lies so exactly here that it can be no other.
        let here =
            |tracked: &Tracked| tracked.astray.is_none() && self.is_near(tracked, index, tick, Millimetres::ZERO);
        let Some(at) = self.passes.iter().position(here) else {
            return vec![Happening::StrangerLeft { end }];
        };
        self.passes[at].astray = Some(end);
        Vec::new()
    }

    /// An edge on a stretch of belt that has been seen. Chutes do not go back with the belt: what is in one slides on, and
    /// who is expected there has come as far as the belt had before it turned.
    pub(super) fn slid(&mut self, index: usize, role: EyeRole, blocked: bool) -> Vec<Happening> {
        let end = match role {
            EyeRole::ReleaseExit => End::Release,
            EyeRole::ExamExit => End::Exam,
            _ => return Vec::new(),
        };
        let furthest = self.map.eyes.get(index).and_then(|eye| self.belt(eye.segment).furthest());
        let pass = furthest.filter(|_| blocked).and_then(|furthest| self.expected(index, furthest, end));
        pass.map(|pass| Happening::Left { pass, end }).into_iter().collect()
    }

    /// The oldest that belongs into this chute and may be at its eye.
    fn expected(&self, index: usize, tick: Tick, end: End) -> Option<PassKey> {
        let belongs = |tracked: &&Tracked| tracked.opened == (end == End::Release);
        let chute = Millimetres(CHUTE_MM);
        let mut here = self.passes.iter().filter(belongs).filter(|tracked| self.is_near(tracked, index, tick, chute));
        here.next().map(|tracked| tracked.pass)
    }

    fn is_near(&self, tracked: &Tracked, index: usize, tick: Tick, exact: Millimetres) -> bool {
        (tracked.next_eye > self.diverter || tracked.adrift)
            && self.ahead(tracked, index, tick).is_some_and(|(ahead, slack)| ahead.0.abs() <= (slack + exact).0)
    }

    /// Everything whose window has gone by.
    pub(super) fn vanished(&self) -> Vec<Happening> {
        let gone = |tracked: &&super::Tracked| {
            let beyond = tracked.next_eye > self.diverter;
            let index = if beyond { self.exit_eye()? } else { tracked.next_eye };
            let eye = self.map.eyes.get(index)?;
            let (ahead, slack) = self.ahead(tracked, index, self.belt(eye.segment).now()?)?;
            if let Some(end) = tracked.astray.filter(|_| beyond && ahead > slack + Millimetres(CHUTE_MM)) {
                return Some(Happening::Left { pass: tracked.pass, end });
            }
            let patience = if beyond { self.exit_patience() } else { Millimetres(EDGE_MM) };
            (ahead > slack + patience).then_some(Happening::Vanished { pass: tracked.pass, before_eye: index as u8 })
        };
        self.passes.iter().filter_map(|tracked| gone(&tracked)).collect()
    }

    fn exit_eye(&self) -> Option<usize> {
        self.map.eyes.iter().position(|eye| eye.role == EyeRole::ExamExit)
    }

    /// Belt that runs during the longest time a parcel may take from the gate to its exit eye.
    fn exit_patience(&self) -> Millimetres {
        let Some((gate, eye)) = self.map.gate.as_ref().zip(self.map.eyes.get(self.diverter)) else {
            return Millimetres(CHUTE_MM);
        };
        let segment = &self.map.segments[usize::from(eye.segment)];
        let run = u64::from(gate.exit_ms_max) * u64::from(segment.speed_mm_s) / 1_000;
        let exit = self.exit_eye().map_or(gate.at_mm, |index| self.map.eyes[index].at_mm);
        let slack = slack(&self.map, eye.segment, exit - eye.at_mm);
        (Millimetres(i32::try_from(run).unwrap_or(i32::MAX)) - (exit - gate.at_mm) - slack).max(Millimetres(CHUTE_MM))
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use crate::pass::LaneName;
    use gatepost_hardware::lane::file;

    fn pass() -> PassKey {
        PassKey { lane: LaneName::new("north").unwrap(), epoch: 1, pass: 1 }
    }
    /// Where the eyes of the lane `north` are, from the entry eye on, millimetres; the exits lie side by side.
    const EYES: [i64; 8] = [0, 2_200, 2_400, 4_200, 4_400, 6_900, 8_700, 8_700];
    const RELEASE: u8 = 6;
    const EXAM: u8 = 7;

    /// One parcel of 300 mm as far as the diverter eye, for which the gate opened; then these edges at the exits, each at
    /// so many millimetres. All belts run at 500 mm/s.
    fn lived(exits: &[(i64, u8)], until: i64) -> Vec<Happening> {
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
            let mut edge = |eye: u8, blocked: bool| {
                let pass = (eye == 0).then(pass);
                let segment = map.eyes[usize::from(eye)].segment;
                happenings.extend(track.edge(eye, blocked, tick(segment, mm), time, pass));
            };
            for eye in (0..6u8).filter(|eye| EYES[usize::from(*eye)] == mm) {
                edge(eye, true);
            }
            for eye in (0..6u8).filter(|eye| EYES[usize::from(*eye)] + 300 == mm) {
                edge(eye, false);
            }
            for &(at, eye) in exits.iter().filter(|(at, _)| *at == mm || at + 50 == mm) {
                edge(eye, at == mm);
            }
            if mm == EYES[5] + 310 {
                track.opened(pass());
            }
            if happenings.iter().any(|happening| matches!(happening, Happening::Left { .. })) {
                track.forget(pass());
            }
        }
        happenings.retain(|happening| !matches!(happening, Happening::Entered { .. } | Happening::Seen { .. }));
        happenings
    }

    #[test]
    fn an_eye_that_flickers_ends_no_parcel_that_leaves_by_the_other_chute() {
        let there = EYES[6];
        let left = Happening::Left { pass: pass(), end: End::Release };
        let expected = vec![Happening::AtDiverter { pass: pass() }, left];
        assert_eq!(lived(&[(there, RELEASE)], there + 900), expected);
        assert_eq!(lived(&[(there - 20, EXAM), (there, RELEASE)], there + 900), expected);
    }

    #[test]
    fn what_only_the_other_eye_saw_left_there() {
        let there = EYES[7];
        let left = Happening::Left { pass: pass(), end: End::Exam };
        assert_eq!(lived(&[(there, EXAM)], there + 300), [Happening::AtDiverter { pass: pass() }], "it may still come");
        assert_eq!(lived(&[(there, EXAM)], there + 900), [Happening::AtDiverter { pass: pass() }, left]);
    }

    /// It slides down the release chute while somebody pulls the belts back.
    #[test]
    fn what_is_in_a_chute_leaves_though_its_belt_goes_back() {
        let map = file::parse("north.toml", include_str!("../../../../hardware/lanes/north.toml")).unwrap();
        let sorter = &map.segments[2];
        let mut track = Track::new(map.clone());
        let mut edge = |eye: u8, blocked: bool, mm: i32, back: i32| {
            let tick = map.segments[usize::from(map.eyes[usize::from(eye)].segment)].ticks(Millimetres(mm - back));
            track.edge(eye, blocked, tick, Micros(mm as u64 * 2_000), (eye == 0).then(pass))
        };
        for eye in 0..6u8 {
            edge(eye, true, EYES[usize::from(eye)] as i32, 0);
            edge(eye, false, EYES[usize::from(eye)] as i32 + 300, 0);
        }
        let there = EYES[6] as i32;
        track.opened(pass());
        track.was(2, Micros((there - 100) as u64 * 2_000), sorter.ticks(Millimetres(there - 100)));
        let mut edge = |eye: u8, mm: i32, back: i32| {
            track.edge(eye, true, sorter.ticks(Millimetres(mm - back)), Micros(mm as u64 * 2_000), None)
        };
        assert_eq!(
            edge(EXAM, there, 130),
            [],
            "none is expected in the other chute, and strangers do not come backward"
        );
        assert_eq!(edge(RELEASE, there, 130), [Happening::Left { pass: pass(), end: End::Release }]);
    }
}
