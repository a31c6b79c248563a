//! Plant matter: dried, fresh, pressed and sown. Uneven bodies of cellulose and water, stems and grains in them.

use super::super::heaps::{pile, thrown};
use super::super::physics::Material as M;
use super::super::random::Random;
use super::super::shape::{Assembly, Pose, Shape, Vector};
use super::super::vessels::{Vessel, bag};
use super::{Class, Design, Made};

mod fresh;

pub(super) const PLANTS: &[Design] = &[
    Design { name: "herb-in-bag", unseen: false, make: herb_in_bag },
    Design { name: "buds-in-bag", unseen: false, make: buds_in_bag },
    Design { name: "leaf-stack", unseen: false, make: leaf_stack },
    Design { name: "seed-packets", unseen: false, make: seed_packets },
    Design { name: "bulbs", unseen: false, make: fresh::bulbs },
    Design { name: "cuttings", unseen: false, make: fresh::cuttings },
    Design { name: "rooted-in-soil", unseen: false, make: fresh::rooted_in_soil },
    Design { name: "resin-slabs", unseen: false, make: resin_slabs },
    Design { name: "herb-brick", unseen: false, make: herb_brick },
    Design { name: "wood-with-bark", unseen: false, make: wood_with_bark },
    Design { name: "tubers", unseen: false, make: fresh::tubers },
    Design { name: "dried-mushrooms", unseen: false, make: dried_mushrooms },
    Design { name: "stalks-with-heads", unseen: true, make: stalks_with_heads },
    Design { name: "pods", unseen: true, make: pods },
    Design { name: "herb-in-jar", unseen: true, make: herb_in_jar },
    Design { name: "rolled-leaf", unseen: true, make: rolled_leaf },
];

/// Crumbs of leaf of all sizes, stems through them and a few seeds, in a heap of the given half sizes on z = 0.
fn herb(random: &mut Random, made: &mut Assembly, half: Vector, crumbs: usize) {
    let dense = random.range(0.14, 0.34);
    for _ in 0..random.count(3, 5) {
        // What is too fine to see one by one lies unevenly under it all.
        let own = half.map(|h| h * random.range(0.5, 0.8));
        let at = [0, 1].map(|axis| random.range(-1.0, 1.0) * (half[axis] - own[axis]));
        made.add(Shape::Ellipsoid(own), M::Cellulose, dense * 0.4, Pose::at(at[0], at[1], half[2]));
    }
    let mut leaf = Vec::new();
    for _ in 0..crumbs {
        // Uniform in an ellipsoid, by throwing away what falls outside.
        let share = loop {
            let p = [0; 3].map(|_| random.range(-1.0, 1.0));
            if p.iter().map(|c| c * c).sum::<f32>() <= 1.0 {
                break p;
            }
        };
        let r = (half[2].min(half[0]) * random.range(0.25, 0.7)).max(3.5);
        let size = [r * random.range(0.6, 1.6), r * random.range(0.6, 1.6), r * random.range(0.3, 0.9)];
        let room = [0, 1, 2].map(|axis| (half[axis] - r * 0.6).max(0.0));
        let at = [share[0] * room[0], share[1] * room[1], half[2] + share[2] * room[2]];
        let pose = thrown(random, at, 0.8);
        leaf.push((Shape::Ellipsoid(size), pose));
    }
    // Crumbs overlap; together they weigh what the heap's room holds at this density.
    let room = Shape::Ellipsoid(half).volume() / leaf.iter().map(|(crumb, _)| crumb.volume()).sum::<f32>();
    for (crumb, pose) in leaf {
        made.add(crumb, M::Cellulose, (dense * room).min(0.6) * random.range(0.5, 1.5), pose);
    }
    for _ in 0..random.count(3, 14) {
        stem(random, made, half);
    }
    for _ in 0..random.count(0, 8) {
        let at = [random.range(-0.6, 0.6) * half[0], random.range(-0.6, 0.6) * half[1], half[2]];
        let grain = Shape::Ellipsoid([1.8, 2.4, 1.8]);
        made.add(grain, M::Cellulose, 0.75, Pose::at(at[0], at[1], at[2]));
    }
}

fn stem(random: &mut Random, made: &mut Assembly, half: Vector) {
    let from = [random.range(-0.7, 0.7) * half[0], random.range(-0.7, 0.7) * half[1], half[2]];
    let (sine, cosine) = random.range(0.0, 6.3).sin_cos();
    let length = random.range(0.2, 0.6) * half[0].min(half[1]);
    let to = [from[0] + cosine * length, from[1] + sine * length, half[2] * random.range(0.6, 1.4)];
    made.bar(from, to, random.range(0.7, 1.8), M::Cellulose, 0.6);
}

fn herb_in_bag(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let half = [random.range(28.0, 85.0), random.range(35.0, 110.0), random.range(6.0, 24.0)];
    let crumbs = random.count(45, 95);
    herb(random, &mut made, half, crumbs);
    bag(&mut made, half[0] * 2.0 + 10.0, half[1] * 2.0 + 30.0);
    Made::whole(Class::PlantMatter, made)
}

/// A dense flower: a few lobes round a stem.
fn bud(random: &mut Random, made: &mut Assembly, r: f32, pose: &Pose) {
    let dense = random.range(0.22, 0.42);
    for i in 0..random.count(3, 5) {
        let own = r * random.range(0.4, 0.75);
        let at = [random.range(-0.4, 0.4) * r, (i as f32 - 1.5) * r * 0.5, random.range(-0.3, 0.3) * r];
        let lobe = Shape::Ellipsoid([own, own * random.range(0.8, 1.4), own * 0.8]);
        made.add(lobe, M::Cellulose, dense * random.range(0.8, 1.2), pose.over(&Pose::at(at[0], at[1], at[2])));
    }
    made.bar(pose.place([0.0, -r * 1.5, 0.0]), pose.place([0.0, r * 0.6, 0.0]), 1.4, M::Cellulose, 0.55);
}

fn buds_in_bag(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let r = random.range(9.0, 20.0);
    let (count, layers) = (random.count(5, 22), random.count(1, 2));
    for at in pile(random, count, r * 2.0, r * 1.5, layers, 1.4) {
        let pose = thrown(random, at, 0.5);
        bud(random, &mut made, r * 0.9, &pose);
    }
    let (low, high) = made.bounds();
    bag(&mut made, high[0] - low[0] + 10.0, high[1] - low[1] + 30.0);
    Made::whole(Class::PlantMatter, made)
}

/// A leaf with its midrib, flat on the pose's plane.
fn leaf(random: &mut Random, made: &mut Assembly, half: [f32; 2], pose: &Pose) {
    let edge = [(-1.0, 0.0), (-0.55, 0.6), (0.0, 1.0), (0.45, 0.7), (0.8, 0.3), (1.0, 0.0f32)];
    let right = edge.iter().map(|&(y, x)| [x * half[0], y * half[1]]);
    let left = edge.iter().rev().skip(1).take(4).map(|&(y, x)| [-x * half[0] * 0.9, y * half[1]]);
    let thick = random.range(0.5, 1.1);
    made.add(Shape::Prism(right.chain(left).collect(), thick * 0.5), M::Cellulose, 0.55, *pose);
    let (from, to) = (pose.place([0.0, -half[1] * 1.25, 0.5]), pose.place([0.0, half[1] * 0.9, 0.5]));
    made.bar(from, to, 1.1, M::Cellulose, 0.6);
    for y in [-0.4, 0.0, 0.4] {
        for side in [-0.7, 0.7] {
            let vein = pose.place([side * half[0], (y + 0.3) * half[1], 0.5]);
            made.bar(pose.place([0.0, y * half[1], 0.5]), vein, 0.5, M::Cellulose, 0.6);
        }
    }
}

fn leaf_stack(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let half = [random.range(16.0, 50.0), random.range(35.0, 90.0)];
    for i in 0..random.count(4, 13) {
        let own = half.map(|h| h * random.range(0.75, 1.1));
        let turn = Pose::turned(random.range(-0.8, 0.8), random.range(-0.04, 0.04), 0.0);
        let pose = turn.moved(random.range(-15.0, 15.0), random.range(-15.0, 15.0), 1.0 + i as f32 * 1.2);
        leaf(random, &mut made, own, &pose);
    }
    Made::whole(Class::PlantMatter, made)
}

/// Grains in paper or film packets; thin enough for letters.
fn seed_packets(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let packets = random.count(1, 4);
    for i in 0..packets {
        let mut one = Assembly::default();
        let r = random.range(2.4, 4.5);
        let half = [r * random.range(0.6, 1.0), r, r * random.range(0.5, 0.9)];
        let count = random.count(45, 110) / packets;
        for at in pile(random, count.max(12), r * 1.9, r * 1.2, 2, 1.2) {
            let pose = thrown(random, at, 0.6);
            one.add(Shape::Ellipsoid(half), M::Cellulose, random.range(0.65, 0.8), pose);
        }
        let (low, high) = one.bounds();
        let size = [(high[0] - low[0] + 12.0).max(45.0), (high[1] - low[1] + 25.0).max(65.0)];
        one.block([size[0], size[1], 0.35], M::Cellulose, 0.6, Pose::at(0.0, 12.0, 0.0));
        let turn = Pose::turned(random.range(-0.3, 0.3), 0.0, 0.0);
        made.place(&one, &turn.moved((i % 2) as f32 * 75.0, (i / 2) as f32 * 95.0, 0.0));
    }
    Made::whole(Class::PlantMatter, made)
}

/// Pressed resin: slabs with broken edges, bits of leaf in them.
fn resin_slabs(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let size = [random.range(16.0, 34.0), random.range(35.0, 75.0), random.range(4.0, 10.0)];
    for i in 0..random.count(1, 6) {
        let mut chip = || random.range(0.72, 1.0);
        let corners = [(-1.0, -1.0), (0.1, -1.0), (1.0, -0.9), (1.0, 0.2), (0.9, 1.0), (-0.2, 1.0), (-1.0, 0.8f32)];
        let outline = corners.map(|(x, y)| [x * chip() * size[0], y * chip() * size[1]]).to_vec();
        let (x, y) = ((i % 3) as f32 * size[0] * 2.1, (i / 3) as f32 * size[1] * 2.1);
        let pose = Pose::turned(random.range(-0.15, 0.15), 0.0, 0.0).moved(x, y, size[2] + 0.5);
        let dense = random.range(0.55, 0.72);
        made.add(Shape::Prism(outline, size[2]), M::Cellulose, dense, pose);
        for _ in 0..random.count(5, 14) {
            let own = size[2] * random.range(0.3, 0.8);
            let room = [0, 1].map(|axis| (0.68 * size[axis] - 1.5 * own).max(0.0));
            let at = room.map(|room| random.range(-room, room));
            let void = Shape::Ellipsoid([own * random.range(0.8, 1.5), own * 1.4, own]);
            // Voids and fibres: the press leaves neither level.
            let fill = if random.chance(0.6) { -dense * 0.28 } else { 0.3 };
            made.add(void, M::Cellulose, fill, pose.over(&Pose::at(at[0], at[1], 0.0)));
        }
    }
    Made::whole(Class::PlantMatter, made)
}

/// Herb pressed to a block: straight sides, an uneven inside, stems lying flat.
fn herb_brick(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let size = [random.range(50.0, 130.0), random.range(80.0, 200.0), random.range(18.0, 45.0)];
    let dense = random.range(0.2, 0.36);
    made.block(size, M::Cellulose, dense, Pose::at(0.0, 0.0, size[2] * 0.5));
    for _ in 0..random.count(45, 80) {
        let r = random.range(4.0, 15.0).min(size[2] * 0.4);
        let at = [0, 1, 2].map(|axis| random.range(-0.5, 0.5) * (size[axis] - 2.4 * r).max(0.0));
        let crumb = Shape::Ellipsoid([r * random.range(0.7, 1.2), r, r * random.range(0.4, 1.0)]);
        let fill = random.choose(&[-0.3, -0.2, 0.4, 0.7]) * dense;
        made.add(crumb, M::Cellulose, fill, Pose::at(at[0], at[1], at[2] + size[2] * 0.5));
    }
    for _ in 0..random.count(8, 20) {
        stem(random, &mut made, size.map(|s| s * 0.5));
    }
    if random.chance(0.6) {
        made.block([size[0] + 1.0, size[1] + 1.0, 0.4], M::Polyethylene, 1.0, Pose::at(0.0, 0.0, size[2]));
    }
    Made::whole(Class::PlantMatter, made)
}

/// Branch pieces, whole or split: a denser bark, rings, a knot.
fn wood_with_bark(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let length = random.range(50.0, 190.0);
    let mut x = 0.0;
    for _ in 0..random.count(1, 6) {
        let r = random.range(6.0, 24.0);
        let half = length * random.range(0.4, 0.5);
        let (from, to) = ([x, -half, r], [x + random.range(-4.0, 4.0), half, r]);
        let wood = random.range(0.3, 0.5);
        made.bar(from, to, r, M::Cellulose, wood + 0.15);
        made.bar(from, to, r * 0.88, M::Cellulose, -0.2);
        made.bar(from, to, r * 0.45, M::Cellulose, 0.06);
        for _ in 0..random.count(0, 3) {
            let y = random.range(-0.8, 0.8) * half;
            let side = random.choose(&[-1.0, 1.0]);
            made.bar([x, y, r], [x + side * (r + 5.0), y + 6.0, r], r * 0.25, M::Cellulose, 0.5);
        }
        for _ in 0..random.count(4, 9) {
            // Rough bark.
            let at = Pose::at(x + random.choose(&[-1.0, 1.0]) * r * 0.9, random.range(-0.9, 0.9) * half, r);
            made.add(Shape::Ellipsoid([r * 0.14, r * 0.4, r * 0.4]), M::Cellulose, 0.4, at);
        }
        x += r * 2.0 + random.range(2.0, 14.0);
    }
    Made::whole(Class::PlantMatter, made)
}

fn dried_mushrooms(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let r = random.range(9.0, 17.0);
    let (count, layers) = (random.count(12, 36), random.count(1, 3));
    let dense = random.range(0.2, 0.42);
    for at in pile(random, count, r * 1.9, r, layers, 1.3) {
        let pose = thrown(random, at, 1.2);
        let own = r * random.range(0.6, 1.0);
        made.add(Shape::Ellipsoid([own, own, own * 0.4]), M::Cellulose, dense, pose);
        let foot = pose.place([own * 0.4, 0.0, -own * random.range(1.2, 2.4)]);
        made.bar(pose.place([0.0; 3]), foot, own * 0.22, M::Cellulose, dense * 1.2);
    }
    let (low, high) = made.bounds();
    bag(&mut made, high[0] - low[0] + 8.0, high[1] - low[1] + 24.0);
    Made::whole(Class::PlantMatter, made)
}

/// A bunch of long dry stalks, each ending in a hollow head with seeds.
fn stalks_with_heads(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let length = random.range(110.0, 220.0);
    for _ in 0..random.count(5, 14) {
        let foot = [random.range(-10.0, 10.0), 0.0, random.range(6.0, 18.0)];
        let head = [foot[0] + random.range(-0.22, 0.22) * length, length * random.range(0.75, 1.0), foot[2] + 6.0];
        made.bar(foot, head, random.range(1.0, 2.2), M::Cellulose, 0.4);
        let (r, at) = (random.range(8.0, 17.0), Pose::at(head[0], head[1], head[2]));
        made.add(Shape::Ellipsoid([r, r * 1.15, r]), M::Cellulose, 0.5, at);
        made.add(Shape::Ellipsoid([r - 1.6, r * 1.15 - 1.6, r - 1.6]), M::Cellulose, -0.5, at);
        made.add(Shape::Ellipsoid([r * 0.5, r * 0.45, r * 0.5]), M::Cellulose, 0.45, at.moved(0.0, -r * 0.4, 0.0));
        made.add(Shape::Cylinder(r * 0.5, 1.2), M::Cellulose, 0.5, at.moved(0.0, r * 1.1, 0.0));
    }
    made.pipe([0.0, 20.0, 12.0], [0.0, 26.0, 12.0], 15.0, 1.5, M::Cellulose);
    Made::whole(Class::PlantMatter, made)
}

/// Bent shells with a row of large seeds.
fn pods(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (length, r) = (random.range(80.0, 180.0), random.range(6.0, 12.0));
    let count = random.count(3, 6);
    for i in 0..count {
        let mut one = Assembly::default();
        let bow = random.range(-0.25, 0.25) * length;
        let seeds = ((length / (r * 2.4)) as usize).min(8);
        let place = |share: f32| [bow * 4.0 * share * (1.0 - share), (share - 0.5) * length, r];
        for step in 0..seeds {
            let (a, b) = (step as f32 / seeds as f32, (step + 1) as f32 / seeds as f32);
            one.pipe(place(a), place(b), r, 1.3, M::Cellulose);
            if random.chance(0.85) {
                let at = place((a + b) * 0.5);
                let grain = Shape::Ellipsoid([r * 0.65, r * 0.9, r * 0.6]);
                one.add(grain, M::Cellulose, 0.75, Pose::at(at[0], at[1], at[2]));
            }
        }
        one.bar(place(1.0), place(1.12), r * 0.3, M::Cellulose, 0.5);
        let turn = Pose::turned(random.range(-0.5, 0.5), 0.0, 0.0);
        made.place(&one, &turn.moved((i % 4) as f32 * r * 3.0, random.range(-8.0, 8.0), (i / 4) as f32 * r * 2.0));
    }
    Made::whole(Class::PlantMatter, made)
}

fn herb_in_jar(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, height) = (random.range(24.0, 42.0), random.range(45.0, 110.0));
    let (wall, wall_mm) = random.choose(&[(M::Glass, 2.8), (M::Pet, 1.0), (M::Aluminium, 0.4), (M::Steel, 0.22)]);
    Vessel::straight(wall, wall_mm, r, height).lying(&mut made, None);
    made.bar([0.0, height * 0.5 - 9.0, r], [0.0, height * 0.5 + 2.0, r], r + 1.0, M::Steel, 0.04);
    let mut content = Assembly::default();
    let half = [r - 4.0, height * random.range(0.38, 0.46), (r - 4.0) * random.range(0.6, 0.9)];
    let crumbs = random.count(50, 90);
    herb(random, &mut content, half, crumbs);
    made.place(&content, &Pose::at(0.0, height * -0.03, 4.0));
    Made::whole(Class::PlantMatter, made)
}

/// Leaf rolled tight and tapered, side by side.
fn rolled_leaf(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, length) = (random.range(5.5, 11.0), random.range(80.0, 175.0));
    for i in 0..random.count(4, 14) {
        let x = i as f32 * (r * 2.0 + random.range(0.5, 2.0));
        let dense = random.range(0.2, 0.34);
        made.add(Shape::Ellipsoid([r, length * 0.62, r]), M::Cellulose, dense, Pose::at(x, 0.0, r));
        made.bar([x, -length * 0.42, r], [x, length * 0.3, r], r * 0.85, M::Cellulose, 0.12);
        for _ in 0..4 {
            // The filler bunches.
            let y = random.range(-0.4, 0.4) * length;
            let lump = Shape::Ellipsoid([r * 0.5, r * random.range(0.8, 2.0), r * 0.5]);
            made.add(lump, M::Cellulose, 0.12, Pose::at(x + random.range(-0.3, 0.3) * r, y, r));
        }
    }
    Made::whole(Class::PlantMatter, made)
}
