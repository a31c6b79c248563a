//! The output pins. Off is safe, and after [`off_for_good`] nothing but a reset turns anything on.

use crate::pins::{ALL_OUTPUTS, OUTPUTS, RED, output_levels};
use gatepost_cortex::shared::Shared;
use gatepost_firmware::board::Shown;

/// What the pins show; nothing: off for good.
static SHOWN: Shared<Option<u8>> = Shared::new(Some(0));

pub fn start() {
    OUTPUTS.write(ALL_OUTPUTS, 0);
    OUTPUTS.alternate().clear(u32::from(ALL_OUTPUTS));
    OUTPUTS.direction().set(u32::from(ALL_OUTPUTS));
    OUTPUTS.digital().set(u32::from(ALL_OUTPUTS));
}

pub fn show(shown: &Shown) {
    let levels = output_levels(shown);
    SHOWN.with(|shown| {
        if let Some(before) = shown
            && *before != levels
        {
            *before = levels;
            OUTPUTS.write(ALL_OUTPUTS, levels);
        }
    });
}

/// Belts off, gate at exam, red.
pub fn off_for_good() {
    SHOWN.with(|shown| {
        *shown = None;
        OUTPUTS.write(ALL_OUTPUTS, RED);
    });
}
