//! The controller's terminals: one table of their names, pins and levels, and what a lane connects to each of them.
//!
//! The rule of the table: 24 V on the wire is the state in which the lane may run, 0 V is the safe state, so that a cut wire
//! reads as the safe state. The one exception is the reset button, where the safe state is *not pressed*.

use std::collections::BTreeMap;

use gatepost_hardware::lane::{DEVICES_MAX, EYES_MAX, Eye, LaneKind, LaneMap, SEGMENTS_MAX};
use serde::Serialize;

/// What a controller is connected by, except its cable to the station.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    Input,
    Output,
}

/// One terminal that every lane has, with what is on it.
pub struct Terminal {
    pub name: &'static str,
    pub direction: Direction,
    pub device: &'static str,
    pub detail: &'static str,
    /// What 24 V on the wire means, and what 0 V or a cut wire means.
    pub high: &'static str,
    pub low: &'static str,
    pub cable: &'static str,
}

type Text = &'static str;

const fn input(name: Text, device: Text, detail: Text, [high, low]: [Text; 2], cable: Text) -> Terminal {
    Terminal { name, direction: Direction::Input, device, detail, high, low, cable }
}

const fn output(name: Text, device: Text, detail: Text, [high, low]: [Text; 2], cable: Text) -> Terminal {
    Terminal { name, direction: Direction::Output, device, detail, high, low, cable }
}

/// What stands at the lane whatever its length. Eyes and encoders are counted, see [`eye`] and [`encoder`].
pub const FIXED: [Terminal; 15] = [
    input("ESTOP", "safety relay K1", "signal contact 33-34", ["safety chain closed", "e-stop"], "cabinet"),
    input("GUARD", "guard switches", "third contact, in series", ["all guards shut", "guard open"], "W4.1"),
    input("BELTSTOP", "belt-stop buttons", "break contacts, in series", ["not pressed", "belt stop"], "W4.2"),
    input("RESET", "reset button", "make contact, at the lane", ["pressed", "not pressed"], "W4.3"),
    input("CHUTE", "exam chute eye", "light-on; none: link to 24 V", ["room in the chute", "exam chute full"], "W4.4"),
    input("RAD", "radiation portal", "alarm relay; none: link to 24 V", ["no alarm", "radiation alarm"], "W4.5"),
    input("SMOKE", "smoke detector", "alarm relay; none: link to 24 V", ["no alarm", "smoke alarm"], "W4.6"),
    input("FB_EXAM", "gate switch, exam", "cylinder or inductive", ["gate is at exam", "gate is not at exam"], "W3.1"),
    input(
        "FB_RELEASE",
        "gate switch, release",
        "cylinder or inductive",
        ["gate is at release", "not at release"],
        "W3.2",
    ),
    output("GATE", "gate valve Y1", "spring returns it to exam", ["release", "exam"], "W3.0"),
    output("BELT", "belt permit relay K10", "run-enable of every drive", ["belts may run", "belts stop"], "cabinet"),
    output("LAMP_R", "stack light, red", "24 V LED", ["lit", "dark"], "W5"),
    output("LAMP_A", "stack light, amber", "24 V LED", ["lit", "dark"], "W5"),
    output("LAMP_G", "stack light, green", "24 V LED", ["lit", "dark"], "W5"),
    output("BUZZER", "buzzer", "24 V", ["sounds", "silent"], "W5"),
];

impl Terminal {
    fn connection(&self) -> Connection {
        Connection {
            terminal: self.name.to_owned(),
            direction: self.direction,
            device: self.device.to_owned(),
            detail: self.detail.to_owned(),
            high: self.high,
            low: self.low,
            cable: self.cable.to_owned(),
        }
    }
}

/// A terminal and what this lane has on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Connection {
    pub terminal: String,
    pub direction: Direction,
    pub device: String,
    pub detail: String,
    #[serde(rename = "at_24_v")]
    pub high: &'static str,
    #[serde(rename = "at_0_v_or_cut")]
    pub low: &'static str,
    pub cable: String,
}

/// A board, and by terminal which of its pins that is.
pub struct Board {
    pub name: String,
    pub pins: BTreeMap<String, String>,
}

/// Inputs that are active at 24 V: those whose activity lets something happen.
pub const PERMITTING: [&str; 3] = ["RESET", "FB_EXAM", "FB_RELEASE"];

/// Only beside a Linux board's own pins, which have no watchdog of a controller's kind.
const ALIVE: Terminal = output(
    "ALIVE",
    "retriggerable relay K11",
    "24 V of K10 and Y1",
    ["changes all the time", "K10 and Y1 off"],
    "cabinet",
);

/// Everything this lane connects, in the order of the terminals. A bench has no controller.
pub fn connections(map: &LaneMap, board: Option<&Board>) -> Vec<Connection> {
    if map.kind == LaneKind::Bench {
        return Vec::new();
    }
    let mut all: Vec<Connection> = (0..).zip(&map.eyes).map(|(index, one)| eye(map, index, one)).collect();
    for (index, segment) in map.segments.iter().enumerate().filter(|(_, segment)| segment.encoder) {
        all.extend(["A", "B"].map(|channel| encoder(index, channel, &segment.name, segment.tick_um)));
    }
    let alive = board.is_some_and(|board| board.pins.contains_key(ALIVE.name)).then_some(&ALIVE);
    let fixed = FIXED.iter().filter(|terminal| wired(map, terminal.name));
    all.extend(fixed.chain(alive).map(Terminal::connection));
    // A board's own pins are given one by one; what has none is not there.
    all.retain(|one| board.is_none_or(|board| board.pins.contains_key(&one.terminal)));
    all
}

/// Terminals that this lane leaves open, in their order.
pub fn open(map: &LaneMap, board: Option<&Board>) -> Vec<String> {
    let connected = connections(map, board);
    let eyes = (0..EYES_MAX).map(|index| format!("EYE{index}"));
    let encoders = (0..SEGMENTS_MAX).flat_map(|index| ["A", "B"].map(|channel| format!("ENC{index}{channel}")));
    let fixed = FIXED.iter().map(|terminal| terminal.name.to_owned());
    eyes.chain(encoders).chain(fixed).filter(|name| !connected.iter().any(|one| one.terminal == *name)).collect()
}

/// Whether a lane like this one has anything on a fixed terminal.
fn wired(map: &LaneMap, name: &str) -> bool {
    match name {
        "GATE" => map.gate.is_some(),
        "FB_EXAM" | "FB_RELEASE" => map.gate.as_ref().is_some_and(|gate| gate.feedback),
        "CHUTE" => map.kind == LaneKind::Conveyor,
        _ => true,
    }
}

fn eye(map: &LaneMap, index: usize, eye: &Eye) -> Connection {
    let segment = map.segments.get(usize::from(eye.segment)).map_or("", |segment| segment.name.as_str());
    Connection {
        terminal: format!("EYE{index}"),
        direction: Direction::Input,
        device: format!("eye {}", eye.name),
        detail: format!("{segment} {}, {}", eye.at_mm, word(eye.role)),
        high: "beam received",
        low: "blocked",
        cable: format!("W1.{index}"),
    }
}

fn encoder(index: usize, channel: &str, segment: &str, tick_um: u32) -> Connection {
    Connection {
        terminal: format!("ENC{index}{channel}"),
        direction: Direction::Input,
        device: format!("encoder {segment}"),
        detail: format!("channel {channel}, {tick_um} µm a count"),
        high: if channel == "A" { "pulses, A leads forward" } else { "pulses" },
        low: "no pulses: lane stops",
        cable: format!("W2.{index}"),
    }
}

/// A word of the lane file, as it is written there.
pub fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

// The rows of the sheets are laid out for these; more of them needs a look at the drawing.
const _: () = assert!(EYES_MAX <= 10 && SEGMENTS_MAX <= 4 && DEVICES_MAX <= 8);
