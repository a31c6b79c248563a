//! The last happenings in the controller, typed: what a technician reads after something went wrong.
//!
//! A ring, never drained and never sent by itself; a board keeps it in memory that survives a reset.

use gatepost_hardware::link::{GateState, Input, LaneState, Motion, PermitFate, RevokeFate};
use gatepost_hardware::units::{Micros, Tick};
use heapless::HistoryBuf;

pub const HAPPENINGS_MAX: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    Boot,
    Hello { version: u8 },
    Configure { crc: u32, epoch: u32 },
    StopCommand,
    StopInPlace { pass: u32 },
    Forget { pass: u32 },
    Edge { eye: u8, blocked: bool, tick: Tick },
    Belt { segment: u8, motion: Motion },
    Input { input: Input, active: bool },
    Permit { permit: u32, fate: PermitFate },
    Revoke { permit: u32, fate: RevokeFate },
    Gate { state: GateState },
    Lane { state: LaneState },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub time: Micros,
    pub what: Happening,
}

#[derive(Debug, Default)]
pub struct Trace {
    ring: HistoryBuf<Entry, HAPPENINGS_MAX>,
}

impl Trace {
    pub fn note(&mut self, time: Micros, what: Happening) {
        self.ring.write(Entry { time, what });
    }

    /// Oldest first.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.ring.oldest_ordered()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_keeps_the_newest_in_order() {
        let mut trace = Trace::default();
        for time in 0..100 {
            trace.note(Micros(time), Happening::StopInPlace { pass: 1 });
        }
        let times: Vec<u64> = trace.entries().map(|entry| entry.time.0).collect();
        assert_eq!(times, (36..100).collect::<Vec<_>>());
    }
}
