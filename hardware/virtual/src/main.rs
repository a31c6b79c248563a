//! `gatepost-virtual`: images of parcels that do not exist, for training, tests and demonstration; threats to project.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use gatepost_virtual::xray::splits::Split;
use gatepost_virtual::xray::{DualImage, Scene, profile, render_view, threats};
use serde_json::json;

/// The lane that does not exist.
#[derive(Parser)]
#[command(name = "gatepost-virtual", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write 16-bit image pairs and their labels (labels.jsonl, one line per image).
    Images {
        /// train, val, cal or test: disjoint seeds; cal and test have scanners and look-alikes of their own, test target
        /// designs too.
        #[arg(long)]
        split: String,
        /// Everything follows from it.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How many images.
        #[arg(long, default_value_t = 100)]
        count: u64,
        /// Number of the first image, so that several runs can share the work.
        #[arg(long, default_value_t = 0)]
        first: u64,
        /// Folder to write to; made if missing.
        #[arg(long)]
        out: PathBuf,
        /// Write planes as raw little-endian u16 (NAME.u16: low plane, then high plane) instead of PNG.
        #[arg(long)]
        raw: bool,
    },
    /// Write a threat library for projection (TIP): areal densities of training targets, and library.toml.
    Threats {
        /// Everything follows from it.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How many of each design.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=4))]
        count: u64,
        /// The scanner whose pictures they are for.
        #[arg(long, default_value = "parcel-1500")]
        scanner: String,
        /// Folder to write to; made if missing.
        #[arg(long)]
        out: PathBuf,
    },
}

fn main() -> ExitCode {
    let (out, written) = match Arguments::parse().command {
        Command::Images { split, seed, count, first, out, raw } => {
            let Some(split) = Split::named(&split) else {
                eprintln!("--split {split}: not a split; it is train, val, cal or test");
                return ExitCode::from(2);
            };
            let written = images(split, seed, first..first.saturating_add(count), &out, raw);
            (out, written)
        }
        Command::Threats { seed, count, scanner, out } => {
            let Some(scanner) = profile::named(&scanner) else {
                let known: Vec<&str> = profile::TRAINING.iter().chain(&profile::TESTING).map(|one| one.name).collect();
                eprintln!("--scanner {scanner}: not a scanner; it is one of {}", known.join(", "));
                return ExitCode::from(2);
            };
            let written = threats::write(&threats::draw(seed, count as usize), scanner, &out);
            (out, written)
        }
    };
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}; check that the folder can be written and has room", out.display());
            ExitCode::FAILURE
        }
    }
}

fn images(split: Split, seed: u64, range: std::ops::Range<u64>, out: &std::path::Path, raw: bool) -> io::Result<()> {
    std::fs::create_dir_all(out)?;
    let mut labels = BufWriter::new(std::fs::File::create(out.join(format!("labels-{}.jsonl", range.start)))?);
    for index in range {
        let image_seed = split.image_seed(seed, index);
        let scanner = split.scanner(image_seed);
        let scene = split.scene(seed, index);
        let image = render_view(&scene, scanner, split.view(image_seed), image_seed);
        let name = format!("{index:06}");
        if raw {
            let bytes: Vec<u8> = image.low.iter().chain(&image.high).flat_map(|value| value.to_le_bytes()).collect();
            std::fs::write(out.join(format!("{name}.u16")), bytes)?;
        } else {
            image.write_pair(out, &name)?;
        }
        writeln!(labels, "{}", label(&name, scanner.name, &scene, &image))?;
    }
    labels.flush()
}

fn label(name: &str, scanner: &str, scene: &Scene, image: &DualImage) -> serde_json::Value {
    let designs: Vec<&str> = scene.targets.iter().map(|target| target.design).collect();
    let hidden: Vec<_> = scene.targets.iter().map(|target| target.hidden_in).collect();
    let boxes: Vec<_> = image
        .truth
        .iter()
        .map(|truth| {
            json!({"class": truth.class.name(), "box": truth.pixels, "own_mg_cm2": truth.own_mg_cm2, "over_mg_cm2": truth.over_mg_cm2})
        })
        .collect();
    json!({
        "name": name, "scanner": scanner, "kind": scene.kind.name(), "width": image.width, "height": image.height,
        "pitch_um": image.pitch_um, "belt_step_um": image.belt_step_um, "air_level": image.air_level,
        "mass_g": scene.mass_g, "length_mm": scene.length_mm, "width_mm": scene.width_mm, "height_mm": scene.height_mm,
        "designs": designs, "hidden_in": hidden, "lookalikes": scene.lookalikes, "things": scene.things, "targets": boxes,
    })
}
