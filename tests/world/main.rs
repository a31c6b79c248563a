//! `gatepost-world`: many days of a lane in virtual time, each from its own seed, each judged by the checker.
//!
//! `gatepost-world [--parcels N] [--runs N] [--seed S] [--lane NAME] [--faults LIST|all|none] [--crash-every SECONDS]
//! [--late-holds PERMILLE]`, or `gatepost-world --matrix [--cells LIST] [--parcels N] [--seed S] [--out FILE]` for every
//! ailment of every device. Exit 0 when the checker found nothing, 1 when it did, 2 for wrong usage; every finding names
//! its seed. A line for every 10 runs goes to stderr; a table of the faults and one line of sums end the output.

use clap::Parser;
use gatepost_hardware::lane::LaneKind;
use gatepost_hardware::units::Micros;
use gatepost_virtual::ailments::{Cell, parse_cells};
use gatepost_virtual::faults::{Fault, FaultSchedule, parse_list};
use gatepost_virtual::lane::shipped;
use gatepost_virtual::parcel::Plan;
use gatepost_world::bench::BenchWorld;
use gatepost_world::checker::acknowledged;
use gatepost_world::checker::dead_man::DeadMan;
use gatepost_world::checker::faults::Faults;
use gatepost_world::checker::findings::Findings;
use gatepost_world::checker::report::{AssociationFigures, Holds, Parcels, TruthFigures};
use gatepost_world::checker::{Checked, JournalFiles};
use gatepost_world::crash::Dice;
use gatepost_world::dialect::Dialect;
use gatepost_world::matrix;
use gatepost_world::station::{Acknowledged, STATION};
use gatepost_world::world::{Setup, World, files_of};
use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

#[derive(Parser)]
#[command(name = "gatepost-world", about = "Days of a lane in virtual time, judged by the independent checker")]
struct Arguments {
    /// Parcels of one run.
    #[arg(long, default_value_t = 200)]
    parcels: u32,
    /// Runs, each with the next seed.
    #[arg(long, default_value_t = 10)]
    runs: u64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long, default_value = "north")]
    lane: String,
    /// Fault names, separated by commas; `all`, or `none`.
    #[arg(long, default_value = "none", value_parser = faults)]
    faults: Schedule,
    /// Mean seconds between deaths of the station; 0 for none.
    #[arg(long, default_value_t = 0)]
    crash_every: u64,
    /// One run for every ailment of every device, in place of days with faults.
    #[arg(long)]
    matrix: bool,
    /// Cells of the matrix, separated by commas: `eye-diverter:stuck`, a device, an ailment, or `all`.
    #[arg(long, default_value = "all", value_parser = cells)]
    cells: Cells,
    /// Where the matrix is written to, as Markdown; without it, standard output.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Of 1,000 parcels, for how many a hold arrives while they are on their way.
    #[arg(long, default_value_t = 0)]
    late_holds: u64,
}

/// Which faults happen; none for an empty list.
#[derive(Clone)]
struct Schedule(Vec<Fault>);

fn faults(list: &str) -> Result<Schedule, String> {
    if list == "none" {
        return Ok(Schedule(Vec::new()));
    }
    parse_list(list).map(Schedule).map_err(|error| error.to_string())
}

/// Which cells of the matrix are run.
#[derive(Clone)]
struct Cells(Vec<Cell>);

fn cells(list: &str) -> Result<Cells, String> {
    parse_cells(list).map(Cells).map_err(|error| error.to_string())
}

/// Progress is said after so many runs.
const RUNS_A_LINE: u64 = 10;
/// When the first fault may come, and how long a parcel takes in the mean, microseconds.
const FAULTS_FROM_US: u64 = 20_000_000;
const PARCEL_US: u64 = 2_600_000;
/// How long a parcel is on its way at most, microseconds.
const WAY_US: u64 = 25_000_000;

/// All runs together.
#[derive(Default)]
struct Sums {
    runs: u64,
    runs_found: u64,
    deaths: u64,
    belt_s: u64,
    living: Duration,
    checking: Duration,
    parcels: Parcels,
    association: AssociationFigures,
    truth: TruthFigures,
    holds: Holds,
    faults: Faults,
    dead_man: DeadMan,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.matrix {
        return all_cells(&arguments);
    }
    let mut sums = Sums::default();
    for seed in arguments.seed..arguments.seed + arguments.runs {
        live(seed, &arguments, &mut sums);
        if sums.runs.is_multiple_of(RUNS_A_LINE) {
            eprintln!("{sums}");
        }
    }
    if !sums.faults.is_empty() {
        println!("{}", sums.faults);
    }
    let mut findings = Findings::default();
    sums.faults.check_shares(&mut findings);
    print!("{findings}");
    println!("{}", sums.dead_man);
    println!("{sums}");
    if sums.runs_found == 0 && findings.is_clean() { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

/// Every cell once: the table, and what the checker found.
fn all_cells(arguments: &Arguments) -> ExitCode {
    let mut runs = Vec::new();
    for &cell in &arguments.cells.0 {
        let run = matrix::run(cell, &arguments.lane, arguments.seed, arguments.parcels);
        eprintln!("{cell}: {}", if run.is_clean() { "clean" } else { "something was found" });
        if !run.is_clean() {
            eprint!("{}{}", run.findings, run.broken.iter().map(|line| format!("{line}\n")).collect::<String>());
        }
        runs.push(run);
    }
    let Arguments { parcels, seed, lane, .. } = arguments;
    let command = format!("gatepost-world --matrix --parcels {parcels} --seed {seed} --lane {lane}");
    let document = matrix::document(&runs, &command);
    let written = match &arguments.out {
        Some(path) => std::fs::write(path, document).map_err(|error| format!("{}: {error}", path.display())),
        None => {
            print!("{document}");
            Ok(())
        }
    };
    if let Err(error) = written {
        eprintln!("{error}; check that the folder is there and can be written to");
        return ExitCode::from(2);
    }
    if runs.iter().all(matrix::CellRun::is_clean) { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

/// What is left of a day.
struct Lived {
    us: u64,
    lives: u32,
    broken: Vec<String>,
    files: JournalFiles,
    acknowledged: Vec<Acknowledged>,
}

/// A day of a belt or a bench; the checker's word on it is asked for afterwards.
fn lived(setup: Setup) -> (Lived, Box<dyn FnOnce() -> Checked>) {
    if setup.map.kind == LaneKind::Bench {
        let mut world = BenchWorld::new(setup);
        world.run();
        let (us, files) = (world.now(), files_of(&world.disk));
        let (broken, acknowledged) = (world.broken.clone(), world.acknowledged.clone());
        return (Lived { us, lives: world.lives, broken, files, acknowledged }, Box::new(move || world.checked()));
    }
    let mut world = World::new(setup);
    world.run();
    let (us, files) = (world.lane.now().0, world.journal_files());
    let (broken, acknowledged) = (world.broken.clone(), world.acknowledged.clone());
    (Lived { us, lives: world.lives, broken, files, acknowledged }, Box::new(move || world.checked()))
}

/// One day, and the checker's word on it.
fn live(seed: u64, arguments: &Arguments, sums: &mut Sums) {
    let began = Instant::now();
    let (day, check) = lived(setup(seed, arguments));
    sums.living += began.elapsed();

    let began = Instant::now();
    let checked = check();
    let given = day.acknowledged.iter().map(|acknowledged| (acknowledged.seq, acknowledged.head));
    let lost = acknowledged::check(STATION, &day.files, given);
    sums.checking += began.elapsed();

    for broken in &day.broken {
        println!("SEED={seed}: {broken}");
    }
    if !checked.findings.is_clean() || !lost.is_clean() {
        println!("SEED={seed}:\n{}{lost}", checked.findings);
    }
    let clean = day.broken.is_empty() && checked.findings.is_clean() && lost.is_clean();
    let figures = checked.report.totals;
    sums.runs += 1;
    sums.runs_found += u64::from(!clean);
    sums.deaths += u64::from(day.lives.saturating_sub(1));
    sums.belt_s += day.us / 1_000_000;
    sums.parcels += figures.parcels;
    sums.association += figures.association;
    sums.truth += figures.truth;
    sums.holds += figures.holds;
    sums.faults += &figures.faults;
    sums.dead_man += figures.dead_man;
}

fn setup(seed: u64, arguments: &Arguments) -> Setup {
    let until = Micros(FAULTS_FROM_US + u64::from(arguments.parcels) * PARCEL_US);
    let schedule = match arguments.faults.0.as_slice() {
        [] => FaultSchedule::none(),
        faults => FaultSchedule::random(seed, faults, Micros(FAULTS_FROM_US), until),
    };
    let mut dice = Dice::new(seed ^ 0x401D);
    let held = (1..=arguments.parcels).filter(|_| dice.below(1_000) < arguments.late_holds).collect::<Vec<u32>>();
    let late_holds = held.into_iter().map(|parcel| (u64::from(parcel) * PARCEL_US + dice.below(WAY_US), parcel));
    Setup {
        map: shipped(&arguments.lane),
        seed,
        plan: Plan { parcels: arguments.parcels, ..Plan::default() },
        faults: schedule,
        crash_every_s: arguments.crash_every,
        sampling_rate: 100,
        dialect: Dialect::default(),
        late_holds: late_holds.collect(),
    }
}

impl fmt::Display for Sums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pace = |took: Duration| self.belt_s as f64 / took.as_secs_f64().max(1e-9);
        write!(
            f,
            "{} runs, {} parcels, {} deaths, {} s of belt: lived in {:.1} s ({:.0} × real time), checked in {:.1} s \
             ({:.0} ×); ",
            self.runs,
            self.parcels.entered,
            self.deaths,
            self.belt_s,
            self.living.as_secs_f64(),
            pace(self.living),
            self.checking.as_secs_f64(),
            pace(self.checking),
        )?;
        write!(
            f,
            "wrong {}, contested {}, misrouted {}, undecided {}, unaccounted {}, stopped in place {}, holds stopped \
             {}/{}, clean released {}/{}; the checker found something in {} runs",
            self.association.wrong,
            self.association.contested,
            self.parcels.misrouted,
            self.parcels.undecided,
            self.parcels.unaccounted,
            self.parcels.stopped,
            self.holds.stopped,
            self.holds.present,
            self.truth.clean_released,
            self.truth.clean_eligible,
            self.runs_found,
        )
    }
}
