//! Cartridges, shells and bullets: loose, boxed, linked, in magazines. Outlines and materials as an X-ray sees them.
//!
//! What lies together is one target with one box. A case is drawn as its mean over wall and filling: at a scanner's
//! pitch of a millimetre or two that is what a cartridge shows, and a box of fifty costs rays as it is.

use std::f32::consts::{FRAC_PI_2, TAU};

use super::super::physics::Material as M;
use super::super::random::Random;
use super::super::shape::{Assembly, Pose, Shape, Vector};
use super::firearms::magazine;
use super::{Class, Design, Made, several};

pub(super) const AMMUNITION: &[Design] = &[
    Design { name: "rounds-loose-short", unseen: false, make: |random| heap(random, short) },
    Design { name: "rounds-loose-long", unseen: false, make: |random| heap(random, long) },
    Design { name: "rounds-loose-tiny", unseen: false, make: |random| heap(random, tiny) },
    Design { name: "box-standing", unseen: false, make: box_standing },
    Design { name: "box-lying", unseen: false, make: box_lying },
    Design { name: "box-filled-up", unseen: false, make: box_filled_up },
    Design { name: "shells-loose", unseen: false, make: shells_loose },
    Design { name: "shells-boxed", unseen: false, make: shells_boxed },
    Design { name: "belt", unseen: false, make: belt },
    Design { name: "magazines-loaded", unseen: false, make: magazines_loaded },
    Design { name: "bullets", unseen: false, make: bullets },
    Design { name: "blister-card", unseen: false, make: blister_card },
    Design { name: "stripper-clips", unseen: true, make: stripper_clips },
    Design { name: "bandolier", unseen: true, make: bandolier },
    Design { name: "speedloaders", unseen: true, make: speedloaders },
    Design { name: "large-calibre", unseen: true, make: large_calibre },
];

/// A kind of cartridge, millimetres.
#[derive(Clone, Copy)]
pub(super) struct Calibre {
    /// Of the case.
    radius: f32,
    case: f32,
    /// What of the bullet stands out of the case.
    bullet: f32,
    /// The bullet's radius by the case's: below 1 the case has a neck.
    neck: f32,
    metal: M,
    core: M,
}

impl Calibre {
    /// A straight-walled one of this overall length.
    pub fn pistol(random: &mut Random, radius: f32, length: f32) -> Calibre {
        let case = length * random.range(0.6, 0.72);
        let metal = random.choose(&[M::Brass, M::Brass, M::Steel, M::Aluminium]);
        Calibre {
            radius,
            case,
            bullet: length - case,
            neck: 0.92,
            metal,
            core: random.choose(&[M::Lead, M::Lead, M::Copper]),
        }
    }
}

fn short(random: &mut Random) -> Calibre {
    let radius = random.range(4.2, 6.2);
    let length = radius * random.range(5.2, 7.2);
    Calibre::pistol(random, radius, length)
}

fn long(random: &mut Random) -> Calibre {
    let radius = random.range(4.6, 7.6);
    let case = radius * random.range(7.5, 10.5);
    let metal = random.choose(&[M::Brass, M::Brass, M::Steel]);
    let core = random.choose(&[M::Lead, M::Lead, M::Copper, M::Steel]);
    Calibre { radius, case, bullet: case * random.range(0.32, 0.5), neck: random.range(0.55, 0.72), metal, core }
}

fn tiny(random: &mut Random) -> Calibre {
    let radius = random.range(2.7, 3.1);
    Calibre {
        radius,
        case: random.range(10.0, 17.0),
        bullet: random.range(8.0, 11.0),
        neck: 0.97,
        metal: M::Brass,
        core: M::Lead,
    }
}

fn any_calibre(random: &mut Random) -> Calibre {
    match random.count(0, 4) {
        0 | 1 => short(random),
        2 | 3 => long(random),
        _ => tiny(random),
    }
}

/// One cartridge from the middle of its base along a unit direction: case as a mean over wall and filling, base, bullet.
pub(super) fn round(made: &mut Assembly, base: Vector, along: Vector, calibre: &Calibre) {
    let at = |mm: f32| [0, 1, 2].map(|axis| base[axis] + mm * along[axis]);
    let (r, tip) = (calibre.radius, calibre.case + calibre.bullet);
    let straight = if calibre.neck < 0.8 { calibre.case * 0.78 } else { calibre.case };
    made.bar(at(0.0), at(straight), r, calibre.metal, (1.4 / r).min(0.5));
    made.bar(at(0.0), at(2.6), r, calibre.metal, 0.5);
    if straight < calibre.case {
        made.bar(at(straight), at(calibre.case), r * calibre.neck, calibre.metal, 0.35);
    }
    let seat = calibre.case - 0.35 * calibre.bullet;
    let half = [r * calibre.neck * 0.96, r * calibre.neck * 0.96, (tip - seat) * 0.5];
    made.add(Shape::Ellipsoid(half), calibre.core, 0.95, Pose::between(at(seat), at(tip)));
}

fn toss(random: &mut Random, spread: [f32; 3]) -> (Vector, Vector) {
    let (sine, cosine) = random.range(0.0, TAU).sin_cos();
    let base = [0, 1, 2].map(|axis| random.range(-0.5, 0.5) * spread[axis]);
    let lift: f32 = random.range(-0.35, 0.35);
    let flat = (1.0 - lift * lift).sqrt();
    (base, [cosine * flat, sine * flat, lift])
}

/// Loose in a bag: the more, the wider and higher the heap.
fn heap(random: &mut Random, calibre: fn(&mut Random) -> Calibre) -> Made {
    let mut made = Assembly::default();
    let calibre = calibre(random);
    let count = random.count(3, 34);
    let long = calibre.case + calibre.bullet;
    let side = (count as f32 * long * calibre.radius * random.range(0.8, 2.2)).sqrt().clamp(long * 0.6, 160.0);
    let high = calibre.radius * (2.0 + 0.12 * count as f32);
    let shape = random.range(0.6, 1.6);
    for _ in 0..count {
        let (base, along) = toss(random, [side * shape, side / shape, high]);
        round(&mut made, base, along, &calibre);
    }
    Made::whole(Class::Ammunition, made)
}

/// Rounds in rows and columns, `pitch` apart along x and y, from `round`'s base and direction of row and column.
fn grid(made: &mut Assembly, counts: [usize; 2], pitch: [f32; 2], mut each: impl FnMut(&mut Assembly, f32, f32)) {
    for i in 0..counts[0] {
        for j in 0..counts[1] {
            let x = (i as f32 - 0.5 * (counts[0] - 1) as f32) * pitch[0];
            let y = (j as f32 - 0.5 * (counts[1] - 1) as f32) * pitch[1];
            each(made, x, y);
        }
    }
}

fn carton(random: &mut Random, made: &mut Assembly, size: Vector) {
    let (material, wall) = random.choose(&[(M::Cellulose, 0.6), (M::Polyethylene, 1.4), (M::Abs, 1.2)]);
    made.shell(size, wall, material, Pose::at(0.0, 0.0, 0.0));
}

/// On end in a tray, every place taken or some empty.
fn box_standing(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let calibre = if random.chance(0.65) { short(random) } else { long(random) };
    let counts = [random.count(4, 5), random.count(4, 7)];
    let pitch = 2.0 * calibre.radius + random.range(0.6, 3.0);
    let tall = calibre.case + calibre.bullet;
    let full = if random.chance(0.6) { 1.0 } else { random.range(0.5, 0.9) };
    let mut taken: Vec<bool> = (0..counts[0] * counts[1]).map(|_| random.chance(full)).collect();
    grid(&mut made, counts, [pitch; 2], |made, x, y| {
        if taken.pop().unwrap_or(true) {
            round(made, [x, y, -tall * 0.5], [0.0, 0.0, 1.0], &calibre);
        }
    });
    let [w, l] = counts.map(|count| count as f32 * pitch + 3.0);
    made.block(
        [w, l, calibre.case * 0.4],
        random.choose(&[M::Polyethylene, M::Pet]),
        0.2,
        Pose::at(0.0, 0.0, -tall * 0.25),
    );
    carton(random, &mut made, [w + 3.0, l + 3.0, tall + 4.0]);
    Made::whole(Class::Ammunition, made)
}

/// Side by side in layers, every second row the other way round.
fn box_lying(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let calibre = if random.chance(0.6) { long(random) } else { short(random) };
    let tall = calibre.case + calibre.bullet;
    let (across, layers) = (random.count(5, 10), random.count(1, 3));
    let pitch = 2.0 * calibre.radius + 0.3;
    let turned = random.chance(0.5);
    grid(&mut made, [across, layers], [pitch, pitch], |made, x, z| {
        let flip = turned && (x / pitch).round() as i32 % 2 == 0;
        let side = if flip { -1.0 } else { 1.0 };
        round(made, [x, -side * tall * 0.5, z], [0.0, side, 0.0], &calibre);
    });
    carton(random, &mut made, [across as f32 * pitch + 4.0, tall + 4.0, layers as f32 * pitch + 4.0]);
    Made::whole(Class::Ammunition, made)
}

/// Tiny ones poured into a small carton.
fn box_filled_up(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let calibre = tiny(random);
    let size = [random.range(35.0, 60.0), random.range(50.0, 90.0), random.range(22.0, 34.0)];
    for _ in 0..random.count(22, 36) {
        let (base, along) = toss(random, size.map(|s| s * 0.7));
        round(&mut made, base, along, &calibre);
    }
    carton(random, &mut made, [size[0] + 14.0, size[1] + 14.0, size[2] + 6.0]);
    Made::whole(Class::Ammunition, made)
}

/// A shotgun shell: plastic hull, metal foot, shot or a slug.
fn shell(random: &mut Random, made: &mut Assembly, base: Vector, along: Vector, size: [f32; 2], slug: bool) {
    let at = |mm: f32| [0, 1, 2].map(|axis| base[axis] + mm * along[axis]);
    let [r, long] = size;
    made.bar(at(0.0), at(long), r, M::Polyethylene, 0.75);
    made.bar(at(0.0), at(long * 0.22), r, M::Brass, random.range(0.25, 0.4));
    let shot = if slug { (0.55, 0.8, 0.9) } else { (0.5, 0.9, 0.62) };
    made.bar(at(long * shot.0), at(long * shot.1), r * 0.88, M::Lead, shot.2);
}

fn shell_size(random: &mut Random) -> [f32; 2] {
    [random.range(8.0, 10.6), random.range(56.0, 74.0)]
}

fn shells_loose(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (size, slug) = (shell_size(random), random.chance(0.3));
    let count = random.count(2, 14);
    let side = (count as f32 * size[0] * size[1] * random.range(1.2, 3.0)).sqrt();
    for _ in 0..count {
        let (base, along) = toss(random, [side, side, size[0] * (1.0 + 0.1 * count as f32)]);
        shell(random, &mut made, base, along, size, slug);
    }
    Made::whole(Class::Ammunition, made)
}

fn shells_boxed(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (size, slug, standing) = (shell_size(random), random.chance(0.25), random.chance(0.5));
    let [r, long] = size;
    let counts = if standing { [5, random.count(2, 5)] } else { [5, random.count(1, 5)] };
    let (along, start) =
        if standing { ([0.0, 0.0, 1.0], [0.0, 0.0, -long * 0.5]) } else { ([0.0, 1.0, 0.0], [0.0, -long * 0.5, 0.0]) };
    let pitch = 2.0 * r + 0.8;
    grid(&mut made, counts, [pitch; 2], |made, x, other| {
        let base = if standing { [x, other, start[2]] } else { [x, start[1], other] };
        shell(random, made, base, along, size, slug);
    });
    let [w, l] = counts.map(|count| count as f32 * pitch + 3.0);
    carton(random, &mut made, if standing { [w, l, long + 3.0] } else { [w, long + 3.0, l] });
    Made::whole(Class::Ammunition, made)
}

/// Rounds linked side by side along a bent line.
fn belt(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let calibre = long(random);
    let pitch = 2.0 * calibre.radius + random.range(1.0, 4.0);
    let (count, bend) = (random.count(8, 19), random.range(-0.08, 0.08));
    let link = random.choose(&[M::Steel, M::Cellulose]);
    let (mut at, mut angle) = ([0.0f32, 0.0f32], 0.0f32);
    for _ in 0..count {
        let (sine, cosine) = angle.sin_cos();
        round(&mut made, [at[0], at[1], 0.0], [-sine, cosine, 0.0], &calibre);
        let y = calibre.case * 0.45;
        let pose = Pose::turned(angle, 0.0, 0.0).moved(at[0] - sine * y, at[1] + cosine * y, 0.0);
        made.block([pitch, 12.0, 2.0 * calibre.radius + 1.4], link, 0.12, pose);
        angle += bend;
        at = [at[0] + pitch * angle.cos(), at[1] + pitch * angle.sin()];
    }
    Made::whole(Class::Ammunition, made)
}

fn magazines_loaded(random: &mut Random) -> Made {
    let size = [random.range(80.0, 170.0), random.range(26.0, 42.0), random.range(14.0, 24.0)];
    let count = random.count(1, 3);
    let upright = Pose::turned(FRAC_PI_2, 0.0, 0.0);
    Made::whole(Class::Ammunition, several(random, count, |random| magazine(random, size, true).posed(&upright)))
}

/// Bullets without cases.
fn bullets(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, long) = (random.range(2.8, 5.8), random.range(10.0, 33.0));
    let metal = random.choose(&[M::Lead, M::Lead, M::Copper]);
    let count = random.count(14, 70);
    let side = (count as f32 * long * r * random.range(1.2, 3.0)).sqrt();
    for _ in 0..count {
        let stretch = random.range(0.7, 1.4);
        let (base, along) = toss(random, [side, side * stretch, r * 5.0]);
        let tip = [0, 1, 2].map(|axis| base[axis] + long.max(2.2 * r) * along[axis]);
        made.add(Shape::Ellipsoid([r, r, long.max(2.2 * r) * 0.5]), metal, 0.97, Pose::between(base, tip));
    }
    Made::whole(Class::Ammunition, made)
}

/// Five to ten in a row on a card.
fn blister_card(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let calibre = any_calibre(random);
    let tall = calibre.case + calibre.bullet;
    let count = random.count(5, 10);
    let pitch = 2.0 * calibre.radius + random.range(1.5, 8.0);
    for i in 0..count {
        round(&mut made, [i as f32 * pitch, 0.0, calibre.radius], [0.0, 1.0, 0.0], &calibre);
    }
    let wide = count as f32 * pitch + 16.0;
    let middle = (count - 1) as f32 * pitch * 0.5;
    made.block([wide, tall + random.range(18.0, 60.0), 0.8], M::Cellulose, 0.8, Pose::at(middle, tall * 0.5, -0.4));
    Made::whole(Class::Ammunition, made)
}

/// Bases in a strip of metal, a few strips beside one another.
fn stripper_clips(random: &mut Random) -> Made {
    let calibre = long(random);
    let strips = random.count(1, 3);
    let each = random.count(5, 9);
    let made = several(random, strips, |_| {
        let mut clip = Assembly::default();
        let pitch = 2.0 * calibre.radius + 0.4;
        for i in 0..each {
            round(&mut clip, [i as f32 * pitch, 0.0, 0.0], [0.0, 1.0, 0.0], &calibre);
        }
        let long = each as f32 * pitch + 6.0;
        let middle = (each - 1) as f32 * pitch * 0.5;
        for z in [-1.0, 1.0] {
            clip.block([long, 5.0, 0.8], M::Steel, 1.0, Pose::at(middle, 1.5, z * calibre.radius));
        }
        clip.posed(&Pose::turned(FRAC_PI_2, 0.0, 0.0))
    });
    Made::whole(Class::Ammunition, made)
}

/// Loops of cloth or leather on a strap, most of them filled with shells or rounds.
fn bandolier(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (shells, size, calibre) = (random.chance(0.5), shell_size(random), long(random));
    let tall = if shells { size[1] } else { calibre.case + calibre.bullet };
    let pitch = random.range(2.3, 3.0) * if shells { size[0] } else { calibre.radius };
    let (rows, each) = (random.count(1, 2), random.count(6, 12));
    let cloth = random.choose(&[M::Nylon, M::Protein]);
    for row in 0..rows {
        let y = row as f32 * tall * 1.25;
        for i in 0..each {
            let base = [i as f32 * pitch, y, 5.0];
            if random.chance(0.12) {
                continue;
            } else if shells {
                shell(random, &mut made, base, [0.0, 1.0, 0.0], size, false);
            } else {
                round(&mut made, base, [0.0, 1.0, 0.0], &calibre);
            }
        }
        let wide = each as f32 * pitch + 20.0;
        made.block([wide, tall * 0.55, 7.0], cloth, 0.35, Pose::at(wide * 0.5 - 15.0, y + tall * 0.4, -3.0));
    }
    made.block([22.0, 26.0, 4.0], M::Zinc, 0.5, Pose::at(-24.0, tall * 0.4, 0.0));
    Made::whole(Class::Ammunition, made)
}

/// Five or six in a ring in a round holder.
fn speedloaders(random: &mut Random) -> Made {
    let calibre = short(random);
    let (count, each) = (random.count(2, 5), random.count(5, 7));
    let ring = calibre.radius * each as f32 * 0.42;
    let made = several(random, count, |random| {
        let mut loader = Assembly::default();
        let turn = random.range(0.0, 1.0);
        for i in 0..each {
            let (sine, cosine) = (i as f32 * TAU / each as f32 + turn).sin_cos();
            round(&mut loader, [ring * cosine, ring * sine, 0.0], [0.0, 0.0, 1.0], &calibre);
        }
        loader.add(Shape::Cylinder(ring + calibre.radius, 6.0), M::Nylon, 0.7, Pose::at(0.0, 0.0, -3.0));
        loader.add(Shape::Cylinder(5.0, 11.0), M::Aluminium, 0.9, Pose::at(0.0, 0.0, -12.0));
        loader
    });
    Made::whole(Class::Ammunition, made)
}

/// One to four as long as a hand.
fn large_calibre(random: &mut Random) -> Made {
    let radius = random.range(9.0, 13.0);
    let case = random.range(85.0, 115.0);
    let core = random.choose(&[M::Steel, M::Copper, M::Lead]);
    let calibre = Calibre { radius, case, bullet: random.range(38.0, 52.0), neck: 0.68, metal: M::Brass, core };
    let count = random.count(1, 4);
    let made = several(random, count, |random| {
        let mut one = Assembly::default();
        let side = random.choose(&[-1.0, 1.0]);
        round(&mut one, [0.0, -side * 70.0, 0.0], [0.0, side, 0.0], &calibre);
        one
    });
    Made::whole(Class::Ammunition, made)
}
