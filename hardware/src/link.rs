//! The cable between lane controller and station: what each may say. **Version 1, frozen**: `tests/golden/link-v1.txt` holds
//! its bytes, written by hand.
//!
//! The controller acts, the station thinks. A command never says "now": a permit names where on the belt its parcel
//! must be. Nothing the station can say starts a motor. Two streams are numbered, acknowledged and said again when one is
//! missed, so that a noisy or cut cable loses nothing and does nothing twice: the controller's [`Fact`]s and the station's
//! [`Action`]s. Everything else is a question or an answer that whoever needs it asks again. Framing and checksums are in
//! [`frame`].

use crate::lane::{Name, SEGMENTS_MAX};
use crate::units::{Micros, Millimetres, Tick};
use heapless::Vec;
use serde::{Deserialize, Serialize};

pub mod actions;
pub mod facts;
pub mod frame;
mod happened;
pub mod map;
pub mod station;
mod traced;
#[cfg(test)]
mod vectors;

pub use happened::{
    BootCause, Fact, GateState, Input, LaneState, Motion, PermitFate, PermitRefusal, RevokeFate, StopCause, VoidCause,
};
pub use traced::Happening;

/// The versions that this software speaks, lowest and highest. The highest that both ends speak is used.
pub const VERSIONS: (u8, u8) = (1, 1);

/// Passes that fit in one [`Report::Inventory`]: more than fit on any belt (length of belt ÷ shortest parcel and gap).
pub const INVENTORY_MAX: usize = 48;

/// Facts that a controller keeps: at 13 a parcel (its edges at five eyes, its permit's fates) three full belts' worth. Both
/// ends stop the belts within the heartbeat limit when the cable is cut, so no more happens than this holds. A power of
/// two, so that numbers may wrap.
pub const FACTS_MAX: usize = 512;

/// Actions that may be under way without being acknowledged.
pub const ACTIONS_MAX: usize = 32;

/// Bytes of the lane map in one [`Command::Map`].
pub const PART_MAX: usize = 128;

/// Bytes of a whole lane map, more than the largest that fits [`crate::lane::LaneMap`]'s own bounds.
pub const MAP_MAX: usize = 1_024;

/// Station → controller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Asks for [`Report::Hello`]; the station speaks these versions.
    Hello { lowest: u8, highest: u8 },
    /// A part of the lane map ([`map`]), for a controller that is not configured; answered with [`Report::MapWanted`], and
    /// with [`Report::Hello`] when it is whole.
    Map { offset: u16, total: u16, bytes: Vec<u8, PART_MAX> },
    /// The station's lane map has this checksum, and this boot of the controller is to be called `epoch`. Accepted once
    /// per boot; the controller keeps the first epoch it was given. From here on the lane map is frozen.
    Configure { crc: u32, epoch: u32 },
    /// Asks for [`Report::Inventory`].
    Inventory,
    /// The station lives. Anything the station says counts as a heartbeat; this says nothing else.
    Beat,
    /// Asks for [`Report::Time`], which returns `host` unchanged.
    TimeSync { host: Micros },
    /// Asks for every fact from this number on, as far as it is kept; answered with [`Report::Resending`].
    Resend { from: u32 },
    /// Asks for [`Report::Description`] and [`Report::Statistics`].
    Describe,
    /// Asks for every entry of the trace, each a [`Report::Traced`].
    Trace,
    /// Something to be done, once and in order. Actions are numbered within a boot of the controller, from 0. One that is
    /// not the next is ignored: [`Report::Beat`] says which is.
    Action { number: u32, action: Action },
}

/// What the station may want done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    Permit(Permit),
    Revoke {
        permit: u32,
    },
    /// Belt permit off. Only the local reset turns it on again.
    Stop,
    /// Belt permit off and the lane latched: the parcel stays where it is until a supervisor resets it at the lane.
    StopInPlace {
        pass: u32,
    },
    /// The station accounted for a pass of this epoch: take it off the inventory.
    Forget {
        epoch: u32,
        pass: u32,
    },
}

/// Leave to release one parcel, for the diverter eye's next matching edges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permit {
    /// Never used twice within an epoch.
    pub id: u32,
    pub epoch: u32,
    pub pass: u32,
    /// Where the leading edge must be seen at the diverter eye: ticks of its segment, inclusive.
    pub window_lo: Tick,
    pub window_hi: Tick,
    pub length_mm_min: Millimetres,
    pub length_mm_max: Millimetres,
    /// Controller time after which the permit is void.
    pub expires: Micros,
}

/// Controller → station.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Report {
    /// After boot, every second until configured, and in answer to `Hello`.
    Hello(Greeting),
    Refused(Refusal),
    /// Every 50 ms, when every fact was said: the controller's clock and the tick of each segment at that moment. A
    /// station that does not expect `next` has missed facts, and asks for them. `taken`: the number of the next action.
    Beat {
        time: Micros,
        ticks: Vec<Tick, SEGMENTS_MAX>,
        next: u32,
        taken: u32,
    },
    Time {
        host: Micros,
        time: Micros,
    },
    /// Something happened. Facts are numbered without gaps and kept to be said again; the numbers go on over a reset that
    /// the controller's memory survives.
    Fact {
        number: u32,
        fact: Fact,
    },
    /// Facts follow from this number on: the one asked for, or the oldest that is kept.
    Resending {
        from: u32,
    },
    /// The passes that entered and that the station has not accounted for, oldest first. `complete` unless there were
    /// more than can be listed.
    Inventory {
        passes: Vec<u32, INVENTORY_MAX>,
        complete: bool,
    },
    /// The lane map is known up to here.
    MapWanted {
        offset: u16,
    },
    Description(Description),
    Statistics(Statistics),
    /// One entry of the trace, oldest first; `left` follow.
    Traced {
        left: u8,
        time: Micros,
        what: Happening,
    },
}

/// Who the controller is, and what it remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Greeting {
    pub version: u8,
    /// Of its lane map; 0: it has none.
    pub crc: u32,
    /// What this boot is called; 0: not configured.
    pub epoch: u32,
    pub cause: BootCause,
    /// Which log of facts it keeps: the first epoch in it, 0 before any. Another one means that its memory was lost.
    pub log: u32,
    /// The oldest fact that is kept, the epoch in which it happened (0: in none), and the number that the next one gets.
    pub kept_from: u32,
    pub kept_epoch: u32,
    pub next: u32,
    /// The number of the next action.
    pub taken: u32,
}

/// What a controller is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    pub board: Name,
    /// The firmware's version.
    pub firmware: Name,
    /// Terminals for eyes and for encoders.
    pub eyes: u8,
    pub encoders: u8,
}

/// How a controller and its cable have fared since its boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    pub up: Micros,
    /// Frames heard whole, frames dropped (cut, too long, bad checksum, unknown), and frames missing between good ones.
    pub heard: u32,
    pub dropped: u32,
    pub missing: u32,
    /// Actions that were not the next one.
    pub ignored: u32,
    /// Facts that fell out of memory before they were said.
    pub facts_lost: u32,
    /// Edges that the pins' queue had no room for.
    pub edges_lost: u32,
    /// Longest time between two looks at the pins.
    pub slowest: Micros,
    /// Bytes: the deepest that the stack has been, and all there are. 0 where nobody measures.
    pub stack_used: u32,
    pub stack_size: u32,
}

/// Why the controller does not do what it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// It speaks these versions only.
    Version {
        lowest: u8,
        highest: u8,
    },
    /// The lane maps differ.
    Crc {
        mine: u32,
    },
    NotConfigured,
    /// It is configured: another lane map needs a reset of the controller first.
    Frozen,
    /// The bytes are no lane map, or too many.
    Map,
    /// The lane needs more eyes or encoders than the board has terminals.
    Board {
        eyes: u8,
        encoders: u8,
    },
}
