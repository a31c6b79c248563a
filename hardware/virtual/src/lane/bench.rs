//! The bench that does not exist: one item at a time under a scanner, on a scale, in an X-ray cabinet.
//!
//! Apart from the belt lane because nothing moves: an officer lays an item down, the devices see it one after another,
//! and the officer takes it away. The controller is there too, and has nothing to open.

use super::cable::Cabled;
use super::truth::{Happened, Truth};
use crate::device::{Emission, Emitted, ImageEvent, Part, Watch, no_read, scan, weighing};
use crate::parcel::{Generator, ParcelTruth, Plan};
use crate::xray::random::{Random, mix};
use gatepost_hardware::lane::{DeviceKind, LaneMap};
use gatepost_hardware::link::BootCause;
use gatepost_hardware::units::Micros;

/// From laying an item down to each event.
const SCANNED: Micros = Micros(400_000);
const WEIGHED: Micros = Micros(900_000);
const IMAGED: Micros = Micros(1_500_000);
const LIFTED: Micros = Micros(3_500_000);
/// From lifting one to laying the next.
const PAUSE: Micros = Micros(1_000_000);
/// How often the controller is stepped.
const STEP_US: u64 = 10_000;

pub struct VirtualBench {
    map: LaneMap,
    plan: Plan,
    random: Random,
    generator: Generator,
    now: Micros,
    cabled: Cabled,
    parcels: Vec<ParcelTruth>,
    /// When the present item was laid down, and how many of its three events were.
    present: Option<(Micros, u8)>,
    next_at: Micros,
    images: u32,
    out: Vec<Emission>,
    truth: Vec<Truth>,
}

impl VirtualBench {
    pub fn new(map: LaneMap, seed: u64, plan: Plan) -> Self {
        Self {
            random: Random::new(mix(seed)),
            generator: Generator::new(&map, seed),
            now: Micros::ZERO,
            cabled: Cabled::new(map.clone(), Micros::ZERO, 1, BootCause::PowerOn),
            parcels: Vec::new(),
            present: None,
            next_at: PAUSE,
            images: 0,
            out: Vec::new(),
            truth: Vec::new(),
            map,
            plan,
        }
    }

    /// The world's clock.
    pub const fn now(&self) -> Micros {
        self.now
    }

    pub fn truth(&self) -> &[Truth] {
        &self.truth
    }

    pub fn parcels(&self) -> &[ParcelTruth] {
        &self.parcels
    }

    /// Every planned item was on the bench and is gone.
    pub fn finished(&self) -> bool {
        self.parcels.len() as u64 >= u64::from(self.plan.parcels) && self.present.is_none()
    }

    /// Bytes from the station to the controller.
    pub fn send(&mut self, bytes: &[u8]) {
        self.cabled.receive(bytes, self.now);
        self.cabled.speak(|_| {});
    }

    /// What has reached the station by now, in order.
    pub fn emitted(&mut self) -> Vec<Emission> {
        if let Some(bytes) = self.cabled.take() {
            self.out.push(Emission { at: self.now, what: Emitted::Controller(bytes) });
        }
        let (mut due, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.out).into_iter().partition(|emission| emission.at <= self.now);
        self.out = later;
        due.sort_by_key(|emission| emission.at);
        due
    }

    pub fn advance(&mut self, us: u64) {
        let until = self.now.0.saturating_add(us);
        while self.now.0 < until {
            self.now = self.now + Micros((until - self.now.0).min(STEP_US));
            self.act();
            self.cabled.controller.step(self.now);
            self.cabled.speak(|_| {});
        }
    }

    /// The officer takes the item away before its time.
    pub fn officer_lifts(&mut self) -> Option<u32> {
        self.present.take()?;
        self.next_at = self.now + PAUSE;
        let parcel = self.parcels.last()?.id;
        self.tell(Happened::Taken { parcel });
        Some(parcel)
    }

    fn act(&mut self) {
        let Some((laid, events)) = self.present else {
            if self.now >= self.next_at && (self.parcels.len() as u64) < u64::from(self.plan.parcels) {
                self.lay();
            }
            return;
        };
        let due = [SCANNED, WEIGHED, IMAGED, LIFTED].get(usize::from(events)).map(|after| laid + *after);
        if due.is_none_or(|due| self.now < due) {
            return;
        }
        self.present = Some((laid, events + 1));
        match (events, self.parcels.last().cloned()) {
            (0, Some(parcel)) => self.scan(&parcel),
            (1, Some(parcel)) => self.weigh(&parcel),
            (2, Some(parcel)) => self.image(&parcel, laid),
            _ => {
                self.officer_lifts();
            }
        }
    }

    fn lay(&mut self) {
        let parcel = self.generator.next(&self.plan);
        self.present = Some((self.now, 0));
        let order = self.parcels.len() as u32 + 1;
        self.tell(Happened::Entered { parcel: parcel.id, order });
        self.parcels.push(parcel);
    }

    fn scan(&mut self, parcel: &ParcelTruth) {
        let bytes = if parcel.readable { scan(*b"C0", &parcel.item) } else { no_read() };
        self.tell(match parcel.readable {
            true => Happened::Read { parcel: parcel.id, text: parcel.item.clone() },
            false => Happened::NoRead { parcel: parcel.id },
        });
        self.emit(DeviceKind::Scanner, |device| Emitted::Scanner { device, bytes });
    }

    fn weigh(&mut self, parcel: &ParcelTruth) {
        let grams = i64::from(parcel.mass_g);
        self.tell(Happened::Weighed { parcels: vec![parcel.id], grams, stable: true });
        self.emit(DeviceKind::Scale, |device| Emitted::Scale { device, bytes: weighing(grams, true) });
    }

    fn image(&mut self, parcel: &ParcelTruth, started: Micros) {
        self.images += 1;
        let image = ImageEvent {
            number: self.images,
            parcels: vec![parcel.id],
            part: Part::Whole,
            length_mm: parcel.length_mm,
            gap_mm: Vec::new(),
            started,
            ended: self.now,
            interrupted: false,
        };
        self.tell(Happened::Imaged { image: image.clone(), sent: true });
        self.emit(DeviceKind::Xray, |device| Emitted::Image { device, image });
    }

    fn emit(&mut self, kind: DeviceKind, what: impl FnOnce(u8) -> Emitted) {
        if let Some((index, device)) = self.map.device(kind) {
            let at = self.now + Watch::new(index, device, 0).latency(&mut self.random);
            self.out.push(Emission { at, what: what(index) });
        }
    }

    fn tell(&mut self, what: Happened) {
        self.truth.push(Truth { at: self.now, what });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lane::shipped;

    #[test]
    fn each_item_is_scanned_weighed_and_pictured_before_it_is_taken_away() {
        let mut bench = VirtualBench::new(shipped("bench"), 5, Plan { parcels: 20, ..Plan::default() });
        let mut kinds = String::new();
        while !bench.finished() {
            bench.advance(50_000);
            for emission in bench.emitted() {
                kinds.push(match emission.what {
                    Emitted::Controller(_) => continue,
                    Emitted::Scanner { .. } => 's',
                    Emitted::Scale { .. } => 'w',
                    Emitted::Image { .. } => 'x',
                });
            }
        }
        assert_eq!(kinds, "swx".repeat(20));
        let taken = bench.truth().iter().filter(|truth| matches!(truth.what, Happened::Taken { .. })).count();
        assert_eq!((taken, bench.parcels().len()), (20, 20));
    }
}
