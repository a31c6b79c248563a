//! `gatepost wiring`: draws a lane from its file: a plan to scale, what is on which terminal, the stop chain and the cables.
//!
//! The file that makes the controller's map makes this drawing too, so they cannot disagree. It reads files and touches no
//! device; what it draws is pages of A4 landscape, made to be printed and hung up in the cabinet.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use gatepost_hardware::lane::{LaneKind, LaneMap, file};
use serde::Serialize;

use super::{Ending, Failure, Outcome, document, problem, read_text, say};
use site::Site;
use terminals::{Connection, connections, open};

mod paper;
mod terminals;
mod boards;
mod site;
mod plan;
mod diagram;
mod chain;

#[derive(Args)]
pub struct Arguments {
    /// The lane file (see hardware/lanes)
    #[arg(long, value_name = "FILE")]
    lane: PathBuf,
    /// The station's configuration: draws the ports and pins that it names
    #[arg(long, value_name = "F")]
    config: Option<PathBuf>,
    /// The controller's board: draws its pins (lm3s6965)
    #[arg(long, value_name = "NAME")]
    board: Option<String>,
    /// Where the drawing goes; without it, to stdout
    #[arg(long, value_name = "F.svg")]
    out: Option<PathBuf>,
}

/// The wiring as a list, for whoever makes cable labels of it.
#[derive(Serialize)]
struct Listed {
    lane: String,
    /// The map's checksum: `doctor` and `check` say the same of a lane that is wired like this.
    crc: String,
    connections: Vec<Connection>,
    left_open: Vec<String>,
    /// By terminal and by device, where a configuration was given.
    pins: BTreeMap<String, String>,
    ports: BTreeMap<String, String>,
    drawing: Option<PathBuf>,
}

pub(super) fn wiring(arguments: &Arguments, json: bool) -> Outcome {
    let shown = arguments.lane.display().to_string();
    let map = file::parse(&shown, &read_text(&arguments.lane)?).map_err(Failure::Problem)?;
    let mut site = arguments.config.as_ref().map_or_else(|| Ok(Site::default()), |path| Site::read(path, &map))?;
    if let Some(name) = &arguments.board {
        let board = boards::named(name);
        let board =
            board.map_err(|known| Failure::Usage(format!("--board {name}: no such board; there is {known}")))?;
        if site.board.replace(board).is_some() {
            return Err(Failure::Usage(format!(
                "--board {name}: this lane has [lane.pins] of its own; leave --board out"
            )));
        }
    }
    let drawing = draw(&map, &site);
    if let Some(out) = &arguments.out {
        write(out, &drawing)?;
    }
    if json {
        document(&Listed {
            lane: map.name.to_string(),
            crc: format!("{:08x}", map.crc()),
            connections: connections(&map, site.board.as_ref()),
            left_open: open(&map, site.board.as_ref()),
            pins: site.board.map(|board| board.pins).unwrap_or_default(),
            ports: site.ports,
            drawing: arguments.out.clone(),
        })?;
    } else if let Some(out) = &arguments.out {
        say(format!("{}: lane {} (map {:08x}): print it at 100 % on A4 landscape", out.display(), map.name, map.crc()));
    } else {
        say(drawing.trim_end());
    }
    Ok(Ending::Good)
}

fn write(out: &Path, drawing: &str) -> Result<(), Failure> {
    if out.extension().is_none_or(|extension| extension != "svg") {
        return Err(Failure::Usage(format!(
            "--out {}: the drawing is SVG; give a name that ends in .svg",
            out.display()
        )));
    }
    std::fs::write(out, drawing).map_err(|error| {
        problem(out.display(), format!("cannot be written ({error}); give a file in a folder that is yours"))
    })
}

/// All sheets as one document.
fn draw(map: &LaneMap, site: &Site) -> String {
    paper::document(&format!("Lane {}: wiring", map.name), &sheets(map, site))
}

fn sheets(map: &LaneMap, site: &Site) -> Vec<paper::Sheet> {
    let all = if map.kind == LaneKind::Bench { 1 } else { 3 };
    let of = |number: u8| format!("sheet {number} of {all} · lane map {:08x} · drawn by gatepost wiring", map.crc());
    if map.kind == LaneKind::Bench {
        return vec![chain::bench(map, site, &of(1))];
    }
    vec![plan::sheet(map, &of(1)), diagram::sheet(map, site.board.as_ref(), &of(2)), chain::sheet(map, site, &of(3))]
}

#[cfg(test)]
mod names;
#[cfg(test)]
mod tests;
