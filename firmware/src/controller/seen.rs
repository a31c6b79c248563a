//! What the lane does: edges at its eyes, belts that change their motion.

use super::Controller;
use crate::belt::Belt;
use crate::eyes::Edge;
use crate::guard::Guard;
use crate::trace::Happening;
use gatepost_hardware::lane::EyeRole;
use gatepost_hardware::link::{Fact, Motion, VoidCause};
use gatepost_hardware::units::Millimetres;

impl Controller {
    pub(super) fn edge(&mut self, index: usize, edge: Edge) {
        let Some(eye) = self.map.eyes.get(index) else {
            return;
        };
        let (role, segment) = (eye.role, eye.segment);
        let backward = self.belts.get(usize::from(segment)).is_some_and(Belt::backward);
        if edge.blocked {
            self.blocked_since[index] = edge.tick;
        }
        let (pass, new) = match role {
            // An edge is believed a little after it happened: its own time counts.
            EyeRole::Entry if self.epoch.is_some() && edge.time > self.configured => self.passes.entry(&edge, backward),
            _ => (None, true),
        };
        let Edge { blocked, tick, before, time } = edge;
        let eye = index as u8; // at most EYES_MAX
        self.say(Fact::Edge { eye, blocked, tick, before, time, pass }, Happening::Edge { eye, blocked, tick });
        match (role, blocked) {
            (EyeRole::Entry, true) if !new => {
                let void = pass.and_then(|pass| self.schedule.void_pass(pass, VoidCause::Reversed));
                self.permit_fate_maybe(void);
            }
            (EyeRole::Diverter, _) => self.diverter_edge(&edge, backward),
            _ => {}
        }
    }

    pub(super) fn diverter_edge(&mut self, edge: &Edge, backward: bool) {
        if backward {
            return self.zone.forget(edge.tick);
        }
        let ended = if edge.blocked {
            self.zone.lead(edge.tick);
            self.schedule.lead(edge.tick)
        } else {
            let lead = self.zone.trail(edge.tick);
            let segment = self.diverter.and_then(|segment| self.map.segments.get(usize::from(segment)));
            lead.zip(segment).and_then(|(lead, segment)| self.schedule.trail(lead, edge.tick, segment))
        };
        self.permit_fate_maybe(ended);
    }

    pub(super) fn belt(&mut self, segment: u8, motion: Motion) {
        let (tick, time) = (self.tick_of(segment).unwrap_or_default(), self.now);
        self.say(Fact::Belt { segment, motion, tick, time }, Happening::Belt { segment, motion });
        if motion != Motion::Reversed {
            return;
        }
        self.void_all(VoidCause::Reversed);
        if let Some(figures) = self.guard.as_ref().map(Guard::figures).filter(|_| self.diverter == Some(segment)) {
            // What lay before the eye may lie behind it now: nothing is known up to where the belt turned.
            self.zone.forget(tick + figures.backlash);
        }
    }

    /// An eye that carries parcels away is blocked for longer than two of the longest.
    pub(super) fn jammed(&self) -> bool {
        self.map.eyes.iter().enumerate().any(|(index, eye)| {
            let watched = matches!(eye.role, EyeRole::Diverter | EyeRole::ReleaseExit | EyeRole::ExamExit);
            let (Some(segment), Some(tick)) =
                (self.map.segments.get(usize::from(eye.segment)), self.tick_of(eye.segment))
            else {
                return false;
            };
            let longest = segment.ticks(Millimetres(self.map.items.length_mm_max.0.saturating_mul(2)));
            watched && self.eyes[index].blocked() && tick - self.blocked_since[index] > longest
        })
    }
}
