//! What the scale says of the item on its plate: its weight, whether it rests, and whether anybody watches it.
//!
//! Apart from the other readings because this one is said over and over and may be taken back. Until an item is decided,
//! whatever is not the same stable weight again takes the weight back, and the decision waits for the scale. Afterwards a
//! hand may move it, press it and lift it; a scale that says nothing any more has lost it, weight and all.

use gatepost_hardware::units::{Grams, Micros};

use crate::event::Weighed;
use crate::judge::{NoWeightCause, Outcome, Weight};
use crate::limits::PLATE_CHANGE_MS;
use crate::weighing::{Stands, Weighing};

/// What a weight did to a presentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plate {
    Nothing,
    /// A first weight, or the same again.
    Stands,
    /// More than before, and perhaps only a hand.
    Pressed,
    /// Something was laid on beside it.
    Heavier,
    /// A part of it was taken off.
    Lighter,
}

/// What is shown of an item, and since when.
type Lamp = Option<(Outcome, Micros)>;

#[derive(Clone, Debug, Default)]
pub(super) struct OnPlate {
    /// The item's weight, as it was said first, or first after it was taken back.
    weight: Option<Weighing>,
    /// The last word that was no weight.
    refused: Option<Weighing>,
    laid: bool,
    /// What has stood on the plate last.
    rest: Grams,
    /// The plate has not been at rest since then.
    moving: Option<Micros>,
    /// Something that never came to rest is on it all the same.
    heavy: bool,
    /// Another weight has stood since then.
    changed: Option<Micros>,
    /// The plate was disturbed then, after it had stood: the item may be being lifted. With what was shown of it.
    leaving: Option<(Micros, Lamp)>,
    lost: bool,
}

impl OnPlate {
    /// Takes a weight of a plate that is not empty. `decided`: its weight was used.
    pub fn take(&mut self, mono: Micros, weighing: &Weighing, tolerance: Grams, shown: Lamp, decided: bool) -> Plate {
        let grams = match weighing.weighed {
            Weighed::Stable(grams) => grams,
            Weighed::Empty => {
                self.moving = None;
                return Plate::Nothing;
            }
            Weighed::Moving | Weighed::OutOfRange | Weighed::Tared | Weighed::Nothing => {
                self.refuse(mono, weighing, shown, decided);
                return Plate::Nothing;
            }
        };
        if !self.laid {
            (self.laid, self.rest) = (true, grams);
        }
        if grams.abs_diff(self.rest) <= tolerance {
            (self.changed, self.leaving) = (None, None);
            self.stands(weighing);
            return Plate::Stands;
        }
        self.leaving = self.leaving.or(Some((mono, shown)));
        let since = *self.changed.get_or_insert(mono);
        let stays = mono >= since + Micros::from_ms(PLATE_CHANGE_MS);
        let heavier = grams > self.rest;
        if stays {
            (self.rest, self.changed, self.leaving) = (grams, None, None);
            self.stands(weighing);
        } else if !decided {
            self.weight = None;
            self.refused = Some(weighing.clone());
        }
        match (stays, heavier) {
            (true, true) => Plate::Heavier,
            (true, false) => Plate::Lighter,
            (false, true) => Plate::Pressed,
            (false, false) => Plate::Nothing,
        }
    }

    fn stands(&mut self, weighing: &Weighing) {
        (self.lost, self.refused) = (false, None);
        self.weight.get_or_insert_with(|| weighing.clone());
    }

    fn refuse(&mut self, mono: Micros, weighing: &Weighing, shown: Lamp, decided: bool) {
        if weighing.weighed != Weighed::Nothing {
            let since = *self.moving.get_or_insert(mono);
            self.heavy |= mono >= since + Micros::from_ms(PLATE_CHANGE_MS);
        }
        self.leaving = self.leaving.or(self.laid.then_some((mono, shown)));
        // What says that it is out of range, or that a tare stands, says more than what moves on the way there.
        let last = self.refused.as_ref().map(|refused| refused.weighed);
        if weighing.weighed != Weighed::Moving || !matches!(last, Some(Weighed::OutOfRange | Weighed::Tared)) {
            self.refused = Some(weighing.clone());
        }
        if !decided {
            self.weight = None;
        }
    }

    /// Nobody watches the plate any more: whatever is laid on it from here on may be another item.
    pub fn lose(&mut self) {
        (self.weight, self.leaving, self.lost) = (None, None, true);
    }

    /// Whether nobody touches what has stood on the plate.
    pub fn is_at_rest(&self) -> bool {
        self.leaving.is_none()
    }
    /// When a hand came near it.
    pub fn touched(&self) -> Option<Micros> {
        self.leaving.map(|(at, _)| at)
    }
    /// Whether it was ever on the scale.
    pub fn was_laid(&self) -> bool {
        self.laid || self.heavy
    }
    pub fn is_weighed(&self) -> bool {
        self.weight.is_some()
    }

    /// The weight, or why there is none, and the weighing that says so. `two`: there is more than one item.
    pub fn weight(&self, tolerance_g: Grams, two: bool) -> (Weight, Vec<(Stands, &Weighing)>) {
        let none = |cause| Weight::Unknown { cause };
        if let Some(weighing) = &self.weight {
            return match weighing.weighed {
                Weighed::Stable(grams) if !two => {
                    (Weight::Known { grams, tolerance_g }, vec![(Stands::Used, weighing)])
                }
                _ => (none(NoWeightCause::TwoObjects), vec![(Stands::Shared, weighing)]),
            };
        }
        let (cause, stands) = match self.refused.as_ref().map(|refused| refused.weighed) {
            Some(Weighed::OutOfRange) => (NoWeightCause::OutOfRange, Stands::OutOfRange),
            Some(Weighed::Tared) => (NoWeightCause::Tared, Stands::Tared),
            Some(Weighed::Nothing) => (NoWeightCause::ScaleOff, Stands::Nothing),
            Some(Weighed::Moving | Weighed::Stable(_)) => (NoWeightCause::Unstable, Stands::Moving),
            Some(Weighed::Empty) | None => (NoWeightCause::Late, Stands::Nothing),
        };
        let cause = if self.lost { NoWeightCause::ScaleOff } else { cause };
        let seen = self.refused.iter().map(|refused| (stands, refused));
        (none(cause), seen.collect())
    }
}

#[cfg(test)]
mod tests {
    use gatepost_hardware::units::WallMs;

    use super::*;

    const TOLERANCE: Grams = Grams(10);
    const KNOWN: Weighed = Weighed::Stable(Grams(800));

    /// A word of the scale every 200 ms; what is believed then.
    fn after(words: &[Weighed], decided: bool) -> (Weight, Vec<Stands>, OnPlate) {
        let mut plate = OnPlate::default();
        for (at, weighed) in (1..).zip(words) {
            let (mono, word) =
                (Micros::from_ms(at * 200), Weighing { device: 1, at: WallMs(0), weighed: *weighed, said: None });
            plate.take(mono, &word, TOLERANCE, None, decided);
        }
        let (weight, seen) = plate.weight(Grams(30), false);
        let stands = seen.into_iter().map(|(stands, _)| stands).collect();
        (weight, stands, plate)
    }

    #[test]
    fn until_it_is_decided_whatever_is_no_weight_takes_the_weight_back() {
        let known = Weight::Known { grams: Grams(800), tolerance_g: Grams(30) };
        for (word, cause, stands) in [
            (Weighed::Moving, NoWeightCause::Unstable, Stands::Moving),
            (Weighed::OutOfRange, NoWeightCause::OutOfRange, Stands::OutOfRange),
            (Weighed::Tared, NoWeightCause::Tared, Stands::Tared),
            (Weighed::Nothing, NoWeightCause::ScaleOff, Stands::Nothing),
            (Weighed::Stable(Grams(1_900)), NoWeightCause::Unstable, Stands::Moving),
        ] {
            let (weight, seen, plate) = after(&[KNOWN, word], false);
            assert_eq!((weight, seen), (Weight::Unknown { cause }, vec![stands]), "{word:?}");
            assert!(!plate.is_at_rest() && plate.was_laid() && !plate.is_weighed(), "{word:?}");
            let (weight, seen, plate) = after(&[KNOWN, word, KNOWN], false);
            assert_eq!((weight, seen), (known.clone(), vec![Stands::Used]), "{word:?}");
            assert!(plate.is_at_rest(), "{word:?}");
            // A hand at what is decided takes nothing back, but nothing rests under it.
            let (weight, _, plate) = after(&[KNOWN, word], true);
            assert_eq!((weight, plate.is_at_rest()), (known.clone(), false), "{word:?}");
        }
    }

    #[test]
    fn what_was_lost_from_sight_has_no_weight_until_the_scale_says_one() {
        let (.., mut plate) = after(&[KNOWN], true);
        plate.lose();
        let (weight, seen) = plate.weight(Grams(30), false);
        assert_eq!((weight, seen.len()), (Weight::Unknown { cause: NoWeightCause::ScaleOff }, 0));
        let word = Weighing { device: 1, at: WallMs(9), weighed: Weighed::Stable(Grams(805)), said: None };
        assert_eq!(plate.take(Micros::from_ms(900), &word, TOLERANCE, None, true), Plate::Stands);
        let (weight, seen) = plate.weight(Grams(30), false);
        assert_eq!(weight, Weight::Known { grams: Grams(805), tolerance_g: Grams(30) });
        assert_eq!(seen, [(Stands::Used, &word)], "the new word, not the old one");
    }
}
