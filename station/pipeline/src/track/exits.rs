//! The end of the way: who leaves by which chute, and who did not appear where it had to.

use gatepost_hardware::lane::EyeRole;
use gatepost_hardware::units::{Millimetres, Tick};

use super::{CHUTE_MM, Happening, Track, slack};
use crate::limits::EDGE_MM;
use crate::pass::life::End;

impl Track {
    /// A leading edge at an exit eye: the oldest parcel beyond the diverter eye that can be there.
    pub(super) fn exit(&mut self, index: usize, tick: Tick, end: End) -> Happening {
        let exact = Millimetres(CHUTE_MM);
        let near = |tracked: &&super::Tracked, exact: Millimetres| {
            (tracked.next_eye > self.diverter || tracked.adrift)
                && self.ahead(tracked, index, tick).is_some_and(|(ahead, slack)| ahead.0.abs() <= (slack + exact).0)
        };
        let expected = |tracked: &&super::Tracked| tracked.opened == (end == End::Release);
        // One that belongs into this chute; else one that lies so exactly here that it can be no other.
        let found = self.passes.iter().find(|tracked| expected(tracked) && near(tracked, exact));
        let found = found.or_else(|| self.passes.iter().find(|tracked| near(tracked, Millimetres::ZERO)));
        let Some(pass) = found.map(|tracked| tracked.pass) else {
            return Happening::StrangerLeft { end };
        };
        Happening::Left { pass, end }
    }

    /// Everything whose window has gone by.
    pub(super) fn vanished(&self) -> Vec<Happening> {
        let gone = |tracked: &&super::Tracked| {
            let beyond = tracked.next_eye > self.diverter;
            let index = if beyond { self.exit_eye()? } else { tracked.next_eye };
            let eye = self.map.eyes.get(index)?;
            let (ahead, slack) = self.ahead(tracked, index, self.belt(eye.segment).now()?)?;
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
