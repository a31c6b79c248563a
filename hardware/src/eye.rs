//! A photo-eye on one pin: is its beam interrupted?
//!
//! It says the level of this moment and nothing else. Bouncing, edges and places on the belt are the firmware's, which
//! knows the lane. An eye that cannot be read is *blocked*: then something seems to lie in front of it for ever, and the
//! firmware calls that a jam.
//!
//! Wire eyes so that a cut cable looks like a parcel: an output that conducts while the beam arrives (light-on), and the
//! polarity under which "does not conduct" is active.

use crate::pin::{Contact, Polarity, Sensed};
use embedded_hal::digital::InputPin;

/// What an eye sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Beam<E> {
    pub blocked: bool,
    /// The eye could not be read, and `blocked` is true for that reason alone.
    pub error: Option<E>,
}

#[derive(Clone, Debug)]
pub struct Eye<P> {
    contact: Contact<P>,
}

impl<P: InputPin> Eye<P> {
    /// `polarity`: which level the eye gives while its beam is interrupted.
    pub const fn new(pin: P, polarity: Polarity) -> Self {
        Self { contact: Contact::stopping(pin, polarity) }
    }

    pub fn read(&mut self) -> Beam<P::Error> {
        let Sensed { active, error } = self.contact.read();
        Beam { blocked: active, error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pin::fake::{End, Wire};
    use embedded_hal::digital::ErrorKind;

    #[test]
    fn an_eye_that_conducts_in_light_is_blocked_when_dark_cut_or_unreadable() {
        let wire = Wire::at(true);
        let mut eye = Eye::new(End(&wire), Polarity::ActiveLow);
        assert_eq!(eye.read(), Beam { blocked: false, error: None });
        wire.high.set(false); // a parcel, or no cable
        assert_eq!(eye.read(), Beam { blocked: true, error: None });
        wire.high.set(true);
        wire.broken.set(true);
        assert_eq!(eye.read(), Beam { blocked: true, error: Some(ErrorKind::Other) });
    }
}
