//! The protocols that a world's scanners and scales speak: the virtual lane's own words, said again in those.
//!
//! The virtual lane speaks plain text and MT-SICS. What it says is read by those codecs and written by the chosen one's own
//! grammar; what they cannot read (a device that sends nonsense) goes through as it is.

use gatepost_hardware::scale::mt_sics::{MtSics, MtSicsConfig};
use gatepost_hardware::scale::nci::{NciReply, NciStatus};
use gatepost_hardware::scale::sma::{SmaReply, SmaWeight};
use gatepost_hardware::scale::toledo::ToledoFrame;
use gatepost_hardware::scale::toledo_8217::PosReply;
use gatepost_hardware::scale::toledo_8217::reply::status;
use gatepost_hardware::scale::toledo_extended::ExtendedFrame;
use gatepost_hardware::scale::usb_hid::{HidReport, HidStatus};
use gatepost_hardware::scale::{Decimal, Measure, NoWeight, ScaleConfig, ScaleProtocol, ScaleReport, Unit};
use gatepost_hardware::scanner::plain::{Plain, PlainConfig, encode};
use gatepost_hardware::scanner::ssi::packet;
use gatepost_hardware::scanner::{Scan, ScannerConfig, ScannerProtocol, keyboard};
use gatepost_hardware::symbology::Aim;
use gatepost_hardware::units::Micros;

/// Who speaks what.
#[derive(Clone, Debug)]
pub struct Dialect {
    pub scanner: ScannerConfig,
    pub scale: ScaleConfig,
}

impl Default for Dialect {
    /// As the virtual lane speaks.
    fn default() -> Self {
        Self {
            scanner: ScannerConfig::Plain(PlainConfig::default()),
            scale: ScaleConfig::MtSics(MtSicsConfig::default()),
        }
    }
}

/// What a scale says.
#[derive(Clone, Copy, Default)]
struct Word {
    measure: Option<Measure>,
    moves: bool,
    over: bool,
    under: bool,
}

impl Dialect {
    /// A scanner's words in its protocol.
    pub fn scan(&self, plain: &[u8]) -> Vec<u8> {
        let mut codec = Plain::new(PlainConfig::default());
        let mut said = Vec::new();
        codec.feed(Micros(0), plain, &mut |scan: Scan<'_>| said.push(self.said(&scan)));
        match said.as_slice() {
            [Some(bytes)] => bytes.clone(),
            _ => plain.to_vec(),
        }
    }

    fn said(&self, scan: &Scan<'_>) -> Option<Vec<u8>> {
        match *scan {
            Scan::Read { payload, aim, .. } => self.label(aim, payload),
            // SSI has no word for it: such a reader says nothing.
            Scan::NoRead { .. } if matches!(self.scanner, ScannerConfig::Ssi(_)) => Some(Vec::new()),
            Scan::NoRead { .. } => {
                let no_read = self.results()?.no_read.first()?.clone();
                self.label(None, no_read.as_bytes())
            }
            Scan::Identity { .. } | Scan::Answer { .. } | Scan::Fault { .. } => None,
        }
    }

    fn label(&self, aim: Option<Aim>, data: &[u8]) -> Option<Vec<u8>> {
        match &self.scanner {
            ScannerConfig::Ssi(_) => {
                let same = |kind: &u8| packet::symbology(*kind) == aim.map(Aim::symbology);
                let kind = (0..=u8::MAX).find(same)?;
                let identifier = aim.filter(|aim| packet::aim(kind) != Some(*aim)).map(|aim| aim.bytes());
                let text = [identifier.as_ref().map_or(&[][..], |bytes| &bytes[..]), data].concat();
                Some(packet::decode_data(kind, &text).flatten().collect())
            }
            ScannerConfig::Keyboard(config) => Some(keyboard::encode(config, aim, data)?.to_vec()),
            _ => Some(encode(&self.results()?, aim, data)?.to_vec()),
        }
    }

    /// How a reader's results are framed, where they are text.
    fn results(&self) -> Option<PlainConfig> {
        match &self.scanner {
            ScannerConfig::Plain(config) => Some(config.clone()),
            ScannerConfig::Sick(config) => Some(config.results()),
            ScannerConfig::Cognex(config) => Some(config.results()),
            ScannerConfig::Keyence(config) => Some(config.results()),
            ScannerConfig::Keyboard(config) => Some(config.results()),
            ScannerConfig::Ssi(_) => None,
        }
    }

    /// A scale's words in its protocol.
    pub fn weigh(&self, sics: &[u8]) -> Vec<u8> {
        if matches!(self.scale, ScaleConfig::MtSics(_)) {
            return sics.to_vec();
        }
        let mut codec = MtSics::new(MtSicsConfig::default());
        let mut words = Vec::new();
        codec.feed(Micros(0), sics, &mut |report| words.push(Word::of(&report)));
        match words.as_slice() {
            [Some(word)] => self.weighing(*word).unwrap_or_else(|| sics.to_vec()),
            _ => sics.to_vec(),
        }
    }

    fn weighing(&self, word: Word) -> Option<Vec<u8>> {
        Some(match &self.scale {
            ScaleConfig::MtSics(_) => return None,
            ScaleConfig::ToledoContinuous(config) => word.toledo()?.encode(config.checksum)?.to_vec(),
            ScaleConfig::ToledoExtended(config) => word.toledo_extended().encode(config.checksum)?.to_vec(),
            ScaleConfig::Toledo8217(config) => {
                word.toledo_8217().encode(config.number.as_deref().unwrap_or("00.000"))?.to_vec()
            }
            ScaleConfig::Nci(_) => word.nci().encode()?.to_vec(),
            ScaleConfig::Sma(_) => word.sma().encode(b' ')?.to_vec(),
            ScaleConfig::UsbHid(_) => word.usb_hid()?.encode()?.to_vec(),
        })
    }
}

/// In kilograms to the gram, as the virtual scale shows them.
impl Word {
    fn of(report: &ScaleReport) -> Option<Self> {
        let ScaleReport::Reading(reading) = report else { return None };
        let nothing = Self::default();
        Some(match reading.shown {
            Ok(measure) => Self { measure: Some(measure), moves: !reading.state.stable, ..nothing },
            Err(NoWeight::OverRange) => Self { over: true, ..nothing },
            Err(NoWeight::UnderRange) => Self { under: true, ..nothing },
            Err(NoWeight::NotReady | NoWeight::InMotion) => Self { moves: true, ..nothing },
            Err(_) => return None,
        })
    }

    fn value(&self) -> Option<Decimal> {
        self.measure.map(|measure| measure.value)
    }

    fn toledo(&self) -> Option<ToledoFrame> {
        let mantissa = self.value().map_or(0, |value| value.mantissa);
        Some(ToledoFrame {
            decimal_code: 5,
            increment: 1,
            kilograms: true,
            motion: self.moves,
            out_of_range: self.over || self.under,
            negative: mantissa < 0,
            weight: Some(u32::try_from(mantissa.unsigned_abs()).ok()?),
            tare: Some(0),
            ..ToledoFrame::default()
        })
    }

    fn toledo_extended(&self) -> ExtendedFrame {
        ExtendedFrame {
            address: b'1',
            unit_code: 2,
            centre_of_zero: false,
            motion: self.moves,
            net: false,
            tare_source_and_range: 0,
            expanded: false,
            invalid: false,
            under_zero: self.under,
            over_capacity: self.over,
            unzeroed: false,
            print_request: false,
            weight: self.value(),
            tare: None,
        }
    }

    fn toledo_8217(&self) -> PosReply {
        match self.value() {
            Some(value) if !self.moves => PosReply::Weight { value, net: false },
            _ => PosReply::Status(
                bit(self.moves, status::MOTION) | bit(self.over, status::OVER) | bit(self.under, status::UNDER_ZERO),
            ),
        }
    }

    fn nci(&self) -> NciReply {
        let status = NciStatus::two(bit(self.moves, 1), bit(self.under, 1) | bit(self.over, 2));
        match self.measure {
            Some(measure) => NciReply::Weight { measure, number_width: 7, status },
            None => NciReply::Status(status),
        }
    }

    fn sma(&self) -> SmaReply {
        SmaReply::Weight(SmaWeight {
            status: Default::default(),
            range: b'1',
            kind: Default::default(),
            high_resolution: false,
            motion: self.moves,
            value: self.value(),
            unit: Unit::Kilogram,
        })
    }

    fn usb_hid(&self) -> Option<HidReport> {
        let status = match self {
            Self { over: true, .. } => HidStatus::OverLimit,
            Self { under: true, .. } => HidStatus::UnderZero,
            Self { moves: true, .. } => HidStatus::InMotion,
            _ => HidStatus::Stable,
        };
        let magnitude = u16::try_from(self.value().map_or(0, |value| value.mantissa)).ok()?;
        Some(HidReport { id: 3, status, unit_code: 3, exponent: -3, magnitude })
    }
}

const fn bit(set: bool, bit: u8) -> u8 {
    if set { bit } else { 0 }
}
