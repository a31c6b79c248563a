//! What a parcel is packed in, and its label.
//!
//! It stands alone because the mail stream decides here: shares, sizes and materials of packings.

use super::super::physics::Material as M;
use super::super::random::Random;
use super::super::shape::{Assembly, Pose, Shape};
use super::ParcelKind;

/// The packing of a parcel with this room inside, on the belt, its middle at the origin.
pub(super) fn wrap(random: &mut Random, kind: ParcelKind, room: [f32; 3]) -> Assembly {
    let mut made = Assembly::default();
    let shell = |made: &mut Assembly, wall: f32, material: M, fill: f32| {
        let z = room[2] * 0.5;
        made.block(room.map(|s| s + 2.0 * wall), material, fill, Pose::at(0.0, 0.0, z));
        made.block(room, material, -fill, Pose::at(0.0, 0.0, z));
    };
    match kind {
        ParcelKind::Box => {
            let wall = random.range(2.5, 6.0);
            shell(&mut made, wall, M::Cellulose, random.range(0.09, 0.16));
            let tape = [48.0, room[1] + 2.0 * wall, 0.12];
            made.block(tape, M::Polyethylene, 1.0, Pose::at(0.0, 0.0, room[2]));
            // The flaps lie double along the middle.
            made.block([room[0], room[1] * 0.5, 2.5], M::Cellulose, 0.1, Pose::at(0.0, room[1] * 0.25, 1.5));
        }
        ParcelKind::PaddedBag => {
            shell(&mut made, 3.0, M::Polyethylene, random.range(0.02, 0.05));
            shell(&mut made, 0.3, M::Cellulose, 0.6);
        }
        ParcelKind::PolyBag => shell(&mut made, 0.15, M::Polyethylene, 1.0),
        ParcelKind::Letter => shell(&mut made, 0.2, M::Cellulose, 0.55),
        ParcelKind::Tube => {
            let (r, half) = (room[0] * 0.5, room[1] * 0.5);
            let wall = random.range(2.0, 4.0);
            let pose = Pose::between([0.0, -half, r], [0.0, half, r]);
            made.add(Shape::Cylinder(r + wall, half), M::Cellulose, 0.45, pose);
            made.add(Shape::Cylinder(r, half), M::Cellulose, -0.45, pose);
            for y in [-half + 3.0, half - 3.0] {
                made.bar([0.0, y - 1.5, r], [0.0, y + 1.5, r], r, M::Polyethylene, 0.9);
            }
        }
    }
    let label = [100.0f32.min(room[0]), 150.0f32.min(room[1]), 0.2];
    made.block(label, M::Cellulose, 0.7, Pose::at(0.0, 0.0, room[2]));
    made
}
