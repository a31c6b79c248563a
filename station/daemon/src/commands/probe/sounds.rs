//! What bytes sound like that mean nothing to the protocol they are watched with: said once.

use gatepost_hardware::units::Micros;
use tokio::time::Instant;

use crate::config::Transport;
use crate::config::devices::LineConfig;
use crate::recognise::explain;
use crate::recognise::finding::{Finding, Verdict};
use crate::recognise::score::Burst;

/// Bytes that are looked at, the newest.
const BYTES_MAX: usize = 2_048;
/// Before so many bytes nothing is guessed.
const BYTES_MIN: usize = 12;

/// The bytes of one watch.
pub(super) struct Sounds {
    on: Transport,
    bursts: Vec<Burst>,
    /// Since it was last looked at.
    fresh: usize,
    told: bool,
    /// The protocol it is watched with understood something: then nothing is said.
    pub understood: bool,
}

impl Sounds {
    pub(super) fn of(on: &Transport) -> Self {
        Self { on: on.clone(), bursts: Vec::new(), fresh: 0, told: false, understood: false }
    }

    pub(super) fn heard(&mut self, start: Instant, bytes: &[u8]) {
        if self.told || self.understood {
            return;
        }
        let at = Micros(u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX));
        self.bursts.push(Burst { at, bytes: bytes.to_vec() });
        self.fresh += bytes.len();
        while self.bursts.iter().map(|burst| burst.bytes.len()).sum::<usize>() > BYTES_MAX {
            self.bursts.remove(0);
        }
    }

    /// A sentence, once there is something to say. Speed is not guessed here: `setup devices` tries that.
    pub(super) fn like(&mut self) -> Option<String> {
        if self.told || self.understood || self.fresh < BYTES_MIN {
            return None;
        }
        self.fresh = 0;
        let Transport::Serial(serial) = &self.on else { return None };
        let explanations = explain(&self.bursts, serial.line);
        let baud = serial.baud;
        let shown = Finding::of(&serial.port, Verdict::Named { baud, explanations }).shown();
        let first = shown.explanations.first();
        let hint = "`gatepost setup devices` tries every speed and setting";
        let says = match first {
            Some(first) => {
                format!(
                    "fault: nothing understood as watched; this sounds like {}: {}; {hint}",
                    shown.what, first.protocol
                )
            }
            None if serial.line != LineConfig::EightNoneOne || self.bursts.len() > 3 => {
                format!("fault: nothing understood so far; {hint}")
            }
            None => return None,
        };
        self.told = true;
        Some(says)
    }
}
