//! What happens at a lane, in the words of the cable: facts, and the states, fates and causes in them.
//!
//! Apart from the messages that carry them, because the log, the trace and the station's records use the same words. The
//! order of variants and fields is the wire format (version 1, frozen): new ones go to the end, and into version 2.

use crate::units::{Micros, Tick};
use serde::{Deserialize, Serialize};

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
    /// The controller started anew: its clock and its ticks begin again at 0, every permit is gone, the gate is at exam.
    /// `before`: what the boot before was called, 0: nothing, or nobody knows.
    Boot {
        cause: BootCause,
        before: u32,
    },
    /// From here on passes are numbered, from 1, and belong to this epoch.
    Configured {
        epoch: u32,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Motion {
    Running,
    Stopped,
    /// Motor off, encoder still counting.
    Coasting,
    Reversed,
    /// Motor on, and the encoder counts nothing, too little, too much or backward: the belt slips or stands, or its encoder
    /// is wrong.
    OffSpeed,
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
    /// The officer's stop button at the belt.
    BeltStop,
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
    /// Edges were lost at the controller's pins: what was measured does not hold.
    EdgesLost,
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
    /// Feedback disagrees with the command after the swing time and half of it again.
    Stuck,
    /// It arrived, but later than the lane file's swing time.
    Slow,
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
    /// The reset was given: the start warning sounds, then belts run.
    Starting,
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
    BeltStop,
    /// A belt does not move as its motor should move it, or its encoder is wrong: no place on it can be trusted.
    Encoder,
    /// Something came by at the release exit that no permit had let through.
    Escaped,
    /// An eye changed more often than parcels can: it flickers.
    Eye,
}
