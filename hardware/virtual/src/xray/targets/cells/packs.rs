//! Several cells made up as one thing: cards, shells, holders, bricks.
//!
//! Apart from single cells because the pack is the target, with its card or shell.

use super::super::super::physics::Material as M;
use super::super::super::random::Random;
use super::super::super::shape::{Assembly, Pose, Shape};
use super::super::{Class, Made, several};
use super::{board, cell};

/// Flat round cells in a strip, a card or a pile.
pub(super) fn button_cells(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (r, thick) = (random.range(4.8, 12.3), random.range(2.0, 5.4));
    let count = random.count(4, 20);
    let columns = if random.chance(0.5) { 2 } else { 5 };
    let pitch = 2.0 * r + random.range(2.0, 9.0);
    let pile = random.chance(0.25);
    for i in 0..count {
        let pose = if pile {
            let turn = Pose::turned(0.0, random.range(-0.9, 0.9), random.range(-0.9, 0.9));
            turn.moved(random.range(-2.5, 2.5) * r, random.range(-2.5, 2.5) * r, random.range(1.0, 3.0) * r)
        } else {
            Pose::at((i % columns) as f32 * pitch, (i / columns) as f32 * pitch, thick * 0.5 + 1.0)
        };
        made.add(Shape::Cylinder(r, thick * 0.5), M::Steel, 0.25, pose);
        made.add(Shape::Cylinder(r - 0.5, thick * 0.4), M::LithiumCell, 1.1, pose);
    }
    if !pile {
        let (low, high) = made.bounds();
        let card = [high[0] - low[0] + 12.0, high[1] - low[1] + random.range(12.0, 50.0), 0.8];
        let at = Pose::at((low[0] + high[0]) * 0.5, (low[1] + high[1]) * 0.5, 0.4);
        made.block(card, random.choose(&[M::Cellulose, M::Pet]), 0.8, at);
    }
    Made::whole(Class::Battery, made)
}

/// Alkaline ones side by side on a card: zinc and manganese in a steel can.
pub(super) fn blister_cells(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (radius, length) = random.choose(&[(5.2, 44.5), (7.2, 50.5), (13.1, 50.0), (16.5, 61.5)]);
    let (count, filling) = (random.count(2, 8), random.range(0.32, 0.42));
    let pitch = 2.0 * radius + random.range(0.3, 4.0);
    let double = random.chance(0.25);
    for i in 0..count {
        for layer in 0..=usize::from(double) {
            let (x, z) = (i as f32 * pitch, radius + 1.0 + layer as f32 * 2.0 * radius);
            made.bar([x, 0.0, z], [x, length, z], radius, M::Steel, 0.12);
            made.bar([x, 1.0, z], [x, length - 1.5, z], radius - 0.4, M::Zinc, filling);
            made.bar([x, length, z], [x, length + 1.4, z], radius * 0.35, M::Steel, 1.0);
        }
    }
    let card = [count as f32 * pitch + 10.0, length + random.range(12.0, 70.0), 0.7];
    made.block(card, M::Cellulose, 0.8, Pose::at((count - 1) as f32 * pitch * 0.5, length * 0.5, 0.3));
    Made::whole(Class::Battery, made)
}

/// One to four round cells in a tube or a flat shell with a small board.
pub(super) fn power_bank_round_cells(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let count = random.count(1, 4);
    let (wide, long) = (count as f32 * 19.5 + 6.0, random.range(88.0, 108.0));
    let shell = random.choose(&[M::Abs, M::Aluminium]);
    if count == 1 {
        made.pipe([0.0, -long * 0.5, 13.0], [0.0, long * 0.5, 13.0], 12.5, 1.5, shell);
    } else {
        made.shell([wide, long, 24.0], 1.6, shell, Pose::at(0.0, 0.0, 13.0));
    }
    for i in 0..count {
        let x = (i as f32 - 0.5 * (count - 1) as f32) * 19.2;
        cell(&mut made, [x, -long * 0.5 + 4.0, 13.0], [x, -long * 0.5 + 69.0, 13.0], 9.2);
    }
    board(&mut made, random, [(wide - 8.0).max(15.0), 16.0], [0.0, long * 0.5 - 11.0, 13.0]);
    made.block([13.0, 13.0, 5.5], M::Steel, 0.4, Pose::at(0.0, long * 0.5 - 7.0, 16.0));
    Made::whole(Class::Battery, made)
}

/// Long and flat: a row of round cells or of pouches under thin plastic.
pub(super) fn laptop_pack(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let count = random.count(3, 6);
    if random.chance(0.5) {
        let rows = random.count(1, 2);
        for i in 0..count {
            for row in 0..rows {
                let (a, z) = (i as f32 * 66.5 / rows as f32, 11.0);
                let x = row as f32 * 19.0;
                if i * rows < count {
                    cell(&mut made, [x, a * rows as f32, z], [x, a * rows as f32 + 65.0, z], 9.2);
                }
            }
        }
    } else {
        let (wide, long, thick) = (random.range(55.0, 95.0), random.range(38.0, 70.0), random.range(4.0, 7.0));
        for i in 0..count.min(4) {
            made.block(
                [wide, long, thick],
                M::LithiumCell,
                1.0,
                Pose::at(0.0, i as f32 * (long + 3.0), thick * 0.5 + 1.0),
            );
        }
    }
    let (low, high) = made.bounds();
    let middle = [0, 1, 2].map(|axis| (low[axis] + high[axis]) * 0.5);
    let size = [high[0] - low[0] + 5.0, high[1] - low[1] + 5.0, high[2] - low[2] + 2.5];
    made.shell(size, 1.1, M::Abs, Pose::at(middle[0], middle[1], middle[2]));
    board(&mut made, random, [9.0, (high[1] - low[1]) * 0.6], [high[0] + 8.0, middle[1], middle[2]]);
    Made::whole(Class::Battery, made)
}

/// Standing round cells in a holder, joined by strips: a slice of a bicycle's or scooter's pack.
pub(super) fn module(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (columns, rows) = (random.count(2, 5), random.count(2, 5));
    let standing = random.chance(0.7);
    let pitch = random.range(19.0, 21.5);
    for i in 0..columns {
        for j in 0..rows {
            let (x, y) = (i as f32 * pitch, j as f32 * pitch);
            let (a, b) = if standing { ([x, y, 2.0], [x, y, 67.0]) } else { ([x, 0.0, y + 10.0], [x, 65.0, y + 10.0]) };
            if (i + j) % 2 == 0 { cell(&mut made, a, b, 9.2) } else { cell(&mut made, b, a, 9.2) }
        }
    }
    let (low, high) = made.bounds();
    let middle = [0, 1, 2].map(|axis| (low[axis] + high[axis]) * 0.5);
    let size = [0, 1, 2].map(|axis| high[axis] - low[axis]);
    let nickel = if standing { [size[0], 8.0, 0.2] } else { [size[0], 0.2, 8.0] };
    for share in [-0.3, 0.0, 0.3] {
        let at = if standing { [0.0, share * size[1], size[2] * 0.5] } else { [0.0, size[1] * 0.5, share * size[2]] };
        made.block(nickel, M::Steel, 1.0, Pose::at(middle[0] + at[0], middle[1] + at[1], middle[2] + at[2]));
    }
    let holder = [size[0] + 3.0, size[1] + 3.0, size[2] * 0.25];
    made.block(holder, M::Abs, 0.25, Pose::at(middle[0], middle[1], middle[2]));
    let lead = [
        [middle[0], high[1], high[2]],
        [middle[0] + 20.0, high[1] + 15.0, middle[2]],
        [middle[0] - 10.0, high[1] + 28.0, middle[2]],
    ];
    made.wire(&lead, 1.3, M::Copper);
    Made::whole(Class::Battery, made)
}

/// Small flat bricks with a contact edge, one to five.
pub(super) fn camera_packs(random: &mut Random) -> Made {
    let size = [random.range(30.0, 42.0), random.range(36.0, 58.0), random.range(6.0, 21.0)];
    let count = random.count(1, 5);
    let made = several(random, count, |_| {
        let mut one = Assembly::default();
        one.shell(size, 1.0, M::Abs, Pose::at(0.0, 0.0, 0.0));
        one.block([size[0] - 2.4, size[1] - 7.0, size[2] - 2.4], M::LithiumCell, 0.95, Pose::at(0.0, -2.0, 0.0));
        one.block([size[0] - 6.0, 3.0, size[2] * 0.6], M::CircuitBoard, 1.0, Pose::at(0.0, size[1] * 0.5 - 3.0, 0.0));
        for x in [-6.0, 0.0, 6.0] {
            one.block([3.0, 1.2, 3.0], M::Copper, 1.0, Pose::at(x, size[1] * 0.5 - 1.0, 0.0));
        }
        one
    });
    Made::whole(Class::Battery, made)
}

/// Pouches in a stack, a thick pair of wires and a many-pin one; bare in film or in a moulded shell.
pub(super) fn drone_pack(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (wide, long, each) = (random.range(32.0, 50.0), random.range(70.0, 145.0), random.range(6.0, 9.5));
    let count = random.count(2, 4);
    for i in 0..count {
        let z = (i as f32 + 0.5) * (each + 0.8) + 2.0;
        made.block([wide, long, each], M::LithiumCell, 0.95, Pose::at(0.0, 0.0, z));
    }
    let high = count as f32 * (each + 0.8) + 4.0;
    if random.chance(0.5) {
        made.shell([wide + 8.0, long + 26.0, high + 4.0], 1.8, M::Abs, Pose::at(0.0, 6.0, high * 0.5));
        board(&mut made, random, [wide, 18.0], [0.0, long * 0.5 + 11.0, high * 0.5]);
    } else {
        for x in [-8.0, 8.0] {
            let y = long * 0.5;
            let lead = [[x, y, high * 0.5], [x * 1.6, y + 28.0, high * 0.6], [x * 0.6, y + 62.0, high * 0.5]];
            made.wire(&lead, 1.9, M::Copper);
        }
        made.block([16.0, 22.0, 8.0], M::Nylon, 0.9, Pose::at(0.0, long * 0.5 + 68.0, high * 0.5));
        made.block([9.0, 16.0, 5.0], M::Brass, 0.6, Pose::at(0.0, long * 0.5 + 68.0, high * 0.5));
    }
    Made::whole(Class::Battery, made)
}
