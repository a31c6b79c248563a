//! `gatepost tip` on a tiny library: a marked drawing, a record, and sentences where it refuses.

use gatepost_models::formats::{Planes, encode_png16};
use gatepost_models::tip::{Record, sample};

use super::{Site, gatepost};

/// A site with a picture of two energies and a library.
fn site() -> Site {
    let site = Site::new();
    let image = sample::picture(1);
    let Planes::Dual { low, high } = &image.planes else { panic!("two energies") };
    for (name, plane) in [("scan.low.png", low), ("scan.high.png", high)] {
        std::fs::write(site.at(name), encode_png16(image.width, image.height, plane).unwrap()).unwrap();
    }
    std::fs::create_dir(site.at("threats")).unwrap();
    sample::write_into(&site.at("threats")).unwrap();
    site
}

#[test]
fn a_threat_is_projected_drawn_and_recorded_as_a_test() {
    let site = site();
    let before = std::fs::read(site.at("scan.low.png")).unwrap();
    let (scan, threats, out) = (site.text("scan.low.png"), site.text("threats"), site.text("shown.png"));
    let words = ["tip", &scan, "--library", &threats, "--item", "bar", "--seed", "7", "--out", &out];
    let answer = gatepost(&words).is(0, &["\"tip\": true", "\"class\": \"blade\"", "\"realism\""]);
    let record: Record = serde_json::from_str(&answer.out).unwrap();
    assert_eq!((record.item.as_str(), record.seed), ("bar", 7));
    assert_eq!(gatepost(&words).out, answer.out, "the same seed, the same projection");
    let drawn = std::fs::read(site.at("shown.png")).unwrap();
    assert!(drawn.starts_with(b"\x89PNG") && drawn.len() > 1_000);
    assert_eq!(std::fs::read(site.at("scan.low.png")).unwrap(), before, "the picture itself is never touched");
}

#[test]
fn what_cannot_be_projected_is_refused_in_words() {
    let site = site();
    let (scan, threats, out) = (site.text("scan.high.png"), site.text("threats"), site.text("shown.png"));
    gatepost(&["tip", &scan, "--library", &threats, "--item", "gun", "--out", &out]).is(1, &["no item gun"]);
    gatepost(&["tip", &scan, "--library", &site.text("none"), "--out", &out]).is(1, &["library.toml: cannot be read"]);
    gatepost(&["tip", &site.text("none.png"), "--library", &threats, "--out", &out])
        .is(1, &["none.png: cannot be read"]);
    gatepost(&["tip", &scan, "--library", &threats, "--out", &scan]).is(1, &["that is the picture itself"]);
    gatepost(&["tip", &scan, "--library", &threats]).is(2, &["--out"]);
    assert!(!site.at("shown.png").exists());
    // Its library damaged: named, and nothing written.
    let map = site.at("threats").join("slab.metal.png");
    std::fs::write(&map, b"\x89PNG\r\n\x1a\n").unwrap();
    gatepost(&["tip", &scan, "--library", &threats, "--out", &out]).is(1, &["slab.metal.png: BLAKE3 is"]);
    assert!(!site.at("shown.png").exists());
}
