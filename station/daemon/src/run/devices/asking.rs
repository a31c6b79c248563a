//! When a polled scale is asked: one question at a time, never faster than the scale may be asked, and again when no
//! answer came.
//!
//! Apart from the scale's task, because it is arithmetic on times and is tested as such. It says when an answer is lost,
//! so that nobody goes on believing the weight before it, and when a scale that is never asked has fallen silent. It sends
//! nothing itself.

use gatepost_hardware::units::Micros;

use crate::config::devices::POLL_MS_MIN;

/// An answer that is later than this, or than two questions' time where that is longer, is lost.
const PATIENCE: Micros = Micros::from_ms(500);
/// After damage the line must have been quiet for so long before the next question: more than any pause between two
/// characters of one answer.
const QUIET: Micros = Micros::from_ms(50);
/// So many lost or damaged answers after one another, and the scale counts as failed.
const LOST_MAX: u32 = 3;

/// The questions to one scale.
#[derive(Debug)]
pub struct Asking {
    every: Micros,
    patience: Micros,
    /// When the question was asked that is not answered yet.
    asked: Option<Micros>,
    /// No question before this.
    next: Micros,
    /// Quiet is waited for until here at most: a line that is never quiet is asked all the same.
    drain_max: Micros,
    lost: u32,
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Wait,
    Ask,
    /// The answer to the last question is lost; ask again. `failed`: too many were lost, just now.
    AskAgain {
        failed: bool,
    },
}

impl Asking {
    pub fn new(poll_ms: u32) -> Self {
        let every = Micros::from_ms(u64::from(poll_ms.max(POLL_MS_MIN)));
        let patience = PATIENCE.max(Micros(every.0.saturating_mul(2)));
        Self { every, patience, asked: None, next: Micros::ZERO, drain_max: Micros::ZERO, lost: 0 }
    }

    /// The line came up: nothing is outstanding, and the first question may go at once.
    pub fn restart(&mut self, now: Micros) {
        (self.asked, self.next, self.lost) = (None, now, 0);
    }

    /// A whole answer, whatever it says.
    pub fn answered(&mut self) {
        self.lost = 0;
        if let Some(asked) = self.asked.take() {
            self.next = self.next.max(asked + self.every);
        }
    }

    /// Bytes that are no answer: whatever follows them belongs to them, until the line is quiet. The answer that was
    /// waited for is lost in them. Whether too many were lost, just now.
    pub fn damaged(&mut self, now: Micros) -> bool {
        let waited = self.asked.take();
        if let Some(asked) = waited {
            self.lost = self.lost.saturating_add(1);
            self.next = self.next.max(asked + self.every);
            self.drain_max = now + self.patience;
        }
        self.next = self.next.max(now + QUIET).min(self.drain_max.max(now));
        waited.is_some() && self.lost == LOST_MAX
    }

    /// Bytes came: after damage, the line is not quiet yet.
    pub fn heard(&mut self, now: Micros) {
        if self.asked.is_none() && now < self.drain_max && self.next > now {
            self.next = self.next.max(now + QUIET).min(self.drain_max);
        }
    }

    pub fn turn(&mut self, now: Micros) -> Turn {
        let turn = match self.asked {
            Some(asked) if now - asked > self.patience => {
                self.lost = self.lost.saturating_add(1);
                Turn::AskAgain { failed: self.lost == LOST_MAX }
            }
            None if now >= self.next => Turn::Ask,
            _ => return Turn::Wait,
        };
        self.asked = Some(now);
        turn
    }
}

/// The silence of a scale that is asked nothing and never rests.
#[derive(Debug)]
pub struct Listening {
    silence_max: Micros,
    /// When it last said something whole.
    heard: Micros,
    said: bool,
}

impl Listening {
    pub const fn new(silence_max: Micros) -> Self {
        Self { silence_max, heard: Micros::ZERO, said: false }
    }

    /// The line came up, or the scale said something whole. Damage is no sign of life: a wrong speed damages all it says.
    pub const fn heard(&mut self, now: Micros) {
        (self.heard, self.said) = (now, false);
    }

    /// Whether it has been silent for too long, once for each silence.
    pub fn fell_silent(&mut self, now: Micros) -> bool {
        let silent = !self.said && now.saturating_sub(self.heard) > self.silence_max;
        self.said |= silent;
        silent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Micros {
        Micros::from_ms(ms)
    }

    #[test]
    fn one_question_at_a_time_and_no_faster_than_said() {
        let mut asking = Asking::new(200);
        asking.restart(ms(1_000));
        assert_eq!(asking.turn(ms(1_000)), Turn::Ask);
        assert_eq!(asking.turn(ms(1_300)), Turn::Wait, "the answer is still to come");
        asking.answered();
        assert_eq!(asking.turn(ms(1_300)), Turn::Ask);
        asking.answered();
        assert_eq!(asking.turn(ms(1_320)), Turn::Wait, "the scale answers faster than it may be asked");
        assert_eq!(asking.turn(ms(1_500)), Turn::Ask);
        let mut fast = Asking::new(1);
        assert_eq!(fast.turn(ms(5_000)), Turn::Ask);
        fast.answered();
        assert_eq!((fast.turn(ms(5_099)), fast.turn(ms(5_100))), (Turn::Wait, Turn::Ask), "ten a second at most");
    }

    #[test]
    fn a_lost_answer_is_said_and_three_are_a_failure() {
        let mut asking = Asking::new(200);
        asking.restart(ms(0));
        assert_eq!(asking.turn(ms(0)), Turn::Ask);
        let lost = |failed| Turn::AskAgain { failed };
        assert_eq!(
            [500, 501, 1_002, 1_003, 1_504].map(|at| asking.turn(ms(at))),
            [Turn::Wait, lost(false), lost(false), Turn::Wait, lost(true)]
        );
        assert_eq!(asking.turn(ms(2_100)), lost(false), "said once");
        asking.answered();
        assert_eq!(asking.turn(ms(2_300)), Turn::Ask);
        assert_eq!(asking.turn(ms(2_801)), lost(false), "and counted anew");
    }

    #[test]
    fn after_damage_the_line_must_be_quiet() {
        let mut asking = Asking::new(100);
        asking.restart(ms(0));
        assert_eq!(asking.turn(ms(0)), Turn::Ask);
        assert!(!asking.damaged(ms(90)));
        assert_eq!(asking.turn(ms(110)), Turn::Wait, "more of the damage may come");
        asking.heard(ms(130));
        assert_eq!((asking.turn(ms(170)), asking.turn(ms(180))), (Turn::Wait, Turn::Ask));
        for at in 181..690 {
            let _ = asking.damaged(ms(at));
            asking.heard(ms(at));
            assert_eq!(
                asking.turn(ms(at)),
                if at == 681 { Turn::Ask } else { Turn::Wait },
                "{at}: it waits not for ever"
            );
        }
    }

    #[test]
    fn damaged_answers_are_lost_ones_and_three_are_a_failure() {
        let mut asking = Asking::new(100);
        asking.restart(ms(0));
        let mut damaged = |at| {
            assert_eq!(asking.turn(ms(at)), Turn::Ask, "{at}");
            let failed = asking.damaged(ms(at + 10));
            assert!(!asking.damaged(ms(at + 11)), "one answer, whatever lies in it");
            failed
        };
        assert_eq!([0, 200, 400, 600].map(&mut damaged), [false, false, true, false], "said once");
        assert_eq!(asking.turn(ms(800)), Turn::Ask);
        asking.answered();
        assert_eq!(asking.turn(ms(1_000)), Turn::Ask);
        assert!(!asking.damaged(ms(1_010)), "and counted anew");
    }

    #[test]
    fn a_silence_is_said_once_and_ends_with_a_word() {
        let mut listening = Listening::new(ms(3_000));
        listening.heard(ms(500));
        assert_eq!([3_500, 3_501, 9_000].map(|at| listening.fell_silent(ms(at))), [false, true, false]);
        listening.heard(ms(9_000));
        assert_eq!([12_000, 12_001].map(|at| listening.fell_silent(ms(at))), [false, true]);
    }

    #[test]
    fn a_line_that_came_back_is_asked_at_once() {
        let mut asking = Asking::new(5_000);
        asking.restart(ms(0));
        assert_eq!(asking.turn(ms(0)), Turn::Ask);
        asking.restart(ms(40));
        assert_eq!(asking.turn(ms(40)), Turn::Ask);
    }
}
