//! The first sheet: the lane seen from above, lengths to scale, and every figure that a tape measure can check.
//!
//! Widths are not in a lane file and therefore not to scale; the sheet says so.

use gatepost_hardware::lane::{Device, Eye, EyeRole, Gate, LaneMap};

use super::paper::Anchor::{self, End, Start};
use super::paper::{APART, HEIGHT, MARGIN, Sheet, Type, WIDTH, spread, width};
use super::terminals::word;

const LEFT: i32 = 130;
const RIGHT: i32 = WIDTH - 330;
/// Heights on the sheet, from the top.
const RULER: i32 = 250;
const BANDS: i32 = 300;
const ABOVE: i32 = 430;
const BELT: i32 = 560;
const BELT_WIDTH: i32 = 130;
const BELOW: i32 = 850;
const CHUTE_BOTTOM: i32 = 1_120;
const TABLE: i32 = 1_230;
/// Scales, one to so many: the first on which the lane fits the sheet.
const SCALES: [i32; 14] = [10, 15, 20, 25, 30, 40, 50, 60, 75, 100, 150, 200, 300, 500];
/// Drawn of a chute behind its exit eye.
const CHUTE_MM: i32 = 300;

/// Where millimetres of the lane are on paper.
struct Scale<'a> {
    map: &'a LaneMap,
    one_to: i32,
}

impl<'a> Scale<'a> {
    fn of(map: &'a LaneMap) -> Self {
        let mut scale = Self { map, one_to: SCALES[0] };
        let way_mm = scale.way_mm();
        let fits = |one_to: &&i32| i64::from(way_mm) * 10 / i64::from(**one_to) <= i64::from(RIGHT - LEFT);
        scale.one_to = SCALES.iter().find(fits).copied().unwrap_or(way_mm / 250 + 1);
        scale
    }

    /// Millimetres from the start of the lane to a place on a segment, as the tables say it.
    fn mm_in_all(&self, segment: u8, at_mm: i32) -> i32 {
        let before = self.map.segments.iter().take(usize::from(segment));
        before.fold(at_mm, |sum, one| sum.saturating_add(one.length_mm.0))
    }

    fn length(&self, mm: i32) -> i32 {
        (i64::from(mm) * 10 / i64::from(self.one_to)).clamp(0, 20_000) as i32
    }

    fn x(&self, segment: u8, at_mm: i32) -> i32 {
        LEFT + self.length(self.mm_in_all(segment, at_mm))
    }

    fn belts_mm(&self) -> i32 {
        self.mm_in_all(u8::MAX, 0)
    }

    /// The straight way: all belts, and the release chute to behind its eye.
    fn way_mm(&self) -> i32 {
        let exits = self.map.eyes.iter().filter(|eye| eye.role == EyeRole::ReleaseExit);
        let chute = exits.map(|eye| self.mm_in_all(eye.segment, eye.at_mm.0).saturating_add(CHUTE_MM)).max();
        self.belts_mm().max(chute.unwrap_or(0)).clamp(1, 1_000_000)
    }

    /// The gate with the segment it stands on.
    fn gate(&self) -> Option<(u8, &Gate)> {
        let (_, eye) = self.map.eye(EyeRole::Diverter)?;
        Some((eye.segment, self.map.gate.as_ref()?))
    }
}

pub fn sheet(map: &LaneMap, of: &str) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.head(&format!("Lane {}: plan", map.name), of);
    let scale = Scale::of(map);
    ruler(&mut sheet, &scale);
    belts(&mut sheet, &scale);
    chutes(&mut sheet, &scale);
    stretches(&mut sheet, &scale);
    eyes(&mut sheet, &scale);
    tables(&mut sheet, &scale);
    let says = format!(
        "Lengths to scale 1 : {} when printed at 100 %; widths are not. Places are measured along the belt, exit eyes along \
         the way the parcel takes.",
        scale.one_to
    );
    sheet.words(Type::Small, Anchor::Start, (MARGIN, HEIGHT - MARGIN), &says);
    sheet
}

/// Every figure of the drawing again, to be checked with a tape measure.
fn tables(sheet: &mut Sheet, scale: &Scale) {
    let segment = |index: u8| scale.map.segments.get(usize::from(index)).map_or("", |one| one.name.as_str()).to_owned();
    let place = |index: u8, at_mm: i32| [at_mm.to_string(), scale.mm_in_all(index, at_mm).to_string()];
    let mut rows = Vec::new();
    for (index, eye) in (0..).zip(&scale.map.eyes) {
        let [here, start] = place(eye.segment, eye.at_mm.0);
        rows.push(vec![format!("EYE{index}"), eye.name.to_string(), word(eye.role), segment(eye.segment), here, start]);
    }
    if let Some((index, gate)) = scale.gate() {
        let [here, start] = place(index, gate.at_mm.0);
        rows.push(vec!["GATE".to_owned(), "gate".to_owned(), "diverter".to_owned(), segment(index), here, start]);
    }
    let columns = [
        ("terminal", 150, Start),
        ("eye", 290, Start),
        ("role", 230, Start),
        ("segment", 270, Start),
        ("mm on it", 180, End),
        ("mm in all", 190, End),
    ];
    sheet.table((MARGIN, TABLE), &columns, &rows);

    let right = WIDTH / 2 + 70;
    let devices: Vec<Vec<String>> = (1..)
        .zip(&scale.map.devices)
        .map(|(number, device)| {
            let (from, to) = (device.from_mm.0, device.to_mm.0);
            let all = format!("{}–{}", scale.mm_in_all(device.segment, from), scale.mm_in_all(device.segment, to));
            vec![
                number.to_string(),
                device.name.to_string(),
                word(device.kind),
                segment(device.segment),
                format!("{from}–{to}"),
                all,
            ]
        })
        .collect();
    let columns = [
        ("", 50, Start),
        ("device", 280, Start),
        ("kind", 150, Start),
        ("segment", 280, Start),
        ("sees mm of it", 260, End),
        ("mm in all", 290, End),
    ];
    sheet.table((right, TABLE), &columns, &devices);

    let segments: Vec<Vec<String>> = (0..)
        .zip(&scale.map.segments)
        .map(|(index, one)| {
            let encoder = if one.encoder { format!("ENC{index}A, ENC{index}B") } else { "none: from time".to_owned() };
            let figures = [one.length_mm.0.to_string(), one.speed_mm_s.to_string(), one.tick_um.to_string()];
            let [length, speed, tick] = figures;
            vec![one.name.to_string(), encoder, length, speed, tick]
        })
        .collect();
    let columns = [
        ("segment", 290, Start),
        ("encoder", 330, Start),
        ("mm long", 230, End),
        ("mm/s", 210, End),
        ("µm a tick", 250, End),
    ];
    sheet.table((right, TABLE + 110 + 44 * devices.len() as i32), &columns, &segments);
}

/// Metres from the start of the lane, and a band for each segment.
fn ruler(sheet: &mut Sheet, scale: &Scale) {
    let way_mm = scale.way_mm();
    let step_mm = if scale.one_to <= 60 { 100 } else { 500 };
    sheet.line("thin", &[(LEFT, RULER), (LEFT + scale.length(way_mm), RULER)]);
    for at_mm in (0..=way_mm).step_by(step_mm) {
        let x = LEFT + scale.length(at_mm);
        let whole = at_mm % 1_000 == 0;
        sheet.line("thin", &[(x, RULER), (x, RULER - if whole { 22 } else { 10 })]);
        if whole {
            sheet.words(Type::Small, Anchor::Middle, (x, RULER - 32), &format!("{} m", at_mm / 1_000));
        }
    }
    for (index, segment) in (0_u8..).zip(&scale.map.segments) {
        let (from, to) = (scale.x(index, 0), scale.x(index, segment.length_mm.0));
        sheet.rectangle("band", (from, BANDS - 34), (to - from, 48));
        for x in [from, to] {
            sheet.line("dash", &[(x, BANDS - 34), (x, BELT + BELT_WIDTH)]);
        }
        let long = format!("{}: {}, {} mm/s", segment.name, segment.length_mm, segment.speed_mm_s);
        let brief = [long.as_str(), segment.name.as_str()];
        let fits = brief.into_iter().find(|text| width(Type::Small, text) < to - from - 10);
        if let Some(text) = fits {
            sheet.words(Type::Small, Anchor::Middle, ((from + to) / 2, BANDS), text);
        }
    }
}

fn belts(sheet: &mut Sheet, scale: &Scale) {
    for (index, segment) in (0_u8..).zip(&scale.map.segments) {
        let (from, to) = (scale.x(index, 0), scale.x(index, segment.length_mm.0));
        sheet.rectangle("belt", (from, BELT), (to - from, BELT_WIDTH));
    }
    // Which way it runs.
    let (x, middle) = (LEFT - 44, BELT + BELT_WIDTH / 2);
    sheet.shape("point", &[(x, middle - 18), (x + 32, middle), (x, middle + 18)]);
}

fn chutes(sheet: &mut Sheet, scale: &Scale) {
    let Some((segment, gate)) = scale.gate() else { return };
    let (top, bottom, x) = (BELT, BELT + BELT_WIDTH, scale.x(segment, gate.at_mm.0));
    let (end, straight) = (LEFT + scale.length(scale.belts_mm()), LEFT + scale.length(scale.way_mm()));
    if straight > end {
        sheet.line("thin", &[(end, top), (straight, top)]);
        sheet.line("thin", &[(end, bottom), (straight, bottom)]);
    }
    sheet.words(Type::Strong, Anchor::Start, (straight + 26, top + 60), "RELEASE");
    sheet.words(Type::Small, Anchor::Start, (straight + 26, top + 94), "only with a permit");

    let way = Chute::of(scale, x);
    let half = BELT_WIDTH / 2;
    for side in [-half, half] {
        sheet.line("thin", &[way.at(way.leaves_belt(side), side), way.at(way.length, side)]);
    }
    let (name_x, name_y) = way.at(way.length, 0);
    sheet.words(Type::Strong, Anchor::Start, (name_x + 90, name_y - 10), "EXAM");
    sheet.words(Type::Small, Anchor::Start, (name_x + 90, name_y + 24), "gate at rest or unpowered");

    // At rest the blade lies across the belt and turns everything into the exam chute.
    sheet.line("ghost", &[(x, top), (x + 150, top)]);
    sheet.line("gate", &[(x, top), (x + BELT_WIDTH + 20, bottom + 10)]);
    sheet.dot("point", (x, top), 9);
    sheet.words(Type::Strong, Anchor::Middle, (x, top - 56), "gate");
    sheet.words(Type::Small, Anchor::Middle, (x, top - 24), &format!("{}, {} ms", gate.at_mm, gate.swing_ms));
}

/// The exam chute: a slanting way that starts at the gate in the middle of the belt.
struct Chute {
    from: (i32, i32),
    length: i32,
    /// In thousandths.
    cosine: i64,
    sine: i64,
}

impl Chute {
    fn of(scale: &Scale, gate_x: i32) -> Self {
        let gate_mm = scale.gate().map_or(0, |(_, gate)| gate.at_mm.0);
        let exits = scale.map.eyes.iter().filter(|eye| eye.role == EyeRole::ExamExit);
        let exit_mm = exits.map(|eye| eye.at_mm.0.saturating_sub(gate_mm)).max().unwrap_or(0).max(CHUTE_MM);
        let length = scale.length(exit_mm.saturating_add(CHUTE_MM)).max(380);
        let middle = BELT + BELT_WIDTH / 2;
        // As steep as there is room on the sheet, at most 45 degrees.
        let sine = (i64::from(CHUTE_BOTTOM - 40 - middle) * 1_000 / i64::from(length)).min(707);
        let cosine = (1_000_000 - sine * sine).isqrt();
        Self { from: (gate_x, middle), length, cosine, sine }
    }

    /// How far along the chute's side it comes out from under the belt.
    fn leaves_belt(&self, aside: i32) -> i32 {
        let down = i64::from(BELT_WIDTH / 2) * 1_000 - i64::from(aside) * self.cosine;
        (down / self.sine.max(1)) as i32
    }

    /// A point so far along the chute and so far to its right.
    fn at(&self, along: i32, aside: i32) -> (i32, i32) {
        let (along, aside) = (i64::from(along), i64::from(aside));
        let x = (along * self.cosine - aside * self.sine) / 1_000;
        let y = (along * self.sine + aside * self.cosine) / 1_000;
        (self.from.0 + x as i32, self.from.1 + y as i32)
    }
}

/// A label with the place it belongs to: a number by which the tables below call it, and a name where there is room.
struct Label {
    x: i32,
    name: String,
    place: String,
}

impl Label {
    fn new(x: i32, number: usize, name: &str, place: String) -> Self {
        Self { x, name: format!("{number} {name}"), place }
    }
    fn width(&self) -> i32 {
        width(Type::Strong, &self.name).max(width(Type::Small, &self.place))
    }
    fn shorten(&mut self) {
        self.name.truncate(self.name.find(' ').unwrap_or(self.name.len()));
    }
}

/// Writes labels in a row as near to their places as there is room, each with a line to its place.
fn row(sheet: &mut Sheet, mut labels: Vec<Label>, y: i32, (near, target): (i32, i32), room: (i32, i32)) {
    labels.sort_by_key(|label| label.x);
    if labels.iter().map(|label| label.width() + APART).sum::<i32>() > room.1 - room.0 {
        labels.iter_mut().for_each(Label::shorten);
    }
    let wanted: Vec<i32> = labels.iter().map(|label| label.x).collect();
    let widths: Vec<i32> = labels.iter().map(Label::width).collect();
    for (label, x) in labels.iter().zip(spread(&wanted, &widths, room)) {
        sheet.words(Type::Strong, Anchor::Middle, (x, y), &label.name);
        sheet.words(Type::Small, Anchor::Middle, (x, y + 32), &label.place);
        sheet.line("thin", &[(x, near), (label.x, near + (target - near) / 2), (label.x, target)]);
    }
}

/// What the devices see of the belt.
fn stretches(sheet: &mut Sheet, scale: &Scale) {
    let mut labels = Vec::new();
    for (number, Device { name, segment, from_mm, to_mm, .. }) in (1..).zip(&scale.map.devices) {
        let (from, to) = (scale.x(*segment, from_mm.0), scale.x(*segment, to_mm.0));
        sheet.rectangle("see", (from, BELT - 14), ((to - from).max(6), BELT_WIDTH + 28));
        let place = format!("{}–{} mm", from_mm.0, to_mm.0);
        labels.push(Label::new((from + to) / 2, number, name, place));
    }
    let gate = scale.gate().map_or(RIGHT, |(segment, gate)| scale.x(segment, gate.at_mm.0));
    let room = (LEFT - 40, gate - 90);
    row(sheet, labels, ABOVE, (ABOVE + 44, BELT - 14), room);
}

fn eyes(sheet: &mut Sheet, scale: &Scale) {
    let gate = scale.gate().map(|(segment, gate)| scale.x(segment, gate.at_mm.0));
    let (mut below, mut beyond) = (Vec::new(), Vec::new());
    let from = gate.unwrap_or(RIGHT + 200);
    // Labels below the belt end where the exam chute and its eye's label begin.
    let mut kept = from - 20;
    for (index, eye) in (0..).zip(&scale.map.eyes) {
        if eye.role == EyeRole::ExamExit {
            kept = kept.min(exam_exit(sheet, scale, index, eye));
            continue;
        }
        let x = scale.x(eye.segment, eye.at_mm.0);
        sheet.line("beam", &[(x, BELT - 26), (x, BELT + BELT_WIDTH + 26)]);
        let behind = gate.is_some_and(|gate| x >= gate);
        let label = Label::new(x, index, &eye.name, eye.at_mm.to_string());
        if behind { &mut beyond } else { &mut below }.push(label);
    }
    let bottom = BELT + BELT_WIDTH + 26;
    row(sheet, below, BELOW, (BELOW - 40, bottom), (LEFT - 40, kept));
    row(sheet, beyond, ABOVE, (ABOVE + 44, BELT - 26), (from + 100, WIDTH - MARGIN));
}

/// Draws the eye in the exam chute; gives where its label begins.
fn exam_exit(sheet: &mut Sheet, scale: &Scale, index: usize, eye: &Eye) -> i32 {
    let Some((segment, gate)) = scale.gate() else { return RIGHT };
    let way = Chute::of(scale, scale.x(segment, gate.at_mm.0));
    let along = scale.length(eye.at_mm.0.saturating_sub(gate.at_mm.0));
    let half = BELT_WIDTH / 2 + 26;
    sheet.line("beam", &[way.at(along, -half), way.at(along, half)]);
    let (x, y) = way.at(along, half);
    let label = Label::new(x, index, &eye.name, eye.at_mm.to_string());
    sheet.words(Type::Strong, Anchor::End, (x - 12, y + 22), &label.name);
    sheet.words(Type::Small, Anchor::End, (x - 12, y + 54), &label.place);
    x - 12 - label.width() - APART
}
