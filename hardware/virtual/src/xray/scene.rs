//! A parcel with a truth: wrapping, goods and targets in their places, and what it weighs.
//!
//! It stands alone so that one description serves image, scale and eyes: the length an eye measures, the grams a scale
//! reads and the outlines a detector is judged by come from the same solids. It refuses to know a scanner.

use std::ops::Range;

mod packing;
mod wrapping;

use super::random::{Random, mix};
use super::shape::{Assembly, Pose, Vector};
use super::targets::{self, Class, Designs, Made};
use super::{concealments, goods, lookalikes};
use packing::{Drawn, Goods, Mark};

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

/// What targets are hidden in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Hiding {
    /// Something ordinary round this share of them, 0 to 1.
    Ordinary(f32),
    /// A closed box that X-rays do not pass round every one; the box is an [`Class::Opaque`] target itself.
    Shield,
}

/// What a scene shall be; everything left open is drawn from the seed.
#[derive(Clone, Debug)]
pub struct ScenePlan {
    /// Packing, or any. A target that cannot fit is packed in a box instead.
    pub kind: Option<ParcelKind>,
    /// Targets to hide; empty for a clean parcel.
    pub targets: Vec<Class>,
    /// Classes that something harmless in it shall resemble.
    pub lookalikes: Vec<Class>,
    /// Classes in whose place something harmless shall lie: the parcel is as large, and as full, as if it held them. Without
    /// this a clean parcel is a smaller, emptier one, and easily told.
    pub instead_of: Vec<Class>,
    /// Which target designs may be drawn.
    pub designs: Designs,
    /// What is put round targets.
    pub hiding: Hiding,
    /// Greatest outside size: across, along, high, millimetres (at least 150 × 200 × 25).
    pub size_mm_max: [u32; 3],
}

impl Default for ScenePlan {
    fn default() -> Self {
        ScenePlan {
            kind: None,
            targets: Vec::new(),
            lookalikes: Vec::new(),
            instead_of: Vec::new(),
            designs: Designs::Training,
            hiding: Hiding::Ordinary(0.3),
            size_mm_max: [450, 560, 320],
        }
    }
}

/// A target in a scene.
#[derive(Clone, Debug)]
pub struct Target {
    /// What it is.
    pub class: Class,
    /// Name of its design.
    pub design: &'static str,
    /// What was put round it.
    pub hidden_in: Option<&'static str>,
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
    /// Names of the harmless things in it that resemble a target.
    pub lookalikes: Vec<&'static str>,
    /// How many things were packed, targets and look-alikes among them.
    pub things: usize,
    pub(super) wrapping: Assembly,
    pub(super) contents: Assembly,
}

impl Scene {
    /// A scene that follows the plan; the same seed and plan make the same scene.
    pub fn random(seed: u64, plan: &ScenePlan) -> Scene {
        let mut random = Random::new(mix(seed ^ 0x5CE4));
        let mut kind = plan.kind.unwrap_or_else(|| random.choose(&KIND_SHARES));
        let mut goods = Goods { designs: plan.designs, lookalikes: Vec::new(), packed: 0 };
        let target = |random: &mut Random, class| {
            fitting(random, plan, kind, Lies::of(class), |random| targets::make(class, plan.designs, random))
        };
        let mut drawn: Vec<Drawn> = plan.targets.iter().map(|&class| target(&mut random, class)).collect();
        let mut sizes: Vec<[f32; 3]> = drawn.iter().map(Drawn::size).collect();
        for &class in &plan.instead_of {
            sizes.push(target(&mut random, class).size());
            let resembling = if random.chance(0.5) { Some(class) } else { None };
            drawn.push(harmless(&mut random, plan, kind, resembling, &mut goods));
        }
        for &class in &plan.lookalikes {
            drawn.push(harmless(&mut random, plan, kind, Some(class), &mut goods));
        }
        sizes.extend(drawn.iter().skip(plan.targets.len()).map(Drawn::size));
        // Beside one another along the parcel, as far as it can be so long.
        let needed = sizes.iter().fold([0.0f32; 3], |needed, size| {
            [needed[0].max(size[0] + 4.0), needed[1] + size[1] + 4.0, needed[2].max(size[2] + 4.0)]
        });
        let most = kind.sizes().1;
        if sizes.iter().any(|size| (0..3).any(|axis| size[axis] + 4.0 > most[axis])) {
            kind = ParcelKind::Box;
        }
        let room = room_size(&mut random, kind, needed, plan);
        let mut wrapping = wrapping::wrap(&mut random, kind, room);
        let (contents, marks) = packing::pack(&mut random, kind, room, drawn, &mut goods);
        let turn = turned_to_fit(&mut random, &wrapping, plan);
        let mut turned = Assembly::default();
        turned.place(&wrapping, &turn);
        wrapping = turned;
        let mut scene_contents = Assembly::default();
        scene_contents.place(&contents, &turn);
        finish(kind, wrapping, scene_contents, marks, goods)
    }

    /// The same parcel with one target more, exactly where the pose puts it in the scene's frame, through whatever lies there:
    /// what a projection of the same target is measured against.
    pub fn with_target(&self, class: Class, design: &'static str, thing: &Assembly, pose: &Pose) -> Scene {
        let mut scene = self.clone();
        let first = scene.contents.parts.len();
        scene.contents.place(thing, pose);
        let ((low, _), (from, to)) = (self.bounds(), thing.posed(pose).bounds());
        let mm = |value: f32, axis: usize| (value - low[axis]).max(0.0).round() as u32;
        let box_mm = [mm(from[0], 0), mm(from[1], 1), mm(to[0], 0), mm(to[1], 1)];
        let parts = first..scene.contents.parts.len();
        scene.targets.push(Target { class, design, hidden_in: None, box_mm, parts });
        scene.mass_g += thing.mass_g().max(0.0).round() as u32;
        scene.things += 1;
        scene
    }

    /// Its frame alone: a picture of it has the same size and place, and shows nothing.
    pub fn emptied(&self) -> Scene {
        let mut scene = Scene { targets: Vec::new(), contents: Assembly::default(), ..self.clone() };
        scene.wrapping.parts.iter_mut().for_each(|part| part.fill *= 1e-6);
        scene
    }

    /// The box round the wrapping: its lowest and its highest corner.
    pub fn bounds(&self) -> (Vector, Vector) {
        self.wrapping.bounds()
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

/// How a thing may lie.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lies {
    /// Anyhow, flat as a rule.
    Anyhow,
    /// As it was made: a liquid's level stays level.
    AsMade,
}

impl Lies {
    fn of(class: Class) -> Lies {
        if class == Class::Liquid { Lies::AsMade } else { Lies::Anyhow }
    }

    fn turn(self, random: &mut Random, kind: ParcelKind) -> Pose {
        let yaw = random.range(0.0, std::f32::consts::TAU);
        let tilt =
            |random: &mut Random, most: f32| Pose::turned(yaw, random.range(-most, most), random.range(-most, most));
        match (self, kind, random.count(0, 9)) {
            (Lies::AsMade, ..) | (_, ParcelKind::Letter, _) => Pose::turned(yaw, 0.0, 0.0),
            (_, ParcelKind::PaddedBag | ParcelKind::PolyBag, 0..=7) => tilt(random, 0.05),
            (_, _, 0..=5) => tilt(random, 0.15),
            (_, _, 6 | 7) => tilt(random, 0.7),
            (_, _, 8) => Pose::turned(yaw, std::f32::consts::FRAC_PI_2, 0.0),
            _ => Pose::turned(yaw, 0.0, std::f32::consts::FRAC_PI_2),
        }
    }
}

/// Something harmless that is no target: a look-alike of a class, or an ordinary good.
fn harmless(
    random: &mut Random,
    plan: &ScenePlan,
    kind: ParcelKind,
    resembling: Option<Class>,
    goods: &mut Goods,
) -> Drawn {
    let thing = fitting(random, plan, kind, Lies::Anyhow, |random| {
        let (name, assembly) = match resembling {
            Some(class) => lookalikes::any(random, Some(class), plan.designs),
            None => ("good", goods::any(random, kind.sizes().1[2])),
        };
        (name, Made { assembly, marks: Vec::new() })
    });
    if resembling.is_some() {
        goods.lookalikes.push(thing.name);
    }
    thing
}

/// A thing as it may lie, hidden where the plan says so, of a size that packing and plan allow; the smallest of twelve tries
/// where none is.
fn fitting(
    random: &mut Random,
    plan: &ScenePlan,
    kind: ParcelKind,
    lies: Lies,
    make: impl Fn(&mut Random) -> (&'static str, Made),
) -> Drawn {
    let (room, most) = (inside_limit(plan), kind.sizes().1);
    let limit = [0, 1, 2].map(|axis| room[axis].min(most[axis]));
    let hidden = match plan.hiding {
        Hiding::Ordinary(share) => random.chance(share),
        Hiding::Shield => true,
    };
    let mut best: Option<(f32, Drawn)> = None;
    for _ in 0..12 {
        let (name, mut made) = make(random);
        let mut hidden_in = None;
        if hidden {
            (hidden_in, made) = match plan.hiding {
                Hiding::Ordinary(_) => concealments::hide(random, plan.designs, made),
                Hiding::Shield if made.marks.is_empty() => (None, made),
                Hiding::Shield => concealments::shield(random, made),
            };
        }
        let turn = lies.turn(random, kind);
        let mut assembly = Assembly::default();
        assembly.place(&made.assembly, &turn);
        let drawn = Drawn { name, hidden_in, made: Made { assembly, marks: made.marks } };
        let size = drawn.size();
        let excess = (0..3).map(|axis| size[axis] + 5.0 - limit[axis]).fold(f32::MIN, f32::max);
        if excess <= 0.0 {
            return drawn;
        }
        if best.as_ref().is_none_or(|(least, _)| excess < *least) {
            best = Some((excess, drawn));
        }
    }
    best.map_or_else(
        || {
            let (name, made) = make(random);
            Drawn { name, hidden_in: None, made }
        },
        |(_, drawn)| drawn,
    )
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

fn finish(kind: ParcelKind, wrapping: Assembly, contents: Assembly, marks: Vec<Mark>, goods: Goods) -> Scene {
    let (low, high) = wrapping.bounds();
    let targets = marks
        .into_iter()
        .map(|Mark { class, design, hidden_in, parts }| {
            let own = Assembly { parts: contents.parts[parts.clone()].to_vec() };
            let (from, to) = own.bounds();
            let mm = |value: f32, axis: usize| (value - low[axis]).max(0.0).round() as u32;
            Target {
                class,
                design,
                hidden_in,
                box_mm: [mm(from[0], 0), mm(from[1], 1), mm(to[0], 0), mm(to[1], 1)],
                parts,
            }
        })
        .collect();
    Scene {
        kind,
        length_mm: (high[1] - low[1]).round() as u32,
        width_mm: (high[0] - low[0]).round() as u32,
        height_mm: (high[2] - low[2]).round() as u32,
        mass_g: (wrapping.mass_g() + contents.mass_g()).max(1.0).round() as u32,
        targets,
        lookalikes: goods.lookalikes,
        things: goods.packed,
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
