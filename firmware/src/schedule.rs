//! Permits that wait for their parcel: bounded, each for one window at the diverter eye.
//!
//! A permit is accepted once, matched on the edge of a nose inside its window, measured on the edge of the tail, and
//! then handed to the guard as a claim. Whatever goes wrong on the way ends it, with a fate that is said. It never
//! opens anything.

use crate::guard::Claim;
use crate::zone::Zone;
use gatepost_hardware::lane::Segment;
use gatepost_hardware::link::{Permit, PermitFate, PermitRefusal, VoidCause};
use gatepost_hardware::units::{Micros, Tick};
use heapless::Vec;

/// More than parcels fit between decision and gate.
pub const PERMITS_MAX: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// For the nose.
    Waiting,
    /// For the tail.
    Crossing { lead: Tick },
    /// For the gate.
    Measured { lead: Tick, trail: Tick },
}

#[derive(Clone, Debug)]
pub struct Slot {
    pub permit: Permit,
    pub stage: Stage,
}

/// What ended: permit, pass and fate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    pub permit: u32,
    pub pass: u32,
    pub fate: PermitFate,
}

#[derive(Clone, Debug, Default)]
pub struct Schedule {
    slots: Vec<Slot, PERMITS_MAX>,
    /// Permits rise within an epoch, so that remembering one number refuses every second use.
    last: Option<u32>,
}

impl Schedule {
    /// As new, in place: no permit, and no number used.
    pub fn anew(&mut self) {
        let Self { slots, last } = self;
        slots.clear();
        *last = None;
    }

    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Takes the number of a permit whose epoch was checked: once, whatever becomes of the permit, so that one which was
    /// refused is not accepted when it comes again.
    ///
    /// # Errors
    /// [`PermitRefusal::AlreadyUsed`].
    pub fn take_number(&mut self, permit: u32) -> Result<(), PermitRefusal> {
        if self.last.is_some_and(|last| permit <= last) {
            return Err(PermitRefusal::AlreadyUsed);
        }
        self.last = Some(permit);
        Ok(())
    }

    /// Takes a permit whose number was taken. `tick`: of the diverter eye's segment.
    ///
    /// # Errors
    /// Why it is refused; the permit is then forgotten.
    pub fn accept(&mut self, permit: Permit, now: Micros, tick: Tick, zone: &Zone) -> Result<(), PermitRefusal> {
        if permit.expires <= now {
            return Err(PermitRefusal::Expired);
        }
        let (lo, hi) = (permit.window_lo, permit.window_hi);
        if lo > hi || hi <= tick || zone.may_have_begun_within(lo, hi) {
            return Err(PermitRefusal::TooLate);
        }
        if self.slots.iter().any(|slot| lo <= slot.permit.window_hi && slot.permit.window_lo <= hi) {
            return Err(PermitRefusal::Overlap);
        }
        self.slots.push(Slot { permit, stage: Stage::Waiting }).map_err(|_| PermitRefusal::Full)
    }

    /// Takes one permit back. False when it is not here.
    pub fn remove(&mut self, permit: u32) -> bool {
        let found = self.slots.iter().position(|slot| slot.permit.id == permit);
        found.and_then(|index| self.take(index)).is_some()
    }

    /// A nose at the diverter eye. Returns a permit that two noses could have meant.
    pub fn lead(&mut self, tick: Tick) -> Option<Ended> {
        let index =
            self.slots.iter().position(|slot| (slot.permit.window_lo..=slot.permit.window_hi).contains(&tick))?;
        if self.slots[index].stage == Stage::Waiting {
            self.slots[index].stage = Stage::Crossing { lead: tick };
            return None;
        }
        self.end(index, PermitFate::Void(VoidCause::Gap))
    }

    /// A tail at the diverter eye, of what began at `lead`. Returns a permit whose length it is not.
    pub fn trail(&mut self, lead: Tick, trail: Tick, segment: &Segment) -> Option<Ended> {
        let index = self.slots.iter().position(|slot| slot.stage == Stage::Crossing { lead })?;
        let (length, permit) = (segment.mm(trail - lead), &self.slots[index].permit);
        if length < permit.length_mm_min || length > permit.length_mm_max {
            return self.end(index, PermitFate::Void(VoidCause::Length));
        }
        self.slots[index].stage = Stage::Measured { lead, trail };
        None
    }

    /// The next permit that ends by time or place: expired, its window gone by (`slack` ticks ago), or its parcel
    /// longer than the way to the opening point `open_at` ticks behind the eye.
    pub fn overdue(&mut self, now: Micros, tick: Tick, slack: Tick, open_at: Tick) -> Option<Ended> {
        let fate = |slot: &Slot| match slot.stage {
            _ if now > slot.permit.expires => Some(PermitFate::Void(VoidCause::Expired)),
            Stage::Waiting if tick > slot.permit.window_hi + slack => Some(PermitFate::Missed),
            Stage::Crossing { lead } if tick >= lead + open_at => Some(PermitFate::Void(VoidCause::Length)),
            _ => None,
        };
        let (index, fate) = self.slots.iter().enumerate().find_map(|(index, slot)| Some((index, fate(slot)?)))?;
        self.end(index, fate)
    }

    /// Ends any one permit; called until `None`, it ends all.
    pub fn void_one(&mut self, cause: VoidCause) -> Option<Ended> {
        self.end(0, PermitFate::Void(cause))
    }

    /// Ends the permit of one pass.
    pub fn void_pass(&mut self, pass: u32, cause: VoidCause) -> Option<Ended> {
        let index = self.slots.iter().position(|slot| slot.permit.pass == pass)?;
        self.end(index, PermitFate::Void(cause))
    }

    /// The claim of the first measured parcel on the belt.
    pub fn claim(&self, tick: Tick, zone: &Zone) -> Option<Claim> {
        let measured = self.slots.iter().filter_map(|slot| match slot.stage {
            Stage::Measured { lead, trail } => Some((slot, lead, trail)),
            _ => None,
        });
        let (slot, lead, trail) = measured.min_by_key(|(_, lead, _)| *lead)?;
        let permit = &slot.permit;
        Some(Claim {
            permit: permit.id,
            pass: permit.pass,
            epoch: permit.epoch,
            expires: permit.expires,
            window_lo: permit.window_lo,
            window_hi: permit.window_hi,
            length_mm_min: permit.length_mm_min,
            length_mm_max: permit.length_mm_max,
            lead,
            trail,
            before: zone.end_before(lead),
            behind: zone.next_after(trail, tick),
        })
    }

    fn end(&mut self, index: usize, fate: PermitFate) -> Option<Ended> {
        let slot = self.take(index)?;
        Some(Ended { permit: slot.permit.id, pass: slot.permit.pass, fate })
    }

    fn take(&mut self, index: usize) -> Option<Slot> {
        (index < self.slots.len()).then(|| self.slots.remove(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatepost_hardware::lane::Name;
    use gatepost_hardware::units::Millimetres;

    fn permit(id: u32, lo: i64, hi: i64) -> Permit {
        Permit {
            id,
            epoch: 1,
            pass: id,
            window_lo: Tick(lo),
            window_hi: Tick(hi),
            length_mm_min: Millimetres(280),
            length_mm_max: Millimetres(320),
            expires: Micros(1_000),
        }
    }

    fn segment() -> Segment {
        let (length_mm, speed_mm_s) = (Millimetres(4_000), 500);
        Segment { name: Name::new(), length_mm, tick_um: 1_000, encoder: true, speed_mm_s, slip_permille: 20 }
    }

    #[test]
    fn a_permit_is_refused_for_a_reason() {
        let (mut schedule, mut zone) = (Schedule::default(), Zone::default());
        let mut refusal = |id, lo, hi, now, tick| schedule.accept(permit(id, lo, hi), Micros(now), Tick(tick), &zone);
        assert_eq!(refusal(1, 100, 200, 0, 50), Ok(()));
        assert_eq!(refusal(2, 200, 300, 0, 50), Err(PermitRefusal::Overlap));
        assert_eq!(refusal(3, 300, 400, 1_000, 50), Err(PermitRefusal::Expired));
        assert_eq!(refusal(4, 300, 400, 0, 400), Err(PermitRefusal::TooLate));
        zone.lead(Tick(310));
        let late = schedule.accept(permit(5, 300, 400), Micros(0), Tick(320), &zone);
        assert_eq!(late, Err(PermitRefusal::TooLate), "its nose went by before it came");
        for id in 6..6 + PERMITS_MAX as u32 {
            let lo = i64::from(id) * 1_000;
            let full = schedule.accept(permit(id, lo, lo + 10), Micros(0), Tick(0), &Zone::default());
            let expected = if id < 5 + PERMITS_MAX as u32 { Ok(()) } else { Err(PermitRefusal::Full) };
            assert_eq!(full, expected);
        }
    }

    #[test]
    fn a_number_is_taken_once_and_numbers_rise() {
        let mut schedule = Schedule::default();
        let taken = [3, 3, 2, 4].map(|permit| schedule.take_number(permit).is_ok());
        assert_eq!(taken, [true, false, false, true]);
    }

    #[test]
    fn nose_and_tail_make_a_claim() {
        let (mut schedule, mut zone) = (Schedule::default(), Zone::default());
        schedule.accept(permit(1, 100, 200), Micros(0), Tick(0), &zone).unwrap();
        assert_eq!(schedule.lead(Tick(99)), None);
        assert_eq!(schedule.slots()[0].stage, Stage::Waiting);
        zone.lead(Tick(150));
        assert_eq!(schedule.lead(Tick(150)), None);
        assert_eq!(schedule.claim(Tick(160), &zone), None);
        assert_eq!(schedule.trail(Tick(150), Tick(450), &segment()), None);
        let claim = schedule.claim(Tick(600), &zone).unwrap();
        assert_eq!((claim.lead, claim.trail, claim.behind), (Tick(150), Tick(450), Tick(600)));
    }

    #[test]
    fn two_noses_in_one_window_and_another_length_end_a_permit() {
        let (mut schedule, zone) = (Schedule::default(), Zone::default());
        schedule.accept(permit(1, 100, 200), Micros(0), Tick(0), &zone).unwrap();
        schedule.lead(Tick(110));
        let ended = Ended { permit: 1, pass: 1, fate: PermitFate::Void(VoidCause::Gap) };
        assert_eq!(schedule.lead(Tick(190)), Some(ended));
        schedule.accept(permit(2, 300, 400), Micros(0), Tick(0), &zone).unwrap();
        schedule.lead(Tick(350));
        let ended = schedule.trail(Tick(350), Tick(671), &segment()).unwrap();
        assert_eq!(ended.fate, PermitFate::Void(VoidCause::Length));
        assert!(schedule.slots().is_empty());
    }

    #[test]
    fn what_does_not_come_is_missed_and_what_comes_late_has_expired() {
        let (mut schedule, zone) = (Schedule::default(), Zone::default());
        schedule.accept(permit(1, 100, 200), Micros(0), Tick(0), &zone).unwrap();
        assert_eq!(schedule.overdue(Micros(0), Tick(220), Tick(20), Tick(900)), None);
        let missed = schedule.overdue(Micros(0), Tick(221), Tick(20), Tick(900)).unwrap();
        assert_eq!(missed.fate, PermitFate::Missed);
        schedule.accept(permit(2, 300, 400), Micros(0), Tick(0), &zone).unwrap();
        let expired = schedule.overdue(Micros(1_001), Tick(300), Tick(20), Tick(900)).unwrap();
        assert_eq!(expired.fate, PermitFate::Void(VoidCause::Expired));
    }
}
