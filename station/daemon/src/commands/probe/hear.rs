//! What bytes of a device mean, in words: the codecs of `gatepost-hardware` behind one ear, for `probe` and `doctor`.

use gatepost_hardware::link::frame::{FRAME_MAX, Receiver, Sender};
use gatepost_hardware::link::{Command, Report, VERSIONS};
use gatepost_hardware::scale::{ScaleCodec, ScaleConfig, ScaleProtocol};
use gatepost_hardware::scanner::{ScannerCodec, ScannerConfig, ScannerProtocol};
use gatepost_hardware::units::Micros;
use std::time::Instant;

use crate::recognise::meaning::{of_report, of_scan};

/// Listens to bytes and says what they mean. Faults begin with `fault`.
pub(in crate::commands) trait Hears {
    fn hear(&mut self, bytes: &[u8], say: &mut dyn FnMut(String));
    /// The line is quiet: some frames end by silence.
    fn quiet(&mut self, say: &mut dyn FnMut(String));
    /// What the device must get at once for what it said, as an acknowledgement.
    fn owed(&mut self) -> Vec<u8> {
        Vec::new()
    }
}

/// One device's codec.
pub(in crate::commands) struct Ear {
    kind: Kind,
    start: Instant,
    owed: Vec<u8>,
}

enum Kind {
    Scanner(Box<ScannerCodec>),
    Scale(Box<ScaleCodec>),
    Controller { receiver: Box<Receiver>, dropped: u32, introduced: Option<(u8, u32)> },
}

impl Ear {
    pub(in crate::commands) fn scanner(config: &ScannerConfig) -> Result<Self, &'static str> {
        Ok(Self::new(Kind::Scanner(Box::new(ScannerCodec::new(config)?))))
    }
    pub(in crate::commands) fn scale(config: &ScaleConfig) -> Result<Self, &'static str> {
        Ok(Self::new(Kind::Scale(Box::new(ScaleCodec::new(config)?))))
    }
    pub(in crate::commands) fn controller() -> Self {
        Self::new(Kind::Controller { receiver: Box::default(), dropped: 0, introduced: None })
    }
    fn new(kind: Kind) -> Self {
        Self { kind, start: Instant::now(), owed: Vec::new() }
    }
    /// Whether this device is heard without anybody doing anything.
    pub(in crate::commands) fn talks_alone(&self) -> bool {
        !matches!(self.kind, Kind::Scanner(_))
    }
    /// Version and lane map's checksum, once a controller has introduced itself.
    pub(in crate::commands) fn introduced(&self) -> Option<(u8, u32)> {
        match self.kind {
            Kind::Controller { introduced, .. } => introduced,
            _ => None,
        }
    }
    fn now(&self) -> Micros {
        Micros(u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX))
    }
}

impl Hears for Ear {
    fn hear(&mut self, bytes: &[u8], say: &mut dyn FnMut(String)) {
        let now = self.now();
        match &mut self.kind {
            Kind::Scanner(codec) => {
                for &byte in bytes {
                    codec.push(now, byte).iter().for_each(|scan| say(of_scan(scan)));
                    codec.owed().iter().for_each(|owed| self.owed.extend_from_slice(owed));
                }
            }
            Kind::Scale(codec) => codec.feed(now, bytes, &mut |report| say(of_report(&report))),
            Kind::Controller { receiver, dropped, introduced } => {
                for &byte in bytes {
                    let received = receiver.push::<Report>(byte);
                    if receiver.dropped > *dropped {
                        *dropped = receiver.dropped;
                        say(format!("fault: a frame was damaged ({} so far)", receiver.dropped));
                    }
                    let Some(received) = received else { continue };
                    if let Some(missing) = received.missing.filter(|&missing| missing > 0) {
                        say(format!("fault: {missing} messages are missing before this one"));
                    }
                    if let Report::Hello(greeting) = &received.message {
                        *introduced = Some((greeting.version, greeting.crc));
                    }
                    say(format!("{:?}", received.message));
                }
            }
        }
    }

    fn quiet(&mut self, say: &mut dyn FnMut(String)) {
        let now = self.now();
        match &mut self.kind {
            Kind::Scanner(codec) => codec.idle(now).iter().for_each(|scan| say(of_scan(scan))),
            Kind::Scale(codec) => codec.idle(now).iter().for_each(|report| say(of_report(report))),
            Kind::Controller { .. } => {}
        }
    }

    fn owed(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.owed)
    }
}

/// What every controller answers: the greeting, what it is and how it fares, and its trace.
pub(in crate::commands) fn hello() -> Vec<u8> {
    let (mut out, mut sender, mut bytes) = ([0; FRAME_MAX], Sender::default(), Vec::new());
    let greeting = Command::Hello { lowest: VERSIONS.0, highest: VERSIONS.1 };
    for question in [greeting, Command::Describe, Command::Trace] {
        // Questions of a few bytes fit every frame.
        let used = sender.encode(&question, &mut out).unwrap_or(0);
        bytes.extend_from_slice(&out[..used]);
    }
    bytes
}
