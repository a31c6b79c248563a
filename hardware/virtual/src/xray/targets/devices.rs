//! Organic mass with initiator, cell and wiring, as an X-ray sees it; no construction follows from it.
//!
//! A design is a carrier: where the mass lies, and where beside it there is room for the rest. Which cell, which board
//! and how the wires run is drawn afresh each time, so that nothing but "all of them together" is common to all.

use super::super::physics::Material as M;
use super::super::random::Random;
use super::super::shape::{Assembly, Pose, Vector};
use super::cells::{board, cell};
use super::{Class, Design, Made};

mod carriers;

pub(super) const EXPLOSIVE_DEVICES: &[Design] = &[
    Design { name: "block-with-timer", unseen: false, make: |random| device(random, carriers::block) },
    Design { name: "metal-pipe", unseen: false, make: |random| device(random, carriers::pipe) },
    Design { name: "bottle", unseen: false, make: |random| device(random, carriers::bottle) },
    Design { name: "sticks", unseen: false, make: |random| device(random, carriers::sticks) },
    Design { name: "tin", unseen: false, make: |random| device(random, carriers::tin) },
    Design { name: "hollow-book", unseen: false, make: |random| device(random, carriers::hollow_book) },
    Design { name: "toy", unseen: false, make: |random| device(random, carriers::toy) },
    Design { name: "gift-box", unseen: false, make: |random| device(random, carriers::gift_box) },
    Design { name: "radio", unseen: false, make: |random| device(random, carriers::radio) },
    Design { name: "panels", unseen: false, make: |random| device(random, carriers::panels) },
    Design { name: "pouch", unseen: false, make: |random| device(random, carriers::pouch) },
    Design { name: "sheet", unseen: true, make: |random| device(random, carriers::sheet) },
    Design { name: "cartridge", unseen: true, make: |random| device(random, carriers::cartridge) },
    Design { name: "console", unseen: true, make: |random| device(random, carriers::console) },
    Design { name: "flask", unseen: true, make: |random| device(random, carriers::flask) },
];

/// What a carrier leaves for the rest, millimetres.
struct Layout {
    /// A point in the mass, where the initiator stands.
    mass: Vector,
    /// Middle of the room for cell and board, and its half sizes along x and y.
    room: Vector,
    spread: [f32; 2],
    /// Room there above and below the middle; thin room takes flat cells.
    height: f32,
}

/// A filling of the mass, and the part of its density.
type Filling = (M, f32);

/// Mass, initiator, cell, wiring, board: always all of them. The cell is marked as a battery as well.
fn device(random: &mut Random, carrier: fn(&mut Random, &mut Assembly, Filling) -> Layout) -> Made {
    let mut made = Assembly::default();
    let mass = random.choose(&[M::Tnt, M::Rdx, M::AmmoniumNitrate]);
    let fill = if mass == M::AmmoniumNitrate { random.range(0.5, 0.65) } else { random.range(0.8, 1.0) };
    let layout = carrier(random, &mut made, (mass, fill));
    let lead = initiator(random, &mut made, &layout);
    let from = made.parts.len();
    let contact = cells(random, &mut made, &layout);
    let cells = from..made.parts.len();
    let [x, y] = layout.spread;
    let clock = [
        layout.room[0] + random.range(-0.6, 0.6) * x,
        layout.room[1] + random.range(0.2, 0.7) * y,
        layout.room[2] + random.range(-0.2, 0.2) * layout.height,
    ];
    let size = [random.range(20.0, 45.0).min(1.8 * x), random.range(22.0, 60.0).min(1.2 * y + 10.0)];
    board(&mut made, random, size, clock);
    for (start, end) in [(lead, clock), (clock, contact), (lead, contact)] {
        let bend = [
            (start[0] + end[0]) * 0.5 + random.range(-0.5, 0.5) * x,
            (start[1] + end[1]) * 0.5 + random.range(-0.4, 0.4) * y,
            (start[2] + end[2]) * 0.5 + 2.0,
        ];
        made.wire(&[start, bend, end], random.range(0.45, 0.9), M::Copper);
    }
    let all = 0..made.parts.len();
    Made { assembly: made, marks: vec![(Class::ExplosiveDevice, all), (Class::Battery, cells)] }
}

/// A thin metal tube that stands in the mass towards the room; gives its outer end.
fn initiator(random: &mut Random, made: &mut Assembly, layout: &Layout) -> Vector {
    let towards = [0, 1, 2].map(|axis| layout.room[axis] - layout.mass[axis]);
    let length = towards.iter().map(|part| part * part).sum::<f32>().sqrt().max(1.0);
    let long = random.range(42.0, 65.0).min(length * 0.9 + 12.0);
    let end = [0, 1, 2].map(|axis| layout.mass[axis] + towards[axis] * long / length);
    let tube = random.choose(&[M::Aluminium, M::Copper]);
    made.bar(layout.mass, end, random.range(2.9, 3.6), tube, 0.55);
    end
}

/// One to three round cells, a flat one or a small block, in the room; gives a point on them.
fn cells(random: &mut Random, made: &mut Assembly, layout: &Layout) -> Vector {
    let turn = Pose::turned(random.range(-0.6, 0.6), 0.0, 0.0).moved(
        layout.room[0] + random.range(-0.3, 0.3) * layout.spread[0],
        layout.room[1] - random.range(0.1, 0.6) * layout.spread[1],
        layout.room[2],
    );
    if layout.height < 15.0 {
        made.block([random.range(22.0, 42.0), random.range(30.0, 55.0), 5.0], M::LithiumCell, 1.0, turn);
    } else if random.chance(0.3) {
        made.block([26.0, 46.0, 16.0], M::LithiumCell, 0.9, turn);
    } else {
        let (radius, half) = random.choose(&[(7.2, 25.0), (9.2, 32.5), (5.2, 22.0)]);
        let most = (2.0 * layout.spread[0] / (2.1 * radius)) as usize;
        let count = random.count(1, most.clamp(1, 3));
        for i in 0..count {
            let x = (i as f32 - 0.5 * (count - 1) as f32) * 2.1 * radius;
            cell(made, turn.place([x, -half, 0.0]), turn.place([x, half, 0.0]), radius);
        }
    }
    turn.shift
}
