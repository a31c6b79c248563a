//! Pictures made for eyes, JPEG and PNG in colours: never counts, and always one plane.
#![no_main]

#[path = "../shared/memory.rs"]
mod memory;
#[path = "../shared/xray.rs"]
mod xray;

use gatepost_models::formats::Source;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some(image) = xray::check(data) else { return };
    if data.get(128..132) == Some(b"DICM") {
        return;
    }
    let jpeg = data.starts_with(b"\xFF\xD8\xFF");
    assert!(!jpeg || image.source != Source::Counts, "detail was dropped");
    assert!(!image.is_dual() || image.source == Source::Counts, "colours have one plane");
});
