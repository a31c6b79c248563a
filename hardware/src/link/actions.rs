//! Actions in order, each once, whatever the cable did to them: the station's half.
//!
//! The controller carries out the action whose number is next and says with every beat which that is. Here it is known
//! which are under way; when an acknowledgement does not come, all of them are said again. Doing nothing is safe for a
//! permit and not for a stop: permits never fill the window.

use super::{ACTIONS_MAX, Action};
use crate::units::Micros;
use heapless::Deque;

/// Unacknowledged for so long, actions are said again: two beats of the controller and the way there and back.
const AGAIN: Micros = Micros(150_000);
/// Places that permits leave free.
const FOR_STOPS: usize = 12;

#[derive(Clone, Debug, Default)]
pub struct Actions {
    /// The number of the oldest one under way; nothing before the controller introduced itself.
    first: Option<u32>,
    kept: Deque<Action, ACTIONS_MAX>,
    /// How many of them were said since the last silence.
    said: usize,
    /// When something was said, or acknowledged, last.
    moved: Micros,
}

impl Actions {
    /// Takes an action to be said. False: there was no room for it.
    pub fn put(&mut self, action: Action) -> bool {
        let room = self.kept.capacity() - self.kept.len();
        let kept_free = if matches!(action, Action::Permit(_)) { FOR_STOPS } else { 0 };
        room > kept_free && self.kept.push_back(action).is_ok()
    }

    /// The controller wants this number next. One that cannot follow what is under way belongs to another boot: what was
    /// meant for the boot before is dropped, but for a stop in place, which holds whoever boots.
    pub fn taken(&mut self, next: u32, now: Micros) {
        let done = self.first.map(|first| next.wrapping_sub(first) as usize);
        match done {
            Some(0) => {}
            Some(done) if done <= self.kept.len() => {
                for _ in 0..done {
                    self.kept.pop_front();
                }
                self.said = self.said.saturating_sub(done);
                self.moved = now;
            }
            Some(_) => {
                for _ in 0..self.kept.len() {
                    let stop = |action: &Action| matches!(action, Action::StopInPlace { .. });
                    if let Some(action) = self.kept.pop_front().filter(stop) {
                        let _ = self.kept.push_back(action); // from where it was just taken
                    }
                }
                self.said = 0;
            }
            None => {}
        }
        self.first = Some(next);
    }

    /// The next action to be said, with its number.
    pub fn say(&mut self, now: Micros) -> Option<(u32, &Action)> {
        let first = self.first?;
        if self.said > 0 && now.saturating_sub(self.moved) >= AGAIN {
            self.said = 0;
        }
        let action = self.kept.iter().nth(self.said)?;
        let number = first.wrapping_add(self.said as u32); // at most ACTIONS_MAX
        self.said += 1;
        self.moved = now;
        Some((number, action))
    }

    /// How many the controller has not acknowledged.
    pub fn under_way(&self) -> usize {
        self.kept.len()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Permit;
    use super::*;
    use crate::units::{Millimetres, Tick};
    use proptest::prelude::*;

    fn forget(pass: u32) -> Action {
        Action::Forget { epoch: 1, pass }
    }
    fn permit(id: u32) -> Action {
        let (window_lo, window_hi) = (Tick(0), Tick(9));
        let (length_mm_min, length_mm_max) = (Millimetres(1), Millimetres(2));
        Action::Permit(Permit {
            id,
            epoch: 1,
            pass: id,
            window_lo,
            window_hi,
            length_mm_min,
            length_mm_max,
            expires: Micros(1),
        })
    }
    fn numbers(actions: &mut Actions, now: u64) -> Vec<u32> {
        core::iter::from_fn(|| actions.say(Micros(now)).map(|(number, _)| number)).collect()
    }

    #[test]
    fn an_action_is_said_at_once_and_again_until_it_is_acknowledged() {
        let mut actions = Actions::default();
        actions.put(forget(1));
        assert_eq!(numbers(&mut actions, 0), [], "nobody to say it to");
        actions.taken(7, Micros(0));
        assert_eq!(numbers(&mut actions, 0), [7]);
        actions.put(forget(2));
        assert_eq!(numbers(&mut actions, 1_000), [8]);
        assert_eq!(numbers(&mut actions, 100_000), []);
        assert_eq!(numbers(&mut actions, 151_000), [7, 8]);
        actions.taken(8, Micros(160_000));
        assert_eq!(numbers(&mut actions, 200_000), []);
        assert_eq!(numbers(&mut actions, 310_000), [8]);
        actions.taken(9, Micros(320_000));
        assert_eq!((numbers(&mut actions, 900_000), actions.under_way()), (vec![], 0));
    }

    #[test]
    fn a_controller_that_booted_hears_of_nothing_but_a_stop_in_place() {
        let mut actions = Actions::default();
        actions.taken(40, Micros(0));
        [forget(1), Action::StopInPlace { pass: 2 }, permit(3)]
            .into_iter()
            .for_each(|action| assert!(actions.put(action)));
        assert_eq!(numbers(&mut actions, 0), [40, 41, 42]);
        actions.taken(0, Micros(10));
        assert_eq!(actions.say(Micros(20)), Some((0, &Action::StopInPlace { pass: 2 })));
        assert_eq!(actions.say(Micros(20)), None);
    }

    #[test]
    fn permits_leave_room_for_stops() {
        let mut actions = Actions::default();
        actions.taken(0, Micros(0));
        let permits = (0..100).filter(|&id| actions.put(permit(id))).count();
        assert_eq!(permits, ACTIONS_MAX - FOR_STOPS);
        let stops = (0..100).filter(|_| actions.put(Action::Stop)).count();
        assert_eq!(stops, FOR_STOPS);
    }

    proptest! {
        /// Whatever the cable drops: every action is carried out once, in order.
        #[test]
        fn every_action_once_and_in_order(drops in prop::collection::vec(any::<bool>(), 1..300), start in any::<u32>()) {
            let (mut actions, mut next, mut done, mut now) = (Actions::default(), start, Vec::new(), 0u64);
            actions.taken(start, Micros(0));
            let mut drops = drops.into_iter();
            let total = 20u32;
            let mut put = 0;
            while done.len() < total as usize {
                if put < total {
                    prop_assert!(actions.put(forget(put)));
                    put += 1;
                }
                while let Some((number, action)) = actions.say(Micros(now)) {
                    if number == next && !drops.next().unwrap_or(false) {
                        next = next.wrapping_add(1);
                        done.push(action.clone());
                    }
                }
                now += 50_000;
                if !drops.next().unwrap_or(false) {
                    actions.taken(next, Micros(now));
                }
            }
            prop_assert_eq!(done, (0..total).map(forget).collect::<Vec<_>>());
        }
    }
}
