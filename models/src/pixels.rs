//! From counts to what a model eats, and what can be said about a picture without any model.
//!
//! Stands alone because it must be the same arithmetic in training, on the station and in an audit; the manifest names it
//! (`attenuation-area-v1`). It reads no files and knows no classes.

mod extent;
mod mass;
mod objects;
mod opaque;
mod quality;
mod tensor;

pub use extent::{Extent, extent};
pub use mass::grams;
pub use objects::objects;
pub use opaque::{OpaqueRegion, opaque_regions};
pub use quality::{Fault, Measured, Quality, measure};
pub use tensor::{Attenuation, Placed, place};
