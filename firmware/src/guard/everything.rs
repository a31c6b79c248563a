//! Everything that what the guard does next depends on, for a search through its states.

use super::Guard;
use core::fmt::Debug;

impl Guard {
    /// A new field has to be told here whether it counts.
    pub(crate) fn everything(&self) -> impl Debug {
        let Self { figures: _, open, position, commanded, arrived, late, swept, closed_at, stepped } = self;
        (open, position, commanded, (arrived, late, swept), closed_at, stepped)
    }
}
