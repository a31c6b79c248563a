//! The second sheet: every terminal of the controller and what this lane has on it, with both meanings of its wire.
//!
//! What a lane leaves open is listed too: an open terminal that should not be one is the commonest fault there is.

use gatepost_hardware::lane::LaneMap;

use super::paper::{Anchor, HEIGHT, MARGIN, Sheet, Type, WIDTH};
use super::terminals::{Board, Connection, Direction, connections, open};

/// The controller in the middle of the sheet.
const BLOCK: (i32, i32) = (1_190, 1_780);
const TOP: i32 = 250;
/// Between two terminals, where there is room for it; and for all rows together.
const PITCH: i32 = 92;
const ROWS: i32 = 1_550;
/// Boxes of what stands at the lane.
const DEVICE: i32 = 520;
/// The isolation between lane and controller, on the wire.
const BARRIER: i32 = 80;

/// On which side of the controller a terminal is drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

pub fn sheet(map: &LaneMap, board: Option<&Board>, of: &str) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.head(&format!("Lane {}: controller terminals", map.name), of);
    let all = connections(map, board);
    let counted = |one: &&Connection| one.terminal.starts_with("EYE") || one.terminal.starts_with("ENC");
    let (left, right): (Vec<&Connection>, Vec<&Connection>) = all.iter().partition(counted);
    let rows = left.len().max(right.len()) as i32;
    let pitch = (ROWS / rows.max(1)).min(PITCH);
    let bottom = TOP + pitch * rows;
    sheet.rectangle("block", (BLOCK.0, TOP - 50), (BLOCK.1 - BLOCK.0, bottom - TOP + 50));
    let title = board.map_or_else(|| "controller".to_owned(), |board| format!("controller, pins of {}", board.name));
    sheet.words(Type::Small, Anchor::Middle, ((BLOCK.0 + BLOCK.1) / 2, TOP - 66), &title);
    for (side, connections) in [(Side::Left, left), (Side::Right, right)] {
        for (connection, y) in connections.into_iter().zip((TOP + 20..).step_by(pitch as usize)) {
            terminal(&mut sheet, side, connection, board, y);
        }
    }
    foot(&mut sheet, &open(map, board), bottom);
    sheet
}

/// One terminal: its name on the controller, the wire with both its meanings, the isolation, and what is at its other end.
fn terminal(sheet: &mut Sheet, side: Side, connection: &Connection, board: Option<&Board>, y: i32) {
    let (edge, inward, outer, into) = match side {
        Side::Left => (BLOCK.0, 1, MARGIN, Anchor::Start),
        Side::Right => (BLOCK.1, -1, WIDTH - MARGIN - DEVICE, Anchor::End),
    };
    let x = edge + 24 * inward;
    if let Some(pin) = board.and_then(|board| board.pins.get(&connection.terminal)) {
        sheet.words(Type::Strong, into, (x, y - 4), &connection.terminal);
        sheet.words(Type::Small, into, (x, y + 26), pin);
    } else {
        sheet.words(Type::Strong, into, (x, y + 10), &connection.terminal);
    }
    // The device's box and the wire to it.
    sheet.rectangle("box", (outer, y - 38), (DEVICE, 76));
    sheet.words(Type::Strong, Anchor::Start, (outer + 16, y - 6), &connection.device);
    sheet.words(Type::Small, Anchor::Start, (outer + 16, y + 26), &connection.detail);
    sheet.words(Type::Small, Anchor::End, (outer + DEVICE - 14, y - 6), &connection.cable);
    let device = if side == Side::Left { outer + DEVICE } else { outer };
    let class = if connection.direction == Direction::Input { "wire" } else { "out" };
    sheet.line(class, &[(edge, y), (device, y)]);
    barrier(sheet, connection.direction, edge - 120 * inward, y, side);
    let start = device.min(edge - 120 * inward + BARRIER / 2) + if side == Side::Left { 18 } else { 12 };
    sheet.words(Type::Small, Anchor::Start, (start, y - 12), &format!("24 V: {}", connection.high));
    sheet.words(Type::Small, Anchor::Start, (start, y + 30), &format!("0 V, cut: {}", connection.low));
}

/// An isolated receiver or an isolated high-side switch; its point shows which way the signal goes.
fn barrier(sheet: &mut Sheet, direction: Direction, middle: i32, y: i32, side: Side) {
    let half = BARRIER / 2;
    sheet.rectangle("box", (middle - half, y - 26), (BARRIER, 52));
    sheet.line("dash", &[(middle, y - 26), (middle, y + 26)]);
    let to_the_right = (side == Side::Left) == (direction == Direction::Input);
    let ahead = if to_the_right { 14 } else { -14 };
    sheet.shape("point", &[(middle - ahead, y - 12), (middle + ahead, y), (middle - ahead, y + 12)]);
}

fn foot(sheet: &mut Sheet, open: &[String], bottom: i32) {
    let room = WIDTH - 2 * MARGIN;
    let mut y = (bottom + 60).max(HEIGHT - 220);
    if !open.is_empty() {
        y = sheet.paragraph(Type::Small, (MARGIN, y), room, &format!("Left open on this lane: {}.", open.join(", ")));
    }
    y = sheet.paragraph(
        Type::Small,
        (MARGIN, y),
        room,
        "24 V on a wire is the state in which the lane may run; 0 V, or a cut wire, is the safe state. RESET is the one make \
         contact: cut, it never starts anything. The box on each wire is its isolation (hardware/wiring: 24 V side and 3.3 V \
         side share no conductor).",
    );
    sheet.paragraph(
        Type::Small,
        (MARGIN, y),
        room,
        "Gatepost is not the safety system: e-stop, guards and X-ray interlocks act by wire alone (next sheet); the controller \
         only reads them.",
    );
}
