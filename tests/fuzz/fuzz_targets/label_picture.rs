//! Label pictures: any file is a picture within bounds or an error, and a picture gives codes or a cause, never neither.
#![no_main]

use std::path::Path;
use std::time::Duration;

use gatepost_models::labels::{LabelReader, Picture, Settings};

/// Pixels beyond which a picture is only decoded: the tries would be all that is fuzzed.
const PIXELS_MAX: usize = 1 << 17;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(picture) = Picture::decode(Path::new("fuzzed"), data) else { return };
    let pixels = picture.pixels().len();
    assert_eq!(pixels, picture.width() as usize * picture.height() as usize);
    if pixels > PIXELS_MAX {
        return;
    }
    let reader = LabelReader::new(Settings { tries_max: 6, ..Settings::default() });
    let labels = reader.read_by(&picture, &|| Duration::ZERO);
    assert_eq!(labels.codes.is_empty(), labels.cause.is_some());
    assert!(labels.tries <= 6 && labels.codes.iter().all(|code| !code.bytes.is_empty()));
});
