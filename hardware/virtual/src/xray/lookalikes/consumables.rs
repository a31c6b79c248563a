//! Harmless things like pills, powder, liquid and vaping devices: sweets, soap, wax, empty vessels, pens.
//!
//! None holds fine powder, a free liquid, a cell or a tablet; most differ by an edge, a hole, grain or a missing level.

use super::super::heaps::{pile, thrown, tray};
use super::super::physics::Material as M;
use super::super::random::Random;
use super::super::shape::{Assembly, Pose, Shape};
use super::super::vessels::{Vessel, bag, case};

/// Peppermint rings, each with its hole, in a flat tin (pills).
pub(super) fn mint_rings(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let r = random.range(8.0, 12.0);
    let size = [random.range(60.0, 90.0), random.range(80.0, 115.0), 22.0];
    case(&mut made, size, 0.25, M::Steel, Pose::at(0.0, 0.0, size[2] * 0.5));
    for at in tray(random, [size[0] - 4.0, size[1] - 4.0], r * 2.1, 6.0, 2) {
        let pose = thrown(random, at, 0.2).moved(0.0, 0.0, 1.0);
        made.add(Shape::Cylinder(r, 2.8), M::Sugar, 0.9, pose);
        made.add(Shape::Cylinder(r * 0.4, 2.8), M::Sugar, -0.9, pose);
    }
    made
}

/// Wrapped sweets: large lumps with twisted paper ends (pills).
pub(super) fn wrapped_sweets(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let half = [random.range(7.0, 11.0), random.range(10.0, 15.0), random.range(6.0, 9.0)];
    let (count, layers) = (random.count(8, 30), random.count(1, 2));
    for at in pile(random, count, half[1] * 2.8, half[2] * 2.0, layers, 1.2) {
        let pose = thrown(random, at, 0.4);
        let half = half.map(|h| h * random.range(0.7, 1.1));
        made.block(half.map(|h| h * 2.0), M::Sugar, 0.85, pose);
        for side in [-1.0, 1.0] {
            made.block([9.0, 9.0, 1.5], M::Aluminium, 0.06, pose.over(&Pose::at(0.0, side * (half[1] + 5.0), 0.0)));
        }
    }
    made
}

/// Glass or acrylic beads, drilled, strung or loose (pills).
pub(super) fn beads(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let r = random.range(3.5, 6.5);
    let material = random.choose(&[M::Glass, M::Acrylic]);
    let count = random.count(20, 50);
    let places = if random.chance(0.5) {
        let ring = count as f32 * r * 0.33;
        (0..count)
            .map(|i| (i as f32 / count as f32 * std::f32::consts::TAU).sin_cos())
            .map(|(sine, cosine)| [ring * cosine, ring * 1.2 * sine, r])
            .collect()
    } else {
        pile(random, count, r * 2.1, r * 2.0, 2, 1.3)
    };
    for at in places {
        let pose = thrown(random, at, 0.5);
        made.add(Shape::Ellipsoid([r; 3]), material, 1.0, pose);
        made.add(Shape::Cylinder(r * 0.22, r * 0.9), material, -1.0, pose);
    }
    made
}

/// Buttons of several sizes, with two or four holes (pills).
pub(super) fn buttons(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let count = random.count(14, 34);
    for at in pile(random, count, 24.0, 4.0, 2, 1.2) {
        let (r, pose) = (random.range(6.0, 13.0), thrown(random, at, 0.15));
        let material = random.choose(&[M::Acrylic, M::Abs, M::Brass]);
        made.add(Shape::Cylinder(r, 1.6), material, 0.9, pose);
        for x in [-0.3, 0.3] {
            made.add(Shape::Cylinder(r * 0.18, 1.6), material, -0.9, pose.over(&Pose::at(x * r, 0.0, 0.0)));
        }
    }
    made
}

/// Sugar cubes in straight rows, some missing (powder).
pub(super) fn sugar_cubes(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let edge = random.range(13.0, 18.0);
    let cells = [random.count(3, 6), random.count(5, 9)];
    let layers = random.count(1, 2);
    for i in 0..cells[0] * cells[1] * layers {
        if random.chance(0.95) {
            let (x, y) = ((i % cells[0]) as f32 * (edge + 1.5), (i / cells[0] % cells[1]) as f32 * (edge + 1.5));
            let z = (i / (cells[0] * cells[1])) as f32 * (edge + 0.5) + edge * 0.5;
            made.block([edge; 3], M::Sugar, 0.6, Pose::at(x, y, z));
        }
    }
    made
}

/// Bars of soap: sharp edges, hollowed faces, a stamped name (powder).
pub(super) fn soap(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let size = [random.range(45.0, 62.0), random.range(70.0, 95.0), random.range(22.0, 32.0)];
    for i in 0..random.count(1, 3) {
        let (x, z) = (i as f32 * (size[0] + 4.0), size[2] * 0.5);
        made.block(size, M::Polyethylene, 1.05, Pose::at(x, 0.0, z));
        let hollow = Shape::Ellipsoid([size[0] * 0.36, size[1] * 0.38, size[2] * 0.24]);
        made.add(hollow, M::Polyethylene, -1.0, Pose::at(x, 0.0, z));
        for y in [-0.15, 0.0, 0.15] {
            made.block([size[0] * 0.5, 3.0, 2.5], M::Polyethylene, -0.9, Pose::at(x, y * size[1], size[2] - 1.5));
        }
    }
    made
}

/// Sticks of chalk: calcium, far from organic (powder, pills in a tube).
pub(super) fn chalk(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (r, half) = (random.range(4.5, 9.0), random.range(35.0, 48.0));
    for i in 0..random.count(3, 5) {
        let (x, z) = ((i % 3) as f32 * r * 2.1, r + (i / 3) as f32 * r * 2.0);
        let broken = half * if random.chance(0.2) { random.range(0.4, 0.8) } else { 1.0 };
        made.bar([x, -half, z], [x, broken, z], r, M::BoneMineral, 0.45);
    }
    made
}

/// Biscuits or stock cubes in rolls and rows, holes and edges (powder).
pub(super) fn biscuits(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (r, thick) = (random.range(22.0, 34.0), random.range(5.0, 9.0));
    for i in 0..random.count(8, 24) {
        let y = i as f32 * (thick + 0.8);
        let at = [random.range(-1.5, 1.5), y, r];
        made.bar(at, [at[0], y + thick, r], r, M::Cellulose, random.range(0.32, 0.45));
        made.bar(at, [at[0], y + thick, r], r * 0.25, M::Cellulose, -0.1);
    }
    made
}

/// A bottle or can that nobody filled (liquid).
pub(super) fn empty_bottles(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for i in 0..random.count(1, 3) {
        let r = random.range(14.0, 38.0);
        let (wall, wall_mm) =
            random.choose(&[(M::Pet, 0.8), (M::Polyethylene, 1.5), (M::Glass, 3.0), (M::Aluminium, 0.5)]);
        let vessel = Vessel::bottle(wall, wall_mm, r, r * random.range(2.0, 4.2), r * 0.4);
        let mut one = Assembly::default();
        vessel.lying(&mut one, None);
        let end = vessel.length() * 0.5;
        one.bar([0.0, end - 8.0, r], [0.0, end + 6.0, r], r * 0.45, M::Polyethylene, 0.5);
        made.place(&one, &Pose::at(i as f32 * 82.0, 0.0, 0.0));
    }
    made
}

/// Solid wax in glass, domed and with a wick through it (liquid).
pub(super) fn candle_in_jar(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (r, height) = (random.range(26.0, 45.0), random.range(55.0, 100.0));
    Vessel::straight(M::Glass, random.range(2.5, 4.0), r, height).lying(&mut made, None);
    let (from, to) = (-height * 0.5 + 4.0, height * random.range(0.1, 0.35));
    made.bar([0.0, from, r], [0.0, to, r], r - 4.2, M::Polyethylene, 0.92);
    made.add(Shape::Ellipsoid([r - 6.0, 6.0, r - 6.0]), M::Polyethylene, 0.6, Pose::at(0.0, to, r));
    made.bar([0.0, from, r], [0.0, to + 14.0, r], 1.4, M::Cellulose, 0.8);
    made.block([16.0, 0.8, 16.0], M::Steel, 1.0, Pose::at(0.0, from, r));
    made
}

/// Solid glass or acrylic with something cast into it (liquid).
pub(super) fn paperweight(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let r = random.range(24.0, 40.0);
    let material = random.choose(&[M::Acrylic, M::Glass]);
    if random.chance(0.5) {
        made.add(Shape::Ellipsoid([r, r, r * 0.8]), material, 1.0, Pose::at(0.0, 0.0, r * 0.8));
    } else {
        made.block([r * 1.6, r * 2.4, r], material, 1.0, Pose::at(0.0, 0.0, r * 0.8));
    }
    for _ in 0..random.count(3, 9) {
        let at = Pose::at(random.range(-0.4, 0.4) * r, random.range(-0.5, 0.5) * r, r * random.range(0.6, 1.0));
        made.add(Shape::Ellipsoid([r * 0.15, r * 0.1, r * 0.12]), material, -1.0, at);
    }
    made
}

/// Ball pens with spring and refill, of different lengths (vape).
pub(super) fn ball_pens(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for i in 0..random.count(1, 4) {
        let (r, half, x) = (random.range(4.5, 7.0), random.range(62.0, 75.0), i as f32 * 17.0);
        let (shell, wall) = random.choose(&[(M::Abs, 1.2), (M::Brass, 0.6), (M::Aluminium, 0.8)]);
        made.pipe([x, -half, 8.0], [x, half, 8.0], r, wall, shell);
        made.bar([x, -half, 8.0], [x, half * 0.6, 8.0], 1.5, random.choose(&[M::Brass, M::Polyethylene]), 0.7);
        made.bar([x, -half * 0.9, 8.0], [x, -half * 0.6, 8.0], 2.2, M::Steel, 0.25);
        made.bar([x, -half - 5.0, 8.0], [x, -half, 8.0], 1.8, M::Brass, 0.9);
    }
    made
}

/// Memory sticks: board and plug, no cell, no tank (vape).
pub(super) fn usb_sticks(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for i in 0..random.count(1, 4) {
        let (x, long) = (i as f32 * 34.0, random.range(38.0, 62.0));
        let shell = random.choose(&[M::Abs, M::Aluminium]);
        case(&mut made, [19.0, long, 9.0], 1.1, shell, Pose::at(x, 0.0, 5.0));
        made.block([14.0, long * 0.8, 1.2], M::CircuitBoard, 1.0, Pose::at(x, 0.0, 5.0));
        made.block([9.0, 12.0, 1.3], M::Copper, 0.25, Pose::at(x, random.range(-8.0, 8.0), 6.4));
        case(&mut made, [12.0, 14.0, 4.6], 0.4, M::Steel, Pose::at(x, long * 0.5 + 7.0, 5.0));
    }
    made
}

/// Marker pens: a soaked felt in plastic, no metal (vape).
pub(super) fn highlighters(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for i in 0..random.count(1, 4) {
        let (x, half, r) = (i as f32 * 22.0, random.range(48.0, 66.0), random.range(7.0, 10.0));
        made.pipe([x, -half, 10.0], [x, half, 10.0], r, 1.2, M::Polyethylene);
        made.bar([x, -half * 0.8, 10.0], [x, half * 0.4, 10.0], r - 2.2, M::Ethanol, 0.45);
        made.bar([x, half * 0.5, 10.0], [x, half * 0.75, 10.0], 2.5, M::Nylon, 0.7);
    }
    made
}

/// Sweets like rice or jelly: soft, square-cut, dusted, in a bag (powder, pills).
pub(super) fn jelly_cubes(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let edge = random.range(15.0, 23.0);
    let count = random.count(9, 26);
    for at in pile(random, count, edge * 1.35, edge, 2, 1.2) {
        let pose = thrown(random, at, 0.3);
        made.block([edge, edge * random.range(0.9, 1.2), edge * 0.8], M::Protein, 0.85, pose);
    }
    let (low, high) = made.bounds();
    bag(&mut made, high[0] - low[0] + 8.0, high[1] - low[1] + 24.0);
    made
}

/// Small tiles of glass or ceramics, loose (pills).
pub(super) fn mosaic_stones(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let edge = random.range(8.0, 15.0);
    let count = random.count(20, 60);
    for at in pile(random, count, edge * 1.4, 5.0, 2, 1.1) {
        let pose = thrown(random, at, 0.2);
        made.block([edge, edge * random.range(0.6, 1.1), 4.0], M::Glass, random.range(0.75, 1.0), pose);
    }
    made
}

/// Solid pillars of wax with a wick along them (powder).
pub(super) fn pillar_candles(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for i in 0..random.count(1, 3) {
        let (r, half) = (random.range(16.0, 36.0), random.range(35.0, 75.0));
        let x = i as f32 * 76.0;
        made.bar([x, -half, r], [x, half, r], r, M::Polyethylene, random.range(0.9, 1.0));
        made.bar([x, -half, r], [x, half + 8.0, r], 1.2, M::Cellulose, 0.7);
        made.add(Shape::Ellipsoid([r * 0.7, 4.0, r * 0.7]), M::Polyethylene, -0.8, Pose::at(x, half - 2.0, r));
    }
    made
}

/// Dry food in a jar: sticks or lumps to a level, air above (liquid).
pub(super) fn jar_of_pasta(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (r, height) = (random.range(28.0, 45.0), random.range(80.0, 150.0));
    let (wall, wall_mm) = random.choose(&[(M::Glass, 3.0), (M::Pet, 1.0)]);
    Vessel::straight(wall, wall_mm, r, height).lying(&mut made, None);
    for _ in 0..random.count(25, 60) {
        let (angle, out) = (random.range(0.0, std::f32::consts::TAU), (r - 9.0) * random.range(0.0, 1.0).sqrt());
        let at = [out * angle.cos(), random.range(-0.44, 0.3) * height, r + out * angle.sin()];
        made.block([5.0, random.range(12.0, 26.0), 5.0], M::Cellulose, 0.75, thrown(random, at, 0.6));
    }
    made.bar([0.0, height * 0.5, r], [0.0, height * 0.5 + 10.0, r], r * 0.95, M::Polyethylene, 0.3);
    made
}

/// Toothbrushes in tubes: a plastic stem, a head with bristles held by thin metal (vape).
pub(super) fn toothbrushes(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for i in 0..random.count(1, 4) {
        let (x, half) = (i as f32 * 25.0, random.range(75.0, 95.0));
        made.pipe([x, -half, 11.0], [x, half, 11.0], random.range(8.0, 11.0), 1.0, M::Polyethylene);
        made.bar([x, -half * 0.9, 11.0], [x, half * 0.5, 11.0], 4.5, M::Acrylic, 0.8);
        made.block([9.0, 26.0, 4.0], M::Acrylic, 1.0, Pose::at(x, half * 0.5 + 15.0, 10.0));
        made.block([8.0, 24.0, 9.0], M::Nylon, 0.5, Pose::at(x, half * 0.5 + 15.0, 15.0));
        made.block([8.0, 24.0, 1.0], M::Brass, 0.2, Pose::at(x, half * 0.5 + 15.0, 11.0));
    }
    made
}
