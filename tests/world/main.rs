//! `gatepost-world`: many days of a lane in virtual time, each from its own seed, each judged by the checker.
//!
//! `gatepost-world [--parcels N] [--runs N] [--seed S] [--lane NAME] [--faults LIST|all|none] [--crash-every SECONDS]`.
//! Exit 0 when the checker found nothing, 1 when it did; every finding names its seed.

use clap::Parser;
use gatepost_hardware::units::Micros;
use gatepost_virtual::faults::{FaultSchedule, parse_list};
use gatepost_virtual::lane::shipped;
use gatepost_virtual::parcel::Plan;
use gatepost_world::world::{Setup, World};
use std::process::ExitCode;
use std::time::Instant;

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
    #[arg(long, default_value = "none")]
    faults: String,
    /// Mean seconds between deaths of the station; 0 for none.
    #[arg(long, default_value_t = 0)]
    crash_every: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let faults = match arguments.faults.as_str() {
        "none" => Vec::new(),
        list => match parse_list(list) {
            Ok(faults) => faults,
            Err(error) => {
                eprintln!("--faults: {error}");
                return ExitCode::from(2);
            }
        },
    };
    let (began, mut virtual_s, mut found, mut died) = (Instant::now(), 0, 0, 0);
    for seed in arguments.seed..arguments.seed + arguments.runs {
        let until = Micros(20_000_000 + u64::from(arguments.parcels) * 2_600_000);
        let schedule = match faults.as_slice() {
            [] => FaultSchedule::none(),
            faults => FaultSchedule::random(seed, faults, Micros(20_000_000), until),
        };
        let mut world = World::new(Setup {
            map: shipped(&arguments.lane),
            seed,
            plan: Plan { parcels: arguments.parcels, ..Plan::default() },
            faults: schedule,
            crash_every_s: arguments.crash_every,
            sampling_rate: 100,
            late_holds: Vec::new(),
        });
        world.run();
        virtual_s += world.lane.now().0 / 1_000_000;
        died += world.lives - 1;
        let checked = world.checked();
        world.broken.iter().for_each(|broken| println!("SEED={seed}: {broken}"));
        let dirty = !checked.findings.is_clean() || !world.broken.is_empty();
        found += u64::from(dirty);
        if dirty {
            println!("SEED={seed}:\n{}", checked.findings);
        }
    }
    let took = began.elapsed().as_secs_f64();
    println!(
        "{} runs of {} parcels, {died} deaths, {virtual_s} s of belt in {took:.0} s ({:.0} × real time); the checker found something in {found} runs",
        arguments.runs,
        arguments.parcels,
        virtual_s as f64 / took
    );
    if found == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) }
}
