//! Parcels with a truth: what each one really is, drawn from a seed.
//!
//! Apart from the belt, because labels, declarations, hold lists and pictures are made from the same facts. It knows
//! nothing of what anybody measured or decided.

use crate::xray::random::{Random, mix};
use crate::xray::{Class, Designs, Scene, ScenePlan};
use gatepost_hardware::lane::{DeviceKind, LaneMap};
use serde::{Deserialize, Serialize};

/// What kind of mail an S10 service indicator says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailClass {
    Parcel,
    Ems,
    Letter,
    Registered,
    Packet,
}

impl MailClass {
    const fn letter(self) -> char {
        match self {
            Self::Parcel => 'C',
            Self::Ems => 'E',
            Self::Letter => 'L',
            Self::Registered => 'R',
            Self::Packet => 'U',
        }
    }
}

/// Everything that is true of one parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParcelTruth {
    /// From 1, in the order in which they were laid on the feeder.
    pub id: u32,
    /// The S10 item identifier on its label; its check digit is right.
    pub item: String,
    /// Whether the label can be read at all.
    pub readable: bool,
    /// Along the belt, across it, and up.
    pub length_mm: u32,
    pub width_mm: u32,
    pub height_mm: u32,
    pub mass_g: u32,
    pub class: MailClass,
    /// Whether advance data were sent.
    pub declared: bool,
    /// Whether it is to stand on the hold list.
    pub held: bool,
    /// The X-ray class of what is hidden in it; `None` is a clean parcel.
    pub target: Option<String>,
    /// Seed of its X-ray scene.
    pub scene: u64,
    /// Belt before it on the feeder.
    pub gap_mm: u32,
    /// Where its label is, from the nose.
    pub label_permille: u16,
    /// So flat that an eye may miss it.
    pub flat: bool,
}

/// What comes down the belt, and who stands beside it. Shares in per mille.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub parcels: u32,
    pub target_permille: u16,
    pub held_permille: u16,
    pub undeclared_permille: u16,
    pub unreadable_permille: u16,
    /// Sizes and mass follow from the X-ray scene: what is weighed is what is seen. Slower.
    pub solid: bool,
    /// Parcels that the exam chute holds.
    pub exam_chute: usize,
    /// An officer takes a parcel out of the exam chute this often; `None`: only when told.
    pub officer_ms: Option<u32>,
    /// An operator presses reset this long after the light went amber; `None`: only when told.
    pub operator_ms: Option<u32>,
    /// A supervisor ends a latch this long after it began; `None`: only when told.
    pub supervisor_ms: Option<u32>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            parcels: 200,
            target_permille: 40,
            held_permille: 20,
            undeclared_permille: 20,
            unreadable_permille: 15,
            solid: false,
            exam_chute: 8,
            officer_ms: Some(3_000),
            operator_ms: Some(1_500),
            supervisor_ms: Some(5_000),
        }
    }
}

/// What a lane's parcels hide: the classes that the shipped model knows.
pub const CARRIED: [Class; 6] =
    [Class::Firearm, Class::Blade, Class::Battery, Class::ExplosiveDevice, Class::DenseObject, Class::Opaque];

/// Draws parcels for one lane.
#[derive(Clone, Debug)]
pub struct Generator {
    random: Random,
    seed: u64,
    last: u32,
    length_mm: [u32; 2],
    gap_mm_least: u32,
    /// Belt that the scale needs for one object alone.
    scale_mm: u32,
}

impl Generator {
    pub fn new(map: &LaneMap, seed: u64) -> Self {
        let mm = |value: i32| value.max(0).unsigned_abs();
        let scale = map.device(DeviceKind::Scale).map_or(0, |(_, scale)| mm(scale.to_mm.0 - scale.from_mm.0));
        Self {
            random: Random::new(mix(seed ^ 0x9A2C)),
            seed,
            last: 0,
            length_mm: [mm(map.items.length_mm_min.0) + 20, mm(map.items.length_mm_max.0) - 30],
            gap_mm_least: mm(map.items.gap_mm_min.0) * 5 / 4,
            scale_mm: if scale == 0 { 0 } else { scale + 250 },
        }
    }

    /// The next parcel.
    pub fn next(&mut self, plan: &Plan) -> ParcelTruth {
        self.last += 1;
        let id = self.last;
        let scene = mix(self.seed ^ (u64::from(id) << 20));
        let target = self.share(plan.target_permille).then(|| self.random.choose(&CARRIED));
        let [length_mm, width_mm, height_mm, mass_g] =
            if plan.solid { self.solid(scene, target) } else { self.drawn() };
        let class = self.class(mass_g);
        let gap_least = self.gap_mm_least.max(self.scale_mm.saturating_sub(length_mm) / 2);
        ParcelTruth {
            id,
            item: self.item(class),
            readable: !self.share(plan.unreadable_permille),
            length_mm,
            width_mm,
            height_mm,
            mass_g,
            class,
            declared: !self.share(plan.undeclared_permille),
            held: self.share(plan.held_permille),
            target: target.map(|class| class.name().to_owned()),
            scene,
            gap_mm: gap_least + self.random.count(0, 300) as u32,
            label_permille: self.random.count(300, 700) as u16,
            flat: false,
        }
    }

    fn share(&mut self, permille: u16) -> bool {
        self.random.count(0, 999) < usize::from(permille)
    }

    fn drawn(&mut self) -> [u32; 4] {
        let [least, most] = self.length_mm;
        let length = self.random.count(least as usize, most as usize) as u32;
        let width = self.random.count(80, 400) as u32;
        let height = self.random.count(20, 250) as u32;
        // 40 to 300 grams a litre: clothes to books.
        let mass = u64::from(length * width) * u64::from(height) * self.random.count(40, 300) as u64 / 1_000_000;
        [length, width, height, (mass as u32).clamp(20, 30_000)]
    }

    fn solid(&mut self, seed: u64, target: Option<Class>) -> [u32; 4] {
        let scene = Scene::random(seed, &self.scene_plan(target));
        let [least, most] = self.length_mm;
        [scene.length_mm.clamp(least, most), scene.width_mm, scene.height_mm, scene.mass_g]
    }

    fn scene_plan(&self, target: Option<Class>) -> ScenePlan {
        scene_plan(self.length_mm[1], target)
    }

    /// Anything up to 2 kg may be a letter; heavier mail is a parcel.
    fn class(&mut self, mass_g: u32) -> MailClass {
        use MailClass::{Ems, Letter, Packet, Parcel, Registered};
        if mass_g > 2_000 {
            return self.random.choose(&[Parcel, Parcel, Ems]);
        }
        self.random.choose(&[Parcel, Ems, Letter, Registered, Packet, Packet])
    }

    fn item(&mut self, class: MailClass) -> String {
        let second = self.random.choose(&['A', 'B', 'C', 'D', 'E', 'G', 'H', 'K', 'N', 'P', 'R']);
        let country = self.random.choose(&["GB", "DE", "FR", "CN", "HK", "JP", "IN", "NL", "CA", "AU"]);
        // The parcel's number makes the serial number unique within a seed.
        let serial = (self.seed % 90) as u32 * 1_000_000 + self.last % 1_000_000;
        s10(&format!("{}{second}", class.letter()), serial, country)
    }
}

/// The scene that belongs to a parcel of a lane whose longest item is `length_mm_max`.
pub fn scene_plan(length_mm_max: u32, target: Option<Class>) -> ScenePlan {
    let targets = target.into_iter().collect();
    ScenePlan { targets, designs: Designs::Training, size_mm_max: [400, length_mm_max, 300], ..ScenePlan::default() }
}

/// An S10 item identifier: two letters, eight digits, the check digit, the country.
/// Source: UPU S10; weights 8 6 4 2 3 5 9 7, 11 minus the remainder, 10 becomes 0 and 11 becomes 5.
pub fn s10(prefix: &str, serial: u32, country: &str) -> String {
    let digits = format!("{:08}", serial % 100_000_000);
    let sum: u32 =
        digits.bytes().zip([8, 6, 4, 2, 3, 5, 9, 7]).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let check = match 11 - sum % 11 {
        10 => 0,
        11 => 5,
        check => check,
    };
    format!("{prefix}{digits}{check}{country}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lane::shipped;
    use std::collections::BTreeSet;

    /// Vectors v1 to v5, v6 and v10 of the identifiers' reference.
    #[test]
    fn s10_check_digits_are_those_of_the_vectors() {
        for item in [
            "RR473124829GB",
            "RB123456785GB",
            "EE876543216CA",
            "EE471108151FR",
            "AB123100000IE",
            "AB000000005IE",
            "UJ314159268HK",
        ] {
            assert_eq!(s10(&item[..2], item[2..10].parse().unwrap(), &item[11..]), item);
        }
    }

    #[test]
    fn the_same_seed_draws_the_same_parcels_and_no_item_twice() {
        let (map, plan) = (shipped("north"), Plan::default());
        let draw = |seed| {
            let mut generator = Generator::new(&map, seed);
            (0..500).map(|_| generator.next(&plan)).collect::<Vec<_>>()
        };
        let parcels = draw(7);
        assert_eq!(parcels, draw(7));
        assert_ne!(parcels, draw(8));
        assert_eq!(parcels.iter().map(|parcel| &parcel.item).collect::<BTreeSet<_>>().len(), 500);
        for parcel in &parcels {
            assert!((100..=600).contains(&parcel.length_mm) && parcel.gap_mm >= 312, "{parcel:?}");
            assert!(parcel.length_mm + 2 * parcel.gap_mm >= 1_049, "one alone on the scale: {parcel:?}");
        }
        assert!(parcels.iter().any(|parcel| parcel.target.is_some()) && parcels.iter().any(|parcel| !parcel.readable));
    }

    #[test]
    fn a_solid_parcel_weighs_what_its_scene_weighs() {
        let (map, plan) = (shipped("south"), Plan { solid: true, target_permille: 500, ..Plan::default() });
        let mut generator = Generator::new(&map, 3);
        for _ in 0..20 {
            let parcel = generator.next(&plan);
            let target = parcel.target.as_deref().and_then(Class::named);
            let scene = Scene::random(parcel.scene, &scene_plan(420, target));
            assert_eq!((scene.mass_g, scene.height_mm), (parcel.mass_g, parcel.height_mm));
            assert_eq!(scene.targets.first().map(|found| found.class), target);
        }
    }
}
