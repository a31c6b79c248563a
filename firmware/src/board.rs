//! What every board does between its pins and the lane: written once, so that a board is pins and nothing else.
//!
//! A board implements [`Board`] (a clock, pins, a cable) and calls [`Round::turn`] for ever, feeding its watchdog between
//! two turns and nowhere else. Edges come first, in the order of their times; levels are looked at only when no edge
//! waits, so that a level is never older than an edge that is still to come. A lost edge is healed by the next level.
//! It decides nothing: [`Session`] does.

use crate::session::Session;
use crate::{GatePosition, Kept, Lamp, Outputs};
use core::ops::DerefMut;
use edges::{Edge, What};
use gatepost_hardware::lane::EYES_MAX;
use gatepost_hardware::link::Input;
use gatepost_hardware::link::frame::FRAME_MAX;
use gatepost_hardware::units::Micros;
use inputs::Contact;

pub mod edges;
pub mod inputs;
pub mod quadrature;
pub mod seen;

/// The contacts of a lane, in the order in which boards number them.
pub const INPUTS: [Input; 7] =
    [Input::EStop, Input::Guard, Input::Reset, Input::ExamChuteFull, Input::Radiation, Input::Smoke, Input::BeltStop];

/// The level of every pin at one moment, as the lane means it: how it is wired (normally closed, light on) is undone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    /// A bit for each eye: blocked.
    pub blocked: u16,
    /// A bit for each of [`INPUTS`]: active.
    pub active: u8,
    pub gate_at_exam: bool,
    pub gate_at_release: bool,
}

/// What the output pins show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    pub belt_permit: bool,
    pub gate_release: bool,
    pub red: bool,
    pub amber: bool,
    pub green: bool,
    pub buzzer: bool,
}

impl Levels {
    /// By what stands at the pins, as the wiring has it: high is a beam that is received, a contact that is closed, a gate
    /// that is there; low is what a cut wire is. A low contact is the active one, but for a button.
    pub fn wired(
        eye_is_high: impl Fn(usize) -> bool,
        contact_is_high: impl Fn(usize) -> bool,
        gate_at_exam: bool,
        gate_at_release: bool,
    ) -> Self {
        let mut levels = Self { blocked: 0, active: 0, gate_at_exam, gate_at_release };
        for eye in 0..EYES_MAX {
            levels.blocked |= u16::from(!eye_is_high(eye)) << eye;
        }
        for (index, input) in INPUTS.into_iter().enumerate() {
            let active = contact_is_high(index) == (input == Input::Reset);
            levels.active |= u8::from(active) << index;
        }
        levels
    }
}

impl Shown {
    /// Belt permit, gate, red, amber, green, buzzer: the order in which boards number their outputs.
    pub const fn pins(&self) -> [bool; 6] {
        [self.belt_permit, self.gate_release, self.red, self.amber, self.green, self.buzzer]
    }

    /// Those of these bits whose pin is high; bits in the order of [`Self::pins`].
    pub fn bits(&self, bits: [u32; 6]) -> u32 {
        self.pins().into_iter().zip(bits).fold(0, |high, (is_high, bit)| if is_high { high | bit } else { high })
    }
}

/// A board's side. All of it is quick and none of it waits.
pub trait Board {
    /// Microseconds since boot; never goes back.
    fn now(&mut self) -> Micros;
    /// The oldest edge that waits.
    fn next_edge(&mut self) -> Option<Edge>;
    /// How many edges were lost since boot: no room, or two at once where only one can be.
    fn edges_lost(&mut self) -> u32;
    /// All levels, and the moment of looking; nothing while an edge waits.
    fn levels(&mut self) -> Option<(Levels, Micros)>;
    fn show(&mut self, shown: Shown);
    /// Bytes off the cable; returns how many.
    fn hear(&mut self, into: &mut [u8]) -> usize;
    /// How many bytes the cable takes just now.
    fn room(&mut self) -> usize;
    /// At most as many as there is room for.
    fn say(&mut self, bytes: &[u8]);
}

/// Bytes taken off the cable in one turn: the rest waits for the next, and pins are never late for words.
const HEARD_MAX: usize = 64;
/// Frames said in one turn.
const SAID_MAX: usize = 4;
/// Half a period of a light that blinks.
const BLINK: Micros = Micros(400_000);

/// Turn after turn.
#[derive(Debug)]
pub struct Round {
    told: Option<Levels>,
    told_lost: u32,
    contacts: [Contact; INPUTS.len()],
    frame: [u8; FRAME_MAX],
}

impl Default for Round {
    fn default() -> Self {
        Self::new()
    }
}

impl Round {
    pub const fn new() -> Self {
        Self {
            told: None,
            told_lost: 0,
            contacts: [Contact { believed: false, since: None }; INPUTS.len()],
            frame: [0; FRAME_MAX],
        }
    }

    /// One turn: everything that waits, then the time, then words.
    pub fn turn<K: DerefMut<Target = Kept>>(&mut self, session: &mut Session<K>, board: &mut impl Board) {
        let mut heard = [0; HEARD_MAX];
        let count = board.hear(&mut heard);
        if let Some(heard) = heard.get(..count) {
            let now = board.now();
            session.receive(heard, now);
            board.show(shown(session.outputs(), now));
        }
        // As many as can wait, so that a flood of edges cannot keep the time from passing.
        for _ in 0..edges::EDGES_MAX {
            let Some(edge) = board.next_edge() else { break };
            self.edge(session, edge);
            board.show(shown(session.outputs(), edge.at));
        }
        let lost = board.edges_lost().saturating_sub(self.told_lost);
        if lost > 0 {
            self.told_lost = self.told_lost.saturating_add(lost);
            session.edges_lost(lost, board.now());
        }
        if let Some((levels, now)) = board.levels() {
            self.levels(session, levels, now);
        }
        let now = board.now();
        session.step(now);
        board.show(shown(session.outputs(), now));
        self.speak(session, board);
    }

    fn edge<K: DerefMut<Target = Kept>>(&mut self, session: &mut Session<K>, edge: Edge) {
        match edge.what {
            What::Turned { segment, ticks } => session.encoder(segment, i32::from(ticks), edge.at),
            What::Eye { eye, blocked } => {
                if let Some(told) = &mut self.told {
                    let bit = 1u16.checked_shl(u32::from(eye)).unwrap_or(0);
                    told.blocked = if blocked { told.blocked | bit } else { told.blocked & !bit };
                }
                session.raw_edge(eye, blocked, edge.at);
            }
        }
    }

    /// Tells what differs from what was told; all of it when the session asks.
    fn levels<K: DerefMut<Target = Kept>>(&mut self, session: &mut Session<K>, mut levels: Levels, now: Micros) {
        for (index, (contact, input)) in self.contacts.iter_mut().zip(INPUTS).enumerate() {
            let believed = contact.level(input, levels.active >> index & 1 == 1, now);
            levels.active = levels.active & !(1 << index) | u8::from(believed) << index;
        }
        let wanted = session.wants_levels();
        let told = self.told.replace(levels).filter(|_| !wanted);
        let differs = |before: Option<bool>, is: bool| before != Some(is);
        let before = |levels: &Levels| (levels.gate_at_exam, levels.gate_at_release);
        if told.as_ref().map(before) != Some(before(&levels)) {
            session.gate_feedback(position(before(&levels)), now);
        }
        // What stops comes before what starts.
        for (index, input) in INPUTS.into_iter().enumerate() {
            let active = |active: u8| active >> index & 1 == 1;
            if differs(told.map(|told| active(told.active)), active(levels.active)) {
                session.input(input, active(levels.active), now);
            }
        }
        for eye in 0..EYES_MAX as u8 {
            let blocked = |blocked: u16| blocked >> eye & 1 == 1;
            if differs(told.map(|told| blocked(told.blocked)), blocked(levels.blocked)) {
                session.raw_edge(eye, blocked(levels.blocked), now);
            }
        }
    }

    fn speak<K: DerefMut<Target = Kept>>(&mut self, session: &mut Session<K>, board: &mut impl Board) {
        for _ in 0..SAID_MAX {
            if board.room() < FRAME_MAX {
                return;
            }
            let used = session.speak(&mut self.frame);
            match self.frame.get(..used) {
                Some(said) if !said.is_empty() => board.say(said),
                _ => return,
            }
        }
    }
}

/// Both switches, or neither, say nothing.
const fn position(switches: (bool, bool)) -> GatePosition {
    match switches {
        (true, false) => GatePosition::Exam,
        (false, true) => GatePosition::Release,
        _ => GatePosition::Between,
    }
}

/// The pins of a moment.
pub const fn shown(outputs: Outputs, now: Micros) -> Shown {
    let lit = (now.0 / BLINK.0).is_multiple_of(2);
    let (red, amber, green) = match outputs.lamp {
        Lamp::Red => (true, false, false),
        Lamp::Amber => (false, true, false),
        Lamp::Green => (false, false, true),
        Lamp::RedBlinking => (lit, false, false),
    };
    Shown {
        belt_permit: outputs.belt_permit,
        gate_release: outputs.gate_release,
        red,
        amber,
        green,
        buzzer: outputs.buzzer,
    }
}

#[cfg(test)]
mod tests;
