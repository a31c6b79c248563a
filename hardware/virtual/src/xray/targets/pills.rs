//! Tablets and capsules, loose and packed: many small like bodies of one material.

use std::f32::consts::FRAC_PI_2;

use super::super::heaps::{pile, thrown, tray};
use super::super::physics::Material as M;
use super::super::random::Random;
use super::super::shape::{Assembly, Pose, Shape};
use super::super::vessels::{Vessel, bag, case};
use super::{Class, Design, Made};

pub(super) const PILLS: &[Design] = &[
    Design { name: "tablets-in-bag", unseen: false, make: tablets_in_bag },
    Design { name: "capsules-in-bag", unseen: false, make: capsules_in_bag },
    Design { name: "softgels-in-bag", unseen: false, make: softgels_in_bag },
    Design { name: "pill-bottle", unseen: false, make: pill_bottle },
    Design { name: "pill-jar", unseen: false, make: pill_jar },
    Design { name: "blister-strips", unseen: false, make: blister_strips },
    Design { name: "blister-stack", unseen: false, make: blister_stack },
    Design { name: "blister-carton", unseen: false, make: blister_carton },
    Design { name: "sealed-layer", unseen: false, make: sealed_layer },
    Design { name: "tablet-tube", unseen: false, make: tablet_tube },
    Design { name: "small-bags", unseen: false, make: small_bags },
    Design { name: "day-box", unseen: false, make: day_box },
    Design { name: "pill-ring", unseen: true, make: pill_ring },
    Design { name: "capsules-upright", unseen: true, make: capsules_upright },
    Design { name: "dose-strip", unseen: true, make: dose_strip },
    Design { name: "pill-sausage", unseen: true, make: pill_sausage },
];

/// More are not drawn: each part of a scene costs rays.
const PILLS_MOST: usize = 140;

#[derive(Clone, Copy)]
enum Form {
    Disc,
    Lens,
    Oval,
    Capsule,
    Softgel,
}

/// One pill: half sizes across, along and up as it lies.
#[derive(Clone, Copy)]
struct Pill {
    form: Form,
    half: [f32; 3],
    material: M,
    fill: f32,
}

impl Pill {
    fn any(random: &mut Random) -> Pill {
        let form = random.choose(&[Form::Disc, Form::Disc, Form::Lens, Form::Oval, Form::Capsule]);
        Pill::of(random, form)
    }

    /// Active substances and the usual fillers: sugars, cellulose, calcium phosphate.
    fn of(random: &mut Random, form: Form) -> Pill {
        const PRESSED: &[(M, f32)] = &[
            (M::Paracetamol, 0.95),
            (M::Sugar, 0.88),
            (M::CocaineSalt, 0.92),
            (M::BoneMineral, 0.45),
            (M::Cellulose, 0.85),
        ];
        let (material, fill) = random.choose(PRESSED);
        let r = random.range(3.5, 6.8);
        match form {
            Form::Disc => Pill { form, half: [r, r, r * random.range(0.32, 0.55)], material, fill },
            Form::Lens => Pill { form, half: [r, r, r * random.range(0.4, 0.65)], material, fill },
            Form::Oval => Pill { form, half: [r * 0.65, r * random.range(1.1, 1.5), r * 0.55], material, fill },
            Form::Capsule => {
                let r = random.range(2.6, 4.2);
                Pill { form, half: [r, r * random.range(2.0, 2.9), r], material, fill: fill * 0.62 }
            }
            Form::Softgel => {
                let r = random.range(3.5, 6.0);
                Pill { form, half: [r, r * random.range(1.0, 1.9), r], material: M::Polyethylene, fill: 1.02 }
            }
        }
    }

    /// How near two may lie.
    fn pitch_mm(&self) -> f32 {
        (self.half[0] * self.half[1]).sqrt() * 2.15
    }

    fn add(&self, made: &mut Assembly, pose: &Pose) {
        let [x, y, z] = self.half;
        match self.form {
            Form::Disc => made.add(Shape::Cylinder(x, z), self.material, self.fill, *pose),
            Form::Lens | Form::Oval | Form::Softgel => {
                made.add(Shape::Ellipsoid(self.half), self.material, self.fill, *pose);
            }
            Form::Capsule => {
                let lying = pose.over(&Pose::turned(0.0, FRAC_PI_2, 0.0));
                made.add(Shape::Cylinder(x, y), self.material, self.fill, lying);
            }
        }
    }

    /// A heap on a table; gives its half sizes.
    fn heap(&self, random: &mut Random, made: &mut Assembly, count: usize, layers: usize, aspect: f32) -> [f32; 2] {
        let lean = if layers > 1 { 0.9 } else { 0.12 };
        for at in pile(random, count, self.pitch_mm(), self.half[2] * 2.0, layers, aspect) {
            let pose = thrown(random, at, lean);
            self.add(made, &pose);
        }
        let (low, high) = made.bounds();
        [0, 1].map(|axis| (high[axis] - low[axis]) * 0.5)
    }
}

fn in_bag(random: &mut Random, pill: Pill, most: usize) -> Made {
    let mut made = Assembly::default();
    let (count, layers, aspect) = (random.count(24, most), random.count(1, 3), random.range(0.7, 1.8));
    let half = pill.heap(random, &mut made, count, layers, aspect);
    bag(&mut made, half[0] * 2.0 + random.range(4.0, 30.0), half[1] * 2.0 + random.range(12.0, 60.0));
    Made::whole(Class::Pills, made)
}

fn tablets_in_bag(random: &mut Random) -> Made {
    let form = random.choose(&[Form::Disc, Form::Lens, Form::Oval]);
    let pill = Pill::of(random, form);
    in_bag(random, pill, 110)
}

fn capsules_in_bag(random: &mut Random) -> Made {
    let pill = Pill::of(random, Form::Capsule);
    in_bag(random, pill, 70)
}

fn softgels_in_bag(random: &mut Random) -> Made {
    let pill = Pill::of(random, Form::Softgel);
    in_bag(random, pill, 60)
}

fn pill_bottle(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, length) = (random.range(18.0, 34.0), random.range(55.0, 110.0));
    let wall = random.choose(&[M::Polyethylene, M::Pet, M::Glass]);
    Vessel::straight(wall, random.range(1.0, 2.2), r, length).lying(&mut made, None);
    made.bar([0.0, length * 0.5 - 12.0, r], [0.0, length * 0.5 + 3.0, r], r + 1.0, M::Polyethylene, 0.4);
    let pill = Pill::any(random);
    let room = [r * 1.5, length * random.range(0.5, 0.85)];
    let layers = random.count(1, 3);
    let floor = r * random.range(0.3, 0.5);
    for at in tray(random, room, pill.pitch_mm(), pill.half[2] * 2.0, layers).into_iter().take(PILLS_MOST) {
        let pose = thrown(random, at, 0.9).moved(0.0, (room[1] - length) * 0.45, floor);
        pill.add(&mut made, &pose);
    }
    Made::whole(Class::Pills, made)
}

fn pill_jar(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, height) = (random.range(24.0, 45.0), random.range(40.0, 95.0));
    let wall = random.choose(&[M::Polyethylene, M::Pet, M::Glass]);
    Vessel::straight(wall, random.range(1.0, 2.5), r, height).standing(&mut made, None);
    made.add(Shape::Cylinder(r + 1.0, 5.0), M::Polyethylene, 0.45, Pose::at(0.0, 0.0, height));
    let pill = Pill::any(random);
    let layers = random.count(1, 3);
    for at in tray(random, [r * 2.0; 2], pill.pitch_mm(), pill.half[2] * 2.0, layers).into_iter().take(PILLS_MOST) {
        if at[0].hypot(at[1]) < r - pill.half[1] - 2.0 {
            let pose = thrown(random, at, 0.7).moved(0.0, 0.0, 3.0);
            pill.add(&mut made, &pose);
        }
    }
    Made::whole(Class::Pills, made)
}

/// A sheet of foil and plastic with pills in rows, some pressed out; gives its size.
fn strip(random: &mut Random, made: &mut Assembly, pill: Pill, cells: [usize; 2], pose: &Pose) -> [f32; 2] {
    let pitch = [pill.half[0] * 2.0 + 4.5, pill.half[1] * 2.0 + 4.5];
    let size = [0, 1].map(|axis| cells[axis] as f32 * pitch[axis] + 5.0);
    made.block([size[0], size[1], 0.3], M::Pvc, 1.0, pose.over(&Pose::at(0.0, 0.0, 0.2)));
    made.block([size[0], size[1], 0.03], M::Aluminium, 1.0, pose.over(&Pose::at(0.0, 0.0, 0.0)));
    let used = if random.chance(0.3) { random.range(0.1, 0.3) } else { 0.0 };
    for column in 0..cells[0] {
        for row in 0..cells[1] {
            if !random.chance(used) {
                let place = |i: usize, axis: usize| (i as f32 + 0.5 - 0.5 * cells[axis] as f32) * pitch[axis];
                let at = Pose::at(place(column, 0), place(row, 1), pill.half[2] + 0.5);
                pill.add(made, &pose.over(&at));
            }
        }
    }
    size
}

fn strip_cells(random: &mut Random) -> [usize; 2] {
    random.choose(&[[2, 5], [2, 7], [3, 4], [2, 6], [1, 10], [3, 5]])
}

fn blister_strips(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (pill, cells) = (Pill::any(random), strip_cells(random));
    let mut x = 0.0;
    for _ in 0..random.count(2, 5) {
        let turn = Pose::turned(random.range(-0.25, 0.25), 0.0, 0.0).moved(x, random.range(-10.0, 10.0), 0.0);
        let size = strip(random, &mut made, pill, cells, &turn);
        x += size[0] * random.range(0.9, 1.25);
    }
    Made::whole(Class::Pills, made)
}

fn blister_stack(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (pill, cells) = (Pill::any(random), strip_cells(random));
    let step = pill.half[2] * 2.0 + 1.2;
    for i in 0..random.count(3, 9) {
        let at = Pose::at(random.range(-5.0, 5.0), random.range(-5.0, 5.0), i as f32 * step);
        strip(random, &mut made, pill, cells, &at);
    }
    if random.chance(0.4) {
        // A rubber band round the stack.
        let (low, high) = made.bounds();
        made.block([high[0] - low[0], 4.0, 1.2], M::Polyethylene, 1.0, Pose::at(0.0, 0.0, high[2] + 1.0));
    }
    Made::whole(Class::Pills, made)
}

fn blister_carton(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (pill, cells) = (Pill::any(random), strip_cells(random));
    let mut size = [0.0; 2];
    let step = pill.half[2] * 2.0 + 1.5;
    let count = random.count(1, 3);
    for i in 0..count {
        size = strip(random, &mut made, pill, cells, &Pose::at(0.0, 0.0, 1.0 + i as f32 * step));
    }
    let height = count as f32 * step + 5.0;
    let outer = [size[0] + 6.0, size[1] + 6.0, height];
    case(&mut made, outer, 0.5, M::Cellulose, Pose::at(0.0, 0.0, height * 0.5));
    // The folded leaflet lies on top.
    let leaflet = [size[0] * 0.9, size[1] * random.range(0.4, 0.9), 1.5];
    made.block(leaflet, M::Cellulose, 0.5, Pose::at(0.0, 4.0, height - 2.0));
    Made::whole(Class::Pills, made)
}

/// One layer welded between films: thin enough for a letter.
fn sealed_layer(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let pill = Pill::any(random);
    let pitch = pill.pitch_mm();
    let size = [random.range(5.0, 9.0) * pitch, random.range(6.0, 13.0) * pitch];
    let lean = if matches!(pill.form, Form::Disc | Form::Lens) { 0.1 } else { 0.02 };
    for at in tray(random, size, pitch, pill.half[2] * 2.0, 1) {
        let pose = thrown(random, at, lean);
        pill.add(&mut made, &pose);
    }
    bag(&mut made, size[0] + 10.0, size[1] + 14.0);
    Made::whole(Class::Pills, made)
}

/// Large tablets on edge in a stick.
fn tablet_tube(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    for tube in 0..random.count(1, 3) {
        let (r, thick) = (random.range(8.0, 14.0), random.range(3.5, 6.5));
        let count = random.count(8, 20);
        let x = tube as f32 * 32.0;
        let wall = random.choose(&[M::Aluminium, M::Polyethylene, M::Cellulose]);
        let length = count as f32 * (thick + 0.4);
        let (from, to) = ([x, -4.0, r + 1.5], [x, length + 14.0, r + 1.5]);
        made.pipe(from, to, r + 1.3, if wall == M::Aluminium { 0.4 } else { 1.0 }, wall);
        let (material, fill) = random.choose(&[(M::Sugar, 0.8), (M::Salt, 0.45), (M::Paracetamol, 0.9)]);
        for i in 0..count {
            let y = i as f32 * (thick + 0.4);
            made.bar([x, y, r + 1.5], [x, y + thick, r + 1.5], r, material, fill);
        }
        made.bar([x, length + 6.0, r + 1.5], [x, length + 16.0, r + 1.5], r + 2.0, M::Polyethylene, 0.6);
    }
    Made::whole(Class::Pills, made)
}

/// Several little bags of a few each.
fn small_bags(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let pill = Pill::any(random);
    let columns = random.count(2, 3);
    let pitch = [pill.pitch_mm() * 4.6, pill.pitch_mm() * 4.9];
    for i in 0..random.count(3, 9) {
        let mut one = Assembly::default();
        let count = random.count(5, 12);
        let half = pill.heap(random, &mut one, count, 1, 1.0);
        bag(&mut one, half[0] * 2.0 + 6.0, half[1] * 2.0 + 20.0);
        let (x, y) = ((i % columns) as f32 * pitch[0], (i / columns) as f32 * pitch[1]);
        made.place(&one, &Pose::turned(random.range(-0.5, 0.5), 0.0, 0.0).moved(x, y, random.range(0.0, 4.0)));
    }
    Made::whole(Class::Pills, made)
}

/// A box of days: compartments with a few in each.
fn day_box(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let cells = random.choose(&[[7, 1], [7, 2], [4, 2], [7, 3]]);
    let (wide, high) = (random.range(22.0, 30.0), random.range(14.0, 24.0));
    let pill = Pill::any(random);
    for column in 0..cells[0] {
        for row in 0..cells[1] {
            let (x, y) = (row as f32 * wide, column as f32 * wide);
            case(&mut made, [wide, wide, high], 1.0, M::Abs, Pose::at(x, y, high * 0.5));
            for _ in 0..random.count(1, 4) {
                let at = [x + random.range(-6.0, 6.0), y + random.range(-6.0, 6.0), 2.0 + pill.half[2]];
                let pose = thrown(random, at, 0.3);
                pill.add(&mut made, &pose);
            }
        }
    }
    Made::whole(Class::Pills, made)
}

/// Small pills in a ring or oval on a card.
fn pill_ring(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    for card in 0..random.count(1, 3) {
        let (count, r, stretch) = (random.count(18, 28), random.range(26.0, 36.0), random.range(1.0, 1.5));
        let pill = Pill { half: [3.4, 3.4, 1.9], ..Pill::of(random, Form::Lens) };
        let x = card as f32 * 80.0;
        made.block([r * 2.0 + 16.0, r * stretch * 2.0 + 16.0, 0.9], M::Pvc, 1.0, Pose::at(x, 0.0, 0.5));
        made.block([r * 2.0 + 10.0, r * stretch * 2.0 + 10.0, 0.04], M::Aluminium, 1.0, Pose::at(x, 0.0, 0.1));
        for i in 0..count {
            let (sine, cosine) = (i as f32 / count as f32 * std::f32::consts::TAU).sin_cos();
            pill.add(&mut made, &Pose::at(x + r * cosine, r * stretch * sine, 3.0));
        }
    }
    Made::whole(Class::Pills, made)
}

/// Capsules standing in the holes of a filling tray.
fn capsules_upright(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let pill = Pill::of(random, Form::Capsule);
    let pitch = pill.half[0] * 2.0 + random.range(1.5, 3.5);
    let cells = [random.count(6, 9), random.count(8, 14)];
    let size = [cells[0] as f32 * pitch + 12.0, cells[1] as f32 * pitch + 12.0, random.range(4.0, 9.0)];
    made.block(size, M::Acrylic, random.range(0.3, 0.6), Pose::at(0.0, 0.0, pill.half[1]));
    for column in 0..cells[0] {
        for row in 0..cells[1] {
            let at = [0, 1].map(|axis| ([column, row][axis] as f32 + 0.5 - 0.5 * cells[axis] as f32) * pitch);
            made.add(
                Shape::Cylinder(pill.half[0], pill.half[1]),
                pill.material,
                pill.fill,
                Pose::at(at[0], at[1], pill.half[1]),
            );
        }
    }
    Made::whole(Class::Pills, made)
}

/// A long paper strip, a few pills in each pocket, folded to and fro.
fn dose_strip(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (width, pocket, folds) = (random.range(45.0, 65.0), random.range(38.0, 60.0), random.count(1, 3));
    let pills = [Pill::any(random), Pill::any(random), Pill::any(random)];
    let pockets = random.count(3, 5);
    for fold in 0..folds {
        let z = fold as f32 * 8.0;
        for i in 0..pockets {
            let y = i as f32 * pocket + random.range(-1.0, 1.0);
            made.block([width, pocket, 0.2], M::Cellulose, 0.7, Pose::at(0.0, y, z));
            made.block([width, 5.0, 0.8], M::Polyethylene, 1.0, Pose::at(0.0, y + pocket * 0.5, z));
            for pill in pills.iter().take(random.count(2, 3)) {
                for _ in 0..random.count(1, 3) {
                    let at = [random.range(-0.35, 0.35) * width, y + random.range(-0.33, 0.33) * pocket, z + 3.5];
                    let pose = thrown(random, at, 0.1);
                    pill.add(&mut made, &pose);
                }
            }
        }
    }
    Made::whole(Class::Pills, made)
}

/// Packed tight in a stocking or a glove's finger, knotted.
fn pill_sausage(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, length) = (random.range(11.0, 20.0), random.range(80.0, 140.0));
    let form = random.choose(&[Form::Disc, Form::Oval, Form::Lens]);
    let pill = Pill::of(random, form);
    let layers = ((r * 1.7 / (pill.half[2] * 2.0)) as usize).clamp(2, 3);
    let places = tray(random, [r * 2.0, length], pill.pitch_mm(), r * 1.7 / layers as f32, layers);
    let share = PILLS_MOST as f32 / places.len() as f32;
    for at in places {
        if !random.chance(share) {
            continue;
        }
        let bow = 0.0008 * at[1] * at[1];
        let pose = thrown(random, at, 0.8).moved(bow, 0.0, 0.0);
        pill.add(&mut made, &pose);
    }
    made.add(Shape::Ellipsoid([5.0, 14.0, 4.0]), M::Pvc, 0.6, Pose::at(0.0, length * 0.5 + 8.0, r));
    Made::whole(Class::Pills, made)
}
