//! What the station says: hello, configuration, actions.

use super::Controller;
use crate::guard::Guard;
use crate::kept::Kept;
use crate::schedule::Ended;
use core::ops::DerefMut;
use gatepost_hardware::link::{
    Action, BootCause, Command, Fact, Greeting, Happening, Permit, PermitFate, PermitRefusal, Refusal, Report,
    RevokeFate, StopCause, VERSIONS, VoidCause,
};
use gatepost_hardware::units::Micros;

impl<K: DerefMut<Target = Kept>> Controller<K> {
    /// Something the station said. [`Command::Describe`] is for whoever owns the cable.
    pub fn command(&mut self, command: Command, now: Micros) {
        self.pass_time(now);
        self.settle(); // a silence that was too long is not healed by what ends it
        self.heard = self.now;
        match command {
            Command::Hello { lowest, highest } => self.hello(lowest, highest),
            Command::Map { .. } => self.log.answer(Report::Refused(Refusal::Frozen)),
            Command::Configure { crc, epoch } => self.configure(crc, epoch),
            Command::Inventory => self.inventory_owed = true,
            Command::Beat | Command::Describe => {}
            Command::TimeSync { host } => self.log.answer(Report::Time { host, time: self.now }),
            Command::Resend { from } => self.log.say_again(from),
            Command::Trace => self.log.tell_trace(&self.kept),
            Command::Action { number, action } if number == self.taken => {
                self.taken = number.wrapping_add(1);
                self.action(action);
            }
            Command::Action { .. } => self.ignored = self.ignored.saturating_add(1),
        }
        self.settle();
    }

    fn action(&mut self, action: Action) {
        match action {
            Action::Permit(permit) => self.permit(permit),
            Action::Revoke { permit } => self.revoke(permit),
            Action::Stop => {
                self.trace(Happening::StopCommand);
                self.lane.stop();
            }
            Action::StopInPlace { pass } => {
                self.trace(Happening::StopInPlace { pass });
                self.lane.latch(StopCause::StopInPlace);
            }
            Action::Forget { epoch, pass } if Some(epoch) == self.epoch => {
                self.trace(Happening::Forget { pass });
                self.passes.forget(pass);
            }
            Action::Forget { .. } => {} // of another boot
        }
    }

    fn hello(&mut self, lowest: u8, highest: u8) {
        self.trace(Happening::Hello { highest });
        if lowest <= VERSIONS.1 && VERSIONS.0 <= highest {
            return self.say_hello();
        }
        self.log.answer(Report::Refused(Refusal::Version { lowest: VERSIONS.0, highest: VERSIONS.1 }));
    }

    pub(super) fn say_hello(&mut self) {
        self.hello_due = self.now + super::HELLO;
        let greeting = self.greeting(self.boot);
        self.log.answer(greeting);
    }

    /// Who it is; without a lane, nobody.
    pub(crate) fn greeting(&self, cause: BootCause) -> Report {
        Report::Hello(Greeting {
            version: VERSIONS.1,
            crc: self.crc,
            epoch: self.epoch.filter(|_| self.lane.configured).unwrap_or(0),
            cause,
            log: self.kept.log(),
            kept_from: self.log.kept_from(),
            kept_epoch: self.log.kept_epoch(),
            next: self.log.next(),
            taken: self.taken,
        })
    }

    /// Keeps the first epoch of this boot. A station with another map is not obeyed any more.
    fn configure(&mut self, crc: u32, epoch: u32) {
        if crc != self.crc {
            self.lane.configured = false;
            self.void_all(VoidCause::Heartbeat);
            return self.log.answer(Report::Refused(Refusal::Crc { mine: self.crc }));
        }
        if epoch == 0 {
            return self.log.answer(Report::Refused(Refusal::NotConfigured)); // 0 says "none"
        }
        self.lane.configured = true;
        if self.epoch.is_none() {
            (self.epoch, self.configured) = (Some(epoch), self.now);
            self.kept.begin_epoch(epoch);
            let time = self.now;
            self.say(Fact::Configured { epoch, time }, Happening::Configure { crc, epoch });
            for (input, active) in self.lane.inputs() {
                self.log.note(&mut self.kept, &Fact::Input { input, active, time });
            }
        }
        self.say_hello();
    }

    fn permit(&mut self, mut permit: Permit) {
        let (id, pass) = (permit.id, permit.pass);
        let longest = self.now + Micros::from_ms(u64::from(self.map.timing.permit_ms_max));
        permit.expires = permit.expires.min(longest);
        let fate = match self.accept(permit) {
            Ok(()) => PermitFate::Accepted,
            Err(refusal) => PermitFate::Refused(refusal),
        };
        self.permit_fate(Ended { permit: id, pass, fate });
    }

    fn accept(&mut self, permit: Permit) -> Result<(), PermitRefusal> {
        if self.epoch.is_none() {
            return Err(PermitRefusal::NotConfigured);
        }
        if self.epoch != Some(permit.epoch) {
            return Err(PermitRefusal::WrongEpoch); // its number is not of this epoch, and uses none of it up
        }
        self.schedule.take_number(permit.id)?;
        if !self.lane.configured {
            return Err(PermitRefusal::NotConfigured);
        }
        let (Some((_, belt)), Some(_)) = (self.diverter_belt(), &self.guard) else {
            return Err(PermitRefusal::GateFault); // no gate: nothing to permit
        };
        let tick = belt.tick();
        if belt.blind_to().is_some_and(|blind| permit.window_lo <= blind) {
            return Err(PermitRefusal::TooLate); // its nose may come by unseen
        }
        if self.lane.gate_fault {
            return Err(PermitRefusal::GateFault);
        }
        // While the belt is taken to go backward, going on backward would be no turn that voids it.
        if self.lane.latched() || self.lane.hands_in() || self.long_stop() || belt.backward() {
            return Err(PermitRefusal::LaneNotMoving);
        }
        self.schedule.accept(permit, self.now, tick, &self.zone)
    }

    fn revoke(&mut self, permit: u32) {
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
