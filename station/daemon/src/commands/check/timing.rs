//! Whether a lane leaves time to decide: sensing + image + inference + sync + cable, before the point of no return.
//!
//! Pure, from the lane map alone. For each device: the longest parcel's rear leaves the device's view, the device answers
//! as late as it may, an image is inferred or a label's picture read, the record is written and the permit crosses the cable; what is left before
//! the parcel's front meets the diverter eye is the slack. A parcel that runs ahead of its belt has less.

use gatepost_hardware::lane::{Device, DeviceKind, EyeRole, LaneKind, LaneMap};
use gatepost_pipeline::limits::{DECIDE_BEFORE_MS, LABEL_READ_MS_MAX};
use serde::Serialize;

/// The sum for one device, milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Timing {
    pub device: String,
    /// From the rear of the longest parcel leaving the device's view to its front at the diverter eye.
    pub way_ms: i64,
    /// The device's longest latency: its first byte, or the closed image.
    pub device_ms: i64,
    pub inference_ms: i64,
    /// Reading a label in a camera's picture (`pipeline::limits::LABEL_READ_MS_MAX`).
    pub label_ms: i64,
    /// Slow group commit, cable and loop (`pipeline::limits::DECIDE_BEFORE_MS`).
    pub record_and_permit_ms: i64,
    pub slack_ms: i64,
}

/// One sum for each device of a conveyor; nothing for lanes without a diverter.
pub fn timings(map: &LaneMap, inference_ms: u64) -> Vec<Timing> {
    if map.kind != LaneKind::Conveyor {
        return Vec::new();
    }
    map.devices.iter().filter_map(|device| timing(map, device, inference_ms)).collect()
}

fn timing(map: &LaneMap, device: &Device, inference_ms: u64) -> Option<Timing> {
    let way_ms = way_ms(map, device)?;
    let device_ms = i64::from(device.latency_ms_max);
    let inference_ms = if device.kind == DeviceKind::Xray { inference_ms as i64 } else { 0 };
    let label_ms = if device.kind == DeviceKind::Camera { LABEL_READ_MS_MAX as i64 } else { 0 };
    let record_and_permit_ms = DECIDE_BEFORE_MS as i64;
    Some(Timing {
        device: device.name.as_str().to_owned(),
        way_ms,
        device_ms,
        inference_ms,
        label_ms,
        record_and_permit_ms,
        slack_ms: way_ms - device_ms - inference_ms - label_ms - record_and_permit_ms,
    })
}

/// The rear at the end of the device's view has this long until the front is at the window before the diverter eye.
fn way_ms(map: &LaneMap, device: &Device) -> Option<i64> {
    let (_, eye) = map.eye(EyeRole::Diverter)?;
    let (from, to) = (usize::from(device.segment), usize::from(eye.segment));
    let mut stretches = Vec::new();
    for (index, segment) in map.segments.iter().enumerate().take(to + 1).skip(from) {
        let begin = if index == from { i64::from(device.to_mm.0) } else { 0 };
        let end = if index == to { i64::from(eye.at_mm.0) } else { i64::from(segment.length_mm.0) };
        stretches.push((end - begin, segment));
    }
    // The parcel's own length and the window are gone already: taken off at the diverter's end, where the front is.
    let mut gone = i64::from(map.items.length_mm_max.0) + i64::from(map.items.window_mm.0);
    let mut way_us = 0;
    for (stretch, segment) in stretches.into_iter().rev() {
        let left = stretch - gone;
        gone = (-left).max(0);
        let lead = i64::from(1_000 + segment.slip_permille);
        way_us += left.max(0) * 1_000_000 / i64::from(segment.speed_mm_s.max(1)) * 1_000 / lead;
    }
    // Not enough belt at all: the missing millimetres count as lost time on the device's own segment.
    let speed = i64::from(map.segments.get(from)?.speed_mm_s.max(1));
    Some(way_us / 1_000 - gone * 1_000 / speed)
}

/// What is wrong with a scale's place: a parcel that is never wholly on the platform, or not for long enough to be
/// weighed even once. `poll_ms` is the pause between two questions, 0 for a scale that talks by itself.
pub fn scale_too_fast(map: &LaneMap, device: &Device, poll_ms: u32) -> Option<String> {
    if map.kind != LaneKind::Conveyor || device.kind != DeviceKind::Scale {
        return None;
    }
    let speed = map.segments.get(usize::from(device.segment))?.speed_mm_s.max(1);
    let room_mm = i64::from(device.to_mm.0) - i64::from(device.from_mm.0) - i64::from(map.items.length_mm_max.0);
    let name = &device.name;
    if room_mm <= 0 {
        let longest = map.items.length_mm_max;
        return Some(format!(
            "scale \"{name}\": the longest parcel ({longest}) is never wholly on its {} mm; lengthen the scale's belt or \
             lower items.length_mm_max",
            room_mm + i64::from(longest.0)
        ));
    }
    let wholly_ms = room_mm * 1_000 / i64::from(speed);
    let needed_ms = i64::from(device.latency_ms_min) + i64::from(poll_ms);
    (wholly_ms < needed_ms).then(|| {
        format!(
            "scale \"{name}\": at {speed} mm/s the longest parcel is wholly on it for {wholly_ms} ms, but one weighing \
             takes {needed_ms} ms; slow this belt, use an in-motion scale, or ask more often (poll_ms)"
        )
    })
}

/// A camera that sees more belt than the smallest gap may have two parcels in one picture: then both go to exam.
pub fn camera_too_wide(map: &LaneMap, device: &Device) -> Option<String> {
    let view = device.to_mm - device.from_mm;
    let wide = map.kind == LaneKind::Conveyor && device.kind == DeviceKind::Camera && view > map.items.gap_mm_min;
    wide.then(|| {
        format!(
            "lane {}: camera \"{}\" sees {view} of belt, more than the smallest gap ({}): a code in a picture of two \
             parcels is nobody's, and both go to exam; cut its picture",
            map.name, device.name, map.items.gap_mm_min
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatepost_hardware::lane::file;

    fn north(from: &str, to: &str) -> LaneMap {
        let text = include_str!("../../../../../hardware/lanes/north.toml");
        assert!(text.contains(from), "{from}");
        file::parse("north.toml", &text.replacen(from, to, 1)).unwrap()
    }

    #[test]
    fn every_shipped_conveyor_leaves_time() {
        for text in [
            include_str!("../../../../../hardware/lanes/north.toml"),
            include_str!("../../../../../hardware/lanes/south.toml"),
            include_str!("../../../../../hardware/lanes/west.toml"),
        ] {
            let map = file::parse("lane", text).unwrap();
            let found = timings(&map, 100);
            assert_eq!(found.len(), map.devices.len());
            assert!(found.iter().all(|one| one.slack_ms > 0), "{found:?}");
            for device in &map.devices {
                assert_eq!(scale_too_fast(&map, device, 0), None);
            }
        }
    }

    /// north's scanner by hand: rear at 860 of 2,400 on the infeed, X-ray belt of 2,000, sorter eye at 2,600; 600 mm of
    /// parcel and 60 mm of window are gone. Slip 2 %, 4 %, 2 %, all at 500 mm/s.
    #[test]
    fn the_sum_is_the_one_done_by_hand() {
        let scanner = &timings(&north("north", "north"), 0)[0];
        let by_hand = 1_540 * 2 * 1_000 / 1_020 + 2_000 * 2 * 1_000 / 1_040 + (2_600 - 660) * 2 * 1_000 / 1_020;
        assert!((scanner.way_ms - by_hand).abs() <= 2, "{scanner:?} {by_hand}");
        assert_eq!(scanner.slack_ms, scanner.way_ms - 60 - 200);
    }

    #[test]
    fn a_later_device_and_a_longer_inference_leave_less() {
        let slack = |map: &LaneMap, inference| timings(map, inference).iter().map(|one| one.slack_ms).min().unwrap();
        let usual = north("north", "north");
        assert_eq!(slack(&usual, 700), slack(&usual, 0) - 700);
        let late = north("latency_ms_min = 50\nlatency_ms_max = 400", "latency_ms_min = 50\nlatency_ms_max = 9000");
        assert!(slack(&late, 0) < 0);
    }

    #[test]
    fn a_cameras_picture_has_to_be_read_too() {
        let text = include_str!("../../../../../hardware/lanes/west.toml");
        let map = file::parse("west", text).unwrap();
        let found = timings(&map, 0);
        let of = |name: &str| found.iter().find(|one| one.device == name).unwrap();
        let (scanner, camera) = (of("scanner"), of("camera"));
        assert_eq!(camera.slack_ms, camera.way_ms - 160 - 600 - 200);
        assert_eq!((scanner.label_ms, camera.label_ms), (0, 600));
        let (_, device) = map.device(DeviceKind::Camera).unwrap();
        assert_eq!(camera_too_wide(&map, device), None);
        let wide = file::parse("west", &text.replacen("from_mm = 2400", "from_mm = 2300", 1)).unwrap();
        let (_, device) = wide.device(DeviceKind::Camera).unwrap();
        assert!(camera_too_wide(&wide, device).unwrap().contains("cut its picture"));
    }

    #[test]
    fn a_scale_that_needs_longer_than_the_belt_gives_is_refused() {
        let map = north("north", "north");
        let scale = map.devices.iter().find(|device| device.kind == DeviceKind::Scale).unwrap();
        let says = scale_too_fast(&map, scale, 1_000).unwrap();
        assert!(says.contains("slow this belt"), "{says}");
        let short = north("to_mm = 1900", "to_mm = 1500");
        let scale = short.devices.iter().find(|device| device.kind == DeviceKind::Scale).unwrap();
        assert!(scale_too_fast(&short, scale, 0).unwrap().contains("never wholly"));
    }
}
