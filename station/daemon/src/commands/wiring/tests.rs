//! Every shipped lane, and the largest that a lane file can describe, drawn and looked at as a reader would.

use gatepost_hardware::lane::file;

use super::paper::{HEIGHT, Sheet, WIDTH, Written};
use super::terminals::{Direction, FIXED, Terminal, connections, open};
use super::*;

const NORTH: &str = include_str!("../../../../../hardware/lanes/north.toml");
const SOUTH: &str = include_str!("../../../../../hardware/lanes/south.toml");
const BENCH: &str = include_str!("../../../../../hardware/lanes/bench.toml");

fn lane(text: &str) -> LaneMap {
    file::parse("lane.toml", text).unwrap()
}

/// As many segments, eyes and devices as a lane may have, with the longest names, some of them very near to one another.
fn largest() -> String {
    let head = NORTH.split("[[segment]]").next().unwrap().replace("name = \"north\"", "name = \"longest-name-of\"");
    let mut text = head;
    for index in 0..4 {
        let length = [700, 900, 5_000, 5_000][index];
        text += &format!(
            "[[segment]]\nname = \"segment-name-0{index}\"\nlength_mm = {length}\ntick_um = 500\nencoder = true\nspeed_mm_s = 500\n"
        );
    }
    let eyes = [
        (0, 50, "entry"),
        (0, 650, "watch"),
        (1, 20, "watch"),
        (1, 880, "watch"),
        (2, 20, "watch"),
        (3, 20, "watch"),
        (3, 1_500, "diverter"),
        (3, 2_680, "sweep"),
        (3, 3_400, "release-exit"),
        (3, 3_600, "exam-exit"),
    ];
    for (index, (segment, at, role)) in eyes.into_iter().enumerate() {
        text += &format!(
            "[[eye]]\nname = \"long-eye-name-{index}\"\nsegment = \"segment-name-0{segment}\"\nat_mm = {at}\nrole = \"{role}\"\n"
        );
    }
    text += "[gate]\nat_mm = 2600\nswing_ms = 120\nfeedback = true\nexit_ms_max = 4000\n";
    for index in 0..8 {
        let kind = ["scanner", "scale", "xray", "scanner"][index % 4];
        let (from, to) = (100 + 60 * index, 150 + 60 * index);
        text += &format!(
            "[[device]]\nname = \"long-device-n-{index}\"\nkind = \"{kind}\"\nsegment = \"segment-name-01\"\nfrom_mm = {from}\n\
             to_mm = {to}\nlatency_ms_min = 1\nlatency_ms_max = 2\n"
        );
    }
    text
}

fn hand_fed() -> String {
    let text = SOUTH.replace("kind = \"conveyor\"", "kind = \"hand-fed\"");
    let (before, gate) = text.split_once("[gate]").unwrap();
    format!("{before}{}", &gate[gate.find("[[device]]").unwrap()..])
}

fn every_lane() -> Vec<LaneMap> {
    [NORTH, SOUTH, BENCH, &largest(), &hand_fed()].into_iter().map(lane).collect()
}

fn cover(one: &Written, other: &Written) -> bool {
    one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom
}

/// Neither inside a box, with room to its edge, nor outside it.
fn crosses(word: &Written, [left, top, right, bottom]: &[i32; 4]) -> bool {
    let within = word.left >= left + 8 && word.right <= right - 8 && word.top >= top + 4 && word.bottom <= bottom - 4;
    let apart = word.right <= *left || word.left >= *right || word.bottom <= *top || word.top >= *bottom;
    !within && !apart
}

/// No word covers another, leaves its sheet or crosses the edge of a box.
fn readable(map: &LaneMap, site: &Site) {
    for (number, Sheet { written, boxes, .. }) in (1..).zip(&sheets(map, site)) {
        for (index, one) in written.iter().enumerate() {
            let inside = one.left >= 60 && one.right <= WIDTH - 60 && one.top >= 60 && one.bottom <= HEIGHT - 60;
            assert!(inside, "lane {}, sheet {number}: {one:?} leaves the sheet", map.name);
            let over = written[..index].iter().find(|other| cover(one, other));
            assert!(over.is_none(), "lane {}, sheet {number}: {one:?} covers {over:?}", map.name);
            let crossed = boxes.iter().find(|edges| crosses(one, edges));
            assert!(crossed.is_none(), "lane {}, sheet {number}: {one:?} crosses the box {crossed:?}", map.name);
        }
    }
}

#[test]
fn no_word_covers_another_or_leaves_its_sheet() {
    every_lane().iter().for_each(|map| readable(map, &Site::default()));
}

#[test]
fn every_name_and_every_terminal_of_the_lane_is_drawn() {
    for map in every_lane() {
        let all = sheets(&map, &Site::default());
        let sheet = |index: usize| all.get(index).or(all.last()).unwrap();
        let on = |index: usize, text: &str| {
            assert!(
                sheet(index).written.iter().any(|word| word.text.contains(text)),
                "{text} is not on sheet {}",
                index + 1
            );
        };
        map.segments.iter().for_each(|one| on(0, &one.name));
        map.eyes.iter().for_each(|one| [0, 1].into_iter().for_each(|index| on(index, &one.name)));
        map.devices.iter().for_each(|one| [0, 2].into_iter().for_each(|index| on(index, &one.name)));
        connections(&map, None).iter().for_each(|one| on(1, &one.terminal));
    }
}

#[test]
fn each_terminal_is_either_connected_or_left_open() {
    for map in every_lane().iter().filter(|map| !map.segments.is_empty()) {
        let mut all: Vec<String> =
            connections(map, None).into_iter().map(|one| one.terminal).chain(open(map, None)).collect();
        all.sort();
        let before = all.len();
        all.dedup();
        assert_eq!((all.len(), before), (10 + 8 + FIXED.len(), 10 + 8 + FIXED.len()), "lane {}: {all:?}", map.name);
    }
}

/// The table's rule: a cut wire never means that something may run.
#[test]
fn a_cut_wire_is_the_safe_state() {
    let permits = ["beam received", "closed", "shut", "not pressed", "room", "no alarm", "release", "may run"];
    for one in connections(&lane(NORTH), None) {
        let exception = one.terminal == "RESET" || one.terminal.starts_with("FB_");
        let safe = !permits.iter().any(|word| one.low.contains(word));
        assert!(safe || exception, "{}: a cut wire means {:?}", one.terminal, one.low);
    }
}

#[test]
fn a_cable_has_one_device_at_its_end() {
    let all = connections(&lane(&largest()), None);
    for one in all.iter().filter(|one| one.cable != "cabinet" && one.cable != "W5") {
        let others = all.iter().filter(|other| other.cable == one.cable && other.device != one.device).count();
        assert_eq!(others, 0, "{} has two devices", one.cable);
    }
}

/// The drawings that are shown in hardware/wiring; `UPDATE=1` draws them anew.
#[test]
fn the_shipped_drawings_are_those_of_the_shipped_lanes() {
    for text in [NORTH, SOUTH, BENCH] {
        let map = lane(text);
        let path = format!("{}/../../hardware/wiring/{}.svg", env!("CARGO_MANIFEST_DIR"), map.name);
        let now = draw(&map, &Site::default());
        if std::env::var("UPDATE").is_ok() {
            std::fs::write(&path, &now).unwrap();
        }
        let shipped = std::fs::read_to_string(&path).unwrap_or_default();
        let differs = shipped.lines().zip(now.lines()).position(|(old, new)| old != new);
        assert!(
            shipped == now,
            "{path} is drawn otherwise from line {differs:?} (UPDATE=1 draws it anew); look at it first"
        );
    }
}

/// The table of hardware/wiring/README.md is the one the drawings are made of; `UPDATE=1` writes it anew.
#[test]
fn the_shipped_table_is_that_of_the_drawings() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../hardware/wiring/README.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (before, rest) = text.split_once("drawings` -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- end -->").unwrap();
    let now = format!("{before}drawings` -->\n{}<!-- end -->{after}", table());
    if std::env::var("UPDATE").is_ok() {
        std::fs::write(path, &now).unwrap();
    }
    assert!(
        std::fs::read_to_string(path).unwrap() == now,
        "{path}: another table than the drawings' (UPDATE=1 writes it)"
    );
}

fn table() -> String {
    let mut table =
        "\n| terminal | | what is on it | 24 V means | 0 V or a cut wire means |\n|---|---|---|---|---|\n".to_owned();
    table += "| EYE0 … EYE9 | in | photo-eye, light-on, PNP | beam received | blocked |\n";
    table += "| ENC0A, ENC0B … ENC3A, ENC3B | in | encoder, push-pull 24 V, channels A and B | pulses | no pulses: lane stops |\n";
    for Terminal { name, direction, device, detail, high, low, .. } in &FIXED {
        let way = if *direction == Direction::Input { "in" } else { "out" };
        table += &format!("| {name} | {way} | {device}: {detail} | {high} | {low} |\n");
    }
    table + "\n"
}

/// A station's configuration beside lane south, with pins of its own.
fn configured(folder: &std::path::Path) -> std::path::PathBuf {
    std::fs::write(folder.join("south.toml"), SOUTH).unwrap();
    let eyes = ["entry", "tunnel-out", "tunnel-end", "sorter-in", "diverter", "release", "exam"];
    let lines = (0..).zip(eyes).map(|(line, eye)| format!("{eye} = {{ line = {line}, active_low = true }}\n"));
    let eyes: String = lines.collect();
    let text = format!(
        r#"[station]
name = "try-1"
facility = "jfk"
data = "data"
clock = "host"
[[lane]]
file = "south.toml"
[lane.pins]
driver = "gpiocdev"
chip = "/dev/gpiochip0"
[lane.pins.eye]
{eyes}[lane.pins.encoder]
tunnel = {{ a = 10, b = 11 }}
sorter = {{ a = 12, b = 13 }}
[lane.pins.input]
e-stop = {{ line = 14, active_low = true }}
reset = 15
exam-chute-full = 16
[lane.pins.feedback]
exam = 17
release = 18
[lane.pins.output]
belt = 20
gate = 21
alive = 22
red = 23
amber = 24
green = 25
buzzer = 26
[lane.scanner.scanner]
serial = {{ port = "/dev/gatepost/scanner/S21" }}
protocol = {{ plain = {{}} }}
[lane.scale.scale]
serial = {{ port = "/dev/serial/by-path/platform-fd500000.pcie-pci-0000:01:00.0-usb-0:1.3:1.0-port0", line = "7E1" }}
protocol = {{ mt-sics = {{}} }}
[lane.xray.xray]
folder = "xray"
pitch_um = 1500
belt_step_um = 1000
"#
    );
    let path = folder.join("station.toml");
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_configuration_adds_its_ports_and_pins() {
    let folder = tempfile::tempdir().unwrap();
    let path = configured(folder.path());
    let site = Site::read(&path, &lane(SOUTH)).unwrap_or_else(|error| panic!("{error:?}"));
    let pins = &site.board.as_ref().unwrap().pins;
    let pin = |terminal: &str| pins.get(terminal).map_or("", String::as_str);
    assert_eq!([pin("EYE4"), pin("ENC1B"), pin("ESTOP"), pin("RESET")], ["line 4", "line 13", "line 14", "line 15"]);
    // Full at 24 V: against the rule, so the drawing says it.
    assert_eq!([pin("CHUTE"), pin("FB_EXAM"), pin("ALIVE")], ["line 16, inverted", "line 17", "line 22"]);
    let all = connections(&lane(SOUTH), site.board.as_ref());
    assert!(pins.keys().all(|terminal| all.iter().any(|one| one.terminal == *terminal)), "{pins:?}");

    assert!(open(&lane(SOUTH), site.board.as_ref()).contains(&"GUARD".to_owned()), "no line is given for it");

    let map = lane(SOUTH);
    let [_, terminals, cables] = &sheets(&map, &site)[..] else { panic!("three sheets") };
    let on = |sheet: &Sheet, text: &str| sheet.written.iter().any(|word| word.text == text);
    assert!(on(terminals, "line 16, inverted") && on(terminals, "ALIVE") && on(cables, "/dev/gatepost/scanner/S21"));
    assert!(!on(cables, "controller"), "there is none");
    let long = cables.written.iter().find(|word| word.text.ends_with("-usb-0:1.3:1.0-port0")).unwrap();
    assert!(long.text.starts_with('…'), "{}", long.text);
    readable(&map, &site);
}

#[test]
fn a_configuration_of_another_lane_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = configured(folder.path());
    let refused = |map: &LaneMap| match Site::read(&path, map) {
        Err(Failure::Problem(says)) => says,
        _ => panic!("it was taken"),
    };
    assert!(refused(&lane(NORTH)).contains("it has no lane \"north\", only south"));
    let moved = lane(&SOUTH.replace("at_mm = 2000", "at_mm = 2010"));
    assert!(refused(&moved).contains("is another file than --lane"));
}
