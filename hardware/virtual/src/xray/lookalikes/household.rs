//! Things of the house: appliances that run from the mains, ornaments, crockery, stationery.

use super::super::appliances;
use super::super::physics::Material as M;
use super::super::random::Random;
use super::super::shape::{Assembly, Pose, Shape};

/// Body, grip and trigger in plastic round a motor; a cable, no cells (firearm).
pub(super) fn mains_drill(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let s = random.range(0.8, 1.1);
    made.pipe([0.0, -80.0 * s, 32.0], [0.0, 70.0 * s, 32.0], 30.0 * s, 3.0, M::Abs);
    made.bar([0.0, -60.0 * s, 32.0], [0.0, 5.0, 32.0], 22.0 * s, M::Steel, 0.35);
    made.bar([0.0, -60.0 * s, 32.0], [0.0, -10.0, 32.0], 16.0 * s, M::Copper, 0.2);
    made.pipe([0.0, 70.0 * s, 32.0], [0.0, 110.0 * s, 32.0], 19.0 * s, 9.0, M::Steel);
    let grip = Pose::turned(0.2, 0.0, 0.0).moved(70.0 * s, -55.0 * s, 32.0);
    made.shell([105.0 * s, 40.0 * s, 34.0], 3.0, M::Abs, grip);
    made.block([30.0, 14.0, 16.0], M::Abs, 0.6, Pose::at(52.0 * s, -28.0 * s, 32.0));
    let cable =
        [grip.place([50.0 * s, 0.0, 0.0]), [150.0 * s, -20.0, 20.0], [120.0 * s, 60.0, 12.0], [60.0, 90.0, 8.0]];
    made.wire(&cable, 3.2, M::Pvc);
    made.wire(&cable, 1.1, M::Copper);
    made
}

/// A long sprung magazine of staples on a foot (slide, magazine).
pub(super) fn stapler(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let long = random.range(95.0, 160.0);
    made.block([30.0, long, 2.0], M::Steel, 1.0, Pose::at(0.0, 0.0, 2.0));
    made.block([14.0, long * 0.8, 10.0], M::Steel, 0.22, Pose::at(0.0, 4.0, 18.0));
    made.block([12.0, long * random.range(0.2, 0.6), 6.0], M::Zinc, 0.5, Pose::at(0.0, 12.0, 18.0));
    made.block([28.0, long * 0.95, 14.0], random.choose(&[M::Abs, M::Steel]), 0.16, Pose::at(0.0, 0.0, 32.0));
    made.bar([0.0, -long * 0.3, 18.0], [0.0, long * 0.1, 18.0], 1.3, M::Steel, 1.0);
    made.add(
        Shape::Cylinder(4.0, 14.0),
        M::Steel,
        0.6,
        Pose::between([-14.0, -long * 0.4, 16.0], [14.0, -long * 0.4, 16.0]),
    );
    made
}

/// Long, bent and blunt (blade).
pub(super) fn shoehorn(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (long, wide) = (random.range(120.0, 300.0), random.range(34.0, 46.0));
    let (w, neck) = (wide * 0.5, random.range(7.0, 11.0));
    let outline = vec![
        [-neck, 0.0],
        [neck, 0.0],
        [neck, long * 0.5],
        [w, long * 0.8],
        [w * 0.8, long * 0.96],
        [0.0, long],
        [-w * 0.8, long * 0.96],
        [-w, long * 0.8],
        [-neck, long * 0.5],
    ];
    let (metal, thick) = random.choose(&[(M::Steel, 1.1), (M::Aluminium, 1.8), (M::Brass, 1.0)]);
    made.add(Shape::Prism(outline, thick * 0.5), metal, 1.0, Pose::at(0.0, 0.0, 6.0));
    made.add(Shape::Cylinder(3.5, thick * 0.5), metal, -1.0, Pose::at(0.0, 9.0, 6.0));
    made
}

/// Case, board, loudspeaker and coil of cable; nothing organic, no cells (explosive device).
pub(super) fn mains_radio(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let size = [random.range(85.0, 130.0), random.range(140.0, 220.0), random.range(40.0, 70.0)];
    made.shell(size, 2.4, random.choose(&[M::Abs, M::Cellulose]), Pose::at(0.0, 0.0, size[2] * 0.5));
    let board = [size[0] * random.range(0.5, 0.9), size[1] * random.range(0.25, 0.45)];
    appliances::components(random, &mut made, board, 9.0);
    let speaker = size[0] * random.range(0.25, 0.4);
    made.add(Shape::Cylinder(speaker * 0.5, 7.0), M::Steel, 0.8, Pose::at(0.0, -size[1] * 0.28, size[2] - 12.0));
    made.add(Shape::Cylinder(speaker, 2.0), M::Steel, 0.3, Pose::at(0.0, -size[1] * 0.28, size[2] - 5.0));
    made.block([30.0, 34.0, 26.0], M::Steel, 0.45, Pose::at(size[0] * 0.2, size[1] * 0.3, 18.0));
    made.block([20.0, 36.0, 20.0], M::Copper, 0.35, Pose::at(size[0] * 0.2, size[1] * 0.3, 18.0));
    let mut lead = Assembly::default();
    appliances::coil(&mut lead, random.range(20.0, 34.0), 3, 0.7, 2.2);
    made.beside(&lead, 4.0);
    made
}

/// Blocks of wax and a string of tiny lamps for the mains (explosive device without cell and initiator).
pub(super) fn candles_with_light_string(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (r, half) = (random.range(16.0, 36.0), random.range(35.0, 75.0));
    for _ in 0..random.count(1, 4) {
        let mut one = Assembly::default();
        one.bar([0.0, -half, r], [0.0, half, r], r, M::Polyethylene, 0.98);
        one.bar([0.0, -half, r], [0.0, half + 8.0, r], 1.0, M::Cellulose, 0.6);
        made.beside(&one, random.range(1.0, 6.0));
    }
    let wide = made.bounds().1[0];
    let string: Vec<_> = (0..random.count(12, 24))
        .map(|_| [random.range(0.0, wide), random.range(-1.1, 1.1) * half, 2.0 * r + random.range(2.0, 8.0)])
        .collect();
    made.wire(&string, 0.45, M::Copper);
    for at in string.iter().step_by(2) {
        made.add(Shape::Ellipsoid([2.2, 2.2, 3.5]), M::Acrylic, 1.0, Pose::at(at[0], at[1], at[2]));
    }
    made
}

/// Modelling clay in bars beside a charger (explosive device without cell and initiator).
pub(super) fn clay_with_charger(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let size = [random.range(20.0, 36.0), random.range(70.0, 120.0), random.range(14.0, 26.0)];
    for i in 0..random.count(2, 5) {
        let (material, fill) = random.choose(&[(M::Polyethylene, 1.0), (M::Glass, 0.6)]);
        made.block(size, material, fill, Pose::at(i as f32 * (size[0] + 2.0), 0.0, size[2] * 0.5));
    }
    let charger = appliances::charger(random);
    made.beside(&charger, random.range(4.0, 20.0));
    made
}

/// A brick with coils and capacitors and two leads (battery).
pub(super) fn power_supply(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let size = [random.range(45.0, 65.0), random.range(95.0, 150.0), random.range(26.0, 36.0)];
    let z = size[2] * 0.5;
    made.shell(size, 2.4, M::Abs, Pose::at(0.0, 0.0, z));
    made.block([size[0] - 8.0, size[1] - 10.0, 1.6], M::CircuitBoard, 1.0, Pose::at(0.0, 0.0, 6.0));
    made.block([28.0, 30.0, 20.0], M::Steel, 0.35, Pose::at(2.0, 4.0, z));
    made.block([20.0, 24.0, 18.0], M::Copper, 0.3, Pose::at(2.0, 4.0, z));
    for (x, y) in [(-10.0, -0.3), (10.0, -0.32), (-8.0, 0.34)] {
        let r = random.range(5.0, 9.0);
        made.bar([x, y * size[1] - 12.0, z], [x, y * size[1] + 12.0, z], r, M::Aluminium, 0.45);
    }
    made.block([4.0, size[1] * 0.6, size[2] * 0.6], M::Aluminium, 0.9, Pose::at(-size[0] * 0.34, 0.0, z));
    let mut lead = Assembly::default();
    appliances::coil(&mut lead, random.range(20.0, 34.0), 3, 0.8, 2.4);
    made.beside(&lead, 5.0);
    made
}

/// Cast aluminium, discs and a board (phone, power bank).
pub(super) fn hard_disk(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let s = if random.chance(0.5) { 1.0 } else { 0.69 };
    let [w, l, t] = [101.0 * s, 146.0 * s, 26.0 * s * s];
    made.shell([w, l, t], 3.0 * s, M::Aluminium, Pose::at(0.0, 0.0, t * 0.5));
    for z in [0.35, 0.6] {
        made.add(Shape::Cylinder(46.0 * s, 0.8), M::Aluminium, 1.0, Pose::at(0.0, l * 0.15, z * t));
    }
    made.add(Shape::Cylinder(13.0 * s, t * 0.35), M::Steel, 0.6, Pose::at(0.0, l * 0.15, t * 0.5));
    made.block([30.0 * s, 26.0 * s, t * 0.5], M::Steel, 0.7, Pose::at(w * 0.25, -l * 0.34, t * 0.5));
    made.block([w * 0.9, l * 0.4, 1.5], M::CircuitBoard, 1.0, Pose::at(0.0, -l * 0.25, 0.8));
    made
}

/// A cast figure with thin walls (dense object).
pub(super) fn hollow_ornament(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (metal, wall) = random.choose(&[(M::Brass, 1.3), (M::Copper, 1.0), (M::Zinc, 1.8), (M::Silver, 0.7)]);
    let r = random.range(14.0, 24.0);
    for (y, size) in [(0.0, [r, r * 1.5, r]), (r * 2.1, [r * 0.7, r * 0.8, r * 0.7])] {
        made.add(Shape::Ellipsoid(size), metal, 1.0, Pose::at(0.0, y, r));
        made.add(Shape::Ellipsoid(size.map(|s| s - wall)), metal, -1.0, Pose::at(0.0, y, r));
    }
    made.pipe([0.0, -r * 1.7, r], [0.0, -r * 1.2, r], r * 0.9, wall, metal);
    made
}

/// A shallow dish of sheet or cast metal with a long handle (opaque, blade).
pub(super) fn frying_pan(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (r, half) = (random.range(70.0, 125.0), random.range(14.0, 22.0));
    let (metal, floor) = random.choose(&[(M::Aluminium, 3.5), (M::Steel, 1.4), (M::Steel, 2.2)]);
    made.add(Shape::Cylinder(r, half), metal, 1.0, Pose::at(0.0, 0.0, half));
    made.add(Shape::Cylinder(r - floor, half - floor * 0.5), metal, -1.0, Pose::at(0.0, 0.0, half + floor * 0.5));
    let grip = random.choose(&[M::Abs, M::Cellulose]);
    made.bar([0.0, r, 2.0 * half], [0.0, r + random.range(90.0, 150.0), 2.0 * half + 8.0], 9.0, grip, 0.8);
    made.bar([0.0, r - 4.0, 2.0 * half], [0.0, r + 40.0, 2.0 * half + 3.0], 3.0, M::Steel, 1.0);
    made
}

/// Fired clay in a stack (opaque).
pub(super) fn tiles(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (w, l, t) = (random.range(70.0, 120.0), random.range(90.0, 160.0), random.range(5.0, 8.0));
    for i in 0..random.count(2, 4) {
        let pose = Pose::turned(random.range(-0.05, 0.05), 0.0, 0.0).moved(0.0, 0.0, (i as f32 + 0.5) * (t + 0.4));
        made.block([w, l, t], M::Glass, 0.85, pose);
    }
    made
}

/// A block of scented wax with the plug that warms it: organic mass beside a lead, no cells (explosive device).
pub(super) fn wax_with_warmer(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let size = [random.range(45.0, 85.0), random.range(60.0, 130.0), random.range(18.0, 40.0)];
    for i in 0..random.count(1, 3) {
        let at = Pose::at(i as f32 * (size[0] + 3.0), 0.0, size[2] * 0.5);
        made.block(size, random.choose(&[M::Polyethylene, M::Protein]), 0.95, at);
    }
    let mut warmer = Assembly::default();
    warmer.shell([48.0, 62.0, 40.0], 2.2, M::Abs, Pose::at(0.0, 0.0, 22.0));
    warmer.bar([0.0, -14.0, 22.0], [0.0, 14.0, 22.0], 7.0, M::Glass, 0.9);
    for x in [-9.5, 9.5] {
        warmer.bar([x, 31.0, 22.0], [x, 50.0, 22.0], 2.4, M::Brass, 1.0);
        warmer.wire(&[[x, 31.0, 22.0], [x * 0.4, 0.0, 22.0]], 0.7, M::Copper);
    }
    appliances::coil(&mut warmer, random.range(18.0, 30.0), 2, 0.6, 2.0);
    made.beside(&warmer, random.range(2.0, 10.0));
    made
}

/// Plates or saucers of stoneware in a stack (opaque).
pub(super) fn stacked_plates(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let r = random.range(60.0, 105.0);
    let thick = random.range(3.0, 5.5);
    for i in 0..random.count(2, 4) {
        let z = i as f32 * (thick + random.range(2.0, 5.0));
        let at = [random.range(-2.0, 2.0), random.range(-2.0, 2.0)];
        made.add(Shape::Cylinder(r, thick * 0.5), M::Glass, 0.9, Pose::at(at[0], at[1], z + thick));
        made.add(Shape::Cylinder(r * 0.6, thick * 0.5), M::Glass, -0.25, Pose::at(at[0], at[1], z + thick));
    }
    made
}
