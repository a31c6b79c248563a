//! Firearms and blades, by their parts. Outlines and materials only: nothing here is to scale in what makes them work.

use std::f32::consts::FRAC_PI_3;

use super::physics::Material as M;
use super::random::Random;
use super::shape::{Assembly, Pose, Shape, circle};
use super::targets::{Class, Design, Made};

pub(super) const FIREARMS: &[Design] = &[
    Design { name: "pistol-steel", unseen: false, make: |random| pistol(random, M::Steel, 1.0) },
    Design { name: "pistol-polymer", unseen: false, make: |random| pistol(random, M::Nylon, 1.0) },
    Design { name: "pistol-compact", unseen: false, make: |random| pistol(random, M::Aluminium, 0.75) },
    Design { name: "revolver", unseen: false, make: |random| revolver(random, 1.0) },
    Design { name: "derringer", unseen: false, make: derringer },
    Design { name: "revolver-snub", unseen: true, make: |random| revolver(random, 0.45) },
    Design { name: "pistol-long-silenced", unseen: true, make: silenced },
    Design { name: "printed-frame", unseen: true, make: printed },
];

pub(super) const BLADES: &[Design] = &[
    Design { name: "kitchen-knife", unseen: false, make: kitchen_knife },
    Design { name: "folding-knife", unseen: false, make: folding_knife },
    Design { name: "dagger", unseen: false, make: dagger },
    Design { name: "box-cutter", unseen: false, make: box_cutter },
    Design { name: "cleaver", unseen: true, make: cleaver },
    Design { name: "curved-knife", unseen: true, make: curved_knife },
    Design { name: "scissors", unseen: true, make: scissors },
];

/// Barrel along y, muzzle forward; the grip points to +x.
fn pistol(random: &mut Random, frame: M, scale: f32) -> Made {
    let mut made = Assembly::default();
    let s = scale * random.range(0.9, 1.1);
    let (length, rake) = (random.range(165.0, 205.0) * s, random.range(0.15, 0.4));
    let z = 14.0;
    let slide = [26.0 * s, length, 25.0 * s];
    made.block(slide, M::Steel, 1.0, Pose::at(0.0, 0.0, z));
    made.block([18.0 * s, length * 0.92, 17.0 * s], M::Steel, -1.0, Pose::at(0.0, 0.0, z));
    made.pipe([-2.0, length * 0.02, z], [-2.0, length * 0.5, z], 7.5 * s, 3.0, M::Steel);
    made.bar([6.0 * s, 0.0, z], [6.0 * s, length * 0.45, z], 3.0 * s, M::Steel, 0.5);
    made.block([15.0 * s, length * 0.85, 24.0 * s], frame, 0.7, Pose::at(18.0 * s, -length * 0.05, z));
    let grip = Pose::turned(rake, 0.0, 0.0).moved(58.0 * s, -length * 0.32, z);
    made.block([95.0 * s, 46.0 * s, 27.0 * s], frame, 0.45, grip);
    let magazine = grip.over(&Pose::at(2.0, 3.0 * s, 0.0));
    made.block([92.0 * s, 30.0 * s, 20.0 * s], M::Steel, 0.12, magazine);
    for i in 0..random.count(0, 10) {
        let x = -38.0 + 8.0 * i as f32;
        let (a, b) = (magazine.place([x * s, -12.0, 0.0]), magazine.place([x * s, 10.0, 0.0]));
        made.bar(a, b, 4.4 * s, M::Brass, 0.35);
        made.bar(magazine.place([x * s, 6.0, 0.0]), magazine.place([x * s, 14.0, 0.0]), 4.2 * s, M::Lead, 0.7);
    }
    trigger(&mut made, [26.0 * s, -length * 0.08], 30.0 * s, z);
    Made::whole(Class::Firearm, made)
}

fn trigger(made: &mut Assembly, at: [f32; 2], size: f32, z: f32) {
    let guard = [
        [at[0], at[1] + size * 0.8, z],
        [at[0] + size * 0.8, at[1] + size * 0.6, z],
        [at[0] + size * 0.85, at[1] - size * 0.5, z],
    ];
    made.wire(&guard, 2.5, M::Steel);
    made.wire(&[[at[0], at[1], z], [at[0] + size * 0.6, at[1] + 3.0, z]], 2.5, M::Steel);
}

fn revolver(random: &mut Random, barrel_share: f32) -> Made {
    let mut made = Assembly::default();
    let z = 20.0;
    let barrel = random.range(95.0, 150.0) * barrel_share;
    made.pipe([0.0, 25.0, z], [0.0, 25.0 + barrel, z], 8.5, 3.8, M::Steel);
    made.block([8.0, barrel * 0.9, 8.0], M::Steel, 0.8, Pose::at(11.0, 25.0 + barrel * 0.5, z));
    let (r, axis) = (random.range(17.0, 20.0), 12.0);
    made.bar([axis, -20.0, z], [axis, 20.0, z], r, M::Steel, 1.0);
    for i in 0..6 {
        let angle = i as f32 * FRAC_PI_3 + random.range(-0.1, 0.1);
        let (x, h) = (axis + 0.6 * r * angle.cos(), z + 0.6 * r * angle.sin());
        made.bar([x, -20.0, h], [x, 20.0, h], 5.2, M::Steel, -1.0);
        if random.chance(0.6) {
            made.bar([x, -18.0, h], [x, 8.0, h], 4.8, M::Brass, 0.3);
            made.bar([x, 4.0, h], [x, 14.0, h], 4.6, M::Lead, 0.7);
        }
    }
    made.block([7.0, 70.0, 14.0], M::Steel, 1.0, Pose::at(-10.0, -3.0, z));
    made.block([34.0, 22.0, 13.0], M::Steel, 0.9, Pose::at(12.0, -32.0, z));
    let wood = random.choose(&[M::Cellulose, M::Nylon]);
    let grip = Pose::turned(random.range(0.35, 0.6), 0.0, 0.0).moved(55.0, -58.0, z);
    made.add(Shape::Ellipsoid([50.0, 20.0, 15.0]), wood, 0.7, grip);
    made.block([80.0, 9.0, 9.0], M::Steel, 0.8, grip);
    trigger(&mut made, [30.0, -8.0], 26.0, z);
    Made::whole(Class::Firearm, made)
}

fn derringer(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (z, half) = (12.0, random.range(35.0, 48.0));
    for x in [-7.0, 7.0] {
        made.pipe([x, -half * 0.4, z], [x, half * 1.4, z], 7.5, 2.6, M::Steel);
    }
    made.block([28.0, 36.0, 15.0], M::Steel, 0.9, Pose::at(4.0, -half * 0.7, z));
    let grip = Pose::turned(0.5, 0.0, 0.0).moved(38.0, -half * 1.1, z);
    made.add(Shape::Ellipsoid([38.0, 16.0, 11.0]), M::Cellulose, 0.8, grip);
    made.block([55.0, 6.0, 6.0], M::Steel, 0.9, grip);
    trigger(&mut made, [16.0, -half * 0.5], 20.0, z);
    Made::whole(Class::Firearm, made)
}

fn silenced(random: &mut Random) -> Made {
    let mut made = pistol(random, M::Nylon, 1.1).assembly;
    made.pipe([-2.0, 100.0, 14.0], [-2.0, 255.0, 14.0], 17.0, 2.0, M::Aluminium);
    for i in 0..7 {
        let y = 115.0 + 19.0 * i as f32;
        made.bar([-2.0, y, 14.0], [-2.0, y + 3.0, 14.0], 15.0, M::Steel, 0.9);
    }
    Made::whole(Class::Firearm, made)
}

fn printed(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let s = random.range(0.9, 1.15);
    made.block([34.0 * s, 170.0 * s, 32.0], M::Abs, 0.75, Pose::at(0.0, 0.0, 16.0));
    let grip = Pose::turned(0.2, 0.0, 0.0).moved(60.0 * s, -50.0 * s, 16.0);
    made.block([90.0 * s, 42.0 * s, 30.0], M::Abs, 0.7, grip);
    made.pipe([-3.0, -25.0, 16.0], [-3.0, 85.0 * s, 16.0], 8.0, 2.5, M::Steel);
    made.bar([5.0, -70.0 * s, 16.0], [5.0, -20.0, 16.0], 4.0, M::Steel, 0.6);
    made.bar([-3.0, -70.0 * s, 16.0], [-3.0, -35.0, 16.0], 6.0, M::Steel, 0.8);
    trigger(&mut made, [20.0, -20.0], 28.0, 16.0);
    Made::whole(Class::Firearm, made)
}

fn handle(random: &mut Random, made: &mut Assembly, length: f32, tang: f32, z: f32) {
    let material = random.choose(&[M::Abs, M::Cellulose, M::Nylon]);
    made.add(Shape::Ellipsoid([13.0, length * 0.56, 9.0]), material, 0.9, Pose::at(0.0, -length * 0.5, z));
    made.block([9.0, length, tang], M::Steel, 1.0, Pose::at(0.0, -length * 0.5, z));
    for i in 0..random.count(0, 3) {
        let y = -length * (0.2 + 0.28 * i as f32);
        made.add(Shape::Cylinder(2.5, 8.0), M::Brass, 1.0, Pose::at(0.0, y, z));
    }
}

fn kitchen_knife(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (length, width) = (random.range(90.0, 210.0), random.range(18.0, 42.0));
    let thick = random.range(1.4, 2.8);
    let outline = vec![
        [-width * 0.5, 0.0],
        [width * 0.5, 0.0],
        [width * 0.5, length * 0.6],
        [width * 0.2, length * 0.88],
        [-width * 0.45, length],
        [-width * 0.5, length * 0.95],
    ];
    made.add(Shape::Prism(outline, thick * 0.5), M::Steel, 0.85, Pose::at(0.0, 0.0, 10.0));
    let length = random.range(95.0, 125.0);
    handle(random, &mut made, length, thick, 10.0);
    Made::whole(Class::Blade, made)
}

fn folding_knife(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let length = random.range(75.0, 115.0);
    let open = if random.chance(0.5) { std::f32::consts::PI } else { random.range(0.05, 0.15) };
    for z in [5.0, 15.0] {
        made.block([22.0, length, 1.2], M::Steel, 1.0, Pose::at(0.0, -length * 0.5, z));
        let scale = random.choose(&[M::Abs, M::Aluminium, M::Cellulose]);
        made.block([24.0, length, 3.0], scale, 0.9, Pose::at(0.0, -length * 0.5, z));
    }
    let blade = vec![[-9.0, 0.0], [9.0, 0.0], [9.0, -length * 0.6], [-6.0, -length * 0.93], [-9.0, -length * 0.8]];
    let thick = random.range(2.0, 3.4) * 0.5;
    made.add(Shape::Prism(blade, thick), M::Steel, 0.9, Pose::turned(open, 0.0, 0.0).moved(0.0, -6.0, 10.0));
    made.add(Shape::Cylinder(4.0, 9.0), M::Steel, 1.0, Pose::at(0.0, -6.0, 10.0));
    Made::whole(Class::Blade, made)
}

fn dagger(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (length, width, thick) = (random.range(110.0, 200.0), random.range(20.0, 32.0), random.range(2.5, 4.5));
    let outline = vec![
        [-width * 0.5, 0.0],
        [width * 0.5, 0.0],
        [width * 0.45, length * 0.7],
        [0.0, length],
        [-width * 0.45, length * 0.7],
    ];
    made.add(Shape::Prism(outline, thick * 0.5), M::Steel, 0.7, Pose::at(0.0, 0.0, 10.0));
    made.block([width * 2.2, 7.0, 9.0], M::Steel, 0.9, Pose::at(0.0, 0.0, 10.0));
    handle(random, &mut made, 100.0, 4.0, 10.0);
    Made::whole(Class::Blade, made)
}

fn box_cutter(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let length = random.range(120.0, 160.0);
    made.block([30.0, length, 16.0], random.choose(&[M::Abs, M::Zinc]), 0.3, Pose::at(0.0, 0.0, 9.0));
    let blade = vec![[-9.0, -55.0], [9.0, -55.0], [9.0, 40.0], [-9.0, 58.0]];
    let out = random.range(0.0, 30.0);
    made.add(Shape::Prism(blade, 0.35), M::Steel, 1.0, Pose::at(0.0, length * 0.1 + out, 9.0));
    made.block([22.0, length * 0.9, 0.8], M::Steel, 0.9, Pose::at(0.0, 0.0, 6.0));
    made.block([8.0, 20.0, 4.0], M::Steel, 0.6, Pose::at(0.0, 0.0, 14.0));
    Made::whole(Class::Blade, made)
}

fn cleaver(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (length, width) = (random.range(140.0, 190.0), random.range(60.0, 85.0));
    made.block([width, length, random.range(2.0, 3.2)], M::Steel, 0.85, Pose::at(width * 0.35, length * 0.5, 10.0));
    made.add(Shape::Cylinder(5.0, 2.0), M::Steel, -0.85, Pose::at(0.0, length * 0.92, 10.0));
    handle(random, &mut made, 115.0, 3.0, 10.0);
    Made::whole(Class::Blade, made)
}

fn curved_knife(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let r = random.range(55.0, 80.0);
    let (mut outer, mut inner) = (Vec::new(), Vec::new());
    for i in 0..7 {
        let angle = i as f32 * 0.25;
        let width = 26.0 * (1.0 - i as f32 / 6.3);
        outer.push([r - r * angle.cos(), r * angle.sin()]);
        inner.push([r - (r - width) * angle.cos(), (r - width) * angle.sin()]);
    }
    inner.reverse();
    outer.extend(inner);
    made.add(Shape::Prism(outer, random.range(1.2, 1.8)), M::Steel, 0.9, Pose::at(0.0, 0.0, 10.0));
    handle(random, &mut made, 95.0, 3.0, 10.0);
    made.wire(&circle([0.0, -108.0, 10.0], [15.0, 15.0], 10), 2.5, M::Steel);
    Made::whole(Class::Blade, made)
}

fn scissors(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (length, open) = (random.range(75.0, 120.0), random.range(0.05, 0.35));
    for side in [-1.0, 1.0] {
        let pose = Pose::turned(side * open, 0.0, 0.0).moved(0.0, 0.0, 8.0 + side);
        let blade = vec![[-7.0, -10.0], [7.0, -10.0], [6.0, length * 0.5], [side * 5.0, length], [-6.0, length * 0.5]];
        made.add(Shape::Prism(blade, 1.0), M::Steel, 1.0, pose);
        let (a, b) = (pose.place([0.0, -5.0, 0.0]), pose.place([side * 8.0, -55.0, 0.0]));
        made.bar(a, b, 4.0, M::Steel, 0.8);
        let ring: Vec<_> =
            circle([side * 14.0, -72.0, 0.0], [15.0, 22.0], 10).into_iter().map(|point| pose.place(point)).collect();
        made.wire(&ring, 4.5, M::Abs);
    }
    made.add(Shape::Cylinder(4.0, 3.0), M::Steel, 1.0, Pose::at(0.0, 0.0, 8.0));
    Made::whole(Class::Blade, made)
}
