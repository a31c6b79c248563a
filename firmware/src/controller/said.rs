//! What the station says: hello, configuration, permits and their revocation.

use super::Controller;
use crate::guard::Guard;
use crate::schedule::Ended;
use crate::trace::Happening;
use gatepost_hardware::link::{
    Fact, Permit, PermitFate, PermitRefusal, Refusal, Report, RevokeFate, VERSION, VoidCause,
};
use gatepost_hardware::units::Micros;

impl Controller {
    pub(super) fn hello(&mut self, version: u8) {
        self.trace.note(self.now, Happening::Hello { version });
        if version == VERSION { self.say_hello() } else { self.log.answer(Report::Refused(Refusal::Version)) }
    }

    pub(super) fn say_hello(&mut self) {
        self.hello_due = self.now + super::HELLO;
        let (crc, epoch, boot_cause) = (self.crc, self.epoch.unwrap_or(0), self.boot);
        let (kept_from, next) = (self.log.kept_from(), self.log.next());
        self.log.answer(Report::Hello { version: VERSION, crc, epoch, boot_cause, kept_from, next });
    }

    /// Keeps the first epoch of this boot. A station with another map is not obeyed any more.
    pub(super) fn configure(&mut self, crc: u32, epoch: u32) {
        self.trace.note(self.now, Happening::Configure { crc, epoch });
        if crc != self.crc {
            self.lane.configured = false;
            self.void_all(VoidCause::Heartbeat);
            return self.log.answer(Report::Refused(Refusal::Crc { mine: self.crc }));
        }
        if epoch == 0 {
            return self.log.answer(Report::Refused(Refusal::NotConfigured)); // 0 says "none"
        }
        if self.epoch.is_none() {
            self.configured = self.now;
        }
        let epoch = *self.epoch.get_or_insert(epoch);
        self.lane.configured = true;
        self.log.answer(Report::Configured { epoch });
    }

    pub(super) fn permit(&mut self, mut permit: Permit) {
        let (id, pass) = (permit.id, permit.pass);
        let longest = self.now + Micros::from_ms(u64::from(self.map.timing.permit_ms_max));
        permit.expires = permit.expires.min(longest);
        let fate = match self.accept(permit) {
            Ok(()) => PermitFate::Accepted,
            Err(refusal) => PermitFate::Refused(refusal),
        };
        self.permit_fate(Ended { permit: id, pass, fate });
    }

    pub(super) fn accept(&mut self, permit: Permit) -> Result<(), PermitRefusal> {
        if !self.lane.configured {
            return Err(PermitRefusal::NotConfigured);
        }
        if self.epoch != Some(permit.epoch) {
            return Err(PermitRefusal::WrongEpoch);
        }
        let tick = self.diverter_belt().map(|(_, belt)| belt.tick());
        let (Some(tick), Some(_)) = (tick, &self.guard) else {
            return Err(PermitRefusal::GateFault); // no gate: nothing to permit
        };
        if self.lane.gate_fault {
            return Err(PermitRefusal::GateFault);
        }
        if self.lane.latched() || self.lane.hands_in() || self.long_stop() {
            return Err(PermitRefusal::LaneNotMoving);
        }
        self.schedule.accept(permit, self.now, tick, &self.zone)
    }

    pub(super) fn revoke(&mut self, permit: u32) {
        let opened = self.guard.as_ref().and_then(Guard::opening).is_some_and(|opening| opening.permit == permit);
        let fate = match (opened, self.schedule.remove(permit)) {
            (true, _) => RevokeFate::TooLate,
            (false, true) => RevokeFate::Revoked,
            (false, false) => RevokeFate::Unknown,
        };
        let time = self.now;
        self.say(Fact::Revoke { permit, fate, time }, Happening::Revoke { permit, fate });
    }
}
