//! The officer at the bench: lays an item down, looks at the lamp, takes the item where it says.

use super::super::truth::{Chute, Happened};
use super::{CALLED_WITHIN, Lamp, Lying, PAUSE, Seen, VirtualBench};
use crate::faults::Fault;
use crate::parcel::ParcelTruth;
use gatepost_hardware::units::Micros;

/// From a lamp to the hand at the item: at least so long at any pace, because the station does not run faster.
const REACTION_US: (usize, usize) = (700_000, 1_500_000);
const REACTION_LEAST: Micros = Micros(600_000);
/// An officer who is shown nothing for so long takes the item away.
const PATIENCE: Micros = Micros(30_000_000);
/// A second item is laid beside the first this long after it.
const SECOND: Micros = Micros(2_000_000);
/// Busy with the second, nobody looks at the lamp.
const BUSY: Micros = Micros(2_000_000);
/// Somebody takes an item away this long after it was laid down.
const SNATCHED: Micros = Micros(1_200_000);

impl VirtualBench {
    /// The officer takes everything on the bench away before its time.
    pub fn officer_lifts(&mut self) {
        self.lift(None);
    }

    pub(super) fn hands_act(&mut self) {
        let Some(first) = self.lying.first().cloned() else {
            let due = if self.called { self.next_at } else { self.next_at + CALLED_WITHIN };
            if self.feeding && self.now >= due && !self.planned_are_laid() {
                self.lay(false);
            }
            return;
        };
        let (id, laid, alone) = (first.parcel.id, first.laid, self.lying.len() == 1);
        for fault in [Fault::DiskFull, Fault::ModelFailed] {
            if self.faults.active(fault, self.now) {
                self.touch(id, fault);
            }
        }
        let (lamp, since) = self.lamp;
        let second = self.lying.get(1).map_or(laid, |second| second.laid + self.paced(BUSY));
        if first.marks.contains(&Fault::Lost) && self.now >= laid + self.paced(SNATCHED) {
            self.lift(None);
        } else if first.marks.contains(&Fault::Inserted) && alone && self.now >= laid + self.paced(SECOND) {
            self.lay(true);
        } else if lamp == Lamp::Dark {
            if self.now >= laid + PATIENCE {
                self.lift(None);
            }
        } else if self.now >= since.max(second) + self.reaction {
            match lamp {
                Lamp::Release => self.lift(Some(Chute::Release)),
                Lamp::Exam => self.lift(Some(Chute::Exam)),
                Lamp::Stop | Lamp::Dark => {
                    // The supervisor comes, and it is carried away.
                    self.tell(Happened::Reset);
                    self.lift(None);
                }
            }
        }
    }

    /// The pass was first shown after the item was laid down, and the number is the one on its label, if one is shown.
    pub(super) fn is_of_this_item(&self, seen: &Seen) -> bool {
        let plain = |id: &str| id.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        let Some(first) = self.lying.first() else { return false };
        let labelled = seen.item.as_deref().is_none_or(|item| plain(item) == plain(&first.parcel.item));
        labelled && seen.pass.is_some() && seen.pass != self.pass_before
    }

    pub(super) fn draw_reaction(&mut self) {
        let drawn = self.random.count(REACTION_US.0, REACTION_US.1) as u64;
        let supervisor = Micros::from_ms(u64::from(self.plan.supervisor_ms.unwrap_or(5_000)));
        let usual = self.paced(Micros(drawn)).max(REACTION_LEAST);
        self.reaction = if self.lamp.0 == Lamp::Stop { supervisor.max(usual) } else { usual };
    }

    fn lay(&mut self, beside: bool) {
        let parcel = self.generator.next(&self.plan);
        let id = parcel.id;
        self.parcels.push(parcel.clone());
        if beside {
            let first = self.lying.first().map_or(0, |lying| lying.parcel.id);
            self.touch(first, Fault::Inserted);
            self.touch(id, Fault::Inserted);
            self.tell(Happened::Inserted { parcel: id, at_mm: 0 });
        } else {
            // What is shown still is of the last one.
            self.pass_before.clone_from(&self.pass_seen);
            self.called = false;
            self.lamp = (Lamp::Dark, self.now);
            let order = self.parcels.len() as u32;
            self.tell(Happened::Entered { parcel: id, order });
        }
        let marks = if beside { Vec::new() } else { self.marks(&parcel) };
        let drift = if marks.contains(&Fault::ScaleDrift) { 200 + i64::from(parcel.mass_g) / 8 } else { 0 };
        let grams = i64::from(parcel.mass_g) + drift + self.random.count(0, 4) as i64 - 2;
        let lying = Lying { parcel, laid: self.now, grams, marks, scanned: beside, weighed: false, pictured: beside };
        self.lying.push(lying);
        self.disturbed = self.now;
    }

    fn marks(&mut self, parcel: &ParcelTruth) -> Vec<Fault> {
        use Fault as F;
        let could = [
            F::NoRead,
            F::DoubleRead,
            F::WrongSymbology,
            F::ScannerOff,
            F::ScaleDrift,
            F::ScaleUnstable,
            F::ImageLate,
            F::ImageMissing,
            F::Lost,
            F::Inserted,
        ];
        could.into_iter().filter(|fault| self.picked(*fault, parcel.id)).collect()
    }

    /// Everything on the bench is taken away: to a chute, or out of the way.
    fn lift(&mut self, to: Option<Chute>) {
        if self.lying.is_empty() {
            return;
        }
        for lying in std::mem::take(&mut self.lying) {
            let parcel = lying.parcel.id;
            self.tell(match to {
                Some(chute) => Happened::Left { parcel, chute },
                None => Happened::Removed { parcel },
            });
        }
        self.disturbed = self.now;
        self.next_at = self.now + self.paced(PAUSE);
    }
}
