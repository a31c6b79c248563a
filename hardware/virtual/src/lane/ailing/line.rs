//! Sick bytes: the controller's cable, and what the devices beside the belt send.

use super::Ailing;
use super::pins::due;
use crate::ailments::{Ailment, Device};
use crate::device::{Emitted, ImageEvent};
use crate::lane::VirtualLane;
use crate::lane::cable::Cabled;
use crate::lane::truth::Happened;
use crate::xray::random::Random;
use gatepost_hardware::units::Micros;
use std::collections::VecDeque;

/// One byte at 2,400 baud, and how many wait for their turn at most.
const BYTE_US: u64 = 4_167;
const BYTES_MAX: usize = 512;
const LATE_US: u64 = 300_000;

const SCANNER_SLOW: Micros = Micros(180_000);
const SCANNER_DELAYED: Micros = Micros(700_000);
const SCALE_SLOW: Micros = Micros(300_000);
const SCALE_DELAYED: Micros = Micros(900_000);
const XRAY_SLOW: Micros = Micros(1_200_000);

/// One direction of the cable.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    queue: VecDeque<(u64, u8)>,
}

impl Line {
    /// Puts bytes on it; what it cannot hold is lost.
    fn put(&mut self, bytes: &[u8], now: u64, ails: Option<Ailment>) {
        for &byte in bytes {
            let before = self.queue.back().map_or(0, |(due, _)| *due);
            let due = match ails {
                Some(Ailment::Slow) => before.max(now) + BYTE_US,
                Some(Ailment::Delayed) => before.max(now + LATE_US),
                _ => before.max(now),
            };
            if self.queue.len() < BYTES_MAX || ails != Some(Ailment::Slow) {
                self.queue.push_back((due, byte));
            }
        }
    }
    fn take(&mut self, now: u64) -> Vec<u8> {
        let mut taken = Vec::new();
        while let Some((_, byte)) = due(&mut self.queue, now) {
            taken.push(byte);
        }
        taken
    }
}

/// Of 50 bytes one is altered, of 100 one comes from nowhere.
fn noise(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut noisy = Vec::with_capacity(bytes.len() + 2);
    for &byte in bytes {
        let draw = random.bits();
        noisy.push(if draw.is_multiple_of(50) { (draw >> 8) as u8 } else { byte });
        noisy.extend((draw % 100 == 1).then_some((draw >> 16) as u8));
    }
    noisy
}

impl Ailing {
    fn carried(&mut self, bytes: &[u8], now: Micros, up: bool) -> Vec<u8> {
        let active = self.of(Device::Cable);
        let ails = active.map(|active| active.cell.ailment);
        let line = if up { &mut self.up } else { &mut self.down };
        let out = active.is_some_and(|active| match active.cell.ailment {
            Ailment::Off | Ailment::Wrong => true,
            Ailment::Stuck => up,
            Ailment::Intermittent => active.is_out(now),
            _ => false,
        });
        match ails {
            _ if out => {}
            Some(Ailment::Garbage) => line.put(&noise(bytes, &mut self.random), now.0, ails),
            _ => line.put(bytes, now.0, ails),
        }
        line.take(now.0)
    }

    /// Whether what a device is about to send will be lost, late or wrong.
    pub fn is_sick(&self, what: &Emitted, now: Micros) -> bool {
        let device = match what {
            Emitted::Scanner { .. } => Device::Scanner,
            Emitted::Scale { .. } => Device::Scale,
            Emitted::Image { .. } => Device::Xray,
            Emitted::Controller(_) | Emitted::Picture { .. } => return false,
        };
        let active = self.of(device);
        active.is_some_and(|active| active.cell.ailment != Ailment::Intermittent || active.is_out(now))
    }

    /// What a device sends, and how much later; nothing when it is lost.
    pub fn sent(&mut self, what: Emitted, now: Micros) -> Option<(Micros, Emitted)> {
        match what {
            Emitted::Scanner { device, bytes } => {
                let (late, bytes) = self.scanned(bytes, now)?;
                Some((late, Emitted::Scanner { device, bytes }))
            }
            Emitted::Scale { device, bytes } => {
                let (late, bytes) = self.weighed(bytes, now)?;
                Some((late, Emitted::Scale { device, bytes }))
            }
            Emitted::Image { device, image } => {
                let (late, image) = self.pictured(image, now)?;
                Some((late, Emitted::Image { device, image }))
            }
            Emitted::Controller(_) | Emitted::Picture { .. } => Some((Micros::ZERO, what)),
        }
    }

    fn scanned(&mut self, bytes: Vec<u8>, now: Micros) -> Option<(Micros, Vec<u8>)> {
        let is_code = bytes.first() == Some(&b']');
        let Some(active) = self.of(Device::Scanner) else {
            if is_code {
                self.last.code = Some(bytes.clone());
            }
            return Some((Micros::ZERO, bytes));
        };
        match active.cell.ailment {
            Ailment::Off => None,
            Ailment::Stuck => Some((Micros::ZERO, self.last.code.clone().unwrap_or(bytes))),
            Ailment::Garbage => Some((Micros::ZERO, self.babble(bytes.len()))),
            Ailment::Wrong => Some((Micros::ZERO, if is_code { misread(bytes) } else { bytes })),
            Ailment::Slow => Some((SCANNER_SLOW, bytes)),
            Ailment::Delayed => Some((SCANNER_DELAYED, bytes)),
            Ailment::Intermittent => (!active.is_out(now)).then_some((Micros::ZERO, bytes)),
        }
    }

    fn weighed(&mut self, bytes: Vec<u8>, now: Micros) -> Option<(Micros, Vec<u8>)> {
        let Some(active) = self.of(Device::Scale) else {
            return Some((Micros::ZERO, bytes));
        };
        match active.cell.ailment {
            Ailment::Off => None,
            Ailment::Stuck | Ailment::Wrong => Some((Micros::ZERO, bytes)), // see `grams`
            Ailment::Garbage => Some((Micros::ZERO, self.babble(bytes.len()))),
            Ailment::Slow => Some((SCALE_SLOW, bytes)),
            Ailment::Delayed => Some((SCALE_DELAYED, bytes)),
            Ailment::Intermittent => (!active.is_out(now)).then_some((Micros::ZERO, bytes)),
        }
    }

    /// What the scale makes of a weight.
    pub fn grams(&mut self, grams: i64, stable: bool) -> (i64, bool) {
        match self.of(Device::Scale).map(|active| active.cell.ailment) {
            Some(Ailment::Stuck) => self.last.grams.unwrap_or((grams, stable)),
            Some(Ailment::Wrong) => (grams + 600 + grams / 2, stable),
            Some(_) => (grams, stable),
            None => {
                if stable {
                    self.last.grams = Some((grams, stable));
                }
                (grams, stable)
            }
        }
    }

    /// Whether the X-ray machine sees anything.
    pub fn is_dark(&self) -> bool {
        self.of(Device::Xray).is_some_and(|active| active.cell.ailment == Ailment::Off)
    }

    fn pictured(&mut self, image: ImageEvent, now: Micros) -> Option<(Micros, ImageEvent)> {
        let Some(active) = self.of(Device::Xray) else {
            (self.last.image, self.last.held) = (Some(image.clone()), None);
            return Some((Micros::ZERO, image));
        };
        match active.cell.ailment {
            Ailment::Off => None,
            Ailment::Stuck => Some((Micros::ZERO, self.last.image.clone().unwrap_or(image))),
            Ailment::Garbage => Some((Micros::ZERO, image)), // whoever draws the picture asks what ailed the machine
            Ailment::Wrong => self.last.held.replace(image).map(|before| (Micros::ZERO, before)),
            Ailment::Slow => Some((XRAY_SLOW, image)),
            Ailment::Delayed => Some((Micros::from_ms(self.random.count(9_000, 14_000) as u64), image)),
            Ailment::Intermittent => (!active.is_out(now)).then_some((Micros::ZERO, image)),
        }
    }

    /// Bytes as they look at a wrong baud rate.
    fn babble(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.random.bits() as u8).collect()
    }
}

/// One digit read as another.
fn misread(mut bytes: Vec<u8>) -> Vec<u8> {
    // Behind the prefix of three: two letters, then digits.
    if let Some(digit) = bytes.iter_mut().skip(5).find(|byte| byte.is_ascii_digit()) {
        *digit = b'0' + (*digit - b'0' + 3) % 10;
    }
    bytes
}

impl VirtualLane {
    /// Begins and ends what a pulled cable is to the checker, and lets a wrong controller live.
    pub(super) fn ail_cable(&mut self) {
        let ails = self.ailing.of(Device::Cable).map(|active| active.cell.ailment);
        let cut = matches!(ails, Some(Ailment::Off | Ailment::Stuck | Ailment::Wrong));
        if cut != self.ailing.unplugged {
            self.ailing.unplugged = cut;
            self.tell(Happened::Cable { cut });
        }
        if ails != Some(Ailment::Wrong) {
            self.ailing.neighbour = None;
        } else if self.ailing.neighbour.is_none() {
            let name = if self.map.name == "north" { "south" } else { "north" };
            let other = Cabled::holding(&super::super::shipped(name), self.now);
            self.ailing.neighbour = Some(Box::new(other));
        }
        self.carry_down(&[]);
    }

    /// Bytes from the station, as far as the cable carries them.
    pub(crate) fn carry_down(&mut self, bytes: &[u8]) {
        let now = self.now;
        if let Some(neighbour) = &mut self.ailing.neighbour {
            neighbour.receive(bytes, now);
        }
        let carried = self.ailing.carried(bytes, now, false);
        if !carried.is_empty() && !self.ailing.is_deaf() {
            let time = self.ailing.clock(now);
            self.cabled.receive(&carried, time);
        }
    }

    /// Bytes for the station, as far as the cable carries them.
    pub(crate) fn carry_up(&mut self) -> Vec<u8> {
        let said = self.cabled.take().unwrap_or_default();
        let said = if self.ailing.is_deaf() { Vec::new() } else { said };
        let mut carried = self.ailing.carried(&said, self.now, true);
        if let Some(neighbour) = &mut self.ailing.neighbour {
            let time = neighbour.time(self.now);
            neighbour.session.step(time);
            neighbour.speak(|_| {});
            carried.extend(neighbour.take().unwrap_or_default());
        }
        carried
    }
}
