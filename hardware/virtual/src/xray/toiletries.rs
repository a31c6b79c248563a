//! Ordinary bottles, jars and tubes: liquids and creams in plastic and glass, pills, brushes.
//!
//! They stand apart because their contents, not their outlines, are what an X-ray shows.

use super::physics::Material as M;
use super::random::Random;
use super::shape::{Assembly, Pose, Shape};

pub fn bottle(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (r, half) = (random.range(15.0, 38.0), random.range(45.0, 105.0));
    let wall = random.choose(&[M::Polyethylene, M::Pet]);
    let liquid = random.choose(&[M::Water, M::Water, M::Ethanol, M::Sugar]);
    let pose = Pose::between([0.0, -half, r], [0.0, half, r]);
    made.add(Shape::Cylinder(r, half), wall, 1.0, pose);
    made.add(Shape::Cylinder(r - 1.5, half - 2.0), wall, -1.0, pose);
    let fill = if liquid == M::Sugar { 0.75 } else { 1.0 };
    made.add(Shape::Cylinder(r - 1.5, half - 4.0), liquid, fill, pose);
    made.bar([0.0, half, r], [0.0, half + random.range(12.0, 40.0), r], r * 0.45, M::Polyethylene, 0.6);
    if random.chance(0.4) {
        made.bar([0.0, half, r], [0.0, half + 25.0, r], 2.5, M::Steel, 0.4);
        made.bar([0.0, -half + 10.0, r], [0.0, half, r], 2.0, M::Polyethylene, 0.6);
    }
    made
}

pub fn perfume(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let size = [random.range(35.0, 70.0), random.range(50.0, 95.0), random.range(20.0, 34.0)];
    let wall = random.range(3.0, 5.0);
    let z = size[2] * 0.5;
    made.block(size, M::Glass, 1.0, Pose::at(0.0, 0.0, z));
    let inside = [size[0] - 2.0 * wall, size[1] - 2.5 * wall, size[2] - 2.0 * wall];
    made.block(inside, M::Glass, -1.0, Pose::at(0.0, 0.0, z));
    made.block(inside, M::Ethanol, 1.0, Pose::at(0.0, 0.0, z));
    made.pipe([0.0, size[1] * 0.5, z], [0.0, size[1] * 0.5 + 15.0, z], 8.0, 1.0, M::Aluminium);
    made.bar([0.0, size[1] * 0.5, z], [0.0, size[1] * 0.5 + 28.0, z], 13.0, M::Abs, 0.6);
    made
}

pub fn cream_jar(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for i in 0..random.count(1, 3) {
        let (r, half) = (random.range(18.0, 34.0), random.range(12.0, 24.0));
        let at = Pose::at(i as f32 * 70.0, 0.0, half);
        let wall = random.choose(&[M::Acrylic, M::Glass, M::Abs]);
        made.add(Shape::Cylinder(r, half), wall, 1.0, at);
        made.add(Shape::Cylinder(r - 3.5, half - 3.0), wall, -1.0, at);
        made.add(Shape::Cylinder(r - 3.5, half - 4.0), M::Water, 0.95, at);
    }
    made
}

pub fn cosmetics_tube(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for i in 0..random.count(1, 4) {
        let x = i as f32 * 42.0;
        let half = random.range(45.0, 75.0);
        made.add(Shape::Ellipsoid([18.0, half, 14.0]), M::Water, 0.95, Pose::at(x, 0.0, 14.0));
        made.bar([x, -half, 14.0], [x, -half - 16.0, 14.0], 11.0, M::Polyethylene, 0.7);
    }
    made
}

pub fn pill_bottle(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    made.pipe([0.0, -42.0, 24.0], [0.0, 36.0, 24.0], 24.0, 1.5, M::Polyethylene);
    for _ in 0..random.count(20, 60) {
        let at = Pose::at(random.range(-15.0, 15.0), random.range(-38.0, 5.0), random.range(8.0, 38.0));
        made.add(Shape::Ellipsoid([4.0, 7.0, 3.5]), M::Paracetamol, 0.9, at);
    }
    made.bar([0.0, 36.0, 24.0], [0.0, 50.0, 24.0], 25.0, M::Polyethylene, 0.5);
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
