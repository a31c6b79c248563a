//! Lane files: one TOML document to one checked [`LaneMap`].
//!
//! What the file may say is [`LaneFile`]; unknown keys are refused by name and line. [`LaneFile::resolve`] turns names
//! into indices and refuses a lane on which the promises could not be kept, saying which figure to change.

use super::{DEVICES_MAX, Device, DeviceKind, EYES_MAX, Eye, EyeRole, Gate, ItemLimits, LaneKind, LaneMap, Name};
use super::{SEGMENTS_MAX, Segment, Timing};
use crate::units::Millimetres;
use serde::Deserialize;

/// A lane file as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaneFile {
    pub name: String,
    pub kind: LaneKind,
    #[serde(default, rename = "segment")]
    pub segments: Vec<SegmentEntry>,
    #[serde(default, rename = "eye")]
    pub eyes: Vec<EyeEntry>,
    pub gate: Option<Gate>,
    #[serde(default, rename = "device")]
    pub devices: Vec<DeviceEntry>,
    pub items: ItemLimits,
    pub timing: Timing,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentEntry {
    pub name: String,
    pub length_mm: Millimetres,
    pub tick_um: u32,
    pub encoder: bool,
    pub speed_mm_s: u32,
    #[serde(default = "slip_usual")]
    pub slip_permille: u16,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EyeEntry {
    pub name: String,
    pub segment: String,
    pub at_mm: Millimetres,
    pub role: EyeRole,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceEntry {
    pub name: String,
    pub kind: DeviceKind,
    /// Needed on every lane with a belt.
    pub segment: Option<String>,
    #[serde(default)]
    pub from_mm: Millimetres,
    #[serde(default)]
    pub to_mm: Millimetres,
    pub latency_ms_min: u32,
    pub latency_ms_max: u32,
}

const fn slip_usual() -> u16 {
    20
}

/// Reads one lane file. `origin` names it in errors.
///
/// # Errors
/// A sentence with file, line and remedy: what a technician reads.
pub fn parse(origin: &str, text: &str) -> Result<LaneMap, String> {
    let file: LaneFile = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        format!("{origin}:{line}: {}", error.message())
    })?;
    file.resolve().map_err(|problem| format!("{origin}: {problem}"))
}

impl LaneFile {
    /// # Errors
    /// A sentence that names the entry at fault and the figure to change.
    pub fn resolve(&self) -> Result<LaneMap, String> {
        let map = LaneMap {
            name: name(&self.name)?,
            kind: self.kind,
            segments: bounded::<_, SEGMENTS_MAX>("segment", self.segments.iter().map(segment))?,
            eyes: bounded::<_, EYES_MAX>("eye", self.eyes.iter().map(|entry| self.eye(entry)))?,
            gate: self.gate.clone(),
            devices: bounded::<_, DEVICES_MAX>("device", self.devices.iter().map(|entry| self.device(entry)))?,
            items: self.items.clone(),
            timing: self.timing.clone(),
        };
        check(&map)?;
        Ok(map)
    }

    /// The index of a segment, when `at_mm` lies on it. The last segment's axis goes on into the chutes.
    fn place(&self, what: &str, name: &str, at_mm: Millimetres) -> Result<u8, String> {
        let index = self.segments.iter().position(|segment| segment.name == name);
        let index =
            index.ok_or_else(|| format!("{what} stands on segment \"{name}\", which the file does not have"))?;
        let last = index + 1 == self.segments.len();
        if at_mm < Millimetres::ZERO || (!last && at_mm > self.segments[index].length_mm) {
            return Err(format!("{what} stands at {at_mm}, beyond segment \"{name}\""));
        }
        Ok(index as u8)
    }

    fn eye(&self, entry: &EyeEntry) -> Result<Eye, String> {
        let segment = self.place(&format!("eye \"{}\"", entry.name), &entry.segment, entry.at_mm)?;
        Ok(Eye { name: name(&entry.name)?, segment, at_mm: entry.at_mm, role: entry.role })
    }

    fn device(&self, entry: &DeviceEntry) -> Result<Device, String> {
        let what = format!("device \"{}\"", entry.name);
        let segment = match (&entry.segment, self.kind) {
            (Some(segment), _) => self.place(&what, segment, entry.to_mm)?,
            (None, LaneKind::Bench) => 0,
            (None, _) => return Err(format!("{what} needs the segment it looks at: add segment = \"…\"")),
        };
        if entry.from_mm > entry.to_mm || entry.latency_ms_min > entry.latency_ms_max {
            return Err(format!("{what}: the smaller figure comes first (from_mm..to_mm, latency_ms_min..max)"));
        }
        Ok(Device {
            name: name(&entry.name)?,
            kind: entry.kind,
            segment,
            from_mm: entry.from_mm,
            to_mm: entry.to_mm,
            latency_ms_min: entry.latency_ms_min,
            latency_ms_max: entry.latency_ms_max,
        })
    }
}

/// What every lane must satisfy before a map of it exists.
fn check(map: &LaneMap) -> Result<(), String> {
    let items = &map.items;
    if items.length_mm_min.0 <= 0 || items.length_mm_min > items.length_mm_max || items.length_mm_max.0 > 3_000 {
        return Err("items: 0 < length_mm_min <= length_mm_max <= 3000 is needed".to_owned());
    }
    if items.gap_mm_min.0 <= 0 || items.window_mm.0 <= 0 || items.length_tolerance_mm.0 <= 0 {
        return Err("items: gap_mm_min, window_mm and length_tolerance_mm must be above 0".to_owned());
    }
    match (map.kind, &map.gate) {
        (LaneKind::Conveyor, _) => check_conveyor(map),
        (_, Some(_)) => Err("only a conveyor has a [gate]: remove it or set kind = \"conveyor\"".to_owned()),
        (_, None) => Ok(()),
    }
}

fn check_conveyor(map: &LaneMap) -> Result<(), String> {
    for role in [EyeRole::Entry, EyeRole::Diverter, EyeRole::ReleaseExit, EyeRole::ExamExit] {
        let count = map.eyes.iter().filter(|eye| eye.role == role).count();
        if count != 1 {
            return Err(format!("a conveyor needs exactly one eye with role {role:?}; this file has {count}"));
        }
    }
    let places = map.eyes.iter().map(|eye| (eye.segment, eye.at_mm));
    if !places.clone().zip(places.skip(1)).all(|(before, after)| before <= after) {
        return Err("eyes must stand in the order a parcel meets them".to_owned());
    }
    for (index, segment) in map.segments.iter().enumerate() {
        let seen = |role: EyeRole| matches!(role, EyeRole::Entry | EyeRole::Watch);
        if !map.eyes.iter().any(|eye| usize::from(eye.segment) == index && seen(eye.role)) {
            return Err(format!(
                "segment \"{}\" has no entry or watch eye: add one at its start, or no parcel can be followed onto it",
                segment.name
            ));
        }
    }
    let sweeps = || map.eyes.iter().filter(|eye| eye.role == EyeRole::Sweep);
    let (_, diverter) = map.eye(EyeRole::Diverter).ok_or("a conveyor needs a diverter eye")?;
    if sweeps().count() > 1 || sweeps().any(|eye| eye.segment != diverter.segment || eye.at_mm <= diverter.at_mm) {
        return Err("a sweep eye looks across the gate: one at most, behind the diverter eye on its segment".to_owned());
    }
    check_gate(map)
}

/// The controller must know a parcel's length, and that no other one follows too closely, before it opens the gate.
fn check_gate(map: &LaneMap) -> Result<(), String> {
    let (Some(gate), Some((_, eye))) = (&map.gate, map.eye(EyeRole::Diverter)) else {
        return Err("a conveyor needs a [gate]: what cannot divert cannot hold".to_owned());
    };
    let segment = &map.segments[usize::from(eye.segment)];
    let swing_mm = i64::from(gate.swing_ms) * i64::from(segment.speed_mm_s) / 1_000;
    let needed = i64::from(map.items.length_mm_max.0) + i64::from(map.items.gap_mm_min.0) + swing_mm;
    let room = i64::from(gate.at_mm.0) - i64::from(eye.at_mm.0);
    if room < needed {
        return Err(format!(
            "the gate is {room} mm behind the diverter eye, but the longest item ({}), the smallest gap ({}) and the \
             gate's swing ({swing_mm} mm of belt) need {needed} mm: move the eye upstream or slow the belt",
            map.items.length_mm_max, map.items.gap_mm_min
        ));
    }
    if i64::from(map.items.gap_mm_min.0) < 2 * swing_mm {
        return Err(format!(
            "the smallest gap ({}) is shorter than the belt runs while the gate swings open and back ({} mm): raise \
             items.gap_mm_min",
            map.items.gap_mm_min,
            2 * swing_mm
        ));
    }
    Ok(())
}

fn segment(entry: &SegmentEntry) -> Result<Segment, String> {
    if entry.length_mm.0 <= 0 || entry.tick_um == 0 || entry.speed_mm_s == 0 || entry.slip_permille > 500 {
        return Err(format!(
            "segment \"{}\": length_mm, tick_um and speed_mm_s must be above 0, slip_permille at most 500",
            entry.name
        ));
    }
    Ok(Segment {
        name: name(&entry.name)?,
        length_mm: entry.length_mm,
        tick_um: entry.tick_um,
        encoder: entry.encoder,
        speed_mm_s: entry.speed_mm_s,
        slip_permille: entry.slip_permille,
    })
}

fn name(text: &str) -> Result<Name, String> {
    let good = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    Name::try_from(text)
        .ok()
        .filter(|_| good)
        .ok_or_else(|| format!("\"{text}\" is no name: use 1 to 15 letters, digits or -"))
}

fn bounded<T, const N: usize>(
    what: &str,
    entries: impl Iterator<Item = Result<T, String>>,
) -> Result<heapless::Vec<T, N>, String> {
    let mut list = heapless::Vec::new();
    for entry in entries {
        list.push(entry?).map_err(|_| format!("more than {N} entries of [[{what}]]"))?;
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NORTH: &str = include_str!("../../lanes/north.toml");

    #[test]
    fn every_shipped_lane_resolves() {
        for (origin, text) in [
            ("north.toml", NORTH),
            ("south.toml", include_str!("../../lanes/south.toml")),
            ("west.toml", include_str!("../../lanes/west.toml")),
            ("bench.toml", include_str!("../../lanes/bench.toml")),
        ] {
            parse(origin, text).unwrap();
        }
    }

    #[test]
    fn errors_name_file_line_and_remedy() {
        let error = |from: &str, to: &str| {
            assert!(NORTH.contains(from), "{from} is not in north.toml");
            parse("north.toml", &NORTH.replacen(from, to, 1)).unwrap_err()
        };
        let unknown = error("swing_ms = 120", "swingms = 120");
        assert!(unknown.contains("north.toml:") && unknown.contains("unknown field `swingms`"), "{unknown}");
        let room = error("swing_ms = 120", "swing_ms = 900");
        assert!(room.contains("move the eye upstream or slow the belt"), "{room}");
        let none = error("role = \"diverter\"", "role = \"watch\"");
        assert!(none.contains("exactly one eye with role Diverter"), "{none}");
    }

    #[test]
    fn one_changed_figure_changes_the_checksum() {
        let crc = |text: &str| parse("", text).unwrap().crc();
        assert_eq!(crc(NORTH), crc(NORTH));
        assert_ne!(crc(NORTH), crc(&NORTH.replacen("debounce_us = 1500", "debounce_us = 1501", 1)));
    }
}
