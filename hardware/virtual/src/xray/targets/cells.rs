//! Cells: loose, packed, built in. Outlines and materials as an X-ray sees them.

use super::super::physics::Material as M;
use super::super::random::Random;
use super::super::shape::{Assembly, Pose, Shape};
use super::{Class, Design, Made};

mod built_in;
mod packs;

pub(super) const BATTERIES: &[Design] = &[
    Design { name: "round-cells", unseen: false, make: |random| round_cells(random, 9.2, 65.0) },
    Design { name: "small-cells", unseen: false, make: |random| round_cells(random, 7.2, 50.0) },
    Design { name: "large-cells", unseen: false, make: |random| round_cells(random, 13.0, 70.0) },
    Design { name: "cells-loose", unseen: false, make: loose_cells },
    Design { name: "button-cells", unseen: false, make: packs::button_cells },
    Design { name: "blister-cells", unseen: false, make: packs::blister_cells },
    Design { name: "pouch-cells", unseen: false, make: pouch_cells },
    Design { name: "power-bank", unseen: false, make: power_bank },
    Design { name: "power-bank-round-cells", unseen: false, make: packs::power_bank_round_cells },
    Design { name: "laptop-pack", unseen: false, make: packs::laptop_pack },
    Design { name: "module", unseen: false, make: packs::module },
    Design { name: "camera-packs", unseen: false, make: packs::camera_packs },
    Design { name: "phone", unseen: false, make: |random| slab_device(random, [72.0, 150.0, 8.5], [0.8, 0.55]) },
    Design { name: "watch", unseen: false, make: built_in::watch },
    Design { name: "flashlight", unseen: false, make: built_in::flashlight },
    Design { name: "toy-with-cells", unseen: false, make: built_in::toy },
    Design { name: "tablet", unseen: true, make: |random| slab_device(random, [165.0, 235.0, 8.0], [0.55, 0.7]) },
    Design { name: "tool-pack", unseen: true, make: tool_pack },
    Design { name: "drone-pack", unseen: true, make: packs::drone_pack },
    Design { name: "toothbrush", unseen: true, make: built_in::toothbrush },
];

/// One round cell between two points: steel can, homogenised winding, a cap.
pub(super) fn cell(made: &mut Assembly, from: [f32; 3], to: [f32; 3], radius: f32) {
    made.bar(from, to, radius, M::Steel, 1.0);
    made.bar(from, to, radius - 0.3, M::Steel, -1.0);
    let at = |share: f32| [0, 1, 2].map(|axis| from[axis] + share * (to[axis] - from[axis]));
    made.bar(at(0.03), at(0.93), radius - 0.4, M::LithiumCell, 1.0);
    made.bar(at(0.97), at(1.02), radius * 0.35, M::Steel, 0.8);
}

fn round_cells(random: &mut Random, radius: f32, length: f32) -> Made {
    let mut made = Assembly::default();
    let count = random.count(1, 6);
    let rows = if count > 3 { 2 } else { 1 };
    for i in 0..count {
        let (x, z) = ((i / rows) as f32 * radius * 2.08, radius + (i % rows) as f32 * radius * 2.05);
        let (a, b) = ([x, -length * 0.5, z], [x, length * 0.5, z]);
        if random.chance(0.5) { cell(&mut made, a, b, radius) } else { cell(&mut made, b, a, radius) }
    }
    if random.chance(0.3) && count > 1 {
        let wide = (count / rows) as f32 * radius * 2.0;
        made.block([wide, 6.0, 0.2], M::Steel, 1.0, Pose::at(wide * 0.4, length * 0.52, radius));
        made.wire(&[[0.0, length * 0.5, radius], [wide * 0.5, length * 0.75, radius]], 0.8, M::Copper);
    }
    Made::whole(Class::Battery, made)
}

/// Of one kind in a bag, as they fell.
fn loose_cells(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (radius, length) =
        random.choose(&[(5.2, 44.0), (7.2, 50.0), (9.2, 65.0), (10.6, 70.0), (13.0, 50.0), (8.4, 34.0)]);
    let count = random.count(2, 9);
    let side = (count as f32 * length * radius * 3.0).sqrt();
    for _ in 0..count {
        let (sine, cosine) = random.range(0.0, std::f32::consts::TAU).sin_cos();
        let (x, y) = (random.range(-0.5, 0.5) * side, random.range(-0.5, 0.5) * side);
        let (z, lift) = (random.range(radius, radius * (2.0 + 0.2 * count as f32)), random.range(-4.0, 4.0));
        let (dx, dy) = (cosine * length * 0.5, sine * length * 0.5);
        cell(&mut made, [x - dx, y - dy, z - lift], [x + dx, y + dy, z + lift], radius);
    }
    Made::whole(Class::Battery, made)
}

pub(super) fn board(made: &mut Assembly, random: &mut Random, size: [f32; 2], at: [f32; 3]) {
    made.block([size[0], size[1], 1.2], M::CircuitBoard, 1.0, Pose::at(at[0], at[1], at[2]));
    for _ in 0..random.count(3, 9) {
        let (x, y) = (random.range(-0.45, 0.45) * size[0], random.range(-0.45, 0.45) * size[1]);
        let chip = [random.range(3.0, 10.0), random.range(3.0, 10.0), 1.4];
        let material = random.choose(&[M::CircuitBoard, M::Copper, M::Tin]);
        let fill = if material == M::CircuitBoard { 1.2 } else { 0.25 };
        made.block(chip, material, fill, Pose::at(at[0] + x, at[1] + y, at[2] + 1.3));
    }
}

fn power_bank(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let size = [random.range(55.0, 78.0), random.range(95.0, 155.0), random.range(13.0, 24.0)];
    let z = size[2] * 0.5;
    let shell = random.choose(&[M::Abs, M::Aluminium]);
    made.block(size, shell, 1.0, Pose::at(0.0, 0.0, z));
    made.block(size.map(|s| s - 3.0), shell, -1.0, Pose::at(0.0, 0.0, z));
    let pouch = [size[0] - 8.0, size[1] - 30.0, size[2] - 6.0];
    made.block(pouch, M::LithiumCell, 0.95, Pose::at(0.0, -11.0, z));
    board(&mut made, random, [size[0] - 10.0, 18.0], [0.0, size[1] * 0.5 - 13.0, z]);
    Made::whole(Class::Battery, made)
}

/// A phone or tablet: glass, thin frame, board, pouch cell of the given shares of width and length.
fn slab_device(random: &mut Random, size: [f32; 3], share: [f32; 2]) -> Made {
    let mut made = Assembly::default();
    let s = random.range(0.85, 1.1);
    let [w, l, t] = [size[0] * s, size[1] * s * random.range(0.9, 1.1), size[2] * random.range(0.9, 1.25)];
    let frame = random.choose(&[M::Aluminium, M::Steel, M::Abs]);
    made.block([w, l, t], frame, 1.0, Pose::at(0.0, 0.0, t * 0.5));
    made.block([w - 3.0, l - 3.0, t], frame, -1.0, Pose::at(0.0, 0.0, t * 0.5));
    made.block([w - 2.0, l - 2.0, 1.2], M::Glass, 1.0, Pose::at(0.0, 0.0, t - 0.6));
    made.block([w - 3.0, l - 3.0, 0.5], M::Aluminium, 1.0, Pose::at(0.0, 0.0, 1.5));
    let x = random.choose(&[-1.0, 1.0]) * w * (0.48 - share[0] * 0.5);
    made.block([w * share[0], l * share[1], 4.2], M::LithiumCell, 1.0, Pose::at(x, -l * 0.1, t * 0.5));
    board(&mut made, random, [w * 0.85, l * 0.25], [0.0, l * 0.34, t * 0.5]);
    for _ in 0..random.count(1, 3) {
        made.add(Shape::Cylinder(4.5, 2.2), M::Steel, 0.7, Pose::at(-w * 0.3, l * random.range(0.36, 0.44), t * 0.5));
    }
    Made::whole(Class::Battery, made)
}

fn pouch_cells(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let size = [random.range(28.0, 60.0), random.range(40.0, 110.0), random.range(4.0, 9.0)];
    for i in 0..random.count(1, 4) {
        let z = (i as f32 + 0.5) * (size[2] + 0.6);
        made.block(size, M::LithiumCell, 1.0, Pose::at(random.range(-2.0, 2.0), 0.0, z));
        for x in [-0.25, 0.25] {
            made.block([6.0, 14.0, 0.3], M::Copper, 1.0, Pose::at(x * size[0], size[1] * 0.5 + 6.0, z));
        }
    }
    if random.chance(0.6) {
        let end = [random.range(-30.0, 30.0), size[1] * 0.5 + 60.0, 5.0];
        made.wire(&[[0.0, size[1] * 0.5, 4.0], [8.0, size[1] * 0.5 + 25.0, 6.0], end], 0.9, M::Copper);
    }
    Made::whole(Class::Battery, made)
}

fn tool_pack(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    made.block([84.0, 118.0, 52.0], M::Abs, 0.22, Pose::at(0.0, 0.0, 26.0));
    for i in 0..random.count(5, 10) {
        let (y, z) = (-44.0 + 21.0 * (i % 5) as f32, 14.0 + 21.0 * (i / 5) as f32);
        cell(&mut made, [-33.0, y, z], [33.0, y, z], 9.2);
    }
    board(&mut made, random, [30.0, 90.0], [0.0, 0.0, 48.0]);
    Made::whole(Class::Battery, made)
}
