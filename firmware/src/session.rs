//! A controller on its cable: bytes in, bytes out, pins in, outputs out.
//!
//! The one thing that a board, the virtual lane and a Linux board's own pins own alike. It knows no lane until the station
//! has sent its map, or memory has kept one over a reset; until then the outputs are those of rest, and nothing that an
//! eye sees means anything. It refuses another map once it is configured.

use crate::controller::{Controller, Outputs};
use crate::guard::GatePosition;
use crate::kept::Kept;
use crate::log::Log;
use core::ops::DerefMut;
use gatepost_hardware::lane::{LaneMap, Name};
use gatepost_hardware::link::frame::{FRAME_MAX, Receiver, Sender};
use gatepost_hardware::link::{
    BootCause, Command, Description, Greeting, Input, MAP_MAX, Refusal, Report, Statistics, VERSIONS, map,
};
use gatepost_hardware::units::Micros;
use heapless::Deque;

/// Answers waiting for the cable beside the controller's own. One that does not fit is not given.
const ANSWERS_MAX: usize = 4;
/// How often a controller without a lane introduces itself.
const HELLO: Micros = Micros(1_000_000);

/// What a board says of itself.
#[derive(Clone, Debug)]
pub struct About {
    pub board: Name,
    pub firmware: Name,
    /// Terminals for eyes and for encoders.
    pub eyes: u8,
    pub encoders: u8,
}

#[derive(Debug)]
pub struct Session<K> {
    life: Life<K>,
    boot: BootCause,
    about: About,
    now: Micros,
    sender: Sender,
    receiver: Receiver,
    answers: Deque<Report, ANSWERS_MAX>,
    statistics: Statistics,
    /// Of the last look at the pins.
    stepped: Micros,
    levels_wanted: bool,
}

#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one, in a place of its own; a board has no allocator to box it with"
)]
enum Life<K> {
    /// No lane is known: so much of its map has come.
    Bare {
        kept: K,
        come: usize,
        hello_due: Micros,
    },
    Lane(Controller<K>),
    /// Between the two; nothing sees it.
    Turning,
}

impl<K: DerefMut<Target = Kept>> Session<K> {
    pub fn new(kept: K, boot: BootCause, about: About) -> Self {
        let mut session = Self::unborn(boot, about);
        session.begin(kept);
        session
    }

    /// Without memory: [`Self::begin`] must follow before anything else. Two steps, for a board whose stack has no room for
    /// a session and a lane that is being made beside it.
    #[inline(never)]
    pub fn unborn(boot: BootCause, about: About) -> Self {
        Self {
            life: Life::Turning,
            boot,
            about,
            now: Micros::ZERO,
            sender: Sender::default(),
            receiver: Receiver::default(),
            answers: Deque::new(),
            statistics: Statistics::default(),
            stepped: Micros::ZERO,
            levels_wanted: false,
        }
    }

    /// With the map that memory holds, or bare.
    #[inline(never)] // its lane is large, and on no other call's stack
    pub fn begin(&mut self, kept: K) {
        match map::decode(kept.map()).filter(|map| self.is_room_for(map)) {
            Some(map) => {
                self.life = Life::Lane(Controller::new(map, self.boot, kept, self.now));
                self.levels_wanted = true;
            }
            None => self.life = Life::Bare { kept, come: 0, hello_due: self.now },
        }
    }

    fn is_room_for(&self, map: &LaneMap) -> bool {
        map.eyes.len() <= usize::from(self.about.eyes) && map.segments.len() <= usize::from(self.about.encoders)
    }

    /// `None`: no lane is known yet.
    pub const fn controller(&self) -> Option<&Controller<K>> {
        match &self.life {
            Life::Lane(controller) => Some(controller),
            Life::Bare { .. } | Life::Turning => None,
        }
    }

    fn lane(&mut self) -> Option<&mut Controller<K>> {
        match &mut self.life {
            Life::Lane(controller) => Some(controller),
            Life::Bare { .. } | Life::Turning => None,
        }
    }

    /// What outlives it; to begin again with, as after a reset. `None` never happens to a whole session.
    pub fn into_kept(self) -> Option<K> {
        match self.life {
            Life::Lane(controller) => Some(controller.into_kept()),
            Life::Bare { kept, .. } => Some(kept),
            Life::Turning => None,
        }
    }

    /// True once after the lane became known: every level is to be passed again.
    pub fn wants_levels(&mut self) -> bool {
        core::mem::take(&mut self.levels_wanted)
    }

    /// What the pins must show, after every call.
    pub fn outputs(&self) -> Outputs {
        self.controller().map(Controller::outputs).unwrap_or_default()
    }
}

/// Pins. What comes before the lane is known means nothing.
impl<K: DerefMut<Target = Kept>> Session<K> {
    /// The level of an eye, changed or not.
    pub fn raw_edge(&mut self, eye: u8, blocked: bool, now: Micros) {
        self.pass_time(now);
        if let Some(lane) = self.lane() {
            lane.raw_edge(eye, blocked, now);
        }
    }

    /// A segment's encoder counted so many ticks, negative backward, since the last call.
    pub fn encoder(&mut self, segment: u8, delta_ticks: i32, now: Micros) {
        self.pass_time(now);
        if let Some(lane) = self.lane() {
            lane.encoder(segment, delta_ticks, now);
        }
    }

    /// The level of an input, changed or not.
    pub fn input(&mut self, input: Input, active: bool, now: Micros) {
        self.pass_time(now);
        if let Some(lane) = self.lane() {
            lane.input(input, active, now);
        }
    }

    pub fn gate_feedback(&mut self, position: GatePosition, now: Micros) {
        self.pass_time(now);
        if let Some(lane) = self.lane() {
            lane.gate_feedback(position, now);
        }
    }

    /// Lets time pass; to be called at least every few milliseconds, after the pins were read.
    pub fn step(&mut self, now: Micros) {
        self.pass_time(now);
        let since = self.now.saturating_sub(self.stepped);
        self.statistics.slowest = self.statistics.slowest.max(since);
        self.stepped = self.now;
        if let Some(lane) = self.lane() {
            lane.step(now);
        }
    }

    /// The pins' queue was full: so many edges are lost.
    pub fn edges_lost(&mut self, count: u32, now: Micros) {
        self.pass_time(now);
        self.statistics.edges_lost = self.statistics.edges_lost.saturating_add(count);
        if let Some(lane) = self.lane() {
            lane.edges_lost(count, now);
        }
    }

    /// What the board measured of its stack, bytes.
    pub fn note_stack(&mut self, used: u32, size: u32) {
        (self.statistics.stack_used, self.statistics.stack_size) = (used, size);
    }

    fn pass_time(&mut self, now: Micros) {
        self.now = self.now.max(now);
    }
}

/// The cable.
impl<K: DerefMut<Target = Kept>> Session<K> {
    /// Bytes off the cable.
    pub fn receive(&mut self, bytes: &[u8], now: Micros) {
        self.pass_time(now);
        for &byte in bytes {
            let Some(received) = self.receiver.push::<Command>(byte) else { continue };
            self.statistics.heard = self.statistics.heard.saturating_add(1);
            let missing = u32::from(received.missing.unwrap_or(0));
            self.statistics.missing = self.statistics.missing.saturating_add(missing);
            self.command(received.message);
        }
        self.statistics.dropped = self.receiver.dropped;
    }

    /// The next frame for the cable: its length in `out`, 0 when there is nothing to say.
    pub fn speak(&mut self, out: &mut [u8; FRAME_MAX]) -> usize {
        self.report().map_or(0, |report| self.encode(&report, out))
    }

    /// The next thing to say, for whoever frames it with [`Self::encode`].
    pub fn report(&mut self) -> Option<Report> {
        if let Some(answer) = self.answers.pop_front() {
            return Some(answer);
        }
        if let Life::Bare { hello_due, .. } = &mut self.life {
            if self.now < *hello_due {
                return None;
            }
            *hello_due = self.now + HELLO;
            return self.bare_greeting();
        }
        self.lane()?.report()
    }

    /// Frames a report; returns its length.
    pub fn encode(&mut self, report: &Report, out: &mut [u8; FRAME_MAX]) -> usize {
        // A report is always shorter than a frame; the frame's own tests hold that.
        self.sender.encode(report, out).unwrap_or(0)
    }

    fn command(&mut self, command: Command) {
        let now = self.now;
        if command == Command::Describe {
            self.describe();
        }
        match (&mut self.life, command) {
            (Life::Lane(controller), Command::Map { offset, total, bytes }) if controller.is_free() => {
                self.turn_bare();
                self.take_map(offset, total, &bytes);
            }
            (Life::Lane(controller), command) => controller.command(command, now),
            (Life::Bare { .. }, Command::Map { offset, total, bytes }) => self.take_map(offset, total, &bytes),
            (Life::Bare { hello_due, .. }, Command::Hello { lowest, highest }) => {
                if lowest <= VERSIONS.1 && VERSIONS.0 <= highest {
                    *hello_due = now;
                } else {
                    self.answer(Report::Refused(Refusal::Version { lowest: VERSIONS.0, highest: VERSIONS.1 }));
                }
            }
            (Life::Bare { .. }, Command::Configure { .. }) => self.answer(Report::Refused(Refusal::Crc { mine: 0 })),
            (Life::Bare { .. }, Command::TimeSync { host }) => self.answer(Report::Time { host, time: now }),
            (Life::Bare { .. } | Life::Turning, _) => {}
        }
    }

    /// Another map is coming to a controller that nobody configured.
    #[inline(never)]
    fn turn_bare(&mut self) {
        if let Life::Lane(controller) = core::mem::replace(&mut self.life, Life::Turning) {
            self.life = Life::Bare { kept: controller.into_kept(), come: 0, hello_due: self.now + HELLO };
        }
    }

    /// Takes the part of a map that comes next; any other is answered with what does.
    #[inline(never)]
    fn take_map(&mut self, offset: u16, total: u16, bytes: &[u8]) {
        let Life::Bare { kept, come, .. } = &mut self.life else { return };
        if offset == 0 {
            *come = 0; // from the beginning
        }
        if usize::from(total) > MAP_MAX || usize::from(offset) + bytes.len() > usize::from(total) {
            return self.answer(Report::Refused(Refusal::Map));
        }
        if usize::from(offset) == *come && kept.write_map(*come, bytes) {
            *come += bytes.len();
        }
        let (come, kept_come) = (*come, *come == usize::from(total));
        self.answer(Report::MapWanted { offset: come as u16 }); // at most MAP_MAX
        if kept_come {
            self.finish_map(come);
        }
    }

    fn finish_map(&mut self, length: usize) {
        let Some(mut kept) = self.leave_bare() else { return };
        kept.set_map_length(length);
        match map::decode(kept.map()) {
            None => self.answer(Report::Refused(Refusal::Map)),
            Some(map) if !self.is_room_for(&map) => {
                let (eyes, encoders) = (self.about.eyes, self.about.encoders);
                self.answer(Report::Refused(Refusal::Board { eyes, encoders }));
            }
            Some(_) => {}
        }
        self.begin(kept);
    }

    #[inline(never)]
    fn leave_bare(&mut self) -> Option<K> {
        match core::mem::replace(&mut self.life, Life::Turning) {
            Life::Bare { kept, .. } => Some(kept),
            Life::Lane(_) | Life::Turning => None,
        }
    }

    fn bare_greeting(&self) -> Option<Report> {
        let Life::Bare { kept, .. } = &self.life else { return None };
        let log = Log::resume(kept);
        Some(Report::Hello(Greeting {
            version: VERSIONS.1,
            crc: 0,
            epoch: 0,
            cause: self.boot,
            log: kept.log(),
            kept_from: log.kept_from(),
            kept_epoch: log.kept_epoch(),
            next: log.next(),
            taken: 0,
        }))
    }

    fn describe(&mut self) {
        let About { board, firmware, eyes, encoders } = self.about.clone();
        self.answer(Report::Description(Description { board, firmware, eyes, encoders }));
        let (ignored, facts_lost) = self.controller().map(Controller::lost).unwrap_or_default();
        self.answer(Report::Statistics(Statistics { up: self.now, ignored, facts_lost, ..self.statistics }));
    }

    fn answer(&mut self, report: Report) {
        let _ = self.answers.push_back(report); // see ANSWERS_MAX
    }
}
