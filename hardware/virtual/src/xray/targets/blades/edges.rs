//! Blades other than a plain knife's: of another mount, another shape or another trade.
//!
//! Apart because only the handle is common to both. It refuses table knives and blunt plates: those are look-alikes.

use super::super::super::physics::Material as M;
use super::super::super::random::Random;
use super::super::super::shape::{Assembly, Pose, Shape, circle};
use super::super::{Class, Made, several};
use super::handle;

/// Long, straight, toothed along one edge, its end round.
pub(super) fn serrated_knife(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let (length, width, thick) = (random.range(120.0, 240.0), random.range(20.0, 36.0), random.range(1.2, 2.2));
    let outline = vec![
        [-width * 0.5, 0.0],
        [width * 0.5, 0.0],
        [width * 0.5, length * 0.94],
        [width * 0.2, length],
        [-width * 0.3, length],
        [-width * 0.5, length * 0.95],
    ];
    made.add(Shape::Prism(outline, thick * 0.5), M::Steel, 0.95, Pose::at(0.0, 0.0, 10.0));
    let (teeth, deep) = (random.count(9, 18), random.range(1.5, 3.5));
    for i in 0..teeth {
        let y = length * (0.08 + 0.84 * i as f32 / teeth as f32);
        let tooth = vec![[width * 0.5, y], [width * 0.5 + deep, y + 2.5], [width * 0.5, y + 5.0]];
        made.add(Shape::Prism(tooth, thick * 0.4), M::Steel, 0.9, Pose::at(0.0, 0.0, 10.0));
    }
    handle(random, &mut made, 112.0, thick, 10.0);
    made
}

/// A blade between two arms that swing round it.
pub(super) fn butterfly_knife(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (length, width) = (random.range(85.0, 115.0), random.range(15.0, 22.0));
    let blade = vec![
        [-width * 0.5, -8.0],
        [width * 0.5, -8.0],
        [width * 0.5, length * 0.7],
        [0.0, length],
        [-width * 0.5, length * 0.75],
    ];
    made.add(Shape::Prism(blade, random.range(1.4, 2.0)), M::Steel, 0.85, Pose::at(0.0, 0.0, 8.0));
    // Closed, both arms lie along the blade; open, both point back.
    let open = random.range(0.0, std::f32::consts::PI);
    let metal = random.choose(&[M::Steel, M::Zinc, M::Aluminium, M::Titanium]);
    for side in [-1.0, 1.0] {
        let pose = Pose::turned(-side * open, 0.0, 0.0).moved(side * 6.0, 0.0, 8.0);
        let arm = pose.over(&Pose::at(side * 2.0, length * 0.52, 0.0));
        made.block([11.0, length * 1.08, 12.0], metal, random.range(0.35, 0.6), arm);
        made.add(Shape::Cylinder(3.5, 7.0), M::Steel, 1.0, pose);
    }
    Made::whole(Class::Blade, made)
}

/// A stout blade with a guard or none, bare or in a sheath.
pub(super) fn sheath_knife(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (length, width, thick) = (random.range(75.0, 180.0), random.range(20.0, 42.0), random.range(2.8, 5.0));
    let clip = random.range(0.45, 0.75);
    let outline = vec![
        [-width * 0.5, 0.0],
        [width * 0.5, 0.0],
        [width * 0.5, length * 0.7],
        [-width * 0.2, length],
        [-width * 0.3, length * clip],
        [-width * 0.5, length * clip * 0.92],
    ];
    made.add(Shape::Prism(outline, thick * 0.5), M::Steel, 0.75, Pose::at(0.0, 0.0, 10.0));
    if random.chance(0.5) {
        let metal = random.choose(&[M::Brass, M::Steel]);
        made.block([width * 1.5, 6.0, 12.0], metal, 0.9, Pose::at(0.0, -1.0, 10.0));
    }
    if random.chance(0.3) {
        // Teeth along the back.
        for i in 0..7 {
            let r = (length * 0.022).min(2.0);
            let at = Pose::at(r + 0.2 - width * 0.5, length * (0.08 + 0.045 * i as f32), 10.0);
            made.add(Shape::Cylinder(r, thick * 0.5), M::Steel, -0.7, at);
        }
    }
    let grip = random.range(90.0, 120.0);
    handle(random, &mut made, grip, thick, 10.0);
    if random.chance(0.5) {
        let (cover, fill) = random.choose(&[(M::Protein, 0.8), (M::Nylon, 0.7), (M::Pvc, 0.6)]);
        for z in [5.0, 15.0] {
            made.block([width * 1.5, length * 1.06, 3.0], cover, fill, Pose::at(0.0, length * 0.5, z));
        }
        for y in [0.1, 0.5, 0.9] {
            made.add(Shape::Cylinder(2.6, 6.0), M::Brass, 0.8, Pose::at(width * 0.64, length * y, 10.0));
        }
    }
    Made::whole(Class::Blade, made)
}

/// A short blade across the fist: from a bar or from four rings.
pub(super) fn push_dagger(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (length, width) = (random.range(50.0, 110.0), random.range(18.0, 34.0));
    let thick = random.range(3.0, 5.0);
    let outline = vec![
        [-width * 0.5, 0.0],
        [width * 0.5, 0.0],
        [width * 0.35, length * 0.6],
        [0.0, length],
        [-width * 0.35, length * 0.6],
    ];
    made.add(Shape::Prism(outline, thick * 0.5), M::Steel, 0.8, Pose::at(0.0, 0.0, 8.0));
    if random.chance(0.5) {
        made.block([9.0, 30.0, thick], M::Steel, 1.0, Pose::at(0.0, -14.0, 8.0));
        made.block(
            [random.range(65.0, 90.0), 20.0, 17.0],
            random.choose(&[M::Nylon, M::Cellulose]),
            0.7,
            Pose::at(0.0, -36.0, 8.0),
        );
    } else {
        let metal = random.choose(&[M::Steel, M::Brass, M::Zinc]);
        for i in 0..4 {
            let x = -40.5 + 27.0 * i as f32;
            made.wire(&circle([x, -16.0, 8.0], [13.0, 13.0], 12), random.range(3.0, 4.2), metal);
        }
        made.block([92.0, 12.0, 9.0], metal, 0.9, Pose::at(0.0, -40.0, 8.0));
    }
    Made::whole(Class::Blade, made)
}

/// Two to six of one plate each, handle and all.
pub(super) fn throwing_knives(random: &mut Random) -> Made {
    let (blade, grip) = (random.range(70.0, 140.0), random.range(70.0, 115.0));
    let (wide, slim, thick) = (random.range(9.0, 17.0), random.range(5.0, 9.0), random.range(2.0, 4.5));
    let (leaf, rings) = (random.range(0.3, 0.75), random.chance(0.5));
    let count = random.count(2, 6);
    let made = several(random, count, |_| {
        let mut one = Assembly::default();
        let outline = vec![
            [-slim, -grip],
            [slim, -grip],
            [slim, 0.0],
            [wide, blade * leaf],
            [0.0, blade],
            [-wide, blade * leaf],
            [-slim, 0.0],
        ];
        one.add(Shape::Prism(outline, thick * 0.5), M::Steel, 0.95, Pose::at(0.0, 0.0, 0.0));
        let holes = if rings { 3 } else { 1 };
        for i in 0..holes {
            let at = Pose::at(0.0, -grip * (0.85 - 0.25 * i as f32), 0.0);
            one.add(Shape::Cylinder(slim * 0.6, thick * 0.5), M::Steel, -0.95, at);
        }
        one
    });
    Made::whole(Class::Blade, made)
}

/// Blades without a handle: for cutters, razors or a surgeon, in a flat pack or loose.
pub(super) fn spare_blades(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let kind = random.count(0, 2);
    let thick = random.range(0.4, 0.7);
    let outline: Vec<[f32; 2]> = match kind {
        0 => vec![[-9.0, -50.0], [9.0, -50.0], [9.0, 34.0], [-9.0, 52.0]],
        1 => vec![[-11.0, -21.0], [11.0, -21.0], [11.0, 21.0], [-11.0, 21.0]],
        _ => vec![[-9.5, -30.0], [9.5, -19.0], [9.5, 19.0], [-9.5, 30.0]],
    };
    let (count, stacked) = (random.count(6, 14), random.chance(0.5));
    for i in 0..count {
        let pose = if stacked {
            Pose::at(random.range(-1.0, 1.0), random.range(-1.0, 1.0), 1.0 + i as f32 * 0.8)
        } else {
            let turn = Pose::turned(random.range(0.0, 6.3), random.range(-0.2, 0.2), 0.0);
            turn.moved(random.range(-36.0, 36.0), random.range(-36.0, 36.0), random.range(1.0, 9.0))
        };
        made.add(Shape::Prism(outline.clone(), thick * 0.5), M::Steel, 0.95, pose);
        if kind == 1 {
            made.block([4.0, 30.0, thick], M::Steel, -0.95, pose);
        }
    }
    if stacked {
        made.block(
            [26.0, 112.0 - 40.0 * kind.min(1) as f32, count as f32 * 0.8 + 4.0],
            M::Abs,
            0.25,
            Pose::at(0.0, 0.0, 5.0),
        );
    }
    Made::whole(Class::Blade, made)
}

/// A hollow-ground blade folded into two scales, or swung out.
pub(super) fn straight_razor(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (long, width) = (random.range(65.0, 85.0), random.range(14.0, 22.0));
    let open = if random.chance(0.5) { random.range(1.6, 3.1) } else { 0.06 };
    let pose = Pose::turned(open, 0.0, 0.0).moved(0.0, 0.0, 7.0);
    let blade = vec![[-4.0, 12.0], [3.0, 12.0], [width * 0.7, 34.0], [width * 0.7, 34.0 + long], [-4.0, 34.0 + long]];
    made.add(Shape::Prism(blade, 1.6), M::Steel, 0.55, pose);
    made.block([5.0, long + 44.0, 4.5], M::Steel, 0.9, pose.over(&Pose::at(-3.0, long * 0.5 + 10.0, 0.0)));
    made.wire(&[pose.place([-3.0, -10.0, 0.0]), pose.place([8.0, -24.0, 0.0])], 2.2, M::Steel);
    let scale = random.choose(&[M::Abs, M::Cellulose, M::Nylon]);
    for z in [2.5, 11.5] {
        made.block([17.0, long + 62.0, 2.8], scale, 0.9, Pose::at(0.0, long * 0.5 + 24.0, z));
    }
    for y in [0.0, long + 45.0] {
        made.add(Shape::Cylinder(2.6, 6.5), M::Brass, 1.0, Pose::at(0.0, y, 7.0));
    }
    Made::whole(Class::Blade, made)
}

/// A wedge of steel on a haft of wood, or all of one plate.
pub(super) fn hatchet(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (haft, reach) = (random.range(180.0, 320.0), random.range(70.0, 130.0));
    let (edge, neck) = (random.range(60.0, 110.0), random.range(24.0, 40.0));
    let outline = vec![
        [-22.0, -neck * 0.5],
        [-22.0, neck * 0.5],
        [15.0, neck * 0.45],
        [reach, edge * 0.5],
        [reach + 6.0, 0.0],
        [reach, -edge * random.range(0.5, 0.8)],
        [15.0, -neck * 0.45],
    ];
    let plate = random.chance(0.4);
    let (half, fill) = if plate { (random.range(2.2, 3.5), 0.95) } else { (11.0, random.range(0.4, 0.55)) };
    made.add(Shape::Prism(outline, half), M::Steel, fill, Pose::at(0.0, 0.0, 12.0));
    let end = -haft + 20.0;
    if plate {
        made.block([22.0, haft, 5.0], M::Steel, 0.9, Pose::at(-4.0, (end + 20.0) * 0.5, 12.0));
        made.block(
            [32.0, haft * 0.4, 20.0],
            random.choose(&[M::Nylon, M::Pvc]),
            0.5,
            Pose::at(-4.0, end + haft * 0.2, 12.0),
        );
    } else {
        made.bar([-4.0, end, 12.0], [-4.0, 20.0, 12.0], 14.0, random.choose(&[M::Cellulose, M::Nylon]), 0.5);
    }
    Made::whole(Class::Blade, made)
}

/// A blade bent towards its edge like a beak, on a thick handle or one that folds.
pub(super) fn pruning_hook(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (length, width) = (random.range(60.0, 150.0), random.range(18.0, 34.0));
    let hook = random.range(0.35, 0.8) * width;
    let outline = vec![
        [-width * 0.5, 0.0],
        [width * 0.4, 0.0],
        [width * 0.25, length * 0.4],
        [width * 0.45 + hook * 0.4, length * 0.75],
        [width * 0.5 + hook, length * 0.92],
        [width * 0.2, length],
        [-width * 0.3, length * 0.85],
        [-width * 0.55, length * 0.4],
    ];
    made.add(Shape::Prism(outline, random.range(0.9, 1.6)), M::Steel, 0.9, Pose::at(0.0, 0.0, 10.0));
    let grip = random.range(95.0, 135.0);
    handle(random, &mut made, grip, 3.0, 10.0);
    if random.chance(0.4) {
        made.add(Shape::Cylinder(5.0, 9.0), M::Steel, 0.9, Pose::at(0.0, -6.0, 10.0));
    }
    Made::whole(Class::Blade, made)
}

/// Two short jaws on a pin, two long levers: garden or tin shears.
pub(super) fn shears(random: &mut Random) -> Made {
    let mut made = Assembly::default();
    let (jaw, lever) = (random.range(45.0, 90.0), random.range(95.0, 150.0));
    let open = random.range(0.04, 0.3);
    for side in [-1.0, 1.0] {
        let pose = Pose::turned(side * open, 0.0, 0.0).moved(0.0, 0.0, 10.0 + 2.0 * side);
        let w = random.range(9.0, 14.0);
        let blade = vec![[-w, -10.0], [w, -10.0], [w, jaw * 0.5], [side * 2.0, jaw], [-w, jaw * 0.5]];
        made.add(Shape::Prism(blade, random.range(1.5, 2.5)), M::Steel, 0.95, pose);
        let bend = [
            pose.place([0.0, -8.0, 0.0]),
            pose.place([side * 16.0, -lever * 0.4, 0.0]),
            pose.place([side * 9.0, -lever, 0.0]),
        ];
        made.wire(&bend, 4.0, M::Steel);
        made.wire(&bend[1..], 8.0, random.choose(&[M::Pvc, M::Nylon]));
    }
    made.add(Shape::Cylinder(5.5, 7.0), M::Steel, 0.9, Pose::at(0.0, 0.0, 10.0));
    if random.chance(0.6) {
        let spring: Vec<_> =
            (0..8).map(|i| [if i % 2 == 0 { 4.0 } else { -4.0 }, -16.0 - 3.0 * i as f32, 10.0]).collect();
        made.wire(&spring, 1.0, M::Steel);
    }
    Made::whole(Class::Blade, made)
}
