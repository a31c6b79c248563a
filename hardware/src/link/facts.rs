//! Facts in order, each once, whatever the cable did to them: the station's half.
//!
//! The controller numbers what happens and keeps the last [`super::FACTS_MAX`]. Here it is known which number comes next;
//! what comes twice is dropped, what jumps is asked for again. Only what the controller no longer keeps is lost, and that
//! is said. It neither asks too often nor believes a number of an earlier boot.

use super::{Fact, Greeting, Report};
use crate::units::Micros;

/// Least time between two questions for the same facts: a question, its answer and the facts on a slow cable.
const ASK_AGAIN: Micros = Micros(250_000);

/// What a report meant for the order of facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The next fact.
    Next(Fact),
    /// Known already, or not to be asked for yet.
    Nothing,
    /// Something is missing: ask for all from this number on.
    Ask(u32),
    /// So many facts are gone for good: what is known of the belt is not whole.
    Gone(u32),
    /// The numbers do not fit: the controller booted, or we did. Say hello.
    Strange,
}

/// Which fact comes next.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    expected: Option<u32>,
    asked: Option<Micros>,
}

impl Facts {
    /// A boot was heard of, or an unknown controller: `from` is the first fact to be taken.
    pub fn begin(&mut self, from: u32) {
        *self = Self { expected: Some(from), asked: None };
    }
    /// Nothing is believed until [`Self::begin`].
    pub fn forget(&mut self) {
        *self = Self::default();
    }
    pub const fn expected(&self) -> Option<u32> {
        self.expected
    }

    /// Whether the next fact to be taken is not beyond `next`: such a controller can be the one listened to so far.
    pub fn is_before(&self, next: u32) -> bool {
        self.expected.is_some_and(|expected| behind(expected, next) >= 0)
    }

    /// Takes a report heard at `now`, station time.
    pub fn take(&mut self, now: Micros, report: &Report) -> Order {
        let Some(expected) = self.expected else {
            return Order::Nothing;
        };
        match *report {
            Report::Fact { number, fact } => match behind(expected, number) {
                0 => {
                    self.expected = Some(expected.wrapping_add(1));
                    self.asked = None;
                    Order::Next(fact)
                }
                missing if missing > 0 => self.ask(now, expected),
                _ => Order::Nothing,
            },
            Report::Beat { next, .. } | Report::Hello(Greeting { next, .. }) => match behind(expected, next) {
                0 => Order::Nothing,
                missing if missing > 0 => self.ask(now, expected),
                _ => Order::Strange,
            },
            Report::Resending { from } => {
                let gone = behind(expected, from);
                if gone > 0 {
                    self.expected = Some(from);
                    return Order::Gone(gone.unsigned_abs());
                }
                Order::Nothing
            }
            _ => Order::Nothing,
        }
    }

    fn ask(&mut self, now: Micros, from: u32) -> Order {
        if self.asked.is_some_and(|asked| now.saturating_sub(asked) < ASK_AGAIN) {
            return Order::Nothing;
        }
        self.asked = Some(now);
        Order::Ask(from)
    }
}

/// How far `number` lies beyond `expected`; numbers wrap.
const fn behind(expected: u32, number: u32) -> i32 {
    number.wrapping_sub(expected).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::super::GateState;
    use super::*;
    use crate::lane::SEGMENTS_MAX;
    use crate::units::Tick;
    use proptest::prelude::*;

    fn fact(number: u32) -> Report {
        Report::Fact { number, fact: gate(number) }
    }
    fn gate(number: u32) -> Fact {
        Fact::Gate { state: GateState::Exam, time: Micros(u64::from(number)) }
    }
    fn beat(next: u32) -> Report {
        Report::Beat { time: Micros(0), ticks: heapless::Vec::<Tick, SEGMENTS_MAX>::new(), next, taken: 0 }
    }

    #[test]
    fn a_gap_is_asked_for_once_and_what_comes_twice_is_dropped() {
        let mut facts = Facts::default();
        assert_eq!(facts.take(Micros(0), &fact(0)), Order::Nothing, "no hello yet");
        facts.begin(0);
        assert_eq!(facts.take(Micros(1), &fact(0)), Order::Next(gate(0)));
        assert_eq!(facts.take(Micros(2), &fact(2)), Order::Ask(1));
        assert_eq!(facts.take(Micros(3), &fact(3)), Order::Nothing, "it was just asked for");
        assert_eq!(facts.take(Micros(4), &Report::Resending { from: 1 }), Order::Nothing);
        for number in 1..=3 {
            assert_eq!(facts.take(Micros(5), &fact(number)), Order::Next(gate(number)));
        }
        assert_eq!(facts.take(Micros(6), &fact(2)), Order::Nothing);
        assert_eq!(facts.take(Micros(7), &beat(4)), Order::Nothing);
    }

    #[test]
    fn the_last_fact_of_all_is_missed_by_the_next_beat() {
        let mut facts = Facts::default();
        facts.begin(9);
        assert_eq!(facts.take(Micros(0), &beat(10)), Order::Ask(9));
        assert_eq!(facts.take(Micros(200_000), &beat(10)), Order::Nothing);
        assert_eq!(facts.take(Micros(250_000), &beat(10)), Order::Ask(9), "the question was lost");
    }

    #[test]
    fn what_is_no_longer_kept_is_said_to_be_gone_and_another_boot_is_strange() {
        let mut facts = Facts::default();
        facts.begin(u32::MAX);
        assert_eq!(facts.take(Micros(0), &fact(7)), Order::Ask(u32::MAX));
        assert_eq!(facts.take(Micros(1), &Report::Resending { from: 5 }), Order::Gone(6));
        assert_eq!(facts.take(Micros(2), &fact(5)), Order::Next(gate(5)));
        assert_eq!(facts.take(Micros(3), &beat(2)), Order::Strange);
    }

    proptest! {
        /// Whatever a cable drops, as long as the last is asked for again: every fact once, in order.
        #[test]
        fn every_fact_once_and_in_order(drops in prop::collection::vec(any::<bool>(), 1..200), start in any::<u32>()) {
            let (mut facts, mut heard, mut now) = (Facts::default(), Vec::new(), 0u64);
            facts.begin(start);
            let total = 20u32;
            let (mut cursor, mut drops) = (0u32, drops.into_iter());
            while heard.len() < total as usize {
                now += 100_000;
                let report = if cursor < total { fact(start.wrapping_add(cursor)) } else { beat(start.wrapping_add(total)) };
                cursor = (cursor + 1).min(total);
                if drops.next().unwrap_or(false) {
                    continue;
                }
                match facts.take(Micros(now), &report) {
                    Order::Next(fact) => heard.push(fact),
                    Order::Ask(from) => cursor = from.wrapping_sub(start),
                    Order::Nothing => {}
                    other => prop_assert!(false, "{other:?}"),
                }
            }
            let expected: Vec<_> = (0..total).map(|number| gate(start.wrapping_add(number))).collect();
            prop_assert_eq!(heard, expected);
        }
    }
}
