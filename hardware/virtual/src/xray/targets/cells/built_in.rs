//! Things that run from cells. Where the cells are a small part of it, they alone are the target.

use super::super::super::physics::Material as M;
use super::super::super::random::Random;
use super::super::super::shape::{Assembly, Pose, Shape, circle};
use super::super::{Class, Made};
use super::{board, cell};

fn with_cells(assembly: Assembly, first: usize, last: usize) -> Made {
    Made { assembly, marks: vec![(Class::Battery, first..last)] }
}

/// A round or square case with a pouch under its display, and a strap.
pub(super) fn watch(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (half, thick) = (random.range(17.0, 23.0), random.range(9.0, 14.0));
    let metal = random.choose(&[M::Aluminium, M::Steel, M::Titanium, M::Nylon]);
    let z = thick * 0.5;
    if random.chance(0.5) {
        made.add(Shape::Cylinder(half, z), metal, 1.0, Pose::at(0.0, 0.0, z));
        made.add(Shape::Cylinder(half - 2.0, z - 1.0), metal, -1.0, Pose::at(0.0, 0.0, z));
    } else {
        made.shell([half * 1.8, half * 2.1, thick], 1.6, metal, Pose::at(0.0, 0.0, z));
    }
    made.block([half * 1.3, half * 1.3, 1.4], M::Glass, 1.0, Pose::at(0.0, 0.0, thick - 1.0));
    made.block([half * 1.0, half * 0.8, thick * 0.42], M::LithiumCell, 1.0, Pose::at(0.0, -half * 0.2, z));
    board(&mut made, random, [half * 1.2, half * 0.7], [0.0, half * 0.45, z]);
    let case = made.parts.len();
    let strap = random.choose(&[M::Pvc, M::Protein]);
    let long = random.range(55.0, 85.0);
    for y in [-1.0, 1.0] {
        made.block([half, long, 3.0], strap, 0.9, Pose::at(0.0, y * (half + long * 0.5), 4.0));
    }
    made.wire(&circle([0.0, half + long, 5.0], [half * 0.6, 7.0], 4), 1.2, M::Steel);
    with_cells(made, 0, case)
}

/// One to three cells in a row in a metal or plastic tube with a wide head.
pub(super) fn flashlight(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (radius, length) = random.choose(&[(7.2, 50.0), (9.2, 65.0), (13.0, 50.0), (16.2, 60.0)]);
    let count = random.count(1, 3);
    let first = made.parts.len();
    for i in 0..count {
        let y = i as f32 * (length + 2.0);
        cell(&mut made, [0.0, y, 20.0], [0.0, y + length, 20.0], radius);
    }
    let last = made.parts.len();
    let total = count as f32 * (length + 2.0);
    let (tube, wall) = random.choose(&[(M::Aluminium, 1.6), (M::Abs, 2.2), (M::Steel, 0.8)]);
    made.pipe([0.0, -14.0, 20.0], [0.0, total + 8.0, 20.0], radius + wall + 0.8, wall, tube);
    let head = radius * random.range(1.2, 1.9) + 3.0;
    made.pipe([0.0, total + 8.0, 20.0], [0.0, total + 40.0, 20.0], head, wall, tube);
    made.bar([0.0, total + 34.0, 20.0], [0.0, total + 37.0, 20.0], head - wall, M::Glass, 0.8);
    made.bar([0.0, total + 8.0, 20.0], [0.0, total + 11.0, 20.0], head - wall, M::CircuitBoard, 0.8);
    let spring: Vec<_> = (0..6).map(|i| [if i % 2 == 0 { 4.0 } else { -4.0 }, -2.0 - 2.0 * i as f32, 20.0]).collect();
    made.wire(&spring, 0.6, M::Steel);
    with_cells(made, first, last)
}

/// A hollow plastic body with a box of two to four cells, a motor and wires.
pub(super) fn toy(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let size = [random.range(60.0, 120.0), random.range(100.0, 200.0), random.range(40.0, 80.0)];
    let plastic = random.choose(&[M::Abs, M::Pvc, M::Polyethylene]);
    if random.chance(0.5) {
        made.shell(size, random.range(1.6, 2.6), plastic, Pose::at(0.0, 0.0, size[2] * 0.5));
    } else {
        let half = size.map(|s| s * 0.5);
        made.add(Shape::Ellipsoid(half), plastic, 1.0, Pose::at(0.0, 0.0, half[2]));
        made.add(Shape::Ellipsoid(half.map(|h| h - 2.0)), plastic, -1.0, Pose::at(0.0, 0.0, half[2]));
    }
    let (radius, length) = random.choose(&[(5.2, 44.0), (7.2, 50.0)]);
    let (count, z) = (random.count(2, 4), size[2] * random.range(0.2, 0.4));
    let turn = Pose::turned(random.choose(&[0.0, std::f32::consts::FRAC_PI_2]), 0.0, 0.0).moved(
        0.0,
        random.range(-0.15, 0.1) * size[1],
        z,
    );
    let first = made.parts.len();
    for i in 0..count {
        let x = (i as f32 - 0.5 * (count - 1) as f32) * (2.0 * radius + 1.5);
        let side = if i % 2 == 0 { 0.5 } else { -0.5 };
        cell(&mut made, turn.place([x, -length * side, 0.0]), turn.place([x, length * side, 0.0]), radius);
    }
    let last = made.parts.len();
    let wide = count as f32 * (2.0 * radius + 1.5) + 4.0;
    made.block([wide, length + 8.0, 1.5], plastic, 1.0, turn.moved(0.0, 0.0, -radius - 1.5));
    let y = size[1] * 0.3;
    made.bar([-14.0, y, size[2] * 0.4], [14.0, y, size[2] * 0.4], 9.5, M::Steel, 0.5);
    made.bar([14.0, y, size[2] * 0.4], [22.0, y, size[2] * 0.4], 1.2, M::Steel, 1.0);
    made.wire(
        &[turn.place([0.0, 0.0, radius]), [10.0, y * 0.5, size[2] * 0.5], [0.0, y, size[2] * 0.5]],
        0.6,
        M::Copper,
    );
    with_cells(made, first, last)
}

/// A slim plastic handle: a cell, a motor before it, a charging coil behind.
pub(super) fn toothbrush(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, long) = (random.range(13.0, 16.5), random.range(150.0, 190.0));
    made.pipe([0.0, 0.0, r], [0.0, long, r], r, random.range(1.8, 2.6), M::Abs);
    let (radius, length) = random.choose(&[(7.2, 50.0), (7.2, 43.0), (9.2, 65.0)]);
    let first = made.parts.len();
    cell(&mut made, [0.0, 24.0, r], [0.0, 24.0 + length, r], radius);
    let last = made.parts.len();
    let motor = 30.0 + length;
    made.bar([0.0, motor, r], [0.0, motor + 32.0, r], 7.5, M::Steel, 0.55);
    made.bar([0.0, motor + 32.0, r], [0.0, long + 22.0, r], 1.8, M::Steel, 1.0);
    made.pipe([0.0, 4.0, r], [0.0, 14.0, r], 8.5, 3.0, M::Copper);
    made.block([9.0, length + 24.0, 1.2], M::CircuitBoard, 1.0, Pose::at(0.0, 60.0, 2.0 * r - 4.0));
    made.bar([0.0, long + 22.0, r], [0.0, long + 60.0, r], 3.2, M::Abs, 0.9);
    made.add(Shape::Ellipsoid([6.5, 12.0, 6.0]), M::Nylon, 0.6, Pose::at(0.0, long + 66.0, r));
    with_cells(made, first, last)
}
