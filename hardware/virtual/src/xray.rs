//! X-ray images of parcels that do not exist: a scene of real materials, the physics, a scanner, a 16-bit file.
//!
//! It stands alone because demo, tests and training must see the same world: one source, one seed, one truth. It
//! refuses to flatter a model: look-alikes are as common as targets, designs and a scanner are kept back for testing,
//! and noise is drawn as photons, not painted on.
//!
//! A parcel's way: `scene` (what is there and weighs how much, of `goods`, `appliances`, `toiletries`, `lookalikes` and
//! `targets` built from `shape`, `vessels` and `heaps`) → `detector` (areal densities, `physics`, noise, by a `profile`)
//! → `picture` (files, merged and split). `threats` writes targets alone, as areal densities, for projection (TIP).

mod appliances;
mod concealments;
pub mod detector;
mod goods;
mod heaps;
mod lookalikes;
pub mod physics;
pub mod picture;
pub mod profile;
pub mod random;
pub mod scene;
pub mod shape;
pub mod splits;
pub mod targets;
pub mod threats;
mod toiletries;
mod vessels;

pub use detector::{render, render_view, render_views};
pub use picture::{DualImage, Truth};
pub use profile::ScannerProfile;
pub use scene::{Hiding, ParcelKind, Scene, ScenePlan};
pub use targets::{Class, Designs};
