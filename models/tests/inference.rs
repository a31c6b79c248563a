//! Real inference with the real library: it must be there, or these tests fail and say how to get it.

use gatepost_models::catalog::{MANIFEST, MODEL, Package, PackageFault};
use gatepost_models::formats::{Geometry, Image, encode_png16};
use gatepost_models::random_graph::{self, TINY};
use gatepost_models::session::{Assessment, Cause, Engine, Model, ModelError};
use gatepost_models::{detections::Class, runtime};

const GEOMETRY: Geometry = Geometry { pitch_um: 1_500, belt_step_um: 1_000, air_level: None };
const AIR: u16 = 60_000;

fn engine() -> Engine {
    let library = runtime::find_or_fetch(None).unwrap_or_else(|error| panic!("{error}"));
    assert!(library.pinned, "{}: not the pinned library; unset {}", library.path.display(), runtime::OVERRIDE);
    Engine::open(&library).unwrap_or_else(|error| panic!("{error}"))
}

/// A parcel of even attenuation in air, with a plate of `plate` counts (both energies) in its middle.
fn parcel(plate: Option<(u16, [u32; 4])>) -> Image {
    let (width, height) = (200u32, 300u32);
    let paint = |counts: u16| -> Vec<u16> {
        (0..width * height)
            .map(|index| {
                let (x, y) = (index % width, index / width);
                let within =
                    |[left, top, right, bottom]: [u32; 4]| (left..right).contains(&x) && (top..bottom).contains(&y);
                match plate {
                    Some((count, bounds)) if within(bounds) => count,
                    _ if within([30, 40, 170, 260]) => counts + (x * 7 + y * 13) as u16 % 97,
                    _ => AIR,
                }
            })
            .collect()
    };
    Image::from_planes(width, height, paint(30_000), paint(36_000)).expect("within limits")
}

#[test]
fn a_random_detector_answers_and_answers_the_same_again() {
    let mut one = Model::load(&engine(), &random_graph::package(TINY, 1), 1).expect("loads");
    let mut two = Model::load(&engine(), &random_graph::package(TINY, 1), 2).expect("loads a second time");
    let first = one.detect(&parcel(None), &GEOMETRY);
    let Assessment::Assessed(assessed) = &first else { panic!("blind: {first:?}") };
    assert_eq!(assessed.quality.parcel_area_mm2, 140 * 220 * 1_500 / 1_000);
    assert_eq!(assessed.quality.opaque_area_mm2, 0);
    assert!(assessed.timings.infer_us > 0 && assessed.timings.preprocess_us > 0);
    for other in [one.detect(&parcel(None), &GEOMETRY), two.detect(&parcel(None), &GEOMETRY)] {
        assert_eq!(other.detections(), first.detections(), "one thread or two, once or again");
    }
}

#[test]
fn what_lets_nothing_through_is_reported_and_too_much_of_it_is_blind() {
    let mut model = Model::load(&engine(), &random_graph::package(TINY, 1), 1).expect("loads");
    // 20 × 20 pixels of 1.5 mm × 1 mm: 600 mm², the most that this model allows.
    let small = model.detect(&parcel(Some((40, [60, 100, 80, 120]))), &GEOMETRY);
    let Assessment::Assessed(assessed) = &small else { panic!("blind: {small:?}") };
    assert_eq!(assessed.quality.opaque_area_mm2, 600);
    let opaque: Vec<_> = assessed.detections.iter().filter(|one| one.class == Class::Opaque).collect();
    assert!(opaque.iter().any(|one| one.bounds == [60, 100, 80, 120] && one.score_e4 == 10_000), "{opaque:?}");
    let large = model.detect(&parcel(Some((40, [60, 100, 80, 121]))), &GEOMETRY);
    let Assessment::Blind(blind) = &large else { panic!("a shield passed for a clear picture: {large:?}") };
    assert_eq!(blind.cause, Cause::Shield);
    assert!(
        blind.detail.contains("630 mm2") && blind.detections.iter().any(|one| one.class == Class::Opaque),
        "{blind:?}"
    );
}

#[test]
fn a_model_with_another_digest_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    random_graph::write(folder.path(), TINY, 1).expect("written");
    assert!(Package::load(folder.path()).is_ok());
    let file = folder.path().join(MODEL);
    let mut bytes = std::fs::read(&file).expect("read");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&file, bytes).expect("written");
    let error = Package::load(folder.path()).err().expect("one flipped bit");
    assert!(matches!(error.fault, PackageFault::OtherDigest { .. }), "{error}");
    assert!(error.to_string().contains(MODEL) && error.to_string().contains("Install the package again"), "{error}");
    std::fs::write(folder.path().join(MANIFEST), "format = 2").expect("written");
    assert!(Package::load(folder.path()).is_err());
}

#[test]
fn activation_needs_golden_pictures_with_the_same_answers() {
    let folder = tempfile::tempdir().expect("a folder");
    random_graph::write(folder.path(), TINY, 1).expect("written");
    let manifest = folder.path().join(MANIFEST);
    // Thresholds low enough that even a random graph reports something.
    let text = std::fs::read_to_string(&manifest).expect("read");
    let (before, thresholds) = text.split_once("[thresholds]").expect("has thresholds");
    std::fs::write(&manifest, format!("{before}[thresholds]{}", thresholds.replace("5000", "50"))).expect("written");
    let package = Package::load(folder.path()).expect("a package");
    let without = Model::activate(&engine(), &package, 1).err().expect("nothing to check it with");
    assert!(matches!(&without, ModelError::Package(error) if error.fault == PackageFault::NoGolden), "{without}");

    let image = parcel(None);
    let mut model = Model::load(&engine(), &package, 1).expect("loads");
    let found = model.detect(&image, &GEOMETRY).detections().to_vec();
    assert!(!found.is_empty(), "the random graph is silent: the test shows nothing");
    let golden = folder.path().join("golden");
    std::fs::create_dir(&golden).expect("created");
    let gatepost_models::formats::Planes::Dual { low, high } = &image.planes else { panic!("dual") };
    for (energy, plane) in [("low", low), ("high", high)] {
        let file = golden.join(format!("box.{energy}.png"));
        std::fs::write(file, encode_png16(image.width, image.height, plane).expect("fits")).expect("written");
    }
    let write = |scores: i32, shift: u32| {
        let list: Vec<String> = found
            .iter()
            .map(|one| {
                let [left, top, right, bottom] = one.bounds;
                let score = (i32::from(one.score_e4) + scores).max(0);
                format!(
                    r#"{{"class":"{}","score_e4":{score},"box":[{},{top},{},{bottom}]}}"#,
                    one.class.as_str(),
                    left + shift,
                    right + shift
                )
            })
            .collect();
        let text = format!(
            r#"{{"name":"box","width":200,"height":300,"pitch_um":1500,"belt_step_um":1000,"detections":[{}]}}"#,
            list.join(",")
        );
        std::fs::write(golden.join("box.json"), text).expect("written");
    };
    write(0, 0);
    assert!(Model::activate(&engine(), &package, 1).is_ok(), "the same answers");
    write(90, 2);
    assert!(Model::activate(&engine(), &package, 2).is_ok(), "within tolerance");
    write(400, 0);
    let differs = Model::activate(&engine(), &package, 1).err().expect("other scores");
    assert!(
        matches!(differs, ModelError::Golden(_)) && differs.to_string().contains("golden picture box"),
        "{differs}"
    );
    write(400, 40);
    assert!(Model::activate(&engine(), &package, 1).is_err(), "other boxes");
}
