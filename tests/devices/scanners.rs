//! Virtual scanners: somebody holds one label after another under them.

use gatepost_hardware::scanner::plain::{PlainConfig, encode};
use gatepost_hardware::scanner::ssi::packet;
use gatepost_hardware::scanner::{cognex, sick};
use gatepost_hardware::symbology::Aim;
use gatepost_hardware::units::Micros;

use super::actor::{Actor, Say};

/// What is on the labels; the check digits are right.
pub const LABELS: [&str; 4] = ["RR473124829GB", "LX123456785US", "CP987654326DE", "9400111206206406260787"];

/// A plain reader: what it read, and nothing else.
#[derive(Debug)]
pub struct PlainScanner {
    config: PlainConfig,
    aim: Option<Aim>,
    every: Micros,
    next: Micros,
    read: usize,
}

impl PlainScanner {
    /// `config` as in a configuration file, such as `framing = "stx-etx"`.
    ///
    /// # Panics
    /// On a configuration that is none.
    pub fn new(config: &str, aim: bool, every_ms: u64) -> Self {
        let config: PlainConfig = toml::from_str(config).unwrap_or_else(|error| panic!("{config}: {error}"));
        let every = Micros::from_ms(every_ms);
        Self { config, aim: Aim::new(b'C', b'0').filter(|_| aim), every, next: every, read: 0 }
    }
}

impl Actor for PlainScanner {
    fn hear(&mut self, _: Micros, _: u8, _: &mut Say) {}

    fn tick(&mut self, now: Micros, say: &mut Say) {
        if now >= self.next {
            self.next = now + self.every;
            let label = LABELS[self.read % LABELS.len()];
            self.read += 1;
            say.at(now, &encode(&self.config, self.aim, label.as_bytes()).expect("a label"));
        }
    }
}

/// From the last bit of a command to the first of its answer.
const TURNAROUND: Micros = Micros::from_ms(5);
/// More than this without an end is no command.
const COMMAND_BYTES_MAX: usize = 64;
/// Unacknowledged, a packet is sent again after this; twice.
const RESEND: Micros = Micros::from_ms(300);
/// Characters further apart are not one packet.
const CHARACTER_GAP: Micros = Micros::from_ms(40);
const CODE_128: u8 = 0x03;

/// A reader with a language of its own beside its results, as sold: results as [`PlainScanner`] sends them.
#[derive(Debug)]
pub struct TalkingScanner {
    make: Make,
    results: PlainScanner,
    command: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Make {
    /// SICK, CoLa A.
    Sick,
    /// Cognex DataMan set to extended responses.
    Cognex,
    /// Keyence SR.
    Keyence,
}

impl TalkingScanner {
    pub fn new(make: Make, every_ms: u64) -> Self {
        let framing = if make == Make::Sick { "framing = \"stx-etx\"" } else { "" };
        Self { make, results: PlainScanner::new(framing, false, every_ms), command: Vec::new() }
    }

    fn answer(&self, command: &[u8]) -> Option<Vec<u8>> {
        let extended = |text: &'static [u8]| {
            let answer = cognex::Answer { checksum: false, command: None, status: 0, text };
            answer.encode().map(|line| line.to_vec())
        };
        match (self.make, command) {
            (Make::Sick, b"sRN DeviceIdent") => {
                sick::encode("sRA DeviceIdent A Lector620 6 V1.2.3").map(|telegram| telegram.to_vec())
            }
            (Make::Sick, b"sMN mTCgateon") => sick::encode("sAN mTCgateon 1").map(|telegram| telegram.to_vec()),
            (Make::Sick, _) => sick::encode("sFA 3").map(|telegram| telegram.to_vec()),
            (Make::Cognex, b"||>GET DEVICE.TYPE") => extended(b"DataMan 300"),
            (Make::Cognex, b"||>TRIGGER ON") => extended(b""),
            (Make::Keyence, b"KEYENCE") => Some(b"OK,KEYENCE,SR-750,1.20\r".to_vec()),
            (Make::Keyence, b"LON") => Some(b"OK,LON\r".to_vec()),
            _ => None,
        }
    }
}

impl Actor for TalkingScanner {
    fn hear(&mut self, now: Micros, byte: u8, say: &mut Say) {
        match byte {
            0x02 | b'\n' => {}
            0x03 | b'\r' => {
                let command = std::mem::take(&mut self.command);
                self.answer(&command).iter().for_each(|answer| say.at(now + TURNAROUND, answer));
            }
            _ if self.command.len() < COMMAND_BYTES_MAX => self.command.push(byte),
            _ => self.command.clear(),
        }
    }

    fn tick(&mut self, now: Micros, say: &mut Say) {
        self.results.tick(now, say);
    }
}

/// A Zebra decoder that speaks SSI: every packet wants its acknowledgement.
#[derive(Debug)]
pub struct SsiScanner {
    every: Micros,
    next: Micros,
    read: usize,
    /// What is not acknowledged, when it was sent, how often.
    sent: Option<(packet::Packet, Micros, u32)>,
    heard: Vec<u8>,
    last: Micros,
}

impl SsiScanner {
    pub const fn new(every_ms: u64) -> Self {
        let every = Micros::from_ms(every_ms);
        Self { every, next: every, read: 0, sent: None, heard: Vec::new(), last: Micros::ZERO }
    }
}

impl Actor for SsiScanner {
    fn hear(&mut self, now: Micros, byte: u8, say: &mut Say) {
        if now - self.last > CHARACTER_GAP {
            self.heard.clear();
        }
        self.last = now;
        self.heard.push(byte);
        let whole = self.heard.first().is_some_and(|length| self.heard.len() == usize::from(*length) + 2);
        if !whole {
            // A wake-up byte, or what is no packet at all.
            let hopeless = self.heard[0] < 4 || self.heard.len() > COMMAND_BYTES_MAX;
            return if hopeless {
                self.heard.clear()
            };
        }
        match std::mem::take(&mut self.heard).as_slice() {
            packet::HOST_ACK => self.sent = None,
            packet::HOST_REVISION => {
                let reply = packet::encode(packet::REVISION_REPLY, packet::DECODER, 0, b"PAABLS00-007-R00D0");
                say.at(now + TURNAROUND, &reply.expect("a packet"));
            }
            _ => {}
        }
    }

    fn tick(&mut self, now: Micros, say: &mut Say) {
        if let Some((packet, at, times)) = &mut self.sent
            && now >= *at + RESEND
        {
            let again = packet::resent(packet, true).expect("a packet");
            say.at(now, &again);
            (*at, *times) = (now, *times + 1);
            if *times > 2 {
                self.sent = None;
            }
        }
        if now >= self.next && self.sent.is_none() && self.every > Micros::ZERO {
            self.next = now + self.every;
            let label = LABELS[self.read % LABELS.len()];
            self.read += 1;
            for packet in packet::decode_data(CODE_128, label.as_bytes()) {
                say.at(now, &packet);
                self.sent = Some((packet, now, 1));
            }
        }
    }
}
