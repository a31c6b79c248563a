//! DICOS pictures: within bounds or an error, in memory that the file pays for; a picture written again is the same.
#![no_main]

#[path = "../shared/memory.rs"]
mod memory;
#[path = "../shared/xray.rs"]
mod xray;

use gatepost_models::formats::{Image, dicos};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    // The head before the elements is not what is fuzzed.
    let bytes = [&[0; 128], &b"DICM"[..], data].concat();
    let Some(image) = xray::check(&bytes) else { return };
    // Eight bits are written as sixteen, of as many as full scale has; a file of one frame may name both energies, and then
    // has one again.
    let image = Image { bits: 16, full_scale: u16::MAX >> image.full_scale.leading_zeros(), ..image };
    let again = dicos::encode(&image).and_then(|bytes| xray::check(&bytes));
    assert_eq!(again, Some(image));
});
