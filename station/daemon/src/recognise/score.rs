//! How well a protocol explains bytes: its own codec reads them, and what it makes of them is counted.
//!
//! Only what comes after the first whole frame counts against a candidate: whoever opens a port comes into the middle of
//! a sentence. It decides nothing about a port; [`super`] compares the scores.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use gatepost_hardware::scale::{ScaleCodec, ScaleConfig, ScaleProtocol, ScaleReport};
use gatepost_hardware::scanner::{Scan, ScannerCodec, ScannerConfig, ScannerProtocol};
use gatepost_hardware::units::Micros;
use gatepost_pipeline::identify::identify;

use super::candidates::{Candidate, Kind, TABLE, USB_HID};
use super::meaning::{hex, of_report, of_scan};

/// Silence after which every frame that ends by silence has ended.
const QUIET: Micros = Micros::from_ms(1_500);
/// Examples kept.
const EXAMPLES_MAX: usize = 3;
/// What a wrong frame takes off.
const FAULT_BITS: u32 = 6;
/// What a code whose check digit fits, or a reader's own name, proves beyond its form.
const VALID_BITS: u32 = 10;
const IDENTITY_BITS: u32 = 12;
const AIM_BITS: u32 = 3;

/// Bytes that came together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Burst {
    pub at: Micros,
    pub bytes: Vec<u8>,
}

/// Bytes and what they mean.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Example {
    pub bytes: String,
    pub means: String,
}

/// What a candidate's codec made of bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Whole frames.
    pub frames: u32,
    /// Bits of chance that they rule out.
    pub evidence: u32,
    /// What does not fit, in the same measure.
    pub against: u32,
    pub identity: Option<String>,
    /// It answered in words of its own.
    pub own_words: bool,
    pub examples: Vec<Example>,
}

impl Score {
    /// What is left of the evidence.
    pub const fn value(&self) -> u32 {
        self.evidence.saturating_sub(self.against)
    }

    fn take(&mut self, bits: u32, raw: &[u8], means: String) {
        self.frames += 1;
        self.evidence += bits;
        let known = self.examples.iter().any(|example| example.means == means);
        if self.examples.len() < EXAMPLES_MAX && !known {
            self.examples.push(Example { bytes: hex(raw), means });
        }
    }

    fn fault(&mut self) {
        if self.frames > 0 {
            self.against += FAULT_BITS;
        }
    }
}

/// A row's codec as it is before the first byte.
#[derive(Clone)]
enum Prepared {
    Scale(Box<ScaleCodec>),
    Scanner(Box<ScannerCodec>),
}

/// The codecs of the table, made once. A row that makes none explains nothing; the table's own test refuses such a row.
static PREPARED: LazyLock<BTreeMap<&'static str, Prepared>> = LazyLock::new(|| {
    let prepared = TABLE.iter().chain([&USB_HID]).filter_map(|row| {
        let codec = match row.kind {
            Kind::Scale => {
                let config = toml::from_str::<ScaleConfig>(row.protocol).ok()?;
                Prepared::Scale(Box::new(ScaleCodec::new(&config).ok()?))
            }
            Kind::Scanner => {
                let config = toml::from_str::<ScannerConfig>(row.protocol).ok()?;
                Prepared::Scanner(Box::new(ScannerCodec::new(&config).ok()?))
            }
        };
        Some((row.protocol, codec))
    });
    prepared.collect()
});

/// Reads `bursts` with the candidate's codec.
pub fn score(candidate: &Candidate, bursts: &[Burst]) -> Score {
    match PREPARED.get(candidate.protocol).cloned() {
        Some(Prepared::Scale(codec)) => scale(candidate, codec, bursts),
        Some(Prepared::Scanner(codec)) => scanner(candidate, codec, bursts),
        None => Score::default(),
    }
}

fn scale(candidate: &Candidate, mut codec: Box<ScaleCodec>, bursts: &[Burst]) -> Score {
    let mut score = Score::default();
    let mut skipped = 0;
    for burst in bursts {
        for report in codec.idle(burst.at).into_iter() {
            weigh(candidate, &mut score, &report);
        }
        for &byte in &burst.bytes {
            let report = codec.push(burst.at, byte);
            report.iter().for_each(|report| weigh(candidate, &mut score, report));
            if score.frames == 0 {
                skipped = codec.counters().skipped_bytes;
            }
        }
    }
    let lost = u32::try_from(codec.counters().skipped_bytes - skipped).unwrap_or(u32::MAX);
    score.against = score.against.saturating_add(lost.saturating_mul(2));
    // What ends by silence has ended.
    if let Some(last) = bursts.last() {
        let report = codec.idle(last.at + QUIET).filter(|report| !matches!(report, ScaleReport::Fault { .. }));
        report.iter().for_each(|report| weigh(candidate, &mut score, report));
    }
    score
}

fn weigh(candidate: &Candidate, score: &mut Score, report: &ScaleReport) {
    match report {
        // A codec that had to take a parity bit off by itself: the line is one of seven bits, and explained as that.
        ScaleReport::Reading(reading) if !reading.raw.is_ascii() && *candidate != USB_HID => score.fault(),
        ScaleReport::Reading(reading) => score.take(candidate.bits, &reading.raw, of_report(report)),
        ScaleReport::Fault { .. } => score.fault(),
        ScaleReport::Identity { serial, .. } => {
            score.identity = Some(serial.to_string());
            score.take(IDENTITY_BITS, serial.as_bytes(), of_report(report));
        }
        other => score.take(candidate.bits, b"", of_report(other)),
    }
}

fn scanner(candidate: &Candidate, mut codec: Box<ScannerCodec>, bursts: &[Burst]) -> Score {
    let mut score = Score::default();
    for burst in bursts {
        codec.idle(burst.at).iter().for_each(|scan| read(candidate, &mut score, scan));
        for &byte in &burst.bytes {
            codec.push(burst.at, byte).iter().for_each(|scan| read(candidate, &mut score, scan));
        }
    }
    // A frame that ends by silence ends now; one that does not was cut by whoever stopped listening.
    if let Some(last) = bursts.last() {
        let scan = codec.idle(last.at + QUIET).filter(|scan| !matches!(scan, Scan::Fault { .. }));
        scan.iter().for_each(|scan| read(candidate, &mut score, scan));
    }
    score
}

fn read(candidate: &Candidate, score: &mut Score, scan: &Scan<'_>) {
    let means = of_scan(scan);
    match scan {
        Scan::Read { payload, aim, raw, .. } => {
            let printable = |byte: &u8| (b' '..=b'~').contains(byte) || matches!(byte, 0x1D | 0x1E | 0x04);
            if payload.len() < 3 || !payload.iter().all(printable) {
                return score.fault();
            }
            let valid = identify(&String::from_utf8_lossy(payload), *aim).valid;
            let bits = candidate.bits + if valid { VALID_BITS } else { 0 } + if aim.is_some() { AIM_BITS } else { 0 };
            score.take(bits, raw, means);
        }
        Scan::NoRead { raw, .. } => score.take(candidate.bits, raw, means),
        Scan::Answer { raw, .. } => {
            score.own_words = true;
            score.take(candidate.bits, raw, means);
        }
        Scan::Identity { text, raw, .. } => {
            score.own_words = true;
            score.identity = Some(String::from_utf8_lossy(text).into_owned());
            score.take(IDENTITY_BITS, raw, means);
        }
        Scan::Fault { .. } => score.fault(),
    }
}
