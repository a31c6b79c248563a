//! Silence is never "safe": with a good library, each way in which a model can be missing, wrong or nonsense is blind.

mod blind;

use blind::{GEOMETRY, assert_blind, package_in, parcel};
use gatepost_models::random_graph::{self, TINY};
use gatepost_models::session::{Assessment, Cause, Engine, EngineError, Inspector, Model, ModelError, Settings};
use gatepost_models::{catalog, runtime};

#[test]
fn a_missing_changed_or_unproven_model_is_blind() {
    let folder = tempfile::tempdir().expect("a folder");
    let library = runtime::find_or_fetch(None).unwrap_or_else(|error| panic!("{error}"));
    let settings = Settings { runtime: Some(library.path), model: Some(folder.path().into()), threads: 1 };
    assert_blind(&mut Inspector::open(&settings), Cause::Model, catalog::MANIFEST);
    package_in(folder.path());
    assert_blind(&mut Inspector::open(&settings), Cause::Model, "golden");
    std::fs::write(folder.path().join(catalog::MODEL), b"other weights").expect("written");
    assert_blind(&mut Inspector::open(&settings), Cause::Model, "BLAKE3");
}

#[test]
fn a_graph_that_does_not_fit_or_answers_nonsense_is_refused_and_a_process_has_one_engine() {
    let library = runtime::find_or_fetch(None).unwrap_or_else(|error| panic!("{error}"));
    let engine = Engine::open(&library).unwrap_or_else(|error| panic!("{error}"));
    let load = |package| Model::load(&engine, &package, 1).err().expect("refused");

    let nonsense = random_graph::with_bias(TINY, 1, f32::NAN).onnx;
    assert!(matches!(load(random_graph::package_of(nonsense, TINY)), ModelError::Output(_)));
    let garbage = random_graph::package_of(b"no protocol buffer".to_vec(), TINY);
    assert!(matches!(load(garbage), ModelError::Engine(_)));
    let other_size = random_graph::generate(random_graph::Proportions { side: 128, ..TINY }, 1).onnx;
    assert!(matches!(load(random_graph::package_of(other_size, TINY)), ModelError::Engine(_)));
    let mut fewer_classes = random_graph::package(TINY, 1);
    let class = fewer_classes.manifest.classes.pop().expect("has classes");
    fewer_classes.manifest.thresholds.remove(&class);
    assert!(matches!(load(fewer_classes), ModelError::Output(_)));
    let mut other_name = random_graph::package(TINY, 1);
    other_name.manifest.output.heatmap = "scores".into();
    assert!(matches!(load(other_name), ModelError::Output(_)));

    let mut other = engine.library().clone();
    other.sha256 = "0".repeat(64);
    assert!(matches!(Engine::open(&other), Err(EngineError::OtherLoaded { .. })));
    assert!(Engine::open(&library).is_ok(), "the same library is the same engine");
}

/// Answers that are numbers on air and none on a parcel: found out on the picture, not only when loading.
#[test]
fn numbers_that_break_down_on_one_picture_are_blind_for_that_picture() {
    let library = runtime::find_or_fetch(None).unwrap_or_else(|error| panic!("{error}"));
    let engine = Engine::open(&library).unwrap_or_else(|error| panic!("{error}"));
    // Weights times 1e38 overflow as soon as the input is not zero.
    let mut model = Model::load(&engine, &random_graph::package_of(overflowing(), TINY), 1).expect("air gives zeros");
    let assessment = model.detect(&parcel(), &GEOMETRY);
    let Assessment::Blind(blind) = &assessment else { panic!("nonsense passed for safety: {assessment:?}") };
    assert_eq!(blind.cause, Cause::Model);
    assert!(blind.detail.contains("no number"), "{}", blind.detail);
}

fn overflowing() -> Vec<u8> {
    random_graph::with_gain(TINY, 1, 1e38).onnx
}
