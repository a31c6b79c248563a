//! Things that X-rays do not pass.

use super::super::physics::Material as M;
use super::super::random::Random;
use super::super::shape::{Assembly, Pose, Shape};
use super::{Class, Design, Made};

pub(super) const OPAQUE_THINGS: &[Design] = &[
    Design { name: "lead-pouch", unseen: false, make: lead_pouch },
    Design { name: "steel-block", unseen: false, make: steel_block },
    Design { name: "plate-stack", unseen: false, make: plate_stack },
    Design { name: "lead-box", unseen: false, make: lead_box },
    Design { name: "lead-pot", unseen: false, make: lead_pot },
    Design { name: "sheet-roll", unseen: false, make: sheet_roll },
    Design { name: "wrapped-book", unseen: false, make: wrapped_book },
    Design { name: "valve-body", unseen: false, make: valve_body },
    Design { name: "lined-can", unseen: true, make: lined_can },
    Design { name: "casting", unseen: true, make: casting },
    Design { name: "transformer", unseen: true, make: transformer },
    Design { name: "folded-sheet", unseen: true, make: folded_sheet },
];

fn opaque(assembly: Assembly) -> Made {
    Made::whole(Class::Opaque, assembly)
}

fn lead_pouch(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (w, l, t) = (random.range(60.0, 150.0), random.range(80.0, 190.0), random.range(1.2, 2.5));
    for z in [3.0, random.range(10.0, 40.0)] {
        made.block([w, l, t], M::Lead, 1.0, Pose::turned(random.range(-0.06, 0.06), 0.0, 0.0).moved(0.0, 0.0, z));
    }
    opaque(made)
}

fn steel_block(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let size = [random.range(40.0, 90.0), random.range(55.0, 130.0), random.range(32.0, 60.0)];
    made.block(size, random.choose(&[M::Steel, M::Brass, M::Copper]), 1.0, Pose::at(0.0, 0.0, size[2] * 0.5));
    if random.chance(0.4) {
        // Bored through from above.
        let at = Pose::at(size[0] * 0.2, size[1] * 0.2, size[2] * 0.5);
        made.add(Shape::Cylinder(random.range(5.0, 12.0), size[2] * 0.5), made.parts[0].material, -1.0, at);
    }
    opaque(made)
}

fn plate_stack(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, plate) = (random.range(40.0, 75.0), random.range(9.0, 14.0));
    for i in 0..random.count(3, 4) {
        let at = Pose::at(random.range(-5.0, 5.0), random.range(-5.0, 5.0), plate * (i as f32 + 0.5));
        made.add(Shape::Cylinder(r, plate * 0.5), M::Steel, 1.0, at);
    }
    if random.chance(0.5) {
        made.add(Shape::Cylinder(r * random.range(0.15, 0.3), plate), M::Steel, -1.0, Pose::at(0.0, 0.0, plate));
    }
    opaque(made)
}

/// A case lined on every side.
fn lead_box(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let size = [random.range(50.0, 120.0), random.range(70.0, 160.0), random.range(25.0, 70.0)];
    let middle = Pose::at(0.0, 0.0, size[2] * 0.5);
    let (skin, wall) = random.choose(&[(M::Abs, 2.5), (M::Steel, 0.8), (M::Cellulose, 3.0)]);
    made.shell(size.map(|s| s + 2.0 * wall + 0.4), wall, skin, middle);
    made.shell(size, random.range(1.4, 3.5), M::Lead, middle);
    opaque(made)
}

/// A thick-walled pot with a lid, upright or lying.
fn lead_pot(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, half, wall) = (random.range(22.0, 45.0), random.range(25.0, 60.0), random.range(6.0, 14.0));
    let pose =
        if random.chance(0.5) { Pose::at(0.0, 0.0, half) } else { Pose::between([0.0, -half, r], [0.0, half, r]) };
    made.add(Shape::Cylinder(r, half), M::Lead, 1.0, pose);
    made.add(Shape::Cylinder(r - wall, half - wall), M::Lead, -1.0, pose);
    let lid = pose.over(&Pose::at(0.0, 0.0, half + 4.0));
    made.add(Shape::Cylinder(r + 3.0, 4.0), random.choose(&[M::Steel, M::Lead]), 1.0, lid);
    opaque(made)
}

/// Sheet lead rolled up.
fn sheet_roll(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (half, turns, sheet) = (random.range(50.0, 130.0), random.count(2, 4), random.range(1.0, 2.0));
    let mut r = random.range(14.0, 26.0);
    let outer = r + turns as f32 * (sheet + 1.2);
    for _ in 0..turns {
        made.pipe([0.0, -half, outer], [0.0, half, outer], r, sheet, M::Lead);
        r += sheet + 1.2;
    }
    opaque(made)
}

/// A book or a box in a lead jacket that leaves its ends free.
fn wrapped_book(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let size = [random.range(90.0, 150.0), random.range(130.0, 210.0), random.range(20.0, 45.0)];
    let (sheet, cover) = (random.range(1.1, 2.0), size[1] * random.range(0.5, 0.85));
    made.block(size, M::Cellulose, random.range(0.4, 0.7), Pose::at(0.0, 0.0, size[2] * 0.5 + sheet));
    let skew = random.range(-0.12, 0.12);
    for z in [sheet * 0.5, size[2] + sheet * 1.5] {
        made.block(
            [size[0] + 2.0 * sheet, cover, sheet],
            M::Lead,
            1.0,
            Pose::turned(skew, 0.0, 0.0).moved(0.0, 0.0, z),
        );
    }
    for side in [-1.0, 1.0] {
        let at = Pose::turned(skew, 0.0, 0.0).moved(side * (size[0] + sheet) * 0.5, 0.0, size[2] * 0.5 + sheet);
        made.block([sheet, cover, size[2]], M::Lead, 1.0, at);
    }
    let all = made.parts.len();
    // The book shows beyond its jacket; the jacket is the target.
    Made { assembly: made, marks: vec![(Class::Opaque, 1..all)] }
}

/// A thick cross of brass or iron: bodies and flanges along two axes.
fn valve_body(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, half) = (random.range(24.0, 38.0), random.range(40.0, 75.0));
    let metal = random.choose(&[M::Steel, M::Brass]);
    made.bar([0.0, -half, r], [0.0, half, r], r, metal, 1.0);
    made.bar([0.0, -half, r], [0.0, half, r], r * random.range(0.15, 0.3), metal, -1.0);
    made.bar([r * 0.8, 0.0, r], [r + half * 0.8, 0.0, r], r * 0.8, metal, 1.0);
    for y in [-half, half] {
        made.bar([0.0, y - 7.0, r], [0.0, y + 7.0, r], r * 1.4, metal, 0.9);
    }
    opaque(made)
}

fn lined_can(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, half) = (random.range(28.0, 50.0), random.range(45.0, 85.0));
    made.pipe([0.0, -half, r], [0.0, half, r], r, 0.4, M::Steel);
    made.pipe([0.0, -half, r], [0.0, half, r], r - 0.5, random.range(1.6, 3.0), M::Lead);
    opaque(made)
}

fn casting(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let s = random.range(0.9, 1.3);
    made.add(Shape::Cylinder(42.0 * s, 18.0 * s), M::Steel, 1.0, Pose::at(0.0, 0.0, 18.0 * s));
    made.block([50.0 * s, 70.0 * s, 34.0 * s], M::Steel, 1.0, Pose::at(0.0, 55.0 * s, 17.0 * s));
    made.add(Shape::Cylinder(11.0 * s, 18.0 * s), M::Steel, -1.0, Pose::at(0.0, 0.0, 18.0 * s));
    opaque(made)
}

/// A laminated core round two copper windings.
fn transformer(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let s = random.range(0.8, 1.3);
    let [w, l, h] = [90.0 * s, 75.0 * s, random.range(38.0, 55.0) * s];
    made.block([w, l, h], M::Steel, 0.96, Pose::at(0.0, 0.0, h * 0.5));
    for x in [-0.25, 0.25] {
        let window = [w * 0.16, l * 0.6, h];
        made.block(window, M::Steel, -0.96, Pose::at(x * w, 0.0, h * 0.5));
        made.block(window, M::Copper, 0.6, Pose::at(x * w, 0.0, h * 0.5));
    }
    made.block([w * 0.65, l * 0.56, h * 1.3], M::Copper, 0.3, Pose::at(0.0, 0.0, h * 0.5));
    opaque(made)
}

/// Sheet lead folded over and over into an uneven packet.
fn folded_sheet(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (w, l, sheet) = (random.range(60.0, 120.0), random.range(70.0, 150.0), random.range(0.8, 1.4));
    for i in 0..random.count(4, 7) {
        let size = [w * random.range(0.6, 1.0), l * random.range(0.6, 1.0), sheet];
        let turn = Pose::turned(random.range(-0.3, 0.3), random.range(-0.05, 0.05), random.range(-0.05, 0.05));
        let at = turn.moved(random.range(-0.1, 0.1) * w, random.range(-0.1, 0.1) * l, 2.0 + i as f32 * (sheet + 1.5));
        made.block(size, M::Lead, 1.0, at);
    }
    opaque(made)
}
