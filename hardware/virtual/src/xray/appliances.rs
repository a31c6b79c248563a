//! Ordinary electrical goods, all without cells: cables, chargers, boards, remote controls, headphones.
//!
//! They stand apart from other goods because they are what batteries and devices are most often mistaken for.

use super::physics::Material as M;
use super::random::Random;
use super::shape::{Assembly, Pose, Shape};

pub fn flat_cable(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let turns = random.count(2, 4);
    coil(&mut made, random.range(25.0, 45.0), turns, 0.9, 2.5);
    plug(&mut made, [30.0, -40.0, 4.0]);
    made
}

/// A flat coil of wire round the origin.
pub fn coil(made: &mut Assembly, radius: f32, turns: usize, core: f32, jacket: f32) {
    let points: Vec<[f32; 3]> = (0..=turns * 12)
        .map(|i| {
            let angle = i as f32 * std::f32::consts::TAU / 12.0;
            let r = radius + (i / 12) as f32 * 1.6;
            [r * angle.cos(), 1.3 * r * angle.sin(), 3.0 + (i / 12) as f32 * 1.5]
        })
        .collect();
    made.wire(&points, jacket, M::Pvc);
    made.wire(&points, core, M::Copper);
}

fn plug(made: &mut Assembly, at: [f32; 3]) {
    made.block([12.0, 28.0, 7.0], M::Pvc, 0.9, Pose::at(at[0], at[1], at[2]));
    made.block([9.0, 12.0, 4.0], M::Steel, 0.35, Pose::at(at[0], at[1] - 18.0, at[2]));
}

pub fn cable(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let radius = random.range(25.0, 55.0);
    let turns = random.count(2, 6);
    coil(&mut made, radius, turns, random.range(0.5, 1.2), random.range(1.6, 3.2));
    plug(&mut made, [radius, -radius - 10.0, 5.0]);
    plug(&mut made, [-radius, radius + 10.0, 5.0]);
    made
}

pub fn charger(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let size = [random.range(30.0, 55.0), random.range(45.0, 95.0), random.range(24.0, 34.0)];
    let z = size[2] * 0.5;
    made.block(size, M::Abs, 1.0, Pose::at(0.0, 0.0, z));
    made.block([size[0] - 5.0, size[1] - 5.0, size[2] - 5.0], M::Abs, -1.0, Pose::at(0.0, 0.0, z));
    made.block([size[0] - 8.0, size[1] - 10.0, 1.6], M::CircuitBoard, 1.0, Pose::at(0.0, 0.0, z - 6.0));
    made.block([16.0, 18.0, 14.0], M::Steel, 0.3, Pose::at(0.0, 6.0, z));
    made.block([10.0, 12.0, 12.0], M::Copper, 0.3, Pose::at(0.0, 6.0, z));
    made.bar([-8.0, -16.0, z], [-8.0, -4.0, z], 5.0, M::Aluminium, 0.7);
    for x in [-9.5, 9.5] {
        made.bar([x, size[1] * 0.5, z], [x, size[1] * 0.5 + 19.0, z], 2.2, M::Brass, 1.0);
    }
    if random.chance(0.6) {
        let mut lead = Assembly::default();
        coil(&mut lead, random.range(22.0, 36.0), 3, 0.7, 2.0);
        made.place(&lead, &Pose::at(0.0, -95.0, 0.0));
    }
    made
}

/// A bare board of this size (x, y) at the origin, with what is soldered on it.
pub fn components(random: &mut Random, made: &mut Assembly, board: [f32; 2], z: f32) {
    made.block([board[0], board[1], 1.6], M::CircuitBoard, 1.0, Pose::at(0.0, 0.0, z));
    for _ in 0..random.count(6, 24) {
        let at = Pose::at(random.range(-0.45, 0.45) * board[0], random.range(-0.45, 0.45) * board[1], z + 2.0);
        match random.count(0, 3) {
            0 => made.add(Shape::Cylinder(random.range(2.0, 4.0), 5.0), M::Aluminium, 0.7, at),
            1 => made.block([6.0, 8.0, 1.5], M::Copper, 0.25, at),
            2 => made.block([random.range(4.0, 14.0), random.range(4.0, 14.0), 1.6], M::CircuitBoard, 1.2, at),
            _ => made.block([3.0, 1.6, 1.0], M::Tin, 0.6, at),
        }
    }
}

pub fn circuit_board(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let board = [random.range(40.0, 120.0), random.range(60.0, 170.0)];
    components(random, &mut made, board, 8.0);
    if random.chance(0.7) {
        made.block([board[0] + 8.0, board[1] + 8.0, 28.0], M::Abs, 0.12, Pose::at(0.0, 0.0, 14.0));
    }
    if random.chance(0.3) {
        made.block([board[0] * 0.5, board[1] * 0.3, 12.0], M::Aluminium, 0.3, Pose::at(0.0, 0.0, 15.0));
    }
    made
}

pub fn remote_control(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let length = random.range(110.0, 200.0);
    made.block([44.0, length, 20.0], M::Abs, 0.25, Pose::at(0.0, 0.0, 10.0));
    components(random, &mut made, [34.0, length * 0.6], 10.0);
    for x in [-8.0, 8.0] {
        let spring = [[x, -length * 0.4, 9.0], [x + 3.0, -length * 0.39, 9.0], [x - 3.0, -length * 0.37, 9.0]];
        made.wire(&spring, 0.4, M::Steel);
    }
    made
}

pub fn headphones(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let arc: Vec<[f32; 3]> =
        (0..=10).map(|i| i as f32 * 0.314).map(|a| [75.0 * a.cos(), 80.0 * a.sin(), 35.0]).collect();
    made.wire(&arc, 1.5, M::Steel);
    made.wire(&arc, 8.0, M::Abs);
    for x in [-75.0, 75.0] {
        made.bar([x - 14.0, -10.0, 35.0], [x + 14.0, -10.0, 35.0], 35.0, M::Abs, 0.15);
        made.bar([x - 4.0, -10.0, 35.0], [x + 4.0, -10.0, 35.0], 10.0, M::Steel, 0.7);
    }
    if random.chance(0.5) {
        coil(&mut made, 22.0, 3, 0.5, 1.5);
    }
    made
}
