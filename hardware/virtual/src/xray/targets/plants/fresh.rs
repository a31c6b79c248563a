//! Living plants: bulbs, cuttings, rooted plants and tubers, four parts water, with roots and earth.

use super::super::super::heaps::{pile, thrown};
use super::super::super::physics::Material as M;
use super::super::super::random::Random;
use super::super::super::shape::{Assembly, Pose, Shape, Vector};
use super::{Class, Made};

pub(super) fn bulbs(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let r = random.range(9.0, 27.0);
    let count = random.count(2, 11);
    for at in pile(random, count, r * 2.3, r * 1.8, 1, 1.2) {
        let own = r * random.range(0.75, 1.0);
        let mut one = Assembly::default();
        fresh(&mut one, [own, own * 1.1, own], Pose::at(0.0, 0.0, own), 0.85);
        // Scales: the heart is denser than the skins.
        fresh(&mut one, [own * 0.5, own * 0.8, own * 0.5], Pose::at(0.0, own * 0.1, own), 0.3);
        one.bar([0.0, own, own], [0.0, own * random.range(1.3, 1.8), own], own * 0.16, M::Cellulose, 0.4);
        roots(random, &mut one, [0.0, -own, own], -own * 0.6, 2);
        made.place(&one, &Pose::turned(random.range(0.0, 6.3), 0.0, 0.0).moved(at[0], at[1], 0.0));
    }
    Made::whole(Class::PlantMatter, made)
}

/// Twigs with leaves and young roots, their feet in wet wool.
pub(super) fn cuttings(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let length = random.range(90.0, 210.0);
    let count = random.count(2, 6);
    for i in 0..count {
        let (x, lean) = (i as f32 * 11.0, random.range(-0.15, 0.15));
        let tip = [x + lean * length, length * random.range(0.85, 1.0), 10.0];
        made.bar([x, 0.0, 10.0], tip, random.range(1.4, 3.5), M::Water, 0.8);
        for _ in 0..random.count(3, 6) {
            let share = random.range(0.35, 1.0);
            let at = [x + share * (tip[0] - x), share * tip[1], 10.0 + random.range(-4.0, 6.0)];
            let turn = Pose::turned(random.range(-1.3, 1.3), random.range(-0.4, 0.4), 0.0);
            let half = [random.range(5.0, 11.0), random.range(14.0, 28.0), 0.6];
            made.add(Shape::Ellipsoid(half), M::Water, 0.8, turn.moved(at[0], at[1], at[2]));
        }
        let deep = random.range(15.0, 35.0);
        roots(random, &mut made, [x, 0.0, 10.0], -deep, 3);
    }
    if random.chance(0.7) {
        let middle = (count - 1) as f32 * 5.5;
        made.add(Shape::Ellipsoid([middle + 16.0, 24.0, 10.0]), M::Water, 0.4, Pose::at(middle, -12.0, 10.0));
    }
    Made::whole(Class::PlantMatter, made)
}

/// A plant with its ball of earth: mineral grains, roots, a stem with shoots.
pub(super) fn rooted_in_soil(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let r = random.range(20.0, 42.0);
    let half = [r, r * random.range(0.9, 1.3), r * 0.85];
    made.add(Shape::Ellipsoid(half), M::Cellulose, random.range(0.15, 0.3), Pose::at(0.0, 0.0, half[2]));
    made.add(Shape::Ellipsoid(half.map(|h| h * 0.95)), M::Water, random.range(0.1, 0.3), Pose::at(0.0, 0.0, half[2]));
    for _ in 0..random.count(20, 45) {
        let at = [0, 1, 2].map(|axis| random.range(-0.55, 0.55) * half[axis]);
        let grain = [random.range(1.5, 5.0), random.range(1.5, 5.0), random.range(1.5, 4.0)];
        let pose = thrown(random, [at[0], at[1], at[2] + half[2]], 0.5);
        made.add(Shape::Ellipsoid(grain), M::Glass, random.range(0.4, 0.95), pose);
    }
    let stems = random.count(1, 5);
    for i in 0..stems {
        let x = (i as f32 - 0.5 * (stems - 1) as f32) * 8.0;
        let tip = [x * 3.0 + random.range(-15.0, 15.0), half[1] + random.range(40.0, 120.0), half[2]];
        made.bar([x, 0.0, half[2]], tip, random.range(1.2, 3.2), M::Water, 0.8);
        for _ in 0..random.count(2, 5) {
            let share = random.range(0.5, 1.0);
            let at = [x + share * (tip[0] - x), share * tip[1], half[2]];
            let turn = Pose::turned(random.range(-1.3, 1.3), random.range(-0.4, 0.4), 0.0);
            made.add(Shape::Ellipsoid([7.0, 18.0, 0.6]), M::Water, 0.8, turn.moved(at[0], at[1], at[2]));
        }
    }
    Made::whole(Class::PlantMatter, made)
}

/// Branching fleshy roots: a body and fingers of many sizes.
pub(super) fn tubers(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let share = random.range(0.55, 1.0);
    let r = random.range(10.0, 20.0);
    let count = random.count(1, 6);
    for at in pile(random, count, r * 4.2, r * 2.0, 1, 1.2) {
        let mut one = Assembly::default();
        fresh(&mut one, [r, r * random.range(1.2, 2.4), r * 0.9], Pose::at(0.0, 0.0, r), share);
        for _ in 0..random.count(2, 6) {
            let turn = Pose::turned(random.range(0.0, 6.3), 0.0, 0.0);
            let (own, long) = (r * random.range(0.25, 0.6), r * random.range(0.6, 1.3));
            let pose = turn.over(&Pose::at(0.0, r * 0.6 + long, 0.0)).moved(0.0, 0.0, r);
            fresh(&mut one, [own, long, own], pose, share);
        }
        roots(random, &mut one, [0.0, -r, r], -r * 1.8, 3);
        made.place(&one, &Pose::turned(random.range(0.0, 6.3), 0.0, 0.0).moved(at[0], at[1], 0.0));
    }
    Made::whole(Class::PlantMatter, made)
}

/// Fresh tissue: four parts of water in a frame of cellulose.
fn fresh(made: &mut Assembly, half: Vector, pose: Pose, share: f32) {
    made.add(Shape::Ellipsoid(half), M::Water, 0.75 * share, pose);
    made.add(Shape::Ellipsoid(half), M::Cellulose, 0.1 * share, pose);
}

fn roots(random: &mut Random, made: &mut Assembly, from: Vector, along: f32, count: usize) {
    for _ in 0..count {
        let bend = [
            from[0] + random.range(-0.4, 0.4) * along.abs(),
            from[1] + along * random.range(0.35, 0.6),
            from[2] + random.range(-3.0, 3.0),
        ];
        let end = [bend[0] + random.range(-0.3, 0.3) * along.abs(), from[1] + along * random.range(0.7, 1.1), from[2]];
        made.bar(from, bend, random.range(0.8, 1.8), M::Water, 0.8);
        made.bar(bend, end, random.range(0.5, 1.0), M::Water, 0.8);
    }
}
