//! What is wrong with the lane, as a technician and operations read it, and how it is said: as a record, and on the page.

use gatepost_hardware::units::WallMs;
use serde::{Deserialize, Serialize};

use super::Drive;
use crate::event::{Effect, Order};
use crate::gather::Noted;
use crate::judge::{Contingency, ExamAll, Fault};
use crate::limits::ALARMS_MAX;
use crate::pass::PassKey;
use crate::record::{Audience, Kind, Pending, Urgency};

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
    /// Central sends everything to exam, or does not any more.
    ExamAll,
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

impl Drive {
    pub(super) fn part(&mut self, fault: Fault, failed: bool) {
        let changed = if failed { self.failed.insert(fault) } else { self.failed.remove(&fault) };
        if !changed {
            return;
        }
        self.alarm(AlarmCode::Part, None, &fault.said(failed));
        let stop = self.config.contingency.get(&fault).is_some_and(|plan| plan.plan == Contingency::Stop);
        if failed && stop {
            self.order(Order::Stop);
        }
    }

    /// Central sends everything to exam, or takes that back: what is judged already and has not left is judged again, under it.
    pub(super) fn exam_all(&mut self, ordered: Option<Box<ExamAll>>) {
        if self.ordered.take(ordered.map(|ordered| *ordered), self.wall, self.trusted) {
            for parcel in self.parcels.iter_mut().filter(|parcel| parcel.state.is_on_belt()) {
                parcel.stale |= parcel.judged.is_some();
            }
        }
    }

    pub(super) fn say_ordered(&mut self) {
        if let Some(says) = self.ordered.turn(self.wall, self.trusted, self.config.utc_offset_min) {
            self.alarm(AlarmCode::ExamAll, None, &says);
        }
    }

    pub(super) fn note(&mut self, noted: Vec<Noted>) {
        for noted in noted {
            match noted {
                Noted::Contested { pass, cause } => self.contest(pass, cause),
                Noted::Orphan { device } => {
                    self.alarm_device(AlarmCode::Orphan, device, "read something where no parcel is")
                }
                Noted::Unplaced { device } => {
                    self.alarm_device(AlarmCode::ReadingUnplaced, device, "sent a reading that is too old to place");
                }
                Noted::ImagesOutOfStep => {
                    let says = "images and parcels do not match one to one: exam until the beam has been empty";
                    self.alarm(AlarmCode::ImagesOutOfStep, None, says);
                }
            }
        }
    }

    /// Records an alarm and keeps it for the page.
    pub(super) fn alarm(&mut self, code: AlarmCode, pass: Option<PassKey>, says: &str) {
        let alarm = Alarm { code, pass, at: self.wall, says: says.to_owned() };
        self.entry(Kind::Device, code.urgency(), &alarm);
        if self.alarms.len() == ALARMS_MAX {
            self.alarms.pop_front();
        }
        self.alarms.push_back(alarm);
    }
    pub(super) fn alarm_device(&mut self, code: AlarmCode, device: u8, says: &str) {
        let name = self.config.map.devices.get(usize::from(device)).map_or("?", |device| device.name.as_str());
        let says = format!("{name} {says}");
        self.alarm(code, None, &says);
    }

    pub(super) fn entry<B: Serialize>(&mut self, kind: Kind, urgency: Urgency, body: &B) {
        let made = Pending::entry(kind, urgency, Audience::All, self.lane.as_str(), self.wall, body);
        debug_assert!(made.is_ok(), "{made:?}");
        self.out.extend(made.ok().map(Effect::Record));
    }
}
