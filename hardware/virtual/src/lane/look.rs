//! What the devices beside the belt see in one step, and what becomes of it under a fault.

use super::VirtualLane;
use super::body::Body;
use super::truth::Happened;
use crate::ailments::Device;
use crate::belt::Belt;
use crate::device::{Emission, Emitted, ImageEvent, Part, Watch, no_read, scan, weighing};
use crate::faults::Fault;
use gatepost_hardware::lane::{DeviceKind, LaneMap};
use gatepost_hardware::units::Micros;

/// An X-ray machine ends an image after this much air.
const AIR_NM: i64 = 30_000_000;
/// The scale settles over this much belt.
const SETTLE_NM: i64 = 20_000_000;

#[derive(Clone, Debug)]
pub(super) struct Looks {
    scanners: Vec<Watch>,
    pub(super) cameras: Vec<Watch>,
    /// Pictures of labels taken so far.
    pub(super) pictures: u32,
    scales: Vec<(Watch, Option<Solo>)>,
    beams: Vec<(Watch, Option<Image>)>,
    images: u32,
}

/// One object alone on a scale.
#[derive(Clone, Debug)]
struct Solo {
    parcels: Vec<u32>,
    /// Its nose when that began.
    nose: i64,
}

/// An image being taken.
#[derive(Clone, Debug)]
struct Image {
    parcels: Vec<u32>,
    gap_mm: Vec<u32>,
    started: Micros,
    ended: Micros,
    /// Belt run at its first line and its last.
    from: i64,
    to: i64,
    interrupted: bool,
    /// The machine will not end it before the next object's end.
    hold: bool,
}

impl Looks {
    pub fn new(map: &LaneMap, belts: &[Belt]) -> Self {
        let watch = |kind: DeviceKind| -> Vec<Watch> {
            let devices = map.devices.iter().enumerate().filter(|(_, device)| device.kind == kind);
            let base = |segment: u8| belts.get(usize::from(segment)).map(|belt| belt.from_nm);
            devices.filter_map(|(index, device)| Some(Watch::new(index as u8, device, base(device.segment)?))).collect()
        };
        Self {
            scanners: watch(DeviceKind::Scanner),
            cameras: watch(DeviceKind::Camera),
            pictures: 0,
            scales: watch(DeviceKind::Scale).into_iter().map(|scale| (scale, None)).collect(),
            beams: watch(DeviceKind::Xray).into_iter().map(|beam| (beam, None)).collect(),
            images: 0,
        }
    }

    /// Where the tunnel's curtain hangs.
    pub fn curtain(&self) -> i64 {
        self.beams.first().map_or(i64::MAX, |(beam, _)| beam.from - 300_000_000)
    }
}

impl VirtualLane {
    pub(super) fn look(&mut self, ways: &[i64]) {
        if self.bodies.is_empty() {
            return;
        }
        for index in 0..self.looks.scanners.len() {
            self.scan(self.looks.scanners[index]);
        }
        for index in 0..self.looks.cameras.len() {
            self.photograph(self.looks.cameras[index]);
        }
        for index in 0..self.looks.scales.len() {
            let (scale, mut solo) = (self.looks.scales[index].0, self.looks.scales[index].1.take());
            self.weigh(&scale, &mut solo);
            self.looks.scales[index].1 = solo;
        }
        for index in 0..self.looks.beams.len() {
            let (beam, image) = (self.looks.beams[index].0, self.looks.beams[index].1.take());
            self.looks.beams[index].1 = self.image(&beam, image, ways);
        }
    }

    pub(super) fn emit(&mut self, after: Micros, what: Emitted) {
        let (device, sick) = (Self::device_of(&what), self.ailing.is_sick(&what, self.now));
        if let Some(device) = device.filter(|_| sick) {
            self.ail_of(device);
        }
        if let Some((late, what)) = self.ailing.sent(what, self.now) {
            let at = self.now + after + late;
            if let Emitted::Scale { device, bytes } = &what {
                self.tell(Happened::Sent { device: *device, arrives: at, bytes: bytes.clone() });
            }
            self.out.push(Emission { at, what });
        }
    }

    const fn device_of(what: &Emitted) -> Option<Device> {
        match what {
            Emitted::Scanner { .. } => Some(Device::Scanner),
            Emitted::Scale { .. } => Some(Device::Scale),
            Emitted::Image { .. } => Some(Device::Xray),
            Emitted::Controller(_) | Emitted::Picture { .. } => None,
        }
    }

    fn scan(&mut self, scanner: Watch) {
        for index in 0..self.bodies.len() {
            let body = &self.bodies[index];
            if body.reached(scanner.from, 0) {
                for fault in [Fault::NoRead, Fault::DoubleRead, Fault::WrongSymbology] {
                    self.mark(index, fault);
                }
            }
            let body = &self.bodies[index];
            if body.tail() > scanner.to || body.nose < scanner.from {
                continue;
            }
            let parcel = body.id;
            let readable =
                self.truth_of(parcel).is_some_and(|parcel| parcel.readable) && !body.marks.contains(&Fault::NoRead);
            // A label is read in the middle of the view; a trigger ends while the tail is still in it.
            let label = readable && body.reached(scanner.middle(), body.label);
            let end = !readable && body.reached(scanner.from, body.length);
            if (label || end) && self.faults.active(Fault::ScannerOff, self.now) {
                self.touch_unless_seen(parcel, Fault::ScannerOff);
            } else if label {
                self.read(&scanner, index);
            } else if end {
                self.tell(Happened::NoRead { parcel });
                let latency = scanner.latency(&mut self.random);
                self.emit(latency, Emitted::Scanner { device: scanner.device, bytes: no_read() });
            }
        }
    }

    fn read(&mut self, scanner: &Watch, index: usize) {
        let body = &self.bodies[index];
        let (parcel, device) = (body.id, scanner.device);
        let text = self.truth_of(parcel).map_or_else(String::new, |parcel| parcel.item.clone());
        let aim = if body.marks.contains(&Fault::WrongSymbology) { *b"C1" } else { *b"C0" };
        let double = body.marks.contains(&Fault::DoubleRead);
        let latency = scanner.latency(&mut self.random);
        let bytes = scan(aim, &text);
        if double {
            self.emit(latency + Micros(8_000), Emitted::Scanner { device, bytes: bytes.clone() });
        }
        self.emit(latency, Emitted::Scanner { device, bytes });
        self.tell(Happened::Read { parcel, text });
    }

    /// What the scanner does not read does nothing to a parcel whose label a camera sees.
    fn touch_unless_seen(&mut self, parcel: u32, fault: Fault) {
        if self.looks.cameras.is_empty() {
            self.touch(parcel, fault, true);
        }
    }

    /// Lets a device's fault pick this parcel.
    fn mark(&mut self, index: usize, fault: Fault) {
        if self.faults.active(fault, self.now) && self.pick() {
            self.bodies[index].marks.push(fault);
            let parcel = self.bodies[index].id;
            match fault {
                Fault::NoRead => self.touch_unless_seen(parcel, fault),
                _ => self.touch(parcel, fault, true),
            }
        }
    }

    pub(super) fn truth_of(&self, parcel: u32) -> Option<&crate::parcel::ParcelTruth> {
        // Parcels are pushed in the order of their numbers, but for those that hands laid in between.
        let near = (parcel as usize).min(self.parcels.len());
        self.parcels[..near].iter().rev().chain(&self.parcels[near..]).find(|truth| truth.id == parcel)
    }

    fn weigh(&mut self, scale: &Watch, solo: &mut Option<Solo>) {
        // Front first.
        let on: Vec<usize> = (0..self.bodies.len())
            .filter(|index| self.bodies[*index].nose > scale.from && self.bodies[*index].tail() < scale.to)
            .collect();
        for &index in &on {
            let body = &self.bodies[index];
            if body.reached(scale.to, 0) && !body.weighed {
                // It leaves the platform, and never was alone on it.
                self.send_weight(scale, &[index], false);
            }
        }
        let nose = on.iter().map(|index| self.bodies[*index].nose).max().unwrap_or(0);
        let tail = on.iter().map(|index| self.bodies[*index].tail()).min().unwrap_or(0);
        let one = on.windows(2).all(|pair| self.bodies[pair[1]].nose > self.bodies[pair[0]].tail());
        let weighed = on.iter().all(|index| self.bodies[*index].weighed);
        if on.is_empty() || !one || nose > scale.to || tail < scale.from || weighed {
            *solo = None;
            return;
        }
        let parcels: Vec<u32> = on.iter().map(|index| self.bodies[*index].id).collect();
        let began = solo.take().filter(|solo| solo.parcels == parcels).map_or(nose, |solo| solo.nose);
        // It is weighed in the middle of its time alone: until it leaves, or the next one comes.
        let next = on.last().and_then(|last| self.bodies.get(last + 1)).map_or(i64::MAX, |body| scale.from - body.nose);
        if nose - began >= (scale.to - nose).min(next).max(SETTLE_NM) {
            for fault in [Fault::ScaleDrift, Fault::ScaleUnstable] {
                self.mark(on[0], fault);
            }
            let stable = !self.bodies[on[0]].marks.contains(&Fault::ScaleUnstable);
            self.send_weight(scale, &on, stable);
        } else {
            *solo = Some(Solo { parcels, nose: began });
        }
    }

    fn send_weight(&mut self, scale: &Watch, on: &[usize], stable: bool) {
        let mut grams: i64 = on.iter().map(|index| self.bodies[*index].grams).sum();
        if on.iter().any(|index| self.bodies[*index].marks.contains(&Fault::ScaleDrift)) {
            grams += 200 + grams / 8;
        }
        if !stable {
            grams += self.random.count(0, 400) as i64 - 200;
        }
        grams += self.random.count(0, 4) as i64 - 2;
        let (grams, stable) = self.ailing.grams(grams, stable);
        on.iter().for_each(|index| self.bodies[*index].weighed = true);
        let parcels = on.iter().map(|index| self.bodies[*index].id).collect();
        self.tell(Happened::Weighed { parcels, grams, stable });
        let latency = scale.latency(&mut self.random);
        self.emit(latency, Emitted::Scale { device: scale.device, bytes: weighing(grams, stable) });
    }

    /// Lets the beam see one step, and ends the image when there is air behind the last object.
    fn image(&mut self, beam: &Watch, mut image: Option<Image>, ways: &[i64]) -> Option<Image> {
        let (at, run) = (beam.middle(), self.belts[beam.segment].run_nm);
        for index in 0..self.bodies.len() {
            if self.bodies[index].reached(at, 0) && !self.bodies[index].imaged {
                self.bodies[index].imaged = true;
                let parcel = self.bodies[index].id;
                image = Some(self.begin_or_join(image, parcel, run));
            }
            if let Some(image) = image.as_mut().filter(|_| self.bodies[index].reached(at, self.bodies[index].length)) {
                (image.to, image.ended) = (run, self.now);
                self.mark_image(image, index);
            }
        }
        let covered = self.bodies.iter().any(|body| body.covers(at));
        let still = ways[beam.segment] <= 0;
        let open = image.as_mut()?;
        open.interrupted |= covered && still;
        let near = |body: &Body| !body.imaged && body.nose > at - AIR_NM && body.nose < at;
        let next = self.bodies.iter().any(near);
        // What a hand took away under the beam ended without a tail.
        if covered || next || (open.hold && open.parcels.len() < 2 && run - open.to < 3_000_000_000) {
            return image;
        }
        if let Some(image) = image {
            self.end_image(beam, image);
        }
        None
    }

    fn begin_or_join(&mut self, image: Option<Image>, parcel: u32, run: i64) -> Image {
        if let Some(mut image) = image {
            image.gap_mm.push(((run - image.to).max(0) / 1_000_000) as u32);
            if image.hold {
                self.touch(parcel, Fault::ImageMerged, true);
            }
            image.parcels.push(parcel);
            return image;
        }
        Image {
            parcels: vec![parcel],
            gap_mm: Vec::new(),
            started: self.now,
            ended: self.now,
            from: run,
            to: run,
            interrupted: false,
            hold: false,
        }
    }

    fn mark_image(&mut self, image: &mut Image, index: usize) {
        if image.parcels.len() == 1 && !image.hold {
            self.mark(index, Fault::ImageMerged);
            image.hold = self.bodies[index].marks.contains(&Fault::ImageMerged);
        }
        for fault in [Fault::ImageLate, Fault::ImageMissing, Fault::ImageSplit] {
            if !self.bodies[index].marks.contains(&fault) {
                self.mark(index, fault);
            }
        }
    }

    fn end_image(&mut self, beam: &Watch, taken: Image) {
        if self.ailing.is_dark() {
            self.ail_of(Device::Xray);
            return;
        }
        let marked = |lane: &Self, fault| {
            let bodies = lane.bodies.iter().filter(|body| taken.parcels.contains(&body.id));
            bodies.into_iter().any(|body| body.marks.contains(&fault))
        };
        let [missing, late, split] =
            [Fault::ImageMissing, Fault::ImageLate, Fault::ImageSplit].map(|fault| marked(self, fault));
        let mut latency = beam.latency(&mut self.random);
        if late {
            latency = latency + Micros::from_ms(self.random.count(9_000, 14_000) as u64);
        }
        let length_mm = ((taken.to - taken.from).max(0) / 1_000_000) as u32;
        let parts: &[Part] = if split { &[Part::First, Part::Second] } else { &[Part::Whole] };
        for part in parts {
            self.looks.images += 1;
            let first_mm = length_mm * 3 / 5;
            let length_mm = match part {
                Part::Whole => length_mm,
                Part::First => first_mm,
                Part::Second => length_mm - first_mm,
            };
            let image = ImageEvent {
                number: self.looks.images,
                parcels: taken.parcels.clone(),
                part: *part,
                length_mm,
                gap_mm: taken.gap_mm.clone(),
                started: taken.started,
                ended: taken.ended,
                interrupted: taken.interrupted,
            };
            self.tell(Happened::Imaged { image: image.clone(), sent: !missing });
            if !missing {
                self.emit(latency, Emitted::Image { device: beam.device, image });
                latency = latency + Micros(3_000);
            }
        }
    }
}
