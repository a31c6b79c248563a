//! Revolvers: a round drum between barrel and grip.
//!
//! Apart because they share no piece with self-loading pistols but the grip.

use std::f32::consts::TAU;

use super::super::super::physics::Material as M;
use super::super::super::random::Random;
use super::super::super::shape::{Assembly, Pose, Shape};
use super::super::{Class, Made};
use super::{handle, trigger};

/// A drum along y round the origin with bored chambers, each loaded with the given probability.
pub(in super::super) fn drum(random: &mut Random, radius: f32, half: f32, loaded: f32) -> Assembly {
    let mut made = Assembly::default();
    made.bar([0.0, -half, 0.0], [0.0, half, 0.0], radius, M::Steel, 1.0);
    let chambers = random.count(5, 8);
    let bore = (radius * 0.29).min(radius * 1.6 / chambers as f32);
    let turn = random.range(0.0, 1.0);
    for i in 0..chambers {
        let (sine, cosine) = (i as f32 * TAU / chambers as f32 + turn).sin_cos();
        let (x, z) = (0.64 * radius * cosine, 0.64 * radius * sine);
        made.bar([x, -half, z], [x, half, z], bore, M::Steel, -1.0);
        if random.chance(loaded) {
            made.bar([x, -half, z], [x, half * 0.3, z], bore * 0.95, M::Brass, 0.35);
            made.bar([x, half * 0.2, z], [x, half * 0.75, z], bore * 0.9, M::Lead, 0.7);
        }
    }
    made
}

/// Barrel under a strap, drum, curved grip; `barrel_share` of a long barrel.
pub(super) fn revolver(random: &mut Random, barrel_share: f32) -> Made {
    let mut made = Assembly::default();
    let s = random.range(0.85, 1.12);
    let long = random.range(80.0, 165.0) * barrel_share;
    let (r, half) = (random.range(16.0, 21.0) * s, random.range(17.0, 23.0) * s);
    let metal = random.choose(&[M::Steel, M::Steel, M::Aluminium]);
    made.pipe([0.0, half + 3.0, 0.0], [0.0, half + long, 0.0], random.range(7.5, 10.0), 3.6, M::Steel);
    made.block([8.0, long * random.range(0.4, 0.98), 9.0], M::Steel, 0.8, Pose::at(12.0, half + 3.0 + long * 0.4, 0.0));
    // Swung out, the drum lies beside its window.
    let out = if random.chance(0.15) { r * 1.4 } else { 0.0 };
    made.place(&drum(random, r, half, 0.5), &Pose::at(0.55 * r + out, 0.0, 0.0));
    made.block([7.0, 2.0 * half + 26.0, 14.0], metal, 1.0, Pose::at(-0.55 * r - 2.0, -2.0, 0.0));
    made.block([6.0, 2.0 * half + 20.0, 13.0], metal, 0.9, Pose::at(1.6 * r + 3.0, -2.0, 0.0));
    made.block([2.1 * r, 24.0, 14.0], metal, 0.85, Pose::at(0.55 * r, -half - 13.0, 0.0));
    let length = random.range(75.0, 115.0) * s;
    let at = [r * 0.7, -half - 15.0];
    let (thick, rake) = (random.range(24.0, 34.0), random.range(0.35, 0.75));
    let (grip, pose) = handle(random, at, length, thick, rake);
    made.add(grip, random.choose(&[M::Cellulose, M::Nylon, M::Pvc]), random.range(0.45, 0.75), pose);
    made.block([length * 0.85, 11.0, 9.0], metal, 0.8, pose);
    if random.chance(0.75) {
        made.block([12.0, 10.0, 7.0], M::Steel, 1.0, Pose::at(-r * 0.4, -half - 28.0, 0.0));
    }
    trigger(&mut made, [1.6 * r + 4.0, -half - 4.0], 26.0);
    Made::whole(Class::Firearm, made)
}

/// An old pattern: no strap over the drum, a lever under the barrel, a bow-shaped grip.
pub(super) fn open_top(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let long = random.range(110.0, 190.0);
    let (r, half) = (random.range(18.0, 21.0), random.range(20.0, 25.0));
    made.pipe([0.0, half, 0.0], [0.0, half + long, 0.0], 9.0, 4.0, M::Steel);
    made.bar([16.0, half, 0.0], [14.0, half + long * 0.75, 0.0], 3.5, M::Steel, 1.0);
    made.block([24.0, 26.0, 13.0], M::Steel, 0.9, Pose::at(9.0, half + 14.0, 0.0));
    made.place(&drum(random, r, half, 0.5), &Pose::at(9.0, 0.0, 0.0));
    let metal = random.choose(&[M::Brass, M::Steel]);
    made.block([8.0, 2.0 * half + 30.0, 16.0], metal, 1.0, Pose::at(r + 13.0, -4.0, 0.0));
    made.block([46.0, 22.0, 16.0], metal, 0.9, Pose::at(13.0, -half - 12.0, 0.0));
    made.block([18.0, 8.0, 7.0], M::Steel, 1.0, Pose::at(-12.0, -half - 24.0, 0.0));
    for (step, width) in [(0.0, 15.0), (1.0, 17.0), (2.0, 20.0)] {
        let pose =
            Pose::turned(0.75 - 0.25 * step, 0.0, 0.0).moved(32.0 + 22.0 * step, -half - 20.0 - 12.0 * step, 0.0);
        made.add(Shape::Ellipsoid([26.0, width, 15.0]), M::Cellulose, 0.45, pose);
    }
    trigger(&mut made, [r + 16.0, -half - 2.0], 24.0);
    Made::whole(Class::Firearm, made)
}
