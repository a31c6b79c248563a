//! Cells, devices, lumps and shields. Outlines and materials as an X-ray sees them; no construction follows from it.

use super::physics::Material as M;
use super::random::Random;
use super::shape::{Assembly, Pose, Shape};
use super::targets::{Class, Design, Made};

pub(super) const BATTERIES: &[Design] = &[
    Design { name: "round-cells", unseen: false, make: |random| round_cells(random, 9.2, 65.0) },
    Design { name: "small-cells", unseen: false, make: |random| round_cells(random, 7.2, 50.0) },
    Design { name: "power-bank", unseen: false, make: power_bank },
    Design { name: "phone", unseen: false, make: |random| slab_device(random, [72.0, 150.0, 8.5], [0.8, 0.55]) },
    Design { name: "pouch-cells", unseen: false, make: pouch_cells },
    Design { name: "tablet", unseen: true, make: |random| slab_device(random, [165.0, 235.0, 8.0], [0.55, 0.7]) },
    Design { name: "tool-pack", unseen: true, make: tool_pack },
    Design { name: "large-cells", unseen: true, make: |random| round_cells(random, 13.0, 70.0) },
];

pub(super) const EXPLOSIVE_DEVICES: &[Design] = &[
    Design { name: "block-with-timer", unseen: false, make: |random| device(random, Charge::Block) },
    Design { name: "metal-pipe", unseen: false, make: |random| device(random, Charge::Pipe) },
    Design { name: "bottle", unseen: false, make: |random| device(random, Charge::Bottle) },
    Design { name: "sheet", unseen: true, make: |random| device(random, Charge::Sheet) },
    Design { name: "cartridge", unseen: true, make: |random| device(random, Charge::Cartridge) },
];

pub(super) const DENSE_OBJECTS: &[Design] = &[
    Design { name: "bar", unseen: false, make: bar },
    Design { name: "ball", unseen: false, make: ball },
    Design { name: "rod", unseen: false, make: rod },
    Design { name: "ring-stack", unseen: false, make: ring_stack },
    Design { name: "wedge", unseen: true, make: wedge },
    Design { name: "statuette", unseen: true, make: statuette },
];

pub(super) const OPAQUE_THINGS: &[Design] = &[
    Design { name: "lead-pouch", unseen: false, make: lead_pouch },
    Design { name: "steel-block", unseen: false, make: steel_block },
    Design { name: "plate-stack", unseen: false, make: plate_stack },
    Design { name: "lined-can", unseen: true, make: lined_can },
    Design { name: "casting", unseen: true, make: casting },
];

/// One round cell between two points: steel can, homogenised winding, a cap.
fn cell(made: &mut Assembly, from: [f32; 3], to: [f32; 3], radius: f32) {
    made.bar(from, to, radius, M::Steel, 1.0);
    made.bar(from, to, radius - 0.3, M::Steel, -1.0);
    let at = |share: f32| [0, 1, 2].map(|axis| from[axis] + share * (to[axis] - from[axis]));
    made.bar(at(0.03), at(0.93), radius - 0.4, M::LithiumCell, 1.0);
    made.bar(at(0.97), at(1.02), radius * 0.35, M::Steel, 0.8);
}

fn round_cells(random: &mut Random, radius: f32, length: f32) -> Made {
    let mut made = Assembly::default();
    let count = random.count(1, 6);
    let rows = if count > 3 { 2 } else { 1 };
    for i in 0..count {
        let (x, z) = ((i / rows) as f32 * radius * 2.08, radius + (i % rows) as f32 * radius * 2.05);
        let (a, b) = ([x, -length * 0.5, z], [x, length * 0.5, z]);
        if random.chance(0.5) { cell(&mut made, a, b, radius) } else { cell(&mut made, b, a, radius) }
    }
    if random.chance(0.3) && count > 1 {
        let wide = (count / rows) as f32 * radius * 2.0;
        made.block([wide, 6.0, 0.2], M::Steel, 1.0, Pose::at(wide * 0.4, length * 0.52, radius));
        made.wire(&[[0.0, length * 0.5, radius], [wide * 0.5, length * 0.75, radius]], 0.8, M::Copper);
    }
    Made::whole(Class::Battery, made)
}

fn board(made: &mut Assembly, random: &mut Random, size: [f32; 2], at: [f32; 3]) {
    made.block([size[0], size[1], 1.2], M::CircuitBoard, 1.0, Pose::at(at[0], at[1], at[2]));
    for _ in 0..random.count(3, 9) {
        let (x, y) = (random.range(-0.45, 0.45) * size[0], random.range(-0.45, 0.45) * size[1]);
        let chip = [random.range(3.0, 10.0), random.range(3.0, 10.0), 1.4];
        let material = random.choose(&[M::CircuitBoard, M::Copper, M::Tin]);
        let fill = if material == M::CircuitBoard { 1.2 } else { 0.25 };
        made.block(chip, material, fill, Pose::at(at[0] + x, at[1] + y, at[2] + 1.3));
    }
}

fn power_bank(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let size = [random.range(55.0, 78.0), random.range(95.0, 155.0), random.range(13.0, 24.0)];
    let z = size[2] * 0.5;
    let shell = random.choose(&[M::Abs, M::Aluminium]);
    made.block(size, shell, 1.0, Pose::at(0.0, 0.0, z));
    made.block(size.map(|s| s - 3.0), shell, -1.0, Pose::at(0.0, 0.0, z));
    let pouch = [size[0] - 8.0, size[1] - 30.0, size[2] - 6.0];
    made.block(pouch, M::LithiumCell, 0.95, Pose::at(0.0, -11.0, z));
    board(&mut made, random, [size[0] - 10.0, 18.0], [0.0, size[1] * 0.5 - 13.0, z]);
    Made::whole(Class::Battery, made)
}

/// A phone or tablet: glass, thin frame, board, pouch cell of the given shares of width and length.
fn slab_device(random: &mut Random, size: [f32; 3], share: [f32; 2]) -> Made {
    let mut made = Assembly::default();
    let s = random.range(0.92, 1.08);
    let [w, l, t] = size.map(|v| v * s);
    let frame = random.choose(&[M::Aluminium, M::Steel, M::Abs]);
    made.block([w, l, t], frame, 1.0, Pose::at(0.0, 0.0, t * 0.5));
    made.block([w - 3.0, l - 3.0, t], frame, -1.0, Pose::at(0.0, 0.0, t * 0.5));
    made.block([w - 2.0, l - 2.0, 1.2], M::Glass, 1.0, Pose::at(0.0, 0.0, t - 0.6));
    made.block([w - 3.0, l - 3.0, 0.5], M::Aluminium, 1.0, Pose::at(0.0, 0.0, 1.5));
    let x = random.choose(&[-1.0, 1.0]) * w * (0.48 - share[0] * 0.5);
    made.block([w * share[0], l * share[1], 4.2], M::LithiumCell, 1.0, Pose::at(x, -l * 0.1, t * 0.5));
    board(&mut made, random, [w * 0.85, l * 0.25], [0.0, l * 0.34, t * 0.5]);
    for _ in 0..random.count(1, 3) {
        made.add(Shape::Cylinder(4.5, 2.2), M::Steel, 0.7, Pose::at(-w * 0.3, l * random.range(0.36, 0.44), t * 0.5));
    }
    Made::whole(Class::Battery, made)
}

fn pouch_cells(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let size = [random.range(28.0, 60.0), random.range(40.0, 110.0), random.range(4.0, 9.0)];
    for i in 0..random.count(1, 4) {
        let z = (i as f32 + 0.5) * (size[2] + 0.6);
        made.block(size, M::LithiumCell, 1.0, Pose::at(random.range(-2.0, 2.0), 0.0, z));
        for x in [-0.25, 0.25] {
            made.block([6.0, 14.0, 0.3], M::Copper, 1.0, Pose::at(x * size[0], size[1] * 0.5 + 6.0, z));
        }
    }
    if random.chance(0.6) {
        let end = [random.range(-30.0, 30.0), size[1] * 0.5 + 60.0, 5.0];
        made.wire(&[[0.0, size[1] * 0.5, 4.0], [8.0, size[1] * 0.5 + 25.0, 6.0], end], 0.9, M::Copper);
    }
    Made::whole(Class::Battery, made)
}

fn tool_pack(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    made.block([84.0, 118.0, 52.0], M::Abs, 0.22, Pose::at(0.0, 0.0, 26.0));
    for i in 0..random.count(5, 10) {
        let (y, z) = (-44.0 + 21.0 * (i % 5) as f32, 14.0 + 21.0 * (i / 5) as f32);
        cell(&mut made, [-33.0, y, z], [33.0, y, z], 9.2);
    }
    board(&mut made, random, [30.0, 90.0], [0.0, 0.0, 48.0]);
    Made::whole(Class::Battery, made)
}

#[derive(Clone, Copy, PartialEq)]
enum Charge {
    Block,
    Pipe,
    Bottle,
    Sheet,
    Cartridge,
}

/// Mass, initiator, cell, wiring, switch: always all of them. The cell is marked as a battery as well.
fn device(random: &mut Random, charge: Charge) -> Made {
    let mut made = Assembly::default();
    let mass = random.choose(&[M::Tnt, M::Rdx, M::AmmoniumNitrate]);
    let fill = if mass == M::AmmoniumNitrate { random.range(0.5, 0.65) } else { random.range(0.85, 1.0) };
    let (half, top) = organic_mass(random, &mut made, charge, mass, fill);
    // The initiator stands in the mass: a thin metal tube.
    let tube = random.choose(&[M::Aluminium, M::Copper]);
    let (inside, outside) = ([0.0, half * 0.3, top * 0.5], [0.0, half * 0.3 + random.range(48.0, 65.0), top * 0.5]);
    made.bar(inside, outside, 3.4, tube, 0.55);
    let side = random.range(38.0, 70.0) * random.choose(&[-1.0, 1.0]);
    let turn = Pose::turned(random.range(-0.5, 0.5), 0.0, 0.0).moved(side, random.range(-half, half) * 0.6, 0.0);
    let from = made.parts.len();
    for i in 0..random.count(1, 3) {
        let x = i as f32 * 19.0;
        if random.chance(0.7) {
            cell(&mut made, turn.place([x, -32.0, 9.5]), turn.place([x, 32.0, 9.5]), random.choose(&[7.2, 9.2]));
        } else {
            made.block([26.0, 46.0, 16.0], M::LithiumCell, 0.9, turn.over(&Pose::at(x * 1.4, 0.0, 9.0)));
        }
    }
    let cells = from..made.parts.len();
    let clock = [side * 0.5, half * 0.8 + 40.0, top * 0.6];
    let size = [random.range(25.0, 45.0), random.range(30.0, 60.0)];
    board(&mut made, random, size, clock);
    for (start, end) in
        [(outside, clock), (clock, turn.place([0.0, 34.0, 9.5])), (outside, turn.place([12.0, -34.0, 9.5]))]
    {
        let bend = [
            (start[0] + end[0]) * 0.5 + random.range(-30.0, 30.0),
            (start[1] + end[1]) * 0.5 + random.range(-20.0, 35.0),
            top,
        ];
        made.wire(&[start, bend, end], random.range(0.5, 0.9), M::Copper);
    }
    let all = 0..made.parts.len();
    Made { assembly: made, marks: vec![(Class::ExplosiveDevice, all), (Class::Battery, cells)] }
}

/// The mass in its container along y; gives its half length and height.
fn organic_mass(random: &mut Random, made: &mut Assembly, charge: Charge, mass: M, fill: f32) -> (f32, f32) {
    match charge {
        Charge::Block => {
            let size = [random.range(45.0, 90.0), random.range(90.0, 180.0), random.range(25.0, 55.0)];
            made.block(size, mass, fill, Pose::at(0.0, 0.0, size[2] * 0.5));
            (size[1] * 0.5, size[2])
        }
        Charge::Pipe => {
            let (r, half) = (random.range(14.0, 27.0), random.range(60.0, 120.0));
            let metal = random.choose(&[M::Steel, M::Copper, M::Pvc]);
            made.pipe([0.0, -half, r], [0.0, half, r], r, random.range(2.2, 3.6), metal);
            made.bar([0.0, -half, r], [0.0, half, r], r - 3.6, mass, fill);
            for y in [-half, half] {
                made.pipe([0.0, y - 14.0, r], [0.0, y + 14.0, r], r + 4.0, 3.5, metal);
            }
            (half, 2.0 * r)
        }
        Charge::Bottle => {
            let (r, half) = (random.range(28.0, 42.0), random.range(70.0, 100.0));
            made.pipe([0.0, -half, r], [0.0, half, r], r, 1.6, M::Polyethylene);
            made.bar([0.0, -half, r], [0.0, half * 0.9, r], r - 1.6, mass, fill);
            (half, 2.0 * r)
        }
        Charge::Sheet => {
            let size = [random.range(120.0, 170.0), random.range(180.0, 240.0), random.range(8.0, 14.0)];
            made.block(size, mass, fill, Pose::at(0.0, 0.0, size[2] * 0.5));
            (size[1] * 0.5, size[2])
        }
        Charge::Cartridge => {
            let (r, half) = (random.range(22.0, 30.0), random.range(120.0, 160.0));
            made.block([80.0, half * 2.2, 70.0], M::Abs, 0.12, Pose::at(0.0, 0.0, 35.0));
            made.bar([0.0, -half, r], [0.0, half, r], r, mass, fill);
            made.bar([26.0, -half, r], [26.0, half, r], 4.0, M::Steel, 1.0);
            (half, 2.0 * r)
        }
    }
}

const HEAVY: &[M] = &[M::Lead, M::Steel, M::Gold, M::Brass, M::Silver, M::Copper];

fn bar(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let size = [random.range(18.0, 35.0), random.range(30.0, 75.0), random.range(9.0, 16.0)];
    for i in 0..random.count(1, 2) {
        made.block(size, random.choose(HEAVY), 1.0, Pose::at(i as f32 * 40.0, 0.0, size[2] * 0.5));
    }
    Made::whole(Class::DenseObject, made)
}

fn ball(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let r = random.range(9.0, 18.0);
    made.add(Shape::Ellipsoid([r, r * random.range(0.9, 1.3), r]), random.choose(HEAVY), 1.0, Pose::at(0.0, 0.0, r));
    Made::whole(Class::DenseObject, made)
}

fn rod(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, half) = (random.range(7.0, 14.0), random.range(18.0, 45.0));
    made.bar([0.0, -half, r], [0.0, half, r], r, random.choose(&[M::Steel, M::Lead, M::Brass]), 1.0);
    Made::whole(Class::DenseObject, made)
}

fn ring_stack(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, half) = (random.range(13.0, 24.0), random.range(7.0, 14.0));
    let metal = random.choose(HEAVY);
    made.add(Shape::Cylinder(r, half), metal, 1.0, Pose::at(0.0, 0.0, half));
    made.add(Shape::Cylinder(r * 0.35, half), metal, -1.0, Pose::at(0.0, 0.0, half));
    Made::whole(Class::DenseObject, made)
}

fn wedge(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (w, l) = (random.range(22.0, 40.0), random.range(30.0, 60.0));
    let outline = vec![[-w * 0.5, -l * 0.5], [w * 0.5, -l * 0.5], [w * 0.2, l * 0.5], [-w * 0.2, l * 0.5]];
    made.add(Shape::Prism(outline, random.range(5.0, 9.0)), random.choose(HEAVY), 1.0, Pose::at(0.0, 0.0, 9.0));
    Made::whole(Class::DenseObject, made)
}

fn statuette(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (s, metal) = (random.range(0.7, 1.2), random.choose(&[M::Brass, M::Lead, M::LeadGlass, M::Silver]));
    made.add(Shape::Ellipsoid([13.0 * s, 24.0 * s, 12.0 * s]), metal, 1.0, Pose::at(0.0, 0.0, 13.0));
    made.add(Shape::Ellipsoid([9.0 * s; 3]), metal, 1.0, Pose::at(0.0, 30.0 * s, 13.0));
    made.add(Shape::Cylinder(15.0 * s, 4.0), metal, 1.0, Pose::between([0.0, -28.0 * s, 13.0], [0.0, -20.0 * s, 13.0]));
    Made::whole(Class::DenseObject, made)
}

fn lead_pouch(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (w, l, t) = (random.range(60.0, 150.0), random.range(80.0, 190.0), random.range(1.2, 2.5));
    for z in [3.0, random.range(10.0, 40.0)] {
        made.block([w, l, t], M::Lead, 1.0, Pose::turned(random.range(-0.06, 0.06), 0.0, 0.0).moved(0.0, 0.0, z));
    }
    Made::whole(Class::Opaque, made)
}

fn steel_block(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let size = [random.range(45.0, 90.0), random.range(60.0, 130.0), random.range(32.0, 60.0)];
    made.block(size, random.choose(&[M::Steel, M::Brass]), 1.0, Pose::at(0.0, 0.0, size[2] * 0.5));
    Made::whole(Class::Opaque, made)
}

fn plate_stack(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, plate) = (random.range(40.0, 75.0), random.range(9.0, 14.0));
    for i in 0..random.count(3, 4) {
        let at = Pose::at(random.range(-5.0, 5.0), random.range(-5.0, 5.0), plate * (i as f32 + 0.5));
        made.add(Shape::Cylinder(r, plate * 0.5), M::Steel, 1.0, at);
    }
    Made::whole(Class::Opaque, made)
}

fn lined_can(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, half) = (random.range(28.0, 50.0), random.range(45.0, 85.0));
    made.pipe([0.0, -half, r], [0.0, half, r], r, 0.4, M::Steel);
    made.pipe([0.0, -half, r], [0.0, half, r], r - 0.5, random.range(1.6, 3.0), M::Lead);
    Made::whole(Class::Opaque, made)
}

fn casting(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let s = random.range(0.9, 1.3);
    made.add(Shape::Cylinder(42.0 * s, 18.0 * s), M::Steel, 1.0, Pose::at(0.0, 0.0, 18.0 * s));
    made.block([50.0 * s, 70.0 * s, 34.0 * s], M::Steel, 1.0, Pose::at(0.0, 55.0 * s, 17.0 * s));
    made.add(Shape::Cylinder(11.0 * s, 18.0 * s), M::Steel, -1.0, Pose::at(0.0, 0.0, 18.0 * s));
    Made::whole(Class::Opaque, made)
}
