//! The words of the controller's trace: what it did and what it was told, for whoever asks why.

use super::happened::{BootCause, GateState, Input, LaneState, Motion, PermitFate, RevokeFate};
use crate::units::Tick;
use serde::{Deserialize, Serialize};

/// Something in the life of a controller. Beside the facts it holds what the station said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Happening {
    Boot {
        cause: BootCause,
    },
    Hello {
        highest: u8,
    },
    Configure {
        crc: u32,
        epoch: u32,
    },
    StopCommand,
    StopInPlace {
        pass: u32,
    },
    Forget {
        pass: u32,
    },
    Edge {
        eye: u8,
        blocked: bool,
        tick: Tick,
    },
    Belt {
        segment: u8,
        motion: Motion,
    },
    Input {
        input: Input,
        active: bool,
    },
    Permit {
        permit: u32,
        fate: PermitFate,
    },
    Revoke {
        permit: u32,
        fate: RevokeFate,
    },
    Gate {
        state: GateState,
    },
    Lane {
        state: LaneState,
    },
    /// The pins' queue was full: so many edges were not seen.
    EdgesLost {
        count: u32,
    },
}
