//! What holds the mass: bare forms, containers, and ordinary goods with a place made in them.
//!
//! Apart from the device because a carrier is an outline with room in it and knows nothing of the rest.

use super::super::super::physics::Material as M;
use super::super::super::random::Random;
use super::super::super::shape::{Assembly, Pose, Shape};
use super::super::cells::board;
use super::{Filling, Layout};

/// Room beside a long mass that lies along y.
fn beside(random: &mut Random, half: f32, edge: f32, height: f32) -> Layout {
    let side = random.choose(&[-1.0, 1.0]);
    Layout {
        mass: [0.0, random.range(-0.2, 0.5) * half, height * 0.5],
        room: [side * (edge + random.range(24.0, 40.0)), random.range(-0.3, 0.5) * half, 10.0],
        spread: [20.0, random.range(30.0, 60.0)],
        height: 20.0,
    }
}

pub(super) fn block(random: &mut Random, made: &mut Assembly, (mass, fill): Filling) -> Layout {
    let size = [random.range(40.0, 95.0), random.range(70.0, 180.0), random.range(22.0, 55.0)];
    let blocks = random.count(1, 3);
    for i in 0..blocks {
        let x = (i as f32 - 0.5 * (blocks - 1) as f32) * size[0] / blocks as f32;
        let one = [size[0] / blocks as f32 - 1.0, size[1], size[2]];
        made.block(one, mass, fill, Pose::at(x, random.range(-4.0, 4.0), size[2] * 0.5));
    }
    beside(random, size[1] * 0.5, size[0] * 0.5, size[2])
}

pub(super) fn pipe(random: &mut Random, made: &mut Assembly, (mass, fill): Filling) -> Layout {
    let (r, half) = (random.range(14.0, 28.0), random.range(50.0, 120.0));
    let metal = random.choose(&[M::Steel, M::Copper, M::Pvc, M::Aluminium]);
    let wall = random.range(2.2, 3.6);
    made.pipe([0.0, -half, r], [0.0, half, r], r, wall, metal);
    made.bar([0.0, -half, r], [0.0, half, r], r - wall, mass, fill);
    for y in [-half, half] {
        made.pipe([0.0, y - 14.0, r], [0.0, y + 14.0, r], r + 4.0, 3.5, metal);
    }
    beside(random, half, r + 4.0, 2.0 * r)
}

pub(super) fn bottle(random: &mut Random, made: &mut Assembly, (mass, fill): Filling) -> Layout {
    let (r, half) = (random.range(26.0, 44.0), random.range(60.0, 105.0));
    let (skin, wall) = random.choose(&[(M::Polyethylene, 1.6), (M::Glass, 3.0), (M::Pet, 0.6)]);
    made.pipe([0.0, -half, r], [0.0, half, r], r, wall, skin);
    made.bar([0.0, -half, r], [0.0, half * random.range(0.6, 0.95), r], r - wall, mass, fill);
    made.pipe([0.0, half, r], [0.0, half + 28.0, r], r * 0.4, 2.0, skin);
    beside(random, half, r, 2.0 * r)
}

/// Several wrapped rolls, taped together.
pub(super) fn sticks(random: &mut Random, made: &mut Assembly, (mass, fill): Filling) -> Layout {
    let (r, half, count) = (random.range(11.0, 18.0), random.range(60.0, 105.0), random.count(3, 7));
    let across = random.count(2, 4);
    for i in 0..count {
        let (x, z) = ((i % across) as f32 * 2.1 * r, r + (i / across) as f32 * 2.0 * r);
        let y = random.range(-4.0, 4.0);
        made.bar([x, y - half, z], [x, y + half, z], r, mass, fill);
        made.pipe([x, y - half, z], [x, y + half, z], r + 0.6, 0.5, M::Cellulose);
    }
    let mut layout = beside(random, half, r * across as f32, 2.0 * r);
    layout.room[0] += (across - 1) as f32 * r;
    layout
}

/// A round or square tin with the mass in one half.
pub(super) fn tin(random: &mut Random, made: &mut Assembly, (mass, fill): Filling) -> Layout {
    let size = [random.range(100.0, 170.0), random.range(120.0, 200.0), random.range(40.0, 80.0)];
    let z = size[2] * 0.5;
    if random.chance(0.5) {
        made.shell(size, 0.35, M::Steel, Pose::at(0.0, 0.0, z));
    } else {
        let r = size[0] * 0.5;
        made.add(Shape::Cylinder(r, z), M::Steel, 1.0, Pose::at(0.0, 0.0, z));
        made.add(Shape::Cylinder(r - 0.35, z - 0.35), M::Steel, -1.0, Pose::at(0.0, 0.0, z));
    }
    let (w, l) = (size[0] * 0.5, size[0].min(size[1]) * random.range(0.28, 0.36));
    made.block([w, l, size[2] * 0.7], mass, fill, Pose::at(0.0, -l * 0.6, z));
    let spread = [size[0] * 0.26, l * 0.55];
    Layout { mass: [0.0, -l * 0.6, z], room: [0.0, l * 0.55, z], spread, height: size[2] * 0.6 }
}

/// Pages cut out: mass in one part of the hollow, the rest in the other.
pub(super) fn hollow_book(random: &mut Random, made: &mut Assembly, (mass, fill): Filling) -> Layout {
    let size = [random.range(120.0, 190.0), random.range(170.0, 260.0), random.range(24.0, 50.0)];
    let (paper, z) = (random.range(0.5, 0.75), size[2] * 0.5);
    let hollow = [size[0] - 36.0, size[1] - 40.0, size[2] - 8.0];
    made.block(size, M::Cellulose, paper, Pose::at(0.0, 0.0, z));
    made.block(hollow, M::Cellulose, -paper, Pose::at(0.0, 0.0, z));
    let share = random.range(0.45, 0.6);
    let long = hollow[1] * share;
    made.block([hollow[0] - 4.0, long, hollow[2] - 2.0], mass, fill, Pose::at(0.0, (long - hollow[1]) * 0.5, z));
    let free = hollow[1] - long;
    let room = [0.0, (hollow[1] - free) * 0.5, z];
    Layout { mass: [0.0, (long - hollow[1]) * 0.3, z], room, spread: [hollow[0] * 0.38, free * 0.4], height: hollow[2] }
}

/// A stuffed animal or a hollow figure.
pub(super) fn toy(random: &mut Random, made: &mut Assembly, (mass, fill): Filling) -> Layout {
    let r = random.range(55.0, 80.0);
    let stuffing = random.range(0.03, 0.08);
    if random.chance(0.6) {
        made.add(Shape::Ellipsoid([r, r * 1.4, r * 0.75]), M::Pet, stuffing, Pose::at(0.0, 0.0, r * 0.75));
    } else {
        let half = [r, r * 1.4, r * 0.75];
        made.add(Shape::Ellipsoid(half), M::Pvc, 1.0, Pose::at(0.0, 0.0, r * 0.75));
        made.add(Shape::Ellipsoid(half.map(|h| h - 2.2)), M::Pvc, -1.0, Pose::at(0.0, 0.0, r * 0.75));
    }
    made.add(Shape::Ellipsoid([r * 0.6, r * 0.6, r * 0.55]), M::Pet, stuffing, Pose::at(0.0, r * 1.75, r * 0.75));
    for x in [-1.0, 1.0] {
        made.add(Shape::Ellipsoid([r * 0.3, r * 0.6, r * 0.3]), M::Pet, stuffing, Pose::at(x * r, -r, r * 0.5));
    }
    let half = [r * random.range(0.45, 0.65), r * random.range(0.4, 0.55), r * 0.4];
    made.add(Shape::Ellipsoid(half), mass, fill, Pose::at(0.0, -r * 0.55, r * 0.7));
    let mass = [0.0, -r * 0.5, r * 0.7];
    Layout { mass, room: [0.0, r * 0.55, r * 0.7], spread: [r * 0.5, r * 0.45], height: r * 0.6 }
}

/// A cardboard box with shredded paper; the mass in a bag or a jar in it.
pub(super) fn gift_box(random: &mut Random, made: &mut Assembly, (mass, fill): Filling) -> Layout {
    let size = [random.range(130.0, 210.0), random.range(140.0, 240.0), random.range(50.0, 100.0)];
    let z = size[2] * 0.5;
    made.shell(size, random.range(1.5, 2.5), M::Cellulose, Pose::at(0.0, 0.0, z));
    made.block(size.map(|s| s - 6.0), M::Polyethylene, random.range(0.01, 0.04), Pose::at(0.0, 0.0, z));
    let (r, y) = (size[2] * random.range(0.3, 0.42), -size[1] * 0.2);
    let x = random.range(-0.1, 0.1) * size[0];
    match random.count(0, 2) {
        0 => made.add(Shape::Ellipsoid([r * 1.5, r * 1.1, r]), mass, fill, Pose::at(x, y, z)),
        1 => made.add(Shape::Cylinder(r * 1.1, r), mass, fill, Pose::at(x, y, z)),
        _ => made.block([r * 2.4, r * 1.8, r * 1.6], mass, fill, Pose::at(x, y, z)),
    }
    Layout {
        mass: [x, y, z],
        room: [0.0, size[1] * 0.24, z],
        spread: [size[0] * 0.3, size[1] * 0.18],
        height: size[2] * 0.6,
    }
}

/// A mains radio or player: case, board and loudspeaker of its own, the mass behind them.
pub(super) fn radio(random: &mut Random, made: &mut Assembly, (mass, fill): Filling) -> Layout {
    let size = [random.range(90.0, 130.0), random.range(150.0, 230.0), random.range(40.0, 65.0)];
    let z = size[2] * 0.5;
    made.shell(size, 2.4, M::Abs, Pose::at(0.0, 0.0, z));
    board(made, random, [size[0] * 0.7, size[1] * 0.3], [0.0, size[1] * 0.28, size[2] * 0.8]);
    let speaker = size[0] * random.range(0.25, 0.36);
    made.add(Shape::Cylinder(speaker * 0.5, 7.0), M::Steel, 0.8, Pose::at(0.0, -size[1] * 0.3, size[2] - 12.0));
    made.add(Shape::Cylinder(speaker, 2.0), M::Steel, 0.3, Pose::at(0.0, -size[1] * 0.3, size[2] - 5.0));
    let mass_size = [size[0] * random.range(0.5, 0.85), size[1] * random.range(0.32, 0.45), size[2] * 0.55];
    let y = -size[1] * 0.22;
    made.block(mass_size, mass, fill, Pose::at(0.0, y, mass_size[2] * 0.5 + 4.0));
    let room = [0.0, size[1] * 0.25, z * 0.8];
    Layout {
        mass: [0.0, y + mass_size[1] * 0.2, z * 0.6],
        room,
        spread: [size[0] * 0.3, size[1] * 0.16],
        height: size[2] * 0.5,
    }
}

/// Flat packets side by side on cloth, some faced with small metal.
pub(super) fn panels(random: &mut Random, made: &mut Assembly, (mass, fill): Filling) -> Layout {
    let size = [random.range(45.0, 75.0), random.range(110.0, 170.0), random.range(14.0, 24.0)];
    let (count, faced) = (random.count(2, 4), random.chance(0.5));
    for i in 0..count {
        let x = i as f32 * (size[0] + 7.0);
        made.block(
            size,
            mass,
            fill,
            Pose::turned(random.range(-0.06, 0.06), 0.0, 0.0).moved(x, 0.0, size[2] * 0.5 + 3.0),
        );
        for _ in 0..if faced { 18 } else { 0 } {
            let at = [x + random.range(-0.45, 0.45) * size[0], random.range(-0.45, 0.45) * size[1], size[2] + 6.0];
            made.add(Shape::Ellipsoid([2.6; 3]), M::Steel, 1.0, Pose::at(at[0], at[1], at[2]));
        }
    }
    let wide = count as f32 * (size[0] + 7.0);
    let middle = wide * 0.5 - size[0] * 0.5;
    made.block([wide + 20.0, size[1] + 70.0, 3.0], M::Nylon, 0.4, Pose::at(middle, 20.0, 1.5));
    let room = [middle + random.range(-0.2, 0.2) * wide, size[1] * 0.5 + 28.0, 12.0];
    Layout { mass: [middle, size[1] * 0.25, size[2] * 0.6], room, spread: [wide * 0.3, 24.0], height: 20.0 }
}

/// A soft bag of grains or paste, taped flat.
pub(super) fn pouch(random: &mut Random, made: &mut Assembly, (mass, fill): Filling) -> Layout {
    let half = [random.range(35.0, 65.0), random.range(50.0, 100.0), random.range(10.0, 22.0)];
    made.add(Shape::Ellipsoid(half), mass, fill, Pose::at(0.0, 0.0, half[2]));
    made.block([half[0] * 1.6, half[1] * 1.7, half[2] * 0.7], mass, fill * 0.5, Pose::at(0.0, 0.0, half[2]));
    made.block(
        [half[0] * 2.1, 50.0, 0.3],
        random.choose(&[M::Pvc, M::Polyethylene]),
        1.0,
        Pose::at(0.0, 0.0, 2.0 * half[2]),
    );
    beside(random, half[1], half[0], 2.0 * half[2])
}

/// Thin and wide, as between two boards.
pub(super) fn sheet(random: &mut Random, made: &mut Assembly, (mass, fill): Filling) -> Layout {
    let size = [random.range(110.0, 165.0), random.range(150.0, 215.0), random.range(5.0, 11.0)];
    made.block(size, mass, fill, Pose::at(0.0, 0.0, size[2] * 0.5));
    let board = [size[0] + 4.0, size[1] + 84.0, 1.2];
    made.block(board, M::Cellulose, 0.6, Pose::at(0.0, 36.0, -0.8));
    let room = [random.range(-0.2, 0.2) * size[0], size[1] * 0.5 + 38.0, size[2] * 0.5];
    Layout { mass: [0.0, size[1] * 0.4, size[2] * 0.5], room, spread: [size[0] * 0.34, 30.0], height: size[2] }
}

/// A printer's toner cartridge: its rollers, and the mass where toner was.
pub(super) fn cartridge(random: &mut Random, made: &mut Assembly, (mass, fill): Filling) -> Layout {
    let (r, half) = (random.range(20.0, 28.0), random.range(115.0, 145.0));
    let size = [random.range(95.0, 130.0), half * 2.2, 72.0];
    made.shell(size, 2.4, M::Abs, Pose::at(15.0, 0.0, 36.0));
    let long = half * random.range(0.9, 1.3);
    made.bar([-8.0, -half, 34.0], [-8.0, long - half, 34.0], r, mass, fill);
    for (x, radius) in [(36.0, 4.0), (50.0, 12.0)] {
        made.bar([x, -half, 30.0], [x, half, 30.0], radius * 0.5, M::Steel, 1.0);
        made.pipe([x, -half, 30.0], [x, half, 30.0], radius, 1.0, M::Aluminium);
    }
    let free = 2.0 * half - long;
    let room = [-8.0, half - free * 0.45, 34.0];
    Layout { mass: [-8.0, long - half - 30.0, 34.0], room, spread: [22.0, free * 0.4], height: 30.0 }
}

/// A flat game console: its own board, drive and fan, the mass in the drive's place.
pub(super) fn console(random: &mut Random, made: &mut Assembly, (mass, fill): Filling) -> Layout {
    let size = [random.range(190.0, 240.0), random.range(220.0, 270.0), random.range(40.0, 60.0)];
    let z = size[2] * 0.5;
    made.shell(size, 2.2, M::Abs, Pose::at(0.0, 0.0, z));
    board(made, random, [size[0] * 0.85, size[1] * 0.45], [0.0, size[1] * 0.22, 8.0]);
    made.block([50.0, 50.0, 18.0], M::Aluminium, 0.35, Pose::at(-size[0] * 0.22, size[1] * 0.25, 20.0));
    made.add(Shape::Cylinder(26.0, 7.0), M::Abs, 0.4, Pose::at(size[0] * 0.25, size[1] * 0.3, 24.0));
    made.block([size[0] * 0.9, size[1] * 0.5, 0.6], M::Steel, 0.8, Pose::at(0.0, size[1] * 0.2, 6.0));
    let block = [size[0] * random.range(0.35, 0.5), size[1] * random.range(0.3, 0.4), size[2] * 0.6];
    let at = [-size[0] * 0.2, -size[1] * 0.25, z];
    made.block(block, mass, fill, Pose::at(at[0], at[1], at[2]));
    let room = [size[0] * 0.27, -size[1] * 0.22, z];
    Layout {
        mass: [at[0] + block[0] * 0.25, at[1], z],
        room,
        spread: [size[0] * 0.16, size[1] * 0.18],
        height: size[2] * 0.6,
    }
}

/// A vacuum flask: two thin steel walls, the mass in the lower part, the rest above it.
pub(super) fn flask(random: &mut Random, made: &mut Assembly, (mass, fill): Filling) -> Layout {
    let (r, half) = (random.range(33.0, 46.0), random.range(100.0, 135.0));
    made.pipe([0.0, -half, r], [0.0, half, r], r, 0.5, M::Steel);
    made.pipe([0.0, -half + 4.0, r], [0.0, half, r], r - 5.0, 0.4, M::Steel);
    let top = half * random.range(-0.15, 0.1);
    made.bar([0.0, -half + 6.0, r], [0.0, top, r], r - 6.0, mass, fill);
    made.pipe([0.0, half, r], [0.0, half + 40.0, r], r - 4.0, 2.5, M::Abs);
    let room = [0.0, (top + half) * 0.5, r];
    Layout { mass: [0.0, top - 25.0, r], room, spread: [r * 0.5, (half - top) * 0.4], height: r }
}
