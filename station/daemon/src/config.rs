//! The station's configuration: one documented structure, one TOML file, checked whole before anything starts.
//!
//! An unknown key is refused with file, line and the nearest key; a path is relative to the file's own folder. What a
//! lane looks like is in its lane file, not here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gatepost_hardware::lane::LaneMap;
use serde::Deserialize;

pub mod camera;
pub mod contingency;
pub mod devices;
pub mod pins;

pub use camera::CameraDevice;
pub use contingency::ContingencyConfig;
pub use devices::{LineConfig, ScaleDevice, ScannerDevice, SerialConfig, Transport};
use pins::PinsConfig;

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub station: StationConfig,
    /// One entry for each lane, `[[lane]]`.
    #[serde(default, rename = "lane")]
    pub lanes: Vec<LaneConfig>,
    #[serde(default)]
    pub ledger: LedgerConfig,
    #[serde(default)]
    pub model: ModelConfig,
    #[serde(default)]
    pub rules: RulesConfig,
    #[serde(default)]
    pub commands: CommandsConfig,
    #[serde(default)]
    pub lists: ListsConfig,
    #[serde(default)]
    pub sampling: SamplingConfig,
    #[serde(default)]
    pub contingency: ContingencyConfig,
    #[serde(default)]
    pub console: ConsoleConfig,
    /// Absent: the station keeps everything and talks to nobody.
    pub uplink: Option<UplinkConfig>,
    /// The folder the file stands in; paths are relative to it.
    #[serde(skip)]
    pub folder: PathBuf,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StationConfig {
    /// Its name within the facility: 1 to 15 letters, digits or `-`. Stands in every record.
    pub name: String,
    pub facility: String,
    /// Everything the station remembers.
    pub data: PathBuf,
    /// Minutes that the facility's civil day is ahead of UTC.
    #[serde(default)]
    pub utc_offset_min: i32,
    /// Whose clock is believed: `kernel` (synchronised by the system), `rtc` or `host` (believed as it is).
    #[serde(default)]
    pub clock: ClockSource,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockSource {
    #[default]
    Kernel,
    Rtc,
    Host,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaneConfig {
    /// The lane file (see hardware/lanes).
    pub file: PathBuf,
    /// The lane controller's cable. A conveyor needs it, or [`LaneConfig::pins`].
    pub controller: Option<SerialConfig>,
    /// The lane controller on this board's own pins: for slow and hand-fed lanes (hardware/wiring/PINS.md).
    pub pins: Option<PinsConfig>,
    /// One entry for each scanner of the lane file, by its name there.
    #[serde(default, rename = "scanner")]
    pub scanners: BTreeMap<String, ScannerDevice>,
    #[serde(default, rename = "scale")]
    pub scales: BTreeMap<String, ScaleDevice>,
    #[serde(default, rename = "xray")]
    pub xrays: BTreeMap<String, XrayDevice>,
    #[serde(default, rename = "camera")]
    pub cameras: BTreeMap<String, CameraDevice>,
    #[serde(default)]
    pub radiation_fitted: bool,
    #[serde(default)]
    pub smoke_fitted: bool,
    /// Grams by which two weights of one parcel may differ.
    #[serde(default = "weight_tolerance_usual")]
    pub weight_tolerance_g: i64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct XrayDevice {
    /// The folder into which the scanner writes or renames its finished images.
    pub folder: PathBuf,
    /// Width of one detector column and length of one line on the belt, micrometres.
    pub pitch_um: u32,
    pub belt_step_um: u32,
    /// Whether the names of its files end in the scanner's own count of images, one for each object in the beam, as
    /// `north-000123.tif`. Then a missing or late image costs no other parcel its release. Say so only of a scanner that was
    /// seen to do it.
    #[serde(default)]
    pub numbered: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LedgerConfig {
    /// Most bytes the journal may take; 0 for the built-in bound.
    pub journal_bytes_max: u64,
    pub evidence_bytes_max: u64,
    /// Bytes of journal kept although central has verified them; 0 for half of the bound.
    pub journal_keep_bytes: u64,
    /// Days after which the personal text and the label pictures of an item visit are destroyed; 0 for the usual 90.
    pub personal_days_max: u32,
    /// Most bytes of label pictures kept, beside their days; 0 for the built-in bound.
    pub label_bytes_max: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// A model package's folder (see models/catalog). Absent: the station is blind and everything goes to exam.
    pub package: Option<PathBuf>,
    /// ONNX Runtime's library; absent: `GATEPOST_ORT`, the package's own, then the user's cache.
    pub runtime: Option<PathBuf>,
    /// Threads of one inference.
    pub threads: u16,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RulesConfig {
    /// A rule pack; absent: the one built in.
    pub pack: Option<PathBuf>,
    /// Who may send rule packs over the network, as `central=` and the public key; absent: nobody.
    pub trusted: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CommandsConfig {
    /// Who may command this station over the network (everything to exam for a while, walk the journal), as `central=` and the
    /// public key; absent: nobody.
    pub trusted: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListsConfig {
    /// Whose signed lists are believed, as `central=` and the public key; absent: nobody but the station itself.
    pub trusted: Vec<String>,
    /// Hours after which a list is stale.
    pub age_h_max: u32,
}

impl Default for ListsConfig {
    fn default() -> Self {
        Self { trusted: Vec::new(), age_h_max: 72 }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SamplingConfig {
    /// File with 64 hex digits; absent: made at first start in the data folder.
    pub key: Option<PathBuf>,
    /// In 1/10,000.
    pub rate: u16,
    pub rate_trusted: u16,
    /// While an X-ray of the lane drifts the rates are at least this.
    pub rate_drifting: u16,
}

impl Default for SamplingConfig {
    fn default() -> Self {
        Self { key: None, rate: 100, rate_trusted: 20, rate_drifting: 1_000 }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConsoleConfig {
    /// Where the page is served; keep it on the station's own screen.
    pub http: String,
}

impl Default for ConsoleConfig {
    fn default() -> Self {
        Self { http: "127.0.0.1:8380".to_owned() }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UplinkConfig {
    pub host: String,
    pub port: u16,
    #[serde(default)]
    pub tls: Option<TlsConfig>,
    /// Where central's pages are, as `http://central:8480`: there the station fetches its next certificate, before the one
    /// that `gatepost enrol` fetched ends. Left out: somebody types `gatepost renew`.
    #[serde(default)]
    pub renew: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    pub authority: PathBuf,
    pub certificate: PathBuf,
    pub key: PathBuf,
}

const fn weight_tolerance_usual() -> i64 {
    30
}

/// A configuration that cannot be used: what, where, what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

impl Config {
    /// Reads and checks the file's shape.
    ///
    /// # Errors
    /// [`ConfigError`] with file, line and the nearest key.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let shown = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError(format!("{shown}: cannot be read ({error}); give the file with --config")))?;
        let mut config: Config = toml::from_str(&text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start.min(text.len()));
            let line = text[..at].matches('\n').count() + 1;
            ConfigError(format!("{shown}:{line}: {}{}", error.message(), nearest(error.message())))
        })?;
        config.folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        for pins in config.lanes.iter_mut().filter_map(|lane| lane.pins.as_mut()) {
            pins.origin = pins::Origin { file: shown.to_string(), text: text.clone() };
        }
        config.checked(&shown.to_string())
    }

    fn checked(self, shown: &str) -> Result<Self, ConfigError> {
        let good = |name: &str| {
            (1..=15).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        for (key, name) in [("station.name", &self.station.name), ("station.facility", &self.station.facility)] {
            if !good(name) {
                return Err(ConfigError(format!("{shown}: {key} = \"{name}\": use 1 to 15 letters, digits or -")));
            }
        }
        if self.lanes.is_empty() {
            return Err(ConfigError(format!("{shown}: no [[lane]]: a station without a lane has nothing to do")));
        }
        if self.sampling.rate > 10_000 || self.sampling.rate_trusted > self.sampling.rate {
            return Err(ConfigError(format!(
                "{shown}: sampling: rate is in 1/10,000 and rate_trusted is at most rate (a trusted shipper lowers it)"
            )));
        }
        if self.sampling.rate_drifting > 10_000 {
            return Err(ConfigError(format!("{shown}: sampling: rate_drifting is in 1/10,000: at most 10000")));
        }
        if let Some(problem) = self.contingency.problem() {
            return Err(ConfigError(format!("{shown}: {problem}")));
        }
        for lane in &self.lanes {
            let scanners = lane.scanners.iter().map(|(name, one)| ("scanner", name, one.transport()));
            let scales = lane.scales.iter().map(|(name, one)| ("scale", name, one.transport()));
            if let Some((table, name, Err(why))) = scanners.chain(scales).find(|(_, _, on)| on.is_err()) {
                return Err(ConfigError(format!("{shown}: lane.{table}.{name}: {why}")));
            }
        }
        Ok(self)
    }

    /// A path of the file, made absolute.
    pub fn path(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }
    pub fn data(&self) -> PathBuf {
        self.path(&self.station.data)
    }

    /// Reads every lane file.
    ///
    /// # Errors
    /// [`ConfigError`]: unreadable, wrong, twice the same name, or devices that do not match.
    pub fn lane_maps(&self) -> Result<Vec<LaneMap>, ConfigError> {
        let mut maps: Vec<LaneMap> = Vec::new();
        for lane in &self.lanes {
            let path = self.path(&lane.file);
            let shown = path.display().to_string();
            let text = std::fs::read_to_string(&path)
                .map_err(|error| ConfigError(format!("{shown}: cannot be read ({error}); check lane.file")))?;
            let map = gatepost_hardware::lane::file::parse(&shown, &text).map_err(ConfigError)?;
            if maps.iter().any(|other| other.name == map.name) {
                return Err(ConfigError(format!("{shown}: a second lane is called \"{}\": rename one", map.name)));
            }
            lane.matches(&map, &shown)?;
            maps.push(map);
        }
        Ok(maps)
    }
}

impl LaneConfig {
    /// Every device of the lane file is connected, and nothing else is.
    fn matches(&self, map: &LaneMap, shown: &str) -> Result<(), ConfigError> {
        use gatepost_hardware::lane::{DeviceKind, LaneKind};
        gatepost_pipeline::mind::runs(map.kind).map_err(|why| ConfigError(format!("{shown}: {why}")))?;
        match (&self.controller, &self.pins) {
            (None, None) if map.kind == LaneKind::Conveyor => {
                return Err(ConfigError(format!(
                    "{shown}: a conveyor needs lane.controller.port: the lane controller's cable (or lane.pins, for a \
                     slow one on this board's own pins)"
                )));
            }
            (Some(_), Some(_)) => {
                return Err(ConfigError(format!(
                    "{shown}: lane.controller and lane.pins are two controllers of one lane: remove one"
                )));
            }
            (None, Some(pins)) => {
                let problems = pins::fit::problems(pins, map);
                if !problems.is_empty() {
                    return Err(ConfigError(problems.join("\n")));
                }
            }
            (_, None) => {}
        }
        for device in &map.devices {
            let name = device.name.as_str();
            let (table, found) = match device.kind {
                DeviceKind::Scanner => ("scanner", self.scanners.contains_key(name)),
                DeviceKind::Scale => ("scale", self.scales.contains_key(name)),
                DeviceKind::Xray => ("xray", self.xrays.contains_key(name)),
                DeviceKind::Camera => ("camera", self.cameras.contains_key(name)),
            };
            if !found {
                return Err(ConfigError(format!(
                    "{shown}: device \"{name}\" is not connected: add [lane.{table}.{name}] to the configuration"
                )));
            }
        }
        let known = |name: &String| map.devices.iter().any(|device| device.name.as_str() == name);
        let named = self.scanners.keys().chain(self.scales.keys()).chain(self.xrays.keys()).chain(self.cameras.keys());
        if let Some(name) = named.clone().find(|name| !known(name)) {
            return Err(ConfigError(format!(
                "{shown}: the lane has no device \"{name}\": add it there or remove it here"
            )));
        }
        Ok(())
    }
}

/// `unknown field \`a\`, expected one of \`b\`, …` with the closest of those.
fn nearest(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let Some(wrong) = quoted.next().filter(|_| message.starts_with("unknown field")) else {
        return String::new();
    };
    let close = quoted.map(|key| (distance(wrong, key), key)).min();
    close.filter(|(distance, _)| *distance <= 3).map_or(String::new(), |(_, key)| format!("; did you mean `{key}`?"))
}

/// Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, &to) in b.iter().enumerate() {
            let cost = (diagonal + usize::from(from != to)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], cost);
        }
    }
    row[b.len()]
}
