//! Everything that what the controller does next depends on, for a search through its states.

use super::Controller;
use crate::guard::Guard;
use core::fmt::Debug;

impl<K> Controller<K> {
    /// Without what is only said: the log, the trace, and when the next word is due. A new field has to be told here
    /// whether it counts.
    pub(crate) fn everything(&self) -> impl Debug {
        let Self {
            kept: _,
            map: _,
            crc: _,
            boot: _,
            diverter: _,
            log: _,
            beat_due: _,
            hello_due: _,
            inventory_owed: _,
            ignored: _,
            now,
            belts,
            eyes,
            blocked_since,
            flicker,
            lane,
            state,
            epoch,
            configured,
            heard,
            passes,
            zone,
            schedule,
            guard,
            gate_state,
            stopped,
            taken,
        } = self;
        let moves = (now, belts, eyes, blocked_since, flicker, lane, state, stopped);
        let guard = guard.as_ref().map(Guard::everything);
        (moves, (epoch, configured, heard, taken), (passes, zone, schedule, guard, gate_state))
    }
}
