//! Knives and loose blades by their parts: outlines and materials only.

use super::super::physics::Material as M;
use super::super::random::Random;
use super::super::shape::{Assembly, Pose, Shape, circle};
use super::{Class, Design, Made, several};

mod edges;

pub(super) const BLADES: &[Design] = &[
    Design { name: "kitchen-knife", unseen: false, make: |random| alone(random, kitchen_knife) },
    Design { name: "serrated-knife", unseen: false, make: |random| alone(random, edges::serrated_knife) },
    Design { name: "knife-set", unseen: false, make: knife_set },
    Design { name: "folding-knife", unseen: false, make: folding_knife },
    Design { name: "butterfly-knife", unseen: false, make: edges::butterfly_knife },
    Design { name: "dagger", unseen: false, make: dagger },
    Design { name: "sheath-knife", unseen: false, make: edges::sheath_knife },
    Design { name: "push-dagger", unseen: false, make: edges::push_dagger },
    Design { name: "throwing-knives", unseen: false, make: edges::throwing_knives },
    Design { name: "box-cutter", unseen: false, make: box_cutter },
    Design { name: "spare-blades", unseen: false, make: edges::spare_blades },
    Design { name: "straight-razor", unseen: false, make: edges::straight_razor },
    Design { name: "hatchet", unseen: false, make: edges::hatchet },
    Design { name: "pruning-hook", unseen: false, make: edges::pruning_hook },
    Design { name: "shears", unseen: false, make: edges::shears },
    Design { name: "cleaver", unseen: true, make: cleaver },
    Design { name: "curved-knife", unseen: true, make: curved_knife },
    Design { name: "scissors", unseen: true, make: scissors },
];

fn handle(random: &mut Random, made: &mut Assembly, length: f32, tang: f32, z: f32) {
    let material = random.choose(&[M::Abs, M::Cellulose, M::Nylon]);
    made.add(Shape::Ellipsoid([13.0, length * 0.56, 9.0]), material, 0.9, Pose::at(0.0, -length * 0.5, z));
    made.block([9.0, length, tang], M::Steel, 1.0, Pose::at(0.0, -length * 0.5, z));
    for i in 0..random.count(0, 3) {
        let y = -length * (0.2 + 0.28 * i as f32);
        made.add(Shape::Cylinder(2.5, 8.0), M::Brass, 1.0, Pose::at(0.0, y, z));
    }
}

fn alone(random: &mut Random, make: fn(&mut Random) -> Assembly) -> Made {
    Made::whole(Class::Blade, make(random))
}

fn kitchen_knife(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (length, width) = (random.range(70.0, 215.0), random.range(0.13, 0.28));
    let width = length * width;
    let thick = random.range(1.4, 2.8);
    // From a paring knife to a broad one; the back straight or dropping.
    let (belly, drop) = (random.range(0.45, 0.85), random.range(0.0, 0.5));
    let outline = vec![
        [-width * 0.5, 0.0],
        [width * 0.5, 0.0],
        [width * 0.5, length * belly],
        [width * 0.2, length * (0.5 * belly + 0.48)],
        [-width * (0.45 - drop * 0.6), length],
        [-width * 0.5, length * (0.95 - drop * 0.4)],
    ];
    // Ground to an edge: a little less than the thickness of its back.
    made.add(Shape::Prism(outline, thick * 0.5), M::Steel, random.range(0.7, 0.9), Pose::at(0.0, 0.0, 10.0));
    let length = random.range(88.0, 128.0);
    handle(random, &mut made, length, thick, 10.0);
    made
}

/// Two to five in a roll or a block.
fn knife_set(random: &mut Random) -> Made {
    let count = random.count(2, 5);
    let mut made = several(random, count, kitchen_knife);
    if random.chance(0.6) {
        let (low, high) = made.bounds();
        let size = [high[0] - low[0] + 10.0, (high[1] - low[1]) * 0.7, 4.0];
        let cloth = random.choose(&[M::Nylon, M::Protein, M::Cellulose]);
        made.block(size, cloth, 0.4, Pose::at((low[0] + high[0]) * 0.5, (low[1] + high[1]) * 0.5, low[2]));
    }
    Made::whole(Class::Blade, made)
}

fn folding_knife(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let length = random.range(75.0, 125.0);
    let open = match random.count(0, 5) {
        0..=2 => std::f32::consts::PI,
        3 => random.range(0.8, 2.6),
        _ => random.range(0.05, 0.15),
    };
    let wide = random.range(17.0, 30.0);
    let scale = random.choose(&[M::Abs, M::Aluminium, M::Cellulose, M::Titanium, M::Nylon]);
    for z in [5.0, 15.0] {
        made.block([wide * 0.9, length, 1.2], M::Steel, 1.0, Pose::at(0.0, -length * 0.5, z));
        made.block([wide, length, random.range(2.0, 4.0)], scale, 0.9, Pose::at(0.0, -length * 0.5, z));
    }
    let w = wide * random.range(0.35, 0.5);
    let blade = vec![[-w, 0.0], [w, 0.0], [w, -length * 0.6], [-w * 0.6, -length * 0.93], [-w, -length * 0.8]];
    let thick = random.range(2.0, 3.4) * 0.5;
    made.add(Shape::Prism(blade, thick), M::Steel, 0.9, Pose::turned(open, 0.0, 0.0).moved(0.0, -6.0, 10.0));
    made.add(Shape::Cylinder(4.0, 9.0), M::Steel, 1.0, Pose::at(0.0, -6.0, 10.0));
    Made::whole(Class::Blade, made)
}

fn dagger(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (length, width, thick) = (random.range(90.0, 200.0), random.range(15.0, 36.0), random.range(2.5, 4.5));
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
    let thick = random.range(2.0, 3.2);
    made.block([width, length, thick], M::Steel, 0.85, Pose::at(width * 0.35, length * 0.5, 10.0));
    made.add(Shape::Cylinder(5.0, thick * 0.5), M::Steel, -0.85, Pose::at(0.0, length * 0.92, 10.0));
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
