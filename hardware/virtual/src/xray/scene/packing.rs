//! Things into a parcel: where there is room, on top of one another, goods before and after targets.
//!
//! It stands alone because it is geometry: it knows neither wrapping nor what is a target of what class.

use std::ops::Range;

use super::super::random::Random;
use super::super::shape::{Assembly, Pose};
use super::super::targets::{Class, Designs, Made};
use super::super::{goods, lookalikes};
use super::ParcelKind;

/// Where ordinary things come from; one in eight is a look-alike.
pub(super) struct Goods {
    /// Which look-alikes may come.
    pub designs: Designs,
    /// Those that were packed.
    pub lookalikes: Vec<&'static str>,
    /// All things packed.
    pub packed: usize,
}

impl Goods {
    fn draw(&self, random: &mut Random, height_mm: f32) -> (Option<&'static str>, Assembly) {
        if random.chance(0.12) {
            let (name, thing) = lookalikes::any(random, None, self.designs);
            (Some(name), thing)
        } else {
            (None, goods::any(random, height_mm))
        }
    }
}

/// A thing that must go in: a target or a look-alike.
pub(super) struct Drawn {
    pub name: &'static str,
    /// What was put round it.
    pub hidden_in: Option<&'static str>,
    pub made: Made,
}

impl Drawn {
    /// Across, along, high.
    pub fn size(&self) -> [f32; 3] {
        let (low, high) = self.made.assembly.bounds();
        [0, 1, 2].map(|axis| high[axis] - low[axis])
    }
}

/// A target among the contents.
pub(super) struct Mark {
    pub class: Class,
    pub design: &'static str,
    pub hidden_in: Option<&'static str>,
    /// Its parts.
    pub parts: Range<usize>,
}

/// Contents of a parcel: the given things in their places among goods, and which parts are targets. `goods` is where
/// ordinary things come from, and keeps the names of look-alikes among them.
pub(super) fn pack(
    random: &mut Random,
    kind: ParcelKind,
    size: [f32; 3],
    drawn: Vec<Drawn>,
    goods: &mut Goods,
) -> (Assembly, Vec<Mark>) {
    let mut contents = Assembly::default();
    let mut marks = Vec::new();
    let mut room = Room::new(size);
    if kind != ParcelKind::Letter && random.chance(0.6) {
        contents.place(&goods::padding(random, size), &Pose::at(0.0, 0.0, size[2] * 0.5));
    }
    let litres = size[0] * size[1] * size[2] * 1e-6;
    let most = 3.0 + (litres * 1.2).min(9.0);
    // Most senders pack few things, some fill the box.
    let wanted = (1.0 + most * random.unit() * random.unit()).round() as usize;
    let before = if drawn.is_empty() { wanted } else { random.count(0, wanted / 2) };
    fill(random, &mut contents, &mut room, before, goods);
    for Drawn { name, hidden_in, made } in drawn {
        let bounds = made.assembly.bounds();
        let shift = match room.place(random, bounds) {
            Some(shift) => shift,
            None if made.marks.is_empty() => continue,
            // Where goods leave no room they give way: the target lies on the floor, through soft goods.
            None => {
                let (low, high) = bounds;
                [0, 1, 2].map(|axis| if axis == 2 { -low[2] } else { -(low[axis] + high[axis]) * 0.5 })
            }
        };
        let first = contents.parts.len();
        contents.place(&made.assembly, &Pose::at(shift[0], shift[1], shift[2]));
        goods.packed += 1;
        marks.extend(made.marks.into_iter().map(|(class, range)| {
            let parts = first + range.start..first + range.end;
            Mark { class, design: name, hidden_in, parts }
        }));
    }
    fill(random, &mut contents, &mut room, wanted - before, goods);
    (contents, marks)
}

fn fill(random: &mut Random, contents: &mut Assembly, room: &mut Room, wanted: usize, goods: &mut Goods) {
    let mut placed = 0;
    for _ in 0..wanted * 4 {
        if placed == wanted {
            break;
        }
        let (name, good) = goods.draw(random, room.size[2]);
        let turn = match random.count(0, 5) {
            0 => Pose::turned(random.range(0.0, 6.3), std::f32::consts::FRAC_PI_2, 0.0),
            1 => Pose::turned(random.range(0.0, 6.3), random.range(-0.5, 0.5), random.range(-0.5, 0.5)),
            _ => Pose::turned(random.range(0.0, 6.3), 0.0, 0.0),
        };
        let mut turned = Assembly::default();
        turned.place(&good, &turn);
        if let Some(shift) = room.place(random, turned.bounds()) {
            contents.place(&turned, &Pose::at(shift[0], shift[1], shift[2]));
            goods.lookalikes.extend(name);
            goods.packed += 1;
            placed += 1;
        }
    }
}

/// Inside room, with how high things already stand on a 10 mm grid.
pub(super) struct Room {
    size: [f32; 3],
    cells: [usize; 2],
    heights: Vec<f32>,
}

const CELL_MM: f32 = 10.0;

impl Room {
    fn new(size: [f32; 3]) -> Room {
        let cells = [0, 1].map(|axis| (size[axis] / CELL_MM).ceil().max(1.0) as usize);
        Room { size, cells, heights: vec![0.0; cells[0] * cells[1]] }
    }

    fn under(&self, low: [f32; 2], high: [f32; 2]) -> Vec<usize> {
        let index = |mm: f32, axis: usize| {
            (((mm + self.size[axis] * 0.5) / CELL_MM).max(0.0) as usize).min(self.cells[axis] - 1)
        };
        let mut found = Vec::new();
        for y in index(low[1], 1)..=index(high[1], 1) {
            for x in index(low[0], 0)..=index(high[0], 0) {
                found.push(y * self.cells[0] + x);
            }
        }
        found
    }

    /// A place for a thing of these bounds, the lowest of a few tries; `None` where it does not fit.
    fn place(&mut self, random: &mut Random, bounds: ([f32; 3], [f32; 3])) -> Option<[f32; 3]> {
        let (low, high) = bounds;
        let size = [0, 1, 2].map(|axis| high[axis] - low[axis]);
        let slack = [0, 1].map(|axis| self.size[axis] - size[axis]);
        if slack[0] < 0.0 || slack[1] < 0.0 {
            return None;
        }
        let mut best: Option<([f32; 3], Vec<usize>)> = None;
        for _ in 0..5 {
            let corner = [0, 1].map(|axis| random.range(0.0, slack[axis]) - self.size[axis] * 0.5);
            let cells = self.under(corner, [corner[0] + size[0], corner[1] + size[1]]);
            let floor = cells.iter().map(|&cell| self.heights[cell]).fold(0.0, f32::max);
            if floor + size[2] <= self.size[2] && best.as_ref().is_none_or(|(shift, _)| floor < shift[2] + low[2]) {
                best = Some(([corner[0] - low[0], corner[1] - low[1], floor - low[2]], cells));
            }
        }
        let (shift, cells) = best?;
        for cell in cells {
            self.heights[cell] = shift[2] + high[2];
        }
        Some(shift)
    }
}
