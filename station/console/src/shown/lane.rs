//! A lane as it is drawn: belts, eyes, devices and parcels by their place in millimetres along the way.
//!
//! Knows no markup. A place is counted from the start of the first belt, so that belts stand one behind the other.

use gatepost_pipeline::drive::{Alarm, EyeRole, LaneKind, LaneView, Motion, ParcelView, Reported};
use gatepost_pipeline::judge::{Fault, MailClass};
use gatepost_pipeline::pass::life::State;
use serde::Serialize;

use super::{Route, Tone, why};
use crate::desk::StationView;
use crate::limits::{ALARMS_SHOWN_MAX, PARCELS_SHOWN_MAX};
use crate::words;

#[derive(Clone, Debug, Serialize)]
pub struct Lane {
    pub name: String,
    pub kind: LaneKind,
    pub tone: Tone,
    pub state: String,
    pub to_do: String,
    /// Whether a stop can do anything.
    pub moves: bool,
    pub segments: Vec<Segment>,
    pub eyes: Vec<Eye>,
    pub devices: Vec<DeviceOnLane>,
    pub gate_mm: Option<i32>,
    /// Where a released parcel and one for exam are last seen.
    pub release_exit_mm: Option<i32>,
    pub exam_exit_mm: Option<i32>,
    pub parcels: Vec<OnBelt>,
    /// Parcels still here that are not drawn, for want of a place or of room.
    pub unplaced: Vec<OnBelt>,
    pub alarms: Vec<AlarmShown>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Segment {
    pub name: String,
    pub from_mm: i32,
    pub length_mm: i32,
    pub sign: &'static str,
    pub motion: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub struct Eye {
    pub name: String,
    pub role: EyeRole,
    pub at_mm: i32,
}

#[derive(Clone, Debug, Serialize)]
pub struct DeviceOnLane {
    pub name: String,
    pub from_mm: i32,
    pub to_mm: i32,
    pub works: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct OnBelt {
    pub pass: String,
    pub item: Option<String>,
    /// The last four digits of the item id.
    pub short: String,
    pub route: Route,
    /// Decided for release, and no permit yet: at the gate it would go to exam.
    pub waits: bool,
    pub says: String,
    /// Leading edge, along the way.
    pub at_mm: Option<i32>,
    pub length_mm: i32,
}

#[derive(Clone, Debug, Serialize)]
pub struct AlarmShown {
    pub ago: String,
    pub pass: Option<String>,
    pub says: String,
}

/// A parcel whose length is not known yet is drawn this long.
const LENGTH_UNKNOWN_MM: i32 = 240;

pub(super) fn of(view: &LaneView, station: &StationView) -> Lane {
    let (mut state, to_do) = words::lane_state(view.state);
    if view.kind == LaneKind::Bench && view.state == Some(Reported::Running) {
        state = "Open";
    }
    let starts = starts(view);
    let place = |segment: u8, at_mm: i32| Some(starts.get(usize::from(segment))?.saturating_add(at_mm));
    let exit = |role: EyeRole| {
        let at = view.roles.iter().position(|&known| known == role)?;
        view.eyes.get(at).and_then(|(_, segment, at_mm)| place(*segment, at_mm.0))
    };
    let eye = |(at, (name, segment, at_mm)): (usize, &(String, u8, gatepost_pipeline::drive::Millimetres))| {
        Some(Eye { name: words::clipped(name), role: *view.roles.get(at)?, at_mm: place(*segment, at_mm.0)? })
    };
    let here = view.parcels.iter().filter(|parcel| parcel.state.is_on_belt());
    let here = here.map(|parcel| {
        let at_mm = parcel.place.and_then(|(segment, at)| place(segment, at.0));
        parcel_on(parcel, at_mm, view.kind == LaneKind::Bench)
    });
    let (mut parcels, mut unplaced): (Vec<OnBelt>, Vec<OnBelt>) = here.partition(|parcel| parcel.at_mm.is_some());
    if parcels.len() > PARCELS_SHOWN_MAX {
        unplaced.extend(parcels.split_off(PARCELS_SHOWN_MAX));
    }
    unplaced.truncate(PARCELS_SHOWN_MAX);
    Lane {
        name: words::clipped(&view.lane),
        kind: view.kind,
        tone: tone(view.state),
        state: state.to_owned(),
        to_do: to_do.to_owned(),
        moves: view.state == Some(Reported::Running),
        segments: segments(view, &starts),
        eyes: view.eyes.iter().enumerate().filter_map(eye).collect(),
        devices: devices(view, &starts),
        gate_mm: view.gate.and_then(|(segment, at)| place(segment, at.0)),
        release_exit_mm: exit(EyeRole::ReleaseExit),
        exam_exit_mm: exit(EyeRole::ExamExit),
        parcels,
        unplaced,
        alarms: view.alarms.iter().rev().take(ALARMS_SHOWN_MAX).map(|alarm| alarm_shown(alarm, station)).collect(),
    }
}

/// Where each belt starts along the way.
fn starts(view: &LaneView) -> Vec<i32> {
    let mut next = 0i32;
    let start = |(_, length): &(String, gatepost_pipeline::drive::Millimetres)| {
        let start = next;
        next = next.saturating_add(length.0.max(0));
        start
    };
    view.segments.iter().map(start).collect()
}

fn segments(view: &LaneView, starts: &[i32]) -> Vec<Segment> {
    let shown = |(at, (name, length)): (usize, &(String, gatepost_pipeline::drive::Millimetres))| {
        let (sign, motion) = words::motion(view.motion.get(at).copied().unwrap_or(Motion::Stopped));
        Segment { name: words::clipped(name), from_mm: starts[at], length_mm: length.0.max(0), sign, motion }
    };
    view.segments.iter().enumerate().map(shown).collect()
}

fn devices(view: &LaneView, starts: &[i32]) -> Vec<DeviceOnLane> {
    let shown = |device: &gatepost_pipeline::drive::DeviceView| {
        let start = *starts.get(usize::from(device.segment))?;
        let fault = match device.kind {
            gatepost_pipeline::drive::DeviceKind::Scanner => Fault::Scanner,
            gatepost_pipeline::drive::DeviceKind::Scale => Fault::Scale,
            gatepost_pipeline::drive::DeviceKind::Xray => Fault::XRay,
            gatepost_pipeline::drive::DeviceKind::Camera => Fault::Camera,
        };
        Some(DeviceOnLane {
            name: words::clipped(&device.name),
            from_mm: start.saturating_add(device.from_mm.0),
            to_mm: start.saturating_add(device.to_mm.0.max(device.from_mm.0)),
            works: !view.failed.contains(&fault),
        })
    };
    view.devices.iter().filter_map(shown).collect()
}

fn parcel_on(parcel: &ParcelView, at_mm: Option<i32>, on_bench: bool) -> OnBelt {
    // Until a decision is durable it is none: what shows on the belt is what the belt would do.
    let durable = matches!(parcel.state, State::Decided | State::Permitted | State::Opened);
    let route = parcel.outcome.filter(|_| durable).map_or(Route::Undecided, Route::of);
    let class = parcel.inputs.as_ref().map_or(MailClass::Unknown, |inputs| inputs.mail_class);
    let waits = route == Route::Release && parcel.state == State::Decided;
    let says = match (&parcel.verdict, route) {
        (_, Route::Undecided) if on_bench => "Leave it on the bench: it is not decided yet.".to_owned(),
        (_, Route::Release) if waits && on_bench => "Leave it on the bench: its release is not shown yet.".to_owned(),
        (_, Route::Undecided) => "Not decided yet: exam, should it reach the gate now.".to_owned(),
        (_, Route::Release) if waits => "Release decided; no permit yet.".to_owned(),
        (Some(verdict), _) => why(verdict, class),
        (None, _) => String::new(),
    };
    OnBelt {
        pass: parcel.pass.to_string(),
        short: parcel.item.as_ref().map(|item| words::short_item(item.as_str())).unwrap_or_default(),
        item: parcel.item.as_ref().map(|item| words::item(item.as_str())),
        route,
        waits,
        says,
        at_mm,
        length_mm: parcel.length_mm.map_or(LENGTH_UNKNOWN_MM, |length| length.0.clamp(1, 5_000)),
    }
}

const fn tone(state: Option<Reported>) -> Tone {
    match state {
        Some(Reported::Running) => Tone::Good,
        Some(Reported::Ready | Reported::Starting | Reported::Setup | Reported::ChuteFull) => Tone::Warn,
        None | Some(Reported::Stopped(_) | Reported::Latched(_)) => Tone::Bad,
    }
}

fn alarm_shown(alarm: &Alarm, station: &StationView) -> AlarmShown {
    AlarmShown {
        ago: words::ago(alarm.at, station.now),
        pass: alarm.pass.map(|pass| pass.to_string()),
        says: words::clipped(&alarm.says),
    }
}
