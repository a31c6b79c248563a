//! Six or more of one article side by side, as goods are that were made to be sold on. The whole group is the target.
//!
//! Articles have neither cells nor liquids: what repeats here is the outline, in a grid, in rows or tumbled. A lot of
//! things that have a class of their own (vapes, vials, bundles of notes) is that class and not this one.

use super::super::heaps::{pile, thrown};
use super::super::physics::Material as M;
use super::super::random::Random;
use super::super::shape::{Assembly, Pose, Shape, circle};
use super::super::vessels::case;
use super::{Class, Design, Made};

pub(super) const REPEATED_GOODS: &[Design] = &[
    Design { name: "watches", unseen: false, make: |random| many(random, watch, 14) },
    Design { name: "rings", unseen: false, make: |random| many(random, ring, 24) },
    Design { name: "sunglasses-lot", unseen: false, make: |random| many(random, glasses, 12) },
    Design { name: "phone-cases", unseen: false, make: |random| many(random, phone_case, 12) },
    Design { name: "sandals", unseen: false, make: |random| many(random, sandal, 8) },
    Design { name: "lipstick-lot", unseen: false, make: |random| many(random, lipstick, 24) },
    Design { name: "compacts", unseen: false, make: |random| many(random, compact, 16) },
    Design { name: "perfume-dummies", unseen: false, make: |random| many(random, perfume_dummy, 9) },
    Design { name: "buckles", unseen: false, make: |random| many(random, buckle, 16) },
    Design { name: "memory-sticks", unseen: false, make: |random| many(random, memory_stick, 20) },
    Design { name: "wallets", unseen: false, make: |random| many(random, wallet, 8) },
    Design { name: "spark-plugs", unseen: false, make: |random| many(random, spark_plug, 12) },
    Design { name: "bearings", unseen: false, make: |random| many(random, bearing, 20) },
    Design { name: "fountain-pens", unseen: true, make: |random| many(random, fountain_pen, 14) },
    Design { name: "emblems", unseen: true, make: |random| many(random, emblem, 12) },
    Design { name: "figurines", unseen: true, make: |random| many(random, figurine, 16) },
    Design { name: "wall-plugs", unseen: true, make: |random| many(random, wall_plug, 12) },
];

/// Longest side of a group and most parts in it.
const GROUP_MM: f32 = 290.0;
const PARTS: usize = 150;

/// Six to `most` copies of one article drawn once, as many as lie within a parcel.
fn many(random: &mut Random, article: fn(&mut Random, &mut Assembly), most: usize) -> Made {
    let mut one = Assembly::default();
    article(random, &mut one);
    let count = random.count(6, most).min((PARTS / one.parts.len()).max(6));
    let loose = random.chance(0.3).then(|| tumbled(random, &one, count)).filter(|poses| {
        let (low, high) = laid(&one, poses).bounds();
        poses.len() >= 6 && high[0] - low[0] < GROUP_MM && high[1] - low[1] < GROUP_MM
    });
    let poses = loose.unwrap_or_else(|| in_rows(random, &one, count));
    let mut made = laid(&one, &poses);
    if random.chance(0.4) {
        let (low, high) = made.bounds();
        let at = Pose::at((low[0] + high[0]) * 0.5, (low[1] + high[1]) * 0.5, low[2]);
        made.block([high[0] - low[0] + 6.0, high[1] - low[1] + 6.0, 1.0], M::Cellulose, 0.5, at);
    }
    Made::whole(Class::RepeatedGoods, made)
}

fn laid(one: &Assembly, poses: &[Pose]) -> Assembly {
    let mut made = Assembly::default();
    for pose in poses {
        made.place(one, pose);
    }
    made
}

/// Columns and rows, now and then two layers or every other one turned round.
fn in_rows(random: &mut Random, one: &Assembly, count: usize) -> Vec<Pose> {
    let (low, high) = one.bounds();
    let gap = random.range(1.5, 10.0);
    let pitch = [0, 1, 2].map(|axis| high[axis] - low[axis] + if axis < 2 { gap } else { 1.0 });
    let room = [0, 1].map(|axis| ((GROUP_MM / pitch[axis]) as usize).max(1));
    let layers = count.div_ceil(room[0] * room[1]).max(if random.chance(0.25) { 2 } else { 1 });
    let layer = count.div_ceil(layers);
    let least = layer.div_ceil(room[1]).clamp(1, room[0]);
    let columns = random.count(least, layer.min(room[0]).max(least));
    let (shake, alternate) = (random.range(0.0, 0.06), random.chance(0.2));
    let step = random.range(-0.2, 0.2) * pitch[0];
    (0..count)
        .map(|i| {
            let (column, row, up) = (i % layer % columns, i % layer / columns, i / layer);
            let turn = if alternate && column % 2 == 1 { std::f32::consts::PI } else { 0.0 };
            let middle = [0, 1].map(|axis| (low[axis] + high[axis]) * 0.5);
            Pose::turned(turn + random.range(-shake, shake), 0.0, 0.0)
                .over(&Pose::at(-middle[0], -middle[1], 0.0))
                .moved(column as f32 * pitch[0] + up as f32 * step, row as f32 * pitch[1], up as f32 * pitch[2])
        })
        .collect()
}

fn tumbled(random: &mut Random, one: &Assembly, count: usize) -> Vec<Pose> {
    let (low, high) = one.bounds();
    let size = [0, 1, 2].map(|axis| high[axis] - low[axis]);
    let pitch = (size[0].max(size[1]) * 0.85).min(size[0] + size[1] * 0.4 + 12.0);
    // As many layers as keep the heap within a parcel.
    let layers = (1..4).find(|layers| ((count / layers) as f32).sqrt() * pitch < GROUP_MM * 0.9).unwrap_or(4);
    pile(random, count * 5 / 4, pitch, size[2], layers, 1.0)
        .into_iter()
        .take(count)
        .map(|at| thrown(random, [at[0], at[1], at[2] - size[2] * 0.5], 0.15))
        .collect()
}

/// Mechanical: no cell. Case, movement, glass, strap.
fn watch(random: &mut Random, made: &mut Assembly) {
    let (r, half) = (random.range(13.0, 22.0), random.range(3.5, 6.0));
    let metal = random.choose(&[M::Steel, M::Brass, M::Titanium, M::Zinc]);
    made.add(Shape::Cylinder(r, half), metal, 1.0, Pose::at(0.0, 0.0, half));
    made.add(Shape::Cylinder(r - 2.5, half - 0.8), metal, -1.0, Pose::at(0.0, 0.0, half));
    made.add(Shape::Cylinder(r * 0.65, half * 0.55), M::Brass, 0.45, Pose::at(0.0, 0.0, half));
    made.add(Shape::Cylinder(r - 2.0, 0.6), M::Glass, 1.0, Pose::at(0.0, 0.0, half * 2.0));
    made.bar([r, 0.0, half], [r + 3.0, 0.0, half], 2.0, metal, 1.0);
    let (strap, fill) = random.choose(&[(M::Protein, 0.8), (M::Pvc, 0.8), (M::Steel, 0.35), (M::Nylon, 0.6)]);
    let long = random.range(50.0, 80.0);
    for side in [-1.0, 1.0] {
        made.block([r * 0.95, long, 2.6], strap, fill, Pose::at(0.0, side * (r + long * 0.5), half));
    }
    made.block([r * 1.2, 10.0, 4.0], metal, 0.5, Pose::at(0.0, r + long, half));
}

fn ring(random: &mut Random, made: &mut Assembly) {
    let r = random.range(8.0, 11.5);
    let metal = random.choose(&[M::Silver, M::Gold, M::Brass, M::Titanium, M::Steel]);
    let (wall, stone) = (random.range(1.2, 2.2), Shape::Ellipsoid([3.5, 3.5, 3.0]));
    if random.chance(0.5) {
        // On a holder, upright.
        made.pipe([-1.6, 0.0, r], [1.6, 0.0, r], r, wall, metal);
        made.add(stone, M::LeadGlass, 1.0, Pose::at(0.0, 0.0, r * 2.0 + 1.0));
    } else {
        made.pipe([0.0, 0.0, 1.0], [0.0, 0.0, 4.0], r, wall, metal);
        made.add(stone, M::LeadGlass, 1.0, Pose::at(0.0, r + 1.0, 2.5));
    }
    made.block([18.0, 22.0, 6.0], M::Polyethylene, 0.08, Pose::at(0.0, 0.0, 3.0));
}

fn glasses(random: &mut Random, made: &mut Assembly) {
    let lens = [random.range(19.0, 25.0), random.range(24.0, 30.0)];
    let frame = random.choose(&[M::Abs, M::Brass, M::Steel, M::Titanium]);
    let radius = if frame == M::Abs { 2.6 } else { 1.0 };
    for side in [-1.0, 1.0] {
        let y = side * (lens[1] + 8.0);
        let glass = random.choose(&[M::Acrylic, M::Glass]);
        made.add(Shape::Ellipsoid([lens[0], lens[1], 1.3]), glass, 1.0, Pose::at(0.0, y, 6.0));
        made.bar(
            [lens[0] * 0.8, side * lens[1] * 2.0, 8.0],
            [lens[0] * 0.6, -side * lens[1], 10.0],
            radius,
            frame,
            1.0,
        );
        made.bar([lens[0] * 0.8, side * lens[1] * 2.0, 8.0], [-2.0, side * lens[1] * 2.1, 6.0], radius, frame, 1.0);
    }
    made.bar([lens[0] * 0.4, -9.0, 6.0], [lens[0] * 0.4, 9.0, 6.0], radius, frame, 1.0);
}

fn phone_case(random: &mut Random, made: &mut Assembly) {
    let size = [random.range(62.0, 80.0), random.range(130.0, 168.0), random.range(8.0, 11.0)];
    let plastic = random.choose(&[M::Pvc, M::Abs, M::Polyethylene]);
    made.block(size, plastic, 1.0, Pose::at(0.0, 0.0, size[2] * 0.5));
    let inside = [size[0] - 4.0, size[1] - 4.0, size[2] - 2.0];
    made.block(inside, plastic, -1.0, Pose::at(0.0, 0.0, size[2] * 0.5 + 0.9));
    let hole = [random.range(14.0, 32.0), random.range(18.0, 34.0), 1.6];
    made.block(hole, plastic, -1.0, Pose::at(-size[0] * 0.22, size[1] * 0.32, 0.95));
}

fn sandal(random: &mut Random, made: &mut Assembly) {
    let (half, sole) = (random.range(55.0, 95.0), random.range(5.0, 12.0));
    let (material, fill) = random.choose(&[(M::Pvc, 0.4), (M::Polyethylene, 0.3), (M::Protein, 0.7)]);
    made.add(Shape::Ellipsoid([half * 0.38, half, sole]), material, fill, Pose::at(0.0, 0.0, sole));
    let z = sole * 2.0 + 8.0;
    for y in [0.15, 0.45] {
        let strap = [[-half * 0.36, half * y, sole], [0.0, half * (y + 0.1), z], [half * 0.36, half * y, sole]];
        made.wire(&strap, 3.5, M::Protein);
    }
    made.block([9.0, 7.0, 2.0], random.choose(&[M::Zinc, M::Brass]), 0.8, Pose::at(half * 0.3, half * 0.2, sole + 8.0));
}

fn lipstick(random: &mut Random, made: &mut Assembly) {
    let (r, half) = (random.range(6.5, 11.0), random.range(28.0, 42.0));
    let shell = random.choose(&[M::Aluminium, M::Abs, M::Brass]);
    let wall = if shell == M::Abs { 1.5 } else { 0.5 };
    made.pipe([0.0, -half, r], [0.0, half, r], r, wall, shell);
    made.pipe([0.0, -half, r], [0.0, 0.0, r], r - wall - 0.6, 0.6, M::Aluminium);
    made.bar([0.0, -half * 0.3, r], [0.0, half * 0.6, r], r * 0.55, M::Polyethylene, 0.95);
    made.bar([0.0, -half, r], [0.0, -half * 0.8, r], r - wall, M::Steel, 0.15);
}

fn compact(random: &mut Random, made: &mut Assembly) {
    let (r, half) = (random.range(22.0, 36.0), random.range(5.0, 8.0));
    made.add(Shape::Cylinder(r, half), M::Abs, 1.0, Pose::at(0.0, 0.0, half));
    made.add(Shape::Cylinder(r - 1.8, half - 1.5), M::Abs, -1.0, Pose::at(0.0, 0.0, half));
    made.add(Shape::Cylinder(r * 0.86, 0.9), M::Glass, 1.0, Pose::at(0.0, 0.0, half * 1.6));
    made.add(Shape::Cylinder(r * 0.7, 0.3), M::Aluminium, 1.0, Pose::at(0.0, 0.0, 2.2));
    made.bar([-8.0, -r, half], [8.0, -r, half], 1.5, M::Steel, 1.0);
}

/// Display bottles: thick glass, empty, a heavy cap, a carton.
fn perfume_dummy(random: &mut Random, made: &mut Assembly) {
    let size = [random.range(32.0, 55.0), random.range(40.0, 70.0), random.range(18.0, 30.0)];
    let z = size[2] * 0.5 + 2.0;
    case(made, size, random.range(2.5, 4.0), M::Glass, Pose::at(0.0, 0.0, z));
    let end = size[1] * 0.5;
    made.bar([0.0, end, z], [0.0, end + 24.0, z], size[2] * 0.42, random.choose(&[M::Zinc, M::Abs, M::Acrylic]), 0.4);
    let carton = [size[0] + 8.0, size[1] + 34.0, size[2] + 6.0];
    case(made, carton, 0.7, M::Cellulose, Pose::at(0.0, 12.0, z));
}

fn buckle(random: &mut Random, made: &mut Assembly) {
    let (x, y) = (random.range(11.0, 24.0), random.range(13.0, 28.0));
    let metal = random.choose(&[M::Brass, M::Zinc, M::Steel]);
    let radius = random.range(1.5, 2.8);
    if random.chance(0.5) {
        made.wire(&[[-x, -y, 3.0], [x, -y, 3.0], [x, y, 3.0], [-x, y, 3.0], [-x, -y, 3.0]], radius, metal);
    } else {
        made.wire(&circle([0.0, 0.0, 3.0], [x, y], 8), radius, metal);
    }
    made.bar([-x, 0.0, 3.0], [x * 1.2, 0.0, 4.0], radius * 0.7, metal, 1.0);
}

fn memory_stick(random: &mut Random, made: &mut Assembly) {
    let size = [random.range(14.0, 22.0), random.range(34.0, 52.0), random.range(6.0, 9.0)];
    let z = size[2] * 0.5;
    let shell = random.choose(&[M::Abs, M::Aluminium]);
    case(made, size, 1.0, shell, Pose::at(0.0, 0.0, z));
    made.block([size[0] * 0.7, size[1] * 0.8, 1.2], M::CircuitBoard, 1.0, Pose::at(0.0, 0.0, z));
    made.block([9.0, 12.0, 1.2], M::Copper, 0.25, Pose::at(0.0, -3.0, z + 1.4));
    case(made, [12.0, 14.0, 4.6], 0.4, M::Steel, Pose::at(0.0, size[1] * 0.5 + 7.0, z));
}

fn wallet(random: &mut Random, made: &mut Assembly) {
    let size = [random.range(80.0, 100.0), random.range(100.0, 130.0), random.range(6.0, 14.0)];
    made.block(size, M::Protein, random.range(0.3, 0.5), Pose::at(0.0, 0.0, size[2] * 0.5));
    for i in 0..random.count(2, 4) {
        made.block([size[0] * 0.9, 2.5, 2.0], M::Protein, 0.9, Pose::at(0.0, (i as f32 - 1.0) * 18.0, size[2]));
    }
    let metal = random.choose(&[M::Brass, M::Zinc]);
    made.block([3.0, size[1] * 0.85, 2.0], metal, 0.5, Pose::at(size[0] * 0.42, 0.0, size[2]));
    made.block([14.0, 9.0, 1.2], metal, 0.9, Pose::at(-size[0] * 0.25, -size[1] * 0.35, size[2]));
}

fn spark_plug(random: &mut Random, made: &mut Assembly) {
    let s = random.range(0.85, 1.2);
    made.bar([0.0, 0.0, 9.0], [0.0, 16.0 * s, 9.0], 5.5 * s, M::Steel, 0.8);
    made.bar([0.0, 16.0 * s, 9.0], [0.0, 28.0 * s, 9.0], 9.0 * s, M::Steel, 0.85);
    made.bar([0.0, 28.0 * s, 9.0], [0.0, 62.0 * s, 9.0], 5.0 * s, M::Glass, 1.3);
    made.bar([0.0, -4.0 * s, 9.0], [0.0, 68.0 * s, 9.0], 1.5 * s, M::Steel, 1.0);
}

fn bearing(random: &mut Random, made: &mut Assembly) {
    let (r, half) = (random.range(11.0, 22.0), random.range(3.0, 6.5));
    for [outer, inner] in [[1.0, 0.82], [0.58, 0.4]] {
        made.add(Shape::Cylinder(r * outer, half), M::Steel, 1.0, Pose::at(0.0, 0.0, half));
        made.add(Shape::Cylinder(r * inner, half), M::Steel, -1.0, Pose::at(0.0, 0.0, half));
    }
    for i in 0..6 {
        let (sine, cosine) = (i as f32 * std::f32::consts::FRAC_PI_3).sin_cos();
        made.add(Shape::Ellipsoid([r * 0.12; 3]), M::Steel, 1.0, Pose::at(r * 0.7 * cosine, r * 0.7 * sine, half));
    }
}

fn fountain_pen(random: &mut Random, made: &mut Assembly) {
    let (r, half) = (random.range(5.0, 7.5), random.range(60.0, 72.0));
    let (shell, wall) = random.choose(&[(M::Brass, 0.8), (M::Acrylic, 2.0), (M::Aluminium, 0.9)]);
    made.pipe([0.0, -half, r], [0.0, half * 0.1, r], r, wall, shell);
    made.pipe([0.0, half * 0.1, r], [0.0, half, r], r * 1.15, wall, shell);
    made.bar([0.0, half * 0.15, r], [0.0, half * 0.55, r], r * 0.6, M::Abs, 0.9);
    made.block([4.0, half * 0.3, 0.5], random.choose(&[M::Steel, M::Gold]), 1.0, Pose::at(0.0, half * 0.7, r));
    made.bar([0.0, half * 0.4, r * 2.2], [0.0, half * 0.98, r * 2.2], 1.2, M::Brass, 1.0);
    for y in [-1.0, 0.1, 1.0] {
        made.bar([0.0, half * y - 1.5, r], [0.0, half * y + 1.5, r], r * 1.1, M::Brass, 0.5);
    }
}

/// Cast badges: a frame and strokes within it.
fn emblem(random: &mut Random, made: &mut Assembly) {
    let r = random.range(16.0, 34.0);
    let (metal, fill) = random.choose(&[(M::Zinc, 1.0), (M::Abs, 1.0), (M::Aluminium, 1.0), (M::Brass, 0.9)]);
    let oval = random.range(0.6, 1.0);
    made.wire(&circle([0.0, 0.0, 3.0], [r, r * oval], 8), 2.4, metal);
    let strokes = random.count(2, 4);
    for i in 0..strokes {
        let (sine, cosine) = (0.5 + i as f32 * std::f32::consts::TAU / strokes as f32).sin_cos();
        made.block([3.5, r * 0.8, 3.0], metal, fill, {
            let turn = Pose::turned(0.5 + i as f32 * std::f32::consts::TAU / strokes as f32, 0.0, 0.0);
            turn.moved(-0.45 * r * sine, 0.45 * r * oval * cosine, 3.0)
        });
    }
}

fn figurine(random: &mut Random, made: &mut Assembly) {
    let s = random.range(0.5, 1.0);
    let (material, fill) = random.choose(&[(M::Pvc, 0.9), (M::Abs, 1.0), (M::Glass, 0.7)]);
    let z = 13.0 * s;
    made.add(Shape::Ellipsoid([14.0 * s, 22.0 * s, 11.0 * s]), material, fill, Pose::at(0.0, 0.0, z));
    made.add(Shape::Ellipsoid([12.0 * s; 3]), material, fill, Pose::at(0.0, 30.0 * s, z));
    for side in [-1.0, 1.0] {
        made.bar([side * 7.0 * s, -16.0 * s, z], [side * 11.0 * s, -42.0 * s, z], 5.0 * s, material, fill);
        let ear = random.range(0.5, 1.0);
        made.add(
            Shape::Ellipsoid([4.0 * s, 9.0 * s * ear, 4.0 * s]),
            material,
            fill,
            Pose::at(side * 9.0 * s, 42.0 * s, z),
        );
    }
    made.add(Shape::Cylinder(16.0 * s, 2.0), material, fill, Pose::between([0.0, -44.0 * s, z], [0.0, -40.0 * s, z]));
}

/// Small power supplies without a cell: shell, board, core, two pins.
fn wall_plug(random: &mut Random, made: &mut Assembly) {
    let size = [random.range(26.0, 36.0), random.range(34.0, 50.0), random.range(22.0, 30.0)];
    let z = size[2] * 0.5;
    case(made, size, 2.2, M::Abs, Pose::at(0.0, 0.0, z));
    made.block([size[0] - 7.0, size[1] - 7.0, 1.5], M::CircuitBoard, 1.0, Pose::at(0.0, 0.0, z - 5.0));
    made.block([12.0, 13.0, 11.0], M::Steel, 0.3, Pose::at(3.0, 4.0, z));
    made.bar([-7.0, -12.0, z], [-7.0, -2.0, z], 4.0, M::Aluminium, 0.7);
    for x in [-6.5, 6.5] {
        made.bar([x, size[1] * 0.5, z], [x, size[1] * 0.5 + 17.0, z], 2.2, M::Brass, 1.0);
    }
}
