//! Vaping devices: a cell, a tank or soaked wick, a small heater between them; and their refills without a cell.

use super::super::physics::Material as M;
use super::super::random::Random;
use super::super::shape::{Assembly, Pose, Shape};
use super::super::vessels::case;
use super::cells::{board, cell};
use super::{Class, Design, Made};

pub(super) const VAPES: &[Design] = &[
    Design { name: "disposable-stick", unseen: false, make: |random| several(random, stick, [1, 3]) },
    Design { name: "disposable-bar", unseen: false, make: |random| several(random, bar_shaped, [1, 3]) },
    Design { name: "pen-with-cartridge", unseen: false, make: |random| several(random, pen, [1, 2]) },
    Design { name: "box-mod", unseen: false, make: |random| several(random, box_mod, [1, 1]) },
    Design { name: "pod-system", unseen: false, make: |random| several(random, pod_system, [1, 2]) },
    Design { name: "pods-in-blister", unseen: false, make: |random| several(random, pod, [2, 8]) },
    Design { name: "cartridges-in-tray", unseen: false, make: |random| several(random, cartridge, [3, 12]) },
    Design { name: "glass-tanks", unseen: false, make: |random| several(random, glass_tank, [1, 3]) },
    Design { name: "sticks-in-carton", unseen: false, make: |random| several(random, stick, [5, 10]) },
    Design { name: "bars-in-carton", unseen: false, make: |random| several(random, bar_shaped, [4, 8]) },
    Design { name: "pen-kit", unseen: false, make: pen_kit },
    Design { name: "tube-mod", unseen: true, make: |random| several(random, tube_mod, [1, 2]) },
    Design { name: "pebble", unseen: true, make: |random| several(random, pebble, [1, 4]) },
    Design { name: "curved-pipe", unseen: true, make: |random| several(random, curved_pipe, [1, 1]) },
    Design { name: "twin-tank-screen", unseen: true, make: |random| several(random, twin_tank, [1, 4]) },
];

/// One device on z = 0 along y; cells apart from the rest, because they are targets of two classes.
#[derive(Default)]
struct Device {
    cells: Assembly,
    rest: Assembly,
}

/// A few of one kind side by side. All cells together are one battery target, as loose cells would be.
fn several(random: &mut Random, make: fn(&mut Random, f32) -> Device, counts: [usize; 2]) -> Made {
    let count = random.count(counts[0], counts[1]);
    let scale = random.range(0.85, 1.15);
    let device = make(random, scale);
    let (low, high) = device.rest.bounds();
    let pitch = [0, 1].map(|axis| high[axis] - low[axis] + random.range(2.0, 6.0));
    let columns = if pitch[1] > 60.0 { count.min(5) } else { count.min(4) };
    let places: Vec<Pose> =
        (0..count).map(|i| Pose::at((i % columns) as f32 * pitch[0], (i / columns) as f32 * pitch[1], 0.0)).collect();
    let mut made = Assembly::default();
    for place in &places {
        made.place(&device.cells, place);
    }
    let cells = made.parts.len();
    for place in &places {
        made.place(&device.rest, place);
    }
    let (low, high) = made.bounds();
    if count > 1 && random.chance(0.7) {
        let tray = [high[0] - low[0] + 6.0, high[1] - low[1] + 6.0, 0.8];
        let at = Pose::at((low[0] + high[0]) * 0.5, (low[1] + high[1]) * 0.5, high[2]);
        made.block(tray, random.choose(&[M::Pvc, M::Cellulose]), 0.6, at);
    }
    let all = 0..made.parts.len();
    let mut marks = vec![(Class::Vape, all)];
    if cells > 0 {
        marks.push((Class::Battery, 0..cells));
    }
    Made { assembly: made, marks }
}

/// Propylene glycol and glycerol: between ethanol and sugar, 1.1 g/cm³.
const JUICE: (M, f32) = (M::Ethanol, 1.4);

fn juice(random: &mut Random, made: &mut Assembly, from: [f32; 3], to: [f32; 3], radius: f32) {
    let share = random.range(0.3, 1.0);
    let end = [0, 1, 2].map(|axis| from[axis] + share * (to[axis] - from[axis]));
    made.bar(from, end, radius, JUICE.0, JUICE.1);
}

/// A heater: a coil or mesh round a wick in a small metal sleeve.
fn heater(made: &mut Assembly, at: [f32; 3], size: f32) {
    let (from, to) = ([at[0], at[1] - size, at[2]], [at[0], at[1] + size, at[2]]);
    made.pipe(from, to, 3.0, 0.5, M::Steel);
    made.bar(from, to, 1.6, M::Steel, 0.4);
}

fn stick(random: &mut Random, scale: f32) -> Device {
    let mut device = Device::default();
    let (r, length) = (7.0 * scale, random.range(88.0, 118.0) * scale);
    let shell = random.choose(&[M::Aluminium, M::Steel, M::Abs]);
    let cell_length = length * random.range(0.32, 0.45);
    cell(&mut device.cells, [0.0, 8.0, r], [0.0, 8.0 + cell_length, r], r - 1.0);
    let rest = &mut device.rest;
    rest.pipe([0.0, 0.0, r], [0.0, length, r], r, if shell == M::Abs { 0.9 } else { 0.35 }, shell);
    let wick = length - random.range(8.0, 16.0);
    rest.bar([0.0, 12.0 + cell_length, r], [0.0, wick, r], r - 0.8, JUICE.0, random.range(0.5, 1.2));
    heater(rest, [0.0, (12.0 + cell_length + wick) * 0.5, r], random.range(4.0, 9.0));
    rest.bar([0.0, 0.0, r], [0.0, 5.0, r], r - 0.6, M::CircuitBoard, 0.3);
    device
}

/// A flat bar: cell and soaked wick side by side or end to end, a mouthpiece.
fn bar_shaped(random: &mut Random, scale: f32) -> Device {
    let mut device = Device::default();
    let [w, l, t] = [random.range(24.0, 44.0) * scale, random.range(62.0, 90.0) * scale, 19.0 * scale];
    let z = t * 0.5;
    let shell = random.choose(&[M::Abs, M::Abs, M::Aluminium]);
    case(&mut device.rest, [w, l, t], if shell == M::Abs { 1.4 } else { 0.7 }, shell, Pose::at(0.0, l * 0.5, z));
    let x = w * 0.22;
    if w > 34.0 {
        cell(&mut device.cells, [-x, 6.0, z], [-x, l * 0.78, z], (w * 0.2).min(z - 1.6));
        device.rest.block([w * 0.4, l * 0.75, t - 5.0], JUICE.0, random.range(0.5, 1.2), Pose::at(x, l * 0.5, z));
        heater(&mut device.rest, [x, l * 0.45, z], random.range(4.0, 9.0));
    } else {
        cell(&mut device.cells, [0.0, 6.0, z], [0.0, l * 0.5, z], (w * 0.33).min(z - 1.6));
        let tank = [w - 5.0, l * 0.36, t - 5.0];
        device.rest.block(tank, JUICE.0, random.range(0.5, 1.2), Pose::at(0.0, l * 0.74, z));
        heater(&mut device.rest, [0.0, l * 0.72, z], random.range(4.0, 9.0));
    }
    device.rest.block([w * 0.4, 16.0, t * 0.5], M::Abs, 0.5, Pose::at(0.0, l + 8.0, z));
    device.rest.block([w * 0.5, 5.0, 1.2], M::CircuitBoard, 1.0, Pose::at(0.0, 4.0, z));
    device
}

/// A refill with a centre post: glass or plastic, brass thread at one end.
fn cartridge(random: &mut Random, scale: f32) -> Device {
    let mut device = Device::default();
    let rest = &mut device.rest;
    let (r, length) = (5.6 * scale, random.range(34.0, 46.0) * scale);
    let wall = random.choose(&[M::Glass, M::Pet]);
    rest.pipe([0.0, 8.0, r], [0.0, 8.0 + length, r], r, 0.9, wall);
    juice(random, rest, [0.0, 9.0, r], [0.0, 4.0 + length, r], r - 1.0);
    rest.pipe([0.0, 0.0, r], [0.0, 9.0, r], 3.6, 0.9, M::Brass);
    rest.bar([0.0, 7.0, r], [0.0, 12.0, r], r, M::Brass, 0.4);
    rest.bar([0.0, 10.0, r], [0.0, length, r], 1.5, M::Steel, 0.5);
    heater(rest, [0.0, 17.0, r], 4.0);
    rest.bar([0.0, 8.0 + length, r], [0.0, 18.0 + length, r], r * 0.8, M::Abs, 0.6);
    device
}

fn pen(random: &mut Random, scale: f32) -> Device {
    let mut device = cartridge(random, scale);
    let (r, length) = (5.6 * scale, random.range(65.0, 90.0));
    cell(&mut device.cells, [0.0, -6.0, r], [0.0, 6.0 - length, r], r - 0.9);
    let shell = random.choose(&[M::Steel, M::Aluminium]);
    device.rest.pipe([0.0, -length, r], [0.0, 2.0, r], r, 0.4, shell);
    device.rest.bar([0.0, -length, r], [0.0, 4.0 - length, r], r - 0.5, M::CircuitBoard, 0.5);
    device
}

fn glass_tank(random: &mut Random, scale: f32) -> Device {
    let mut device = Device::default();
    tank_on(random, &mut device.rest, [0.0, 0.0, 12.5 * scale], 12.0 * scale);
    device
}

/// A tank of a radius standing along y from a point: base, glass, chimney with coil, drip tip.
fn tank_on(random: &mut Random, made: &mut Assembly, at: [f32; 3], radius: f32) {
    let y = |dy: f32| [at[0], at[1] + dy, at[2]];
    let glass = random.range(16.0, 26.0);
    made.bar(y(0.0), y(10.0), radius, M::Steel, random.range(0.35, 0.6));
    made.pipe(y(10.0), y(10.0 + glass), radius, 1.3, M::Glass);
    juice(random, made, y(10.0), y(10.0 + glass), radius - 1.4);
    made.pipe(y(8.0), y(14.0 + glass), 4.5, 0.8, M::Steel);
    made.bar(y(11.0), y(24.0), 3.0, M::Steel, 0.3);
    made.bar(y(10.0 + glass), y(17.0 + glass), radius, M::Steel, 0.4);
    made.pipe(y(17.0 + glass), y(30.0 + glass), 5.5, 2.0, random.choose(&[M::Abs, M::Steel]));
    made.pipe(y(-6.0), y(0.0), 3.6, 1.0, M::Brass);
}

fn box_mod(random: &mut Random, scale: f32) -> Device {
    let mut device = Device::default();
    let cells = random.count(1, 2);
    let size = [24.0 + 21.0 * cells as f32, random.range(78.0, 92.0), 27.0 * scale];
    let z = size[2] * 0.5;
    for i in 0..cells {
        let x = -size[0] * 0.5 + 13.0 + 20.5 * i as f32;
        cell(&mut device.cells, [x, -34.0, z], [x, 31.0, z], 9.2);
    }
    let (shell, wall) = random.choose(&[(M::Zinc, 1.2), (M::Aluminium, 2.0), (M::Abs, 2.2)]);
    case(&mut device.rest, size, wall, shell, Pose::at(0.0, 0.0, z));
    let x = size[0] * 0.5 - 9.0;
    board(&mut device.rest, random, [14.0, size[1] * 0.8], [x, 0.0, z]);
    device.rest.block([10.0, 24.0, 2.0], M::Glass, 1.0, Pose::at(x, random.range(-12.0, 12.0), size[2] - 2.0));
    let top = [random.range(-0.2, 0.3) * size[0], size[1] * 0.5 + 1.0, z];
    let radius = random.range(10.5, 13.0);
    tank_on(random, &mut device.rest, top, radius);
    device
}

/// A refill that plugs into a flat body: clear plastic, contacts, a heater.
fn pod(random: &mut Random, scale: f32) -> Device {
    let mut device = Device::default();
    let rest = &mut device.rest;
    let [w, l, t] = [random.range(15.0, 24.0) * scale, random.range(28.0, 40.0), 9.5 * scale];
    let z = t * 0.5;
    case(rest, [w, l, t], 1.1, M::Acrylic, Pose::at(0.0, 0.0, z));
    let depth = (l - 14.0) * random.range(0.5, 1.0);
    rest.block([w - 2.4, depth, t - 2.4], JUICE.0, JUICE.1, Pose::at(0.0, -l * 0.5 + 6.0 + depth * 0.5, z));
    heater(rest, [0.0, -l * 0.5 + 9.0, z], 4.5);
    rest.bar([0.0, -l * 0.3, z], [0.0, l * 0.5, z], 1.5, M::Steel, 0.5);
    for x in [-0.25, 0.25] {
        rest.block([3.0, 2.0, 4.0], M::Brass, 0.8, Pose::at(x * w, -l * 0.5 + 1.0, z));
    }
    device
}

fn pod_system(random: &mut Random, scale: f32) -> Device {
    let mut device = pod(random, scale);
    let [w, l, t] = [random.range(17.0, 26.0) * scale, random.range(60.0, 82.0), 11.0 * scale];
    let (y, z) = (-l * 0.5 - 12.0, t * 0.5);
    device.cells.block([w - 5.0, l * 0.62, t - 4.0], M::LithiumCell, 0.95, Pose::at(0.0, y + l * 0.06, z));
    let (shell, wall) = random.choose(&[(M::Aluminium, 0.8), (M::Abs, 1.2)]);
    case(&mut device.rest, [w, l, t], wall, shell, Pose::at(0.0, y, z));
    board(&mut device.rest, random, [w * 0.6, 12.0], [0.0, y - l * 0.42, z]);
    device
}

/// A pen, its lead and a few refills in a box with foam.
fn pen_kit(random: &mut Random) -> Made {
    let scale = random.range(0.9, 1.1);
    let pen = pen(random, scale);
    let mut made = Assembly::default();
    made.place(&pen.cells, &Pose::at(0.0, 0.0, 4.0));
    let cells = 0..made.parts.len();
    made.place(&pen.rest, &Pose::at(0.0, 0.0, 4.0));
    for i in 0..random.count(1, 4) {
        let spare = cartridge(random, scale);
        made.place(&spare.rest, &Pose::at(24.0 + 16.0 * i as f32, -4.0, 4.0));
    }
    let plug = [random.range(26.0, 58.0), random.range(-75.0, -40.0), 9.0];
    made.block([16.0, 30.0, 9.0], M::Abs, 0.7, Pose::at(plug[0], plug[1], plug[2]));
    made.block([12.0, 13.0, 4.5], M::Steel, 0.35, Pose::at(plug[0], plug[1] - 21.0, plug[2]));
    let size = [random.range(105.0, 125.0), random.range(165.0, 190.0), 22.0];
    made.block(size, M::Polyethylene, random.range(0.02, 0.06), Pose::at(34.0, -15.0, 12.0));
    Made { marks: vec![(Class::Vape, 0..made.parts.len()), (Class::Battery, cells)], assembly: made }
}

/// A plain thick tube round one cell, an open atomiser on top.
fn tube_mod(random: &mut Random, scale: f32) -> Device {
    let mut device = Device::default();
    let r = 11.5 * scale.max(1.0);
    cell(&mut device.cells, [0.0, 4.0, r], [0.0, 69.0, r], 9.2);
    let metal = random.choose(&[M::Brass, M::Copper, M::Steel]);
    let rest = &mut device.rest;
    rest.pipe([0.0, -6.0, r], [0.0, 78.0, r], r, random.range(1.2, 2.0), metal);
    rest.bar([0.0, -10.0, r], [0.0, -2.0, r], r, metal, 0.5);
    rest.bar([0.0, 78.0, r], [0.0, 84.0, r], r, M::Steel, 0.6);
    rest.pipe([0.0, 84.0, r], [0.0, 104.0, r], r, 1.2, M::Steel);
    for x in [-4.5, 4.5] {
        rest.bar([x, 84.0, r], [x, 93.0, r], 2.2, M::Steel, 1.0);
    }
    rest.wire(&[[-4.5, 92.0, r], [-2.0, 94.0, r + 2.0], [2.0, 92.0, r - 2.0], [4.5, 94.0, r]], 0.7, M::Steel);
    rest.bar([0.0, 85.0, r], [0.0, 96.0, r], r - 1.6, JUICE.0, random.range(0.3, 0.8));
    rest.pipe([0.0, 104.0, r], [0.0, 118.0, r], 6.0, 2.0, M::Abs);
    device
}

/// A round flat body with a pouch cell on one side and a tank on the other.
fn pebble(random: &mut Random, scale: f32) -> Device {
    let mut device = Device::default();
    let half = [24.0 * scale, 31.0 * scale, 11.0 * scale];
    let z = half[2];
    let shell = random.choose(&[M::Abs, M::Acrylic]);
    device.rest.add(Shape::Ellipsoid(half), shell, 1.0, Pose::at(0.0, 0.0, z));
    device.rest.add(Shape::Ellipsoid(half.map(|h| h - 1.6)), shell, -1.0, Pose::at(0.0, 0.0, z));
    let cell = [half[0] * 0.75, half[1] * 1.0, half[2]];
    device.cells.block(cell, M::LithiumCell, 0.95, Pose::at(-half[0] * 0.42, 0.0, z));
    let tank = Shape::Ellipsoid([half[0] * 0.38, half[1] * 0.68, half[2] * 0.68]);
    device.rest.add(tank, JUICE.0, random.range(0.6, 1.3), Pose::at(half[0] * 0.45, 0.0, z));
    heater(&mut device.rest, [half[0] * 0.45, 0.0, z], 6.0);
    device.rest.bar([half[0] * 0.3, half[1] * 0.8, z], [half[0] * 0.3, half[1] + 12.0, z], 5.0, M::Abs, 0.6);
    device
}

/// A tobacco pipe's outline: a bowl that holds cell and board, a stem with the tank.
fn curved_pipe(random: &mut Random, scale: f32) -> Device {
    let mut device = Device::default();
    let r = random.range(13.0, 19.0) * scale;
    cell(&mut device.cells, [0.0, -20.0, r], [0.0, 15.0, r], r * 0.58);
    let rest = &mut device.rest;
    let (wall, wood) = (3.0, random.choose(&[M::Cellulose, M::Abs]));
    rest.pipe([0.0, -28.0, r], [0.0, 26.0, r], r, wall, wood);
    rest.add(Shape::Ellipsoid([r, r * 0.7, r]), wood, 0.7, Pose::at(0.0, -28.0, r));
    rest.bar([0.0, 22.0, r], [0.0, 28.0, r], r - 3.2, M::Brass, 0.25);
    let (long, rise) = (random.range(0.8, 1.3), random.range(0.2, 1.5));
    let points = [[r, -18.0], [r + 22.0 * long, -14.0], [r + 46.0 * long, 4.0], [r + 78.0 * long, 20.0]]
        .map(|[x, y]| [x, -18.0 + (y + 18.0) * rise, r]);
    rest.pipe(points[0], points[1], 8.0, 2.0, wood);
    rest.pipe(points[1], points[2], 7.5, 1.0, M::Glass);
    juice(random, rest, points[1], points[2], 6.4);
    rest.bar(points[1], points[2], 1.8, M::Steel, 0.6);
    let joint = points[1];
    rest.bar([joint[0] - 3.5, joint[1], r], [joint[0] + 3.5, joint[1], r], 7.5, M::Brass, 0.45);
    rest.pipe(points[2], points[3], 5.0, 1.8, M::Abs);
    device
}

/// Two clear tanks over a board with a screen and a flat cell.
fn twin_tank(random: &mut Random, scale: f32) -> Device {
    let mut device = Device::default();
    let [w, l, t] = [52.0 * scale, random.range(74.0, 92.0), 24.0];
    let z = t * 0.5;
    let base = l * random.range(0.42, 0.52);
    device.cells.block([w - 9.0, base - 10.0, 8.0], M::LithiumCell, 0.95, Pose::at(0.0, base * 0.5, z - 3.0));
    case(&mut device.rest, [w, base, t], 1.5, M::Abs, Pose::at(0.0, base * 0.5, z));
    board(&mut device.rest, random, [w * 0.8, base * 0.7], [0.0, base * 0.5, z + 5.0]);
    device.rest.block([w * 0.5, base * 0.5, 1.6], M::Glass, 1.0, Pose::at(0.0, base * 0.5, t - 1.0));
    for side in [-1.0, 1.0] {
        let (x, depth) = (side * w * 0.25, l - base);
        case(&mut device.rest, [w * 0.45, depth, t - 3.0], 1.2, M::Acrylic, Pose::at(x, base + depth * 0.5, z));
        let full = (depth - 3.0) * random.range(0.4, 1.0);
        let at = Pose::at(x, base + 1.5 + full * 0.5, z);
        device.rest.block([w * 0.45 - 2.6, full, t - 6.0], JUICE.0, JUICE.1, at);
        heater(&mut device.rest, [x, base + 9.0, z], 5.0);
    }
    device.rest.block([w * 0.35, 14.0, 9.0], M::Abs, 0.6, Pose::at(0.0, l + 7.0, z));
    device
}
