//! Firearms by their parts. Outlines and materials only: nothing here is to scale in what makes them work.

use super::super::physics::Material as M;
use super::super::random::Random;
use super::super::shape::{Assembly, Pose, Shape};
use super::{Class, Design, Made, between};

mod long_guns;
mod pieces;
mod revolvers;

pub(super) use long_guns::{carbine_lower, carbine_upper};
pub(super) use pieces::{Form, barrel, frame, magazine, slide, suppressor};
pub(super) use revolvers::drum;

pub(super) const FIREARMS: &[Design] = &[
    Design { name: "pistol-steel", unseen: false, make: |random| pistol(random, &SERVICE, M::Steel) },
    Design { name: "pistol-polymer", unseen: false, make: |random| pistol(random, &SERVICE, M::Nylon) },
    Design { name: "pistol-compact", unseen: false, make: |random| pistol(random, &COMPACT, M::Aluminium) },
    Design { name: "pistol-pocket", unseen: false, make: pocket },
    Design { name: "pistol-open-top", unseen: false, make: |random| pistol(random, &OPEN_TOP, M::Aluminium) },
    Design { name: "pistol-target", unseen: false, make: target_pistol },
    Design { name: "pistol-stripped", unseen: false, make: stripped },
    Design { name: "pistol-long-silenced", unseen: false, make: silenced },
    Design { name: "printed-hybrid", unseen: false, make: printed_hybrid },
    Design { name: "derringer", unseen: false, make: derringer },
    Design { name: "flare-pistol", unseen: false, make: flare_pistol },
    Design { name: "revolver", unseen: false, make: |random| revolvers::revolver(random, 1.0) },
    Design { name: "revolver-snub", unseen: false, make: |random| revolvers::revolver(random, 0.45) },
    Design { name: "machine-pistol", unseen: false, make: long_guns::machine_pistol },
    Design { name: "rifle-taken-down", unseen: false, make: long_guns::rifle_taken_down },
    Design { name: "carbine-taken-down", unseen: false, make: long_guns::carbine_taken_down },
    Design { name: "shotgun-sawn-off", unseen: false, make: long_guns::shotgun_sawn_off },
    Design { name: "pistol-slim-barrel", unseen: true, make: slim_barrel },
    Design { name: "revolver-open-top", unseen: true, make: revolvers::open_top },
    Design { name: "printed-frame", unseen: true, make: printed },
    Design { name: "shotgun-taken-down", unseen: true, make: long_guns::shotgun_taken_down },
];

const SERVICE: Form = Form {
    length: [165.0, 215.0],
    height: [22.0, 31.0],
    thick: [22.0, 30.0],
    grip: 95.0,
    rake: [0.1, 0.4],
    open: false,
};
const COMPACT: Form = Form {
    length: [125.0, 165.0],
    height: [20.0, 27.0],
    thick: [20.0, 28.0],
    grip: 72.0,
    rake: [0.1, 0.4],
    open: false,
};
const POCKET: Form = Form {
    length: [92.0, 128.0],
    height: [15.0, 21.0],
    thick: [15.0, 21.0],
    grip: 56.0,
    rake: [0.05, 0.35],
    open: false,
};
const OPEN_TOP: Form = Form {
    length: [150.0, 220.0],
    height: [22.0, 30.0],
    thick: [22.0, 31.0],
    grip: 92.0,
    rake: [0.15, 0.4],
    open: true,
};

/// A form of any make.
pub(super) fn any_form(random: &mut Random) -> &'static Form {
    random.choose(&[&SERVICE, &COMPACT, &POCKET, &OPEN_TOP])
}

/// Barrel along y, muzzle forward; the grip points to +x.
fn whole_pistol(random: &mut Random, form: &Form, material: M) -> Assembly {
    let sized = form.drawn(random);
    let mut made = Assembly::default();
    // One in six lies with its slide held back.
    let back = if random.chance(0.16) { -sized.length * random.range(0.08, 0.16) } else { 0.0 };
    made.place(&slide(random, &sized), &Pose::at(0.0, back, 0.0));
    made.place(&barrel(random, sized.length * 0.5, sized.height * 0.27), &Pose::at(-1.0, sized.length * 0.25, 0.0));
    let rod = sized.height * 0.3;
    made.bar([rod, 0.0, 0.0], [rod, sized.length * 0.42, 0.0], sized.height * 0.12, M::Steel, 0.5);
    let (body, grip) = frame(random, &sized, material);
    made.place(&body, &Pose::at(0.0, 0.0, 0.0));
    if random.chance(0.8) {
        let loaded = random.chance(0.6);
        let size = [sized.grip * random.range(0.95, 1.15), sized.grip * 0.32, sized.thick * 0.75];
        made.place(&magazine(random, size, loaded), &grip);
    }
    made
}

fn pistol(random: &mut Random, form: &Form, material: M) -> Made {
    Made::whole(Class::Firearm, whole_pistol(random, form, material))
}

fn pocket(random: &mut Random) -> Made {
    let material = random.choose(&[M::Steel, M::Aluminium, M::Nylon, M::Zinc]);
    pistol(random, &POCKET, material)
}

/// The same pieces lying beside one another.
fn stripped(random: &mut Random) -> Made {
    let sized = any_form(random).drawn(random);
    let mut made = slide(random, &sized);
    made.beside(&barrel(random, sized.length * 0.52, sized.height * 0.27), random.range(3.0, 14.0));
    let material = random.choose(&[M::Steel, M::Aluminium, M::Nylon]);
    made.beside(&frame(random, &sized, material).0, random.range(3.0, 14.0));
    let size = [sized.grip * 1.05, sized.grip * 0.32, sized.thick * 0.75];
    let loaded = random.chance(0.3);
    let spare = magazine(random, size, loaded).posed(&Pose::turned(random.range(-0.3, 1.8), 0.0, 0.0));
    made.beside(&spare, random.range(3.0, 12.0));
    Made::whole(Class::Firearm, made)
}

/// A bow and a tongue towards +x.
pub(super) fn trigger(made: &mut Assembly, at: [f32; 2], size: f32) {
    let guard = [
        [at[0], at[1] + size * 0.8, 0.0],
        [at[0] + size * 0.8, at[1] + size * 0.6, 0.0],
        [at[0] + size * 0.85, at[1] - size * 0.5, 0.0],
    ];
    made.wire(&guard, 2.5, M::Steel);
    made.wire(&[[at[0], at[1], 0.0], [at[0] + size * 0.6, at[1] + 3.0, 0.0]], 2.5, M::Steel);
}

/// A handle that leans back: a swollen outline of `length` towards +x, from a point on the body.
pub(super) fn handle(random: &mut Random, at: [f32; 2], length: f32, thick: f32, rake: f32) -> (Shape, Pose) {
    let (depth, swell) = (length * random.range(0.42, 0.56), random.range(0.8, 1.15));
    let (l, d) = (length * 0.5, depth * 0.5);
    let outline = vec![
        [-l, -d * 0.9],
        [-l, d],
        [0.0, d * swell * 0.85],
        [l * 0.8, d * swell],
        [l, d * 0.8],
        [l, -d],
        [0.0, -d * 0.8],
    ];
    (
        Shape::Prism(outline, thick * 0.5),
        Pose::turned(rake, 0.0, 0.0).moved(at[0] + l * rake.cos(), at[1] - l * rake.sin(), 0.0),
    )
}

fn target_pistol(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, long) = (random.range(9.0, 12.5), random.range(110.0, 180.0));
    made.pipe([0.0, 0.0, 0.0], [0.0, long, 0.0], r, r - 2.9, M::Steel);
    made.pipe([0.0, -85.0, 0.0], [0.0, 0.0, 0.0], r + 3.0, 4.0, M::Steel);
    made.bar([0.0, -80.0, 0.0], [0.0, -25.0, 0.0], r - 2.0, M::Steel, 0.7);
    made.block([13.0, 120.0, 20.0], random.choose(&[M::Steel, M::Aluminium]), 0.5, Pose::at(r + 8.0, -20.0, 0.0));
    let (length, rake) = (random.range(85.0, 110.0), random.range(0.35, 0.6));
    let thick = random.range(26.0, 40.0);
    let (grip, pose) = handle(random, [r + 12.0, -52.0], length, thick, rake);
    made.add(grip, random.choose(&[M::Cellulose, M::Nylon]), 0.5, pose);
    let loaded = random.chance(0.5);
    made.place(&magazine(random, [length, 22.0, 12.0], loaded), &pose);
    made.block([9.0, 7.0, 12.0], M::Steel, 0.8, Pose::at(-r - 4.0, long - 8.0, 0.0));
    made.block([11.0, 14.0, 18.0], M::Steel, 0.6, Pose::at(-r - 6.0, -76.0, 0.0));
    trigger(&mut made, [r + 14.0, -12.0], 28.0);
    Made::whole(Class::Firearm, made)
}

/// A thin bare barrel before a round, knobbed body and a steep grip.
fn slim_barrel(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let long = random.range(90.0, 150.0);
    made.pipe([0.0, 0.0, 0.0], [0.0, long * 0.4, 0.0], 9.0, 4.5, M::Steel);
    made.pipe([0.0, long * 0.4, 0.0], [0.0, long, 0.0], 6.8, 2.4, M::Steel);
    made.block([17.0, 125.0, 18.0], M::Steel, 0.5, Pose::at(0.0, -62.0, 0.0));
    let knob = random.range(9.0, 13.0);
    made.add(Shape::Cylinder(knob, 15.0), M::Steel, 0.7, Pose::at(-6.0, random.range(-80.0, -55.0), 0.0));
    made.block([14.0, 100.0, 16.0], M::Steel, 0.45, Pose::at(14.0, -50.0, 0.0));
    let length = random.range(85.0, 100.0);
    let rake = random.range(0.5, 0.65);
    let (grip, pose) = handle(random, [18.0, -70.0], length, 27.0, rake);
    made.add(grip.clone(), M::Steel, 0.18, pose);
    made.add(grip, M::Cellulose, 0.35, pose);
    let loaded = random.chance(0.5);
    made.place(&magazine(random, [length * 1.05, 28.0, 15.0], loaded), &pose);
    trigger(&mut made, [18.0, -32.0], 26.0);
    Made::whole(Class::Firearm, made)
}

fn derringer(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let half = random.range(35.0, 48.0);
    // Barrels above one another or side by side.
    let flat = random.chance(0.7);
    for side in [-7.0, 7.0] {
        let (x, z) = if flat { (side, 0.0) } else { (0.0, side) };
        made.pipe([x, -half * 0.4, z], [x, half * 1.4, z], random.range(6.6, 7.4), 2.4, M::Steel);
    }
    made.block([28.0, 36.0, 15.0], random.choose(&[M::Steel, M::Brass, M::Zinc]), 0.8, Pose::at(4.0, -half * 0.7, 0.0));
    let grip = Pose::turned(random.range(0.35, 0.7), 0.0, 0.0).moved(38.0, -half * 1.1, 0.0);
    made.add(Shape::Ellipsoid([38.0, random.range(13.0, 18.0), 11.0]), M::Cellulose, 0.8, grip);
    made.block([55.0, 6.0, 6.0], M::Steel, 0.9, grip);
    trigger(&mut made, [16.0, -half * 0.5], 20.0);
    Made::whole(Class::Firearm, made)
}

/// One wide, short barrel that tips open before a grip.
fn flare_pistol(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, long) = (random.range(14.0, 20.0), random.range(95.0, 160.0));
    let metal = random.choose(&[M::Steel, M::Brass, M::Aluminium]);
    let wall = if metal == M::Aluminium { 3.0 } else { 2.0 };
    let mut tube = Assembly::default();
    tube.pipe([0.0, 0.0, 0.0], [0.0, long, 0.0], r, wall, metal);
    tube.pipe([0.0, long - 12.0, 0.0], [0.0, long, 0.0], r + 2.5, 2.3, metal);
    let open = if random.chance(0.3) { random.range(0.3, 0.9) } else { 0.0 };
    made.place(&tube, &Pose::turned(-open, 0.0, 0.0));
    made.block([2.2 * r, 45.0, 26.0], metal, 0.45, Pose::at(3.0, -24.0, 0.0));
    made.block([9.0, 16.0, 8.0], M::Steel, 1.0, Pose::at(-r - 4.0, -42.0, 0.0));
    let length = random.range(80.0, 105.0);
    let rake = random.range(0.3, 0.6);
    let (grip, pose) = handle(random, [r - 3.0, -30.0], length, 28.0, rake);
    made.add(grip, random.choose(&[M::Cellulose, M::Nylon, M::Aluminium]), 0.45, pose);
    trigger(&mut made, [r + 5.0, -6.0], 28.0);
    Made::whole(Class::Firearm, made)
}

fn silenced(random: &mut Random) -> Made {
    let form = random.choose(&[&SERVICE, &COMPACT, &OPEN_TOP]);
    let material = random.choose(&[M::Nylon, M::Steel]);
    let mut made = whole_pistol(random, form, material);
    let (start, long, r) = (made.bounds().1[1] - 6.0, random.range(110.0, 175.0), random.range(13.0, 19.0));
    let skin = random.choose(&[M::Aluminium, M::Titanium, M::Steel]);
    made.place(&suppressor(random, long, r, skin), &Pose::at(-1.0, start + long * 0.5, 0.0));
    Made::whole(Class::Firearm, made)
}

/// One printed body with a frame's outline; a metal barrel and a metal slide in it.
fn printed_hybrid(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (long, deep, thick) = (random.range(150.0, 230.0), random.range(30.0, 48.0), random.range(26.0, 38.0));
    let plastic = random.choose(&[M::Pet, M::Nylon, M::Abs]);
    made.block([deep, long, thick], plastic, random.range(0.45, 0.8), Pose::at(0.0, 0.0, 0.0));
    let bolt = [deep * 0.6, long * random.range(0.35, 0.5), thick * 0.6];
    made.block(bolt, M::Steel, random.range(0.5, 0.9), Pose::at(-2.0, -long * 0.2, 0.0));
    made.place(&barrel(random, long * 0.5, 8.0), &Pose::at(-3.0, long * 0.28, 0.0));
    let length = random.range(80.0, 105.0);
    let rake = random.range(0.0, 0.35);
    let back = random.range(0.05, 0.35);
    let (grip, pose) = handle(random, [deep * 0.5, -long * back], length, thick, rake);
    made.add(grip, plastic, random.range(0.4, 0.7), pose);
    if random.chance(0.7) {
        let loaded = random.chance(0.5);
        made.place(&magazine(random, [length * 1.3, 32.0, 20.0], loaded), &pose);
    }
    for _ in 0..random.count(2, 5) {
        let (x, y) = (random.range(-0.4, 0.4) * deep, random.range(-0.4, 0.4) * long);
        made.add(Shape::Cylinder(2.0, thick * 0.5), M::Steel, 1.0, Pose::at(x, y, 0.0));
    }
    trigger(&mut made, [deep * 0.5, 0.0], 28.0);
    Made::whole(Class::Firearm, made)
}

/// Nearly all plastic: a thick body, a short lined barrel, a few metal pins.
fn printed(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let s = random.range(0.9, 1.15);
    made.block([34.0 * s, 170.0 * s, 32.0], M::Abs, 0.75, Pose::at(0.0, 0.0, 0.0));
    let grip = Pose::turned(0.2, 0.0, 0.0).moved(60.0 * s, -50.0 * s, 0.0);
    made.block([90.0 * s, 42.0 * s, 30.0], M::Abs, 0.7, grip);
    made.pipe([-3.0, -25.0, 0.0], [-3.0, 85.0 * s, 0.0], 8.0, 2.5, M::Steel);
    made.bar([5.0, -70.0 * s, 0.0], [5.0, -20.0, 0.0], 4.0, M::Steel, 0.6);
    made.bar([-3.0, -70.0 * s, 0.0], [-3.0, -35.0, 0.0], 6.0, M::Steel, 0.8);
    let between_pins = between(random, [18.0, 30.0]);
    for y in [-40.0, -40.0 + between_pins] {
        made.add(Shape::Cylinder(2.2, 16.0), M::Steel, 1.0, Pose::at(10.0, y, 0.0));
    }
    trigger(&mut made, [20.0, -20.0], 28.0);
    Made::whole(Class::Firearm, made)
}
