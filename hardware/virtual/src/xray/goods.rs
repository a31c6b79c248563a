//! Ordinary goods: what clean parcels hold, and what targets lie among.
//!
//! It stands alone so that variety can grow without touching scenes or targets. It refuses whatever is a target of any
//! class, because a clean parcel must be clean by construction: no cells (electronics here run from the mains or come
//! without battery), no solid lumps of metal, no free liquid or cream, tablets, seeds or fine powder (food comes in
//! pieces), nothing six times alike. Bottles and seeds that were here are designs of `targets` now.

use std::f32::consts::FRAC_PI_8;

use super::physics::Material as M;
use super::random::Random;
use super::shape::{Assembly, Pose, Shape, circle};
use super::{appliances, toiletries, vessels};

/// One ordinary good.
type Maker = fn(&mut Random) -> Assembly;

/// Goods that take room: clothes, books, boxes of things.
const BULKY: &[Maker] = &[clothes, clothes, shoe, book, books, plush, food_box, building_bricks];
/// Goods that fit nearly anywhere.
const SMALL: &[Maker] = &[
    toiletries::empty_bottle,
    toiletries::soap_bar,
    toiletries::hairbrush,
    toy_car,
    toy_figure,
    appliances::cable,
    appliances::charger,
    appliances::remote_control,
    appliances::circuit_board,
    cutlery,
    mug,
    toiletries::sponges,
    toiletries::candle,
    sunglasses,
    appliances::headphones,
    stationery,
    food_bar,
    jewellery_box,
    belt,
    toiletries::toothbrushes,
];
/// Goods for letters and thin bags.
const FLAT: &[Maker] =
    &[papers, papers, booklet, photo_cards, shirt, phone_case, appliances::flat_cable, fabric_patches];

/// A good at most as tall as `height_mm`; flat ones where there is little room.
pub fn any(random: &mut Random, height_mm: f32) -> Assembly {
    let choices = if height_mm < 25.0 {
        FLAT
    } else if random.chance(0.35) {
        BULKY
    } else {
        SMALL
    };
    random.choose(choices)(random)
}

/// Loose paper, air cushions or foam round the contents: a block of a very thin medium.
pub fn padding(random: &mut Random, size: [f32; 3]) -> Assembly {
    let mut made = Assembly::default();
    let fill = random.range(0.004, 0.03);
    let medium = random.choose(&[M::Cellulose, M::Polyethylene]);
    made.block(size, medium, fill, Pose::at(0.0, 0.0, 0.0));
    for _ in 0..random.count(0, 12) {
        let size = [random.range(20.0, 90.0), random.range(15.0, 60.0), random.range(3.0, 12.0)];
        made.block(size, medium, random.range(0.03, 0.1), lean(random, size[2] * 0.5));
    }
    made
}

fn lean(random: &mut Random, z: f32) -> Pose {
    let (yaw, roll) = (random.range(0.0, 6.3), random.range(-0.4, 0.4));
    Pose::turned(yaw, roll, 0.0).moved(random.range(-60.0, 60.0), random.range(-60.0, 60.0), z)
}

fn clothes(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let cloth = random.choose(&[M::Nylon, M::Cellulose, M::Pet, M::Protein]);
    let (width, length) = (random.range(120.0, 260.0), random.range(150.0, 320.0));
    let mut z = 0.0;
    for _ in 0..random.count(1, 6) {
        let thick = random.range(6.0, 18.0);
        let pose = Pose::turned(random.range(-0.1, 0.1), 0.0, 0.0).moved(0.0, random.range(-8.0, 8.0), z + thick / 2.0);
        made.block([width * random.range(0.85, 1.0), length, thick], cloth, random.range(0.12, 0.28), pose);
        z += thick;
        if random.chance(0.5) {
            // A fold: the edge lies double.
            made.block([width * 0.9, random.range(15.0, 60.0), 5.0], cloth, 0.25, Pose::at(0.0, length * 0.3, z));
        }
    }
    for _ in 0..random.count(0, 7) {
        let at = [random.range(-0.4, 0.4) * width, random.range(-0.4, 0.4) * length];
        let button = random.choose(&[M::Brass, M::Abs, M::Zinc]);
        made.add(Shape::Cylinder(random.range(4.0, 9.0), 1.2), button, 1.0, Pose::at(at[0], at[1], z));
    }
    if random.chance(0.35) {
        let (x, half) = (random.range(-0.3, 0.3) * width, length * random.range(0.2, 0.45));
        made.block([4.0, half * 2.0, 2.0], random.choose(&[M::Brass, M::Zinc, M::Nylon]), 0.5, Pose::at(x, 0.0, z));
    }
    made
}

fn shirt(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    made.block(
        [random.range(140.0, 220.0), random.range(180.0, 270.0), 12.0],
        M::Cellulose,
        0.2,
        Pose::at(0.0, 0.0, 6.0),
    );
    for i in 0..random.count(0, 6) {
        made.add(Shape::Cylinder(5.5, 1.2), M::Abs, 1.0, Pose::at(0.0, -90.0 + 30.0 * i as f32, 12.0));
    }
    made
}

fn shoe(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let length = random.range(200.0, 290.0);
    for side in [-1.0, 1.0] {
        let x = side * 52.0;
        let sole = random.range(8.0, 28.0);
        made.add(Shape::Ellipsoid([44.0, length * 0.5, sole]), M::Pvc, 0.45, Pose::at(x, 0.0, sole));
        made.add(Shape::Ellipsoid([42.0, length * 0.48, 45.0]), M::Protein, 0.5, Pose::at(x, 0.0, 50.0));
        made.add(Shape::Ellipsoid([39.0, length * 0.45, 42.0]), M::Protein, -0.5, Pose::at(x, 0.0, 50.0));
        if random.chance(0.4) {
            made.block([20.0, 90.0, 1.0], M::Steel, 1.0, Pose::at(x, -10.0, sole));
        }
        for i in 0..6 {
            made.add(Shape::Cylinder(3.0, 1.0), M::Aluminium, 1.0, Pose::at(x + 12.0, 20.0 + 12.0 * i as f32, 88.0));
        }
    }
    made
}

fn book(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let size = [random.range(105.0, 210.0), random.range(150.0, 290.0), random.range(10.0, 45.0)];
    made.block(size, M::Cellulose, random.range(0.45, 0.75), Pose::at(0.0, 0.0, size[2] * 0.5));
    made
}

fn books(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let mut z = 0.0;
    for _ in 0..random.count(2, 4) {
        let one = book(random);
        made.place(&one, &Pose::turned(random.range(-0.2, 0.2), 0.0, 0.0).moved(0.0, 0.0, z));
        z = made.bounds().1[2];
    }
    made
}

fn booklet(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let size = [random.range(90.0, 160.0), random.range(130.0, 220.0), random.range(2.0, 7.0)];
    made.block(size, M::Cellulose, 0.6, Pose::at(0.0, 0.0, size[2] * 0.5));
    for y in [-0.25, 0.25] {
        made.bar([-6.0, size[1] * y, size[2]], [6.0, size[1] * y, size[2]], 0.3, M::Steel, 1.0);
    }
    made
}

fn papers(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let thick = random.range(0.3, 3.0);
    made.block(
        [random.range(90.0, 150.0), random.range(150.0, 215.0), thick],
        M::Cellulose,
        0.55,
        Pose::at(0.0, 0.0, thick),
    );
    if random.chance(0.3) {
        let clip = [[0.0, 60.0, 3.0], [0.0, 90.0, 3.0], [7.0, 90.0, 3.0], [7.0, 65.0, 3.0], [2.0, 65.0, 3.0]];
        made.wire(&clip, 0.5, M::Steel);
    }
    made
}

fn photo_cards(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for _ in 0..random.count(1, 5) {
        let pose = Pose::turned(random.range(-0.4, 0.4), 0.0, 0.0).moved(random.range(-15.0, 15.0), 0.0, 1.0);
        made.block([64.0, 90.0, random.range(0.3, 2.0)], random.choose(&[M::Pvc, M::Cellulose]), 0.8, pose);
    }
    made
}

fn phone_case(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let size = [random.range(68.0, 80.0), random.range(140.0, 168.0), random.range(8.0, 11.0)];
    let plastic = random.choose(&[M::Pvc, M::Abs]);
    made.block(size, plastic, 1.0, Pose::at(0.0, 0.0, size[2] * 0.5));
    made.block([size[0] - 3.0, size[1] - 3.0, size[2] - 1.5], plastic, -1.0, Pose::at(0.0, 0.0, size[2] * 0.5 + 0.7));
    made
}

/// Knitted or woven samples of even thickness.
fn fabric_patches(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let cloth = random.choose(&[M::Cellulose, M::Nylon, M::Protein]);
    for _ in 0..random.count(1, 4) {
        let pose = Pose::turned(random.range(-0.5, 0.5), 0.0, 0.0).moved(
            random.range(-25.0, 25.0),
            random.range(-40.0, 40.0),
            2.0,
        );
        made.block([random.range(45.0, 90.0), random.range(60.0, 120.0), 3.0], cloth, random.range(0.15, 0.3), pose);
    }
    made
}

fn plush(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let r = random.range(40.0, 75.0);
    let fill = random.range(0.03, 0.09);
    made.add(Shape::Ellipsoid([r, r * 1.3, r * 0.8]), M::Pet, fill, Pose::at(0.0, 0.0, r * 0.8));
    made.add(Shape::Ellipsoid([r * 0.7, r * 0.7, r * 0.6]), M::Pet, fill, Pose::at(0.0, r * 1.7, r * 0.8));
    for side in [-1.0, 1.0] {
        made.add(Shape::Ellipsoid([r * 0.3, r * 0.7, r * 0.3]), M::Pet, fill, Pose::at(side * r, -r, r * 0.5));
        made.add(Shape::Ellipsoid([4.0; 3]), M::Abs, 1.0, Pose::at(side * r * 0.3, r * 2.0, r * 1.2));
    }
    made
}

/// A carton of pieces that differ: biscuits, pasta, nut bars; never a level of something fine.
fn food_box(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let size = [random.range(60.0, 150.0), random.range(90.0, 220.0), random.range(25.0, 60.0)];
    let food = random.choose(&[M::Sugar, M::Cellulose, M::Protein]);
    for _ in 0..random.count(14, 45) {
        let half = [random.range(7.0, 13.0), random.range(10.0, 20.0), random.range(3.0, 8.0)];
        let room = [0, 1, 2].map(|axis| (size[axis] * 0.5 - half[1]).max(1.0));
        let at = room.map(|r| random.range(-r, r));
        let pose = Pose::turned(random.range(0.0, 6.3), random.range(-0.6, 0.6), 0.0);
        let pose = pose.moved(at[0], at[1], at[2] + size[2] * 0.5);
        let fill = random.range(0.25, 0.5);
        if random.chance(0.5) {
            made.block(half.map(|h| h * 2.0), food, fill, pose);
        } else {
            made.add(Shape::Cylinder(half[0], half[2]), food, fill, pose);
        }
    }
    vessels::case(&mut made, size, 0.6, M::Cellulose, Pose::at(0.0, 0.0, size[2] * 0.5));
    if random.chance(0.4) {
        made.block([size[0], size[1], 0.05], M::Aluminium, 1.0, Pose::at(0.0, 0.0, size[2]));
    }
    made
}

/// Chocolate: bars scored into pieces, some with nuts.
fn food_bar(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for i in 0..random.count(1, 4) {
        let (x, long, high) = (i as f32 * 36.0, random.range(90.0, 140.0), random.range(8.0, 18.0));
        let fill = random.range(0.6, 0.8);
        made.block([30.0, long, high], M::Sugar, fill, Pose::at(x, 0.0, high * 0.5));
        let pieces = random.count(4, 7);
        for piece in 1..pieces {
            let y = (piece as f32 / pieces as f32 - 0.5) * long;
            made.block([30.0, 3.5, high * 0.45], M::Sugar, -fill, Pose::at(x, y, high * 0.75));
        }
        for _ in 0..random.count(0, 6) {
            let at = Pose::at(x + random.range(-9.0, 9.0), random.range(-0.4, 0.4) * long, high * 0.5);
            made.add(Shape::Ellipsoid([5.0, 7.0, 4.0]), M::Cellulose, 0.2, at);
        }
    }
    made
}

fn building_bricks(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for _ in 0..random.count(20, 60) {
        let length = 8.0 * random.count(1, 6) as f32;
        let pose = Pose::turned(random.range(0.0, 6.3), random.range(-1.2, 1.2), 0.0).moved(
            random.range(-70.0, 70.0),
            random.range(-90.0, 90.0),
            random.range(8.0, 45.0),
        );
        made.block([16.0, length, 9.6], M::Abs, 0.35, pose);
    }
    made
}

fn toy_car(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let half = random.range(28.0, 75.0);
    made.block([half * 0.9, half * 2.0, half * 0.4], M::Abs, 0.35, Pose::at(0.0, 0.0, half * 0.45));
    made.block([half * 0.7, half, half * 0.3], M::Abs, 0.25, Pose::at(0.0, 0.0, half * 0.8));
    for y in [-0.6, 0.6] {
        made.bar([-half * 0.5, half * y, half * 0.2], [half * 0.5, half * y, half * 0.2], 1.0, M::Steel, 1.0);
        for x in [-0.48, 0.48] {
            let (a, b) = ([half * (x - 0.06), half * y, half * 0.2], [half * (x + 0.06), half * y, half * 0.2]);
            made.bar(a, b, half * 0.2, M::Pvc, 0.8);
        }
    }
    if random.chance(0.5) {
        made.bar([0.0, -half * 0.4, half * 0.4], [0.0, 0.0, half * 0.4], 7.0, M::Steel, 0.55);
    }
    made
}

fn toy_figure(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let s = random.range(0.6, 1.5);
    made.add(Shape::Ellipsoid([18.0 * s, 28.0 * s, 11.0 * s]), M::Pvc, 0.6, Pose::at(0.0, 0.0, 11.0 * s));
    made.add(Shape::Ellipsoid([12.0 * s; 3]), M::Pvc, 0.6, Pose::at(0.0, 40.0 * s, 12.0 * s));
    for x in [-10.0, 10.0] {
        made.bar([x * s, -25.0 * s, 9.0 * s], [x * s * 1.5, -70.0 * s, 8.0 * s], 6.0 * s, M::Pvc, 0.8);
        made.bar([x * s * 1.6, 18.0 * s, 9.0 * s], [x * s * 3.0, -15.0 * s, 8.0 * s], 4.5 * s, M::Pvc, 0.8);
    }
    made
}

fn cutlery(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for i in 0..random.count(1, 4) {
        let x = i as f32 * 16.0;
        let half = random.range(60.0, 85.0);
        made.block([9.0, half * 1.2, 2.0], M::Steel, 1.0, Pose::at(x, -half * 0.4, 3.0));
        made.add(Shape::Ellipsoid([17.0, 28.0, 1.4]), M::Steel, 0.9, Pose::at(x, half * 0.55, 3.0));
    }
    made
}

fn mug(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (r, half, wall) = (random.range(36.0, 46.0), random.range(42.0, 55.0), random.range(3.5, 5.5));
    let pose =
        if random.chance(0.5) { Pose::at(0.0, 0.0, half) } else { Pose::between([0.0, -half, r], [0.0, half, r]) };
    made.add(Shape::Cylinder(r, half), M::Glass, 0.95, pose);
    made.add(Shape::Cylinder(r - wall, half - wall), M::Glass, -0.95, pose);
    made
}

fn sunglasses(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    made.block([62.0, 160.0, 40.0], M::Abs, random.range(0.05, 0.15), Pose::at(0.0, 0.0, 20.0));
    for y in [-32.0, 32.0] {
        made.add(Shape::Ellipsoid([20.0, 27.0, 1.5]), M::Acrylic, 1.0, Pose::at(0.0, y, 18.0));
        made.bar(
            [16.0, y * 2.0, 18.0],
            [16.0, -y * 1.5, 15.0],
            1.2,
            random.choose(&[M::Abs, M::Brass, M::Titanium]),
            1.0,
        );
    }
    made
}

fn stationery(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for i in 0..random.count(2, 5) {
        let (x, half) = (i as f32 * 11.0, random.range(45.0, 88.0));
        made.bar([x, -half, 5.0], [x, half, 5.0], random.range(3.0, 5.0), random.choose(&[M::Abs, M::Cellulose]), 0.6);
        let tip = random.choose(&[M::Brass, M::Steel, M::Cellulose]);
        made.bar([x, half - 10.0, 5.0], [x, half, 5.0], 2.0, tip, 0.6);
    }
    made
}

fn jewellery_box(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    made.block([80.0, 80.0, 35.0], M::Cellulose, 0.12, Pose::at(0.0, 0.0, 17.5));
    let metal = random.choose(&[M::Silver, M::Gold, M::Brass]);
    let r = random.range(12.0, 28.0);
    made.wire(&circle([0.0, 0.0, 20.0], [r, r], 14), random.range(0.5, 1.1), metal);
    made
}

fn belt(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for turn in 0..3 {
        let r = 32.0 + 4.0 * turn as f32;
        for i in 0..16 {
            let angle = (i as f32 + 0.5) * FRAC_PI_8;
            let pose = Pose::turned(angle, 0.0, 0.0).moved(r * angle.cos(), r * angle.sin(), 17.0);
            made.block([3.5, r * 0.4, 34.0], M::Protein, 0.8, pose);
        }
    }
    let frame = [[40.0, -22.0, 2.0], [40.0, 22.0, 2.0], [40.0, 22.0, 40.0], [40.0, -22.0, 40.0], [40.0, -22.0, 2.0]];
    made.wire(&frame, random.range(1.8, 2.8), random.choose(&[M::Zinc, M::Brass]));
    made
}
