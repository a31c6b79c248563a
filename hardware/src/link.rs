//! The cable between lane controller and station: what each may say. Version 0 (provisional: version 1 freezes it).
//!
//! The controller acts, the station thinks. A command never says "now": a permit names where on the belt its parcel
//! must be. Nothing the station can say starts a motor. Framing and checksums are in [`frame`].

use crate::lane::SEGMENTS_MAX;
use crate::units::{Micros, Millimetres, Tick};
use heapless::Vec;
use serde::{Deserialize, Serialize};

pub mod facts;
pub mod frame;

pub const VERSION: u8 = 0;

/// Passes that fit in one [`Report::Inventory`]: more than fit on any belt (length of belt ÷ shortest parcel and gap).
pub const INVENTORY_MAX: usize = 48;

/// Facts that a controller keeps: at 13 a parcel (its edges at five eyes, its permit's fates) three full belts' worth. Both
/// ends stop the belts within the heartbeat limit when the cable is cut, so no more happens than this holds. A power of
/// two, so that numbers may wrap.
pub const FACTS_MAX: usize = 512;

/// Station → controller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    Hello {
        version: u8,
    },
    /// The station's lane map has this checksum, and this boot of the controller is to be called `epoch`. Accepted once
    /// per boot; the controller keeps the first epoch it was given.
    Configure {
        crc: u32,
        epoch: u32,
    },
    /// Asks for [`Report::Inventory`].
    Inventory,
    /// The station lives. Anything the station says counts as a heartbeat; this says nothing else.
    Beat,
    /// Asks for [`Report::Time`], which returns `host` unchanged.
    TimeSync {
        host: Micros,
    },
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
    /// The station accounted for a pass: take it off the inventory.
    Forget {
        pass: u32,
    },
    /// Asks for every fact from this number on, as far as it is kept; answered with [`Report::Resending`].
    Resend {
        from: u32,
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
    /// After boot, every second until configured, and in answer to `Hello`. `epoch` is 0 until configured.
    Hello {
        version: u8,
        crc: u32,
        epoch: u32,
        boot_cause: BootCause,
        /// The oldest fact that is kept, and the number that the next one will get.
        kept_from: u32,
        next: u32,
    },
    Configured {
        epoch: u32,
    },
    Refused(Refusal),
    /// Every 50 ms, when every fact was said: the controller's clock and the tick of each segment at that moment. A
    /// station that does not expect `next` has missed facts, and asks for them.
    Beat {
        time: Micros,
        ticks: Vec<Tick, SEGMENTS_MAX>,
        next: u32,
    },
    Time {
        host: Micros,
        time: Micros,
    },
    /// Something happened. Facts are numbered from 0 at boot, without gaps, and kept to be said again.
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
}

/// What happened at the lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fact {
    /// A debounced edge: `tick` of the eye's segment, and of the segment `before` it, from which parcels come, and
    /// controller `time` of the edge itself, not of its report.
    Edge {
        eye: u8,
        blocked: bool,
        tick: Tick,
        before: Option<Tick>,
        time: Micros,
        pass: Option<u32>,
    },
    Belt {
        segment: u8,
        motion: Motion,
        tick: Tick,
        time: Micros,
    },
    Input {
        input: Input,
        active: bool,
        time: Micros,
    },
    Permit {
        permit: u32,
        pass: u32,
        fate: PermitFate,
        time: Micros,
    },
    Revoke {
        permit: u32,
        fate: RevokeFate,
        time: Micros,
    },
    Gate {
        state: GateState,
        time: Micros,
    },
    /// Whether the controller lets the belts run, and why not.
    Lane {
        state: LaneState,
        time: Micros,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BootCause {
    PowerOn,
    Watchdog,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    Version,
    /// The lane maps differ.
    Crc {
        mine: u32,
    },
    NotConfigured,
    /// More permits than a belt can hold.
    Full,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Motion {
    Running,
    Stopped,
    /// Motor off, encoder still counting.
    Coasting,
    Reversed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    EStop,
    Guard,
    Reset,
    ExamChuteFull,
    Radiation,
    Smoke,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PermitFate {
    Accepted,
    Refused(PermitRefusal),
    /// The window went by without its parcel.
    Missed,
    Void(VoidCause),
    /// The gate was commanded to release for this parcel: the point of no return.
    Opened,
    /// The parcel's trailing edge passed the gate; the gate is commanded back to exam.
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PermitRefusal {
    NotConfigured,
    WrongEpoch,
    AlreadyUsed,
    Expired,
    /// The window has already gone by at the diverter eye.
    TooLate,
    /// Overlaps another permit's window.
    Overlap,
    LaneNotMoving,
    GateFault,
    Full,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VoidCause {
    Revoked,
    Expired,
    Heartbeat,
    LongStop,
    Guard,
    Reversed,
    /// The parcel's length at the diverter eye is not the permitted one.
    Length,
    /// Another parcel follows too closely for the gate to tell them apart.
    Gap,
    GateFault,
    Latched,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevokeFate {
    Revoked,
    /// The gate had been commanded: the parcel is leaving by release.
    TooLate,
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateState {
    Exam,
    Release,
    /// Feedback disagrees with the command after the swing time.
    Stuck,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LaneState {
    /// Not configured yet.
    Setup,
    /// Nothing wrong; waits for the local reset input before belts run.
    Ready,
    Running,
    /// Feed stopped because the exam chute is full; continues when it is emptied and the local reset is given.
    ChuteFull,
    Stopped(StopCause),
    /// Stop in place: only the local reset, given by a supervisor at the lane, ends it.
    Latched(StopCause),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopCause {
    EStop,
    Guard,
    Heartbeat,
    Requested,
    GateFault,
    Jam,
    Radiation,
    Smoke,
    StopInPlace,
}
