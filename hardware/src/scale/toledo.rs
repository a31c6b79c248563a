//! Toledo continuous output: the scale talks all the time, some 20 frames a second, and takes no question.
//!
//! Guaranteed: every run of 17 (or, with checksum, 18) consecutive bytes that is a valid frame is reported, in order,
//! once, whatever stands around it, unless the pause between two of its bytes exceeds `gap_ms_max`. Nothing else is
//! ever reported as a weight. A checksum byte may look like CR, LF, ETX or STX (638 of 10,000 weights): frames are cut
//! by STX, length, CR in place and checksum, never by a terminator; a checksum that looks like STX may also be
//! the next frame's own first byte, its checksum lost, and is tried as that too. A frame lost is said, so that the weight
//! before it falls.
//!
//! Not guaranteed without the checksum: a digit, a decimal code, a sign or a unit damaged on the way stays what it became;
//! `unit` and `decimals` make the units and decimals that this scale never sends a fault. With the checksum, one damaged byte is always
//! found; two halves of different frames that happen to fit are found 127 times in 128, so decide on two equal frames.
//!
//! It refuses to be asked: this protocol has no requests. Use only the newest reading.

pub mod frame;

pub use frame::{FrameError, ToledoFrame};

use super::{NoWeight, Reading, Request, ScaleCounters, ScaleFault, ScaleProtocol, ScaleReport, State, Unit, raw};
use crate::units::Micros;
use frame::{FRAME_BYTES, FRAME_BYTES_MAX, STX};
use serde::{Deserialize, Serialize};

/// How this scale is set up. Unknown keys are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToledoConfig {
    /// The frame ends with a checksum byte (18 bytes, not 17). Never guessed; see the terminal's setup.
    pub checksum: bool,
    /// The unit this scale is set to. Left out: any unit is accepted as sent.
    #[serde(default)]
    pub unit: Option<Unit>,
    /// Digits after the point, where this scale never changes them. Left out: any.
    #[serde(default)]
    pub decimals: Option<u8>,
    /// Longest pause inside a frame; bytes further apart are never one frame.
    #[serde(default = "gap_ms_max")]
    pub gap_ms_max: u16,
}

const fn gap_ms_max() -> u16 {
    100
}

impl ToledoConfig {
    pub const fn new(checksum: bool) -> Self {
        Self { checksum, unit: None, decimals: None, gap_ms_max: gap_ms_max() }
    }

    pub fn validate(&self) -> Result<(), &'static str> {
        if self.gap_ms_max == 0 {
            return Err("gap_ms_max is 0, so no frame would ever be whole; give milliseconds, such as 100");
        }
        if self.unit.is_some_and(|unit| !unit.converts()) {
            return Err("unit must be one that converts to grams: kg, lb, g, t or oz");
        }
        Ok(())
    }

    /// What this scale never sends.
    fn unexpected(&self, frame: &ToledoFrame) -> Option<ScaleFault> {
        let decimals = frame.shown().map(|measure| measure.value.decimals());
        if self.unit.is_some_and(|unit| unit != frame.unit()) {
            return Some(ScaleFault::UnitUnexpected);
        }
        let other = self.decimals.zip(decimals).is_some_and(|(expected, decimals)| expected != decimals);
        other.then_some(ScaleFault::WidthUnexpected)
    }
}

/// So many bytes without a frame, and a frame was lost: the weight before it does not stand any more.
const LOST_BYTES: u32 = 8;
/// So many bytes without a frame are not a glitch but another protocol, or other line settings.
const UNRECOGNIZED_BYTES: u32 = 4 * FRAME_BYTES_MAX as u32;

/// The codec. Bytes of one scale, in order.
#[derive(Clone, Debug)]
pub struct Toledo {
    config: ToledoConfig,
    /// What may become a frame; empty, or begins with an STX.
    bytes: heapless::Vec<u8, FRAME_BYTES_MAX>,
    /// When each of `bytes` arrived.
    times: heapless::Vec<Micros, FRAME_BYTES_MAX>,
    /// `bytes` begins with the checksum of the frame before: tried as a start, not counted as skipped.
    borrowed: bool,
    /// Bytes skipped since the last frame or the last time it was said.
    unrecognized: u32,
    /// Since the last frame a loss was said.
    said: bool,
    counters: ScaleCounters,
}

impl Toledo {
    pub const fn new(config: ToledoConfig) -> Self {
        Self {
            config,
            bytes: heapless::Vec::new(),
            times: heapless::Vec::new(),
            borrowed: false,
            unrecognized: 0,
            said: false,
            counters: ScaleCounters { replies: 0, checksum_errors: 0, faults: 0, skipped_bytes: 0 },
        }
    }

    const fn frame_bytes(&self) -> usize {
        if self.config.checksum { FRAME_BYTES_MAX } else { FRAME_BYTES }
    }

    fn gap_over(&self, now: Micros) -> bool {
        let gap = Micros::from_ms(u64::from(self.config.gap_ms_max));
        self.times.last().is_some_and(|&last| now - last > gap)
    }

    /// `bytes` is as long as a frame: a frame, or not from here.
    fn judge(&mut self) -> Option<ScaleReport> {
        let decoded = ToledoFrame::decode(&self.bytes);
        if let Some(kind) = decoded.ok().and_then(|frame| self.config.unexpected(&frame)) {
            let fault = self.fault(kind);
            self.restart();
            return Some(fault);
        }
        match decoded {
            Ok(frame) => {
                let report = self.report(&frame);
                self.counters.replies += 1;
                self.unrecognized = 0;
                self.said = false;
                self.keep_checksum();
                Some(report)
            }
            Err(error) => {
                let fault = (error == FrameError::Checksum).then(|| self.fault(ScaleFault::Checksum));
                self.restart();
                fault.or_else(|| self.unrecognized())
            }
        }
    }

    /// After a frame: its checksum, if it looks like STX, may be the first byte of the next frame.
    fn keep_checksum(&mut self) {
        let last = self.bytes.last().zip(self.times.last()).map(|(&byte, &time)| (byte, time));
        let (bytes, times) = (&mut self.bytes, &mut self.times);
        bytes.clear();
        times.clear();
        self.borrowed = false;
        if let Some((byte, time)) = last
            && byte & 0x7F == STX
        {
            let _ = (bytes.push(byte), times.push(time)); // both just emptied
            self.borrowed = true;
        }
    }

    /// Drops the first byte and everything before the next STX already held.
    fn restart(&mut self) {
        let next = self.bytes.iter().skip(1).position(|&byte| byte & 0x7F == STX);
        self.skip(next.map_or(self.bytes.len(), |index| index + 1));
    }

    fn skip(&mut self, count: usize) {
        let count = count.min(self.bytes.len());
        let lost = count - usize::from(self.borrowed && count > 0);
        self.borrowed &= count == 0;
        self.bytes.rotate_left(count);
        self.times.rotate_left(count);
        self.bytes.truncate(self.bytes.len() - count);
        self.times.truncate(self.times.len() - count);
        self.count_skipped(lost);
    }

    fn count_skipped(&mut self, count: usize) {
        self.counters.skipped_bytes += count as u64;
        self.unrecognized = self.unrecognized.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
    }

    /// Says once that a frame was lost, and once per [`UNRECOGNIZED_BYTES`] that this is no frame.
    fn unrecognized(&mut self) -> Option<ScaleReport> {
        if self.unrecognized >= UNRECOGNIZED_BYTES {
            self.unrecognized = 0;
            return Some(self.fault(ScaleFault::Unrecognized));
        }
        (!self.said && self.unrecognized >= LOST_BYTES).then(|| self.fault(ScaleFault::Garbled))
    }

    fn fault(&mut self, kind: ScaleFault) -> ScaleReport {
        self.said = true;
        match kind {
            ScaleFault::Checksum => self.counters.checksum_errors += 1,
            _ => self.counters.faults += 1,
        }
        let at = self.times.first().copied().unwrap_or_default();
        ScaleReport::Fault { at, kind, raw: raw(&self.bytes) }
    }

    fn report(&self, frame: &ToledoFrame) -> ScaleReport {
        let shown = match frame.shown() {
            _ if frame.out_of_range => Err(NoWeight::OutOfRange),
            None => Err(NoWeight::Blank),
            Some(measure) => Ok(measure),
        };
        let state = State {
            stable: !frame.motion,
            motion: frame.motion,
            out_of_range: frame.out_of_range,
            net: frame.net,
            unzeroed: frame.unzeroed,
            ..State::default()
        };
        let at = self.times.first().copied().unwrap_or_default();
        ScaleReport::Reading(Reading { at, shown, tare: frame.tare(), state, raw: raw(&self.bytes) })
    }
}

impl ScaleProtocol for Toledo {
    fn push(&mut self, time: Micros, byte: u8) -> Option<ScaleReport> {
        let late = self.idle(time);
        if self.bytes.is_empty() && byte & 0x7F != STX {
            self.count_skipped(1);
            return late.or_else(|| self.unrecognized());
        }
        let _ = (self.bytes.push(byte), self.times.push(time)); // never full: judged at a frame's length
        let found = if self.bytes.len() == self.frame_bytes() { self.judge() } else { None };
        // After a gap nothing was held, so one byte could not complete a frame: never two reports.
        late.or(found)
    }

    fn idle(&mut self, now: Micros) -> Option<ScaleReport> {
        if !self.gap_over(now) {
            return None;
        }
        let alone = self.borrowed && self.bytes.len() == 1;
        let fault = (!alone).then(|| self.fault(ScaleFault::Truncated));
        self.skip(self.bytes.len());
        fault
    }

    fn request(&self, _: Request) -> Option<&'static [u8]> {
        None
    }

    fn counters(&self) -> ScaleCounters {
        self.counters
    }
}

#[cfg(test)]
mod tests;
