//! The pins driver on the kernel's own GPIO character device, with `gpio-sim` in place of a board.
//!
//! `cargo test -p gatepost-daemon --test interop_pins`, as root, on a kernel with `gpio-sim` (`modprobe gpio-sim`) and
//! configfs mounted. Not part of `cargo test`: without its part it fails and says what is missing.

use std::path::{Path, PathBuf};
use std::time::Duration;

use embedded_hal::digital::OutputPin;
use gatepost_daemon::config::pins::{Origin, PinsConfig, Role};
use gatepost_daemon::run::pins::board::{Board, Edge, Opened, Plan, Trouble};
use gatepost_daemon::run::pins::chip::{self, ChipBoard, ChipOutput};
use gatepost_hardware::encoder::Quadrature;
use gatepost_hardware::link::Input;
use gatepost_hardware::units::Micros;

/// Instead of `merge::HOLD`: this may run in an emulated machine, whose interrupt threads take their time.
const PATIENCE: Micros = Micros(50_000);
const CONFIGFS: &str = "/sys/kernel/config/gpio-sim";

/// One simulated chip of 32 lines; gone when dropped.
struct Sim {
    config: PathBuf,
    lines: PathBuf,
    chip: String,
}

impl Sim {
    fn new(name: &str, named: &[(u32, &str)]) -> Self {
        assert!(
            Path::new(CONFIGFS).is_dir(),
            "{CONFIGFS} is not there: mount configfs and `modprobe gpio-sim` (kernel with CONFIG_GPIO_SIM), as root"
        );
        let config = Path::new(CONFIGFS).join(format!("gatepost-{name}-{}", std::process::id()));
        let bank = config.join("bank");
        for folder in [&config, &bank] {
            std::fs::create_dir(folder).unwrap();
        }
        write(&bank.join("num_lines"), "32");
        for (line, name) in named {
            let line = bank.join(format!("line{line}"));
            std::fs::create_dir(&line).unwrap();
            write(&line.join("name"), name);
        }
        write(&config.join("live"), "1");
        let (device, chip) = (read(&config.join("dev_name")), read(&bank.join("chip_name")));
        let lines = Path::new("/sys/devices/platform").join(device).join(&chip);
        Self { config, lines, chip: format!("/dev/{chip}") }
    }
    fn pull(&self, line: u32, high: bool) {
        let pull = if high { "pull-up" } else { "pull-down" };
        write(&self.lines.join(format!("sim_gpio{line}/pull")), pull);
    }
    /// What a driven line shows outside.
    fn shows(&self, line: u32) -> bool {
        read(&self.lines.join(format!("sim_gpio{line}/value"))) == "1"
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _stopped = std::fs::write(self.config.join("live"), "0");
        let bank = self.config.join("bank");
        for entry in std::fs::read_dir(&bank).into_iter().flatten().flatten() {
            let _removed = std::fs::remove_dir(entry.path());
        }
        let _removed = std::fs::remove_dir(&bank).and_then(|()| std::fs::remove_dir(&self.config));
    }
}

fn write(file: &Path, text: &str) {
    std::fs::write(file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}
fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display())).trim().to_owned()
}

fn config(text: &str) -> PinsConfig {
    let mut pins: PinsConfig = toml::from_str(text).unwrap();
    pins.origin = Origin { file: "station.toml".to_owned(), text: text.to_owned() };
    pins
}

fn south(chip: &str) -> String {
    format!(
        "driver = \"gpiocdev\"\nchip = \"{chip}\"\n[eye]\nentry = {{ line = 0, active_low = true, bias = \"pull-up\" }}\n\
         [encoder]\ntunnel = {{ a = 1, b = \"phase-b\" }}\n[input]\ne-stop = {{ line = 3, active_low = true }}\n\
         [output]\nbelt = 8\nalive = {{ line = 9, active_low = true }}\n"
    )
}

type Board1 = Opened<ChipBoard, ChipOutput>;

fn open(pins: &PinsConfig) -> (Plan, Result<Board1, Trouble>) {
    let plan = Plan::of(pins);
    let opened = chip::open(pins, &plan);
    (plan, opened)
}

fn gone(pins: &PinsConfig) -> String {
    match open(pins).1 {
        Err(Trouble::Gone(says)) => says,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was opened"),
    }
}

/// Everything told within a second, or until so many edges came.
fn edges(board: &mut ChipBoard, wanted: usize) -> Vec<Edge> {
    let mut found = Vec::new();
    let end = board.now() + Micros(1_000_000);
    while found.len() < wanted && board.now() < end {
        board.wait(Duration::from_millis(20)).unwrap();
        board.edges(board.now().saturating_sub(PATIENCE), &mut found).unwrap();
    }
    found
}

#[test]
fn outputs_start_at_rest_and_show_what_they_are_told() {
    let sim = Sim::new("out", &[(2, "phase-b")]);
    let (_plan, opened) = open(&config(&south(&sim.chip)));
    let mut opened = opened.unwrap();
    assert!(!sim.shows(8), "an active-high output rests low");
    assert!(sim.shows(9), "an active-low output rests high");
    opened.outputs[0].set_high().unwrap();
    opened.outputs[1].set_low().unwrap();
    assert!(sim.shows(8) && !sim.shows(9));
}

#[test]
fn edges_come_in_order_with_the_kernel_s_time_and_an_encoder_counts_them() {
    let sim = Sim::new("edges", &[(2, "phase-b")]);
    sim.pull(0, true);
    sim.pull(3, true);
    let (plan, opened) = open(&config(&south(&sim.chip)));
    let mut board = opened.unwrap().board;
    let mut levels = vec![None; plan.inputs.len()];
    board.levels(&mut levels);
    let place = |role: &Role| plan.inputs.iter().position(|(other, _)| other == role).unwrap();
    let (eye, e_stop) = (place(&Role::Eye("entry".to_owned())), place(&Role::Input(Input::EStop)));
    let (a, b) = (place(&Role::EncoderA("tunnel".to_owned())), place(&Role::EncoderB("tunnel".to_owned())));
    assert_eq!((levels[eye], levels[e_stop]), (Some(true), Some(true)));
    assert_eq!((levels[a], levels[b]), (Some(false), Some(false)));
    let before = board.now();
    // 100 cycles forward, a parcel's nose among them. The simulated chip forgets an edge that comes before the last one
    // of its line was served, so both channels step and then their edges are awaited.
    let mut told = Vec::new();
    for cycle in 0..200u32 {
        sim.pull(1, cycle % 2 == 0);
        if cycle == 100 {
            sim.pull(0, false);
        }
        sim.pull(2, cycle % 2 == 0);
        told.extend(edges(&mut board, 2 + usize::from(cycle == 100)));
    }
    assert_eq!(told.len(), 401);
    assert!(told.iter().all(|edge| edge.missed == 0), "none is missing");
    assert!(told.is_sorted_by_key(|edge| edge.at), "by time");
    assert!(told.iter().all(|edge| edge.at >= before && edge.at <= board.now()), "by this clock");
    assert_eq!(told.iter().position(|edge| edge.input == eye), Some(201), "between the two channels of its cycle");
    let latches = [(); 2].map(|()| gatepost_daemon::run::pins::board::Latch::default());
    latches.iter().for_each(|latch| latch.set(Some(false)));
    let mut encoder = Quadrature::new(latches[0].clone(), latches[1].clone());
    encoder.step().unwrap();
    let mut ticks = 0;
    for edge in told {
        if edge.input == a || edge.input == b {
            latches[usize::from(edge.input == b)].set(Some(edge.high));
            ticks += encoder.step().unwrap();
        }
    }
    assert_eq!((ticks, encoder.illegal()), (400, 0));
}

#[test]
fn an_encoder_faster_than_its_reader_is_said_and_a_contact_is_right_in_the_end() {
    let sim = Sim::new("over", &[(2, "phase-b")]);
    let (plan, opened) = open(&config(&south(&sim.chip)));
    let mut board = opened.unwrap().board;
    for step in 0..2_001 {
        sim.pull(0, step % 2 == 0);
        sim.pull(1, step % 2 == 0);
    }
    let told = edges(&mut board, usize::MAX);
    let of = |role: Role| {
        let input = plan.inputs.iter().position(|(other, _)| *other == role).unwrap();
        told.iter().filter(move |edge| edge.input == input)
    };
    let missed: u32 = of(Role::EncoderA("tunnel".to_owned())).map(|edge| edge.missed).sum();
    let came = of(Role::EncoderA("tunnel".to_owned())).count();
    assert!(came < 2_001 && missed > 0, "{came} of 2,001 came, {missed} are said to be missing");
    let last = of(Role::Eye("entry".to_owned())).next_back().unwrap();
    assert!(last.high && last.missed == 0, "{last:?}");
}

#[test]
fn lines_that_are_not_there_or_held_by_another_are_named_with_the_remedy() {
    let sim = Sim::new("wrong", &[(2, "phase-b")]);
    let good = south(&sim.chip);
    let unknown = gone(&config(&good.replace("\"phase-b\"", "\"phase-c\"")));
    assert!(unknown.contains("station.toml:6: encoder.tunnel.b") && unknown.contains("gpioinfo"), "{unknown}");
    let twice = gone(&config(&good.replace("\"phase-b\"", "1")));
    assert!(twice.contains("is encoder.tunnel.a already"), "{twice}");
    let same = gone(&config(&good.replace("a = 1", "a = 2")));
    assert!(same.contains("line \"phase-b\" is encoder.tunnel.a already"), "one line by number and by name: {same}");
    let beyond = gone(&config(&good.replace("belt = 8", "belt = 40")));
    assert!(beyond.contains("cannot be used"), "{beyond}");
    let (_plan, held) = open(&config(&good));
    let held = held.unwrap();
    let busy = gone(&config(&good));
    assert!(busy.contains("busy") && busy.contains("gpioinfo"), "{busy}");
    drop(held);
    drop(open(&config(&good)).1.unwrap());
    let nowhere = gone(&config(&good.replace(&sim.chip, "/dev/gpiochip99")));
    assert!(nowhere.contains("gpiodetect"), "{nowhere}");
}

#[test]
fn names_are_found_without_a_chip_and_two_of_a_kind_are_refused() {
    let (first, second) = (Sim::new("one", &[(4, "gp-eye"), (5, "gp-twin")]), Sim::new("two", &[(6, "gp-twin")]));
    let by_name = "driver = \"gpiocdev\"\n[eye]\nentry = \"gp-eye\"\n";
    let (_plan, opened) = open(&config(by_name));
    let mut board = opened.unwrap().board;
    first.pull(4, true);
    assert_eq!(edges(&mut board, 1).len(), 1);
    let twins = gone(&config(&by_name.replace("gp-eye", "gp-twin")));
    assert!(twins.contains("several chips have a line \"gp-twin\""), "{twins}");
    drop(second);
    let none = gone(&config(&by_name.replace("gp-eye", "gp-nothing")));
    assert!(none.contains("no chip has a line"), "{none}");
}

#[test]
fn a_chip_that_goes_away_leaves_nothing_readable() {
    let sim = Sim::new("gone", &[(2, "phase-b")]);
    let (plan, opened) = open(&config(&south(&sim.chip)));
    let mut board = opened.unwrap().board;
    drop(sim);
    let mut levels = vec![Some(true); plan.inputs.len()];
    board.levels(&mut levels);
    assert!(levels.iter().all(Option::is_none), "{levels:?}");
}
