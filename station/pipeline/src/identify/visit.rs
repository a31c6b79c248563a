//! Item visits: an item's number and when it was first seen, because the number alone is not for ever.
//!
//! A post may use an S10 again after twelve months. A visit links the passes of one item (belt, exam bench, belt again)
//! and keeps two items that shared a number a year apart from becoming one. Pure: who remembers the first sighting
//! passes it in.

use super::ItemId;
use gatepost_hardware::units::WallMs;
use serde::{Deserialize, Serialize};

/// For how long after its first sighting a number means the same item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VisitWindow {
    /// Days of 86,400 s.
    pub days: u16,
}

impl VisitWindow {
    /// The shortest time after which a post may use an S10 again: a shorter window would split one item, a longer one
    /// could join two.
    pub const S10: VisitWindow = VisitWindow { days: 365 };

    const fn ms(self) -> i64 {
        self.days as i64 * 86_400_000
    }
}

/// The key of a visit. Two visits of one number differ in the first sighting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ItemVisit {
    pub item: ItemId,
    pub first_seen: WallMs,
}

impl ItemVisit {
    /// The visit that a sighting at `now` belongs to: the previous one while its window lasts, else a new one.
    pub fn of(item: ItemId, previous_seen: Option<WallMs>, now: WallMs, window: VisitWindow) -> Self {
        let first_seen = previous_seen.filter(|previous| same_visit(*previous, now, window)).unwrap_or(now);
        Self { item, first_seen }
    }
}

/// Whether a number first seen at `previous_seen` still means the same item at `now`. The last millisecond of the
/// window belongs to it. A clock that went back is doubt, and doubt is the same item: a repetition is then noticed.
pub const fn same_visit(previous_seen: WallMs, now: WallMs, window: VisitWindow) -> bool {
    now.0.saturating_sub(previous_seen.0) <= window.ms()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identify::Kind;

    const DAY: i64 = 86_400_000;

    #[test]
    fn a_number_means_the_same_item_until_its_window_ends() {
        let seen = WallMs(1_790_000_000_000);
        let at = |ms: i64| same_visit(seen, WallMs(seen.0 + ms), VisitWindow::S10);
        assert!(at(0) && at(1) && at(364 * DAY) && at(365 * DAY));
        assert!(!at(365 * DAY + 1) && !at(730 * DAY));
        assert!(at(-DAY), "a clock set back does not make a new item");
        assert!(!same_visit(WallMs(i64::MIN), WallMs(i64::MAX), VisitWindow::S10));
        assert!(same_visit(WallMs(i64::MAX), WallMs(i64::MIN), VisitWindow::S10));
    }

    #[test]
    fn a_number_used_again_is_another_visit() {
        let item = ItemId { kind: Kind::S10, id: "RR473124829GB".to_owned() };
        let of = |previous, now| ItemVisit::of(item.clone(), previous, WallMs(now), VisitWindow::S10);
        let first = of(None, 1_000);
        assert_eq!(first.first_seen, WallMs(1_000));
        assert_eq!(of(Some(first.first_seen), 1_000 + 30 * DAY), first);
        assert_ne!(of(Some(first.first_seen), 1_000 + 400 * DAY), first);
    }
}
