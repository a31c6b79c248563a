//! What the model is taught to find: classes, and designs of each, some of them kept back from training.
//!
//! It stands alone so that "unseen design" is a property of a list, which a test can hold, and not of luck. A class
//! is added here, as a row of designs; nothing else counts classes.

use std::ops::Range;

use super::random::Random;
use super::shape::{Assembly, Pose};

mod ammunition;
mod blades;
mod cells;
mod currency;
mod dense;
mod devices;
mod firearm_parts;
mod firearms;
mod liquids;
mod pills;
mod plants;
mod powders;
mod repeated;
mod shields;
mod vapes;

/// A detection class; the order is the model's channel order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A gun, whole.
    Firearm,
    /// A piece that only a gun has, on its own: slide, barrel, frame, bolt, empty magazine, suppressor.
    FirearmPart,
    /// A knife or a loose blade.
    Blade,
    /// Cartridges, shells or bullets, loose, boxed, linked or in a magazine.
    Ammunition,
    /// Organic mass with initiator, cell and wiring.
    ExplosiveDevice,
    /// Lithium or alkaline cells, loose, packed or built in.
    Battery,
    /// Tablets or capsules, loose or packed.
    Pills,
    /// Fine powder, loose, pressed or hidden.
    Powder,
    /// Liquid or cream in a container.
    Liquid,
    /// A vaping device or its refills.
    Vape,
    /// Banknotes in quantity.
    Currency,
    /// Plants, their parts, seeds; what is pressed or rolled of them.
    PlantMatter,
    /// Six or more of one article, each of 20 mm or more; food and beads in pieces are none.
    RepeatedGoods,
    /// A small solid lump of metal or lead glass.
    DenseObject,
    /// Something X-rays do not pass.
    Opaque,
}

impl Class {
    /// Every class, in channel order.
    pub const ALL: [Class; 15] = [
        Class::Firearm,
        Class::FirearmPart,
        Class::Blade,
        Class::Ammunition,
        Class::ExplosiveDevice,
        Class::Battery,
        Class::Pills,
        Class::Powder,
        Class::Liquid,
        Class::Vape,
        Class::Currency,
        Class::PlantMatter,
        Class::RepeatedGoods,
        Class::DenseObject,
        Class::Opaque,
    ];

    /// Its name in labels, manifests and findings.
    pub fn name(self) -> &'static str {
        match self {
            Class::Firearm => "firearm",
            Class::FirearmPart => "firearm_part",
            Class::Blade => "blade",
            Class::Ammunition => "ammunition",
            Class::ExplosiveDevice => "explosive_device",
            Class::Battery => "battery",
            Class::Pills => "pills",
            Class::Powder => "powder",
            Class::Liquid => "liquid",
            Class::Vape => "vape",
            Class::Currency => "currency",
            Class::PlantMatter => "plant_matter",
            Class::RepeatedGoods => "repeated_goods",
            Class::DenseObject => "dense_object",
            Class::Opaque => "opaque",
        }
    }

    /// The class of that name.
    pub fn named(name: &str) -> Option<Class> {
        Class::ALL.into_iter().find(|class| class.name() == name)
    }

    fn designs(self) -> &'static [Design] {
        match self {
            Class::Firearm => firearms::FIREARMS,
            Class::FirearmPart => firearm_parts::FIREARM_PARTS,
            Class::Blade => blades::BLADES,
            Class::Ammunition => ammunition::AMMUNITION,
            Class::ExplosiveDevice => devices::EXPLOSIVE_DEVICES,
            Class::Battery => cells::BATTERIES,
            Class::Pills => pills::PILLS,
            Class::Powder => powders::POWDERS,
            Class::Liquid => liquids::LIQUIDS,
            Class::Vape => vapes::VAPES,
            Class::Currency => currency::CURRENCY,
            Class::PlantMatter => plants::PLANTS,
            Class::RepeatedGoods => repeated::REPEATED_GOODS,
            Class::DenseObject => dense::DENSE_OBJECTS,
            Class::Opaque => shields::OPAQUE_THINGS,
        }
    }
}

/// Which designs a scene may draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Designs {
    /// Those that training may see.
    Training,
    /// Targets that training may see, beside harmless things kept for choosing thresholds.
    Calibration,
    /// Those kept for testing.
    Unseen,
}

/// How one design is made; held back from training or not.
pub(super) struct Design {
    /// Its name, for reports.
    pub name: &'static str,
    /// Kept for testing.
    pub unseen: bool,
    /// Makes one, with its own sizes and materials.
    pub make: fn(&mut Random) -> Made,
}

/// A target, and which of its parts are a target of what class: a device's cell is a battery too.
#[derive(Clone, Debug, Default)]
pub struct Made {
    /// The thing.
    pub assembly: Assembly,
    /// Ranges of its parts.
    pub marks: Vec<(Class, Range<usize>)>,
}

impl Made {
    /// Everything in it is one target of one class.
    pub fn whole(class: Class, assembly: Assembly) -> Made {
        let all = 0..assembly.parts.len();
        Made { assembly, marks: vec![(class, all)] }
    }
}

/// Uniform between the least and greatest of a pair.
fn between(random: &mut Random, limits: [f32; 2]) -> f32 {
    random.range(limits[0], limits[1])
}

/// So many things side by side as they lie in a bag: some gap, a little askew, some the other way round.
fn several(random: &mut Random, count: usize, mut make: impl FnMut(&mut Random) -> Assembly) -> Assembly {
    let mut made = Assembly::default();
    let (gap, askew) = (random.range(0.5, 9.0), random.range(0.0, 0.25));
    for i in 0..count {
        let about = if random.chance(0.25) { std::f32::consts::PI } else { 0.0 };
        let lying = make(random).posed(&Pose::turned(about + random.range(-1.0, 1.0) * askew, 0.0, 0.0));
        if i == 0 { made = lying } else { made.beside(&lying, gap) }
    }
    made
}

/// A target of a class and the name of its design.
pub fn make(class: Class, designs: Designs, random: &mut Random) -> (&'static str, Made) {
    let wanted = designs == Designs::Unseen;
    let allowed: Vec<&Design> = class.designs().iter().filter(|design| design.unseen == wanted).collect();
    let design = random.choose(&allowed);
    (design.name, (design.make)(random))
}

/// Names of a class's designs, those for training or those kept back.
pub fn design_names(class: Class, designs: Designs) -> Vec<&'static str> {
    let wanted = designs == Designs::Unseen;
    class.designs().iter().filter(|design| design.unseen == wanted).map(|design| design.name).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_class_keeps_designs_back_and_makes_them_with_mass() {
        for class in Class::ALL {
            let (training, unseen) = (design_names(class, Designs::Training), design_names(class, Designs::Unseen));
            assert!(training.len() >= 8 && unseen.len() >= 3, "{class:?}: {training:?} {unseen:?}");
            assert!(training.iter().all(|name| !unseen.contains(name)));
            for design in class.designs() {
                let mut random = Random::new(5);
                for _ in 0..20 {
                    let made = (design.make)(&mut random);
                    assert!(made.marks.iter().any(|mark| mark.0 == class), "{}", design.name);
                    let solid = |marked: Range<usize>| made.assembly.parts[marked].iter().any(|part| part.fill > 0.0);
                    assert!(made.marks.iter().all(|mark| solid(mark.1.clone())), "{}", design.name);
                    let mass = made.assembly.mass_g();
                    assert!((3.0..12_000.0).contains(&mass), "{}: {mass} g", design.name);
                    let (low, high) = made.assembly.bounds();
                    let longest = (0..3).map(|axis| high[axis] - low[axis]).fold(0.0, f32::max);
                    assert!(longest < 440.0, "{}: {longest} mm", design.name);
                    // Each part costs rays; the most are rows of cartridges.
                    assert!(made.assembly.parts.len() <= 160, "{}: {} parts", design.name, made.assembly.parts.len());
                }
            }
            assert_eq!(Class::named(class.name()), Some(class));
        }
    }

    /// Along rays from above, 3 mm apart: no material is carved away that is not there.
    #[test]
    fn no_design_is_carved_beyond_its_own_solids() {
        for design in Class::ALL.into_iter().flat_map(Class::designs) {
            let mut random = Random::new(8);
            for _ in 0..2 {
                let made = (design.make)(&mut random).assembly;
                let (low, high) = made.bounds();
                let steps = [0, 1].map(|axis| ((high[axis] - low[axis]) / 3.0) as usize);
                for step in 0..steps[0] * steps[1] {
                    let x = low[0] + 1.3 + 3.0 * (step % steps[0]) as f32;
                    let y = low[1] + 1.3 + 3.0 * (step / steps[0]) as f32;
                    let mut areal = BTreeMap::<_, f32>::new();
                    for part in &made.parts {
                        let chord = part
                            .shape
                            .chord(part.pose.local_point([x, y, 0.0]), part.pose.local_direction([0.0, 0.0, 1.0]));
                        *areal.entry(part.material).or_default() += 0.1 * chord * part.material.density() * part.fill;
                    }
                    let least = areal.iter().min_by(|a, b| a.1.total_cmp(b.1));
                    assert!(least.is_none_or(|(_, &areal)| areal > -0.02), "{}: {least:?} g/cm2", design.name);
                }
            }
        }
    }
}
