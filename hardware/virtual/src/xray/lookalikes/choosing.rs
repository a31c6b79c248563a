//! More harmless things that thresholds are chosen by, for the classes that are taken for them most.
//!
//! They stand alone because they are one decision: one thing a class does not stand for all that a lane will see, and a
//! threshold chosen on it alone flags several times as much elsewhere. Neither training nor the test split draws any.

use super::super::appliances;
use super::super::physics::Material as M;
use super::super::random::Random;
use super::super::shape::{Assembly, Pose, Shape, circle};
use super::super::vessels::case;

/// A grip under a slanted head with a window, a board and a coiled lead (firearm).
pub(super) fn barcode_reader(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let s = random.range(0.85, 1.15);
    made.shell([62.0 * s, 90.0 * s, 40.0], 2.2, M::Abs, Pose::at(0.0, 30.0 * s, 22.0));
    let grip = Pose::turned(0.2, 0.0, 0.0).moved(70.0 * s, 0.0, 20.0);
    made.shell([110.0 * s, 34.0 * s, 30.0], 2.4, M::Abs, grip);
    made.block([40.0 * s, 55.0 * s, 1.6], M::CircuitBoard, 1.0, Pose::at(0.0, 30.0 * s, 24.0));
    made.add(Shape::Cylinder(8.0, 7.0), M::Glass, 0.5, Pose::at(-8.0, 66.0 * s, 22.0));
    made.block([9.0, 14.0, 9.0], M::Zinc, 0.6, Pose::at(24.0 * s, 14.0, 22.0));
    let mut lead = Assembly::default();
    appliances::coil(&mut lead, random.range(18.0, 30.0), 4, 0.5, 1.5);
    made.place(&lead, &Pose::at(random.range(-40.0, 60.0), -60.0 * s, 6.0));
    made
}

/// Two arms of flat steel at a right angle with a strut, in pairs (firearm).
pub(super) fn shelf_brackets(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (long, short) = (random.range(120.0, 210.0), random.range(80.0, 150.0));
    let (metal, thick) = random.choose(&[(M::Steel, 2.2), (M::Steel, 3.2), (M::Aluminium, 5.0), (M::Zinc, 4.0)]);
    for i in 0..random.count(1, 3) {
        let (x, z) = (i as f32 * random.range(18.0, 34.0), 3.0 + 5.0 * i as f32);
        made.block([22.0, long, thick], metal, 1.0, Pose::at(x, 0.0, z));
        made.block([short, 22.0, thick], metal, 1.0, Pose::at(x + short * 0.5, long * 0.5 - 11.0, z));
        made.bar([x + 4.0, -long * 0.1, z], [x + short * 0.6, long * 0.42, z], 4.0, metal, 0.8);
    }
    made
}

/// Two beaters under a motor and a handle above it: copper, steel and thin plastic (firearm).
pub(super) fn hand_mixer(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let s = random.range(0.8, 1.0);
    made.shell([80.0 * s, 150.0 * s, 70.0 * s], 2.4, M::Abs, Pose::at(0.0, 0.0, 37.0 * s));
    made.bar([0.0, -40.0 * s, 36.0 * s], [0.0, 25.0 * s, 36.0 * s], 21.0 * s, M::Copper, 0.3);
    made.bar([0.0, -50.0 * s, 36.0 * s], [0.0, 45.0 * s, 36.0 * s], 5.0, M::Steel, 1.0);
    made.bar([-70.0 * s, -60.0 * s, 36.0 * s], [-70.0 * s, 65.0 * s, 36.0 * s], 14.0, M::Abs, 0.3);
    for y in [35.0, 62.0] {
        made.bar([30.0 * s, y * s, 30.0], [150.0 * s, y * s, 30.0], 2.5, M::Steel, 1.0);
        made.wire(&circle([128.0 * s, y * s, 30.0], [34.0 * s, 17.0 * s], 12), 1.4, M::Steel);
    }
    made
}

/// A bar with a spring, an arm and a plate for the frame (receiver, trigger group).
pub(super) fn door_closer(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let long = random.range(110.0, 200.0);
    made.block([42.0, long, 36.0], M::Aluminium, random.range(0.5, 0.8), Pose::at(0.0, 0.0, 18.0));
    made.bar([0.0, -long * 0.45, 18.0], [0.0, long * 0.3, 18.0], 11.0, M::Steel, 0.5);
    made.bar([0.0, long * 0.3, 18.0], [0.0, long * 0.45, 18.0], 12.0, M::Steel, 0.9);
    made.block([18.0, long * 0.9, 5.0], M::Steel, 1.0, Pose::turned(0.3, 0.0, 0.0).moved(40.0, 20.0, 39.0));
    made
}

/// Tubes that slide into one another, with levers at their ends (barrel, suppressor).
pub(super) fn tripod_legs(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (half, metal) = (random.range(70.0, 120.0), random.choose(&[M::Aluminium, M::Aluminium, M::CircuitBoard]));
    for i in 0..3 {
        let x = i as f32 * random.range(26.0, 32.0);
        for (step, reach) in [(0.0, 0.0), (3.2, 0.35), (6.2, 0.6)] {
            let r = 12.0 - step;
            made.pipe([x, -half + reach * 40.0, 12.0], [x, half + reach * 30.0, 12.0], r, 1.1, metal);
        }
        made.block([14.0, 22.0, 10.0], M::Abs, 0.8, Pose::at(x + 9.0, half * 0.95, 12.0));
        made.add(Shape::Ellipsoid([9.0, 12.0, 9.0]), M::Polyethylene, 0.9, Pose::at(x, -half - 8.0, 12.0));
    }
    made
}

/// A curved handle on a plate, a tongue, screws (slide, trigger group).
pub(super) fn window_latches(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for _ in 0..random.count(1, 4) {
        let metal = random.choose(&[M::Brass, M::Zinc, M::Steel]);
        let mut one = Assembly::default();
        one.block([28.0, random.range(60.0, 80.0), 4.0], metal, 0.9, Pose::at(0.0, 0.0, 2.0));
        one.wire(&[[0.0, 0.0, 8.0], [26.0, 8.0, 14.0], [46.0, 30.0, 14.0], [50.0, 62.0, 12.0]], 5.0, metal);
        one.block([16.0, 30.0, 7.0], metal, 0.9, Pose::at(-12.0, -12.0, 7.0));
        made.beside(&one, random.range(4.0, 12.0));
    }
    made
}

/// Wall plugs of nylon with their screws, in compartments (boxed rounds).
pub(super) fn wall_plugs(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (columns, rows) = (random.count(4, 8), random.count(2, 3));
    let (r, long) = (random.range(3.0, 5.0), random.range(28.0, 45.0));
    for i in 0..columns * rows {
        let (x, y) = ((i % columns) as f32 * r * 3.2, (i / columns) as f32 * (long + 14.0));
        let (long, z) = (long * random.range(0.75, 1.05), r + random.range(0.0, 3.0));
        made.pipe([x, y, z], [x, y + long, z], r, r * 0.55, M::Nylon);
        if random.chance(0.6) {
            made.bar([x, y + 4.0, z], [x, y + long + 6.0, z], r * 0.4, M::Steel, 0.9);
        }
    }
    let size = [columns as f32 * r * 3.2 + 10.0, rows as f32 * (long + 16.0), 18.0];
    case(&mut made, size, 1.4, M::Acrylic, Pose::at(size[0] * 0.5 - 8.0, size[1] * 0.5 - 5.0, 9.0));
    made
}

/// Thimbles, some in one another (rounds on end).
pub(super) fn thimbles(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for _ in 0..random.count(3, 12) {
        let (r, tall) = (random.range(7.0, 9.5), random.range(17.0, 25.0));
        let metal = random.choose(&[M::Brass, M::Steel, M::Zinc]);
        let pose = Pose::turned(random.range(0.0, 6.3), random.range(0.0, 1.6), 0.0).moved(
            random.range(-40.0, 40.0),
            random.range(-40.0, 40.0),
            random.range(10.0, 16.0),
        );
        made.add(Shape::Cylinder(r, tall * 0.5), metal, 1.0, pose);
        made.add(Shape::Cylinder(r - 0.9, tall * 0.5), metal, -1.0, pose.over(&Pose::at(0.0, 0.0, 0.9)));
    }
    made
}

/// Weights for fishing: olives and drops of metal on swivels, of several sizes (loose bullets).
pub(super) fn fishing_weights(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let metal = random.choose(&[M::Zinc, M::Steel, M::Tin]);
    for _ in 0..random.count(4, 14) {
        let (r, slim) = (random.range(3.0, 7.5), random.range(1.2, 2.4));
        let at = [random.range(-40.0, 40.0), random.range(-45.0, 45.0), random.range(6.0, 14.0)];
        let pose = Pose::turned(random.range(0.0, 6.3), 0.0, 0.0).moved(at[0], at[1], at[2]);
        made.add(Shape::Ellipsoid([r, r * slim, r]), metal, 1.0, pose);
        made.bar(pose.place([0.0, r * slim, 0.0]), pose.place([0.0, r * slim + 9.0, 0.0]), 1.0, M::Brass, 0.8);
    }
    made
}

/// Electrolytic capacitors: aluminium cans round paper and foil (cells).
pub(super) fn capacitors(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let count = random.count(2, 8);
    for i in 0..count {
        let (r, half) = (random.range(7.0, 15.0), random.range(14.0, 30.0));
        let (x, y) = ((i % 4) as f32 * 34.0, (i / 4) as f32 * 66.0 + random.range(-4.0, 4.0));
        made.pipe([x, y - half, r], [x, y + half, r], r, 0.5, M::Aluminium);
        made.bar([x, y - half * 0.8, r], [x, y + half * 0.75, r], r - 1.0, M::Aluminium, random.range(0.25, 0.4));
        made.bar([x, y - half, r], [x, y - half * 0.85, r], r - 0.6, M::Polyethylene, 1.0);
        for side in [-0.4, 0.4] {
            made.bar([x + side * r, y - half - 6.0, r], [x + side * r, y - half, r], 0.6, M::Copper, 1.0);
        }
    }
    made
}

/// Spice jars of glass with tin lids, half full (cells on end, liquid).
pub(super) fn spice_jars(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for i in 0..random.count(1, 4) {
        let (r, half) = (random.range(16.0, 23.0), random.range(30.0, 48.0));
        let x = i as f32 * 50.0;
        made.pipe([x, -half, r], [x, half, r], r, 2.2, M::Glass);
        made.bar([x, -half, r], [x, -half + 3.0, r], r - 2.0, M::Glass, 1.0);
        made.block([r * 1.5, half * 1.7, r * random.range(0.4, 1.0)], M::Cellulose, 0.35, Pose::at(x, 0.0, r * 0.75));
        made.bar([x, half, r], [x, half + 9.0, r], r, M::Tin, 0.12);
    }
    made
}

/// A stack of ferrite rings with a steel plate, as in loudspeakers and door holders (cells, dense object).
pub(super) fn ring_magnets(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for i in 0..random.count(1, 3) {
        let (r, thick) = (random.range(14.0, 30.0), random.range(3.0, 6.0));
        let pose = Pose::at(i as f32 * 66.0, random.range(-8.0, 8.0), thick + 1.0);
        made.add(Shape::Cylinder(r, thick), M::Steel, 0.62, pose);
        made.add(Shape::Cylinder(r * 0.45, thick), M::Steel, -0.62, pose);
        if random.chance(0.5) {
            made.add(Shape::Cylinder(r * 1.05, 1.0), M::Steel, 1.0, pose.moved(0.0, 0.0, thick + 1.0));
        }
    }
    made
}

/// A piece of cheese in wax with a thermometer's probe and its display (explosive device).
pub(super) fn cheese_with_thermometer(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (r, tall) = (random.range(45.0, 75.0), random.range(28.0, 50.0));
    made.add(Shape::Cylinder(r, tall * 0.5), M::Protein, 1.0, Pose::at(0.0, 0.0, tall * 0.5));
    made.add(Shape::Cylinder(r * 1.04, 1.2), M::Polyethylene, 0.9, Pose::at(0.0, 0.0, tall + 1.0));
    let x = random.range(-20.0, 20.0);
    made.bar([x, -r - 30.0, tall * 0.6], [x, r * 0.4, tall * 0.5], 1.8, M::Steel, 1.0);
    case(&mut made, [34.0, 50.0, 14.0], 1.8, M::Abs, Pose::at(x, -r - 56.0, 8.0));
    made.block([24.0, 36.0, 1.4], M::CircuitBoard, 1.0, Pose::at(x, -r - 56.0, 8.0));
    made.wire(&[[x, -r - 34.0, 10.0], [x + 40.0, -r, 14.0], [x + 30.0, 0.0, tall + 3.0]], 1.2, M::Copper);
    made
}

/// Modelling dough in a tub, cutters of tin, a lead for the lamp beside it (explosive device).
pub(super) fn dough_with_lamp(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let size = [random.range(55.0, 95.0), random.range(70.0, 130.0), random.range(25.0, 45.0)];
    made.block(size, M::Sugar, random.range(0.75, 0.95), Pose::at(0.0, 0.0, size[2] * 0.5));
    for _ in 0..random.count(2, 4) {
        let at = [random.range(-30.0, 30.0), random.range(-40.0, 40.0), size[2] + 8.0];
        made.wire(&circle(at, [random.range(12.0, 22.0), random.range(12.0, 22.0)], 6), 1.0, M::Tin);
    }
    made.place(&appliances::cable(random), &Pose::at(size[0] * 0.6, random.range(-20.0, 20.0), 8.0));
    made.block([30.0, 30.0, 1.4], M::CircuitBoard, 1.0, Pose::at(-size[0] * 0.5 - 20.0, 0.0, 10.0));
    made.add(Shape::Ellipsoid([18.0, 18.0, 22.0]), M::Acrylic, 0.2, Pose::at(-size[0] * 0.5 - 20.0, 0.0, 22.0));
    made
}

/// Tubes of mascara: a brush on a wire in a little paste (vape).
pub(super) fn mascara(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for _ in 0..random.count(1, 5) {
        let (r, half) = (random.range(6.5, 10.0), random.range(48.0, 66.0));
        let mut one = Assembly::default();
        one.pipe([0.0, -half, 0.0], [0.0, half * 0.1, 0.0], r, 1.6, random.choose(&[M::Abs, M::Aluminium]));
        one.pipe([0.0, half * 0.1, 0.0], [0.0, half, 0.0], r, 2.2, random.choose(&[M::Abs, M::Zinc]));
        one.bar([0.0, -half * 0.9, 0.0], [0.0, half * 0.2, 0.0], 0.8, M::Steel, 1.0);
        one.bar([0.0, -half * 0.95, 0.0], [0.0, -half * 0.2, 0.0], r - 2.2, M::Polyethylene, 0.5);
        made.beside(&one, random.range(2.0, 8.0));
    }
    made
}

/// Lip balm or glue sticks: a thread, a carriage, a stick of wax (vape).
pub(super) fn glue_sticks(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for _ in 0..random.count(1, 6) {
        let (r, half) = (random.range(8.0, 14.0), random.range(32.0, 50.0));
        let mut one = Assembly::default();
        one.pipe([0.0, -half, 0.0], [0.0, half, 0.0], r, 1.3, M::Polyethylene);
        one.bar([0.0, -half * 0.5, 0.0], [0.0, half * 0.75, 0.0], r - 2.0, M::Polyethylene, 0.98);
        one.bar([0.0, -half, 0.0], [0.0, half * 0.5, 0.0], 1.6, M::Abs, 0.9);
        one.bar([0.0, -half - 5.0, 0.0], [0.0, -half, 0.0], r, M::Abs, 0.8);
        made.beside(&one, random.range(1.0, 7.0));
    }
    made
}

/// Adapters between plugs: contacts of brass in a moulded body (vape, battery).
pub(super) fn plug_adapters(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for _ in 0..random.count(1, 4) {
        let size = [random.range(16.0, 40.0), random.range(30.0, 60.0), random.range(10.0, 30.0)];
        let mut one = Assembly::default();
        one.block(size, M::Abs, random.range(0.5, 0.9), Pose::at(0.0, 0.0, 0.0));
        for side in [-0.28, 0.28] {
            let x = side * size[0];
            one.bar([x, -size[1] * 0.3, 0.0], [x, size[1] * 0.5 + 15.0, 0.0], 2.2, M::Brass, 0.9);
        }
        one.block([size[0] * 0.5, 8.0, 4.0], M::Copper, 0.6, Pose::at(0.0, -size[1] * 0.3, 0.0));
        made.beside(&one, random.range(3.0, 10.0));
    }
    made
}

/// Penlights and laser-free pointers without their cells: a tube, a spring, a lens (vape, battery).
pub(super) fn penlights(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for _ in 0..random.count(1, 3) {
        let (r, half) = (random.range(6.0, 9.0), random.range(50.0, 72.0));
        let mut one = Assembly::default();
        one.pipe([0.0, -half, 0.0], [0.0, half, 0.0], r, 0.9, random.choose(&[M::Aluminium, M::Brass]));
        let spring: Vec<_> =
            (0..10).map(|i| [if i % 2 == 0 { 3.0 } else { -3.0 }, 2.0 * i as f32 - half, 0.0]).collect();
        one.wire(&spring, 0.5, M::Steel);
        one.bar([0.0, half - 6.0, 0.0], [0.0, half - 2.0, 0.0], r - 1.0, M::Glass, 0.8);
        one.block([3.0, 46.0, 2.0], M::Steel, 0.8, Pose::at(0.0, -half * 0.4, r + 1.5));
        made.beside(&one, random.range(3.0, 9.0));
    }
    made
}
