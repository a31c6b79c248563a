//! How a thing is hidden: what is put round it before it goes into a parcel.
//!
//! It stands alone because concealments are kept back from training as designs are: a model that has learnt the tin
//! has not learnt to see in a pan. Ordinary ones let something of what they hide be seen; [`shield`] does not, and is a
//! target itself.

use super::physics::Material as M;
use super::random::Random;
use super::shape::{Assembly, Pose, Shape, Vector};
use super::targets::{Class, Designs, Made};

/// One way to hide things of a size.
struct Concealment {
    name: &'static str,
    /// Kept for testing.
    unseen: bool,
    /// Tallest thing it takes, millimetres.
    height_mm_max: f32,
    /// Puts something round a room of this size, which stands in the middle of the x, y plane on z = 0 and is left empty.
    hide: fn(&mut Random, Vector) -> Assembly,
}

const fn known(name: &'static str, height_mm_max: f32, hide: fn(&mut Random, Vector) -> Assembly) -> Concealment {
    Concealment { name, unseen: false, height_mm_max, hide }
}

const fn unseen(name: &'static str, height_mm_max: f32, hide: fn(&mut Random, Vector) -> Assembly) -> Concealment {
    Concealment { name, unseen: true, height_mm_max, hide }
}

const ALL: &[Concealment] = &[
    known("book", 42.0, book),
    known("clothes-roll", 80.0, clothes_roll),
    known("biscuit-tin", 90.0, biscuit_tin),
    known("food-box", 90.0, food_box),
    known("loudspeaker", 110.0, loudspeaker),
    known("wax-block", 50.0, wax_block),
    known("foil", 60.0, foil),
    known("plush-toy", 90.0, plush_toy),
    known("metal-sheet", 90.0, metal_sheet),
    unseen("computer-case", 110.0, computer_case),
    unseen("bread", 70.0, bread),
    unseen("picture-frame", 30.0, picture_frame),
    unseen("pan", 90.0, pan),
];

/// The thing in the middle of the x, y plane, 1 mm over it, and the room it needs there.
fn centred(made: &Made) -> (Assembly, Vector) {
    let (low, high) = made.assembly.bounds();
    let mut assembly = Assembly::default();
    assembly.place(&made.assembly, &Pose::at(-(low[0] + high[0]) * 0.5, -(low[1] + high[1]) * 0.5, 1.0 - low[2]));
    (assembly, std::array::from_fn(|axis| high[axis] - low[axis] + 2.0))
}

/// On the x, y plane.
fn standing(assembly: &Assembly) -> Assembly {
    let mut standing = Assembly::default();
    standing.place(assembly, &Pose::at(0.0, 0.0, -assembly.bounds().0[2]));
    standing
}

/// The thing in a closed box of lead or steel that lets through less than a thousandth, which is a target too.
pub(super) fn shield(random: &mut Random, made: Made) -> (Option<&'static str>, Made) {
    let (mut assembly, room) = centred(&made);
    let first = assembly.parts.len();
    let (name, metal, wall) =
        random.choose(&[("lead-box", M::Lead, 2.5), ("lead-box", M::Lead, 4.0), ("steel-box", M::Steel, 22.0)]);
    hollow(&mut assembly, room, [wall; 3], metal, 1.0);
    let mut marks = made.marks;
    marks.push((Class::Opaque, first..assembly.parts.len()));
    (Some(name), Made { assembly: standing(&assembly), marks })
}

/// The thing hidden, on the x, y plane, and how; as it is where nothing takes it. Its marks stay its own.
pub(super) fn hide(random: &mut Random, designs: Designs, made: Made) -> (Option<&'static str>, Made) {
    let (mut assembly, room) = centred(&made);
    let wanted = designs == Designs::Unseen;
    let choices: Vec<&Concealment> =
        ALL.iter().filter(|way| way.unseen == wanted && room[2] <= way.height_mm_max).collect();
    if choices.is_empty() {
        return (None, made);
    }
    let way = random.choose(&choices);
    assembly.place(&(way.hide)(random, room), &Pose::at(0.0, 0.0, 0.0));
    (Some(way.name), Made { assembly: standing(&assembly), marks: made.marks })
}

/// Whether training never sees things hidden this way.
#[cfg(test)]
pub(super) fn is_unseen(name: &str) -> bool {
    ALL.iter().any(|way| way.name == name && way.unseen)
}

/// A block round the room, the room cut out of it.
fn hollow(made: &mut Assembly, room: Vector, wall: Vector, material: M, fill: f32) {
    let outside = [0, 1, 2].map(|axis| room[axis] + 2.0 * wall[axis]);
    made.block(outside, material, fill, Pose::at(0.0, 0.0, room[2] * 0.5));
    made.block(room, material, -fill, Pose::at(0.0, 0.0, room[2] * 0.5));
}

fn book(random: &mut Random, room: Vector) -> Assembly {
    let mut made = Assembly::default();
    let side = random.range(12.0, 35.0);
    hollow(&mut made, room, [side, side * 1.2, random.range(2.0, 7.0)], M::Cellulose, random.range(0.5, 0.75));
    made
}

fn clothes_roll(random: &mut Random, room: Vector) -> Assembly {
    let mut made = Assembly::default();
    let cloth = random.choose(&[M::Nylon, M::Cellulose, M::Pet, M::Protein]);
    for _ in 0..random.count(2, 6) {
        let side = random.range(5.0, 45.0);
        hollow(&mut made, room, [side, side, random.range(4.0, 14.0)], cloth, random.range(0.05, 0.14));
    }
    made
}

fn biscuit_tin(random: &mut Random, room: Vector) -> Assembly {
    let mut made = Assembly::default();
    let spare =
        [room[0] + random.range(4.0, 40.0), room[1] + random.range(4.0, 40.0), room[2] + random.range(0.0, 20.0)];
    let (sheet, metal) = random.choose(&[(0.22, M::Steel), (0.3, M::Steel), (0.8, M::Aluminium)]);
    hollow(&mut made, spare, [sheet; 3], metal, 1.0);
    for _ in 0..random.count(0, 8) {
        let at = [0, 1].map(|axis| random.range(-0.4, 0.4) * spare[axis]);
        made.add(Shape::Cylinder(random.range(18.0, 28.0), 4.0), M::Sugar, 0.4, Pose::at(at[0], at[1], room[2] + 2.0));
    }
    made
}

fn food_box(random: &mut Random, room: Vector) -> Assembly {
    let mut made = Assembly::default();
    let side = random.range(6.0, 25.0);
    let food = random.choose(&[M::Cellulose, M::Protein]);
    hollow(&mut made, room, [side, side, side * 0.6], food, random.range(0.25, 0.5));
    for _ in 0..random.count(4, 24) {
        let at = [0, 1].map(|axis| random.range(-0.5, 0.5) * room[axis]);
        let r = random.range(3.0, 9.0);
        made.add(Shape::Ellipsoid([r, r * 1.3, r * 0.8]), food, 0.4, Pose::at(at[0], at[1], room[2] + r * 0.5));
    }
    made
}

fn loudspeaker(random: &mut Random, room: Vector) -> Assembly {
    let mut made = Assembly::default();
    hollow(&mut made, room, [random.range(2.0, 25.0), random.range(2.0, 25.0), 3.0], M::Abs, random.range(0.5, 1.0));
    let r = random.range(14.0, 30.0);
    let at = Pose::at(room[0] * random.range(-0.3, 0.3), room[1] * 0.5 + 3.0, room[2] * 0.5);
    made.add(Shape::Cylinder(r, 5.0), M::Steel, 0.7, at);
    made.add(Shape::Cylinder(r * 0.4, 5.0), M::Steel, -0.7, at);
    made.block([room[0] * 0.5, 30.0, 1.4], M::CircuitBoard, 1.0, Pose::at(0.0, -room[1] * 0.5, room[2] + 2.0));
    made
}

fn wax_block(random: &mut Random, room: Vector) -> Assembly {
    let mut made = Assembly::default();
    let wall = random.range(6.0, 18.0);
    let stuff = random.choose(&[M::Polyethylene, M::Protein]);
    hollow(&mut made, room, [wall, wall, wall * 0.7], stuff, random.range(0.7, 0.95));
    made
}

fn foil(random: &mut Random, room: Vector) -> Assembly {
    let mut made = Assembly::default();
    for layer in 0..random.count(3, 9) {
        let out = layer as f32 * 0.4;
        hollow(&mut made, room.map(|side| side + out), [0.05; 3], M::Aluminium, 1.0);
    }
    hollow(&mut made, room, [4.0; 3], M::Polyethylene, random.range(0.1, 0.4));
    made
}

fn plush_toy(random: &mut Random, room: Vector) -> Assembly {
    let mut made = Assembly::default();
    let reach = |axis: usize| room[axis] * 0.5 + 25.0;
    let fill = random.range(0.03, 0.09);
    let z = room[2] * 0.5;
    made.add(Shape::Ellipsoid([reach(0), reach(1), reach(2)]), M::Pet, fill, Pose::at(0.0, 0.0, z));
    made.add(Shape::Ellipsoid([28.0, 28.0, 24.0]), M::Pet, fill, Pose::at(0.0, reach(1) + 15.0, z));
    for side in [-1.0, 1.0] {
        made.add(Shape::Ellipsoid([4.0; 3]), M::Abs, 1.0, Pose::at(side * 9.0, reach(1) + 22.0, z + 22.0));
    }
    made
}

fn metal_sheet(random: &mut Random, room: Vector) -> Assembly {
    let mut made = Assembly::default();
    let (thick, metal) = random.choose(&[(1.0, M::Steel), (0.6, M::Steel), (3.0, M::Aluminium), (5.0, M::Aluminium)]);
    let size = [room[0] * random.range(0.5, 1.3), room[1] * random.range(0.5, 1.3), thick];
    let off = [0, 1].map(|axis| room[axis] * random.range(-0.25, 0.25));
    made.block(size, metal, 1.0, Pose::at(off[0], off[1], room[2] + thick));
    hollow(&mut made, room, [2.0; 3], M::Cellulose, 0.12);
    made
}

fn computer_case(random: &mut Random, room: Vector) -> Assembly {
    let mut made = Assembly::default();
    let spare = [room[0] + random.range(10.0, 50.0), room[1] + random.range(10.0, 50.0), room[2] + 14.0];
    hollow(&mut made, spare, [0.6; 3], M::Steel, 1.0);
    made.block([spare[0] * 0.7, spare[1] * 0.6, 1.6], M::CircuitBoard, 1.0, Pose::at(0.0, 0.0, room[2] + 6.0));
    for _ in 0..random.count(4, 10) {
        let at = [0, 1].map(|axis| random.range(-0.3, 0.3) * spare[axis]);
        let (r, half) = (random.range(3.0, 7.0), random.range(4.0, 9.0));
        made.add(Shape::Cylinder(r, half), M::Aluminium, 0.8, Pose::at(at[0], at[1], room[2] + 8.0));
    }
    made.block([30.0, 38.0, 26.0], M::Copper, 0.35, Pose::at(-spare[0] * 0.3, spare[1] * 0.35, 14.0));
    made
}

fn bread(random: &mut Random, room: Vector) -> Assembly {
    let mut made = Assembly::default();
    let half = [room[0] * 0.75 + 12.0, room[1] * 0.75 + 12.0, room[2] * 0.8 + 12.0];
    made.add(Shape::Ellipsoid(half), M::Cellulose, random.range(0.15, 0.3), Pose::at(0.0, 0.0, room[2] * 0.5));
    for _ in 0..random.count(10, 30) {
        let at: Vector = std::array::from_fn(|axis| random.range(-0.5, 0.5) * half[axis]);
        let r = random.range(2.0, 5.0);
        made.add(Shape::Ellipsoid([r; 3]), M::Cellulose, 0.5, Pose::at(at[0], at[1], at[2] + room[2] * 0.5));
    }
    made
}

fn picture_frame(random: &mut Random, room: Vector) -> Assembly {
    let mut made = Assembly::default();
    let (wide, long) = (room[0] + 20.0, room[1] + 20.0);
    made.block([wide, long, random.range(2.0, 3.0)], M::Glass, 1.0, Pose::at(0.0, 0.0, room[2] + 2.0));
    made.block([wide, long, 3.0], M::Cellulose, 0.8, Pose::at(0.0, 0.0, -1.5));
    let bar = random.range(14.0, 26.0);
    for side in [-1.0, 1.0] {
        made.block(
            [bar, long + bar, room[2] + 6.0],
            M::Cellulose,
            0.5,
            Pose::at(side * wide * 0.5, 0.0, room[2] * 0.5),
        );
        made.block([wide, bar, room[2] + 6.0], M::Cellulose, 0.5, Pose::at(0.0, side * long * 0.5, room[2] * 0.5));
    }
    made
}

fn pan(random: &mut Random, room: Vector) -> Assembly {
    let mut made = Assembly::default();
    let r = (room[0].hypot(room[1]) * 0.5 + 4.0).min(150.0);
    let (wall, metal) = random.choose(&[(2.5, M::Aluminium), (3.5, M::Aluminium), (0.8, M::Steel)]);
    made.add(Shape::Cylinder(r, wall * 0.5), metal, 1.0, Pose::at(0.0, 0.0, -wall * 0.5));
    made.add(Shape::Cylinder(r + wall, room[2] * 0.5), metal, 1.0, Pose::at(0.0, 0.0, room[2] * 0.5));
    made.add(Shape::Cylinder(r, room[2] * 0.5), metal, -1.0, Pose::at(0.0, 0.0, room[2] * 0.5));
    made.block([24.0, 110.0, 14.0], M::Abs, 0.8, Pose::at(0.0, r + 60.0, room[2] * 0.7));
    made
}

#[cfg(test)]
mod tests {
    use super::super::targets::{self, Class};
    use super::*;

    #[test]
    fn a_hidden_thing_keeps_its_marks_and_lies_inside_what_hides_it() {
        let mut hidden = 0;
        for seed in 0..200 {
            let mut random = Random::new(seed);
            let designs = if seed % 2 == 0 { Designs::Training } else { Designs::Unseen };
            let (_, made) = targets::make(Class::Firearm, designs, &mut random);
            let parts = made.assembly.parts.len();
            let marks = made.marks.clone();
            let (way, made) = hide(&mut random, designs, made);
            assert_eq!(made.marks, marks);
            let Some(way) = way else { continue };
            hidden += 1;
            let outside = made.assembly.bounds();
            let thing = Assembly { parts: made.assembly.parts[..parts].to_vec() }.bounds();
            assert!(outside.0[2].abs() < 0.01, "{way} stands on the floor: {outside:?}");
            for axis in 0..3 {
                assert!(thing.0[axis] >= outside.0[axis] - 0.01 && thing.1[axis] <= outside.1[axis] + 0.01, "{way}");
            }
            assert!(ALL.iter().any(|one| one.name == way && one.unseen == (designs == Designs::Unseen)));
        }
        assert!(hidden > 150, "{hidden} of 200 hidden");
    }
}
