//! Eyes that say what cannot be: how often, until somebody should look.
//!
//! An eye that flickers costs the parcels beside it, one by one, and each of them says why; this says that it is the eye.
//! It decides nothing and ends nothing.

use std::collections::VecDeque;

use gatepost_hardware::lane::EyeRole;
use gatepost_hardware::units::Micros;

/// So many strange edges of one eye within [`WITHIN`] are its own fault, and no parcel's: hands and gaps make fewer.
const STRANGE_MAX: usize = 5;
/// Of the eye that sees parcels off by release fewer are enough: hands and gaps make none there, for nothing comes by that
/// was not permitted.
const STRANGE_RELEASED_MAX: usize = 3;
const WITHIN: Micros = Micros(7_000_000);
/// A level that held for less is no parcel and no gap: at 1 m/s it is 60 mm.
const SHORTEST: Micros = Micros(60_000);
/// Said again only after so long a while without anything strange.
const QUIET: Micros = Micros(20_000_000);

#[derive(Clone, Debug)]
struct Eye {
    strange_max: usize,
    changed: Option<Micros>,
    strange: VecDeque<Micros>,
    said: Option<Micros>,
}

/// One lane's eyes.
#[derive(Clone, Debug)]
pub(super) struct Flicker {
    eyes: Vec<Eye>,
}

impl Flicker {
    pub fn new(roles: impl Iterator<Item = EyeRole>) -> Self {
        let strange_max = |role| if role == EyeRole::ReleaseExit { STRANGE_RELEASED_MAX } else { STRANGE_MAX };
        let eye = |role| Eye { strange_max: strange_max(role), changed: None, strange: VecDeque::new(), said: None };
        Self { eyes: roles.map(eye).collect() }
    }

    /// An edge, and whether it fitted no parcel. Returns whether it is time to say that this eye is sick.
    pub fn edge(&mut self, eye: usize, time: Micros, strange: bool) -> bool {
        let Some(eye) = self.eyes.get_mut(eye) else { return false };
        let short = eye.changed.replace(time).is_some_and(|before| time.saturating_sub(before) < SHORTEST);
        if !strange && !short {
            return false;
        }
        if eye.strange.len() == eye.strange_max {
            eye.strange.pop_front();
        }
        eye.strange.push_back(time);
        let many = eye.strange.len() == eye.strange_max
            && eye.strange.front().is_some_and(|&first| time.saturating_sub(first) <= WITHIN);
        let known = eye.said.is_some_and(|said| time.saturating_sub(said) < QUIET);
        if many {
            eye.said = Some(time);
        }
        many && !known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_eye_that_chatters_is_said_once_and_again_after_it_was_quiet() {
        let mut flicker = Flicker::new([EyeRole::Entry, EyeRole::Watch].into_iter());
        let chatter = |flicker: &mut Flicker, from: u64| {
            (0..200u64).filter(|at| flicker.edge(1, Micros(from + at * 2_000), false)).count()
        };
        assert_eq!(chatter(&mut flicker, 1_000_000), 1);
        assert_eq!(chatter(&mut flicker, 5_000_000), 0);
        assert_eq!(chatter(&mut flicker, 60_000_000), 1);
    }

    #[test]
    fn parcels_and_a_stranger_now_and_then_are_no_sickness() {
        let mut flicker = Flicker::new([EyeRole::Watch].into_iter());
        for second in 0..100u64 {
            let time = second * 1_000_000;
            assert!(!flicker.edge(0, Micros(time), second % 3 == 0), "a stranger every three seconds");
            assert!(!flicker.edge(0, Micros(time + 300_000), false));
        }
        let said = (100..110u64).filter(|second| flicker.edge(0, Micros(second * 1_000_000), true)).count();
        assert_eq!(said, 1, "one every second is");
    }

    /// The plug of the release eye is loose, and most of what it makes up falls together with parcels that were released:
    /// edges that fitted nobody, as they came on a busy lane.
    #[test]
    fn the_release_eye_is_sick_sooner() {
        const FITS_NOBODY_MS: [u64; 6] = [115_000, 116_000, 118_000, 120_760, 125_670, 127_000];
        let said = |role: EyeRole| {
            let mut flicker = Flicker::new([role].into_iter());
            let said = FITS_NOBODY_MS.iter().filter(|ms| flicker.edge(0, Micros::from_ms(**ms), true));
            said.copied().collect::<Vec<u64>>()
        };
        assert_eq!(said(EyeRole::ReleaseExit), [118_000_u64]);
        assert_eq!(said(EyeRole::ExamExit), [0_u64; 0], "touching parcels come one by one there, and are strangers");
    }
}
