//! Fine powder: smooth bodies without grain or edges, in bags, bricks, vessels and hollowed things.

use super::super::heaps::{pile, thrown};
use super::super::physics::Material as M;
use super::super::random::Random;
use super::super::shape::{Assembly, Pose, Shape};
use super::super::vessels::{Vessel, bag, case};
use super::{Class, Design, Made};

pub(super) const POWDERS: &[Design] = &[
    Design { name: "bag-lens", unseen: false, make: bag_lens },
    Design { name: "knotted-bag", unseen: false, make: knotted_bag },
    Design { name: "many-baggies", unseen: false, make: many_baggies },
    Design { name: "brick-taped", unseen: false, make: brick_taped },
    Design { name: "brick-foil", unseen: false, make: brick_foil },
    Design { name: "standing-pouch", unseen: false, make: standing_pouch },
    Design { name: "letter-sachet", unseen: false, make: letter_sachet },
    Design { name: "book-cavity", unseen: false, make: book_cavity },
    Design { name: "tin-with-powder", unseen: false, make: tin_with_powder },
    Design { name: "tub-lying", unseen: false, make: tub_lying },
    Design { name: "paper-wraps", unseen: false, make: paper_wraps },
    Design { name: "frame-back", unseen: false, make: frame_back },
    Design { name: "candle-cavity", unseen: true, make: candle_cavity },
    Design { name: "pellets", unseen: true, make: pellets },
    Design { name: "twisted-rolls", unseen: true, make: twisted_rolls },
    Design { name: "false-bottom", unseen: true, make: false_bottom },
];

/// A powder and how densely it lies: poured 0.45 to 0.65 of the solid, pressed up to 0.9.
fn powder(random: &mut Random, pressed: bool) -> (M, f32) {
    let material = random.choose(&[M::CocaineSalt, M::CocaineSalt, M::Paracetamol, M::Salt]);
    let fill = if pressed { random.range(0.7, 0.92) } else { random.range(0.42, 0.68) };
    (material, if material == M::Salt { fill * 0.7 } else { fill })
}

fn bag_lens(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (material, fill) = powder(random, false);
    let half = [random.range(22.0, 70.0), random.range(25.0, 95.0), random.range(4.0, 16.0)];
    made.add(Shape::Ellipsoid(half), material, fill, Pose::at(0.0, 0.0, half[2]));
    if random.chance(0.5) {
        // It has slid to one side.
        let lobe = [half[0] * 0.6, half[1] * 0.5, half[2] * 0.7];
        made.add(Shape::Ellipsoid(lobe), material, fill * 0.7, Pose::at(half[0] * 0.3, -half[1] * 0.4, half[2]));
    }
    bag(&mut made, half[0] * 2.0 + 8.0, half[1] * 2.0 + random.range(12.0, 40.0));
    Made::whole(Class::Powder, made)
}

fn knotted_bag(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    for i in 0..random.count(1, 4) {
        let (material, fill) = powder(random, false);
        let r = random.range(11.0, 32.0);
        let (x, y) = ((i % 2) as f32 * 60.0, (i / 2) as f32 * 75.0);
        let half = [r, r * random.range(0.9, 1.3), r * random.range(0.55, 0.85)];
        made.add(Shape::Ellipsoid(half), material, fill, Pose::at(x, y, half[2]));
        let end = y + half[1];
        made.bar([x, end - 2.0, half[2]], [x, end + 9.0, half[2]], 3.0, M::Polyethylene, 0.8);
        made.add(Shape::Ellipsoid([9.0, 8.0, 4.0]), M::Polyethylene, 0.12, Pose::at(x, end + 15.0, half[2]));
    }
    Made::whole(Class::Powder, made)
}

fn many_baggies(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (material, fill) = powder(random, false);
    let r = random.range(7.5, 12.0);
    let (count, layers) = (random.count(10, 34), random.count(1, 2));
    for at in pile(random, count, r * 2.4, r, layers, 1.3) {
        let pose = thrown(random, at, 0.3);
        let half = [r * random.range(0.7, 1.0), r, r * random.range(0.3, 0.5)];
        made.add(Shape::Ellipsoid(half), material, fill, pose);
        made.block([r * 2.0, 2.5, 0.9], M::Polyethylene, 1.0, pose.over(&Pose::at(0.0, r * 1.1, 0.0)));
    }
    Made::whole(Class::Powder, made)
}

/// A pressed brick with soft edges: the middle a block, each face a little domed.
fn brick(random: &mut Random, made: &mut Assembly, size: [f32; 3]) {
    let (material, fill) = powder(random, true);
    let z = size[2] * 0.5;
    made.block([size[0] - 6.0, size[1] - 6.0, size[2]], material, fill, Pose::at(0.0, 0.0, z));
    for (x, y) in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
        // The rounded rim is thinner than the middle.
        let rim = if x == 0.0 { [size[0] - 8.0, 3.0, size[2] * 0.7] } else { [3.0, size[1] - 8.0, size[2] * 0.7] };
        let at = Pose::at(x * (size[0] * 0.5 - 1.5), y * (size[1] * 0.5 - 1.5), z);
        made.block(rim, material, fill, at);
    }
    if random.chance(0.5) {
        // A mark pressed into the face.
        let mark = Shape::Cylinder(size[0] * random.range(0.12, 0.25), random.range(0.8, 2.0));
        made.add(mark, material, -fill, Pose::at(0.0, 0.0, size[2] - 2.1));
    }
}

fn brick_size(random: &mut Random) -> [f32; 3] {
    [random.range(45.0, 140.0), random.range(70.0, 210.0), random.range(16.0, 42.0)]
}

fn brick_taped(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let size = brick_size(random);
    brick(random, &mut made, size);
    let tape = random.range(0.3, 0.8);
    for i in 0..random.count(3, 7) {
        let across = i % 2 == 0;
        let shift = random.range(-0.4, 0.4);
        let (band, at) = if across {
            ([size[0], 45.0f32.min(size[1]), tape], Pose::at(0.0, shift * (size[1] - 45.0).max(0.0), size[2] + 0.5))
        } else {
            ([45.0f32.min(size[0]), size[1], tape], Pose::at(shift * (size[0] - 45.0).max(0.0), 0.0, size[2] + 0.5))
        };
        made.block(band, random.choose(&[M::Polyethylene, M::Pvc]), 1.0, at);
    }
    Made::whole(Class::Powder, made)
}

fn brick_foil(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let size = brick_size(random);
    brick(random, &mut made, size);
    let foil = random.range(0.05, 0.25);
    case(&mut made, size.map(|s| s + 1.0), foil, M::Aluminium, Pose::at(0.0, 0.0, size[2] * 0.5));
    for y in [-0.5, 0.5] {
        // Folded ends lie in several layers.
        let fold = [size[0] * random.range(0.5, 0.9), random.range(8.0, 22.0), foil * 3.0];
        let at = Pose::turned(random.range(-0.1, 0.1), 0.0, 0.0).moved(0.0, y * (size[1] - 20.0), size[2] + 1.0);
        made.block(fold, M::Aluminium, 1.0, at);
    }
    Made::whole(Class::Powder, made)
}

/// A laminated pouch: thick at the foot, thin at the seal.
fn standing_pouch(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (material, fill) = powder(random, false);
    let (half, length, foot) = (random.range(35.0, 75.0), random.range(80.0, 170.0), random.range(18.0, 42.0));
    let level = length * random.range(0.55, 0.9);
    let profile =
        vec![[0.0, 0.0], [level, 0.0], [level, 1.0], [level * 0.5, foot * 0.6], [8.0, foot], [0.0, foot * 0.7]];
    let across = Pose::between([-half, 0.0, 0.0], [half, 0.0, 0.0]);
    made.add(Shape::Prism(profile, half - 3.0), material, fill, across);
    let laminate = random.choose(&[M::Aluminium, M::Pet]);
    let thick = if laminate == M::Aluminium { 0.06 } else { 0.4 };
    made.block([half * 2.0, length, thick], laminate, 1.0, Pose::at(0.0, length * 0.5, 0.2));
    made.block([half * 2.0, 9.0, 0.8], M::Polyethylene, 1.0, Pose::at(0.0, length - 5.0, 0.6));
    Made::whole(Class::Powder, made)
}

/// A thin uneven layer in film behind a sheet; the sachet alone is the target.
fn letter_sachet(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    if random.chance(0.6) {
        let sheet = [random.range(95.0, 110.0), random.range(150.0, 205.0), 0.4];
        made.block(sheet, M::Cellulose, 0.55, Pose::at(0.0, 0.0, 6.5));
    }
    let from = made.parts.len();
    let (material, fill) = powder(random, false);
    let size = [random.range(40.0, 90.0), random.range(50.0, 130.0)];
    for _ in 0..random.count(3, 5) {
        let half = [size[0] * random.range(0.25, 0.42), size[1] * random.range(0.25, 0.42), random.range(1.3, 3.0)];
        let room = [0, 1].map(|axis| size[axis] * 0.5 - half[axis]);
        let at = [0, 1].map(|axis| random.range(-room[axis], room[axis]));
        made.add(Shape::Ellipsoid(half), material, fill, Pose::at(at[0], at[1], 3.0));
    }
    bag(&mut made, size[0] + 6.0, size[1] + 14.0);
    let sachet = from..made.parts.len();
    Made { assembly: made, marks: vec![(Class::Powder, sachet)] }
}

/// A packet in a hollowed book; the packet alone is the target.
fn book_cavity(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let size = [random.range(110.0, 170.0), random.range(160.0, 240.0), random.range(18.0, 45.0)];
    let paper = random.range(0.5, 0.75);
    made.block(size, M::Cellulose, paper, Pose::at(0.0, 0.0, size[2] * 0.5));
    let hole = [size[0] * random.range(0.45, 0.7), size[1] * random.range(0.45, 0.7), size[2] - 6.0];
    made.block(hole, M::Cellulose, -paper, Pose::at(0.0, 0.0, size[2] * 0.5));
    let from = made.parts.len();
    let (material, fill) = powder(random, false);
    let half = [hole[0] * random.range(0.38, 0.5), hole[1] * random.range(0.35, 0.5), hole[2] * 0.45];
    made.add(Shape::Ellipsoid(half), material, fill, Pose::at(0.0, 0.0, size[2] * 0.5));
    made.block([half[0] * 1.4, half[1] * 1.4, half[2]], material, fill * 0.5, Pose::at(0.0, 0.0, size[2] * 0.5));
    let packet = from..made.parts.len();
    Made { assembly: made, marks: vec![(Class::Powder, packet)] }
}

fn tin_with_powder(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, height) = (random.range(28.0, 55.0), random.range(25.0, 110.0));
    let (wall, wall_mm) = random.choose(&[(M::Steel, 0.22), (M::Aluminium, 0.4), (M::Cellulose, 1.5)]);
    let (material, fill) = powder(random, false);
    Vessel::straight(wall, wall_mm, r, height).standing(&mut made, None);
    // A mound: powder keeps its slope, which is what tells it from a liquid.
    let top = height * random.range(0.5, 0.9);
    let half = [r - wall_mm - 0.5, r - wall_mm - 0.5, top * 0.5];
    made.add(Shape::Ellipsoid(half), material, fill, Pose::at(0.0, 0.0, half[2] + wall_mm));
    made.add(Shape::Cylinder(r + 0.6, wall_mm * 0.5), wall, 1.0, Pose::at(0.0, 0.0, height));
    Made::whole(Class::Powder, made)
}

fn tub_lying(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, length) = (random.range(22.0, 52.0), random.range(70.0, 160.0));
    let (material, fill) = powder(random, false);
    let (wall, wall_mm) = (random.choose(&[M::Polyethylene, M::Pet, M::Glass]), random.range(0.8, 2.2));
    Vessel::straight(wall, wall_mm, r, length).lying(&mut made, None);
    // Slid to one end: it keeps its slope, which is what tells it from a liquid.
    let half = [(r - wall_mm) * 0.95, length * random.range(0.25, 0.42), (r - wall_mm) * random.range(0.5, 0.9)];
    made.add(Shape::Ellipsoid(half), material, fill, Pose::at(0.0, half[1] - length * 0.46, half[2] + wall_mm));
    made.bar([0.0, length * 0.5 - 9.0, r], [0.0, length * 0.5 + 3.0, r], r + 1.0, M::Polyethylene, 0.45);
    Made::whole(Class::Powder, made)
}

/// Little folded papers of a gram or so.
fn paper_wraps(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (material, fill) = powder(random, false);
    let columns = random.count(2, 4);
    let size = [random.range(18.0, 30.0), random.range(28.0, 45.0)];
    for i in 0..random.count(4, 14) {
        let (x, y) = ((i % columns) as f32 * size[0] * 1.35, (i / columns) as f32 * size[1] * 1.25);
        let pose = Pose::turned(random.range(-0.4, 0.4), 0.0, 0.0).moved(x, y, 3.5);
        let half = [size[0] * 0.42, size[1] * 0.42, random.range(1.6, 3.2)];
        made.add(Shape::Ellipsoid(half), material, fill, pose);
        made.block([size[0], size[1], 0.8], M::Cellulose, 0.7, pose.over(&Pose::at(0.0, 0.0, -2.8)));
    }
    Made::whole(Class::Powder, made)
}

/// A flat packet between a picture and its backing; the packet alone is the target.
fn frame_back(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (w, l, bar) = (random.range(110.0, 180.0), random.range(140.0, 240.0), random.range(12.0, 22.0));
    for side in [-0.5, 0.5] {
        made.block([bar, l, 14.0], M::Cellulose, 0.4, Pose::at(side * (w - bar), 0.0, 7.0));
        made.block([w - 2.0 * bar, bar, 14.0], M::Cellulose, 0.4, Pose::at(0.0, side * (l - bar), 7.0));
    }
    made.block([w - bar, l - bar, 2.5], M::Cellulose, 0.6, Pose::at(0.0, 0.0, 2.0));
    if random.chance(0.5) {
        made.block([w - bar, l - bar, 2.0], M::Glass, 1.0, Pose::at(0.0, 0.0, 12.0));
    }
    let from = made.parts.len();
    let (material, fill) = powder(random, true);
    let size = [(w - 2.0 * bar) * random.range(0.5, 0.95), (l - 2.0 * bar) * random.range(0.5, 0.95)];
    let thick = random.range(4.0, 7.0);
    made.add(Shape::Ellipsoid([size[0] * 0.5, size[1] * 0.5, thick * 0.5]), material, fill, Pose::at(0.0, 0.0, 7.0));
    made.block([size[0] * 0.85, size[1] * 0.85, thick * 0.6], material, fill * 0.6, Pose::at(0.0, 0.0, 7.0));
    let packet = from..made.parts.len();
    Made { assembly: made, marks: vec![(Class::Powder, packet)] }
}

/// Wax round a filled core; the core alone is the target.
fn candle_cavity(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, length) = (random.range(25.0, 42.0), random.range(80.0, 170.0));
    let core = [r * random.range(0.5, 0.72), length * random.range(0.45, 0.75)];
    let (from, to) = ([0.0, -core[1] * 0.5, r], [0.0, core[1] * 0.5, r]);
    made.bar([0.0, -length * 0.5, r], [0.0, length * 0.5, r], r, M::Polyethylene, 0.97);
    made.bar(from, to, core[0], M::Polyethylene, -0.97);
    made.bar([0.0, core[1] * 0.5, r], [0.0, length * 0.5 + 10.0, r], 1.2, M::Cellulose, 0.8);
    let material = random.choose(&[M::CocaineSalt, M::Salt]);
    made.bar(from, to, core[0], material, random.range(0.7, 0.9));
    let filling = made.parts.len() - 1..made.parts.len();
    Made { assembly: made, marks: vec![(Class::Powder, filling)] }
}

/// Thumb-sized pressed bodies in layers of film.
fn pellets(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (material, fill) = powder(random, true);
    let half = [random.range(7.0, 11.0), random.range(14.0, 24.0)];
    let (count, layers) = (random.count(8, 30), random.count(1, 2));
    for at in pile(random, count, half[1] * 2.0, half[0] * 2.0, layers, 1.2) {
        let pose = thrown(random, at, 0.25);
        made.add(Shape::Ellipsoid([half[0] + 0.8, half[1] + 0.8, half[0] + 0.8]), M::Polyethylene, 0.15, pose);
        made.add(Shape::Ellipsoid([half[0], half[1], half[0]]), material, fill, pose);
    }
    Made::whole(Class::Powder, made)
}

/// Film sausages side by side, twisted at both ends.
fn twisted_rolls(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (material, fill) = powder(random, false);
    let (r, length) = (random.range(8.0, 18.0), random.range(70.0, 180.0));
    for i in 0..random.count(2, 6) {
        let x = i as f32 * r * 2.15;
        let own = length * random.range(0.9, 1.0);
        made.bar([x, -own * 0.5, r], [x, own * 0.5, r], r, material, fill);
        for side in [-1.0, 1.0] {
            let end = side * own * 0.5;
            made.add(Shape::Ellipsoid([r, r * 0.8, r]), material, fill * 0.3, Pose::at(x, end, r));
            made.bar([x, end + side * r * 0.6, r], [x, end + side * (r + 10.0), r], 2.5, M::Polyethylene, 0.9);
        }
    }
    Made::whole(Class::Powder, made)
}

/// A slab under the floor of a tin that holds something else; the slab alone is the target.
fn false_bottom(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let size = [random.range(100.0, 170.0), random.range(130.0, 230.0), random.range(35.0, 60.0)];
    let (wall, wall_mm) = random.choose(&[(M::Steel, 0.25), (M::Aluminium, 0.5), (M::Cellulose, 2.0)]);
    case(&mut made, size, wall_mm, wall, Pose::at(0.0, 0.0, size[2] * 0.5));
    made.block([size[0] - 2.0, size[1] - 2.0, 1.5], M::Cellulose, 0.6, Pose::at(0.0, 0.0, 16.0));
    let room = [size[0] - 20.0, size[1] - 20.0];
    for _ in 0..random.count(4, 12) {
        let at = Pose::turned(random.range(0.0, 6.3), 0.0, 0.0).moved(
            random.range(-0.4, 0.4) * room[0],
            random.range(-0.4, 0.4) * room[1],
            24.0,
        );
        made.block([22.0, 34.0, 9.0], M::Sugar, 0.45, at);
    }
    let from = made.parts.len();
    let (material, fill) = powder(random, true);
    let thick = random.range(7.0, 13.0);
    let slab = [room[0] * random.range(0.6, 1.0), room[1] * random.range(0.6, 1.0), thick];
    made.block([slab[0], slab[1], thick * 0.7], material, fill, Pose::at(0.0, 0.0, 8.0));
    made.block([slab[0] - 8.0, slab[1] - 8.0, thick * 0.3], material, fill, Pose::at(0.0, 0.0, 8.0 + thick * 0.5));
    let marked = from..made.parts.len();
    Made { assembly: made, marks: vec![(Class::Powder, marked)] }
}
