//! Liquids and creams in containers: walls, a level or a bubble, and a smooth body of one thickness profile.

use super::super::physics::Material as M;
use super::super::random::Random;
use super::super::shape::{Assembly, Pose, Shape};
use super::super::vessels::{Content, Vessel, case};
use super::{Class, Design, Made};

pub(super) const LIQUIDS: &[Design] = &[
    Design { name: "plastic-bottle", unseen: false, make: plastic_bottle },
    Design { name: "glass-bottle", unseen: false, make: glass_bottle },
    Design { name: "bottle-standing", unseen: false, make: bottle_standing },
    Design { name: "drink-can", unseen: false, make: drink_can },
    Design { name: "jar", unseen: false, make: jar },
    Design { name: "perfume", unseen: false, make: perfume },
    Design { name: "liquid-pouch", unseen: false, make: liquid_pouch },
    Design { name: "canister", unseen: false, make: canister },
    Design { name: "dropper-vials", unseen: false, make: dropper_vials },
    Design { name: "pump-bottle", unseen: false, make: pump_bottle },
    Design { name: "cream-tubes", unseen: false, make: cream_tubes },
    Design { name: "test-tubes", unseen: false, make: test_tubes },
    Design { name: "spray-can", unseen: false, make: spray_can },
    Design { name: "ampoules", unseen: true, make: ampoules },
    Design { name: "hip-flask", unseen: true, make: hip_flask },
    Design { name: "infusion-bag", unseen: true, make: infusion_bag },
    Design { name: "drink-carton", unseen: true, make: drink_carton },
];

/// Water and what is like it, spirits, oil, syrup; up to `level`, mostly with a bubble.
fn liquid(random: &mut Random, least: f32) -> Content {
    let (material, fill) = random.choose(&[
        (M::Water, 1.0),
        (M::Water, 1.03),
        (M::Ethanol, 1.1),
        (M::Ethanol, 1.0),
        (M::Polyethylene, 0.98),
        (M::Sugar, 0.84),
    ]);
    Content { material, fill, level: if random.chance(0.15) { 1.0 } else { random.range(least, 0.97) } }
}

fn cap(random: &mut Random, made: &mut Assembly, vessel: &Vessel, radius: f32) {
    let (y, axis) = (vessel.length() * 0.5, vessel.radius());
    let height = random.range(10.0, 26.0);
    let (material, fill) = random.choose(&[(M::Polyethylene, 0.5), (M::Abs, 0.5), (M::Aluminium, 0.12)]);
    made.bar([0.0, y - height * 0.6, axis], [0.0, y + height * 0.4, axis], radius + 1.2, material, fill);
}

fn plastic_bottle(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let r = random.range(14.0, 42.0);
    let wall = random.choose(&[M::Pet, M::Polyethylene]);
    let neck = r * random.range(0.3, 0.6);
    let vessel = Vessel::bottle(wall, random.range(0.5, 1.6), r, r * random.range(2.2, 4.6), neck);
    let content = liquid(random, 0.35);
    vessel.lying(&mut made, Some(content));
    cap(random, &mut made, &vessel, neck);
    Made::whole(Class::Liquid, made)
}

fn glass_bottle(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let r = random.range(12.0, 40.0);
    let neck = r * random.range(0.28, 0.42);
    let mut vessel = Vessel::bottle(M::Glass, random.range(1.8, 4.2), r, r * random.range(2.2, 4.2), neck.max(6.0));
    if random.chance(0.5) {
        vessel.rings.push([random.range(15.0, 60.0), neck.max(6.0)]);
    }
    let content = liquid(random, 0.4);
    vessel.lying(&mut made, Some(content));
    cap(random, &mut made, &vessel, neck.max(6.0));
    Made::whole(Class::Liquid, made)
}

fn bottle_standing(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let r = random.range(16.0, 40.0);
    let (wall, wall_mm) = random.choose(&[(M::Pet, 0.8), (M::Polyethylene, 1.4), (M::Glass, 2.8)]);
    let neck = (r * random.range(0.3, 0.6)).max(5.0);
    let vessel = Vessel::bottle(wall, wall_mm, r, r * random.range(1.6, 3.4), neck);
    let content = liquid(random, 0.3);
    vessel.standing(&mut made, Some(content));
    made.add(Shape::Cylinder(neck + 1.5, 7.0), M::Polyethylene, 0.6, Pose::at(0.0, 0.0, vessel.length()));
    Made::whole(Class::Liquid, made)
}

fn drink_can(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (wall, wall_mm) = random.choose(&[(M::Aluminium, 0.15), (M::Steel, 0.2)]);
    let (r, length) = (random.range(26.0, 38.0), random.range(85.0, 168.0));
    for i in 0..random.count(1, 3) {
        let mut one = Assembly::default();
        let vessel = Vessel { wall, wall_mm, rings: vec![[6.0, r * 0.88], [length, r], [8.0, r * 0.84]] };
        let content = Content { level: random.range(0.8, 0.95), ..liquid(random, 0.8) };
        vessel.lying(&mut one, Some(content));
        for side in [-0.5, 0.5] {
            let y = side * vessel.length();
            one.bar([0.0, y - 0.2, r], [0.0, y + 0.2, r], r * 0.84, wall, 0.8);
        }
        made.place(&one, &Pose::at(i as f32 * r * 2.06, 0.0, 0.0));
    }
    Made::whole(Class::Liquid, made)
}

/// Cream, honey, ointment in a wide jar with a lid.
fn jar(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (wall, wall_mm) = random.choose(&[(M::Glass, 2.8), (M::Glass, 3.8), (M::Acrylic, 3.5), (M::Polyethylene, 1.5)]);
    for i in 0..random.count(1, 3) {
        let (r, height) = (random.range(18.0, 40.0), random.range(22.0, 95.0));
        let vessel = Vessel::straight(wall, wall_mm, r, height);
        let content = liquid(random, 0.5);
        let mut one = Assembly::default();
        let (lid, fill) = random.choose(&[(M::Steel, 0.04), (M::Polyethylene, 0.4), (M::Aluminium, 0.1)]);
        if random.chance(0.6) {
            vessel.standing(&mut one, Some(content));
            one.add(Shape::Cylinder(r + 1.0, 5.0), lid, fill, Pose::at(0.0, 0.0, height));
        } else {
            vessel.lying(&mut one, Some(content));
            one.bar([0.0, height * 0.5 - 8.0, r], [0.0, height * 0.5 + 2.0, r], r + 1.0, lid, fill);
        }
        made.place(&one, &Pose::at(i as f32 * 84.0, 0.0, 0.0));
    }
    Made::whole(Class::Liquid, made)
}

fn perfume(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let size = [random.range(32.0, 75.0), random.range(48.0, 110.0), random.range(18.0, 36.0)];
    let (wall, z) = (random.range(2.5, 5.5), size[2] * 0.5);
    case(&mut made, size, wall, M::Glass, Pose::at(0.0, 0.0, z));
    let inside = size.map(|s| s - 2.0 * wall);
    let content = liquid(random, 0.55);
    let depth = inside[2] * content.level;
    let at = Pose::at(0.0, 0.0, wall + depth * 0.5);
    made.block([inside[0], inside[1], depth], M::Ethanol, 1.05, at);
    let mouth = size[1] * 0.5;
    made.pipe([0.0, mouth, z], [0.0, mouth + 15.0, z], 8.0, 0.8, M::Aluminium);
    made.bar([0.0, mouth, z], [0.0, mouth + 28.0, z], random.range(9.0, 15.0), M::Abs, 0.6);
    made.bar([0.0, -mouth + wall, z], [0.0, mouth, z], 1.2, M::Polyethylene, 0.6);
    Made::whole(Class::Liquid, made)
}

fn liquid_pouch(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let half = [random.range(35.0, 75.0), random.range(45.0, 105.0), random.range(7.0, 20.0)];
    let content = liquid(random, 0.5);
    made.add(Shape::Ellipsoid(half), content.material, content.fill, Pose::at(0.0, 0.0, half[2]));
    let film = random.choose(&[M::Aluminium, M::Polyethylene]);
    let thick = if film == M::Aluminium { 0.05 } else { 0.4 };
    made.block([half[0] * 2.0 + 12.0, half[1] * 2.0 + 12.0, thick], film, 1.0, Pose::at(0.0, 0.0, half[2]));
    let spout = random.choose(&[0.0, 0.6]) * half[0];
    made.pipe([spout, half[1], half[2]], [spout, half[1] + 20.0, half[2]], 7.0, 2.0, M::Polyethylene);
    made.bar([spout, half[1] + 8.0, half[2]], [spout, half[1] + 22.0, half[2]], 10.0, M::Polyethylene, 0.6);
    Made::whole(Class::Liquid, made)
}

/// A square can with a grip, lying or standing.
fn canister(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let size = [random.range(50.0, 120.0), random.range(90.0, 200.0), random.range(40.0, 90.0)];
    let (wall, wall_mm) = random.choose(&[(M::Polyethylene, 1.6), (M::Polyethylene, 2.5), (M::Steel, 0.3)]);
    case(&mut made, size, wall_mm, wall, Pose::at(0.0, 0.0, size[2] * 0.5));
    let content = liquid(random, 0.35);
    let inside = size.map(|s| s - 2.0 * wall_mm);
    if random.chance(0.5) {
        let depth = inside[2] * content.level;
        let at = Pose::at(0.0, 0.0, wall_mm + depth * 0.5);
        made.block([inside[0], inside[1], depth], content.material, content.fill, at);
    } else {
        let depth = inside[1] * content.level;
        let at = Pose::at(0.0, (depth - inside[1]) * 0.5, size[2] * 0.5);
        made.block([inside[0], depth, inside[2]], content.material, content.fill, at);
    }
    let (x, y, z) = (size[0] * 0.3, size[1] * 0.5, size[2] * 0.5);
    made.bar([x, y, z], [x, y + 18.0, z], 12.0, M::Polyethylene, 0.6);
    made.wire(&[[-x, y, z], [-x, y + 16.0, z], [x * 0.4, y + 16.0, z], [x * 0.4, y, z]], 5.0, M::Polyethylene);
    Made::whole(Class::Liquid, made)
}

fn dropper_vials(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, length) = (random.range(9.0, 17.0), random.range(30.0, 62.0));
    let (wall, wall_mm) = random.choose(&[(M::Glass, 1.6), (M::Polyethylene, 0.9), (M::Pet, 0.8)]);
    let columns = random.count(2, 5);
    for i in 0..random.count(1, 8) {
        let mut one = Assembly::default();
        let vessel = Vessel::bottle(wall, wall_mm, r, length, r * 0.5);
        let content = liquid(random, 0.5);
        vessel.lying(&mut one, Some(content));
        let end = vessel.length() * 0.5;
        one.bar([0.0, end - 8.0, r], [0.0, end + 4.0, r], r * 0.7, M::Abs, 0.6);
        one.bar([0.0, end + 4.0, r], [0.0, end + 20.0, r], r * 0.45, M::Pvc, 0.4);
        one.bar([0.0, -end * 0.5, r], [0.0, end, r], 2.0, M::Glass, 0.5);
        let at = [(i % columns) as f32 * r * 2.3, (i / columns) as f32 * (vessel.length() + 26.0)];
        made.place(&one, &Pose::at(at[0], at[1], 0.0));
    }
    Made::whole(Class::Liquid, made)
}

/// Soap or shampoo: a flat body, a pump with its spring and tube.
fn pump_bottle(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let half = [random.range(24.0, 40.0), random.range(55.0, 95.0), random.range(16.0, 26.0)];
    let content = liquid(random, 0.6);
    let outer = half.map(|h| h * 2.0);
    case(&mut made, outer, 1.2, random.choose(&[M::Polyethylene, M::Pet]), Pose::at(0.0, 0.0, half[2]));
    let inside = outer.map(|s| s - 2.4);
    let depth = inside[2] * content.level;
    let at = Pose::at(0.0, 0.0, 1.2 + depth * 0.5);
    made.block([inside[0], inside[1], depth], content.material, content.fill, at);
    let (y, z) = (half[1], half[2]);
    made.bar([0.0, y, z], [0.0, y + 18.0, z], 13.0, M::Polyethylene, 0.6);
    made.bar([0.0, y + 18.0, z], [0.0, y + 45.0, z], 4.0, M::Polyethylene, 0.7);
    made.bar([-8.0, y + 45.0, z], [32.0, y + 47.0, z], 6.0, M::Polyethylene, 0.7);
    made.bar([0.0, y - 5.0, z], [0.0, y + 20.0, z], 3.0, M::Steel, 0.25);
    made.bar([0.0, -y * 0.9, z], [0.0, y, z], 2.5, M::Polyethylene, 0.5);
    Made::whole(Class::Liquid, made)
}

/// Paste in soft tubes: round at the cap, flat at the crimp.
fn cream_tubes(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let crimp = random.choose(&[M::Aluminium, M::Polyethylene]);
    for i in 0..random.count(1, 4) {
        let (r, half) = (random.range(11.0, 22.0), random.range(38.0, 80.0));
        let x = i as f32 * 50.0;
        let content = liquid(random, 0.5);
        let profile = vec![[-half, 0.3 * r], [-half, 1.7 * r], [half * 0.3, 1.4 * r], [half, r], [half * 0.3, 0.6 * r]];
        let across = Pose::between([x - r * 0.85, 0.0, 0.0], [x + r * 0.85, 0.0, 0.0]);
        made.add(Shape::Prism(profile, r * 0.85), content.material, content.fill, across);
        made.block([r * 2.4, 9.0, 1.2], crimp, 0.6, Pose::at(x, half, r));
        made.bar([x, -half - 14.0, r], [x, -half, r], r * random.range(0.5, 0.9), M::Polyethylene, 0.6);
    }
    Made::whole(Class::Liquid, made)
}

/// Sample tubes in a rack or loose side by side, to different levels.
fn test_tubes(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, length) = (random.range(5.5, 9.0), random.range(65.0, 130.0));
    let (wall, wall_mm) = random.choose(&[(M::Glass, 1.0), (M::Pet, 0.8)]);
    let count = random.count(3, 12);
    for i in 0..count {
        let mut one = Assembly::default();
        let content = Content { level: 1.0, ..liquid(random, 0.4) };
        let share = random.range(0.35, 0.95);
        // The liquid is held at the bottom by its own surface, as in any narrow tube.
        let full = Vessel { wall, wall_mm, rings: vec![[length, r]] };
        full.lying(&mut one, None);
        let (from, to) = (-length * 0.5 + wall_mm, length * (share - 0.5));
        one.bar([0.0, from, r], [0.0, to, r], r - wall_mm, content.material, content.fill);
        one.bar([0.0, length * 0.5 - 8.0, r], [0.0, length * 0.5 + 6.0, r], r + 1.0, M::Polyethylene, 0.7);
        made.place(&one, &Pose::at(i as f32 * (r * 2.0 + 5.0), random.range(-2.0, 2.0), 0.0));
    }
    if random.chance(0.6) {
        let wide = count as f32 * (r * 2.0 + 5.0);
        for y in [-0.3, 0.25] {
            let at = Pose::at(wide * 0.5 - r - 2.5, y * length, r);
            made.block([wide + 8.0, 5.0, r * 2.4], M::Polyethylene, 0.5, at);
        }
    }
    Made::whole(Class::Liquid, made)
}

/// Under pressure: steel or aluminium, domed, with valve, dip tube and mixing ball.
fn spray_can(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (wall, wall_mm) = random.choose(&[(M::Steel, 0.22), (M::Aluminium, 0.45)]);
    let (r, length) = (random.range(17.0, 33.0), random.range(90.0, 200.0));
    let rings = vec![[length, r], [5.0, r * 0.85], [5.0, r * 0.65], [4.0, r * 0.45]];
    let vessel = Vessel { wall, wall_mm, rings };
    let content = liquid(random, 0.25);
    vessel.lying(&mut made, Some(Content { level: content.level.min(0.8), ..content }));
    let end = vessel.length() * 0.5;
    made.bar([0.0, end, r], [0.0, end + 12.0, r], 5.0, M::Steel, 0.3);
    made.bar([0.0, -end * 0.9, r], [0.0, end, r], 2.0, M::Polyethylene, 0.6);
    made.bar([0.0, end - 12.0, r], [0.0, end + 28.0, r], r * 0.95, M::Polyethylene, 0.12);
    if random.chance(0.6) {
        made.add(Shape::Ellipsoid([4.0; 3]), M::Steel, 1.0, Pose::at(r * 0.4, random.range(-0.7, 0.0) * end, 6.0));
    }
    Made::whole(Class::Liquid, made)
}

/// Small sealed glass bodies with a drawn-out tip, in a tray.
fn ampoules(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, length) = (random.range(5.0, 9.5), random.range(32.0, 70.0));
    let count = random.count(5, 12);
    let shape = vec![[length, r], [3.0, r * 0.55], [7.0, r * 0.7], [12.0, r * 0.4]];
    let vessel = Vessel { wall: M::Glass, wall_mm: 0.7, rings: shape };
    for i in 0..count {
        let mut one = Assembly::default();
        let content = liquid(random, 0.6);
        vessel.lying(&mut one, Some(content));
        made.place(&one, &Pose::at(i as f32 * (r * 2.0 + 3.0), 0.0, 1.5));
    }
    let wide = count as f32 * (r * 2.0 + 3.0);
    let at = Pose::at(wide * 0.5 - r - 1.5, 0.0, 0.7);
    made.block([wide + 8.0, vessel.length() + 12.0, 1.0], random.choose(&[M::Pvc, M::Cellulose]), 0.8, at);
    Made::whole(Class::Liquid, made)
}

/// Curved sheet steel with a small screw cap.
fn hip_flask(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (half, length, thick) = (random.range(35.0, 48.0), random.range(80.0, 120.0), random.range(19.0, 27.0));
    let bow = random.range(6.0, 14.0);
    // Across x, kidney-shaped: outer face bowed out, inner face bowed in.
    let kidney = |inset: f32| -> Vec<[f32; 2]> {
        let (half, low, high) = (half - inset, inset, thick - inset);
        let steps = [-1.0, -0.75, -0.4, 0.0, 0.4, 0.75, 1.0f32];
        let lower = steps.iter().map(|s| [s * half, low + bow * (1.0 - s * s)]);
        let upper = steps.iter().rev().map(|s| [s * half * 0.97, high * (1.0 - 0.35 * s * s) + bow * (1.0 - s * s)]);
        lower.chain(upper).collect()
    };
    let (from, to) = ([0.0, -length * 0.5, 0.0], [0.0, length * 0.5, 0.0]);
    let lying = Pose::between(from, to);
    let wall = random.range(0.6, 1.0);
    made.add(Shape::Prism(kidney(0.0), length * 0.5), M::Steel, 1.0, lying);
    made.add(Shape::Prism(kidney(wall), length * 0.5 - wall), M::Steel, -1.0, lying);
    let content = liquid(random, 0.5);
    let full = (length - 2.0 * wall) * content.level;
    let at = lying.over(&Pose::at(0.0, 0.0, (full - length) * 0.5 + wall));
    made.add(Shape::Prism(kidney(wall + 0.2), full * 0.5), content.material, content.fill, at);
    let (y, z) = (length * 0.5, thick * 0.5 + bow);
    made.pipe([0.0, y, z], [0.0, y + 14.0, z], 9.0, 2.0, M::Steel);
    made.bar([0.0, y + 6.0, z], [0.0, y + 20.0, z], 11.0, M::Steel, 0.4);
    made.bar([11.0, y + 10.0, z], [20.0, y - 2.0, z], 2.0, M::Steel, 1.0);
    Made::whole(Class::Liquid, made)
}

/// A soft bag with welded rims, a hanging eye and two ports.
fn infusion_bag(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let half = [random.range(38.0, 65.0), random.range(60.0, 105.0), random.range(9.0, 18.0)];
    let (material, fill) = random.choose(&[(M::Water, 1.0), (M::Water, 1.02), (M::Ethanol, 1.1)]);
    let z = half[2];
    // Pillow: a flat middle within rounded corners, swollen towards the centre.
    let round = (0..16).map(|i| (i as f32 * std::f32::consts::TAU / 16.0).sin_cos());
    let soft = |share: f32, size: f32| size * share.signum() * share.abs().powf(0.45);
    let outline = round.map(|(sine, cosine)| [soft(cosine, half[0]), soft(sine, half[1])]).collect();
    made.add(Shape::Prism(outline, z * 0.45), material, fill, Pose::at(0.0, 0.0, z));
    made.add(Shape::Ellipsoid(half), material, fill * 0.5, Pose::at(0.0, 0.0, z));
    let (w, l) = (half[0] * 2.0 + 8.0, half[1] * 2.0 + 34.0);
    made.block([w, l, 0.7], M::Pvc, 1.0, Pose::at(0.0, 6.0, z));
    for side in [-0.5, 0.5] {
        made.block([4.0, l, 1.0], M::Pvc, 1.0, Pose::at(side * (w - 4.0), 6.0, z));
    }
    let top = half[1] + 18.0;
    made.pipe([0.0, top - 10.0, z - 0.5], [0.0, top - 9.0, z + 0.5], 5.0, 2.0, M::Pvc);
    for x in [-9.0, 9.0] {
        made.pipe([x, -half[1], z], [x, -half[1] - random.range(20.0, 34.0), z], 4.0, 1.3, M::Pvc);
    }
    Made::whole(Class::Liquid, made)
}

/// Coated board with a pointed gable or a flat top, foil inside.
fn drink_carton(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let size = [random.range(48.0, 95.0), random.range(100.0, 200.0), random.range(38.0, 75.0)];
    let z = size[2] * 0.5;
    case(&mut made, size, 0.5, M::Cellulose, Pose::at(0.0, 0.0, z));
    case(&mut made, size.map(|s| s - 1.2), 0.02, M::Aluminium, Pose::at(0.0, 0.0, z));
    let content = liquid(random, 0.75);
    let depth = (size[2] - 2.0) * content.level;
    let at = Pose::at(0.0, 0.0, 1.0 + depth * 0.5);
    made.block([size[0] - 2.0, size[1] - 2.0, depth], content.material, content.fill, at);
    let top = size[1] * 0.5;
    if random.chance(0.6) {
        let gable = vec![[0.0, -z], [0.0, z], [30.0, 1.5], [42.0, 1.5], [42.0, -1.5], [30.0, -1.5]];
        let across = Pose::between([-size[0] * 0.5, top, z], [size[0] * 0.5, top, z]);
        made.add(Shape::Prism(gable, size[0] * 0.5), M::Cellulose, 0.06, across);
        made.block([size[0], 12.0, 1.6], M::Cellulose, 0.8, Pose::at(0.0, top + 36.0, z));
    }
    made.bar([0.0, top * 0.7, size[2]], [0.0, top * 0.7, size[2] + 9.0], 12.0, M::Polyethylene, 0.5);
    Made::whole(Class::Liquid, made)
}
