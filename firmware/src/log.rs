//! What happened, numbered and kept, and the few answers that are not kept.
//!
//! A fact is said once by itself and again on request, so that neither a noisy cable nor a station that was dead for a
//! moment misses one. The log is a ring: what falls out of it unsaid shows as a gap in the numbers, never as silence.

use gatepost_hardware::link::{FACTS_MAX, Fact, Report};
use heapless::{Deque, Vec};

/// Answers that wait for the cable. One that does not fit is not given: the station asks again.
pub const ANSWERS_MAX: usize = 8;

#[derive(Clone, Debug, Default)]
pub struct Log {
    facts: Vec<Fact, FACTS_MAX>,
    /// Number of the next fact.
    next: u32,
    /// Number of the first fact not said yet.
    unsaid: u32,
    answers: Deque<Report, ANSWERS_MAX>,
}

impl Log {
    pub fn note(&mut self, fact: Fact) {
        let place = self.next as usize % FACTS_MAX;
        match self.facts.get_mut(place) {
            Some(oldest) => *oldest = fact,
            None => drop(self.facts.push(fact)), // places are filled in order
        }
        self.next = self.next.wrapping_add(1);
        if self.unsaid_count() > FACTS_MAX {
            self.unsaid = self.kept_from();
        }
    }

    pub fn answer(&mut self, report: Report) {
        let _ = self.answers.push_back(report); // see ANSWERS_MAX
    }

    /// Says everything from `from` on again, as far as it is kept.
    pub fn say_again(&mut self, from: u32) {
        let kept = self.next.wrapping_sub(from) as usize <= self.facts.len();
        self.unsaid = if kept { from } else { self.kept_from() };
        self.answer(Report::Resending { from: self.unsaid });
    }

    /// The next answer or fact to say.
    pub fn pop(&mut self) -> Option<Report> {
        if let Some(answer) = self.answers.pop_front() {
            return Some(answer);
        }
        let number = self.unsaid;
        let fact = (number != self.next).then(|| self.facts.get(number as usize % FACTS_MAX)).flatten()?;
        self.unsaid = number.wrapping_add(1);
        Some(Report::Fact { number, fact: *fact })
    }

    /// Number of the oldest fact that is kept.
    pub fn kept_from(&self) -> u32 {
        self.next.wrapping_sub(self.facts.len() as u32) // at most FACTS_MAX
    }
    pub const fn next(&self) -> u32 {
        self.next
    }
    fn unsaid_count(&self) -> usize {
        self.next.wrapping_sub(self.unsaid) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatepost_hardware::link::GateState;
    use gatepost_hardware::units::Micros;

    fn numbers(log: &mut Log) -> std::vec::Vec<u32> {
        let said = core::iter::from_fn(|| log.pop());
        said.map(|report| match report {
            Report::Fact { number, fact: Fact::Gate { time, .. } } => {
                assert_eq!(time, Micros(u64::from(number)), "the fact is the one of its number");
                number
            }
            other => panic!("{other:?}"),
        })
        .collect()
    }
    fn with(count: u64) -> Log {
        let mut log = Log::default();
        (0..count).for_each(|number| log.note(Fact::Gate { state: GateState::Exam, time: Micros(number) }));
        log
    }

    #[test]
    fn facts_are_said_once_by_themselves_and_again_on_request() {
        let mut log = with(5);
        assert_eq!(numbers(&mut log), [0, 1, 2, 3, 4]);
        assert_eq!(log.pop(), None);
        log.say_again(3);
        assert_eq!(log.pop(), Some(Report::Resending { from: 3 }));
        assert_eq!(numbers(&mut log), [3, 4]);
        log.say_again(5);
        assert_eq!(log.pop(), Some(Report::Resending { from: 5 }));
        assert_eq!(log.pop(), None);
    }

    #[test]
    fn what_fell_out_shows_as_a_gap() {
        let extra = 10;
        let mut log = with(FACTS_MAX as u64 + extra);
        assert_eq!(log.kept_from(), extra as u32);
        assert_eq!(numbers(&mut log).first(), Some(&(extra as u32)));
        for from in [0, 9, 4_000_000_000] {
            log.say_again(from);
            assert_eq!(log.pop(), Some(Report::Resending { from: 10 }), "asked for {from}");
            assert_eq!(numbers(&mut log).len(), FACTS_MAX);
        }
    }

    #[test]
    fn answers_come_first_and_are_bounded() {
        let mut log = with(1);
        (0..20).for_each(|epoch| log.answer(Report::Configured { epoch }));
        let said: std::vec::Vec<_> = core::iter::from_fn(|| log.pop()).collect();
        assert_eq!(said.len(), ANSWERS_MAX + 1);
        assert_eq!(said[0], Report::Configured { epoch: 0 });
        assert!(matches!(said[ANSWERS_MAX], Report::Fact { number: 0, .. }));
    }
}
