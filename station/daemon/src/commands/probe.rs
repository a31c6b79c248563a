//! `gatepost probe`: watch one device live: what its bytes are, and what they mean. Says nothing to the device, but for a
//! controller's greeting and the question a scale is configured to be asked.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use gatepost_hardware::scale::{Request, ScaleCodec, ScaleConfig, ScaleProtocol};
use gatepost_hardware::scanner::ScannerConfig;
use gatepost_models::formats::Source;
use gatepost_models::labels::LabelReader;
use gatepost_pipeline::identify::{Kind, identify};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{Ending, Failure, Outcome, document, problem, say};
use crate::config::{LineConfig, SerialConfig, Transport};
use crate::recognise::meaning::hex;
use crate::run::line::{Connection, IDLE};
use hear::{Ear, Hears, hello};
use sounds::Sounds;

pub(super) mod hear;
mod pins;
mod sounds;

/// Kept for `--json`.
const KEPT_MAX: usize = 10_000;

#[derive(Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    device: Device,
}

#[derive(Subcommand)]
enum Device {
    /// A barcode reader
    Scanner {
        #[command(flatten)]
        port: Port,
        /// Its protocol as in the configuration
        #[arg(long, default_value = "plain = {}", value_name = "TOML")]
        protocol: String,
    },
    /// A scale
    Scale {
        #[command(flatten)]
        port: Port,
        /// Its protocol as in the configuration, as "mt-sics = {}" or "toledo-continuous = { checksum = true }"
        #[arg(long, default_value = "mt-sics = {}", value_name = "TOML")]
        protocol: String,
        /// Ask this often, milliseconds; 0 for a scale that talks by itself
        #[arg(long, default_value_t = 500, value_name = "N")]
        poll_ms: u32,
    },
    /// The lane controller at its port, or a lane's pins on this board
    Controller(pins::Arguments),
    /// The folder in which a label camera leaves its pictures: says what is read in each, and keeps nothing
    Camera {
        /// The folder
        #[arg(long)]
        folder: PathBuf,
        /// Stop after this many seconds; else at Ctrl-C
        #[arg(long, value_name = "N")]
        seconds: Option<u64>,
    },
    /// The folder in which an X-ray leaves its images
    Xray {
        /// The folder
        #[arg(long)]
        folder: PathBuf,
        /// Stop after this many seconds; else at Ctrl-C
        #[arg(long, value_name = "N")]
        seconds: Option<u64>,
    },
}

#[derive(Args)]
struct Port {
    #[command(flatten)]
    on: On,
    /// Speed of a serial port, bits per second; 9600 is what most scanners and scales are delivered with
    #[arg(long)]
    baud: Option<u32>,
    /// Its data bits, parity, stop bits: 8N1, 7E1, 7O1, 8E1 or 8O1
    #[arg(long, default_value = "8N1", value_parser = LineConfig::parse)]
    line: LineConfig,
    /// Stop after this many seconds; else at Ctrl-C
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
}

/// What the device hangs on. A group takes every argument of its structure: the others stand in [`Port`].
#[derive(Args)]
#[group(required = true, multiple = false)]
struct On {
    /// The port, best by its stable name in /dev/serial/by-id
    #[arg(long)]
    port: Option<PathBuf>,
    /// Host and port of a device on the network, as 192.0.2.7:4001
    #[arg(long, value_name = "HOST:PORT")]
    tcp: Option<String>,
    /// A USB scale's /dev/hidraw…
    #[arg(long, value_name = "F")]
    hid: Option<PathBuf>,
    /// The /dev/input/event… of a scanner that types; nothing that it types is typed anywhere else meanwhile
    #[arg(long, value_name = "F")]
    keyboard: Option<PathBuf>,
}

impl Port {
    /// One of them was typed: the group says so.
    fn transport(&self, baud_usual: u32) -> Transport {
        let port = |port: &PathBuf| {
            let baud = self.baud.unwrap_or(baud_usual);
            Transport::Serial(SerialConfig { port: port.clone(), baud, line: self.line })
        };
        let serial = self.on.port.as_ref().map(port);
        let others = [
            self.on.tcp.clone().map(Transport::Tcp),
            self.on.hid.clone().map(Transport::Hid),
            self.on.keyboard.clone().map(Transport::Keyboard),
        ];
        serial.or_else(|| others.into_iter().flatten().next()).unwrap_or(Transport::Hid(PathBuf::new()))
    }
}

/// One thing heard.
#[derive(Serialize)]
struct Heard {
    /// Milliseconds since the watch began.
    ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    means: Option<String>,
}

pub(super) fn probe(arguments: Arguments, json: bool) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::Problem(format!("the operating system gives no event loop: {error}")))?;
    let mut watch = Watch { json, start: Instant::now(), kept: Vec::new(), heard: 0 };
    match arguments.device {
        Device::Scanner { port, protocol } => {
            let ear = Ear::scanner(&parse::<ScannerConfig>(&protocol)?).map_err(|says| wrong(&protocol, says))?;
            runtime.block_on(watch.serial(&port, 9_600, ear, Vec::new(), 0))?;
        }
        Device::Scale { port, protocol, poll_ms } => {
            let config = parse::<ScaleConfig>(&protocol)?;
            let ear = Ear::scale(&config).map_err(|says| wrong(&protocol, says))?;
            let codec = ScaleCodec::new(&config).map_err(|says| wrong(&protocol, says))?;
            let question = codec.request(Request::ImmediateWeight).unwrap_or_default().to_vec();
            runtime.block_on(watch.serial(&port, 9_600, ear, question, poll_ms))?;
        }
        Device::Controller(arguments) => match arguments.place()? {
            pins::Place::Port(port) => {
                runtime.block_on(watch.serial(&port, 115_200, Ear::controller(), hello(), 2_000))?;
            }
            pins::Place::Pins { on, seconds } => runtime.block_on(watch.pins(*on, seconds))?,
        },
        Device::Xray { folder, seconds } => runtime.block_on(watch.folder(&folder, seconds, means))?,
        Device::Camera { folder, seconds } => runtime.block_on(watch.folder(&folder, seconds, label))?,
    }
    if json {
        document(&watch.kept)?;
    }
    Ok(Ending::of(watch.heard > 0))
}

fn wrong(protocol: &str, says: &str) -> Failure {
    Failure::Usage(format!("--protocol '{protocol}': {says}"))
}

fn parse<T: for<'de> Deserialize<'de>>(protocol: &str) -> Result<T, Failure> {
    toml::from_str(protocol).map_err(|error| wrong(protocol, error.message()))
}

struct Watch {
    json: bool,
    start: Instant,
    kept: Vec<Heard>,
    heard: u64,
}

impl Watch {
    fn note(&mut self, bytes: Option<String>, means: Option<String>) {
        self.heard += 1;
        let ms = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        if !self.json {
            let shown =
                bytes.iter().map(|bytes| format!("  {bytes}")).chain(means.iter().map(|means| format!("= {means}")));
            shown.for_each(|line| say(format!("{ms:>8} ms {line}")));
        } else if self.kept.len() < KEPT_MAX {
            self.kept.push(Heard { ms, bytes, means });
        }
    }

    fn end(&self, seconds: Option<u64>) -> impl Future<Output = ()> + use<> {
        let until = seconds.map(|seconds| self.start + Duration::from_secs(seconds));
        async move {
            let stopped = tokio::signal::ctrl_c();
            match until {
                Some(until) => tokio::select! { () = tokio::time::sleep_until(until) => {}, _ = stopped => {} },
                None => drop(stopped.await),
            }
        }
    }

    async fn serial(
        &mut self,
        port: &Port,
        usual: u32,
        mut ear: Ear,
        question: Vec<u8>,
        poll_ms: u32,
    ) -> Result<(), Failure> {
        let on = port.transport(usual);
        let shown = &on.to_string();
        let settings = match &on {
            Transport::Serial(serial) => format!(" at {} {}", serial.baud, serial.line.name()),
            _ => String::new(),
        };
        let mut device = Connection::open(&on).await.map_err(|error| {
            problem(
                shown,
                format!("cannot be opened ({error}); check the name (ls /dev/serial/by-id), and that no station runs"),
            )
        })?;
        if !self.json {
            say(format!("{shown}{settings}: watching; Ctrl-C ends it"));
        }
        let mut sounds = Sounds::of(&on);
        let asks = poll_ms > 0 && !question.is_empty();
        let mut questions = tokio::time::interval(Duration::from_millis(u64::from(poll_ms.max(1))));
        let end = self.end(port.seconds);
        tokio::pin!(end);
        let mut buffer = [0; 512];
        loop {
            let mut means = Vec::new();
            tokio::select! {
                () = &mut end => return Ok(()),
                read = device.read(&mut buffer) => match read {
                    Ok(0) => return Err(problem(shown, "the device went away; check plug and power")),
                    Ok(used) => {
                        self.note(Some(hex(&buffer[..used])), None);
                        ear.hear(&buffer[..used], &mut |one| means.push(one));
                        sounds.heard(self.start, &buffer[..used]);
                        let owed = ear.owed();
                        if !owed.is_empty() {
                            // Lost, it is sent again, and seen here.
                            let _acknowledged = device.write_all(&owed).await;
                        }
                    }
                    Err(error) => return Err(problem(shown, format!("the device went away ({error}); check plug and power"))),
                },
                _ = questions.tick(), if asks => {
                    device.write_all(&question).await
                        .map_err(|error| problem(shown, format!("nothing can be said to it ({error}); check the cable")))?;
                }
                () = tokio::time::sleep(IDLE) => {
                    ear.quiet(&mut |one| means.push(one));
                    means.extend(sounds.like());
                }
            }
            sounds.understood |= means.iter().any(|one| !one.starts_with("fault"));
            means.into_iter().for_each(|one| self.note(None, Some(one)));
        }
    }

    /// Looks every quarter second: for a person that is live, and it works on every share.
    async fn folder(
        &mut self,
        folder: &std::path::Path,
        seconds: Option<u64>,
        means: fn(&std::path::Path) -> String,
    ) -> Result<(), Failure> {
        let shown = &folder.display().to_string();
        let mut known = std::collections::BTreeMap::new();
        let mut looks = tokio::time::interval(Duration::from_millis(250));
        let end = self.end(seconds);
        tokio::pin!(end);
        let mut first = true;
        loop {
            tokio::select! {
                () = &mut end => return Ok(()),
                _ = looks.tick() => {}
            }
            let entries = std::fs::read_dir(folder)
                .map_err(|error| problem(shown, format!("cannot be read ({error}); make it or mount the share")))?;
            for entry in entries.flatten() {
                let Ok(metadata) = entry.metadata() else { continue };
                let name = entry.file_name().to_string_lossy().into_owned();
                let (before, now) = (known.insert(name.clone(), metadata.len()), metadata.len());
                if before == Some(now) {
                    continue;
                }
                let what = if before.is_some() {
                    "grows"
                } else if first {
                    "lies there"
                } else {
                    "new"
                };
                let finished = !name.starts_with('.') && !name.ends_with(".part");
                let picture =
                    if finished { means(&entry.path()) } else { "not finished (its name says so)".to_owned() };
                self.note(None, Some(format!("{name}: {what}, {now} bytes: {picture}")));
            }
            first = false;
        }
    }
}

fn means(path: &std::path::Path) -> String {
    match gatepost_models::formats::read(path) {
        Ok(image) => {
            let energies = if image.is_dual() { "two energies" } else { "one energy" };
            let made = match image.source {
                Source::Counts => "",
                Source::Presentation => ", made for eyes: counts as not seen",
                Source::PseudoColour => ", pseudo-colours: counts as not seen",
            };
            format!("{} columns by {} lines, {} bits, {energies}{made}", image.width, image.height, image.bits)
        }
        Err(error) => format!("cannot be read as an image: {error}"),
    }
}

/// What a label camera's picture gives. Of a code that is no number only its length: it may be somebody's address.
fn label(path: &std::path::Path) -> String {
    let labels = match LabelReader::default().read_file(path) {
        Ok(labels) => labels,
        Err(error) => return format!("cannot be read as a picture: {error}"),
    };
    let shown = labels.codes.iter().map(|code| match identify(&code.text, code.aim) {
        known if known.kind != Kind::Unknown => format!("{} {}", code.symbology.name(), known.id().unwrap_or("?")),
        _ => format!("{}, {} bytes that are no number", code.symbology.name(), code.bytes.len()),
    });
    let why = labels.cause.map(|cause| cause.says().to_owned());
    let said: Vec<String> = shown.chain(why).collect();
    format!("{} ({} ms)", said.join("; "), labels.took_us / 1_000)
}
