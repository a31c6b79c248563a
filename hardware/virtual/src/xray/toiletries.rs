//! Ordinary things of the bathroom that hold nothing: empty bottles, soap, brushes, sponges, candles.
//!
//! They stand apart from other goods because liquids, creams and pills, their neighbours on the shelf, are targets.

use super::physics::Material as M;
use super::random::Random;
use super::shape::{Assembly, Pose, Shape};
use super::vessels::Vessel;

pub fn empty_bottle(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let r = random.range(14.0, 36.0);
    let (wall, wall_mm) = random.choose(&[(M::Polyethylene, 1.5), (M::Pet, 0.7), (M::Glass, 2.6)]);
    let vessel = Vessel::bottle(wall, wall_mm, r, r * random.range(2.4, 4.4), r * 0.45);
    vessel.lying(&mut made, None);
    let end = vessel.length() * 0.5;
    made.bar([0.0, end - 6.0, r], [0.0, end + 12.0, r], r * 0.5, M::Polyethylene, 0.5);
    if random.chance(0.4) {
        made.bar([0.0, end, r], [0.0, end + 25.0, r], 2.5, M::Steel, 0.4);
        made.bar([0.0, 10.0 - end, r], [0.0, end, r], 2.0, M::Polyethylene, 0.6);
    }
    made
}

/// Soap as it is carved by hand: an oval with a hollow for the thumb.
pub fn soap_bar(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let half = [random.range(24.0, 34.0), random.range(34.0, 48.0), random.range(12.0, 18.0)];
    made.add(Shape::Ellipsoid(half), M::Polyethylene, 1.05, Pose::at(0.0, 0.0, half[2]));
    let hollow = Shape::Ellipsoid([half[0] * 0.4, half[1] * 0.5, half[2] * 0.45]);
    made.add(hollow, M::Polyethylene, -1.0, Pose::at(0.0, 0.0, half[2] * 1.3));
    made.block([half[0] * 2.0, half[1] * 2.0, 0.6], M::Cellulose, 0.5, Pose::at(0.0, 0.0, 0.0));
    made
}

pub fn hairbrush(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (wide, long) = (random.range(22.0, 36.0), random.range(38.0, 58.0));
    let body = random.choose(&[M::Abs, M::Cellulose]);
    made.add(Shape::Ellipsoid([wide, long, 7.0]), body, 0.7, Pose::at(0.0, 40.0, 8.0));
    made.bar([0.0, 0.0, 8.0], [0.0, -random.range(80.0, 120.0), 8.0], 8.0, body, 0.7);
    let metal = random.chance(0.4);
    for i in 0..35 {
        let (x, y) = ((i % 5) as f32 * 0.35 - 0.7, (i / 5) as f32 * 0.22 - 0.66);
        let at = [x * wide, 40.0 + y * long, 8.0];
        let bristle = if metal { M::Steel } else { M::Nylon };
        made.bar(at, [at[0], at[1], 26.0], 0.6, bristle, 0.8);
    }
    made
}

/// Foam with holes.
pub fn sponges(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let size = [random.range(60.0, 90.0), random.range(90.0, 130.0), random.range(25.0, 45.0)];
    let fill = random.range(0.03, 0.1);
    for i in 0..random.count(1, 3) {
        let z = (i as f32 + 0.5) * (size[2] + 1.0);
        made.block(size, M::Nylon, fill, Pose::at(0.0, 0.0, z));
        made.block([size[0], size[1], 6.0], M::Nylon, 0.15, Pose::at(0.0, 0.0, z + size[2] * 0.4));
    }
    made
}

/// Solid wax with its wick, in a carton or bare.
pub fn candle(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (r, half) = (random.range(10.0, 36.0), random.range(35.0, 95.0));
    made.bar([0.0, -half, r], [0.0, half, r], r, M::Polyethylene, 0.95);
    made.bar([0.0, -half, r], [0.0, half + 12.0, r], 1.3, M::Cellulose, 0.4);
    if random.chance(0.5) {
        made.block([r * 2.2, half * 2.2, 0.8], M::Cellulose, 0.6, Pose::at(0.0, 0.0, r * 2.0));
    }
    made
}

pub fn toothbrushes(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for i in 0..random.count(1, 5) {
        let x = i as f32 * 18.0;
        made.bar([x, -90.0, 6.0], [x, 60.0, 6.0], 5.0, M::Polyethylene, 0.9);
        made.block([11.0, 28.0, 14.0], M::Nylon, 0.4, Pose::at(x, 76.0, 8.0));
    }
    made
}
