//! What central ordered of a lane: everything to exam, for a while. The only thing that it can order, because it only escalates.
//!
//! Apart from the minds because belt and bench do the same with it. It is over by itself at its time, but never by a clock
//! that is not trusted: then it is in force, and everything is exam for the clock's sake anyway.

use gatepost_hardware::units::WallMs;

use crate::event::ClockState;
use crate::judge::{ExamAll, Inputs};

/// What is in force on a lane, and what was said of it.
#[derive(Debug, Default)]
pub(crate) struct Ordered {
    now: Option<ExamAll>,
    /// The command that the page and the journal were told of last, if it is still said to be in force.
    said: Option<u64>,
}

impl Ordered {
    /// In force from now on, or taken back; whether something is in force that was not. What is over already is told again
    /// with the next command, and is nothing.
    pub fn take(&mut self, ordered: Option<ExamAll>, wall: WallMs, clock: ClockState) -> bool {
        let ordered = ordered.filter(|ordered| !is_over(ordered, wall, clock));
        let is_new = ordered.is_some() && ordered != self.now;
        self.now = ordered;
        is_new
    }

    pub fn now(&self) -> Option<&ExamAll> {
        self.now.as_ref()
    }

    /// What goes into a decision. A parcel that was judged under an order stays so judged: that it was taken back is no reason
    /// to release what was already sent to exam.
    pub fn of(&self, judged: Option<&Inputs>) -> Option<ExamAll> {
        self.now.clone().or_else(|| judged.and_then(|inputs| inputs.lane.exam_all.clone()))
    }

    /// Ends what is over; what is new to be said, once there is a time to say it at.
    pub fn turn(&mut self, wall: WallMs, clock: ClockState, utc_offset_min: i32) -> Option<String> {
        if self.now.as_ref().is_some_and(|ordered| is_over(ordered, wall, clock)) {
            self.now = None;
        }
        let order = self.now.as_ref().map(|ordered| ordered.order);
        if order == self.said {
            return None;
        }
        let over = self.said;
        self.said = order;
        match &self.now {
            Some(ordered) => Some(ordered.says(utc_offset_min)),
            None => over.map(|over| format!("central's command {over} is over: not everything goes to exam any more")),
        }
    }
}

fn is_over(ordered: &ExamAll, wall: WallMs, clock: ClockState) -> bool {
    clock == ClockState::Trusted && wall >= ordered.until
}

impl ExamAll {
    /// As an officer reads it, in the facility's time of day: it never lasts longer than a day.
    pub fn says(&self, utc_offset_min: i32) -> String {
        let minutes = (self.until.0.div_euclid(60_000) + i64::from(utc_offset_min)).rem_euclid(1_440);
        let (hour, minute) = (minutes / 60, minutes % 60);
        format!("central sends everything to exam until {hour:02}:{minute:02} (command {}): {}", self.order, self.why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::Sentence;

    #[test]
    fn it_is_said_once_and_over_at_its_time_by_a_clock_that_is_believed() {
        let until = WallMs(1_795_392_000_000 + 14 * 3_600_000 + 5 * 60_000);
        let order = ExamAll { order: 7, until, why: Sentence::clipped("a parcel bomb at another airport") };
        let mut ordered = Ordered::default();
        let turn = |ordered: &mut Ordered, ms, clock| ordered.turn(WallMs(until.0 + ms), clock, -300);
        assert_eq!(turn(&mut ordered, -5, ClockState::Trusted), None);
        let mut take = |ms, clock| ordered.take(Some(order.clone()), WallMs(until.0 + ms), clock);
        assert!(take(-4, ClockState::Trusted) && !take(-4, ClockState::Trusted), "the same again is nothing new");
        let says = "central sends everything to exam until 09:05 (command 7): a parcel bomb at another airport";
        assert_eq!(turn(&mut ordered, -4, ClockState::Trusted).as_deref(), Some(says));
        assert_eq!(turn(&mut ordered, -1, ClockState::Trusted), None, "said once");
        assert_eq!(turn(&mut ordered, 99, ClockState::Untrusted), None);
        assert_eq!(ordered.now(), Some(&order));
        let says = "central's command 7 is over: not everything goes to exam any more";
        assert_eq!(turn(&mut ordered, 0, ClockState::Trusted).as_deref(), Some(says));
        assert_eq!(turn(&mut ordered, 1, ClockState::Trusted), None);
        assert_eq!(ordered.now(), None);
        assert!(!ordered.take(Some(order.clone()), until, ClockState::Trusted), "over, and told again");
        assert_eq!(turn(&mut ordered, 2, ClockState::Trusted), None);
        assert_eq!(ordered.now(), None);
        assert!(ordered.take(Some(order), until, ClockState::Untrusted), "nobody knows that it is over");
    }
}
