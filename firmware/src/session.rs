//! A controller on its cable: bytes in, bytes out, pins in, outputs out.
//!
//! The one thing that a board, the virtual lane and a Linux board's own pins own alike. It knows no lane until the station
//! has sent its map, or memory has kept one over a reset; until then the outputs are those of rest, and nothing that an
//! eye sees means anything. It refuses another map once it is configured.

use crate::controller::{Controller, DoesNotFit, Outputs};
use crate::guard::GatePosition;
use crate::kept::Kept;
use core::ops::DerefMut;
use gatepost_hardware::lane::{LaneMap, Name};
use gatepost_hardware::link::frame::{FRAME_MAX, Receiver, Sender};
use gatepost_hardware::link::{BootCause, Command, Description, Input, MAP_MAX, Refusal, Report, Statistics, VERSIONS};
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
    /// Without a lane while [`Life`] is bare; its memory is there all the time.
    controller: Controller<K>,
    life: Life,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    /// No lane is known: so much of its map has come.
    Bare {
        come: usize,
        hello_due: Micros,
    },
    Lane,
}

impl<K: DerefMut<Target = Kept>> Session<K> {
    pub fn new(kept: K, boot: BootCause, about: About) -> Self {
        let mut session = Self::unborn(kept, boot, about);
        session.begin();
        session
    }

    /// Bare, whatever memory holds: [`Self::begin`] must follow before anything else. Two steps, for a board whose stack has
    /// no room for a session and, beside it, a lane that is being made.
    #[inline(never)]
    pub fn unborn(kept: K, boot: BootCause, about: About) -> Self {
        Self {
            controller: Controller::unborn(kept),
            life: Life::Bare { come: 0, hello_due: Micros::ZERO },
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
    pub fn begin(&mut self) {
        if self.recall().is_err() {
            self.turn_bare(self.now);
        }
    }

    /// # Errors
    /// What memory holds is no map (nothing) or none for this board (what is said to that).
    fn recall(&mut self) -> Result<(), Option<Refusal>> {
        let (eyes, encoders) = (self.about.eyes, self.about.encoders);
        let fits = |map: &LaneMap| map.eyes.len() <= usize::from(eyes) && map.segments.len() <= usize::from(encoders);
        let refusal = |DoesNotFit| Refusal::Board { eyes, encoders };
        self.controller.recall(fits).map_err(|why| why.map(refusal))?;
        self.controller.begin(self.boot, self.now);
        (self.life, self.levels_wanted) = (Life::Lane, true);
        Ok(())
    }

    /// `None`: no lane is known yet.
    pub const fn controller(&self) -> Option<&Controller<K>> {
        match self.life {
            Life::Lane => Some(&self.controller),
            Life::Bare { .. } => None,
        }
    }

    fn lane(&mut self) -> Option<&mut Controller<K>> {
        (self.life == Life::Lane).then_some(&mut self.controller)
    }

    /// What outlives it; to begin again with, as after a reset. There always is something.
    pub fn into_kept(self) -> Option<K> {
        Some(self.controller.into_kept())
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
        let Life::Bare { hello_due, .. } = &mut self.life else { return self.controller.report() };
        if self.now < *hello_due {
            return None;
        }
        *hello_due = self.now + HELLO;
        Some(self.controller.greeting(self.boot))
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
            (Life::Lane, Command::Map { offset, total, bytes }) if self.controller.is_free() => {
                self.turn_bare(now + HELLO);
                self.take_map(offset, total, &bytes);
            }
            (Life::Lane, command) => self.controller.command(command, now),
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
            (Life::Bare { .. }, _) => {}
        }
    }

    /// No lane any more: another map is coming to a controller that nobody configured, or memory holds none.
    fn turn_bare(&mut self, hello_due: Micros) {
        self.controller.leave_lane();
        self.life = Life::Bare { come: 0, hello_due };
    }

    /// Takes the part of a map that comes next; any other is answered with what does.
    #[inline(never)]
    fn take_map(&mut self, offset: u16, total: u16, bytes: &[u8]) {
        let Life::Bare { come, .. } = &mut self.life else { return };
        if offset == 0 {
            *come = 0; // from the beginning
        }
        if usize::from(total) > MAP_MAX || usize::from(offset) + bytes.len() > usize::from(total) {
            return self.answer(Report::Refused(Refusal::Map));
        }
        let kept = self.controller.kept_mut();
        if usize::from(offset) == *come && kept.write_map(*come, bytes) {
            *come += bytes.len();
        }
        let (come, whole) = (*come, *come == usize::from(total));
        if whole {
            kept.set_map_length(come);
        }
        self.answer(Report::MapWanted { offset: come as u16 }); // at most MAP_MAX
        if whole && let Err(why) = self.recall() {
            self.turn_bare(self.now);
            self.answer(Report::Refused(why.unwrap_or(Refusal::Map)));
        }
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
