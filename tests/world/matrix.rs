//! Every ailment of every device, each in a run of its own, and the table that comes of it.
//!
//! A run is a day of one lane in which one device is sick again and again; the checker says what came of it. The table
//! is Markdown, so that it can stand beside the wiring: it is written from runs, never by hand.

use std::fmt::Write;

use gatepost_hardware::units::Micros;
use gatepost_virtual::ailments::{AilingWindow, Cell, Device, Meaning};
use gatepost_virtual::faults::FaultSchedule;
use gatepost_virtual::lane::shipped;
use gatepost_virtual::parcel::Plan;

use crate::checker::Station;
use crate::checker::cells::{self, CellFigures};
use crate::checker::findings::Findings;
use crate::dialect::Dialect;
use crate::world::{Setup, World};

/// When a device is sick first, for how long, and how often.
const FIRST: Micros = Micros(15_000_000);
const LASTS: Micros = Micros(12_000_000);
const EVERY: Micros = Micros(50_000_000);
const WINDOWS: u64 = 12;

/// What came of one cell.
#[derive(Debug)]
pub struct CellRun {
    pub cell: Cell,
    pub figures: CellFigures,
    /// Everything the checker found, the cell's own promises among it.
    pub findings: Findings,
    /// What went wrong that no checker needs to find.
    pub broken: Vec<String>,
}

impl CellRun {
    pub fn is_clean(&self) -> bool {
        self.findings.is_clean() && self.broken.is_empty()
    }
}

/// When the device is sick in a run.
pub fn windows(cell: Cell) -> Vec<AilingWindow> {
    if cell.is_from_the_start() {
        return vec![AilingWindow { cell, from: Micros::ZERO, until: LASTS }];
    }
    let window = |nth: u64| {
        let from = Micros(FIRST.0 + nth * EVERY.0);
        AilingWindow { cell, from, until: from + LASTS }
    };
    (0..WINDOWS).map(window).collect()
}

/// One day of a lane with one sick device.
pub fn run(cell: Cell, lane: &str, seed: u64, parcels: u32) -> CellRun {
    let world = lived(cell, lane, seed, parcels);
    let mut findings = world.checked().findings;
    let figures = cells::check(&world.evidence(), &cell.to_string(), &mut findings);
    CellRun { cell, figures, findings, broken: world.broken.clone() }
}

/// Everything that a checker may read of such a day.
pub fn evidence(cell: Cell, lane: &str, seed: u64, parcels: u32) -> Station {
    lived(cell, lane, seed, parcels).evidence()
}

fn lived(cell: Cell, lane: &str, seed: u64, parcels: u32) -> World {
    let mut world = World::new(Setup {
        map: shipped(lane),
        seed,
        plan: Plan { parcels, ..Plan::default() },
        faults: FaultSchedule::none(),
        crash_every_s: 0,
        sampling_rate: 100,
        dialect: Dialect::default(),
        late_holds: Vec::new(),
    });
    world.ail(windows(cell));
    world.run();
    world
}

/// Whether a document says of a cell what it means.
pub fn is_told(document: &str, cell: Cell) -> bool {
    let (Meaning::Does(means) | Meaning::None(means)) = cell.meaning();
    let section = document.split("\n## ").find(|section| section.lines().next() == Some(cell.device.name()));
    section.is_some_and(|section| section.contains(means) && section.contains(cell.ailment.name()))
}

/// The document. `command`: what wrote it.
pub fn document(runs: &[CellRun], command: &str) -> String {
    let mut text = format!("{HEAD}\nWritten by `{command}`; do not edit.\n");
    for device in Device::ALL {
        let rows: Vec<&CellRun> = runs.iter().filter(|run| run.cell.device == device).collect();
        let cells = Cell::all().filter(|cell| cell.device == device);
        let missing = cells.filter_map(|cell| match cell.meaning() {
            Meaning::None(why) => Some((cell, why)),
            Meaning::Does(_) => None,
        });
        if rows.is_empty() {
            continue;
        }
        let _ = write!(text, "\n## {}\n\n{COLUMNS}\n", device.name());
        for run in rows {
            row(&mut text, run);
        }
        for (cell, why) in missing {
            let _ = writeln!(text, "\n`{}`: not run: {why}.", cell.ailment.name());
        }
    }
    let sum = |of: fn(&CellRun) -> u64| runs.iter().map(of).sum::<u64>();
    let _ = write!(
        text,
        "\n## Together\n\n{} cells, {} windows, {} parcels touched; {} wrong releases; {} of {} windows named; \
         {} of {} cells with a finding.\n",
        runs.len(),
        sum(|run| run.figures.windows),
        sum(|run| run.figures.touched),
        sum(|run| run.figures.wrong),
        sum(|run| run.figures.told),
        sum(|run| run.figures.tellable),
        sum(|run| u64::from(!run.is_clean())),
        runs.len(),
    );
    text
}

const HEAD: &str = "# Sick devices

Every device of a lane with every ailment, in the world harness: a virtual lane at its pins and bytes, the controller's
firmware library, the station's real code, judged by the independent checker. One device is sick for 12 s in every 50 s.

- *touched*: parcels that were at the device, or on its stretch of belt, while it was sick; of them *exam*, *released* (on
  a durable decision and a permit), *missed* (recorded as unaccounted, with an alarm). *wrong*: parcels, touched or not,
  that left by release and should not have.
- *named*: windows in which the station said what the table of promises (`tests/world/checker/promised.rs`) asks for, of
  those in which the device had touched anything.
- *stood*: share of the sick time in which the belts stood. *well again*: from the end of the sickness until the next
  clean parcel came that was released, median and longest.
- *others*: clean parcels that the device did not touch and that were released: on the belts meanwhile; come within 30 s
  after.
";

const COLUMNS: &str = "| ailment | means | touched: exam, released, missed | wrong | named | by | stood | well again | \
                       others: meanwhile, after | checker |\n|---|---|---|---|---|---|---|---|---|---|";

fn row(text: &mut String, run: &CellRun) {
    let of = &run.figures;
    let meaning = match run.cell.meaning() {
        Meaning::Does(meaning) | Meaning::None(meaning) => meaning,
    };
    let stood = (of.stood_ms * 100).checked_div(of.lasted_ms).unwrap_or(0);
    let found = run.findings.kept.len() as u64 + run.findings.more + run.broken.len() as u64;
    let checker = if found == 0 { "clean".to_owned() } else { format!("**{found} found**") };
    let _ = writeln!(
        text,
        "| {} | {meaning} | {}: {}, {}, {} | {} | {}/{} | {} | {stood} % | {} | {}, {} | {checker} |",
        run.cell.ailment.name(),
        of.touched,
        of.exam,
        of.released,
        of.missed,
        of.wrong,
        of.told,
        of.tellable,
        by(of),
        well_again(of),
        of.during,
        of.after,
    );
}

/// What was said most: alarms by windows, reasons by parcels.
fn by(of: &CellFigures) -> String {
    let top = |counts: &std::collections::BTreeMap<String, u64>, most: usize| {
        let mut sorted: Vec<(&String, &u64)> = counts.iter().collect();
        sorted.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), (*name).clone()));
        let words = sorted.into_iter().take(most).map(|(name, count)| format!("{name} × {count}"));
        words.collect::<Vec<_>>().join(", ")
    };
    let words = [top(&of.alarms, 3), top(&of.reasons, 3).replace("built-in.", "")];
    let said: Vec<&str> = words.iter().map(String::as_str).filter(|words| !words.is_empty()).collect();
    if said.is_empty() { "–".to_owned() } else { said.join("; ") }
}

fn well_again(of: &CellFigures) -> String {
    let mut sorted = of.recovery_ms.clone();
    sorted.sort_unstable();
    let Some(longest) = sorted.last() else { return "–".to_owned() };
    let seconds = |ms: u64| format!("{}.{}", ms / 1_000, ms % 1_000 / 100);
    let never = if of.lost > 0 { format!(", {} × not", of.lost) } else { String::new() };
    format!("{} s, {} s{never}", seconds(sorted[sorted.len() / 2]), seconds(*longest))
}
