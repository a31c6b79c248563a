//! Many small things in rows or heaps: round, pointed or of metal, as cartridges and cells are.
//!
//! Assorted on purpose, each of its own size: many alike would be repeated goods, which are a target.

use super::super::physics::Material as M;
use super::super::random::Random;
use super::super::shape::{Assembly, Pose, Shape};

/// Threaded steel with heads, in a bag (loose rounds).
pub(super) fn screws(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (r, long) = (random.range(1.6, 4.0), random.range(18.0, 60.0));
    let metal = random.choose(&[M::Steel, M::Steel, M::Brass]);
    let count = random.count(10, 40);
    let side = (count as f32 * long * r * 3.0).sqrt();
    for _ in 0..count {
        let (r, long) = (r * random.range(0.7, 1.3), long * random.range(0.5, 1.2));
        let (sine, cosine) = random.range(0.0, std::f32::consts::TAU).sin_cos();
        let from = [random.range(-0.5, 0.5) * side, random.range(-0.5, 0.5) * side, random.range(2.0, 12.0)];
        let to = [from[0] + cosine * long, from[1] + sine * long, from[2] + random.range(-3.0, 3.0)];
        made.bar(from, to, r, metal, 0.85);
        let neck = [0, 1, 2].map(|axis| from[axis] + (to[axis] - from[axis]) * (1.2 * r / long));
        made.bar(from, neck, r * 1.9, metal, 0.8);
    }
    made
}

/// Pens, crayons or felt tips side by side in a carton (boxed rounds).
pub(super) fn markers_in_a_box(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (r, half) = (random.range(4.0, 8.5), random.range(28.0, 70.0));
    let (across, layers) = (random.count(5, 12), random.count(1, 3));
    for i in 0..across {
        for layer in 0..layers {
            let (skin, core) =
                random.choose(&[(M::Abs, M::Pet), (M::Cellulose, M::Polyethylene), (M::Aluminium, M::Pet)]);
            let half = half * random.range(0.75, 1.0);
            let (x, z) = (i as f32 * 2.1 * r, r + layer as f32 * 2.05 * r);
            made.pipe([x, -half, z], [x, half, z], r, if skin == M::Aluminium { 0.4 } else { 1.0 }, skin);
            made.bar([x, -half * 0.9, z], [x, half * 0.6, z], r - 1.2, core, 0.5);
        }
    }
    made
}

/// Short round caps of plastic and thin metal in a grid (rounds on end).
pub(super) fn caps(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (r, tall) = (random.range(5.0, 9.0), random.range(20.0, 40.0));
    let (columns, rows) = (random.count(3, 6), random.count(3, 6));
    for i in 0..columns {
        for j in 0..rows {
            let (metal, wall) = random.choose(&[(M::Aluminium, 0.5), (M::Abs, 1.6), (M::Acrylic, 2.0)]);
            let (x, y) = (i as f32 * (2.0 * r + 3.0), j as f32 * (2.0 * r + 3.0));
            let (r, tall) = (r * random.range(0.7, 1.0), tall * random.range(0.6, 1.0));
            made.pipe([x, y, 0.0], [x, y, tall], r, wall, metal);
            made.bar([x, y, 0.0], [x, y, 3.0], r - wall, metal, 0.9);
        }
    }
    made
}

/// Turned figures of wood or plastic with a weighted foot (loose rounds, dense object).
pub(super) fn chess_pieces(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let material = random.choose(&[M::Cellulose, M::Abs, M::Acrylic]);
    let weighted = random.chance(0.5);
    for _ in 0..random.count(10, 24) {
        let tall = random.range(28.0, 62.0);
        let (sine, cosine) = random.range(0.0, std::f32::consts::TAU).sin_cos();
        let foot = [random.range(-75.0, 75.0), random.range(-75.0, 75.0), random.range(9.0, 24.0)];
        let at = |share: f32| [foot[0] + cosine * tall * share, foot[1] + sine * tall * share, foot[2]];
        made.bar(at(0.0), at(0.18), tall * 0.2, material, 0.8);
        made.bar(at(0.18), at(0.8), tall * 0.1, material, 0.8);
        made.add(Shape::Ellipsoid([tall * 0.14; 3]), material, 0.8, Pose::at(at(0.88)[0], at(0.88)[1], foot[2]));
        if weighted {
            made.bar(at(0.02), at(0.08), tall * 0.13, M::Steel, 0.7);
        }
    }
    made
}

/// Short hollow turned pieces with a hexagon (loose rounds).
pub(super) fn brass_nipples(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (r, half) = (random.range(4.5, 8.0), random.range(10.0, 18.0));
    for _ in 0..random.count(4, 12) {
        let (r, half) = (r * random.range(0.7, 1.3), half * random.range(0.6, 1.4));
        let turn = Pose::turned(random.range(0.0, 6.3), random.range(0.8, 2.3), 0.0);
        let pose = turn.moved(random.range(-35.0, 35.0), random.range(-35.0, 35.0), random.range(8.0, 20.0));
        for (radius, half, at) in [(r, half, 0.0), (r * 1.5, half * 0.3, random.range(-0.2, 0.2) * half)] {
            made.add(Shape::Cylinder(radius, half), M::Brass, 1.0, pose.over(&Pose::at(0.0, 0.0, at)));
            made.add(Shape::Cylinder(r - 1.4, half), M::Brass, -1.0, pose.over(&Pose::at(0.0, 0.0, at)));
        }
    }
    made
}

/// Thread wound on plastic cores, side by side (round cells).
pub(super) fn thread_spools(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (r, half) = (random.range(9.0, 17.0), random.range(20.0, 34.0));
    let (count, rows) = (random.count(2, 5), random.count(1, 2));
    let thread = random.choose(&[M::Cellulose, M::Pet, M::Nylon]);
    for i in 0..count {
        let (x, y) = ((i / rows) as f32 * 2.1 * r, (i % rows) as f32 * 2.3 * half);
        made.bar([x, y - half * 0.85, r], [x, y + half * 0.85, r], r * 0.9, thread, random.range(0.5, 0.75));
        made.pipe([x, y - half, r], [x, y + half, r], r * 0.4, 1.5, M::Abs);
        for end in [-half, half - 2.0] {
            made.bar([x, y + end, r], [x, y + end + 2.0, r], r, M::Abs, 0.9);
        }
    }
    made
}

/// Glass balls in a net (dense object, bullets).
pub(super) fn glass_marbles(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let r = random.range(6.0, 12.0);
    let count = random.count(6, 30);
    let spread = r * (count as f32).sqrt() * 1.1;
    for _ in 0..count {
        let r = r * random.range(0.6, 1.2);
        let at = [random.range(-1.0, 1.0) * spread, random.range(-1.0, 1.0) * spread, r * random.range(1.0, 2.5)];
        made.add(Shape::Ellipsoid([r; 3]), M::Glass, 1.0, Pose::at(at[0], at[1], at[2]));
    }
    made
}

/// Threaded steel, a hexagon, a white insulator and a brass tip, in their cartons (rounds).
pub(super) fn spark_plugs(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let apart = random.range(23.0, 32.0);
    for i in 0..random.count(2, 8) {
        let (x, s) = (i as f32 * apart, random.range(0.9, 1.1));
        made.bar([x, -20.0 * s, 11.0], [x, 0.0, 11.0], 6.5, M::Steel, 0.55);
        made.bar([x, 0.0, 11.0], [x, 14.0 * s, 11.0], 10.0, M::Steel, 0.7);
        made.bar([x, 14.0 * s, 11.0], [x, 44.0 * s, 11.0], 5.0, M::Glass, 1.0);
        made.bar([x, 44.0 * s, 11.0], [x, 52.0 * s, 11.0], 3.0, M::Brass, 0.9);
        made.block([20.0, 90.0 * s, 0.6], M::Cellulose, 0.6, Pose::at(x, 14.0, 0.5));
    }
    made
}

/// Small tins, in each a roll of film on a spool (cells).
pub(super) fn film_tins(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for i in 0..random.count(2, 9) {
        let (r, half) = (random.range(11.0, 16.0), random.range(20.0, 27.0));
        let (x, y) = ((i % 4) as f32 * 36.0, (i / 4) as f32 * 60.0 + random.range(-3.0, 3.0));
        made.pipe([x, y - half, r], [x, y + half, r], r, 0.5, random.choose(&[M::Aluminium, M::Tin, M::Polyethylene]));
        made.bar([x, y - half * 0.7, r], [x, y + half * 0.7, r], r * random.range(0.5, 0.9), M::Pet, 0.75);
        made.bar([x, y - half * 0.9, r], [x, y + half * 0.9, r], 3.5, M::Abs, 0.5);
        made.bar([x, y + half - 1.0, r], [x, y + half, r], r, M::Aluminium, 0.6);
    }
    made
}

/// Rings of brass or steel for a rod, loose in a bag (dense object).
pub(super) fn curtain_rings(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let metal = random.choose(&[M::Brass, M::Steel, M::Zinc]);
    for _ in 0..random.count(3, 14) {
        let (r, thick) = (random.range(10.0, 24.0), random.range(1.2, 3.0));
        let pose = Pose::turned(random.range(0.0, 6.3), random.range(-0.4, 0.4), 0.0).moved(
            random.range(-40.0, 40.0),
            random.range(-40.0, 40.0),
            random.range(4.0, 14.0),
        );
        made.add(Shape::Cylinder(r, thick), metal, 0.8, pose);
        made.add(Shape::Cylinder(r - 1.6 * thick, thick), metal, -0.8, pose);
    }
    made
}
