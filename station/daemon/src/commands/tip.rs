//! `gatepost tip`: one projected threat to look at, to try a library before officers meet it. Nothing of it reaches a
//! model, a record of a parcel or a lane.

use std::path::{Path, PathBuf};

use clap::Args;
use gatepost_models::formats::{Files, Geometry, pair_of};
use gatepost_models::tip::{Library, Marked, Wish, project};

use super::{Ending, Failure, Outcome, document, problem};

#[derive(Args)]
pub(super) struct Arguments {
    /// An X-ray file of two energies; of a pair NAME.low.png and NAME.high.png either names both
    image: PathBuf,
    /// A threat library's folder
    #[arg(long, value_name = "DIR")]
    library: PathBuf,
    /// The item to project, by its name in the library; without it the seed chooses
    #[arg(long, value_name = "NAME")]
    item: Option<String>,
    /// Item, place and grain follow from it
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Write the picture, marked as a test, into this file (PNG)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Width of one detector column, micrometres (with --belt-step-um); else the file's, else the library's scanner's
    #[arg(long, value_name = "N", requires = "belt_step_um", value_parser = clap::value_parser!(u32).range(1..))]
    pitch_um: Option<u32>,
    /// Length of one line on the belt, micrometres (with --pitch-um)
    #[arg(long, value_name = "N", requires = "pitch_um", value_parser = clap::value_parser!(u32).range(1..))]
    belt_step_um: Option<u32>,
}

/// The answer is the projection's record: JSON with and without `--json`.
pub(super) fn tip(arguments: &Arguments) -> Outcome {
    let out = arguments.out.display();
    if is_input(&arguments.out, &arguments.image) {
        return Err(problem(out, "nothing written, because that is the picture itself. Name another file with --out"));
    }
    let library = Library::load(&arguments.library).map_err(|error| Failure::Problem(error.to_string()))?;
    let image = Files::load(&arguments.image).decode().map_err(|error| Failure::Problem(error.to_string()))?;
    let scanner = arguments.pitch_um.zip(arguments.belt_step_um);
    let scanner = scanner.map(|(pitch_um, belt_step_um)| Geometry { pitch_um, belt_step_um, ..library.geometry() });
    let geometry = image.geometry(scanner, library.geometry());
    let wish = Wish { item: arguments.item.as_deref(), seed: arguments.seed, place: None };
    let projection =
        project(&image, &geometry, &library, &wish).map_err(|refused| problem(arguments.image.display(), refused))?;
    let png = projection.shown().png(Marked::InWords);
    let png = png.ok_or_else(|| problem(&out, "not written, the picture is too large to draw. Take a smaller one"))?;
    std::fs::write(&arguments.out, png)
        .map_err(|error| problem(&out, format!("cannot be written ({error}). Check the folder and its free space")))?;
    let (_original, record) = projection.retract();
    document(&record)?;
    Ok(Ending::Good)
}

/// Whether `out` is the picture, or the other file of its pair.
fn is_input(out: &Path, image: &Path) -> bool {
    let Ok(out) = out.canonicalize() else { return false };
    let pair = pair_of(image).map_or_else(|| vec![image.to_path_buf()], |(low, high)| vec![low, high]);
    pair.iter().any(|part| part.canonicalize().is_ok_and(|part| part == out))
}
