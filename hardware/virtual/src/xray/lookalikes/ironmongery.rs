//! Tools, fittings and locks: steel and brass with the outlines of guns, their parts and blades.

use super::super::physics::Material as M;
use super::super::random::Random;
use super::super::shape::{Assembly, Pose, Shape, circle};

/// Sheet-steel body with a long lever, no barrel (firearm).
pub(super) fn staple_gun(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (long, deep) = (random.range(120.0, 170.0), random.range(42.0, 60.0));
    made.shell([deep, long, 24.0], 1.2, random.choose(&[M::Steel, M::Aluminium, M::Abs]), Pose::at(0.0, 0.0, 13.0));
    made.bar([deep * 0.3, long * 0.35, 13.0], [deep * 0.6 + 20.0, -long * 0.55, 13.0], 7.0, M::Steel, 0.35);
    made.block([12.0, long * 0.9, 10.0], M::Zinc, 0.3, Pose::at(-deep * 0.4, 0.0, 13.0));
    let spring: Vec<_> =
        (0..12).map(|i| [if i % 2 == 0 { 9.0 } else { -3.0 }, long * 0.2 + 3.0 * i as f32, 13.0]).collect();
    made.wire(&spring, 1.3, M::Steel);
    made
}

/// A spout, a body and a lever of cast brass, hollow (firearm).
pub(super) fn tap(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (metal, s) = (random.choose(&[M::Brass, M::Zinc]), random.range(0.8, 1.2));
    made.pipe([0.0, -55.0 * s, 24.0], [0.0, 15.0, 24.0], 21.0 * s, 2.4, metal);
    made.pipe([0.0, 0.0, 24.0], [115.0 * s, 30.0 * s, 24.0], 12.0 * s, 2.0, metal);
    made.pipe([115.0 * s, 30.0 * s, 24.0], [118.0 * s, 8.0 * s, 24.0], 11.0 * s, 2.0, metal);
    made.bar([0.0, 18.0, 24.0], [-70.0 * s, 45.0, 24.0], 5.0, metal, 0.9);
    made.bar([0.0, -95.0 * s, 24.0], [0.0, -55.0 * s, 24.0], 6.0, M::Brass, 0.5);
    made
}

/// Bends, tees and short pipes (barrels, suppressors).
pub(super) fn pipe_fittings(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let metal = random.choose(&[M::Copper, M::Brass, M::Steel, M::Pvc]);
    let r = random.range(8.0, 15.0);
    for _ in 0..random.count(2, 5) {
        let mut one = Assembly::default();
        let half = random.range(14.0, 42.0);
        one.pipe([0.0, -half, 0.0], [0.0, half, 0.0], r, 1.5, metal);
        one.pipe([0.0, half - 8.0, 0.0], [0.0, half + 6.0, 0.0], r + 3.0, 2.8, metal);
        if random.chance(0.6) {
            one.pipe([r * 0.7, 0.0, 0.0], [r + 22.0, 0.0, 0.0], r, 1.5, metal);
        }
        made.beside(&one, random.range(3.0, 12.0));
    }
    made
}

/// The case of a door lock: flat steel, levers, springs, a bolt (trigger group, receiver).
pub(super) fn lock_case(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (w, l) = (random.range(60.0, 95.0), random.range(110.0, 165.0));
    made.shell([w, l, 14.0], 1.1, M::Steel, Pose::at(0.0, 0.0, 8.0));
    made.block([3.0, l + random.range(40.0, 80.0), 22.0], M::Steel, 1.0, Pose::at(w * 0.5 + 2.0, 0.0, 8.0));
    for (y, long) in [(-0.25, 34.0), (0.25, 26.0)] {
        made.block([long, 24.0, 10.0], random.choose(&[M::Brass, M::Zinc]), 0.8, Pose::at(w * 0.35, y * l, 8.0));
    }
    made.add(Shape::Cylinder(9.0, 6.0), M::Zinc, 0.6, Pose::at(-w * 0.1, l * 0.22, 8.0));
    made.wire(&circle([-w * 0.15, -l * 0.1, 8.0], [13.0, 9.0], 8), 0.9, M::Steel);
    made
}

/// A rod in a tube with an eye at either end (barrel, suppressor).
pub(super) fn gas_spring(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (half, r) = (random.range(55.0, 110.0), random.range(7.0, 11.0));
    made.pipe([0.0, -half, 12.0], [0.0, half, 12.0], r, 1.4, M::Steel);
    made.bar([0.0, -half, 12.0], [0.0, half * 0.8, 12.0], r - 1.6, M::Polyethylene, 0.9);
    made.bar([0.0, half * 0.3, 12.0], [0.0, half * 1.7, 12.0], 3.5, M::Steel, 1.0);
    for y in [-half - 9.0, half * 1.7 + 9.0] {
        made.wire(&circle([0.0, y, 12.0], [7.0, 7.0], 8), 2.2, M::Steel);
    }
    made
}

/// Channels of sheet steel with holes, pushed into one another (slide, receiver).
pub(super) fn drawer_runners(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let long = random.range(200.0, 330.0);
    for i in 0..random.count(1, 2) {
        let x = i as f32 * 55.0;
        for (width, shift) in [(36.0, 0.0), (27.0, random.range(0.0, 60.0))] {
            made.block([width, long, 1.3], M::Steel, 1.0, Pose::at(x, shift, 3.0));
            for side in [-0.5, 0.5] {
                made.block([1.3, long, 11.0], M::Steel, 1.0, Pose::at(x + side * width, shift, 8.0));
            }
        }
        for hole in 0..4 {
            made.add(Shape::Cylinder(4.0, 0.6), M::Steel, -1.0, Pose::at(x, long * (0.22 * hole as f32 - 0.35), 3.0));
        }
    }
    made
}

/// Flat steel with open jaws, in sizes (blade).
pub(super) fn spanners(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for i in 0..random.count(1, 5) {
        let s = random.range(0.8, 1.1) * (1.0 - 0.1 * i as f32);
        let mut one = Assembly::default();
        one.block([12.0 * s, 130.0 * s, 5.5 * s], M::Steel, 1.0, Pose::at(0.0, 0.0, 0.0));
        let jaw = vec![
            [-8.0, 0.0],
            [8.0, 0.0],
            [17.0, 15.0],
            [15.0, 32.0],
            [8.0, 32.0],
            [8.0, 16.0],
            [-8.0, 16.0],
            [-8.0, 32.0],
            [-15.0, 32.0],
            [-17.0, 15.0],
        ];
        let jaw: Vec<[f32; 2]> = jaw.into_iter().map(|[x, y]| [x * s, y * s]).collect();
        one.add(Shape::Prism(jaw, 4.0 * s), M::Steel, 1.0, Pose::turned(0.25, 0.0, 0.0).moved(0.0, 62.0 * s, 0.0));
        one.wire(&circle([0.0, -75.0 * s, 0.0], [10.0 * s, 10.0 * s], 10), 3.6 * s, M::Steel);
        made.beside(&one, random.range(2.0, 8.0));
    }
    made
}

/// Round shafts in thick handles (blade).
pub(super) fn screwdrivers(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for _ in 0..random.count(1, 6) {
        let (shaft, r) = (random.range(60.0, 160.0), random.range(2.0, 4.5));
        let mut one = Assembly::default();
        one.bar([0.0, 0.0, 0.0], [0.0, shaft, 0.0], r, M::Steel, 1.0);
        let grip = random.range(70.0, 110.0);
        one.bar([0.0, -grip, 0.0], [0.0, 0.0, 0.0], r * 2.2 + 6.0, random.choose(&[M::Pvc, M::Abs, M::Acrylic]), 0.85);
        one.bar([0.0, -grip * 0.6, 0.0], [0.0, 0.0, 0.0], r, M::Steel, 1.0);
        made.beside(&one, random.range(2.0, 10.0));
    }
    made
}

/// Many thin fins of aluminium on a plate (opaque).
pub(super) fn heat_sink(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (w, l, h) = (random.range(50.0, 110.0), random.range(60.0, 130.0), random.range(22.0, 45.0));
    made.block([w, l, 6.0], M::Aluminium, 1.0, Pose::at(0.0, 0.0, 3.0));
    let fins = random.count(7, 14);
    for i in 0..fins {
        let x = w * ((i as f32 + 0.5) / fins as f32 - 0.5);
        made.block([1.6, l, h], M::Aluminium, 1.0, Pose::at(x, 0.0, 6.0 + h * 0.5));
    }
    made
}

/// A half pipe with a rod through it, a frame, a trigger (firearm).
pub(super) fn sealant_gun(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (s, metal) = (random.range(0.8, 1.0), random.choose(&[M::Steel, M::Aluminium]));
    made.pipe([0.0, -30.0 * s, 30.0], [0.0, 170.0 * s, 30.0], 24.0, random.range(0.8, 1.4), metal);
    made.bar([0.0, -120.0 * s, 30.0], [0.0, 90.0 * s, 30.0], 3.5, M::Steel, 1.0);
    made.bar([0.0, 88.0 * s, 30.0], [0.0, 91.0 * s, 30.0], 21.0, M::Steel, 1.0);
    made.shell([30.0, 34.0 * s, 22.0], 2.0, M::Zinc, Pose::at(10.0, -45.0 * s, 30.0));
    for (from, to) in [(-52.0, -75.0), (-32.0, -22.0)] {
        made.bar([18.0, from * s, 30.0], [105.0 * s, to * s, 30.0], 5.5, metal, 0.6);
    }
    made
}

/// A tube with a piston on its rod, a spring and screwed ends (barrel, suppressor).
pub(super) fn bicycle_pump(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (half, r) = (random.range(70.0, 120.0), random.range(9.0, 15.0));
    let (shell, wall) = random.choose(&[(M::Aluminium, 1.2), (M::Abs, 1.8), (M::Steel, 0.7)]);
    made.pipe([0.0, -half, r], [0.0, half, r], r, wall, shell);
    let drawn = half * random.range(0.2, 0.9);
    made.bar([0.0, -half - 12.0, r], [0.0, drawn, r], 3.0, random.choose(&[M::Steel, M::Aluminium]), 1.0);
    made.bar([0.0, drawn - 8.0, r], [0.0, drawn, r], r - wall - 0.5, M::Nylon, 0.9);
    made.bar([0.0, half - 14.0, r], [0.0, half, r], r - wall, M::Aluminium, 0.7);
    made.bar([0.0, -half - 34.0, r], [0.0, -half, r], r * 1.1, M::Abs, 0.5);
    made.bar([0.0, half, r], [0.0, half + 9.0, r], 4.5, M::Brass, 0.7);
    made
}

/// A pointed sheet, a cranked neck, a wooden handle (blade).
pub(super) fn trowel(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (long, wide) = (random.range(75.0, 160.0), random.range(35.0, 60.0));
    let outline = vec![
        [-wide * 0.25, 0.0],
        [wide * 0.25, 0.0],
        [wide * 0.5, long * random.range(0.1, 0.3)],
        [wide * 0.3, long * 0.75],
        [0.0, long],
        [-wide * 0.3, long * 0.75],
        [-wide * 0.5, long * 0.2],
    ];
    made.add(Shape::Prism(outline, random.range(0.5, 0.9)), M::Steel, 1.0, Pose::at(0.0, 0.0, 8.0));
    made.wire(&[[0.0, 6.0, 8.0], [0.0, -18.0, 22.0], [0.0, -30.0, 22.0]], 4.0, M::Steel);
    made.bar([0.0, -125.0, 22.0], [0.0, -30.0, 22.0], random.range(12.0, 15.0), M::Cellulose, 0.7);
    made.bar([0.0, -38.0, 22.0], [0.0, -30.0, 22.0], 13.0, M::Brass, 0.3);
    made
}
