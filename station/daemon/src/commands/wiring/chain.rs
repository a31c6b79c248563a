//! The third sheet: what stops the belts without any software, the 24 V supply, and the cables to the station.
//!
//! DESIGN promise 11: Gatepost is not the safety system. Nothing on this sheet that stops a motor passes through the
//! controller, and the controller has one relay with which it can only withhold what the chain allows.

use gatepost_hardware::lane::{DeviceKind, LaneKind, LaneMap};

use super::paper::{Anchor, HEIGHT, MARGIN, Sheet, Type, WIDTH, width};
use super::site::Site;
use super::terminals::word;

/// Where the cables to the station begin.
const STATION: i32 = 2_000;
const ROW: i32 = 128;
/// Where the belts' drives begin, and the room of each.
const DRIVES: i32 = 970;
const DRIVE: i32 = 246;

/// Fuses of the 24 V side: what each feeds, and its current.
const FUSES: [[&str; 3]; 5] = [
    ["F1", "safety relay K1, contactors", "T 2 A"],
    ["F2", "eyes, encoders, gate switches", "T 2 A"],
    ["F3", "gate valve, K10", "T 1 A"],
    ["F4", "stack light, buzzer", "T 1 A"],
    ["F5", "controller, its own supply", "T 1 A"],
];

pub fn sheet(map: &LaneMap, site: &Site, of: &str) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.head(&format!("Lane {}: stop chain, supply and cables", map.name), of);
    chain(&mut sheet);
    reads(&mut sheet);
    drives(&mut sheet, map);
    supply(&mut sheet);
    cables(&mut sheet, map, site, STATION);
    foot(&mut sheet);
    sheet
}

/// The only sheet of a bench: it has no belt to draw, no controller and nothing that could be stopped.
pub fn bench(map: &LaneMap, site: &Site, of: &str) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.head(&format!("Lane {}: cables", map.name), of);
    cables(&mut sheet, map, site, MARGIN);
    let says =
        "No belt and no controller: one item at a time lies on the bench, and the officer's hand is the diverter.";
    sheet.words(Type::Small, Anchor::Start, (MARGIN, HEIGHT - 230), says);
    sheet
}

/// A box with a name and lines below it.
fn part(sheet: &mut Sheet, class: &str, (x, y): (i32, i32), (width, height): (i32, i32), name: &str, lines: &[&str]) {
    sheet.rectangle(class, (x, y), (width, height));
    sheet.words(Type::Strong, Anchor::Start, (x + 18, y + 42), name);
    for (line, y) in lines.iter().zip((y + 76..).step_by(30)) {
        sheet.words(Type::Small, Anchor::Start, (x + 18, y), line);
    }
}

/// Buttons and guards, the safety relay, the two contactors: two channels all the way.
fn chain(sheet: &mut Sheet) {
    let lines = ["two break contacts each,", "in series per channel"];
    part(sheet, "box", (MARGIN, 260), (400, 140), "e-stop buttons S1 …", &lines);
    part(
        sheet,
        "box",
        (590, 260),
        (400, 140),
        "guard switches S10 …",
        &["two break contacts in the", "chain, a third one to GUARD"],
    );
    part(
        sheet,
        "safe",
        (1_090, 260),
        (440, 140),
        "safety relay K1",
        &["dual channel, monitored start,", "Pilz PNOZ s4 750104"],
    );
    part(sheet, "box", (1_640, 260), (260, 140), "start S0", &["through KM1, KM2,", "K10 at rest"]);
    for (from, to) in [(490, 590), (990, 1_090)] {
        sheet.line("wire", &[(from, 310), (to, 310)]);
        sheet.line("wire", &[(from, 350), (to, 350)]);
    }
    sheet.words(Type::Small, Anchor::Middle, (540, 302), "ch. 1");
    sheet.words(Type::Small, Anchor::Middle, (540, 378), "ch. 2");
    sheet.line("wire", &[(1_640, 330), (1_530, 330)]);

    part(sheet, "safe", (1_290, 490), (250, 110), "KM1", &["contactor"]);
    part(sheet, "safe", (1_640, 490), (250, 110), "KM2", &["contactor"]);
    sheet.line("wire", &[(1_350, 400), (1_350, 490)]);
    sheet.words(Type::Small, Anchor::End, (1_340, 436), "13-14");
    sheet.line("wire", &[(1_480, 400), (1_480, 445), (1_765, 445), (1_765, 490)]);
    sheet.words(Type::Small, Anchor::Start, (1_490, 436), "23-24");
    sheet.words(Type::Small, Anchor::End, (1_270, 530), "motor supply");
    sheet.line("power", &[(1_150, 545), (1_290, 545)]);
    sheet.line("power", &[(1_540, 545), (1_640, 545)]);
}

/// What the controller reads of it, and the one relay it has.
fn reads(sheet: &mut Sheet) {
    sheet.line("wire", &[(1_130, 400), (1_130, 500), (560, 500), (560, 680)]);
    sheet.words(Type::Small, Anchor::End, (1_120, 436), "33-34");
    sheet.line("wire", &[(640, 400), (640, 445), (250, 445), (250, 680)]);
    sheet.rectangle("block", (MARGIN, 680), (690, 190));
    for (x, y, terminal) in [(250, 716, "GUARD"), (560, 716, "ESTOP"), (250, 858, "BELTSTOP"), (560, 858, "RESET")] {
        sheet.words(Type::Strong, Anchor::Middle, (x, y), terminal);
    }
    sheet.words(Type::Small, Anchor::Middle, (400, 778), "lane controller: reads these contacts;");
    sheet.words(Type::Small, Anchor::Middle, (400, 806), "it can close neither K1 nor KM1, KM2");
    sheet.words(Type::Strong, Anchor::End, (770, 764), "BELT");
    part(sheet, "box", (MARGIN, 960), (320, 110), "belt-stop S20 …", &["break contacts, series"]);
    part(sheet, "box", (430, 960), (320, 110), "reset button S30", &["make contact, at the lane"]);
    for x in [250, 560] {
        sheet.line("wire", &[(x, 870), (x, 960)]);
    }
    part(sheet, "box", (890, 690), (330, 140), "belt permit K10", &["forced-guided relay,", "Omron G7SA-5A1B DC24"]);
    sheet.line("out", &[(780, 755), (890, 755)]);
}

/// The motors: supplied by the chain, enabled by the controller. Both are needed.
fn drives(sheet: &mut Sheet, map: &LaneMap) {
    let middles = (0..).map(|index| DRIVES + DRIVE * index + (DRIVE - 14) / 2);
    let middles: Vec<i32> = middles.take(map.segments.len()).collect();
    let (Some(first), Some(last)) = (middles.first(), middles.last()) else { return };
    sheet.line("power", &[(1_765, 600), (1_765, 920)]);
    sheet.line("power", &[(*first, 920), (1_765.max(*last), 920)]);
    sheet.line("out", &[(940, 830), (940, 1_210), (*last, 1_210)]);
    for (number, (middle, segment)) in (1..).zip(middles.iter().zip(&map.segments)) {
        let left = middle - (DRIVE - 14) / 2;
        sheet.line("power", &[(*middle, 920), (*middle, 990)]);
        part(sheet, "box", (left, 990), (DRIVE - 14, 120), &format!("drive M{number}"), &[segment.name.as_str()]);
        sheet.line("out", &[(*middle, 1_110), (*middle, 1_210)]);
    }
    sheet.words(Type::Small, Anchor::Start, (960, 1_242), "run-enable: one contact of K10 for each drive");
    if map.device(DeviceKind::Xray).is_some() {
        let says = "Its generator, shutters and covers are interlocked by its maker's own chain. Gatepost has no wire in it and no \
                    way to energise it; all it has of the tunnel is run-enable, a dry contact for the belt.";
        part(sheet, "box", (DRIVES, 1_290), (900, 170), "X-ray tunnel", &[]);
        sheet.paragraph(Type::Small, (DRIVES + 18, 1_290 + 76), 900 - 36, says);
    }
}

fn supply(sheet: &mut Sheet) {
    let rows: Vec<Vec<String>> = FUSES.iter().map(|row| row.map(str::to_owned).to_vec()).collect();
    let columns = [("fuse", 110, Anchor::Start), ("24 V to", 440, Anchor::Start), ("5 × 20 mm", 200, Anchor::Start)];
    sheet.table((MARGIN, 1_210), &columns, &rows);
    let says = "One 24 V supply, protective extra-low voltage; its 0 V is bonded to PE at one point in the cabinet.";
    sheet.paragraph(Type::Small, (MARGIN, 1_210 + 44 * 6 + 20), 750, says);
}

/// Everything that goes to the station itself, with its stable name there and how long it may be.
fn cables(sheet: &mut Sheet, map: &LaneMap, site: &Site, left: i32) {
    let mut rows = Vec::new();
    if map.kind != LaneKind::Bench && !site.own_pins {
        let long = "USB to 5 m; farther: RS-422 to 100 m";
        rows.push(("controller".to_owned(), "/dev/gatepost/controller/…".to_owned(), long));
    }
    for device in &map.devices {
        let kind = word(device.kind);
        let (port, long) = match device.kind {
            DeviceKind::Xray => ("network: images into its folder".to_owned(), "Ethernet to 100 m"),
            DeviceKind::Camera => ("network: pictures into its folder".to_owned(), "Ethernet to 100 m"),
            _ => (format!("/dev/gatepost/{kind}/…"), "USB to 5 m; RS-232 to 15 m at 9600 baud"),
        };
        rows.push((device.name.to_string(), port, long));
    }
    for (name, port, _) in &mut rows {
        if let Some(configured) = site.ports.get(name.as_str()) {
            *port = shortened(configured, WIDTH - MARGIN - STATION - 260 - 36);
        }
    }
    let bottom = 260 + ROW * rows.len() as i32;
    sheet.rectangle("block", (left, 230), (170, bottom - 230));
    sheet.words(Type::Strong, Anchor::Middle, (left + 85, 280), "station");
    for ((name, port, long), y) in rows.iter().zip((260..).step_by(ROW as usize)) {
        sheet.line("wire", &[(left + 170, y + 50), (left + 260, y + 50)]);
        let width = WIDTH - MARGIN - STATION - 260;
        part(sheet, "box", (left + 260, y), (width, ROW - 14), name, &[]);
        sheet.words(Type::Small, Anchor::Start, (left + 278, y + 71), port);
        sheet.words(Type::Small, Anchor::Start, (left + 278, y + 99), long);
    }
    let says =
        "Names under /dev/gatepost are given by hardware/wiring/99-gatepost.rules, by serial number and by socket.";
    sheet.paragraph(Type::Small, (left, bottom + 50), WIDTH - MARGIN - STATION, says);
}

/// A path that fits: its end says more than its beginning.
fn shortened(path: &str, room: i32) -> String {
    let mut text = path.to_owned();
    let mut rest = path.chars();
    while width(Type::Small, &text) > room && rest.next().is_some() {
        text = format!("…{}", rest.as_str());
    }
    text
}

fn foot(sheet: &mut Sheet) {
    let says = [
        "Gatepost is not the safety system. The machine's builder chooses the parts of this chain by the risk assessment of this \
         machine and proves them; the parts named here are examples that fit.",
        "After an e-stop two buttons are pressed at the lane: S0 closes the chain again, then S30 lets the belts start, after a \
         warning. No network, page or timer can do either.",
    ];
    let mut y = HEIGHT - 230;
    for text in says {
        y = sheet.paragraph(Type::Small, (MARGIN, y), WIDTH - 2 * MARGIN, text) + 8;
    }
}
