//! `gatepost inspect`, and `runtime fetch`, without which there is nothing to inspect with.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use gatepost_models::formats::Geometry;
use gatepost_models::inspect::{Folders, Inspected};
use gatepost_models::report::Moment;
use gatepost_models::session::{Inspector, Settings};
use gatepost_models::{inspect as looking, runtime};
use serde::Serialize;

use super::{Ending, Failure, Outcome, document, say};
use crate::config::Config;

#[derive(Args)]
pub(super) struct Arguments {
    /// X-ray files; of a pair NAME.low.png and NAME.high.png either names both
    #[arg(required = true)]
    images: Vec<PathBuf>,
    /// Also write each picture with its boxes into this folder
    #[arg(long, value_name = "DIR")]
    png: Option<PathBuf>,
    /// Also write a Threat Detection Report (DICOS) on each picture into this folder
    #[arg(long, value_name = "DIR")]
    tdr: Option<PathBuf>,
    /// Take model, runtime and threads from this station's configuration
    #[arg(long, value_name = "F")]
    config: Option<PathBuf>,
    /// A model package's folder
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Width of one detector column, micrometres (with --belt-step-um)
    #[arg(long, value_name = "N", requires = "belt_step_um", value_parser = clap::value_parser!(u32).range(1..))]
    pitch_um: Option<u32>,
    /// Length of one line on the belt, micrometres (with --pitch-um)
    #[arg(long, value_name = "N", requires = "pitch_um", value_parser = clap::value_parser!(u32).range(1..))]
    belt_step_um: Option<u32>,
}

#[derive(Subcommand)]
pub(super) enum RuntimeArguments {
    /// Fetch ONNX Runtime's library into the user's cache, pinned and checked
    Fetch,
}

pub(super) fn inspect(arguments: &Arguments, json: bool) -> Outcome {
    let mut inspector = Inspector::open(&settings(arguments)?);
    let geometry = arguments.pitch_um.zip(arguments.belt_step_um).map(|(pitch_um, belt_step_um)| Geometry {
        pitch_um,
        belt_step_um,
        ..inspector.default_geometry()
    });
    let now = jiff::Timestamp::now().strftime("%Y%m%d%H%M%S").to_string();
    let folders =
        Folders { pictures: arguments.png.as_deref(), reports: arguments.tdr.as_deref().zip(Moment::parse(&now)) };
    let found = looking::inspect(&mut inspector, &arguments.images, geometry, folders)
        .map_err(|error| Failure::Problem(error.to_string()))?;
    if json {
        document(&found)?;
    } else {
        found.iter().for_each(show);
    }
    Ok(Ending::of(found.iter().all(|one| one.blind.is_none())))
}

fn settings(arguments: &Arguments) -> Result<Settings, Failure> {
    let mut settings = Settings::default();
    if let Some(file) = &arguments.config {
        settings = of(&Config::read(file)?);
    }
    if let Some(model) = &arguments.model {
        settings.model = Some(model.clone());
    }
    Ok(settings)
}

/// What a station's configuration says about its model.
pub(super) fn of(config: &Config) -> Settings {
    Settings {
        runtime: config.model.runtime.as_ref().map(|path| config.path(path)),
        model: config.model.package.as_ref().map(|path| config.path(path)),
        threads: usize::from(config.model.threads),
    }
}

fn show(one: &Inspected) {
    let total = one.ms.decode + one.ms.preprocess + one.ms.infer + one.ms.postprocess;
    match (&one.blind, &one.detail) {
        (Some(cause), detail) => {
            say(format!("{}: BLIND ({}): {}", one.file, cause.as_str(), detail.as_deref().unwrap_or("not assessed")));
        }
        (None, _) if one.findings.is_empty() => say(format!("{}: nothing found ({total:.1} ms)", one.file)),
        (None, _) => say(format!("{}: {} found ({total:.1} ms)", one.file, one.findings.len())),
    }
    for finding in &one.findings {
        let [left, top, right, bottom] = finding.bounds;
        let (class, percent) = (finding.class, f64::from(finding.score) / 100.0);
        say(format!("  {class} {percent:.1} % at {left},{top} to {right},{bottom}"));
    }
}

#[derive(Serialize)]
struct Fetched {
    path: PathBuf,
    version: &'static str,
    sha256: String,
    pinned: bool,
}

pub(super) fn fetch(json: bool) -> Outcome {
    let library = runtime::fetch().map_err(|error| Failure::Problem(error.to_string()))?;
    let fetched =
        Fetched { path: library.path, version: runtime::VERSION, sha256: library.sha256, pinned: library.pinned };
    if json {
        document(&fetched)?;
    } else {
        say(format!("{}: ONNX Runtime {} ({})", fetched.path.display(), fetched.version, fetched.sha256));
    }
    Ok(Ending::Good)
}
