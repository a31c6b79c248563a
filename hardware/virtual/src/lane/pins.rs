//! Between the lane and its controller's pins: levels, counts and switches in the order in which they change.
//!
//! The only file of the lane that calls the controller for a pin; what a sick device makes of it comes from
//! [`super::ailing`].

use super::truth::{Chute, Happened};
use super::{Body, VirtualLane};
use crate::ailments::Device;
use gatepost_hardware::lane::EyeRole;
use gatepost_hardware::link::{Fact, Input, Report};
use gatepost_hardware::units::Micros;

impl VirtualLane {
    /// The controller's time.
    pub(super) fn time(&self, now: Micros) -> Micros {
        self.cabled.time(self.ailing.clock(now))
    }

    /// The level of an input.
    pub(super) fn input_pin(&mut self, input: Input, active: bool) {
        let time = self.time(self.now);
        if !self.ailing.is_deaf() {
            self.cabled.session.input(input, active, time);
            self.hear();
        }
    }

    /// The reset button's contact, if it changed.
    pub(super) fn reset_pin(&mut self) {
        let hand = self.now < self.people.let_go;
        if let Some(level) = self.ailing.reset(hand, self.now) {
            self.input_pin(Input::Reset, level);
        }
    }

    pub(super) fn swing(&mut self, us: i64) {
        let release = self.outputs().gate_release;
        if release != self.opened {
            self.opened = release;
            self.tell(Happened::Gate { release });
        }
        let time = self.time(self.now);
        let Some(leaf) = &mut self.leaf else {
            return;
        };
        let before = leaf.us;
        leaf.us = self.ailing.leaf(before, leaf.full_us, release, us, self.now);
        leaf.moved = before != leaf.us;
        let (moved, is, should) =
            (leaf.moved, leaf.us, (before + if release { us } else { -us }).clamp(0, leaf.full_us));
        let really = leaf.position();
        let (position, news) = self.ailing.position(really, self.now);
        if is != should {
            self.ail_of(Device::Diverter);
        }
        if position != really {
            self.ail_of(Device::Feedback);
        }
        if (moved || news) && !self.ailing.is_deaf() {
            self.cabled.session.gate_feedback(position, time);
        }
    }

    /// Edges and encoder counts in the order in which they happened, then the time.
    pub(super) fn tell_controller(&mut self, began: Micros, us: u64, ran: &[i64], ways: &[i64]) {
        let mut changes: Vec<(u64, usize, bool)> = Vec::new();
        for eye in 0..self.eyes.len() {
            let changed = self.change(eye, us);
            if changed.is_some() {
                self.levels[eye] = !self.levels[eye];
            }
            let shown = self.ailing.eye(eye, self.levels[eye], changed, began, us);
            if self.ailing.shown(eye) != self.levels[eye] {
                self.ail_of(self.ailing.device_of(eye));
            }
            changes.extend(shown.into_iter().map(|(after, level)| (after, eye, level)));
        }
        changes.sort_by_key(|(after, eye, _)| (*after, *eye));
        for (after, eye, level) in changes {
            let at = began + Micros(after);
            let segment = usize::from(self.map.eyes[eye].segment);
            let place = ran[segment] + (i128::from(ways[segment]) * i128::from(after) / i128::from(us)) as i64;
            self.count(segment, place, at);
            if self.map.eyes[eye].role == EyeRole::Entry && !level {
                self.entry_pass = None;
            }
            if !self.ailing.is_deaf() {
                let time = self.time(at);
                self.cabled.session.raw_edge(eye as u8, level, time);
            }
        }
        for segment in 0..self.belts.len() {
            self.count(segment, self.belts[segment].run_nm, self.now);
        }
        if !self.ailing.is_deaf() {
            let time = self.time(self.now);
            self.cabled.session.step(time);
        }
        self.hear();
    }

    fn count(&mut self, segment: usize, place: i64, at: Micros) {
        let ticks = self.belts[segment].ticks_to(place);
        let told = self.ailing.ticks(segment, ticks, at);
        if told != ticks {
            self.ail_of(Device::Encoder);
        }
        if told != 0 && !self.ailing.is_deaf() {
            let time = self.time(at);
            self.cabled.session.encoder(segment as u8, told, time);
        }
    }

    /// Whether an eye's beam changes in this step, and how long after its beginning.
    fn change(&self, eye: usize, us: u64) -> Option<u64> {
        let (at, role) = (self.eyes[eye], self.map.eyes[eye].role);
        let chute = match role {
            EyeRole::ReleaseExit => Some(Chute::Release),
            EyeRole::ExamExit => Some(Chute::Exam),
            _ => None,
        };
        let seen = |body: &&Body| body.seen_by(eye) && (chute.is_none() || body.chute == chute);
        let blocked = self.bodies.iter().filter(seen).any(|body| body.covers(at));
        if blocked == self.levels[eye] {
            return None;
        }
        // The nose or tail that did it; a hand that took or laid something did it at the end of the step.
        let share = |body: &Body| {
            let (low, high) = (body.before.min(body.nose), body.before.max(body.nose));
            let end = [0, body.length].into_iter().find(|behind| low - behind < at && at <= high - behind)?;
            let way = (at - (body.before - end)).unsigned_abs();
            Some(u128::from(way) * u128::from(us) / u128::from((body.nose - body.before).unsigned_abs().max(1)))
        };
        let shares = self.bodies.iter().filter(seen).filter_map(share);
        let after = if blocked { shares.min() } else { shares.max() };
        Some(after.map_or(us, |after| (after as u64).clamp(1, us)))
    }

    /// Lets the controller speak, and notes the pass numbers it gives.
    pub(super) fn hear(&mut self) {
        if self.cabled.session.wants_levels() {
            self.show_levels();
        }
        let entry = self.map.eye(EyeRole::Entry).map(|(eye, _)| eye);
        let (mut named, mut configured) = (Vec::new(), None);
        self.cabled.speak(|report| match report {
            Report::Fact { fact: Fact::Edge { eye, blocked: true, pass: Some(pass), .. }, .. }
                if Some(*eye) == entry =>
            {
                named.push(*pass);
            }
            Report::Fact { fact: Fact::Configured { epoch, .. }, .. } => configured = Some(*epoch),
            _ => {}
        });
        if let Some(epoch) = configured {
            let boot = self.cabled.boot;
            self.tell(Happened::Configured { boot, epoch });
        }
        for pass in named {
            self.name_bodies(usize::from(entry.unwrap_or(0)), pass);
        }
    }

    /// Who lies over the entry eye is the pass that it counted there.
    fn name_bodies(&mut self, entry: usize, pass: u32) {
        let at = self.eyes[entry];
        self.entry_pass = Some(pass);
        let mut somebody = false;
        for index in 0..self.bodies.len() {
            let body = &self.bodies[index];
            if body.covers(at) && body.seen_by(entry) {
                somebody |= body.pass.is_none_or(|known| known == pass);
                self.name_pass(index, Some(pass));
            }
        }
        let boot = self.cabled.boot;
        if !somebody && self.ailing.counts_anything(self.now) {
            self.tell(Happened::Counted { boot, pass });
        }
    }

    pub(super) fn name_pass(&mut self, index: usize, pass: Option<u32>) {
        let body = &mut self.bodies[index];
        if let (None, Some(pass)) = (body.pass, pass) {
            body.pass = Some(pass);
            let (parcel, boot) = (body.id, self.cabled.boot);
            self.tell(Happened::Passed { parcel, boot, pass });
        }
    }
}
