//! Banknotes in quantity: cotton paper or polymer in straight stacks, with security thread, bands and edges.
//!
//! Note sizes are of common issues (62 to 82 mm by 120 to 165 mm). A note is 0.11 mm of cotton paper at 0.8 g/cm³;
//! thread and thinner watermark lie at the same place in every note of a stack, which is what marks a stack as notes.

use super::super::physics::Material as M;
use super::super::random::Random;
use super::super::shape::{Assembly, Pose, Shape};
use super::super::vessels::Vessel;
use super::{Class, Design, Made};

pub(super) const CURRENCY: &[Design] = &[
    Design { name: "strapped-stack", unseen: false, make: strapped_stack },
    Design { name: "bundle-of-straps", unseen: false, make: bundle_of_straps },
    Design { name: "fan", unseen: false, make: fan },
    Design { name: "notes-in-sheet", unseen: false, make: notes_in_sheet },
    Design { name: "roll", unseen: false, make: roll },
    Design { name: "vacuum-brick", unseen: false, make: vacuum_brick },
    Design { name: "folded-wad", unseen: false, make: folded_wad },
    Design { name: "notes-in-book", unseen: false, make: notes_in_book },
    Design { name: "notes-in-foil", unseen: false, make: notes_in_foil },
    Design { name: "mixed-values", unseen: false, make: mixed_values },
    Design { name: "clipped-wad", unseen: false, make: clipped_wad },
    Design { name: "rolls-end-to-end", unseen: true, make: rolls_end_to_end },
    Design { name: "packets-in-lining", unseen: true, make: packets_in_lining },
    Design { name: "notes-round-a-can", unseen: true, make: notes_round_a_can },
    Design { name: "board-brick", unseen: true, make: board_brick },
];

/// One kind of note; sizes in millimetres, places as shares of its length from the middle.
#[derive(Clone, Copy)]
struct Note {
    width: f32,
    length: f32,
    material: M,
    fill: f32,
    thread: f32,
    watermark: f32,
}

impl Note {
    fn any(random: &mut Random) -> Note {
        let (width, length) =
            random.choose(&[(66.3, 156.0), (62.0, 120.0), (67.0, 133.0), (77.0, 140.0), (82.0, 160.0), (65.0, 150.0)]);
        let (material, fill) = if random.chance(0.8) {
            (M::Cellulose, random.range(0.45, 0.6))
        } else {
            (M::Polyethylene, random.range(0.85, 0.98))
        };
        let side = random.choose(&[-1.0, 1.0]);
        let (thread, watermark) = (side * random.range(0.02, 0.2), -side * random.range(0.27, 0.36));
        Note { width, length, material, fill, thread, watermark }
    }

    /// A stack on the pose's z = 0, `thick` millimetres high, notes along y.
    fn stack(&self, made: &mut Assembly, thick: f32, pose: &Pose) {
        let z = thick * 0.5;
        made.block([self.width, self.length, thick], self.material, self.fill, pose.over(&Pose::at(0.0, 0.0, z)));
        let at = |share: f32| pose.over(&Pose::at(0.0, share * self.length, z));
        made.block([self.width, 1.6, thick], M::Pet, 0.25, at(self.thread));
        let thin = [self.width * 0.45, self.length * 0.16, thick * 0.98];
        made.block(thin, self.material, -0.12 * self.fill, at(self.watermark));
    }

    /// A paper or plastic strap round a stack.
    fn strap(&self, random: &mut Random, made: &mut Assembly, thick: f32, pose: &Pose) {
        let y = random.choose(&[0.0, 0.0, -0.3, 0.3]) * self.length;
        let (wide, film) = random.choose(&[(30.0, 0.35), (40.0, 0.45), (20.0, 0.6)]);
        for z in [0.0, thick] {
            let band = [self.width + 0.8, wide, film];
            made.block(band, random.choose(&[M::Cellulose, M::Polyethylene]), 0.8, pose.over(&Pose::at(0.0, y, z)));
        }
    }
}

/// A little out of line, as hands leave it.
fn askew(random: &mut Random, x: f32, y: f32, z: f32) -> Pose {
    let (dx, dy) = (random.range(-2.0, 2.0), random.range(-2.0, 2.0));
    Pose::turned(random.range(-0.03, 0.03), 0.0, 0.0).moved(x + dx, y + dy, z)
}

fn strapped_stack(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let note = Note::any(random);
    let mut z = 0.0;
    for _ in 0..random.count(1, 3) {
        let (thick, pose) = (random.range(4.0, 15.0), askew(random, 0.0, 0.0, z));
        note.stack(&mut made, thick, &pose);
        note.strap(random, &mut made, thick, &pose);
        z += thick + 1.0;
    }
    Made::whole(Class::Currency, made)
}

fn bundle_of_straps(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let note = Note::any(random);
    let columns = random.count(1, 2);
    let thick = random.range(8.0, 13.0);
    let layers = random.count(3, 6);
    for layer in 0..layers {
        for column in 0..columns {
            let x = (column as f32 - 0.5 * (columns - 1) as f32) * (note.width + 2.5);
            let pose = askew(random, x, 0.0, layer as f32 * (thick + 0.8));
            note.stack(&mut made, thick, &pose);
            note.strap(random, &mut made, thick, &pose);
        }
    }
    let wide = columns as f32 * (note.width + 3.0);
    for y in [-0.33, 0.33] {
        // Rubber bands round all of it.
        let band = [wide, 4.0, 1.4];
        made.block(band, M::Polyethylene, 1.0, Pose::at(0.0, y * note.length, layers as f32 * (thick + 1.0)));
    }
    Made::whole(Class::Currency, made)
}

/// Notes fanned out round one corner, a few at a time.
fn fan(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let note = Note::any(random);
    let (count, step) = (random.count(6, 14), random.range(0.05, 0.16));
    let thick = random.range(0.9, 2.2);
    for i in 0..count {
        let turn = Pose::turned((i as f32 - 0.5 * count as f32) * step, 0.0, 0.0);
        let pose = turn.over(&Pose::at(0.0, note.length * 0.42, 0.0)).moved(0.0, 0.0, i as f32 * 0.4);
        note.stack(&mut made, thick, &pose);
    }
    Made::whole(Class::Currency, made)
}

/// A thin packet in a folded sheet: fits a letter.
fn notes_in_sheet(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let note = Note::any(random);
    let packets = random.count(1, 3);
    for i in 0..packets {
        let (x, y) = (random.range(-8.0, 8.0), random.range(-25.0, 25.0));
        let pose = askew(random, x, y, i as f32 * 2.0);
        note.stack(&mut made, random.range(1.4, 4.0), &pose);
    }
    for z in [-0.3, packets as f32 * 2.0 + 1.0] {
        made.block([105.0, 205.0, 0.25], M::Cellulose, 0.55, Pose::at(0.0, 0.0, z));
    }
    Made::whole(Class::Currency, made)
}

/// A roll along y: turns of paper round a hollow, held by a band.
fn rolled(random: &mut Random, made: &mut Assembly, note: Note, radius: f32, y: f32) {
    let half = note.width * 0.5;
    let core = radius * random.range(0.12, 0.45);
    let turns = 4;
    let step = (radius - core) / turns as f32;
    for turn in 0..turns {
        let outer = core + (turn + 1) as f32 * step;
        let squeezed = note.fill * random.range(0.75, 1.0);
        let (from, to) = ([0.0, y - half, radius], [0.0, y + half, radius]);
        made.bar(from, to, outer, note.material, squeezed);
        made.bar(from, to, outer - step, note.material, -squeezed);
    }
    let band = y + random.range(-0.3, 0.3) * note.width;
    made.pipe([0.0, band - 2.0, radius], [0.0, band + 2.0, radius], radius + 1.0, 1.0, M::Polyethylene);
}

fn roll(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let note = Note::any(random);
    for i in 0..random.count(1, 5) {
        let mut one = Assembly::default();
        let radius = random.range(10.0, 26.0);
        rolled(random, &mut one, note, radius, 0.0);
        let turn = Pose::turned(random.range(-0.5, 0.5), 0.0, 0.0);
        made.place(&one, &turn.moved((i % 3) as f32 * 54.0, (i / 3) as f32 * 92.0, 0.0));
    }
    Made::whole(Class::Currency, made)
}

fn vacuum_brick(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let note = Note::any(random);
    let columns = random.count(1, 3);
    let thick = random.range(15.0, 45.0);
    for column in 0..columns {
        let x = (column as f32 - 0.5 * (columns - 1) as f32) * (note.width + 0.8);
        note.stack(&mut made, thick, &askew(random, x, 0.0, 0.0));
    }
    let (low, high) = made.bounds();
    let size = [high[0] - low[0], high[1] - low[1]];
    for z in [0.0, thick + 0.5] {
        made.block([size[0] + 4.0, size[1] + 4.0, 0.2], M::Polyethylene, 1.0, Pose::at(0.0, 0.0, z));
    }
    made.block([size[0] * 0.95, 9.0, 1.4], M::Polyethylene, 1.0, Pose::at(0.0, size[1] * 0.5 + 8.0, thick * 0.5));
    Made::whole(Class::Currency, made)
}

/// Folded once across: the fold stands higher than the open ends.
fn wad(random: &mut Random, made: &mut Assembly, note: Note) {
    let half = Note { length: note.length * 0.5, thread: note.thread * 1.6, ..note };
    let thick = random.range(2.5, 14.0);
    half.stack(made, thick, &Pose::at(0.0, 0.0, 0.0));
    let fold = Shape::Ellipsoid([note.width * 0.5, 7.0, thick * 0.6]);
    made.add(fold, note.material, note.fill * 0.7, Pose::at(0.0, half.length * 0.5, thick * 0.5));
}

fn folded_wad(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let note = Note::any(random);
    let mut x = 0.0;
    for _ in 0..random.count(1, 3) {
        let mut one = Assembly::default();
        wad(random, &mut one, note);
        made.place(&one, &askew(random, x, 0.0, 0.0));
        x += note.width * random.range(0.5, 1.15);
    }
    if random.chance(0.6) {
        let (low, high) = made.bounds();
        let at = Pose::at((low[0] + high[0]) * 0.5, 0.0, high[2]);
        made.block([high[0] - low[0], 4.0, 1.6], M::Polyethylene, 1.0, at);
    }
    Made::whole(Class::Currency, made)
}

fn clipped_wad(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let note = Note::any(random);
    wad(random, &mut made, note);
    let metal = random.choose(&[M::Steel, M::Brass, M::Silver]);
    let top = made.bounds().1[2];
    for z in [0.0, top + 0.8] {
        made.block([18.0, 48.0, 0.9], metal, 1.0, Pose::at(0.0, note.length * 0.06, z));
    }
    Made::whole(Class::Currency, made)
}

/// Packets between the pages of a book; the packets alone are the target.
fn notes_in_book(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let size = [random.range(110.0, 160.0), random.range(180.0, 240.0), random.range(14.0, 34.0)];
    let paper = random.range(0.5, 0.7);
    made.block(size, M::Cellulose, paper, Pose::at(0.0, 0.0, size[2] * 0.5));
    // The covers are denser board.
    for z in [1.2, size[2] - 1.2] {
        made.block([size[0], size[1], 2.2], M::Cellulose, 0.3, Pose::at(0.0, 0.0, z));
    }
    let from = made.parts.len();
    let note = Note::any(random);
    for i in 0..random.count(1, 4) {
        // The pages part round them, so the book is that much thicker there.
        let (y, z) = (random.range(-12.0, 12.0), size[2] + i as f32 * 5.0);
        note.stack(&mut made, random.range(1.5, 5.0), &askew(random, 0.0, y, z));
    }
    let notes = from..made.parts.len();
    Made { assembly: made, marks: vec![(Class::Currency, notes)] }
}

fn notes_in_foil(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let note = Note::any(random);
    let thick = random.range(4.0, 18.0);
    note.stack(&mut made, thick, &Pose::at(0.0, 0.0, 0.5));
    let foil = random.range(0.02, 0.1);
    for z in [0.0, thick + 0.5] {
        made.block([note.width + 3.0, note.length + 3.0, foil], M::Aluminium, 1.0, Pose::at(0.0, 0.0, z));
    }
    for side in [-1.0, 1.0] {
        let fold = [note.width * random.range(0.6, 1.0), random.range(10.0, 35.0), foil * 4.0];
        made.block(fold, M::Aluminium, 1.0, Pose::at(0.0, side * note.length * 0.42, thick + 1.0));
    }
    Made::whole(Class::Currency, made)
}

/// Packets of several sizes on one another.
fn mixed_values(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let mut z = 0.0;
    for _ in 0..random.count(3, 6) {
        let note = Note::any(random);
        let thick = random.range(1.5, 7.0);
        let pose = Pose::turned(random.range(-0.25, 0.25), 0.0, 0.0).moved(random.range(-8.0, 8.0), 0.0, z);
        note.stack(&mut made, thick, &pose);
        if random.chance(0.5) {
            note.strap(random, &mut made, thick, &pose);
        }
        z += thick + 0.6;
    }
    Made::whole(Class::Currency, made)
}

/// Tight rolls in a row in a tube of film or board.
fn rolls_end_to_end(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let note = Note::any(random);
    let radius = random.range(11.0, 19.0);
    let count = random.count(2, 4);
    for i in 0..count {
        let y = (i as f32 - 0.5 * (count - 1) as f32) * (note.width + 3.0);
        rolled(random, &mut made, note, radius, y);
    }
    let half = 0.5 * count as f32 * (note.width + 5.0);
    let (wall, wall_mm) = random.choose(&[(M::Polyethylene, 0.8), (M::Cellulose, 1.6)]);
    made.pipe([0.0, -half, radius], [0.0, half, radius], radius + 2.6, wall_mm, wall);
    Made::whole(Class::Currency, made)
}

/// Flat packets quilted side by side into cloth.
fn packets_in_lining(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let note = Note::any(random);
    let (columns, rows) = random.choose(&[(2, 1), (3, 1), (2, 2), (3, 2)]);
    let pitch = [note.width + random.range(6.0, 14.0), note.length + random.range(5.0, 14.0)];
    let size = [columns as f32 * pitch[0] + 8.0, rows as f32 * pitch[1] + 8.0];
    let cloth = random.choose(&[M::Nylon, M::Cellulose, M::Protein]);
    made.block([size[0], size[1], 6.0], cloth, random.range(0.12, 0.25), Pose::at(0.0, 0.0, 3.0));
    for column in 0..columns {
        for row in 0..rows {
            let place = |i: usize, of: usize, axis: usize| (i as f32 - 0.5 * (of - 1) as f32) * pitch[axis];
            let pose = askew(random, place(column, columns, 0), place(row, rows, 1), 6.0);
            note.stack(&mut made, random.range(2.2, 7.0), &pose);
        }
    }
    Made::whole(Class::Currency, made)
}

/// Notes curled round the inside of a can, one ring above the other.
fn notes_round_a_can(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let note = Note::any(random);
    let r = random.range(30.0, 46.0);
    let thick = random.range(2.5, 7.0);
    let rings = random.count(1, 2);
    let height = rings as f32 * (note.width + 2.0);
    let (wall, wall_mm) = random.choose(&[(M::Steel, 0.22), (M::Aluminium, 0.3), (M::Cellulose, 1.4)]);
    Vessel::straight(wall, wall_mm, r, height + 6.0).lying(&mut made, None);
    for ring in 0..rings {
        let y = -height * 0.5 + ring as f32 * (note.width + 2.0);
        let (from, to) = ([0.0, y, r], [0.0, y + note.width, r]);
        made.bar(from, to, r - 2.0, note.material, note.fill);
        made.bar(from, to, r - 2.0 - thick, note.material, -note.fill);
    }
    Made::whole(Class::Currency, made)
}

/// Straps between two boards, bound crosswise.
fn board_brick(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let note = Note::any(random);
    let (columns, layers, thick) = (random.count(1, 2), random.count(2, 4), random.range(9.0, 13.0));
    for layer in 0..layers {
        for column in 0..columns {
            let x = (column as f32 - 0.5 * (columns - 1) as f32) * (note.width + 1.5);
            let pose = askew(random, x, 0.0, 3.0 + layer as f32 * thick);
            note.stack(&mut made, thick, &pose);
        }
    }
    let size = [columns as f32 * (note.width + 3.0) + 4.0, note.length + 8.0];
    let top = 4.0 + layers as f32 * thick;
    for z in [1.2, top + 1.2] {
        made.block([size[0], size[1], 2.2], M::Cellulose, 0.6, Pose::at(0.0, 0.0, z));
        made.block([size[0] + 2.0, 12.0, 0.9], M::Pet, 1.0, Pose::at(0.0, 0.0, z + 1.6));
        made.block([12.0, size[1] + 2.0, 0.9], M::Pet, 1.0, Pose::at(0.0, 0.0, z + 1.6));
    }
    made.block([9.0, 14.0, 2.0], M::Steel, 0.6, Pose::at(0.0, size[1] * 0.2, top + 3.5));
    Made::whole(Class::Currency, made)
}
