//! PNG of X-ray scanners: a picture within bounds or an error, in memory that the file pays for.
#![no_main]

#[path = "../shared/memory.rs"]
mod memory;
#[path = "../shared/xray.rs"]
mod xray;

use gatepost_models::formats::Source;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some(image) = xray::check(data) else { return };
    if data.starts_with(b"\x89PNG\r\n\x1a\n") {
        // Grey or colours; never what only other formats can say.
        assert_ne!(image.source, Source::Presentation);
        assert!(image.stated.geometry.is_none() && image.stated.energy.is_none());
    }
});
