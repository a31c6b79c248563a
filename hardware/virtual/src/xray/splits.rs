//! Training, validation and test images, apart by construction.
//!
//! It stands alone so that a test can hold the split: seeds of different splits never meet, the test split is seen by
//! another scanner and hides other designs. Clean parcels are half of every split.

use super::profile::{self, ScannerProfile};
use super::random::mix;
use super::scene::{Scene, ScenePlan};
use super::targets::{Class, Designs};

/// What images are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// To learn from.
    Train,
    /// To choose thresholds on: training designs and scanners, other seeds.
    Validation,
    /// To report on: unseen designs and an unseen scanner.
    Test,
}

impl Split {
    /// The split of that name: `train`, `val` or `test`.
    pub fn named(name: &str) -> Option<Split> {
        match name {
            "train" => Some(Split::Train),
            "val" => Some(Split::Validation),
            "test" => Some(Split::Test),
            _ => None,
        }
    }

    /// The seed of the split's image: the top two bits name the split, so two splits share no seed.
    pub fn image_seed(self, seed: u64, index: u64) -> u64 {
        let tag = match self {
            Split::Train => 1u64,
            Split::Validation => 2,
            Split::Test => 3,
        };
        (mix(mix(seed) ^ index) >> 2) | tag << 62
    }

    /// Which target designs it may hide.
    pub fn designs(self) -> Designs {
        if self == Split::Test { Designs::Unseen } else { Designs::Training }
    }

    /// The scanner that sees an image.
    pub fn scanner(self, image_seed: u64) -> &'static ScannerProfile {
        match self {
            Split::Test => &profile::TESTING,
            _ => &profile::TRAINING[(mix(image_seed ^ 7) % profile::TRAINING.len() as u64) as usize],
        }
    }

    /// The parcel of an image: every second one clean, targets in turn.
    pub fn scene(self, seed: u64, index: u64) -> Scene {
        let image_seed = self.image_seed(seed, index);
        let targets = if index.is_multiple_of(2) {
            Vec::new()
        } else {
            let first = Class::ALL[(index / 2) as usize % Class::ALL.len()];
            let draw = mix(image_seed ^ 11);
            // One parcel in eight hides two things.
            if draw.is_multiple_of(8) {
                vec![first, Class::ALL[(draw >> 8) as usize % Class::ALL.len()]]
            } else {
                vec![first]
            }
        };
        Scene::random(image_seed, &ScenePlan { targets, designs: self.designs(), ..ScenePlan::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_test_split_shares_neither_seeds_nor_designs_nor_scanner() {
        let splits = [Split::Train, Split::Validation, Split::Test];
        let seeds: Vec<BTreeSet<u64>> =
            splits.iter().map(|split| (0..500).map(|i| split.image_seed(7, i)).collect()).collect();
        assert!(seeds.iter().all(|set| set.len() == 500));
        assert!(seeds[0].is_disjoint(&seeds[1]) && seeds[0].is_disjoint(&seeds[2]) && seeds[1].is_disjoint(&seeds[2]));
        for index in 0..24 {
            for split in splits {
                let scanner = split.scanner(split.image_seed(7, index));
                assert_eq!(scanner == &profile::TESTING, split == Split::Test);
                for target in split.scene(7, index).targets {
                    let unseen = Class::ALL.iter().any(|&class| {
                        super::super::targets::design_names(class, Designs::Unseen).contains(&target.design)
                    });
                    assert_eq!(unseen, split == Split::Test, "{}", target.design);
                }
            }
        }
    }
}
