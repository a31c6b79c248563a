//! Whose reading is this? Readings wait here until the belt's position at their time is known, then belong to the one
//! parcel that can have been in the device's view — or to none, or to several, and then nobody trusts them.
//!
//! Ownership is by interval (promise 5): the reading's time, widened by the device's latency and the clock's error,
//! gives a stretch of belt; a parcel that overlaps it within its slip is a possible owner. Gathering guesses nothing and
//! decides nothing: what is missing stays missing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use gatepost_hardware::lane::{Device, DeviceKind, LaneMap};
use gatepost_hardware::units::{Grams, Micros, Millimetres, Tick};

use crate::event::{ImageFile, LabelPicture, Matched};
use crate::identify::{CodeRead, ItemIdentity, arbitrate};
use crate::judge::{BlindCause, ContestedCause, NoWeightCause, Overflow, Token, Weight};
use crate::limits::{CODES_MAX, LABEL_READ_MS_MAX, LABELS_MAX, READINGS_WAITING_MAX};
use crate::pass::PassKey;
use crate::track::belt::NoPosition;
use crate::track::clock::{ClockMap, Span};
use crate::track::{Track, Tracked};
use crate::weighing::{Stands, Weighing};
pub use images::ImageOf;
use images::{Claim, Images};
use weights::Weights;

mod images;
pub mod reading;
mod weights;

/// Where in its view a parcel is known beyond slip: half an edge's jitter at each end of the view.
const VIEW_MM: i32 = 10;

/// Everything known of one parcel, but its place.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    codes: Vec<CodeRead>,
    /// Scanners and cameras (by index in the lane map) that said something of this parcel.
    spoke: BTreeSet<u8>,
    /// The pictures of its label, by their digests.
    pub labels: Vec<Token>,
    weights: Weights,
    /// Devices (by index in the lane map) that can say nothing more about this parcel.
    closed: BTreeSet<u8>,
    pub image: ImageOf,
    /// The belt stood still or reversed while this was in the X-ray beam.
    pub interrupted: bool,
    pub overflow: BTreeSet<Overflow>,
    /// Who it is, once every scanner is done with it.
    pub identity: Option<ItemIdentity>,
    pub matched: Option<Box<Matched>>,
}

#[derive(Clone, Debug)]
struct Waiting {
    device: u8,
    span: Span,
    reading: Reading,
}

#[derive(Clone, Debug)]
enum Reading {
    Code(CodeRead),
    Picture(LabelPicture),
    Weight(Weighing),
}

/// What gathering wants the drive to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Noted {
    Contested {
        pass: PassKey,
        cause: ContestedCause,
    },
    /// Something was read where no parcel is.
    Orphan {
        device: u8,
    },
    /// A reading came before the clocks were synchronised, or too late to place.
    Unplaced {
        device: u8,
    },
    /// The X-ray's images and the parcels no longer match one to one.
    ImagesOutOfStep,
}

#[derive(Clone, Debug)]
pub struct Gather {
    map: LaneMap,
    parcels: BTreeMap<PassKey, Gathered>,
    waiting: VecDeque<Waiting>,
    /// Until when (controller time) a scanner or a camera that said nothing of a parcel may still say it: by device.
    owing: BTreeMap<u8, i64>,
    pub images: Images,
}

impl Gather {
    pub fn new(map: LaneMap) -> Self {
        Self {
            map,
            parcels: BTreeMap::new(),
            waiting: VecDeque::new(),
            owing: BTreeMap::new(),
            images: Images::default(),
        }
    }
    pub fn enter(&mut self, pass: PassKey) {
        self.parcels.insert(pass, Gathered::default());
    }
    /// What was on the belt while nobody listened: devices it has left can say nothing more of it, and no image of it
    /// is to be expected.
    pub fn resume(&mut self, track: &Track) {
        for tracked in track.passes() {
            let Some(gathered) = self.parcels.get_mut(&tracked.pass) else { continue };
            for (index, device) in self.map.devices.iter().enumerate() {
                if left_view(&self.map, track, device, tracked).is_some() {
                    gathered.closed.insert(index as u8);
                    if device.kind == DeviceKind::Xray {
                        gathered.image = ImageOf::Missing;
                    }
                }
            }
        }
    }
    pub fn forget(&mut self, pass: PassKey) {
        self.parcels.remove(&pass);
    }
    pub fn forget_all(&mut self) {
        *self = Self::new(self.map.clone());
    }
    pub fn get(&self, pass: PassKey) -> Option<&Gathered> {
        self.parcels.get(&pass)
    }
    pub fn get_mut(&mut self, pass: PassKey) -> Option<&mut Gathered> {
        self.parcels.get_mut(&pass)
    }

    pub fn code(&mut self, clock: &ClockMap, mono: Micros, device: u8, code: CodeRead) -> Vec<Noted> {
        self.wait(clock, mono, device, Reading::Code(code))
    }
    pub fn picture(&mut self, clock: &ClockMap, mono: Micros, device: u8, picture: LabelPicture) -> Vec<Noted> {
        self.wait(clock, mono, device, Reading::Picture(picture))
    }
    pub fn weight(&mut self, clock: &ClockMap, mono: Micros, weighing: Weighing) -> Vec<Noted> {
        self.wait(clock, mono, weighing.device, Reading::Weight(weighing))
    }

    fn wait(&mut self, clock: &ClockMap, mono: Micros, device: u8, reading: Reading) -> Vec<Noted> {
        let Some(looks) = self.map.devices.get(usize::from(device)) else {
            return Vec::new();
        };
        let Some(span) = clock.happened(mono, latency_us(looks)) else {
            return vec![Noted::Unplaced { device }];
        };
        let mut noted = Vec::new();
        if self.waiting.len() == READINGS_WAITING_MAX {
            self.waiting.pop_front();
            // Whose it was is unknown, so everyone who could have lost a reading says so.
            for gathered in self.parcels.values_mut() {
                gathered.overflow.insert(Overflow::Readings);
            }
            noted.push(Noted::Unplaced { device });
        }
        self.waiting.push_back(Waiting { device, span, reading });
        noted
    }

    /// An image came. While a scan was interrupted in the beam, pieces may come that belong to nobody.
    pub fn image(&mut self, track: &Track, file: ImageFile, at: Span) {
        let xray = self.map.devices.iter().find(|device| device.kind == DeviceKind::Xray);
        let excused = xray.is_some_and(|device| {
            let beam = track.passes().iter().filter(|tracked| in_view(&self.map, track, device, tracked));
            beam.filter_map(|tracked| self.parcels.get(&tracked.pass)).any(|gathered| gathered.interrupted)
        });
        self.images.arrive(file, at, excused);
    }

    /// Gives every reading whose place is known by now to its owner, and closes what no device can add to.
    pub fn settle(&mut self, track: &Track) -> Vec<Noted> {
        let mut noted = Vec::new();
        for waiting in std::mem::take(&mut self.waiting) {
            let segment = self.map.devices[usize::from(waiting.device)].segment;
            match track.belt(segment).during(waiting.span) {
                Ok(ticks) => self.assign(track, &waiting, ticks, &mut noted),
                Err(NoPosition::NotYet) => self.waiting.push_back(waiting),
                Err(NoPosition::TooOld) => noted.push(Noted::Unplaced { device: waiting.device }),
            }
        }
        self.close(track, &mut noted);
        noted
    }

    fn assign(&mut self, track: &Track, waiting: &Waiting, ticks: (Tick, Tick), noted: &mut Vec<Noted>) {
        let device = &self.map.devices[usize::from(waiting.device)];
        let views: Vec<View> =
            track.passes().iter().filter_map(|tracked| view(&self.map, device, tracked, ticks)).collect();
        let owners: Vec<PassKey> = views.iter().map(|view| view.pass).collect();
        match (&waiting.reading, views.as_slice()) {
            (Reading::Weight(_), []) => {}
            (reading, []) => noted.extend(reading.shows_code().then_some(Noted::Orphan { device: waiting.device })),
            (Reading::Code(code), [view]) => self.read(waiting, view.pass, std::slice::from_ref(code), noted),
            (Reading::Picture(picture), [view]) => {
                self.read(waiting, view.pass, &picture.reads, noted);
                if let Some(gathered) = self.parcels.get_mut(&view.pass).filter(|one| one.labels.len() < LABELS_MAX) {
                    gathered.labels.extend(picture.digest.clone());
                }
            }
            (Reading::Weight(weighing), [view]) => {
                if let Some(gathered) = self.parcels.get_mut(&view.pass) {
                    gathered.weights.add(weighing, view.wholly);
                }
            }
            // A weight of two parcels is nobody's; each may still be weighed alone.
            (Reading::Weight(weighing), _) => owners.iter().for_each(|pass| {
                if let Some(gathered) = self.parcels.get_mut(pass) {
                    gathered.weights.share(weighing);
                }
            }),
            (reading, _) if reading.shows_code() => {
                noted.extend(owners.iter().map(|&pass| Noted::Contested { pass, cause: ContestedCause::TwoOwners }));
            }
            (Reading::Code(_) | Reading::Picture(_), _) => {} // nothing was read of either
        }
    }

    /// A scanner or a camera said this of one parcel, and of no other.
    fn read(&mut self, waiting: &Waiting, pass: PassKey, reads: &[CodeRead], noted: &mut Vec<Noted>) {
        if self.owing.get(&waiting.device).is_some_and(|&until| waiting.span.lo <= until) {
            noted.push(Noted::Contested { pass, cause: ContestedCause::TwoOwners });
        }
        let Some(gathered) = self.parcels.get_mut(&pass) else { return };
        gathered.spoke.insert(waiting.device);
        reads.iter().for_each(|read| gathered.add_code(read.clone()));
        if gathered.is_contradicted() {
            noted.push(Noted::Contested { pass, cause: ContestedCause::TwoIds });
        }
    }

    /// Closes each device for each parcel that has left its view for longer than the device's latency.
    fn close(&mut self, track: &Track, noted: &mut Vec<Noted>) {
        let mut imaged = Vec::new();
        for tracked in track.passes() {
            let Some(gathered) = self.parcels.get_mut(&tracked.pass) else { continue };
            for (index, device) in self.map.devices.iter().enumerate() {
                let index = index as u8;
                if gathered.closed.contains(&index) {
                    continue;
                }
                let Some(left) = left_view(&self.map, track, device, tracked) else { continue };
                if track.belt(device.segment).during(Span { lo: left.hi, hi: left.hi }) == Err(NoPosition::NotYet) {
                    continue;
                }
                gathered.closed.insert(index);
                if device.kind.reads_labels() && !gathered.spoke.contains(&index) {
                    self.owing.insert(index, left.hi + OWING_US);
                }
                if device.kind == DeviceKind::Xray {
                    imaged.push((tracked.pass, tracked.length_mm, left));
                }
            }
        }
        for (pass, length, window) in imaged {
            let Some(gathered) = self.parcels.get_mut(&pass) else { continue };
            let interrupted = gathered.interrupted;
            let tolerance = self.map.items.length_tolerance_mm;
            let (image, out_of_step) = self.images.claim(&Claim { window, length, interrupted, tolerance });
            gathered.image = image;
            if out_of_step {
                noted.push(Noted::ImagesOutOfStep);
            }
            if let ImageOf::Contested { cause } = image {
                noted.push(Noted::Contested { pass, cause });
            }
        }
        let xray = self.map.devices.iter().find(|device| device.kind == DeviceKind::Xray);
        if let Some(now) = xray.and_then(|device| track.belt(device.segment).time()) {
            let in_beam = xray
                .is_some_and(|device| track.passes().iter().any(|tracked| in_view(&self.map, track, device, tracked)));
            if self.images.rest(now, in_beam, &self.map) {
                noted.push(Noted::ImagesOutOfStep);
            }
        }
        for tracked in track.passes() {
            if let Some(gathered) = self.parcels.get_mut(&tracked.pass) {
                gathered.identify(&self.map);
            }
        }
    }

    /// The belt of a segment stopped or reversed: an image being taken on it is worthless.
    pub fn interrupt(&mut self, track: &Track, segment: u8) {
        let Some(device) = self.map.devices.iter().find(|device| device.kind == DeviceKind::Xray) else { return };
        if device.segment != segment {
            return;
        }
        for tracked in track.passes().iter().filter(|tracked| in_view(&self.map, track, device, tracked)) {
            if let Some(gathered) = self.parcels.get_mut(&tracked.pass) {
                gathered.interrupted = true;
            }
        }
    }

    /// Whether no device can add anything: all said what they had to say of this parcel.
    pub fn is_complete(&self, pass: PassKey) -> bool {
        self.get(pass).is_some_and(|gathered| {
            (0..self.map.devices.len()).all(|index| gathered.closed.contains(&(index as u8)))
                && self.images.is_known(gathered.image)
        })
    }
}

impl Gathered {
    fn add_code(&mut self, code: CodeRead) {
        if self.codes.contains(&code) {
            return;
        }
        if self.codes.len() == CODES_MAX {
            self.overflow.insert(Overflow::Readings);
            return;
        }
        self.codes.push(code);
    }

    fn identify(&mut self, map: &LaneMap) {
        let mut readers = map.devices.iter().enumerate().filter(|(_, device)| device.kind.reads_labels());
        if self.identity.is_none() && readers.all(|(index, _)| self.closed.contains(&(index as u8))) {
            self.identity = Some(arbitrate(&self.codes));
        }
    }
    /// Whether what was read too late names another item than the one it was taken for.
    fn is_contradicted(&self) -> bool {
        matches!(self.identity, Some(ItemIdentity::Item(_)))
            && matches!(arbitrate(&self.codes), ItemIdentity::Conflicting(_))
    }
    /// Who it is by what was read so far: for a decision that cannot wait.
    pub fn identity_now(&self) -> ItemIdentity {
        self.identity.clone().unwrap_or_else(|| arbitrate(&self.codes))
    }

    /// The weight, or why there is none, and the weighings that say so. `tolerance` is the scale's, in grams.
    pub fn weight(&self, map: &LaneMap, tolerance: Grams) -> (Weight, Vec<(Stands, &Weighing)>) {
        match map.devices.iter().position(|device| device.kind == DeviceKind::Scale) {
            Some(scale) => self.weights.weight(tolerance, self.closed.contains(&(scale as u8))),
            None => (Weight::Unknown { cause: NoWeightCause::NoScale }, Vec::new()),
        }
    }
}

impl Reading {
    /// Whether a label was before the device, so that it must have been somebody's.
    fn shows_code(&self) -> bool {
        match self {
            Self::Code(code) => *code != CodeRead::Nothing,
            Self::Picture(picture) => picture.shows_code(),
            Self::Weight(_) => false,
        }
    }
}

/// A parcel in a device's view.
struct View {
    pass: PassKey,
    /// Certainly nothing of it outside the view.
    wholly: bool,
}

fn latency_us(device: &Device) -> (u64, u64) {
    (u64::from(device.latency_ms_min) * 1_000, u64::from(device.latency_ms_max) * 1_000)
}

/// How far a parcel may be from where its last mark on the device's segment puts it.
fn slip(map: &LaneMap, device: &Device, from: Millimetres) -> Millimetres {
    let way = (device.to_mm - from).0.max(0);
    let permille = i32::from(map.segments[usize::from(device.segment)].slip_permille);
    Millimetres(VIEW_MM + (i64::from(way) * i64::from(permille) / 1_000) as i32)
}

fn view(map: &LaneMap, device: &Device, tracked: &Tracked, ticks: (Tick, Tick)) -> Option<View> {
    let mark = tracked.mark(device.segment)?;
    let segment = &map.segments[usize::from(device.segment)];
    let slip = slip(map, device, mark.at_mm) + tracked.coasted();
    let lead = |tick: Tick| mark.at_mm + segment.mm(tick - mark.lead);
    let (first, last) = (lead(ticks.0), lead(ticks.1));
    // Measured at this eye, else at an earlier one; until it has passed one wholly it may be as long as anything may be.
    let here = mark.trail.map(|trail| segment.mm(trail - mark.lead));
    let known = here.or_else(|| Some(tracked.length_mm? + map.items.length_tolerance_mm));
    let length = known.unwrap_or(map.items.length_mm_max);
    let overlaps = last + slip >= device.from_mm && first - length - slip <= device.to_mm;
    let wholly = known.is_some() && first - length - slip >= device.from_mm && last + slip <= device.to_mm;
    overlaps.then_some(View { pass: tracked.pass, wholly })
}

/// When the last reading about a parcel can come from a device: the controller times between which it left the view,
/// with the device's latency. Nothing while it has not left.
fn left_view(map: &LaneMap, track: &Track, device: &Device, tracked: &Tracked) -> Option<Span> {
    let mark = tracked.mark(device.segment)?;
    let segment = &map.segments[usize::from(device.segment)];
    let length = segment.mm(mark.trail? - mark.lead);
    let slip = slip(map, device, mark.at_mm) + tracked.coasted();
    let way = device.to_mm - mark.at_mm + length;
    let belt = track.belt(device.segment);
    let earliest = belt.when(mark.lead + segment.ticks(way - slip))?;
    let latest = belt.when(mark.lead + segment.ticks(way + slip))?;
    let (soonest_us, longest_us) = latency_us(device);
    let looking_us = if device.kind == DeviceKind::Camera { LABEL_READ_MS_MAX * 1_000 } else { 0 };
    let longest_us = longest_us + looking_us;
    Some(Span { lo: earliest + soonest_us as i64, hi: latest + longest_us as i64 + CLOSING_US })
}

/// A scanner answers every parcel, if only that it read nothing, as a camera takes a picture of each. One that did not may be late, and answer so much later,
/// while the next parcel is in view.
const OWING_US: i64 = 1_000_000;
/// Clock error and one turn of the station's loop, before a device is held to have said its last.
const CLOSING_US: i64 = 30_000;

fn in_view(map: &LaneMap, track: &Track, device: &Device, tracked: &Tracked) -> bool {
    let now = track.belt(device.segment).now();
    now.is_some_and(|now| view(map, device, tracked, (now, now)).is_some())
}

/// Why there is nothing to judge of an image.
pub(crate) fn blind_cause(image: ImageOf, interrupted: bool) -> Option<BlindCause> {
    match image {
        _ if interrupted => Some(BlindCause::Interrupted),
        ImageOf::Missing => Some(BlindCause::NoImage),
        ImageOf::Contested { .. } => Some(BlindCause::NoImage),
        ImageOf::Waiting | ImageOf::Owned { .. } => None,
    }
}

#[cfg(test)]
mod tests;
