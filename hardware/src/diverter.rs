//! A diverter on one output and two end switches.
//!
//! Active is *release*; inactive, unpowered and unknown is *exam*, so wire it so that it rests there. It moves where it
//! is told and says where it is; whether it may is the firmware's guard alone, and so is what it means when command and
//! position disagree. Both switches, neither, or one that cannot be read: [`Position::Between`], never a guess.

use crate::pin::{Coil, Contact, Polarity};
use embedded_hal::digital::{InputPin, OutputPin};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    Exam,
    Release,
    /// Moving, broken, or not to be told.
    Between,
}

/// Where the diverter is, and which switches could not be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Seen<E, R> {
    pub position: Position,
    pub exam_error: Option<E>,
    pub release_error: Option<R>,
}

/// The two end switches, each active when the diverter stands at its side.
#[derive(Clone, Debug)]
pub struct Feedback<E, R> {
    exam: Contact<E>,
    release: Contact<R>,
}

impl<E: InputPin, R: InputPin> Feedback<E, R> {
    pub fn new(exam: (E, Polarity), release: (R, Polarity)) -> Self {
        Self { exam: Contact::permitting(exam.0, exam.1), release: Contact::permitting(release.0, release.1) }
    }

    pub fn read(&mut self) -> Seen<E::Error, R::Error> {
        let (exam, release) = (self.exam.read(), self.release.read());
        let known = exam.error.is_none() && release.error.is_none();
        let position = match (known, exam.active, release.active) {
            (true, true, false) => Position::Exam,
            (true, false, true) => Position::Release,
            _ => Position::Between,
        };
        Seen { position, exam_error: exam.error, release_error: release.error }
    }
}

/// The whole device.
#[derive(Clone, Debug)]
pub struct Diverter<O, E, R> {
    coil: Coil<O>,
    feedback: Feedback<E, R>,
}

impl<O: OutputPin, E: InputPin, R: InputPin> Diverter<O, E, R> {
    /// Drives it to exam.
    ///
    /// # Errors
    /// The output's own: the diverter may stand anywhere, so let nothing run.
    pub fn new(output: O, polarity: Polarity, feedback: Feedback<E, R>) -> Result<Self, O::Error> {
        Ok(Self { coil: Coil::new(output, polarity)?, feedback })
    }

    /// # Errors
    /// The output's own: where the diverter goes is unknown, and the next call writes again.
    pub fn set(&mut self, release: bool) -> Result<(), O::Error> {
        self.coil.set(release)
    }

    pub fn position(&mut self) -> Seen<E::Error, R::Error> {
        self.feedback.read()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pin::fake::{End, Wire};
    use embedded_hal::digital::ErrorKind;

    struct Machine {
        output: Wire,
        exam: Wire,
        release: Wire,
    }

    impl Machine {
        fn new() -> Self {
            Self { output: Wire::at(true), exam: Wire::at(true), release: Wire::at(false) }
        }
        fn diverter(&self) -> Diverter<End<'_>, End<'_>, End<'_>> {
            let feedback =
                Feedback::new((End(&self.exam), Polarity::ActiveHigh), (End(&self.release), Polarity::ActiveHigh));
            Diverter::new(End(&self.output), Polarity::ActiveHigh, feedback).unwrap()
        }
    }

    #[test]
    fn it_starts_at_exam_and_goes_where_it_is_told() {
        let machine = Machine::new();
        let mut diverter = machine.diverter();
        assert!(!machine.output.high.get());
        diverter.set(true).unwrap();
        assert!(machine.output.high.get());
        machine.output.broken.set(true);
        assert!(diverter.set(false).is_err());
        machine.output.broken.set(false);
        diverter.set(false).unwrap();
        assert!(!machine.output.high.get());
    }

    #[test]
    fn only_one_switch_alone_is_a_position() {
        let machine = Machine::new();
        let mut diverter = machine.diverter();
        let table = [
            (true, false, Position::Exam),
            (false, true, Position::Release),
            (false, false, Position::Between),
            (true, true, Position::Between),
        ];
        for (exam, release, position) in table {
            machine.exam.high.set(exam);
            machine.release.high.set(release);
            assert_eq!(diverter.position(), Seen { position, exam_error: None, release_error: None });
        }
    }

    #[test]
    fn a_switch_that_cannot_be_read_leaves_no_position_whatever_the_other_says() {
        for exam_breaks in [true, false] {
            for exam in [true, false] {
                let machine = Machine::new();
                let mut diverter = machine.diverter();
                machine.exam.high.set(exam);
                machine.release.high.set(!exam);
                if exam_breaks { &machine.exam } else { &machine.release }.broken.set(true);
                let seen = diverter.position();
                assert_eq!(seen.position, Position::Between);
                let broken = Some(ErrorKind::Other);
                assert_eq!((seen.exam_error == broken, seen.release_error == broken), (exam_breaks, !exam_breaks));
            }
        }
    }
}
