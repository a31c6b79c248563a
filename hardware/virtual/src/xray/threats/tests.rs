//! Mixtures that attenuate alike, maps that weigh what they show, and pixels that are where the renderer puts them.

use super::super::profile::TRAINING;
use super::super::render;
use super::super::scene::ScenePlan;
use super::*;

#[test]
fn every_training_design_of_the_six_classes_is_drawn_and_no_other() {
    let threats = draw(3, 2);
    for class in CLASSES {
        let designs = targets::design_names(class, Designs::Training);
        for design in &designs {
            let found = threats.iter().filter(|threat| threat.class == class && threat.design == *design).count();
            assert_eq!(found, 2, "{class:?} {design}");
        }
        let known = threats.iter().filter(|threat| threat.class == class).all(|one| designs.contains(&one.design));
        assert!(known, "{class:?}");
    }
    let names = |threats: &[Threat]| threats.iter().map(|threat| threat.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&threats), names(&draw(3, 2)));
    let (low, high) = threats[0].assembly.bounds();
    assert!(low[2].abs() < 1e-3 && (low[0] + high[0]).abs() < 1e-3, "{low:?} {high:?}");
}

#[test]
fn mixtures_attenuate_both_energies_as_the_materials_do() {
    let beam = Beam::at(160).expect("160 kV");
    for (material, areal) in [
        (Material::Steel, 4.0),
        (Material::Polyethylene, 3.0),
        (Material::Brass, 2.0),
        (Material::Sugar, 5.0),
        (Material::Nylon, 1.0),
        (Material::Aluminium, 2.7),
        (Material::LithiumCell, 3.0),
        (Material::CircuitBoard, 0.4),
        (Material::Tnt, 6.0),
    ] {
        let (low, high) = beam.transmission([(material, areal)]);
        let mixed = basis::equivalent(beam, low, high, Densities::default());
        let (again_low, again_high) =
            beam.transmission([(Material::Polyethylene, mixed.organic), (Material::Steel, mixed.metal)]);
        let error = ((again_low / low - 1.0).abs()).max((again_high / high - 1.0).abs());
        assert!(error < 0.002, "{material:?}: {mixed:?}, {error}");
    }
    // Lead in bulk is harder than any mixture: dark all the same.
    let (low, high) = beam.transmission([(Material::Lead, 4.0)]);
    let lead = basis::equivalent(beam, low, high, Densities::default());
    let (_, again) = beam.transmission([(Material::Polyethylene, lead.organic), (Material::Steel, lead.metal)]);
    assert!((again.ln() / high.ln() - 1.0).abs() < 0.02, "{lead:?}");
}

#[test]
fn the_table_is_rising_and_close_between_its_points() {
    let beam = Beam::at(160).expect("160 kV");
    let table = Table::of(beam);
    assert!(table.organic_mg_cm2.len() <= 128 && table.metal_mg_cm2.len() <= 128);
    let mut worst = 0.0f64;
    for row in 0..table.metal_mg_cm2.len() - 1 {
        for column in 0..table.organic_mg_cm2.len() - 1 {
            let middle = |points: &[u32], index: usize| (points[index] + points[index + 1]) as f32 * 0.5e-3;
            let (organic, metal) = (middle(&table.organic_mg_cm2, column), middle(&table.metal_mg_cm2, row));
            let (low, high) = beam.transmission([(Material::Polyethylene, organic), (Material::Steel, metal)]);
            for (rows, light) in table.attenuation_e5.iter().zip([low, high]) {
                assert!(rows[row][column] < rows[row + 1][column] && rows[row][column] < rows[row][column + 1]);
                let corners = [(row, column), (row + 1, column), (row, column + 1), (row + 1, column + 1)];
                let mean = corners.iter().map(|&(row, column)| f64::from(rows[row][column])).sum::<f64>() / 4e5;
                // As a share of air's light: nobody sees an error of what is dark.
                worst = worst.max(((-mean).exp() - f64::from(light)).abs());
            }
        }
    }
    println!("{worst:.5} of air's light");
    assert!(worst < 0.001, "{worst}");
}

#[test]
fn a_map_weighs_what_its_solid_does() {
    let mut assembly = Assembly::default();
    assembly.block([30.0, 20.0, 4.0], Material::Steel, 1.0, Pose::turned(0.6, 0.0, 0.0));
    let threat = Threat { name: "bar".into(), class: Class::Blade, design: "bar", assembly: lying(&assembly) };
    let maps = threat.maps(Beam::at(160).expect("160 kV"));
    let grams = maps.metal.iter().map(|&mg| f64::from(mg - MAP_ZERO)).sum::<f64>() * 2.5e-6;
    assert!((grams / f64::from(threat.assembly.mass_g()) - 1.0).abs() < 0.04, "{grams} g");
    // Where an edge is averaged, light is hardened as by no mixture: a little plastic, on the edge only.
    let organic: u64 = maps.organic.iter().map(|&mg| u64::from(mg.abs_diff(MAP_ZERO))).sum();
    assert!(organic < 500_000, "steel is steel: {organic} mg");
    let (width, height) = (maps.width as usize, maps.height as usize);
    let rim = (0..width * height).filter(|at| at % width == 0 || at / width == 0 || at % width == width - 1);
    assert!(rim.into_iter().all(|at| maps.metal[at] == MAP_ZERO));
}

#[test]
fn a_point_is_seen_where_the_renderer_draws_it() {
    let plan = ScenePlan { size_mm_max: [300, 300, 150], ..ScenePlan::default() };
    let mut block = Assembly::default();
    block.block([24.0, 30.0, 2.0], Material::Lead, 1.0, Pose::at(0.0, 0.0, 0.0));
    for (seed, x, z) in [(1, -30.0, 10.0), (2, 25.0, 40.0), (3, 0.0, 5.0)] {
        let parcel = Scene::random(seed, &plan);
        let (low, high) = parcel.bounds();
        let middle = [(low[0] + high[0]) * 0.5 + x, (low[1] + high[1]) * 0.5, z];
        let pose = Pose::at(middle[0], middle[1], middle[2]);
        let scene = parcel.with_target(Class::DenseObject, "block", &block, &pose);
        assert_eq!(scene.targets.len(), parcel.targets.len() + 1);
        let image = render(&scene, &TRAINING[0], 1);
        let [x0, y0, x1, y1] = image.truth.last().expect("the block").pixels.map(|pixel| pixel as f32);
        let at = seen_at(&parcel, &TRAINING[0], image.first_column, middle).expect("from above");
        let found = [(x0 + x1) * 0.5, (y0 + y1) * 0.5];
        assert!((at[0] - found[0]).abs() < 1.0 && (at[1] - found[1]).abs() < 1.0, "{at:?} for {found:?}");
    }
}
