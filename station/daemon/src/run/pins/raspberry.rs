//! A Raspberry Pi. The one file that names `rppal`.
//!
//! Lines are BCM numbers. Edges are the kernel's, stamped in the interrupt by the monotonic clock and queued for each
//! line by itself, without a number that counted interrupts: of an encoder, a missing edge shows only where the same level
//! comes twice. Order is [`Merge`]'s. Levels are read from the chip's registers.

use std::collections::BTreeMap;
use std::time::Duration;

use gatepost_hardware::units::Micros;
use rppal::gpio::{Error, Gpio, InputPin, OutputPin, Trigger};

use super::board::{Board, Edge, Opened, Plan, Trouble, encoder, rest};
use super::chip;
use super::merge::{HOLD, Merge};
use crate::config::pins::fit::QUEUE_EDGES;
use crate::config::pins::{Bias, Line, Pin, PinsConfig, Role};

pub struct Raspberry {
    gpio: Gpio,
    inputs: Vec<InputPin>,
    /// By BCM number: the index into `inputs`.
    lines: BTreeMap<u8, usize>,
    /// By input: an encoder's line, whose queue it is.
    encoders: Vec<bool>,
    merge: Merge,
}

/// Opens the lines: outputs first, so that nothing floats while the rest is asked for.
///
/// # Errors
/// [`Trouble::Gone`] with the line at fault and what to do.
pub fn open(pins: &PinsConfig, plan: &Plan) -> Result<Opened<Raspberry, OutputPin>, Trouble> {
    let gpio = Gpio::new().map_err(|error| refused(&error))?;
    let get = |(role, pin): &(Role, Pin)| {
        let number = match pin.line {
            Line::Number(number) => u8::try_from(number).ok(),
            Line::Name(_) => None,
        };
        let place = pins.place(pin);
        let number = number.ok_or_else(|| {
            Trouble::Gone(format!("{place}: {role} = {}: write the line's BCM number, 0 to 27", pin.line))
        })?;
        gpio.get(number).map_err(|error| match error {
            Error::PinUsed(_) | Error::PinNotAvailable(_) => {
                Trouble::Gone(format!("{place}: {role}: {error}; `pinout` shows this board's lines"))
            }
            other => refused(&other),
        })
    };
    let mut outputs = Vec::new();
    for wire in &plan.outputs {
        let pin = get(wire)?;
        outputs.push(if rest(&wire.1) { pin.into_output_high() } else { pin.into_output_low() });
    }
    let (mut inputs, mut lines) = (Vec::new(), BTreeMap::new());
    for wire in &plan.inputs {
        let pin = get(wire)?;
        lines.insert(pin.pin(), inputs.len());
        let mut input = match wire.1.bias {
            Bias::Unchanged | Bias::Off => pin.into_input(),
            Bias::PullUp => pin.into_input_pullup(),
            Bias::PullDown => pin.into_input_pulldown(),
        };
        input.set_interrupt(Trigger::Both, None).map_err(|error| refused(&error))?;
        inputs.push(input);
    }
    let encoders = plan.inputs.iter().map(|(role, _)| encoder(role).is_some()).collect();
    let merge = Merge::new(inputs.len(), inputs.len());
    Ok(Opened { board: Raspberry { gpio, inputs, lines, encoders, merge }, outputs })
}

impl Raspberry {
    /// Fetches one edge, waiting for it at most so long.
    fn fetch(&mut self, longest: Duration) -> Result<bool, Trouble> {
        let inputs: Vec<&InputPin> = self.inputs.iter().collect();
        let (number, event) = match self.gpio.poll_interrupts(&inputs, false, Some(longest)) {
            Ok(Some((input, event))) => (input.pin(), event),
            Ok(None) => return Ok(false),
            Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::Interrupted => return Ok(false),
            Err(error) => return Err(refused(&error)),
        };
        let Some(&input) = self.lines.get(&number) else { return Ok(true) };
        let at = Micros(u64::try_from(event.timestamp.as_micros()).unwrap_or(u64::MAX));
        let edge = Edge { at, input, high: event.trigger == Trigger::RisingEdge, missed: 0 };
        match self.encoders[input] {
            true => self.merge.encoder(edge, input, event.seqno),
            false => self.merge.contact(edge),
        }
        Ok(true)
    }
}

impl Board for Raspberry {
    fn now(&self) -> Micros {
        chip::now()
    }

    fn wait(&mut self, longest: Duration) -> Result<(), Trouble> {
        let longest = if self.merge.holds() { Duration::from_micros(HOLD.0) } else { longest };
        self.fetch(longest).map(drop)
    }

    fn edges(&mut self, until: Micros, edges: &mut Vec<Edge>) -> Result<(), Trouble> {
        // Not more than the queues held when it began: a line that never rests must not hold the loop.
        for _ in 0..QUEUE_EDGES {
            if !self.fetch(Duration::ZERO)? {
                break;
            }
        }
        self.merge.tell(until, edges);
        Ok(())
    }

    fn levels(&mut self, levels: &mut [Option<bool>]) {
        for (level, input) in levels.iter_mut().zip(&self.inputs) {
            *level = Some(input.is_high());
        }
    }
}

fn refused(error: &Error) -> Trouble {
    let next = match error {
        Error::UnknownModel => {
            "this is no Raspberry Pi that rppal knows: write driver = \"gpiocdev\" with its chip, or connect a microcontroller \
             with lane.controller"
        }
        Error::PermissionDenied(_) => "run as the station's user, or add it to group gpio",
        _ => "see the board's log; another program may hold the line",
    };
    Trouble::Gone(format!("the Raspberry Pi's pins cannot be used ({error}); {next}"))
}
