//! Pieces that a self-loading pistol comes apart into.
//!
//! Apart because parts of firearms are made of the same: a model that knows the whole must not be asked to find a part
//! that was drawn by another hand. Each piece lies along y round its own origin.

use super::super::super::physics::Material as M;
use super::super::super::random::Random;
use super::super::super::shape::{Assembly, Pose, Shape};
use super::super::ammunition::{Calibre, round};
use super::super::between;
use super::{handle, trigger};

/// Least and greatest measures of one make, millimetres.
pub(in super::super) struct Form {
    pub length: [f32; 2],
    /// Of the slide, across the barrel and in the plane of the grip.
    pub height: [f32; 2],
    pub thick: [f32; 2],
    pub grip: f32,
    /// How far the grip leans back, radians.
    pub rake: [f32; 2],
    /// The slide leaves the barrel bare in front.
    pub open: bool,
}

/// One of a make, with its own measures.
pub(in super::super) struct Sized {
    pub length: f32,
    pub height: f32,
    pub thick: f32,
    pub grip: f32,
    pub rake: f32,
    pub open: bool,
}

impl Form {
    pub fn drawn(&self, random: &mut Random) -> Sized {
        Sized {
            length: between(random, self.length),
            height: between(random, self.height),
            thick: between(random, self.thick),
            grip: self.grip * random.range(0.85, 1.1),
            rake: between(random, self.rake),
            open: self.open,
        }
    }
}

/// Hollow steel along y round the origin, muzzle forward, solid where the breech is.
pub(in super::super) fn slide(random: &mut Random, sized: &Sized) -> Assembly {
    let mut made = Assembly::default();
    let (l, h, t) = (sized.length, sized.height, sized.thick);
    let wall = t * random.range(0.13, 0.2);
    let rear = if sized.open { l * random.range(0.38, 0.55) } else { l };
    let middle = Pose::at(0.0, (rear - l) * 0.5, 0.0);
    made.shell([h, rear, t], wall, M::Steel, middle);
    let breech = rear.min(l * 0.5) * random.range(0.5, 0.8);
    let at = Pose::at(-h * 0.12, -l * 0.5 + wall + breech * 0.5, 0.0);
    made.block([h * 0.5, breech, t - 2.0 * wall], M::Steel, random.range(0.4, 0.75), at);
    if sized.open {
        for side in [-1.0, 1.0] {
            let rail = Pose::at(h * 0.26, rear * 0.5, side * (t - wall) * 0.5);
            made.block([h * 0.46, l - rear, wall], M::Steel, 1.0, rail);
        }
        made.block([h * 0.8, 9.0, t], M::Steel, 0.6, Pose::at(0.0, l * 0.5 - 4.5, 0.0));
    } else {
        // The port through one side.
        let port = Pose::at(-h * 0.15, l * random.range(0.0, 0.12), (t - wall) * 0.5);
        made.block([h * 0.45, l * random.range(0.12, 0.2), wall], M::Steel, -1.0, port);
    }
    for y in [-0.46, 0.47] {
        made.block([3.5, 6.0, 4.0], M::Steel, 1.0, Pose::at(-h * 0.5 - 1.7, y * l, 0.0));
    }
    made
}

/// A bored bar along y round the origin, thicker or not at the breech.
pub(in super::super) fn barrel(random: &mut Random, length: f32, radius: f32) -> Assembly {
    let mut made = Assembly::default();
    let bore = radius * random.range(0.5, 0.66);
    let half = length * 0.5;
    made.bar([0.0, -half, 0.0], [0.0, half, 0.0], radius, M::Steel, 1.0);
    made.bar([0.0, -half, 0.0], [0.0, half, 0.0], bore, M::Steel, -1.0);
    if random.chance(0.7) {
        let lug = [radius * 1.4, length * random.range(0.1, 0.2), radius * 1.3];
        made.block(lug, M::Steel, 0.8, Pose::at(radius * 1.2, -half + lug[1] * 0.6, 0.0));
    }
    made
}

/// What carries the slide, with grip and trigger; gives the grip's place too.
pub(in super::super) fn frame(random: &mut Random, sized: &Sized, material: M) -> (Assembly, Pose) {
    let mut made = Assembly::default();
    let (l, h, t) = (sized.length, sized.height, sized.thick);
    let (body, grip_fill) = match material {
        M::Nylon => (random.range(0.55, 0.8), random.range(0.35, 0.55)),
        M::Aluminium => (random.range(0.4, 0.6), random.range(0.3, 0.45)),
        _ => (random.range(0.28, 0.45), random.range(0.15, 0.3)),
    };
    let deep = h * random.range(0.45, 0.65);
    let cover = l * random.range(0.78, 0.98);
    made.block([deep, cover, t * 0.92], material, body, Pose::at((h + deep) * 0.5, (cover - l) * 0.4, 0.0));
    let at = [h * 0.5 + deep * 0.7, -l * random.range(0.2, 0.28)];
    let (grip, pose) = handle(random, at, sized.grip, t * 1.02, sized.rake);
    made.add(grip.clone(), material, grip_fill, pose);
    if material == M::Nylon {
        for side in [-1.0, 1.0] {
            made.block([5.0, l * 0.55, 2.0], M::Steel, 1.0, Pose::at(h * 0.5 + 2.0, -l * 0.1, side * t * 0.36));
        }
    } else {
        made.add(grip, random.choose(&[M::Cellulose, M::Abs, M::Pvc]), random.range(0.15, 0.35), pose);
    }
    for _ in 0..random.count(2, 4) {
        let (x, y) = (h * 0.5 + deep * random.range(0.2, 0.9), l * random.range(-0.3, 0.05));
        made.add(Shape::Cylinder(random.range(1.6, 3.0), t * 0.46), M::Steel, 0.9, Pose::at(x, y, 0.0));
    }
    if random.chance(0.5) {
        // A hammer behind the slide.
        made.block([h * 0.5 + 12.0, 8.0, 7.0], M::Steel, 1.0, Pose::at(h * 0.3, -l * 0.5 - 5.0, 0.0));
    }
    trigger(&mut made, [h * 0.5 + deep * 0.8, -l * random.range(0.02, 0.08)], 28.0 * (sized.grip / 95.0).max(0.7));
    (made, pose)
}

/// A box of sheet metal or plastic along x round the origin, its mouth towards -x: spring, follower, floor plate,
/// and rounds in it or none. Sizes: along x, along y, thick.
pub(in super::super) fn magazine(random: &mut Random, size: [f32; 3], loaded: bool) -> Assembly {
    let mut made = Assembly::default();
    let [long, deep, thick] = size;
    let (wall, material) = if random.chance(0.7) { (0.9, M::Steel) } else { (2.0, M::Nylon) };
    made.shell([long, deep, thick], wall, material, Pose::at(0.0, 0.0, 0.0));
    made.block(
        [4.0, deep + 5.0, thick + 2.0],
        random.choose(&[M::Nylon, M::Steel]),
        0.7,
        Pose::at(long * 0.5 + 2.0, 0.0, 0.0),
    );
    let radius = (thick * 0.5 - wall - 0.3).clamp(2.6, 5.6) * random.range(0.85, 1.0);
    let calibre = Calibre::pistol(random, radius, deep - 2.0 * wall - 1.0);
    let pitch = radius * random.range(1.2, 2.0);
    let room = ((long - 26.0) / pitch).max(1.0) as usize;
    let rounds = if loaded { random.count((room / 3).max(1), room.min(18)) } else { 0 };
    let mut top = -long * 0.5 + 3.0 + radius;
    for i in 0..rounds {
        let z = if pitch < radius * 1.7 { (i % 2) as f32 * 2.0 - 1.0 } else { 0.0 }
            * (thick * 0.5 - radius - wall).max(0.0);
        round(&mut made, [top, -deep * 0.5 + wall + 0.5, z], [0.0, 1.0, 0.0], &calibre);
        top += pitch;
    }
    made.block([6.0, deep * 0.8, thick * 0.7], random.choose(&[M::Nylon, M::Steel]), 0.6, Pose::at(top, 0.0, 0.0));
    let turns = random.count(5, 9);
    let (start, d) = (top + 4.0, deep * 0.36);
    let step = (long * 0.5 - 2.0 - start).max(4.0) / turns as f32;
    let spring: Vec<_> = (0..=turns).map(|i| [start + step * i as f32, if i % 2 == 0 { d } else { -d }, 0.0]).collect();
    made.wire(&spring, 0.7, M::Steel);
    made
}

/// A tube with walls across it inside, along y round the origin.
pub(in super::super) fn suppressor(random: &mut Random, length: f32, radius: f32, skin: M) -> Assembly {
    let mut made = Assembly::default();
    let (half, wall) = (length * 0.5, random.range(1.5, 2.6));
    made.pipe([0.0, -half, 0.0], [0.0, half, 0.0], radius, wall, skin);
    let walls = random.count(4, 9);
    let thick = random.range(1.8, 4.0);
    let metal = random.choose(&[M::Steel, M::Aluminium, M::Titanium]);
    for i in 0..walls {
        let y = -half + 6.0 + (length - 12.0) * i as f32 / (walls - 1) as f32;
        made.bar([0.0, y - thick * 0.5, 0.0], [0.0, y + thick * 0.5, 0.0], radius - wall, metal, 0.85);
    }
    made.bar([0.0, -half, 0.0], [0.0, -half + random.range(8.0, 20.0), 0.0], radius - wall, M::Steel, 0.6);
    made
}
