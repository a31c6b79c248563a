//! What the lane does: edges at its eyes, belts that change their motion.

use super::Controller;
use crate::belt::Belt;
use crate::eyes::Edge;
use crate::guard::Guard;
use crate::kept::Kept;
use core::ops::DerefMut;
use gatepost_hardware::lane::EyeRole;
use gatepost_hardware::link::{Fact, Happening, Motion, VoidCause};
use gatepost_hardware::units::{Millimetres, Tick};

impl<K: DerefMut<Target = Kept>> Controller<K> {
    /// A believed edge. One of an eye that flickers is not: it tells nothing but that it flickers.
    pub(super) fn edge(&mut self, index: usize, edge: Edge) {
        let (Some(eye), Some(flicker)) = (self.map.eyes.get(index), self.flicker.get_mut(index)) else {
            return;
        };
        let span = self.map.items.length_mm_min + self.map.items.gap_mm_min;
        let span = self.map.segments.get(usize::from(eye.segment)).map_or(Tick::ZERO, |segment| segment.ticks(span));
        if flicker.edge(&edge, span) {
            self.lane.flicker = true;
            return;
        }
        self.believe(index, edge);
    }

    fn believe(&mut self, index: usize, edge: Edge) {
        let Some(eye) = self.map.eyes.get(index) else {
            return;
        };
        let (role, segment) = (eye.role, eye.segment);
        let backward = self.belts.get(usize::from(segment)).is_some_and(Belt::backward);
        if let Some(since) = self.blocked_since.get_mut(index).filter(|_| edge.blocked) {
            *since = edge.tick;
        }
        if let Some(guard) = self.guard.as_mut().filter(|_| role == EyeRole::Sweep) {
            guard.sweep(edge.blocked);
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
            (EyeRole::ReleaseExit, true) if !backward => self.release_exit(),
            _ => {}
        }
    }

    /// Something came by at the release exit: a permit must have let it through.
    fn release_exit(&mut self) {
        let tick = self.diverter.and_then(|segment| self.tick_of(segment));
        if let Some((guard, tick)) = self.guard.as_ref().zip(tick) {
            self.lane.escaped |= !guard.explains_exit(tick);
        }
    }

    fn diverter_edge(&mut self, edge: &Edge, backward: bool) {
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
        self.lane.off_speed |= motion == Motion::OffSpeed;
    }

    pub(super) fn reversed(&mut self, segment: u8) {
        let tick = self.tick_of(segment).unwrap_or_default();
        self.void_all(VoidCause::Reversed);
        if let Some(figures) = self.guard.as_ref().map(Guard::figures).filter(|_| self.diverter == Some(segment)) {
            // What lay before the eye may lie behind it now: nothing is known up to where the belt turned.
            self.zone.forget(tick + figures.backlash);
        }
    }

    /// An eye that flickered and is quiet again says how it stands.
    pub(super) fn quieten_eyes(&mut self) {
        for index in 0..self.flicker.len() {
            let Some(edge) = self.flicker.get_mut(index).and_then(|flicker| flicker.quiet(self.now)) else { continue };
            self.believe(index, edge);
        }
    }

    /// Somebody has looked: what lies under an eye is measured from here.
    pub(super) fn measure_anew(&mut self) {
        for index in 0..self.blocked_since.len() {
            let tick = self.map.eyes.get(index).and_then(|eye| self.tick_of(eye.segment));
            if let Some((since, tick)) = self.blocked_since.get_mut(index).zip(tick) {
                *since = tick;
            }
        }
    }

    /// An eye is blocked for longer than two of the longest: something lies there, or the eye is blind.
    pub(super) fn jammed(&self) -> bool {
        self.map.eyes.iter().enumerate().any(|(index, eye)| {
            let segment = self.map.segments.get(usize::from(eye.segment));
            let (Some(segment), Some(tick)) = (segment, self.tick_of(eye.segment)) else {
                return false;
            };
            let longest = segment.ticks(Millimetres(self.map.items.length_mm_max.0.saturating_mul(2)));
            let known = self.eyes.get(index).zip(self.blocked_since.get(index));
            known.is_some_and(|(eye, since)| eye.blocked() && tick - *since > longest)
        })
    }
}
