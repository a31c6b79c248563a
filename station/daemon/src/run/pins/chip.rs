//! Any board with Linux's GPIO character device. The one file that names `gpiocdev`.
//!
//! The kernel stamps each edge with its monotonic clock in the interrupt and queues it, so that a late loop still knows
//! when. Debouncing is left to the firmware: the kernel's would move the edge. Each encoder is a request of its own, whose
//! numbering counts interrupts and so shows what is missing; all else of a chip is another. Order is [`Merge`]'s.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use embedded_hal::digital::{Error, ErrorKind, ErrorType, OutputPin, PinState};
use gatepost_hardware::units::Micros;
use gpiocdev::line::{self, EdgeDetection, EdgeEvent, EdgeKind, EventClock, Offset, Value, Values};
use gpiocdev::request::Request;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::board::{Board, Edge, Opened, Plan, Trouble, encoder, rest};
use super::merge::{HOLD, Merge};
use crate::config::pins::fit::QUEUE_EDGES;
use crate::config::pins::{Bias, Line, Pin, PinsConfig, Role};

/// Who holds the lines, as `gpioinfo` shows it.
const CONSUMER: &str = "gatepost";
/// Edges fetched with one system call.
const BATCH: usize = 64;

pub struct ChipBoard {
    requests: Vec<Inputs>,
    buffer: Vec<u64>,
    merge: Merge,
}

/// One encoder's lines, or all contacts of a chip.
struct Inputs {
    request: Request,
    /// An encoder's queue in the merge.
    queue: Option<usize>,
    /// By offset: the index into [`Plan::inputs`].
    index: BTreeMap<Offset, usize>,
}

pub struct ChipOutput {
    request: Rc<Request>,
    offset: Offset,
}

/// The system's words for a line that did not take a level.
#[derive(Debug)]
pub struct Refused(pub gpiocdev::Error);

impl Error for Refused {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}
impl ErrorType for ChipOutput {
    type Error = Refused;
}
impl OutputPin for ChipOutput {
    fn set_low(&mut self) -> Result<(), Refused> {
        self.set_state(PinState::Low)
    }
    fn set_high(&mut self) -> Result<(), Refused> {
        self.set_state(PinState::High)
    }
    fn set_state(&mut self, state: PinState) -> Result<(), Refused> {
        self.request.set_value(self.offset, value(state == PinState::High)).map_err(Refused)
    }
}

/// Opens the lines: outputs first, so that nothing floats while the rest is asked for.
///
/// # Errors
/// [`Trouble::Gone`] with the line at fault and what to do.
pub fn open(pins: &PinsConfig, plan: &Plan) -> Result<Opened<ChipBoard, ChipOutput>, Trouble> {
    let mut places = BTreeMap::new();
    let mut place = |(role, pin): &(Role, Pin)| -> Result<(PathBuf, Offset), Trouble> {
        let found = find(pins, role, pin)?;
        match places.insert(found.clone(), role.clone()) {
            Some(other) => gone(format!("{}: {role}: line {} is {other} already", pins.place(pin), pin.line)),
            None => Ok(found),
        }
    };
    let outputs = plan.outputs.iter().map(&mut place).collect::<Result<Vec<_>, _>>()?;
    let inputs = plan.inputs.iter().map(&mut place).collect::<Result<Vec<_>, _>>()?;
    let mut held = BTreeMap::new();
    for (chip, lines) in by_chip(&outputs) {
        let mut builder = Request::builder();
        builder.on_chip(&chip).with_consumer(CONSUMER);
        for (offset, index) in lines {
            builder.with_line(offset).as_output(value(rest(&plan.outputs[index].1)));
        }
        let request = builder.request().map_err(|error| refused(&chip, &error))?;
        held.insert(chip, Rc::new(request));
    }
    let outputs =
        outputs.iter().map(|(chip, offset)| ChipOutput { request: Rc::clone(&held[chip]), offset: *offset }).collect();
    let mut requests = Vec::new();
    for ((chip, encoder), lines) in by_encoder(&inputs, plan) {
        let mut builder = Request::builder();
        builder.on_chip(&chip).with_consumer(CONSUMER).with_kernel_event_buffer_size(QUEUE_EDGES);
        for (&offset, &index) in &lines {
            builder
                .with_line(offset)
                .with_edge_detection(EdgeDetection::BothEdges)
                .with_event_clock(EventClock::Monotonic)
                .with_bias(bias(plan.inputs[index].1.bias));
        }
        let request = builder.request().map_err(|error| refused(&chip, &error))?;
        let queue = encoder.map(|_| requests.len());
        requests.push(Inputs { request, queue, index: lines });
    }
    let words = requests.first().map_or(1, |inputs| inputs.request.edge_event_u64_size());
    let merge = Merge::new(inputs.len(), requests.len());
    let board = ChipBoard { requests, buffer: vec![0; words * BATCH], merge };
    Ok(Opened { board, outputs })
}

impl Board for ChipBoard {
    fn now(&self) -> Micros {
        now()
    }

    fn wait(&mut self, longest: Duration) -> Result<(), Trouble> {
        if self.merge.holds() {
            // What is held is due within the shortest wait; new edges can wait as long.
            return pause();
        }
        let mut waits: Vec<_> =
            self.requests.iter().map(|inputs| PollFd::new(&inputs.request, PollFlags::IN)).collect();
        let longest = Timespec { tv_sec: 0, tv_nsec: longest.subsec_nanos().into() };
        match poll(&mut waits, Some(&longest)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => gone(format!("the chip's edges cannot be waited for ({error}); see the board's log")),
        }
    }

    fn edges(&mut self, until: Micros, edges: &mut Vec<Edge>) -> Result<(), Trouble> {
        for inputs in &self.requests {
            inputs.fetch(&mut self.buffer, &mut self.merge)?;
        }
        self.merge.tell(until, edges);
        Ok(())
    }

    fn levels(&mut self, levels: &mut [Option<bool>]) {
        for Inputs { request, index, .. } in &self.requests {
            let mut values = Values::from_offsets(&index.keys().copied().collect::<Vec<_>>());
            let read = request.values(&mut values).is_ok();
            for (&offset, &input) in index {
                levels[input] = values.get(offset).filter(|_| read).map(|value| value == Value::Active);
            }
        }
    }
}

impl Inputs {
    fn fetch(&self, buffer: &mut [u64], merge: &mut Merge) -> Result<(), Trouble> {
        let gone = |error| Trouble::Gone(format!("the chip went away ({error}); see the board's log"));
        let words = self.request.edge_event_u64_size();
        // Not more than the queue held when it began: a line that never rests must not hold the loop.
        for _ in 0..QUEUE_EDGES as usize / BATCH {
            if !self.request.has_edge_event().map_err(gone)? {
                break;
            }
            let filled = self.request.read_edge_events_into_slice(buffer).map_err(gone)?;
            for event in buffer[..filled].chunks_exact(words) {
                let EdgeEvent { timestamp_ns, kind, offset, seqno, .. } =
                    self.request.edge_event_from_slice(event).map_err(gone)?;
                let Some(&input) = self.index.get(&offset) else { continue };
                let at = Micros(timestamp_ns / 1_000);
                let edge = Edge { at, input, high: kind == EdgeKind::Rising, missed: 0 };
                match self.queue {
                    Some(queue) => merge.encoder(edge, queue, seqno),
                    None => merge.contact(edge),
                }
            }
        }
        Ok(())
    }
}

/// Lets the shortest wait go by.
fn pause() -> Result<(), Trouble> {
    let half = Timespec { tv_sec: 0, tv_nsec: (HOLD.0 * 500) as i64 };
    match poll(&mut [], Some(&half)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => gone(format!("this machine's clock cannot be waited for ({error}); see the board's log")),
    }
}

/// The clock by which the kernel stamps edges.
pub fn now() -> Micros {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    Micros(seconds * 1_000_000 + u64::try_from(now.tv_nsec).unwrap_or(0) / 1_000)
}

/// Chip and offset of a line.
fn find(pins: &PinsConfig, role: &Role, pin: &Pin) -> Result<(PathBuf, Offset), Trouble> {
    let place = pins.place(pin);
    let name = match (&pins.chip, &pin.line) {
        (Some(chip), Line::Number(number)) => return Ok((chip.clone(), *number)),
        (None, Line::Number(number)) => return gone(format!("{place}: {role} = {number}: add lane.pins.chip")),
        (_, Line::Name(name)) => name,
    };
    let look = "`gpioinfo` lists what there is";
    match &pins.chip {
        Some(path) => {
            let chip = gpiocdev::Chip::from_path(path).map_err(|error| refused(path, &error))?;
            match chip.find_line_info(name) {
                Some(info) => Ok((path.clone(), info.offset)),
                None => gone(format!("{place}: {role}: {} has no line \"{name}\"; {look}", path.display())),
            }
        }
        None => match gpiocdev::find_named_lines(&[name.as_str()], true) {
            Ok(mut found) => match found.remove(name.as_str()) {
                Some(found) => Ok((found.chip, found.info.offset)),
                None => gone(format!("{place}: {role}: no chip has a line \"{name}\"; {look}")),
            },
            Err(gpiocdev::Error::NonuniqueLineName(_)) => {
                gone(format!("{place}: {role}: several chips have a line \"{name}\"; name lane.pins.chip"))
            }
            Err(error) => Err(refused(Path::new("/dev/gpiochip*"), &error)),
        },
    }
}

/// By chip and encoder, by offset, the index.
fn by_encoder(
    lines: &[(PathBuf, Offset)],
    plan: &Plan,
) -> BTreeMap<(PathBuf, Option<String>), BTreeMap<Offset, usize>> {
    let mut requests: BTreeMap<_, BTreeMap<Offset, usize>> = BTreeMap::new();
    for (index, (chip, offset)) in lines.iter().enumerate() {
        let encoder = encoder(&plan.inputs[index].0).map(str::to_owned);
        requests.entry((chip.clone(), encoder)).or_default().insert(*offset, index);
    }
    requests
}

/// By chip, by offset, the index.
fn by_chip(lines: &[(PathBuf, Offset)]) -> BTreeMap<PathBuf, BTreeMap<Offset, usize>> {
    let mut chips: BTreeMap<PathBuf, BTreeMap<Offset, usize>> = BTreeMap::new();
    for (index, (chip, offset)) in lines.iter().enumerate() {
        chips.entry(chip.clone()).or_default().insert(*offset, index);
    }
    chips
}

fn refused(chip: &Path, error: &gpiocdev::Error) -> Trouble {
    let (shown, says) = (chip.display(), error.to_string());
    let next = if says.contains("ermission") {
        "run as the station's user, or add it to group gpio"
    } else if says.contains("busy") {
        "another program or the kernel holds a line: `gpioinfo` says which"
    } else {
        "`gpiodetect` lists the chips of this board; without one, connect a microcontroller with lane.controller"
    };
    Trouble::Gone(format!("{shown} cannot be used ({says}); {next}"))
}

fn gone<T>(says: String) -> Result<T, Trouble> {
    Err(Trouble::Gone(says))
}

const fn value(high: bool) -> Value {
    if high { Value::Active } else { Value::Inactive }
}

const fn bias(bias: Bias) -> Option<line::Bias> {
    match bias {
        Bias::Unchanged => None,
        Bias::Off => Some(line::Bias::Disabled),
        Bias::PullUp => Some(line::Bias::PullUp),
        Bias::PullDown => Some(line::Bias::PullDown),
    }
}
