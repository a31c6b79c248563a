//! Configurations as a technician would write them, and what is said of those that cannot work.

use std::fmt::Write as _;

use gatepost_hardware::lane::{LaneMap, file};
use gatepost_hardware::pin::Polarity;

use super::super::{Bias, Line, Origin, PinsConfig};
use super::*;

const SOUTH: &str = include_str!("../../../../../../hardware/lanes/south.toml");

fn map(text: &str) -> LaneMap {
    file::parse("lane.toml", text).unwrap()
}

/// All that lane south needs, every line once; `more` follows under `[output]`.
fn south(head: &str, more: &str) -> String {
    let mut text = format!("{head}\n[eye]\n");
    let eyes = ["entry", "tunnel-out", "tunnel-end", "sorter-in", "diverter", "release", "exam"];
    for (line, eye) in eyes.iter().enumerate() {
        let _ = writeln!(text, "{eye} = {{ line = {line}, active_low = true }}");
    }
    text += "[encoder]\ntunnel = { a = 10, b = 11 }\nsorter = { a = 12, b = 13 }\n";
    text +=
        "[input]\ne-stop = { line = 14, active_low = true, bias = \"pull-up\" }\nreset = 15\nexam-chute-full = 16\n";
    text += "[feedback]\nexam = 17\nrelease = 18\n";
    text + "[output]\nbelt = 20\ngate = 21\nalive = 22\nred = 23\namber = 24\ngreen = 25\nbuzzer = 26\n" + more
}

const CHIP: &str = "driver = \"gpiocdev\"\nchip = \"/dev/gpiochip0\"";

fn parse(text: &str) -> Result<PinsConfig, String> {
    let mut pins: PinsConfig = toml::from_str(text).map_err(|error| error.message().to_owned())?;
    pins.origin = Origin { file: "station.toml".to_owned(), text: text.to_owned() };
    Ok(pins)
}

/// What is said of lane south with `from` replaced.
fn said(from: &str, to: &str) -> Vec<String> {
    let text = south(CHIP, "");
    assert!(text.contains(from), "{from} is not in the configuration");
    problems(&parse(&text.replacen(from, to, 1)).unwrap(), &map(SOUTH))
}

fn says(from: &str, to: &str, expected: &[&str]) {
    let said = said(from, to);
    assert!(said.iter().any(|one| expected.iter().all(|word| one.contains(word))), "{from} -> {to}: {said:#?}");
}

#[test]
fn a_slow_lane_on_a_board_s_own_pins_is_good() {
    let pins = parse(&south(CHIP, "")).unwrap();
    assert_eq!(problems(&pins, &map(SOUTH)), Vec::<String>::new());
    let e_stop = &pins.inputs[&Input::EStop];
    assert_eq!((&e_stop.line, e_stop.polarity, e_stop.bias), (&Line::Number(14), Polarity::ActiveLow, Bias::PullUp));
    assert_eq!(cost(&pins, &map(SOUTH)), Cost { jitter_um: 1_500, edges_per_s: 1_500 });
    assert_eq!(pins.pins().len(), 7 + 4 + 3 + 2 + 7);
    let named = south("driver = \"gpiocdev\"", "").replace("line = 0", "line = \"P9_12\"");
    assert_eq!(parse(&named).unwrap().eyes["entry"].line, Line::Name("P9_12".to_owned()));
}

#[test]
fn a_wrong_word_is_named() {
    for (from, to, word) in [
        ("line = 0", "lin = 0", "unknown field `lin`"),
        ("e-stop = ", "estop = ", "unknown variant `estop`"),
        ("gate = 21", "gate = -1", "-1 is no line"),
        ("gate = 21", "gate = true", "a line's number, its name"),
        ("gate = 21", "gaet = 21", "unknown field `gaet`"),
        ("\"gpiocdev\"", "\"wiringpi\"", "unknown variant `wiringpi`"),
    ] {
        let text = south(CHIP, "");
        assert!(text.contains(from), "{from}");
        let error = parse(&text.replacen(from, to, 1)).unwrap_err();
        assert!(error.contains(word), "{from} -> {to}: {error}");
    }
}

#[test]
fn unknown_missing_and_doubled_lines_are_said_with_place_and_remedy() {
    says("reset = 15", "reset = 14", &["station.toml:16: input.reset", "line 14 is input.e-stop already", ":15"]);
    says("entry = ", "entrance = ", &["station.toml:4: eye.entrance", "name it there, or remove it here"]);
    says("entry = ", "entrance = ", &["eye \"entry\" has no pin", "add entry = <line> under [lane.pins.eye]"]);
    says("tunnel = {", "belt = {", &["the encoder of \"tunnel\" has no pin", "{ a = <line>, b = <line> }"]);
    says("tunnel = {", "belt = {", &["encoder.belt.a", "no such part"]);
    says("exam-chute-full = 16\n", "", &["input exam-chute-full has no pin"]);
    says("[feedback]\nexam = 17\nrelease = 18\n", "", &["the diverter's feedback has no pin"]);
    says("chip = \"/dev/gpiochip0\"", "", &["station.toml:4: eye.entry = 0", "needs lane.pins.chip"]);
    let pi = south("driver = \"rppal\"", "").replacen("= 15", "= \"GPIO15\"", 1);
    let said = problems(&parse(&pi).unwrap(), &map(SOUTH));
    assert!(said.len() == 1 && said[0].contains("rppal knows BCM numbers only"), "{said:?}");
    says("\"gpiocdev\"", "\"rppal\"", &["rppal finds its chip itself"]);
}

#[test]
fn a_conveyor_without_a_dead_man_is_refused() {
    says("alive = 22\n", "", &["the dead-man relay", "when this program cannot", "add alive = <line>"]);
    says("driver", "alive_ms_max = 40\ndriver", &["alive_ms_max = 40", "at least 60"]);
    says("driver", "alive_ms_max = 900\ndriver", &["at most 600 (the lane's heartbeat_ms_max)"]);
}

#[test]
fn a_belt_too_fast_for_the_scheduler_is_refused_and_says_what_is_too_short() {
    assert_eq!(said("driver", "jitter_ms = 50\ndriver"), Vec::<String>::new());
    // 700 mm from eye to gate: 50 are left for opening, of which the swing takes 45.
    let short = map(&SOUTH.replace("at_mm = 2700", "at_mm = 2600"));
    let with =
        |jitter_ms: u32| problems(&parse(&south(&format!("jitter_ms = {jitter_ms}\n{CHIP}"), "")).unwrap(), &short);
    assert_eq!(with(16), Vec::<String>::new());
    let said = with(17);
    let expected = "within lane.pins.jitter_ms = 17 its belt runs 5.1 mm, but the diverter, which must be open before the \
                    parcel is there, leaves room for 5 mm only: slow the belt, or connect a microcontroller";
    assert!(said.len() == 1 && said[0].contains(expected), "{said:?}");
    says("driver", "jitter_ms = 1\ndriver", &["jitter_ms = 1", "`gatepost doctor` measures it"]);
    says("driver", "jitter_ms = 51\ndriver", &["2 to 50 is possible"]);
    let narrow = map(&SOUTH.replace("window_mm = 50", "window_mm = 2"));
    let said = problems(&parse(&south(CHIP, "")).unwrap(), &narrow);
    assert!(said.len() == 1 && said[0].contains("half of items.window_mm leaves room for 1 mm"), "{said:?}");
    let fine = map(&SOUTH.replace("length_tolerance_mm = 35", "length_tolerance_mm = 2"));
    let said = problems(&parse(&south(CHIP, "")).unwrap(), &fine);
    assert!(said.len() == 1 && said[0].contains("half of items.length_tolerance_mm"), "{said:?}");
}

#[test]
fn encoders_faster_than_a_thread_are_refused() {
    let fine = map(&SOUTH.replace("tick_um = 250", "tick_um = 80"));
    let said = problems(&parse(&south(CHIP, "")).unwrap(), &fine);
    assert!(said.len() == 1 && said[0].contains("4050 edges a second") && said[0].contains("3413"), "{said:?}");
}

#[test]
fn a_hand_fed_lane_needs_its_green_lamp_and_a_bench_needs_no_pins() {
    let text = "name = \"desk\"\nkind = \"hand-fed\"\n[items]\nlength_mm_min = 100\nlength_mm_max = 600\ngap_mm_min = 200\n\
                length_tolerance_mm = 40\nwindow_mm = 50\n[timing]\ndebounce_us = 2000\nheartbeat_ms_max = 600\n\
                permit_ms_max = 20000\nstop_ms_max = 8000\nstart_warning_ms = 0\nstart_ms = 500\n[[segment]]\nname = \"belt\"\nlength_mm = 2000\ntick_um = 1000\n\
                encoder = false\nspeed_mm_s = 200\n[[eye]]\nname = \"in\"\nsegment = \"belt\"\nat_mm = 100\nrole = \"entry\"\n";
    let pins = "driver = \"rppal\"\n[eye]\nin = 5\n[input]\ne-stop = 6\nreset = 7\n[output]\nbelt = 8\nalive = 9\ngreen = 10\n";
    assert_eq!(problems(&parse(pins).unwrap(), &map(text)), Vec::<String>::new());
    let dark = problems(&parse(&pins.replace("green = 10\n", "")).unwrap(), &map(text));
    assert!(dark.len() == 1 && dark[0].contains("the green lamp has no pin"), "{dark:?}");
    let bench = map(include_str!("../../../../../../hardware/lanes/bench.toml"));
    let said = problems(&parse("driver = \"rppal\"\n[output]\nred = 5\n").unwrap(), &bench);
    assert!(said.len() == 1 && said[0].contains("a bench has no belt to control"), "{said:?}");
}
