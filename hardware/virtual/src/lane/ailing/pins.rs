//! Sick pins: eyes, encoders, the gate's leaf and its switches, the reset button.

use super::{Active, Ailing};
use crate::ailments::{Ailment, Device};
use gatepost_firmware::GatePosition;
use gatepost_hardware::units::Micros;
use std::collections::VecDeque;

/// How late each is told, microseconds.
const EYE_SLOW_US: u64 = 80_000;
const EYE_DELAYED_US: u64 = 120_000;
const ENCODER_SLOW_US: u64 = 200_000;
const ENCODER_DELAYED_US: u64 = 150_000;
const ENCODER_NOISE: usize = 20;
const LEAF_DELAYED_US: u64 = 150_000;
const TREMBLE_US: u64 = 50_000;
const FEEDBACK_SLOW_US: u64 = 60_000;
const FEEDBACK_DELAYED_US: u64 = 400_000;
const FLUTTER_US: u64 = 30_000;
const RESET_SLOW_US: u64 = 2_000_000;
const RESET_DELAYED_US: u64 = 1_500_000;

/// Levels on their way.
#[derive(Clone, Debug)]
pub(super) struct Late<T> {
    queue: VecDeque<(u64, T)>,
    /// Put in last, and come out last.
    newest: Option<T>,
    told: Option<T>,
}

impl<T> Default for Late<T> {
    fn default() -> Self {
        Self { queue: VecDeque::new(), newest: None, told: None }
    }
}

/// Takes what is due first.
pub(super) fn due<T>(queue: &mut VecDeque<(u64, T)>, now: u64) -> Option<(u64, T)> {
    if queue.front().is_some_and(|(due, _)| *due <= now) { queue.pop_front() } else { None }
}

impl<T: Copy + PartialEq> Late<T> {
    /// The level as it was `late_us` ago, when it is `level` now.
    fn through(&mut self, level: T, now: u64, late_us: u64) -> T {
        if self.newest != Some(level) {
            self.newest = Some(level);
            self.queue.push_back((now + late_us, level));
        }
        while let Some((_, level)) = due(&mut self.queue, now) {
            self.told = Some(level);
        }
        *self.told.get_or_insert(level)
    }

    /// Nothing is late: from here on it begins with this level.
    fn straight(&mut self, level: T) -> T {
        self.queue.clear();
        (self.newest, self.told) = (Some(level), Some(level));
        level
    }
}

/// An eye's output.
#[derive(Clone, Debug, Default)]
pub(super) struct Pin {
    shown: bool,
    late: VecDeque<(u64, bool)>,
    flips: u64,
}

impl Pin {
    fn show(&mut self, told: &mut Vec<(u64, bool)>, after: u64, level: bool) {
        if std::mem::replace(&mut self.shown, level) != level {
            told.push((after, level));
        }
    }
    fn show_due(&mut self, told: &mut Vec<(u64, bool)>, began: u64, now: u64) {
        while let Some((due, level)) = due(&mut self.late, now) {
            self.show(told, due.saturating_sub(began).max(1), level);
        }
    }
}

/// An encoder's counts that were not told yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Counter {
    rest: i32,
    late: VecDeque<(u64, i32)>,
    due: u64,
    to: bool,
}

impl Ailing {
    pub fn device_of(&self, eye: usize) -> Device {
        self.devices[eye]
    }

    /// What an eye shows.
    pub fn shown(&self, eye: usize) -> bool {
        self.eyes[eye].shown
    }

    /// What an eye shows in a step in which its beam may change (`changed`: how long after the step began): how long
    /// after, and which level.
    pub fn eye(&mut self, eye: usize, level: bool, changed: Option<u64>, began: Micros, us: u64) -> Vec<(u64, bool)> {
        let ails = self.of_eye(eye);
        let (pin, random) = (&mut self.eyes[eye], &mut self.random);
        let (now, after, mut told) = (began.0 + us, changed.unwrap_or(1), Vec::new());
        let Some(active) = ails else {
            pin.late.clear();
            pin.show(&mut told, after, level);
            return told;
        };
        match active.cell.ailment {
            Ailment::Off => pin.show(&mut told, 1, true),
            Ailment::Stuck => pin.show(&mut told, 1, false),
            Ailment::Wrong => pin.show(&mut told, after, !level),
            Ailment::Intermittent => pin.show(&mut told, after, level || active.is_out(Micros(now))),
            Ailment::Garbage => {
                pin.flips = pin.flips.max(began.0 + 1);
                while pin.flips <= now {
                    let level = !pin.shown;
                    pin.show(&mut told, pin.flips - began.0, level);
                    pin.flips += random.count(200, 3_000) as u64;
                }
            }
            Ailment::Slow | Ailment::Delayed => {
                let delayed = active.cell.ailment == Ailment::Delayed;
                match changed {
                    Some(after) if delayed => pin.late.push_back((began.0 + after + EYE_DELAYED_US, level)),
                    Some(after) if level => pin.late.push_back((began.0 + after + EYE_SLOW_US, true)),
                    Some(after) => {
                        pin.late.clear();
                        pin.show(&mut told, after, false);
                    }
                    None => {}
                }
                pin.show_due(&mut told, began.0, now);
            }
        }
        told
    }

    /// What an encoder tells of so many ticks.
    pub fn ticks(&mut self, segment: usize, ticks: i32, now: Micros) -> i32 {
        let ails = self.of_encoder(segment);
        let (pairs, counter) = (self.encoders.len().max(1), &mut self.counters[segment]);
        let Some(active) = ails else {
            return ticks
                + std::mem::take(&mut counter.rest)
                + counter.late.drain(..).map(|(_, late)| late).sum::<i32>();
        };
        match active.cell.ailment {
            Ailment::Off => 0,
            Ailment::Intermittent => {
                if active.is_out(now) {
                    0
                } else {
                    ticks
                }
            }
            Ailment::Stuck if ticks == 0 => 0,
            Ailment::Stuck => {
                counter.to = !counter.to;
                if counter.to { 1 } else { -1 }
            }
            Ailment::Garbage => ticks + self.random.count(0, 2 * ENCODER_NOISE) as i32 - ENCODER_NOISE as i32,
            Ailment::Wrong if active.ordinal / pairs % 2 == 1 => -ticks,
            Ailment::Wrong => {
                // What was missed stays missed.
                let whole = counter.rest + ticks;
                counter.rest = whole % 2;
                whole / 2
            }
            Ailment::Slow => {
                counter.rest += ticks;
                if now.0 < counter.due {
                    return 0;
                }
                counter.due = now.0 + ENCODER_SLOW_US;
                std::mem::take(&mut counter.rest)
            }
            Ailment::Delayed => {
                counter.late.push_back((now.0 + ENCODER_DELAYED_US, ticks));
                let mut told = 0;
                while let Some((_, late)) = due(&mut counter.late, now.0) {
                    told += late;
                }
                told
            }
        }
    }

    /// Where the leaf is after `us` of a command, when it was at `at`.
    pub fn leaf(&mut self, at: i64, full: i64, command: bool, us: i64, now: Micros) -> i64 {
        let towards = |release: bool, us: i64| (at + if release { us } else { -us }).clamp(0, full);
        let Some(active) = self.of(Device::Diverter) else {
            return towards(self.commands.straight(command), us);
        };
        match active.cell.ailment {
            Ailment::Off => towards(false, us),
            Ailment::Stuck => at,
            Ailment::Wrong => towards(!command, us),
            Ailment::Slow => towards(command, us / 3),
            Ailment::Delayed => towards(self.commands.through(command, now.0, LEAF_DELAYED_US), us),
            Ailment::Intermittent => towards(command && !active.is_out(now), us),
            Ailment::Garbage => {
                if now.0 >= self.tremble.0 {
                    let off = self.random.count(0, (full / 3) as usize) as i64;
                    self.tremble = (now.0 + TREMBLE_US, off);
                }
                let goal = if command { full - self.tremble.1 } else { self.tremble.1 };
                at + (goal - at).clamp(-us, us)
            }
        }
    }

    /// What the switches say of the leaf's position, and whether that is news.
    pub fn position(&mut self, position: GatePosition, now: Micros) -> (GatePosition, bool) {
        let told = match self.of(Device::Feedback) {
            None => self.positions.straight(position),
            Some(active) => self.sick_position(&active, position, now),
        };
        (told, std::mem::replace(&mut self.feedback, told) != told)
    }

    fn sick_position(&mut self, active: &Active, position: GatePosition, now: Micros) -> GatePosition {
        match active.cell.ailment {
            Ailment::Off => GatePosition::Between,
            Ailment::Stuck => self.feedback,
            Ailment::Intermittent if active.is_out(now) => GatePosition::Between,
            Ailment::Intermittent => position,
            Ailment::Slow => self.positions.through(position, now.0, FEEDBACK_SLOW_US),
            Ailment::Delayed => self.positions.through(position, now.0, FEEDBACK_DELAYED_US),
            Ailment::Wrong => match position {
                GatePosition::Exam => GatePosition::Release,
                GatePosition::Release => GatePosition::Exam,
                GatePosition::Between => GatePosition::Between,
            },
            Ailment::Garbage => {
                if now.0 >= self.flutter.0 {
                    let pictures =
                        [GatePosition::Exam, GatePosition::Release, GatePosition::Between, GatePosition::Between];
                    self.flutter = (now.0 + FLUTTER_US, self.random.choose(&pictures));
                }
                self.flutter.1
            }
        }
    }

    /// What the switches said last: what a controller reads at boot.
    pub const fn feedback(&self) -> GatePosition {
        self.feedback
    }

    /// What the reset button's contact shows while a hand presses it or not, when that is news.
    pub fn reset(&mut self, hand: bool, now: Micros) -> Option<bool> {
        let Some(active) = self.of(Device::Reset) else {
            let shown = self.hand.straight(hand);
            return (std::mem::replace(&mut self.reset, shown) != shown).then_some(shown);
        };
        let shown = match active.cell.ailment {
            Ailment::Off => false,
            Ailment::Stuck => true,
            Ailment::Wrong => !hand,
            Ailment::Intermittent => hand && !active.is_out(now),
            Ailment::Delayed => self.hand.through(hand, now.0, RESET_DELAYED_US),
            Ailment::Slow => {
                self.hand.through(hand, now.0, RESET_SLOW_US) || hand || self.reset && self.hand.newest == Some(true)
            }
            Ailment::Garbage => {
                if now.0 >= self.pulse.0 {
                    let on = !self.pulse.1;
                    let lasts = if on { (5_000, 20_000) } else { (100_000, 500_000) };
                    self.pulse = (now.0 + self.random.count(lasts.0, lasts.1) as u64, on);
                }
                hand || self.pulse.1
            }
        };
        (std::mem::replace(&mut self.reset, shown) != shown).then_some(shown)
    }

    pub const fn is_reset_shown(&self) -> bool {
        self.reset
    }
}
