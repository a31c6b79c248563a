//! The lane map as bytes for the cable, in parts.
//!
//! A controller that boots without a map is given the station's: one file describes a lane, and nobody flashes a board
//! because an eye was moved. What was received counts only when it decodes to a map; [`LaneMap::crc`] then says which.

use super::{Command, MAP_MAX, PART_MAX};
use crate::lane::LaneMap;
use heapless::Vec;

/// The map's bytes: postcard. `None` when it is larger than any that keeps to its bounds.
pub fn encode(map: &LaneMap) -> Option<Vec<u8, MAP_MAX>> {
    let mut room = [0; MAP_MAX];
    let used = postcard::to_slice(map, &mut room).ok()?;
    Vec::from_slice(used).ok()
}

/// The map of these bytes. `None`: they are none.
pub fn decode(bytes: &[u8]) -> Option<LaneMap> {
    postcard::from_bytes(bytes).ok()
}

/// The part that begins at `offset`; nothing behind the end.
pub fn part(map: &LaneMap, offset: u16) -> Option<Command> {
    let all = encode(map)?;
    let rest = all.get(usize::from(offset)..).filter(|rest| !rest.is_empty())?;
    let bytes = Vec::from_slice(&rest[..rest.len().min(PART_MAX)]).ok()?;
    Some(Command::Map { offset, total: u16::try_from(all.len()).ok()?, bytes })
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::lane::{file, *};
    use crate::units::Millimetres;

    #[test]
    fn a_map_in_parts_is_the_same_map() {
        let map = file::parse("north.toml", include_str!("../../lanes/north.toml")).unwrap();
        let (mut whole, mut parts) = (std::vec::Vec::new(), 0);
        while let Some(Command::Map { offset, total, bytes }) = part(&map, whole.len() as u16) {
            assert_eq!(usize::from(offset), whole.len());
            whole.extend_from_slice(&bytes);
            parts += 1;
            assert!(whole.len() <= usize::from(total));
        }
        assert_eq!(decode(&whole), Some(map));
        assert!(parts > 1, "{} bytes", whole.len());
        assert_eq!(decode(&whole[..whole.len() - 1]), None);
    }

    #[test]
    fn the_largest_map_fits() {
        let mut map = file::parse("north.toml", include_str!("../../lanes/north.toml")).unwrap();
        let name = Name::try_from("fifteen-letters").unwrap();
        let far = Millimetres(i32::MIN);
        map.name = name.clone();
        let segment = Segment {
            name: name.clone(),
            length_mm: far,
            tick_um: u32::MAX,
            speed_mm_s: u32::MAX,
            ..map.segments[0].clone()
        };
        map.segments = core::iter::repeat_n(segment, SEGMENTS_MAX).collect();
        let eye = Eye { name: name.clone(), at_mm: far, ..map.eyes[0].clone() };
        map.eyes = core::iter::repeat_n(eye, EYES_MAX).collect();
        let device = Device {
            name,
            from_mm: far,
            to_mm: far,
            latency_ms_min: u32::MAX,
            latency_ms_max: u32::MAX,
            ..map.devices[0].clone()
        };
        map.devices = core::iter::repeat_n(device, DEVICES_MAX).collect();
        assert!(encode(&map).is_some());
    }
}
