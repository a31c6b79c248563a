//! A quadrature encoder on two pins: which way the belt went, and how far.
//!
//! Four steps a cycle, in Gray code: 00, 10, 11, 01 forward, the other way backward; channel A leads when the belt runs
//! forward (else swap the two wires). The owner of the pins calls [`Quadrature::step`] after each edge of either
//! channel, or polls faster than the encoder steps.
//!
//! It guesses nothing. Both channels changed since the last look: an edge was missed, and whether the belt went two
//! steps forward or two back cannot be known. That is counted as [`Quadrature::illegal`] and not as way; the parcel's
//! next eye finds the difference. One-channel pulse generators are refused by having no driver here: a belt that rocks
//! at rest would count for ever forward.

use embedded_hal::digital::InputPin;

/// Which channel could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable<A, B> {
    A(A),
    B(B),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Forward,
    Backward,
}

#[derive(Clone, Debug)]
pub struct Quadrature<A, B> {
    a: A,
    b: B,
    /// The channels as last read; nothing before the first look, and after an unreadable one.
    last: Option<(bool, bool)>,
    direction: Option<Direction>,
    illegal: u32,
}

impl<A: InputPin, B: InputPin> Quadrature<A, B> {
    pub const fn new(a: A, b: B) -> Self {
        Self { a, b, last: None, direction: None, illegal: 0 }
    }

    /// Looks at both channels. Returns the steps since the last look: 1 forward, -1 backward, 0 none or not knowable.
    ///
    /// # Errors
    /// A channel cannot be read. The next look that succeeds begins anew: what the belt did meanwhile is not counted,
    /// and stands as one more illegal transition.
    pub fn step(&mut self) -> Result<i32, Unreadable<A::Error, B::Error>> {
        let looked = self
            .a
            .is_high()
            .map_err(Unreadable::A)
            .and_then(|a| self.b.is_high().map(|b| (a, b)).map_err(Unreadable::B));
        let now = match looked {
            Ok(now) => now,
            Err(unreadable) => {
                if self.last.take().is_some() {
                    self.illegal = self.illegal.saturating_add(1);
                }
                return Err(unreadable);
            }
        };
        let Some(last) = self.last.replace(now) else { return Ok(0) };
        let direction = match (last.0 != now.0, last.1 != now.1) {
            (false, false) => return Ok(0),
            (true, true) => {
                self.illegal = self.illegal.saturating_add(1);
                return Ok(0);
            }
            // A changed: forward when it now differs from B (A leads). B changed: forward when it now equals A.
            (true, false) if now.0 != now.1 => Direction::Forward,
            (false, true) if now.0 == now.1 => Direction::Forward,
            _ => Direction::Backward,
        };
        self.direction = Some(direction);
        Ok(if direction == Direction::Forward { 1 } else { -1 })
    }

    /// Which way the last step went.
    pub const fn direction(&self) -> Option<Direction> {
        self.direction
    }

    /// Transitions that cannot be counted since start: noise on the cable, an encoder faster than its reader, or a
    /// channel that could not be read.
    pub const fn illegal(&self) -> u32 {
        self.illegal
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pin::fake::{End, Wire};
    use embedded_hal::digital::ErrorKind;
    use proptest::prelude::*;

    /// The four states in forward order.
    const CYCLE: [(bool, bool); 4] = [(false, false), (true, false), (true, true), (false, true)];

    struct Shaft {
        a: Wire,
        b: Wire,
    }

    impl Shaft {
        fn at(place: i64) -> Self {
            let (a, b) = CYCLE[place.rem_euclid(4) as usize];
            Self { a: Wire::at(a), b: Wire::at(b) }
        }
        fn turn(&self, place: i64) {
            let (a, b) = CYCLE[place.rem_euclid(4) as usize];
            self.a.high.set(a);
            self.b.high.set(b);
        }
        fn encoder(&self) -> Quadrature<End<'_>, End<'_>> {
            Quadrature::new(End(&self.a), End(&self.b))
        }
    }

    #[test]
    fn one_cycle_is_four_ticks_either_way() {
        let shaft = Shaft::at(0);
        let mut encoder = shaft.encoder();
        assert_eq!(encoder.step(), Ok(0));
        let forward: i32 = (1..=4)
            .map(|place| {
                shaft.turn(place);
                encoder.step().unwrap()
            })
            .sum();
        assert_eq!((forward, encoder.direction()), (4, Some(Direction::Forward)));
        shaft.turn(3);
        assert_eq!((encoder.step(), encoder.direction()), (Ok(-1), Some(Direction::Backward)));
        assert_eq!(encoder.illegal(), 0);
    }

    #[test]
    fn an_unreadable_channel_is_an_error_and_what_was_missed_is_not_invented() {
        let shaft = Shaft::at(0);
        let mut encoder = shaft.encoder();
        encoder.step().unwrap();
        shaft.b.broken.set(true);
        shaft.turn(1);
        assert_eq!(encoder.step(), Err(Unreadable::B(ErrorKind::Other)));
        shaft.turn(2);
        assert_eq!(encoder.step(), Err(Unreadable::B(ErrorKind::Other)));
        shaft.b.broken.set(false);
        shaft.turn(3);
        assert_eq!((encoder.step(), encoder.illegal()), (Ok(0), 1), "one gap, however long");
        shaft.turn(4);
        assert_eq!(encoder.step(), Ok(1));
        shaft.a.broken.set(true);
        assert_eq!(encoder.step(), Err(Unreadable::A(ErrorKind::Other)));
    }

    proptest! {
        /// Any walk of single steps, looks without a step among them, from any phase, is counted exactly.
        #[test]
        fn every_sequence_of_valid_steps_counts_right(start in 0i64..4, steps in prop::collection::vec(-1i64..=1, 0..400)) {
            let shaft = Shaft::at(start);
            let mut encoder = shaft.encoder();
            encoder.step().unwrap();
            let (mut place, mut counted) = (start, 0i64);
            for step in steps {
                place += step;
                shaft.turn(place);
                let delta = encoder.step().unwrap();
                prop_assert_eq!(i64::from(delta), step);
                counted += i64::from(delta);
            }
            prop_assert_eq!((counted, encoder.illegal()), (place - start, 0));
        }

        /// A double transition adds one to `illegal` and nothing to the way; all else is counted as if it had not been.
        #[test]
        fn illegal_transitions_are_counted_and_not_guessed(steps in prop::collection::vec(-1i64..=2, 0..400)) {
            let shaft = Shaft::at(0);
            let mut encoder = shaft.encoder();
            encoder.step().unwrap();
            let (mut place, mut counted) = (0i64, 0i64);
            for &step in &steps {
                place += step;
                shaft.turn(place);
                counted += i64::from(encoder.step().unwrap());
            }
            let jumps = steps.iter().filter(|&&step| step == 2).count();
            prop_assert_eq!(encoder.illegal() as usize, jumps);
            prop_assert_eq!(counted, steps.iter().filter(|&&step| step != 2).sum::<i64>());
        }

        /// The two wires swapped: the same belt, the other way.
        #[test]
        fn swapped_channels_count_the_other_way(steps in prop::collection::vec(-1i64..=1, 0..100)) {
            let shaft = Shaft::at(0);
            let (mut encoder, mut swapped) = (shaft.encoder(), Quadrature::new(End(&shaft.b), End(&shaft.a)));
            let mut place = 0;
            for step in [0].into_iter().chain(steps) {
                place += step;
                shaft.turn(place);
                prop_assert_eq!(encoder.step().unwrap(), -swapped.step().unwrap());
            }
        }
    }
}
