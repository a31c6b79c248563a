//! Toledo 8217 and 8213: the scale under a shop's till, asked by one letter. Usually 9600 7E1.
//!
//! Guaranteed: every reply is reported, whatever stands before it, unless the pause between two of its bytes exceeds
//! `gap_ms_max`. Nothing else is a weight. Every reply that is not a weight clears the weight: a status, the answer to
//! a test, an echo, bytes lost.
//!
//! The unit is *not on the wire* and never guessed: `unit` must be configured. What protects it is the number's form:
//! kilograms are sent as `00.000`, pounds as `000.00`; the other one's form is the fault `UnitUnexpected`, any other
//! is `WidthUnexpected`, so a byte lost or added is always found.
//!
//! Not guaranteed, because there is no checksum: a digit that becomes another digit, or a space in front, is a weight, and
//! a net weight whose N is lost is the same number gross, and believed: lock its tare key. Parity finds
//! every single flipped bit where the port checks it (7E1) or passes it on (8N1 read here); where a line is noisy, decide
//! on two equal replies.
//!
//! It refuses tests and echoes as questions: they are understood when another asks.

pub mod reply;

pub use reply::PosReply;

use super::cutter::{Cut, Cutter};
use super::{Measure, NoWeight, Reading, Request, ScaleCounters, ScaleProtocol, ScaleReport, State, Unit};
use crate::units::Micros;
use reply::{KILOGRAMS, NUMBER_BYTES_MAX, POUNDS, STX};
use serde::{Deserialize, Serialize};

/// How this scale is set up. Unknown keys are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Toledo8217Config {
    /// The unit this scale is set to. It never says so itself.
    pub unit: Unit,
    /// What a number looks like, a `0` for each digit. Left out: `00.000` for kg, `000.00` for lb. Some 8213 send lb
    /// as `00.00`.
    #[serde(default)]
    pub number: Option<heapless::String<NUMBER_BYTES_MAX>>,
    /// Put CR after each letter sent; scales that want none ignore it.
    #[serde(default)]
    pub send_cr: bool,
    /// Put even parity into bit 7 of what is sent: for a port that can only do 8N1, at a scale that wants 7E1.
    #[serde(default)]
    pub send_even_parity: bool,
    /// Longest pause inside a reply; after it the reply is given up.
    #[serde(default = "gap_ms_max")]
    pub gap_ms_max: u16,
}

const fn gap_ms_max() -> u16 {
    200
}

impl Toledo8217Config {
    pub const fn new(unit: Unit) -> Self {
        Self { unit, number: None, send_cr: false, send_even_parity: false, gap_ms_max: gap_ms_max() }
    }

    pub fn validate(&self) -> Result<(), &'static str> {
        if self.gap_ms_max == 0 {
            return Err("gap_ms_max is 0, so no reply would ever be whole; give milliseconds, such as 200");
        }
        if !self.unit.converts() {
            return Err("unit must be one that converts to grams, such as kg or lb: this protocol never sends it");
        }
        let Some(number) = &self.number else {
            let known = matches!(self.unit, Unit::Kilogram | Unit::Pound);
            let missing = "number must be given for this unit: a 0 for each digit, such as 000.00";
            return if known { Ok(()) } else { Err(missing) };
        };
        let point = number.find('.');
        let digits = number.bytes().filter(|&byte| byte == b'0').count();
        let shaped = digits + usize::from(point.is_some()) == number.len() && digits >= 2;
        if !shaped || point.is_some_and(|point| point == 0 || point + 1 == number.len()) {
            return Err("number must be 2 to 8 characters, a 0 for each digit and at most one point inside: 00.000");
        }
        Ok(())
    }

    /// What a number must look like.
    fn picture(&self) -> &str {
        match (&self.number, self.unit) {
            (Some(number), _) => number,
            (None, Unit::Kilogram) => KILOGRAMS,
            (None, _) => POUNDS,
        }
    }
}

/// The codec. Bytes of one scale, in order.
#[derive(Clone, Debug)]
pub struct Toledo8217 {
    config: Toledo8217Config,
    cutter: Cutter,
}

impl Toledo8217 {
    /// Expects a validated configuration.
    pub const fn new(config: Toledo8217Config) -> Self {
        let cutter = Cutter::new(STX, config.gap_ms_max);
        Self { config, cutter }
    }

    /// What a reply says of the weight.
    fn told(&self, reply: PosReply) -> (Result<Measure, NoWeight>, State) {
        match reply {
            PosReply::Weight { value, net } => {
                (Ok(Measure { value, unit: self.config.unit }), State { stable: true, net, ..State::default() })
            }
            PosReply::Status(bits) => {
                let (why, state) = reply::told(bits);
                (Err(why), state)
            }
            PosReply::Confidence(b'@') | PosReply::EchoBegins | PosReply::EchoEnds => {
                (Err(NoWeight::NotReady), State::default())
            }
            PosReply::Confidence(_) => (Err(NoWeight::ScaleFault), State { fault: true, ..State::default() }),
        }
    }
}

impl ScaleProtocol for Toledo8217 {
    fn push(&mut self, time: Micros, byte: u8) -> Option<ScaleReport> {
        let picture = self.config.picture();
        match self.cutter.push(time, byte, |bytes| PosReply::read(bytes, picture))? {
            Cut::Fault(report) => Some(report),
            Cut::Reply { at, reply, raw } => {
                let (shown, state) = self.told(reply);
                Some(ScaleReport::Reading(Reading { at, shown, tare: None, state, raw }))
            }
        }
    }

    fn idle(&mut self, now: Micros) -> Option<ScaleReport> {
        self.cutter.idle(now)
    }

    fn request(&self, request: Request) -> Option<&'static [u8]> {
        let (plain, even): (&[u8; 2], &[u8; 2]) = match request {
            Request::ImmediateWeight => (b"W\r", b"\xD7\x8D"),
            Request::Zero => (b"Z\r", b"Z\x8D"),
            Request::Tare => (b"T\r", b"\xD4\x8D"),
            Request::ClearTare => (b"C\r", b"\xC3\x8D"),
            _ => return None,
        };
        let bytes = if self.config.send_even_parity { even } else { plain };
        Some(if self.config.send_cr { bytes } else { &bytes[..1] })
    }

    fn counters(&self) -> ScaleCounters {
        self.cutter.counters
    }
}

#[cfg(test)]
mod tests;
