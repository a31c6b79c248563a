//! Harmless things like banknotes, plants and goods in quantity: stationery, wool, paper, food in strips, assortments.
//!
//! None repeats one article six times, and no paper here has a note's size with thread and band.

use super::super::physics::Material as M;
use super::super::random::Random;
use super::super::shape::{Assembly, Pose, Shape, circle};
use super::super::vessels::case;

/// Note pads: wire along one edge, a stiff back (currency).
pub(super) fn note_pads(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (w, l) = random.choose(&[(74.0, 105.0), (105.0, 148.0), (90.0, 140.0), (76.0, 127.0)]);
    let mut z = 0.0;
    for _ in 0..random.count(1, 3) {
        let thick = random.range(4.0, 14.0);
        let turn = Pose::turned(random.range(-0.1, 0.1), 0.0, 0.0).moved(0.0, 0.0, z);
        made.block([w, l, thick], M::Cellulose, 0.5, turn.over(&Pose::at(0.0, 0.0, thick * 0.5)));
        made.block([w, l, 1.2], M::Cellulose, 0.4, turn.over(&Pose::at(0.0, 0.0, 0.6)));
        for i in 0..9 {
            let x = (i as f32 / 8.0 - 0.5) * (w - 8.0);
            let (a, b) = (turn.place([x, l * 0.5 - 5.0, thick]), turn.place([x, l * 0.5 + 3.0, thick]));
            made.bar(a, b, 0.7, M::Steel, 1.0);
        }
        z += thick + 1.0;
    }
    made
}

/// Envelopes: thicker along the flaps' crossing lines (currency).
pub(super) fn envelopes(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (w, l) = random.choose(&[(110.0, 220.0), (114.0, 162.0), (125.0, 176.0)]);
    let thick = random.range(4.0, 22.0);
    made.block([w, l, thick], M::Cellulose, 0.35, Pose::at(0.0, 0.0, thick * 0.5));
    for side in [-1.0, 1.0] {
        // Flaps are cut slantwise, so the middle lies double in a lens.
        let flap = vec![
            [0.0, -l * 0.5],
            [side * w * 0.5, -l * 0.5],
            [side * w * 0.5, l * 0.5],
            [0.0, l * 0.5],
            [side * w * 0.18, 0.0],
        ];
        made.add(Shape::Prism(flap, thick * 0.5), M::Cellulose, 0.15, Pose::at(0.0, 0.0, thick * 0.5));
    }
    made
}

/// Playing or trading cards in their box: small, dense, close to square-edged (currency).
pub(super) fn playing_cards(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let plastic = random.chance(0.5);
    for i in 0..random.count(1, 3) {
        let (x, thick) = (i as f32 * 70.0, random.range(12.0, 20.0));
        let (material, fill) = if plastic { (M::Pvc, 0.85) } else { (M::Cellulose, 0.75) };
        made.block([58.0, 88.0, thick], material, fill, Pose::at(x, 0.0, thick * 0.5 + 1.0));
        case(&mut made, [62.0, 93.0, thick + 2.0], 0.6, M::Cellulose, Pose::at(x, 0.0, thick * 0.5 + 1.0));
    }
    made
}

/// Shredded paper or wood wool: thin even strips every way (plant matter).
pub(super) fn paper_shreds(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let half = [random.range(35.0, 80.0), random.range(40.0, 100.0), random.range(10.0, 25.0)];
    let wide = random.range(2.0, 5.0);
    for _ in 0..random.count(70, 120) {
        let at = [0, 1, 2].map(|axis| random.range(-0.8, 0.8) * half[axis]);
        let turn = Pose::turned(random.range(0.0, 6.3), random.range(-0.9, 0.9), 0.0);
        made.block([wide, random.range(25.0, 60.0), 0.8], M::Cellulose, 0.5, turn.moved(at[0], at[1], at[2] + half[2]));
    }
    made
}

/// Balls of yarn: round windings, hollow in the middle (plant matter).
pub(super) fn wool(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for i in 0..random.count(1, 4) {
        let (r, fill) = (random.range(25.0, 45.0), random.range(0.12, 0.25));
        let yarn = random.choose(&[M::Protein, M::Nylon]);
        let pose =
            Pose::turned(random.range(0.0, 6.3), 0.0, 0.0).moved((i % 2) as f32 * 92.0, (i / 2) as f32 * 125.0, r);
        made.add(Shape::Ellipsoid([r, r * 1.3, r]), yarn, fill, pose);
        made.add(Shape::Ellipsoid([r * 0.3, r * 1.1, r * 0.3]), yarn, -fill * 0.8, pose);
        for turn in 0..10 {
            let y = (turn as f32 / 9.0 - 0.5) * r * 1.6;
            let own = r * (1.0 - (y / (r * 1.35)).powi(2)).max(0.05).sqrt();
            made.bar(pose.place([-own, y - 7.0, 0.0]), pose.place([own, y + 7.0, 0.0]), 1.8, yarn, 0.3);
        }
    }
    made
}

/// Nests of noodles or straight spaghetti (plant matter).
pub(super) fn noodles(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let radius = random.range(1.0, 2.4);
    if random.chance(0.5) {
        for _ in 0..random.count(40, 80) {
            let (x, z, y) = (random.range(-28.0, 28.0), random.range(2.0, 20.0), random.range(-4.0, 4.0));
            made.bar([x, y - 120.0, z], [x + random.range(-4.0, 4.0), y + 120.0, z], radius, M::Cellulose, 0.9);
        }
    } else {
        for i in 0..random.count(2, 6) {
            let middle = [(i % 2) as f32 * 70.0, (i / 2) as f32 * 70.0];
            for turn in 0..3 {
                let r = 12.0 + 8.0 * turn as f32;
                let at = [middle[0], middle[1], 5.0 + random.range(0.0, 14.0)];
                made.wire(&circle(at, [r, r * random.range(0.8, 1.1)], 8), radius, M::Cellulose);
            }
        }
    }
    made
}

/// One of this, one of that: articles in a row, none twice (repeated goods).
pub(super) fn assortment(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let kinds = random.count(5, 7);
    let start = random.count(0, 6);
    for i in 0..kinds {
        let at = Pose::turned(random.range(-0.3, 0.3), 0.0, 0.0).moved(
            (i % 3) as f32 * 62.0 + random.range(-4.0, 4.0),
            (i / 3) as f32 * 78.0 + random.range(-5.0, 5.0),
            0.0,
        );
        let mut one = Assembly::default();
        trinket(random, &mut one, (start + i) % 7);
        made.place(&one, &at);
    }
    made
}

/// One of seven small articles.
fn trinket(random: &mut Random, made: &mut Assembly, kind: usize) {
    let s = random.range(0.8, 1.3);
    match kind {
        0 => made.pipe([0.0, -30.0 * s, 10.0], [0.0, 30.0 * s, 10.0], 9.0, 1.2, M::Abs),
        1 => case(made, [40.0 * s, 55.0 * s, 15.0], 1.5, M::Abs, Pose::at(0.0, 0.0, 8.0)),
        2 => made.wire(&circle([0.0, 0.0, 4.0], [17.0 * s, 17.0 * s], 10), 2.2, M::Brass),
        3 => made.add(Shape::Cylinder(19.0 * s, 5.0), M::Cellulose, 0.6, Pose::at(0.0, 0.0, 5.0)),
        4 => made.add(Shape::Ellipsoid([14.0 * s, 24.0 * s, 11.0]), M::Pvc, 0.8, Pose::at(0.0, 0.0, 11.0)),
        5 => {
            made.block([8.0, 62.0 * s, 3.0], M::Steel, 0.7, Pose::at(0.0, 0.0, 3.0));
            made.bar([0.0, -34.0 * s, 5.0], [0.0, -5.0, 5.0], 6.0, M::Abs, 0.8);
        }
        _ => made.block([30.0 * s, 44.0 * s, 22.0], M::Cellulose, 0.3, Pose::at(0.0, 0.0, 11.0)),
    }
}

/// Sockets or weights in a row, each larger than the one before (repeated goods).
pub(super) fn graded_set(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let count = random.count(5, 9);
    let (metal, hollow) = random.choose(&[(M::Steel, 0.7), (M::Aluminium, 0.8), (M::Brass, 0.75)]);
    let mut x = 0.0;
    for i in 0..count {
        let r = 5.0 + 1.7 * i as f32;
        x += r;
        made.bar([x, 0.0, r], [x, r * 2.6 + 8.0, r], r, metal, 1.0);
        made.bar([x, 0.0, r], [x, r * 2.6 + 8.0, r], r * hollow, metal, -1.0);
        x += r + 3.0;
    }
    case(&mut made, [x + 8.0, 78.0, 46.0], 1.8, M::Abs, Pose::at(x * 0.5, 30.0, 23.0));
    made
}

/// Stones: rough lumps of different sizes (repeated goods, plant matter with soil).
pub(super) fn minerals(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for i in 0..random.count(3, 9) {
        let r = random.range(8.0, 24.0);
        let at = Pose::turned(random.range(0.0, 6.3), random.range(-0.5, 0.5), 0.0).moved(
            (i % 3) as f32 * 50.0 + random.range(-8.0, 8.0),
            (i / 3) as f32 * 52.0,
            r,
        );
        made.add(Shape::Ellipsoid([r, r * random.range(0.7, 1.2), r * 0.8]), M::Glass, 1.0, at);
        made.block([r * 0.9, r * 1.1, r], M::Glass, random.range(-0.2, 0.2), at);
    }
    made
}

/// Filing cards with dividers that stand out, in a rubber band (currency).
pub(super) fn index_cards(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (w, l) = random.choose(&[(74.0, 105.0), (76.0, 127.0), (105.0, 148.0)]);
    let thick = random.range(8.0, 35.0);
    made.block([w, l, thick], M::Cellulose, 0.7, Pose::at(0.0, 0.0, thick * 0.5));
    for _ in 0..random.count(2, 6) {
        let (x, z) = (random.range(-0.4, 0.4) * w, random.range(0.1, 0.9) * thick);
        made.block([18.0, 8.0, 0.8], M::Cellulose, 0.8, Pose::at(x, l * 0.5 + 4.0, z));
    }
    made.shell([w + 2.0, 5.0, thick + 2.0], 1.0, M::Polyethylene, Pose::at(0.0, l * 0.2, thick * 0.5));
    made
}

/// Feathers: thin stems every way in light down (plant matter).
pub(super) fn feathers(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let half = [random.range(40.0, 85.0), random.range(50.0, 110.0), random.range(12.0, 30.0)];
    made.block(half.map(|h| 2.0 * h), M::Protein, random.range(0.01, 0.03), Pose::at(0.0, 0.0, half[2]));
    for _ in 0..random.count(30, 70) {
        let at = [0, 1, 2].map(|axis| random.range(-0.7, 0.7) * half[axis]);
        let pose =
            Pose::turned(random.range(0.0, 6.3), random.range(-0.5, 0.5), 0.0).moved(at[0], at[1], at[2] + half[2]);
        let long = random.range(20.0, 60.0);
        made.bar(pose.place([0.0, -long, 0.0]), pose.place([0.0, long, 0.0]), 1.1, M::Protein, 0.5);
        made.block([long * 0.35, long * 1.4, 0.5], M::Protein, 0.12, pose);
    }
    made
}

/// Measuring cups in one another, each smaller than the one round it (repeated goods).
pub(super) fn nested_cups(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (metal, wall) = random.choose(&[(M::Steel, 0.6), (M::Aluminium, 1.0), (M::Abs, 1.8)]);
    let (mut r, mut tall) = (random.range(32.0, 46.0), random.range(35.0, 60.0));
    for i in 0..random.count(4, 6) {
        let bottom = 2.5 * i as f32;
        made.add(Shape::Cylinder(r, tall * 0.5), metal, 1.0, Pose::at(0.0, 0.0, bottom + tall * 0.5));
        let hollow = Pose::at(0.0, 0.0, bottom + wall + tall * 0.5);
        made.add(Shape::Cylinder(r - wall, (tall - wall) * 0.5), metal, -1.0, hollow);
        made.block([12.0, r + 38.0, wall * 1.5], metal, 0.9, Pose::at(0.0, r + 18.0, bottom + tall));
        (r, tall) = (r - random.range(3.0, 6.0), tall - random.range(3.0, 6.0));
    }
    made
}
