//! A threat library's table of contents: a library that can be worked with or a sentence, never a projection outside
//! its box.
#![no_main]

#[path = "../shared/memory.rs"]
mod memory;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use gatepost_models::formats::Image;
use gatepost_models::tip::{Areal, Basis, Contents, Library, LibraryError, LibraryFault, Wish, project, sample};

use crate::memory::peak_of;

/// The sample's maps and the picture it fits: what the text may name.
static GIVEN: LazyLock<(Vec<(String, Vec<u8>)>, Image)> = LazyLock::new(|| (sample::files(), sample::picture(1)));
/// Bytes for every byte of the text (its table as numbers, twice), and for any: the sample's maps, the reader's own.
const PER_BYTE: usize = 200;
const FIXED: usize = 4 << 20;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (files, image) = &*GIVEN;
    let read = |file: &Path| {
        let found = files.iter().find(|(name, _)| Path::new(name) == file).map(|(_, bytes)| bytes.clone());
        let fault = LibraryFault::Unreadable("not there".into());
        found.ok_or(LibraryError { file: PathBuf::from(file), fault })
    };
    if let Some(contents) = std::str::from_utf8(data).ok().and_then(|text| Contents::parse(text).ok()) {
        if let Ok(basis) = Basis::new(&contents.basis) {
            there_and_back(&basis);
        }
    }
    let (loaded, peak) = peak_of(|| Library::from_text(Path::new(""), data, read));
    assert!(peak <= FIXED + data.len() * PER_BYTE, "{peak} bytes of memory for {} of text", data.len());
    let library = match loaded {
        Ok(library) => library,
        Err(error) => {
            assert!(error.to_string().len() < 1_000, "a sentence, not the file");
            return;
        }
    };
    assert!(!library.items.is_empty());
    let untouched = image.clone();
    if let Ok(projection) =
        project(image, &library.geometry(), &library, &Wish { seed: data.len() as u64, ..Wish::default() })
    {
        let [left, top, right, bottom] = projection.record().bounds;
        assert!(left < right && right <= image.width && top < bottom && bottom <= image.height);
        assert_eq!(projection.retract().0, &untouched);
    }
});

/// Any light is some mixture, in bounds, and no light is none.
fn there_and_back(basis: &Basis) {
    for nepers in [[0.0, 0.0], [0.1, 0.08], [1.5, 0.7], [9.0, 0.0], [0.0, 9.0], [60.0, 60.0], [-1.0, -1.0]] {
        let areal = basis.areal(nepers);
        assert!(areal.organic.is_finite() && areal.metal.is_finite() && areal.organic >= -4.0 && areal.metal >= -0.5);
    }
    assert!(basis.attenuation(Areal::default()).iter().all(|nepers| nepers.abs() < 1e-6));
}
