//! Virtual scales: they weigh one thing after another and speak as the codecs' own grammar writes it.

use gatepost_hardware::scale::mt_sics::{Refusal, SicsReply};
use gatepost_hardware::scale::nci::{NciReply, NciStatus};
use gatepost_hardware::scale::sma::{SmaReply, SmaWeight};
use gatepost_hardware::scale::toledo::ToledoFrame;
use gatepost_hardware::scale::toledo_8217::PosReply;
use gatepost_hardware::scale::toledo_8217::reply::status;
use gatepost_hardware::scale::toledo_extended::ExtendedFrame;
use gatepost_hardware::scale::{Decimal, Measure, Unit};
use gatepost_hardware::units::Micros;

use super::actor::{Actor, Say};

/// Grams laid on the scale one after another, each for half a second: every digit is among them.
const LOADS_G: [u32; 8] = [1_250, 12_340, 76_985, 3_087, 45_610, 9_999, 20_475, 68_123];
const LOAD_TIME: Micros = Micros::from_ms(500);
/// From the question's last bit to the answer's first.
const TURNAROUND: Micros = Micros::from_ms(6);
/// More than this without a line end is no command.
const COMMAND_BYTES_MAX: usize = 64;

/// What lies on the scale, grams.
pub fn load_g(now: Micros) -> u32 {
    LOADS_G[usize::try_from(now.0 / LOAD_TIME.0).unwrap_or(0) % LOADS_G.len()]
}

/// A scale with Mettler's command set.
#[derive(Debug, Default)]
pub struct MtSicsScale {
    command: Vec<u8>,
    changed: Vec<String>,
}

impl Actor for MtSicsScale {
    fn hear(&mut self, now: Micros, byte: u8, say: &mut Say) {
        match byte {
            b'\n' => {}
            b'\r' => {
                let command = String::from_utf8_lossy(&std::mem::take(&mut self.command)).into_owned();
                let measure = Measure::new(i64::from(load_g(now)), -3, Unit::Kilogram);
                let reply = match command.as_str() {
                    "" => return,
                    "S" | "SI" => SicsReply::Weight { stable: true, measure },
                    "I4" => SicsReply::Identity("B734920418"),
                    "Z" | "ZI" | "T" | "TI" | "TAC" | "@" | "SIR" => {
                        self.changed.push(command);
                        SicsReply::NoWeight(Refusal::NotNow)
                    }
                    _ => SicsReply::SyntaxError,
                };
                say.at(now + TURNAROUND, &reply.encode().expect("a reply"));
            }
            _ if self.command.len() < COMMAND_BYTES_MAX => self.command.push(byte),
            _ => self.command.clear(),
        }
    }

    fn tick(&mut self, _: Micros, _: &mut Say) {}

    fn changed(&self) -> &[String] {
        &self.changed
    }
}

/// A scale that talks all the time.
#[derive(Debug)]
pub struct ToledoScale {
    checksum: bool,
    /// The longer form, with points and signs of its own.
    extended: bool,
    every: Micros,
    next: Micros,
}

impl ToledoScale {
    pub const fn new(checksum: bool, every_ms: u64) -> Self {
        Self { checksum, extended: false, every: Micros::from_ms(every_ms), next: Micros::ZERO }
    }
    pub const fn extended(checksum: bool, every_ms: u64) -> Self {
        Self { extended: true, ..Self::new(checksum, every_ms) }
    }

    fn frame(&self, now: Micros) -> Vec<u8> {
        if self.extended {
            let frame = ExtendedFrame {
                address: b'1',
                unit_code: 2,
                centre_of_zero: false,
                motion: moves(now),
                net: false,
                tare_source_and_range: 0,
                expanded: false,
                invalid: false,
                under_zero: false,
                over_capacity: false,
                unzeroed: false,
                print_request: false,
                weight: Some(Decimal::new(i64::from(load_g(now) / 10), -2)),
                tare: Some(Decimal::new(0, -2)),
            };
            return frame.encode(self.checksum).expect("a frame").to_vec();
        }
        let frame = ToledoFrame {
            decimal_code: 4,
            increment: 1,
            kilograms: true,
            motion: moves(now),
            weight: Some(load_g(now) / 10),
            tare: Some(0),
            ..ToledoFrame::default()
        };
        frame.encode(self.checksum).expect("a frame").to_vec()
    }
}

impl Actor for ToledoScale {
    fn hear(&mut self, _: Micros, _: u8, _: &mut Say) {}

    fn tick(&mut self, now: Micros, say: &mut Say) {
        if now >= self.next {
            self.next = now + self.every;
            say.at(now, &self.frame(now));
        }
    }
}

/// Whether the load has not come to rest yet.
fn moves(now: Micros) -> bool {
    now.0 % LOAD_TIME.0 < 60_000
}

/// The scale under a till: letters are commands as they come, CR is nothing.
#[derive(Debug)]
pub struct PosScale {
    /// What its numbers look like: `00.000` set to kilograms, `000.00` to pounds.
    picture: &'static str,
    changed: Vec<String>,
}

impl PosScale {
    pub const fn new(picture: &'static str) -> Self {
        Self { picture, changed: Vec::new() }
    }
}

impl Actor for PosScale {
    fn hear(&mut self, now: Micros, byte: u8, say: &mut Say) {
        let exponent = if self.picture.ends_with(".000") { -3 } else { -2 };
        let value = Decimal::new(i64::from(load_g(now)) % 100_000, exponent);
        let reply = match byte {
            b'W' if moves(now) => PosReply::Status(status::MOTION),
            b'W' => PosReply::Weight { value, net: false },
            b'Z' | b'T' | b'C' | b'A' | b'B' | b'E' | b'F' => {
                self.changed.push(char::from(byte).to_string());
                PosReply::Status(0)
            }
            _ => return,
        };
        say.at(now + TURNAROUND, &reply.encode(self.picture).expect("a reply"));
    }

    fn tick(&mut self, _: Micros, _: &mut Say) {}

    fn changed(&self) -> &[String] {
        &self.changed
    }
}

/// An NCI scale: a letter and CR.
#[derive(Debug, Default)]
pub struct NciScale {
    /// Commands of its till variant, SCP-02: `S` before the status, six characters of number.
    till: bool,
    command: Vec<u8>,
    changed: Vec<String>,
}

impl NciScale {
    pub const fn new(till: bool) -> Self {
        Self { till, command: Vec::new(), changed: Vec::new() }
    }
}

impl Actor for NciScale {
    fn hear(&mut self, now: Micros, byte: u8, say: &mut Say) {
        if byte != b'\r' {
            if byte != b'\n' && self.command.len() < COMMAND_BYTES_MAX {
                self.command.push(byte);
            }
            return;
        }
        let status = NciStatus { marked: self.till, ..NciStatus::two(u8::from(moves(now)), 0) };
        let measure = Measure::new(i64::from(load_g(now)) / 10, -2, Unit::Pound);
        let number_width = if self.till { 6 } else { 7 };
        let command = std::mem::take(&mut self.command);
        let reply = match command.as_slice() {
            b"" => return,
            b"W" if self.till && moves(now) => NciReply::Status(status),
            b"W" => NciReply::Weight { measure, number_width, status },
            b"S" => NciReply::Status(status),
            b"Z" | b"U" => {
                self.changed.push(String::from_utf8_lossy(&command).into_owned());
                NciReply::Status(status)
            }
            _ => NciReply::Unknown,
        };
        say.at(now + TURNAROUND, &reply.encode().expect("a reply"));
    }

    fn tick(&mut self, _: Micros, _: &mut Say) {}

    fn changed(&self) -> &[String] {
        &self.changed
    }
}

/// A scale of the makers' common protocol: LF, letter, CR.
#[derive(Debug, Default)]
pub struct SmaScale {
    /// Nothing until an LF came.
    command: Option<Vec<u8>>,
    changed: Vec<String>,
}

impl Actor for SmaScale {
    fn hear(&mut self, now: Micros, byte: u8, say: &mut Say) {
        match (byte, &mut self.command) {
            (b'\n', command) => *command = Some(Vec::new()),
            (b'\r', command) => {
                let Some(command) = command.take() else { return };
                let value = Some(Decimal::new(i64::from(load_g(now)), -3));
                let weight = SmaWeight { motion: moves(now), value, ..kilograms() };
                let reply = match command.as_slice() {
                    b"W" | b"P" => SmaReply::Weight(weight),
                    b"Z" | b"T" | b"C" | b"U" | b"R" | b"S" => {
                        self.changed.push(String::from_utf8_lossy(&command).into_owned());
                        SmaReply::Unknown
                    }
                    _ => SmaReply::Unknown,
                };
                say.at(now + TURNAROUND, &reply.encode(b'_').expect("a reply"));
            }
            (_, Some(command)) if command.len() < COMMAND_BYTES_MAX => command.push(byte),
            _ => {}
        }
    }

    fn tick(&mut self, _: Micros, _: &mut Say) {}

    fn changed(&self) -> &[String] {
        &self.changed
    }
}

fn kilograms() -> SmaWeight {
    SmaWeight {
        status: Default::default(),
        range: b'1',
        kind: Default::default(),
        high_resolution: false,
        motion: false,
        value: None,
        unit: Unit::Kilogram,
    }
}
