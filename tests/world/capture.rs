//! Captures: what a device and a station said to each other, as text with its timing, to be heard again.
//!
//! Apart from the codecs and from the ports, because both are given the same conversation: [`Capture::replay`] puts it
//! through the codec its own header configures, [`Capture::bursts`] is for whoever plays it through a real line. A
//! capture says where it is from; one written from a manual says so, and is no recording.
//!
//! ```text
//! # what this is, and where it is from
//! kind scale
//! protocol toledo-8217 = { unit = "kg" }
//! line 9600 7E1                       or: line usb
//! 0 > 57                              milliseconds, station to device, bytes in hex; # what they say
//! 14 < 02 30 31 2E 32 35 30 0D        device to station
//! 900 ! gone                          the device is unplugged, and
//! 2500 ! back                         plugged in again
//! = stable 1250 g                     what must be understood, in order, everything, faults too
//! ```
//! Lines of one burst arrive together. Times never go back. What is understood of a scan is in [`understood_scan`], of a
//! scale's report in [`understood_report`].

use std::path::{Path, PathBuf};

use gatepost_hardware::scale::{
    LatestWeight, NoWeight, ScaleCodec, ScaleConfig, ScaleProtocol, ScaleReport, with_even_parity,
};
use gatepost_hardware::scanner::{Scan, ScannerCodec, ScannerConfig, ScannerProtocol};
use gatepost_hardware::units::Micros;
use serde::Serialize;

/// How often a quiet line is told to its codec, as the station does.
const IDLE: Micros = Micros::from_ms(20);
/// Until nothing more can come of what was heard.
const AFTERMATH: Micros = Micros::from_ms(3_000);
/// A weight is believed as long as this without news; what stations do by themselves is theirs.
const AGE_MAX: Micros = Micros::from_ms(1_500);

/// Which codec, and how it is set up.
#[derive(Clone, Debug)]
pub enum Device {
    Scale(ScaleConfig),
    Scanner(Box<ScannerConfig>),
}

/// The line it was heard on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Bits, parity and stop bits as in a configuration: `8N1`, `7E1`, `8E1`.
    Serial {
        baud: u32,
        bits: String,
    },
    Usb,
}

/// Which way bytes went, or what became of the cable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    FromDevice,
    ToDevice,
    /// Unplugged; no bytes.
    Gone,
    /// Plugged in again; no bytes.
    Back,
}

/// Bytes that went together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Burst {
    /// Since the capture began.
    pub at: Micros,
    pub way: Way,
    pub bytes: Vec<u8>,
}

/// One conversation.
#[derive(Clone, Debug)]
pub struct Capture {
    /// The file's name without `.txt`.
    pub name: String,
    pub device: Device,
    pub line: Line,
    bursts: Vec<Burst>,
    /// The `=` lines.
    pub understood: Vec<String>,
}

/// How a capture is put through its codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Each burst at once.
    Whole,
    /// Each byte by itself, as far from the last as the line's speed makes it.
    ByteByByte,
    /// Noise before every burst of the device, with silence on both sides: nothing may be lost or invented by it.
    Noise { seed: u64 },
    /// 7 bits with even parity, read as 8 bits without.
    EvenParity,
}

/// What came of a replay.
#[derive(Clone, Debug, Default)]
pub struct Replayed {
    /// In the words of `=` lines.
    pub understood: Vec<String>,
    /// What the codec wants written at once, as acknowledgements.
    pub owed: Vec<Vec<u8>>,
}

impl Capture {
    /// Reads one.
    ///
    /// # Errors
    /// A sentence with the line that is not understood.
    pub fn read(name: &str, text: &str) -> Result<Self, String> {
        let (mut kind, mut protocol, mut line) = (None, None, None);
        let (mut bursts, mut understood) = (Vec::new(), Vec::new());
        for (number, full) in (1..).zip(text.lines()) {
            let wrong = |why: &str| format!("{name}:{number}: \"{full}\": {why}");
            let (word, rest) = full.trim().split_once(' ').unwrap_or((full.trim(), ""));
            match word {
                comment if comment.is_empty() || comment.starts_with('#') => {}
                "kind" => kind = Some(rest.to_owned()),
                "protocol" => protocol = Some(rest.to_owned()),
                "line" => line = Some(line_of(rest).ok_or_else(|| wrong("line is as \"9600 7E1\", or \"usb\""))?),
                "=" => understood.push(rest.to_owned()),
                _ if !understood.is_empty() => return Err(wrong("the = lines come last")),
                time => {
                    let burst = burst(time, rest).ok_or_else(|| wrong("no such line (see tests/world/capture.rs)"))?;
                    if bursts.last().is_some_and(|last: &Burst| last.at > burst.at) {
                        return Err(wrong("time goes back"));
                    }
                    bursts.push(burst);
                }
            }
        }
        let missing = |what: &str| format!("{name}: the line \"{what} …\" is missing");
        let protocol = protocol.ok_or_else(|| missing("protocol"))?;
        let refused = |error: toml::de::Error| format!("{name}: protocol: {}", error.message());
        let device = match kind.ok_or_else(|| missing("kind"))?.as_str() {
            "scale" => Device::Scale(toml::from_str(&protocol).map_err(refused)?),
            "scanner" => Device::Scanner(Box::new(toml::from_str(&protocol).map_err(refused)?)),
            other => return Err(format!("{name}: kind {other} is neither scale nor scanner")),
        };
        if bursts.is_empty() || understood.is_empty() {
            return Err(format!("{name}: a capture has bytes, and says what must be understood"));
        }
        let line = line.ok_or_else(|| missing("line"))?;
        Ok(Self { name: name.to_owned(), device, line, bursts, understood })
    }

    /// Everything that was said and done, in order, as it was on the line.
    pub fn bursts(&self) -> &[Burst] {
        &self.bursts
    }

    /// Puts it through its codec.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub fn replay(&self, manner: Manner) -> Result<Replayed, &'static str> {
        let bursts = self.arranged(manner)?;
        let mut ear = Ear::new(&self.device)?;
        let mut now = Micros::ZERO;
        for burst in &bursts {
            ear.quiet(now, burst.at);
            now = burst.at;
            ear.take(burst);
        }
        ear.quiet(now, now + AFTERMATH);
        Ok(ear.replayed)
    }

    /// The bursts as `manner` has them arrive.
    fn arranged(&self, manner: Manner) -> Result<Vec<Burst>, &'static str> {
        let from_device = |burst: &Burst| burst.way == Way::FromDevice;
        Ok(match manner {
            Manner::Whole => self.bursts.clone(),
            Manner::EvenParity => {
                let mut bursts = self.bursts.clone();
                bursts
                    .iter_mut()
                    .filter(|burst| from_device(burst))
                    .for_each(|burst| with_even_parity(&mut burst.bytes));
                bursts
            }
            Manner::ByteByByte => {
                let mut end = Micros::ZERO;
                let mut bursts = Vec::new();
                for burst in &self.bursts {
                    end = end.max(burst.at);
                    if !from_device(burst) {
                        bursts.push(Burst { at: end, ..burst.clone() });
                        continue;
                    }
                    for &byte in &burst.bytes {
                        bursts.push(Burst { at: end, way: Way::FromDevice, bytes: vec![byte] });
                        end = end + self.byte_time();
                    }
                }
                bursts
            }
            Manner::Noise { seed } => {
                let mut chance = Chance(seed);
                let mut late = Micros::ZERO;
                let mut bursts = Vec::new();
                for burst in &self.bursts {
                    if from_device(burst) {
                        let noise = self.noise(&mut chance)?;
                        bursts.push(Burst { at: burst.at + late + AFTERMATH, way: Way::FromDevice, bytes: noise });
                        late = late + AFTERMATH + AFTERMATH;
                    }
                    bursts.push(Burst { at: burst.at + late, ..burst.clone() });
                }
                bursts
            }
        })
    }

    fn byte_time(&self) -> Micros {
        match self.line {
            Line::Serial { baud, .. } => Micros(10_000_000 / u64::from(baud.max(1))),
            Line::Usb => Micros(125),
        }
    }

    /// Bytes that say nothing in this protocol: drawn until they do.
    fn noise(&self, chance: &mut Chance) -> Result<Vec<u8>, &'static str> {
        loop {
            let length = 1 + chance.below(24);
            let bytes = (0..length).map(|_| chance.below(256) as u8).collect();
            let alone = Burst { at: Micros::ZERO, way: Way::FromDevice, bytes };
            let mut ear = Ear::new(&self.device)?;
            ear.take(&alone);
            ear.quiet(Micros::ZERO, AFTERMATH);
            if ear.replayed.understood.iter().all(|said| said.starts_with("fault ")) && ear.replayed.owed.is_empty() {
                return Ok(alone.bytes);
            }
        }
    }
}

/// Every capture of the folder, by name.
///
/// # Errors
/// Which file cannot be read, and why.
pub fn all(folder: &Path) -> Result<Vec<Capture>, String> {
    let failed = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    let entries = std::fs::read_dir(folder).map_err(|error| failed(folder, error))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Capture::read(&name, &std::fs::read_to_string(path).map_err(|error| failed(path, error))?)
    };
    paths.iter().map(read).collect()
}

/// Where they are kept.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures")
}

fn line_of(text: &str) -> Option<Line> {
    match text.split_whitespace().collect::<Vec<_>>()[..] {
        ["usb"] => Some(Line::Usb),
        [baud, bits @ ("8N1" | "7E1" | "8E1")] => {
            Some(Line::Serial { baud: baud.parse().ok()?, bits: bits.to_owned() })
        }
        _ => None,
    }
}

fn burst(time: &str, rest: &str) -> Option<Burst> {
    let at = Micros::from_ms(time.parse().ok()?);
    let said = rest.split('#').next().unwrap_or_default();
    let (way, rest) = said.split_at_checked(1)?;
    let way = match (way, rest.trim()) {
        (">", _) => Way::ToDevice,
        ("<", _) => Way::FromDevice,
        ("!", "gone") => return Some(Burst { at, way: Way::Gone, bytes: Vec::new() }),
        ("!", "back") => return Some(Burst { at, way: Way::Back, bytes: Vec::new() }),
        _ => return None,
    };
    let byte = |pair: &str| u8::from_str_radix(pair, 16).ok().filter(|_| pair.len() == 2);
    let bytes = rest.split_whitespace().map(byte).collect::<Option<Vec<u8>>>()?;
    (!bytes.is_empty()).then_some(Burst { at, way, bytes })
}

/// A codec, and what it understood.
struct Ear {
    codec: Codec,
    latest: LatestWeight,
    /// A stable weight stands, so its end by silence must be said.
    stands: bool,
    replayed: Replayed,
}

enum Codec {
    Scale(Box<ScaleCodec>),
    Scanner(Box<ScannerCodec>),
}

impl Ear {
    fn new(device: &Device) -> Result<Self, &'static str> {
        let codec = match device {
            Device::Scale(config) => Codec::Scale(Box::new(ScaleCodec::new(config)?)),
            Device::Scanner(config) => Codec::Scanner(Box::new(ScannerCodec::new(config)?)),
        };
        Ok(Self { codec, latest: LatestWeight::new(AGE_MAX), stands: false, replayed: Replayed::default() })
    }

    fn take(&mut self, burst: &Burst) {
        match (burst.way, &mut self.codec) {
            (Way::ToDevice | Way::Back, _) => {}
            (Way::Gone, Codec::Scanner(_)) => self.replayed.understood.push("gone".to_owned()),
            (Way::Gone, Codec::Scale(_)) => {
                self.latest.disconnected();
                self.stands = false;
                self.replayed.understood.push(format!("no weight {}", word(&NoWeight::Disconnected)));
            }
            (Way::FromDevice, Codec::Scale(codec)) => {
                let mut reports = Vec::new();
                codec.feed(burst.at, &burst.bytes, &mut |report| reports.push(report));
                reports.iter().for_each(|report| self.weigh(burst.at, report));
            }
            (Way::FromDevice, Codec::Scanner(codec)) => {
                for &byte in &burst.bytes {
                    let said = codec.push(burst.at, byte).map(|scan| understood_scan(&scan));
                    self.replayed.understood.extend(said);
                    self.replayed.owed.extend(codec.owed().map(<[u8]>::to_vec));
                }
            }
        }
    }

    /// From `from` to `until` nothing comes.
    fn quiet(&mut self, from: Micros, until: Micros) {
        let mut now = from + IDLE;
        while now < until {
            match &mut self.codec {
                Codec::Scale(codec) => {
                    let report = codec.idle(now);
                    report.iter().for_each(|report| self.weigh(now, report));
                }
                Codec::Scanner(codec) => {
                    let said = codec.idle(now).map(|scan| understood_scan(&scan));
                    self.replayed.understood.extend(said);
                    self.replayed.owed.extend(codec.owed().map(<[u8]>::to_vec));
                }
            }
            if self.stands && self.latest.stable_weight(now).is_err() {
                self.stands = false;
                self.replayed.understood.push(format!("no weight {}", word(&NoWeight::Stale)));
            }
            now = now + IDLE;
        }
    }

    fn weigh(&mut self, now: Micros, report: &ScaleReport) {
        self.latest.take(report);
        let sure = self.latest.stable_weight(now);
        let said = matches!(report, ScaleReport::Reading(reading) if reading.stable_weight().is_ok());
        assert!(said || sure.is_err(), "a weight stands that this did not say: {report:?}");
        self.stands = sure.is_ok();
        self.replayed.understood.push(understood_report(report));
    }
}

/// What a scale's report says, in the words of `=` lines: `stable 12340 g`, `no weight tared`,
/// `no weight in-motion`, `zero done`, `zero refused not-ready`, `tare 1.500 kg`, `tare refused …`, `tare cleared`,
/// `identity 0123`, `fault truncated`. The replay adds `no weight stale` when silence ends a weight.
pub fn understood_report(report: &ScaleReport) -> String {
    match report {
        ScaleReport::Reading(reading) => match reading.stable_weight() {
            Ok(grams) => format!("stable {grams}"),
            Err(why) => format!("no weight {}", word(&why)),
        },
        ScaleReport::Zero { done: Ok(()), .. } => "zero done".to_owned(),
        ScaleReport::Zero { done: Err(why), .. } => format!("zero refused {}", word(why)),
        ScaleReport::Tare { done: Ok(tare), .. } => format!("tare {tare}"),
        ScaleReport::Tare { done: Err(why), .. } => format!("tare refused {}", word(why)),
        ScaleReport::TareCleared { done: Ok(()), .. } => "tare cleared".to_owned(),
        ScaleReport::TareCleared { done: Err(why), .. } => format!("tare not cleared {}", word(why)),
        ScaleReport::Identity { serial, .. } => format!("identity {serial}"),
        ScaleReport::Fault { kind, .. } => format!("fault {}", word(kind)),
    }
}

/// What a scan says, in the words of `=` lines: `read ]C0 RR123456785GB`, `read - 0123` where no symbology was sent,
/// bytes that do not print escaped (`\x1d`), `no-read NR`, `no-read` where an empty result says so, `identity …`,
/// `answer done`, `answer refused`, `fault unterminated`; `gone` when the cable went.
pub fn understood_scan(scan: &Scan<'_>) -> String {
    match scan {
        Scan::Read { payload, aim, .. } => {
            let aim = aim.map(|aim| String::from_utf8_lossy(&aim.bytes()).into_owned());
            format!("read {} {}", aim.as_deref().unwrap_or("-"), payload.escape_ascii())
        }
        Scan::NoRead { which, .. } => format!("no-read {}", which.escape_default()).trim_end().to_owned(),
        Scan::Identity { text, .. } => format!("identity {}", text.escape_ascii()),
        Scan::Answer { done, .. } => format!("answer {}", if *done { "done" } else { "refused" }),
        Scan::Fault { kind, .. } => format!("fault {}", word(kind)),
    }
}

/// A cause as configuration files and records spell it.
fn word(cause: &impl Serialize) -> String {
    let text = serde_json::to_value(cause).ok();
    text.as_ref().and_then(|value| value.as_str()).unwrap_or("?").to_owned()
}

/// A small generator: the same noise on every machine.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound.max(1)
    }
}
