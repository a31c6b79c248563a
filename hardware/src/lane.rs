//! One physical lane as both processors see it: segments, eyes, gate, devices and the limits of what may lie on it.
//!
//! Everything about a lane is in its file (`hardware/lanes/*.toml`, read by [`file`]); nothing about a lane is in code.
//! The controller and the station each hold the same map and compare its [`LaneMap::crc`] before anything moves.

use crate::units::{Micros, Millimetres, Tick};
use core::num::NonZeroU64;
use heapless::{String, Vec};
use serde::{Deserialize, Serialize};

#[cfg(feature = "std")]
pub mod file;

pub const SEGMENTS_MAX: usize = 4;
pub const EYES_MAX: usize = 10;
pub const DEVICES_MAX: usize = 8;

/// Short name of a lane, segment, eye or device.
pub type Name = String<15>;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneMap {
    pub name: Name,
    pub kind: LaneKind,
    pub segments: Vec<Segment, SEGMENTS_MAX>,
    pub eyes: Vec<Eye, EYES_MAX>,
    /// Conveyor lanes only.
    pub gate: Option<Gate>,
    pub devices: Vec<Device, DEVICES_MAX>,
    pub items: ItemLimits,
    pub timing: Timing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LaneKind {
    /// Belts, eyes and a diverter.
    Conveyor,
    /// An X-ray belt without diverter: a permit is a green lamp, the exit is an officer's scan.
    HandFed,
    /// Scan, scale, picture: one item at a time, no belt.
    Bench,
}

/// A stretch of belt with one motor and one encoder (or none).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    pub name: Name,
    pub length_mm: Millimetres,
    /// Micrometres of belt per tick.
    pub tick_um: u32,
    /// Without an encoder the controller counts ticks from time and `speed_mm_s` while the motor runs.
    pub encoder: bool,
    pub speed_mm_s: u32,
    /// How far, in per mille of the way travelled, a parcel may lag or lead its belt (slip, drag at curtains).
    pub slip_permille: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eye {
    pub name: Name,
    /// Index into [`LaneMap::segments`].
    pub segment: u8,
    /// From the start of its segment. Exit eyes lie beyond the gate, measured along the way the parcel takes.
    pub at_mm: Millimetres,
    pub role: EyeRole,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EyeRole {
    /// Counts passes. Exactly one on a conveyor.
    Entry,
    /// Re-acquires a parcel, at a hand-off or to keep slip small.
    Watch,
    /// The controller checks permits on this eye's edges. Exactly one on a conveyor.
    Diverter,
    ReleaseExit,
    ExamExit,
    /// Looks across the gate's swing: the gate does not move over what lies there.
    Sweep,
}

/// The diverter. Its resting and unpowered position is exam.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// On the diverter eye's segment.
    pub at_mm: Millimetres,
    /// Longest time from command to position, either way.
    pub swing_ms: u32,
    /// Whether position feedback is wired.
    pub feedback: bool,
    /// A parcel not seen at an exit eye this long after the gate is unaccounted.
    pub exit_ms_max: u32,
}

/// A device that looks at the belt and reports to the station, not to the controller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub name: Name,
    pub kind: DeviceKind,
    pub segment: u8,
    /// The stretch of belt that the device sees.
    pub from_mm: Millimetres,
    pub to_mm: Millimetres,
    /// From the physical event to the first byte at the station.
    pub latency_ms_min: u32,
    pub latency_ms_max: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceKind {
    Scanner,
    Scale,
    Xray,
    /// Takes pictures of the side with the label. Last, so that maps without one keep their bytes.
    Camera,
}

impl DeviceKind {
    /// Whether it says who an item is.
    pub const fn reads_labels(self) -> bool {
        matches!(self, Self::Scanner | Self::Camera)
    }
}

/// What may lie on this lane, and how it must lie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemLimits {
    pub length_mm_min: Millimetres,
    pub length_mm_max: Millimetres,
    pub gap_mm_min: Millimetres,
    /// How far two measurements of one parcel's length may differ.
    pub length_tolerance_mm: Millimetres,
    /// Half the width of the window in which a tracked parcel must meet its next eye, before slip is added.
    pub window_mm: Millimetres,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// An eye must hold its level this long.
    pub debounce_us: u32,
    /// The station must be heard this often, or every permit is void and the belt permit goes off.
    pub heartbeat_ms_max: u32,
    /// A permit is forgotten this long after it was given.
    pub permit_ms_max: u32,
    /// A stop longer than this voids all permits.
    pub stop_ms_max: u32,
    /// The start warning sounds this long before belts run.
    pub start_warning_ms: u32,
    /// A belt has reached its speed this long after its motor was switched on.
    pub start_ms: u32,
}

impl Segment {
    /// The belt distance of a tick count, rounded to the nearest millimetre.
    pub fn mm(&self, ticks: Tick) -> Millimetres {
        let um = ticks.0.saturating_mul(i64::from(self.tick_um));
        let half = if um < 0 { -500 } else { 500 };
        Millimetres(i32::try_from((um + half) / 1_000).unwrap_or(if um < 0 { i32::MIN } else { i32::MAX }))
    }
    /// The tick count of a belt distance, rounded to the nearest tick.
    pub fn ticks(&self, mm: Millimetres) -> Tick {
        let tick_um = NonZeroU64::new(u64::from(self.tick_um)).unwrap_or(NonZeroU64::MIN);
        let ticks = (u64::from(mm.0.unsigned_abs()) * 1_000 + tick_um.get() / 2) / tick_um;
        Tick(ticks.cast_signed() * i64::from(mm.0.signum()))
    }
    /// How long the belt takes for a distance at its nominal speed.
    pub fn time(&self, mm: Millimetres) -> Micros {
        let speed = NonZeroU64::new(u64::from(self.speed_mm_s)).unwrap_or(NonZeroU64::MIN);
        Micros(u64::from(mm.0.max(0).unsigned_abs()) * 1_000_000 / speed)
    }
}

impl LaneMap {
    pub fn eye(&self, role: EyeRole) -> Option<(u8, &Eye)> {
        self.eyes.iter().enumerate().find(|(_, eye)| eye.role == role).map(|(index, eye)| (index as u8, eye))
    }

    pub fn device(&self, kind: DeviceKind) -> Option<(u8, &Device)> {
        self.devices.iter().enumerate().find(|(_, device)| device.kind == kind).map(|(i, device)| (i as u8, device))
    }

    /// Fingerprint of everything in the map. Both ends of the cable refuse to run when theirs differ.
    pub fn crc(&self) -> u32 {
        let mut digest = Digest(CRC.digest());
        // Serialising into a checksum cannot run out of room, so there is no error to lose here.
        let _ = postcard::serialize_with_flavor(self, &mut digest);
        digest.0.finalize()
    }
}

const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI);

struct Digest<'a>(crc::Digest<'a, u32>);

impl postcard::ser_flavors::Flavor for &mut Digest<'_> {
    type Output = ();
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.update(&[byte]);
        Ok(())
    }
    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}
