//! What the bench's devices see of what lies there, in the bytes that real ones send.

use super::super::truth::Happened;
use super::{SCALE_OFF, VirtualBench};
use crate::device::{Emission, Emitted, ImageEvent, Part, Watch, no_read, scan, weighing};
use crate::faults::Fault;
use gatepost_hardware::lane::DeviceKind;
use gatepost_hardware::units::Micros;

/// From laying an item down to the scan, and to the picture.
const SCANNED: Micros = Micros(400_000);
const IMAGED: Micros = Micros(1_500_000);
/// The plate comes to rest so long after it was touched.
const RESTS: Micros = Micros(500_000);
/// The scale speaks this often by itself.
const SPEAKS: Micros = Micros(200_000);

impl VirtualBench {
    pub(super) fn devices_look(&mut self) {
        self.scan();
        self.weigh();
        self.picture();
    }

    fn scan(&mut self) {
        let due = self.paced(SCANNED);
        let Some(lying) = self.lying.first_mut().filter(|lying| !lying.scanned && self.now >= lying.laid + due) else {
            return;
        };
        lying.scanned = true;
        let (parcel, marks) = (lying.parcel.clone(), lying.marks.clone());
        if marks.contains(&Fault::ScannerOff) {
            return;
        }
        if !parcel.readable || marks.contains(&Fault::NoRead) {
            self.tell(Happened::NoRead { parcel: parcel.id });
            return self
                .emit(DeviceKind::Scanner, Micros::ZERO, |device| Emitted::Scanner { device, bytes: no_read() });
        }
        let aim = if marks.contains(&Fault::WrongSymbology) { *b"C1" } else { *b"C0" };
        let bytes = scan(aim, &parcel.item);
        self.tell(Happened::Read { parcel: parcel.id, text: parcel.item });
        for again in 0..=u64::from(marks.contains(&Fault::DoubleRead)) {
            let bytes = bytes.clone();
            self.emit(DeviceKind::Scanner, Micros(again * 8_000), |device| Emitted::Scanner { device, bytes });
        }
    }

    /// The scale speaks all the time, of an empty plate too.
    fn weigh(&mut self) {
        if self.now < self.scale_said + self.paced(SPEAKS) {
            return;
        }
        self.scale_said = self.now;
        if self.ailing.iter().any(|window| window.from <= self.now && self.now < window.until) {
            return self.lying().into_iter().for_each(|parcel| self.ail_of(parcel));
        }
        let shaky = self.lying.iter().any(|lying| lying.marks.contains(&Fault::ScaleUnstable));
        let stable = self.now >= self.disturbed + self.paced(RESTS) && !shaky;
        let mut grams: i64 = self.lying.iter().map(|lying| lying.grams).sum();
        if !stable {
            grams += self.random.count(0, 400) as i64 - 200;
        }
        let fresh = self.lying.iter().any(|lying| !lying.weighed);
        if stable && fresh {
            self.lying.iter_mut().for_each(|lying| lying.weighed = true);
            let parcels = self.lying();
            self.tell(Happened::Weighed { parcels, grams, stable });
        }
        let Some((device, scale)) = self.map.device(DeviceKind::Scale) else { return };
        let latency = Watch::new(device, scale, 0).latency(&mut self.random);
        // One line after another, whatever the latency.
        self.scale_sent = (self.now + latency).max(self.scale_sent + Micros(1_000));
        let (at, bytes) = (self.scale_sent, weighing(grams, stable));
        self.tell(Happened::Sent { device, arrives: at, bytes: bytes.clone() });
        self.out.push(Emission { at, what: Emitted::Scale { device, bytes } });
    }

    fn ail_of(&mut self, parcel: u32) {
        if self.ailed.insert(parcel) {
            self.tell(Happened::Ailed { parcel, cell: SCALE_OFF, direct: true });
        }
    }

    fn picture(&mut self) {
        let due = self.paced(IMAGED);
        let Some(lying) = self.lying.first_mut().filter(|lying| !lying.pictured && self.now >= lying.laid + due) else {
            return;
        };
        lying.pictured = true;
        let (length_mm, started, marks) = (lying.parcel.length_mm, lying.laid, lying.marks.clone());
        self.images += 1;
        let image = ImageEvent {
            number: self.images,
            parcels: self.lying(),
            part: Part::Whole,
            length_mm,
            gap_mm: vec![0; self.lying.len() - 1],
            started,
            ended: self.now,
            interrupted: false,
        };
        let sent = !marks.contains(&Fault::ImageMissing);
        self.tell(Happened::Imaged { image: image.clone(), sent });
        if sent {
            let late = if marks.contains(&Fault::ImageLate) { self.random.count(9_000, 14_000) as u64 } else { 0 };
            self.emit(DeviceKind::Xray, Micros::from_ms(late), |device| Emitted::Image { device, image });
        }
    }

    fn emit(&mut self, kind: DeviceKind, more: Micros, what: impl FnOnce(u8) -> Emitted) {
        if let Some((index, device)) = self.map.device(kind) {
            let at = self.now + Watch::new(index, device, 0).latency(&mut self.random) + more;
            self.out.push(Emission { at, what: what(index) });
        }
    }
}
