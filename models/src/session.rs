//! The one place that names `ort`: a loaded library, a loaded model, and what it says of a picture.
//!
//! Stands alone because the library is foreign code that may be missing, may be another one, may fail or answer nonsense.
//! Whatever it does, the answer is an [`Assessment`], and every failure is [`Assessment::Blind`] with its cause: there is
//! no way from an error to an empty list of detections (promise 8).

mod assessment;
mod engine;
mod inspector;
mod model;

pub use assessment::{Assessed, Assessment, Blind, Cause, Timings};
pub use engine::{Engine, EngineError};
pub use inspector::{Inspector, Settings, Versions};
pub use model::{Model, ModelError};
