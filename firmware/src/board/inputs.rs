//! Contacts bounce. What stops is believed at once, what allows only when it is steady.
//!
//! A stop's contact counts as active on its first moment and as inactive after [`STEADY`]; the reset button must be held
//! that long, so that neither a bounce nor a disturbance on its wire is a second press, or a first one.

use gatepost_hardware::link::Input;
use gatepost_hardware::units::Micros;

/// Longer than any contact bounces, shorter than any hand presses.
pub const STEADY: Micros = Micros(20_000);

/// One contact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    pub(crate) believed: bool,
    /// Since when its level is the other one.
    pub(crate) since: Option<Micros>,
}

impl Contact {
    /// The contact's level now; returns what is believed of it.
    pub fn level(&mut self, input: Input, active: bool, now: Micros) -> bool {
        if active == self.believed {
            self.since = None;
            return self.believed;
        }
        let since = *self.since.get_or_insert(now);
        let at_once = active && input != Input::Reset;
        if at_once || now.saturating_sub(since) >= STEADY {
            *self = Self { believed: active, since: None };
        }
        self.believed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is believed after each millisecond of these levels.
    fn believed(input: Input, levels: &[(bool, u64)]) -> std::vec::Vec<bool> {
        let (mut contact, mut now) = (Contact::default(), 0);
        let mut believed = std::vec::Vec::new();
        for &(level, ms) in levels {
            for _ in 0..ms {
                believed.push(contact.level(input, level, Micros(now * 1_000)));
                now += 1;
            }
        }
        believed
    }

    #[test]
    fn a_stop_is_believed_at_once_and_its_end_when_it_is_steady() {
        let levels = [(false, 5), (true, 1), (false, 10), (true, 3), (false, 40)];
        let believed = believed(Input::EStop, &levels);
        let first = believed.iter().position(|active| *active);
        let last = believed.iter().rposition(|active| *active);
        assert_eq!((first, last), (Some(5), Some(38)), "19 ms more than the last contact, without a gap");
        assert!(believed[5..=38].iter().all(|active| *active));
    }

    #[test]
    fn a_button_that_bounces_was_pressed_once() {
        let bounce = [(true, 2), (false, 1), (true, 3), (false, 2), (true, 100), (false, 1), (true, 1), (false, 60)];
        let believed = believed(Input::Reset, &bounce);
        let presses = believed.windows(2).filter(|pair| !pair[0] && pair[1]).count();
        assert_eq!(presses, 1);
        assert!(!believed.iter().take(27).any(|active| *active), "held for less than it takes to be steady");
    }
}
