//! The output pins. Off is safe, and after [`off_for_good`] nothing but a reset turns anything on.

use crate::pins::{RED, output_levels};
use crate::registers;
use gatepost_cortex::shared::Shared;
use gatepost_firmware::board::Shown;

/// What the pins show; nothing: off for good.
static SHOWN: Shared<Option<u32>> = Shared::new(Some(0));

pub fn show(shown: &Shown) {
    let levels = output_levels(shown);
    SHOWN.with(|shown| {
        if let Some(before) = shown
            && *before != levels
        {
            *before = levels;
            registers::write_outputs(levels);
        }
    });
}

/// Belts off, gate at exam, red.
pub fn off_for_good() {
    SHOWN.with(|shown| {
        *shown = None;
        registers::write_outputs(RED);
    });
}
