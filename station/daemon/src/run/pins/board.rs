//! What a lane controller needs of a board: a clock, edges with the time at which they happened, levels, outputs.
//!
//! Each driver ([`super::chip`], [`super::raspberry`]) is one implementation, and a test's fake is another. Levels are
//! electrical here; what they mean is the drivers' of `gatepost_hardware`, who see them through [`Latch`]: an input pin
//! that shows the level of the last edge told, so that edges which waited are lived through one by one, in order.

use std::cell::Cell;
use std::convert::Infallible;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use embedded_hal::digital::{Error, ErrorKind, ErrorType, InputPin, OutputPin, PinState};
use gatepost_hardware::pin::Polarity;
use gatepost_hardware::units::Micros;

use crate::config::pins::{Pin, PinsConfig, Role};

/// The inputs of one lane on an opened board.
pub trait Board {
    /// The monotonic clock by which edges are stamped.
    fn now(&self) -> Micros;
    /// Waits until an input changed, at most this long. Less is no fault.
    ///
    /// # Errors
    /// [`Trouble`]: nothing of this board is to be believed any more.
    fn wait(&mut self, longest: Duration) -> Result<(), Trouble>;
    /// Takes every edge that happened until then, oldest first. Ask for what is at least [`super::merge::HOLD`] old: the
    /// ways of edges differ.
    ///
    /// # Errors
    /// [`Trouble`]: nothing of this board is to be believed any more.
    fn edges(&mut self, until: Micros, edges: &mut Vec<Edge>) -> Result<(), Trouble>;
    /// Reads every input as it is now, by the order of [`Plan::inputs`]; nothing where it cannot be read.
    fn levels(&mut self, levels: &mut [Option<bool>]);
}

/// A board, and its outputs by the order of [`Plan::outputs`].
pub struct Opened<B, O> {
    pub board: B,
    pub outputs: Vec<O>,
}

/// An input changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// When it did, by the board's clock.
    pub at: Micros,
    /// Index into [`Plan::inputs`].
    pub input: usize,
    pub high: bool,
    /// Edges of the same encoder that are missing before this one.
    pub missed: u32,
}

/// Why a board cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It could not be opened, or went away: what, and what to do.
    Gone(String),
    /// The loop was late with something that may not be late, by so much.
    Late(Micros),
    /// An output that must be believed cannot be written.
    Output(&'static str),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone(says) => f.write_str(says),
            Self::Late(late) => write!(
                f,
                "the loop was {} ms late; look what else runs on this machine, raise lane.pins.jitter_ms as far as `gatepost \
                 check` lets you, or take a microcontroller",
                late.as_ms()
            ),
            Self::Output(which) => {
                write!(
                    f,
                    "output.{which} cannot be written; check that nothing else holds the line, and the board's log"
                )
            }
        }
    }
}

/// Which lines to open.
#[derive(Clone, Debug)]
pub struct Plan {
    pub inputs: Vec<(Role, Pin)>,
    /// Outputs start inactive.
    pub outputs: Vec<(Role, Pin)>,
}

impl Plan {
    pub fn of(pins: &PinsConfig) -> Self {
        let all = pins.pins().into_iter().map(|(role, pin)| (role, pin.clone()));
        let (outputs, inputs) = all.partition(|(role, _)| role.is_output());
        Self { inputs, outputs }
    }
}

/// Whose edges must not be missed: the name of an encoder.
pub fn encoder(role: &Role) -> Option<&str> {
    match role {
        Role::EncoderA(name) | Role::EncoderB(name) => Some(name),
        _ => None,
    }
}

/// The level at which an output is inactive: true is high.
pub fn rest(pin: &Pin) -> bool {
    pin.polarity == Polarity::ActiveLow
}

/// The level of an input as the last edge told it; unreadable until one did.
#[derive(Clone, Debug, Default)]
pub struct Latch(Rc<Cell<Option<bool>>>);

/// A line that cannot be read now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown;

impl Latch {
    pub fn set(&self, level: Option<bool>) {
        self.0.set(level);
    }
    pub fn get(&self) -> Option<bool> {
        self.0.get()
    }
}

impl Error for Unknown {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}
impl ErrorType for Latch {
    type Error = Unknown;
}
impl InputPin for Latch {
    fn is_high(&mut self) -> Result<bool, Unknown> {
        self.get().ok_or(Unknown)
    }
    fn is_low(&mut self) -> Result<bool, Unknown> {
        self.is_high().map(|high| !high)
    }
}

/// The output of a board on which nothing is driven: there is none.
#[derive(Debug)]
pub enum Absent {}

impl ErrorType for Absent {
    type Error = Infallible;
}
impl OutputPin for Absent {
    fn set_low(&mut self) -> Result<(), Infallible> {
        match *self {}
    }
    fn set_high(&mut self) -> Result<(), Infallible> {
        match *self {}
    }
}

/// An output that this lane may not have: then whatever is said to it is well.
#[derive(Debug)]
pub struct Lead<O>(pub Option<O>);

impl<O: OutputPin> ErrorType for Lead<O> {
    type Error = O::Error;
}
impl<O: OutputPin> OutputPin for Lead<O> {
    fn set_low(&mut self) -> Result<(), O::Error> {
        self.set_state(PinState::Low)
    }
    fn set_high(&mut self) -> Result<(), O::Error> {
        self.set_state(PinState::High)
    }
    fn set_state(&mut self, state: PinState) -> Result<(), O::Error> {
        self.0.as_mut().map_or(Ok(()), |output| output.set_state(state))
    }
}
