//! Every decision of the lane, and nothing else: no clock, no file, no socket, no thread.
//!
//! Events go in, effects come out ([`event`]); the same events give the same effects, which is what lets the world
//! harness live a thousand days in an hour and lets `replay` read yesterday's black box.

pub mod limits;
pub mod event;
pub mod pass;
pub mod track;
pub mod identify;
pub mod weighing;
pub mod gather;
pub mod ruleset;
pub mod judge;
pub mod record;
pub mod divert;
mod facts;
mod ordered;
mod sighted;
pub mod drive;
mod officer;
pub mod bench;
pub mod mind;
