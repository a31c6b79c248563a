//! What happened, numbered and kept, and the few answers that are not kept.
//!
//! A fact is said once by itself and again on request, so that neither a noisy cable nor a station that was dead for a
//! moment misses one. The ring is memory that outlives a reset ([`crate::kept`]): a controller that boots again goes on
//! counting. What falls out of it unsaid shows as a gap in the numbers, never as silence.

use crate::kept::Kept;
use gatepost_hardware::link::{FACTS_MAX, Fact, Happening, Report};
use gatepost_hardware::units::Micros;
use heapless::Deque;

/// Answers that wait for the cable. One that does not fit is not given: the station asks again.
pub const ANSWERS_MAX: usize = 8;

#[derive(Clone, Debug, Default)]
pub struct Log {
    /// Number of the oldest fact that is kept, and the epoch in which it happened.
    first: u32,
    kept_epoch: u32,
    /// Number of the next fact.
    next: u32,
    /// Number of the first fact not said yet.
    unsaid: u32,
    answers: Deque<Report, ANSWERS_MAX>,
    /// Number of the next entry of the trace, and the first of those still to be told.
    traced: u32,
    untold: u32,
    /// Facts that fell out before they were said.
    pub lost: u32,
}

impl Log {
    /// Goes on where the memory ends. What was not said before the reset nobody knows: the station asks.
    pub fn resume(&mut self, kept: &Kept) {
        let (first, next) = kept.facts.run();
        let (_, traced) = kept.trace.run();
        let numbers = (0..next.wrapping_sub(first)).map(|back| first.wrapping_add(back));
        // The first that tells decides in which epoch those before it happened.
        let told = numbers.filter_map(|number| kept.facts.get(number)).find_map(|fact| match fact {
            Fact::Configured { .. } => Some(0),
            Fact::Boot { before, .. } => Some(before),
            _ => None,
        });
        self.kept_epoch = if first == next { 0 } else { told.unwrap_or(kept.epoch()) };
        (self.first, self.next, self.unsaid) = (first, next, next);
        (self.traced, self.untold, self.lost) = (traced, traced, 0);
        self.answers.clear();
    }

    pub fn note(&mut self, kept: &mut Kept, fact: &Fact) {
        if self.next.wrapping_sub(self.first) as usize == FACTS_MAX {
            self.drop_oldest(kept);
        }
        kept.facts.put(self.next, fact);
        self.next = self.next.wrapping_add(1);
    }

    pub fn trace(&mut self, kept: &mut Kept, time: Micros, what: &Happening) {
        kept.trace.put(self.traced, &(time, what));
        self.traced = self.traced.wrapping_add(1);
    }

    pub fn answer(&mut self, report: Report) {
        let _ = self.answers.push_back(report); // see ANSWERS_MAX
    }

    /// Says everything from `from` on again, as far as it is kept.
    pub fn say_again(&mut self, from: u32) {
        let kept = self.next.wrapping_sub(from) <= self.next.wrapping_sub(self.first);
        self.unsaid = if kept { from } else { self.first };
        self.answer(Report::Resending { from: self.unsaid });
    }

    /// Tells the whole trace.
    pub fn tell_trace(&mut self, kept: &Kept) {
        self.untold = kept.trace.run().0;
    }

    /// The next answer, fact or entry of the trace to say.
    pub fn pop(&mut self, kept: &Kept) -> Option<Report> {
        if let Some(answer) = self.answers.pop_front() {
            return Some(answer);
        }
        while self.unsaid != self.next {
            let number = self.unsaid;
            self.unsaid = number.wrapping_add(1);
            if let Some(fact) = kept.facts.get(number) {
                return Some(Report::Fact { number, fact });
            }
        }
        while self.untold != self.traced {
            let entry = kept.trace.get(self.untold);
            self.untold = self.untold.wrapping_add(1);
            let left = self.traced.wrapping_sub(self.untold) as u8; // at most TRACE_MAX
            if let Some((time, what)) = entry {
                return Some(Report::Traced { left, time, what });
            }
        }
        None
    }

    /// Number of the oldest fact that is kept.
    pub const fn kept_from(&self) -> u32 {
        self.first
    }
    pub const fn next(&self) -> u32 {
        self.next
    }

    /// The epoch in which the oldest kept fact happened; 0: in none.
    pub const fn kept_epoch(&self) -> u32 {
        self.kept_epoch
    }

    fn drop_oldest(&mut self, kept: &Kept) {
        match kept.facts.get(self.first) {
            Some(Fact::Configured { epoch, .. }) => self.kept_epoch = epoch,
            Some(Fact::Boot { .. }) => self.kept_epoch = 0,
            _ => {}
        }
        if self.unsaid == self.first {
            self.unsaid = self.first.wrapping_add(1);
            self.lost = self.lost.saturating_add(1);
        }
        self.first = self.first.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatepost_hardware::link::{BootCause, GateState};

    fn numbers(log: &mut Log, kept: &Kept) -> std::vec::Vec<u32> {
        let said = core::iter::from_fn(|| log.pop(kept));
        said.map(|report| match report {
            Report::Fact { number, fact: Fact::Gate { time, .. } } => {
                assert_eq!(time, Micros(u64::from(number)), "the fact is the one of its number");
                number
            }
            other => panic!("{other:?}"),
        })
        .collect()
    }
    fn gate(number: u64) -> Fact {
        Fact::Gate { state: GateState::Exam, time: Micros(number) }
    }
    fn with(count: u64) -> (Log, Kept) {
        let (mut log, mut kept) = (Log::default(), Kept::new());
        (0..count).for_each(|number| log.note(&mut kept, &gate(number)));
        (log, kept)
    }

    fn resumed(kept: &Kept) -> Log {
        let (mut log, _) = with(3);
        log.answer(Report::MapWanted { offset: 0 });
        log.resume(kept);
        log
    }

    #[test]
    fn facts_are_said_once_by_themselves_and_again_on_request() {
        let (mut log, kept) = with(5);
        assert_eq!(numbers(&mut log, &kept), [0, 1, 2, 3, 4]);
        assert_eq!(log.pop(&kept), None);
        log.say_again(3);
        assert_eq!(log.pop(&kept), Some(Report::Resending { from: 3 }));
        assert_eq!(numbers(&mut log, &kept), [3, 4]);
        log.say_again(5);
        assert_eq!(log.pop(&kept), Some(Report::Resending { from: 5 }));
        assert_eq!(log.pop(&kept), None);
    }

    #[test]
    fn what_fell_out_shows_as_a_gap() {
        let extra = 10;
        let (mut log, kept) = with(FACTS_MAX as u64 + extra);
        assert_eq!((log.kept_from(), log.lost), (extra as u32, extra as u32));
        assert_eq!(numbers(&mut log, &kept).first(), Some(&(extra as u32)));
        for from in [0, 9, 4_000_000_000] {
            log.say_again(from);
            assert_eq!(log.pop(&kept), Some(Report::Resending { from: 10 }), "asked for {from}");
            assert_eq!(numbers(&mut log, &kept).len(), FACTS_MAX);
        }
    }

    #[test]
    fn answers_come_first_and_are_bounded() {
        let (mut log, kept) = with(1);
        (0..20).for_each(|offset| log.answer(Report::MapWanted { offset }));
        let said: std::vec::Vec<_> = core::iter::from_fn(|| log.pop(&kept)).collect();
        assert_eq!(said.len(), ANSWERS_MAX + 1);
        assert_eq!(said[0], Report::MapWanted { offset: 0 });
        assert!(matches!(said[ANSWERS_MAX], Report::Fact { number: 0, .. }));
    }

    #[test]
    fn after_a_reset_the_numbers_go_on_and_the_epoch_of_the_oldest_is_known() {
        let (mut log, mut kept) = with(3);
        let configured = |epoch| Fact::Configured { epoch, time: Micros(0) };
        assert_eq!(log.kept_epoch(), 0);
        log.note(&mut kept, &configured(5));
        kept.begin_epoch(5);
        let again = resumed(&kept);
        assert_eq!((again.kept_from(), again.next(), again.kept_epoch()), (0, 4, 0), "the first three were in none");
        (0..FACTS_MAX as u64).for_each(|number| log.note(&mut kept, &gate(number)));
        assert_eq!(log.kept_epoch(), 5, "all that is kept happened in 5");
        let mut again = resumed(&kept);
        assert_eq!((again.kept_epoch(), again.next()), (5, log.next()));
        again.note(&mut kept, &Fact::Boot { cause: BootCause::Watchdog, before: 5 });
        kept.end_epoch();
        assert_eq!(resumed(&kept).kept_epoch(), 5, "the boot tells");
        (0..FACTS_MAX as u64).for_each(|number| again.note(&mut kept, &gate(number)));
        assert_eq!((again.kept_epoch(), resumed(&kept).kept_epoch()), (0, 0));
    }
}
