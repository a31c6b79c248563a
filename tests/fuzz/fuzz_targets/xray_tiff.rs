//! TIFF of X-ray scanners: a picture within bounds or an error, in memory that the file pays for.
#![no_main]

#[path = "../shared/memory.rs"]
mod memory;
#[path = "../shared/xray.rs"]
mod xray;

use gatepost_models::formats::Source;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some(image) = xray::check(data) else { return };
    let dicos = data.get(128..132) == Some(b"DICM");
    if (data.starts_with(b"II") || data.starts_with(b"MM")) && !dicos {
        assert_eq!(image.source, Source::Counts, "colours are refused");
    }
});
