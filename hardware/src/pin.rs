//! One wire with its polarity: what a level means, and what it means when it cannot be read.
//!
//! It stands alone so that "high" and "low" end here: everything above says *active*. It keeps no time and debounces
//! nothing (the firmware does, with the lane's own figures), and it never answers "I don't know": an input that cannot
//! be read has the meaning that stops the lane, beside the error.

use embedded_hal::digital::{InputPin, OutputPin, PinState};

/// Which electrical level means *active*.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Polarity {
    #[default]
    ActiveHigh,
    ActiveLow,
}

impl Polarity {
    /// Whether a level means active.
    pub const fn active(self, high: bool) -> bool {
        matches!(self, Self::ActiveHigh) == high
    }
    /// The level that says it.
    pub fn level(self, active: bool) -> PinState {
        PinState::from(matches!(self, Self::ActiveHigh) == active)
    }
}

/// What was read, or what stands in for it and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Sensed<E> {
    pub active: bool,
    /// The pin could not be read: `active` is then the safe meaning, not a measurement.
    pub error: Option<E>,
}

/// An input of one wire.
#[derive(Clone, Debug)]
pub struct Contact<P> {
    pin: P,
    polarity: Polarity,
    in_doubt: bool,
}

impl<P: InputPin> Contact<P> {
    /// An input whose activity stops the lane (e-stop, guard, full chute, a blocked eye): unreadable is active.
    pub const fn stopping(pin: P, polarity: Polarity) -> Self {
        Self { pin, polarity, in_doubt: true }
    }

    /// An input whose activity lets something happen (the local reset, a diverter's end switch): unreadable is inactive.
    pub const fn permitting(pin: P, polarity: Polarity) -> Self {
        Self { pin, polarity, in_doubt: false }
    }

    pub fn read(&mut self) -> Sensed<P::Error> {
        match self.pin.is_high() {
            Ok(high) => Sensed { active: self.polarity.active(high), error: None },
            Err(error) => Sensed { active: self.in_doubt, error: Some(error) },
        }
    }

    pub fn release(self) -> P {
        self.pin
    }
}

/// An output of one wire, which starts inactive and is written when it changes, or when the last write failed.
#[derive(Clone, Debug)]
pub struct Coil<P> {
    pin: P,
    polarity: Polarity,
    /// What the pin is known to show.
    shows: Option<bool>,
}

impl<P: OutputPin> Coil<P> {
    /// Drives the pin inactive.
    ///
    /// # Errors
    /// The pin's own: nothing is known of what it shows.
    pub fn new(pin: P, polarity: Polarity) -> Result<Self, P::Error> {
        let mut coil = Self { pin, polarity, shows: None };
        coil.set(false)?;
        Ok(coil)
    }

    /// # Errors
    /// The pin's own: nothing is known of what it shows, and the next call writes again.
    pub fn set(&mut self, active: bool) -> Result<(), P::Error> {
        if self.shows == Some(active) {
            return Ok(());
        }
        self.shows = None;
        self.pin.set_state(self.polarity.level(active))?;
        self.shows = Some(active);
        Ok(())
    }

    /// What the pin shows; nothing after a write that failed.
    pub const fn shows(&self) -> Option<bool> {
        self.shows
    }

    pub fn release(self) -> P {
        self.pin
    }
}

#[cfg(test)]
pub mod fake {
    //! Pins of which a test holds the other end.

    use core::cell::Cell;
    use embedded_hal::digital::{ErrorKind, ErrorType, InputPin, OutputPin, PinState};

    /// A wire: its level, and whether it works.
    #[derive(Debug, Default)]
    pub struct Wire {
        pub high: Cell<bool>,
        pub broken: Cell<bool>,
        pub writes: Cell<u32>,
    }

    impl Wire {
        pub const fn at(high: bool) -> Self {
            Self { high: Cell::new(high), broken: Cell::new(false), writes: Cell::new(0) }
        }
        fn works(&self) -> Result<(), ErrorKind> {
            if self.broken.get() { Err(ErrorKind::Other) } else { Ok(()) }
        }
    }

    pub struct End<'a>(pub &'a Wire);

    impl ErrorType for End<'_> {
        type Error = ErrorKind;
    }
    impl InputPin for End<'_> {
        fn is_high(&mut self) -> Result<bool, ErrorKind> {
            self.0.works().map(|()| self.0.high.get())
        }
        fn is_low(&mut self) -> Result<bool, ErrorKind> {
            self.is_high().map(|high| !high)
        }
    }
    impl OutputPin for End<'_> {
        fn set_low(&mut self) -> Result<(), ErrorKind> {
            self.set_state(PinState::Low)
        }
        fn set_high(&mut self) -> Result<(), ErrorKind> {
            self.set_state(PinState::High)
        }
        fn set_state(&mut self, state: PinState) -> Result<(), ErrorKind> {
            self.0.works()?;
            self.0.writes.set(self.0.writes.get() + 1);
            self.0.high.set(state == PinState::High);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fake::{End, Wire};
    use super::*;
    use embedded_hal::digital::ErrorKind;

    #[test]
    fn a_wire_that_cannot_be_read_stops_and_never_starts() {
        let wire = Wire::at(false);
        let mut e_stop = Contact::stopping(End(&wire), Polarity::ActiveHigh);
        let mut reset = Contact::permitting(End(&wire), Polarity::ActiveLow);
        assert_eq!(e_stop.read(), Sensed { active: false, error: None });
        assert_eq!(reset.read(), Sensed { active: true, error: None });
        wire.broken.set(true);
        assert_eq!(e_stop.read(), Sensed { active: true, error: Some(ErrorKind::Other) });
        assert_eq!(reset.read(), Sensed { active: false, error: Some(ErrorKind::Other) });
    }

    #[test]
    fn an_output_starts_inactive_whatever_it_showed_before() {
        for (polarity, off) in [(Polarity::ActiveHigh, false), (Polarity::ActiveLow, true)] {
            let wire = Wire::at(!off);
            let mut coil = Coil::new(End(&wire), polarity).unwrap();
            assert_eq!((wire.high.get(), coil.shows()), (off, Some(false)));
            coil.set(true).unwrap();
            assert_eq!((wire.high.get(), coil.shows()), (!off, Some(true)));
        }
    }

    #[test]
    fn an_output_is_written_on_change_and_again_after_a_failure() {
        let wire = Wire::at(false);
        let mut coil = Coil::new(End(&wire), Polarity::ActiveHigh).unwrap();
        for _ in 0..3 {
            coil.set(false).unwrap();
        }
        assert_eq!(wire.writes.get(), 1);
        wire.broken.set(true);
        assert!(coil.set(true).is_err());
        assert_eq!(coil.shows(), None);
        wire.broken.set(false);
        coil.set(false).unwrap();
        assert_eq!((wire.writes.get(), wire.high.get()), (2, false));
    }
}
