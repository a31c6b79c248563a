//! Long guns as mail carries them: cut short or taken down into pieces of 400 mm at most.
//!
//! Apart from handguns because a taken-down gun is several things that make one target. It refuses whole long guns:
//! they fit no parcel of the lanes.

use super::super::super::physics::Material as M;
use super::super::super::random::Random;
use super::super::super::shape::{Assembly, Pose, Shape};
use super::super::{Class, Made};
use super::{handle, magazine, trigger};

/// A butt stock along y round the origin: wood or plastic, a plate at its rear end (-y).
fn stock(random: &mut Random, length: f32) -> Assembly {
    let mut made = Assembly::default();
    let half = length * 0.5;
    let (deep, thin) = (random.range(95.0, 130.0) * 0.5, random.range(34.0, 48.0) * 0.5);
    let outline = vec![
        [-thin, half],
        [thin, half],
        [thin * 1.3, half * 0.5],
        [thin, half * 0.25],
        [deep * 1.1, -half],
        [-deep * 0.6, -half],
        [-thin, half * 0.1],
    ];
    let (material, fill) = if random.chance(0.65) { (M::Cellulose, 0.45) } else { (M::Nylon, 0.3) };
    made.add(Shape::Prism(outline, random.range(14.0, 21.0)), material, fill, Pose::at(0.0, 0.0, 0.0));
    made.block(
        [deep * 1.7, 10.0, 36.0],
        random.choose(&[M::Pvc, M::Steel]),
        0.4,
        Pose::at(deep * 0.25, -half - 5.0, 0.0),
    );
    made.bar([0.0, half * 0.2, 0.0], [0.0, half, 0.0], 4.0, M::Steel, 0.8);
    made
}

/// A barrel in two steps along y from the origin.
fn tapered(made: &mut Assembly, from: [f32; 3], length: f32, radius: f32, bore: f32) {
    let at = |share: f32| [from[0], from[1] + share * length, from[2]];
    made.bar(at(0.0), at(0.35), radius, M::Steel, 1.0);
    made.bar(at(0.35), at(1.0), radius * 0.8, M::Steel, 1.0);
    made.bar(at(0.0), at(1.0), bore, M::Steel, -1.0);
}

/// A sighting tube with lenses, along y round the origin.
fn scope(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let half = random.range(75.0, 140.0);
    made.pipe([0.0, -half, 0.0], [0.0, half, 0.0], 13.0, 1.8, M::Aluminium);
    for (y, r) in [(-half, 19.0), (half, random.range(18.0, 28.0))] {
        made.pipe([0.0, y - 22.0, 0.0], [0.0, y + 22.0, 0.0], r, 1.8, M::Aluminium);
        made.bar([0.0, y - 3.0, 0.0], [0.0, y + 3.0, 0.0], r - 1.8, M::Glass, 1.0);
    }
    made.bar([-20.0, 0.0, 0.0], [20.0, 0.0, 0.0], 8.0, M::Aluminium, 0.7);
    made
}

pub(super) fn rifle_taken_down(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (long, r) = (random.range(170.0, 245.0), random.range(7.5, 11.0));
    tapered(&mut made, [0.0, 0.0, 0.0], long, r, random.range(2.6, 4.0));
    let body = random.range(95.0, 145.0);
    made.pipe([0.0, -body, 0.0], [0.0, 4.0, 0.0], r + 5.0, 4.0, M::Steel);
    made.bar([0.0, -body - 20.0, 0.0], [0.0, -12.0, 0.0], r, M::Steel, 0.85);
    made.bar([0.0, -body * 0.8, 0.0], [38.0, -body * 0.8 - 12.0, 0.0], 4.5, M::Steel, 1.0);
    made.add(Shape::Ellipsoid([9.0; 3]), M::Steel, 1.0, Pose::at(42.0, -body * 0.8 - 13.0, 0.0));
    trigger(&mut made, [r + 6.0, -body * 0.7], 32.0);
    let length = random.range(230.0, 350.0);
    made.beside(&stock(random, length), random.range(5.0, 25.0));
    if random.chance(0.5) {
        made.beside(&scope(random), random.range(4.0, 15.0));
    }
    if random.chance(0.5) {
        let loaded = random.chance(0.3);
        let length = random.range(55.0, 95.0);
        let spare = magazine(random, [length, 60.0, 20.0], loaded);
        made.beside(&spare.posed(&Pose::turned(random.range(1.2, 1.9), 0.0, 0.0)), 8.0);
    }
    Made::whole(Class::Firearm, made)
}

/// The upper half of a carbine along y round the origin, with or without its barrel.
pub(in super::super) fn carbine_upper(random: &mut Random, barrel: bool) -> Assembly {
    let mut made = Assembly::default();
    let (half, height) = (random.range(85.0, 105.0), random.range(28.0, 36.0));
    made.shell([height, 2.0 * half, 30.0], random.range(2.6, 4.2), M::Aluminium, Pose::at(0.0, 0.0, 0.0));
    made.bar(
        [0.0, -half + 5.0, 0.0],
        [0.0, half * random.range(0.1, 0.5), 0.0],
        10.5,
        M::Steel,
        random.range(0.6, 0.9),
    );
    let slots = random.count(8, 14);
    for i in 0..slots {
        let y = -half + (i as f32 + 0.5) * 2.0 * half / slots as f32;
        made.block([5.0, half / slots as f32, 20.0], M::Aluminium, 1.0, Pose::at(-height * 0.5 - 2.5, y, 0.0));
    }
    if barrel {
        let (long, guard) = (random.range(130.0, 195.0), random.range(90.0, 130.0));
        tapered(&mut made, [0.0, half, 0.0], long, 9.0, 3.0);
        made.pipe([0.0, half, 0.0], [0.0, half + guard, 0.0], 22.0, 2.2, random.choose(&[M::Aluminium, M::Nylon]));
        made.pipe([0.0, half + long, 0.0], [0.0, half + long + 30.0, 0.0], 10.5, 3.5, M::Steel);
    }
    made
}

/// The lower half: a thin-walled outline with a magazine well, along y round the origin; bare or with its grip.
pub(in super::super) fn carbine_lower(random: &mut Random, material: M, bare: bool) -> Assembly {
    let mut made = Assembly::default();
    let s = random.range(0.93, 1.07);
    let outline = [
        [-14.0, -95.0],
        [-14.0, 90.0],
        [8.0, 92.0],
        [44.0, 84.0],
        [47.0, 22.0],
        [16.0, 16.0],
        [14.0, -48.0],
        [22.0, -68.0],
        [4.0, -95.0],
    ];
    let fill = if material == M::Aluminium { random.range(0.35, 0.75) } else { random.range(0.5, 0.8) };
    let outline = outline.map(|[x, y]| [x * s, y * s]).to_vec();
    made.add(Shape::Prism(outline, random.range(10.0, 13.0)), material, fill, Pose::at(0.0, 0.0, 0.0));
    made.pipe([-6.0 * s, -90.0 * s, 0.0], [-6.0 * s, -106.0 * s, 0.0], 14.0, 3.0, material);
    if bare {
        return made;
    }
    for (x, y) in [(0.0, -20.0), (2.0, -42.0), (-8.0, 80.0), (-8.0, -82.0)] {
        made.add(Shape::Cylinder(2.6, 11.0), M::Steel, 0.9, Pose::at(x * s, y * s, 0.0));
    }
    made.block([16.0, 46.0, 9.0], M::Steel, random.range(0.4, 0.8), Pose::at(-2.0, -32.0 * s, 0.0));
    let rake = random.range(0.3, 0.5);
    let (grip, pose) = handle(random, [16.0 * s, -66.0 * s], 95.0, 28.0, rake);
    made.add(grip, M::Nylon, 0.4, pose);
    trigger(&mut made, [15.0 * s, -26.0 * s], 30.0);
    made
}

pub(super) fn carbine_taken_down(random: &mut Random) -> Made {
    let mut made = carbine_upper(random, true);
    let material = random.choose(&[M::Aluminium, M::Nylon]);
    made.beside(&carbine_lower(random, material, false), random.range(3.0, 18.0));
    let mut rear = Assembly::default();
    rear.pipe([0.0, -95.0, 0.0], [0.0, 95.0, 0.0], 14.5, 2.5, M::Aluminium);
    let shoulder = vec![[-20.0, -90.0], [-20.0, 50.0], [20.0, 50.0], [30.0, 10.0], [78.0, -70.0], [78.0, -90.0]];
    rear.add(Shape::Prism(shoulder, 19.0), M::Nylon, random.range(0.2, 0.35), Pose::at(0.0, -10.0, 0.0));
    made.beside(&rear, random.range(3.0, 15.0));
    if random.chance(0.6) {
        let loaded = random.chance(0.4);
        let length = random.range(110.0, 175.0);
        let spare = magazine(random, [length, 62.0, 23.0], loaded);
        made.beside(&spare.posed(&Pose::turned(random.range(1.2, 1.9), 0.0, 0.0)), 8.0);
    }
    Made::whole(Class::Firearm, made)
}

pub(super) fn shotgun_sawn_off(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (long, r) = (random.range(150.0, 240.0), random.range(9.8, 12.0));
    let wall = random.range(1.4, 2.2);
    let barrels = random.count(1, 2);
    let flat = random.chance(0.6);
    for i in 0..barrels {
        let off = (i as f32 - 0.5 * (barrels - 1) as f32) * 2.05 * r;
        let (x, z) = if flat { (off, 0.0) } else { (0.0, off) };
        made.pipe([x, 0.0, z], [x, long, z], r, wall, M::Steel);
    }
    let edge = if flat && barrels == 2 { 2.0 * r } else { r };
    made.block([48.0, 66.0, 40.0], M::Steel, random.range(0.3, 0.55), Pose::at(6.0, -33.0, 0.0));
    made.block([20.0, long * 0.4, 36.0], M::Cellulose, 0.5, Pose::at(edge + 8.0, 12.0 + long * 0.22, 0.0));
    let length = random.range(90.0, 130.0);
    let rake = random.range(0.6, 1.0);
    let (grip, pose) = handle(random, [8.0, -54.0], length, 34.0, rake);
    made.add(grip, M::Cellulose, 0.5, pose);
    made.bar(pose.place([-length * 0.4, 0.0, 0.0]), pose.place([length * 0.2, 0.0, 0.0]), 4.0, M::Steel, 0.9);
    trigger(&mut made, [30.0, -48.0], 32.0);
    Made::whole(Class::Firearm, made)
}

/// A tube under the barrel, a long hollow body, a sliding grip.
pub(super) fn shotgun_taken_down(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let body = random.range(180.0, 215.0);
    made.shell([58.0, body, 36.0], 3.0, random.choose(&[M::Steel, M::Aluminium]), Pose::at(8.0, -body * 0.5, 0.0));
    made.block([22.0, 100.0, 22.0], M::Steel, 0.8, Pose::at(-2.0, -body * 0.45, 0.0));
    let tube = random.range(130.0, 170.0);
    made.pipe([26.0, 0.0, 0.0], [26.0, tube, 0.0], 12.5, 1.4, M::Steel);
    made.pipe([26.0, 25.0, 0.0], [26.0, 125.0, 0.0], 22.0, 8.5, random.choose(&[M::Cellulose, M::Nylon]));
    trigger(&mut made, [38.0, -body * 0.72], 34.0);
    let mut barrel = Assembly::default();
    let half = random.range(150.0, 195.0);
    barrel.pipe([0.0, -half, 0.0], [0.0, half, 0.0], 11.2, 1.8, M::Steel);
    barrel.block([14.0, 16.0, 10.0], M::Steel, 0.8, Pose::at(14.0, half * 0.1, 0.0));
    made.beside(&barrel, random.range(4.0, 20.0));
    let length = random.range(250.0, 330.0);
    made.beside(&stock(random, length), random.range(4.0, 20.0));
    Made::whole(Class::Firearm, made)
}

/// A box of sheet steel with a heavy bolt, a grip in its middle or rear, a rod stock folded along it.
pub(super) fn machine_pistol(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (long, deep, thick) = (random.range(200.0, 300.0), random.range(42.0, 62.0), random.range(34.0, 46.0));
    if random.chance(0.5) {
        made.shell([deep, long, thick], 1.8, M::Steel, Pose::at(0.0, 0.0, 0.0));
    } else {
        made.pipe([0.0, -long * 0.5, 0.0], [0.0, long * 0.5, 0.0], thick * 0.5, 2.0, M::Steel);
    }
    let bolt = long * random.range(0.3, 0.45);
    made.block([deep * 0.55, bolt, thick * 0.65], M::Steel, random.range(0.6, 0.95), Pose::at(0.0, -long * 0.15, 0.0));
    made.pipe([0.0, long * 0.2, 0.0], [0.0, long * 0.5 + random.range(20.0, 80.0), 0.0], 8.0, 3.2, M::Steel);
    let (rake, at) = (random.range(0.0, 0.3), -long * random.range(-0.05, 0.3));
    let length = random.range(80.0, 105.0);
    let (grip, pose) = handle(random, [deep * 0.5, at], length, 32.0, rake);
    made.add(grip, random.choose(&[M::Nylon, M::Steel]), random.range(0.15, 0.3), pose);
    let loaded = random.chance(0.5);
    let well =
        if random.chance(0.5) { pose.moved(20.0, 0.0, 0.0) } else { Pose::at(deep * 0.5 + 60.0, at + 80.0, 0.0) };
    let length = random.range(110.0, 190.0);
    made.place(&magazine(random, [length, 34.0, 22.0], loaded), &well);
    if random.chance(0.6) {
        let (x, y) = (-deep * 0.5 - 8.0, long * 0.5);
        made.wire(&[[x, -y, 0.0], [x, y * 0.8, 0.0], [x + 40.0, y * 0.8, 0.0]], 3.0, M::Steel);
    }
    trigger(&mut made, [deep * 0.5, at + 32.0], 30.0);
    Made::whole(Class::Firearm, made)
}
