//! The lane as a page shows it.

pub use gatepost_hardware::lane::{DeviceKind, EyeRole, LaneKind};
pub use gatepost_hardware::link::{LaneState as Reported, Motion, StopCause};
pub use gatepost_hardware::units::{Grams, Millimetres};
use serde::{Deserialize, Serialize};

use super::{Alarm, Drive, Parcel};
use crate::judge::{ExamAll, Fault, Inputs, Outcome, Token, Verdict};
use crate::pass::PassKey;
use crate::pass::life::State;
use crate::weighing::Alibis;

/// A copy of what an officer needs to see of a lane.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LaneView {
    pub lane: String,
    pub kind: LaneKind,
    pub epoch: Option<u32>,
    pub state: Option<Reported>,
    /// Names and lengths of the segments, in order.
    pub segments: Vec<(String, Millimetres)>,
    /// What each segment's belt does, in the same order.
    pub motion: Vec<Motion>,
    /// Names, segments and places of the eyes, in order.
    pub eyes: Vec<(String, u8, Millimetres)>,
    /// What each eye is for, in the same order.
    pub roles: Vec<EyeRole>,
    /// Segment and place of the gate, if the lane has one.
    pub gate: Option<(u8, Millimetres)>,
    /// The devices that look at the belt, in the order of the lane's file.
    pub devices: Vec<DeviceView>,
    pub parcels: Vec<ParcelView>,
    pub alarms: Vec<Alarm>,
    pub failed: Vec<Fault>,
    /// Central sends everything to exam.
    pub exam_all: Option<ExamAll>,
    pub images_out_of_step: bool,
    /// Largest error of the clock mapping, microseconds.
    pub clock_error_us: Option<u64>,
}

/// A device and the stretch of belt that it sees.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeviceView {
    pub name: String,
    pub kind: DeviceKind,
    pub segment: u8,
    pub from_mm: Millimetres,
    pub to_mm: Millimetres,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ParcelView {
    pub pass: PassKey,
    pub item: Option<Token>,
    pub state: State,
    /// Segment and place of the leading edge; nothing when its place was lost.
    pub place: Option<(u8, Millimetres)>,
    pub length_mm: Option<Millimetres>,
    pub weight_g: Option<Grams>,
    /// The weights that it was judged from, as the scale said them.
    pub weights: Alibis,
    pub outcome: Option<Outcome>,
    pub verdict: Option<Verdict>,
    /// The number of its decision's record, once that is durable.
    pub record: Option<u64>,
    pub inputs: Option<Inputs>,
    /// BLAKE3 of its image's file.
    pub image: Option<Token>,
}

pub(super) fn of(drive: &Drive) -> LaneView {
    let map = &drive.config.map;
    LaneView {
        lane: drive.lane.as_str().to_owned(),
        kind: map.kind,
        epoch: drive.epoch,
        state: drive.state,
        segments: map.segments.iter().map(|segment| (segment.name.as_str().to_owned(), segment.length_mm)).collect(),
        motion: drive.motion.clone(),
        eyes: map.eyes.iter().map(|eye| (eye.name.as_str().to_owned(), eye.segment, eye.at_mm)).collect(),
        roles: map.eyes.iter().map(|eye| eye.role).collect(),
        gate: map.gate.as_ref().and_then(|gate| map.eye(EyeRole::Diverter).map(|(_, eye)| (eye.segment, gate.at_mm))),
        devices: map.devices.iter().map(device).collect(),
        parcels: (0..drive.parcels.len()).map(|at| parcel(drive, at, &drive.parcels[at])).collect(),
        alarms: drive.alarms.iter().cloned().collect(),
        failed: drive.failed.iter().copied().collect(),
        exam_all: drive.ordered.now().cloned(),
        images_out_of_step: drive.gather.images.is_out_of_step(),
        clock_error_us: drive.clock.error_us(drive.mono),
    }
}

fn device(device: &gatepost_hardware::lane::Device) -> DeviceView {
    DeviceView {
        name: device.name.as_str().to_owned(),
        kind: device.kind,
        segment: device.segment,
        from_mm: device.from_mm,
        to_mm: device.to_mm,
    }
}

fn parcel(drive: &Drive, at: usize, parcel: &Parcel) -> ParcelView {
    let tracked = drive.track.get(parcel.key);
    let judged = parcel.judged.as_deref();
    ParcelView {
        pass: parcel.key,
        item: drive.item_of(at),
        state: parcel.state,
        place: tracked.and_then(|tracked| drive.track.place(tracked.pass)),
        length_mm: tracked.and_then(|tracked| tracked.length_mm),
        weight_g: judged.and_then(|(inputs, _)| match inputs.weight {
            crate::judge::Weight::Known { grams, .. } => Some(grams),
            crate::judge::Weight::Unknown { .. } => None,
        }),
        weights: parcel.weights.clone(),
        outcome: judged.map(|(_, verdict)| verdict.outcome),
        verdict: judged.map(|(_, verdict)| verdict.clone()),
        record: parcel.seq.filter(|_| !parcel.asking && !parcel.unrecorded),
        inputs: judged.map(|(inputs, _)| inputs.clone()),
        image: drive.image_digest(parcel.key),
    }
}
