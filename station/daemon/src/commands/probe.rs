//! `gatepost probe`: watch one device live: what its bytes are, and what they mean. Says nothing to the device, but for a
//! controller's greeting and the question a scale is configured to be asked.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use gatepost_hardware::scale::{Request, ScaleCodec, ScaleConfig, ScaleProtocol};
use gatepost_hardware::scanner::ScannerConfig;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use super::{Ending, Failure, Outcome, document, problem, say};
use crate::config::{LineConfig, SerialConfig};
use crate::run::serial;
use hear::{Ear, Hears, hello, hex};

pub(super) mod hear;
mod pins;

/// A line that is quiet this long lets a codec end a frame that ends by silence.
const IDLE: Duration = Duration::from_millis(20);
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
    /// The port, best by its stable name in /dev/serial/by-id
    #[arg(long)]
    port: PathBuf,
    /// Speed, bits per second; 9600 is what most scanners and scales are delivered with
    #[arg(long)]
    baud: Option<u32>,
    /// Data bits, parity, stop bits
    #[arg(long, value_enum, default_value = "8n1", ignore_case = true)]
    line: Bits,
    /// Stop after this many seconds; else at Ctrl-C
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Bits {
    #[value(name = "8n1")]
    Eight,
    #[value(name = "7e1")]
    SevenEven,
    #[value(name = "8e1")]
    EightEven,
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
        Device::Xray { folder, seconds } => runtime.block_on(watch.folder(&folder, seconds))?,
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
        let line = match port.line {
            Bits::Eight => LineConfig::EightNoneOne,
            Bits::SevenEven => LineConfig::SevenEvenOne,
            Bits::EightEven => LineConfig::EightEvenOne,
        };
        let config = SerialConfig { port: port.port.clone(), baud: port.baud.unwrap_or(usual), line };
        let shown = &port.port.display().to_string();
        let mut device = serial::open(&config).map_err(|error| {
            problem(
                shown,
                format!("cannot be opened ({error}); check the name (ls /dev/serial/by-id), and that no station runs"),
            )
        })?;
        if !self.json {
            say(format!("{shown} at {} baud: watching; Ctrl-C ends it", config.baud));
        }
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
                    }
                    Err(error) => return Err(problem(shown, format!("the device went away ({error}); check plug and power"))),
                },
                _ = questions.tick(), if asks => {
                    device.write_all(&question).await
                        .map_err(|error| problem(shown, format!("nothing can be said to it ({error}); check the cable")))?;
                }
                () = tokio::time::sleep(IDLE) => ear.quiet(&mut |one| means.push(one)),
            }
            means.into_iter().for_each(|one| self.note(None, Some(one)));
        }
    }

    /// Looks every quarter second: for a person that is live, and it works on every share.
    async fn folder(&mut self, folder: &std::path::Path, seconds: Option<u64>) -> Result<(), Failure> {
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
            format!("{} columns by {} lines, {} bits, {energies}", image.width, image.height, image.bits)
        }
        Err(error) => format!("cannot be read as an image: {error}"),
    }
}
