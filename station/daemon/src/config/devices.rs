//! Scanners and scales in the configuration: how they hang on the station, and in which words they speak.
//!
//! Apart from the rest, because `setup devices` writes these tables and `probe` and `doctor` try them. A device hangs on
//! exactly one of `serial`, `tcp`, `hid` and `keyboard`; two, or none, are refused, and nothing is looked for that was
//! not named. It refuses to open anything.

use std::fmt;
use std::path::{Path, PathBuf};

use gatepost_hardware::scale::{Manner, ScaleConfig};
use gatepost_hardware::scanner::ScannerConfig;
use serde::Deserialize;

/// A serial port and its line settings.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SerialConfig {
    /// A stable name, as `/dev/serial/by-id/…` or the names of hardware/wiring's udev rules.
    pub port: PathBuf,
    #[serde(default = "baud_usual")]
    pub baud: u32,
    #[serde(default)]
    pub line: LineConfig,
}

const fn baud_usual() -> u32 {
    115_200
}

/// Data bits, parity and stop bits, as technicians say it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub enum LineConfig {
    #[default]
    #[serde(rename = "8N1")]
    EightNoneOne,
    #[serde(rename = "7E1")]
    SevenEvenOne,
    #[serde(rename = "7O1")]
    SevenOddOne,
    #[serde(rename = "8E1")]
    EightEvenOne,
    #[serde(rename = "8O1")]
    EightOddOne,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parity {
    None,
    Even,
    Odd,
}

impl LineConfig {
    pub const ALL: [Self; 5] =
        [Self::EightNoneOne, Self::SevenEvenOne, Self::SevenOddOne, Self::EightEvenOne, Self::EightOddOne];

    /// As written in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EightNoneOne => "8N1",
            Self::SevenEvenOne => "7E1",
            Self::SevenOddOne => "7O1",
            Self::EightEvenOne => "8E1",
            Self::EightOddOne => "8O1",
        }
    }
    pub const fn is_seven(self) -> bool {
        matches!(self, Self::SevenEvenOne | Self::SevenOddOne)
    }
    pub const fn parity(self) -> Parity {
        match self {
            Self::EightNoneOne => Parity::None,
            Self::SevenEvenOne | Self::EightEvenOne => Parity::Even,
            Self::SevenOddOne | Self::EightOddOne => Parity::Odd,
        }
    }

    /// For what is typed, in either case.
    ///
    /// # Errors
    /// The settings that there are.
    pub fn parse(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|line| line.name().eq_ignore_ascii_case(text));
        found.ok_or_else(|| format!("there is {}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// `[lane.scanner.NAME]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScannerDevice {
    pub serial: Option<SerialConfig>,
    /// `"host:port"` of a reader, or of a device server, that waits for a connection.
    pub tcp: Option<String>,
    /// An event device under `/dev/input`: a hand scanner that types. It is taken for this station alone.
    pub keyboard: Option<PathBuf>,
    pub protocol: ScannerConfig,
    #[serde(default)]
    pub trigger: Trigger,
}

/// What makes a fixed reader read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// Not the station: a photo-eye that is wired to the reader, a person's finger, or its own setting.
    #[default]
    None,
    /// The station: it asks the reader to read when the line comes up, after each code or no-read (a reader in single
    /// reads stops at one), and again after a long silence (a reader that restarted has forgotten).
    Always,
}

/// `[lane.scale.NAME]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScaleDevice {
    pub serial: Option<SerialConfig>,
    /// `"host:port"` of a scale, or of a device server, that waits for a connection.
    pub tcp: Option<String>,
    /// A scale of USB's own class: its `/dev/hidraw…`, best by the name of hardware/wiring's udev rules.
    pub hid: Option<PathBuf>,
    pub protocol: ScaleConfig,
    /// Milliseconds between questions, at least 100; 0 for a scale that talks by itself. One that only answers must be
    /// asked, one that takes no question must not.
    #[serde(default)]
    pub poll_ms: u32,
}

/// Faster than this no scale wants to be asked.
pub const POLL_MS_MIN: u32 = 100;

/// Where a device's bytes come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    Serial(SerialConfig),
    Tcp(String),
    Hid(PathBuf),
    Keyboard(PathBuf),
}

impl ScannerDevice {
    /// # Errors
    /// What is missing or too much.
    pub fn transport(&self) -> Result<Transport, String> {
        let types = matches!(self.protocol, ScannerConfig::Keyboard(_));
        if types != self.keyboard.is_some() {
            return Err("protocol keyboard and keyboard = \"/dev/input/…\" belong together".to_owned());
        }
        one_of(
            "serial, tcp or keyboard",
            [
                self.serial.clone().map(Transport::Serial),
                self.tcp.clone().map(Transport::Tcp),
                self.keyboard.clone().map(Transport::Keyboard),
            ],
        )
    }
}

impl ScaleDevice {
    /// # Errors
    /// What is missing, too much, or asked too fast.
    pub fn transport(&self) -> Result<Transport, String> {
        if (1..POLL_MS_MIN).contains(&self.poll_ms) {
            return Err(format!("poll_ms = {}: ask at most every {POLL_MS_MIN} ms", self.poll_ms));
        }
        match self.protocol.manner() {
            Manner::Answers if self.poll_ms == 0 => {
                return Err("this scale only answers, and is asked nothing: write poll_ms = 250".to_owned());
            }
            Manner::Streams { .. } | Manner::Reports if self.poll_ms > 0 => {
                let says = "this scale talks by itself and takes no question: leave poll_ms out";
                return Err(format!("poll_ms = {}: {says}", self.poll_ms));
            }
            Manner::Answers | Manner::Either | Manner::Streams { .. } | Manner::Reports => {}
        }
        let reports = matches!(self.protocol, ScaleConfig::UsbHid(_));
        if reports != self.hid.is_some() {
            return Err("protocol usb-hid and hid = \"/dev/…\" belong together".to_owned());
        }
        one_of(
            "serial, tcp or hid",
            [
                self.serial.clone().map(Transport::Serial),
                self.tcp.clone().map(Transport::Tcp),
                self.hid.clone().map(Transport::Hid),
            ],
        )
    }
}

fn one_of(choice: &str, given: [Option<Transport>; 3]) -> Result<Transport, String> {
    let mut given = given.into_iter().flatten();
    let one = given.next().ok_or_else(|| format!("it hangs on nothing: give one of {choice}"))?;
    if given.next().is_some() {
        return Err(format!("it cannot hang on two things: give one of {choice}"));
    }
    if let Transport::Tcp(to) = &one {
        let port = to.rsplit_once(':').filter(|(host, _)| !host.is_empty()).and_then(|(_, port)| port.parse().ok());
        if port.is_none_or(|port: u16| port == 0) {
            return Err(format!("tcp = \"{to}\": write host:port, as \"192.0.2.7:4001\""));
        }
    }
    Ok(one)
}

impl Transport {
    /// With its path relative to `folder`.
    #[must_use]
    pub fn within(mut self, folder: &Path) -> Self {
        match &mut self {
            Self::Serial(SerialConfig { port: path, .. }) | Self::Hid(path) | Self::Keyboard(path) => {
                *path = folder.join(&path);
            }
            Self::Tcp(_) => {}
        }
        self
    }
    /// The file of the device, where it has one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Serial(SerialConfig { port: path, .. }) | Self::Hid(path) | Self::Keyboard(path) => Some(path),
            Self::Tcp(_) => None,
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serial(SerialConfig { port: path, .. }) | Self::Hid(path) | Self::Keyboard(path) => {
                write!(f, "{}", path.display())
            }
            Self::Tcp(to) => f.write_str(to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(text: &str) -> Result<Transport, String> {
        toml::from_str::<ScaleDevice>(text).map_err(|error| error.message().to_owned())?.transport()
    }

    #[test]
    fn a_device_hangs_on_exactly_one_thing() {
        let protocol = "protocol = { mt-sics = {} }\n";
        let with = |text: &str| scale(&format!("{protocol}{text}"));
        let serial = with("serial = { port = \"a\", baud = 9600, line = \"8O1\" }").expect("a port");
        let port = SerialConfig { port: "a".into(), baud: 9_600, line: LineConfig::EightOddOne };
        assert_eq!(serial, Transport::Serial(port));
        assert_eq!(serial.within(Path::new("/etc")).path(), Some(Path::new("/etc/a")));
        assert_eq!(with("tcp = \"192.0.2.7:4001\""), Ok(Transport::Tcp("192.0.2.7:4001".to_owned())));
        let hid = scale("protocol = { usb-hid = {} }\nhid = \"/dev/hidraw0\"");
        assert_eq!(hid, Ok(Transport::Hid("/dev/hidraw0".into())));
        let refused = |text: &str, says: &str| {
            let error = with(text).expect_err(text);
            assert!(error.contains(says), "{error}");
        };
        refused("", "give one of serial, tcp or hid");
        refused("tcp = \"a:1\"\nserial = { port = \"b\" }", "two things");
        refused("hid = \"b\"", "belong together");
        assert!(
            scale("protocol = { usb-hid = {} }\ntcp = \"a:1\"").is_err_and(|says| says.contains("belong together"))
        );
        refused("tcp = \"192.0.2.7\"", "host:port");
        refused("tcp = \"192.0.2.7:0\"", "host:port");
        refused("tcp = \"a:1\"\npoll_ms = 20", "at most every 100 ms");
        refused("keyboard = \"b\"", "unknown field");
        for (protocol, asked, says) in [
            ("toledo-8217 = { unit = \"kg\" }", "", "write poll_ms = 250"),
            ("nci = {}", "poll_ms = 0", "write poll_ms = 250"),
            ("toledo-continuous = { checksum = true }", "poll_ms = 250", "leave poll_ms out"),
            ("toledo-extended = { checksum = true }", "poll_ms = 250", "leave poll_ms out"),
        ] {
            let error = scale(&format!("protocol = {{ {protocol} }}\ntcp = \"a:1\"\n{asked}")).expect_err(protocol);
            assert!(error.contains(says), "{protocol}: {error}");
        }
        let hid = scale("protocol = { usb-hid = {} }\nhid = \"/dev/hidraw0\"\npoll_ms = 250");
        assert!(hid.is_err_and(|says| says.contains("leave poll_ms out")));
        assert!(with("tcp = \"a:1\"").is_ok() && with("tcp = \"a:1\"\npoll_ms = 250").is_ok(), "it may do either");
        refused("serial = { port = \"a\", line = \"7N1\" }", "unknown variant");
    }

    #[test]
    fn settings_are_typed_in_either_case() {
        assert_eq!(LineConfig::parse("7e1"), Ok(LineConfig::SevenEvenOne));
        assert_eq!(LineConfig::parse("8O1"), Ok(LineConfig::EightOddOne));
        assert!(LineConfig::parse("9N1").is_err_and(|says| says.contains("8N1, 7E1")));
    }
}
