//! What devices beside the belt send: the bytes of a real scanner and a real scale, and images as they are cut.
//!
//! Apart from the lane, so that bytes are made in one place. A device sees belt, not parcels: what it sends is the
//! whole truth about what it saw and nothing about whose it was; [`ImageEvent::parcels`] is for whoever draws the
//! picture, not for the station.

use crate::xray::random::Random;
use gatepost_hardware::lane::Device;
use gatepost_hardware::scanner::plain;
use gatepost_hardware::symbology::Aim;
use gatepost_hardware::units::Micros;
use serde::{Deserialize, Serialize};

/// Which part of what lay under the beam an image shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    Whole,
    /// The machine cut one object in two.
    First,
    Second,
}

/// One image of a line scanner without trigger: it begins with the first line that is not air.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageEvent {
    /// From 1, in the order in which the beam saw them.
    pub number: u32,
    /// Truth: who is in it, nose first.
    pub parcels: Vec<u32>,
    pub part: Part,
    /// Belt that it shows.
    pub length_mm: u32,
    /// Air between its parcels.
    pub gap_mm: Vec<u32>,
    pub started: Micros,
    pub ended: Micros,
    /// The belt stood still, or went back, while it was taken.
    pub interrupted: bool,
}

/// Why a label cannot be read in its picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unclear {
    NoLabel,
    TooDark,
    TooBlurred,
    TooSmall,
    CutOff,
    Damaged,
}

impl Unclear {
    pub const ALL: [Self; 6] =
        [Self::NoLabel, Self::TooDark, Self::TooBlurred, Self::TooSmall, Self::CutOff, Self::Damaged];
}

/// One picture of a label, by a camera that keeps the frame in which the label is in the middle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelEvent {
    /// From 1, in the order in which they were taken.
    pub number: u32,
    /// Truth: whose label it is.
    pub parcel: u32,
    /// What its code says.
    pub item: String,
    /// Why that cannot be seen, if it cannot.
    pub unclear: Option<Unclear>,
}

/// What came out of a device, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emission {
    /// When the first byte, or the image's last line, reaches the station: the world's clock.
    pub at: Micros,
    pub what: Emitted,
}

/// `device`: index into the lane's devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Emitted {
    /// Frames of the cable.
    Controller(Vec<u8>),
    Scanner {
        device: u8,
        bytes: Vec<u8>,
    },
    Scale {
        device: u8,
        bytes: Vec<u8>,
    },
    Image {
        device: u8,
        image: ImageEvent,
    },
    /// A camera's file is finished.
    Picture {
        device: u8,
        picture: LabelEvent,
    },
}

/// A device's stretch of the lane's axis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch {
    pub device: u8,
    pub segment: usize,
    pub from: i64,
    pub to: i64,
    latency_us: [u64; 2],
}

impl Watch {
    /// `base`: where the device's segment begins, in nanometres.
    pub fn new(index: u8, device: &Device, base: i64) -> Self {
        let nm = |mm: i32| base + i64::from(mm) * 1_000_000;
        let latency_us = [device.latency_ms_min, device.latency_ms_max].map(|ms| u64::from(ms) * 1_000);
        let segment = usize::from(device.segment);
        Self { device: index, segment, from: nm(device.from_mm.0), to: nm(device.to_mm.0), latency_us }
    }

    pub const fn middle(&self) -> i64 {
        (self.from + self.to) / 2
    }

    /// A latency within the device's range, not quite to its ends.
    pub fn latency(&self, random: &mut Random) -> Micros {
        let [least, most] = self.latency_us;
        let margin = (most - least) / 10;
        Micros(least + margin + random.bits() % (most - least - 2 * margin).max(1))
    }
}

/// A label as the scanner sends it: `aim` such as `]C0`.
pub fn scan(aim: [u8; 2], text: &str) -> Vec<u8> {
    let config = plain::PlainConfig::default();
    plain::encode(&config, Aim::new(aim[0], aim[1]), text.as_bytes()).map_or_else(Vec::new, |frame| frame.to_vec())
}

/// The end of a trigger in which nothing was read.
pub fn no_read() -> Vec<u8> {
    b"NOREAD\r\n".to_vec()
}

/// One weighing in MT-SICS: the answer to `SI`, stable or not.
pub fn weighing(grams: i64, stable: bool) -> Vec<u8> {
    let state = if stable { 'S' } else { 'D' };
    let sign = if grams < 0 { "-" } else { "" };
    let kilograms = format!("{sign}{}.{:03}", grams.abs() / 1_000, grams.abs() % 1_000);
    format!("S {state} {kilograms:>10} kg\r\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatepost_hardware::scale::mt_sics::{MtSics, MtSicsConfig};
    use gatepost_hardware::scale::{ScaleProtocol, ScaleReport};
    use gatepost_hardware::scanner::{Scan, ScannerProtocol};
    use gatepost_hardware::units::Grams;

    #[test]
    fn the_stations_own_codecs_read_what_the_devices_send() {
        let mut codec = plain::Plain::new(plain::PlainConfig::default());
        let mut heard = Vec::new();
        let bytes = [scan(*b"C0", "RR473124829GB"), no_read()].concat();
        codec.feed(Micros(5), &bytes, &mut |scan: Scan<'_>| match scan {
            Scan::Read { payload, aim, .. } => heard.push((String::from_utf8(payload.to_vec()).unwrap(), aim)),
            Scan::NoRead { .. } => heard.push((String::new(), None)),
            Scan::Identity { .. } | Scan::Answer { .. } | Scan::Fault { .. } => panic!("{scan:?}"),
        });
        assert_eq!(heard, [("RR473124829GB".to_owned(), Aim::new(b'C', b'0')), (String::new(), None)]);
    }

    #[test]
    fn a_weighing_is_read_back_to_the_gram() {
        for (grams, stable) in [(1_234, true), (20, true), (29_999, true), (1_000, false)] {
            let mut codec = MtSics::new(MtSicsConfig::default());
            let mut weights = Vec::new();
            for byte in weighing(grams, stable) {
                if let Some(ScaleReport::Reading(reading)) = codec.push(Micros(9), byte) {
                    weights.push(reading.stable_weight().ok());
                }
            }
            assert_eq!(weights, [stable.then_some(Grams(grams))]);
        }
    }
}
