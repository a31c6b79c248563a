//! The stack light and its buzzer: three lamps and a sounder, each off, on, blinking or flickering.
//!
//! What a state of the lane looks like is decided by whoever knows the lane; here is only light and time. A lamp that
//! cannot be switched is named and must not keep the others dark.

use crate::pin::{Coil, Polarity};
use crate::units::Micros;
use embedded_hal::digital::OutputPin;

/// Half a period of [`Light::Blinking`]: as stack lights blink, once a second.
pub const BLINK: Micros = Micros(500_000);
/// Half a period of [`Light::Flickering`]: four times a second, what one looks up at.
pub const FLICKER: Micros = Micros(125_000);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Light {
    #[default]
    Off,
    On,
    Blinking,
    Flickering,
}

impl Light {
    /// Whether it shines at a moment. Every light of a beacon keeps the same time.
    pub const fn shines(self, now: Micros) -> bool {
        match self {
            Self::Off => false,
            Self::On => true,
            Self::Blinking => (now.0 / BLINK.0).is_multiple_of(2),
            Self::Flickering => (now.0 / FLICKER.0).is_multiple_of(2),
        }
    }
}

/// What a beacon shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signal {
    pub red: Light,
    pub amber: Light,
    pub green: Light,
    pub buzzer: Light,
}

/// Which of the four could not be switched; their pins' errors say no more than that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dead {
    pub red: bool,
    pub amber: bool,
    pub green: bool,
    pub buzzer: bool,
}

#[derive(Clone, Debug)]
pub struct Beacon<R, A, G, B> {
    red: Coil<R>,
    amber: Coil<A>,
    green: Coil<G>,
    buzzer: Coil<B>,
}

impl<R: OutputPin, A: OutputPin, G: OutputPin, B: OutputPin> Beacon<R, A, G, B> {
    /// From four outputs that are inactive: dark and silent.
    pub const fn new(red: Coil<R>, amber: Coil<A>, green: Coil<G>, buzzer: Coil<B>) -> Self {
        Self { red, amber, green, buzzer }
    }

    /// Four pins of one polarity, driven inactive.
    ///
    /// # Errors
    /// Which of them could not be.
    pub fn dark(red: R, amber: A, green: G, buzzer: B, polarity: Polarity) -> Result<Self, Dead> {
        let (red, amber) = (Coil::new(red, polarity).ok(), Coil::new(amber, polarity).ok());
        let (green, buzzer) = (Coil::new(green, polarity).ok(), Coil::new(buzzer, polarity).ok());
        let dead =
            Dead { red: red.is_none(), amber: amber.is_none(), green: green.is_none(), buzzer: buzzer.is_none() };
        match (red, amber, green, buzzer) {
            (Some(red), Some(amber), Some(green), Some(buzzer)) => Ok(Self::new(red, amber, green, buzzer)),
            _ => Err(dead),
        }
    }

    /// To be called at least every [`FLICKER`], or what should blink stands still.
    ///
    /// # Errors
    /// Which lights could not be switched; all others show what they should.
    pub fn show(&mut self, signal: Signal, now: Micros) -> Result<(), Dead> {
        let dead = Dead {
            red: self.red.set(signal.red.shines(now)).is_err(),
            amber: self.amber.set(signal.amber.shines(now)).is_err(),
            green: self.green.set(signal.green.shines(now)).is_err(),
            buzzer: self.buzzer.set(signal.buzzer.shines(now)).is_err(),
        };
        if dead == Dead::default() { Ok(()) } else { Err(dead) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pin::fake::{End, Wire};

    struct Tower([Wire; 4]);

    impl Tower {
        fn new() -> Self {
            Self([const { Wire::at(true) }; 4])
        }
        fn beacon(&self) -> Beacon<End<'_>, End<'_>, End<'_>, End<'_>> {
            let [red, amber, green, buzzer] = &self.0;
            Beacon::dark(End(red), End(amber), End(green), End(buzzer), Polarity::ActiveHigh).unwrap()
        }
        fn shines(&self) -> [bool; 4] {
            self.0.each_ref().map(|wire| wire.high.get())
        }
    }

    #[test]
    fn it_starts_dark_and_shows_what_it_is_told() {
        let tower = Tower::new();
        let mut beacon = tower.beacon();
        assert_eq!(tower.shines(), [false; 4]);
        let signal = Signal { red: Light::On, buzzer: Light::On, ..Signal::default() };
        beacon.show(signal, Micros(7)).unwrap();
        assert_eq!(tower.shines(), [true, false, false, true]);
        beacon.show(Signal { green: Light::On, ..Signal::default() }, Micros(8)).unwrap();
        assert_eq!(tower.shines(), [false, false, true, false]);
    }

    #[test]
    fn it_blinks_once_and_flickers_four_times_a_second() {
        let tower = Tower::new();
        let mut beacon = tower.beacon();
        let signal = Signal { red: Light::Blinking, amber: Light::Flickering, ..Signal::default() };
        let (mut red, mut amber, mut last) = (0, 0, [false; 4]);
        for ms in 0..10_000 {
            beacon.show(signal, Micros::from_ms(ms)).unwrap();
            let now = tower.shines();
            red += u32::from(now[0] && !last[0]);
            amber += u32::from(now[1] && !last[1]);
            last = now;
        }
        assert_eq!((red, amber), (10, 40));
    }

    #[test]
    fn a_dead_lamp_is_named_and_does_not_silence_the_buzzer() {
        let tower = Tower::new();
        let mut beacon = tower.beacon();
        tower.0[0].broken.set(true);
        let signal = Signal { red: Light::On, buzzer: Light::On, ..Signal::default() };
        assert_eq!(beacon.show(signal, Micros(0)), Err(Dead { red: true, ..Dead::default() }));
        assert!(tower.shines()[3]);
        tower.0[0].broken.set(false);
        beacon.show(signal, Micros(1)).unwrap();
        assert!(tower.shines()[0]);
        tower.0[2].broken.set(true);
        let [red, amber, green, buzzer] = &tower.0;
        let dark = Beacon::dark(End(red), End(amber), End(green), End(buzzer), Polarity::ActiveLow);
        assert_eq!(dark.err(), Some(Dead { green: true, ..Dead::default() }));
    }
}
