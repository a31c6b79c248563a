//! What the model is taught to find: classes, and designs of each, some of them kept back from training.
//!
//! It stands alone so that "unseen design" is a property of a list, which a test can hold, and not of luck. A class
//! is added here, as a row of designs; nothing else counts classes.

use std::ops::Range;

use super::random::Random;
use super::shape::Assembly;
use super::{arms, charges};

/// A detection class; the order is the model's channel order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A gun, whole.
    Firearm,
    /// A knife or a loose blade.
    Blade,
    /// Lithium or alkaline cells, loose, packed or built in.
    Battery,
    /// Organic mass with initiator, cell and wiring.
    ExplosiveDevice,
    /// A small solid lump of metal or lead glass.
    DenseObject,
    /// Something X-rays do not pass.
    Opaque,
}

impl Class {
    /// Every class, in channel order.
    pub const ALL: [Class; 6] =
        [Class::Firearm, Class::Blade, Class::Battery, Class::ExplosiveDevice, Class::DenseObject, Class::Opaque];

    /// Its name in labels, manifests and findings.
    pub fn name(self) -> &'static str {
        match self {
            Class::Firearm => "firearm",
            Class::Blade => "blade",
            Class::Battery => "battery",
            Class::ExplosiveDevice => "explosive_device",
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
            Class::Firearm => arms::FIREARMS,
            Class::Blade => arms::BLADES,
            Class::Battery => charges::BATTERIES,
            Class::ExplosiveDevice => charges::EXPLOSIVE_DEVICES,
            Class::DenseObject => charges::DENSE_OBJECTS,
            Class::Opaque => charges::OPAQUE_THINGS,
        }
    }
}

/// Which designs a scene may draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Designs {
    /// Those that training may see.
    Training,
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
    use super::*;

    #[test]
    fn every_class_keeps_designs_back_and_makes_them_with_mass() {
        for class in Class::ALL {
            let (training, unseen) = (design_names(class, Designs::Training), design_names(class, Designs::Unseen));
            assert!(training.len() >= 3 && unseen.len() >= 2, "{class:?}: {training:?} {unseen:?}");
            assert!(training.iter().all(|name| !unseen.contains(name)));
            for design in class.designs() {
                let mut random = Random::new(5);
                let made = (design.make)(&mut random);
                assert!(made.marks.iter().any(|mark| mark.0 == class), "{}", design.name);
                let mass = made.assembly.mass_g();
                assert!((3.0..12_000.0).contains(&mass), "{}: {mass} g", design.name);
            }
            assert_eq!(Class::named(class.name()), Some(class));
        }
    }
}
