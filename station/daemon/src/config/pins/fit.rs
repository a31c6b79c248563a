//! Whether the wires fit the lane, and whether Linux is quick enough for it.
//!
//! Pure, from the two files alone. Linux promises no time: every figure of the lane that a late reaction eats into must
//! leave room for `jitter_ms`, or the lane needs a microcontroller. Everything that is wrong is said at once, each with
//! file, line and remedy.

use std::collections::BTreeMap;

use gatepost_firmware::guard::Figures;
use gatepost_hardware::lane::{EyeRole, LaneKind, LaneMap, Segment};
use gatepost_hardware::link::Input;
use gatepost_hardware::units::Tick;

use super::{Driver, Line, OutputRole, Pin, PinsConfig, Role, input_name};

/// Edges of all encoders of a lane together that one thread is believed to count beside its other work, a second: at
/// some 20 µs each for interrupt, queue and decoding on a small board less than a tenth of one core.
pub const EDGES_PER_S_MAX: u64 = 4_000;
/// Edges that the kernel keeps while nobody fetches them: its own largest queue.
pub const QUEUE_EDGES: u32 = 1_024;
/// The loop itself is two milliseconds late; a scheduler later than the other figure is not to be reckoned with.
const JITTER_MS: std::ops::RangeInclusive<u32> = 2..=50;

/// What a lane asks of this board; shown by `check`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Cost {
    /// How far the fastest belt runs in `jitter_ms`, micrometres.
    pub jitter_um: u64,
    /// Encoder edges a second, all belts at nominal speed.
    pub edges_per_s: u64,
}

pub fn cost(pins: &PinsConfig, map: &LaneMap) -> Cost {
    let jitter = |belt: &Segment| u64::from(belt.speed_mm_s) * u64::from(pins.jitter_ms);
    let edges = |belt: &Segment| u64::from(belt.speed_mm_s) * 1_000 / u64::from(belt.tick_um.max(1));
    Cost {
        jitter_um: map.segments.iter().map(jitter).max().unwrap_or(0),
        edges_per_s: map.segments.iter().filter(|belt| belt.encoder).map(edges).sum(),
    }
}

/// Everything that is wrong, one sentence each.
pub fn problems(pins: &PinsConfig, map: &LaneMap) -> Vec<String> {
    let mut found = lines(pins);
    if map.kind == LaneKind::Bench {
        found.push(format!(
            "{}: lane {}: a bench has no belt to control: remove [lane.pins]",
            pins.origin.file, map.name
        ));
    }
    found.extend(missing(pins, map));
    found.extend(strange(pins, map));
    found.extend(dead_man(pins, map));
    found.extend(speed(pins, map));
    found
}

/// The lines by themselves: known to the driver, none used twice.
fn lines(pins: &PinsConfig) -> Vec<String> {
    let mut found = Vec::new();
    let mut taken: BTreeMap<&Line, (Role, &Pin)> = BTreeMap::new();
    for (role, pin) in pins.pins() {
        let place = pins.place(pin);
        if let Some((other, first)) = taken.get(&pin.line) {
            let before = pins.place(first);
            found.push(format!("{place}: {role}: line {} is {other} already ({before}): give each its own", pin.line));
        }
        match (pins.driver, &pin.line) {
            (Driver::Rppal, Line::Name(name)) => {
                found.push(format!("{place}: {role} = \"{name}\": rppal knows BCM numbers only, as 17: write that"));
            }
            (Driver::Gpiocdev, Line::Number(number)) if pins.chip.is_none() => found.push(format!(
                "{place}: {role} = {number}: a number needs lane.pins.chip, as \"/dev/gpiochip0\": add it, or give the \
                 line's name"
            )),
            _ => {}
        }
        taken.entry(&pin.line).or_insert((role, pin));
    }
    if pins.driver == Driver::Rppal && pins.chip.is_some() {
        found.push(format!("{}: lane.pins.chip: rppal finds its chip itself: remove it", pins.origin.file));
    }
    found
}

/// Every eye, encoder, input and output without which the lane cannot be run has its wire.
fn missing(pins: &PinsConfig, map: &LaneMap) -> Vec<String> {
    let mut found = Vec::new();
    let mut missing = |what: &str, table: &str, entry: &str| {
        found.push(format!(
            "{}: lane {}: {what} has no pin: add {entry} under [lane.pins.{table}]",
            pins.origin.file, map.name
        ));
    };
    for eye in map.eyes.iter().filter(|eye| !pins.eyes.contains_key(eye.name.as_str())) {
        missing(&format!("eye \"{}\"", eye.name), "eye", &format!("{} = <line>", eye.name));
    }
    for belt in map.segments.iter().filter(|belt| belt.encoder && !pins.encoders.contains_key(belt.name.as_str())) {
        let entry = format!("{} = {{ a = <line>, b = <line> }}", belt.name);
        missing(&format!("the encoder of \"{}\"", belt.name), "encoder", &entry);
    }
    let (belts, conveyor) = (map.kind != LaneKind::Bench, map.kind == LaneKind::Conveyor);
    for (needed, input) in [(belts, Input::EStop), (belts, Input::Reset), (conveyor, Input::ExamChuteFull)] {
        if needed && !pins.inputs.contains_key(&input) {
            let name = input_name(input);
            missing(&format!("the input {name}"), "input", &format!("{name} = <line>"));
        }
    }
    let (outputs, feedback) = (&pins.outputs, map.gate.as_ref().is_some_and(|gate| gate.feedback));
    let needed = [
        (belts && outputs.belt.is_none(), "the belts' permit", "output", "belt = <line>"),
        (
            belts && outputs.alive.is_none(),
            "the dead-man relay, which stops the belts when this program cannot,",
            "output",
            "alive = <line>",
        ),
        (map.gate.is_some() && outputs.gate.is_none(), "the diverter", "output", "gate = <line>"),
        (map.kind == LaneKind::HandFed && outputs.green.is_none(), "the green lamp", "output", "green = <line>"),
        (feedback && pins.feedback.is_none(), "the diverter's feedback", "feedback", "exam = <line>, release = <line>"),
    ];
    for (_, what, table, entry) in needed.into_iter().filter(|(is_missing, ..)| *is_missing) {
        missing(what, table, entry);
    }
    found
}

/// Wires to what the lane does not have.
fn strange(pins: &PinsConfig, map: &LaneMap) -> Vec<String> {
    let gate = map.gate.as_ref();
    let known = |role: &Role| match role {
        Role::Eye(name) => map.eyes.iter().any(|eye| eye.name == name.as_str()),
        Role::EncoderA(name) | Role::EncoderB(name) => {
            map.segments.iter().any(|belt| belt.encoder && belt.name == name.as_str())
        }
        Role::FeedbackExam | Role::FeedbackRelease => gate.is_some_and(|gate| gate.feedback),
        Role::Output(OutputRole::Gate) => gate.is_some(),
        Role::Input(_) | Role::Output(_) => true,
    };
    let strange = pins.pins().into_iter().filter(|(role, _)| !known(role));
    strange
        .map(|(role, pin)| {
            let place = pins.place(pin);
            format!("{place}: {role}: lane {} has no such part: name it there, or remove it here", map.name)
        })
        .collect()
}

/// Linux can't stop a belt when its process dies; the relay can, if it is quick enough, and not too quick.
fn dead_man(pins: &PinsConfig, map: &LaneMap) -> Vec<String> {
    let PinsConfig { jitter_ms, alive_ms_max, .. } = *pins;
    let file = &pins.origin.file;
    let mut found = Vec::new();
    if !JITTER_MS.contains(&jitter_ms) {
        found.push(format!(
            "{file}: lane.pins.jitter_ms = {jitter_ms}: {} to {} is possible; `gatepost doctor` measures it; \
             where it is more, connect a microcontroller with lane.controller",
            JITTER_MS.start(),
            JITTER_MS.end()
        ));
    }
    let (least, most) = (50 + jitter_ms.saturating_mul(2), map.timing.heartbeat_ms_max);
    if map.kind != LaneKind::Bench && !(least..=most).contains(&alive_ms_max) {
        found.push(format!(
            "{file}: lane.pins.alive_ms_max = {alive_ms_max}: at least {least} (the relay must not let go while all is \
             well) and at most {most} (the lane's heartbeat_ms_max): set relay and figure within"
        ));
    }
    found
}

/// Where a late reaction, or a queue of edges that runs over, would cost a promise.
fn speed(pins: &PinsConfig, map: &LaneMap) -> Vec<String> {
    let Cost { jitter_um, edges_per_s } = cost(pins, map);
    let (items, file) = (&map.items, &pins.origin.file);
    let half_um = |mm: i32| i64::from(mm) * 500;
    let mut found = Vec::new();
    let mut short = |has_um: i64, what: &str| {
        if i64::try_from(jitter_um).unwrap_or(i64::MAX) > has_um {
            found.push(format!(
                "{file}: lane {}: within lane.pins.jitter_ms = {} its belt runs {} mm, but {what} leaves room for {} mm \
                 only: slow the belt, or connect a microcontroller with lane.controller",
                map.name,
                pins.jitter_ms,
                jitter_um as f64 / 1_000.0,
                has_um.max(0) as f64 / 1_000.0
            ));
        }
    };
    short(half_um(items.window_mm.0), "half of items.window_mm");
    short(half_um(items.length_tolerance_mm.0), "half of items.length_tolerance_mm");
    if let (Some(figures), Some((_, eye))) = (Figures::of(map), map.eye(EyeRole::Diverter)) {
        let um = |ticks: Tick| ticks.0.saturating_mul(i64::from(map.segments[usize::from(eye.segment)].tick_um));
        short(um(figures.open_before - figures.swing), "the diverter, which must be open before the parcel is there,");
        let closed = figures.close_after + figures.swing;
        short(um(figures.gap_min - closed), "items.gap_mm_min, in which the diverter must be back at exam,");
    }
    let queue = u64::from(QUEUE_EDGES) * 1_000 / u64::from(pins.alive_ms_max.max(1));
    let most = EDGES_PER_S_MAX.min(queue);
    if edges_per_s > most {
        found.push(format!(
            "{file}: lane {}: its encoders give {edges_per_s} edges a second, and a Linux thread is trusted with {most} \
             only: take coarser encoders (tick_um), a slower belt, or a microcontroller",
            map.name
        ));
    }
    found
}

#[cfg(test)]
mod tests;
