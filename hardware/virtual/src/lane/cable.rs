//! The controller at the lane and the cable to it: the firmware library itself, its frames both ways.

use gatepost_firmware::Controller;
use gatepost_hardware::lane::LaneMap;
use gatepost_hardware::link::frame::{FRAME_MAX, Receiver, Sender};
use gatepost_hardware::link::{BootCause, Command, Report};
use gatepost_hardware::units::Micros;

#[derive(Debug)]
pub(crate) struct Cabled {
    pub controller: Controller,
    /// The world's time at which its clock was zero.
    booted: Micros,
    /// Facts before this number were said once.
    overheard: u32,
    /// From 1.
    pub boot: u32,
    sender: Sender,
    receiver: Receiver,
    out: Vec<u8>,
    pub cut: bool,
}

impl Cabled {
    pub fn new(map: LaneMap, now: Micros, boot: u32, cause: BootCause) -> Self {
        let controller = Controller::new(map, cause);
        let (sender, receiver) = (Sender::default(), Receiver::default());
        Self { controller, booted: now, boot, sender, receiver, out: Vec::new(), cut: false, overheard: 0 }
    }

    /// The controller's time.
    pub fn time(&self, now: Micros) -> Micros {
        now - self.booted
    }

    /// Bytes from the station; lost while the cable is cut.
    pub fn receive(&mut self, bytes: &[u8], now: Micros) {
        if self.cut {
            return;
        }
        let time = self.time(now);
        for &byte in bytes {
            if let Some(received) = self.receiver.push::<Command>(byte) {
                self.controller.command(received.message, time);
            }
        }
    }

    /// Puts what the controller says on the cable, and lets somebody hear it on the way.
    pub fn speak(&mut self, mut overhear: impl FnMut(&Report)) {
        while let Some(report) = self.controller.report() {
            // What is said again was overheard the first time.
            let again = matches!(report, Report::Fact { number, .. } if number < self.overheard);
            if let Report::Fact { number, .. } = report {
                self.overheard = self.overheard.max(number + 1);
            }
            if !again {
                overhear(&report);
            }
            let mut frame = [0; FRAME_MAX];
            // A report is always shorter than a frame; the frame's own tests hold that.
            let used = self.sender.encode(&report, &mut frame).unwrap_or(0);
            if !self.cut {
                self.out.extend_from_slice(&frame[..used]);
            }
        }
    }

    pub fn take(&mut self) -> Option<Vec<u8>> {
        (!self.out.is_empty()).then(|| std::mem::take(&mut self.out))
    }
}
