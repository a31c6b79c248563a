//! Parts of firearms on their own, one or a few: outlines and materials only.
//!
//! It refuses anything that hardware shops sell as well (springs, pins, screws): alone, such a piece says nothing.

use std::f32::consts::FRAC_PI_2;

use super::super::physics::Material as M;
use super::super::random::Random;
use super::super::shape::{Assembly, Pose, Shape};
use super::firearms::{self, any_form, carbine_lower, carbine_upper};
use super::{Class, Design, Made, between, several};

pub(super) const FIREARM_PARTS: &[Design] = &[
    Design { name: "slide", unseen: false, make: |random| one(random, slide) },
    Design { name: "barrel-short", unseen: false, make: |random| group(random, 3, barrel_short) },
    Design { name: "barrel-long", unseen: false, make: |random| group(random, 2, barrel_long) },
    Design { name: "frame-metal", unseen: false, make: |random| one(random, frame_metal) },
    Design { name: "frame-polymer", unseen: false, make: |random| one(random, frame_polymer) },
    Design { name: "slide-and-barrel", unseen: false, make: slide_and_barrel },
    Design { name: "magazine-straight", unseen: false, make: |random| group(random, 4, magazine_straight) },
    Design { name: "magazine-curved", unseen: false, make: |random| group(random, 3, magazine_curved) },
    Design { name: "suppressor", unseen: false, make: |random| group(random, 2, suppressor) },
    Design { name: "bolt-carrier", unseen: false, make: |random| group(random, 2, bolt_carrier) },
    Design { name: "trigger-group", unseen: false, make: |random| one(random, trigger_group) },
    Design { name: "lower-unfinished", unseen: false, make: |random| one(random, lower_unfinished) },
    Design { name: "lower-finished", unseen: false, make: |random| one(random, lower_finished) },
    Design { name: "conversion-switch", unseen: false, make: |random| group(random, 6, conversion_switch) },
    Design { name: "revolver-drum", unseen: false, make: |random| one(random, revolver_drum) },
    Design { name: "upper-receiver", unseen: true, make: upper_receiver },
    Design { name: "bolt-with-handle", unseen: true, make: |random| group(random, 2, bolt_with_handle) },
    Design { name: "frame-printed", unseen: true, make: |random| one(random, frame_printed) },
    Design { name: "suppressor-taken-apart", unseen: true, make: suppressor_taken_apart },
];

fn one(random: &mut Random, make: fn(&mut Random) -> Assembly) -> Made {
    Made::whole(Class::FirearmPart, make(random))
}

/// One to `most` lying side by side, not quite straight.
fn group(random: &mut Random, most: usize, make: fn(&mut Random) -> Assembly) -> Made {
    let count = random.count(1, most);
    Made::whole(Class::FirearmPart, several(random, count, make))
}

fn slide(random: &mut Random) -> Assembly {
    let sized = any_form(random).drawn(random);
    firearms::slide(random, &sized)
}

fn slide_and_barrel(random: &mut Random) -> Made {
    let sized = any_form(random).drawn(random);
    let mut made = firearms::slide(random, &sized);
    let share = random.range(0.5, 0.65);
    let mut barrel = firearms::barrel(random, sized.length * share, sized.height * 0.27);
    // The spring on its rod lies beside.
    let (half, r) = (sized.length * 0.28, random.range(3.0, 5.0));
    let mut rod = Assembly::default();
    rod.bar([0.0, -half, 0.0], [0.0, half, 0.0], 2.4, M::Steel, 1.0);
    rod.bar([0.0, -half, 0.0], [0.0, half, 0.0], r, M::Steel, 0.25);
    barrel.beside(&rod, random.range(2.0, 8.0));
    if random.chance(0.5) {
        made.beside(&barrel, random.range(2.0, 14.0));
    } else {
        made.place(&barrel, &Pose::at(0.0, sized.length * 0.2, 0.0));
    }
    Made::whole(Class::FirearmPart, made)
}

fn barrel_short(random: &mut Random) -> Assembly {
    let (length, radius) = (random.range(75.0, 160.0), random.range(5.8, 9.0));
    let mut made = firearms::barrel(random, length, radius);
    if random.chance(0.3) {
        // A thread at the muzzle.
        made.pipe([0.0, length * 0.5, 0.0], [0.0, length * 0.5 + 13.0, 0.0], radius * 0.9, radius * 0.3, M::Steel);
    }
    made
}

fn barrel_long(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (long, r) = (random.range(200.0, 390.0), random.range(7.5, 12.5));
    let wide = random.chance(0.25);
    let bore = if wide { r - random.range(1.6, 2.4) } else { random.range(2.4, 4.2) };
    let steps: [f32; 3] =
        if wide { [1.0; 3] } else { [1.0, between(random, [0.75, 0.95]), between(random, [0.6, 0.75])] };
    for (i, share) in steps.into_iter().enumerate() {
        let (a, b) = (long * [0.0, 0.3, 0.65][i], long * [0.3, 0.65, 1.0][i]);
        made.bar([0.0, a, 0.0], [0.0, b, 0.0], r * share, M::Steel, 1.0);
        made.bar([0.0, a, 0.0], [0.0, b, 0.0], bore.min(r * share - 1.0), M::Steel, -1.0);
    }
    if random.chance(0.5) {
        made.pipe([0.0, -22.0, 0.0], [0.0, 0.0, 0.0], r + 2.0, 4.0, M::Steel);
    }
    if random.chance(0.4) {
        let y = long * random.range(0.45, 0.6);
        made.block([24.0, 18.0, 20.0], M::Steel, 0.7, Pose::at(4.0, y, 0.0));
        made.block([20.0, 9.0, 5.0], M::Steel, 1.0, Pose::at(-12.0, long * 0.95, 0.0));
    }
    made
}

fn frame_metal(random: &mut Random) -> Assembly {
    let sized = any_form(random).drawn(random);
    let metal = random.choose(&[M::Steel, M::Aluminium]);
    firearms::frame(random, &sized, metal).0
}

fn frame_polymer(random: &mut Random) -> Assembly {
    let sized = any_form(random).drawn(random);
    firearms::frame(random, &sized, M::Nylon).0
}

/// A frame as a printer leaves it: coarse, hollow, rails of steel pressed in.
fn frame_printed(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let plastic = random.choose(&[M::Abs, M::Pet]);
    let (long, fill) = (random.range(150.0, 190.0), random.range(0.55, 0.9));
    made.block([24.0, long, 30.0], plastic, fill, Pose::at(0.0, 0.0, 0.0));
    made.block([18.0, long * 0.8, 19.0], plastic, -fill, Pose::at(-2.0, 0.0, 0.0));
    let length = random.range(88.0, 108.0);
    let rake = random.range(0.2, 0.45);
    let (grip, pose) = firearms::handle(random, [10.0, -long * 0.25], length, 31.0, rake);
    made.add(grip, plastic, fill, pose);
    made.block([length * 0.9, 28.0, 21.0], plastic, -fill, pose);
    for y in [-0.35, 0.1] {
        for z in [-10.0, 10.0] {
            made.block([4.0, long * 0.16, 2.2], M::Steel, 1.0, Pose::at(-9.0, y * long, z));
        }
    }
    for _ in 0..random.count(2, 4) {
        made.add(Shape::Cylinder(2.0, 15.0), M::Steel, 1.0, Pose::at(4.0, long * random.range(-0.3, 0.2), 0.0));
    }
    firearms::trigger(&mut made, [12.0, 8.0], 30.0);
    made
}

fn magazine_straight(random: &mut Random) -> Assembly {
    let long = random.range(75.0, 180.0);
    let (deep, thick) = (random.range(24.0, 40.0), random.range(13.0, 26.0));
    firearms::magazine(random, [long, deep, thick], false).posed(&Pose::turned(FRAC_PI_2, 0.0, 0.0))
}

fn magazine_curved(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (deep, thick) = (random.range(52.0, 74.0), random.range(20.0, 27.0));
    let (pieces, bend) = (random.count(3, 5), random.range(0.05, 0.18));
    let (material, wall) = random.choose(&[(M::Steel, 0.9), (M::Nylon, 2.4), (M::Aluminium, 1.4)]);
    let step = random.range(32.0, 44.0);
    let (mut at, mut angle) = ([0.0f32, 0.0f32], 0.0f32);
    for piece in 0..pieces {
        let pose = Pose::turned(angle, 0.0, 0.0).moved(at[0], at[1], 0.0);
        made.block([step + 3.0, deep, thick], material, 1.0, pose);
        made.block([step + 3.0, deep - 2.0 * wall, thick - 2.0 * wall], material, -1.0, pose);
        let (a, b) = (pose.place([-step * 0.5, -deep * 0.3, 0.0]), pose.place([step * 0.1, deep * 0.3, 0.0]));
        made.wire(&[a, b, pose.place([step * 0.5, -deep * 0.3, 0.0])], 0.8, M::Steel);
        if piece == 0 {
            made.block([9.0, deep * 0.8, thick * 0.7], M::Nylon, 0.7, pose.over(&Pose::at(-step * 0.4, 0.0, 0.0)));
        }
        if piece == pieces - 1 {
            made.block([4.0, deep + 6.0, thick + 2.0], material, 1.0, pose.over(&Pose::at(step * 0.5 + 2.0, 0.0, 0.0)));
        }
        angle += bend;
        at = [at[0] + step * (angle - bend * 0.5).cos(), at[1] + step * (angle - bend * 0.5).sin()];
    }
    made.posed(&Pose::turned(FRAC_PI_2, 0.0, 0.0))
}

fn suppressor(random: &mut Random) -> Assembly {
    let skin = random.choose(&[M::Aluminium, M::Titanium, M::Steel]);
    let (length, radius) = (random.range(100.0, 225.0), random.range(12.0, 22.0));
    firearms::suppressor(random, length, radius, skin)
}

/// The tube, and the walls out of it, as cups in a row.
fn suppressor_taken_apart(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (half, r) = (random.range(70.0, 110.0), random.range(14.0, 20.0));
    let skin = random.choose(&[M::Aluminium, M::Titanium, M::Steel]);
    made.pipe([0.0, -half, 0.0], [0.0, half, 0.0], r, 1.8, skin);
    let metal = random.choose(&[M::Steel, M::Aluminium]);
    let (cups, deep) = (random.count(5, 9), random.range(10.0, 16.0));
    let mut row = Assembly::default();
    for i in 0..cups {
        let y = i as f32 * deep * random.range(1.1, 1.35);
        row.pipe([0.0, y, 0.0], [0.0, y + deep, 0.0], r - 2.5, 1.8, metal);
        row.bar([0.0, y, 0.0], [0.0, y + 2.2, 0.0], r - 2.5, metal, 0.85);
    }
    made.beside(&row, random.range(3.0, 16.0));
    let mut cap = Assembly::default();
    for y in [-25.0, 25.0] {
        cap.pipe([0.0, y, -8.0], [0.0, y, 8.0], r, r - 5.0, M::Steel);
    }
    made.beside(&cap, random.range(3.0, 12.0));
    Made::whole(Class::FirearmPart, made)
}

/// A long steel body, half tube, with a smaller head before it.
fn bolt_carrier(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (half, r) = (random.range(60.0, 90.0), random.range(10.5, 14.5));
    made.pipe([0.0, -half, 0.0], [0.0, half * 0.5, 0.0], r, r * random.range(0.35, 0.6), M::Steel);
    made.block([1.5 * r, half, 1.4 * r], M::Steel, random.range(0.4, 0.8), Pose::at(0.5 * r, half * 0.3, 0.0));
    made.bar([0.0, half * 0.5, 0.0], [0.0, half, 0.0], r * 0.62, M::Steel, 0.95);
    if random.chance(0.6) {
        made.pipe([-r - 4.0, half * 0.05, 0.0], [-r - 4.0, half * 0.55, 0.0], 5.0, 2.0, M::Steel);
    }
    if random.chance(0.3) {
        made.bar([r, half * 0.1, 0.0], [r + 30.0, half * 0.1, 0.0], 5.0, M::Steel, 1.0);
    }
    made
}

/// A straight bar with a knobbed arm at its rear and lugs in front.
fn bolt_with_handle(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (half, r) = (random.range(62.0, 88.0), random.range(7.5, 9.5));
    made.pipe([0.0, -half, 0.0], [0.0, half, 0.0], r, r * 0.62, M::Steel);
    made.block([3.2 * r, 11.0, 1.1 * r], M::Steel, 0.9, Pose::at(0.0, half - 7.0, 0.0));
    let (y, arm) = (-half * random.range(0.35, 0.6), random.range(38.0, 58.0));
    made.bar([0.0, y, 0.0], [arm, y - arm * 0.35, 0.0], 4.5, M::Steel, 1.0);
    made.add(Shape::Ellipsoid([8.5; 3]), M::Steel, 1.0, Pose::at(arm + 5.0, y - arm * 0.39, 0.0));
    made.bar([0.0, -half - 26.0, 0.0], [0.0, -half, 0.0], r * 1.05, M::Steel, 0.8);
    made
}

/// Small stamped pieces, pins and springs, in their housing or spread out.
fn trigger_group(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let housed = random.chance(0.5);
    let spread = if housed { 0.55 } else { 1.0 };
    if housed {
        let (material, fill) = random.choose(&[(M::Aluminium, 0.25), (M::Steel, 0.12), (M::Nylon, 0.4)]);
        made.block([42.0, 92.0, 20.0], material, fill, Pose::at(0.0, 0.0, 0.0));
    }
    let tongue = vec![[-6.0, -14.0], [8.0, -12.0], [26.0, -4.0], [34.0, 6.0], [24.0, 3.0], [6.0, 6.0], [-4.0, 20.0]];
    let hammer = vec![[-7.0, -8.0], [7.0, -8.0], [8.0, 4.0], [30.0, 8.0], [32.0, 20.0], [18.0, 24.0], [-7.0, 9.0]];
    let catch = vec![[-4.0, -16.0], [5.0, -16.0], [6.0, 12.0], [-3.0, 18.0]];
    for (outline, y) in [(tongue, -30.0), (hammer, 6.0), (catch, 36.0)] {
        let pose =
            Pose::turned(random.range(-0.6, 0.6), 0.0, 0.0).moved(random.range(-12.0, 6.0), y * spread * 1.5, 0.0);
        made.add(Shape::Prism(outline, random.range(2.5, 4.5)), M::Steel, 0.95, pose);
    }
    for _ in 0..random.count(2, 4) {
        let (x, y) = (random.range(-16.0, 16.0), random.range(-45.0, 45.0) * spread);
        made.bar([x, y, -10.0], [x, y + random.range(0.0, 12.0), 10.0], 1.9, M::Steel, 1.0);
    }
    for _ in 0..random.count(1, 3) {
        let (x, y) = (random.range(-20.0, 10.0), random.range(-40.0, 30.0) * spread);
        let spring: Vec<_> =
            (0..10).map(|i| [x + if i % 2 == 0 { 3.0 } else { -3.0 }, y + 2.4 * i as f32, 0.0]).collect();
        made.wire(&spring, 0.7, M::Steel);
    }
    made
}

fn lower_unfinished(random: &mut Random) -> Assembly {
    let material = random.choose(&[M::Aluminium, M::Nylon]);
    carbine_lower(random, material, true)
}

fn lower_finished(random: &mut Random) -> Assembly {
    let material = random.choose(&[M::Aluminium, M::Nylon]);
    carbine_lower(random, material, false)
}

fn upper_receiver(random: &mut Random) -> Made {
    let mut made = carbine_upper(random, false);
    if random.chance(0.5) {
        let carrier = bolt_carrier(random);
        made.beside(&carrier, random.range(3.0, 14.0));
    }
    Made::whole(Class::FirearmPart, made)
}

/// A small block with an arm, of metal or printed: a few in a bag.
fn conversion_switch(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let size = [random.range(18.0, 26.0), random.range(14.0, 20.0), random.range(11.0, 16.0)];
    let (material, fill) = random.choose(&[(M::Steel, 0.55), (M::Aluminium, 0.8), (M::Steel, 0.8)]);
    made.block(size, material, fill, Pose::at(0.0, 0.0, 0.0));
    made.block([4.0, size[1] * 1.2, 5.0], M::Steel, 1.0, Pose::at(-size[0] * 0.3, size[1] * 1.0, 0.0));
    made.bar([0.0, -6.0, -size[2] * 0.8], [0.0, -6.0, size[2] * 0.8], 3.6, M::Steel, 1.0);
    made
}

fn revolver_drum(random: &mut Random) -> Assembly {
    let (r, half) = (random.range(16.0, 22.0), random.range(17.0, 26.0));
    let mut made = firearms::drum(random, r, half, 0.0);
    if random.chance(0.6) {
        made.bar([0.0, half, 0.0], [0.0, half + random.range(30.0, 60.0), 0.0], 3.0, M::Steel, 1.0);
        made.block([r * 0.7, 12.0, r * 1.6], M::Steel, 0.8, Pose::at(r * 0.8, half + 7.0, 0.0));
    }
    made
}
