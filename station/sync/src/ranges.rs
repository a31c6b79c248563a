//! A set of sequence numbers as merged ranges. Pure; knows neither stations nor messages.
//!
//! Kept as `start → end`, both inclusive; no two ranges touch. A week's backlog that arrived in order is one range.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Clone, Default, PartialEq, Eq)]
pub struct RangeSet {
    ranges: BTreeMap<u64, u64>,
}

impl RangeSet {
    pub const fn new() -> Self {
        Self { ranges: BTreeMap::new() }
    }

    /// Adds every number from `start` to `end`, both included. An empty range (start above end) adds nothing.
    pub fn insert(&mut self, start: u64, end: u64) {
        if start > end {
            return;
        }
        let (mut start, mut end) = (start, end);
        // The one range that begins before us may reach into us or touch us.
        if let Some((&before, &before_end)) = self.ranges.range(..=start).next_back()
            && before_end >= start.saturating_sub(1)
        {
            start = before;
            end = end.max(before_end);
        }
        // Then every range that begins inside us, or right after us.
        let reach = end.saturating_add(1);
        let swallowed: Vec<u64> = self.ranges.range(start..=reach).map(|(&s, _)| s).collect();
        for inside in swallowed {
            if let Some(inside_end) = self.ranges.remove(&inside) {
                end = end.max(inside_end);
            }
        }
        self.ranges.insert(start, end);
    }

    pub fn insert_one(&mut self, number: u64) {
        self.insert(number, number);
    }

    pub fn insert_all(&mut self, other: &RangeSet) {
        for range in other.iter() {
            self.insert(*range.start(), *range.end());
        }
    }

    /// Takes every number from `start` to `end`, both included, out.
    pub fn remove(&mut self, start: u64, end: u64) {
        if start > end {
            return;
        }
        if let Some((&before, &before_end)) = self.ranges.range(..start).next_back()
            && before_end >= start
        {
            self.ranges.insert(before, start - 1);
            if before_end > end {
                self.ranges.insert(end + 1, before_end);
            }
        }
        let inside: Vec<(u64, u64)> = self.ranges.range(start..=end).map(|(&s, &e)| (s, e)).collect();
        for (inside_start, inside_end) in inside {
            self.ranges.remove(&inside_start);
            if inside_end > end {
                self.ranges.insert(end + 1, inside_end);
            }
        }
    }

    pub fn contains(&self, number: u64) -> bool {
        self.ranges.range(..=number).next_back().is_some_and(|(_, &end)| end >= number)
    }

    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// How many ranges; what the set costs.
    pub fn range_count(&self) -> usize {
        self.ranges.len()
    }

    /// How many numbers; saturates at `u64::MAX`.
    pub fn count(&self) -> u64 {
        self.iter().fold(0, |sum: u64, range| sum.saturating_add((range.end() - range.start()).saturating_add(1)))
    }

    pub fn highest(&self) -> Option<u64> {
        self.ranges.last_key_value().map(|(_, &end)| end)
    }

    /// The lowest number from `from` on that is not in the set; nothing when the set reaches `u64::MAX`.
    pub fn first_missing(&self, from: u64) -> Option<u64> {
        match self.ranges.range(..=from).next_back() {
            Some((_, &end)) if end >= from => end.checked_add(1),
            _ => Some(from),
        }
    }

    /// What of `start..=end` is not in the set.
    pub fn gaps(&self, start: u64, end: u64) -> RangeSet {
        let mut gaps = RangeSet::new();
        gaps.insert(start, end);
        for range in self.iter() {
            gaps.remove(*range.start(), *range.end());
        }
        gaps
    }

    pub fn iter(&self) -> impl Iterator<Item = RangeInclusive<u64>> + '_ {
        self.ranges.iter().map(|(&start, &end)| start..=end)
    }

    /// Forgets the highest ranges until at most `ranges_max` are left.
    pub fn keep_lowest(&mut self, ranges_max: usize) {
        while self.ranges.len() > ranges_max {
            self.ranges.pop_last();
        }
    }
}

impl FromIterator<u64> for RangeSet {
    fn from_iter<I: IntoIterator<Item = u64>>(numbers: I) -> Self {
        let mut set = Self::new();
        for number in numbers {
            set.insert_one(number);
        }
        set
    }
}

impl FromIterator<RangeInclusive<u64>> for RangeSet {
    fn from_iter<I: IntoIterator<Item = RangeInclusive<u64>>>(ranges: I) -> Self {
        let mut set = Self::new();
        for range in ranges {
            set.insert(*range.start(), *range.end());
        }
        set
    }
}

impl fmt::Debug for RangeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Written as `[[first,last],…]`.
impl Serialize for RangeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.ranges.iter().map(|(start, end)| [start, end]))
    }
}

/// Refuses a range written backwards; whoever wrote it meant something we do not understand.
impl<'de> Deserialize<'de> for RangeSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs = Vec::<[u64; 2]>::deserialize(deserializer)?;
        if let Some([start, end]) = pairs.iter().find(|[start, end]| start > end) {
            return Err(serde::de::Error::custom(format!("the range [{start},{end}] ends before it begins")));
        }
        Ok(pairs.into_iter().map(|[start, end]| start..=end).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn touching_ranges_become_one() {
        let mut set = RangeSet::new();
        set.insert(5, 9);
        set.insert(0, 3);
        assert_eq!(set.range_count(), 2);
        set.insert_one(4);
        assert_eq!(serde_json::to_string(&set).unwrap(), "[[0,9]]");
        assert_eq!(set.first_missing(0), Some(10));
    }

    #[test]
    fn the_ends_of_the_numbers_are_ordinary() {
        let mut set = RangeSet::new();
        set.insert(u64::MAX - 1, u64::MAX);
        set.insert(0, 0);
        assert_eq!(set.first_missing(u64::MAX), None);
        set.insert(0, u64::MAX);
        assert_eq!((set.range_count(), set.count()), (1, u64::MAX));
        set.remove(7, u64::MAX);
        assert_eq!(set, (0..=6).collect());
    }

    #[test]
    fn a_range_written_backwards_is_refused() {
        assert!(serde_json::from_str::<RangeSet>("[[3,2]]").is_err());
        assert!(serde_json::from_str::<RangeSet>("[[3,2,1]]").is_err());
        assert!(serde_json::from_str::<RangeSet>("[[-3,2]]").is_err());
    }

    #[derive(Clone, Debug)]
    enum Step {
        Insert(u64, u64),
        Remove(u64, u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        (any::<bool>(), 0_u64..60, 0_u64..12).prop_map(|(insert, start, length)| match insert {
            true => Step::Insert(start, start + length),
            false => Step::Remove(start, start + length),
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn it_is_a_set_of_numbers(steps in proptest::collection::vec(step(), 0..40)) {
            let (mut set, mut model) = (RangeSet::new(), BTreeSet::new());
            for step in steps {
                match step {
                    Step::Insert(start, end) => { set.insert(start, end); model.extend(start..=end); }
                    Step::Remove(start, end) => { set.remove(start, end); model.retain(|n| !(start..=end).contains(n)); }
                }
                prop_assert_eq!(set.count(), model.len() as u64);
                for number in 0..80 {
                    prop_assert_eq!(set.contains(number), model.contains(&number));
                }
                prop_assert_eq!(set.first_missing(3), (3..).find(|n| !model.contains(n)));
                prop_assert_eq!(set.highest(), model.last().copied());
                let bounds: Vec<_> = set.iter().collect();
                prop_assert!(bounds.windows(2).all(|pair| pair[0].end() + 1 < *pair[1].start()), "merged and apart");
                let gaps: BTreeSet<u64> = set.gaps(10, 30).iter().flatten().collect();
                prop_assert_eq!(gaps, (10..=30).filter(|n| !model.contains(n)).collect::<BTreeSet<_>>());
                let read: RangeSet = serde_json::from_str(&serde_json::to_string(&set).unwrap()).unwrap();
                prop_assert_eq!(&read, &set);
            }
        }
    }
}
