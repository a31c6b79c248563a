//! The product proved, in one binary: a module for each thing that is proved.

mod checker;
mod mutants;
mod scenarios;
#[cfg(feature = "rim")]
mod label_camera;
mod captures;
mod tidy;
mod world;
mod matrix;
mod bench;
#[cfg(feature = "rim")]
mod labels;
#[cfg(feature = "rim")]
mod central_store;
#[cfg(feature = "rim")]
mod rehearsal;
#[cfg(feature = "rim")]
mod openapi;
#[cfg(feature = "rim")]
mod down;
#[cfg(feature = "rim")]
mod restricted;
