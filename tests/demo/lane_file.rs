//! A lane file at another pace.
//!
//! Belt speeds are multiplied; what a machine's own time is made of (latencies, swing, debounce, exit) is divided. What
//! the station and its controller promise each other (heartbeat, permit, stop) stays: that is not the world outside.

use gatepost_hardware::lane::{LaneMap, file};
use gatepost_world::emulator::coarse::coarse;

use crate::arguments::Controllers;

const NORTH: &str = include_str!("../../hardware/lanes/north.toml");
const SOUTH: &str = include_str!("../../hardware/lanes/south.toml");
const WEST: &str = include_str!("../../hardware/lanes/west.toml");
const BENCH: &str = include_str!("../../hardware/lanes/bench.toml");

const FASTER: [&str; 1] = ["speed_mm_s"];
const SHORTER: [&str; 5] = ["debounce_us", "swing_ms", "exit_ms_max", "latency_ms_min", "latency_ms_max"];

/// The lane's file at a pace, and what it says.
///
/// # Errors
/// A sentence: why no lane is possible at this pace.
pub fn at_pace(lane: &str, pace: f64) -> Result<(String, LaneMap), String> {
    let text = match lane {
        "south" => SOUTH,
        "west" => WEST,
        "bench" => BENCH,
        _ => NORTH,
    };
    let scaled: Vec<String> = text.lines().map(|line| scale(line, pace)).collect();
    let text = format!("# At {pace} times the pace of hardware/lanes/{lane}.toml.\n{}\n", scaled.join("\n"));
    let map = file::parse(&format!("{lane}.toml"), &text).map_err(|error| format!("--pace {pace}: {error}"))?;
    Ok((text, map))
}

/// The same for a controller: an emulated one is given coarser ticks, and an encoder on every belt.
///
/// # Errors
/// As [`at_pace`].
pub fn at_controller(lane: &str, pace: f64, controller: Controllers) -> Result<(String, LaneMap), String> {
    let (text, map) = at_pace(lane, pace)?;
    if controller == Controllers::Host {
        return Ok((text, map));
    }
    let text = format!("# Coarser ticks, for pins that are set one by one.\n{}", coarse(&text));
    let map = file::parse(&format!("{lane}.toml"), &text).map_err(|error| format!("--controller qemu: {error}"))?;
    Ok((text, map))
}

fn scale(line: &str, pace: f64) -> String {
    let scaled = || {
        let (key, value) = line.split_once('=')?;
        let value: f64 = value.trim().parse().ok()?;
        let key = key.trim();
        if FASTER.contains(&key) {
            return Some(format!("{key} = {}", (value * pace).round().max(1.0)));
        }
        SHORTER.contains(&key).then(|| format!("{key} = {}", (value / pace).round()))
    };
    scaled().unwrap_or_else(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_changes_the_world_and_not_the_promises() {
        for lane in ["north", "south", "west"] {
            let (_, usual) = at_pace(lane, 1.0).expect("the shipped lane");
            assert_eq!(usual, gatepost_virtual::lane::shipped(lane));
            let (_, twice) = at_pace(lane, 2.0).expect("twice as fast");
            assert_eq!(twice.segments[0].speed_mm_s, 2 * usual.segments[0].speed_mm_s);
            assert_eq!(twice.devices[0].latency_ms_max, usual.devices[0].latency_ms_max / 2);
            assert_eq!(twice.timing.heartbeat_ms_max, usual.timing.heartbeat_ms_max);
            assert_eq!(twice.timing.permit_ms_max, usual.timing.permit_ms_max);
            assert_eq!(twice.items, usual.items);
            for pace in [0.1, 0.5, 3.0, 20.0] {
                at_pace(lane, pace).expect("a lane at any pace that the flag takes");
            }
        }
    }
}
