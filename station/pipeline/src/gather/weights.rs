//! Which of the things a belt's scale said is a parcel's weight.
//!
//! A weight is the scale's *stable* with this parcel alone and wholly on it. It stands when the scale then moves, as it
//! does under every parcel that leaves; it is taken back when the scale says, of the same parcel still wholly on it, that
//! it is out of range, under a tare, without a weight or at zero, or when its line goes away: whoever believed the value
//! before such a word would show the last parcel's kilograms. What was used and what was refused is kept for the alibi
//! memory, and no more.

use gatepost_hardware::units::Grams;

use crate::event::Weighed;
use crate::judge::{NoWeightCause, Weight};
use crate::weighing::{Stands, Weighing};

#[derive(Clone, Debug, Default)]
pub(super) struct Weights {
    /// The lightest and the heaviest that was said stable, since the scale took a weight back.
    stable: Option<(Weighing, Weighing)>,
    moving: Option<Weighing>,
    tared: Option<Weighing>,
    out_of_range: Option<Weighing>,
    /// The scale has no weight, feels nothing, or went away.
    lost: Option<Weighing>,
    shared: Option<Weighing>,
}

impl Weights {
    /// Takes a weighing with this parcel alone on the scale; `wholly`: with nothing of it beside the scale.
    pub fn add(&mut self, weighing: &Weighing, wholly: bool) {
        let refused = match weighing.weighed {
            Weighed::Stable(grams) if wholly => return self.stable(grams, weighing),
            Weighed::Stable(_) => return,
            // Partly on it, a parcel may well weigh nothing yet.
            Weighed::Empty if !wholly => return,
            Weighed::Moving => {
                self.moving = Some(weighing.clone());
                return;
            }
            Weighed::Tared => &mut self.tared,
            Weighed::OutOfRange => &mut self.out_of_range,
            // It does not feel what certainly lies on it, or its line went away.
            Weighed::Empty | Weighed::Nothing => &mut self.lost,
        };
        *refused = Some(weighing.clone());
        if wholly {
            self.stable = None;
        }
    }

    fn stable(&mut self, grams: Grams, weighing: &Weighing) {
        match &mut self.stable {
            None => self.stable = Some((weighing.clone(), weighing.clone())),
            Some((lightest, _)) if grams < grams_of(lightest) => *lightest = weighing.clone(),
            Some((_, heaviest)) if grams > grams_of(heaviest) => *heaviest = weighing.clone(),
            Some(_) => {}
        }
    }

    /// Takes a weighing with another parcel on the scale.
    pub fn share(&mut self, weighing: &Weighing) {
        self.shared = Some(weighing.clone());
    }

    /// The weight, or why there is none, and the weighings that say so. `tolerance`: how far the scale may differ from
    /// itself; `done`: the scale can say no more of this parcel.
    pub fn weight(&self, tolerance: Grams, done: bool) -> (Weight, Vec<(Stands, &Weighing)>) {
        let none = |cause| Weight::Unknown { cause };
        if let Some((lightest, heaviest)) = &self.stable {
            let (low, high) = (grams_of(lightest), grams_of(heaviest));
            if high.abs_diff(low) > tolerance {
                return (none(NoWeightCause::Unstable), vec![(Stands::Beside, heaviest), (Stands::Beside, lightest)]);
            }
            let mut seen = vec![(Stands::Used, heaviest)];
            if low < high {
                seen.push((Stands::Beside, lightest));
            }
            return (Weight::Known { grams: high, tolerance_g: tolerance }, seen);
        }
        let refused = [
            (&self.tared, Stands::Tared, NoWeightCause::Tared),
            (&self.out_of_range, Stands::OutOfRange, NoWeightCause::OutOfRange),
            (&self.lost, Stands::Nothing, NoWeightCause::ScaleOff),
            (&self.moving, Stands::Moving, NoWeightCause::Unstable),
            (&self.shared, Stands::Shared, NoWeightCause::TwoObjects),
        ];
        let refused = refused.into_iter().find_map(|(what, stands, cause)| Some((what.as_ref()?, stands, cause)));
        match refused {
            Some((weighing, stands, cause)) => (none(cause), vec![(stands, weighing)]),
            None if done => (none(NoWeightCause::ScaleOff), Vec::new()),
            None => (none(NoWeightCause::Late), Vec::new()),
        }
    }
}

fn grams_of(weighing: &Weighing) -> Grams {
    match weighing.weighed {
        Weighed::Stable(grams) => grams,
        Weighed::Empty | Weighed::Moving | Weighed::OutOfRange | Weighed::Tared | Weighed::Nothing => Grams::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use gatepost_hardware::units::WallMs;

    use super::*;

    const TOLERANCE: Grams = Grams(30);
    const KNOWN: Weighed = Weighed::Stable(Grams(500));

    /// What is believed after these words of the scale, each with the parcel wholly on it or not.
    fn after(words: &[(Weighed, bool)]) -> (Weight, Vec<Stands>) {
        let mut weights = Weights::default();
        for (at, (weighed, wholly)) in (0..).zip(words) {
            weights.add(&Weighing { device: 1, at: WallMs(at), weighed: *weighed, said: None }, *wholly);
        }
        let (weight, seen) = weights.weight(TOLERANCE, true);
        (weight, seen.into_iter().map(|(stands, _)| stands).collect())
    }

    fn unknown(cause: NoWeightCause) -> Weight {
        Weight::Unknown { cause }
    }

    #[test]
    fn a_weight_is_a_stable_word_of_a_parcel_wholly_on_the_scale() {
        let known = Weight::Known { grams: Grams(500), tolerance_g: TOLERANCE };
        assert_eq!(after(&[(KNOWN, true)]), (known.clone(), vec![Stands::Used]));
        assert_eq!(after(&[(KNOWN, false)]), (unknown(NoWeightCause::ScaleOff), vec![]));
        assert_eq!(after(&[(Weighed::Moving, true), (KNOWN, true)]), (known.clone(), vec![Stands::Used]));
        assert_eq!(after(&[(KNOWN, true), (Weighed::Moving, true)]), (known, vec![Stands::Used]), "it leaves");
    }

    #[test]
    fn over_a_tare_fault_and_a_lost_line_take_a_weight_back_and_only_a_new_word_gives_one() {
        for (word, cause, stands) in [
            (Weighed::OutOfRange, NoWeightCause::OutOfRange, Stands::OutOfRange),
            (Weighed::Tared, NoWeightCause::Tared, Stands::Tared),
            (Weighed::Nothing, NoWeightCause::ScaleOff, Stands::Nothing),
        ] {
            assert_eq!(after(&[(KNOWN, true), (word, true)]), (unknown(cause), vec![stands]), "{word:?}");
            let again = Weighed::Stable(Grams(700));
            let known = Weight::Known { grams: Grams(700), tolerance_g: TOLERANCE };
            assert_eq!(after(&[(KNOWN, true), (word, true), (again, true)]), (known, vec![Stands::Used]), "{word:?}");
            // It has left the scale in part: the word is of what comes behind it.
            assert_eq!(after(&[(KNOWN, true), (word, false)]).1, [Stands::Used], "{word:?}");
        }
    }

    #[test]
    fn a_zero_under_a_parcel_takes_a_weight_back_and_beside_one_says_nothing() {
        let off = (unknown(NoWeightCause::ScaleOff), vec![Stands::Nothing]);
        assert_eq!(after(&[(KNOWN, true), (Weighed::Empty, true)]), off);
        assert_eq!(after(&[(Weighed::Empty, true)]), off);
        let known = (Weight::Known { grams: Grams(500), tolerance_g: TOLERANCE }, vec![Stands::Used]);
        assert_eq!(after(&[(Weighed::Empty, true), (KNOWN, true)]), known);
        assert_eq!(after(&[(Weighed::Empty, false), (KNOWN, true), (Weighed::Empty, false)]), known);
        assert_eq!(after(&[(Weighed::Empty, false)]), (unknown(NoWeightCause::ScaleOff), vec![]));
    }

    #[test]
    fn two_stable_words_are_both_kept_whether_they_agree_or_not() {
        let near = Weighed::Stable(Grams(510));
        let known = Weight::Known { grams: Grams(510), tolerance_g: TOLERANCE };
        assert_eq!(after(&[(KNOWN, true), (near, true)]), (known, vec![Stands::Used, Stands::Beside]));
        let far = Weighed::Stable(Grams(900));
        let both = vec![Stands::Beside, Stands::Beside];
        assert_eq!(after(&[(KNOWN, true), (far, true)]), (unknown(NoWeightCause::Unstable), both));
    }
}
