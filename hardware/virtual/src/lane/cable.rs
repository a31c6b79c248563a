//! The controller at the lane and the cable to it: the firmware library itself, its frames both ways.
//!
//! It boots as a board does: without a lane until the station sends its map, and with the memory that a watchdog reset
//! leaves. The controller may also be somewhere else ([`super::outside`]).

use super::outside::{Mind, Outside};
use gatepost_firmware::{About, Controller, Kept, Session};
use gatepost_hardware::lane::{EYES_MAX, LaneMap, Name, SEGMENTS_MAX};
use gatepost_hardware::link::{BootCause, Report, map};
use gatepost_hardware::units::Micros;

pub(crate) struct Cabled {
    pub session: Mind,
    /// The world's time at which its clock was zero.
    booted: Micros,
    /// Facts before this number were said once.
    overheard: u32,
    /// From 1.
    pub boot: u32,
    out: Vec<u8>,
    pub cut: bool,
}

impl Cabled {
    /// The first boot, with the power.
    pub fn new() -> Self {
        let session = Session::new(Box::default(), BootCause::PowerOn, about());
        Self::with(Mind::Ours(session), Micros::ZERO)
    }

    /// One that is somewhere else and has just been given power.
    pub fn outside(controller: Box<dyn Outside>) -> Self {
        Self::with(Mind::outside(controller), Micros::ZERO)
    }

    /// One that has been given a lane already, as a neighbour's has.
    pub fn holding(map: &LaneMap, now: Micros) -> Self {
        let mut memory = Box::new(Kept::new());
        if let Some(bytes) = map::encode(map).filter(|bytes| memory.write_map(0, bytes)) {
            memory.set_map_length(bytes.len());
        }
        Self::with(Mind::Ours(Session::new(memory, BootCause::PowerOn, about())), now)
    }

    fn with(session: Mind, booted: Micros) -> Self {
        Self { session, booted, boot: 1, out: Vec::new(), cut: false, overheard: 0 }
    }

    /// Boots again. With `kept` false its memory is gone too: the power was cut. (One that is outside keeps its memory.)
    pub fn reset(&mut self, now: Micros, kept: bool) {
        match &mut self.session {
            Mind::Ours(session) => {
                let cause = if kept { BootCause::Watchdog } else { BootCause::PowerOn };
                let fresh = Session::new(Box::default(), cause, about());
                let memory = std::mem::replace(session, fresh).into_kept().filter(|_| kept);
                match memory {
                    Some(memory) => *session = Session::new(memory, cause, about()),
                    None => self.overheard = 0,
                }
            }
            Mind::Outside { controller, .. } => {
                controller.reset();
                let _this_one = controller.booted();
            }
        }
        (self.booted, self.boot) = (now, self.boot + 1);
    }

    /// Whether it has booted by itself, which only one outside does.
    pub fn has_booted(&mut self, now: Micros) -> bool {
        let booted = self.session.booted();
        if booted {
            (self.booted, self.boot) = (now, self.boot + 1);
        }
        booted
    }

    /// For pages and the black box; nothing before the controller knows its lane.
    pub const fn controller(&self) -> Option<&Controller<Box<Kept>>> {
        self.session.controller()
    }

    /// The controller's time.
    pub fn time(&self, now: Micros) -> Micros {
        now - self.booted
    }

    /// Bytes from the station; lost while the cable is cut.
    pub fn receive(&mut self, bytes: &[u8], now: Micros) {
        if !self.cut {
            self.session.receive(bytes, self.time(now));
        }
    }

    /// Puts what the controller says on the cable, and lets somebody hear it on the way.
    pub fn speak(&mut self, mut overhear: impl FnMut(&Report)) {
        while let Some((report, frame)) = self.session.said() {
            // What is said again was overheard the first time.
            let again = matches!(report, Report::Fact { number, .. } if number < self.overheard);
            if let Report::Fact { number, .. } = report {
                self.overheard = self.overheard.max(number + 1);
            }
            if !again {
                overhear(&report);
            }
            if !self.cut {
                self.out.extend_from_slice(&frame);
            }
        }
    }

    pub fn take(&mut self) -> Option<Vec<u8>> {
        (!self.out.is_empty()).then(|| std::mem::take(&mut self.out))
    }
}

fn about() -> About {
    let name = |text| Name::try_from(text).unwrap_or_default();
    let (eyes, encoders) = (EYES_MAX as u8, SEGMENTS_MAX as u8);
    About { board: name("virtual"), firmware: name(env!("CARGO_PKG_VERSION")), eyes, encoders }
}
