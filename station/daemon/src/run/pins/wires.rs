//! The lane's devices on a board's lines: which line is which eye, encoder, input or switch, and what each output is.
//!
//! Built once from the configuration and the lane's map. It knows roles and polarities and no lane controller: an edge
//! goes in, what it says of the lane comes out.

use embedded_hal::digital::OutputPin;
use gatepost_hardware::beacon::{Beacon, Light, Signal};
use gatepost_hardware::diverter::{Diverter, Feedback, Position};
use gatepost_hardware::encoder::Quadrature;
use gatepost_hardware::eye::Eye;
use gatepost_hardware::lane::LaneMap;
use gatepost_hardware::link::Input;
use gatepost_hardware::pin::{Coil, Contact, Polarity};
use gatepost_hardware::units::Micros;

use super::board::{Absent, Latch, Lead, Plan, Trouble};
use crate::config::pins::{OutputRole, Pin, Role};

/// What the lines say of the lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    Eye { eye: u8, blocked: bool },
    Belt { segment: u8, ticks: i32 },
    Input { input: Input, active: bool },
    Gate(Position),
}

/// A line's place among the devices.
#[derive(Clone, Copy, Debug)]
enum Wired {
    Eye(usize),
    Encoder(usize),
    Input(usize),
    Feedback,
    /// Of a part that the lane's map does not have.
    Nothing,
}

pub struct Wires<O> {
    latches: Vec<Latch>,
    wired: Vec<Wired>,
    eyes: Vec<(u8, Eye<Latch>)>,
    encoders: Vec<(u8, Quadrature<Latch, Latch>)>,
    inputs: Vec<(Input, Contact<Latch>)>,
    diverter: Diverter<Lead<O>, Latch, Latch>,
    belt: Coil<Lead<O>>,
    alive: Coil<Lead<O>>,
    beacon: Beacon<Lead<O>, Lead<O>, Lead<O>, Lead<O>>,
}

/// What the outputs shall show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Show {
    pub belt: bool,
    pub release: bool,
    pub signal: Signal,
}

impl Wires<Absent> {
    /// The inputs alone, for one who only watches.
    ///
    /// # Errors
    /// None that could happen: there is no output.
    pub fn watching(plan: &Plan, map: &LaneMap) -> Result<Self, Trouble> {
        let plan = Plan { outputs: Vec::new(), ..plan.clone() };
        Self::new(&plan, Vec::new(), map)
    }
}

impl<O: OutputPin> Wires<O> {
    /// Every output at rest, every input unknown.
    ///
    /// # Errors
    /// [`Trouble::Output`]: which output cannot be brought to rest.
    pub fn new(plan: &Plan, outputs: Vec<O>, map: &LaneMap) -> Result<Self, Trouble> {
        let latches: Vec<Latch> = plan.inputs.iter().map(|_| Latch::default()).collect();
        let wire = |wanted: &Role| {
            let index = plan.inputs.iter().position(|(role, _)| role == wanted);
            // A line that is not there can never be read.
            index.map_or((Latch::default(), Polarity::ActiveHigh), |index| {
                (latches[index].clone(), plan.inputs[index].1.polarity)
            })
        };
        let mut leads: Vec<(OutputRole, &Pin, O)> = Vec::new();
        for ((role, pin), output) in plan.outputs.iter().zip(outputs) {
            if let Role::Output(role) = role {
                leads.push((*role, pin, output));
            }
        }
        let mut lead = |wanted: OutputRole| {
            let found = leads.iter().position(|(role, ..)| *role == wanted).map(|index| leads.remove(index));
            found.map_or((Lead(None), Polarity::ActiveHigh), |(_, pin, output)| (Lead(Some(output)), pin.polarity))
        };
        let mut coil = |wanted: OutputRole| {
            let (lead, polarity) = lead(wanted);
            Coil::new(lead, polarity).map_err(|_| Trouble::Output(wanted.name()))
        };
        let belt = coil(OutputRole::Belt)?;
        let alive = coil(OutputRole::Alive)?;
        let (red, amber) = (coil(OutputRole::Red)?, coil(OutputRole::Amber)?);
        let (green, buzzer) = (coil(OutputRole::Green)?, coil(OutputRole::Buzzer)?);
        let (gate, polarity) = lead(OutputRole::Gate);
        let feedback = Feedback::new(wire(&Role::FeedbackExam), wire(&Role::FeedbackRelease));
        let diverter = Diverter::new(gate, polarity, feedback).map_err(|_| Trouble::Output(OutputRole::Gate.name()))?;
        let mut wires = Self {
            wired: Vec::new(),
            eyes: eyes(map, &wire),
            encoders: encoders(map, &wire),
            inputs: inputs(plan, &wire),
            diverter,
            belt,
            alive,
            beacon: Beacon::new(red, amber, green, buzzer),
            latches,
        };
        wires.wired = plan.inputs.iter().map(|(role, _)| wires.place(role, map)).collect();
        Ok(wires)
    }

    fn place(&self, role: &Role, map: &LaneMap) -> Wired {
        let found = match role {
            Role::Eye(name) => map.eyes.iter().position(|eye| eye.name == name.as_str()).map(Wired::Eye),
            Role::EncoderA(name) | Role::EncoderB(name) => {
                let segment = map.segments.iter().position(|belt| belt.name == name.as_str());
                let index = self.encoders.iter().position(|(of, _)| segment == Some(usize::from(*of)));
                index.map(Wired::Encoder)
            }
            Role::Input(input) => self.inputs.iter().position(|(of, _)| of == input).map(Wired::Input),
            Role::FeedbackExam | Role::FeedbackRelease => Some(Wired::Feedback),
            Role::Output(_) => None,
        };
        found.unwrap_or(Wired::Nothing)
    }

    /// A line changed, or became unreadable: what that says. Nothing when it says nothing new of the lane.
    pub fn change(&mut self, line: usize, level: Option<bool>) -> Option<Said> {
        self.latches.get(line)?.set(level);
        match *self.wired.get(line)? {
            Wired::Eye(eye) => {
                let (eye, driver) = self.eyes.get_mut(eye)?;
                Some(Said::Eye { eye: *eye, blocked: driver.read().blocked })
            }
            Wired::Encoder(encoder) => {
                let (segment, driver) = self.encoders.get_mut(encoder)?;
                // Unreadable is counted by the driver; a belt that gives no pulses is the firmware's to stop.
                let ticks = driver.step().unwrap_or(0);
                (ticks != 0).then_some(Said::Belt { segment: *segment, ticks })
            }
            Wired::Input(input) => {
                let (input, driver) = self.inputs.get_mut(input)?;
                Some(Said::Input { input: *input, active: driver.read().active })
            }
            Wired::Feedback => Some(Said::Gate(self.diverter.position().position)),
            Wired::Nothing => None,
        }
    }

    /// The level that was last said of a line.
    pub fn level(&self, line: usize) -> Option<bool> {
        self.latches.get(line).and_then(Latch::get)
    }

    pub const fn lines(&self) -> usize {
        self.latches.len()
    }

    /// Takes every line's level without calling it a change.
    pub fn set_all(&mut self, levels: &[Option<bool>]) {
        self.latches.iter().zip(levels).for_each(|(latch, level)| latch.set(*level));
    }

    /// Everything the lines say now, as if all had just changed. Encoders only find their place.
    pub fn all(&mut self) -> Vec<Said> {
        for (_, encoder) in &mut self.encoders {
            let _place = encoder.step();
        }
        let eyes = self.eyes.iter_mut().map(|(eye, driver)| Said::Eye { eye: *eye, blocked: driver.read().blocked });
        let mut all: Vec<Said> = eyes.collect();
        let inputs = self.inputs.iter_mut();
        all.extend(inputs.map(|(input, driver)| Said::Input { input: *input, active: driver.read().active }));
        all.push(Said::Gate(self.diverter.position().position));
        all
    }

    /// Jumps that the encoders could not count since start, by segment.
    pub fn illegal(&self) -> Vec<(u8, u32)> {
        self.encoders.iter().map(|(segment, encoder)| (*segment, encoder.illegal())).collect()
    }

    /// Copies to the pins; what stops first.
    ///
    /// # Errors
    /// [`Trouble::Output`] when belt or diverter cannot be written; all others were tried all the same.
    pub fn show(&mut self, show: Show, now: Micros) -> Result<(), Trouble> {
        let belt = self.belt.set(show.belt).map_err(|_| Trouble::Output(OutputRole::Belt.name()));
        let gate = self.diverter.set(show.release).map_err(|_| Trouble::Output(OutputRole::Gate.name()));
        // A dead lamp stops no lane: the other lamps, the page and the belts say what there is to say.
        let _dark = self.beacon.show(show.signal, now);
        belt.and(gate)
    }

    /// Turns the level at the dead-man relay.
    ///
    /// # Errors
    /// [`Trouble::Output`]: the relay will let go.
    pub fn beat(&mut self) -> Result<(), Trouble> {
        let level = self.alive.shows() != Some(true);
        self.alive.set(level).map_err(|_| Trouble::Output(OutputRole::Alive.name()))
    }

    /// Everything at rest, as far as it can be written.
    pub fn rest(&mut self) {
        let red = Signal { red: Light::On, ..Signal::default() };
        let _as_far = self.show(Show { signal: red, ..Show::default() }, Micros::ZERO);
        let _as_far = self.alive.set(false);
    }
}

type Wire<'a> = dyn Fn(&Role) -> (Latch, Polarity) + 'a;

fn eyes(map: &LaneMap, wire: &Wire<'_>) -> Vec<(u8, Eye<Latch>)> {
    let eyes = map.eyes.iter().map(|eye| wire(&Role::Eye(eye.name.as_str().to_owned())));
    (0..).zip(eyes).map(|(index, (latch, polarity))| (index, Eye::new(latch, polarity))).collect()
}

fn encoders(map: &LaneMap, wire: &Wire<'_>) -> Vec<(u8, Quadrature<Latch, Latch>)> {
    let counted = (0..).zip(&map.segments).filter(|(_, belt)| belt.encoder);
    counted
        .map(|(segment, belt)| {
            let name = belt.name.as_str().to_owned();
            let ((a, turned), (b, also)) = (wire(&Role::EncoderA(name.clone())), wire(&Role::EncoderB(name)));
            // One inverted channel turns the direction round: as swapped wires do.
            let encoder = if turned == also { Quadrature::new(a, b) } else { Quadrature::new(b, a) };
            (segment, encoder)
        })
        .collect()
}

fn inputs(plan: &Plan, wire: &Wire<'_>) -> Vec<(Input, Contact<Latch>)> {
    let wired = plan.inputs.iter().filter_map(|(role, _)| match role {
        Role::Input(input) => Some(*input),
        _ => None,
    });
    wired
        .map(|input| {
            let (latch, polarity) = wire(&Role::Input(input));
            // The reset starts something; all others stop something.
            let contact = if input == Input::Reset {
                Contact::permitting(latch, polarity)
            } else {
                Contact::stopping(latch, polarity)
            };
            (input, contact)
        })
        .collect()
}
