//! The demonstration's flags (DESIGN §5), checked before anything starts.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use gatepost_virtual::faults::{self, Fault};

use crate::disk;

/// The lanes that run side by side when none is named.
pub const LANES: [&str; 2] = ["north", "south"];

/// The whole product on one machine: virtual lanes, real station, embedded broker, console, central.
#[derive(Parser, Debug)]
#[command(name = "gatepost-demo", version)]
pub struct Arguments {
    /// Parcels of each station, divided among its lanes. Left out: 200 with --headless, else without end.
    #[arg(long)]
    pub parcels: Option<u32>,
    /// Everything that happens on the belts follows from it.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// The world outside the station (belts, devices, their latencies) runs this many times as fast.
    #[arg(long, default_value_t = 1.0)]
    pub pace: f64,
    /// One lane instead of both: north, south, west (as south, with a label camera) or bench.
    #[arg(long)]
    pub lane: Option<String>,
    /// Runs to the last parcel, checks everything, prints a summary and ends: 0 good, 1 found a problem.
    #[arg(long)]
    pub headless: bool,
    /// Where the checker's report goes, as JSON.
    #[arg(long)]
    pub report: Option<PathBuf>,
    /// Keeps everything here: a folder for each station, and central. Left out: a folder that is removed at the end.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Where the first station serves its page; further stations take the ports behind it.
    #[arg(long)]
    pub http: Option<SocketAddr>,
    /// Faults by name, divided by commas, or `all`.
    #[arg(long, default_value = "")]
    pub faults: String,
    /// Kills the first station's process (SIGKILL) so many times, at moments of the seed; it comes back by itself.
    #[arg(long, default_value_t = 0)]
    pub kills: u32,
    /// Keeps everything that goes over the wire, and the names on the parcels, in this folder: for tests that look for
    /// what must not be there.
    #[arg(long, hide = true)]
    pub capture: Option<PathBuf>,
    /// Which lane controller: the firmware library in this process, or the firmware in an emulator.
    #[arg(long, value_enum, default_value_t = Controllers::Host)]
    pub controller: Controllers,
    /// Stations side by side, a folder each.
    #[arg(long, default_value_t = 1)]
    pub stations: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Controllers {
    Host,
    Qemu,
}

/// What is to be run.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Of each station; nothing: without end.
    pub parcels: Option<u32>,
    pub lanes: Vec<&'static str>,
    pub faults: Vec<Fault>,
    /// Faults that were asked for and cannot be made here, with the reason.
    pub not_run: Vec<(Fault, &'static str)>,
}

/// Most stations on one machine: each is a process with its own threads.
const STATIONS_MAX: u32 = 16;

impl Arguments {
    /// # Errors
    /// A sentence: what cannot be run, and what can.
    pub fn wanted(&self) -> Result<Wanted, String> {
        if !(0.1..=20.0).contains(&self.pace) {
            return Err(format!("--pace {}: use 0.1 to 20", self.pace));
        }
        if !(1..=STATIONS_MAX).contains(&self.stations) {
            return Err(format!("--stations {}: use 1 to {STATIONS_MAX}", self.stations));
        }
        let lanes = match self.lane.as_deref() {
            None => LANES.to_vec(),
            Some(name) => match LANES.into_iter().chain(["west", "bench"]).find(|lane| *lane == name) {
                Some(lane) => vec![lane],
                None => return Err(format!("--lane {name}: there is no such lane; use north, south, west or bench")),
            },
        };
        let parcels = self.parcels.or(self.headless.then_some(200));
        if parcels.is_some_and(|parcels| parcels < lanes.len() as u32) {
            return Err(format!("--parcels: {} lanes need at least one each", lanes.len()));
        }
        let asked = faults::parse_list(&self.faults).map_err(|error| format!("--faults: {error}"))?;
        let (faults, not_run) = divide(&asked);
        Ok(Wanted { parcels, lanes, faults, not_run })
    }
}

/// What the demonstration can make happen, and what it cannot, said by name: nothing is pretended.
fn divide(asked: &[Fault]) -> (Vec<Fault>, Vec<(Fault, &'static str)>) {
    let why_not = |fault: Fault| match fault {
        Fault::DiskFull if !disk::is_possible() => {
            Some("mounting a small disk for the station needs the machine's administrator; the world harness runs it")
        }
        Fault::ClockJump => Some("the clock is the whole machine's, not the station's; the world harness runs it"),
        Fault::ModelFailed => Some("a running station has no handle to break its model by; the world harness runs it"),
        _ => None,
    };
    let not_run = asked.iter().filter_map(|&fault| Some((fault, why_not(fault)?))).collect();
    (asked.iter().copied().filter(|&fault| why_not(fault).is_none()).collect(), not_run)
}
