//! Images to learn from, to choose by and to report on, apart by construction.
//!
//! It stands alone so that a test can hold the split: seeds of different splits never meet, the test split is seen by
//! other scanners, hides other designs, and hides them otherwise. Clean parcels are half of what a model is judged on.

use super::profile::{self, ScannerProfile, View};
use super::random::{Random, mix};
use super::scene::{Scene, ScenePlan};
use super::targets::{Class, Designs};

/// What images are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// To learn from.
    Train,
    /// To see how learning goes: training designs and scanners, other seeds.
    Validation,
    /// To choose thresholds on: scanners and harmless things that training does not see, and the test split neither. A
    /// threshold chosen among what was taught flags ten times as much among what was not.
    Calibration,
    /// To report on: unseen designs, concealments and scanners.
    Test,
}

impl Split {
    /// The split of that name: `train`, `val`, `cal` or `test`.
    pub fn named(name: &str) -> Option<Split> {
        match name {
            "train" => Some(Split::Train),
            "val" => Some(Split::Validation),
            "cal" => Some(Split::Calibration),
            "test" => Some(Split::Test),
            _ => None,
        }
    }

    /// The seed of the split's image: the top two bits name the split, so two splits share no seed.
    pub fn image_seed(self, seed: u64, index: u64) -> u64 {
        let tag = match self {
            Split::Calibration => 0u64,
            Split::Train => 1,
            Split::Validation => 2,
            Split::Test => 3,
        };
        (mix(mix(seed) ^ index) >> 2) | tag << 62
    }

    /// Which designs it draws from.
    pub fn designs(self) -> Designs {
        match self {
            Split::Train | Split::Validation => Designs::Training,
            Split::Calibration => Designs::Calibration,
            Split::Test => Designs::Unseen,
        }
    }

    /// The scanner that sees an image.
    pub fn scanner(self, image_seed: u64) -> &'static ScannerProfile {
        match self {
            Split::Test => one_of(&profile::TESTING, image_seed),
            Split::Calibration => one_of(&profile::CALIBRATION, image_seed),
            Split::Train | Split::Validation => one_of(&profile::TRAINING, image_seed),
        }
    }

    /// Which of its scanner's views an image shows: of one with two views every third is the second.
    pub fn view(self, image_seed: u64) -> View {
        let scanner = self.scanner(image_seed);
        scanner.second_view.filter(|_| mix(image_seed ^ 13).is_multiple_of(3)).unwrap_or(scanner.view)
    }

    /// The parcel of an image. To be judged on: every second one clean, else one target, in one of eight two. To learn
    /// from: every fourth one clean and up to three targets, because a clean parcel teaches less. Classes in turn. Nearly
    /// half of all parcels hold something harmless that resembles a target.
    pub fn scene(self, seed: u64, index: u64) -> Scene {
        let image_seed = self.image_seed(seed, index);
        let mut random = Random::new(mix(image_seed ^ 11));
        let any = |random: &mut Random| random.choose(&Class::ALL);
        let (every, most) = if self == Split::Train { (4, 3) } else { (2, 2) };
        // In turn among the parcels that are not clean; a clean one is packed as if it held the next.
        let clean = index.is_multiple_of(every);
        let turn = if clean { index / every } else { index - index / every - 1 };
        let mut classes = vec![Class::ALL[turn as usize % Class::ALL.len()]];
        let more = if self == Split::Train { 0.4 } else { 0.125 };
        while classes.len() < most && random.chance(more) {
            classes.push(any(&mut random));
        }
        let (targets, instead_of) = if clean { (Vec::new(), classes) } else { (classes, Vec::new()) };
        let mut lookalikes = Vec::new();
        if random.chance(0.4) {
            lookalikes.push(any(&mut random));
            if random.chance(0.3) {
                lookalikes.push(any(&mut random));
            }
        }
        Scene::random(
            image_seed,
            &ScenePlan { targets, instead_of, lookalikes, designs: self.designs(), ..ScenePlan::default() },
        )
    }
}

fn one_of(profiles: &'static [ScannerProfile], image_seed: u64) -> &'static ScannerProfile {
    &profiles[(mix(image_seed ^ 7) % profiles.len() as u64) as usize]
}

#[cfg(test)]
mod tests {
    use super::super::scene::ParcelKind;
    use super::super::{concealments, lookalikes};
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn clean_parcels_are_half_and_a_third_of_them_hold_a_look_alike() {
        let scenes: Vec<Scene> = (0..300).map(|index| Split::Test.scene(3, index)).collect();
        let clean: Vec<&Scene> = scenes.iter().filter(|scene| scene.targets.is_empty()).collect();
        assert_eq!(clean.len(), 150);
        let with = clean.iter().filter(|scene| !scene.lookalikes.is_empty()).count();
        println!("{with} of {} clean parcels hold a look-alike", clean.len());
        assert!(with * 10 >= clean.len() * 3);
        // A clean parcel is not told by being small, empty or flat.
        type Value = fn(&Scene) -> f64;
        let mean = |clean: bool, value: Value| {
            let values: Vec<f64> = scenes.iter().filter(|s| s.targets.is_empty() == clean).map(value).collect();
            values.iter().sum::<f64>() / values.len() as f64
        };
        let values: [(&str, Value); 3] = [
            ("things", |scene| scene.things as f64),
            ("area", |scene| f64::from(scene.length_mm) * f64::from(scene.width_mm)),
            ("boxes", |scene| f64::from(u8::from(scene.kind == ParcelKind::Box))),
        ];
        for (name, value) in values {
            let (clean, holding) = (mean(true, value), mean(false, value));
            println!("{name}: clean {clean:.2}, with a target {holding:.2}");
            assert!((0.75..1.33).contains(&(clean / holding)), "{name}: {clean} against {holding}");
        }
    }

    #[test]
    fn the_test_split_shares_neither_seeds_nor_designs_nor_scanner() {
        let splits = [Split::Train, Split::Validation, Split::Calibration, Split::Test];
        let seeds: Vec<BTreeSet<u64>> =
            splits.iter().map(|split| (0..500).map(|i| split.image_seed(7, i)).collect()).collect();
        assert!(seeds.iter().all(|set| set.len() == 500));
        let all: BTreeSet<u64> = seeds.iter().flatten().copied().collect();
        assert_eq!(all.len(), 500 * splits.len());
        for index in 0..120 {
            for split in splits {
                let scanner = split.scanner(split.image_seed(7, index));
                assert_eq!(profile::TESTING.contains(scanner), split == Split::Test);
                assert_eq!(profile::CALIBRATION.contains(scanner), split == Split::Calibration);
                let scene = split.scene(7, index);
                for name in &scene.lookalikes {
                    let kept = lookalikes::kept_for(name);
                    assert!(kept.is_none_or(|kept| kept == split.designs()), "{name} in {split:?}");
                }
                for target in scene.targets {
                    let unseen = Class::ALL.iter().any(|&class| {
                        super::super::targets::design_names(class, Designs::Unseen).contains(&target.design)
                    });
                    assert_eq!(unseen, split == Split::Test, "{}", target.design);
                    if let Some(way) = target.hidden_in {
                        assert_eq!(concealments::is_unseen(way), split == Split::Test, "{way}");
                    }
                }
            }
        }
    }
}
