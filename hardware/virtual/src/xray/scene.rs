//! A parcel with a truth: wrapping, goods and targets in their places, and what it weighs.
//!
//! It stands alone so that one description serves image, scale and eyes: the length an eye measures, the grams a scale
//! reads and the outlines a detector is judged by come from the same solids. It refuses to know a scanner.

use std::ops::Range;

use super::goods;
use super::physics::Material as M;
use super::random::{Random, mix};
use super::shape::{Assembly, Pose, Shape};
use super::targets::{self, Class, Designs, Made};

/// What a parcel is packed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParcelKind {
    /// Corrugated carton.
    Box,
    /// Paper envelope lined with bubbles.
    PaddedBag,
    /// Thin plastic bag.
    PolyBag,
    /// Paper envelope.
    Letter,
    /// Round cardboard tube.
    Tube,
}

impl ParcelKind {
    /// Every kind.
    pub const ALL: [ParcelKind; 5] =
        [ParcelKind::Box, ParcelKind::PaddedBag, ParcelKind::PolyBag, ParcelKind::Letter, ParcelKind::Tube];

    /// Its name in labels.
    pub fn name(self) -> &'static str {
        match self {
            ParcelKind::Box => "box",
            ParcelKind::PaddedBag => "padded_bag",
            ParcelKind::PolyBag => "poly_bag",
            ParcelKind::Letter => "letter",
            ParcelKind::Tube => "tube",
        }
    }

    /// Usual least and greatest inside sizes: across, along, high.
    fn sizes(self) -> ([f32; 3], [f32; 3]) {
        match self {
            ParcelKind::Box => ([120.0, 150.0, 60.0], [400.0, 450.0, 280.0]),
            ParcelKind::PaddedBag => ([150.0, 200.0, 18.0], [260.0, 360.0, 55.0]),
            ParcelKind::PolyBag => ([180.0, 220.0, 20.0], [350.0, 420.0, 95.0]),
            ParcelKind::Letter => ([110.0, 160.0, 3.0], [230.0, 325.0, 20.0]),
            ParcelKind::Tube => ([60.0, 280.0, 60.0], [110.0, 500.0, 110.0]),
        }
    }
}

/// What a scene shall be; everything left open is drawn from the seed.
#[derive(Clone, Debug)]
pub struct ScenePlan {
    /// Packing, or any. A target that cannot fit is packed in a box instead.
    pub kind: Option<ParcelKind>,
    /// Targets to hide; empty for a clean parcel.
    pub targets: Vec<Class>,
    /// Which target designs may be drawn.
    pub designs: Designs,
    /// Greatest outside size: across, along, high, millimetres (at least 150 × 200 × 25).
    pub size_mm_max: [u32; 3],
}

impl Default for ScenePlan {
    fn default() -> Self {
        ScenePlan { kind: None, targets: Vec::new(), designs: Designs::Training, size_mm_max: [450, 560, 320] }
    }
}

/// A target in a scene.
#[derive(Clone, Debug)]
pub struct Target {
    /// What it is.
    pub class: Class,
    /// Name of its design.
    pub design: &'static str,
    /// x0, y0, x1, y1 seen from above, from the parcel's front left corner, millimetres.
    pub box_mm: [u32; 4],
    /// Its parts among `Scene::contents`.
    pub(super) parts: Range<usize>,
}

/// A parcel on the belt: x across it (0 is the middle), y along it, z up from it.
#[derive(Clone, Debug)]
pub struct Scene {
    /// How it is packed.
    pub kind: ParcelKind,
    /// Size along the belt, as an eye measures it.
    pub length_mm: u32,
    /// Size across the belt.
    pub width_mm: u32,
    /// Height.
    pub height_mm: u32,
    /// What a scale reads.
    pub mass_g: u32,
    /// What should be found.
    pub targets: Vec<Target>,
    pub(super) wrapping: Assembly,
    pub(super) contents: Assembly,
}

/// Inside room, with how high things already stand on a 10 mm grid.
struct Room {
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

impl Scene {
    /// A scene that follows the plan; the same seed and plan make the same scene.
    pub fn random(seed: u64, plan: &ScenePlan) -> Scene {
        let mut random = Random::new(mix(seed ^ 0x5CE4));
        let drawn: Vec<(&'static str, Made)> =
            plan.targets.iter().map(|&class| fitting_target(&mut random, class, plan)).collect();
        let mut kind = plan.kind.unwrap_or_else(|| random.choose(&KIND_SHARES));
        let needed = drawn.iter().fold([0.0f32; 3], |needed, (_, made)| {
            let (low, high) = made.assembly.bounds();
            [0, 1, 2].map(|axis| needed[axis].max(high[axis] - low[axis] + 4.0))
        });
        let most = kind.sizes().1;
        if (0..3).any(|axis| needed[axis] > most[axis]) {
            kind = ParcelKind::Box;
        }
        let room = room_size(&mut random, kind, needed, plan);
        let mut wrapping = wrap(&mut random, kind, room);
        let (contents, marks) = pack(&mut random, kind, room, drawn);
        let turn = turned_to_fit(&mut random, &wrapping, plan);
        let mut turned = Assembly::default();
        turned.place(&wrapping, &turn);
        wrapping = turned;
        let mut scene_contents = Assembly::default();
        scene_contents.place(&contents, &turn);
        finish(kind, wrapping, scene_contents, marks)
    }
}

/// Shares of packings in the mail stream, as a list to draw from.
const KIND_SHARES: [ParcelKind; 10] = [
    ParcelKind::Box,
    ParcelKind::Box,
    ParcelKind::Box,
    ParcelKind::Box,
    ParcelKind::PolyBag,
    ParcelKind::PolyBag,
    ParcelKind::PaddedBag,
    ParcelKind::PaddedBag,
    ParcelKind::Letter,
    ParcelKind::Tube,
];

/// Thickest wrapping on one side, millimetres; the outside is at most twice this larger than the room.
const WRAP_MM: f32 = 6.0;

fn inside_limit(plan: &ScenePlan) -> [f32; 3] {
    let least = [150, 200, 25];
    [0, 1, 2].map(|axis| plan.size_mm_max[axis].max(least[axis]) as f32 - 2.0 * WRAP_MM - 1.0)
}

/// A target turned as it may lie, of a size the plan allows; the smallest of twelve tries where none is.
fn fitting_target(random: &mut Random, class: Class, plan: &ScenePlan) -> (&'static str, Made) {
    let limit = inside_limit(plan);
    let mut best: Option<(f32, (&'static str, Made))> = None;
    for _ in 0..12 {
        let (name, made) = targets::make(class, plan.designs, random);
        let yaw = random.range(0.0, std::f32::consts::TAU);
        let turn = match random.count(0, 9) {
            0..=5 => Pose::turned(yaw, random.range(-0.15, 0.15), random.range(-0.15, 0.15)),
            6 | 7 => Pose::turned(yaw, random.range(-0.7, 0.7), random.range(-0.7, 0.7)),
            8 => Pose::turned(yaw, std::f32::consts::FRAC_PI_2, 0.0),
            _ => Pose::turned(yaw, 0.0, std::f32::consts::FRAC_PI_2),
        };
        let mut assembly = Assembly::default();
        assembly.place(&made.assembly, &turn);
        let (low, high) = assembly.bounds();
        let excess = (0..3).map(|axis| high[axis] - low[axis] + 5.0 - limit[axis]).fold(f32::MIN, f32::max);
        let drawn = (name, Made { assembly, marks: made.marks });
        if excess <= 0.0 {
            return drawn;
        }
        if best.as_ref().is_none_or(|(least, _)| excess < *least) {
            best = Some((excess, drawn));
        }
    }
    best.map_or_else(|| targets::make(class, plan.designs, random), |(_, drawn)| drawn)
}

fn room_size(random: &mut Random, kind: ParcelKind, needed: [f32; 3], plan: &ScenePlan) -> [f32; 3] {
    let limit = inside_limit(plan);
    let (least, most) = kind.sizes();
    let mut size = [0, 1, 2].map(|axis| {
        let share = random.unit();
        (least[axis] + (most[axis] - least[axis]) * share * share.sqrt()).max(needed[axis]).min(limit[axis])
    });
    if kind == ParcelKind::Tube {
        let across = size[0].max(size[2]).min(limit[0]).min(limit[2]);
        size = [across, size[1], across];
    }
    size
}

fn wrap(random: &mut Random, kind: ParcelKind, room: [f32; 3]) -> Assembly {
    let mut made = Assembly::default();
    let shell = |made: &mut Assembly, wall: f32, material: M, fill: f32| {
        let z = room[2] * 0.5;
        made.block(room.map(|s| s + 2.0 * wall), material, fill, Pose::at(0.0, 0.0, z));
        made.block(room, material, -fill, Pose::at(0.0, 0.0, z));
    };
    match kind {
        ParcelKind::Box => {
            let wall = random.range(2.5, 6.0);
            shell(&mut made, wall, M::Cellulose, random.range(0.09, 0.16));
            let tape = [48.0, room[1] + 2.0 * wall, 0.12];
            made.block(tape, M::Polyethylene, 1.0, Pose::at(0.0, 0.0, room[2]));
            // The flaps lie double along the middle.
            made.block([room[0], room[1] * 0.5, 2.5], M::Cellulose, 0.1, Pose::at(0.0, room[1] * 0.25, 1.5));
        }
        ParcelKind::PaddedBag => {
            shell(&mut made, 3.0, M::Polyethylene, random.range(0.02, 0.05));
            shell(&mut made, 0.3, M::Cellulose, 0.6);
        }
        ParcelKind::PolyBag => shell(&mut made, 0.15, M::Polyethylene, 1.0),
        ParcelKind::Letter => shell(&mut made, 0.2, M::Cellulose, 0.55),
        ParcelKind::Tube => {
            let (r, half) = (room[0] * 0.5, room[1] * 0.5);
            let wall = random.range(2.0, 4.0);
            let pose = Pose::between([0.0, -half, r], [0.0, half, r]);
            made.add(Shape::Cylinder(r + wall, half), M::Cellulose, 0.45, pose);
            made.add(Shape::Cylinder(r, half), M::Cellulose, -0.45, pose);
            for y in [-half + 3.0, half - 3.0] {
                made.bar([0.0, y - 1.5, r], [0.0, y + 1.5, r], r, M::Polyethylene, 0.9);
            }
        }
    }
    let label = [100.0f32.min(room[0]), 150.0f32.min(room[1]), 0.2];
    made.block(label, M::Cellulose, 0.7, Pose::at(0.0, 0.0, room[2]));
    made
}

type Marks = Vec<(Class, &'static str, Range<usize>)>;

fn pack(random: &mut Random, kind: ParcelKind, size: [f32; 3], drawn: Vec<(&'static str, Made)>) -> (Assembly, Marks) {
    let mut contents = Assembly::default();
    let mut marks = Marks::new();
    let mut room = Room::new(size);
    if kind != ParcelKind::Letter && random.chance(0.6) {
        contents.place(&goods::padding(random, size), &Pose::at(0.0, 0.0, size[2] * 0.5));
    }
    let litres = size[0] * size[1] * size[2] * 1e-6;
    let wanted = random.count(1, 3 + (litres * 1.2).min(9.0) as usize);
    let before = if drawn.is_empty() { wanted } else { random.count(0, wanted) };
    fill(random, &mut contents, &mut room, before);
    for (name, made) in drawn {
        let bounds = made.assembly.bounds();
        // Where goods leave no room they give way: the target lies on the floor, through soft goods.
        let shift = room.place(random, bounds).unwrap_or_else(|| {
            let (low, high) = bounds;
            [0, 1, 2].map(|axis| if axis == 2 { -low[2] } else { -(low[axis] + high[axis]) * 0.5 })
        });
        let first = contents.parts.len();
        contents.place(&made.assembly, &Pose::at(shift[0], shift[1], shift[2]));
        marks.extend(made.marks.into_iter().map(|(class, r)| (class, name, first + r.start..first + r.end)));
    }
    fill(random, &mut contents, &mut room, wanted - before);
    (contents, marks)
}

fn fill(random: &mut Random, contents: &mut Assembly, room: &mut Room, wanted: usize) {
    let mut placed = 0;
    for _ in 0..wanted * 4 {
        if placed == wanted {
            break;
        }
        let good = goods::any(random, room.size[2]);
        let turn = match random.count(0, 5) {
            0 => Pose::turned(random.range(0.0, 6.3), std::f32::consts::FRAC_PI_2, 0.0),
            1 => Pose::turned(random.range(0.0, 6.3), random.range(-0.5, 0.5), random.range(-0.5, 0.5)),
            _ => Pose::turned(random.range(0.0, 6.3), 0.0, 0.0),
        };
        let mut turned = Assembly::default();
        turned.place(&good, &turn);
        if let Some(shift) = room.place(random, turned.bounds()) {
            contents.place(&turned, &Pose::at(shift[0], shift[1], shift[2]));
            placed += 1;
        }
    }
}

/// How the parcel lies on the belt: a little askew or across, within the plan, somewhere off the middle.
fn turned_to_fit(random: &mut Random, wrapping: &Assembly, plan: &ScenePlan) -> Pose {
    let limit = [0, 1].map(|axis| plan.size_mm_max[axis] as f32);
    for _ in 0..6 {
        let yaw = if random.chance(0.7) { random.range(-0.2, 0.2) } else { random.range(-1.6, 1.6) };
        let turn = Pose::turned(yaw, 0.0, 0.0);
        let mut turned = Assembly::default();
        turned.place(wrapping, &turn);
        let (low, high) = turned.bounds();
        if (0..2).all(|axis| high[axis] - low[axis] <= limit[axis]) {
            let off = random.range(-0.5, 0.5) * (limit[0] - (high[0] - low[0])).min(120.0);
            return turn.moved(off, 0.0, -low[2]);
        }
    }
    Pose::at(0.0, 0.0, -wrapping.bounds().0[2])
}

fn finish(kind: ParcelKind, wrapping: Assembly, contents: Assembly, marks: Marks) -> Scene {
    let (low, high) = wrapping.bounds();
    let targets = marks
        .into_iter()
        .map(|(class, design, parts)| {
            let own = Assembly { parts: contents.parts[parts.clone()].to_vec() };
            let (from, to) = own.bounds();
            let mm = |value: f32, axis: usize| (value - low[axis]).max(0.0).round() as u32;
            Target { class, design, box_mm: [mm(from[0], 0), mm(from[1], 1), mm(to[0], 0), mm(to[1], 1)], parts }
        })
        .collect();
    Scene {
        kind,
        length_mm: (high[1] - low[1]).round() as u32,
        width_mm: (high[0] - low[0]).round() as u32,
        height_mm: (high[2] - low[2]).round() as u32,
        mass_g: (wrapping.mass_g() + contents.mass_g()).max(1.0).round() as u32,
        targets,
        wrapping,
        contents,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_means_the_same_scene_and_limits_hold() {
        for seed in 0..60 {
            let class = Class::ALL[seed as usize % Class::ALL.len()];
            let targets = if seed % 2 == 0 { vec![class] } else { Vec::new() };
            let plan = ScenePlan { targets, size_mm_max: [400, 400, 250], ..ScenePlan::default() };
            let (scene, again) = (Scene::random(seed, &plan), Scene::random(seed, &plan));
            assert_eq!(format!("{scene:?}"), format!("{again:?}"));
            assert!(scene.length_mm <= 400 && scene.width_mm <= 400 && scene.height_mm <= 250, "{scene:?}");
            assert_eq!(scene.targets.iter().any(|t| t.class == class), seed % 2 == 0);
            assert!(scene.mass_g < 31_500, "{} g", scene.mass_g);
        }
    }
}
