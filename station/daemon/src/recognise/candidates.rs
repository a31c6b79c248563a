//! Every protocol that `setup devices` can name, as a table: one row for each way a device may be set up.
//!
//! A row is data: the words of the configuration that make the codec, how much one whole frame of it proves, what may be
//! asked, and what the wire does not say. One more protocol is one more row. It refuses questions that could change
//! anything: only a weight and a name are ever asked for, and a name only in bytes that no scale of the table takes for a
//! command ([`Candidate::question`]).

use gatepost_hardware::scale::{Request, ScaleCodec, ScaleConfig, ScaleProtocol};
use gatepost_hardware::scanner::{Ask, ScannerCodec, ScannerConfig, ScannerProtocol};

/// One explanation of bytes.
#[derive(Debug, PartialEq, Eq)]
pub struct Candidate {
    /// As a technician knows it.
    pub name: &'static str,
    pub kind: Kind,
    /// The codec as configured, in TOML.
    pub protocol: &'static str,
    /// The same for the proposal, where something must be filled in by a person.
    pub written: Option<&'static str>,
    /// What must be filled in, and where it is found.
    pub missing: Option<&'static str>,
    /// How much it says: a fixed form goes before a form that nearly every text has.
    pub tier: u8,
    /// How many bits of chance one whole frame rules out, roughly.
    pub bits: u32,
    /// Whether the station asks it.
    pub asked: bool,
    /// Its results look like anybody's: it is named only when it has answered in words of its own.
    pub own_words: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Scale,
    Scanner,
}

/// A scale that is asked.
const fn asked(name: &'static str, protocol: &'static str, bits: u32) -> Candidate {
    Candidate { asked: true, ..talking(name, protocol, bits) }
}

/// A scale that talks by itself.
const fn talking(name: &'static str, protocol: &'static str, bits: u32) -> Candidate {
    let (written, missing, own_words, kind) = (None, None, false, Kind::Scale);
    Candidate { name, kind, protocol, written, missing, tier: 0, bits, asked: false, own_words }
}

/// A Toledo 8217 or 8213: one row for each form of its number. The unit is not on the wire, and not guessed from it.
const fn till(protocol: &'static str, written: &'static str) -> Candidate {
    let missing = Some("write the unit that the scale shows (kg, lb) for the question mark: it never sends it");
    let row = asked("Toledo 8217 or 8213 scale", protocol, 12);
    Candidate { written: Some(written), missing, ..row }
}

const fn scanner(name: &'static str, protocol: &'static str, tier: u8, bits: u32) -> Candidate {
    let (written, missing, own_words, kind) = (None, None, false, Kind::Scanner);
    Candidate { name, kind, protocol, written, missing, tier, bits, asked: false, own_words }
}

/// A reader whose results look like anybody's, and that is known by what it answers.
const fn own_words(name: &'static str, protocol: &'static str) -> Candidate {
    Candidate { own_words: true, ..scanner(name, protocol, 0, 4) }
}

/// The table. Rows of one tier are weighed against each other; a later tier is looked at only when no earlier one fits.
pub const TABLE: &[Candidate] = &[
    till(
        "toledo-8217 = { unit = \"kg\", number = \"00.000\", send_cr = true }",
        "toledo-8217 = { unit = \"?\", number = \"00.000\" }",
    ),
    till(
        "toledo-8217 = { unit = \"lb\", number = \"000.00\", send_cr = true }",
        "toledo-8217 = { unit = \"?\", number = \"000.00\" }",
    ),
    till(
        "toledo-8217 = { unit = \"lb\", number = \"00.00\", send_cr = true }",
        "toledo-8217 = { unit = \"?\", number = \"00.00\" }",
    ),
    asked("NCI (Weigh-Tronix) scale", "nci = {}", 12),
    asked("SMA SCP-0499 scale", "sma = {}", 16),
    asked("Mettler Toledo MT-SICS scale", "mt-sics = {}", 8),
    talking("Toledo continuous scale, with checksum", "toledo-continuous = { checksum = true }", 16),
    talking("Toledo continuous scale, without checksum", "toledo-continuous = { checksum = false }", 12),
    talking("Toledo extended continuous scale, with checksum", "toledo-extended = { checksum = true }", 16),
    talking("Toledo extended continuous scale, without checksum", "toledo-extended = { checksum = false }", 12),
    scanner("Zebra SSI scanner", "ssi = {}", 0, 12),
    own_words("SICK reader", "sick = {}"),
    own_words("SICK reader, results ended by CR, LF or both", "sick = { framing = \"terminated\" }"),
    own_words("Cognex DataMan reader", "cognex = { response = \"extended\" }"),
    own_words("Keyence SR reader", "keyence = {}"),
    own_words("Keyence SR reader, between STX and ETX", "keyence = { framing = \"stx-etx\" }"),
    scanner("scanner, codes between STX and ETX", "plain = { framing = \"stx-etx\" }", 1, 6),
    scanner("scanner, codes ended by CR, LF or both", "plain = {}", 2, 3),
    scanner("scanner, codes ended by silence", "plain = { framing = \"idle-gap\", terminators = \"\" }", 3, 2),
];

/// A USB scale: found by what the kernel says of it, not on a serial line.
pub const USB_HID: Candidate = talking("USB scale (HID)", "usb-hid = {}", 12);
/// A scanner that types, likewise.
pub const KEYBOARD: Candidate = scanner("scanner that types", "keyboard = {}", 0, 3);

impl Candidate {
    /// The words of the configuration that a technician pastes.
    pub fn written(&self) -> &'static str {
        self.written.unwrap_or(self.protocol)
    }

    /// What may be asked over a serial line whose other end is not known yet. Nothing for a protocol without such a
    /// question, or whose question holds a command of some scale.
    pub fn question(&self) -> Option<Vec<u8>> {
        match self.kind {
            Kind::Scale if self.asked => {
                let codec = ScaleCodec::new(&toml::from_str::<ScaleConfig>(self.protocol).ok()?).ok()?;
                codec.request(Request::ImmediateWeight).map(<[u8]>::to_vec)
            }
            Kind::Scale => None,
            Kind::Scanner => self.who().filter(|bytes| is_harmless(bytes)),
        }
    }

    /// What asks a scanner for its name; for a line of which it is known that no scale is on it.
    pub fn who(&self) -> Option<Vec<u8>> {
        let codec = ScannerCodec::new(&toml::from_str::<ScannerConfig>(self.protocol).ok()?).ok()?;
        codec.request(Ask::Identity).map(<[u8]>::to_vec)
    }
}

/// Commands that scales take as a bare letter, whatever stands around it: zero, tare, clear, a confidence test, echo.
/// (Toledo 8217; the others need a line end or a lead-in of their own.)
const BARE_COMMANDS: &[u8] = b"ZTCABEF";
/// Lines that change something on a scale with a command set of lines.
const LINE_COMMANDS: [&[u8]; 12] = [b"Z", b"ZI", b"T", b"TI", b"TAC", b"@", b"U", b"C", b"M", b"X", b"SIR", b"R"];

/// Whether no scale could take these bytes for a command that changes something.
pub fn is_harmless(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|byte| matches!(byte, b'\r' | b'\n'));
    !bytes.iter().any(|byte| BARE_COMMANDS.contains(byte)) && !lines.any(|line| LINE_COMMANDS.contains(&line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_makes_a_codec() {
        for row in TABLE {
            match row.kind {
                Kind::Scale => {
                    let config = toml::from_str::<ScaleConfig>(row.protocol).expect(row.name);
                    ScaleCodec::new(&config).expect(row.name);
                    assert_eq!(row.asked, row.question().is_some(), "{}", row.name);
                }
                Kind::Scanner => {
                    let config = toml::from_str::<ScannerConfig>(row.protocol).expect(row.name);
                    ScannerCodec::new(&config).expect(row.name);
                }
            }
            assert_eq!(row.written.is_some(), row.missing.is_some(), "{}: what is to be filled in is said", row.name);
        }
    }

    #[test]
    fn nothing_is_asked_that_could_zero_tare_or_reset_a_scale() {
        for row in TABLE {
            let question = row.question().unwrap_or_default();
            assert!(is_harmless(&question), "{}: {question:?}", row.name);
        }
        for harmful in [&b"Z\r"[..], b"T\r\n", b"@\r\n", b"\nZ\r", b"T01250\r", b"||>GET DEVICE.TYPE\r\n", b"TAC\r\n"] {
            assert!(!is_harmless(harmful), "{harmful:?}");
        }
        for harmless in [&b"W\r"[..], b"\nW\r", b"SI\r\n", b"\x02sRN DeviceIdent\x03"] {
            assert!(is_harmless(harmless), "{harmless:?}");
        }
    }
}
