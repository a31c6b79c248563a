//! A parcel in a picture, and what blind means: for tests of the ways not to see, each in a process of its own.

use gatepost_models::formats::{Geometry, Image};
use gatepost_models::random_graph::{self, TINY};
use gatepost_models::session::{Assessment, Cause, Inspector};
use std::path::Path;

pub const GEOMETRY: Geometry = Geometry { pitch_um: 1_500, belt_step_um: 1_000, air_level: None };

pub fn parcel() -> Image {
    let paint = |count: u16| -> Vec<u16> {
        let inside = |index: u32| (20..80).contains(&(index % 100)) && (20..80).contains(&(index / 100));
        (0..10_000).map(|index| if inside(index) { count } else { 60_000 }).collect()
    };
    Image::from_planes(100, 100, paint(30_000), paint(36_000)).expect("within limits")
}

/// Whatever else: blind, with this cause, and not a single word of "nothing found".
pub fn assert_blind(inspector: &mut Inspector, cause: Cause, says: &str) {
    let assessment = inspector.detect(&parcel(), &GEOMETRY);
    let Assessment::Blind(blind) = &assessment else { panic!("silence passed for safety: {assessment:?}") };
    assert_eq!(blind.cause, cause, "{}", blind.detail);
    assert!(blind.detail.contains(says), "{:?} does not say {says:?}", blind.detail);
    assert!(inspector.trouble().is_some() && inspector.versions().is_none());
}

pub fn package_in(folder: &Path) {
    random_graph::write(folder, TINY, 1).expect("written");
}
