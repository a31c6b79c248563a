//! The lane controller's loop on a board's pins: what a microcontroller's main function is elsewhere.
//!
//! Edges are lived through one by one at the time the kernel stamped on them, so that a late loop measures as well as a
//! punctual one. Acting is what a late loop does badly, and there it does not pretend: a diverter that had to be moved
//! longer ago than `jitter_ms`, or a silence longer than the dead-man relay bears: the controller begins anew as after a
//! watchdog, with the diverter at exam, no permit, and the belts off until the local reset. Edges of an encoder that are
//! missing while its belt ran void every permit.

use std::time::Duration;

use embedded_hal::digital::OutputPin;
use gatepost_firmware::{About, GatePosition, Kept, Lamp, Outputs, Session};
use gatepost_hardware::beacon::{Light, Signal};
use gatepost_hardware::diverter::Position;
use gatepost_hardware::lane::LaneKind;
use gatepost_hardware::link::BootCause;
use gatepost_hardware::link::frame::FRAME_MAX;
use gatepost_hardware::units::Micros;

use super::board::{Board, Edge, Trouble};
use super::merge::HOLD;
use super::wires::{Said, Show, Wires};

/// The longest that a turn waits for an edge.
const TURN: Duration = Duration::from_millis(1);
/// Between two turnings of the dead-man's level.
const BEAT: Micros = Micros(10_000);
/// Between two looks at all levels.
const LOOK: Micros = Micros(100_000);
/// Frames said in one turn: what is left waits a millisecond.
const FRAMES_MAX: usize = 32;

/// How late is too late.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From an edge to what follows from it at the diverter.
    pub jitter: Micros,
    /// From turn to turn: then the relay has cut the power.
    pub alive: Micros,
}

/// One lane's controller.
pub struct Controller<B, O> {
    board: B,
    wires: Wires<O>,
    session: Session<Box<Kept>>,
    about: About,
    kind: LaneKind,
    limits: Limits,
    /// By the board's clock: the boot, which is time 0 of the session; the last turn, look and beat.
    booted: Micros,
    turned: Micros,
    looked: Micros,
    beaten: Micros,
    /// What the last look saw of lines that differ from their last edge.
    doubted: Vec<Option<Option<bool>>>,
    edges: Vec<Edge>,
    shown: Outputs,
    /// Times it began anew, and how late it had been the last time.
    pub restarts: u32,
    pub late: Micros,
    /// Edges of encoders that are missing since it was opened.
    pub missed: u32,
}

/// What a controller is made of beside board and wires.
pub struct Setup {
    pub kept: Box<Kept>,
    pub boot: BootCause,
    pub about: About,
    pub kind: LaneKind,
    pub limits: Limits,
}

impl<B: Board, O: OutputPin> Controller<B, O> {
    /// # Errors
    /// [`Trouble`]: an output cannot be written.
    pub fn new(board: B, wires: Wires<O>, setup: Setup) -> Result<Self, Trouble> {
        let Setup { kept, boot, about, kind, limits } = setup;
        let now = board.now();
        let mut controller = Self {
            session: Session::new(kept, boot, about.clone()),
            doubted: vec![None; wires.lines()],
            board,
            wires,
            about,
            kind,
            limits,
            booted: now,
            turned: now,
            looked: now,
            beaten: now,
            edges: Vec::new(),
            shown: Outputs::default(),
            restarts: 0,
            late: Micros::ZERO,
            missed: 0,
        };
        controller.know_all_levels()?;
        Ok(controller)
    }

    /// One turn: waits for edges, at most [`TURN`]; `next` gives what came off the cable, `say` takes what goes on it.
    ///
    /// # Errors
    /// [`Trouble`] after which the board must be opened anew; what the controller can survive it survives.
    pub fn turn(
        &mut self,
        next: &mut dyn FnMut() -> Option<Vec<u8>>,
        say: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Trouble> {
        self.board.wait(TURN)?;
        match self.live(next) {
            Err(Trouble::Late(late)) => self.begin_anew(late)?,
            other => other?,
        }
        let mut frame = [0; FRAME_MAX];
        for _ in 0..FRAMES_MAX {
            let used = self.session.speak(&mut frame);
            if used == 0 {
                break;
            }
            say(&frame[..used]);
        }
        if self.board.now().saturating_sub(self.beaten) >= BEAT {
            self.beaten = self.board.now();
            self.wires.beat()?;
        }
        Ok(())
    }

    /// Whether the motors may run.
    pub const fn runs(&self) -> bool {
        self.shown.belt_permit
    }

    /// Ends: every output at rest, and what was kept.
    pub fn end(mut self) -> Box<Kept> {
        self.wires.rest();
        self.session.into_kept().unwrap_or_else(|| Box::new(Kept::new()))
    }

    fn live(&mut self, next: &mut dyn FnMut() -> Option<Vec<u8>>) -> Result<(), Trouble> {
        let now = self.board.now();
        let silence = now.saturating_sub(core::mem::replace(&mut self.turned, now));
        if silence > self.limits.alive {
            return Err(Trouble::Late(silence));
        }
        // The firmware lives a little in the past: then every edge until then is here, in its order.
        let then = now.saturating_sub(HOLD);
        let mut edges = core::mem::take(&mut self.edges);
        let fetched = self.board.edges(then, &mut edges);
        let lived = fetched.and_then(|()| edges.iter().try_for_each(|edge| self.edge(edge)));
        edges.clear();
        self.edges = edges;
        lived?;
        while let Some(bytes) = next() {
            self.session.receive(&bytes, self.time(then));
            self.act(now)?;
        }
        if now.saturating_sub(self.looked) >= LOOK {
            self.looked = now;
            self.look(then)?;
        }
        if self.session.wants_levels() {
            self.know_all_levels()?;
        }
        self.session.step(self.time(then));
        self.act(now)
    }

    /// The session's time: since its boot, as on a board.
    fn time(&self, at: Micros) -> Micros {
        at.saturating_sub(self.booted)
    }

    fn edge(&mut self, edge: &Edge) -> Result<(), Trouble> {
        self.doubted[edge.input] = None;
        if edge.missed > 0 {
            self.missed = self.missed.saturating_add(edge.missed);
            // At rest an encoder may tremble faster than it is told; what counts is the way of a belt that runs.
            if self.runs() {
                self.session.edges_lost(edge.missed, self.time(edge.at));
                self.act(edge.at)?;
            }
        }
        match self.wires.change(edge.input, Some(edge.high)) {
            Some(said) => self.tell(said, edge.at),
            None => Ok(()),
        }
    }

    fn tell(&mut self, said: Said, at: Micros) -> Result<(), Trouble> {
        let time = self.time(at);
        match said {
            Said::Eye { eye, blocked } => self.session.raw_edge(eye, blocked, time),
            Said::Belt { segment, ticks } => self.session.encoder(segment, ticks, time),
            Said::Input { input, active } => self.session.input(input, active, time),
            Said::Gate(position) => self.session.gate_feedback(position_of(position), time),
        }
        self.act(at)
    }

    /// Copies the outputs to the pins. `cause`: when that happened which they follow from.
    fn act(&mut self, cause: Micros) -> Result<(), Trouble> {
        let outputs = self.session.outputs();
        let late = self.board.now().saturating_sub(cause);
        if outputs.gate_release != self.shown.gate_release && late > self.limits.jitter {
            return Err(Trouble::Late(late));
        }
        self.shown = outputs;
        let show =
            Show { belt: outputs.belt_permit, release: outputs.gate_release, signal: signal(self.kind, &outputs) };
        self.wires.show(show, self.board.now())
    }

    /// Compares every line with the last that was told of it. One look may see an edge that is still on its way; what two
    /// looks see alike, and no edge told, is so.
    fn look(&mut self, then: Micros) -> Result<(), Trouble> {
        let mut levels = vec![None; self.wires.lines()];
        self.board.levels(&mut levels);
        for (line, level) in levels.into_iter().enumerate() {
            if level == self.wires.level(line) {
                self.doubted[line] = None;
            } else if self.doubted[line].replace(level) == Some(level) {
                self.doubted[line] = None;
                if let Some(said) = self.wires.change(line, level) {
                    self.tell(said, then)?;
                }
            }
        }
        Ok(())
    }

    fn know_all_levels(&mut self) -> Result<(), Trouble> {
        let now = self.board.now();
        let mut levels = vec![None; self.wires.lines()];
        self.board.levels(&mut levels);
        self.wires.set_all(&levels);
        self.wires.all().into_iter().try_for_each(|said| self.tell(said, now))
    }

    /// As a microcontroller after its watchdog: what was kept is kept, nothing else.
    fn begin_anew(&mut self, late: Micros) -> Result<(), Trouble> {
        self.restarts = self.restarts.saturating_add(1);
        self.late = late;
        // What waits in the queue happened in the life that ended.
        self.board.edges(Micros::MAX, &mut self.edges)?;
        self.edges.clear();
        let now = self.board.now();
        let first = Session::new(Box::new(Kept::new()), BootCause::Other, self.about.clone());
        if let Some(kept) = core::mem::replace(&mut self.session, first).into_kept() {
            self.session = Session::new(kept, BootCause::Watchdog, self.about.clone());
        }
        (self.booted, self.turned) = (now, now);
        self.shown = self.session.outputs();
        self.act(now)?;
        self.know_all_levels()
    }
}

const fn position_of(position: Position) -> GatePosition {
    match position {
        Position::Exam => GatePosition::Exam,
        Position::Release => GatePosition::Release,
        Position::Between => GatePosition::Between,
    }
}

/// The stack light. On a hand-fed lane green is the permit and nothing else: dark is exam.
fn signal(kind: LaneKind, outputs: &Outputs) -> Signal {
    let light = |on: bool| if on { Light::On } else { Light::Off };
    let lamp = outputs.lamp;
    let red = if lamp == Lamp::RedBlinking { Light::Blinking } else { light(lamp == Lamp::Red) };
    let green = if kind == LaneKind::HandFed { outputs.gate_release } else { lamp == Lamp::Green };
    Signal { red, amber: light(lamp == Lamp::Amber), green: light(green), buzzer: light(outputs.buzzer) }
}
