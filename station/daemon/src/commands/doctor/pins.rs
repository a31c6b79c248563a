//! The doctor at a lane whose controller is this board's own pins: are the lines there, what do they say, and is this
//! machine punctual enough.
//!
//! It opens inputs only. An output that were asked for would be driven, and nothing here moves anything.

use std::time::Duration;

use gatepost_hardware::lane::LaneMap;
use gatepost_hardware::units::Micros;

use super::Finding;
use crate::config::pins::PinsConfig;
use crate::run::pins::board::Plan;
use crate::run::pins::lateness;
use crate::run::pins::watch;
use crate::run::pins::wires::{Said, Wires};

/// How long punctuality is measured.
const MEASURE: Duration = Duration::from_secs(2);

pub(super) fn try_out(part: &str, pins: &PinsConfig, map: &LaneMap) -> Vec<Finding> {
    vec![lines(&format!("{part} pins"), pins, map), punctual(&format!("{part} loop"), pins)]
}

fn lines(part: &str, pins: &PinsConfig, map: &LaneMap) -> Finding {
    let plan = Plan::of(pins);
    let mut board = match watch(pins, &plan) {
        Ok(board) => board,
        Err(trouble) => {
            let cause = "no such chip or line on this board, no permission, or a running station that holds the lines";
            return Finding::bad(
                part,
                trouble.to_string(),
                cause,
                "correct [lane.pins], then watch them: \
                `gatepost probe controller --config F`",
            );
        }
    };
    let mut levels = vec![None; plan.inputs.len()];
    board.levels(&mut levels);
    let unreadable: Vec<String> = plan
        .inputs
        .iter()
        .zip(&levels)
        .filter(|(_, level)| level.is_none())
        .map(|((role, _), _)| role.to_string())
        .collect();
    if !unreadable.is_empty() {
        let what = format!("cannot be read: {}", unreadable.join(", "));
        return Finding::bad(part, what, "the chip went away, or its driver hangs", "see the board's log (dmesg)");
    }
    let active = active(&plan, &levels, map);
    Finding::good(part, format!("{} inputs are read; active now: {active}", levels.len()))
}

/// What the inputs say now, in the lane's words.
fn active(plan: &Plan, levels: &[Option<bool>], map: &LaneMap) -> String {
    let Ok(mut wires) = Wires::watching(plan, map) else { return String::new() };
    wires.set_all(levels);
    let mut words = Vec::new();
    for said in wires.all() {
        match said {
            Said::Eye { eye, blocked: true } => words.push(format!("eye {} blocked", map.eyes[usize::from(eye)].name)),
            Said::Input { input, active: true } => words.push(crate::config::pins::input_name(input)),
            Said::Gate(position) if map.gate.is_some() => words.push(format!("diverter {position:?}").to_lowercase()),
            _ => {}
        }
    }
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}

fn punctual(part: &str, pins: &PinsConfig) -> Finding {
    let found = lateness::measure(MEASURE);
    let ms = |us: Micros| format!("{}.{}", us.0 / 1_000, us.0 % 1_000 / 100);
    let (waits, configured) = (found.waits, pins.jitter_ms);
    let what = format!(
        "{waits} waits of 1 ms: the worst was {} ms late, one in a thousand {} ms; jitter_ms = {configured}",
        ms(found.worst),
        ms(found.one_in_1000)
    );
    if found.worst <= Micros::from_ms(u64::from(configured)) {
        return Finding::good(part, format!("{what}. Measure it again while the lane works: an idle machine flatters"));
    }
    let next = "raise lane.pins.jitter_ms as far as `gatepost check` lets you, give the thread \"pins …\" real-time priority \
                (hardware/wiring/PINS.md), or connect a microcontroller";
    Finding::bad(part, what, "another program, or a kernel without preemption, holds the processor", next)
}
