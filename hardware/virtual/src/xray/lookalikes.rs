//! Harmless things that share outline, material or both with a target.
//!
//! They stand alone because they are the honest half of a detector's test: a clean parcel with none of these proves
//! little. Each says what it resembles, and some are kept back from training as designs of targets are: some to choose
//! thresholds by, others to report on. It refuses anything that an officer would want to see.

use super::appliances;
use super::physics::Material as M;
use super::random::Random;
use super::shape::{Assembly, Pose, Shape, circle};
use super::targets::{Class, Designs};

mod articles;
mod choosing;
mod consumables;
mod household;
mod ironmongery;
mod rows;

/// One harmless thing that resembles a class.
struct Lookalike {
    name: &'static str,
    resembles: Class,
    /// The designs it is drawn with besides; of those for training, all.
    kept: Option<Designs>,
    make: fn(&mut Random) -> Assembly,
}

impl Lookalike {
    const fn known(resembles: Class, name: &'static str, make: fn(&mut Random) -> Assembly) -> Self {
        Lookalike { name, resembles, kept: None, make }
    }

    const fn choosing(resembles: Class, name: &'static str, make: fn(&mut Random) -> Assembly) -> Self {
        Lookalike { name, resembles, kept: Some(Designs::Calibration), make }
    }

    const fn unseen(resembles: Class, name: &'static str, make: fn(&mut Random) -> Assembly) -> Self {
        Lookalike { name, resembles, kept: Some(Designs::Unseen), make }
    }
}

const ALL: &[Lookalike] = &[
    Lookalike::known(Class::Firearm, "hair-dryer", hair_dryer),
    Lookalike::known(Class::Firearm, "glue-gun", glue_gun),
    Lookalike::known(Class::Firearm, "water-pistol", water_pistol),
    Lookalike::unseen(Class::Firearm, "door-handle", door_handle),
    Lookalike::known(Class::Firearm, "mains-drill", household::mains_drill),
    Lookalike::known(Class::Firearm, "staple-gun", ironmongery::staple_gun),
    Lookalike::unseen(Class::Firearm, "tap", ironmongery::tap),
    Lookalike::choosing(Class::Firearm, "sealant-gun", ironmongery::sealant_gun),
    Lookalike::choosing(Class::Firearm, "barcode-reader", choosing::barcode_reader),
    Lookalike::choosing(Class::Firearm, "shelf-brackets", choosing::shelf_brackets),
    Lookalike::choosing(Class::Firearm, "hand-mixer", choosing::hand_mixer),
    Lookalike::known(Class::FirearmPart, "pipe-fittings", ironmongery::pipe_fittings),
    Lookalike::known(Class::FirearmPart, "lock-case", ironmongery::lock_case),
    Lookalike::known(Class::FirearmPart, "gas-spring", ironmongery::gas_spring),
    Lookalike::unseen(Class::FirearmPart, "stapler", household::stapler),
    Lookalike::unseen(Class::FirearmPart, "drawer-runners", ironmongery::drawer_runners),
    Lookalike::choosing(Class::FirearmPart, "bicycle-pump", ironmongery::bicycle_pump),
    Lookalike::choosing(Class::FirearmPart, "door-closer", choosing::door_closer),
    Lookalike::choosing(Class::FirearmPart, "tripod-legs", choosing::tripod_legs),
    Lookalike::choosing(Class::FirearmPart, "window-latches", choosing::window_latches),
    Lookalike::known(Class::Blade, "ruler", ruler),
    Lookalike::known(Class::Blade, "spatula", spatula),
    Lookalike::known(Class::Blade, "spanners", ironmongery::spanners),
    Lookalike::known(Class::Blade, "screwdrivers", ironmongery::screwdrivers),
    Lookalike::unseen(Class::Blade, "hinge", hinge),
    Lookalike::unseen(Class::Blade, "shoehorn", household::shoehorn),
    Lookalike::choosing(Class::Blade, "trowel", ironmongery::trowel),
    Lookalike::known(Class::Ammunition, "screws", rows::screws),
    Lookalike::known(Class::Ammunition, "markers-in-a-box", rows::markers_in_a_box),
    Lookalike::known(Class::Ammunition, "nail-polish-caps", rows::caps),
    Lookalike::unseen(Class::Ammunition, "chess-pieces", rows::chess_pieces),
    Lookalike::unseen(Class::Ammunition, "brass-nipples", rows::brass_nipples),
    Lookalike::choosing(Class::Ammunition, "spark-plugs", rows::spark_plugs),
    Lookalike::choosing(Class::Ammunition, "wall-plugs", choosing::wall_plugs),
    Lookalike::choosing(Class::Ammunition, "thimbles", choosing::thimbles),
    Lookalike::choosing(Class::Ammunition, "fishing-weights", choosing::fishing_weights),
    Lookalike::known(Class::ExplosiveDevice, "food-block-with-cable", food_block_with_cable),
    Lookalike::known(Class::ExplosiveDevice, "mains-radio", household::mains_radio),
    Lookalike::known(Class::ExplosiveDevice, "candles-with-light-string", household::candles_with_light_string),
    Lookalike::unseen(Class::ExplosiveDevice, "clay-with-charger", household::clay_with_charger),
    Lookalike::choosing(Class::ExplosiveDevice, "wax-with-warmer", household::wax_with_warmer),
    Lookalike::choosing(Class::ExplosiveDevice, "cheese-with-thermometer", choosing::cheese_with_thermometer),
    Lookalike::choosing(Class::ExplosiveDevice, "dough-with-lamp", choosing::dough_with_lamp),
    Lookalike::known(Class::Battery, "lipsticks", lipsticks),
    Lookalike::known(Class::Battery, "thread-spools", rows::thread_spools),
    Lookalike::known(Class::Battery, "power-supply", household::power_supply),
    Lookalike::unseen(Class::Battery, "lantern-tube", lantern_tube),
    Lookalike::unseen(Class::Battery, "hard-disk", household::hard_disk),
    Lookalike::choosing(Class::Battery, "film-tins", rows::film_tins),
    Lookalike::choosing(Class::Battery, "capacitors", choosing::capacitors),
    Lookalike::choosing(Class::Battery, "spice-jars", choosing::spice_jars),
    Lookalike::choosing(Class::Battery, "ring-magnets", choosing::ring_magnets),
    Lookalike::known(Class::DenseObject, "keys", keys),
    Lookalike::known(Class::DenseObject, "hollow-ornament", household::hollow_ornament),
    Lookalike::known(Class::DenseObject, "glass-marbles", rows::glass_marbles),
    Lookalike::unseen(Class::DenseObject, "stacked-coins", stacked_coins),
    Lookalike::choosing(Class::DenseObject, "curtain-rings", rows::curtain_rings),
    Lookalike::known(Class::Opaque, "flat-lunch-box", flat_lunch_box),
    Lookalike::known(Class::Opaque, "frying-pan", household::frying_pan),
    Lookalike::known(Class::Opaque, "heat-sink", ironmongery::heat_sink),
    Lookalike::unseen(Class::Opaque, "tiles", household::tiles),
    Lookalike::choosing(Class::Opaque, "stacked-plates", household::stacked_plates),
    Lookalike::known(Class::Pills, "mint-rings", consumables::mint_rings),
    Lookalike::known(Class::Pills, "wrapped-sweets", consumables::wrapped_sweets),
    Lookalike::known(Class::Pills, "beads", consumables::beads),
    Lookalike::unseen(Class::Pills, "buttons", consumables::buttons),
    Lookalike::choosing(Class::Pills, "mosaic-stones", consumables::mosaic_stones),
    Lookalike::known(Class::Powder, "sugar-cubes", consumables::sugar_cubes),
    Lookalike::known(Class::Powder, "soap", consumables::soap),
    Lookalike::known(Class::Powder, "jelly-cubes", consumables::jelly_cubes),
    Lookalike::known(Class::Powder, "biscuits", consumables::biscuits),
    Lookalike::unseen(Class::Powder, "chalk", consumables::chalk),
    Lookalike::choosing(Class::Powder, "pillar-candles", consumables::pillar_candles),
    Lookalike::known(Class::Liquid, "empty-bottles", consumables::empty_bottles),
    Lookalike::known(Class::Liquid, "candle-in-jar", consumables::candle_in_jar),
    Lookalike::unseen(Class::Liquid, "paperweight", consumables::paperweight),
    Lookalike::choosing(Class::Liquid, "jar-of-pasta", consumables::jar_of_pasta),
    Lookalike::known(Class::Vape, "ball-pens", consumables::ball_pens),
    Lookalike::known(Class::Vape, "usb-sticks", consumables::usb_sticks),
    Lookalike::unseen(Class::Vape, "highlighters", consumables::highlighters),
    Lookalike::choosing(Class::Vape, "toothbrushes", consumables::toothbrushes),
    Lookalike::choosing(Class::Vape, "mascara", choosing::mascara),
    Lookalike::choosing(Class::Vape, "glue-sticks", choosing::glue_sticks),
    Lookalike::choosing(Class::Vape, "plug-adapters", choosing::plug_adapters),
    Lookalike::choosing(Class::Vape, "penlights", choosing::penlights),
    Lookalike::known(Class::Currency, "note-pads", articles::note_pads),
    Lookalike::known(Class::Currency, "envelopes", articles::envelopes),
    Lookalike::unseen(Class::Currency, "playing-cards", articles::playing_cards),
    Lookalike::choosing(Class::Currency, "index-cards", articles::index_cards),
    Lookalike::known(Class::PlantMatter, "paper-shreds", articles::paper_shreds),
    Lookalike::known(Class::PlantMatter, "wool", articles::wool),
    Lookalike::unseen(Class::PlantMatter, "noodles", articles::noodles),
    Lookalike::choosing(Class::PlantMatter, "feathers", articles::feathers),
    Lookalike::known(Class::RepeatedGoods, "assortment", articles::assortment),
    Lookalike::known(Class::RepeatedGoods, "graded-set", articles::graded_set),
    Lookalike::unseen(Class::RepeatedGoods, "minerals", articles::minerals),
    Lookalike::choosing(Class::RepeatedGoods, "nested-cups", articles::nested_cups),
];

/// The designs it is kept for; none of those that training sees.
#[cfg(test)]
pub(super) fn kept_for(name: &str) -> Option<Designs> {
    ALL.iter().find(|thing| thing.name == name)?.kept
}

/// Something harmless and its name; of those that resemble `class` where there are such. What is kept back is drawn only
/// with the designs it is kept for, beside known ones: such a parcel holds both, as a mail bag would.
pub(super) fn any(random: &mut Random, class: Option<Class>, designs: Designs) -> (&'static str, Assembly) {
    let allowed = |thing: &&Lookalike| thing.kept.is_none_or(|kept| kept == designs);
    let mut choices: Vec<&Lookalike> =
        ALL.iter().filter(|thing| class.is_none_or(|class| thing.resembles == class)).filter(allowed).collect();
    if choices.is_empty() {
        choices = ALL.iter().filter(allowed).collect();
    }
    let thing = random.choose(&choices);
    (thing.name, (thing.make)(random))
}

/// Grip and barrel at an angle, in thin plastic (firearm).
fn hair_dryer(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    made.pipe([0.0, -85.0, 38.0], [0.0, 90.0, 38.0], 36.0, 2.5, M::Abs);
    let grip = random.range(90.0, 120.0);
    made.pipe([0.0, -40.0, 38.0], [grip, -60.0, 38.0], 17.0, 2.5, M::Abs);
    made.bar([0.0, -60.0, 38.0], [0.0, -20.0, 38.0], 15.0, M::Steel, 0.25);
    for i in 0..6 {
        let y = 10.0 + 8.0 * i as f32;
        made.wire(&[[-22.0, y, 30.0], [22.0, y, 46.0], [-22.0, y + 4.0, 46.0]], 0.4, M::Steel);
    }
    made
}

/// Grip, trigger and nozzle (firearm).
fn glue_gun(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let s = random.range(0.8, 1.2);
    made.block([28.0 * s, 130.0 * s, 26.0], M::Abs, 0.35, Pose::at(0.0, 0.0, 13.0));
    let grip = Pose::turned(0.3, 0.0, 0.0).moved(50.0 * s, -30.0 * s, 13.0);
    made.block([90.0 * s, 30.0 * s, 24.0], M::Abs, 0.35, grip);
    made.bar([0.0, 30.0 * s, 13.0], [0.0, 80.0 * s, 13.0], 7.0, M::Aluminium, 0.8);
    made.bar([0.0, 80.0 * s, 13.0], [0.0, 95.0 * s, 13.0], 4.0, M::Brass, 0.6);
    made.wire(&[[80.0 * s, -40.0 * s, 13.0], [120.0 * s, -60.0, 8.0], [150.0 * s, 10.0, 8.0]], 1.2, M::Copper);
    made
}

/// The outline of a pistol in one thin plastic (firearm).
fn water_pistol(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let s = random.range(0.8, 1.4);
    made.block([26.0 * s, 150.0 * s, 28.0], M::Polyethylene, 0.2, Pose::at(0.0, 0.0, 14.0));
    let grip = Pose::turned(0.25, 0.0, 0.0).moved(50.0 * s, -50.0 * s, 14.0);
    made.block([85.0 * s, 32.0 * s, 26.0], M::Polyethylene, 0.2, grip);
    made.bar([0.0, 40.0, 14.0], [0.0, 60.0, 14.0], 3.0, M::Steel, 0.5);
    made
}

/// Long, thin and metal (blade).
fn ruler(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let metal = random.choose(&[M::Aluminium, M::Acrylic, M::Steel]);
    let thick = if metal == M::Steel { 0.6 } else { random.range(1.0, 2.5) };
    made.block([random.range(25.0, 38.0), random.range(150.0, 310.0), thick], metal, 1.0, Pose::at(0.0, 0.0, 2.0));
    made
}

/// A handle and a blunt plate with slots (blade).
fn spatula(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    made.bar([0.0, -120.0, 9.0], [0.0, -20.0, 9.0], 9.0, random.choose(&[M::Abs, M::Cellulose]), 0.7);
    made.block([10.0, 90.0, 2.0], M::Steel, 1.0, Pose::at(0.0, 20.0, 9.0));
    made.block([70.0, 80.0, 1.0], M::Steel, 1.0, Pose::at(0.0, 100.0, 9.0));
    for x in [-20.0, 0.0, 20.0] {
        made.block([7.0, 55.0, 1.0], M::Steel, -1.0, Pose::at(x, 100.0, 9.0));
    }
    made
}

/// Flat steel with holes (blade, firearm slide).
fn hinge(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for i in 0..random.count(1, 3) {
        let x = i as f32 * 60.0;
        made.block([50.0, 80.0, 2.0], M::Steel, 1.0, Pose::at(x, 0.0, 3.0));
        made.pipe([x, -40.0, 5.0], [x, 40.0, 5.0], 4.0, 1.5, M::Steel);
        for (dx, dy) in [(-16.0, -25.0), (-16.0, 25.0), (16.0, -25.0), (16.0, 25.0)] {
            made.add(Shape::Cylinder(3.0, 1.0), M::Steel, -1.0, Pose::at(x + dx, dy, 3.0));
        }
    }
    made
}

/// Short round sticks in a row: thin metal round wax (battery).
fn lipsticks(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for i in 0..random.count(1, 5) {
        let x = i as f32 * 24.0;
        made.pipe(
            [x, -36.0, 10.0],
            [x, 36.0, 10.0],
            10.0,
            random.range(0.5, 1.2),
            random.choose(&[M::Aluminium, M::Abs]),
        );
        made.bar([x, -20.0, 10.0], [x, 25.0, 10.0], 6.0, M::Polyethylene, 0.95);
    }
    made
}

/// A torch or lantern without its cells: round, metal, hollow (battery, firearm barrel).
fn lantern_tube(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let half = random.range(50.0, 90.0);
    made.pipe([0.0, -half, 18.0], [0.0, half, 18.0], 13.0, random.range(1.2, 2.2), M::Aluminium);
    made.pipe([0.0, half, 18.0], [0.0, half + 28.0, 18.0], 18.0, 1.5, M::Aluminium);
    made.block([18.0, 3.0, 18.0], M::CircuitBoard, 1.0, Pose::at(0.0, half, 18.0));
    made
}

/// Cheese, marzipan or soap beside a coil of cable (explosive device without cell and initiator).
fn food_block_with_cable(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let size = [random.range(50.0, 110.0), random.range(80.0, 170.0), random.range(25.0, 45.0)];
    let food = random.choose(&[M::Protein, M::Polyethylene]);
    made.block(size, food, random.range(0.7, 0.95), Pose::at(0.0, 0.0, size[2] * 0.5));
    let mut lead = Assembly::default();
    appliances::coil(&mut lead, random.range(20.0, 40.0), 3, 0.5, 1.6);
    made.place(&lead, &Pose::at(random.range(-20.0, 60.0), random.range(-40.0, 60.0), size[2]));
    made
}

/// A bunch of keys (dense object, blade).
fn keys(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for _ in 0..random.count(2, 7) {
        let mut key = Assembly::default();
        key.add(Shape::Cylinder(11.0, 1.1), M::Brass, 0.9, Pose::at(0.0, 0.0, 0.0));
        key.block([7.0, 36.0, 2.0], M::Brass, 0.9, Pose::at(0.0, 26.0, 0.0));
        made.place(&key, &Pose::turned(random.range(0.0, 6.3), 0.2, 0.0).moved(0.0, 0.0, random.range(4.0, 14.0)));
    }
    made.wire(&circle([0.0, 0.0, 8.0], [13.0, 13.0], 12), 0.9, M::Steel);
    made
}

/// An L of hollow metal (firearm).
fn door_handle(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let metal = random.choose(&[M::Zinc, M::Aluminium, M::Brass]);
    made.pipe([0.0, -60.0, 14.0], [0.0, 55.0, 14.0], 9.0, 1.8, metal);
    made.pipe([0.0, 55.0, 14.0], [45.0, 55.0, 14.0], 9.0, 1.8, metal);
    made.block([40.0, 40.0, 3.0], metal, 1.0, Pose::at(60.0, 55.0, 14.0));
    made
}

/// A few flat discs (dense object).
fn stacked_coins(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    for _ in 0..random.count(3, 12) {
        let at = Pose::at(random.range(-35.0, 35.0), random.range(-35.0, 35.0), random.range(2.0, 6.0));
        made.add(Shape::Cylinder(random.range(9.0, 13.0), 1.0), M::Copper, 0.9, at);
    }
    made
}

/// A thin metal box, mostly empty (opaque).
fn flat_lunch_box(random: &mut Random) -> Assembly {
    let mut made = Assembly::default();
    let size = [random.range(90.0, 140.0), random.range(120.0, 190.0), random.range(35.0, 60.0)];
    let (metal, wall) = random.choose(&[(M::Aluminium, 1.2), (M::Steel, 0.3), (M::Steel, 0.5)]);
    made.block(size, metal, 1.0, Pose::at(0.0, 0.0, size[2] * 0.5));
    let inside = size.map(|s| s - 2.0 * wall);
    made.block(inside, metal, -1.0, Pose::at(0.0, 0.0, size[2] * 0.5));
    for side in [-0.24, 0.24] {
        // Bread, a filling, bread.
        for (z, filling) in [(0.2, M::Cellulose), (0.34, M::Protein), (0.48, M::Cellulose)] {
            let slice = [inside[0] * 0.8, inside[1] * 0.42, inside[2] * 0.13];
            made.block(slice, filling, 0.25, Pose::at(0.0, side * inside[1], z * size[2]));
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_things_taken_for_it_some_kept_back() {
        for class in Class::ALL {
            let of = |kept| ALL.iter().filter(|thing| thing.resembles == class && thing.kept == kept).count();
            let (known, choosing, unseen) = (of(None), of(Some(Designs::Calibration)), of(Some(Designs::Unseen)));
            assert!(known >= 2 && choosing >= 1 && unseen >= 1, "{class:?}: {known}, {choosing}, {unseen}");
        }
        for thing in ALL {
            let made = (thing.make)(&mut Random::new(3));
            assert!((3.0..3_000.0).contains(&made.mass_g()), "{}: {} g", thing.name, made.mass_g());
        }
    }
}
