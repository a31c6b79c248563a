//! What is wrong with the lane, as a technician and operations read it.

use gatepost_hardware::units::WallMs;
use serde::{Deserialize, Serialize};

use crate::pass::PassKey;
use crate::record::Urgency;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    pub code: AlarmCode,
    pub pass: Option<PassKey>,
    pub at: WallMs,
    pub says: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmCode {
    /// A parcel left by release without an open permit.
    ReleasedWithoutPermit,
    /// A hold, stop or list came after the point of no return.
    RevokedTooLate,
    /// A released parcel went to exam all the same.
    WentToExam,
    Unaccounted,
    Removed,
    /// Something lies on the belt that did not come through the entry eye.
    Inserted,
    StoppedInPlace,
    TrackLost,
    ControllerReset,
    /// Controller and station hold different lane maps.
    LaneMapsDiffer,
    LaneStopped,
    LaneRuns,
    DiverterStuck,
    DiverterSlow,
    /// An eye says what cannot be.
    EyeSick,
    ImagesOutOfStep,
    Orphan,
    ReadingUnplaced,
    ClockJumped,
    LedgerFull,
    LedgerReady,
    TooManyPasses,
    Part,
    PermitLost,
}

impl AlarmCode {
    /// What goes to operations at once: everything that names a parcel which is not where it should be.
    pub(crate) const fn urgency(self) -> Urgency {
        use AlarmCode as C;
        let none = Urgency { alert: false, denied: false, tampering: false, late_hold: false };
        match self {
            C::RevokedTooLate => Urgency { late_hold: true, ..none },
            C::Inserted | C::Removed => Urgency { tampering: true, ..none },
            C::ReleasedWithoutPermit | C::Unaccounted | C::StoppedInPlace | C::DiverterStuck | C::LedgerFull => {
                Urgency { alert: true, ..none }
            }
            _ => none,
        }
    }
}
