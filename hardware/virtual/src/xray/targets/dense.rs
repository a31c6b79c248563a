//! Small solid lumps of metal or lead glass where they do not belong.

use std::f32::consts::TAU;

use super::super::physics::Material as M;
use super::super::random::Random;
use super::super::shape::{Assembly, Pose, Shape};
use super::{Class, Design, Made, several};

pub(super) const DENSE_OBJECTS: &[Design] = &[
    Design { name: "bar", unseen: false, make: bar },
    Design { name: "ball", unseen: false, make: ball },
    Design { name: "rod", unseen: false, make: rod },
    Design { name: "ring-stack", unseen: false, make: ring_stack },
    Design { name: "ingots", unseen: false, make: ingots },
    Design { name: "sinkers", unseen: false, make: sinkers },
    Design { name: "magnets", unseen: false, make: magnets },
    Design { name: "hammer-head", unseen: false, make: hammer_head },
    Design { name: "weights", unseen: false, make: weights },
    Design { name: "lead-glass-block", unseen: false, make: lead_glass_block },
    Design { name: "anvil", unseen: false, make: anvil },
    Design { name: "wedge", unseen: true, make: wedge },
    Design { name: "statuette", unseen: true, make: statuette },
    Design { name: "gear", unseen: true, make: gear },
    Design { name: "dumbbell", unseen: true, make: dumbbell },
];

const HEAVY: &[M] = &[M::Lead, M::Steel, M::Gold, M::Brass, M::Silver, M::Copper, M::Zinc, M::Tin];

fn dense(assembly: Assembly) -> Made {
    Made::whole(Class::DenseObject, assembly)
}

fn bar(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let size = [random.range(16.0, 36.0), random.range(28.0, 80.0), random.range(8.0, 18.0)];
    let metal = random.choose(HEAVY);
    for i in 0..random.count(1, 2) {
        made.block(size, metal, 1.0, Pose::at(i as f32 * (size[0] + 4.0), 0.0, size[2] * 0.5));
    }
    dense(made)
}

fn ball(random: &mut Random) -> Made {
    let (r, stretch, metal) = (random.range(8.0, 19.0), random.range(0.8, 1.4), random.choose(HEAVY));
    let count = random.count(1, 3);
    dense(several(random, count, |_| {
        let mut one = Assembly::default();
        one.add(Shape::Ellipsoid([r, r * stretch, r]), metal, 1.0, Pose::at(0.0, 0.0, 0.0));
        one
    }))
}

fn rod(random: &mut Random) -> Made {
    let (r, half) = (random.range(6.0, 15.0), random.range(14.0, 48.0));
    let metal = random.choose(&[M::Steel, M::Lead, M::Brass, M::Copper, M::Tin]);
    let count = random.count(1, 3);
    dense(several(random, count, |_| {
        let mut one = Assembly::default();
        one.bar([0.0, -half, r], [0.0, half, r], r, metal, 1.0);
        one
    }))
}

fn ring_stack(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, half) = (random.range(12.0, 26.0), random.range(6.0, 15.0));
    let metal = random.choose(HEAVY);
    made.add(Shape::Cylinder(r, half), metal, 1.0, Pose::at(0.0, 0.0, half));
    made.add(Shape::Cylinder(r * random.range(0.25, 0.55), half), metal, -1.0, Pose::at(0.0, 0.0, half));
    dense(made)
}

/// Three to eight small cast bars, stacked or in a row.
fn ingots(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let size = [random.range(10.0, 22.0), random.range(18.0, 42.0), random.range(2.5, 7.0)];
    let metal = random.choose(&[M::Gold, M::Silver, M::Lead, M::Tin, M::Copper]);
    let (count, across) = (random.count(3, 8), random.count(1, 4));
    for i in 0..count {
        let pose = Pose::turned(random.range(-0.1, 0.1), 0.0, 0.0).moved(
            (i % across) as f32 * (size[0] + 2.0),
            0.0,
            (i / across) as f32 * (size[2] + 0.3),
        );
        made.block(size, metal, 1.0, pose);
    }
    dense(made)
}

/// Lead drops of an angler, in a bag.
fn sinkers(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, stretch) = (random.range(4.0, 9.0), random.range(1.0, 2.2));
    let count = random.count(5, 24);
    let spread = r * (count as f32).sqrt() * random.range(0.9, 1.4);
    for _ in 0..count {
        let turn = Pose::turned(random.range(0.0, 6.3), random.range(-0.4, 0.4), 0.0);
        let at =
            turn.moved(random.range(-1.0, 1.0) * spread, random.range(-1.0, 1.0) * spread, random.range(0.0, 2.0) * r);
        made.add(Shape::Ellipsoid([r, r * stretch, r]), M::Lead, 1.0, at);
    }
    dense(made)
}

/// Discs or slabs that hold together: sintered metal near steel's density.
fn magnets(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (half, thick) = (random.range(7.0, 17.0), random.range(3.0, 9.0));
    let round = random.chance(0.5);
    for i in 0..random.count(2, 6) {
        let at = Pose::at(random.range(-2.0, 2.0), random.range(-2.0, 2.0), i as f32 * (thick + 1.0));
        if round {
            made.add(Shape::Cylinder(half, thick * 0.5), M::Steel, 0.96, at);
        } else {
            made.block([half * 1.4, half * 2.6, thick], M::Steel, 0.96, at);
        }
    }
    dense(made)
}

fn hammer_head(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (half, r) = (random.range(32.0, 58.0), random.range(9.0, 16.0));
    made.bar([0.0, -half, r], [0.0, half * 0.3, r], r, M::Steel, 1.0);
    let peen = vec![[-r, 0.0], [r, 0.0], [r * 0.25, half * 0.75], [-r * 0.25, half * 0.75]];
    made.add(Shape::Prism(peen, r * 0.8), M::Steel, 1.0, Pose::at(0.0, half * 0.3, r));
    made.block([r * 2.3, r * 2.2, r * 2.2], M::Steel, 1.0, Pose::at(0.0, -half * 0.1, r));
    dense(made)
}

/// Turned weights with a knob, largest to smallest.
fn weights(random: &mut Random) -> Made {
    let (mut r, metal) = (random.range(11.0, 19.0), random.choose(&[M::Brass, M::Steel, M::Lead]));
    let count = random.count(1, 4);
    dense(several(random, count, |random| {
        let mut one = Assembly::default();
        one.bar([0.0, -r, 0.0], [0.0, r, 0.0], r, metal, 1.0);
        one.bar([0.0, r, 0.0], [0.0, r * 1.4, 0.0], r * 0.35, metal, 1.0);
        one.bar([0.0, r * 1.4, 0.0], [0.0, r * 1.8, 0.0], r * 0.6, metal, 1.0);
        r *= random.range(0.7, 0.9);
        one
    }))
}

/// Cut crystal: a thick block or a faceted lump.
fn lead_glass_block(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (w, thick) = (random.range(18.0, 32.0), random.range(14.0, 26.0));
    let corners = random.count(4, 8);
    let outline = (0..corners)
        .map(|i| (i as f32 * TAU / corners as f32).sin_cos())
        .map(|(sine, cosine)| [w * cosine, w * random.range(0.85, 1.2) * sine])
        .collect();
    made.add(Shape::Prism(outline, thick), M::LeadGlass, 1.0, Pose::at(0.0, 0.0, thick));
    dense(made)
}

/// A jeweller's block: waist, foot and horn.
fn anvil(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let s = random.range(0.6, 1.1);
    let outline = [
        [-16.0, -34.0],
        [-16.0, 20.0],
        [-8.0, 44.0],
        [-6.0, 20.0],
        [4.0, 14.0],
        [8.0, 28.0],
        [16.0, 28.0],
        [16.0, -28.0],
        [8.0, -28.0],
        [4.0, -12.0],
        [-4.0, -14.0],
        [-6.0, -34.0],
    ];
    let half = random.range(8.0, 14.0);
    made.add(
        Shape::Prism(outline.map(|[x, y]| [x * s, y * s]).to_vec(), half),
        M::Steel,
        1.0,
        Pose::at(0.0, 0.0, half),
    );
    dense(made)
}

fn wedge(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (w, l) = (random.range(22.0, 40.0), random.range(30.0, 60.0));
    let outline = vec![[-w * 0.5, -l * 0.5], [w * 0.5, -l * 0.5], [w * 0.2, l * 0.5], [-w * 0.2, l * 0.5]];
    made.add(Shape::Prism(outline, random.range(5.0, 9.0)), random.choose(HEAVY), 1.0, Pose::at(0.0, 0.0, 9.0));
    dense(made)
}

fn statuette(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (s, metal) = (random.range(0.7, 1.2), random.choose(&[M::Brass, M::Lead, M::LeadGlass, M::Silver]));
    made.add(Shape::Ellipsoid([13.0 * s, 24.0 * s, 12.0 * s]), metal, 1.0, Pose::at(0.0, 0.0, 13.0));
    made.add(Shape::Ellipsoid([9.0 * s; 3]), metal, 1.0, Pose::at(0.0, 30.0 * s, 13.0));
    made.add(Shape::Cylinder(15.0 * s, 4.0), metal, 1.0, Pose::between([0.0, -28.0 * s, 13.0], [0.0, -20.0 * s, 13.0]));
    dense(made)
}

/// A toothed disc with a bored hub.
fn gear(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, half, metal) = (random.range(18.0, 30.0), random.range(6.0, 11.0), random.choose(&[M::Steel, M::Brass]));
    made.add(Shape::Cylinder(r, half), metal, 1.0, Pose::at(0.0, 0.0, half));
    made.add(Shape::Cylinder(r * 0.3, half), metal, -1.0, Pose::at(0.0, 0.0, half));
    let teeth = random.count(10, 18);
    for i in 0..teeth {
        let angle = i as f32 * TAU / teeth as f32;
        let at = Pose::turned(angle, 0.0, 0.0).moved((r + 2.0) * angle.cos(), (r + 2.0) * angle.sin(), half);
        made.block([5.0, r * 2.6 / teeth as f32, 2.0 * half], metal, 1.0, at);
    }
    dense(made)
}

/// Two lumps on a bar.
fn dumbbell(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, gap, metal) =
        (random.range(12.0, 19.0), random.range(14.0, 34.0), random.choose(&[M::Steel, M::Brass, M::Lead]));
    made.bar([0.0, -gap, r], [0.0, gap, r], r * 0.4, metal, 1.0);
    for y in [-1.0, 1.0] {
        if random.chance(0.5) {
            made.add(Shape::Ellipsoid([r; 3]), metal, 1.0, Pose::at(0.0, y * (gap + r * 0.7), r));
        } else {
            made.bar([0.0, y * gap, r], [0.0, y * (gap + r), r], r, metal, 1.0);
        }
    }
    dense(made)
}
