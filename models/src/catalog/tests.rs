use super::*;
use crate::random_graph::{self, TINY};

/// A good manifest with one line put in the place of another.
fn changed(from: &str, to: &str) -> Result<Manifest, PackageFault> {
    let folder = tempfile::tempdir().expect("a folder");
    random_graph::write(folder.path(), TINY, 1).expect("written");
    let text = std::fs::read_to_string(folder.path().join(MANIFEST)).expect("read");
    assert!(text.contains(from), "{from} does not stand in the manifest");
    Manifest::parse(&text.replacen(from, to, 1))
}

#[test]
fn a_manifest_that_this_program_cannot_follow_is_refused_with_its_key() {
    assert!(changed("format = 1", "format = 1").is_ok());
    for (from, to, named) in [
        ("format = 1", "format = 2", "format"),
        ("attenuation-area-v1", "attenuation-area-v2", "input.preprocessing"),
        ("centre-peaks-v1", "anchors", "decoding.method"),
        ("stride = 8", "stride = 7", "output.stride"),
        ("width = 64", "width = 100000", "input.width"),
        ("opaque_attenuation_e3 = 5000", "opaque_attenuation_e3 = 7000", "limits.opaque_attenuation_e3"),
        ("\"blade\", \"battery\"", "\"blade\", \"blade\"", "blade stands twice"),
        ("firearm = 5000", "firearm = 0", "thresholds.firearm"),
        ("blade = 5000\n", "", "thresholds.blade"),
        ("air_level = 60000", "air_level = 5", "input.air_level"),
    ] {
        match changed(from, to) {
            Err(PackageFault::Range(what)) => assert!(what.contains(named), "{what} does not name {named}"),
            other => panic!("{to:?} passed: {other:?}"),
        }
    }
    for (from, to) in [("[input]", "[input]\ncolour = 1"), ("\"firearm\"", "\"gun\""), ("stride = 8", "stride = 8.5")] {
        assert!(matches!(changed(from, to), Err(PackageFault::Manifest(_))), "{to:?} passed");
    }
}

#[test]
fn mass_tables_must_rise_and_match() {
    let with = |table: &str| changed("[limits]", &format!("[mass]\nmethod = \"ratio-table-v1\"\n{table}\n[limits]"));
    let good = with("attenuation_e3_min = 20\nratio_e3 = [1150, 2080]\nmg_per_cm2 = [6300, 2700]").expect("good");
    assert!(good.mass.is_some());
    assert!(with("attenuation_e3_min = 20\nratio_e3 = [2080, 1150]\nmg_per_cm2 = [6300, 2700]").is_err());
    assert!(with("attenuation_e3_min = 20\nratio_e3 = [1150]\nmg_per_cm2 = [6300, 2700]").is_err());
    assert!(with("attenuation_e3_min = 0\nratio_e3 = [1150]\nmg_per_cm2 = [6300]").is_err());
}

#[test]
fn a_folder_without_a_package_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = Package::load(folder.path()).err().expect("empty");
    assert!(matches!(error.fault, PackageFault::Unreadable(_)) && error.to_string().contains(MANIFEST), "{error}");
}

/// Golden pictures are only there for packages that ship: when one stands in the catalog, it must load.
#[test]
fn every_package_in_the_catalog_is_whole() {
    let catalog = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog");
    for entry in std::fs::read_dir(catalog).into_iter().flatten().flatten() {
        if entry.path().join(MANIFEST).is_file() {
            let package = Package::load(&entry.path()).unwrap_or_else(|error| panic!("{error}"));
            assert!(!package.golden().unwrap_or_else(|error| panic!("{error}")).is_empty());
        }
    }
}
